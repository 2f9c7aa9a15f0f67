"""What is measured, each the same way on both servers: a function that takes a target and returns a figure."""
from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import time
from typing import Callable

LOADGEN = ""      # set by run: path of the client
SINK = None       # set by run: the next server of both
CORPUS = {}       # "mixed", "small": folders of mail


class Imap:
    """One plain connection, read in large pieces: the client's own cost stays small beside any server's."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(600)
        self.number = 0
        self.pieces: list[bytes] = []
        self._until(b"\r\n", "")
        self.command(f"LOGIN {user} {password}")

    def _until(self, end: bytes, tag: str) -> int:
        """Reads to the tagged line; number of bytes."""
        tail, total = b"", 0
        mark = b"\r\n" + tag.encode() + b" "
        self.pieces = []
        while True:
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise RuntimeError(f"connection closed after {tail[-200:]!r}")
            total += len(piece)
            self.pieces.append(piece)
            tail = (tail + piece)[-4096:]
            if tail.endswith(end) and (not tag or mark in b"\r\n" + tail):
                break
        if tag:
            last = (b"\r\n" + tail).rsplit(mark, 1)[1]
            if not last.startswith(b"OK"):
                raise RuntimeError(last.decode(errors="replace").strip())
        return total

    def command(self, text: str) -> float:
        """Runs it to its tagged OK; seconds."""
        self.number += 1
        tag = f"t{self.number}"
        began = time.perf_counter()
        self.socket.sendall(f"{tag} {text}\r\n".encode())
        self.bytes = self._until(b"\r\n", tag)
        return time.perf_counter() - began

    def answer(self) -> bytes:
        return b"".join(self.pieces)

    def append(self, folder: str, mail: bytes) -> float:
        began = time.perf_counter()
        self.number += 1
        tag = f"t{self.number}"
        self.socket.sendall(f"{tag} APPEND {folder} {{{len(mail)}+}}\r\n".encode() + mail + b"\r\n")
        self._until(b"\r\n", tag)
        return time.perf_counter() - began

    def fill(self, folder: str, count: int, mails: list[bytes]) -> None:
        """MULTIAPPEND in batches, each mail with a line of its own."""
        for start in range(0, count, 100):
            self.number += 1
            tag = f"t{self.number}"
            parts = [f"{tag} APPEND {folder}".encode()]
            for index in range(start, min(start + 100, count)):
                mail = f"X-Number: {index}\r\n".encode() + mails[index % len(mails)]
                parts.append(f" {{{len(mail)}+}}\r\n".encode() + mail)
            self.socket.sendall(b"".join(parts) + b"\r\n")
            self._until(b"\r\n", tag)

    def close(self) -> None:
        self.command("LOGOUT")
        self.socket.close()


def loadgen(mode: str, port: int, **options: object) -> dict:
    words = [LOADGEN, mode, "--port", str(port)]
    for key, value in options.items():
        words += ["--" + key.replace("_", "-"), str(value)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1800, check=False)
    if not done.stdout.strip():
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode} {done.stderr}")
    figures = json.loads(done.stdout)
    if figures["refused"]:
        raise RuntimeError(f"{figures['refused']} refusals, the first: {figures['first']}")
    return figures


class Sink:
    """The next server of the relay rows: tests/load/sink.c in a process of its own."""

    def __init__(self, program: str, port: int) -> None:
        self.port = port
        self.process = subprocess.Popen([program, "--port", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.counts()

    def counts(self) -> dict[str, int]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


def through(domain: str, counted: str, sessions: int, messages: int, kind: str) -> Callable:
    """Messages a second that went in by SMTP and whose consequence has arrived at the next server: themselves (`counted`
    messages), or the notice that they cannot be delivered (notices)."""
    def measure(target) -> float:
        before = SINK.counts()[counted]
        spent = loadgen("deliver", target.ports["smtp"], proto="smtp", sessions=sessions, messages=messages,
                        corpus=CORPUS[kind], domain=domain)["seconds"]
        began = time.perf_counter()
        while SINK.counts()[counted] < before + messages:
            if time.perf_counter() - began > 60:
                raise RuntimeError(f"only {SINK.counts()[counted] - before} {counted} of {messages} came")
            time.sleep(0.005)
        spent += time.perf_counter() - began
        target.settle()
        if SINK.counts()[counted] != before + messages:
            raise RuntimeError(f"{SINK.counts()[counted] - before} {counted} for {messages} messages")
        return messages / spent
    return measure


def deliver(proto: str, sessions: int, messages: int, kind: str, user: int = -1, rcpts: int = 1) -> Callable:
    """Deliveries a second, from the first connection until all of them are in the mailboxes. That the client reads its
    corpus first is not the server's time."""
    def measure(target) -> float:
        spent = loadgen("deliver", target.ports[proto], proto=proto, sessions=sessions, messages=messages,
                        corpus=CORPUS[kind], user=user, rcpts=rcpts)["seconds"]
        began = time.perf_counter()
        target.settle()
        return messages * rcpts / (spent + time.perf_counter() - began)
    return measure


def logins(sessions: int, count: int) -> Callable:
    def measure(target) -> float:
        loadgen("login", target.ports["imap"], sessions=sessions, messages=100)   # everybody once: caches are warm
        return count / loadgen("login", target.ports["imap"], sessions=sessions, messages=count)["seconds"]
    return measure


