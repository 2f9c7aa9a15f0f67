"""Filters and automatic replies: what people set up, and what becomes of their mail."""
from __future__ import annotations

import email
import email.policy
import smtplib
import time

from kit.instance import Failure
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import PASSWORD, World
from smtp import submission

PACKAGES = ["sieve-connect"]
PORT = reserve_port()
NAMES = Names(reserve_port())
NAMES.mail("outside.test", "127.0.0.2")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def letter(to: str, subject: str = "hello", extra: str = "", body: str = "body") -> str:
    return f"From: Zoe <zoe@outside.test>\r\nTo: <{to}>\r\nSubject: {subject}\r\n{extra}\r\n{body}\r\n"


def put(world: World, address: str, script: str, name: str = "main") -> None:
    world.server.run("sieve", "put", address, name, "--file", "-", "--activate", stdin=script)


def send(world: World, to: str | list[str], mail: str, sender: str = "zoe@outside.test") -> None:
    refused = world.send(to, mail, sender)
    assert refused == {}, refused


def texts(world: World, address: str, folder: str = "INBOX") -> list[str]:
    return [mail.decode("utf-8", "replace") for mail in world.mails(address, folder)] if world.count(address, folder) else []


def wait_for(world: World, address: str, count: int, folder: str = "INBOX") -> list[str]:
    world.server.wait_until(lambda: world.count(address, folder) >= count, 20, f"{count} mails in {folder} of {address}")
    return texts(world, address, folder)


def sieve_connect(world: World, address: str, *words: str) -> str:
    """The client asks for TLS, and reads the password from descriptor 3."""
    command = (f'exec 3<password; exec sieve-connect -s localhost -p {world.server.port("managesieve")} -u {address} '
               '--notlsverify --passwordfd 3 "$@"')
    return world.run("sh", "-c", command, "sh", *words)


def story_a_mail_program_keeps_and_chooses_scripts(world: World) -> None:
    ada = world.user("ada")
    world.write("password", PASSWORD + "\n")
    world.write("filter.sieve", 'require ["fileinto", "mailbox"];\n'
                'if header :contains "subject" "bill" { fileinto :create "Bills/2031"; stop; }\n')
    sieve_connect(world, ada, "--localsieve", "filter.sieve", "--remotesieve", "filter", "--upload")
    assert '"filter"' in (listed := sieve_connect(world, ada, "--list")) and "ACTIVE" not in listed, listed
    sieve_connect(world, ada, "--remotesieve", "filter", "--activate")
    assert "ACTIVE" in sieve_connect(world, ada, "--list")
    send(world, ada, letter(ada, "your bill"))
    send(world, ada, letter(ada, "hello"))
    assert world.count(ada, "Bills/2031") == 1 and world.count(ada) == 1
    world.write("bad.sieve", "frobnicate;\n")
    try:
        answer = sieve_connect(world, ada, "--localsieve", "bad.sieve", "--remotesieve", "filter", "--upload")
    except Failure as failure:
        answer = str(failure)
    assert "frobnicate" in answer, answer
    sieve_connect(world, ada, "--remotesieve", "filter", "--download", "--localsieve", "back.sieve")
    with open(f"{world.folder}/back.sieve", encoding="utf-8") as file:
        assert "Bills/2031" in file.read()


def story_the_administrator_keeps_scripts(world: World) -> None:
    ada = world.user("ada")
    run = world.server.run
    run("sieve", "put", ada, "one", "--file", "-", stdin='keep;\n')
    assert "one" in run("sieve", "list", ada)
    assert run("sieve", "get", ada, "one") == "keep;\n"
    run("sieve", "activate", ada, "one")
    assert "yes" in run("sieve", "list", ada)
    for words, stdin, what in ((("sieve", "delete", ada, "one"), None, "active"),
                               (("sieve", "check", "--file", "-"), "keep;\nfrob;", "line 2"),
                               (("sieve", "put", ada, "two", "--file", "-"), "frob;", "line 1"),
                               (("sieve", "get", ada, "none"), None, "no script"),
                               (("sieve", "list", f"nobody@{world.domain}"), None, "")):
        try:
            run(*words, stdin=stdin)
        except Failure as failure:
            assert what in str(failure), failure
        else:
            raise Failure(f"{words} should have failed")
    run("sieve", "off", ada)
    run("sieve", "delete", ada, "one")
    assert "one" not in run("sieve", "list", ada)


