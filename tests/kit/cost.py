"""What a role's process has used: processor time and memory, as the kernel counts them, and what it left in the databases."""
from __future__ import annotations

import os
import threading
import time

from kit.instance import Failure, Instance

MEGABYTE = 1 << 20
# Without and with a login; what may grow is memory that stays, so it is looked at for a while.
MEMORY_MAX = {"before-login": 4 * MEGABYTE, "after-login": 32 * MEGABYTE}
PROCESSOR_MAX_S = 1.0
# AddressSanitizer makes code slower, and keeps freed memory aside (256 MB) to catch who still uses it.
SANITIZED_FACTOR = 6
SANITIZED_BYTES = 320 * MEGABYTE
SETTLE_S = 5   # in which what goes on beside the test (housekeeping, the queue) has come to the end of its transaction


class Growth(Failure):
    """More memory than is allowed."""


class Meter:
    """From its making to check(): one attack on one role."""

    def __init__(self, server: Instance, role: str, when: str) -> None:
        self.server, self.role, self.when = server, role, when
        self.pid = server.role_pid(role)
        self.is_sanitized = server.is_sanitized
        self.processor, self.memory = processor_s(self.pid), memory_bytes(self.pid)

    def check(self, processor_max_s: float = PROCESSOR_MAX_S) -> None:
        used = processor_s(self.pid) - self.processor
        if used > processor_max_s * (SANITIZED_FACTOR if self.is_sanitized else 1):
            raise Failure(f"cost {used:.2f} s of processor time in {self.role}")
        expect_no_open_transaction(self.server)
        limit = self.memory_max
        until = time.monotonic() + 3
        while (grown := memory_bytes(self.pid) - self.memory) > limit:
            if time.monotonic() > until:
                raise Growth(f"{self.role} grew by {grown / MEGABYTE:.1f} MB")
            time.sleep(0.1)

    @property
    def memory_max(self) -> int:
        return MEMORY_MAX[self.when] + (SANITIZED_BYTES if self.is_sanitized else 0)


class Watch:
    """The most memory that a process had, and the largest of its files without a name, from its making to end()."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak, self.spooled = pid, memory_bytes(pid), 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_over.wait(0.02):
            try:
                self.peak = max(self.peak, memory_bytes(self.pid))
                self.spooled = max(self.spooled, unnamed_bytes(self.pid))
            except (FileNotFoundError, ProcessLookupError):
                return

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()


def expect_no_open_transaction(server: Instance) -> None:
    """Nobody waits inside a transaction for something that is not the database."""
    until = time.monotonic() + SETTLE_S
    while (found := server.sql("postgres", "SELECT datname, application_name, now() - xact_start, left(query, 200) FROM"
                                           " pg_stat_activity WHERE state LIKE 'idle in transaction%'").strip()):
        if time.monotonic() > until:
            raise Failure(f"left an open transaction: {found}")
        time.sleep(0.1)


def processor_s(pid: int) -> float:
    """Of all threads, those that ended included."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def unnamed_bytes(pid: int) -> int:
    """The largest file that is open and has no name (any more)."""
    largest = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{name}"
        try:
            if os.readlink(path).endswith(" (deleted)"):
                largest = max(largest, os.stat(path).st_size)
        except FileNotFoundError:
            pass
    return largest
