"""Users, contacts and groups come from a real OpenLDAP server, and follow it."""
from __future__ import annotations

import smtplib
import time
from urllib.parse import quote

from kit.browser import Browser
from kit.directory_source import conflicts, directory, end, live, look, status, sync, until, user
from kit.instance import Failure
from kit.slapd import Slapd
from kit.world import World

PACKAGES = ["slapd", "python3-ldap", "python3-cryptography"]
PIXEL = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def add(world: World, slapd: Slapd, *options: str, tls: str = "none", url: str = "") -> str:
    """Makes the source and waits for its first run; its name."""
    name = directory(world)
    world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ldap", "--url", url or slapd.url,
                     "--base", slapd.suffix, "--bind-dn", slapd.admin, "--bind-password-file", "-", "--tls", tls, *options,
                     stdin=slapd.password + "\n")
    return name


def people(world: World, slapd: Slapd) -> None:
    slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
    slapd.add("ou=groups", {"objectClass": ["organizationalUnit"]})
    for uid in ("ada", "bob", "cy"):
        slapd.person(uid, f"{uid}@{world.domain}", "secret")


def story_people_come_and_changes_follow_at_once(world: World) -> None:
    with Slapd() as slapd:
        people(world, slapd)
        slapd.modify("uid=ada,ou=people", {"displayName": ["Ada Lovelace"], "title": ["Countess"], "jpegPhoto": [PIXEL],
                                           "mail": [f"ada@{world.domain}", f"a.lovelace@{world.domain}"]})
        slapd.modify("uid=bob,ou=people", {"manager": [slapd.dn("uid=ada,ou=people")]})
        slapd.add("cn=staff,ou=groups", {"objectClass": ["groupOfNames", "extensibleObject"], "mail": [f"staff@{world.domain}"],
                                         "member": [slapd.dn("uid=ada,ou=people"), slapd.dn("uid=bob,ou=people")]})
        name = add(world, slapd, "--interval", "86400")     # nobody asks for changes meanwhile: the server tells of them
        live(world, name)
        ada = user(world, f"ada@{world.domain}")
        assert ada and ada["name"] == "Ada Lovelace" and f"a.lovelace@{world.domain}" in ada["addresses"], ada
        world.wait_for_mail(f"a.lovelace@{world.domain}")
        staff = look(world, "group", "show", f"staff@{world.domain}")
        assert sorted(staff["members"]) == [f"ada@{world.domain}", f"bob@{world.domain}"], staff
        mailbox = ada["addresses"]

        began = time.monotonic()
        slapd.modify("uid=cy,ou=people", {"displayName": ["Cyrus"]})
        until(lambda: (user(world, f"cy@{world.domain}") or {}).get("name") == "Cyrus", 60)
        print(f"a change was there after {time.monotonic() - began:.1f} s")   # tests/bench/directory asks for two

        # renamed, moved, disabled, gone: the mailbox stays the same
        slapd.rename("uid=ada,ou=people", "uid=countess", "ou=groups")
        slapd.modify("uid=countess,ou=groups", {"mail": [f"countess@{world.domain}", f"ada@{world.domain}"]})
        until(lambda: (user(world, f"countess@{world.domain}") or {}).get("address") == f"countess@{world.domain}", 60)
        assert mailbox and user(world, f"ada@{world.domain}")["address"] == f"countess@{world.domain}"
        slapd.delete("uid=cy,ou=people")
        until(lambda: user(world, f"cy@{world.domain}")["state"] == "disabled", 60)
        staff = look(world, "group", "show", f"staff@{world.domain}")
        assert sorted(staff["members"]) == [f"bob@{world.domain}", f"countess@{world.domain}"], staff
        # recreated: somebody else of that name does not get the old mailbox by himself
        slapd.person("cy", f"cy@{world.domain}")
        conflict = until(lambda: look(world, "directory", "conflicts", name)["conflicts"], 60)[0]
        assert conflict["what"] == "address-taken" and "gone" in conflict["message"], conflict
        world.server.run("directory", "link", name, "cy", f"cy@{world.domain}")
        world.server.run("directory", "sync", name)
        assert user(world, f"cy@{world.domain}")["state"] == "active"
        assert not conflicts(world, name)
        # what is gone for long enough is removed, where the source says so
        slapd.delete("uid=bob,ou=people")
        until(lambda: user(world, f"bob@{world.domain}")["state"] == "disabled", 60)
        world.server.run("directory", "set", name, "--removed", "delete", "--removed-days", "0")
        until(lambda: not user(world, f"bob@{world.domain}"), 10, "bob is removed")
        listed = world.server.api("GET", f"/deleted-mailboxes?text=bob")["mailboxes"]
        assert f"bob@{world.domain}" in [one["address"] for one in listed], listed
        end(world, name)


