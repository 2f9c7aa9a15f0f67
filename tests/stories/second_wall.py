"""With the program's own checks taken away, one by one, the database still keeps people inside what they were given."""
from __future__ import annotations

import json
import os
import re
from urllib.parse import quote

from kit.browser import Browser, logged_in
from kit.instance import Failure, Instance, ROOT
from kit.world import World

IS_LONG = True

# One kind of object a pattern; what a change says.
BODIES: dict[str, object] = {
    "PATCH /users/{address}": {"name": "Changed"}, "PUT /users/{address}/password": {"password": "stolen-horse-9"},
    "POST /users/{address}/app-passwords": {"name": "stolen"}, "PATCH /recipients/{address}/senders": {"keeps_sent": True},
    "POST /recipients/{address}/senders": {"person": "PERSON"}, "PATCH /aliases/{address}": {"enabled": False},
    "PATCH /groups/{address}": {"name": "Changed"}, "POST /groups/{address}/members": {"member": "x@outside.example"},
    "PATCH /contacts/{address}": {"name": "Changed"}, "PUT /users/{address}/sieve/{name}": {"content": "keep;"},
    "PUT /users/{address}/automatic-reply": {"text": "Changed"}, "PATCH /domains/{domain}": {"enabled": False},
    "PATCH /admin-groups/{name}": {"name": "Changed"}, "PATCH /backup-mx/{domain}": {"subdomains": True},
    "PUT /backup-mx/{domain}/recipients": {"recipients": []}, "PATCH /organisations/{name}": {"name": "Changed"},
    "PUT /organisations/{name}/second-factor": {"required": ["everybody"]},
    "PATCH /address-lists/{name}": {"query": "(kind=room)"}, "PATCH /recipient-policies/{name}": {"retention": ["*=1:delete"]},
    "PATCH /identity-providers/{name}": {"issuer": "https://evil.example"}, "PATCH /directories/{name}": {"base": "dc=evil"},
}
KINDS = {"/users": "user", "/recipients": "user", "/mailboxes": "user", "/rights": "user", "/held": "user", "/aliases": "alias", "/groups": "list",
         "/contacts": "contact", "/domains": "domain", "/dkim": "domain", "/backup-mx": "domain", "/admin-groups": "group",
         "/organisations": "organisation", "/address-lists": "book", "/recipient-policies": "policy", "/identity-providers": "provider",
         "/directories": "source", "/rules": "rule"}
# Of an organisation as a whole: what a part of it may there is the program's affair, what others may is the database's, too.
OF_ALL = ("organisation", "book", "policy", "provider", "source", "rule")


def routes() -> list[tuple[str, str, str]]:
    """Method, pattern and kind of object of every route that names one."""
    with open(os.path.join(ROOT, "docs/admin-api.md"), encoding="utf-8") as guide:
        found = re.findall(r"^\| (GET|POST|PUT|PATCH|DELETE) \| `([^`]+)`", guide.read(), re.M)
    return [(method, pattern, KINDS["/" + pattern.split("/")[1]]) for method, pattern in found
            if "{" in pattern and "/" + pattern.split("/")[1] in KINDS]


def furnish(world: World, domain: str, group: str) -> dict[str, str]:
    """One object of each kind in a domain and beside it."""
    run = world.server.run
    if domain != world.domain:
        run("domain", "add", domain, "--org", world.organisation)
    run("admin-group", "add", group, "--org", world.organisation)
    things = {"user": f"victim@{domain}", "alias": f"other@{domain}", "list": f"team@{domain}", "contact": f"friend@{domain}",
              "domain": domain, "group": group, "organisation": world.organisation}
    run("user", "add", things["user"], "--name", "Victim", "--password-file", "-", stdin="correct-horse-7\n")
    run("alias", "add", things["alias"], things["user"])
    run("group", "add", things["list"], "--name", "Team")
    run("group-member", "add", things["list"], things["user"])
    run("contact", "add", things["contact"], "friend@outside.example", "--name", "Friend")
    for kind, path, body in (("book", "/address-lists", {"query": "(kind=user)"}),
                             ("policy", "/recipient-policies", {"max_send": 1000, "retention": ["Junk=30:delete"]}),
                             ("provider", "/identity-providers", {"issuer": "https://login.example", "client": "us"}),
                             ("source", "/directories", {"type": "ldap", "urls": ["ldap://127.0.0.1:9"], "tls": "none", "base": "dc=x", "enabled": False}),
                             ("rule", "/rules", {"sender": "*@spam.example", "refuse": "No."})):
        things[kind] = f"{kind} of {group}"
        world.server.api("POST", path, {"name": things[kind], "organisation": world.organisation, **body})
    return things


def path_of(pattern: str, kind: str, thing: str, organisation: str) -> str:
    path = pattern.replace("{address}", quote(thing, safe="@")).replace("{domain}", thing).replace("{member}", "x@outside.example").replace("{person}", "x@outside.example")
    path = path.replace("{selector}", "s1").replace("{id}", "1")
    if kind == "group" or kind in OF_ALL:
        path = path.replace("{name}", quote(thing), 1)
    path = path.replace("{name}", "x")
    return path + (f"?organisation={quote(organisation)}" if kind == "group" or kind in OF_ALL[1:] else "")


