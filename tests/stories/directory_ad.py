"""Users, contacts and groups come from a real Active Directory (a Samba domain controller), and follow it."""
from __future__ import annotations

import time

import ldap

from kit.directory_source import conflicts, directory, end, look, status, sync, until, user
from kit.limited_values import LimitedValues
from kit.samba_dc import SambaDc
from kit.world import World

IS_LONG = True

PACKAGES = ["samba", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules", "krb5-user", "python3-ldap",
            "python3-cryptography"]


def add(world: World, dc: SambaDc, *options: str, url: str = "", tls: str = "starttls") -> str:
    name = directory(world)
    world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ad", "--url", url or dc.url, "--base", dc.base, "--tls", tls,
                     "--bind-dn", dc.admin, "--bind-password-file", "-", "--trusted-file", dc.ca, *options,
                     stdin=dc.password + "\n")
    return name


def story_a_domain_comes_and_follows(world: World) -> None:
    at = f"@{world.domain}"
    with SambaDc() as dc:
        dc.user("alice", "Al1ce!pass", f"alice{at}", givenName=["Alice"], sn=["Liddell"], department=["Tea"],
                proxyAddresses=[f"SMTP:alice{at}", f"smtp:al{at}", "X400:c=US;a= ;p=x"])
        dc.user("bob", "B0b!passw0rd", f"bob{at}", manager=[dc.dn("CN=alice,CN=Users")])
        dc.user("off", "", f"off{at}")
        dc.add("CN=Hatter,CN=Users", {"objectClass": ["contact"], "displayName": ["Hatter"], "mail": ["hatter@else.example"]})
        dc.add("CN=inner,CN=Users", {"objectClass": ["group"], "sAMAccountName": ["inner"], "member": [dc.dn("CN=bob,CN=Users")]})
        dc.add("CN=staff,CN=Users", {"objectClass": ["group"], "sAMAccountName": ["staff"], "mail": [f"staff{at}"],
                                     "member": [dc.dn("CN=alice,CN=Users"), dc.dn("CN=inner,CN=Users"), dc.dn("CN=Hatter,CN=Users")]})
        dc.modify("CN=inner,CN=Users", {"member": [dc.dn("CN=bob,CN=Users"), dc.dn("CN=staff,CN=Users")]})     # a loop
        name = add(world, dc, "--interval", "86400")
        until(lambda: status(world, name)["full"], why="the first run")
        alice = user(world, f"alice{at}")
        assert alice["state"] == "active" and f"al{at}" in alice["addresses"] and alice["name"] == "Alice", alice
        assert user(world, f"off{at}")["state"] == "disabled"
        staff = look(world, "group", "show", f"staff{at}")["members"]
        assert sorted(staff) == sorted([f"alice{at}", f"bob{at}", "hatter@else.example"]), staff
        # incremental: by uSN first, which also fetches the cookie of DirSync, then by that
        for way in ("dirsync", "dirsync"):
            dc.modify("CN=bob,CN=Users", {"displayName": [f"Bob by {way} {time.monotonic()}"]})
            run = sync(world, name)
            assert run["kind"] == "incremental" and run["changed"] >= 1 and run["seen"] < 20, run
            assert status(world, name)["way"] == way, status(world, name)
        # renamed and moved: the mailbox stays
        dc.add("OU=Tea", {"objectClass": ["organizationalUnit"]})
        dc.rename("CN=alice,CN=Users", "CN=Alice Liddell", "OU=Tea")
        dc.modify("CN=Alice Liddell,OU=Tea", {"mail": [f"liddell{at}"], "proxyAddresses": [f"SMTP:liddell{at}", f"smtp:alice{at}"]})
        sync(world, name)
        assert user(world, f"alice{at}")["address"] == f"liddell{at}"
        # disabled, expired, deleted
        dc.modify("CN=bob,CN=Users", {"userAccountControl": [514]})
        run = sync(world, name)
        assert run["disabled"] == 1 and user(world, f"bob{at}")["state"] == "disabled", run
        dc.modify("CN=bob,CN=Users", {"userAccountControl": [512]})
        sync(world, name)
        assert user(world, f"bob{at}")["state"] == "active"
        dc.modify("CN=bob,CN=Users", {"accountExpires": [116444736000000000 + 10 ** 15]})
        sync(world, name)
        assert user(world, f"bob{at}")["state"] == "disabled"
        dc.delete("CN=Alice Liddell,OU=Tea")
        sync(world, name)
        assert user(world, f"liddell{at}")["state"] == "disabled", status(world, name)
        members = look(world, "group", "show", f"staff{at}")["members"]
        assert sorted(members) == sorted([f"bob{at}", "hatter@else.example"]), members
        # deleted and made again: another person, to whom the mailbox is given by hand
        dc.user("alice", "Al1ce!pass", f"alice{at}")
        sync(world, name)
        assert [c["what"] for c in conflicts(world, name)] == ["address-taken"]
        end(world, name)


