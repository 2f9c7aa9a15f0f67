"""Chappe as a target of the load run: a release build, default durable settings, its embedded PostgreSQL."""
from __future__ import annotations

import csv
import io
import json
import time

from kit.instance import Instance

PORTS = ("smtp", "lmtp", "imap", "imaps", "pop3")


class Ours:
    name = "Chappe"
    is_ours = True

    def __init__(self, binary: str, users: list[str], reader: str, password: str, sink_port: int) -> None:
        self.users, self.reader, self.password, self.sink_port = users, reader, password, sink_port
        # what the tests make small and cheap is measured at its default
        self.server = Instance(binary=binary, settings={"log_level": "warning"})
        self.ports: dict[str, int] = {}

    def __enter__(self) -> "Ours":
        self.server.__enter__()
        self.ports = {name: self.server.port(name) for name in PORTS}
        self.server.run("org", "add", "Load")
        self.server.run("domain", "add", "load.example", "--org", "Load")
        for domain in ("relay.example", "dead.example"):
            self.server.run("domain", "add", domain, "--org", "Load", "--kind", "internal-relay")
        self.server.run("connector", "add", "Sink", "--space", "relay.example,dead.example,outside.example",
                        "--smarthost", f"[127.0.0.1]:{self.sink_port}")
        table = io.StringIO()
        rows = csv.writer(table)
        rows.writerow(["address", "name", "password"])
        for user in self.users:
            rows.writerow([user, user.split("@")[0], self.password])
        self.server.run("user", "import", "-", stdin=table.getvalue(), timeout=300)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def forget(self) -> None:
        """Caches are empty afterwards, PostgreSQL's too; the kernel's are not."""
        self.server.stop()
        self.server.start()

    def settle(self) -> None:
        """Mail for mailboxes is in them when 250 is said. What was to leave has left when the queue is empty."""
        while json.loads(self.server.run("queue", "list", "--json"))["entries"]:
            time.sleep(0.01)

    def pids(self) -> list[int]:
        return [json.loads(self.server.run("status", "--json"))["pid"]]
