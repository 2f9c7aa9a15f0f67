"""What leaves the server: the queue, its motor, and what senders hear of it."""
from __future__ import annotations

import email
import email.policy
import json
import os
import re
import signal
import smtplib
import time
import urllib.parse

from kit.instance import Failure
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import World
from smtp import submission

PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 10):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
# waits of seconds instead of hours, so that a story can tell them
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s", "delay_warning": "3s", "queue_lifetime": "30s"}


def letter(sender: str, to: str, subject: str = "hello", body: str = "body", extra: str = "") -> bytes:
    return f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n{extra}\r\n{body}\r\n".encode()


def submit(world: World, sender: str, recipients: list[str] | str, mail: bytes | None = None,
           mail_options: tuple[str, ...] = (), rcpt_options: tuple[str, ...] = ()) -> None:
    first = recipients if isinstance(recipients, str) else recipients[0]
    with submission(world, sender) as smtp:
        refused = smtp.sendmail(sender, recipients, mail or letter(sender, first), mail_options, rcpt_options)
    assert refused == {}, refused


def notices(world: World, address: str) -> list[email.message.EmailMessage]:
    parsed = [email.message_from_bytes(mail, policy=email.policy.default) for mail in world.mails(address)]
    return [one for one in parsed if one.get_content_type() == "multipart/report"]


def wait_for_notice(world: World, address: str, count: int = 1, seconds: float = 20) -> list[email.message.EmailMessage]:
    world.server.wait_until(lambda: len(notices(world, address)) >= count, seconds, f"{count} notices for {address}")
    return notices(world, address)


def fields(notice: email.message.EmailMessage) -> str:
    return notice.get_payload(1).as_string()


def story_a_submitted_message_leaves_once_with_its_envelope(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT) as sink:
        submit(world, ada, "bob@d2.test", letter(ada, "bob@d2.test", body=".\r\n..two\r\n.three"))
        taken = sink.wait_for(1)
        time.sleep(1)
        assert len(sink.taken) == 1, sink.taken
    assert taken[0].sender == ada and taken[0].recipients == ["bob@d2.test"], taken
    head, _, body = taken[0].data.partition(b"\r\n\r\n")
    assert head.count(b"Received: ") == 1 and b"Return-Path" not in head, head
    assert body == b".\r\n..two\r\n.three\r\n", body


def story_a_server_that_is_down_gets_its_mail_when_it_is_back(world: World) -> None:
    ada = world.user("ada")
    submit(world, ada, ["bob@d2.test", "eve@d2.test"])
    submit(world, ada, "ann@d3.test")
    with Remote(port=PORT, address="127.0.0.3") as other:
        other.wait_for(1)  # not held up by the one that is down
    time.sleep(1.5)
    with Remote(port=PORT) as sink:
        taken = sink.wait_for(1)
        assert sorted(taken[0].recipients) == ["bob@d2.test", "eve@d2.test"], taken
        time.sleep(1)
        assert len(sink.taken) == 1


def story_a_recipient_who_is_told_to_wait_does_not_hold_up_the_others(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "450 4.2.1 greylisted", times=2, holding="slow@")
        submit(world, ada, ["slow@d2.test", "quick@d2.test"])
        first, second = sink.wait_for(2)
        assert first.recipients == ["quick@d2.test"] and second.recipients == ["slow@d2.test"]


def story_a_refusal_comes_back_as_a_report_in_two_languages(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "550 5.1.1 No such user here", holding="nobody@")
        submit(world, ada, ["nobody@d2.test", "bob@d2.test"], letter(ada, "nobody@d2.test", subject="Réunion"))
        assert sink.wait_for(1)[0].recipients == ["bob@d2.test"]
    notice = wait_for_notice(world, ada)[0]
    assert notice["Return-Path"] == "<>" and notice["Auto-Submitted"] == "auto-replied", notice.as_string()
    text = notice.get_payload(0).get_content()
    assert "There is no such address" in text and "n’existe pas" in text and "No such user here" in text, text
    status = fields(notice)
    for line in ("Final-Recipient: rfc822; nobody@d2.test", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; mx10.d2.test",
                 "Diagnostic-Code: smtp; 550 5.1.1 No such user here", "Reporting-MTA: dns; mail.example.test"):
        assert line in status, f"{line} is missing in {status}"
    assert notice.get_payload(2).get_content_type() == "message/rfc822"
    assert "bob" not in status


def story_the_sender_s_language_is_used_where_it_is_known(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "550 5.1.1 no")
        submit(world, ada, "x@d2.test", letter(ada, "x@d2.test", extra="Content-Language: fr\r\n"))
        notice = wait_for_notice(world, ada)[0]
    text = notice.get_payload(0).get_content()
    assert "could not be delivered" not in text and "n’a pas pu être remis" in text, text
    assert notice["Subject"].startswith("Message non remis: "), notice["Subject"]


