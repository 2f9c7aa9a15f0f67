"""A mailbox that nobody logs in to is read by those whom an administrator lets in (docs/recipients.md)."""
from __future__ import annotations

import imaplib
import json

from kit.browser import logged_in
from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World


def inside(world: World, person: str, mailbox: str) -> set[str]:
    """Its folders that he sees among his own."""
    head = f"Other Users/{mailbox}/"
    lines = [line.decode() for line in world.imap(person).list()[1] if line]
    return {line.split(head)[1].rstrip('"') for line in lines if head in line}


def story_an_administrator_lets_people_into_a_shared_mailbox(world: World) -> None:
    bob, eve, run = world.user("bob"), world.user("eve"), world.server.run
    info = f"info@{world.domain}"
    run("user", "add", info, "--name", "Information", "--kind", "shared")
    world.send([info], "Subject: a question\r\n\r\nhello\r\n")
    assert inside(world, bob, info) == set()
    run("mailbox", "share", info, bob, "--rights", "editor")
    run("mailbox", "share", info, eve, "--rights", "reader", "--folder", "INBOX")
    assert {"INBOX", "Sent", "Trash"} <= inside(world, bob, info) and inside(world, eve, info) == {"INBOX"}
    rows = json.loads(run("mailbox", "shares", info, "--json"))["shares"]
    assert [(r["folder"], r["role"]) for r in rows if r["person"] == eve] == [("INBOX", "reader")], rows
    assert {r["role"] for r in rows if r["person"] == bob} == {"editor"}, rows

    editor, reader = world.imap(bob), world.imap(eve)
    box = f'"Other Users/{info}/INBOX"'
    world.server.wait_until(lambda: editor.select(box)[1][0] == b"1", what="the question to be there")
    assert b"a question" in editor.fetch("1", "(BODY[HEADER.FIELDS (SUBJECT)])")[1][0][1]
    assert reader.select(box)[0] == "OK" and "Flagged" not in str(reader.store("1", "+FLAGS", r"(\Flagged)")), "a reader changes nothing"
    assert editor.store("1", "+FLAGS", r"(\Flagged)")[0] == "OK"
    names = {account["name"] for account in Jmap(world.server, bob, PASSWORD).session["accounts"].values()}
    assert info in names, "the webmail has it, too"

    run("mailbox", "share", info, bob, "--rights", "reader")             # instead of what he had
    assert {r["role"] for r in json.loads(run("mailbox", "shares", info, "--json"))["shares"] if r["person"] == bob} == {"reader"}
    run("mailbox", "unshare", info, bob)
    assert inside(world, bob, info) == set() and world.imap(bob).select(box)[0] == "NO"
    try:
        assert editor.select(box)[0] == "NO", "what was taken back ends with the next command"
    except imaplib.IMAP4.abort as end:                                   # the folder that he had open is gone for him
        assert "deleted" in str(end), end
    assert inside(world, eve, info) == {"INBOX"}
    audit = json.loads(run("audit", "list", "--org", world.organisation, "--object", info, "--json"))["entries"]
    assert [e["action"] for e in audit if "share" in e["action"]] == ["mailbox.unshare"] + 3 * ["mailbox.share"], audit


