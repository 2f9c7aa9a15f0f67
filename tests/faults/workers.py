"""Clients that write down what they were promised: SMTP, LMTP, and IMAP APPEND, COPY, MOVE, STORE, EXPUNGE."""
from __future__ import annotations

import random
import re
import socket
import threading
import time
import uuid

from ledger import Ledger

TIMEOUT = 40.0
UNKNOWN = "cannot tell whether"  # said where the database did not answer for half a minute


class Gone(Exception):
    """The connection ended; whether the last command was carried out is not known."""


class Refused(Exception):
    pass


def make_mail(name: str, rng: random.Random) -> bytes:
    size = rng.choice((200, 2000, 2000, 8000, 8000, 20000, 20000, 60000))
    if rng.random() < 0.03:
        size = 300000  # is staged: above one piece of a body
    body = b"".join(b"%064x\r\n" % rng.getrandbits(256) for _ in range(size // 66 + 1))
    return (f"X-Object: {name}\r\nFrom: faults@outside.example\r\nTo: somebody@fault.example\r\n"
            f"Subject: object {name}\r\nMessage-ID: <{name}@outside.example>\r\n\r\n").encode() + body


class Wire:
    def __init__(self, port: int) -> None:
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        except OSError as problem:
            raise Refused(f"connect: {problem.strerror}") from None
        self.received = b""

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError:
            raise Gone from None

    def line(self) -> str:
        while b"\n" not in self.received:
            try:
                more = self.socket.recv(65536)
            except OSError:
                raise Gone from None
            if not more:
                raise Gone
            self.received += more
        line, _, self.received = self.received.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")

    def close(self) -> None:
        self.socket.close()


class Worker(threading.Thread):
    def __init__(self, ledger: Ledger, ports: dict[str, int], seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.ledger, self.ports, self.stop = ledger, ports, stop
        self.rng = random.Random(seed)
        self.wire: Wire | None = None
        self.crashed: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                try:
                    self.step()
                    time.sleep(self.rng.random() * 0.02)
                except (Gone, Refused):
                    self.drop()
                    time.sleep(self.rng.random() * 0.1)
            self.drop()
        except BaseException as problem:  # a bug of the harness must not look like a quiet server
            self.crashed = problem

    def drop(self) -> None:
        if self.wire:
            self.wire.close()
        self.wire = None

    def step(self) -> None:
        raise NotImplementedError


class Deliverer(Worker):
    """SMTP or LMTP to one, two or three of the delivery mailboxes."""

    def __init__(self, ledger: Ledger, ports: dict[str, int], seed: int, stop: threading.Event, protocol: str,
                 mailboxes: list[str]) -> None:
        super().__init__(ledger, ports, seed, stop)
        self.protocol, self.mailboxes = protocol, mailboxes

    def reply(self) -> str:
        assert self.wire
        line = self.wire.line()
        while line[3:4] == "-":
            line = self.wire.line()
        return line

    def connect(self) -> Wire:
        self.wire = Wire(self.ports[self.protocol])
        if not self.reply().startswith("220"):
            raise Refused("greeting")
        self.wire.send(b"LHLO faults.example\r\n" if self.protocol == "lmtp" else b"EHLO faults.example\r\n")
        self.reply()
        return self.wire

    def step(self) -> None:
        wire = self.wire or self.connect()
        name = str(uuid.UUID(int=self.rng.getrandbits(128)))
        mail = make_mail(name, self.rng)
        wanted = self.rng.sample(self.mailboxes, self.rng.choice((1, 1, 2, 3)))
        self.ledger.born(name, mail)
        wire.send(b"MAIL FROM:<faults@outside.example>\r\n")
        self.reply()
        accepted = []
        for mailbox in wanted:
            wire.send(f"RCPT TO:<{mailbox}>\r\n".encode())
            said = self.reply()
            if said.startswith("5"):
                raise AssertionError(f"permanent refusal of a recipient that exists: {said}")
            if said.startswith("2"):
                accepted.append(mailbox)
        if not accepted:
            self.ledger.note("refused", self.protocol, name, said)
            raise Refused(said)
        self.deliver(wire, name, mail, accepted)

    def deliver(self, wire: Wire, name: str, mail: bytes, accepted: list[str]) -> None:
        answered = 0
        try:
            wire.send(b"DATA\r\n")
            go = self.reply()
            if not go.startswith("354"):
                self.ledger.note("refused", self.protocol, name, go)
                raise Refused(go)
        except Gone:
            self.ledger.note("refused", self.protocol, name, "cut before the data")
            raise
        try:
            wire.send(mail + b".\r\n")
            if self.protocol == "lmtp":
                for mailbox in accepted:
                    self.settle(name, [mailbox], self.reply())
                    answered += 1
            else:
                self.settle(name, accepted, self.reply())
                answered = len(accepted)
        except Gone:
            self.ledger.note("unknown", self.protocol, name)
            for mailbox in accepted[answered:]:
                self.ledger.expect((mailbox, "INBOX", name), "unknown")
            raise

    def settle(self, name: str, mailboxes: list[str], said: str) -> None:
        if said.startswith("5"):
            raise AssertionError(f"permanent refusal of a good mail: {said}")
        outcome = "acked" if said.startswith("2") else "unknown" if UNKNOWN in said else "refused"
        self.ledger.note(outcome, self.protocol, name, said)
        for mailbox in mailboxes:
            self.ledger.expect((mailbox, "INBOX", name), outcome)


class Reader(Worker):
    """One mailbox of its own; every object has a life of APPEND, then some of STORE, COPY, MOVE, EXPUNGE."""

    def __init__(self, ledger: Ledger, ports: dict[str, int], seed: int, stop: threading.Event, mailbox: str,
                 password: str) -> None:
        super().__init__(ledger, ports, seed, stop)
        self.mailbox, self.password = mailbox, password
        self.living: list[tuple[str, int]] = []  # objects in Work with their UIDs
        self.number = 0

    def command(self, text: str, literal: bytes = b"") -> list[str]:
        assert self.wire
        self.number += 1
        tag = f"w{self.number}"
        if literal:
            self.wire.send(f"{tag} {text} {{{len(literal)}+}}\r\n".encode() + literal + b"\r\n")
        else:
            self.wire.send(f"{tag} {text}\r\n".encode())
        lines = []
        while True:
            line = self.wire.line()
            lines.append(line)
            if line.startswith(f"{tag} OK"):
                return lines
            if line.startswith(tag + " "):
                if "BAD" in line.split(" ", 2)[1] or "AUTHENTICATIONFAILED" in line or "NONEXISTENT" in line:
                    raise AssertionError(f"{text} was answered for ever: {line}")
                if UNKNOWN in line:
                    raise Gone
                raise Refused(line.split(" ", 1)[1])
            if line.startswith("* BYE"):
                raise Gone

    def attempt(self, what: str, name: str, text: str, literal: bytes = b"") -> tuple[str, list[str]]:
        try:
            lines = self.command(text, literal)
            self.ledger.note("acked", what, name)
            return "acked", lines
        except Refused as problem:
            self.ledger.note("refused", what, name, str(problem))
            return "refused", []
        except Gone:
            self.ledger.note("unknown", what, name)
            self.drop()
            return "unknown", []

    def connect(self) -> None:
        self.wire = Wire(self.ports["imap"])
        if not self.wire.line().startswith("* OK"):
            raise Refused("greeting")
        self.command(f"LOGIN {self.mailbox} {self.password}")
        self.command("SELECT Work")

    def step(self) -> None:
        if not self.wire:
            self.connect()
        if len(self.living) < 5 or self.rng.random() < 0.4:
            self.append()
        else:
            name, uid = self.living.pop(self.rng.randrange(len(self.living)))
            self.rng.choice((self.store, self.copy, self.move, self.expunge))(name, uid)

    def append(self) -> None:
        name = str(uuid.UUID(int=self.rng.getrandbits(128)))
        mail = make_mail(name, self.rng)
        self.ledger.born(name, mail)
        outcome, lines = self.attempt("append", name, "APPEND Work", mail)
        self.ledger.expect((self.mailbox, "Work", name), outcome)
        if outcome == "acked":
            uid = re.search(r"APPENDUID \d+ (\d+)", lines[-1])
            assert uid, lines[-1]
            self.living.append((name, int(uid.group(1))))

    def store(self, name: str, uid: int) -> None:
        key = (self.mailbox, "Work", name)
        before = self.ledger.flag.get(key, ("$Fault", False))[1]
        outcome, _ = self.attempt("store", name, f"UID STORE {uid} +FLAGS ($Fault)")
        self.ledger.flag[key] = ("$Fault", {"acked": True, "refused": before, "unknown": None}[outcome])
        if outcome != "unknown":
            self.living.append((name, uid))

    def copy(self, name: str, uid: int) -> None:
        outcome, _ = self.attempt("copy", name, f"UID COPY {uid} Copies")
        self.ledger.expect((self.mailbox, "Copies", name), outcome)

    def move(self, name: str, uid: int) -> None:
        outcome, _ = self.attempt("move", name, f"UID MOVE {uid} Moved")
        source = (self.mailbox, "Work", name)
        self.ledger.forget(source)
        self.ledger.expect_move(name, source, (self.mailbox, "Moved", name), outcome)

    def expunge(self, name: str, uid: int) -> None:
        key = (self.mailbox, "Work", name)
        marked, _ = self.attempt("delete", name, f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        if marked != "acked" or not self.wire:
            return
        outcome, _ = self.attempt("expunge", name, f"UID EXPUNGE {uid}")
        self.ledger.forget(key)
        self.ledger.expect(key, outcome, before=(1, 1), after=(0, 0))
