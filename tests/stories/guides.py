"""What a guide tells to type is typed, in its order, and does what the guide says."""
from __future__ import annotations

import os
import re
import shlex

from kit.instance import ROOT
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.scanners import FalseScanner
from kit.world import World

PRIVATE = True
PORT = reserve_port()
NAMES = Names(reserve_port())
SETTINGS = {"dns": f"127.0.0.1@{NAMES.port}", "outbound_port": str(PORT), "retry_min": "1s", "retry_max": "2s"}
NAMES.mail("friend.example", "127.0.0.4")


def commands(guide: str) -> list[list[str]]:
    """The lines to be typed; of "[--kind tls]" both forms, of "quarantine show ID | delete ID" each."""
    with open(os.path.join(ROOT, "docs", guide), encoding="utf-8") as file:
        lines = re.findall(r"^    chappe (.*)$", file.read(), re.MULTILINE)
    forms = []
    for line in lines:
        first, *others = line.split(" | ")
        noun = first.split()[0]
        for form in [first, *(f"{noun} {other}" for other in others)]:
            optional = re.search(r" \[(--[^\]]*)\]", form)
            forms += [form] if not optional else [form.replace(optional.group(0), ""), form.replace(optional.group(0), " " + optional.group(1))]
    return [shlex.split(form, comments=True) for form in forms]


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

    def stand_in(words: list[str]) -> list[str]:
        number = report if words[0] == "report" else kept.pop() if "ID" in words else ""
        return [number if word == "ID" else word for word in words]

    walk(world, "filters.md", stand_in)
    assert kept == [] and world.count("ada@example.org") == 2, "released twice"
    shown = server.run("filter", "show", "--org", "Example", "--domain", "example.org")
    assert "greylist" in shown and "testing" in shown, shown