def story_members_of_every_kind_and_where_mailboxes_are_made(world: World) -> None:
    """By memberUid, by primary group, by a search (groupOfURLs), nested in a circle; a department has its store; names in odd forms."""
    at, sales, plant = f"@{world.domain}", f"Sales {world.number}", f"Plant {world.number}"
    group = world.server.api("GET", "/storage-groups")["storage_groups"][0]["name"]
    for number in range(4):
        world.server.api("POST", "/users", {"address": f"filler{number}{at}", "name": "Filler", "store": "Mailbox Store", "storage_group": group})
    for store in (sales, plant):
        world.server.run("store", "add", store, "--group", group)
    with Slapd() as slapd:
        people(world, slapd)
        slapd.modify("uid=ada,ou=people", {"departmentNumber": ["7"]})
        slapd.modify("uid=bob,ou=people", {"objectClass": ["inetOrgPerson", "posixAccount"], "uidNumber": ["501"], "gidNumber": ["500"],
                                           "homeDirectory": ["/home/bob"], "departmentNumber": ["8"]})
        slapd.person("dora", f"d.ora{at}", "secret", departmentNumber=["7"])

        def mailed(name: str, kind: str, **more: list) -> None:
            slapd.add(f"cn={name},ou=groups", {"objectClass": [kind, "extensibleObject"], "mail": [f"{name}{at}"], **more})

        mailed("unix", "posixGroup", gidNumber=["500"], memberUid=["ada", "cy"])
        mailed("seven", "groupOfURLs", memberURL=[f"ldap:///{slapd.dn('ou=people')}??sub?(departmentNumber=7)"])
        mailed("one", "groupOfNames", member=[slapd.dn("cn=two,ou=groups")])
        mailed("two", "groupOfUniqueNames", uniqueMember=[slapd.dn("cn=one,ou=groups"), slapd.dn("uid=cy,ou=people")])
        name = add(world, slapd, "--placement", f"departmentNumber=7:{sales},departmentNumber=8:{plant}")
        live(world, name)

        def members(of: str) -> list[str]:
            return sorted(look(world, "group", "show", f"{of}{at}")["members"])

        until(lambda: members("unix") == [f"ada{at}", f"bob{at}", f"cy{at}"], why=str(members("unix")))
        assert members("seven") == [f"ada{at}", f"d.ora{at}"], members("seven")
        assert members("one") == [f"two{at}"] and members("two") == [f"cy{at}", f"one{at}"], (members("one"), members("two"))
        world.send([f"one{at}"])
        world.server.wait_until(lambda: world.server.api("GET", f"/users/cy{at}")["messages"] == 1, 30, "one copy through the circle")
        placed = {r["address"]: r["store"] for r in world.server.api("GET", f"/recipients?domain={world.domain}&filter=kind%3Duser")["recipients"]}
        assert placed[f"ada{at}"] == placed[f"d.ora{at}"] == sales and placed[f"bob{at}"] == plant, placed
        assert placed[f"cy{at}"] in (sales, plant), "where there are the fewest"
        for login in (f"dora{at}", f"DORA{at}", f"d.ora{at}"):
            assert logs_in(world, login, "secret") == 200, login
        for login in (f"*{at}", f"do*{at}", f"dora)(uid=*{at}", f"\uff44\uff4f\uff52\uff41{at}", f"dora {at}", f"dora\\00{at}"):
            assert logs_in(world, login, "secret") == 401, login
        # another department, another search
        slapd.modify("uid=bob,ou=people", {"departmentNumber": ["7"]})
        slapd.modify("uid=dora,ou=people", {"departmentNumber": ["9"]})
        sync(world, name, "--full")
        until(lambda: members("seven") == [f"ada{at}", f"bob{at}"], 30, str(members("seven")))
        end(world, name)


def logs_in(world: World, login: str, password: str) -> int:
    return Browser(world).log_in(login, password)[0]


