"""Searches that a person keeps: made over JMAP, shown as folders to mail programs, counted nowhere (docs/imap.md, Search folders)."""
from __future__ import annotations

import glob
import json
import os
import threading
import time
from typing import Any

from kit.jmap import Jmap
from kit.world import PASSWORD, World

SETTINGS = {"plaintext_login": "loopback"}
BOSS = '"Search Folders/From boss"'


def letter(sender: str, subject: str) -> str:
    return f"From: {sender} <{sender}@example.net>\r\nSubject: {subject}\r\n\r\nThe text of {subject}.\r\n"


def keep(jmap: Jmap, name: str, search: dict[str, Any]) -> str:
    answer = jmap.call("SearchFolder/set", create={"a": {"name": name, "filter": search}})
    assert answer["created"], answer
    return answer["created"]["a"]["id"]


def counts(jmap: Jmap, search: str) -> tuple[int, int]:
    found = jmap.call("SearchFolder/get", ids=[search])["list"][0]
    return found["totalEmails"], found["unreadEmails"]


def story_two_programs_and_a_search_folder(world: World) -> None:
    """What arrives is told to who waits in it within a second; what is done in it is done in the inbox; it costs no quota."""
    ada = world.user("ada")
    for number in range(3):
        world.send(ada, letter("boss", f"Plan {number}"))
        world.send(ada, letter("carl", f"Lunch {number}"))
    jmap = Jmap(world.server, ada, PASSWORD)
    search = keep(jmap, "From boss", {"from": "boss"})
    imap, waiting = world.imap(ada), world.imap(ada)
    assert imap.select(BOSS)[1] == [b"3"]
    assert waiting.select(BOSS)[1] == [b"3"]
    waiting.send(b"w IDLE\r\n")
    assert waiting.readline().startswith(b"+")
    began = time.monotonic()
    sending = threading.Thread(target=world.send, args=(ada, letter("boss", "Plan 3")))
    sending.start()
    while not (line := waiting.readline()).endswith(b"EXISTS\r\n"):
        assert line, "the session ended"
    sending.join()
    assert line == b"* 4 EXISTS\r\n", line
    assert time.monotonic() - began < 10, "it took too long, whatever the machine does beside"
    assert counts(jmap, search) == (4, 4)
    imap.noop()
    assert imap.uid("STORE", "1:2", "+FLAGS", r"(\Seen)")[0] == "OK"
    assert counts(jmap, search) == (4, 2)
    imap.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
    imap.expunge()
    assert world.count(ada) == 6
    assert counts(jmap, search) == (3, 2)
    assert imap.uid("MOVE", "2", "Archive")[0] == "OK"
    assert world.count(ada) == 5 and world.count(ada, "Archive") == 1
    assert sorted(imap.uid("SEARCH", "ALL")[1][0].split()) == [b"3", b"4", b"5"], "the moved message is shown where it lies now"
    found = json.loads(world.server.run("verify", "--user", ada, "--json"))
    assert found["found"] == 0, found


def story_there_are_only_so_many(world: World) -> None:
    jmap = Jmap(world.server, world.user("ada"), PASSWORD)
    many = {f"s{number}": {"name": f"Search {number}", "filter": {"subject": str(number)}} for number in range(101)}
    answer = jmap.call("SearchFolder/set", create=many)
    assert len(answer["created"]) == 100
    assert [why["type"] for why in answer["notCreated"].values()] == ["overQuota"]
    long = {"operator": "OR", "conditions": [{"subject": "x" * 500} for _ in range(40)]}
    first = next(iter(answer["created"].values()))["id"]
    assert jmap.call("SearchFolder/set", update={first: {"filter": long}})["notUpdated"][first]["type"] == "overQuota"
    assert jmap.call("SearchFolder/set", update={first: {"name": "n" * 201}})["notUpdated"][first]["type"] == "overQuota"
    jmap.call("SearchFolder/set", destroy=[first])
    assert jmap.call("SearchFolder/set", create={"a": {"name": "Another", "filter": {"subject": "a"}}})["created"]


def story_mbsync_copies_it_out(world: World) -> None:
    """The folder that is copied follows the search: what comes, what is read, what is thrown away."""
    ada = world.user("ada")
    for number in range(4):
        world.send(ada, letter("boss" if number % 2 else "carl", f"Plan {number}"))
    jmap = Jmap(world.server, ada, PASSWORD)
    search = keep(jmap, "From boss", {"from": "boss"})
    local = os.path.join(world.folder, "mail/")
    os.mkdir(local)
    config = world.write("mbsyncrc", f"""
IMAPAccount ours
Host 127.0.0.1
Port {world.server.port('imap')}
User {ada}
Pass {PASSWORD}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account ours

MaildirStore near
Path {local}
Inbox {local}INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns "Search Folders/*"
Create Near
Sync All
Expunge Both
SyncState *
""")
    here = f"{local}Search Folders/From boss/"
    world.run("mbsync", "-c", config, "-a")
    first = glob.glob(f"{here}*/*:2*") + glob.glob(f"{here}new/*")
    assert len(set(first)) == 2, first
    world.send(ada, letter("boss", "Plan 4"))
    name = sorted(set(first))[0]
    os.rename(name, f"{here}cur/{os.path.basename(name).split(':')[0]}:2,S")    # read here, so it is read there
    world.run("mbsync", "-c", config, "-a")
    assert len(glob.glob(f"{here}cur/*") + glob.glob(f"{here}new/*")) == 3
    assert counts(jmap, search) == (3, 2)
    jmap.call("SearchFolder/set", update={search: {"filter": {"subject": "\"Plan 4\""}}})
    world.run("mbsync", "-c", config, "-a")
    assert len(glob.glob(f"{here}cur/*") + glob.glob(f"{here}new/*")) == 1, "what no longer matches goes from the copy"
    assert world.count(ada) == 5, "and stays where it lies"