def story_into_a_persons_mailbox_nobody_lets_others_who_may_not_open_it(world: World) -> None:
    ada, bob, clerk, boss = (world.user(name) for name in ("ada", "bob", "clerk", "boss"))
    room = f"room@{world.domain}"
    world.server.run("user", "add", room, "--name", "Room", "--kind", "room")
    for holder, role in ((clerk, "recipient-administrator"), (boss, "administrator")):
        world.server.run("grant", "add", holder, role, "--scope", "domain", "--on", world.domain)
    body = {"person": bob, "rights": "reader", "folder": "INBOX"}
    his, hers, own = logged_in(world, clerk), logged_in(world, boss), logged_in(world, ada)
    assert his.ask("POST", f"/mailboxes/{room}/shares", body)[0] == 201
    assert his.ask("POST", f"/mailboxes/{ada}/shares", body) == his.ask("POST", f"/mailboxes/nobody@{world.domain}/shares", body)
    assert his.ask("DELETE", f"/mailboxes/{ada}/shares/{bob}")[0] == 404 and inside(world, bob, ada) == set()
    assert hers.ask("POST", f"/mailboxes/{ada}/shares", body)[0] == 201 and inside(world, bob, ada) == {"INBOX"}
    assert own.ask("GET", f"/mailboxes/{ada}/shares")[1]["shares"][0]["person"] == bob
    seen = own.ask("GET", f"/users/{ada}/activity")[1]["activity"]
    assert any(row["action"] == "mailbox.share" and row["actor"] == boss for row in seen), "its owner sees who let him in"
    assert own.ask("DELETE", f"/mailboxes/{ada}/shares/{bob}")[0] == 204 and inside(world, bob, ada) == set()
    assert logged_in(world, bob).ask("GET", f"/mailboxes/{ada}/shares")[0] == 404
    for wrong in ({**body, "rights": "king"}, {**body, "rights": ""}, {**body, "person": room}, {**body, "person": ada}, {**body, "person": "x@elsewhere.example"}):
        assert hers.ask("POST", f"/mailboxes/{ada}/shares", wrong)[0] == 400, wrong
    assert hers.ask("POST", f"/mailboxes/{ada}/shares", {**body, "folder": "No such folder"})[0] == 404
    with World(world.server) as foreign:
        assert hers.ask("POST", f"/mailboxes/{ada}/shares", {**body, "person": foreign.user("stranger")})[0] == 400


def story_a_group_is_let_in_for_whoever_is_in_it(world: World) -> None:
    """Members at the time of access: by name, by way of other groups, by a query; also what they have open, and what is taken from a group."""
    server, run, domain = world.server, world.server.run, world.domain
    bob, eve, kim = world.user("bob"), world.user("eve"), world.user("kim")
    info, desk, inner, asked = (f"{name}@{domain}" for name in ("info", "desk", "inner", "asked"))
    run("user", "add", info, "--name", "Information", "--kind", "shared")
    run("group", "add", desk, "--name", "Desk", "--members", bob)
    run("group", "add", inner, "--name", "Inner")
    run("group", "add", asked, "--name", "Asked", "--query", "(name=Kim Late)")
    run("group-member", "add", desk, inner)
    run("group-member", "add", inner, asked)
    run("group-member", "add", inner, desk)                               # a circle ends
    world.send([info], "Subject: a question\r\n\r\nhello\r\n")
    run("mailbox", "share", info, desk, "--rights", "editor")
    shown = json.loads(run("mailbox", "shares", info, "--json"))["shares"]
    assert {(s["person"], s["group"], s["role"]) for s in shown} == {(desk, True, "editor")}, shown

    def sees(person: str) -> bool:
        return "INBOX" in inside(world, person, info)

    assert sees(bob) and not sees(eve) and not sees(kim)
    box, his = f'"Other Users/{info}/INBOX"', world.imap(bob)
    server.wait_until(lambda: his.select(box)[1][0] == b"1", what="the question to be there")
    assert his.store("1", "+FLAGS", r"(\Flagged)")[0] == "OK"
    assert info in {a["name"] for a in Jmap(server, bob, PASSWORD).session["accounts"].values()}
    run("group-member", "add", inner, eve)
    server.wait_until(lambda: sees(eve), 5, what="a member of a group in the group to see it")
    run("user", "set", kim, "--name", "Kim Late")
    server.wait_until(lambda: sees(kim), 5, what="whom a query selects to see it")
    assert info in {a["name"] for a in Jmap(server, kim, PASSWORD).session["accounts"].values()}
    run("group-member", "remove", desk, bob)
    server.wait_until(lambda: not sees(bob), 5, what="who left the group to see it no more")
    try:
        assert his.fetch("1", "(FLAGS)")[0] == "NO", "what he had open ends, too"
    except imaplib.IMAP4.abort as end:
        assert "deleted" in str(end), end
    assert sees(eve) and sees(kim)
    run("mailbox", "share", info, eve, "--rights", "reader", "--folder", "INBOX")
    run("mailbox", "unshare", info, desk)
    assert inside(world, eve, info) == {"INBOX"} and not sees(kim), "what somebody has himself stays"

    her = world.imap(eve)                                                 # and anybody shares his own with a group
    assert her.setacl("INBOX", inner, "lr")[0] == "OK" and inner.encode() in her.getacl("INBOX")[1][0]
    server.wait_until(lambda: "INBOX" in inside(world, kim, eve), 5, what="a member to see it")
    with World(server) as foreign:
        run("group", "add", f"all@{foreign.domain}", "--name", "All")
        assert her.setacl("INBOX", f"all@{foreign.domain}", "lr")[0] == "NO", "only of the same organisation"


