"""A real OpenLDAP server that gives only so many entries, or only for so long, or stops in the middle: what is missing then is not gone."""
from __future__ import annotations

import os
import sys
import time
from urllib.parse import quote

from kit.directory_source import directory, end, live, look, status, sync, until, user
from kit.slapd import Slapd
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from company_login import by_imap  # noqa: E402
from directory_openldap import people, rcpt  # noqa: E402

PACKAGES = ["slapd", "python3-ldap", "python3-cryptography"]
WHO = ("ada", "bob", "cy")
READER, SECRET = "cn=reader", "secret"


def add(world: World, slapd: Slapd) -> str:
    """As an account that the server's limits are for, as they are not for its administrator."""
    people(world, slapd)
    slapd.add(READER, {"objectClass": ["organizationalRole", "simpleSecurityObject"], "userPassword": [SECRET]})
    slapd.add("cn=all,ou=groups", {"objectClass": ["groupOfURLs", "extensibleObject"], "mail": [f"all@{world.domain}"],
                                   "memberURL": [f"ldap:///{slapd.suffix}??sub?(|(uid=*)(ou=*)(cn=reader))"]})
    name = directory(world)
    world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ldap", "--url", slapd.url, "--base", slapd.suffix,
                     "--bind-dn", slapd.dn(READER), "--bind-password-file", "-", "--tls", "none", "--interval", "86400", stdin=SECRET + "\n")
    return name


def change(world: World, name: str, **settings: int) -> None:
    world.server.api("PATCH", f"/directories/{name}?organisation={quote(world.organisation)}", settings)


def everybody_is_there(world: World) -> None:
    assert [user(world, f"{uid}@{world.domain}")["state"] for uid in WHO] == ["active"] * len(WHO)
    assert sorted(look(world, "group", "show", f"all@{world.domain}")["members"]) == [f"{uid}@{world.domain}" for uid in WHO]


def fails(world: World, name: str, why: str) -> None:
    """A full run, which says why it failed; nobody is gone, and who is not known here may be new there."""
    run = sync(world, name, "--full", "--confirm", check=False)
    assert run["state"] == "failed" and why in run["message"] and run["disabled"] == 0, run
    everybody_is_there(world)
    assert why in status(world, name)["fault"] and rcpt(world, f"nobody@{world.domain}") == 451
    assert rcpt(world, f"ada@{world.domain}") == 250 and by_imap(world, f"ada@{world.domain}", SECRET) == "in"


def works(world: World, name: str) -> None:
    until(lambda: sync(world, name, "--full", check=False)["state"] == "done", 60, "a whole run")
    everybody_is_there(world)
    until(lambda: rcpt(world, f"nobody@{world.domain}") == 550, 10, "nobody has it")


def story_what_a_server_does_not_give_is_not_gone(world: World) -> None:
    with Slapd(overlays=("retcode",), adjustable=True) as slapd:
        name = add(world, slapd)
        until(lambda: status(world, name)["full"], 60, "the first run")
        everybody_is_there(world)
        runs = look(world, "directory", "runs", name)["runs"]
        tried = world.server.api("POST", f"/directories/{name}/runs?organisation={quote(world.organisation)}&dry_run=true", {"kind": "full"})
        assert tried["kind"] == "full" and look(world, "directory", "runs", name)["runs"] == runs, tried
        slapd.adjust("olcMdbConfig", "olcSizeLimit", 2)
        fails(world, name, "raise its size limit")
        step = [one for one in look(world, "directory", "test", name, check=False)["steps"] if not one["good"]]
        assert [one["step"] for one in step] == ["search"] and "Raise the limits" in step[0]["remedy"], step
        slapd.adjust("olcMdbConfig", "olcSizeLimit", 4)        # enough for everybody, not for whom the group looks for
        fails(world, name, "raise its size limit")
        slapd.adjust("olcMdbConfig", "olcSizeLimit", "unlimited")
        works(world, name)
        slapd.adjust("olcRetcodeConfig", "olcRetcodeSleep", 2)
        change(world, name, time_limit_s=1, connect_ms=10000)
        fails(world, name, "raise the time limit")
        the_server_stops_in_the_middle(world, slapd, name)
        slapd.adjust("olcRetcodeConfig", "olcRetcodeSleep", 0)
        works(world, name)
        end(world, name)


def the_server_stops_in_the_middle(world: World, slapd: Slapd, name: str) -> None:
    """One entry a page and a second each: it stops after some of them."""
    slapd.adjust("olcRetcodeConfig", "olcRetcodeSleep", 1)
    change(world, name, time_limit_s=60, page_size=1, answer_ms=2500)
    def newest() -> dict:
        return look(world, "directory", "runs", name)["runs"][0]

    until(lambda: newest()["state"] == "running", 30, "the run that new settings lead to")
    time.sleep(2.5)
    slapd.pause()
    began = time.monotonic()
    run = until(lambda: newest()["state"] == "failed" and newest(), 30, "it is given up")
    print(f"given up after {time.monotonic() - began:.1f} s")
    assert "did not answer in time" in run["message"] and run["disabled"] == 0, run
    everybody_is_there(world)
    assert rcpt(world, f"nobody@{world.domain}") == 451
    slapd.go_on()


def story_a_server_that_tells_of_changes_has_limits_too(world: World) -> None:
    """Where everything is told anew (RFC 4533), by the server's limit and by ours."""
    with Slapd(overlays=("syncprov",), adjustable=True) as slapd:
        name = add(world, slapd)
        live(world, name)
        everybody_is_there(world)
        for limit, setting, why in ((2, {"size_limit": 0}, "raise its size limit"), ("unlimited", {"size_limit": 2}, "more than 2 entries")):
            slapd.adjust("olcMdbConfig", "olcSizeLimit", limit)
            change(world, name, **setting)
            world.server.run("directory", "set", name, "--map", f"title={{cn}} {limit}")       # everything is read anew
            until(lambda: why in status(world, name)["fault"], 30, why)
            everybody_is_there(world)
            assert rcpt(world, f"nobody@{world.domain}") == 451
        change(world, name, size_limit=0)
        works(world, name)
        live(world, name)
        end(world, name)
