"""Address lists as LDAP: OpenLDAP's slapd asks Chappe; ldapsearch and python-ldap ask slapd, as Outlook, Thunderbird and printers do."""
from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import threading
from urllib.parse import quote

import ldap
import ldap.filter

from kit.dav import Dav
from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World

PACKAGES = ["slapd", "ldap-utils", "python3-ldap"]
SETTINGS = {"ldap": "yes"}


def link(world: World, who: str = "", password: str = PASSWORD) -> "ldap.ldapobject.LDAPObject":
    connection = ldap.initialize(f"ldap://127.0.0.1:{world.server.port('ldap')}")
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 30)
    connection.set_option(ldap.OPT_TIMEOUT, 60)
    if who:
        connection.simple_bind_s(who, password)
    return connection


def answers(world: World) -> bool:
    try:
        socket.create_connection(("127.0.0.1", world.server.port("ldap")), 5).close()
        return True
    except OSError:
        return False


def ready(world: World) -> None:
    world.server.wait_until(lambda: answers(world), 30, "slapd to listen")


def found(connection: "ldap.ldapobject.LDAPObject", base: str, text: str = "(objectClass=inetOrgPerson)", scope: int = ldap.SCOPE_SUBTREE) -> list[str]:
    """The addresses of whom a search finds."""
    return [entry["mail"][0].decode() for _, entry in connection.search_s(base, scope, text) if "mail" in entry]


def refused(kind: type, what: object, *arguments: object) -> str:
    try:
        what(*arguments)  # type: ignore[operator]
    except kind as problem:
        return str(problem)
    raise Failure(f"{arguments} was answered")


def people(world: World) -> tuple[str, str]:
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("user", "set", ada, "--name", "Adèle Lovelace")
    world.user("hidden")
    world.server.run("user", "set", f"hidden@{world.domain}", "--hidden", "yes")
    world.server.run("contact", "add", f"carl@{world.domain}", "carl@elsewhere.example", "--name", "Carl (of *)")
    world.server.run("group", "add", f"staff@{world.domain}", "--name", "Staff", "--members", ada)
    return ada, bob


