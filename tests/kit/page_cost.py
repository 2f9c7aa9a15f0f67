"""What a page of a list costs at the server: by the clock, and in processor time of the web role and the database, which a busy machine changes less."""
from __future__ import annotations

import os
import statistics
import time
from typing import Callable

from kit.instance import Instance

ROUNDS = 12
AIM_MS = 300


class Costs:
    def __init__(self, server: Instance) -> None:
        self.server, self.web = server, server.role_pid("web")
        self.slowest = self.dearest = ("", 0.0)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {ROUNDS} times each", flush=True)

    def processor_ms(self) -> float:
        ticks = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                is_ours = os.readlink(f"/proc/{pid}/cwd").startswith(self.server.data) or int(pid) == self.web
                with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                    fields = file.read().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12]) if is_ours else 0
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def measure(self, what: str, ask: Callable[[], object]) -> None:
        before, took = self.processor_ms(), []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            ask()
            took.append((time.perf_counter() - began) * 1000)
        took.sort()
        cost, median = (self.processor_ms() - before) / ROUNDS, statistics.median(took)
        self.slowest, self.dearest = max(self.slowest, (what, median), key=lambda one: one[1]), max(self.dearest, (what, cost), key=lambda one: one[1])
        print(f"{what:32} best {took[0]:7.1f} ms   median {median:7.1f} ms   worst {took[-1]:7.1f} ms   processor {cost:6.1f} ms", flush=True)

    def end(self) -> int:
        """Says what was slowest; 1 where its median is above the aim."""
        print(f"slowest: {self.slowest[0]}, {self.slowest[1]:.0f} ms; dearest: {self.dearest[0]}, {self.dearest[1]:.0f} ms of processor;"
              f" the aim is {AIM_MS} ms; load {os.getloadavg()[0]:.1f}", flush=True)
        return int(self.slowest[1] > AIM_MS)
