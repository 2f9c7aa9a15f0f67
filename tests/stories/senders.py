"""Writing in another's name: granted by command, API and JMAP, used by SMTP, told by trace and audit (docs/recipients.md)."""
from __future__ import annotations

import email
import email.message
import json
import smtplib
from typing import Any

from kit.browser import logged_in
from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World

SETTINGS = {"plaintext_login": "loopback"}


def submit(world: World, login: str, sender: str, to: str, head: str, text: str = "hello") -> tuple[int, str]:
    """The reply to the message, or to the command that was refused before."""
    with smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60) as smtp:
        smtp.login(login, PASSWORD)
        try:
            smtp.sendmail(sender, [to], f"{head}\r\nTo: {to}\r\nSubject: {text}\r\n\r\n{text}\r\n")
        except smtplib.SMTPSenderRefused as refused:
            return refused.smtp_code, str(refused.smtp_error)
        except smtplib.SMTPDataError as refused:
            return refused.smtp_code, str(refused.smtp_error)
    return 250, ""


def newest(world: World, address: str, folder: str = "INBOX") -> email.message.Message:
    return email.message_from_bytes(world.mails(address, folder)[-1])


def story_a_delegate_writes_for_a_mailbox_and_everybody_learns_what_he_should(world: World) -> None:
    ada, bob, eve, run = world.user("ada"), world.user("bob"), world.user("eve"), world.server.run
    assert submit(world, bob, ada, eve, f"From: {ada}")[0] == 553
    run("sender", "add", ada, bob, "--on-behalf")
    run("sender", "set", ada, "--keep-sent", "yes")
    listed = json.loads(run("sender", "list", ada, "--json"))
    assert listed["keeps_sent"] is True and [(s["address"], s["on_behalf"]) for s in listed["senders"]] == [(bob, True)], listed

    assert submit(world, bob, ada, eve, f"From: Ada <{ada}>", "on behalf")[0] == 250
    got = newest(world, eve)
    assert got["From"] == f"Ada <{ada}>" and bob in got["Sender"] and len(got.get_all("Sender", [])) == 1, got.items()
    kept = newest(world, ada, "Sent")
    assert kept["Subject"] == "on behalf" and bob in kept["Sender"] and world.count(ada) == 0, kept.items()
    assert submit(world, bob, bob, eve, f"From: {ada}\r\nSender: {ada}") == (
        550, str(b"5.7.1 You may write on behalf of this author: Sender is then your own address.")), "the Sender is who wrote"

    run("sender", "add", ada, bob)                                       # now as she, which nothing in the message tells
    assert submit(world, bob, ada, eve, f"From: Ada <{ada}>", "as she")[0] == 250
    got = newest(world, eve)
    assert got["Subject"] == "as she" and "Sender" not in got and bob not in str(got), got.items()

    traces = json.loads(run("trace", "--sender", ada, "--json"))["traces"]
    told = [e for t in traces for e in t["events"] if e["event"] == "in-name"]
    assert [(e["author"], e["by"]) for e in told] == [(ada, bob)] * 2 and {e["way"] for e in told} == {"on-behalf", "as"}, told
    assert {t["login"] for t in traces} >= {bob}, traces
    seen = [(a["action"], a["actor"]) for a in Jmap(world.server, ada, PASSWORD).call("AccountActivity/get", ids=None)["list"]]
    assert ("mailbox.send-as", bob) in seen and ("mailbox.send-on-behalf", bob) in seen, seen
    own = logged_in(world, eve).ask("GET", f"/users/{eve}/trace?direction=received")[1]["traces"]
    assert len(own) == 2 and bob not in json.dumps(own), "a recipient does not learn who wrote as another"

    run("sender", "remove", ada, bob)
    assert submit(world, bob, ada, eve, f"From: {ada}")[0] == 553, "what was taken back ends at once"
    assert submit(world, bob, bob, eve, f"From: {ada}")[0] == 550


