"""Many sessions on one folder: whatever they do, each one's picture stays true."""
from __future__ import annotations

import random
import re
import socket
import threading
import time

from kit.instance import Failure
from kit.world import PASSWORD, World

MAIL = b"Subject: another\r\n\r\nbody\r\n"


class Client:
    """Keeps what the server told it: the UIDs in their order (None: not known yet) and their flags."""

    def __init__(self, port: int, address: str, folder: str, password: str = PASSWORD, qresync: bool = False) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.buffer = b""
        self.uids: list[int | None] = []
        self.flags: dict[int, set[str]] = {}
        self.number = 0
        self.commands = 0
        self.line()
        self.command(f"LOGIN {address} {password}")
        if qresync:
            self.command("ENABLE QRESYNC")
        self.command(f"SELECT {folder}")
        self.command("UID FETCH 1:* (UID FLAGS)")

    def line(self) -> str:
        while b"\r\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise Failure("the server closed the connection")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode()

    def command(self, text: str, literal: bytes = b"") -> str:
        self.number += 1
        self.commands += 1
        tag = f"t{self.number}"
        head = f"{tag} {text}" + (f" {{{len(literal)}+}}" if literal else "")
        self.socket.sendall(head.encode() + b"\r\n" + (literal + b"\r\n" if literal else b""))
        holds = re.match(r"(FETCH|STORE|SEARCH)", text) is not None
        while True:
            line = self.line()
            if line.startswith(tag + " "):
                if not line.startswith(tag + " OK") and "EXPUNGEISSUED" not in line:
                    raise Failure(f"{text}: {line}")
                return line
            self.told(line, holds)

    def told(self, line: str, holds: bool) -> None:
        if match := re.fullmatch(r"\* (\d+) EXISTS", line):
            if int(match[1]) < len(self.uids):
                raise Failure(f"{line} after {len(self.uids)} messages")
            self.uids += [None] * (int(match[1]) - len(self.uids))
        elif match := re.fullmatch(r"\* (\d+) EXPUNGE", line):
            if holds:
                raise Failure(f"{line} during a command by number")
            del self.uids[int(match[1]) - 1]
        elif match := re.fullmatch(r"\* VANISHED ([\d:,]+)", line):
            if holds:
                raise Failure(f"{line} during a command by number")
            self.vanished(match[1])
        elif match := re.match(r"\* (\d+) FETCH \((.*)\)$", line):
            self.fetched(int(match[1]), match[2])

    def vanished(self, numbers: str) -> None:
        for part in numbers.split(","):
            first, _, last = part.partition(":")
            for uid in range(int(first), int(last or first) + 1):
                if uid in self.uids:
                    self.uids.remove(uid)
                else:
                    self.forget_unknown(uid)

    def forget_unknown(self, uid: int) -> None:
        """It came and went between two looks: one of the unknown ones below the first that is known to be above it."""
        above = next((i for i, known in enumerate(self.uids) if known is not None and known > uid), len(self.uids))
        if above == 0 or self.uids[above - 1] is not None:
            raise Failure(f"VANISHED {uid}, which was never there")
        del self.uids[above - 1]

    def fetched(self, number: int, items: str) -> None:
        if number > len(self.uids):
            raise Failure(f"FETCH of message {number}, but only {len(self.uids)} exist")
        if match := re.search(r"UID (\d+)", items):
            known = self.uids[number - 1]
            if known is not None and known != int(match[1]):
                raise Failure(f"message {number} was UID {known} and is said to be {match[1]}")
            self.uids[number - 1] = int(match[1])
        uid = self.uids[number - 1]
        if (match := re.search(r"FLAGS \(([^)]*)\)", items)) and uid is not None:
            self.flags[uid] = set(match[1].split()) - {"\\Recent"}

    # ---- what a person does

    def store_silently(self, number: int, sign: str, flag: str) -> None:
        """What it leads to is known without a reply; a reply that comes nevertheless tells more."""
        flags = self.flags.setdefault(self.uids[number - 1] or 0, set())
        flags.add(flag) if sign == "+" else flags.discard(flag)
        self.command(f"STORE {number} {sign}FLAGS.SILENT ({flag})")

    def act(self, dice: random.Random) -> None:
        if None in self.uids:
            self.command("UID FETCH 1:* (UID FLAGS)")
        count = len(self.uids)
        some = dice.randint(1, count) if count else 0
        uid = next((u for u in [self.uids[some - 1] if some else None] if u), 1)
        acts = [
            lambda: self.command("NOOP"),
            lambda: self.command("APPEND Work", MAIL),
            lambda: self.command(f"STORE {some} +FLAGS (\\Flagged)"),
            lambda: self.store_silently(some, "-", "\\Flagged"),
            lambda: self.command(f"UID STORE {uid} +FLAGS (\\Answered)"),
            lambda: self.command(f"FETCH 1:{some} (UID FLAGS)"),
            lambda: self.command(f"FETCH {some} (UID RFC822.SIZE ENVELOPE)"),
            lambda: self.command(f"COPY {some} Work"),
            lambda: self.command(f"UID SEARCH {some}:* UNDELETED"),
            lambda: (self.store_silently(some, "+", "\\Deleted"), self.command("EXPUNGE")),
            lambda: self.command(f"UID MOVE {uid} Archive"),
        ]
        act = dice.choice(acts)
        if some or act in acts[:2]:
            act()


def play(port: int, address: str, number: int, seconds: float, faults: list[str], done: list[Client]) -> None:
    dice = random.Random(number)
    try:
        client = Client(port, address, "Work", qresync=number % 2 == 1)
        done.append(client)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not faults:
            client.act(dice)
    except (Failure, OSError, ValueError, IndexError) as failure:
        faults.append(f"client {number}: {type(failure).__name__}: {failure}")


def run(ports: list[int], address: str, clients: int, seconds: float) -> int:
    """How many commands were answered; a Failure where a client's picture was wrong. The ports: of one server, or several."""
    faults: list[str] = []
    done: list[Client] = []
    threads = [threading.Thread(target=play, args=(ports[n // 2 % len(ports)], address, n, seconds, faults, done))
               for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise Failure("; ".join(faults))
    time.sleep(0.5 if len(ports) > 1 else 0)  # another server is told
    pictures = []
    for client in done:  # nobody acts any more: all must come to the same picture by news alone
        client.command("NOOP")
        if None in client.uids:
            client.command("UID FETCH 1:* (UID FLAGS)")
        pictures.append([(uid, sorted(client.flags.get(uid or 0, set()))) for uid in client.uids])
    for picture in pictures[1:]:
        if picture != pictures[0]:
            different = [(a, b) for a, b in zip(pictures[0], picture) if a != b][:3]
            raise Failure(f"two sessions see different folders: {len(pictures[0])} and {len(picture)} messages, {different}")
    return sum(client.commands for client in done)


def story_eight_sessions_on_one_folder_stay_true(world: World) -> None:
    address = world.user("ada")
    imap = world.imap(address)
    imap.create("Work")
    for _ in range(20):
        imap.append("Work", "", "", MAIL)
    imap.logout()
    assert run([world.server.port("imap")], address, 8, 12) > 100
