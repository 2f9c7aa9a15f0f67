"""Stories for tests/runner/run, of which FOLDER in the environment keeps what happened before."""
from __future__ import annotations

import os

from kit.instance import Failure
from kit.world import World

PRIVATE = True


def is_first_time(name: str) -> bool:
    path = os.path.join(os.environ["FOLDER"], name)
    if os.path.exists(path):
        return False
    with open(path, "w", encoding="ascii"):
        return True


def story_passes(world: World) -> None:
    world.user("ada")


def story_fails_once(world: World) -> None:
    if is_first_time("story_fails_once"):
        raise Failure("mail did not come within 20 s")


def story_has_a_finding_once(world: World) -> None:
    if is_first_time("story_has_a_finding_once"):
        with open(os.path.join(world.server.data, "log/chappe.log"), "a", encoding="ascii") as log:
            log.write("==7==ERROR: AddressSanitizer: heap-use-after-free, planted\n")
