"""Users, contacts and groups come from a real Active Directory (a Samba domain controller), and follow it."""
from __future__ import annotations

import base64
import os
import struct
import time

import ldap

from kit.dav import Dav
from kit.directory_source import conflicts, directory, end, look, status, sync, until, user
from kit.limited_values import LimitedValues
from kit.samba_dc import SambaDc
from kit.world import World

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
READER = "R3ader!pass"

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


def photo(world: World, reader: str, name: str) -> bytes:
    """As programs for contacts are shown it: of who is called so; b"": none."""
    dav = Dav(world, reader)
    card = dav.cards(dav.books()["Global Address List"])[name].replace("\r\n ", "")
    _, found, rest = card.partition("\r\nPHOTO;ENCODING=b;TYPE=JPEG:")
    return base64.b64decode(rest.split("\r\n")[0]) if found else b""


def story_photos_and_extension_attributes_come_along(world: World) -> None:
    """thumbnailPhoto is the photo; extensionAttribute1 to 15 are asked about by filters, and fill any field by a template."""
    at, reader = f"@{world.domain}", world.user("reader")
    with SambaDc() as dc:
        dc.exchange_attributes()
        first, second = JPEG + b"first" * 400, JPEG + b"second" * 300
        dc.user("alice", "Al1ce!pass", f"alice{at}", thumbnailPhoto=[first], initials=["L."], l=["Paris"],
                **{f"extensionAttribute{n}": [f"value {n}"] for n in range(1, 16)})
        dc.user("bob", "B0b!passw0rd", f"bob{at}", extensionAttribute3=["VIP, gold"], thumbnailPhoto=[b"no picture at all"], manager=[dc.dn("CN=alice,CN=Users")])
        name = add(world, dc, "--interval", "86400", "--map", "office={extensionAttribute7},notes={extensionAttribute15|info}")
        until(lambda: status(world, name)["full"], why="the first run")
        alice = user(world, f"alice{at}")
        assert [alice[field] for field in ("office", "notes", "initials", "city")] == ["value 7", "value 15", "L.", "Paris"], alice
        assert user(world, f"bob{at}")["manager"] == f"alice{at}"
        assert photo(world, reader, "Alice") == first and photo(world, reader, "Bob") == b""
        all_of_them = "".join(f"(extensionAttribute{n}=VALUE {n})" for n in range(1, 16))
        world.server.run("group", "add", f"vip{at}", "--name", "VIP", "--query", "(extensionAttribute3=vip*)")
        world.server.run("group", "add", f"all{at}", "--name", "All", "--query", f"(&{all_of_them})")
        assert look(world, "group", "show", f"vip{at}", "--members")["selected"] == [f"bob{at}"]
        assert look(world, "group", "show", f"all{at}", "--members")["selected"] == [f"alice{at}"]
        dc.modify("CN=alice,CN=Users", {"thumbnailPhoto": [second], "extensionAttribute7": ["B 12"]})
        sync(world, name)
        assert user(world, f"alice{at}")["office"] == "B 12" and photo(world, reader, "Alice") == second
        dc.modify("CN=alice,CN=Users", {"thumbnailPhoto": [], "extensionAttribute7": []})
        sync(world, name)
        assert "office" not in user(world, f"alice{at}") and photo(world, reader, "Alice") == b""
        end(world, name)


def story_an_account_without_replication_rights_follows(world: World) -> None:
    """An ordinary user of the domain reads it: by DirSync, which shows it what it may see; below a part of the domain, or where that is refused, by
    uSNChanged. Status says which."""
    at = f"@{world.domain}"
    with SambaDc() as dc:
        dc.user("reader", READER)
        dc.add("OU=Tea", {"objectClass": ["organizationalUnit"]})
        dc.user("alice", "Al1ce!pass")                    # with an address later: then she is somebody new
        dc.user("bob", "B0b!passw0rd", f"bob{at}")
        dc.rename("CN=alice,CN=Users", "CN=alice", "OU=Tea")
        assert "Domain Admins" not in dc.tool("user", "getgroups", "reader")
        for base, way, where in ((dc.base, "dirsync", "CN=bob,CN=Users"), (dc.dn("OU=Tea"), "usn", "CN=alice,OU=Tea")):
            name = directory(world)
            world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ad", "--url", dc.url, "--base", base,
                             "--bind-dn", f"reader@{dc.domain}", "--bind-password-file", "-", "--trusted-file", dc.ca, "--interval", "86400",
                             stdin=READER + "\n")
            until(lambda: status(world, name)["full"], why="the first run")
            dc.modify(where, {"mail": [where.split(",")[0][3:] + at]})
            for change in ("One", "Two"):
                dc.modify(where, {"displayName": [f"{change} by {way}"]})
                run = sync(world, name)
                assert (run["kind"], run["state"]) == ("incremental", "done") and run["changed"] + run["added"] >= 1 and run["seen"] <= 3, run
                assert status(world, name)["way"] == way and not status(world, name)["fault"], status(world, name)
                assert change in world.server.run("address-list", "export", "--org", world.organisation, "--format", "csv")
            assert sync(world, name)["seen"] <= 1, "nothing changed"
            if way == "usn":                              # tombstones are not shown to everybody: the next full run notices
                dc.delete(where)
                sync(world, name)
                sync(world, name, "--full", "--confirm")
                assert user(world, f"alice{at}")["state"] == "disabled"
            end(world, name)


