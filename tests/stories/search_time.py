"""A search that would take minutes is given up, and holds up nobody."""
from __future__ import annotations

import time

from kit.world import World

SETTINGS = {"search_time": "2s"}
MESSAGES = 16
# 900 keys, of letters that stand everywhere: nothing can be passed over.
MANY = " ".join("NOT BODY " + "".join("tais"[number >> shift & 3] for shift in range(0, 10, 2)) + "eeee" for number in range(450))


def fill(world: World, address: str) -> None:
    imap = world.imap(address)
    line = b"eat tea at a seat as it sits, tie ties taste a needle assets\r\n"
    for number in range(MESSAGES):
        text = b"Subject: haystack\r\nContent-Type: text/plain\r\n\r\n" + line * 60000
        assert imap.append("INBOX", None, None, text + str(number).encode())[0] == "OK"


def story_a_search_that_takes_too_long_is_refused(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    fill(world, ada)
    imap, other = world.imap(ada), world.imap(bob)
    imap.select("INBOX")
    other.select("INBOX")
    for command, arguments in (("SEARCH", (MANY,)), ("SORT", ("(SUBJECT)", "UTF-8", MANY)), ("THREAD", ("REFERENCES", "UTF-8", MANY))):
        began = time.monotonic()
        kind, answer = imap.uid(command, *arguments)
        took = time.monotonic() - began
        assert kind == "NO" and answer[0].startswith(b"[LIMIT]"), (command, kind, answer)
        assert took < (30 if world.server.is_sanitized else 5), f"{command} took {took:.1f} s"
        assert other.search(None, "TEXT", "nothing")[0] == "OK"
    kind, found = imap.uid("SEARCH", "1:4", "BODY", "needle")
    assert kind == "OK" and len(found[0].split()) == 4, (kind, found)
    assert imap.uid("SEARCH", "SUBJECT", "nothing", "BODY", "needle") == ("OK", [b""])