def story_what_is_made_in_a_shared_mailbox_later_is_open_like_the_rest(world: World) -> None:
    """Also at the top, and who may make folders makes them there; shares move with the configuration."""
    server, run, domain = world.server, world.server.run, world.domain
    bob, eve = world.user("bob"), world.user("eve")
    info = f"info@{domain}"
    run("user", "add", info, "--name", "Information", "--kind", "shared")
    run("mailbox", "share", info, bob, "--rights", "editor", "--folders", "Trash=none,Sent=reader")
    run("mailbox", "share", info, eve, "--rights", "reader", "--folder", "INBOX")
    rows = json.loads(run("mailbox", "shares", info, "--json"))["shares"]
    assert [(r["folder"], r["role"]) for r in rows if r["person"] == bob][0] == ("", "editor"), rows
    editor, top = world.imap(bob), f"Other Users/{info}"
    assert editor.create(f'"{top}/Cases"')[0] == "OK" and editor.create(f'"{top}/Cases/2031"')[0] == "OK"
    assert world.imap(eve).create(f'"{top}/Hers"')[0] == "NO"
    assert {"INBOX", "Sent", "Cases", "Cases/2031"} <= inside(world, bob, info) and "Trash" not in inside(world, bob, info)
    assert inside(world, eve, info) == {"INBOX"}
    accounts = Jmap(server, bob, PASSWORD).session["accounts"].values()
    tops = {a["name"]: a["accountCapabilities"]["urn:ietf:params:jmap:mail"]["mayCreateTopLevelMailbox"] for a in accounts}
    assert tops[info] and tops[bob], tops
    hers = Jmap(server, eve, PASSWORD).session["accounts"].values()
    assert not [a for a in hers if a["name"] == info][0]["accountCapabilities"]["urn:ietf:params:jmap:mail"]["mayCreateTopLevelMailbox"]

    text = run("config", "export")
    mine = {s["person"]: s for s in json.loads(text)["shares"] if s["mailbox"] == info}
    assert mine[bob] == {"mailbox": info, "person": bob, "rights": "editor", "folders": ["Sent=reader", "Trash=none"]}, mine
    assert mine[eve]["rights"] == "none" and mine[eve]["folders"] == ["INBOX=reader"], mine
    assert run("config", "apply", "-", stdin=text) == "", "what is there already is no change"
    bare = {"shares": [s for s in json.loads(text)["shares"] if s["mailbox"] != info]}
    assert f"- shares {info}/{bob}" in run("config", "diff", "-", "--prune", stdin=json.dumps(bare)) and "Sent" in inside(world, bob, info)
    run("config", "apply", "-", "--prune", stdin=json.dumps(bare))
    assert inside(world, bob, info) == inside(world, eve, info) == set()
    run("config", "apply", "-", stdin=text)
    assert run("config", "export") == text, "and back, to the letter"
    assert {"INBOX", "Sent", "Cases"} <= inside(world, bob, info) and inside(world, eve, info) == {"INBOX"}
    wanted = json.loads(text)
    next(s for s in wanted["shares"] if s["mailbox"] == info and s["person"] == bob)["folders"] = ["Sent=reader"]
    assert f"~ shares {info}/{bob}" in run("config", "apply", "-", stdin=json.dumps(wanted)) and "Trash" in inside(world, bob, info)
    run("mailbox", "share", info, "anyone", "--rights", "reader", "--folder", "Cases")
    assert inside(world, eve, info) == {"INBOX", "Cases"}
    assert {"anyone", bob, eve} == {s["person"] for s in json.loads(run("share", "list", "--org", world.organisation, "--json"))["shares"]}
    tried = server.api("POST", f"/mailboxes/{info}/shares?dry_run=true", {"person": eve, "rights": "owner"})
    assert tried["folders"] > 5 and inside(world, eve, info) == {"INBOX", "Cases"}, "a trial leaves nothing"
    try:
        raise AssertionError(run("mailbox", "share", info, eve, "--rights", "editor", "--folders", "Nowhere=none"))
    except Failure as refused:
        assert "no such folder" in str(refused) and inside(world, eve, info) == {"INBOX", "Cases"}, "all of it, or nothing"
