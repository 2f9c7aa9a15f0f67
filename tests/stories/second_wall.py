"""What is forbidden is looked for as what is not there; and with the program's own checks taken away, one by one, the database still keeps
people inside what they were given."""
from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from kit.browser import Browser, logged_in
from kit.instance import Failure, Instance, ROOT
from kit.world import PASSWORD, World

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
    api = world.server.api
    if domain != world.domain:
        api("POST", "/domains", {"name": domain, "organisation": world.organisation})
    api("POST", "/admin-groups", {"name": group, "organisation": world.organisation})
    things = {"user": f"victim@{domain}", "alias": f"other@{domain}", "list": f"team@{domain}", "contact": f"friend@{domain}",
              "domain": domain, "group": group, "organisation": world.organisation}
    api("POST", "/users", {"address": things["user"], "name": "Victim", "password": PASSWORD})
    api("POST", "/aliases", {"address": things["alias"], "target": things["user"]})
    api("POST", "/groups", {"address": things["list"], "name": "Team"})
    api("POST", f"/groups/{things['list']}/members", {"member": things["user"]})
    api("POST", "/contacts", {"address": things["contact"], "target": "friend@outside.example", "name": "Friend"})
    for kind, path, body in (("book", "/address-lists", {"query": "(kind=user)"}),
                             ("policy", "/recipient-policies", {"max_send": 1000, "retention": ["Junk=30:delete"]}),
                             ("provider", "/identity-providers", {"issuer": "https://login.example", "client": "us"}),
                             ("source", "/directories", {"type": "ldap", "urls": ["ldap://127.0.0.1:9"], "tls": "none", "base": "dc=x", "enabled": False}),
                             ("rule", "/rules", {"sender": "*@spam.example", "refuse": "No."})):
        things[kind] = f"{kind} of {group}"
        api("POST", path, {"name": things[kind], "organisation": world.organisation, **body})
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
    api, shown = world.server.api, []
    query = f"organisation={quote(world.organisation)}"
    user, whole = things["user"], f"/organisations/{quote(things['organisation'])}"
    for path in (f"/users/{user}", f"/aliases/{things['alias']}", f"/groups/{things['list']}", f"/contacts/{things['contact']}",
                 f"/domains/{things['domain']}", f"/admin-groups/{quote(things['group'])}?{query}", f"/users/{user}/app-passwords",
                 f"/users/{user}/second-factors", f"{whole}/second-factor", f"/grants?holder={user}", f"/recipients/{user}/senders"):
        shown.append(api("GET", path))
    # how much is in it changes with this test
    shown.append({name: value for name, value in api("GET", whole).items() if name not in ("domains", "users")})
    for path, field in (("/address-lists", "address_lists"), ("/recipient-policies", "recipient_policies"),
                        ("/identity-providers", "identity_providers"), ("/directories", "directories"), ("/rules", "rules")):
        shown.append(api("GET", f"{path}?{query}")[field])
    return shown


class Unchecked(Instance):
    """Does not ask what a file lists."""

    def start(self) -> None:
        os.environ["UNCHECKED"] = os.path.join(self.data, "run", "unchecked")
        try:
            super().start()
        finally:
            del os.environ["UNCHECKED"]

    def take_away(self, checks: str) -> None:
        with open(os.path.join(self.data, "run", "unchecked"), "w", encoding="ascii") as file:
            file.write(checks)


def absent_like(kind: str, thing: str) -> str:
    """A name of the same shape that nothing has, in a place that is there."""
    if kind == "domain":
        return f"absent-{thing}"
    return "absent@" + thing.split("@")[1] if "@" in thing else f"absent {thing}"


HOLDERS = [("domain", "full-administrator"), ("administrative-group", "administrator"), ("group", "recipient-administrator"), ("", "")]


