"""A private Postfix with a few mailboxes: the primary of a domain that we back up.

    with Postfix("127.0.0.7", port, ["bob@post.test"]) as primary:
        primary.mails("bob@post.test")

Needs root, as Postfix does. It takes mail for the domains of these addresses and files it into Maildirs.
"""
from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile

from kit.instance import Failure

PACKAGES = ["postfix"]
MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
mail_owner = postfix
myhostname = primary.example.test
mydestination =
mynetworks = 192.0.2.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = inline:{{ {maps} }}
virtual_mailbox_base = {dir}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
alias_maps =
smtpd_client_connection_rate_limit = 0
maillog_file = {dir}/data/postfix.log
maillog_file_prefixes = {dir}
{settings}
"""
MASTER = """
{address}:{port} inet n - n - 100 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    def __init__(self, address: str, port: int, recipients: list[str], settings: str = "") -> None:
        """`settings`: further lines of main.cf."""
        self.address, self.port, self.recipients, self.settings = address, port, recipients, settings
        self.dir = ""

    def __enter__(self) -> "Postfix":
        self.dir = tempfile.mkdtemp(prefix="chappe-postfix-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        for name in ("queue", "data", "mail", "postfix"):
            os.mkdir(f"{self.dir}/{name}")
        for name in ("data", "mail"):
            shutil.chown(f"{self.dir}/{name}", "postfix", "postfix")
        owner = os.stat(f"{self.dir}/mail")
        values = {"dir": self.dir, "address": self.address, "port": self.port, "settings": self.settings,
                  "uid": owner.st_uid, "gid": owner.st_gid,
                  "domains": ", ".join(sorted({name.split("@")[1] for name in self.recipients})),
                  "maps": ", ".join(f"{name}={name}/" for name in self.recipients)}
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER)):
            with open(f"{self.dir}/postfix/{name}", "w", encoding="ascii") as file:
                file.write(text.format(**values))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self) -> None:
        done = self._postfix("start")
        if done.returncode != 0:
            raise Failure(f"Postfix does not start (`postfix -c DIR/postfix check` says why): {done.stderr}{self.log()}")

    def stop(self) -> None:
        self._postfix("stop")

    def _postfix(self, command: str) -> subprocess.CompletedProcess:
        return subprocess.run(["postfix", "-c", f"{self.dir}/postfix", command], capture_output=True, text=True, timeout=60,
                              check=False)

    def mails(self, address: str) -> list[bytes]:
        found = []
        for path in sorted(glob.glob(f"{self.dir}/mail/{address}/new/*")):
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def log(self) -> str:
        try:
            with open(f"{self.dir}/data/postfix.log", encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""