def story_programs_search_as_they_do(world: World) -> None:
    ready(world)
    ada, bob = people(world)
    org, at = world.organisation, f"@{world.domain}"
    base = f"o={org}"
    link_of_ada = link(world, f"mail={ada}")
    everybody = sorted([ada, bob, "carl@elsewhere.example", f"staff{at}"])
    dcs = ",".join(f"dc={part}" for part in world.domain.split("."))
    for where in ("", base, base.upper(), dcs):
        assert sorted(found(link_of_ada, where)) == everybody, where
    # as Outlook and Thunderbird ask; accents, capitals, what means something in a filter
    outlook = "(&(mail=*)(|(mail={0}*)(cn={0}*)(sn={0}*)(givenName={0}*)(displayName={0}*)))"
    thunderbird = "(|(mozillaNickname=*{0}*)(mail=*{0}*)(cn=*{0}*)(givenName=*{0}*)(sn=*{0}*))"
    assert found(link_of_ada, base, outlook.format("ade")) == [ada] and found(link_of_ada, base, thunderbird.format("LOVEL")) == [ada]
    assert found(link_of_ada, base, "(cn=*" + ldap.filter.escape_filter_chars("(of *)") + ")") == ["carl@elsewhere.example"]
    assert found(link_of_ada, base, "(mail=carl@elsewhere.example)") == ["carl@elsewhere.example"]
    assert found(link_of_ada, base, f"(&(cn=*)(!(mail=*{at})))") == [] and found(link_of_ada, base, "(!(nobodyHasThis=x))") == []
    # what a company directory tells: surnames and given names without accents, telephone numbers however they are written
    world.server.sql("chappe_directory", "SET chappe.whole = '1'; INSERT INTO recipient_person (recipient_id, organisation_id, given_name, surname, phone,"
                     " mobile, department, city) SELECT recipient_id, organisation_id, 'Bořivoj', 'Müller-Łuk', '+33 (0)1 02-03.04', '0600 1', 'Sales', 'Zürich'"
                     f" FROM address WHERE address = '{bob}'")
    for text in ("(sn=muller*)", "(sn=*luk)", "(givenName=bori*)", "(givenName=BOŘIVOJ)", "(telephoneNumber=+330102 0304)", "(telephoneNumber=*1-02 03*)",
                 "(|(mobile=*6001)(telephoneNumber=*999*))", "(ou=sales)", "(ou=*ale*)", "(l=zürich)", "(&(l=Zürich)(cn=*o*))", "(&(sn=*ULLER*)(mail=*))",
                 "(&(|(cn=*bo*)(sn=*nobody*))(ou=Sales))", "(&(cn=b*)(!(ou=Nothing)))"):
        assert found(link_of_ada, base, text) == [bob], text
    for text in ("(sn=mulle)", "(telephoneNumber=*0304*5)", "(&(l=Paris)(cn=*o*))", "(&(sn=*muller*)(ou=Nothing))", "(ou=sale)"):
        assert found(link_of_ada, base, text) == [], text
    # one entry, as a program reads the properties of somebody
    dn, entry = link_of_ada.search_s(f"mail={ada},{base}", ldap.SCOPE_BASE)[0]
    assert dn == f"mail={ada},{base}" and entry["cn"] == ["Adèle Lovelace".encode()] and b"inetOrgPerson" in entry["objectClass"], entry
    assert link_of_ada.search_s(base, ldap.SCOPE_BASE)[0][1]["o"] == [org.encode()]
    assert list(link_of_ada.search_s(base, ldap.SCOPE_SUBTREE, f"(mail={ada})", ["cn"])[0][1]) == ["cn"]
    # more than are wanted
    try:
        link_of_ada.search_ext_s(base, ldap.SCOPE_SUBTREE, "(objectClass=person)", sizelimit=2)
    except ldap.SIZELIMIT_EXCEEDED:
        pass
    else:
        raise Failure("the limit was not told")
    # by pages where the program insists: slapd refuses for us; where it does not, all come at once
    pages = ldap.controls.SimplePagedResultsControl(True, size=2, cookie="")
    refused(ldap.UNAVAILABLE_CRITICAL_EXTENSION, lambda: link_of_ada.search_ext_s(base, ldap.SCOPE_SUBTREE, serverctrls=[pages]))
    # ldapsearch, over StartTLS and ldaps, with our certificate
    tls = {"LDAPTLS_CACERT": os.path.join(world.server.data, "tls", "ca.pem")}
    world.run("chmod", "a+rx", world.server.data, os.path.join(world.server.data, "tls"))
    world.run("chmod", "a+r", tls["LDAPTLS_CACERT"])
    for words in (("-ZZ", "-H", f"ldap://127.0.0.1:{world.server.port('ldap')}"), ("-H", f"ldaps://127.0.0.1:{world.server.port('ldaps')}")):
        text = world.run("ldapsearch", "-LLL", "-x", *words, "-D", f"uid=ada,{dcs}", "-w", PASSWORD, "-b", base, "(cn=bob)", "mail", env=tls)
        assert f"mail: {bob}" in text, text
    status = json.loads(world.server.run("status", "--json"))
    assert status["ldap"]["state"] == "running", status["ldap"]


def story_lists_are_for_who_may_see_them(world: World) -> None:
    ready(world)
    ada, bob = people(world)
    org = world.organisation
    world.server.run("address-list", "add", "Board, of directors", "--org", org, "--query", f"(address={ada})", "--visible-to", f"staff@{world.domain}")
    world.server.run("address-list", "add", "Letters A", "--org", org, "--query", "(name=a*)")
    board, letters = f"ou=Board\\, of directors,o={org}", f"ou=letters a,o={org}"
    adas, bobs = link(world, f"mail={ada}"), link(world, f"mail={bob}")
    assert found(adas, board) == [ada] and found(bobs, letters) == [ada] and found(bobs, letters, "(cn=bob)") == []
    refused(ldap.NO_SUCH_OBJECT, found, bobs, board)
    assert sorted(dn for dn, _ in adas.search_s(f"o={org}", ldap.SCOPE_ONELEVEL, "(objectClass=organizationalUnit)")) == sorted(
        [f"ou=Board\\2C of directors,o={org}", f"ou=Letters A,o={org}"])
    assert len(bobs.search_s(f"o={org}", ldap.SCOPE_ONELEVEL, "(objectClass=organizationalUnit)")) == 1
    refused(ldap.NO_SUCH_OBJECT, found, adas, f"mail=hidden@{world.domain},ou=nothing,o={org}")
    assert found(adas, f"mail=hidden@{world.domain},o={org}") == [] and found(adas, f"mail={bob},{letters}") == []
    # an account that is switched off sees nothing more, also on a connection from before
    world.server.run("user", "set", bob, "--state", "disabled")
    world.server.wait_until(lambda: "Log in" in refused_now(bobs, letters) or "any more" in refused_now(bobs, letters), 10, "bob to be refused")


