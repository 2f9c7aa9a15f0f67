"""Address lists as programs for contacts read them: CardDAV, files; who sees which."""
from __future__ import annotations

import os
import re
from urllib.parse import quote

from kit.dav import CARD, DAV, HEAD, SPACES, Dav, card_name
from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World

PACKAGES = ["curl", "vdirsyncer"]


def match(text: str, kind: str = "contains", prop: str = "FN", more: str = "") -> str:
    return f'<C:prop-filter name="{prop}"><C:text-match match-type="{kind}" {more}>{text}</C:text-match></C:prop-filter>'


def people(world: World) -> tuple[str, str]:
    ada, zoe = world.user("ada"), world.user("zoe")
    world.server.run("user", "set", ada, "--name", "Ada, Countess; of \\Lovelace")
    world.server.run("user", "set", zoe, "--name", "Zoé Éclair")
    world.user("hidden")
    world.server.run("user", "set", f"hidden@{world.domain}", "--hidden", "yes")
    world.user("gone")
    world.server.run("user", "set", f"gone@{world.domain}", "--state", "disabled")
    world.alias("info", ada)
    world.server.run("group", "add", f"staff@{world.domain}", "--name", "Staff", "--members", ada)
    world.server.run("contact", "add", f"carl@{world.domain}", "carl@elsewhere.example", "--name", "Carl")
    return ada, zoe


def story_contacts_over_carddav(world: World) -> None:
    ada, zoe = people(world)
    org = world.organisation
    world.server.run("address-list", "add", "Board", "--org", org, "--query", f"(address={ada})", "--visible-to", f"staff@{world.domain}",
                     "--position", "2")
    world.server.run("address-list", "add", "A–Z & <more>", "--org", org, "--query", "(|(kind=user)(kind=group))", "--position", "1")
    dav = Dav(world, ada)
    status, headers, _ = dav.ask("GET", "/.well-known/carddav")
    assert status == 301 and headers["location"] == "/dav/"
    assert "addressbook" in dav.ask("OPTIONS", "/dav/")[1]["dav"]
    assert Dav(world, ada, "wrong").ask("PROPFIND", "/dav/", depth="0")[0] == 401

    # from the root to the books, as clients walk
    root = dav.props("/dav/", "<D:current-user-principal/>", "0")["/dav/"]
    principal = root.findtext(f".//{DAV}current-user-principal/{DAV}href") or ""
    home = dav.props(principal, "<C:addressbook-home-set/>", "0")[principal].findtext(f".//{CARD}addressbook-home-set/{DAV}href") or ""
    books = dav.props(home, "<D:displayname/><D:resourcetype/><D:sync-token/><D:supported-report-set/><D:nothing/>")
    names = {path: r.findtext(f".//{DAV}displayname") for path, r in books.items() if r.find(f".//{CARD}addressbook") is not None}
    assert list(names.values()) == ["Global Address List", "A–Z & <more>", "Board"], names
    book, letters, board = names
    assert [len(Dav(world, zoe).props(home, "<D:displayname/>"))] == [3], "the board is for its members"
    assert Dav(world, zoe).ask("PROPFIND", board, depth="1")[0] == 404
    assert dav.ask("PROPFIND", f"/dav/principals/{zoe}/", depth="0")[0] == 404

    cards = dav.props(book, "<D:getetag/><D:getcontenttype/>")
    assert len(cards) == 5, "ada, zoe, staff, carl, and the book"
    path = next(p for p in cards if p != book)
    status, headers, text = dav.ask("GET", path)
    assert status == 200 and headers["etag"] == cards[path].findtext(f".//{DAV}getetag") and "VERSION:3.0\r\n" in text
    assert "FN:Ada\\, Countess\\; of \\\\Lovelace\r\n" in text and f"EMAIL;TYPE=INTERNET,PREF:{ada}\r\n" in text, text
    assert dav.ask("GET", path, **{"If-None-Match": headers["etag"]})[0] == 304
    assert "VERSION:4.0\r\n" in dav.ask("GET", path, Accept="text/vcard; version=4.0")[2]
    assert Dav(world, zoe).ask("GET", path.replace(book, board))[0] == 404

    # what a filter finds; case does not matter
    assert dav.found(book, match("zoÉ")) == ["Zoé Éclair"] and dav.found(book, match("nobody")) == []
    assert dav.found(book, match("carl@elsewhere.example", "equals", "EMAIL")) == ["Carl"]
    assert dav.found(book, match("car", "starts-with") + match("zoe@", "starts-with", "EMAIL")) == ["Carl", "Zoé Éclair"]
    assert dav.found(book, match("c") + match("zoe@", "starts-with", "EMAIL"), test="allof") == ["Zoé Éclair"]
    assert dav.found(book, match("a", more='negate-condition="yes"')) == []
    assert len(dav.found(book, '<C:prop-filter name="TEL"><C:is-not-defined/></C:prop-filter>')) == 4
    assert len(dav.found(book, "", "<C:limit><C:nresults>2</C:nresults></C:limit>")) == 2
    assert len(dav.found(letters, "")) == 3, "ada, zoe and staff"
    assert "supported-filter" in dav.ask("REPORT", book, HEAD + f"<C:addressbook-query {SPACES}><C:filter>{match('x', prop='X-ODD')}</C:filter>"
                                         "</C:addressbook-query>")[2]

    # those that are named
    tree = dav.tree("REPORT", book, f"<C:addressbook-multiget {SPACES}><D:prop><C:address-data content-type='text/vcard' version='4.0'/></D:prop>"
                                    f"<D:href>{path}</D:href><D:href>{book}999999.vcf</D:href><D:href>/etc/passwd</D:href>"
                                    "</C:addressbook-multiget>")
    answers = tree.findall(f"{DAV}response")
    assert len(answers) == 3 and "VERSION:4.0" in (answers[0].findtext(f".//{CARD}address-data") or "")
    assert all("404" in (one.findtext(f"{DAV}status") or "") for one in answers[1:])

    # what changed
    first, token = dav.sync(book, "")
    assert len(first) == 4 and dav.sync(book, token) == ({}, token)
    world.server.run("user", "set", zoe, "--name", "Zoé Neuve")
    world.server.run("user", "set", f"hidden@{world.domain}", "--hidden", "no")
    world.server.run("contact", "remove", f"carl@{world.domain}")
    changed, newer = dav.sync(book, token)
    assert newer != token and sorted(tag == "gone" for tag in changed.values()) == [False, False, True], changed
    assert dav.sync(book, newer) == ({}, newer)
    status, _, text = dav.ask("REPORT", book, HEAD + f"<D:sync-collection {SPACES}><D:sync-token>urn:chappe:book:0</D:sync-token>"
                              "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>")
    assert status == 403 and "valid-sync-token" in text

    # nothing is changed from here; and what is no XML, or too much of it
    for method in ("PUT", "DELETE", "PROPPATCH", "MKCOL", "MOVE"):
        assert dav.ask(method, path, "x")[0] == 403, method
    assert dav.ask("PROPFIND", book, depth="infinity")[0] == 403
    assert dav.ask("BREW", book)[0] == 405
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    for wrong in ("<D:propfind", "no", bomb + f"<D:propfind {SPACES}><D:prop><D:displayname>&b;</D:displayname></D:prop></D:propfind>",
                  f"<D:propfind {SPACES}>" + "<D:prop>" * 40 + "</D:prop>" * 40 + "</D:propfind>"):
        assert dav.ask("PROPFIND", book, HEAD + wrong, "0")[0] == 400, wrong[:60]
    with World(world.server) as elsewhere:
        other = Dav(elsewhere, elsewhere.user("eve"))
        assert len(other.props(book, "<D:getetag/>")) == 2, "another organisation's global list is its own"
        assert other.ask("GET", path)[0] == 404 and other.ask("PROPFIND", letters, depth="0")[0] == 404


