"""Delegated administration over HTTPS: who logs in, what he may, and what he never learns."""
from __future__ import annotations

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from kit.browser import Browser, logged_in
from kit.instance import Failure, ROOT
from kit.world import PASSWORD, World

IS_LONG = True

NOWHERE = {"type": "urn:chappe:problem:not-found", "title": "Not found", "status": 404, "detail": "There is nothing here.",
           "kind": "not-found", "error": {"kind": "not-found", "message": "There is nothing here."}}


def refusal(world: World, *words: str) -> str:
    """What a command that fails says."""
    try:
        world.server.run(*words)
    except Failure as problem:
        return str(problem)
    raise Failure(f"{words} was done")


def grant(world: World, holder: str, role: str, scope: str, on: str = "", *more: str) -> None:
    world.server.run("grant", "add", holder, role, "--scope", scope, *(["--on", on] if on else []), *more)


def story_who_logs_in_has_a_session_that_ends(world: World) -> None:
    ada = world.user("ada")
    browser = Browser(world)
    assert browser.ask("GET", "/session")[0] == 401
    assert browser.headers["www-authenticate"] == "Bearer"
    wrong = browser.log_in(ada, "wrong-horse-7")
    assert wrong[0] == 401 and wrong == browser.log_in(f"nobody@{world.domain}", "wrong-horse-7")
    assert browser.log_in(ada)[0] == 200
    cookie = browser.headers["set-cookie"]
    assert cookie.startswith("__Host-chappe=") and "HttpOnly" in cookie and "Secure" in cookie and "SameSite=Strict" in cookie
    status, me = browser.ask("GET", "/session")
    assert status == 200 and me["login"] == ada and me["organisation"] == world.organisation and me["grants"] == []
    assert browser.ask("GET", f"/users/{ada}/sessions")[1]["sessions"][0]["kind"] == "session"
    plain = Browser(world, "http")                            # without TLS: on this machine only, as configured
    assert plain.log_in(ada)[0] == 200 and plain.ask("GET", "/session")[0] == 200
    time.sleep(1)
    world.server.run("user", "passwd", ada, "--password-file", "-", stdin="another-horse-8\n")
    assert browser.ask("GET", "/session")[0] == 401          # a new password ends what the old one began
    assert browser.log_in(ada, "another-horse-8")[0] == 200
    assert browser.ask("DELETE", "/session")[0] == 204
    assert browser.ask("GET", "/session")[0] == 401
    assert browser.log_in(ada, "another-horse-8")[0] == 200
    world.server.run("user", "set", ada, "--state", "disabled")
    assert browser.ask("GET", "/session")[0] == 401


def story_what_is_forbidden_takes_as_long_as_what_is_not_there(world: World) -> None:
    """Asked in turns, neither of the two is the slower one more often than by chance (five times the deviation of a coin)."""
    with World(world.server) as foreign:
        stranger = foreign.user("stranger")
        second = f"second-{world.domain}"
        world.server.run("domain", "add", second, "--org", world.organisation)
        world.server.run("user", "add", f"neighbour@{second}", "--name", "Neighbour")
        world.server.run("group", "add", f"team@{world.domain}", "--name", "Team")
        for number, (scope, on) in enumerate((("domain", world.domain), ("group", f"team@{world.domain}"))):
            holder = world.user(f"holder{number}")
            grant(world, holder, "help-desk", scope, on)
            browser = logged_in(world, holder)
            for what, forbidden, absent in (("another organisation", f"/users/{stranger}", f"/users/nobody1@{foreign.domain}"),
                                            ("another domain", f"/users/neighbour@{second}", f"/users/nobodyatall@{second}"),
                                            ("a domain", f"/domains/{foreign.domain}", "/domains/no-such-domain.example"),
                                            ("an organisation", f"/organisations/{quote(foreign.organisation)}", "/organisations/No%20such%20one")):
                slower = turns = 0
                for turn in range(210):
                    took = {}
                    for path in (forbidden, absent) if turn % 2 else (absent, forbidden):
                        began = time.perf_counter()
                        answer = browser.ask("GET", path)
                        took[path] = time.perf_counter() - began
                        assert answer == (404, NOWHERE), (path, answer)
                    if turn >= 10:
                        turns += 1
                        slower += took[forbidden] > took[absent]
                assert abs(slower - turns / 2) < 36, f"{what}: the forbidden one was slower {slower} of {turns} times ({scope})"


