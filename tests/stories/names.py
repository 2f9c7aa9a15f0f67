"""Names with a slash: one part of a path of the admin API, whoever asks; and no way out of any other path."""
from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
from urllib.parse import quote

from kit.browser import Browser, logged_in
from kit.world import World

# The last looks like the first when it is decoded twice.
NAMES = ("R/D", "/at both ends/", "a//b", "../../up", "50% / 100 %", "A\\B", "what? #1 & more=+;", "é/ü", "%2F", "R%2FD")

# Where objects have names of people's choice: what makes one, what changes it, what is shown of it.
KINDS = (
    ("/admin-groups", {}, None),
    ("/rules", {"sender": "*@spam.example", "refuse": "No."}, {"position": 7}),
    ("/address-lists", {"query": "(kind=user)"}, {"query": "(kind=room)"}),
    ("/recipient-policies", {"max_send": 1000}, {"max_send": 2000}),
    ("/identity-providers", {"issuer": "https://login.example", "client": "us"}, {"client": "them"}),
    ("/directories", {"type": "ldap", "urls": ["ldap://127.0.0.1:9"], "tls": "none", "base": "dc=x", "enabled": False}, {"base": "dc=y"}),
)
OF_ALL = (("/routing-groups", {}, None), ("/connectors", {"smarthost": "relay.example", "spaces": ["elsewhere.example"]}, {"cost": 7}))


def one(name: str) -> str:
    return quote(name, safe="")


def administrator(world: World) -> Browser:
    address = world.user("root")
    world.server.run("grant", "add", address, "full-administrator", "--scope", "installation")
    return logged_in(world, address)


def walk(browser: Browser, path: str, query: str, name: str, more: dict, change: dict | None) -> None:
    """Made, read, changed, renamed, removed; beside it stands what the encoded name would be."""
    where = f"{path}/{one(name)}{query}"
    assert browser.ask("POST", path, {"name": name, **more})[0] == 201, (path, name)
    status, shown = browser.ask("GET", where)
    assert status == 200 and shown["name"] == name, (where, status, shown)
    assert browser.ask("GET", f"{path}/{one(one(name) + '/')}{query}")[0] == 404, name
    if change:
        assert browser.ask("PATCH", where, change)[0] in (200, 204), where
        shown = browser.ask("GET", where)[1]
        assert all(shown[field] == value for field, value in change.items()), shown
    assert browser.ask("DELETE", where)[0] == 204, where
    assert browser.ask("GET", where)[0] == 404, where


def story_a_name_with_a_slash_is_read_changed_and_removed(world: World) -> None:
    browser, query = administrator(world), f"?organisation={one(world.organisation)}"
    for name in NAMES:
        walk(browser, "/rules", query, name, {"organisation": world.organisation, "sender": "*@spam.example", "refuse": "No."}, {"position": 7})
    for path, more, change in KINDS:
        walk(browser, path, query, "R/D %2F \\", {"organisation": world.organisation, **more}, change)
    for path, more, change in OF_ALL:
        walk(browser, path, "", f"R/D %2F {world.number}", more, change)
    walk(browser, "/organisations", "", f"R/D %2F {world.number}", {}, {"accepts": "anyone"})
    twins = ("R/D", "R%2FD", "R%252FD")
    for twin in twins:
        assert browser.ask("POST", "/rules", {"name": twin, "organisation": world.organisation, "sender": "*@spam.example", "refuse": "No."})[0] == 201, twin
    for twin in twins:
        assert browser.ask("GET", f"/rules/{one(twin)}{query}")[1]["name"] == twin
    assert browser.ask("GET", f"/rules/R%2fD{query}")[1]["name"] == "R/D", "in small letters as well"
    assert browser.ask("GET", f"/rules/R/D{query}")[0] == 404, "a slash as it is still separates"


def story_the_command_line_takes_a_name_with_a_slash(world: World) -> None:
    run, org = world.server.run, ("--org", world.organisation)
    run("rule", "add", "R/D", *org, "--sender", "*@spam.example", "--refuse", "No.")
    run("rule", "set", "R/D", *org, "--position", "7")
    assert json.loads(run("rule", "show", "R/D", *org, "--json"))["position"] == 7
    assert json.loads(run("api", "GET", f"/rules/R%2FD?organisation={one(world.organisation)}"))["name"] == "R/D"
    run("rule", "set", "R/D", *org, "--name", "../%2F")
    run("rule", "remove", "../%2F", *org)
    assert "R/D" not in run("rule", "list", *org)
    run("org", "add", f"A/B {world.number}")
    run("admin-group", "add", "C/D", "--org", f"A/B {world.number}")
    assert json.loads(run("admin-group", "show", "C/D", "--org", f"A/B {world.number}", "--json"))["name"] == "C/D"
    run("admin-group", "remove", "C/D", "--org", f"A/B {world.number}")
    assert json.loads(run("org", "show", f"A/B {world.number}", "--json"))["name"] == f"A/B {world.number}"
    run("org", "remove", f"A/B {world.number}")


def story_names_with_a_slash_move_with_the_configuration(world: World) -> None:
    run, org = world.server.run, ("--org", world.organisation)
    run("rule", "add", "R/D %2F", *org, "--sender", "*@spam.example", "--refuse", "No.")
    run("address-list", "add", "A/B", *org, "--query", "(kind=user)")
    before = run("config", "export")
    wanted = json.loads(before)
    own = [rule for rule in wanted["rules"] if rule.get("organisation") == world.organisation]
    assert [rule["refuse"] for rule in own] == ["No."], own
    own[0]["refuse"] = "Never."
    wanted["address_lists"] = [book for book in wanted["address_lists"] if book["name"] != "A/B"]
    run("config", "apply", "-", "--prune", stdin=json.dumps(wanted))
    assert "Never." in json.loads(run("rule", "show", "R/D %2F", *org, "--json"))["rule"]
    assert "A/B" not in run("address-list", "list", *org)
    run("config", "apply", "-", "--prune", stdin=before)
    assert json.loads(run("config", "export")) == json.loads(before)