def state(world: World, things: dict[str, str]) -> list[object]:
    """All that root sees of them."""
    run, shown = world.server.run, []
    for words in (("user", "show", things["user"]), ("alias", "show", things["alias"]), ("group", "show", things["list"]),
                  ("contact", "show", things["contact"]), ("domain", "show", things["domain"]),
                  ("admin-group", "show", things["group"], "--org", world.organisation), ("org", "show", things["organisation"]),
                  ("app-password", "list", things["user"]), ("second-factor", "list", things["user"]),
                  ("second-factor", "rules", things["organisation"]), ("grant", "list", "--holder", things["user"]), ("sender", "list", things["user"])):
        one = json.loads(run(*words, "--json"))
        if words[0] == "org":                                 # how much is in it changes with this test
            one = {name: value for name, value in one.items() if name not in ("domains", "users")}
        shown.append(one)
    query = f"organisation={quote(world.organisation)}"
    for path, field in (("/address-lists", "address_lists"), ("/recipient-policies", "recipient_policies"),
                        ("/identity-providers", "identity_providers"), ("/directories", "directories"), ("/rules", "rules")):
        shown.append(world.server.api("GET", f"{path}?{query}")[field])
    return shown


def story_with_a_check_taken_away_nobody_leaves_his_part(world: World) -> None:
    cells = 0
    for check in ("right", "delegate", "enter", "right,delegate,enter"):
        os.environ["UNCHECKED"] = check
        try:
            with Instance(world.server.binary) as server:
                cells += walk(server, check)
        finally:
            del os.environ["UNCHECKED"]
    print(f"second_wall: {cells} cells")
    assert cells > 2000, cells


def walk(server: Instance, check: str) -> int:
    with World(server) as home, World(server) as foreign:
        mine = furnish(home, home.domain, "Paris")
        places = {"other domain": (home, furnish(home, f"second-{home.domain}", "Berlin")),
                  "other organisation": (foreign, furnish(foreign, foreign.domain, "Roma"))}
        gone = furnish(home, f"gone-{home.domain}", "Gone")
        server.run("user", "add", f"inside@{home.domain}", "--name", "Inside", "--admin-group", "Paris")
        server.run("user", "add", f"inside@{foreign.domain}", "--name", "Inside")
        before = {name: state(world, things) for name, (world, things) in places.items()}
        holders = [("domain", home.domain, "full-administrator"), ("administrative-group", f"{home.organisation}/Paris", "administrator"),
                   ("group", mine["list"], "recipient-administrator"), ("store", "Mailbox Store", "read-only"), ("", "", "")]
        for kind in ("contact", "list", "alias", "user"):
            server.run({"contact": "contact", "list": "group", "alias": "alias", "user": "user"}[kind], "remove", gone[kind])
        server.run("domain", "remove", gone["domain"])
        server.run("admin-group", "remove", "Gone", "--org", home.organisation)
        places["deleted"] = (home, gone)
        cells = 0
        leaks: list[str] = []
        for number, (scope, on, role) in enumerate(holders):
            if scope == "store":
                continue                                      # every mailbox of this server is in it
            login = home.user(f"holder{number}")
            if scope:
                server.run("grant", "add", login, role, "--scope", scope, "--on", on)
            browser = logged_in(home, login)
            for method, pattern, kind in routes() if check != "delegate" else []:   # which only grants ask
                body = BODIES.get(f"{method} {pattern}", None if method in ("GET", "DELETE") else {})
                for name, (place, things) in places.items():
                    if kind in OF_ALL and place is home:
                        continue                              # his own; what he may there is not the database's affair
                    if body and "person" in body:
                        body = {"person": f"inside@{place.domain}"}
                    got = browser.ask(method, path_of(pattern, kind, things[kind], place.organisation), body)
                    if got[0] < 400 or got[0] >= 500:
                        leaks.append(f"without {check}: {role or 'nobody'} of {scope} {on}: {method} {pattern} on {name}: {got}")
                    cells += 1
            if role == "full-administrator":
                cells += grants(browser, home, foreign, places)
        if leaks:
            raise Failure(f"{len(leaks)} leaks\n" + "\n".join(leaks))
        for name, (place, things) in places.items():
            if name != "deleted" and state(place, things) != before[name]:
                raise Failure(f"without {check}: something was changed in {name}: {before[name]} {state(place, things)}")
        return cells


def grants(browser: Browser, home: World, foreign: World, places: dict) -> int:
    """Rights that somebody of one domain gives himself elsewhere."""
    login = browser.ask("GET", "/session")[1]["login"]
    wanted = [("domain", f"second-{home.domain}"), ("organisation", home.organisation), ("installation", None),
              ("administrative-group", f"{home.organisation}/Berlin"), ("domain", foreign.domain), ("organisation", foreign.organisation),
              ("group", places["other domain"][1]["list"])]
    for scope, on in wanted:
        body = {"holder": login, "role": "help-desk", "scope": scope, **({"object": on} if on else {})}
        status, answer = browser.ask("POST", "/grants", body)
        if status < 400 or status >= 500:
            raise Failure(f"a right on {scope} {on} was given: {answer}")
    return len(wanted)