def story_flags_edited_headers_and_copies(world: World) -> None:
    ada = world.user("ada")
    put(world, ada, 'require ["fileinto", "imap4flags", "editheader", "copy", "special-use"];\n'
        'fileinto :copy :flags ["\\\\Seen", "$Label"] "Archive";\n'
        'addheader "X-Filtered" "yes";\n')
    send(world, ada, letter(ada))
    assert "X-Filtered" not in texts(world, ada, "Archive")[0]
    assert "X-Filtered: yes" in texts(world, ada)[0]
    imap = world.imap(ada)
    imap.select("Archive", readonly=True)
    flags = imap.fetch("1", "(FLAGS)")[1][0]
    imap.logout()
    assert b"\\Seen" in flags and b"$Label" in flags, flags


def story_discard_takes_it_in_silence(world: World) -> None:
    ada = world.user("ada")
    put(world, ada, 'discard;')
    send(world, ada, letter(ada))
    assert world.count(ada) == 0
    world.server.run("sieve", "off", ada)
    send(world, ada, letter(ada))
    assert world.count(ada) == 1


def story_the_only_recipient_refuses_at_the_door(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    put(world, ada, 'require "reject"; reject "Please use the form.";')
    try:
        world.send(ada, letter(ada))
    except smtplib.SMTPDataError as refusal:
        assert refusal.smtp_code == 550 and b"Please use the form." in refusal.smtp_error, refusal
    else:
        raise Failure("it was taken")
    # one of several: the others have it, and the sender is told
    carol = world.user("carol")
    with submission(world, carol) as smtp:
        assert smtp.sendmail(carol, [ada, bob], f"From: {carol}\r\nTo: {ada}, {bob}\r\nSubject: x\r\n\r\ny\r\n".encode()) == {}
    wait_for(world, bob, 1)
    notice = wait_for(world, carol, 1)[0]
    assert "multipart/report" in notice and "Please use the form." in notice, notice
    assert world.count(ada) == 0


def story_a_redirect_reaches_the_others_and_does_not_run_in_circles(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    put(world, ada, f'require "copy"; redirect :copy "{bob}"; redirect :copy "zoe@outside.test";')
    put(world, bob, f'redirect "{ada}";')
    with Remote(port=PORT) as sink:
        send(world, ada, letter(ada, "round"), "someone@third.test")
        taken = sink.wait_for(1)
    assert taken[0].recipients == ["zoe@outside.test"], taken
    sender = taken[0].sender
    assert sender.startswith("SRS0=") and sender.endswith(f"=third.test=someone@{world.domain}"), sender
    assert b"Delivered-To: " + ada.encode() in taken[0].data and b"Return-Path" not in taken[0].data, taken[0].data
    world.server.wait_until(lambda: world.count(ada) == 2, 20, "the copy that came back")
    time.sleep(1)
    assert world.count(ada) == 2 and world.count(bob) == 0, (world.count(ada), world.count(bob))


def story_what_a_rule_redirects_passes_spf_and_bounces_to_who_sent_it(world: World) -> None:
    """The sender is one of ours towards the next server; of our own people and of nobody it stays (seeds, row 10)."""
    ada, eve = world.user("ada"), world.user("eve")
    put(world, ada, 'redirect "zoe@outside.test";')
    with Remote(port=PORT) as sink:
        send(world, ada, letter(ada), "someone@outside.test")
        send(world, ada, letter(ada), "")
        with submission(world, eve) as smtp:
            smtp.sendmail(eve, ada, letter(ada).replace("zoe@outside.test", eve).encode())
        senders = sorted(one.sender for one in sink.wait_for(3))
    assert senders[:1] == [""] and senders[2] == eve, senders
    assert senders[1].startswith("SRS0=") and senders[1].endswith(f"=outside.test=someone@{world.domain}"), senders
    with Remote(port=PORT) as sink:
        send(world, senders[1], letter(senders[1], "a bounce"), "")
        assert sink.wait_for(1)[0].recipients == ["someone@outside.test"]


def story_nobody_asks_for_a_receipt_in_vain_and_no_rule_gives_one(world: World) -> None:
    """RFC 8098, 2.1: only what a person's program knows that the person saw is confirmed; the server confirms nothing."""
    ada = world.user("ada")
    put(world, ada, 'require ["copy", "fileinto", "mailbox", "imap4flags", "vacation"]; vacation :mime "Subject: no\r\n\r\nno";'
                    'if header :is "subject" "gone" { discard; stop; } redirect :copy "zoe@outside.test";'
                    'fileinto :create :flags "\\\\Seen" "Filed";')
    wish = "Disposition-Notification-To: <boss@outside.test>\r\nDisposition-Notification-Options: x=optional,1\r\n"
    with Remote(port=PORT) as sink:
        for subject in ("filed", "gone"):
            send(world, ada, letter(ada, subject, extra=wish + "Precedence: bulk\r\n"), "boss@outside.test")
        taken = sink.wait_for(1)
        imap = world.imap(ada)
        imap.select("Filed")
        imap.store("1", "+FLAGS", "(\\Seen)")
        imap.expunge()
        imap.logout()
        time.sleep(1.5)
        assert len(sink.taken) == 1 and taken[0].recipients == ["zoe@outside.test"], sink.taken
    for data in (taken[0].data, world.mails(ada, "Filed")[0]):
        assert all(line.encode() in data for line in wish.splitlines()), data


def story_an_automatic_reply_is_given_once_to_people(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    inside, outside = world.write("inside", "Back on Monday; ask Carol.\n"), world.write("outside", "Away until Monday, é.\n")
    world.server.run("vacation", "set", ada, "--subject", "Away", "--text-file", inside, "--outside-text-file", outside)
    assert "Back on Monday" in world.server.run("vacation", "show", ada)
    with Remote(port=PORT) as sink:
        for number in range(3):
            send(world, ada, letter(ada, f"Number {number}", "Message-ID: <n@outside.test>\r\n"))
            world.server.wait_until(lambda n=number: world.count(ada) == n + 1, 20, "the mail itself")
            if number == 0:
                sink.wait_for(1)
        send(world, ada, letter(ada, extra="List-Id: <x.outside.test>\r\n"), "other@outside.test")
        send(world, ada, letter(ada), "")
        send(world, ada, letter("somebody@else.test"), "third@outside.test")
        time.sleep(2)
        taken = list(sink.taken)
    assert len(taken) == 1 and taken[0].sender == "" and taken[0].recipients == ["zoe@outside.test"], taken
    reply = email.message_from_bytes(taken[0].data, policy=email.policy.default)
    assert reply["Subject"] == "Away" and reply["Auto-Submitted"].startswith("auto-replied"), reply
    assert reply["In-Reply-To"] == "<n@outside.test>" and reply["From"] == f"Ada <{ada}>", reply
    assert "Away until Monday, é." in reply.get_content(), reply
    # colleagues read the other text
    with submission(world, bob) as smtp:
        smtp.sendmail(bob, ada, f"From: {bob}\r\nTo: {ada}\r\nSubject: x\r\n\r\ny\r\n".encode())
    assert "Back on Monday; ask Carol." in wait_for(world, bob, 1)[0]
    world.server.run("vacation", "off", ada)
    try:
        world.server.run("vacation", "show", ada)
    except Failure as failure:
        assert "No automatic reply" in str(failure), failure
    else:
        raise Failure("it is still there")


def story_an_automatic_reply_has_its_days_and_runs_beside_the_script(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    text = world.write("text", "Away.\n")
    put(world, ada, 'require "fileinto"; fileinto "Archive";')
    world.server.run("vacation", "set", ada, "--text-file", text, "--from", "2001-01-01", "--until", "2001-02-01")

    def write_to_ada() -> None:
        with submission(world, bob) as smtp:
            smtp.sendmail(bob, ada, f"From: {bob}\r\nTo: {ada}\r\nSubject: x\r\n\r\ny\r\n".encode())

    write_to_ada()
    wait_for(world, ada, 1, "Archive")
    world.server.run("vacation", "set", ada, "--text-file", text, "--from", "2001-01-01", "--until", "2099-01-01")
    write_to_ada()
    wait_for(world, ada, 2, "Archive")
    assert len(wait_for(world, bob, 1)) == 1
    try:
        world.server.run("vacation", "set", ada, "--text-file", text, "--from", "2031-01-02", "--until", "2030-01-01")
    except Failure as failure:
        assert "ends before it begins" in str(failure), failure
    else:
        raise Failure("it was taken")


def story_an_error_loses_nothing_and_is_told_once(world: World) -> None:
    ada = world.user("ada")
    put(world, ada, 'require ["fileinto", "variables"];\nset "x" "";\nfileinto "${x}";\n')
    for _ in range(3):
        send(world, ada, letter(ada))
    got = texts(world, ada)
    notices = [text for text in got if "line 3: " in text]
    assert len(got) == 4 and len(notices) == 1 and "Postmaster" in notices[0], got
    put(world, ada, 'require ["fileinto", "variables"];\nset "x" "";\n\nfileinto "${x}";\n')
    send(world, ada, letter(ada))
    assert len([text for text in texts(world, ada) if "line 4: " in text]) == 1


def story_duplicates_are_seen_across_deliveries(world: World) -> None:
    ada = world.user("ada")
    put(world, ada, 'require ["duplicate", "fileinto"]; if duplicate { fileinto "Trash"; }')
    for _ in range(2):
        send(world, ada, letter(ada, extra="Message-ID: <same@outside.test>\r\n"))
    assert world.count(ada) == 1 and world.count(ada, "Trash") == 1


def story_every_recipient_of_a_message_has_rules_of_his_own(world: World) -> None:
    people = [world.user(f"p{number}") for number in range(6)]
    for number, address in enumerate(people[:4]):
        put(world, address, ['require "fileinto"; fileinto "Archive";', 'discard;', 'keep;',
                             'require "imap4flags"; setflag "\\\\Flagged";'][number])
    send(world, people, letter(people[0]))
    assert [world.count(address) for address in people] == [0, 0, 1, 1, 1, 1]
    assert world.count(people[0], "Archive") == 1
    # and by LMTP, where each has an answer of his own
    put(world, people[4], 'require "ereject"; ereject "no";')
    with smtplib.LMTP("127.0.0.1", world.server.port("lmtp")) as lmtp:
        lmtp.ehlo_or_helo_if_needed()
        lmtp.mail("zoe@outside.test")
        assert all(lmtp.rcpt(address)[0] == 250 for address in people)
        lmtp.putcmd("data")
        assert lmtp.getreply()[0] == 354
        lmtp.send(letter(people[0]).encode() + b".\r\n")
        answers = [lmtp.getreply()[0] for _ in people]
    assert answers == [250, 250, 250, 250, 550, 250], answers
    assert [world.count(address) for address in people] == [0, 0, 2, 2, 1, 2]


def story_a_notification_goes_out(world: World) -> None:
    ada = world.user("ada")
    put(world, ada, 'require ["enotify", "fileinto"]; notify :message "New mail" "mailto:pager@outside.test"; fileinto "Archive";')
    with Remote(port=PORT) as sink:
        send(world, ada, letter(ada))
        taken = sink.wait_for(1)
    assert taken[0].recipients == ["pager@outside.test"] and b"Auto-Submitted: auto-notified" in taken[0].data, taken
    wait_for(world, ada, 1, "Archive")
