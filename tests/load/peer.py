"""Postfix and Dovecot beside us: private folders and ports, their default (safe) sync settings."""
from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
import time

import dovecot
from dovecot import Dovecot, free_ports

DOMAIN = "load.example"

POSTFIX = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
mail_owner = postfix
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {domain}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
virtual_mailbox_maps = static:ok
relay_domains = relay.example, dead.example
relay_recipient_maps =
transport_maps = inline:{{ relay.example=smtp:[127.0.0.1]:{sink}, dead.example=smtp:[127.0.0.1]:{sink}, outside.example=smtp:[127.0.0.1]:{sink} }}
alias_maps =
message_size_limit = 52428800
mailbox_size_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
maillog_file = {dir}/data/postfix.log
maillog_file_prefixes = {dir}
smtputf8_enable = no
"""

MASTER = """
127.0.0.1:{smtp} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Peer:
    """with Peer(users, password) as peer: peer.ports["imap"] ..."""

    name = "Postfix + Dovecot (sdbox)"

    def __init__(self, users: list[str], password: str, sink_port: int) -> None:
        self.users, self.password, self.ports = users, password, free_ports(("smtp", *dovecot.PORTS))
        self.sink_port = sink_port
        self.dir = ""

    def __enter__(self) -> "Peer":
        self.dir = tempfile.mkdtemp(prefix="chappe-peer-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        for name in ("queue", "data", "postfix"):
            os.mkdir(f"{self.dir}/{name}")
        shutil.chown(f"{self.dir}/data", "postfix", "postfix")
        self.dovecot = Dovecot(self.dir, {name: self.ports[name] for name in dovecot.PORTS}, self.users, self.password)
        values = dict(self.ports, dir=self.dir, domain=DOMAIN, sink=self.sink_port)
        self._write("postfix/main.cf", POSTFIX.format(**values))
        self._write("postfix/master.cf", MASTER.format(**values))
        self.dovecot.start()
        subprocess.run(["postfix", "-c", f"{self.dir}/postfix", "start"], check=True, timeout=60, capture_output=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["postfix", "-c", f"{self.dir}/postfix", "stop"], check=False, timeout=60, capture_output=True)
        self.dovecot.stop()
        time.sleep(1)
        shutil.rmtree(self.dir, ignore_errors=True)

    def _write(self, name: str, text: str) -> None:
        with open(f"{self.dir}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def forget(self) -> None:
        """It keeps no bodies: it reads files, which the kernel has in memory."""

    def settle(self) -> None:
        """Waits until the queue is empty: what was accepted is in the mailboxes."""
        while any(os.path.isfile(path) for queue in ("incoming", "active", "deferred", "maildrop")
                  for path in glob.glob(f"{self.dir}/queue/{queue}/**", recursive=True)):
            time.sleep(0.01)

    def pids(self) -> list[int]:
        return [self.dovecot.pid()]