def story_a_delay_is_told_once_and_the_end_of_the_time_is(world: World) -> None:
    ada = world.user("ada")
    submit(world, ada, "bob@d4.test")
    delayed = wait_for_notice(world, ada, 1, 15)
    assert "Action: delayed" in fields(delayed[0]) and "Will-Retry-Until: " in fields(delayed[0]), fields(delayed[0])
    assert delayed[0].get_payload(2).get_content_type() == "text/rfc822-headers"
    both = wait_for_notice(world, ada, 2, 60)
    assert len(both) == 2 and "Action: failed" in fields(both[1]) and "Status: 4.4.7" in fields(both[1]), fields(both[1])


def story_notify_decides_who_is_told_what(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "550 5.1.1 no", holding="never@")
        submit(world, ada, "never@d2.test", rcpt_options=("NOTIFY=NEVER",))
        submit(world, ada, "yes@d2.test", mail_options=("ENVID=e1", "RET=HDRS"),
               rcpt_options=("NOTIFY=SUCCESS", "ORCPT=rfc822;yes@d2.test"))
        sink.wait_for(1)
    relayed = wait_for_notice(world, ada)
    assert len(relayed) == 1, [fields(one) for one in relayed]
    for line in ("Action: relayed", "Original-Envelope-Id: e1", "Original-Recipient: rfc822; yes@d2.test"):
        assert line in fields(relayed[0]), fields(relayed[0])
    submit(world, bob, ada, rcpt_options=("NOTIFY=SUCCESS",))
    assert "Action: delivered" in fields(wait_for_notice(world, bob)[0])


def story_a_null_sender_is_never_answered(world: World) -> None:
    ada = world.user("ada")
    before = world.count(ada)
    with Remote(port=PORT) as sink:
        world.alias("out", "gone@d2.test")
        sink.answer("RCPT", "550 5.1.1 no")
        assert world.send(f"out@{world.domain}", sender="") == {}
        world.server.wait_until(lambda: "queue.failed" in world.server.log() and "gone@d2.test" in world.server.log(),
                                20, "the refusal")
        time.sleep(1)
    assert world.count(ada) == before


def story_one_message_for_two_storage_groups_and_another_domain(world: World) -> None:
    ada = world.user("ada")
    group = world.server.run("storage-group", "add", f"Group of {world.domain}", "--json")
    bob = world.user("bob", "--storage-group", f"Group of {world.domain}")
    world.wait_for_mail(bob)
    with Remote(port=PORT) as sink:
        submit(world, ada, [ada, bob, "eve@d2.test"], letter(ada, bob, subject="mixed"))
        sink.wait_for(1)
    for who in (ada, bob):
        world.server.wait_until(lambda: any(b"Subject: mixed" in mail for mail in world.mails(who)), 20, f"mail to {who}")
    time.sleep(1)
    assert sum(b"Subject: mixed" in mail for mail in world.mails(bob)) == 1, group


