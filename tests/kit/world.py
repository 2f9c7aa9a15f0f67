"""An organisation of its own on a running server, and hands for what people do with it."""
from __future__ import annotations

import imaplib
import itertools
import os
import poplib
import shutil
import smtplib
import subprocess
import tempfile
from typing import Iterator

from kit.instance import Failure, Instance

PASSWORD = "correct-horse-7"
imaplib._MAXLINE = 100_000_000
_numbers = itertools.count(1)


class World:
    def __init__(self, server: Instance) -> None:
        self.server = server
        self.number = next(_numbers)
        self.organisation = f"Story {os.getpid()}-{self.number}"
        self.domain = f"s{self.number}.example"
        self.folder = tempfile.mkdtemp(prefix="chappe-story-")

    def __enter__(self) -> "World":
        self.server.api("POST", "/organisations", {"name": self.organisation})
        self.server.api("POST", "/domains", {"name": self.domain, "organisation": self.organisation})
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- people

    def user(self, name: str, *options: str, password: str = PASSWORD) -> str:
        """Makes name@domain; its address. A program for each person costs more than many a story: only options need one."""
        address = f"{name}@{self.domain}"
        if options:
            self.server.run("user", "add", address, "--name", name.title(), "--password-file", "-", *options, stdin=password + "\n")
        else:
            self.server.api("POST", "/users", {"address": address, "name": name.title(), "password": password})
        return address

    def alias(self, name: str, *targets: str) -> str:
        address = f"{name}@{self.domain}"
        for target in targets:
            self.server.run("alias", "add", address, target)
        return address

    # ---- clients

    def imap(self, address: str, password: str = PASSWORD) -> imaplib.IMAP4:
        imap = imaplib.IMAP4("127.0.0.1", self.server.port("imap"), timeout=60)
        imap.login(address, password)
        return imap

    def pop3(self, address: str, password: str = PASSWORD) -> poplib.POP3:
        pop = poplib.POP3("127.0.0.1", self.server.port("pop3"), timeout=60)
        pop.user(address)
        pop.pass_(password)
        return pop

    def send(self, recipients: list[str] | str, mail: str = "Subject: hello\r\n\r\nbody\r\n",
             sender: str = "somebody@outside.example") -> dict:
        """By SMTP on port 25; the refused recipients, as smtplib gives them."""
        with smtplib.SMTP("127.0.0.1", self.server.port("smtp"), timeout=60) as smtp:
            return smtp.sendmail(sender, recipients, mail.encode())

    def wait_for_mail(self, *addresses: str) -> None:
        """Sends one mail to each, until it is taken: the roles see a new storage group within seconds."""
        def taken() -> bool:
            try:
                return self.send(address) == {}
            except smtplib.SMTPRecipientsRefused as problem:
                code = problem.recipients[address][0]
                if code >= 500:
                    raise Failure(f"{address} was refused for good: {problem}") from None
                return False
        for address in addresses:
            self.server.wait_until(taken, 20, f"mail to {address}")

    def run(self, *words: str, stdin: str = "", check: bool = True, timeout: float = 120,
            env: dict[str, str] | None = None) -> str:
        """A client program; both its outputs. A non-zero exit is a Failure."""
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
                              errors="replace", cwd=self.folder, env={**os.environ, **(env or {})})
        if check and done.returncode != 0:
            raise Failure(f"{words[0]}: exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout + done.stderr

    def write(self, name: str, text: str, mode: int = 0o600) -> str:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    # ---- what is there

    def mails(self, address: str, folder: str = "INBOX") -> list[bytes]:
        imap = self.imap(address)
        if imap.select(folder, readonly=True)[0] != "OK":
            raise Failure(f"{address} has no folder {folder}")
        data = imap.fetch("1:*", "(BODY.PEEK[])")[1]
        imap.logout()
        return [part[1] for part in data if isinstance(part, tuple)]

    def count(self, address: str, folder: str = "INBOX") -> int:
        imap = self.imap(address)
        kind, data = imap.status(folder, "(MESSAGES)")
        imap.logout()
        if kind != "OK":
            raise Failure(f"{address} has no folder {folder}")
        return int(data[0].rsplit(b"MESSAGES ", 1)[1].split(b")")[0])


def corpus(count: int) -> Iterator[bytes]:
    """Small, different, unremarkable mails."""
    for number in range(count):
        yield (f"From: Ada <ada@outside.example>\r\nTo: you@example.org\r\nSubject: Number {number}\r\n"
               f"Date: Mon, 0{number % 9 + 1} Nov 2021 10:00:00 +0100\r\nMessage-ID: <{number}.story@outside.example>\r\n"
               f"\r\nThis is mail {number}.\r\n").encode()
