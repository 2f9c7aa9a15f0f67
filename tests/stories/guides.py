"""What a guide tells to type is typed, in its order, and does what the guide says."""
from __future__ import annotations

import os
import re
import shlex

from kit.instance import ROOT
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import World

PRIVATE = True
PORT = reserve_port()
NAMES = Names(reserve_port())
SETTINGS = {"dns": f"127.0.0.1@{NAMES.port}", "outbound_port": str(PORT), "retry_min": "1s", "retry_max": "2s"}
NAMES.mail("friend.example", "127.0.0.4")


def commands(guide: str) -> list[list[str]]:
    with open(os.path.join(ROOT, "docs", guide), encoding="utf-8") as file:
        lines = re.findall(r"^    chappe (.*)$", file.read(), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_only(word: str) -> str:
    """What stands for machines of the reader: the inner server is a sink, scanners are left out by the caller."""
    return word.replace("[10.0.0.25]", f"[127.0.0.2]:{PORT}").replace("[smart.example.net]:587", f"[127.0.0.3]:{PORT}")


def story_the_walk_of_the_edge_server(world: World) -> None:
    server = world.server
    said = {}
    for words in commands("edge-server.md"):
        if words[:3] in (["filter", "set", "clamd"], ["filter", "set", "rspamd"], ["filter", "set", "greylist"]):
            continue                               # of the scanners tells tests/stories/filter.py
        words = [test_only(word) for word in words]
        if words[:2] == ["connector", "add"] and words[2] == "Provider":
            words[-1] = "opportunistic"            # the sink has no certificate
        said[" ".join(words[:2]) + " " + words[-1]] = server.run(*words)
    assert "Inner server" in said["route ada@example.org ada@example.org"], said
    assert "would be accepted" in said["trace --dry-run ada@example.org"], said
    with Remote(port=PORT) as inner:
        for to in ("ada@example.org", "bob@known.example"):
            world.send(to, "Subject: in\r\n\r\nx\r\n", sender="zoe@example.com")
        server.wait_until(lambda: len(inner.taken) == 2, 30, "both at the inner server")
        assert sorted(r for t in inner.taken for r in t.recipients) == ["ada@example.org", "bob@inner.known.example"]
    with Remote(port=PORT, address="127.0.0.4") as friend:
        world.send("eve@friend.example", "Subject: kept\r\n\r\nx\r\n", sender="zoe@example.com")
        server.wait_until(lambda: len(friend.taken) == 1, 30, "handed over to the friend's own server")