def story_future_release_waits(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    submit(world, ada, bob, letter(ada, bob, subject="later"), mail_options=("HOLDFOR=3",))
    time.sleep(1.5)
    assert world.count(bob) == 0
    world.server.wait_until(lambda: world.count(bob) == 1, 10, "the release")


def entries(world: World, *filters: str) -> list[dict]:
    return json.loads(world.server.run("queue", "list", "--json", *filters))["entries"]


def act(world: World, *words: str) -> int:
    return json.loads(world.server.run("queue", *words, "--json"))["done"]


def story_administrators_hold_release_and_return(world: World) -> None:
    ada = world.user("ada")
    domain = f"{world.domain.split('.')[0]}.d5.test"
    NAMES.mail(domain, "127.0.0.5")
    submit(world, ada, [f"one@{domain}", f"two@{domain}", f"three@{domain}"])
    world.server.wait_until(lambda: act(world, "hold", "--domain", domain) > 0 or
                            len(entries(world, "--domain", domain, "--state", "held")) == 3, 20, "all held")
    held = entries(world, "--domain", domain, "--state", "held")
    assert [one["recipient"].split("@")[0] for one in held] == ["one", "two", "three"], held
    assert act(world, "delete", str(held[1]["id"])) == 1
    shown = json.loads(world.server.run("queue", "show", held[0]["message"], "--json"))
    assert len(shown["entries"]) == 2 and "Subject: hello" in shown["header"], shown
    assert act(world, "return", str(held[2]["id"])) == 1
    notice = wait_for_notice(world, ada)[0]
    assert f"three@{domain}" in fields(notice) and "administrator" in notice.get_payload(0).get_content()
    with Remote(port=PORT, address="127.0.0.5") as sink:
        assert act(world, "release", held[0]["message"]) == 1
        assert sink.wait_for(1)[0].recipients == [f"one@{domain}"]
    audit = world.server.run("audit", "--json", check=False) or json.dumps(world.server.api("GET", "/audit"))
    for what in ("queue.hold", "queue.delete", "queue.return", "queue.release"):
        assert what in audit, audit[:500]


def story_administrators_reroute_and_readdress(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    submit(world, ada, ["x@d6.test", "y@d6.test"])
    world.server.wait_until(lambda: len(entries(world, "--domain", "d6.test", "--state", "waiting")) == 2, 20, "the failure")
    with Remote(port=PORT, address="127.0.0.7") as sink:
        world.server.wait_until(lambda: act(world, "reroute", "--recipient", "x@d6.test", "--to", f"127.0.0.7:{PORT}") > 0, 10,
                                "one rerouted")
        assert sink.wait_for(1)[0].recipients == ["x@d6.test"]
    world.server.wait_until(lambda: act(world, "readdress", "--recipient", "y@d6.test", "--to", bob) > 0, 10, "one readdressed")
    world.server.wait_until(lambda: world.count(bob) == 1, 20, "mail to bob")
    assert entries(world, "--domain", "d6.test") == []


def drafts(world: World, address: str) -> list[email.message.EmailMessage]:
    return [email.message_from_bytes(mail, policy=email.policy.default) for mail in world.mails(address, "Drafts")]


def story_what_was_sent_can_be_taken_back_for_a_while(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("org", "set", world.organisation, "--undo-send", "30")
    assert json.loads(world.server.run("org", "show", world.organisation, "--json"))["undo_send"] == 30
    with Remote(port=PORT) as sink:
        submit(world, ada, ["x@d2.test", bob, "hidden@d2.test"], letter(ada, f"x@d2.test>, <{bob}", subject="a mistake",
                                                                         extra="Message-ID: <mine@story>\r\n"))
        waiting = entries(world, "--login", ada)
        assert sorted(one["recipient"] for one in waiting) == sorted(["x@d2.test", bob, "hidden@d2.test"]), waiting
        assert {one["state"] for one in waiting} == {"waiting"} and entries(world, "--login", bob) == []
        tried = world.server.api("POST", "/queue-recalls?dry_run=true", {"id": waiting[0]["message"], "login": ada})
        assert tried["login"] == ada and tried["recipients"] == 3 and drafts(world, ada) == [] and entries(world, "--login", ada) == waiting, tried
        taken_back = json.loads(world.server.run("queue", "recall", waiting[0]["message"], "--login", ada, "--json"))
        assert taken_back["login"] == ada and taken_back["recipients"] == 3, taken_back
        assert entries(world, "--login", ada) == []
        draft = drafts(world, ada)[0]
        assert draft["Subject"] == "a mistake" and draft["Message-ID"] == "<mine@story>", draft.as_string()
        assert draft["Received"] is None and draft["Bcc"] == "hidden@d2.test", draft.as_string()
        imap = world.imap(ada)
        imap.select("Drafts", readonly=True)
        assert b"\\Draft" in imap.fetch("1", "(FLAGS)")[1][0], "the flag of a draft"
        imap.logout()
        try:
            world.server.run("queue", "recall", waiting[0]["message"])
            raise Failure("a message was taken back twice")
        except Failure as problem:
            assert "no such message" in str(problem), problem
        # the user's own wish goes before the organisation's; what has left is gone
        world.server.run("user", "set", ada, "--undo-send", "1")
        submit(world, ada, ["later@d2.test", "never@d4.test"])
        left = entries(world, "--login", ada)[0]["message"]
        assert sink.wait_for(1)[0].recipients == ["later@d2.test"]
        world.server.wait_until(lambda: len(entries(world, "--login", ada)) == 1, 10, "one of them to be settled")
        try:
            world.server.run("queue", "recall", left)
            raise Failure("a message was taken back that somebody has")
        except Failure as problem:
            assert "on its way already" in str(problem), problem
        world.server.run("queue", "delete", left)
        assert len(sink.taken) == 1 and world.count(bob) == 0
    audit = world.server.api("GET", "/audit?organisation=" + urllib.parse.quote(world.organisation))
    assert "queue.recall" in json.dumps(audit), audit


def story_mail_for_later_is_listed_and_taken_back_by_its_sender_only(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    submit(world, ada, bob, letter(ada, bob, subject="for later"), mail_options=("HOLDFOR=600",))
    waiting = entries(world, "--login", ada)
    assert len(waiting) == 1 and waiting[0]["subject"] == "for later" and waiting[0]["next"] > waiting[0]["received"], waiting
    try:
        world.server.run("queue", "recall", waiting[0]["message"], "--login", bob)
        raise Failure("bob took back what ada sent")
    except Failure as problem:
        assert "no such message" in str(problem), problem
    world.server.run("queue", "recall", waiting[0]["message"], "--login", ada)
    assert [draft["Subject"] for draft in drafts(world, ada)] == ["for later"] and world.count(bob) == 0


def story_notices_speak_the_language_that_was_chosen(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("org", "set", world.organisation, "--language", "fr")
    world.server.run("user", "set", bob, "--language", "en")
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "550 5.1.1 no")
        submit(world, ada, "x@d2.test", letter(ada, "x@d2.test", extra="Content-Language: en\r\n"))
        submit(world, bob, "x@d2.test", letter(bob, "x@d2.test", extra="Content-Language: fr\r\n"))
        french, english = wait_for_notice(world, ada)[0], wait_for_notice(world, bob)[0]
        assert french["Subject"].startswith("Message non remis: ") and "could not be delivered" not in french.get_payload(0).get_content()
        assert english["Subject"].startswith("Not delivered: ") and "remis" not in english.get_payload(0).get_content()
        world.server.run("user", "set", bob, "--language", "auto")
        submit(world, bob, "x@d2.test", letter(bob, "x@d2.test", extra="Content-Language: fr\r\n"))
        assert wait_for_notice(world, bob, 2)[1]["Subject"].startswith("Message non remis: ")
    try:
        world.server.run("user", "set", bob, "--language", "tlh")
        raise Failure("a language that nobody speaks here")
    except Failure as problem:
        assert "fr, en or auto" in str(problem), problem
    shown = json.loads(world.server.run("user", "show", bob, "--json"))
    assert shown["language"] == "auto", shown


def story_a_storage_group_that_is_down_holds_up_its_own_only(world: World) -> None:
    ada = world.user("ada")
    name = f"Down {world.domain}"
    world.server.run("storage-group", "add", name)
    bob = world.user("bob", "--storage-group", name)
    world.wait_for_mail(bob)
    world.server.run("storage-group", "dismount", name)
    submit(world, ada, [ada, bob], letter(ada, bob, subject="while down"))
    world.server.wait_until(lambda: any(b"while down" in mail for mail in world.mails(ada)), 20, "mail to ada")
    assert [one["recipient"] for one in entries(world, "--sender", ada)] == [bob]
    world.server.run("storage-group", "mount", name)
    world.server.wait_until(lambda: sum(b"while down" in mail for mail in world.mails(bob)) == 1, 40, "mail to bob")
    world.server.wait_until(lambda: entries(world, "--sender", ada) == [], 10, "an empty queue")


def story_a_thousand_recipients_of_a_domain_are_one_transaction(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT, address="127.0.0.8") as sink:
        submit(world, ada, [f"u{i}@d8.test" for i in range(400)])
        end = time.monotonic() + 60
        while len(sink.copies()) < 400 and time.monotonic() < end:
            time.sleep(0.05)
        assert len({recipient for recipient, _ in sink.copies()}) == 400 and len(sink.copies()) == 400
        assert len(sink.taken) <= 5, len(sink.taken)


def transport_pid(world: World) -> int:
    """0 while it is away: os.kill would take that for all of us."""
    status = json.loads(world.server.run("status", "--json", check=False))
    return next(role["pid"] for role in status["roles"] if role["name"] == "transport")


def story_a_killed_transport_loses_nothing(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT, address="127.0.0.9") as sink:
        sink.answer("END", "", delay=0.05)
        for number in range(30):
            submit(world, ada, "bob@d9.test", letter(ada, "bob@d9.test", subject=f"number {number}"))
            if number % 10 == 5:
                world.server.wait_until(lambda: transport_pid(world) != 0, 20, "the role transport")
                os.kill(transport_pid(world), signal.SIGKILL)
        end = time.monotonic() + 60
        subjects: set[bytes] = set()
        while len(subjects) < 30 and time.monotonic() < end:
            time.sleep(0.1)
            subjects = {re.search(rb"Subject: (.*)\r", data).group(1) for _, data in sink.copies()}
        assert len(subjects) == 30, sorted(subjects)


def story_etrn_brings_what_waits_for_a_backed_up_domain(world: World) -> None:
    domain = f"{world.domain.split('.')[0]}backup.test"
    NAMES.mail(domain, "127.0.0.4")
    world.server.run("domain", "add", domain, "--org", world.organisation, "--kind", "relay", check=False)
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=30) as smtp:
        smtp.ehlo()
        code, text = smtp.docmd("ETRN", domain)
    assert code == 251, (code, text)
