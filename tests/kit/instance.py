"""A server of its own for tests: private data folder, private ports, private PostgreSQL.

    with Instance(binary="build/chappe", settings={"max_message_size": "1M"}) as server:
        server.api("POST", "/organisations", {"name": "Example"})
        socket.create_connection(("127.0.0.1", server.port("imap")))

Several may run side by side: the port offset is probed and held by a lock file. As root the server runs as
the unprivileged user CHAPPE_TEST_USER (default `chappe`, which tests/run creates).
"""
from __future__ import annotations

import fcntl
import functools
import hashlib
import http.client
import json
import os
import pwd
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
from typing import Any

from kit.schema import Document

PORTS = {"lmtp": 24, "smtp": 25, "http": 80, "pop3": 110, "imap": 143, "ldap": 389, "https": 443, "submissions": 465,
         "submission": 587, "ldaps": 636, "imaps": 993, "pop3s": 995, "managesieve": 4190}
FAULT = re.compile(r"ERROR: (Address|Leak|Thread)Sanitizer|runtime error: |Assertion `.*' failed|main\.role\.died .*\bsignal=(4|7|8|11)\b")
LEAST_PAUSE_S, MOST_PAUSE_S = 0.02, 0.25
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failure(Exception):
    """Something is not as the test says; the text is for the person who reads the result."""


