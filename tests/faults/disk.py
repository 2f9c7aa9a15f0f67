"""The database's disk is full: everything that writes is answered as temporary, reading goes on, removing too, and
when there is room again nothing needs an operator."""
from __future__ import annotations

import imaplib
import os
import smtplib
import subprocess
import tempfile
import time

from kit.instance import Instance

SIZE = "400M"


def problems(options, password: str) -> list[str]:
    if os.geteuid() != 0:
        return ["the disk fault needs root, for a small file system of its own"]
    with tempfile.TemporaryDirectory(prefix="chappe-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
        os.chmod(folder, 0o755)
        os.environ["CHAPPE_TEST_DIR"] = folder
        try:
            with Instance(binary=options.binary, settings={"disk_reserve": "40M"}) as server:
                return fill_and_free(server, folder, password)
        finally:
            os.environ.pop("CHAPPE_TEST_DIR", None)
            for _ in range(20):
                if subprocess.run(["umount", folder], capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.5)


def fill_and_free(server: Instance, folder: str, password: str) -> list[str]:
    found = []
    user = "full@fault.example"
    server.run("org", "add", "Disk")
    server.run("domain", "add", "fault.example", "--org", "Disk")
    server.run("user", "add", user, "--name", "Full", "--password-file", "-", "--inbox-only", stdin=password + "\n")
    if send(server, user, 10000) != 250:
        found.append("a mail is refused before the disk is full")
    ballast = os.path.join(folder, "ballast")
    fill(ballast)
    time.sleep(3)
    codes = {send(server, user, 300000) for _ in range(20)}
    if not codes <= {451, 452, 421, 0}:
        found.append(f"with a full disk SMTP said {sorted(codes)}")
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=60)
    imap.login(user, password)
    kind, data = imap.select("INBOX")
    if kind != "OK" or int(data[0]) != 1:
        found.append(f"reading with a full disk: {kind} {data}")
    kind, data = imap.append("INBOX", None, None, b"Subject: x\r\n\r\n" + b"x" * 300000)
    if kind != "NO" or b"UNAVAILABLE" not in data[0]:
        found.append(f"APPEND with a full disk: {kind} {data}")
    imap.store("1", "+FLAGS", "\\Deleted")
    kind, data = imap.expunge()
    if kind != "OK":
        found.append(f"EXPUNGE with a full disk: {kind} {data}")
    imap.logout()
    os.unlink(ballast)
    deadline = time.monotonic() + 30
    while send(server, user, 1000) != 250:
        if time.monotonic() > deadline:
            found.append("mail is still refused 30 s after there is room again")
            break
        time.sleep(0.5)
    return found


def fill(path: str) -> None:
    with open(path, "wb") as file:
        try:
            while True:
                file.write(b"\0" * (1 << 20))
        except OSError:
            pass


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
