"""What the browser tests look at: two organisations, people of several scripts, and names that attack."""
from __future__ import annotations

from types import SimpleNamespace

from kit.browser import Browser
from kit.instance import Instance

PASSWORD = "correct-horse-7"

# Display names and descriptions that would run if any page took them for markup.
HOSTILE = [
    "<img src=x onerror=window.__hostile=1>",
    "<script>window.__hostile=2</script>",
    "\"><svg onload=window.__hostile=3>",
    "'-window.__hostile=4-'",
    "javascript:window.__hostile=5",
    "{{constructor.constructor('window.__hostile=6')()}}",
    "${window.__hostile=7}",
    "<svg><animate onbegin=window.__hostile=8 attributeName=x dur=1s>",
    "<iframe srcdoc='<script>parent.__hostile=9</script>'>",
    "<a href=javascript:window.__hostile=10>click</a>",
    "</title><script>window.__hostile=11</script>",
    "<style>*{background:url(//elsewhere.example/x)}</style>",
    "<img src=//elsewhere.example/pixel.png>",
    "\u202egnp.exe\u202c ending turned",
    "a" * 100,
    "__proto__",
    "<details open ontoggle=window.__hostile=12>",
    "<math><mtext><table><mglyph><style><img src onerror=window.__hostile=13>",
]


def people(server: Instance) -> None:
    for local, name in (("ada", "Ada Lovelace"), ("claude", "Claude Chappe"), ("grace", "Grace Hopper"),
                        ("helene", "Ἑλένη Παπαδοπούλου"), ("amin", "أمين معلوف"), ("li", "李清照")):
        server.api("POST", "/users", {"address": f"{local}@example.org", "name": name, "password": PASSWORD})
    server.api("POST", "/users", {"address": "board@example.org", "name": "Board room", "kind": "room"})
    server.api("POST", "/users", {"address": "sales@example.org", "name": "Sales", "kind": "shared", "quota": 1 << 30})
    server.api("POST", "/groups", {"address": "team@example.org", "name": "Team",
                                   "members": ["ada@example.org", "grace@example.org"]})
    server.api("POST", "/contacts", {"address": "zoe@example.org", "name": "Zoé", "target": "zoe@elsewhere.example"})
    server.api("POST", "/identity-providers", {"name": "Company <b>login</b>", "organisation": "Example", "issuer": "https://127.0.0.1:1",
                                               "client": "chappe"})
    server.api("POST", "/aliases", {"address": "info@example.org", "target": "ada@example.org"})


def hostile(server: Instance) -> None:
    for number, name in enumerate(HOSTILE):
        server.api("POST", "/users", {"address": f"h{number}@example.org", "name": name})
    server.api("POST", "/groups", {"address": "hg@example.org", "name": HOSTILE[0], "members": ["h0@example.org", "h2@example.org"]})
    server.api("POST", "/contacts", {"address": "hc@example.org", "name": HOSTILE[1], "target": "x@elsewhere.example", "city": HOSTILE[0]})
    server.api("PATCH", "/users/h0@example.org", {"title": HOSTILE[0], "company": HOSTILE[1], "notes": HOSTILE[2] + "\n" + HOSTILE[8], "manager": "ada@example.org"})
    server.api("POST", "/mailboxes/sales@example.org/shares", {"person": "h0@example.org", "rights": "reader", "folder": "INBOX"})
    server.run("org", "add", HOSTILE[0])
    server.run("admin-group", "add", HOSTILE[2], "--org", "Example")
    server.api("POST", "/users/h0@example.org/app-passwords", {"name": HOSTILE[8]})


def removed(server: Instance) -> None:
    for number in (0, 14):
        server.api("POST", "/users", {"address": f"gone{number}@example.org", "name": HOSTILE[number]})
        server.run("user", "remove", f"gone{number}@example.org")


def waiting(server: Instance) -> None:
    """A change that a second person has to approve."""
    server.run("grant", "add", "amin@example.org", "recipient-administrator", "--scope", "domain", "--on", "example.org", "--approval")
    amin = Browser(SimpleNamespace(server=server))
    assert amin.log_in("amin@example.org", PASSWORD)[0] == 200
    status, answer = amin.ask("PATCH", "/users/li@example.org", {"name": HOSTILE[0]})
    assert status == 202, answer


def make(server: Instance) -> None:
    for name in ("Example", "Autre Société"):
        server.run("org", "add", name)
    for domain, owner in (("example.org", "Example"), ("example.net", "Example"), ("autre.example", "Autre Société")):
        server.run("domain", "add", domain, "--org", owner)
    server.run("admin-group", "add", "Paris", "--org", "Example")
    people(server)
    hostile(server)
    removed(server)
    many = [{"address": f"p{i:04d}@example.net", "name": f"Person {i}"} for i in range(600)]
    server.api("POST", "/users/import", {"organisation": "Example", "users": many})
    server.run("grant", "add", "ada@example.org", "full-administrator", "--scope", "installation")
    server.run("grant", "add", "grace@example.org", "help-desk", "--scope", "domain", "--on", "example.org", "--days", "90")
    waiting(server)
