"""What an administrator does when a row of the database was damaged."""
from __future__ import annotations

import json

from kit.world import World

PRIVATE = True
GROUP = "chappe_group_1"


def differences(world: World, *options: str) -> list[dict]:
    return json.loads(world.server.run("verify", *options, "--json", check=False))["differences"]


def story_a_damaged_journal_is_told_and_mended(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    for number in range(3):
        world.send([ada, bob], f"Subject: letter {number}\r\n\r\nbody\r\n")
    imap = world.imap(ada)
    imap.select("INBOX")
    imap.store("1", "+FLAGS", "\\Flagged")
    world.server.stop()                          # nothing of it is in a cache
    world.server.start()
    world.server.sql(GROUP, "UPDATE folder_change SET uids = '\\xff' WHERE kind = 1")
    world.server.sql(GROUP, "UPDATE folder SET unseen = 7 WHERE name = 'INBOX'"
                            " AND mailbox_id = (SELECT max(mailbox_id) FROM mailbox)")
    imap = world.imap(ada)
    assert imap.select("INBOX")[0] == "NO"       # it cannot be opened
    told = differences(world)
    assert [(one["mailbox"], one["what"]) for one in told] == [(ada, "journal"), (bob, "unseen")], told
    assert not any(one["repaired"] for one in told)
    told = differences(world, "--repair")
    assert {(one["mailbox"], one["what"]) for one in told} >= {(ada, "journal"), (bob, "unseen")}, told
    assert all(one["repaired"] for one in told), told
    assert differences(world) == []
    assert imap.select("INBOX") == ("OK", [b"3"])
