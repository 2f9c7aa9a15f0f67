"""What arrives by SMTP, submission and LMTP, and what is stored of it."""
from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import urllib.parse

from kit.world import PASSWORD, World

PACKAGES = ["swaks", "libnet-ssleay-perl", "libio-socket-ssl-perl"]


def submission(world: World, address: str, tls: bool = True) -> smtplib.SMTP:
    smtp = smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        smtp.starttls(context=context)
    smtp.login(address, PASSWORD)
    return smtp


def header(mail: bytes) -> str:
    return mail.split(b"\r\n\r\n", 1)[0].decode("utf-8", "surrogateescape")


def story_trace_fields_stand_first_and_the_body_is_what_was_sent(world: World) -> None:
    ada = world.user("ada")
    body = "Subject: odd\r\nReturn-Path: <forged@outside.example>\r\n\r\n.\r\n..two\r\n\r\nlast \xa4\r\n"
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), "client.example.com", timeout=60) as smtp:
        smtp.sendmail("x@outside.example", [ada], body.encode())
    mail = world.mails(ada)[0]
    lines = header(mail).split("\r\n")
    assert lines[0] == "Return-Path: <x@outside.example>", lines
    received = header(mail).replace("\r\n\t", " ").replace("\r\n ", " ")
    assert "Received: from client.example.com" in received and "with ESMTP" in received, received
    assert f"for <{ada}>" in received and "forged" not in received, received
    assert mail.split(b"\r\n\r\n", 1)[1] == body.split("\r\n\r\n", 1)[1].encode()


