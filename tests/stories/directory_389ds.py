"""Users and groups come from a real 389 Directory Server, of which FreeIPA is made, and log in by it."""
from __future__ import annotations

import os
import sys

from kit.dirsrv import Dirsrv
from kit.directory_source import directory, end, live, look, status, sync, until, user
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from company_login import CLOSED, by_imap, by_web, everywhere  # noqa: E402

PACKAGES = ["389-ds-base", "python3-ldap", "python3-cryptography"]
SECRET = "Geh3imes-Wort"


def add(world: World, dirsrv: Dirsrv, flavour: str, *options: str, base: str = "") -> str:
    name = directory(world)
    world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ldap", "--url", dirsrv.url, "--base", base or dirsrv.suffix,
                     "--bind-dn", dirsrv.admin, "--bind-password-file", "-", "--tls", "none", "--flavour", flavour, *options,
                     stdin=dirsrv.password + "\n")
    world.server.api("PATCH", f"/directories/{name}?organisation={world.organisation.replace(' ', '%20')}", {"login_cache_s": 0})
    until(lambda: status(world, name)["full"], 60, "the first run")
    return name


def people(world: World, dirsrv: Dirsrv) -> None:
    dirsrv.add("ou=people", {"objectClass": ["organizationalUnit"]})
    dirsrv.add("ou=away", {"objectClass": ["organizationalUnit"]})
    for uid in ("ada", "bob", "cy"):
        dirsrv.person(uid, f"{uid}@{world.domain}", SECRET)


def story_people_come_follow_and_log_in(world: World) -> None:
    """As it is installed: nothing tells of changes, they are found by their time."""
    at = f"@{world.domain}"
    with Dirsrv() as dirsrv:
        people(world, dirsrv)
        dirsrv.add("cn=all", {"objectClass": ["groupOfUniqueNames", "nsMemberOf", "mailGroup"], "mail": [f"all{at}"],
                              "uniqueMember": [dirsrv.dn("uid=ada,ou=people"), dirsrv.dn("cn=inner")]})
        dirsrv.add("cn=inner", {"objectClass": ["groupOfNames", "nsMemberOf"], "member": [dirsrv.dn("uid=bob,ou=people")]})
        name = add(world, dirsrv, "389ds", "--interval", "86400")
        report = look(world, "directory", "test", name)
        assert report["good"] and report["proposal"]["flavour"] == "389ds" and report["proposal"]["base"] == dirsrv.suffix, report["proposal"]
        assert status(world, name)["way"] == "timestamp", status(world, name)
        assert sorted(look(world, "group", "show", f"all{at}")["members"]) == [f"ada{at}", f"bob{at}"]
        everywhere(world, f"ada{at}", SECRET, "in")
        assert by_web(world, f"ada{at}", "wrong").startswith("401")
        # known by nsUniqueId: renamed and moved the mailbox stays
        dirsrv.rename("uid=ada,ou=people", "uid=countess", "ou=away")
        assert by_imap(world, f"ada{at}", SECRET) == "in", "moved; nobody has synchronised since"
        dirsrv.modify("uid=countess,ou=away", {"mail": [f"countess{at}", f"ada{at}"]})
        sync(world, name)
        assert user(world, f"ada{at}")["address"] == f"countess{at}", user(world, f"ada{at}")
        assert by_imap(world, f"countess{at}", SECRET) == "in"
        # nsAccountLock: the server's refusal of the bind says so at once, the synchronisation afterwards
        dirsrv.modify("uid=bob,ou=people", {"nsAccountLock": ["true"]})
        everywhere(world, f"bob{at}", SECRET, CLOSED)
        said = by_web(world, f"bob{at}", SECRET)
        assert "is disabled" in said, said
        sync(world, name)
        assert user(world, f"bob{at}")["state"] == "disabled"
        dirsrv.modify("uid=bob,ou=people", {"nsAccountLock": []})
        sync(world, name)
        assert user(world, f"bob{at}")["state"] == "active" and by_imap(world, f"bob{at}", SECRET) == "in"
        dirsrv.delete("uid=cy,ou=people")
        sync(world, name, "--full")
        assert user(world, f"cy{at}")["state"] == "disabled"
        # too many wrong passwords
        dirsrv.connection().modify_s("cn=config", [(2, "passwordLockout", [b"on"]), (2, "passwordMaxFailure", [b"2"])])
        for number in range(3):
            assert by_web(world, f"bob{at}", f"wrong{number}")[:3] in ("401", "403")
        assert "is locked" in by_web(world, f"bob{at}", SECRET)
        end(world, name)


