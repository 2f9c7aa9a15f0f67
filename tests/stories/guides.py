"""What a guide tells to type is typed, in its order, and does what the guide says."""
from __future__ import annotations

import json
import os
import re
import shlex

from kit.authenticator import code
from kit.browser import logged_in
from kit.instance import ROOT
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.scanners import FalseScanner
from kit.world import PASSWORD, World

PACKAGES = ["curl", "python3-cryptography"]
PRIVATE = True
PORT = reserve_port()
NAMES = Names(reserve_port())
SETTINGS = {"dns": f"127.0.0.1@{NAMES.port}", "outbound_port": str(PORT), "retry_min": "1s", "retry_max": "2s"}
NAMES.mail("friend.example", "127.0.0.4")


def text_of(guide: str) -> str:
    with open(os.path.join(ROOT, "docs", guide), encoding="utf-8") as file:
        return file.read()


def forms_of(line: str) -> list[str]:
    """Of "[--kind tls]" both forms, of "quarantine show ID | delete ID" each."""
    first, *others = line.split(" | ")
    noun, forms = first.split()[0], []
    for form in [first, *(f"{noun} {other}" for other in others)]:
        optional = re.search(r" \[(--[^\]]*)\]", form)
        forms += [form] if not optional else [form.replace(optional.group(0), ""), form.replace(optional.group(0), " " + optional.group(1))]
    return forms


def commands(guide: str) -> list[list[str]]:
    """The lines to be typed."""
    lines = re.findall(r"^    chappe (.*)$", text_of(guide), re.MULTILINE)
    return [shlex.split(form, comments=True) for line in lines for form in forms_of(line)]


def all_commands(guide: str) -> list[list[str]]:
    """Those within sentences, and those of curl, as well; the program is the first word, installed or not."""
    found = re.findall(r"^    ((?:chappe|curl) (?:.*\\\n)*.*)$|`(chappe [^`]+)`", text_of(guide).replace("build/chappe --data var ", "chappe "), re.MULTILINE)
    lines = [(line or inline).replace("\\\n", " ") for line, inline in found]
    return [shlex.split(form, comments=True) for line in lines for form in forms_of(line)]


def walk(world: World, guide: str, stand_in) -> None:
    """Types all of it; `stand_in` gives the words with what stands for machines and numbers of the reader."""
    typed = commands(guide)
    assert typed, guide
    for words in typed:
        world.server.run(*stand_in(words))


def example(world: World) -> None:
    """What guides take for granted: the organisation Example with example.org and some people."""
    server, world.organisation, world.domain = world.server, "Example", "example.org"
    server.run("org", "add", "Example")
    server.run("domain", "add", "example.org", "--org", "Example")
    for name in ("ada", "bob", "boss", "archive", "reports"):
        world.user(name)
    server.run("group", "add", "interns@example.org", "--name", "Interns", "--members", "bob@example.org")


def test_only(word: str) -> str:
    """What stands for machines of the reader: the inner server is a sink, scanners are left out by the caller."""
    return word.replace("[10.0.0.25]", f"[127.0.0.2]:{PORT}").replace("[smart.example.net]:587", f"[127.0.0.3]:{PORT}")


def story_the_walk_of_the_edge_server(world: World) -> None:
    server = world.server
    said = {}
    for words in commands("edge-server.md"):
        if words[:3] in (["filter", "set", "clamd"], ["filter", "set", "rspamd"], ["filter", "set", "greylist"]):
            continue                               # of the scanners tells tests/stories/filter.py
        words = [test_only(word) for word in words]
        if words[:2] == ["connector", "add"] and words[2] == "Provider":
            words[-1] = "opportunistic"            # the sink has no certificate
        said[" ".join(words[:2]) + " " + words[-1]] = server.run(*words)
    assert "Inner server" in said["route ada@example.org ada@example.org"], said
    assert "would be accepted" in said["trace --dry-run ada@example.org"], said
    with Remote(port=PORT) as inner:
        for to in ("ada@example.org", "bob@known.example"):
            world.send(to, "Subject: in\r\n\r\nx\r\n", sender="zoe@example.com")
        server.wait_until(lambda: len(inner.taken) == 2, 30, "both at the inner server")
        assert sorted(r for t in inner.taken for r in t.recipients) == ["ada@example.org", "bob@inner.known.example"]
    with Remote(port=PORT, address="127.0.0.4") as friend:
        world.send("eve@friend.example", "Subject: kept\r\n\r\nx\r\n", sender="zoe@example.com")
        server.wait_until(lambda: len(friend.taken) == 1, 30, "handed over to the friend's own server")


