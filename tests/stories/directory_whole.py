"""From `chappe directory add` to the mailbox and back: no row of the database is written by hand, every form of name logs in at every door."""
from __future__ import annotations

import base64
import http.client
import itertools
import os
import sys
import time
from urllib.parse import quote

import ldap

from kit.directory_source import conflicts, directory, end, live, look, status, sync, until, user
from kit.dns_stub import DnsStub
from kit.samba_dc import SambaDc
from kit.slapd import Slapd
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from company_login import AWAY, SECRET, WAYS, by_imap, by_web, everywhere  # noqa: E402

PACKAGES = ["slapd", "samba", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules", "krb5-user", "python3-ldap", "python3-cryptography"]
dns = DnsStub()
IS_LONG = True
SETTINGS = {"ldap": "yes", "login_domain": "house.example", "dns": dns.setting}


def by_dav(world: World, login: str, password: str) -> str:
    link = http.client.HTTPConnection("127.0.0.1", world.server.port("http"), timeout=60)
    link.request("PROPFIND", "/dav/", None, {"Depth": "0", "Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()})
    answer = link.getresponse()
    answer.read()
    link.close()
    return "in" if answer.status == 207 else str(answer.status)


def by_ldap(world: World, login: str, password: str) -> str:
    link = ldap.initialize(f"ldap://127.0.0.1:{world.server.port('ldap')}")
    link.set_option(ldap.OPT_NETWORK_TIMEOUT, 60)
    try:
        link.simple_bind_s("uid=" + ldap.dn.escape_dn_chars(login), password)
        return "in"
    except ldap.INVALID_CREDENTIALS as problem:
        return f"wrong: {problem}"
    except ldap.LDAPError as problem:
        return f"{type(problem).__name__}: {problem}"


def gets_in(world: World, login: str, password: str) -> None:
    everywhere(world, login, password, "in")
    for way in (by_dav, by_ldap):
        said = way(world, login, password)
        assert said == "in", (way.__name__, login, said)


DOORS = itertools.cycle({**WAYS, "dav": by_dav, "ldap": by_ldap}.items())


def stays_out(world: World, login: str, password: str) -> None:
    """At two doors, each time at others: failures at all of them would be refused as guessing, which is another story."""
    for name, way in itertools.islice(DOORS, 2):
        said = way(world, login, password)
        assert said != "in", (name, login)


def add(world: World, name: str, kind: str, url: str, base: str, who: str, password: str, *options: str, org: str = "") -> None:
    world.server.run("directory", "add", name, "--org", org or world.organisation, "--type", kind, "--url", url, "--base", base, "--bind-dn", who,
                     "--bind-password-file", "-", *options, stdin=password + "\n")
    # what the directory says counts at once, also where it said something else a moment ago
    world.server.api("PATCH", f"/directories/{name}?organisation={quote(org or world.organisation)}", {"login_cache_s": 0})
    world.server.wait_until(lambda: look(world, "directory", "status", name, "--org", org or world.organisation)["full"], 60, "the first run")


def ports_answer(world: World) -> None:
    world.server.wait_until(lambda: "SERVER_DOWN" not in by_ldap(world, "x", "y"), 30, "slapd to listen")


def story_openldap_from_adding_it_to_the_mailbox(world: World) -> None:
    at = f"@{world.domain}"
    ports_answer(world)
    world.server.run("domain", "add", "house.example", "--org", world.organisation)
    with Slapd() as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        slapd.add("ou=away", {"objectClass": ["organizationalUnit"]})
        slapd.person("alove", [f"ada{at}", f"a.lovelace{at}", "alove@house.example"], SECRET, displayName=["Ada Lovelace"])
        slapd.person("bob", f"bob{at}", SECRET)
        groups = {"one": ["uid=alove,ou=people", "cn=two"], "two": ["uid=bob,ou=people", "cn=three"], "three": ["cn=one"]}      # a loop
        for name, members in groups.items():
            slapd.add(f"cn={name}", {"objectClass": ["groupOfNames", "extensibleObject"], "member": [slapd.dn(member) for member in members],
                                     **({"mail": [f"{name}{at}"]} if name == "one" else {})})
        name = directory(world)
        add(world, name, "ldap", slapd.url, slapd.suffix, slapd.admin, slapd.password, "--tls", "none", "--flavour", "openldap")
        live(world, name)
        for login in (f"ada{at}", f"A.Lovelace{at}", "alove@house.example", "alove", f"alove{at}"):
            gets_in(world, login, SECRET)
        stays_out(world, f"ada{at}", SECRET + "x")
        assert sorted(look(world, "group", "show", f"one{at}")["members"]) == [f"ada{at}", f"bob{at}"]
        world.wait_for_mail(f"ada{at}")
        mails = len(imap_mails(world, f"ada{at}", SECRET))
        assert mails >= 1
        # renamed and moved: another name, the same mailbox
        slapd.rename("uid=alove,ou=people", "uid=countess", "ou=away")
        slapd.modify("uid=countess,ou=away", {"mail": [f"countess{at}", f"ada{at}"]})
        until(lambda: (user(world, f"countess{at}") or {}).get("address") == f"countess{at}", 10, "the new name")
        gets_in(world, f"countess{at}", SECRET)
        assert len(imap_mails(world, f"countess{at}", SECRET)) == mails
        # over, and not any more
        slapd.modify("uid=countess,ou=away", {"objectClass": ["inetOrgPerson", "shadowAccount"], "shadowExpire": ["1"]})
        until(lambda: user(world, f"countess{at}")["state"] == "disabled", 10, "the end of the account")
        stays_out(world, f"countess{at}", SECRET)
        slapd.modify("uid=countess,ou=away", {"shadowExpire": []})
        until(lambda: user(world, f"countess{at}")["state"] == "active", 10, "the account again")
        gets_in(world, f"countess{at}", SECRET)
        # deleted, made again: somebody else, until an administrator says that it is the same
        slapd.delete("uid=countess,ou=away")
        until(lambda: user(world, f"countess{at}")["state"] == "disabled", 10, "the end")
        stays_out(world, f"countess{at}", SECRET)
        slapd.person("countess", f"countess{at}", "Another-1")
        until(lambda: conflicts(world, name), 10, "the conflict")
        stays_out(world, f"countess{at}", "Another-1")
        world.server.run("directory", "link", name, "countess", f"countess{at}")
        sync(world, name)
        gets_in(world, f"countess{at}", "Another-1")
        assert len(imap_mails(world, f"countess{at}", "Another-1")) == mails
        end(world, name)
    world.server.run("domain", "remove", "house.example", check=False)


def imap_mails(world: World, login: str, password: str) -> list[bytes]:
    imap = world.imap(login, password)
    assert imap.select("INBOX", readonly=True)[0] == "OK"
    found = imap.search(None, "ALL")[1][0].split()
    imap.logout()
    return found


def story_active_directory_from_adding_it_to_the_mailbox(world: World) -> None:
    at = f"@{world.domain}"
    ports_answer(world)
    with SambaDc("ALPHA.LAN") as dc:
        dc.user("AdaL", SECRET, f"ada{at}", proxyAddresses=[f"SMTP:ada{at}", f"smtp:a.lovelace{at}"])
        dc.user("bob", SECRET, f"bob{at}")
        for name, members in (("inner", ["CN=bob,CN=Users"]), ("outer", ["CN=AdaL,CN=Users", "CN=inner,CN=Users"])):
            dc.add(f"CN={name},CN=Users", {"objectClass": ["group"], "sAMAccountName": [name], "member": [dc.dn(member) for member in members],
                                           **({"mail": [f"outer{at}"]} if name == "outer" else {})})
        dc.modify("CN=inner,CN=Users", {"member": [dc.dn("CN=bob,CN=Users"), dc.dn("CN=outer,CN=Users")]})      # a loop
        name = directory(world)
        dns.put(f"_ldap._tcp.{world.domain}", "SRV", f"10 5 389 {dc.address}")
        dns.put(f"_ldap._tcp.dc._msdcs.{world.domain}", "SRV", f"10 5 389 {dc.address}")
        add(world, name, "ad", f"srv://{world.domain}", dc.base, dc.admin, dc.password, "--trusted-file", dc.ca, "--login-domain", "ALPHA",
            "--interval", "86400")
        for login in (f"ada{at}", f"A.LOVELACE{at}", "adal@alpha.lan", "AdaL@ALPHA.LAN", "ALPHA\\AdaL", "alpha\\adal", f"adal{at}"):
            gets_in(world, login, SECRET)
        stays_out(world, f"ada{at}", SECRET + "x")
        assert sorted(look(world, "group", "show", f"outer{at}")["members"]) == [f"ada{at}", f"bob{at}"]
        world.wait_for_mail(f"ada{at}")
        mails = len(imap_mails(world, f"ada{at}", SECRET))
        dc.add("OU=Tea", {"objectClass": ["organizationalUnit"]})
        dc.rename("CN=AdaL,CN=Users", "CN=Countess", "OU=Tea")
        dc.modify("CN=Countess,OU=Tea", {"sAMAccountName": ["countess"], "userPrincipalName": ["countess@alpha.lan"], "mail": [f"countess{at}"],
                                         "proxyAddresses": [f"SMTP:countess{at}", f"smtp:ada{at}"]})
        sync(world, name)
        for login in (f"countess{at}", f"ada{at}", "countess@alpha.lan", "ALPHA\\countess"):
            gets_in(world, login, SECRET)
        stays_out(world, "ALPHA\\AdaL", SECRET)
        assert len(imap_mails(world, f"countess{at}", SECRET)) == mails
        dc.modify("CN=Countess,OU=Tea", {"userAccountControl": [514]})
        stays_out(world, f"countess{at}", SECRET)                  # the directory says so at once
        sync(world, name)
        assert user(world, f"countess{at}")["state"] == "disabled"
        stays_out(world, f"countess{at}", SECRET)
        dc.modify("CN=Countess,OU=Tea", {"userAccountControl": [512]})
        sync(world, name)
        gets_in(world, f"countess{at}", SECRET)
        dc.delete("CN=Countess,OU=Tea")
        sync(world, name)
        stays_out(world, f"countess{at}", SECRET)
        dc.user("countess", "An0ther-secret", f"countess{at}")
        sync(world, name)
        assert [one["what"] for one in conflicts(world, name)] == ["address-taken"]
        stays_out(world, "ALPHA\\countess", "An0ther-secret")
        world.server.run("directory", "link", name, "countess", f"countess{at}")
        sync(world, name)
        for login in (f"countess{at}", "ALPHA\\countess"):
            gets_in(world, login, "An0ther-secret")
        assert len(imap_mails(world, f"countess{at}", "An0ther-secret")) == mails
        end(world, name)


def story_two_organisations_with_two_controllers_never_mix(world: World) -> None:
    """The same account names and GUIDs may be on both sides; people, logins, lists and trouble stay where they belong."""
    ports_answer(world)
    with World(world.server) as other, SambaDc("ALPHA.LAN") as one, SambaDc("BETA.LAN") as two:
        one.user("ada", SECRET, f"ada@{world.domain}")
        two.user("ada", "Beta-secret-1", f"ada@{other.domain}", displayName=["Other Ada"])
        two.user("thief", "Beta-secret-1", f"thief@{world.domain}")                 # an address of the first
        two.user("spy", "Beta-secret-1", f"spy@{other.domain}", userPrincipalName=[f"ada@{world.domain}"])     # the name of the first
        name = directory(world)
        add(world, name, "ad", one.url, one.base, one.admin, one.password, "--trusted-file", one.ca, "--login-domain", "ALPHA")
        add(world, name, "ad", two.url, two.base, two.admin, two.password, "--trusted-file", two.ca, "--login-domain", "BETA",
            org=other.organisation)
        here, there = f"ada@{world.domain}", f"ada@{other.domain}"
        gets_in(world, here, SECRET)
        gets_in(world, "ALPHA\\ada", SECRET)
        gets_in(world, there, "Beta-secret-1")
        gets_in(world, "BETA\\ada", "Beta-secret-1")
        for login, password in ((here, "Beta-secret-1"), ("ALPHA\\ada", "Beta-secret-1"), (there, SECRET), ("BETA\\ada", SECRET),
                                (f"thief@{world.domain}", "Beta-secret-1")):
            stays_out(world, login, password)
        assert user(world, here)["organisation"] == world.organisation and user(world, there)["organisation"] == other.organisation
        listed = look(world, "directory", "conflicts", name, "--org", other.organisation)["conflicts"]
        assert "foreign-domain" in [row["what"] for row in listed], listed
        for login, password, mine in (("ALPHA\\ada", SECRET, here), ("BETA\\ada", "Beta-secret-1", there)):
            link = ldap.initialize(f"ldap://127.0.0.1:{world.server.port('ldap')}")
            link.simple_bind_s("uid=" + ldap.dn.escape_dn_chars(login), password)
            found = {entry["mail"][0].decode() for _, entry in link.search_s("", ldap.SCOPE_SUBTREE, "(mail=ada@*)")}
            assert found == {mine}, found
        # one of both is away: only its own people wait
        one.pause()
        everywhere(world, here, SECRET, AWAY)
        assert "UNAVAILABLE" in by_ldap(world, here, SECRET)
        gets_in(world, there, "Beta-secret-1")
        one.go_on()
        world.server.wait_until(lambda: by_web(world, here, SECRET) == "in", 30, "the domain controller to be asked again")
        # a source that is taken away leaves its people, and their passwords to nobody
        for org in (world.organisation, other.organisation):
            world.server.run("directory", "remove", name, "--org", org)
        world.server.wait_until(lambda: by_imap(world, there, "Beta-secret-1") != "in", 10, "the source to be forgotten")
        assert user(world, there)["state"] == "active"


def story_without_syncprov_changes_are_found_by_their_time(world: World) -> None:
    at = f"@{world.domain}"
    with Slapd(overlays=()) as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        for uid in ("ada", "bob"):
            slapd.person(uid, f"{uid}{at}", SECRET)
        name = directory(world)
        add(world, name, "ldap", slapd.url, slapd.suffix, slapd.admin, slapd.password, "--tls", "none", "--interval", "86400")
        assert status(world, name)["way"] == "timestamp" and not status(world, name)["live"], status(world, name)
        slapd.modify("uid=ada,ou=people", {"displayName": ["Ada by her time"]})
        slapd.person("cy", f"cy{at}", SECRET)
        run = sync(world, name)
        assert run["kind"] == "incremental" and run["added"] == 1 and user(world, f"ada{at}")["name"] == "Ada by her time", run
        slapd.delete("uid=bob,ou=people")
        assert sync(world, name)["state"] == "done" and user(world, f"bob{at}")["state"] == "active", "nothing tells of it"
        assert sync(world, name, "--full")["disabled"] == 1 and user(world, f"bob{at}")["state"] == "disabled"
        end(world, name)


def story_referrals_lead_nowhere(world: World) -> None:
    """Entries that say "ask there", which is here: passed over by the synchronisation, and nobody logs in by them; nobody hangs either."""
    at = f"@{world.domain}"
    with Slapd() as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        for uid in ("ada", "bob"):
            slapd.person(uid, f"{uid}{at}", SECRET)
        loop = {"objectClass": ["referral", "extensibleObject"], "ref": [f"{slapd.url}/{slapd.dn('ou=loop')}"]}
        slapd.add("ou=loop", loop)
        name = directory(world)
        add(world, name, "ldap", slapd.url, slapd.suffix, slapd.admin, slapd.password, "--tls", "none")
        live(world, name)
        assert by_imap(world, f"ada{at}", SECRET) == "in" and status(world, name)["recipients"] == 2
        slapd.delete("uid=ada,ou=people")
        slapd.add("uid=ada,ou=people", {"objectClass": ["referral", "extensibleObject"],
                                        "ref": [f"{slapd.url}/{slapd.dn('uid=ada,ou=people')}"]})
        began = time.monotonic()
        stays_out(world, f"ada{at}", SECRET)
        assert time.monotonic() - began < 60
        assert sync(world, name, "--full", "--confirm")["state"] == "done"
        assert user(world, f"ada{at}")["state"] == "disabled" and by_imap(world, f"bob{at}", SECRET) == "in"
        end(world, name)


def story_values_that_are_no_text(world: World) -> None:
    at = f"@{world.domain}"
    with Slapd() as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        slapd.person("ada", f"ada{at}", SECRET, audio=[b"\xff\xfe\x00bytes"])
        slapd.person("bob", f"bob{at}", SECRET, audio=["text".encode()])
        slapd.person("cy", f"cy{at}", SECRET, audio=[b"a\0b"])
        name = directory(world)
        add(world, name, "ldap", slapd.url, slapd.suffix, slapd.admin, slapd.password, "--tls", "none", "--map", "title={audio},name={audio|cn}")
        live(world, name)
        names = {uid: user(world, f"{uid}{at}")["name"] for uid in ("ada", "bob", "cy")}
        assert names == {"ada": "Ada", "bob": "text", "cy": "Cy"}, names
        end(world, name)