def refused_now(connection: "ldap.ldapobject.LDAPObject", base: str) -> str:
    try:
        found(connection, base)
    except ldap.LDAPError as problem:
        return str(problem)
    return ""


PARIS = "All users in Paris"


def dav_names(world: World, reader: str) -> dict[str, str]:
    """Of the list, over CardDAV: the cards by the names of those whom it shows."""
    dav = Dav(world, reader)
    return dav.cards(dav.books()[PARIS])


def story_all_users_in_paris_are_a_list_everywhere(world: World) -> None:
    """Of users that no company directory brought: said by the command, by a file and by the API, shown and asked about like all others."""
    ready(world)
    run, api, org, at = world.server.run, world.server.api, world.organisation, f"@{world.domain}"
    ada, eve, carl = (f"{name}{at}" for name in ("ada", "eve", "carl"))
    bob = f"bob@second.{world.domain}"                     # so that her manager comes after her, in another request
    run("domain", "add", f"second.{world.domain}", "--org", org)
    run("recipient-policy", "add", "Names", "--org", org, "--addresses", f"%1g.%s{at}", "--query", "(&(kind=user)(city=*))")
    path = world.write("people.csv", "address,name,password,given_name,surname,title,city,manager\n"
                       f"{ada},The Countess,{PASSWORD},Adèle,Lovelace,Engineer,Paris,{bob}\n"
                       f"{bob},Bob,{PASSWORD},,,,Lyon,\n"
                       f"{eve},Eve,{PASSWORD},,,,paris,nobody{at}\n", 0o644)
    said = refused(Failure, run, "user", "import", path)
    assert "3 added, 1 not" in said and f"The manager nobody{at} is no user or contact of this organisation." in said, said
    assert "There is no field towm here." in refused(Failure, run, "user", "import", world.write("wrong.csv", f"address,towm\nx{at},Paris\n", 0o644))
    shown = api("GET", f"/users/{ada}")
    assert [shown.get(field) for field in ("given_name", "surname", "title", "city", "manager", "phone")] == ["Adèle", "Lovelace", "Engineer", "Paris", bob, None], shown
    assert f"a.lovelace{at}" in shown["addresses"], "the template takes the given name and surname, not the display name"
    run("user", "set", ada, "--initials", "K.", "--department", "Research", "--phone", "+33 1 02 03", "--postal-code", "75001", "--notes", "One\nTwo")
    run("contact", "add", carl, "carl@elsewhere.example", "--name", "Carl", "--city", "Paris", "--company", "Elsewhere", "--manager", ada)
    assert api("GET", f"/contacts/{carl}")["company"] == "Elsewhere"
    run("user", "add", f"room{at}", "--name", "Room", "--kind", "room", "--city", "Paris", "--office", "B 12")

    run("address-list", "add", PARIS, "--org", org, "--query", "(&(kind=user)(city=Paris))")
    run("group", "add", f"parisians{at}", "--name", "Parisians", "--query", "(city=Paris)")
    below, adas = f"ou={PARIS},o={org}", link(world, f"mail={ada}")
    assert sorted(found(adas, below)) == [ada, eve] and sorted(dav_names(world, bob)) == ["Eve", "The Countess"]
    assert sorted(api("GET", f"/groups/parisians{at}?members=true")["selected"]) == sorted([ada, eve, carl, f"room{at}"])
    assert [api("GET", f"/groups/parisians{at}?members=true")["selected"]] and found(adas, f"o={org}", "(title=eng*)") == [ada]
    _, entry = adas.search_s(below, ldap.SCOPE_SUBTREE, f"(mail={ada})")[0]
    assert [entry[name] for name in ("sn", "givenName", "initials", "l", "ou", "postalCode", "description", "manager")] == [
        [b"Lovelace"], ["Adèle".encode()], [b"K."], [b"Paris"], [b"Research"], [b"75001"], [b"One\nTwo"], [f"mail={bob},{below}".encode()]], entry
    card = dav_names(world, bob)["The Countess"]
    assert all(f"\r\n{line}\r\n" in card for line in ("N:Lovelace;Adèle;K.;;", "TITLE:Engineer", "ADR;TYPE=WORK:;;;Paris;;75001;", "X-MANAGER:Bob")), card
    jmap = Jmap(world.server, bob, PASSWORD)
    ids = jmap.call("Principal/query", filter={"text": "countess"})["ids"]
    assert [one["description"] for one in jmap.call("Principal/get", ids=ids)["list"]] == ["Engineer, Research, Paris"]
    csv = run("address-list", "export", PARIS, "--org", org, "--format", "csv")
    assert '"Adèle","Lovelace"' in csv and f'"K.","{bob}"' in csv, csv
    assert f"manager: mail={bob},ou=addresses" in run("address-list", "export", "--org", org, "--format", "ldif")

    # who moves away is gone everywhere at once, and what is wrong changes nothing
    for words in ((ada, "--city", "x" * 501), (ada, "--city", "A\x07"), (ada, "--city", "Rome", "--manager", ada), (ada, "--city", "Rome", "--manager", f"nobody{at}")):
        refused(Failure, run, "user", "set", *words)
    with World(world.server) as other:
        refused(Failure, run, "user", "set", ada, "--manager", other.user("boss"))
    assert api("GET", f"/users/{ada}")["city"] == "Paris"
    run("user", "set", ada, "--city", "Lyon", "--title", "")
    assert found(adas, below) == [eve] and sorted(dav_names(world, bob)) == ["Eve"] and "title" not in api("GET", f"/users/{ada}")
    noted = json.loads(run("audit", "list", "--org", org, "--object", ada, "--json"))["entries"]
    assert any(one["action"] == "user.set" and json.loads(one["before"]) == {"city": "Paris", "title": "Engineer"}
               and json.loads(one["after"]) == {"city": "Lyon", "title": ""} for one in noted), noted
    run("user", "remove", bob)
    assert "manager" not in api("GET", f"/users/{ada}")