def story_what_the_directory_owns_is_not_edited_here(world: World) -> None:
    with Slapd() as slapd:
        people(world, slapd)
        slapd.add("cn=staff,ou=groups", {"objectClass": ["groupOfNames", "extensibleObject"], "mail": [f"staff@{world.domain}"],
                                         "member": [slapd.dn("uid=ada,ou=people")]})
        name = add(world, slapd)
        live(world, name)
        ada, run = f"ada@{world.domain}", world.server.run
        assert user(world, ada)["source"] == name
        for words in (("user", "set", ada, "--name", "X"), ("user", "set", ada, "--state", "disabled"), ("user", "remove", ada),
                      ("user", "rename", ada, f"x@{world.domain}"), ("group-member", "add", f"staff@{world.domain}", f"bob@{world.domain}"),
                      ("user", "set", ada, "--city", "Rome"), ("user", "set", ada, "--manager", f"bob@{world.domain}"),
                      ("group", "remove", f"staff@{world.domain}")):
            try:
                run(*words)
            except Failure as refused:
                assert f"comes from the directory {name}" in str(refused), refused
            else:
                raise Failure(f"{words} was not refused")
        assert {"name", "addresses", "state", "city", "manager", "notes"} <= set(user(world, ada)["source_fields"]), user(world, ada)
        run("user", "set", ada, "--quota", "5M")              # ours
        run("user", "set", ada, "--name", "Ada")              # as it is
        end(world, name)                                      # internal from then on
        run("user", "set", ada, "--name", "Ada of ours", "--city", "Rome")
        assert user(world, ada).get("source") is None


def story_a_preview_changes_nothing_and_too_much_is_asked_about(world: World) -> None:
    with Slapd() as slapd:
        people(world, slapd)
        for number in range(20):
            slapd.person(f"u{number}", f"u{number}@{world.domain}")
        name = add(world, slapd, "--mailboxes", "filter", "--mailbox-filter", "(|(uid=u*)(uid=ada))")
        live(world, name)
        assert user(world, f"u1@{world.domain}"), (look(world, "directory", "status", name), conflicts(world, name), look(world, "directory", "runs", name))
        assert not user(world, f"bob@{world.domain}")
        assert look(world, "directory", "status", name)["recipients"] == 21
        world.server.run("directory", "set", name, "--mailboxes", "hand")
        world.server.run("directory", "choose", name, "bob", "--mailbox", "yes")
        listed = look(world, "directory", "entries", name)["entries"]
        assert [(e["account"], e["chosen"], e["address"]) for e in listed][0] == ("bob", True, "") and not any(e["chosen"] for e in listed[1:]), listed
        found = look(world, "directory", "entries", name, "--text", "U1@")["entries"]
        assert [e["address"] for e in found] == [f"u1@{world.domain}"], found
        until(lambda: look(world, "directory", "runs", name)["runs"][0]["state"] == "asks", why="the run asks")
        assert user(world, f"u1@{world.domain}")["state"] == "active" and not user(world, f"bob@{world.domain}")
        preview = look(world, "directory", "preview", name)
        assert preview["disabled"] == 21 and preview["added"] == 1, preview
        assert {"what": "add", "kind": "user", "name": slapd.dn("uid=bob,ou=people"), "detail": f"bob@{world.domain}"} in preview["changes"]
        assert user(world, f"u1@{world.domain}")["state"] == "active" and not user(world, f"bob@{world.domain}")
        run = sync(world, name, "--confirm")
        assert run["state"] == "done" and run["disabled"] == 21 and run["added"] == 1, run
        assert user(world, f"u1@{world.domain}")["state"] == "disabled" and user(world, f"bob@{world.domain}")["state"] == "active"
        end(world, name)


def story_conflicts_are_listed_and_nothing_is_half_done(world: World) -> None:
    world.user("taken")
    with Slapd() as slapd:
        people(world, slapd)
        slapd.person("taken", [f"new@{world.domain}", f"taken@{world.domain}"])
        slapd.person("foreign", "foreign@nowhere.example")
        slapd.person("bad", "no address at all")
        slapd.person("many", [f"many{n}@{world.domain}" for n in range(3000)])
        slapd.person("latin", f"latin@{world.domain}", displayName=["\xe9".encode("utf-8")], title=["x"])
        slapd.person("meta", f"meta@{world.domain}", displayName=["*)(uid=\\2a"], cn=["a,b=c+d\\"])
        name = add(world, slapd)
        live(world, name)
        found = {c["dn"].split(",")[0]: c for c in conflicts(world, name)}
        assert {k: v["what"] for k, v in found.items()} == {"uid=taken": "address-taken", "uid=foreign": "foreign-domain",
                                                            "uid=bad": "bad-address", "uid=many": "bad-entry"}, found
        assert not user(world, f"new@{world.domain}")          # not by half
        assert user(world, f"meta@{world.domain}")["name"] == "*)(uid=\\2a"
        slapd.modify("uid=taken,ou=people", {"mail": [f"new@{world.domain}"]})
        until(lambda: user(world, f"new@{world.domain}"), 5, "the conflict is solved")
        assert "uid=taken" not in {c["dn"].split(",")[0] for c in conflicts(world, name)}
        end(world, name)


