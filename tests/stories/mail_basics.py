"""What everybody expects of a mail server, across protocols."""
from __future__ import annotations

import poplib
import smtplib
import socket
import zlib
from urllib.parse import quote

from kit.instance import Failure
from kit.world import PASSWORD, World, corpus


def story_two_sessions_see_each_others_changes(world: World) -> None:
    ada = world.user("ada")
    first, second = world.imap(ada), world.imap(ada)
    first.select("INBOX")
    second.select("INBOX")
    world.send(ada)
    first.noop()
    second.noop()
    assert first.untagged_responses["EXISTS"][-1] == b"1"
    first.store("1", "+FLAGS", "\\Flagged")
    second.noop()
    assert any(b"\\Flagged" in line for line in second.response("FETCH")[1])
    first.store("1", "+FLAGS", "\\Deleted")
    first.expunge()
    second.noop()
    assert second.response("EXPUNGE")[1] == [b"1"]


def stored_bodies(world: World) -> int:
    groups = world.server.api("GET", "/storage-groups")["storage_groups"]
    return sum(world.server.api("GET", "/storage-groups/" + quote(group["name"]))["messages"] for group in groups)


def story_twenty_recipients_one_stored_body(world: World) -> None:
    people = [world.user(f"p{number}", "--inbox-only") for number in range(20)]
    before = stored_bodies(world)
    world.send(people, "Subject: to all\r\n\r\n" + "the same for everybody\r\n" * 3000)
    for person in people:
        assert world.count(person) == 1
    bodies = stored_bodies(world) - before
    assert bodies == 1, f"{bodies} bodies were stored"


def story_alias_to_three_gives_three_deliveries(world: World) -> None:
    people = [world.user(f"p{number}", "--inbox-only") for number in range(3)]
    team = world.alias("team", *people)
    world.send(team)
    assert [world.count(person) for person in people] == [1, 1, 1]


def story_full_is_said_at_rcpt_and_accepted_again_after_deletion(world: World) -> None:
    ada, bob = world.user("ada", "--quota", "200K"), world.user("bob")
    mail = "Subject: fill\r\n\r\n" + "x" * 70 * 800 + "\r\n"
    for _ in range(3):
        world.send(ada, mail + "1\r\n" * _)
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp")) as smtp:
        smtp.ehlo()
        smtp.docmd("MAIL FROM:<a@outside.example> SIZE=100000")
        code, text = smtp.docmd(f"RCPT TO:<{ada}>")
        assert code == 452 and b"4.2.2" in text, (code, text)
        assert smtp.docmd(f"RCPT TO:<{bob}>")[0] == 250
    warnings = [mail for mail in world.mails(ada) if b"fill" not in mail]
    assert len(warnings) == 1, f"{len(warnings)} warnings at 80 %"
    imap = world.imap(ada)
    imap.select("INBOX")
    imap.store("1:*", "+FLAGS", "\\Deleted")
    imap.expunge()
    imap.logout()
    assert world.send(ada, mail) == {}


