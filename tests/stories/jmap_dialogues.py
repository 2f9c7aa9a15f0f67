"""The dialogues of tests/dialogues/jmap, each a story of its own (kit/jmap_dialogue.py tells their language)."""
from __future__ import annotations

import glob
import os
from typing import Callable

from kit.jmap_dialogue import JmapDialogue
from kit.world import World

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "dialogues", "jmap")
SETTINGS = {"plaintext_login": "loopback"}


def _story(path: str) -> Callable[[World], None]:
    def play(world: World) -> None:
        JmapDialogue(path, world).play()

    play.__name__ = "story_" + os.path.basename(path)[:-5].replace("-", "_")
    return play


for _path in sorted(glob.glob(os.path.join(FOLDER, "*.jmap"))):
    _made = _story(_path)
    globals()[_made.__name__] = _made
