"""Roundcube on Dovecot beside us: php-fpm and nginx as in production (opcache, compression, HTTP/2), in a folder and on ports of their own."""
from __future__ import annotations

import glob
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import dovecot
from dovecot import Dovecot, free_ports

SOURCE = "/var/lib/roundcube"
SCHEMAS = ("/usr/share/roundcube/SQL/sqlite.initial.sql", "/usr/share/dbconfig-common/data/roundcube/install/sqlite3")
WEB_USER = "www-data"

CONFIGURATION = """<?php
$config = [];
$config['db_dsnw'] = 'sqlite:///{dir}/web/roundcube.db?mode=0640';
$config['imap_host'] = '127.0.0.1:{imap}';
$config['smtp_host'] = '127.0.0.1:{closed}';
$config['des_key'] = 'rcmail-!24ByteDESkey*Str';
$config['log_dir'] = '{dir}/web/';
$config['temp_dir'] = '{dir}/web/';
$config['plugins'] = [];
$config['skin'] = 'elastic';
$config['language'] = 'en_GB';
$config['enable_installer'] = false;
$config['htmleditor'] = {rich};
"""

POOL = """
[global]
error_log = {dir}/fpm.log
daemonize = no
[roundcube]
user = {user}
group = {user}
listen = {dir}/fpm.sock
listen.owner = {user}
pm = static
pm.max_children = 4
php_admin_value[opcache.enable] = 1
php_admin_value[opcache.validate_timestamps] = 0
php_admin_value[memory_limit] = 256M
"""

NGINX = """
daemon off;
user {user};
worker_processes 2;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
  include /etc/nginx/mime.types;
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 65;
  gzip on;
  gzip_proxied any;
  gzip_comp_level 6;
  gzip_types text/css application/javascript text/javascript application/json image/svg+xml;
  client_body_temp_path {dir}/tmp;
  proxy_temp_path {dir}/tmp;
  fastcgi_temp_path {dir}/tmp;
  uwsgi_temp_path {dir}/tmp;
  scgi_temp_path {dir}/tmp;
  ssl_certificate {dir}/cert.pem;
  ssl_certificate_key {dir}/key.pem;
{servers}
}}
"""

SERVER = """
  server {{
    listen 127.0.0.1:{port} ssl http2;
    root {source};
    index index.php;
    location ~ ^/(config|temp|logs|bin|SQL)/ {{ deny all; }}
    location ~ \\.(css|js|svg|png|gif|woff2?)$ {{ expires 30d; }}
    location ~ \\.php$ {{
      include /etc/nginx/fastcgi.conf;
      fastcgi_param ROUNDCUBE_CONFIG_DIR {dir}/{name};
      fastcgi_pass unix:{dir}/fpm.sock;
    }}
  }}
"""


def php_fpm() -> str:
    found = sorted(glob.glob("/usr/sbin/php-fpm*"))
    if not found:
        raise SystemExit("php-fpm is not installed")
    return found[-1]


class Roundcube:
    """with Roundcube(login, password) as peer: peer.ports["imap"], peer.origins["plain"] and ["rich"], which differ in what one writes with."""

    def __init__(self, login: str, password: str) -> None:
        self.login, self.password = login, password
        self.ports = free_ports((*dovecot.PORTS, "plain", "rich", "closed"))
        self.origins = {name: f"https://127.0.0.1:{self.ports[name]}" for name in ("plain", "rich")}
        self.folder = ""
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Roundcube":
        self.folder = tempfile.mkdtemp(prefix="chappe-roundcube-", dir="/var/tmp")
        os.chmod(self.folder, 0o755)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        self.dovecot = Dovecot(self.folder, {name: self.ports[name] for name in dovecot.PORTS}, [self.login], self.password)
        self.dovecot.start()
        values = dict(self.ports, dir=self.folder, user=WEB_USER, source=self.source())
        for name in ("web", "tmp"):
            os.mkdir(f"{self.folder}/{name}")
            shutil.chown(f"{self.folder}/{name}", WEB_USER, WEB_USER)
        self._make_database()
        for name, rich in (("plain", 0), ("rich", 1)):
            shutil.copytree("/etc/roundcube", f"{self.folder}/{name}", ignore=lambda _, names: [n for n in names if n not in ("defaults.inc.php", "mimetypes.php")])
            self._write(f"{name}/config.inc.php", CONFIGURATION.format(**{**values, "rich": rich}))
        self._write("fpm.conf", POOL.format(**values))
        servers = "".join(SERVER.format(**values, name=name, port=self.ports[name]) for name in ("plain", "rich"))
        self._write("nginx.conf", NGINX.format(**values, servers=servers))
        self._run(php_fpm(), "--nodaemonize", "--fpm-config", f"{self.folder}/fpm.conf")
        self._run("/usr/sbin/nginx", "-c", f"{self.folder}/nginx.conf")
        self._wait(self.ports["rich"])

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        self.dovecot.stop()
        time.sleep(1)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def source() -> str:
        """What browsers may see of it."""
        public = f"{SOURCE}/public_html"
        return public if os.path.isdir(public) else SOURCE

    def _make_database(self) -> None:
        path = f"{self.folder}/web/roundcube.db"
        schema = next(name for name in SCHEMAS if os.path.exists(name))
        with open(schema, encoding="utf-8") as text, sqlite3.connect(path) as database:
            database.executescript(text.read())
        shutil.chown(path, WEB_USER, WEB_USER)

    def _run(self, *command: str) -> None:
        with open(f"{self.folder}/said.log", "ab") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def _wait(self, port: int) -> None:
        for _ in range(200):
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(f"{self.folder}/said.log", encoding="utf-8", errors="replace") as said:
            raise SystemExit(f"Roundcube does not run: {said.read()}")

    def _write(self, name: str, text: str) -> None:
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