def story_a_page_of_another_site_changes_nothing(world: World) -> None:
    ada = world.user("ada")
    grant(world, ada, "full-administrator", "organisation", world.organisation)
    browser = logged_in(world, ada)
    for origin in (None, "https://evil.example", "null", "https://127.0.0.1"):
        browser.origin = origin
        status, answer = browser.ask("PUT", f"/users/{ada}/password", {"password": "stolen-horse-1"})
        assert status == 403, (origin, answer)
    browser.origin = f"https://127.0.0.1:{browser.port}"
    assert browser.ask("POST", "/aliases", {"address": f"info@{world.domain}", "target": ada})[0] == 201


def story_a_token_does_what_it_was_made_for(world: World) -> None:
    ada = world.user("ada")
    grant(world, ada, "full-administrator", "organisation", world.organisation)
    browser = logged_in(world, ada)
    status, made = browser.ask("POST", "/tokens", {"name": "report", "permissions": ["recipient.read"], "days": 1})
    assert status == 201 and made["token"].startswith("chp_")
    program = Browser(world)
    program.token, program.origin = made["token"], None
    assert program.ask("GET", f"/users/{ada}")[0] == 200
    assert program.ask("PATCH", f"/users/{ada}", {"name": "Eve"}) == (404, NOWHERE)
    program.token = made["token"][:-1] + ("0" if made["token"][-1] != "0" else "1")
    assert program.ask("GET", f"/users/{ada}")[0] == 401
    program.token = ""
    program.cookie = "__Host-chappe=" + made["token"]        # a token is no session, nor the other way round
    assert program.ask("GET", f"/users/{ada}")[0] == 401
    program.cookie, program.token = "", browser.cookie.split("=", 1)[1]
    assert program.ask("GET", f"/users/{ada}")[0] == 401
    program.token = made["token"]
    world.server.run("session", "end", ada, str(made["id"]))
    assert program.ask("GET", f"/users/{ada}")[0] == 401


def story_the_help_desk_of_a_domain_does_that_and_nothing_else(world: World) -> None:
    other = f"other-{world.domain}"
    world.server.run("domain", "add", other, "--org", world.organisation)
    boss, helper, ada = world.user("boss"), world.user("helper"), world.user("ada")
    zoe = f"zoe@{other}"
    world.server.run("user", "add", zoe, "--name", "Zoe", "--password-file", "-", stdin=PASSWORD + "\n")
    grant(world, boss, "administrator", "organisation", world.organisation)
    grant(world, helper, "help-desk", "domain", world.domain, "--days", "30")
    desk = logged_in(world, helper)
    assert desk.ask("PUT", f"/users/{ada}/password", {"password": "given-horse-9"})[0] == 204
    assert world.imap(ada, "given-horse-9").noop()[0] == "OK"
    assert desk.ask("GET", f"/users?domain={world.domain}")[0] == 200
    assert desk.ask("PUT", f"/users/{zoe}/password", {"password": "given-horse-9"}) == (404, NOWHERE)
    assert desk.ask("PATCH", f"/users/{ada}", {"name": "Eve"}) == (404, NOWHERE)
    assert desk.ask("DELETE", f"/users/{ada}") == (404, NOWHERE)
    assert desk.ask("POST", "/grants", {"holder": helper, "role": "administrator", "scope": "domain",
                                        "object": world.domain}) == (404, NOWHERE)
    assert desk.ask("GET", f"/mailboxes/{ada}/export") == (404, NOWHERE)
    status, answer = desk.ask("PUT", f"/users/{boss}/password", {"password": "given-horse-9"})
    assert status == 403 and answer["error"]["kind"] == "denied"      # of a higher rank
    grant(world, boss, "auditor", "organisation", world.organisation)
    entries = logged_in(world, boss).ask("GET", f"/audit?organisation={quote(world.organisation)}")[1]["entries"]
    assert any(entry["actor"] == helper for entry in entries)


