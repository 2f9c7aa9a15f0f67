"""What a role's process has used: processor time and memory, as the kernel counts them."""
from __future__ import annotations

import os
import time

from kit.instance import Failure, Instance

MEGABYTE = 1 << 20
# Without and with a login; what may grow is memory that stays, so it is looked at for a while.
MEMORY_MAX = {"before-login": 4 * MEGABYTE, "after-login": 32 * MEGABYTE}
PROCESSOR_MAX_S = 1.0
# AddressSanitizer makes code slower, and keeps freed memory aside (256 MB) to catch who still uses it.
SANITIZED_FACTOR = 6
SANITIZED_BYTES = 320 * MEGABYTE


class Growth(Failure):
    """More memory than is allowed."""


class Meter:
    """From its making to check(): one attack on one role."""

    def __init__(self, server: Instance, role: str, when: str) -> None:
        self.role, self.when = role, when
        self.pid = server.role_pid(role)
        self.is_sanitized = server.is_sanitized
        self.processor, self.memory = processor_s(self.pid), memory_bytes(self.pid)

    def check(self) -> None:
        used = processor_s(self.pid) - self.processor
        if used > PROCESSOR_MAX_S * (SANITIZED_FACTOR if self.is_sanitized else 1):
            raise Failure(f"cost {used:.2f} s of processor time in {self.role}")
        limit = MEMORY_MAX[self.when] + (SANITIZED_BYTES if self.is_sanitized else 0)
        until = time.monotonic() + 3
        while (grown := memory_bytes(self.pid) - self.memory) > limit:
            if time.monotonic() > until:
                raise Growth(f"{self.role} grew by {grown / MEGABYTE:.1f} MB")
            time.sleep(0.1)


def processor_s(pid: int) -> float:
    """Of all threads, those that ended included."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