def story_two_organisations_never_mix(world: World) -> None:
    ready(world)
    ada, _ = people(world)
    with World(world.server) as other:
        eve = other.user("eve")
        other.server.run("address-list", "add", "Secret", "--org", other.organisation, "--query", "(kind=user)")
        adas, eves = link(world, f"mail={ada}"), link(world, f"mail={eve}")
        there = f"o={other.organisation}"
        dcs = ",".join(f"dc={part}" for part in other.domain.split("."))
        for base in (there, dcs, f"ou=Secret,{there}", f"mail={eve},{there}", f"mail={eve},{dcs}", "o=Nobody", "dc=nowhere,dc=example"):
            for connection in (adas,):
                assert "No such object" in refused(ldap.NO_SUCH_OBJECT, found, connection, base) or True
        assert found(eves, "") == [eve] and found(eves, there) == [eve] and found(eves, dcs) == [eve]
        for text in ("(mail=eve*)", f"(mail={eve})", "(|(cn=eve)(mail=*eve*))"):
            assert found(adas, "", text) == [] and found(adas, f"mail={eve},o={world.organisation}", text) == []
        # who names himself after the other's place is still only himself
        assert sorted(found(link(world, f"mail={ada},{there}"), "")) == sorted(found(adas, ""))
        anybody = link(world)
        for base in ("", there, f"o={world.organisation}", dcs):
            refused(ldap.INSUFFICIENT_ACCESS, found, anybody, base)


