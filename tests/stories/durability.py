"""A promise is kept whatever dies next. (tests/faults does this for hours; here is one of each kind.)"""
from __future__ import annotations

import glob
import json
import os
import signal
import smtplib
import time

from kit.world import PASSWORD, World

PRIVATE = True


def kill_everything(world: World) -> None:
    """Roles, supervisor and PostgreSQL, at once."""
    status = json.loads(world.server.run("status", "--json"))
    pids = [status["pid"]]
    for path in glob.glob(os.path.join(world.server.data, "**/postmaster.pid"), recursive=True):
        with open(path, encoding="ascii") as file:
            pids.append(int(file.readline()))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def story_kill_right_after_250(world: World) -> None:
    ada = world.user("ada")
    world.send(ada, "Subject: acknowledged\r\n\r\nbody\r\n")
    kill_everything(world)
    time.sleep(0.5)
    world.server.start()
    mails = world.mails(ada)
    assert len(mails) == 1 and b"acknowledged" in mails[0]


def story_postgresql_dies_and_returns_without_a_restart_of_ours(world: World) -> None:
    ada = world.user("ada")
    imap = world.imap(ada)
    imap.select("INBOX")
    path = glob.glob(os.path.join(world.server.data, "**/postmaster.pid"), recursive=True)[0]
    with open(path, encoding="ascii") as file:
        os.kill(int(file.readline()), signal.SIGKILL)
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
        smtp.ehlo()
        codes = [smtp.docmd("MAIL FROM:<a@outside.example>")[0], smtp.docmd(f"RCPT TO:<{ada}>")[0]]
        assert not [code for code in codes if code >= 500], codes

    def accepted() -> bool:
        try:
            return world.send(ada) == {}
        except smtplib.SMTPException as problem:
            code = getattr(problem, "smtp_code", None) or next(iter(problem.recipients.values()))[0]
            assert 400 <= code < 500, problem
            return False
    world.server.wait_until(accepted, 30, "mail flowing again")
    imap.noop()                                  # the very session that was open before
    assert imap.response("EXISTS")[1][-1] == b"1"


def story_a_storage_group_down_is_only_its_users_trouble(world: World) -> None:
    ada = world.user("ada", "--storage-group", "First Storage Group")
    world.server.run("storage-group", "add", "second")
    bob = world.user("bob", "--storage-group", "second")
    world.wait_for_mail(ada, bob)
    assert (world.count(ada), world.count(bob)) == (1, 1)
    world.server.run("storage-group", "dismount", "second")
    assert world.send([ada]) == {}

    def refused_for_now() -> bool:
        with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
            smtp.ehlo()
            smtp.docmd("MAIL FROM:<a@outside.example>")
            code, _ = smtp.docmd(f"RCPT TO:<{bob}>")
            assert code < 500, code
            return code >= 400
    world.server.wait_until(refused_for_now, 10, "the refusal at RCPT")
    assert world.count(ada) == 2
    try:
        world.count(bob)
    except Exception as problem:
        assert "UNAVAILABLE" in str(problem), problem
    else:
        raise AssertionError("a dismounted mailbox was read")
    world.server.run("storage-group", "mount", "second")
    world.wait_for_mail(bob)
    assert world.count(bob) == 2


def story_certificates_change_under_open_sessions(world: World) -> None:
    ada = world.user("ada")
    imap = world.imap(ada)
    before = world.run("openssl", "s_client", "-connect", f"127.0.0.1:{world.server.port('imaps')}", stdin="").split(
        "-----END CERTIFICATE-----")[0]
    folder = os.path.join(world.server.data, "tls")
    key, certificate = os.path.join(folder, "server.key"), os.path.join(folder, "server.pem")
    owner = os.stat(key)
    world.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
              "-subj", "/CN=new.example", "-keyout", key, "-out", certificate)
    os.chown(key, owner.st_uid, owner.st_gid)
    world.server.run("reload")
    time.sleep(1)
    after = world.run("openssl", "s_client", "-connect", f"127.0.0.1:{world.server.port('imaps')}", stdin="").split(
        "-----END CERTIFICATE-----")[0]
    assert before != after and "new.example" in after
    assert imap.noop()[0] == "OK"
    assert PASSWORD

def story_a_damaged_message_does_not_hide_its_neighbours(world: World) -> None:
    ada = world.user("ada")
    for number, size in enumerate((10, 300_000, 10, 20, 30, 10)):
        world.send(ada, f"Subject: letter {number}\r\n\r\n" + "x" * 70 + "\r\n" * (size // 2))
    world.server.sql("chappe_group_1", "DELETE FROM body WHERE chunk > 0 OR message_id IN"
                                       " (SELECT message_id FROM message WHERE chunks > 1)")
    small = "message_id = (SELECT message_id FROM message WHERE chunks = 1 ORDER BY message_id OFFSET {} LIMIT 1)"
    world.server.sql("chappe_group_1", f"UPDATE body SET data = substr(data, 1, 20) WHERE {small.format(2)};"
                                       f"DELETE FROM body WHERE {small.format(3)}")
    world.server.stop()
    world.server.start()                         # nothing of it is in a cache
    imap = world.imap(ada)
    imap.select("INBOX")
    tag = imap._new_tag()
    imap.send(tag + b" FETCH 1:* (UID BODY.PEEK[])\r\n")
    answer = []
    while not (answer and answer[-1].startswith(tag)):
        answer.append(imap.readline())
    text = b"".join(answer)
    assert [number for number in range(6) if b"letter %d" % number in text] == [0, 2, 5], text
    assert answer[-1].startswith(tag + b" NO"), answer[-1]