def story_a_change_of_such_an_object_waits_for_a_second_person(world: World) -> None:
    """What was asked for is kept with its path, and made from it."""
    ada, bob, query = world.user("ada"), world.user("bob"), f"?organisation={one(world.organisation)}"
    for who, more in ((ada, ["--approval"]), (bob, [])):
        world.server.run("grant", "add", who, "full-administrator", "--scope", "organisation", "--on", world.organisation, *more)
    for name in ("R/D", "R%2FD"):
        world.server.api("POST", "/rules", {"name": name, "organisation": world.organisation, "sender": "*@spam.example", "refuse": "No."})
    asking, deciding = logged_in(world, ada), logged_in(world, bob)
    status, filed = asking.ask("PATCH", f"/rules/R%2FD{query}", {"position": 7})
    assert status == 202 and filed["change"]["before"] == {"position": 10}, filed
    status, done = deciding.ask("POST", f"/changes/{filed['change']['id']}/approve", {})
    assert status == 200 and done["state"] == "done", done
    assert deciding.ask("GET", f"/rules/R%2FD{query}")[1]["position"] == 7
    assert deciding.ask("GET", f"/rules/R%252FD{query}")[1]["position"] == 20, "the other was not touched"


# ---- targets that are not meant well

SLASHES = ("%2F", "%2f", "%2e%2e%2f", "..%2F..%2Fetc%2Fpasswd", "%2e%2e%2Fassets")
# No path of names: an encoded slash is not read at all.
OTHERS = ("/", "/mail/", "/assets/", "/jmap/", "/jmap/download/a/b/", "/jmap/upload/", "/dav/", "/dav/addressbooks/", "/.well-known/", "/api/", "/api/v2/", "/%61pi/v1/rules/",
          "/API/v1/", "/api/v1%2Frules/", "/metrics/", "/healthz/", "/autodiscover/", "/admin%2F", "/x/../api/v1/", "http://localhost/api/v1/rules/")
REFUSED = ("/api/v1/rules/%00", "/api/v1/rules/a%2F%00", "/api/v1/../rules", "/api/v1/%2e%2e/rules", "/api/v1/rules/%2e%2e", "/api/v1//rules", "/api/v1/rules/a%0ab", "/api/v1/rules/a%7fb",
           "/api/v1/rules/a\\b", "/admin/../x", "/admin/%2e%2e/x", "/admin/%2e%2e", "/admin//x", "/admin/%00", "/api/v1/rules?organisation=%00", "/assets/%5c..%5cx", "/dav/%5c")
# Decoded once: it is a name that has percent signs in it, and none of ours is called so.
TWICE = ("/assets/%252F", "/jmap/download/%252e%252e%252f/x/y", "/dav/%252e%252e%252f", "/api/v1/%252e%252e%252frules", "/api/v1/rules%252Fx", "/.well-known/%252e%252e%252f",
         "/assets/%252e%252e%252fetc%252fpasswd", "/api/v1/..%2f..%2fetc%2fpasswd", "/api/v1%252Frules")


def target(world: World, path: str, headers: str = "") -> tuple[int, str]:
    """The path is sent as it stands here."""
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", world.server.port("https")), 20) as plain, context.wrap_socket(plain) as link:
        said = b""
        with contextlib.suppress(ssl.SSLEOFError, ConnectionError):     # a head that is refused is not read to its end
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n".encode())
            while more := link.recv(65536):
                said += more
    status = re.match(rb"HTTP/1.1 (\d+)", said)
    return int(status[1]) if status else 0, said.partition(b"\r\n\r\n")[2].decode(errors="replace")


def story_an_encoded_slash_leads_out_of_no_path(world: World) -> None:
    for path in [place + slash for place in OTHERS for slash in SLASHES] + list(REFUSED):
        status, body = target(world, path)
        assert status in (0, 400) and "root:" not in body, (path, status, body)
    for path in TWICE:
        status, body = target(world, path)
        assert status in (401, 403, 404) and "root:" not in body, (path, status, body)
    home = target(world, "/admin/")
    for path in ("/admin/..%2F..%2Fetc%2Fpasswd", "/admin/%2e%2e%2findex.html", "/admin/organisations/A%2FB", "/admin/%252e%252e%252f"):
        assert target(world, path) == home, "a page of the console, whatever its name"
    for path in ("/admin/assets/..%2Findex.html", "/admin/assets/%2e%2e%2findex.html", "/admin/assets/x%2F..%2F..%2Findex.html", "/admin/assets/%252e%252e%252findex.html"):
        assert target(world, path)[0] == 404, path


def story_a_head_that_is_refused_leaves_nothing_behind(world: World) -> None:
    """A path of names is read before the head is: also where the head never becomes a request."""
    for headers in ("Host: other\r\n", "X: y\r\n" * 150, "X: " + "y" * 100000 + "\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"):
        assert target(world, "/api/v1/rules/R%2FD", headers)[0] in (0, 400, 413, 431), headers[:40]
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", world.server.port("http")), 20) as link:
            link.sendall(b"GET /api/v1/rules/R%2FD HTTP/1.1\r\nHost: a")
    assert target(world, "/healthz")[0] == 200