def story_mailboxes_get_the_quota_of_a_policy(world: World) -> None:
    """As those of people who are imported."""
    world.server.run("recipient-policy", "add", "Small", "--org", world.organisation, "--query", f"(address=ada@{world.domain})", "--quota", "5M", "--position", "1")
    world.server.run("recipient-policy", "add", "Staff", "--org", world.organisation, "--query", "(kind=user)", "--quota", "7M", "--position", "2")
    with Slapd() as slapd:
        people(world, slapd)
        name = add(world, slapd)
        live(world, name)
        for person, quota in (("ada", 5), ("bob", 7)):
            address = f"{person}@{world.domain}"
            assert user(world, address)["quota"] == quota << 20, person
            imap = world.imap(address, "secret")
            assert f"STORAGE 0 {quota * 1024}".encode() in imap.getquotaroot("INBOX")[1][1][0], "the store holds it"
            imap.logout()
        audited = [row for row in world.server.api("GET", f"/audit?organisation={quote(world.organisation)}&object=bob@{world.domain}")["entries"] if row["action"] == "user.set"]
        assert len(audited) == 1, audited
        world.server.run("recipient-policy", "set", "Staff", "--org", world.organisation, "--quota", "9M")
        slapd.modify("uid=bob,ou=people", {"displayName": ["Robert"]})
        until(lambda: user(world, f"bob@{world.domain}")["name"] == "Robert", 60)
        assert user(world, f"bob@{world.domain}")["quota"] == 7 << 20, "those that are there keep theirs"
        end(world, name)


def story_two_organisations_never_mix(world: World) -> None:
    other, domain = f"Other of {world.organisation}", f"other-{world.domain}"
    world.server.run("org", "add", other)
    world.server.run("domain", "add", domain, "--org", other)
    with Slapd() as here, Slapd() as there:
        people(world, here)
        there.add("ou=people", {"objectClass": ["organizationalUnit"]})
        there.person("ada", f"ada@{domain}", displayName=["Another Ada"])
        there.person("thief", f"thief@{world.domain}")          # claims an address of the other organisation
        name = add(world, here)
        world.server.run("directory", "add", name, "--org", other, "--type", "ldap", "--url", there.url, "--base", there.suffix,
                         "--bind-dn", there.admin, "--bind-password-file", "-", "--tls", "none", stdin="secret\n")
        for org in (world.organisation, other):
            until(lambda: look(world, "directory", "status", name, "--org", org)["live"], why=org)
        assert user(world, f"ada@{world.domain}")["organisation"] == world.organisation
        assert user(world, f"ada@{domain}")["organisation"] == other and not user(world, f"thief@{world.domain}")
        listed = look(world, "directory", "conflicts", name, "--org", other)["conflicts"]
        assert [c["what"] for c in listed] == ["foreign-domain"], listed
        for org in (world.organisation, other):
            world.server.run("directory", "remove", name, "--org", org)


def story_members_of_a_group_get_mailboxes(world: World) -> None:
    """Also those who are in groups within it, in a circle; who leaves it keeps his mailbox, disabled."""
    at = f"@{world.domain}"
    with Slapd() as slapd:
        people(world, slapd)
        slapd.person("dora", f"dora{at}", "secret")
        for name, members in (("mail", ["uid=ada,ou=people", "cn=inner,ou=groups"]), ("inner", ["uid=bob,ou=people", "cn=mail,ou=groups"])):
            slapd.add(f"cn={name},ou=groups", {"objectClass": ["groupOfNames"], "member": [slapd.dn(one) for one in members]})
        name = add(world, slapd, "--mailboxes", "group", "--mailbox-group", "CN=Mail, " + slapd.dn("ou=groups"))
        live(world, name)
        assert [bool(user(world, uid + at)) for uid in ("ada", "bob", "cy", "dora")] == [True, True, False, False]
        slapd.modify("cn=inner,ou=groups", {"member": [slapd.dn("uid=cy,ou=people"), slapd.dn("cn=mail,ou=groups")]})
        until(lambda: user(world, f"cy{at}") and user(world, f"bob{at}")["state"] == "disabled", 60, "the other one")
        assert user(world, f"ada{at}")["state"] == user(world, f"cy{at}")["state"] == "active"
        end(world, name)


