"""What attached documents say is found by JMAP, hostile ones cost their budget, and nothing of it is in anybody's way."""
from __future__ import annotations

import json
import os
import signal
import time
from email.message import EmailMessage

from kit.documents import HOSTILE, MAKERS, TYPES, docx, odt, pdf, swelling_pdf
from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World

IS_LONG = True
PRIVATE = True
SETTINGS = {"plaintext_login": "loopback", "attachment_time": "3s"}
WORDS = {"docx": "marmalade", "xlsx": "turnover", "pptx": "roadmap", "odt": "lettuce", "ods": "ledger", "odp": "keynote",
         "rtf": "typewriter", "pdf": "parchment"}


def letter(subject: str, *documents: tuple[str, bytes, str]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Sender <sender@elsewhere.example>", "ada@example.org", subject
    mail.set_content("See what is attached.\n")
    for name, data, subtype in documents:
        mail.add_attachment(data, maintype="application", subtype=subtype, filename=name)
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def put(world: World, user: str, *letters: bytes, folder: str = "INBOX") -> None:
    imap = world.imap(user)
    for mail in letters:
        assert imap.append(folder, "", None, mail)[0] == "OK"
    imap.logout()


def found(jmap: Jmap, **condition: object) -> list[str]:
    """Subjects, in order of the alphabet."""
    ids = jmap.call("Email/query", filter=condition)["ids"]
    return sorted(one["subject"] for one in jmap.call("Email/get", ids=ids, properties=["subject"])["list"])


def until_found(world: World, jmap: Jmap, subject: str, **condition: object) -> None:
    world.server.wait_until(lambda: subject in found(jmap, **condition), 150, f"{subject} by {condition}")


def pid_of(world: World, role: str) -> int:
    return next(r["pid"] for r in json.loads(world.server.run("status", "--json", check=False))["roles"] if r["name"] == role)


def story_documents_are_found_by_what_they_say(world: World) -> None:
    """Every format by a word, a beginning and a phrase; in `text` and `body`; beside words of the letter; shown in the snippet; not by IMAP."""
    ada, bob = world.user("ada"), world.user("bob")
    jmap = Jmap(world.server, ada, PASSWORD)
    put(world, ada, *(letter(f"a {kind}", (f"file.{kind}", make(f"Première {WORDS[kind]} of spring", "second line"),
                                           TYPES[kind])) for kind, make in MAKERS.items()),
        letter("by its name", ("notes.docx", docx("octopus"), "octet-stream")),
        letter("two of them", ("one.pdf", pdf("walnut"), "pdf"), ("two.odt", odt("hazel tree"), TYPES["odt"])))
    until_found(world, jmap, "two of them", text="hazel")
    for kind, word in WORDS.items():
        assert found(jmap, text=word) == found(jmap, body=word.upper()) == found(jmap, text=word[:5]) == [f"a {kind}"], (kind, found(jmap, text=word))
        assert found(jmap, text=f'"{word} of spring"') == found(jmap, body=f"premiere attached {word}") == [f"a {kind}"], kind
        assert found(jmap, text=f'"{word} of summer"') == found(jmap, text=word[1:]) == [], kind
    assert found(jmap, text="octopus") == ["by its name"] and found(jmap, text="walnut hazel") == ["two of them"]
    assert len(found(jmap, body="premiere")) == 8 and found(jmap, subject="walnut") == []
    not_said = {"operator": "NOT", "conditions": [{"text": "walnut"}]}
    assert len(found(jmap, **not_said)) == 9

    ids = jmap.call("Email/query", filter={"text": "walnut"})["ids"]
    snippet = jmap.call("SearchSnippet/get", emailIds=ids, filter={"text": "walnut"})["list"][0]
    assert snippet["preview"].startswith("<mark>walnut</mark>") and "hazel tree" in snippet["preview"], snippet
    imap = world.imap(ada)
    imap.select("INBOX")
    assert imap.search(None, "TEXT", "walnut")[1] == imap.search(None, "BODY", "walnut")[1] == [b""]
    assert found(Jmap(world.server, bob, PASSWORD), text="walnut") == []

    # a copy in another folder, and one of somebody else, cost no second reading
    imap.create("Kept")
    imap.copy("2", "Kept")
    put(world, bob, letter("a docx", ("file.docx", docx("Première marmalade of spring", "second line"), TYPES["docx"])))
    until_found(world, Jmap(world.server, bob, PASSWORD), "a docx", text="marmalade")


def allow(world: World, seconds: int) -> None:
    """To each document, by the clock."""
    path = os.path.join(world.server.data, "chappe.conf")
    with open(path, encoding="utf-8") as file:
        kept = [line for line in file if not line.startswith("attachment_time")]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines([*kept, f"attachment_time = {seconds}s\n"])
    world.server.run("reload")


def story_hostile_documents_cost_their_budget(world: World) -> None:
    """Bombs, loops, garbage and passwords: each leaves a reason in the log, the one behind them all is found, and nobody died. The clock ends only
    what would go on for a minute: a busy machine changes nothing of the others."""
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    roles = {name: pid_of(world, name) for name in ("extract", "housekeeping")}
    letters = {name: letter(name, (name, make(), "octet-stream")) for name, make in HOSTILE.items()}
    slow = letters.pop("swelling.pdf")
    allow(world, 60)
    put(world, ada, *letters.values(), letter("behind", ("good.pdf", pdf("survivor"), "pdf")))
    until_found(world, jmap, "behind", text="survivor")
    assert '"late"' not in world.server.log() and "reason=late" not in world.server.log()
    allow(world, 1)
    put(world, ada, slow, letter("behind it", ("good.pdf", pdf("latecomer"), "pdf")))
    until_found(world, jmap, "behind it", text="latecomer")
    assert found(jmap, text="root:x:0") == found(jmap, text="hahaha") == []
    assert found(jmap, text="deepword") == ["groups.rtf"]
    log = world.server.log()
    for reason in ("swollen", "damaged", "encrypted", "late"):
        assert f'"{reason}"' in log or f"reason={reason}" in log, reason
    assert roles == {name: pid_of(world, name) for name in roles}, "a role died of a document"
    world.send(ada)


def story_the_reader_is_killed_at_its_work(world: World) -> None:
    """Killed while it reads, three times: the document is given up, what is behind it is found; killed in between, nothing is lost. Mail comes
    all the while."""
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    slow = swelling_pdf()
    put(world, ada, letter("slow", ("slow.pdf", slow, "pdf")), letter("behind", ("good.odt", odt("afterwards"), TYPES["odt"])))
    for _ in range(3):
        pid = pid_of(world, "extract")
        world.server.wait_until(lambda: _has_child(pid), 150, "a document being read")
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        world.send(ada)
        assert time.monotonic() - began < 20
        world.server.wait_until(lambda: pid_of(world, "extract") not in (0, pid), 20, "the role being back")
    until_found(world, jmap, "behind", text="afterwards")
    assert "given-up" in world.server.log()


def _has_child(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
        tasks = os.listdir(f"/proc/{pid}/task")
        for task in tasks:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                children += file.read().split()
        return bool(children)
    except FileNotFoundError:
        return False


def story_switched_off_and_on_again(world: World) -> None:
    """What came while it was off is read when it is on: old mail is gone through behind the others."""
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    path = os.path.join(world.server.data, "chappe.conf")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    with open(path, "a", encoding="utf-8") as file:
        file.write("attachment_text = no\n")
    world.server.run("reload")
    put(world, ada, letter("while off", ("a.docx", docx("dormant"), TYPES["docx"])))
    until_found(world, jmap, "while off", text="attached")
    time.sleep(25)
    if found(jmap, text="dormant"):
        raise Failure("it was read although it is off")
    with open(path, "w", encoding="utf-8") as file:
        file.write(before)
    world.server.run("reload")
    until_found(world, jmap, "while off", text="dormant")
