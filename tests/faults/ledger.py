"""What was promised to clients, kept outside the server: the judge after every fault.

An object is one mail with a name of its own (header X-Object) in one folder. Every attempt ends as
  acked    the server said so: it must be true for ever,
  refused  the server said no: nothing may have happened,
  unknown  the connection ended before the answer: either is right, but not half of it, and not twice.
"""
from __future__ import annotations

import hashlib
import os
import threading

Key = tuple[str, str, str]  # mailbox, folder, object


class Ledger:
    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self.digest: dict[str, tuple[str, int]] = {}        # object -> SHA-256 and length of its bytes as sent
        self.count: dict[Key, tuple[int, int]] = {}         # how often it may be there: least, most
        self.flag: dict[Key, tuple[str, bool | None]] = {}  # keyword -> set, clear or unknown
        self.either: dict[str, list[Key]] = {}              # a move of unknown outcome: exactly one of these
        self.attempts = {"acked": 0, "refused": 0, "unknown": 0}
        self.refusals: dict[str, int] = {}

    def note(self, outcome: str, what: str, name: str, said: str = "") -> None:
        with self._lock:
            self.attempts[outcome] += 1
            if outcome == "refused":
                self.refusals[said[:60]] = self.refusals.get(said[:60], 0) + 1
        os.write(self._file, f"{outcome} {what} {name} {said}\n".encode())
        os.fsync(self._file)

    def born(self, name: str, mail: bytes) -> None:
        self.digest[name] = (hashlib.sha256(mail).hexdigest(), len(mail))

    def expect(self, key: Key, outcome: str, before: tuple[int, int] = (0, 0), after: tuple[int, int] = (1, 1)) -> None:
        """`outcome` of an attempt that turns the count `before` into `after`."""
        chosen = {"acked": after, "refused": before,
                  "unknown": (min(before[0], after[0]), max(before[1], after[1]))}[outcome]
        with self._lock:
            self.count[key] = chosen

    def expect_move(self, name: str, source: Key, target: Key, outcome: str) -> None:
        with self._lock:
            if outcome == "unknown":
                self.count[source] = self.count[target] = (0, 1)
                self.either[name] = [source, target]
            elif outcome == "acked":
                self.count[source], self.count[target] = (0, 0), (1, 1)

    def turn_page(self) -> None:
        """After a judgement, when everything was taken away."""
        for book in (self.digest, self.count, self.flag, self.either):
            book.clear()

    def forget(self, key: Key) -> None:
        self.flag.pop(key, None)


class Verdict:
    """Differences between the ledger and what is really there."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.problems: list[str] = []
        self.objects = 0

    def judge(self, found: dict[Key, list[tuple[bytes, set[str]]]], exact: dict[str, bool]) -> list[str]:
        """`found`: for every (mailbox, folder, object) its copies: bytes and flags. exact[object]: stored as sent
        (APPEND), or behind the trace lines that delivery puts on top."""
        for key, (least, most) in self.ledger.count.items():
            copies = found.get(key, [])
            self.objects += 1
            if not least <= len(copies) <= most:
                kind = "LOST" if len(copies) < least else "DOUBLED OR RISEN"
                self.problems.append(f"{kind}: {key} is there {len(copies)} times, expected {least} to {most}")
            for content, flags in copies:
                self._content(key, content, exact[key[2]])
                self._flags(key, flags)
        for name, places in self.ledger.either.items():
            total = sum(len(found.get(place, [])) for place in places)
            if total != 1:
                self.problems.append(f"MOVE: {name} is in {total} of {places}")
        for key in found.keys() - self.ledger.count.keys():
            self.problems.append(f"UNEXPECTED: {key}")
        return self.problems

    def _content(self, key: Key, content: bytes, exact: bool) -> None:
        digest, length = self.ledger.digest[key[2]]
        tail = content if exact else content[-length:]
        if hashlib.sha256(tail).hexdigest() != digest:
            self.problems.append(f"CHANGED: {key} is not the bytes that were sent")

    def _flags(self, key: Key, flags: set[str]) -> None:
        keyword, is_set = self.ledger.flag.get(key, ("", None))
        if is_set is not None and (keyword.lower() in {flag.lower() for flag in flags}) != is_set:
            self.problems.append(f"FLAG: {key} {keyword} should be {'set' if is_set else 'clear'}")
