"""Roles of one's own, and changes that wait for a second pair of eyes."""
from __future__ import annotations

import threading
from urllib.parse import quote

from kit.browser import Browser, logged_in
from kit.instance import Failure
from kit.world import PASSWORD, World


def grant(world: World, holder: str, role: str, scope: str, on: str = "", *more: str) -> None:
    world.server.run("grant", "add", holder, role, "--scope", scope, *(["--on", on] if on else []), *more)


def story_a_role_of_ones_own_does_what_it_says(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    grant(world, ada, "full-administrator", "organisation", world.organisation)
    grant(world, bob, "administrator", "organisation", world.organisation)
    full = logged_in(world, ada)
    wanted = {"name": "Reception", "organisation": world.organisation, "meaning": "Sees people, ends sessions.",
              "permissions": ["recipient.read", "session.write"]}
    assert logged_in(world, bob).ask("POST", "/roles", wanted)[0] == 404       # he hands out nothing
    status, made = full.ask("POST", "/roles", wanted)
    assert status == 201 and made["rank"] == 40, made
    assert full.ask("POST", "/roles", wanted)[0] == 409
    assert full.ask("POST", "/roles", dict(wanted, name="auditor"))[0] == 409
    assert full.ask("POST", "/roles", dict(wanted, name="x", permissions=["everything"]))[0] == 400
    assert full.ask("POST", "/roles", dict(wanted, name="x", permissions=[]))[0] == 400
    assert "Reception" in [row["name"] for row in full.ask("GET", "/roles")[1]["roles"]]
    status, given = full.ask("POST", "/grants", {"holder": eve, "role": "Reception", "scope": "domain", "object": world.domain})
    assert status == 201, given
    desk = logged_in(world, eve)
    assert desk.ask("GET", f"/users/{ada}")[0] == 200 and desk.ask("GET", f"/users/{bob}/sessions")[0] == 200
    assert desk.ask("PUT", f"/users/{bob}/password", {"password": "given-horse-9"})[0] == 404
    assert full.ask("PATCH", f"/roles/{made['id']}", {"permissions": ["recipient.read", "password.write"]})[0] == 204
    frank = world.user("frank")
    assert desk.ask("PUT", f"/users/{frank}/password", {"password": "given-horse-9"})[0] == 204
    assert desk.ask("PUT", f"/users/{bob}/password", {"password": "given-horse-9"})[0] == 403   # of a higher rank
    assert desk.ask("GET", f"/users/{bob}/sessions")[0] == 404
    status, answer = full.ask("DELETE", f"/roles/{made['id']}")
    assert status == 409 and eve in answer["error"]["message"], answer
    assert full.ask("DELETE", f"/grants/{given['id']}")[0] == 204
    assert full.ask("DELETE", f"/roles/{made['id']}")[0] == 204
    assert full.ask("DELETE", f"/roles/{made['id']}")[0] == 404


def story_nobody_makes_a_role_that_may_more_than_he(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    grant(world, ada, "full-administrator", "organisation", world.organisation)
    grant(world, bob, "full-administrator", "domain", world.domain)
    wanted = {"name": "Helpers", "organisation": world.organisation, "permissions": ["password.write"]}
    assert logged_in(world, bob).ask("POST", "/roles", wanted)[0] == 404       # his is a domain
    full = logged_in(world, ada)
    role = full.ask("POST", "/roles", wanted)[1]
    # root gives it on the installation: from then on who is of one organisation cannot make it stronger
    grant(world, eve, "Helpers", "installation")
    for change in ({"permissions": ["password.write", "routing.write"]}, {"permissions": ["recipient.read"]}):
        assert full.ask("PATCH", f"/roles/{role['id']}", change)[0] == 403
    with World(world.server) as foreign:
        zoe = foreign.user("zoe")
        grant(foreign, zoe, "full-administrator", "organisation", foreign.organisation)
        other = logged_in(foreign, zoe)
        assert other.ask("PATCH", f"/roles/{role['id']}", {"permissions": ["queue.read"]})[0] == 404
        assert other.ask("DELETE", f"/roles/{role['id']}")[0] == 404
        assert "Helpers" not in str(other.ask("GET", "/roles")[1])
        assert other.ask("POST", "/grants", {"holder": zoe, "role": "Helpers", "scope": "domain", "object": foreign.domain})[0] == 400
    world.server.run("role", "set", str(role["id"]), "--permissions", "recipient.read,password.write")
    assert "Helpers" in world.server.run("role", "list")


def story_a_change_waits_for_a_second_person(world: World) -> None:
    ada, bob, eve, zoe = (world.user(name) for name in ("ada", "bob", "eve", "zoe"))
    grant(world, ada, "recipient-administrator", "domain", world.domain, "--approval")
    grant(world, bob, "recipient-administrator", "domain", world.domain)
    grant(world, zoe, "help-desk", "domain", world.domain)
    asking, deciding, desk = logged_in(world, ada), logged_in(world, bob), logged_in(world, zoe)
    assert asking.ask("GET", f"/users/{eve}")[0] == 200                        # to look needs nobody's word
    status, filed = asking.ask("PATCH", f"/users/{eve}", {"name": "Eve Adams"})
    assert status == 202, filed
    change = filed["change"]
    assert change["before"] == {"name": "Eve"} and change["after"] == {"name": "Eve Adams"} and change["state"] == "waiting"
    assert asking.ask("GET", f"/users/{eve}")[1]["name"] == "Eve"
    path = f"/changes/{change['id']}"
    assert asking.ask("POST", path + "/approve", {})[0] == 403                 # another person
    assert desk.ask("GET", path)[0] == 404 and desk.ask("POST", path + "/approve", {})[0] == 404
    assert change["id"] in [row["id"] for row in deciding.ask("GET", "/changes?state=waiting")[1]["changes"]]
    assert desk.ask("GET", "/changes")[1] == {"changes": []}
    status, done = deciding.ask("POST", path + "/approve", {"note": "as agreed"})
    assert status == 200 and done["state"] == "done" and done["decided_by"] == bob and done["note"] == "as agreed", done
    assert asking.ask("GET", f"/users/{eve}")[1]["name"] == "Eve Adams"
    assert deciding.ask("POST", path + "/approve", {})[0] == 409               # once
    status, filed = asking.ask("PUT", f"/users/{eve}/password", {"password": "given-horse-9"})
    assert status == 202 and "given-horse-9" not in str(filed)
    assert deciding.ask("POST", f"/changes/{filed['change']['id']}/reject", {"note": "no"})[1]["state"] == "rejected"
    assert Browser(world).log_in(eve)[0] == 200
    status, filed = asking.ask("DELETE", f"/users/{eve}")
    assert status == 202 and filed["change"]["before"]["name"] == "Eve Adams"
    assert asking.ask("DELETE", f"/changes/{filed['change']['id']}")[0] == 204
    assert deciding.ask("POST", f"/changes/{filed['change']['id']}/approve", {})[0] == 409
    status, filed = asking.ask("POST", "/users", {"address": f"new@{world.domain}", "name": "New", "password": PASSWORD})
    assert status == 202 and filed["change"]["before"] is None, filed
    assert "done" in world.server.run("change", "approve", str(filed["change"]["id"]), "--note", "by root")
    assert Browser(world).log_in(f"new@{world.domain}")[0] == 200
    dump = world.server.sql("chappe_directory", "SELECT string_agg(body, ' ') FROM pending_change")
    assert "horse" not in dump                                                 # sealed, and forgotten


def story_what_was_asked_for_is_done_once_and_by_who_still_may(world: World) -> None:
    ada, bob, carl, eve = (world.user(name) for name in ("ada", "bob", "carl", "eve"))
    grant(world, ada, "full-administrator", "domain", world.domain, "--approval")
    for name in (bob, carl):
        grant(world, name, "full-administrator", "domain", world.domain)
    asking, deciding = logged_in(world, ada), [logged_in(world, bob), logged_in(world, carl)]
    status, filed = asking.ask("POST", "/grants", {"holder": eve, "role": "help-desk", "scope": "domain", "object": world.domain})
    assert status == 202, filed
    answers: list = []
    threads = [threading.Thread(target=lambda who=who: answers.append(
        who.ask("POST", f"/changes/{filed['change']['id']}/approve", {})[0])) for who in deciding]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409], answers
    grants = deciding[0].ask("GET", f"/grants?holder={eve}")
    held = world.server.run("grant", "list", "--holder", eve)
    assert held.count("help-desk") == 1, (grants, held)
    number = next(row["id"] for row in __import__("json").loads(world.server.run("grant", "list", "--json"))["grants"]
                  if row["holder"] == ada)
    status, filed = asking.ask("PATCH", f"/users/{eve}", {"name": "Mallory"})
    assert status == 202
    world.server.run("grant", "remove", str(number))
    status, done = deciding[0].ask("POST", f"/changes/{filed['change']['id']}/approve", {})
    assert status == 200 and done["state"] == "failed" and done["outcome"], done
    assert deciding[0].ask("GET", f"/users/{eve}")[1]["name"] == "Eve"
    grant(world, ada, "full-administrator", "domain", world.domain, "--approval")
    status, filed = asking.ask("PATCH", f"/users/{eve}", {"name": "Mallory"})
    world.server.run("user", "set", ada, "--state", "no-login")
    assert deciding[0].ask("POST", f"/changes/{filed['change']['id']}/approve", {})[1]["state"] == "failed"
    world.server.sql("chappe_directory", "UPDATE pending_change SET state = 'waiting', expires_us = 1 WHERE state = 'failed'")
    assert deciding[0].ask("POST", f"/changes/{filed['change']['id']}/approve", {})[0] == 409      # too late


def story_who_needs_a_second_person_gives_nothing_away_alone(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    grant(world, ada, "full-administrator", "organisation", world.organisation, "--approval")
    grant(world, bob, "full-administrator", "organisation", world.organisation)
    asking = logged_in(world, ada)
    mine = asking.ask("GET", "/grants")[1]["grants"]
    number = next(row["id"] for row in mine if row["holder"] == bob)
    before = asking.ask("GET", "/roles")[1]
    for method, path, body in (
            ("POST", "/grants", {"holder": ada, "role": "full-administrator", "scope": "domain", "object": world.domain}),
            ("DELETE", f"/grants/{number}", None),
            ("POST", "/roles", {"name": "Mine", "organisation": world.organisation, "permissions": ["audit.read"]}),
            ("PUT", f"/organisations/{quote(world.organisation)}/second-factor", {"required": ["everybody"]}),
            ("POST", "/block", {"value": "evil.example", "organisation": world.organisation})):
        status, answer = asking.ask(method, path, body)
        assert status == 202, (path, answer)
    assert asking.ask("GET", "/roles")[1] == before
    status, token = asking.ask("POST", "/tokens", {"name": "robot", "permissions": ["recipient.write"]})
    robot = Browser(world)
    robot.token, robot.origin = token["token"], None
    assert robot.ask("PATCH", f"/users/{bob}", {"name": "x"})[0] == 403        # nothing that a program's token may keep waiting
    assert status == 201


def story_of_two_who_remove_the_last_full_administrators_one_is_refused(world: World) -> None:
    """Grants and accounts, in all pairs, at once."""
    for number, kind in enumerate(("grants", "accounts", "both") * 3):
        one, two = world.user(f"one{number}"), world.user(f"two{number}")
        for holder in (one, two):
            grant(world, holder, "full-administrator", "installation")
        rows = __import__("json").loads(world.server.run("grant", "list", "--json"))["grants"]
        ids = {row["holder"]: row["id"] for row in rows
               if row["role"] == "full-administrator" and row["scope"] == "installation"}
        for holder, grant_id in ids.items():
            if holder not in (one, two):
                world.server.run("grant", "remove", str(grant_id))
        acts = [("grant", "remove", str(ids[one])) if kind != "accounts" else ("user", "set", one, "--state", "disabled"),
                ("grant", "remove", str(ids[two])) if kind == "grants" else ("user", "remove", two)]
        outcomes: list[bool] = []

        def act(words: tuple) -> None:
            try:
                world.server.run(*words)
                outcomes.append(True)
            except Failure as problem:
                assert "last full administrator" in str(problem), problem
                outcomes.append(False)
        threads = [threading.Thread(target=act, args=(words,)) for words in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False, True], (kind, outcomes)
