"""Dovecot beside us: a private folder, private ports, its default (safe) sync settings."""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess

PORTS = ("lmtp", "imap", "imaps", "pop3")

CONFIGURATION = """
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


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """A port of its own for each name, so that two runs do not meet."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: probe.getsockname()[1] for name, probe in zip(names, sockets)}


class Dovecot:
    """What runs in `folder`, which is there already and readable by all; the caller takes the folder away."""

    def __init__(self, folder: str, ports: dict[str, int], users: list[str], password: str) -> None:
        self.folder, self.ports, self.users, self.password = folder, ports, users, password

    def start(self) -> None:
        for name in ("mail", "home", "run", "state"):
            os.mkdir(f"{self.folder}/{name}")
        for name in ("mail", "home"):
            shutil.chown(f"{self.folder}/{name}", "mail", "mail")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "30", "-subj", "/CN=mail.load.example", "-keyout", f"{self.folder}/key.pem",
                        "-out", f"{self.folder}/cert.pem"], check=True, capture_output=True)
        self._write("dovecot.conf", CONFIGURATION.format(**self.ports, dir=self.folder, user="mail", group="mail"))
        self._write("users", "".join(f"{user}:{self.password}\n" for user in self.users))
        subprocess.run(["dovecot", "-c", f"{self.folder}/dovecot.conf"], check=True, timeout=30)

    def stop(self) -> None:
        try:
            os.kill(self.pid(), signal.SIGTERM)
        except (OSError, ValueError):
            pass

    def pid(self) -> int:
        with open(f"{self.folder}/run/master.pid", encoding="ascii") as pid:
            return int(pid.read())

    def _write(self, name: str, text: str) -> None:
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
