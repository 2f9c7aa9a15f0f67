"""Real scanners on private ports, and false ones that hang, lie, flood and break off."""
from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from kit.instance import ROOT, Failure

# In two halves, so that no scanner takes this file for what it looks for.
EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """A program of its own, with its folder; ended by its process group's leader alone."""

    words: list[str] = []
    address = ""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="chappe-scanner-")
        os.chmod(self.folder, 0o755)
        self.process: subprocess.Popen[bytes] | None = None
        self.account = ""
        if os.geteuid() == 0:
            self.account = os.environ.get("CHAPPE_TEST_USER", "chappe")
            owner = pwd.getpwnam(self.account)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="latin-1") as file:
            file.write(text)
        if self.account:
            owner = pwd.getpwnam(self.account)
            os.chown(os.path.dirname(path), owner.pw_uid, owner.pw_gid)
            os.chown(path, owner.pw_uid, owner.pw_gid)
        return path

    def start(self, seconds: float = 60) -> "Daemon":
        prefix = ["setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--clear-groups"] if self.account else []
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(prefix + self.words, stdout=output, stderr=output, cwd=self.folder,
                                            env={**os.environ, "HOME": self.folder})
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as output:
                    raise Failure(f"{self.words[0]} does not come up:\n{output.read()[-2000:]}")
            time.sleep(0.05)
        return self

    def answers(self) -> bool:
        try:
            if self.address.startswith("unix:"):
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.address[5:])
            else:
                host, port = self.address.rsplit(":", 1)
                socket.create_connection((host, int(port)), 1).close()
            return True
        except OSError:
            return False

    def _signal(self, number: int) -> None:
        """To it and to its children, which do the work in some of them."""
        assert self.process
        todo = [self.process.pid]
        for pid in todo:
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                    todo += [int(child) for child in children.read().split()]
                os.kill(pid, number)
            except (OSError, ValueError):
                pass

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __enter__(self) -> "Daemon":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Clamd(Daemon):
    """ClamAV with a database that knows EICAR and nothing else."""

    def __init__(self, stream_max: str = "50M") -> None:
        super().__init__()
        self.address = f"unix:{self.folder}/clamd.sock"
        self.write("db/test.ndb", f"Test.EICAR:0:*:{EICAR.encode('latin-1').hex()}\n")
        conf = self.write("clamd.conf", f"LocalSocket {self.folder}/clamd.sock\nLocalSocketMode 666\n"
                          f"DatabaseDirectory {self.folder}/db\nForeground yes\nStreamMaxLength {stream_max}\n")
        self.words = ["/usr/sbin/clamd", "-c", conf]


class Redis(Daemon):
    """Where rspamd keeps what it learns; nothing is written to disk."""

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.words = ["/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no",
                      "--dir", self.folder]


class Rspamd(Daemon):
    """rspamd without anything that asks the network. What it compiles at its first start stays in build/. With a Redis it
    learns, and says what it thinks from the first lesson on."""

    def __init__(self, redis: Redis | None = None) -> None:
        super().__init__()
        self.port, self.controller_port = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.controller = f"127.0.0.1:{self.controller_port}"
        cache = os.path.join(ROOT, "build", "rspamd-cache")
        if os.path.isdir(cache):
            shutil.copytree(cache, f"{self.folder}/db")
        self.cache = cache
        off = "enabled = false;\n"
        for name in ("rbl", "surbl", "fuzzy_check", "asn", "dkim", "spf", "dmarc", "arc", "greylist", "ratelimit", "replies",
                     "history_redis", "mx_check", "url_redirector", "neural", "phishing", "antivirus", "milter_headers",
                     "dkim_signing", "hfilter", "mid", "maillist"):
            self.write(f"override.d/{name}.conf", off)
        self.write("override.d/worker-normal.inc", f'bind_socket = "{self.address}";\ncount = 1;\n')
        self.write("override.d/worker-controller.inc",
                   f'bind_socket = "{self.controller}";\npassword = "secret";\nsecure_ip = [];\n')
        self.write("override.d/worker-proxy.inc", off)
        self.write("override.d/worker-fuzzy.inc", off)
        self.write("override.d/options.inc", 'dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 0; }\n')
        self.write("override.d/classifier-bayes.conf",
                   f'backend = "redis";\nservers = "{redis.address}";\nmin_learns = 1;\nmin_tokens = 2;\n' if redis else "")
        for name in ("run", "log", "db"):
            self.write(f"{name}/.keep", "")
        if self.account:
            subprocess.run(["chown", "-R", self.account, self.folder], check=True)
        variables = [f"--var={name}={self.folder}/{path}" for name, path in
                     (("LOCAL_CONFDIR", "."), ("DBDIR", "db"), ("RUNDIR", "run"), ("LOGDIR", "log"))]
        self.words = ["/usr/bin/rspamd", "-f", "--insecure", *variables]

    def start(self, seconds: float = 120) -> "Daemon":
        super().start(seconds)
        if not os.path.isdir(self.cache):
            shutil.copytree(f"{self.folder}/db", self.cache, ignore=shutil.ignore_patterns("*.sock", "*.pid"), dirs_exist_ok=True)
        return self


