"""Searches that a person keeps: made over JMAP, shown as folders to mail programs, counted nowhere (docs/imap.md, Search folders)."""
from __future__ import annotations

import glob
import imaplib
import json
import os
import threading
import time
from typing import Any

from jmap import Events
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


SOON_S = 1.0


def story_new_mail_shows_in_an_open_one_within_a_second(world: World) -> None:
    """From the moment it was kept: to who waits in it by IMAP, and to who is told by JMAP and asks the list that he shows."""
    ada = world.user("ada")
    jmap, idle = Jmap(world.server, ada, PASSWORD), world.imap(ada)
    world.send(ada, letter("boss", "Plan 0"))
    keep(jmap, "From boss", {"from": "boss"})
    shown = {"filter": {"from": "boss"}, "sort": [{"property": "receivedAt", "isAscending": False}]}
    before = jmap.call("Email/query", **shown)
    events, writer = Events(jmap), world.imap(ada)
    idle.select(BOSS)
    idle.send(b"w IDLE\r\n")
    assert idle.readline().startswith(b"+")
    took: dict[str, list[float]] = {"IDLE": [], "push": []}
    for number in range(1, 6):
        writer.append("INBOX", "", None, letter("boss", f"Plan {number}").encode())
        began = time.monotonic()
        while not idle.readline().endswith(b"EXISTS\r\n"):
            pass
        took["IDLE"].append(time.monotonic() - began)
        writer.append("INBOX", "", None, letter("boss", f"Plan {number} again").encode())
        began = time.monotonic()
        while len(now := jmap.call("Email/query", **shown)["ids"]) < len(before["ids"]) + 2 * number:
            events.change()
        took["push"].append(time.monotonic() - began)
        while not idle.readline().endswith(b"EXISTS\r\n"):
            pass
    changes = jmap.call("Email/queryChanges", sinceQueryState=before["queryState"], **shown)
    assert {a["id"]: a["index"] for a in changes["added"]} == {one: index for index, one in enumerate(now[:10])}, changes
    for way, times in took.items():
        print(f"search folder: new mail by {way} after {', '.join(f'{1000 * t:.0f}' for t in times)} ms")
        assert min(times) < SOON_S, "the quickest, whatever the machine does beside"


def story_lists_follow_their_mailbox(world: World) -> None:
    """A list that was asked before is what one that is asked for the first time is."""
    ada = world.user("ada")
    jmap, imap = Jmap(world.server, ada, PASSWORD), world.imap(ada)
    imap.create("Other")
    names = ("boss", "carl", "dora")
    for number in range(12):
        imap.append("INBOX", r"(\Seen)" if number % 3 else "", None, letter(names[number % 3], f"Plan {number}").encode())
    inbox, other = jmap.mailbox("inbox"), jmap.mailbox("Other")
    searches: list[dict[str, Any]] = [{"from": "boss"}, {"operator": "OR", "conditions": [{"from": "boss"}, {"notKeyword": "$seen"}]},
                                      {"inMailbox": inbox, "subject": "plan"}, {"inMailboxOtherThan": [inbox], "from": "a"}, {"text": "text"},
                                      {"operator": "NOT", "conditions": [{"hasKeyword": "$flagged"}]}]

    def ask(search: dict[str, Any], falling: bool) -> Any:
        return jmap.call("Email/query", filter=search, sort=[{"property": "receivedAt", "isAscending": not falling}])["ids"]

    def compare(what: str) -> None:
        for search in searches:
            for falling in (True, False):
                # another key for the same, so that it is found anew
                anew = ask({"operator": "AND", "conditions": [search, {"operator": "NOT", "conditions": [{"subject": f"none of {what}"}]}]}, falling)
                assert ask(search, falling) == anew, (what, search, falling)

    compare("what there is")
    imap.select("INBOX")
    steps: list[tuple[str, Any]] = [
        ("flags", lambda: imap.store("2:4", "+FLAGS", r"(\Flagged \Seen)")),
        ("a copy", lambda: imap.copy("1:3", "Other")),
        ("new ones", lambda: [imap.append("Other", "", imaplib.Time2Internaldate(1e9 + n), letter("boss", f"Old plan {n}").encode()) for n in range(3)]),
        ("a move", lambda: imap.uid("MOVE", "5:6", "Other")),
        ("an expunge", lambda: (imap.store("1", "+FLAGS", r"(\Deleted)"), imap.expunge())),
        ("flags away", lambda: imap.store("1:*", "-FLAGS", r"(\Seen)")),
        ("a folder", lambda: imap.create("Aardvark")),
        ("a move there", lambda: imap.uid("MOVE", "3", "Aardvark")),
        ("a folder less", lambda: imap.delete("Other")),
    ]
    for what, step in steps:
        if what == "a folder less":
            searches.pop(3)
        step()
        compare(what)
    assert other