def story_freeipa_is_followed_live(world: World) -> None:
    """In FreeIPA's own tree and schema, with the plugin that tells of changes (RFC 4533)."""
    at = f"@{world.domain}"
    with Dirsrv(plugins=("memberof", "sync"), freeipa=True) as dirsrv:
        dirsrv.ipa_tree()
        for uid in ("ada", "bob", "cy", "dan"):
            dirsrv.ipa_person(uid, f"{uid}{at}", SECRET)
        dirsrv.modify("uid=bob,cn=users,cn=accounts", {
            "objectClass": ["person", "organizationalPerson", "inetOrgPerson", "inetUser", "posixAccount", "krbPrincipalAux", "ipaObject", "extensibleObject"],
            "krbPrincipalName": ["robert@EXAMPLE.TEST", "bob@EXAMPLE.TEST"], "krbCanonicalName": ["bob@EXAMPLE.TEST"]})
        dirsrv.ipa_group("inner", "", "uid=bob,cn=users")
        dirsrv.ipa_group("staff", f"staff{at}", "uid=ada,cn=users", "cn=inner,cn=groups")
        probed = {"name": "probe", "organisation": world.organisation, "type": "ldap", "urls": [dirsrv.url], "tls": "none", "bind_dn": dirsrv.admin,
                  "bind_password": dirsrv.password}
        proposal = world.server.api("POST", "/directories/probe", probed)["proposal"]
        base = f"cn=accounts,{dirsrv.suffix}"
        assert proposal["flavour"] == "freeipa" and proposal["base"] == base and "krbPrincipalName" in proposal["mapping"]["principal"], proposal
        name = add(world, dirsrv, "freeipa", "--login-names", "upn,account,mail", base=proposal["base"])
        live(world, name)
        assert status(world, name)["way"] == "syncrepl", status(world, name)
        assert status(world, name)["recipients"] == 5 and not look(world, "directory", "conflicts", name)["conflicts"], status(world, name)
        listed = {entry["account"] for entry in look(world, "directory", "entries", name)["entries"]}
        assert listed == {"admin", "ada", "bob", "cy", "dan"}, listed                 # each once
        assert sorted(look(world, "group", "show", f"staff{at}")["members"]) == [f"ada{at}", f"bob{at}"]
        for login in (f"ada{at}", "ada@EXAMPLE.TEST"):
            everywhere(world, login, SECRET, "in")
        assert by_imap(world, "bob@EXAMPLE.TEST", SECRET) == "in"                     # of several principals the canonical one
        dirsrv.modify("uid=bob,cn=users,cn=accounts", {"displayName": ["Robert"]})
        until(lambda: user(world, f"bob{at}")["name"] == "Robert", 60, "the change to arrive")
        dirsrv.rename("uid=ada,cn=users,cn=accounts", "uid=countess", "cn=users,cn=accounts")
        dirsrv.modify("uid=countess,cn=users,cn=accounts", {"mail": [f"countess{at}", f"ada{at}"]})
        until(lambda: user(world, f"ada{at}")["address"] == f"countess{at}", 60, "the new name")
        dirsrv.delete("uid=cy,cn=users,cn=accounts")
        until(lambda: user(world, f"cy{at}")["state"] == "disabled", 60, "the end of cy")
        dirsrv.rename("uid=dan,cn=users,cn=accounts", "uid=dan", "cn=deleted users,cn=accounts,cn=provisioning")      # ipa user-del --preserve
        until(lambda: user(world, f"dan{at}")["state"] == "disabled", 60, "the end of dan")
        dirsrv.modify("uid=bob,cn=users,cn=accounts", {"nsAccountLock": ["TRUE"]})
        until(lambda: user(world, f"bob{at}")["state"] == "disabled", 60, "the end of bob")
        end(world, name)