class Spamd(Daemon):
    """SpamAssassin with the rules of its package; `learns`: it takes lessons."""

    def __init__(self, learns: bool = False) -> None:
        super().__init__()
        self.address = f"unix:{self.folder}/spamd.sock"
        self.words = ["/usr/bin/perl", "-T", "-w", shutil.which("spamd") or "/usr/sbin/spamd", "-L", "-x",
                      "--siteconfigpath=/etc/spamassassin", "--cf=dns_available no", f"--socketpath={self.folder}/spamd.sock",
                      "--socketmode=0666", "-m", "1", "--min-children=1", "-s", "stderr", "-r", f"{self.folder}/spamd.pid",
                      *(["--allow-tell", f"--cf=bayes_path {self.folder}/bayes"] if learns else [])]


class Opendkim(Daemon):
    """opendkim as a milter that checks signatures and says so in a field of its own."""

    def __init__(self, dns_port: int) -> None:
        super().__init__()
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        conf = self.write("opendkim.conf", f"Mode v\nSocket inet:{port}@127.0.0.1\nAuthservID milter.test\nAlwaysAddARHeader yes\n"
                          f"Nameservers 127.0.0.1\nSyslog no\nPidFile {self.folder}/pid\nInternalHosts 203.0.113.99\n"
                          f"UserID {self.account or os.getlogin()}\n")
        self.words = ["/usr/sbin/opendkim", "-f", "-x", conf]


class FalseMilter:
    """Speaks protocol 6 and answers each step with what `answers` says by its command; 'c' to all others. Keeps what it heard."""

    def __init__(self, answers: dict[str, list[tuple[str, bytes]]], steps: int = 0) -> None:
        self.answers, self.steps = answers, steps
        self.heard: list[tuple[str, bytes]] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "FalseMilter":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                link = self._socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._one, args=(link,), daemon=True).start()

    def _one(self, link: socket.socket) -> None:
        def send(command: str, data: bytes = b"") -> None:
            link.sendall(struct.pack("!I", len(data) + 1) + command.encode() + data)
        with link, link.makefile("rb") as stream:
            while True:
                head = stream.read(4)
                if len(head) < 4:
                    return
                packet = stream.read(struct.unpack("!I", head)[0])
                command, data = chr(packet[0]), packet[1:]
                self.heard.append((command, data))
                if command == "Q":
                    return
                if command == "O":
                    send("O", struct.pack("!III", 6, 0x31, self.steps))
                elif command != "D":
                    for answer in self.answers.get(command, [("c", b"")]):
                        send(*answer)


class FalseScanner:
    """Listens and does to each connection what `behave` says: a function of the socket, or one of the words below."""

    def __init__(self, behave: object) -> None:
        self.behave = behave
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._held: list[socket.socket] = []

    def __enter__(self) -> "FalseScanner":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for link in self._held:
            link.close()

    def _serve(self) -> None:
        while True:
            try:
                link = self._socket.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(link,), daemon=True).start()

    def _one(self, link: socket.socket) -> None:
        try:
            if callable(self.behave):
                self.behave(link)
            elif self.behave == "silence":
                self._held.append(link)
                return
            elif self.behave == "reset":
                pass
            else:
                flood = self.behave == "flood"
                link.settimeout(0.3)
                try:
                    while link.recv(1 << 16):
                        pass
                except OSError:
                    pass
                link.settimeout(10)
                for _ in range(1024 if flood else 1):
                    link.sendall(b"stream: " + b"A" * (1 << 20) if flood else bytes(self.behave))
        except OSError:
            pass
        link.close()