def story_submission_completes_the_header_and_hides_bcc(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    mail = f"From: Ada <{ada}>\r\nTo: {bob}\r\nBcc: {eve},\r\n hidden@{world.domain}\r\nSubject: secret\r\n\r\nhi\r\n"
    with submission(world, ada) as smtp:
        assert smtp.sendmail(ada, [bob, eve], mail.encode()) == {}
    for who in (bob, eve):
        got = header(world.mails(who)[0])
        assert "\r\nDate: " in got and "\r\nMessage-ID: <" in got, got
        assert "Bcc" not in got and "hidden" not in got and "with ESMTPSA" in got, got


def story_swaks_speaks_every_dialect(world: World) -> None:
    ada = world.user("ada")
    at = f"127.0.0.1:{world.server.port('smtp')}"
    for options in ([], ["--tls"], ["--pipeline"], ["--protocol", "SMTP"]):
        world.run("swaks", "--server", at, "--from", "x@outside.example", "--to", ada, *options)
    for kind in ("PLAIN", "LOGIN"):
        world.run("swaks", "--server", f"127.0.0.1:{world.server.port('submission')}", "--tls", "--auth", kind,
                  "--auth-user", ada, "--auth-password", PASSWORD, "--from", ada, "--to", ada)
    world.run("swaks", "--server", f"127.0.0.1:{world.server.port('submissions')}", "--tls-on-connect", "--auth",
              "PLAIN", "--auth-user", ada, "--auth-password", PASSWORD, "--from", ada, "--to", ada)
    world.run("swaks", "--server", f"127.0.0.1:{world.server.port('lmtp')}", "--protocol", "LMTP", "--from",
              "x@outside.example", "--to", ada)
    assert world.count(ada) == 8


def story_lmtp_over_tcp_and_a_unix_socket(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob", "--quota", "1K")
    for place in (("127.0.0.1", world.server.port("lmtp")), (f"{world.server.data}/run/lmtp.sock", 0)):
        with smtplib.LMTP(*place) as lmtp:
            lmtp.ehlo_or_helo_if_needed()
            lmtp.mail("x@outside.example")
            assert lmtp.rcpt(ada)[0] == 250
            assert lmtp.rcpt(f"nobody@{world.domain}")[0] == 550
            assert lmtp.rcpt(bob)[0] == 250
            lmtp.putcmd("data")
            assert lmtp.getreply()[0] == 354
            lmtp.send(b"Subject: large\r\n\r\n" + b"x" * 900 + b"\r\n.\r\n")
            assert lmtp.getreply()[0] == 250
            assert lmtp.getreply()[0] == 452          # its own status: bob's mailbox cannot hold it
    assert (world.count(ada), world.count(bob)) == (2, 0)


def story_chunks_bring_the_same_message_as_data(world: World) -> None:
    ada = world.user("ada")
    mail = b"Subject: chunks\r\n\r\n.\r\nend\r\n"
    with socket.create_connection(("127.0.0.1", world.server.port("smtp")), 60) as link:
        file = link.makefile("rwb")
        file.readline()
        file.write(b"EHLO client\r\n")
        file.flush()
        while not file.readline().startswith(b"250 "):
            pass
        file.write(b"MAIL FROM:<x@outside.example>\r\nRCPT TO:<%s>\r\n" % ada.encode())
        for byte in mail:
            file.write(b"BDAT 1\r\n" + bytes([byte]))
        file.write(b"BDAT 0 LAST\r\n")
        file.flush()
        replies = [file.readline() for _ in range(len(mail) + 3)]
    assert all(reply.startswith(b"250 ") for reply in replies), replies
    assert world.mails(ada)[0].endswith(mail.split(b"\r\n", 1)[1])


def story_of_twenty_deliveries_at_once_the_one_that_fits_is_taken(world: World) -> None:
    ada = world.user("ada", "--quota", "10K")
    codes: list[int] = []

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
            smtp.ehlo()
            smtp.mail("x@outside.example")
            smtp.rcpt(ada)
            codes.append(smtp.data(b"Subject: six\r\n\r\n" + b"x" * 6000 + b"\r\n")[0])

    threads = [threading.Thread(target=deliver) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [250] + [452] * 19, codes
    assert world.count(ada) == 1


def story_a_large_message_goes_through_a_file(world: World) -> None:
    ada = world.user("ada")
    line = b"0123456789" * 7 + b"\r\n"
    mail = b"Subject: large\r\n\r\n" + line * 60000
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=120) as smtp:
        smtp.sendmail("x@outside.example", [ada], mail)
    got = world.mails(ada)[0]
    assert got.endswith(mail), len(got)


def story_an_address_in_utf8(world: World) -> None:
    joe = world.user("jos\u00e9")
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
        smtp.command_encoding = "utf-8"
        smtp.ehlo()
        smtp.mail("x@outside.example")
        assert smtp.rcpt(joe)[0] == 553
        smtp.rset()
        smtp.mail("x@outside.example", ["SMTPUTF8"])
        assert smtp.rcpt(joe)[0] == 250
        assert smtp.rcpt("jose\u0301@" + world.domain)[0] == 250     # the other normal form of the same name
        assert smtp.data("Subject: \u00e9\r\n\r\n\u00e9\r\n".encode())[0] == 250
    folders = world.server.api("GET", f"/mailboxes/{urllib.parse.quote(joe)}/folders")["folders"]
    assert [f["messages"] for f in folders if f["name"] == "INBOX"] == [1]


def story_recipients_of_two_storage_groups_are_taken_together(world: World) -> None:
    ada = world.user("ada")                      # before there is a choice of stores
    world.server.run("storage-group", "add", "third")
    world.server.run("store", "add", "far away", "--group", "third")
    bob = world.user("bob", "--store", "far away")
    world.wait_for_mail(ada, bob)
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
        assert smtp.sendmail("x@outside.example", [ada, bob], b"Subject: both\r\n\r\nhi\r\n") == {}
    world.server.wait_until(lambda: (world.count(ada), world.count(bob)) == (2, 2), 20, "both copies, by the queue")
    with smtplib.LMTP("127.0.0.1", world.server.port("lmtp")) as lmtp:   # a status each: nothing to split
        lmtp.ehlo_or_helo_if_needed()
        lmtp.mail("x@outside.example")
        assert [lmtp.rcpt(who)[0] for who in (ada, bob)] == [250, 250]
        lmtp.putcmd("data")
        assert lmtp.getreply()[0] == 354
        lmtp.send(b"Subject: both\r\n\r\nhi\r\n.\r\n")
        assert [lmtp.getreply()[0] for _ in (ada, bob)] == [250, 250]
    assert (world.count(ada), world.count(bob)) == (3, 3)
