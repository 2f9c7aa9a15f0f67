"""A company moves in: Maildir and mbox, with flags, dates and folders."""
from __future__ import annotations

import os
import random
import re

from kit.world import World, corpus


def maildir(world: World, count: int) -> str:
    root = os.path.join(world.folder, "Maildir")
    for folder in ("", ".Projects", ".Projects.2031", ".Entw&APw-rfe"):
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(root, folder, part))
    for number, mail in enumerate(corpus(count)):
        folder = ("", ".Projects", ".Projects.2031", ".Entw&APw-rfe")[number % 4]
        flags = ("", "S", "FS", "RS")[number // 4 % 4]
        name = f"{1600000000 + number}.M{number}P1.host,S={len(mail)}" + (f":2,{flags}" if flags else "")
        path = os.path.join(root, folder, "cur" if flags else "new", name)
        with open(path, "wb") as file:
            file.write(mail.replace(b"\r\n", b"\n"))
        os.utime(path, (1600000000 + number, 1600000000 + number))
    os.chmod(world.folder, 0o755)
    return root


def story_a_maildir_of_ten_thousand_keeps_folders_flags_and_dates(world: World) -> None:
    ada = world.user("ada", "--inbox-only")
    root = maildir(world, 10000)
    world.server.run("mailbox", "import", ada, root, timeout=300)
    imap = world.imap(ada)
    for folder in ("INBOX", "Projects", "Projects/2031", '"Entw&APw-rfe"'):
        assert imap.select(folder)[1] == [b"2500"], folder
    imap.select("Projects")
    assert len(imap.search(None, "FLAGGED", "SEEN")[1][0].split()) == 625
    data = imap.fetch("1", "(INTERNALDATE)")[1][0].decode()
    assert "13-Sep-2020" in data, data
    imap.logout()
    world.server.run("mailbox", "import", ada, root, timeout=300)     # again: nothing twice
    assert world.count(ada, "Projects") == 2500


def story_an_mbox_with_quoted_from_lines(world: World) -> None:
    ada = world.user("ada", "--inbox-only")
    mbox = world.write("archive.mbox", "From a@b Mon Nov  1 10:00:00 2021\nSubject: one\nStatus: RO\n\n>From here on\n\n"
                                       "From a@b Tue Nov  2 10:00:00 2021\nSubject: two\nX-Status: F\n\nsecond\n", 0o644)
    os.chmod(world.folder, 0o755)
    world.server.run("mailbox", "import", ada, mbox, timeout=60)
    mails = world.mails(ada, "archive") if world.count(ada) == 0 else world.mails(ada)
    assert len(mails) == 2 and b"\r\nFrom here on\r\n" in mails[0], mails


def story_export_gives_back_what_came_in(world: World) -> None:
    ada, bob = world.user("ada", "--inbox-only"), world.user("bob", "--inbox-only")
    world.server.run("mailbox", "import", ada, maildir(world, 40), timeout=60)
    out = os.path.join(world.folder, "out")
    os.makedirs(out)
    os.chmod(out, 0o777)
    world.server.run("mailbox", "export", ada, out, timeout=60)
    world.server.run("mailbox", "import", bob, out, timeout=60)
    for folder in ("INBOX", "Projects", '"Entw&APw-rfe"'):
        assert sorted(world.mails(ada, folder)) == sorted(world.mails(bob, folder)), folder
    flags = []
    for who in (ada, bob):
        imap = world.imap(who)
        imap.select("Projects")
        data = imap.fetch("1:*", "(FLAGS INTERNALDATE)")[1]
        flags.append(sorted(re.sub(rb"^\d+ |\\Recent ?", b"", line) for line in data))
    assert flags[0] == flags[1]


def story_conversations_stay_together_in_whatever_order_they_come(world: World) -> None:
    ada = world.user("ada", "--inbox-only")
    root = os.path.join(world.folder, "Maildir")
    for folder in ("", ".Sent"):
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(root, folder, part))
    numbers = list(range(300))
    random.Random(5).shuffle(numbers)
    for place, number in enumerate(numbers):                          # three of each: the question, our answer in Sent, the answer to that
        question, step = divmod(number, 3)
        ids = [f"<{question}-{k}@outside.example>" for k in range(step + 1)]
        answers = f"In-Reply-To: {ids[-2]}\r\nReferences: {' '.join(ids[:-1])}\r\n" if step else ""
        mail = (f"From: a@outside.example\r\nSubject: {('', 'Re: ', 'AW: Re: ')[step]}Question {question}\r\nMessage-ID: {ids[-1]}\r\n{answers}"
                "Date: Mon, 01 Nov 2021 10:00:00 +0100\r\n\r\nText\r\n")
        world.write(os.path.join("Maildir", ".Sent" if step == 1 else "", "new", f"{1600000000 + place}.M{place}P1.host"), mail, 0o644)
    os.chmod(world.folder, 0o755)
    world.server.run("mailbox", "import", ada, root, timeout=120)
    imap = world.imap(ada)
    conversations: dict[str, list[str]] = {}
    for folder in ("INBOX", "Sent"):
        imap.select(folder, readonly=True)
        for line in imap.fetch("1:*", "(THREADID ENVELOPE)")[1]:
            shown = line.decode()
            thread, subject = re.search(r"THREADID \((\S+)\)", shown), re.search(r"Question \d+", shown)
            assert thread and subject, shown
            conversations.setdefault(thread[1], []).append(subject[0])
    imap.logout()
    assert len(conversations) == 100, len(conversations)
    assert all(len(subjects) == 3 and len(set(subjects)) == 1 for subjects in conversations.values()), conversations
