"""Postfix and Dovecot beside us: private folders and ports, their default (safe) sync settings."""
from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PACKAGES = ["postfix", "dovecot-core", "dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd"]
DOMAIN = "load.example"

DOVECOT = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = sdbox:{dir}/mail/%n
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
mail_max_userip_connections = 20000
default_login_user = dovenull
default_internal_user = dovecot
default_client_limit = 12000
default_process_limit = 4000
default_vsz_limit = 2G
auth_cache_size = 10M
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {dir}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/home/%n
}}
service imap-login {{
  process_min_avail = 2
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service lmtp {{
  process_min_avail = 4
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  client_limit = 12000
}}
service stats {{
  client_limit = 12000
}}
"""

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


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """A port of its own for each name, so that two runs do not meet."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: probe.getsockname()[1] for name, probe in zip(names, sockets)}


class Peer:
    """with Peer(users, password) as peer: peer.ports["imap"] ..."""

    name = "Postfix + Dovecot (sdbox)"

    def __init__(self, users: list[str], password: str, sink_port: int) -> None:
        self.users, self.password, self.ports = users, password, free_ports(("smtp", "lmtp", "imap", "imaps", "pop3"))
        self.sink_port = sink_port
        self.dir = ""

    def __enter__(self) -> "Peer":
        self.dir = tempfile.mkdtemp(prefix="chappe-peer-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        for name in ("mail", "home", "queue", "data", "run", "state", "postfix"):
            os.mkdir(f"{self.dir}/{name}")
        for name in ("mail", "home"):
            shutil.chown(f"{self.dir}/{name}", "mail", "mail")
        shutil.chown(f"{self.dir}/data", "postfix", "postfix")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "30", "-subj", "/CN=mail.load.example", "-keyout", f"{self.dir}/key.pem",
                        "-out", f"{self.dir}/cert.pem"], check=True, capture_output=True)
        values = dict(self.ports, dir=self.dir, user="mail", group="mail", domain=DOMAIN, sink=self.sink_port)
        self._write("dovecot.conf", DOVECOT.format(**values))
        self._write("users", "".join(f"{user}:{self.password}\n" for user in self.users))
        self._write("postfix/main.cf", POSTFIX.format(**values))
        self._write("postfix/master.cf", MASTER.format(**values))
        subprocess.run(["dovecot", "-c", f"{self.dir}/dovecot.conf"], check=True, timeout=30)
        subprocess.run(["postfix", "-c", f"{self.dir}/postfix", "start"], check=True, timeout=60, capture_output=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["postfix", "-c", f"{self.dir}/postfix", "stop"], check=False, timeout=60, capture_output=True)
        try:
            with open(f"{self.dir}/run/master.pid", encoding="ascii") as pid:
                os.kill(int(pid.read()), signal.SIGTERM)
        except (OSError, ValueError):
            pass
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
        with open(f"{self.dir}/run/master.pid", encoding="ascii") as pid:
            return [int(pid.read())]