class Parts:
    """An organisation in which some people hold a part, and what is beside that: another domain, another organisation, what was deleted."""

    def __init__(self, home: World, foreign: World) -> None:
        self.home, self.foreign, self.api = home, foreign, home.server.api
        mine = furnish(home, home.domain, "Paris")
        there = {"other domain": (home, furnish(home, f"second-{home.domain}", "Berlin")),
                 "other organisation": (foreign, furnish(foreign, foreign.domain, "Roma"))}
        self.places = {**there, "deleted": (home, self._deleted())}
        self.api("POST", "/users", {"address": f"inside@{home.domain}", "name": "Inside", "admin_group": "Paris"})
        self.api("POST", "/users", {"address": f"inside@{foreign.domain}", "name": "Inside"})
        on = {"domain": home.domain, "administrative-group": f"{home.organisation}/Paris", "group": mine["list"]}
        self.people = [(scope, role, self._holder(number, scope, role, on.get(scope))) for number, (scope, role) in enumerate(HOLDERS)]
        self.before = self.states()

    def _deleted(self) -> dict[str, str]:
        gone = furnish(self.home, f"gone-{self.home.domain}", "Gone")
        for path, kind in (("/contacts", "contact"), ("/groups", "list"), ("/aliases", "alias"), ("/users", "user"), ("/domains", "domain")):
            self.api("DELETE", f"{path}/{gone[kind]}")
        self.api("DELETE", f"/admin-groups/Gone?organisation={quote(self.home.organisation)}")
        return gone

    def _holder(self, number: int, scope: str, role: str, on: str | None) -> Browser:
        login = self.home.user(f"holder{number}")
        if on:
            self.api("POST", "/grants", {"holder": login, "role": role, "scope": scope, "object": on})
        return logged_in(self.home, login)

    def states(self) -> dict[str, list[object]]:
        return {name: state(world, things) for name, (world, things) in self.places.items() if name != "deleted"}

    def leaks(self, browser: Browser) -> tuple[int, list[str]]:
        """How much was asked for, and what was answered as if there were a right."""
        cells, leaks = 0, []
        for method, pattern, kind in routes():
            body = BODIES.get(f"{method} {pattern}", None if method in ("GET", "DELETE") else {})
            for name, (place, things) in self.places.items():
                if kind in OF_ALL and place is self.home:
                    continue                                  # his own; what he may there is not the database's affair
                if isinstance(body, dict) and "person" in body:
                    body = {"person": f"inside@{place.domain}"}
                got = browser.ask(method, path_of(pattern, kind, things[kind], place.organisation), body)
                if got[0] < 400 or got[0] >= 500:
                    leaks.append(f"{method} {pattern} on {name}: {got}")
                cells += 1
        return cells, leaks

    def as_one(self, person: tuple[str, str, Browser], check: str) -> int:
        """All that somebody asks for; how much that was."""
        scope, role, browser = person
        cells = 0
        if check != "delegate":                               # which only grants ask
            cells, leaks = self.leaks(browser)
            if leaks:
                raise Failure(f"without {check}: {len(leaks)} leaks for {role or 'nobody'} of {scope}\n" + "\n".join(leaks))
        if role == "full-administrator":
            cells += grants(browser, self.home, self.foreign, self.places)
        return cells

    def told_apart(self) -> tuple[int, list[str]]:
        """What is forbidden, and what is not there in its place: how many pairs, and those that differ, in the answer or in what the
        database was asked for it."""
        pairs, apart = 0, []
        for scope, role, browser in self.people:
            for method, pattern, kind in routes():
                body = BODIES.get(f"{method} {pattern}", None if method in ("GET", "DELETE") else {})
                for name, (place, things) in self.places.items():
                    if name == "deleted" or (kind in OF_ALL and place is self.home):
                        continue
                    seen = []
                    for thing in (things[kind], absent_like(kind, things[kind])):
                        seen.append((browser.ask(method, path_of(pattern, kind, thing, place.organisation), body), browser.headers["chappe-statements"]))
                    if seen[0] != seen[1] or seen[0][0][0] not in (400, 404):
                        apart.append(f"{role or 'nobody'} of {scope}: {method} {pattern} on {name}: {seen}")
                    pairs += 1
        return pairs, apart

    def walk(self, check: str) -> int:
        with ThreadPoolExecutor(len(self.people)) as pool:
            cells = sum(pool.map(lambda person: self.as_one(person, check), self.people))
        now = self.states()
        if now != self.before:
            raise Failure(f"without {check}: something was changed: {self.before} {now}")
        return cells


def story_with_a_check_taken_away_nobody_leaves_his_part(world: World) -> None:
    with Unchecked(world.server.binary) as server, World(server) as home, World(server) as foreign:
        parts, cells = Parts(home, foreign), 0
        pairs, apart = parts.told_apart()
        assert not apart and pairs > 500, (pairs, apart)
        server.take_away("as-long")                           # and such a test can fail
        assert any("of group" in one for one in parts.told_apart()[1]), "who does not look twice is told from who does"
        for check in ("right", "delegate", "enter", "right,delegate,enter"):
            server.take_away(check)
            assert (parts.people[-1][2].ask("GET", "/connectors")[0] == 404) == ("right" not in check), f"{check} is not away"
            cells += parts.walk(check)
    print(f"second_wall: {cells} cells")
    assert cells > 3000, cells


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
