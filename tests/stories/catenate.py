"""Messages put together on the server (RFC 4469): what does not fit into memory, what is too much, what is damaged."""
from __future__ import annotations

import imaplib
import os
import re

from kit.instance import Failure
from kit.world import World

PRIVATE = True
SETTINGS = {"max_message_size": "8M"}
MEGABYTE = 1 << 20


def append(imap: imaplib.IMAP4, message: bytes, folder: str = "INBOX") -> None:
    kind, said = imap.append(folder, "", "", message)
    if kind != "OK":
        raise Failure(f"APPEND: {said!r}")


def letter(size: int) -> bytes:
    line = b"x" * 62 + b"\r\n"
    return b"Subject: large\r\n\r\n" + line * (size // len(line))


def answer(imap: imaplib.IMAP4, tag: bytes) -> bytes:
    while not (line := imap.readline()).startswith(tag):
        pass
    return line


def send(imap: imaplib.IMAP4, text: str) -> bytes:
    tag = imap._new_tag()
    imap.send(tag + b" " + text.encode() + b"\r\n")
    return tag


def spooled_bytes(pid: int) -> list[int]:
    """Sizes of the files without a name that the process has open."""
    found = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{number}"
        try:
            if "(deleted)" in os.readlink(path):
                found.append(os.stat(path).st_size)
        except FileNotFoundError:
            pass                                 # closed meanwhile
    return found


def story_parts_are_put_together_outside_of_memory(world: World) -> None:
    ada = world.user("ada")
    imap = world.imap(ada)
    append(imap, letter(2 * MEGABYTE))
    url = 'URL "/INBOX/;UID=1/;SECTION=TEXT"'
    tag = send(imap, f"APPEND Drafts CATENATE (TEXT {{18+}}\r\nSubject: threefold"
                     f" TEXT {{4+}}\r\n\r\n\r\n {url} {url} {url} TEXT {{3}}")
    assert imap.readline().startswith(b"+")
    pid = world.server.role_pid("mailbox")
    world.server.wait_until(lambda: max(spooled_bytes(pid), default=0) > 5 * MEGABYTE, 10, "the parts in a file")
    imap.send(b"end)\r\n")
    said = answer(imap, tag)
    assert b"OK [APPENDUID" in said, said
    imap.select("Drafts")
    got = imap.fetch("1", "(BODY.PEEK[])")[1][0][1]
    text = letter(2 * MEGABYTE).split(b"\r\n\r\n", 1)[1]
    assert got == b"Subject: threefold\r\n\r\n" + text * 3 + b"end", len(got)
    assert max(spooled_bytes(pid), default=0) < MEGABYTE


def story_what_urls_name_counts(world: World) -> None:
    """8 MB a message, 16 MB a command; nothing is kept of what goes beyond."""
    ada = world.user("ada")
    imap = world.imap(ada)
    append(imap, letter(5 * MEGABYTE))
    url = 'URL "/INBOX/;UID=1"'
    said = answer(imap, send(imap, f"APPEND Drafts CATENATE ({url} {url})"))
    assert b" NO [TOOBIG]" in said, said
    said = answer(imap, send(imap, "APPEND Drafts" + f" CATENATE ({url})" * 4))
    assert b" NO [TOOBIG]" in said, said
    assert world.count(ada, "Drafts") == 0
    said = answer(imap, send(imap, "APPEND Drafts" + f" CATENATE ({url})" * 3))
    assert b" OK [APPENDUID" in said, said


def story_a_url_of_a_damaged_message_is_bad(world: World) -> None:
    ada = world.user("ada")
    imap = world.imap(ada)
    append(imap, letter(MEGABYTE))
    world.server.sql("chappe_group_1", "DELETE FROM body WHERE chunk > 1")
    world.server.stop()
    world.server.start()                         # nothing of it is in a cache
    imap = world.imap(ada)
    said = answer(imap, send(imap, 'APPEND Drafts CATENATE (URL "/INBOX/;UID=1")'))
    assert re.search(rb' NO \[BADURL "/INBOX/;UID=1"\] .*damaged', said), said
    said = answer(imap, send(imap, 'APPEND Drafts CATENATE (URL "/INBOX/;UID=1/;SECTION=HEADER" TEXT {1+}\r\nx)'))
    assert b" OK [APPENDUID" in said, said       # what of it can be read
    assert world.count(ada, "Drafts") == 1


def story_lone_line_ends_of_a_large_message_are_made_whole(world: World) -> None:
    """Also where a piece of the work ends between CR and LF."""
    ada = world.user("ada")
    imap = world.imap(ada)
    message = bytearray(b"Subject: lines\n\n" + (b"y" * 63 + b"\n") * 10_000)
    message[262_143:262_145] = b"\r\n"
    message[524_288:524_290] = b"\r\n"
    tag = imap._new_tag()
    imap.send(tag + b" APPEND INBOX {%d+}\r\n" % len(message) + bytes(message) + b"\r\n")
    assert b" OK " in answer(imap, tag)
    imap.select("INBOX")
    got = imap.fetch("1", "(BODY.PEEK[])")[1][0][1]
    assert got == bytes(message).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
