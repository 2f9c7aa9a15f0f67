"""What a synchronisation that dies leaves behind, and what it does not do again and again."""
from __future__ import annotations

import os
import sys

from kit.directory_source import conflicts, directory, end, live, look, sync, until, user
from kit.slapd import Slapd
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from directory_openldap import add, people  # noqa: E402
from lists_durable import die_at, died, order_of_death  # noqa: E402

PACKAGES = ["slapd", "python3-ldap", "python3-cryptography"]
PRIVATE = True
SETTINGS: dict[str, str] = {}


def story_groups_follow_after_a_crash_between_people_and_groups(world: World) -> None:
    """The one who dies there leaves a note; the next run needs no change of the group to look at it."""
    at = f"@{world.domain}"
    with Slapd(overlays=()) as slapd:
        people(world, slapd)
        slapd.add("cn=staff,ou=groups", {"objectClass": ["groupOfNames", "extensibleObject"], "mail": [f"staff{at}"],
                                         "member": [slapd.dn(f"uid={uid},ou=people") for uid in ("ada", "dora")]})
        name = add(world, slapd, "--interval", "86400")
        until(lambda: look(world, "directory", "status", name)["full"], 60, "the first run")
        assert look(world, "group", "show", f"staff{at}")["members"] == [f"ada{at}"]
        order = order_of_death(world)
        slapd.person("dora", f"dora{at}", "secret")
        die_at(world, order, "directory.before-groups")
        sync(world, name, check=False)
        until(lambda: user(world, f"dora{at}"), 60, "dora")
        if died(order):
            until(lambda: sync(world, name, check=False).get("state") == "done", 60, "a run that ends")
        assert sorted(look(world, "group", "show", f"staff{at}")["members"]) == [f"ada{at}", f"dora{at}"]
        end(world, name)


def story_what_waits_is_tried_when_it_is_its_turn(world: World) -> None:
    """An entry in conflict is not tried at every change of others, but at once where one of them gives way."""
    at = f"@{world.domain}"
    with Slapd() as slapd:
        people(world, slapd)
        slapd.person("second", [f"second{at}", f"ada{at}"])
        name = add(world, slapd)
        live(world, name)
        first = until(lambda: conflicts(world, name), 10, "the conflict")
        assert [one["what"] for one in first] == ["address-taken"], first

        def waits() -> str:
            return world.server.sql("chappe_directory", "SELECT waits_us, is_due FROM directory_entry WHERE waits_us > 0").strip()
        tried = waits()
        for number in range(3):
            slapd.modify("uid=cy,ou=people", {"displayName": [f"Cy {number}"]})
            until(lambda: user(world, f"cy{at}")["name"] == f"Cy {number}", 10, "a change of somebody else")
        assert waits() == tried and tried.endswith("f"), (tried, waits())
        loser = "ada" if user(world, f"second{at}") is None else "second"
        winner = "second" if loser == "ada" else "ada"
        slapd.modify(f"uid={winner},ou=people", {"mail": [f"other{at}"]})
        until(lambda: not conflicts(world, name), 20, "the conflict to be solved")
        assert user(world, f"ada{at}")["address"] == (f"ada{at}" if loser == "ada" else f"second{at}") and waits() == ""
        end(world, name)
