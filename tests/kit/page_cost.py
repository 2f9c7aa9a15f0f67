"""What pages of lists cost at the server, against what they may."""
from __future__ import annotations

import os
from typing import Callable

from kit.instance import Instance
from kit.many_recipients import ROUNDS, Cost

AIM_MS = 300


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


class Costs(Cost):
    def __init__(self, server: Instance) -> None:
        super().__init__(server)
        self.slowest = ("", 0.0)
        print(load(), flush=True)

    def measure(self, what: str, ask: Callable[[], object], rounds: int = ROUNDS) -> float:
        median = super().measure(what, ask, rounds)
        self.slowest = max(self.slowest, (what, median), key=lambda one: one[1])
        return median

    def end(self) -> int:
        """Says what was slowest; 1 where its median is above the aim."""
        print(f"slowest: {self.slowest[0]}, {self.slowest[1]:.0f} ms; the aim is {AIM_MS} ms; {load()}", flush=True)
        return int(self.slowest[1] > AIM_MS)
