"""A mailbox that nobody logs in to is read by those whom an administrator lets in (docs/recipients.md)."""
from __future__ import annotations

import imaplib
import json

from kit.browser import logged_in
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