def story_rules_of_the_owner_leave_the_copy_alone(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    world.server.api("PUT", f"/users/{ada}/sieve/all", {"content": "discard;"})
    world.server.api("POST", f"/users/{ada}/sieve/all/activate", {})
    world.server.run("sender", "add", ada, bob)
    world.server.run("sender", "set", ada, "--keep-sent", "yes")
    assert submit(world, bob, ada, eve, f"From: {ada}", "kept")[0] == 250
    assert newest(world, ada, "Sent")["Subject"] == "kept"


def story_a_group_and_a_shared_mailbox_have_their_writers(world: World) -> None:
    bob, eve, run = world.user("bob"), world.user("eve"), world.server.run
    team, info = f"team@{world.domain}", f"info@{world.domain}"
    run("group", "add", team, "--name", "The team")
    run("group-member", "add", team, bob)
    assert submit(world, bob, bob, eve, f"From: {team}")[0] == 550, "a member is no writer"
    world.server.api("POST", "/users", {"address": info, "name": "Information", "kind": "shared"})
    for address in (team, info):
        made = world.server.api("POST", f"/recipients/{address}/senders", {"person": bob})
        assert made["address"] == bob and made["on_behalf"] is False, made
        assert submit(world, bob, address, eve, f"From: {address}", address)[0] == 250
        assert newest(world, eve)["Subject"] == address
    names = {i["email"]: i["name"] for i in Jmap(world.server, bob, PASSWORD).call("Identity/get", ids=None)["list"]}
    assert names == {bob: "Bob", team: "The team", info: "Information"}, names
    assert "no folder" in refusal(world, "sender", "set", team, "--keep-sent", "yes")
    assert "own name" in refusal(world, "sender", "add", bob, bob)
    assert "nobody who logs in" in refusal(world, "sender", "add", bob, team)
    assert "nobody of this organisation" in refusal(world, "sender", "add", bob, "x@elsewhere.example")
    assert "no such grant" in refusal(world, "sender", "remove", team, eve)
    run("group", "remove", team)
    assert submit(world, bob, bob, eve, f"From: {team}")[0] == 550


def refusal(world: World, *words: str) -> str:
    try:
        world.server.run(*words)
    except Failure as failure:
        return str(failure)
    raise Failure(f"{words} was not refused")


def story_nobody_grants_for_another(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    browser = logged_in(world, bob)
    body: dict[str, Any] = {"person": bob}
    assert browser.ask("POST", f"/recipients/{ada}/senders", body)[0] == 404
    assert browser.ask("GET", f"/recipients/{ada}/senders")[0] == 404
    assert browser.ask("POST", f"/recipients/{bob}/senders", {"person": ada})[0] == 201
    assert browser.ask("DELETE", f"/recipients/{bob}/senders/{ada}")[0] == 204
    with World(world.server) as foreign:
        stranger = foreign.user("stranger")
        assert browser.ask("POST", f"/recipients/{bob}/senders", {"person": stranger})[0] == 400


def story_people_work_in_a_shared_mailbox(world: World) -> None:
    """Nobody logs in to it; administrators say who reads, who works and who rules there, which IMAP and JMAP follow at once."""
    ada, bob, run, info = world.user("ada"), world.user("bob"), world.server.run, f"info@{world.domain}"
    world.server.api("POST", "/users", {"address": info, "name": "Information", "kind": "shared"})
    world.send(info, "Subject: question\r\n\r\nHow?\r\n")
    there = f'"Other Users/{info}/INBOX"'
    imap = world.imap(bob)
    assert imap.select(there)[0] == "NO"
    run("access", "set", info, bob, "--may", "read")
    assert json.loads(run("access", "list", info, "--json"))["access"][0].items() >= {"person": bob, "may": "read", "rights": "lrs"}.items()
    assert imap.select(there, readonly=True)[1] == [b"1"]
    assert info in [one["name"] for one in Jmap(world.server, bob, PASSWORD).session["accounts"].values()]
    assert imap.append(there, None, "", b"Subject: x\r\n\r\nx\r\n")[0] == "NO", "he reads, no more"
    run("access", "set", info, bob, "--may", "write")
    assert imap.append(there, None, "", b"Subject: x\r\n\r\nx\r\n")[0] == "OK"
    assert imap.setacl(there, ada, "lr")[0] == "NO" and world.imap(ada).select(there)[0] == "NO"
    run("access", "set", info, bob, "--may", "all")
    assert imap.setacl(there, ada, "lr")[0] == "OK" and world.imap(ada).select(there, readonly=True)[1] == [b"2"]
    assert {a["person"]: (a["may"], a["folders"]) for a in json.loads(run("access", "list", info, "--json"))["access"]}[ada] == ("other", 1)
    told = run("audit", "list", "--org", world.organisation, "--object", info, "--json")
    assert "mailbox.access" in told, told
    run("access", "remove", info, bob)
    assert world.imap(bob).select(there)[0] == "NO"
    for mailbox, person, status in ((ada, bob, 400), (info, f"nobody@{world.domain}", 404), (info, info, 400)):
        try:
            world.server.api("PUT", f"/mailboxes/{mailbox}/access/{person}", {"may": "read"})
            raise AssertionError((mailbox, person))
        except Failure as refused:
            assert str(status) in str(refused), refused