def story_no_folder_hides_one(world: World) -> None:
    """No folder gets such a name by any way; one that has it from before is shown beside the search folder."""
    ada = world.user("ada")
    jmap, imap = Jmap(world.server, ada, PASSWORD), world.imap(ada)
    imap.create("Old")
    imap.create("Tree/Old")
    made = jmap.call("Mailbox/set", create={"a": {"name": "Search Folders"}})["notCreated"]["a"]
    assert made["type"] == "invalidProperties" and made["properties"] == ["name"], made
    renamed = jmap.call("Mailbox/set", update={jmap.mailbox("Tree"): {"name": "Search Folders"}})["notUpdated"]
    assert [why["type"] for why in renamed.values()] == ["invalidProperties"], renamed
    keep(jmap, "Old", {"subject": "a"})
    world.server.sql("chappe_group_1", "UPDATE folder SET name = 'Search Folders/Old' WHERE name = 'Old'")
    world.send(ada, letter("boss", "a"))
    listed = [line.decode() for line in imap.list('""', '"Search*"')[1]]
    assert [line.split(' "/" ')[1] for line in listed] == ['"Search Folders"', '"Search Folders/Old"', '"Search Folders/Old (search)"'], listed
    assert imap.select('"Search Folders/Old"')[1] == [b"0"] and imap.select('"Search Folders/Old (search)"')[1] == [b"1"]
    assert jmap.call("Mailbox/query", filter={"name": "Old"})["ids"], "it is a folder as before"
    again = jmap.call("SearchFolder/set", create={"a": {"name": "Old", "filter": {"subject": "b"}}})
    assert again["notCreated"]["a"]["type"] == "invalidProperties"
    assert imap.rename('"Search Folders/Old"', "Old")[0] == "OK", "it may leave"
    assert imap.select('"Search Folders/Old"')[1] == [b"1"], "and the search folder has its name back"


def story_a_delegate_sees_no_more_than_he_may(world: World) -> None:
    """Who may read every folder sees them, with the rights that he has everywhere; one folder that is kept from him, and they are gone."""
    ada, bob = world.user("ada"), world.user("bob")
    world.send(ada, letter("boss", "Plan"))
    keep(Jmap(world.server, ada, PASSWORD), "From boss", {"from": "boss"})
    imap, delegate = world.imap(ada), world.imap(bob)
    folders = [line.decode().split(' "/" ')[1] for line in imap.list()[1] if b"Search Folders" not in line]
    there = f'"Other Users/{ada}/Search Folders/From boss"'
    for folder in folders[1:]:
        imap.setacl(folder, bob, "lrs")
    assert delegate.select(there)[0] == "NO", "not while he may not read the first one"
    imap.setacl(folders[0], bob, "lr")
    assert delegate.select(there, readonly=True)[1] == [b"1"]
    assert any(b"From boss" in line for line in delegate.list('""', '"Other Users/*"')[1])
    delegate.unselect()
    try:
        world.imap(bob).select(there)
        raise AssertionError("he may not mark what is in the first one as read")
    except imaplib.IMAP4.readonly:
        pass
    imap.deleteacl(folders[-1], bob)
    assert delegate.select(there)[0] == "NO"
    assert not any(b"From boss" in line for line in delegate.list('""', '"Other Users/*"')[1])


def story_a_delegate_sees_the_same_in_the_webmail(world: World) -> None:
    """Over JMAP as over IMAP: none while a folder is kept from him, then all of them; to name them anew and remove them he needs `x` everywhere."""
    ada, bob = world.user("ada"), world.user("bob")
    world.send(ada, letter("boss", "Plan"))
    owner, delegate = Jmap(world.server, ada, PASSWORD), Jmap(world.server, bob, PASSWORD)
    search = keep(owner, "From boss", {"from": "boss"})
    imap = world.imap(ada)
    folders = [line.decode().split(' "/" ')[1] for line in imap.list()[1] if b"Search Folders" not in line]
    for folder in folders[1:]:
        imap.setacl(folder, bob, "lrx")
    its = {"accountId": owner.account}
    assert delegate.call("SearchFolder/get", **its, ids=None)["list"] == []
    assert delegate.call("SearchFolder/get", **its, ids=[search])["notFound"] == [search]
    assert "notFound" in str(delegate.call("SearchFolder/set", **its, destroy=[search])["notDestroyed"])
    imap.setacl(folders[0], bob, "lrs")
    state = owner.call("SearchFolder/get", ids=[])["state"]
    seen = delegate.call("SearchFolder/get", **its, ids=None)["list"][0]
    assert (seen["id"], seen["name"], seen["filter"], seen["totalEmails"]) == (search, "From boss", {"from": "boss"}, 1), seen
    assert seen["myRights"]["mayReadItems"] and not seen["myRights"]["mayRename"] and not seen["myRights"]["maySetSeen"], seen
    assert len(delegate.call("Email/query", **its, filter=seen["filter"])["ids"]) == 1
    world.send(ada, letter("boss", "Another plan"))
    assert delegate.call("SearchFolder/changes", **its, sinceState=state)["updated"] == [search]
    assert delegate.call("SearchFolder/get", **its, ids=None)["list"][0]["unreadEmails"] == 2
    assert "forbidden" in str(delegate.call("SearchFolder/set", **its, update={search: {"name": "Mine"}})["notUpdated"])
    imap.setacl(folders[0], bob, "lrsx")
    refused = delegate.call("SearchFolder/set", **its, update={search: {"name": "Mine", "filter": {"from": "carl"}}})
    assert "forbidden" in str(refused["notUpdated"]), "what is searched for is the owner's"
    assert delegate.call("SearchFolder/set", **its, update={search: {"name": "Ours"}})["updated"] == {search: None}
    assert owner.call("SearchFolder/get", ids=None)["list"][0]["name"] == "Ours"
    assert delegate.call("SearchFolder/set", **its, destroy=[search])["destroyed"] == [search]
    assert owner.call("SearchFolder/get", ids=None)["list"] == []


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