def story_a_source_of_one_domain(world: World) -> None:
    """Addresses in the organisation's other domains are not its affair, and while it is away only its own domain waits."""
    second = f"second-{world.domain}"
    world.server.run("domain", "add", second, "--org", world.organisation)
    with Slapd() as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        slapd.person("ada", f"ada@{second}", "secret")
        slapd.person("bob", f"bob@{world.domain}", "secret")
        name = add(world, slapd, "--domain", second)
        live(world, name)
        assert user(world, f"ada@{second}")["source"] == name and not user(world, f"bob@{world.domain}")
        assert [(c["what"], c["dn"].split(",")[0]) for c in conflicts(world, name)] == [("foreign-domain", "uid=bob")], conflicts(world, name)
        assert logs_in(world, f"ada@{second}", "secret") == 200
        slapd.kill()
        until(lambda: rcpt(world, f"nobody@{second}") == 451, why="the answer that passes")
        assert rcpt(world, f"nobody@{world.domain}") == 550 and rcpt(world, f"ada@{second}") == 250
        slapd.again()
        until(lambda: rcpt(world, f"nobody@{second}") == 550, why="nobody has it")
        end(world, name)


def health(world: World, name: str, slapd: Slapd) -> str:
    return next((server["state"] for server in status(world, name)["servers"] if server["url"] == slapd.url), "")


def rcpt(world: World, address: str) -> int:
    """What a server from outside is told of the address."""
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
        smtp.ehlo("elsewhere.example")
        smtp.mail("x@elsewhere.example")
        return smtp.rcpt(address)[0]


def story_servers_that_fail_hang_or_lie(world: World) -> None:
    with Slapd() as first, Slapd() as second:
        for slapd in (first, second):
            people(world, slapd)
        name = add(world, first, "--tls", "starttls", "--trusted-file", first.ca, "--interval", "5")
        report = look(world, "directory", "test", name)
        assert report["good"] and [s["step"] for s in report["steps"]] == ["connect", "tls", "bind", "root", "base", "search"], report
        live(world, name)
        world.server.run("directory", "set", name, "--url", f"{first.url}=10,{second.url}=20")
        report = look(world, "directory", "test", name, check=False)
        bad = [s for s in report["steps"] if not s["good"]]
        assert len(bad) == 1 and bad[0]["step"] == "tls" and "does not trust" in bad[0]["remedy"], report   # the second has another CA
        first.pause()
        began = time.monotonic()
        hanging = look(world, "directory", "test", name, check=False)
        assert time.monotonic() - began < 15 and not hanging["good"], hanging
        assert "does not answer" in hanging["steps"][1]["remedy"], hanging
        assert user(world, f"ada@{world.domain}")["state"] == "active"      # what cannot be asked is not gone
        world.server.run("user", "list", "--domain", world.domain)          # nobody else waits
        first.go_on()
        live(world, name)
        until(lambda: health(world, name, first) == "up", why="it answers again")
        unknown = f"nobody@{world.domain}"
        assert rcpt(world, unknown) == 550
        first.kill()
        second.kill()
        until(lambda: health(world, name, first) in ("down", "failing"), why="it is seen to be away")
        # who is new there cannot be known now: not 550, but of a domain of others
        until(lambda: rcpt(world, unknown) == 451, why="the answer that passes")
        assert rcpt(world, f"ada@{world.domain}") == 250
        with World(world.server) as other:
            assert rcpt(world, f"nobody@{other.domain}") == 550
        first.again()
        second.again()
        live(world, name)
        until(lambda: rcpt(world, unknown) == 550, why="nobody has it")
        world.server.run("directory", "set", name, "--bind-dn", "cn=nobody")
        bound = look(world, "directory", "test", name, check=False)
        assert [s["step"] for s in bound["steps"] if not s["good"]][0] == "bind", bound
        end(world, name)
    with Slapd(days=-1) as expired:
        name = add(world, expired, "--trusted-file", expired.ca, tls="starttls")
        report = look(world, "directory", "test", name, check=False)
        assert [s["remedy"] for s in report["steps"] if not s["good"]] == ["The server's certificate has expired. Renew it on the server."], report
        end(world, name)