def mixed(sessions: int, seconds: int) -> Callable:
    def measure(target) -> float:
        deliver("lmtp", 10, 100, "small")(target)   # nobody's INBOX is empty: FETCH 1:* would be refused
        loadgen("login", target.ports["imap"], sessions=sessions, messages=100)   # as in logins()
        figures = loadgen("mix", target.ports["imap"], sessions=sessions, seconds=seconds, corpus=CORPUS["small"],
                          users=90)
        return figures["commands"] / figures["seconds"]
    return measure


def pop3(user: int) -> Callable:
    def measure(target) -> float:
        figures = loadgen("pop3", target.ports["pop3"], user=user)
        return figures["bytes"] / figures["seconds"] / 1e6
    return measure


def timed(folder: str, command: str, before: str = "", repeat: int = 5) -> Callable:
    """Milliseconds of one IMAP command in `folder`, median of `repeat` after one to warm up."""
    def measure(target) -> float:
        imap = Imap(target.ports["imap"], target.reader, target.password)
        imap.command(f"SELECT {folder}")
        times = []
        for _ in range(repeat + 1):
            if before:
                imap.command(before)
            times.append(imap.command(command))
        imap.close()
        return statistics.median(times[1:]) * 1000
    return measure


def from_disk(folder: str, command: str) -> Callable:
    """The same command once, after the server was told to forget what it keeps in memory."""
    def measure(target) -> float:
        target.forget()
        imap = Imap(target.ports["imap"], target.reader, target.password)
        imap.command(f"SELECT {folder}")
        spent = imap.command(command)
        imap.close()
        return spent * 1000
    return measure


def login_and_select(folder: str, repeat: int = 9) -> Callable:
    def measure(target) -> float:
        times = []
        for _ in range(repeat + 1):
            began = time.perf_counter()
            imap = Imap(target.ports["imap"], target.reader, target.password)
            imap.command(f"SELECT {folder}")
            times.append(time.perf_counter() - began)
            imap.close()
        return statistics.median(times[1:]) * 1000
    return measure


def resynchronise(folder: str) -> Callable:
    """SELECT (QRESYNC ...) after ten flag changes in a folder seen before."""
    def measure(target) -> float:
        times = []
        for turn in range(6):
            imap = Imap(target.ports["imap"], target.reader, target.password)
            imap.command("ENABLE QRESYNC")
            imap.command(f"SELECT {folder}")
            said = imap.answer()
            validity = int(said.split(b"UIDVALIDITY ")[1].split(b"]")[0])
            modseq = int(said.split(b"HIGHESTMODSEQ ")[1].split(b"]")[0])
            imap.command(f"STORE 100:109 {'+-'[turn % 2]}FLAGS.SILENT (\\Answered)")
            imap.command("UNSELECT")
            times.append(imap.command(f"SELECT {folder} (QRESYNC ({validity} {modseq}))"))
            imap.close()
        return statistics.median(times[1:]) * 1000
    return measure


def store_all(folder: str, silent: bool) -> Callable:
    suffix = ".SILENT" if silent else ""

    def measure(target) -> float:
        imap = Imap(target.ports["imap"], target.reader, target.password)
        imap.command(f"SELECT {folder}")
        times = [imap.command(f"STORE 1:* {'+-'[turn % 2]}FLAGS{suffix} (\\Flagged)") for turn in range(6)]
        imap.close()
        return statistics.median(times[2:]) * 1000
    return measure


def copy_and_expunge(source: str, want: str) -> Callable:
    def measure(target) -> float:
        imap = Imap(target.ports["imap"], target.reader, target.password)
        copies, expunges = [], []
        for turn in range(4):
            imap.command(f"CREATE Target{turn}{want}")
            imap.command(f"SELECT {source}")
            copies.append(imap.command(f"COPY 1:* Target{turn}{want}"))
            imap.command(f"SELECT Target{turn}{want}")
            imap.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            expunges.append(imap.command("EXPUNGE"))
            imap.command("UNSELECT")
            imap.command(f"DELETE Target{turn}{want}")
        imap.close()
        return statistics.median((copies if want == "copy" else expunges)[1:]) * 1000
    return measure


def append_rate(count: int) -> Callable:
    def measure(target) -> float:
        imap = Imap(target.ports["imap"], target.reader, target.password)
        imap.command("CREATE Appended")
        names = sorted(os.listdir(CORPUS["mixed"]))[:count]
        mails = []
        for name in names:
            with open(os.path.join(CORPUS["mixed"], name), "rb") as file:
                mails.append(f"X-Run: {time.time_ns()}\r\n".encode() + file.read())
        spent = sum(imap.append("Appended", mail) for mail in mails)
        imap.command("DELETE Appended")
        imap.close()
        return len(mails) / spent
    return measure


def pss_kb(pids: list[int]) -> int:
    """Proportional memory of these processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    waiting, total = list(pids), 0
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total


def idle_memory(count: int, peer_can: int) -> Callable:
    """Kilobytes a connection (TLS, logged in, INBOX selected, IDLE) on the server's side."""
    def measure(target) -> float:
        connections = min(count, peer_can) if not target.is_ours else count
        before = pss_kb(target.pids())
        client = subprocess.Popen([LOADGEN, "idle", "--port", str(target.ports["imaps"]), "--tls", "1", "--sessions",
                                   str(connections)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert client.stdout and client.stdin
        figures = json.loads(client.stdout.readline())
        time.sleep(2)
        after = pss_kb(target.pids())
        client.stdin.close()
        client.wait(60)
        if figures["refused"]:
            raise RuntimeError(f"{figures['refused']} refusals, the first: {figures['first']}")
        return (after - before) / connections
    return measure
