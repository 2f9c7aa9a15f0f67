"""The database's disk is full: everything that writes is answered as temporary, reading goes on, removing too, and
when there is room again nothing needs an operator."""
from __future__ import annotations

import imaplib
import json
import os
import smtplib
import subprocess
import tempfile
import time

from kit.instance import Instance

SIZE = "600M"
RESERVE = 60 << 20
MAIL = b"Subject: x\r\n\r\n" + b"x" * 300000


def problems(options, password: str) -> list[str]:
    if os.geteuid() != 0:
        return ["the disk fault needs root, for a small file system of its own"]
    with tempfile.TemporaryDirectory(prefix="chappe-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
        os.chmod(folder, 0o755)
        os.environ["CHAPPE_TEST_DIR"] = folder
        try:
            with Instance(binary=options.binary, settings={"disk_reserve": str(RESERVE)}) as server:
                return fill_and_free(server, folder, password)
        finally:
            os.environ.pop("CHAPPE_TEST_DIR", None)
            for _ in range(20):
                if subprocess.run(["umount", folder], capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.5)


def fill_and_free(server: Instance, folder: str, password: str) -> list[str]:
    user = "full@fault.example"
    server.run("org", "add", "Disk")
    server.run("domain", "add", "fault.example", "--org", "Disk")
    server.run("user", "add", user, "--name", "Full", "--password-file", "-", "--inbox-only", stdin=password + "\n")
    found = []
    for number in range(4):
        if send(server, user, 10000) != 250:
            found.append(f"mail {number + 1} is refused before the disk is full")
    found += in_reserve(server, folder, user, password)
    found += recovers(server, folder, user)
    found += quite_full(server, folder, user, password)
    found += recovers(server, folder, user)
    check = server.run("verify", check=False)
    if " 0 differences" not in check:
        found.append(f"verify: {check}")
    return found


def in_reserve(server: Instance, folder: str, user: str, password: str) -> list[str]:
    """Less is free than the reserve: nothing is added, everything else works."""
    found = []
    fill(os.path.join(folder, "ballast"), leave=RESERVE // 2)
    time.sleep(1.5)
    reply = mail_reply(server)
    if not reply.startswith("452 4.3.1"):
        found.append(f"MAIL with less free than the reserve: {reply}")
    state = json.loads(server.run("status", "--json", check=False)).get("disk", {}).get("state")
    if state != "low":
        found.append(f"status says the disk is {state}")
    if "BAD  disk:" not in server.run("check", check=False):
        found.append("check does not say that the disk is low")
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=60)
    imap.login(user, password)
    imap.create("Bin")
    expectations = [
        ("SELECT", imap.select("INBOX"), "OK", b"4"),
        ("FETCH", imap.fetch("1", "(BODY.PEEK[])"), "OK", b""),
        ("APPEND", imap.append("INBOX", None, None, MAIL), "NO", b"[UNAVAILABLE]"),
        ("COPY", imap.copy("1", "Bin"), "NO", b"[UNAVAILABLE]"),
        ("STORE", imap.store("1", "+FLAGS", "\\Deleted"), "OK", b""),
        ("EXPUNGE", imap.expunge(), "OK", b""),
        ("MOVE", imap._simple_command("MOVE", "1", "Bin"), "OK", b""),
        ("DELETE", imap.delete("Bin"), "OK", b""),
    ]
    imap.logout()
    for command, (kind, data), wanted, text in expectations:
        if kind != wanted or (text and text not in data[0]):
            found.append(f"{command} with less free than the reserve: {kind} {data[0][:80]!r}, expected {wanted}")
    events = server.log().count("disk.low")
    if not 1 <= events <= 4:
        found.append(f"{events} events disk.low in the log, expected one of each role that was asked")
    return found


def quite_full(server: Instance, folder: str, user: str, password: str) -> list[str]:
    """Not a byte is free: PostgreSQL itself may be unable to go on; whatever is said is temporary."""
    found = []
    fill(os.path.join(folder, "ballast"), leave=0)
    codes = {send(server, user, 300000) for _ in range(10)}
    if not codes <= {451, 452, 421, 0}:
        found.append(f"with a full disk SMTP said {sorted(codes)}")
    try:
        imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=60)
        imap.login(user, password)
        kind, data = imap.select("INBOX")
        if kind != "OK" and b"[UNAVAILABLE]" not in data[0]:
            found.append(f"SELECT with a full disk: {kind} {data}")
        if kind == "OK":
            kind, data = imap.append("INBOX", None, None, MAIL)
            if kind != "NO" or b"[UNAVAILABLE]" not in data[0]:
                found.append(f"APPEND with a full disk: {kind} {data}")
        imap.logout()
    except imaplib.IMAP4.error as problem:
        if "UNAVAILABLE" not in str(problem) and "BYE" not in str(problem):
            found.append(f"IMAP with a full disk: {problem}")
    return found


def recovers(server: Instance, folder: str, user: str) -> list[str]:
    os.unlink(os.path.join(folder, "ballast"))
    deadline = time.monotonic() + 30
    while send(server, user, 1000) != 250:
        if time.monotonic() > deadline:
            return ["mail is still refused 30 s after there is room again"]
        time.sleep(0.5)
    return []


def fill(path: str, leave: int) -> None:
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                room = os.statvfs(os.path.dirname(path))
                missing = room.f_bavail * room.f_frsize - leave
                if missing <= 0:
                    return
                file.write(b"\0" * min(missing, 1 << 20))
        except OSError:
            pass


def mail_reply(server: Instance) -> str:
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=60) as smtp:
        smtp.ehlo()
        code, text = smtp.docmd("MAIL FROM:<a@outside.example>")
        return f"{code} {text.decode()}"


def send(server: Instance, user: str, size: int) -> int:
    """The code of the reply that ended the attempt; 0 where the connection ended."""
    try:
        with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=60) as smtp:
            smtp.ehlo()
            for command in (f"MAIL FROM:<a@outside.example>", f"RCPT TO:<{user}>"):
                code, _ = smtp.docmd(command)
                if code != 250:
                    return code
            return smtp.data(b"Subject: x\r\n\r\n" + os.urandom(size // 2).hex().encode() + b"\r\n")[0]
    except smtplib.SMTPResponseException as problem:
        return problem.smtp_code
    except (smtplib.SMTPException, OSError):
        return 0