def story_nobody_grants_more_than_he_has(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    grant(world, ada, "full-administrator", "organisation", world.organisation)
    grant(world, bob, "full-administrator", "domain", world.domain)
    of_organisation, of_domain = logged_in(world, ada), logged_in(world, bob)
    wanted = {"holder": eve, "role": "full-administrator", "scope": "installation"}
    assert of_organisation.ask("POST", "/grants", wanted) == (404, NOWHERE)
    assert of_domain.ask("POST", "/grants", dict(wanted, scope="organisation", object=world.organisation)) == (404, NOWHERE)
    status, made = of_domain.ask("POST", "/grants", dict(wanted, role="help-desk", scope="domain", object=world.domain))
    assert status == 201
    status, why = of_organisation.ask("GET", f"/rights/{eve}?on={ada}")
    assert status == 200 and {"permission": "password.write", "role": "help-desk", "scope": "domain",
                              "object": world.domain} in why["rights"]
    assert of_organisation.ask("GET", f"/rights/{eve}")[1]["rights"] == []
    grants = of_organisation.ask("GET", "/grants")[1]["grants"]
    assert {row["holder"] for row in grants} == {ada, bob, eve}
    mine = next(row["id"] for row in grants if row["holder"] == ada)
    assert of_domain.ask("DELETE", f"/grants/{mine}") == (404, NOWHERE)
    assert of_domain.ask("DELETE", f"/grants/{made['id']}")[0] == 204
    assert of_domain.ask("DELETE", f"/grants/{made['id']}") == (404, NOWHERE)


def story_who_has_a_part_of_an_organisation_works_in_it(world: World) -> None:
    """The second wall below the organisation is in nobody's way: targets and members elsewhere, groups elsewhere that are left."""
    other, domain = f"other-{world.domain}", world.domain
    world.server.run("domain", "add", other, "--org", world.organisation)
    zoe, helper, grouped = f"zoe@{other}", world.user("helper"), world.user("grouped")
    world.server.run("user", "add", zoe, "--name", "Zoe")
    world.server.run("group", "add", f"all@{other}", "--name", "All")
    world.server.run("admin-group", "add", "Paris", "--org", world.organisation)
    grant(world, helper, "full-administrator", "domain", domain)
    grant(world, grouped, "recipient-administrator", "administrative-group", f"{world.organisation}/Paris")
    desk = logged_in(world, helper)
    assert desk.ask("POST", "/users", {"address": f"new@{domain}", "name": "New", "password": PASSWORD})[0] == 201
    assert desk.ask("PATCH", f"/users/new@{domain}", {"name": "Newer", "forward": [zoe, "x@outside.example"]})[0] in (200, 204)
    assert desk.ask("POST", "/aliases", {"address": f"info@{domain}", "targets": [f"new@{domain}", zoe]})[0] == 201
    assert zoe in desk.ask("GET", f"/aliases/info@{domain}")[1]["target"]
    assert desk.ask("POST", "/groups", {"address": f"team@{domain}", "name": "Team", "members": [zoe]})[0] == 201
    assert desk.ask("POST", f"/groups/team@{domain}/members", {"member": f"new@{domain}"})[0] in (200, 201, 204)
    assert sorted(desk.ask("GET", f"/groups/team@{domain}")[1]["members"]) == sorted([zoe, f"new@{domain}"])
    assert desk.ask("POST", "/contacts", {"address": f"friend@{domain}", "name": "F", "target": "f@outside.example"})[0] == 201
    assert desk.ask("PATCH", f"/domains/{domain}", {"catch_all": f"new@{domain}"})[0] in (200, 204)
    assert {row["address"] for row in desk.ask("GET", f"/users?domain={domain}")[1]["users"]} >= {f"new@{domain}", helper}
    assert desk.ask("POST", "/grants", {"holder": f"new@{domain}", "role": "help-desk", "scope": "domain", "object": domain})[0] == 201
    world.server.run("group-member", "add", f"all@{other}", f"new@{domain}")
    status, answer = desk.ask("DELETE", f"/users/new@{domain}")
    assert status == 409 and f"info@{domain}" in answer["error"]["message"], answer
    assert desk.ask("PATCH", f"/domains/{domain}", {"catch_all": ""})[0] in (200, 204)
    assert desk.ask("DELETE", f"/aliases/info@{domain}")[0] == 204
    assert desk.ask("DELETE", f"/users/new@{domain}")[0] == 204
    assert world.server.run("group", "show", f"all@{other}").count(domain) <= 1
    paris = logged_in(world, grouped)
    status, answer = paris.ask("POST", "/users", {"address": f"pierre@{other}", "name": "Pierre", "admin_group": "Paris"})
    assert status == 201, answer
    assert paris.ask("PATCH", f"/users/pierre@{other}", {"name": "Pierre C."})[0] in (200, 204)
    assert paris.ask("POST", "/users", {"address": f"paul@{other}", "name": "Paul"}) == (404, NOWHERE)
    assert paris.ask("PATCH", f"/users/{zoe}", {"name": "Eve"}) == (404, NOWHERE)
    assert paris.ask("DELETE", f"/users/pierre@{other}")[0] == 204
    answer = desk.ask("GET", f"/rights/{helper}/explain?permission=password.write&on={zoe}")[1]
    assert not answer["allowed"] and answer["path"][0]["verdict"] == "its scope does not contain this", answer
    answer = desk.ask("GET", f"/rights/{helper}/explain?permission=password.write&on={helper}")[1]
    assert answer["allowed"] and answer["path"][0]["verdict"] == "allows", answer
    assert "no such permission" in world.server.run("rights", "explain", grouped, "queue.write")


def story_people_and_domains_change_their_administrative_group(world: World) -> None:
    """Who is there already is put under a group's administrator, by who reaches both places."""
    run, ada, other = world.server.run, world.user("ada"), f"other-{world.domain}"
    run("domain", "add", other, "--org", world.organisation)
    for name in ("Paris", "Lyon"):
        run("admin-group", "add", name, "--org", world.organisation)
    holder = world.user("holder")
    grant(world, holder, "administrator", "administrative-group", f"{world.organisation}/Paris")
    paris = logged_in(world, holder)
    assert paris.ask("GET", f"/users/{ada}") == paris.ask("GET", f"/domains/{other}") == (404, NOWHERE)
    run("user", "set", ada, "--admin-group", "Paris")
    run("domain", "set", other, "--admin-group", "Paris", "--subaddresses", "no")
    shown = paris.ask("GET", f"/users/{ada}")[1]
    assert shown["admin_group"] == "Paris" and paris.ask("PATCH", f"/users/{ada}", {"name": "Ada King"})[0] == 200, shown
    shown = paris.ask("GET", f"/domains/{other}")[1]
    assert shown["admin_group"] == "Paris" and not shown["subaddresses"], shown
    for path in (f"/users/{ada}", f"/domains/{other}"):          # nobody hands over what he could not take back
        away = paris.ask("PATCH", path, {"admin_group": "Lyon"})
        assert away == paris.ask("PATCH", path, {"admin_group": "Nowhere"}) and away[0] == 404, away
        assert world.server.api("GET", path)["admin_group"] == "Paris"
    grant(world, holder, "administrator", "administrative-group", f"{world.organisation}/Lyon")
    assert paris.ask("PATCH", f"/users/{ada}", {"admin_group": "Lyon"})[1]["admin_group"] == "Lyon"
    assert paris.ask("PATCH", f"/domains/{other}", {"admin_group": "Lyon"})[1]["admin_group"] == "Lyon"
    exported = world.server.api("GET", "/config")["domains"]
    assert [d["admin_group"] for d in exported if d["name"] == other] == ["Lyon"], exported


def story_groups_contacts_and_aliases_change_their_administrative_group(world: World) -> None:
    """As people and domains do: from who holds the same right in both places, and made there from the start."""
    run, domain, org = world.server.run, world.domain, world.organisation
    ada, things = world.user("ada"), {}
    for name in ("Paris", "Lyon"):
        run("admin-group", "add", name, "--org", org)
    run("user", "add", f"desk@{domain}", "--name", "Desk", "--kind", "shared")
    for noun, address, more in (("group", f"team@{domain}", ["--name", "Team"]), ("contact", f"friend@{domain}", ["f@outside.example", "--name", "F"]),
                                ("alias", f"info@{domain}", [ada])):
        run(noun, "add", address, *more)
        things[noun] = {"group": "/groups/", "contact": "/contacts/", "alias": "/aliases/"}[noun] + address
    holder = world.user("holder")
    grant(world, holder, "administrator", "administrative-group", f"{org}/Paris")
    paris = logged_in(world, holder)
    for noun, path in things.items():
        address = path.split("/")[2]
        assert paris.ask("GET", path) == paris.ask("PATCH", path, {"admin_group": "Paris"}) == (404, NOWHERE), "not out of a group of others"
        run(noun, "set", address, "--admin-group", "Paris")
        assert paris.ask("GET", path)[1]["admin_group"] == "Paris"
        away = paris.ask("PATCH", path, {"admin_group": "Lyon"})         # nor into one
        assert away == paris.ask("PATCH", path, {"admin_group": "Nowhere"}) and away[0] == 404, away
        assert world.server.api("GET", path)["admin_group"] == "Paris"
        shown = paris.ask("PATCH", path, {"enabled": False})
        assert shown[0] == 200 and shown[1]["admin_group"] == "Paris" and not shown[1]["enabled"], shown
    assert {row["address"] for row in paris.ask("GET", "/recipients?filter=admin_group%3DParis")[1]["recipients"]} == {path.split("/")[2] for path in things.values()}
    run("user", "set", f"desk@{domain}", "--admin-group", "Paris")       # so a mailbox that nobody logs in to, and a room
    assert paris.ask("PATCH", f"/users/desk@{domain}", {"name": "Front desk"})[0] == 200
    grant(world, holder, "administrator", "administrative-group", f"{org}/Lyon")
    tried = paris.ask("PATCH", things["group"] + "?dry_run=true", {"admin_group": "Lyon"})
    assert tried[1]["admin_group"] == "Lyon" and world.server.api("GET", things["group"])["admin_group"] == "Paris", tried
    for path in things.values():
        assert paris.ask("PATCH", path, {"admin_group": "Lyon"})[1]["admin_group"] == "Lyon"
    for path, body in (("/groups", {"address": f"new@{domain}", "name": "New"}), ("/aliases", {"address": f"new@{domain}", "targets": [ada]}),
                       ("/contacts", {"address": f"new@{domain}", "name": "New", "target": "n@outside.example"})):
        assert paris.ask("POST", path, body) == (404, NOWHERE)
        made = paris.ask("POST", path, {**body, "admin_group": "Lyon"})
        assert made[0] == 201 and made[1]["admin_group"] == "Lyon", made
        assert paris.ask("DELETE", f"{path}/new@{domain}")[0] == 204
    audit = json.loads(run("audit", "list", "--org", org, "--object", f"team@{domain}", "--json"))["entries"]
    assert [e["actor"] for e in audit if e["action"] == "group.set" and "administrative_group_id" in str(e["after"])][0] == holder, audit
    exported = world.server.api("GET", "/config")
    held = {one["address"]: one["admin_group"] for section in ("groups", "contacts", "aliases") for one in exported[section]}
    assert {held[path.split("/")[2]] for path in things.values()} == {"Lyon"}, held
    for section in ("groups", "contacts", "aliases"):
        for one in exported[section]:
            one["admin_group"] = "Paris" if one["address"].endswith(f"@{domain}") else one["admin_group"]
    assert run("config", "apply", "-", stdin=json.dumps(exported)).count("~ ") == 3
    assert run("config", "apply", "-", stdin=json.dumps(exported)) == ""
    assert paris.ask("GET", things["alias"])[1]["admin_group"] == "Paris"


def story_who_holds_parts_sees_all_of_them_in_one_list(world: World) -> None:
    """Two domains, a group's members, an administrative group: a list without a filter is what one may see of it, in pages, and no more."""
    run, api, domain, org = world.server.run, world.server.api, world.domain, world.organisation
    second, third = f"second-{domain}", f"third-{domain}"
    for name in (second, third):
        run("domain", "add", name, "--org", org)
    run("admin-group", "add", "Paris", "--org", org)
    ada = world.user("ada")
    for name in (f"b@{second}", f"c@{second}", f"x@{third}", f"y@{third}"):
        run("user", "add", name, "--name", name.upper())
    run("user", "set", f"y@{third}", "--admin-group", "Paris")
    run("group", "add", f"team@{third}", "--name", "Team", "--members", f"x@{third}")
    run("group", "add", f"all@{second}", "--name", "All")
    both, mixed = world.user("both"), world.user("mixed")
    for on in (domain, second):
        grant(world, both, "recipient-administrator", "domain", on)
    grant(world, mixed, "help-desk", "group", f"team@{third}")
    grant(world, mixed, "read-only", "administrative-group", f"{org}/Paris")
    his, theirs = logged_in(world, both), logged_in(world, mixed)

    def listed(browser: Browser, path: str, field: str = "recipients", key: str = "address") -> list[str]:
        found, cursor = [], ""
        while True:
            answer = browser.ask("GET", f"{path}{'&' if '?' in path else '?'}limit=2{cursor}")
            assert answer[0] == 200, answer
            found += [row[key] for row in answer[1][field]]
            if not answer[1].get("next"):
                return found
            cursor = f"&cursor={quote(answer[1]['next'])}"

    inside = sorted([f"all@{second}", ada, f"b@{second}", both, f"c@{second}", mixed])
    for order in ("address", "-address", "name", "-created", "kind"):
        assert sorted(listed(his, f"/recipients?sort={order}")) == inside, order
    assert listed(his, "/recipients") == inside and listed(his, "/recipients?sort=-address") == inside[::-1]
    assert sorted(listed(his, f"/recipients?organisation={quote(org)}&filter=kind%3Duser")) == [a for a in inside if not a.startswith("all@")]
    assert listed(his, f"/recipients?text={quote(domain)}") == inside, "found in many is found in his part alone"
    assert listed(his, "/recipients?text=B@SECOND") == [f"b@{second}"] and listed(his, "/recipients?text=Y@THIRD") == []
    assert sorted(listed(theirs, "/recipients")) == sorted([mixed, f"x@{third}", f"y@{third}"])
    assert sorted(listed(his, "/domains", "domains", "name")) == sorted([domain, second])
    assert listed(his, "/groups", "groups") == [f"all@{second}"] and listed(theirs, "/groups", "groups") == []
    assert sorted(listed(his, "/users", "users")) == [a for a in inside if not a.startswith("all@")]
    assert {row["address"] for row in his.ask("GET", "/sessions")[1]["sessions"]} == {both, mixed}
    assert his.ask("GET", f"/recipients?domain={third}") == (404, NOWHERE)
    assert his.ask("GET", "/connectors") == his.ask("GET", "/backup-mx") == (404, NOWHERE), "no such right anywhere"
    with World(world.server) as foreign:
        assert his.ask("GET", f"/recipients?organisation={quote(foreign.organisation)}") == (404, NOWHERE)
        assert logged_in(world, ada).ask("GET", "/recipients") == (404, NOWHERE), "who holds nothing lists nothing"
    api("DELETE", f"/grants/{next(row['id'] for row in api('GET', f'/grants?holder={both}')['grants'] if row['object'] == second)}")
    assert listed(his, "/recipients") == sorted([ada, both, mixed])


def story_the_last_full_administrator_stays(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    for holder in (ada, bob):
        grant(world, holder, "full-administrator", "installation")
    root = logged_in(world, ada)
    assert root.ask("GET", "/connectors")[0] == 200
    grants = root.ask("GET", "/grants")[1]["grants"]
    ids = {row["holder"]: row["id"] for row in grants if row["scope"] == "installation"}
    for holder, number in ids.items():
        if holder not in (ada, bob):
            root.ask("DELETE", f"/grants/{number}")
    assert root.ask("DELETE", f"/grants/{ids[bob]}")[0] == 204
    status, answer = root.ask("DELETE", f"/grants/{ids[ada]}")
    assert status == 409 and answer["error"]["kind"] == "in-use", answer
    for words in (("user", "remove", ada), ("user", "set", ada, "--state", "disabled")):
        assert "name another one first" in refusal(world, *words)
    grant(world, bob, "full-administrator", "installation")
    world.server.run("user", "remove", ada)


# ---- the matrix

def routes() -> list[tuple[str, str]]:
    """As the guide lists them; that the list is the program's own is tested elsewhere."""
    with open(os.path.join(ROOT, "docs/admin-api.md"), encoding="utf-8") as guide:
        return re.findall(r"^\| (GET|POST|PUT|PATCH|DELETE) \| `([^`]+)`", guide.read(), re.M)


def filled(pattern: str, organisation: str, domain: str, user: str, number: str = "999999999") -> str:
    values = {"name": organisation if "/organisations" in pattern else "x", "domain": domain, "address": user,
              "member": user, "person": user, "selector": "s1", "id": number, "act": "hold"}
    return re.sub(r"\{(\w+)\}", lambda part: quote(values[part[1]], safe="@"), pattern)


def story_what_is_forbidden_looks_like_what_is_not_there(world: World) -> None:
    """Every route x every role (one of its own, too) x four scopes x another organisation, another domain, another administrative
    group, what was deleted, what never existed: the same answer, and the same questions to the database in the same order."""
    world.server.run("role", "add", "Everything", "--org", world.organisation, "--permissions", ",".join(sorted(
        {word for row in json.loads(world.server.run("role", "list", "--json"))["roles"] for word in row["permissions"]})))
    roles = [row["name"] for row in json.loads(world.server.run("role", "list", "--org", world.organisation, "--json"))["roles"]]
    with World(world.server) as foreign:
        stranger, group = foreign.user("stranger"), "Paris"
        second = f"second-{world.domain}"
        world.server.run("domain", "add", second, "--org", world.organisation)
        neighbour = f"neighbour@{second}"
        world.server.run("user", "add", neighbour, "--name", "Neighbour")
        world.server.run("admin-group", "add", group, "--org", world.organisation)
        gone, gone_domain = f"gone@{world.domain}", f"gone-{world.domain}"
        world.server.run("user", "add", gone, "--name", "Gone")
        world.server.run("user", "remove", gone)
        world.server.run("domain", "add", gone_domain, "--org", world.organisation)
        world.server.run("domain", "remove", gone_domain)
        world.server.run("group", "add", f"team@{world.domain}", "--name", "Team")
        scopes = [("organisation", world.organisation), ("domain", world.domain),
                  ("administrative-group", f"{world.organisation}/{group}"), ("group", f"team@{world.domain}")]
        world.server.run("role", "add", "Theirs", "--org", foreign.organisation, "--permissions", "recipient.read")
        foreign_role = str(json.loads(world.server.run("role", "list", "--org", foreign.organisation, "--json"))["roles"][-1]["id"])

        def seen(browser: Browser, method: str, path: str) -> tuple[tuple[int, object], str]:
            """The answer, and what was asked of the database for it."""
            return browser.ask(method, path, None if method in ("GET", "DELETE") else {}), browser.headers["chappe-statements"]

        def walked(one: tuple[str, int]) -> int:
            """All routes as somebody of this role on the scope of this number; how many cells that is."""
            role, number = one
            scope, on = scopes[number]
            holder, cells = world.user(f"{role}-{number}"), 0
            world.server.api("POST", "/grants", {"holder": holder, "role": role, "scope": scope, "object": on})
            browser = logged_in(world, holder)
            for method, pattern in routes():
                if pattern in ("/session", "/roles", "/tokens", "/sieve/check") or "{" not in pattern:
                    continue
                path = filled(pattern, foreign.organisation, foreign.domain, stranger,
                              *([foreign_role] if "/roles" in pattern else []))
                nowhere = filled(pattern, "No such organisation", "no-such.example", "nobody@no-such.example")
                got = seen(browser, method, path)
                if got[0][0] == 400:                    # the body is looked at first, whatever it is about
                    cells += 1
                    continue
                absent = seen(browser, method, nowhere)
                assert got == absent and got[0][0] == 404, (role, scope, method, path, got, absent)
                cells += 2
                if scope in ("domain", "administrative-group", "group") and "{address}" in pattern:
                    path = filled(pattern, world.organisation, second, neighbour)
                    assert seen(browser, method, path) == absent, (role, scope, method, path)
                    cells += 1
                if scope in ("domain", "administrative-group") and "{domain}" in pattern:
                    path = filled(pattern, world.organisation, second, neighbour)
                    assert seen(browser, method, path) == absent, (role, scope, method, path)
                    cells += 1
                can_have_again = "/deleted-mailboxes" in pattern and scope in ("organisation", "domain")
                if ("{address}" in pattern or "{domain}" in pattern) and "{member}" not in pattern and not can_have_again:
                    path = filled(pattern, world.organisation, gone_domain, gone)
                    got = seen(browser, method, path)
                    assert got[0][0] in (400, 404), (role, scope, method, path, got)
                    assert scope == "organisation" or scope == "domain" or got == absent, (role, scope, method, path, got)
                    cells += 1
            return cells

        # they wait for the server more than they work: several at once
        with ThreadPoolExecutor(4) as pool:
            cells = sum(pool.map(walked, [(role, number) for role in roles for number in range(len(scopes))]))
        print(f"delegation: {cells} cells")
        assert cells > 10000, cells
        assert logged_in(foreign, stranger).ask("GET", f"/users/{neighbour}") == (404, NOWHERE)