def story_two_domains_with_the_same_ids_never_mix(world: World) -> None:
    """Copies of one domain: even the GUIDs are the same."""
    other, domain = f"Other of {world.organisation}", f"other-{world.domain}"
    world.server.run("org", "add", other)
    world.server.run("domain", "add", domain, "--org", other)
    with SambaDc() as here, SambaDc() as there:
        here.user("carol", "C4rol!pass", f"carol@{world.domain}")
        there.user("carol", "C4rol!pass", f"carol@{domain}", displayName=["Another Carol"])
        name = add(world, here)
        world.server.run("directory", "add", name, "--org", other, "--type", "ad", "--url", there.url, "--base", there.base, "--bind-dn",
                         there.admin, "--bind-password-file", "-", "--trusted-file", there.ca, stdin=there.password + "\n")
        report = look(world, "directory", "test", name, "--org", other)
        assert report["good"] and report["proposal"]["flavour"] == "ad" and report["proposal"]["base"] == there.base, report
        assert any(sample["account"] == "carol" for sample in report["samples"]), report["samples"]
        for org in (world.organisation, other):
            until(lambda: look(world, "directory", "status", name, "--org", org)["full"], why=org)
        assert user(world, f"carol@{world.domain}")["organisation"] == world.organisation
        assert user(world, f"carol@{domain}")["name"] == "Another Carol"
        for org in (world.organisation, other):
            world.server.run("directory", "remove", name, "--org", org)


def story_a_group_of_more_members_than_one_answer_may_have(world: World) -> None:
    """They come by ranges, of Samba's making; where the last piece is full as well as where it is not."""
    at, many, at_once = f"@{world.domain}", 250, 100
    with SambaDc() as dc, LimitedValues(dc.address, at_once) as limited:
        people = [f"CN=c{n},CN=Users" for n in range(many)]
        dc.add_many([{"dn": dc.dn(one), "objectClass": "contact", "mail": f"c{n}@else.example"} for n, one in enumerate(people)])
        for name, members in (("all", people), ("full", people[:2 * at_once])):
            dc.add(f"CN={name},CN=Users", {"objectClass": ["group"], "sAMAccountName": [name], "mail": [name + at],
                                           "member": [dc.dn(one) for one in members]})
        answer = dc.read("CN=all,CN=Users", "member;range=0-99")
        assert list(answer) == ["member;range=0-99"] and len(answer["member;range=0-99"]) == at_once, list(answer)
        name = add(world, dc, "--interval", "86400", url=limited.url, tls="none")
        until(lambda: status(world, name)["full"], 120, "the first run")
        assert limited.pieces == 3, limited.pieces                 # two more of 250, one more of 200
        assert sorted(look(world, "group", "show", f"all{at}")["members"]) == sorted(f"c{n}@else.example" for n in range(many))
        assert len(look(world, "group", "show", f"full{at}")["members"]) == 2 * at_once
        dc.connection().modify_s(dc.dn("CN=all,CN=Users"), [(ldap.MOD_DELETE, "member", [dc.dn(people[0]).encode()])])
        sync(world, name)
        assert len(look(world, "group", "show", f"all{at}")["members"]) == many - 1
        end(world, name)
