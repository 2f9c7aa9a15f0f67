"""Several servers on one directory, each in a routing group of its own, as Exchange's sites were.

    with Servers(world, "lyon", "nice") as servers:
        servers.join("Paris", "Lyon", cost=10)
        servers["Lyon"].stop()

The world's own server is "Paris", in the first routing group; its private PostgreSQL holds the directory and the storage groups
of all ("Lyon Mail", ...). The others listen on addresses of their own as well, so that links tell them apart.
"""
from __future__ import annotations

import contextlib
import glob
import json
import os
from typing import Any

from kit.instance import Failure, Instance
from kit.world import World


def directory_of(server: Instance) -> str:
    """How another server reaches the directory of this one."""
    found = glob.glob(os.path.join(server.data, "**", ".s.PGSQL.*[0-9]"), recursive=True)
    if not found:
        raise Failure("no socket of PostgreSQL")
    return (f"postgresql://chappe@/chappe_directory?host={os.path.dirname(found[0])}"
            f"&port={found[0].rsplit('.', 1)[1]}")


class Servers:
    def __init__(self, world: World, *names: str, settings: dict[str, str | None] | None = None,
                 groups: dict[str, str] | None = None) -> None:
        """`groups`: the routing group of a server, where it is not its own."""
        self.world, self.names = world, names
        self.settings, self.groups = settings or {}, groups or {}
        self.first = ""
        self._all: dict[str, Instance] = {"Paris": world.server}
        self._addresses = {"Paris": "127.0.0.1"}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Servers":
        try:
            for number, name in enumerate(self.names):
                self._addresses[name] = f"127.0.0.{21 + number}"
                settings = {**self.world.server.settings, **self.settings, "hostname": f"{name.lower()}.example.test",
                            "listen": f"127.0.0.1 {self._addresses[name]}", "directory": directory_of(self.world.server)}
                self._all[name] = self._stack.enter_context(Instance(self.world.server.binary, settings))
            self._furnish()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> Instance:
        return self._all[name]

    def _furnish(self) -> None:
        run = self.world.server.run
        self.world.server.wait_until(lambda: len(self.ask("Paris", "server", "list")["servers"]) == len(self._all), 30,
                                     "all servers known")
        self.first = self.ask("Paris", "routing-group", "list")["routing_groups"][0]["name"]
        run("server", "set", "mail.example.test", "--address", self.address("Paris"))
        for name in self.names:
            group = self.groups.get(name, name)
            if group == name:
                run("routing-group", "add", name)
                run("storage-group", "add", f"{name} Mail")
                run("storage-group", "set", f"{name} Mail", "--routing-group", name)
            run("server", "set", self.host(name), "--routing-group", group, "--address", self.address(name))

    def host(self, name: str) -> str:
        return "mail.example.test" if name == "Paris" else f"{name.lower()}.example.test"

    def address(self, name: str) -> str:
        return f"[{self._addresses[name]}]:{self._all[name].port('smtp')}"

    def store(self, name: str) -> tuple[str, str]:
        """Options for a user whose mailbox is to be there."""
        return ("--storage-group", "First Storage Group" if name == "Paris" else f"{name} Mail")

    def group(self, name: str) -> str:
        return self.first if name == "Paris" else name

    # ---- connectors and what they do

    def join(self, source: str, target: str, *options: str, cost: int = 10, name: str = "") -> str:
        """A routing group connector; its name."""
        name = name or f"{source} to {target}"
        self.world.server.run("routing-group-connector", "add", name, "--from", self.group(source), "--to", self.group(target),
                              "--cost", str(cost), *options)
        return name

    def change(self, name: str, *options: str) -> None:
        self.world.server.run("routing-group-connector", "set", name, *options)

    def ask(self, name: str, *words: str) -> Any:
        return json.loads(self._all[name].run(*words, "--json") or "{}")

    def way(self, name: str, address: str, *options: str) -> dict:
        """Which way this server would take."""
        return self.ask(name, "route", address, *options)["ways"][0]

    def wait_for_way(self, name: str, address: str, *options: str, seconds: float = 20, **wanted: object) -> dict:
        last: list = [None]

        def is_so() -> bool:
            last[0] = self.way(name, address, *options)
            return all(last[0].get(key) == value for key, value in wanted.items())
        try:
            self.world.server.wait_until(is_so, seconds, f"{wanted}")
        except Failure:
            raise Failure(f"{name} to {address}: {last[0]} instead of {wanted}") from None
        return last[0]

    def wait_for_count(self, address: str, count: int, seconds: float = 60) -> None:
        try:
            self.world.server.wait_until(lambda: self.world.count(address) >= count, seconds, f"{count} mails for {address}")
        except Failure as problem:
            raise Failure(f"{problem}; there are {self.world.count(address)}; in the queue: "
                          f"{self.ask('Paris', 'queue', 'list')['entries'][:5]}") from None
        found = self.world.count(address)
        if found != count:
            raise Failure(f"{address} has {found} mails instead of {count}")

    def path(self, mail: bytes) -> list[str]:
        """The servers of ours that a mail has passed, the first one first."""
        head = mail.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace").replace("\r\n\t", " ").replace("\r\n ", " ")
        passed = [line for line in head.split("\r\n") if line.startswith("Received:")]
        names = {self.host(name): name for name in self._all}
        return [names[host] for line in reversed(passed) for host in names if f"by {host} " in line]