def story_every_command_of_the_guide_to_routing(world: World) -> None:
    """Routing groups and the backup MX."""
    example(world)
    server = world.server
    server.sql("chappe_directory", "INSERT INTO server (name, routing_group_id, seen_us) SELECT 'mail.lyon.example.org', min(routing_group_id), 0 FROM routing_group")
    server.run("storage-group", "add", "Lyon Mail")
    files = {"secret": world.write("secret", "ada:a password\n"), "list.txt": world.write("list.txt", "eve@example.com\n@example.com\n")}
    walk(world, "routing.md", lambda words: [files.get(word, word) for word in words])
    connectors = {one["name"]: one for one in server.api("GET", "/connectors")["connectors"]}
    assert (connectors["Paris to Lyon"]["cost"], connectors["Radio"]["source"]) == (10, "198.51.100.9%wwan0"), connectors
    said = server.run("route", "eve@partner.example")
    assert "Partner" in said, said
    assert "Old system" in server.run("route", "nobody@example.org")
    for to, way in (("eve@example.com", True), ("eve@below.example.net", True), ("eve@below.example.com", False)):
        assert (world.send([to, "ada@example.org"]) == {}) == way, to


def story_every_command_of_the_guide_to_filters(world: World) -> None:
    example(world)
    server, kept = world.server, []
    server.run("filter", "set", "on_infected", "quarantine", "--org", "Example")
    with FalseScanner(b"stream: Test FOUND\0") as scanner:
        server.run("filter", "set", "clamd", scanner.address)
        for number in range(4):
            assert world.send("ada@example.org", f"Subject: {number}\r\n\r\nx\r\n") == {}
        kept = [one["id"] for one in server.api("GET", "/quarantine?organisation=Example")["messages"]]
    assert len(kept) == 4, kept
    server.sql("chappe_directory", "INSERT INTO report (organisation_id, kind, received_us, domain, reporter, number, begin_us, end_us, passed, failed, detail)"
               " SELECT organisation_id, 'dmarc', 0, 'example.org', 'x', '1', 0, 0, 1, 0, '{\"rows\": []}' FROM organisation WHERE name = 'Example'")
    report = server.api("GET", "/reports/dmarc")["reports"][0]["id"]
    message = world.write("mail.eml", "Subject: invoice\n\nx\n", 0o644)

    def stand_in(words: list[str]) -> list[str]:
        number = report if words[0] == "report" else kept.pop() if "ID" in words else ""
        return [number if word == "ID" else message if word == "mail.eml" else word for word in words]

    walk(world, "filters.md", stand_in)
    assert kept == [], kept

    def released() -> list[bytes]:
        return [mail for mail in world.mails("ada@example.org") if re.search(rb"^Subject: \d\r$", mail, re.MULTILINE)]
    server.wait_until(lambda: len(released()) >= 2, 60, "what was released to arrive")
    assert len(released()) == 2, "released twice"
    shown = server.run("filter", "show", "--org", "Example", "--domain", "example.org")
    assert "greylist" in shown and "testing" in shown, shown


class Desk:
    """Who types a guide word by word, with numbers, names and machines of his own."""

    def __init__(self, world: World) -> None:
        self.world, self.said = world, {}

    def here(self, word: str) -> str:
        server = self.world.server
        web = f"127.0.0.1:{server.port('https')}"
        for stands, own in (("https://mail.example.org", f"https://{web}"), ("/var/lib/chappe", server.data), ('"..."', f'"{PASSWORD}"'),
                            ("ADDRESS", "helper@example.org"), ("example.json", os.path.join(self.world.folder, "example.json")),
                            ("chp_...", self.said.get("token", "")), ("$TOKEN", self.said.get("token", ""))):
            word = word.replace(stands, own)
        return word

    def type(self, words: list[str]) -> str:
        words = [self.here(word) for word in words]
        if words[0] == "curl":
            return self.world.run("curl", "-fsSk", *words[1:])
        if ">" in words:
            del words[words.index(">"):]
        answer = self.world.server.run(*words[1:])
        if words[1:3] == ["token", "add"]:
            self.said["token"] = re.search(r"chp_\w+", answer).group(0)
        return answer


