"""The audit: only longer, chained, seen by auditors, and by the owner of a mailbox what concerns it."""
from __future__ import annotations

import base64
import json
import smtplib
import socket
import subprocess
import threading
from urllib.parse import quote

from kit.browser import logged_in
from kit.jmap import Jmap
from kit.world import PASSWORD, World

PRIVATE = True
SETTINGS = {"plaintext_login": "loopback"}
DATABASE = "chappe_directory"


def verdict(world: World, *more: str) -> dict:
    return json.loads(world.server.run("audit", "verify", "--json", *more))


def sealed(world: World) -> dict:
    """The verdict once nothing waits for its seal."""
    world.server.wait_until(lambda: verdict(world)["waiting"] == 0, 30, "the seals")
    return verdict(world)


def refused(world: World, statement: str) -> bool:
    try:
        world.server.sql(DATABASE, statement)
    except subprocess.CalledProcessError as problem:
        return "only added to" in problem.stderr or "permission denied" in problem.stderr
    return False


def story_nobody_changes_what_was_written(world: World) -> None:
    ada = world.user("ada")
    assert sealed(world)["whole"]
    for role in ("", "SET ROLE chappe_app;", "SET ROLE chappe_lookup;"):
        for table in ("audit", "audit_seal"):
            for act in (f"UPDATE {table} SET audit_id = audit_id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                assert refused(world, role + act), (role, act)
    world.server.run("user", "set", ada, "--name", "Ada King", "--why", "Married, 12 March")
    shown = world.server.run("audit", "list", "--org", world.organisation, "--object", ada, "--action", "user.set")
    assert "Married, 12 March" in shown and "local:" in shown and "user.add" not in shown
    entry = json.loads(world.server.run("audit", "list", "--org", world.organisation, "--action", "user.", "--limit", "1", "--json"))
    assert json.loads(entry["entries"][0]["before"])["name"] == "Ada" and entry["entries"][0]["reason"] == "Married, 12 March"


def story_what_was_changed_removed_or_exchanged_is_found(world: World) -> None:
    for number in range(8):
        world.user(f"user{number}")
    kept = sealed(world)
    assert kept["whole"] and kept["sealed"] > 8, kept
    middle = int(world.server.sql(DATABASE, "SELECT audit_id FROM audit_seal WHERE sequence = 5"))
    damages = {
        "changed": f"UPDATE audit SET actor = 'nobody' WHERE audit_id = {middle}",
        "removed": f"DELETE FROM audit WHERE audit_id = {middle}",
        "gap": "DELETE FROM audit_seal WHERE sequence = 5",
        "exchanged": "UPDATE audit SET audit_id = -audit_id WHERE audit_id IN (SELECT audit_id FROM audit_seal WHERE sequence IN (5, 6));"
                     "UPDATE audit a SET audit_id = (SELECT audit_id FROM audit_seal WHERE sequence = CASE WHEN -a.audit_id ="
                     " (SELECT audit_id FROM audit_seal WHERE sequence = 5) THEN 6 ELSE 5 END) WHERE audit_id < 0",
        "reason": f"UPDATE audit SET reason = 'x' WHERE audit_id = {middle}"}
    keep = "CREATE TABLE IF NOT EXISTS kept_{0} AS SELECT * FROM {0}"
    world.server.sql(DATABASE, f"{keep.format('audit')};{keep.format('audit_seal')}")
    off = "SET session_replication_role = replica;"
    for name, damage in damages.items():
        world.server.sql(DATABASE, off + damage)
        found = verdict(world)
        assert not found["whole"] and found["wrong_sequence"] in (5, 6), (name, found)
        world.server.sql(DATABASE, off + "DELETE FROM audit; DELETE FROM audit_seal;"
                         "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM kept_audit; INSERT INTO audit_seal SELECT * FROM kept_audit_seal")
        assert verdict(world)["head"] == kept["head"], name
    # who takes the newest entries away with their seals leaves a whole chain, but not the one that somebody kept elsewhere
    world.server.sql(DATABASE, off + f"DELETE FROM audit WHERE audit_id IN (SELECT audit_id FROM audit_seal WHERE sequence > 5);"
                     "DELETE FROM audit_seal WHERE sequence > 5")
    assert verdict(world)["whole"]
    assert not verdict(world, "--sequence", str(kept["sealed"]), "--hash", kept["head"])["whole"]


def story_many_write_at_once_and_all_are_chained(world: World) -> None:
    users = [world.user(f"user{number}") for number in range(6)]

    def work(login: str) -> None:
        for turn in range(10):
            world.server.run("user", "set", login, "--name", f"Turn {turn}")
    threads = [threading.Thread(target=work, args=(login,)) for login in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sealed(world)
    assert found["whole"], found
    lines = [json.loads(line) for line in world.server.run("audit", "export", "--org", world.organisation).splitlines()]
    assert sum(line["action"] == "user.set" for line in lines) == 60
    assert all(line["sequence"] and len(line["hash"]) == 64 for line in lines)
    assert len({line["id"] for line in lines}) == len(lines)
    assert verdict(world, "--sequence", str(lines[0]["sequence"]), "--hash", lines[0]["hash"])["whole"]


def story_the_owner_sees_who_opened_his_mailbox(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    world.server.run("grant", "add", bob, "administrator", "--scope", "organisation", "--on", world.organisation)
    world.server.run("grant", "add", eve, "auditor", "--scope", "organisation", "--on", world.organisation)
    mine = logged_in(world, ada)
    logged_in(world, ada)
    admin = logged_in(world, bob)
    assert admin.ask("PUT", f"/users/{ada}/automatic-reply?reason=illness", {"text": "Away."})[0] in (200, 204)
    assert admin.ask("POST", f"/users/{ada}/app-passwords", {"name": "theirs"})[0] == 201
    seen = mine.ask("GET", f"/users/{ada}/activity")[1]["activity"]
    assert any(row["action"] == "session.begin" and row["actor"] == ada and row["count"] == 2 for row in seen), seen
    assert any(row["action"] == "app-password.add" and row["actor"] == bob and row["peer"] for row in seen), seen
    assert not any(row["actor"] == bob and row["action"] == "session.begin" for row in seen)
    assert logged_in(world, eve).ask("GET", f"/users/{ada}/activity")[1]["activity"]
    assert mine.ask("GET", f"/users/{bob}/activity")[0] == 404
    assert mine.ask("GET", f"/audit?organisation={quote(world.organisation)}")[0] == 404
    assert logged_in(world, eve).ask("GET", "/audit/verify")[0] == 404           # the chain is the installation's
    assert "app-password.add" in world.server.run("user", "activity", ada)


def by_sieve(world: World, login: str) -> None:
    """Logs in by ManageSieve, and leaves."""
    with socket.create_connection(("127.0.0.1", world.server.port("managesieve")), timeout=60) as wire:
        lines = wire.makefile("rwb")
        while not lines.readline().startswith(b"OK"):
            pass
        lines.write(b'AUTHENTICATE "PLAIN" "' + base64.b64encode(f"\0{login}\0{PASSWORD}".encode()) + b'"\r\n')
        lines.flush()
        assert lines.readline().startswith(b"OK")


def by_submission(world: World, login: str) -> None:
    with smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60) as wire:
        wire.login(login, PASSWORD)


def story_the_owner_sees_by_which_program_and_which_others_came(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    world.server.run("grant", "add", eve, "auditor", "--scope", "organisation", "--on", world.organisation)
    imap = world.imap(ada)
    for _ in range(2):
        world.imap(ada).logout()
    world.pop3(ada).quit()
    by_sieve(world, ada)
    by_submission(world, ada)
    imap.create("Work")
    imap.setacl("INBOX", bob, "lr")
    imap.append("INBOX", None, None, b"Subject: for ada\r\n\r\nsecret\r\n")  # type: ignore[arg-type]
    own = Jmap(world.server, ada, PASSWORD)

    def seen() -> dict[tuple[str, str], int]:
        rows = own.call("AccountActivity/get", ids=None)["list"]
        assert all(row["peer"] == "127.0.0.1" for row in rows if row["action"].startswith(("login.", "open.")))
        return {(row["action"], row["actor"]): row["count"] for row in rows}

    world.server.wait_until(lambda: {("login.imap", ada), ("login.pop3", ada), ("login.smtp", ada), ("login.sieve", ada), ("login.web", ada)}
                            <= set(seen()), what="the owner's own programs")
    assert seen()["login.imap", ada] == 3

    other = world.imap(bob)
    shared = f'"Other Users/{ada}/INBOX"'
    assert other.list()[0] == other.status(shared, "(MESSAGES)")[0] == "OK"
    assert other.select(f'"Other Users/{ada}/Work"')[0] == "NO"
    them = Jmap(world.server, bob, PASSWORD)
    account = next(key for key, value in them.session["accounts"].items() if value["name"] == ada)
    them.call("Mailbox/get", accountId=account, ids=None)
    them.call("Email/get", accountId=account, ids=[])
    world.server.wait_until(lambda: Jmap(world.server, bob, PASSWORD).call("AccountActivity/get", ids=None)["list"], what="Bob's own logins")
    assert not [key for key in seen() if key[0].startswith("open.")], "who only looks at names has opened nothing"

    for _ in range(3):                                          # one visit
        assert other.select(shared, readonly=True)[0] == "OK"
        other.select("INBOX")
    ids = them.call("Email/query", accountId=account)["ids"]
    assert them.call("Email/get", accountId=account, ids=ids)["list"][0]["subject"] == "for ada"
    world.server.wait_until(lambda: {("open.imap", bob), ("open.web", bob)} <= set(seen()), what="the other one's visits")
    assert seen()["open.imap", bob] == seen()["open.web", bob] == 1
    # nothing of it stands with the other one, nor in the audit's chain; an auditor sees it
    assert not any(row["action"].startswith("open.") for row in them.call("AccountActivity/get", ids=None)["list"])
    assert "open." not in world.server.run("audit", "list", "--org", world.organisation)
    rows = logged_in(world, eve).ask("GET", f"/users/{ada}/activity")[1]["activity"]
    assert any(row["action"] == "open.imap" and row["actor"] == bob for row in rows), rows
    assert logged_in(world, bob).ask("GET", f"/users/{ada}/activity")[0] == 404
    world.server.run("user", "remove", bob)                     # his name stays
    assert seen()["open.imap", bob] == 1
