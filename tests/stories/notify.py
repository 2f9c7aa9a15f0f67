"""Two people and one folder: who may read it hears of it at once, and who may not any more hears nothing."""
from __future__ import annotations

import select
import smtplib
import socket
import time

from kit.instance import Failure
from kit.world import PASSWORD, World


class Ear:
    """A raw IMAP connection: sends a command, and listens without sending any."""

    def __init__(self, world: World, address: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", world.server.port("imap")), timeout=60)
        self.buffer = b""
        self.line()
        self.command(f"LOGIN {address} {PASSWORD}")

    def line(self, seconds: float = 20) -> str:
        deadline = time.monotonic() + seconds
        while b"\r\n" not in self.buffer:
            if not select.select([self.socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise Failure(f"nothing was said within {seconds} s")
            data = self.socket.recv(65536)
            if not data:
                raise Failure("the server closed the connection")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode()

    def command(self, text: str) -> tuple[str, list[str]]:
        self.socket.sendall(f"t {text}\r\n".encode())
        said: list[str] = []
        while not (line := self.line()).startswith("t "):
            said.append(line)
        return line[2:], said

    def is_silent(self, seconds: float) -> bool:
        return not self.buffer and not select.select([self.socket], [], [], seconds)[0]


def deliver(world: World, address: str) -> None:
    with smtplib.LMTP("127.0.0.1", world.server.port("lmtp"), timeout=60) as lmtp:
        assert lmtp.sendmail("somebody@outside.example", [address], b"Subject: for both\r\n\r\nbody\r\n") == {}


def story_who_may_read_hears_of_delivery_without_asking(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    owner, reader = Ear(world, alice), Ear(world, bob)
    shown = f'"Other Users/{alice}/INBOX"'
    assert owner.command(f"SETACL INBOX {bob} lr")[0].startswith("OK")
    assert reader.command(f"NOTIFY SET (mailboxes {shown} (MessageNew MessageExpunge))") == ("OK NOTIFY done.", [])
    deliver(world, alice)
    line = reader.line()
    assert line.startswith(f"* STATUS {shown} (MESSAGES 1 ") and "UNSEEN 1" in line, line
    assert owner.command(f"DELETEACL INBOX {bob}")[0].startswith("OK")
    assert reader.line() == f'* LIST (\\NonExistent \\NoAccess) "/" {shown}'
    deliver(world, alice)
    assert world.count(alice) == 2
    assert reader.is_silent(2), reader.buffer
    assert owner.command("SETACL INBOX anyone lr")[0].startswith("OK")
    assert reader.line() == f'* LIST (\\HasNoChildren) "/" {shown}'
    assert reader.line().startswith(f"* STATUS {shown} (MESSAGES 2 ")
    deliver(world, alice)
    assert reader.line().startswith(f"* STATUS {shown} (MESSAGES 3 ")


def story_news_that_come_in_the_middle_of_a_command_come_after_it(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    owner, reader = Ear(world, alice), Ear(world, bob)
    shown = f'"Other Users/{alice}/INBOX"'
    owner.command(f"SETACL INBOX {bob} lr")
    reader.command(f"NOTIFY SET (mailboxes {shown} (MessageNew MessageExpunge))")
    reader.socket.sendall(b"t APPEND Drafts {15}\r\n")
    assert reader.line().startswith("+")
    deliver(world, alice)
    assert reader.is_silent(1)
    reader.socket.sendall(b"Subject: x\r\n\r\ny\r\n")
    assert reader.line().startswith("t OK")
    assert reader.line().startswith(f"* STATUS {shown} (MESSAGES 1 ")


def story_more_than_can_be_watched_is_refused(world: World) -> None:
    """50 mailboxes of others (NOTIFY_MAILBOXES_MAX); the 51st that is shared ends the watch."""
    bob = world.user("bob")
    people = [f"u{number}@{world.domain}" for number in range(51)]
    csv = world.write("people.csv", "address,name,password\n" + "".join(f"{one},One,{PASSWORD}\n" for one in people))
    world.server.run("user", "import", csv, timeout=300)
    for one in people[:50]:
        Ear(world, one).command(f"SETACL INBOX {bob} lr")
    reader = Ear(world, bob)
    watch = 'NOTIFY SET (subtree "Other Users" (MessageNew MessageExpunge))'
    assert reader.command(watch)[0].startswith("OK")
    last = Ear(world, people[50])
    last.command(f"SETACL INBOX {bob} lr")
    assert reader.line().startswith("* OK [NOTIFICATIONOVERFLOW] ")
    deliver(world, people[0])
    assert reader.is_silent(1)
    assert reader.command(watch)[0].startswith("NO [NOTIFICATIONOVERFLOW] ")
    last.command(f"DELETEACL INBOX {bob}")
    assert reader.command(watch)[0].startswith("OK")
    deliver(world, people[0])
    assert reader.line().startswith(f'* STATUS "Other Users/{people[0]}/INBOX" (MESSAGES 2 ')