def rid(dc: SambaDc, relative: str) -> int:
    return int(struct.unpack("<I", dc.read(relative, "objectSid")["objectSid"][0][-4:])[0])


def story_primary_groups_and_memberships_of_either_side(world: World) -> None:
    """primaryGroupID makes a member, which no `member` says; and member alone, or memberOf alone, is enough."""
    at = f"@{world.domain}"
    with SambaDc() as dc:
        dc.user("alice", "Al1ce!pass", f"alice{at}")
        dc.user("bob", "B0b!passw0rd", f"bob{at}")
        dc.add("CN=staff,CN=Users", {"objectClass": ["group"], "sAMAccountName": ["staff"], "mail": [f"staff{at}"],
                                     "member": [dc.dn("CN=alice,CN=Users"), dc.dn("CN=bob,CN=Users")]})
        dc.modify("CN=Domain Users,CN=Users", {"mail": [f"everybody{at}"]})
        name = add(world, dc, "--interval", "86400")
        until(lambda: status(world, name)["full"], why="the first run")

        def members(group: str) -> list[str]:
            return sorted(look(world, "group", "show", group + at)["members"])

        both = [f"alice{at}", f"bob{at}"]
        assert b"alice" not in b"".join(dc.read("CN=Domain Users,CN=Users", "member").get("member", []))
        assert members("everybody") == both == members("staff")
        # another primary group: the domain takes alice out of its `member`, and puts her into that of the one before
        dc.modify("CN=alice,CN=Users", {"primaryGroupID": [rid(dc, "CN=staff,CN=Users")]})
        assert len(dc.read("CN=staff,CN=Users", "member")["member"]) == 1
        sync(world, name)
        assert members("staff") == both == members("everybody")
        dc.connection().modify_s(dc.dn("CN=Domain Users,CN=Users"), [(ldap.MOD_DELETE, "member", [dc.dn("CN=alice,CN=Users").encode()])])
        sync(world, name)
        assert members("everybody") == [f"bob{at}"] and members("staff") == both
        for silent in ("members", "memberships"):
            dc.connection().modify_s(dc.dn("CN=staff,CN=Users"), [(ldap.MOD_DELETE, "member", [dc.dn("CN=bob,CN=Users").encode()])])
            sync(world, name)
            assert members("staff") == [f"alice{at}"], "she is one by her primary group"
            world.server.run("directory", "set", name, "--map", f"{silent}=")
            dc.connection().modify_s(dc.dn("CN=staff,CN=Users"), [(ldap.MOD_ADD, "member", [dc.dn("CN=bob,CN=Users").encode()])])
            sync(world, name, "--full")
            assert members("staff") == both, silent
            world.server.run("directory", "set", name, "--map", "")
            sync(world, name, "--full")
        end(world, name)


def story_a_source_binds_with_a_ticket(world: World) -> None:
    """GSSAPI instead of a password that is sent: by the account's password, then by a keytab; without the right one, nothing."""
    at = f"@{world.domain}"
    with SambaDc() as dc:
        dc.user("alice", "Al1ce!pass", f"alice{at}")
        dc.user("svc-chappe", READER)
        dc.tool("spn", "add", f"ldap/{dc.address}", f"{dc.host.split('.')[0].upper()}$")
        keys = os.path.join(dc.folder, "svc-chappe.keytab")
        dc.tool("domain", "exportkeytab", keys, "--principal=svc-chappe")
        os.environ["KRB5_CONFIG"] = world.server.put_secret(dc.krb5_conf, "krb5.conf")
        world.server.stop()
        world.server.start()
        try:
            for turn, (credential, stdin) in enumerate((("--bind-password-file", READER + "\n"), ("--keytab", ""))):
                name = directory(world)
                value = "-" if stdin else world.server.put_secret(keys, "svc-chappe.keytab")
                world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ad", "--url", dc.url, "--base", dc.base,
                                 "--tls", "starttls", "--trusted-file", dc.ca, "--bind", "gssapi", "--bind-dn", f"svc-chappe@{dc.realm}",
                                 credential, value, stdin=stdin)
                until(lambda: status(world, name)["full"], why="the first run")
                assert user(world, f"alice{at}")["state"] == "active", (turn, status(world, name))
                end(world, name)
            name = directory(world)
            world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ad", "--url", dc.url, "--base", dc.base,
                             "--tls", "starttls", "--trusted-file", dc.ca, "--bind", "gssapi", "--bind-dn", f"svc-chappe@{dc.realm}",
                             "--bind-password-file", "-", stdin="wrong\n")
            until(lambda: "no Kerberos ticket" in str(status(world, name)), why="what is wrong")
            end(world, name)
        finally:
            del os.environ["KRB5_CONFIG"]
            world.server.stop()
            world.server.start()


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