def story_a_full_domain_is_said_at_rcpt_and_accepted_again_after_deletion(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("domain", "set", world.domain, "--quota", "200K")
    mail = "Subject: fill\r\n\r\n" + "x" * 70 * 800 + "\r\n"
    for number in range(3):
        world.send((ada, bob)[number % 2], mail + f"{number}\r\n")
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp")) as smtp:
        smtp.ehlo()
        smtp.docmd("MAIL FROM:<a@outside.example> SIZE=100000")
        for who in (ada, bob):
            code, text = smtp.docmd(f"RCPT TO:<{who}>")
            assert code == 452 and b"domain" in text and b"full" in text, (code, text)
    imap = world.imap(ada)
    imap.select("INBOX")
    imap.store("1:*", "+FLAGS", "\\Deleted")
    imap.expunge()
    imap.logout()
    assert world.send(bob, mail) == {}, "what one deletes is room for all"


def open_again(world: World, address: str) -> poplib.POP3:
    opened: list[poplib.POP3] = []

    def is_free() -> bool:
        try:
            opened.append(world.pop3(address))
        except poplib.error_proto as problem:
            assert b"[IN-USE]" in problem.args[0], problem
        return bool(opened)
    world.server.wait_until(is_free, 10, "a maildrop that nobody holds any more")
    return opened[0]


def story_pop3_uidl_is_for_ever_and_dele_waits_for_quit(world: World) -> None:
    ada = world.user("ada")
    for mail in corpus(3):
        world.send(ada, mail.decode())
    pop = world.pop3(ada)
    before = pop.uidl()[1]
    pop.dele(1)
    pop.close()                                  # no QUIT: the maildrop is free as soon as the server has seen that
    pop = open_again(world, ada)
    assert pop.uidl()[1] == before
    pop.dele(1)
    pop.quit()
    after = world.pop3(ada).uidl()[1]
    assert [line.split()[1] for line in after] == [line.split()[1] for line in before[1:]]


def story_the_same_name_in_two_domains_are_two_people(world: World) -> None:
    world.server.run("domain", "add", "other-" + world.domain, "--org", world.organisation)
    here = world.user("bob", password="first-secret-1")
    there = f"bob@other-{world.domain}"
    world.server.run("user", "add", there, "--name", "Bob", "--password-file", "-", stdin="second-secret-2\n")
    world.send(here, "Subject: only here\r\n\r\n.\r\n")
    assert world.imap(there, "second-secret-2").select("INBOX")[1] == [b"0"]
    assert world.imap(here, "first-secret-1").select("INBOX")[1] == [b"1"]
    for address, password in ((here, "second-secret-2"), (there, "first-secret-1")):
        try:
            world.imap(address, password)
        except Exception as problem:
            assert "AUTHENTICATIONFAILED" in str(problem), problem
        else:
            raise Failure(f"{address} logged in with the other's password")


def story_sender_must_be_ones_own(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    with smtplib.SMTP("127.0.0.1", world.server.port("submission")) as smtp:
        smtp.ehlo()
        assert smtp.docmd(f"MAIL FROM:<{ada}>")[0] == 530
        smtp.login(bob, PASSWORD)
        assert smtp.docmd(f"MAIL FROM:<{ada}>")[0] in (550, 553)
        assert smtp.docmd(f"MAIL FROM:<{bob}>")[0] == 250
        assert smtp.docmd("RCPT TO:<somebody@far-away.example>")[0] == 250
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp")) as smtp:
        smtp.ehlo()
        assert smtp.docmd(f"MAIL FROM:<{bob}>")[0] == 250
        assert smtp.docmd("RCPT TO:<somebody@far-away.example>")[0] == 550


def story_a_greek_name_survives_the_whole_trip(world: World) -> None:
    address = f"eleni@{world.domain}"
    world.server.run("user", "add", address, "--name", "Ελένη Παπαδοπούλου", "--password-file", "-", stdin=PASSWORD + "\n")
    assert "Ελένη Παπαδοπούλου" in world.server.run("user", "show", address, "--json")
    world.send(address, "Subject: =?utf-8?B?zprOsc67zrfOvM6tz4HOsQ==?=\r\n\r\nΚαλημέρα\r\n")
    assert "Καλημέρα".encode() in world.mails(address)[0]
    imap = world.imap(address)
    imap.select("INBOX")
    imap.literal = "καλημερα".encode()           # found without its accent
    assert imap.search("UTF-8", "SUBJECT")[1] == [b"1"]


def story_a_compressed_session_reads_and_appends(world: World) -> None:
    """COMPRESS DEFLATE (RFC 4978), both ways, with a mail larger than any buffer."""
    ada = world.user("ada")
    mail = "Subject: deflated\r\n\r\n" + "the same line again and again\r\n" * 20000
    world.send(ada, mail)
    with socket.create_connection(("127.0.0.1", world.server.port("imap")), 30) as link:
        link.settimeout(30)
        link.sendall(f"a LOGIN {ada} {PASSWORD}\r\nb COMPRESS DEFLATE\r\n".encode())
        said = b""
        while b"\r\n" not in said.partition(b"\nb OK")[2]:
            said += link.recv(65536)
        squeeze, stretch = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)

        def command(tag: str, text: str) -> bytes:
            link.sendall(squeeze.compress(f"{tag} {text}\r\n".encode()) + squeeze.flush(zlib.Z_SYNC_FLUSH))
            answer = b""
            while f"\n{tag} OK".encode() not in b"\n" + answer:
                piece = link.recv(65536)
                assert piece, answer[-200:]
                answer += stretch.decompress(piece)
            return answer
        command("c", "SELECT INBOX")
        assert mail.encode() in command("d", "FETCH 1 BODY.PEEK[]")
        command("e", f"APPEND Sent {{{len(mail)}+}}\r\n{mail}")
    assert mail.encode() in world.mails(ada, "Sent")