def story_pages_bring_everybody_and_limits_take_nobody_away(world: World) -> None:
    """Two entries an answer; then more of them than the source may have: the run fails, and nobody is gone."""
    path = f"/directories/{directory(world)}?organisation={quote(world.organisation)}"
    with Slapd() as slapd:
        people(world, slapd)
        name = add(world, slapd, "--interval", "86400")
        live(world, name)
        world.server.api("PATCH", path, {"page_size": 2})
        assert sync(world, name, "--full")["seen"] == 3
        world.server.api("PATCH", path, {"size_limit": 2})
        run = sync(world, name, "--full", "--confirm", check=False)
        assert run["state"] == "failed" and "more than 2 entries" in run["message"], run
        assert [user(world, f"{uid}@{world.domain}")["state"] for uid in ("ada", "bob", "cy")] == ["active"] * 3
        end(world, name)


def story_each_step_that_fails_has_its_remedy(world: World) -> None:
    """As the wizard shows it, before there is a source: the first step that fails, and what to do."""
    top = "dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n"
    with Slapd() as slapd, Slapd(ldif=top, rules="security simple_bind=128") as strict, Slapd(ldif=top, rules='access to dn.base="" by * none') as closed:
        people(world, slapd)
        with open(slapd.ca, encoding="ascii") as file:
            trusted = file.read()
        nobody = {"user_filter": "(uid=nobody)", "group_filter": "(uid=nobody)"}
        for server, change, step, remedy in (
                (slapd, {"urls": ["ldap://127.0.0.1:1"]}, "connect", "Check host name and port"),
                (slapd, {"urls": ["srv://nowhere.test"]}, "dns", "Ask DNS for the SRV records"),
                (slapd, {"tls": "starttls"}, "tls", "an authority that the source does not trust"),
                (slapd, {"urls": [f"ldap://localhost:{slapd.port}"], "tls": "starttls", "trusted": trusted}, "tls", "for another name than localhost"),
                (slapd, {"urls": [f"ldaps://127.0.0.1:{slapd.port}"], "tls": "ldaps", "trusted": trusted}, "tls", "does not speak TLS 1.2 or newer"),
                (slapd, {"bind_password": "wrong"}, "bind", "Check the name of the account"),
                (slapd, {"bind": "gssapi", "bind_dn": "chappe@NOWHERE.TEST"}, "bind", "Check the principal"),
                (strict, {}, "bind", "over encrypted connections only"),
                (closed, {}, "root", "Allow the account to read the rootDSE."),
                (slapd, {"base": "dc=nowhere"}, "base", "There is no such base"),
                (slapd, nobody, "search", "Look at base and filters")):
            report = world.server.api("POST", "/directories/probe", {
                "name": "probe", "organisation": world.organisation, "type": "ldap", "urls": [server.url], "tls": "none", "base": server.suffix,
                "bind_dn": server.admin, "bind_password": server.password, **change})
            bad = [one for one in report["steps"] if not one["good"]]
            assert not report["good"] and bad[0]["step"] == step and remedy in bad[0]["remedy"], (change, bad)
            assert all(one["remedy"] for one in bad) and not any(one["remedy"] for one in report["steps"] if one["good"]), report["steps"]


def story_binds_without_a_password(world: World) -> None:
    """By certificate over TLS, and as a user of the machine over a Unix socket."""
    with Slapd() as slapd:
        people(world, slapd)
        folder, name = slapd.folder, directory(world)
        world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ldap", "--url", slapd.tls_url, "--base",
                         slapd.suffix, "--bind", "external", "--certificate-file", f"{folder}/client.pem", "--key-file",
                         f"{folder}/client.key", "--trusted-file", slapd.ca)
        live(world, name)
        assert user(world, f"ada@{world.domain}")
        assert look(world, "directory", "show", name)["key"] is True
        world.server.run("directory", "set", name, "--url", slapd.socket_url, "--certificate-file", "/dev/null", "--key-file", "/dev/null")
        assert look(world, "directory", "test", name)["good"]
        end(world, name)