class _OverUnixSocket(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Instance:
    def __init__(self, binary: str | None = None, settings: dict[str, str | None] | None = None,
                 keep: bool = False) -> None:
        self.binary = os.path.abspath(binary or os.environ.get("CHAPPE", os.path.join(ROOT, "build/chappe")))
        self.settings = settings or {}
        self.keep = keep
        self.data = ""
        self.offset = 0
        self._lock: Any = None

    # ---- life

    def __enter__(self) -> "Instance":
        self.data = tempfile.mkdtemp(prefix="chappe-", dir=os.environ.get("CHAPPE_TEST_DIR", "/tmp"))
        try:
            if self._user():
                account = pwd.getpwnam(self._user())
                os.chown(self.data, account.pw_uid, account.pw_gid)
            self.offset = self._take_ports()
            self._make()
            self._configure()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([self.binary, "--data", self.data, "stop"], capture_output=True, timeout=120, check=False)
        report = self._fault_report()
        if not self.keep:
            shutil.rmtree(self.data, ignore_errors=True)
        if self._lock:
            self._lock.close()
        if report:
            raise Failure(f"the server had a fault of its own:\n{report}")

    def _fault_report(self) -> str:
        """What no test can want: a sanitizer's finding, a broken assertion, a crash. (Signal 6 is also what a silent role gets.)"""
        lines = self.log().splitlines()
        for number, line in enumerate(lines):
            if FAULT.search(line):
                return "\n".join(lines[number:number + 30])
        return ""

    def start(self) -> None:
        self.run("start", "--detach", timeout=120)

    def stop(self) -> None:
        self.run("stop")

    def _make(self) -> None:
        """A copy of an installation that was started and stopped once: initdb and the schema cost seconds."""
        name = hashlib.sha256(f"{self._user()} {self.binary}".encode()).hexdigest()[:12]
        template = os.path.join(os.environ.get("CHAPPE_TEST_DIR", "/tmp"), f"chappe-template-{name}")
        found = os.stat(self.binary)
        stamp = f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"
        with open(template + ".lock", "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with open(os.path.join(template, "stamp"), encoding="ascii") as file:
                    is_fresh = file.read() == stamp
            except FileNotFoundError:
                is_fresh = False
            if not is_fresh:
                self._make_template(template, stamp)
            subprocess.run(["cp", "-a", os.path.join(template, "data") + "/.", self.data], check=True)

    def _make_template(self, template: str, stamp: str) -> None:
        shutil.rmtree(template, ignore_errors=True)
        os.makedirs(template, mode=0o755)
        own, self.data = self.data, os.path.join(template, "data")
        try:
            self.run("init", "--port-offset", str(self.offset))
            self._configure({})
            self.start()
            self.stop()
            self._make_small()
        finally:
            self.data = own
        with open(os.path.join(template, "stamp"), "w", encoding="ascii") as file:
            file.write(stamp)

    def _make_small(self) -> None:
        """The database of a test is small, and initialising an eighth of the machine's memory for it is a tenth of what a start costs. Password
        hashes are cheap (UNCHECKED, where the build knows it): tests log in thousands of times."""
        with open(self._unchecked(), "w", encoding="ascii") as file:
            file.write("argon2")
        with open(os.path.join(self.data, "postgres/data/postgresql.auto.conf"), "a", encoding="ascii") as file:
            file.write("shared_buffers = 64MB\nwal_buffers = 1MB\n")

    def _unchecked(self) -> str:
        return os.path.join(self.data, "run/unchecked")

    @staticmethod
    def _user() -> str:
        return os.environ.get("CHAPPE_TEST_USER", "chappe") if os.geteuid() == 0 else ""

    def _take_ports(self) -> int:
        """An offset at which every port is free, held by a lock that lives as long as this process.

        Two offsets that are 300 apart would share a port (143 of one, 443 of the other), so of six hundreds three are used."""
        for _ in range(200):
            offset = random.randrange(10000, 31000, 600) + random.randrange(0, 300, 100)
            lock = open(f"/tmp/chappe-test-ports-{offset}.lock", "a", encoding="ascii")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            if all(self._is_free(offset + port) for port in PORTS.values()):
                self._lock = lock
                return offset
            lock.close()
        raise Failure("no free port offset found")

    @staticmethod
    def _is_free(port: int) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        return True

    def _configure(self, settings: dict[str, str | None] | None = None) -> None:
        """Loopback only (names are looked up nowhere), then what the test asks;
        None leaves a key at its default."""
        values: dict[str, str | None] = {"listen": "127.0.0.1", "hostname": "mail.example.test", "plaintext_login": "loopback",
                                           "dns": "127.0.0.1@9"}
        if self._user():
            values["user"] = self._user()
        values["port_offset"] = str(self.offset)
        values.update(self.settings if settings is None else settings)
        path = os.path.join(self.data, "chappe.conf")
        with open(path, encoding="utf-8") as conf:
            kept = [line for line in conf if line.split("=")[0].strip() not in values]
        with open(path, "w", encoding="utf-8") as conf:
            conf.writelines(kept + [f"{key} = {value}\n" for key, value in values.items() if value is not None])

    # ---- use

    def port(self, name: str) -> int:
        return PORTS[name] + self.offset

    def run(self, *arguments: str, stdin: str | bytes | None = None, timeout: float = 60, check: bool = True) -> str:
        """`chappe --data DIR ARGUMENTS`; its standard output. Failure carries both outputs."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run([self.binary, "--data", self.data, *arguments], input=data, capture_output=True,
                              env={"UNCHECKED": self._unchecked(), **os.environ}, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise Failure(f"chappe {' '.join(arguments)}: exit {done.returncode}\n"
                          f"{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def role_pid(self, name: str) -> int:
        """Of the role as it runs; one that is being started again is waited for. Never 0: a signal to that would reach ourselves."""
        found: list[int] = []

        def runs() -> bool:
            status = json.loads(self.run("status", "--json", check=False))
            found[:] = [role["pid"] for role in status["roles"] if role["name"] == name and role["pid"] > 0]
            return bool(found)

        self.wait_until(runs, 30, f"the role {name} to run")
        return found[0]

    @property
    def user(self) -> str:
        """The unprivileged user that the server runs as; "": the one of the tests."""
        return self._user()

    def put_secret(self, source: str, name: str) -> str:
        """A copy of the file where the server alone may read it, in one step; its path."""
        path = os.path.join(self.data, "secrets", name)
        shutil.copy(source, path + ".new")
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(path + ".new", account.pw_uid, account.pw_gid)
        os.chmod(path + ".new", 0o400)
        os.replace(path + ".new", path)
        return path

    @functools.cached_property
    def is_sanitized(self) -> bool:
        with open(self.binary, "rb") as file:
            return b"__asan_init" in file.read()

    def api(self, method: str, path: str, body: Any = None, raw: bytes | None = None, timeout: float = 60) -> Any:
        """One request to the admin API over its Unix socket; parsed JSON. Failure where it is not 2xx."""
        link = _OverUnixSocket(os.path.join(self.data, "run/admin.sock"), timeout)
        try:
            payload = raw if raw is not None else (None if body is None else json.dumps(body).encode())
            kind = "message/rfc822" if raw is not None else "application/json"
            link.request(method, "/api/v1" + path, payload, {"Content-Type": kind} if payload is not None else {})
            answer = link.getresponse()
            text = answer.read()
        finally:
            link.close()
        if answer.status // 100 != 2:
            raise Failure(f"{method} {path}: {answer.status} {text.decode(errors='replace').strip()}")
        is_json = (answer.getheader("Content-Type") or "").endswith("json")
        parsed = json.loads(text) if is_json and text else None
        if path != "/openapi.json":
            self.document.check(method, path, answer.status, parsed)
        return parsed

    @functools.cached_property
    def document(self) -> Document:
        """What the server says of its admin API; every answer of api() is checked against it."""
        return Document(self.api("GET", "/openapi.json"))

    def _postgres(self, program: str, *arguments: str, text: bool = False) -> Any:
        """What it says of the private cluster, as the account that owns it."""
        command = [program, "-h", os.path.join(self.data, "postgres/run"), "-U", "chappe", *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", self._user(), "--regid", self._user(), "--init-groups", *command]
        return subprocess.run(command, capture_output=True, text=text, timeout=60, check=True).stdout

    def sql(self, database: str, statement: str) -> str:
        """What psql prints, in the private cluster: for damage that no client can do."""
        return self._postgres("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement, text=True)

    def dump(self) -> bytes:
        """All databases, as pg_dump writes them."""
        names = self.sql("postgres", "SELECT datname FROM pg_database WHERE datallowconn").split()
        return b"".join(self._postgres("pg_dump", "-d", name) for name in names)

    def log(self) -> str:
        try:
            with open(os.path.join(self.data, "log/chappe.log"), encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def wait_until(self, condition: Any, seconds: float = 20, what: str = "the condition") -> None:
        """Asks ever less often: most of what is waited for costs a program or a request, and those who are waited for want the processor, too."""
        began = time.monotonic()
        while not condition():
            waited = time.monotonic() - began
            if waited > seconds:
                raise Failure(f"{what} did not come true within {seconds} s")
            time.sleep(min(LEAST_PAUSE_S + waited / 8, MOST_PAUSE_S))