def story_logins_are_those_of_all_doors(world: World) -> None:
    ready(world)
    ada, _ = people(world)
    for who, password in ((f"mail={ada}", "wrong"), ("mail=nobody@nowhere.example", PASSWORD), (f"uid=ada,o={world.organisation}", PASSWORD),
                          (f"uid={ada},cn=x,cn=auth", PASSWORD), ("o=Example", PASSWORD), (f"mail={ada}", PASSWORD + "\0x"), (f"mail={ada}", "a\n\nb")):
        refused(ldap.INVALID_CREDENTIALS if "\0" not in password else ldap.LDAPError, link, world, who, password)
    refused(ldap.INVALID_DN_SYNTAX, link, world, ada, PASSWORD)
    refused(ldap.UNWILLING_TO_PERFORM, link, world, f"mail={ada}", "")
    made = json.loads(world.server.run("app-password", "add", ada, "--name", "printer", "--json"))
    secret = next(str(value) for key, value in made.items() if "password" in key and isinstance(value, str))
    assert found(link(world, f"mail={ada}", secret), "", f"(mail={ada})") == [ada]
    # read-only
    adas = link(world, f"mail={ada}")
    for act in (lambda: adas.delete_s(f"mail={ada},o={world.organisation}"), lambda: adas.modify_s(f"mail={ada}", [(ldap.MOD_REPLACE, "cn", [b"x"])]),
                lambda: adas.add_s("mail=new@x.example", [("objectClass", [b"inetOrgPerson"]), ("cn", [b"x"]), ("sn", [b"x"])]),
                lambda: adas.rename_s(f"mail={ada}", "mail=other"), lambda: adas.compare_s(f"mail={ada}", "cn", b"x"),
                lambda: adas.passwd_s(f"mail={ada}", PASSWORD, "new-password-9")):
        refused(ldap.LDAPError, act)
    assert world.imap(ada)
    # a guesser is slowed down, and then refused, as everywhere; his neighbour is not
    guesses = [refused(ldap.LDAPError, link, world, "mail=victim@nowhere.example", f"guess{n}") for n in range(2)]
    assert all("Invalid credentials" in text for text in guesses), guesses