def story_the_first_steps(world: World) -> None:
    """What `init`, `start` and the demonstration have done is there; the rest is typed."""
    server, desk = world.server, Desk(world)
    world.domain = "demo.example"
    server.run("org", "add", "Demo")
    server.run("domain", "add", "demo.example", "--org", "Demo")
    server.run("domain", "add", "example.org", "--org", "Demo")
    world.user("ada")
    typed = [words for words in all_commands("first-steps.md") if words[1] not in ("init", "start")]
    assert [words[1:3] for words in typed] == [["grant", "add"], ["domain", "dns"]], typed
    said = [desk.type(words) for words in typed]
    assert "MX" in said[1], said
    assert server.api("GET", "/rights/ada@demo.example")["rights"], "the first administrator"


def story_every_command_of_the_guide_to_delegation(world: World) -> None:
    example(world)
    server, desk = world.server, Desk(world)
    for name in ("helper", "paris", "eve"):
        world.user(name)
    server.run("admin-group", "add", "Paris", "--org", "Example")

    def grant_of(holder: str) -> str:
        return str(server.api("GET", f"/grants?holder={holder}")["grants"][-1]["id"])

    def number(words: list[str]) -> str:
        """What stands in the guide for it."""
        if words[:2] == ["grant", "remove"]:
            return grant_of("eve@example.org" if "Reception" in server.run("grant", "list") else "paris@example.org")
        if words[0] == "role":
            return str(next(one["id"] for one in server.api("GET", "/roles?organisation=Example")["roles"] if one["name"] == "Reception"))
        return str(server.api("GET", "/changes?state=waiting")["changes"][0]["id"])

    for words in all_commands("delegation.md"):
        if words[:3] == ["chappe", "change", "list"]:
            browser = logged_in(world, "ada@example.org")
            for name in ("Robert", "Rob"):
                assert browser.ask("PATCH", "/users/bob@example.org", {"name": name})[0] == 202
        if words[:2] == ["chappe", "audit"] and "--sequence" in words:
            head = server.api("GET", "/audit/verify")
            words = [*words[:3], "--sequence", str(head["sealed"]), "--hash", head["head"]]
        if words[0] == "chappe" and words[1:3] in (["grant", "remove"], ["role", "set"], ["role", "remove"], ["change", "show"],
                                                   ["change", "approve"], ["change", "reject"]):
            words[3] = number(words[1:])
        if words[1:3] == ["second-factor", "reset"]:
            browser = logged_in(world, "helper@example.org")
            begun = browser.ask("POST", "/users/helper@example.org/second-factors", {"kind": "totp", "name": "phone"})[1]
            assert browser.ask("POST", f"/users/helper@example.org/second-factors/{begun['id']}/confirm", {"code": code(begun["secret"])})[0] == 200
        if words[1:3] == ["session", "end"]:
            words[4] = str(server.api("GET", "/users/helper@example.org/sessions")["sessions"][0]["id"])
        desk.said[" ".join(words[1:3])] = desk.type(words)
    assert server.api("GET", "/users/bob@example.org")["name"] in ("Robert", "Rob"), "one of two was approved"
    assert server.api("GET", "/users/ada@example.org")["name"] == "Ada King"
    assert all(json.loads(line) for line in desk.said["audit export"].splitlines())
    assert server.api("GET", "/organisations/Example/second-factor")["required"] == ["auditor", "full-administrator"]


def story_every_command_of_the_guide_to_the_api(world: World) -> None:
    """And the requests that give jobs."""
    example(world)
    server, desk = world.server, Desk(world)
    server.run("grant", "add", "boss@example.org", "administrator", "--scope", "organisation", "--on", "Example")
    desk.type(["chappe", "token", "add", "boss@example.org", "guide", "--permissions", "recipient.read"])
    for words in all_commands("admin-api.md"):
        if words[:3] != ["chappe", "api", "METHOD"]:
            desk.type(words)
    server.run("store", "add", "Branch", "--group", "First Storage Group")
    requests = re.findall(r"^    (POST) (/jobs/\S+) (\{.*\})$", text_of("admin-api.md"), re.MULTILINE)
    for method, path, body in requests:
        job = server.api(method, path, json.loads(body))
        server.wait_until(lambda: server.api("GET", f"/jobs/{job['id']}")["state"] == "done", 30, "the job to end")
    assert len(requests) == 4 and server.api("GET", "/users/eve@example.org")["state"] == "disabled"
    assert server.api("GET", "/users/ada@example.org")["quota"] == 1 << 30
    assert "ada@example.org" in str(server.api("GET", "/recipients?filter=store%3DBranch"))
