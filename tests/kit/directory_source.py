"""Hands for stories about company directories: asking, waiting, running."""
from __future__ import annotations

import json
import time
from typing import Any, Callable

from kit.instance import Failure
from kit.world import World


def directory(world: World) -> str:
    """The name of this story's source."""
    return f"dir{world.number}"


def look(world: World, *words: str, check: bool = True) -> dict:
    return json.loads(world.server.run(*words, "--json", check=check))


def status(world: World, name: str) -> dict:
    return look(world, "directory", "status", name)


def sync(world: World, name: str, *options: str, check: bool = True) -> dict:
    """One run; its record."""
    return look(world, "directory", "sync", name, *options, check=check)


def conflicts(world: World, name: str) -> list[dict]:
    return look(world, "directory", "conflicts", name)["conflicts"]


def until(what: Callable[[], Any], seconds: float = 20, why: str = "") -> Any:
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"it did not happen within {seconds} s: {why}")
        time.sleep(0.05)


def live(world: World, name: str) -> None:
    """The server tells of changes by itself."""
    until(lambda: status(world, name)["live"], why="the source is live")


def user(world: World, address: str) -> dict | None:
    """None: there is no such user."""
    answer = world.server.run("user", "show", address, "--json", check=False)
    found = json.loads(answer) if answer.startswith("{") else {"error": ""}
    return None if "error" in found else found


def end(world: World, name: str) -> None:
    world.server.run("directory", "remove", name)