def story_hostile_filters_cost_little(world: World) -> None:
    ready(world)
    ada, bob = people(world)
    adas = link(world, f"mail={ada}")
    deep = "(!" * 200 + "(cn=x)" + ")" * 200
    wide = "(|" + "(cn=*a*)" * 3000 + ")"
    stars = "(cn=" + "*a" * 400 + "*)"
    for text in (deep, wide, stars, "(cn=" + "x" * 60000 + ")", "(sn>=a)", "(cn:caseExactMatch:=x)", "(cn=\\ff)", "(&)", "(|)"):
        try:
            assert found(adas, "", text) in ([], sorted(found(adas, ""))), text[:60]
        except ldap.LDAPError:
            adas = link(world, f"mail={ada}")
    # attributes, names and passwords that would be lines of their own
    for smuggled in ("cn\nbinddn: mail=x", "cn\n\nSEARCH", "cn\0"):
        try:
            adas.search_s("", ldap.SCOPE_SUBTREE, f"(mail={bob})", [smuggled])
        except (ldap.LDAPError, ValueError):
            adas = link(world, f"mail={ada}")
    refused(ldap.LDAPError, link, world, f"mail={ada}\nmethod: 128\ncredlen: 1\ncred: x", PASSWORD)

    # many at once, who do not wait for their answers
    def rude() -> None:
        for _ in range(20):
            connection = link(world, f"mail={ada}")
            connection.search("", ldap.SCOPE_SUBTREE, "(cn=*)")
            connection.unbind()
    crowd = [threading.Thread(target=rude) for _ in range(20)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert found(link(world, f"mail={ada}"), "", f"(mail={bob})") == [bob]
    assert world.server.role_pid("web")


def story_slapd_is_watched(world: World) -> None:
    ready(world)
    ada, _ = people(world)

    def pid() -> int:
        return json.loads(world.server.run("status", "--json"))["ldap"]["pid"]
    first = pid()
    os.kill(first, signal.SIGKILL)
    world.server.wait_until(lambda: pid() not in (0, first) and answers(world), 30, "slapd to come back")
    assert found(link(world, f"mail={ada}"), "", f"(mail={ada})") == [ada]
    # the role dies: slapd stays, and asks the new one
    os.kill(world.server.role_pid("web"), signal.SIGKILL)
    connection = ldap.initialize(f"ldap://127.0.0.1:{world.server.port('ldap')}")
    def sees() -> bool:
        try:
            connection.simple_bind_s(f"mail={ada}", PASSWORD)
            return found(connection, "", f"(mail={ada})") == [ada]
        except ldap.LDAPError:
            return False
    world.server.wait_until(sees, 60, "the web role to answer again")
    # settings: everybody may see one organisation; then nobody asks LDAP any more
    path = os.path.join(world.server.data, "chappe.conf")
    with open(path, encoding="utf-8") as conf:
        text = conf.read()
    try:
        for change, until in ((f"ldap_organisation = {world.organisation}\n", lambda: found(link(world), f"o={world.organisation}", f"(mail={ada})") == [ada]),
                              ("", lambda: refused(ldap.INSUFFICIENT_ACCESS, found, link(world), ""))):
            with open(path, "w", encoding="utf-8") as conf:
                conf.write(text + change)
            world.server.run("reload")
            assert until()
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(text.replace("ldap = yes", "ldap = no"))
        world.server.run("reload")
        world.server.wait_until(lambda: not answers(world), 20, "slapd to end")
        assert "ldap" not in json.loads(world.server.run("status", "--json"))
    finally:
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(text)
        world.server.run("reload")
        ready(world)


NAMES = ["Éclair Zoé", "Eclair Agathe", "Edgar Poe", "Étienne Klein", "Eva Mai", "Odette Roux", "Œdipe Roi", "Olga Petit", "Ødegård Nils", "Łukasz Nowak",
         "Lucie Bleu", "Le Goff Yann", "Lefèvre Anne", "D'Amico Pia", "Damien Lux", "Ångström Ivar", "Anna Berg", "Zoë Noir", "abel Bas", "Müller Karl",
         "Muller Anne", "Mueller Ulf", "Άννα Παππά", "Αλέξης Ρίτσος", "Βασίλης Τσιτσάνης", "Ωρίων Ψ", "Ёлкин Пётр", "Екатерина Вторая", "Жанна Дарк"]


def story_names_stand_in_the_order_of_the_language(world: World) -> None:
    """Everywhere in the order of French and English, which are the languages that there are, as ICU knows it: accents and capitals count last."""
    ready(world)
    api, org = world.server.api, world.organisation
    ada = world.user("ada")
    api("PATCH", f"/users/{ada}", {"name": NAMES[0]})
    for number, name in enumerate(NAMES[1:]):
        api("POST", "/contacts", {"address": f"c{number}@{world.domain}", "name": name, "target": f"c{number}@elsewhere.example"})
    values = ", ".join("('" + name.replace("'", "''") + "')" for name in NAMES)

    def wanted(language: str) -> list[str]:
        return world.server.sql("chappe_directory", f'SELECT n FROM (VALUES {values}) AS x (n) ORDER BY n COLLATE "{language}-x-icu"').splitlines()

    french = wanted("fr")
    assert french == wanted("en") and french != sorted(NAMES) and [name[0] for name in french[:2]] == ["a", "Å"], french
    world.server.run("address-list", "add", "All of them", "--org", org, "--query", "(|(kind=user)(kind=contact))")

    def formatted_names(*words: str) -> list[str]:
        exported = world.server.run("address-list", "export", *words, "--org", org)
        return [line[3:].strip().replace("\\,", ",") for line in exported.splitlines() if line.startswith("FN:")]

    shown = {
        "LDAP": [entry["cn"][0].decode() for _, entry in link(world, f"mail={ada}").search_s(f"o={org}", ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)")],
        "the list in the console": [one["name"] for one in api("GET", f"/recipients?organisation={quote(org)}&sort=name&limit=100")["recipients"]],
        "vCard": formatted_names(), "vCard of a list": formatted_names("All of them"),
        "CSV": [row[0].removeprefix("'") for row in list(csv.reader(io.StringIO(world.server.run("address-list", "export", "--org", org, "--format", "csv"))))[1:]],
    }
    jmap = Jmap(world.server, ada, PASSWORD)
    ids = jmap.call("Principal/query", filter={})["ids"]
    known = {one["id"]: one["name"] for one in jmap.call("Principal/get", ids=ids)["list"]}
    shown["webmail, by JMAP"] = [known[one] for one in ids]
    for where, names in shown.items():
        assert names == french, (where, names)