def story_vdirsyncer_brings_contacts(world: World) -> None:
    ada, _ = people(world)
    base = f"http://127.0.0.1:{world.server.port('http')}"
    world.write("config", f"""[general]
status_path = "{world.folder}/status/"
[pair contacts]
a = "here"
b = "there"
collections = ["from b"]
conflict_resolution = "b wins"
partial_sync = "ignore"
[storage here]
type = "filesystem"
path = "{world.folder}/contacts/"
fileext = ".vcf"
[storage there]
type = "carddav"
url = "{base}/"
username = "{ada}"
password = "{PASSWORD}"
read_only = true
""")
    env = {"VDIRSYNCER_CONFIG": os.path.join(world.folder, "config"), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    world.run("vdirsyncer", "discover", "contacts", stdin="y\ny\ny\n", env=env)
    world.run("vdirsyncer", "sync", env=env)
    folder = os.path.join(world.folder, "contacts", "global")
    texts = [open(os.path.join(folder, name), encoding="utf-8").read() for name in os.listdir(folder)]
    assert sorted(card_name(text) for text in texts)[1:] == ["Carl", "Staff", "Zoé Éclair"], texts
    world.server.run("contact", "remove", f"carl@{world.domain}")
    world.run("vdirsyncer", "sync", env=env)
    assert len(os.listdir(folder)) == 3


def story_address_books_as_files(world: World) -> None:
    ada, zoe = people(world)
    org = world.organisation
    world.server.run("user", "set", zoe, "--name", "=cmd|' /C calc'!A0")
    world.server.run("address-list", "add", "One", "--org", org, "--query", f"(address={ada})")

    def export(*words: str) -> str:
        return world.server.run("address-list", "export", *words, "--org", org)

    text = export()
    assert text.count("BEGIN:VCARD") == 4 == text.count("VERSION:4.0") and "KIND:group" in text and "hidden" not in text
    assert export("One").count("BEGIN:VCARD") == 1 and export("--format", "vcard3").count("VERSION:3.0") == 4
    assert all(len(line.encode()) <= 77 for line in text.split("\n"))
    ldif = export("--format", "ldif")
    assert ldif.startswith("version: 1\n") and f"mail: {ada}\n" in ldif and len(re.findall(r"^dn:", ldif, re.M)) == 5
    csv = export("--format", "csv")
    assert csv.startswith("name,given_name") and "\"'=cmd|' /C calc'!A0\"" in csv and csv.count("\n") == 5, csv
    for words in (("--format", "pdf"), ("Nobody",)):
        try:
            export(*words)
        except Failure:
            continue
        raise Failure(f"{words} was taken")
    shown = world.server.run("address-list", "list", "--org", org)
    assert "One" in shown
    try:
        world.server.run("address-list", "set", "One", "--org", org, "--visible-to", "nobody@elsewhere.example")
    except Failure as problem:
        assert "recipient in this organisation" in str(problem)
    else:
        raise Failure("it was hidden from everybody")
    world.server.api("GET", f"/address-book/export?organisation={quote(org)}&format=csv")
    assert Jmap(world.server, ada, PASSWORD).call("Principal/query", filter={"text": "carl"})["ids"]
