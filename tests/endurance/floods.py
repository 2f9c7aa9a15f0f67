"""Input without end: lines, chunks and compressed bytes, and what they cost the server and a client beside them."""
from __future__ import annotations

import argparse
import re
import threading
import time
import zlib

from kit.cost import MEGABYTE, Meter, Watch, processor_s
from kit.flood import (EMPTY, MESSAGE_BYTES, Peer, compressed_peer, nothing, prepare_append, prepare_imap_login, prepare_in_data,
                       prepare_in_lmtp_data, prepare_pop3_login, prepare_smtp_login, smtp_envelope, squeeze, stored, zeros)
from kit.instance import Failure, Instance
from kit.world import World
from slow import P99_MAX_S, told, visits

SPOOL_MORE = 64 * 1024               # the trace fields before the message
# Reading and throwing away costs the kernel's copy, whatever we do; what is only passed on to a file costs that, too.
GIGABYTE_S = 3.0
CHUNK_US = 60                        # of processor time, a BDAT with its reply
ROLES = {"smtp": "smtp", "submission": "smtp", "lmtp": "smtp", "imap": "mailbox", "pop3": "mailbox"}


LINES = (
    # service, when, what comes before the line, what may be said of it (the line never ends)
    ("smtp", "before-login", nothing, rb"(500 5\.5\.2 .*)?"),
    ("smtp", "after-login", prepare_in_data, rb""),
    ("submission", "after-login", prepare_smtp_login, rb"(500 5\.5\.2 .*)?"),
    ("lmtp", "after-login", prepare_in_lmtp_data, rb""),
    ("imap", "before-login", nothing, rb"\* BYE .*"),
    ("imap", "after-login", prepare_imap_login, rb"\* BYE .*"),
    ("imap", "after-login", prepare_append, rb".*"),
    ("pop3", "before-login", nothing, rb"-ERR .*"),
    ("pop3", "after-login", prepare_pop3_login, rb"-ERR .*"),
)


class Beside:
    """A normal client while an attack is going on."""

    def __init__(self, server: Instance, service: str) -> None:
        self.service = service
        self.times: list[float] = []
        self._is_over = threading.Event()
        self._problem = ""
        self._thread = threading.Thread(target=self._visit, args=(server.port(service),), daemon=True)
        self._thread.start()

    def _visit(self, port: int) -> None:
        try:
            while not self._is_over.is_set():
                self.times += visits(self.service, port, 0.2)
        except (OSError, Failure) as problem:
            self._problem = str(problem)

    def end(self) -> str:
        self._is_over.set()
        self._thread.join()
        self.times.sort()
        if self._problem:
            raise Failure(f"the client beside was not served: {self._problem}")
        if self.times[int(len(self.times) * 0.99)] > P99_MAX_S:
            raise Failure(f"the client beside waited: {told(self.times)}")
        return told(self.times)


def line_without_end(server: Instance, login: str, service: str, when: str, prepare, answer: bytes) -> None:
    peer = Peer(server, service)
    prepare(peer, login)
    meter, role = Meter(server, ROLES[service], when), ROLES[service]
    watch, beside, began = Watch(meter.pid), Beside(server, "smtp" if role == "smtp" else "imap"), time.monotonic()
    try:
        sent = peer.pour(1024 * MEGABYTE)
        took = time.monotonic() - began
        said = peer.rest()
    finally:
        peer.close()
        watch.end()
        normal = beside.end()
    used = processor_s(meter.pid) - meter.processor
    print(f"{service:10} {when:12} {prepare.__name__.removeprefix('prepare_'):12} {sent / MEGABYTE:5.0f} MB taken in {took:4.1f} s, {used:5.2f} s of"
          f" processor time, memory +{(watch.peak - meter.memory) / MEGABYTE:.1f} MB at its most, spool {watch.spooled / MEGABYTE:.1f} MB;"
          f" beside: {normal}", flush=True)
    if not re.fullmatch(answer, said.rstrip(b"\r\n"), re.S):
        raise Failure(f"{service}: the line was answered with {said[:300]!r}")
    if watch.peak - meter.memory > meter.memory_max:
        raise Failure(f"{service}: {(watch.peak - meter.memory) / MEGABYTE:.1f} MB more memory during a line without end")
    if watch.spooled > MESSAGE_BYTES + SPOOL_MORE + MEGABYTE:
        raise Failure(f"{service}: {watch.spooled / MEGABYTE:.1f} MB in the spool")
    meter.check(GIGABYTE_S)


def read_replies(peer: Peer, wanted: int, marks: list[float], pid: int, step: int) -> None:
    """Counts reply lines; the processor time used at every step-th."""
    left = b""
    count = 0
    while count < wanted:
        more = peer.link.recv(262144)
        if not more:
            return
        lines = (left + more).split(b"\r\n")
        left = lines.pop()
        for line in lines:
            if not line.startswith(b"250 "):
                raise Failure(f"chunk {count} was answered with {line!r}")
            count += 1
            if count % step == 0:
                marks.append(processor_s(pid))


def chunks_of_a_byte(server: Instance, world: World, login: str, count: int) -> None:
    before = world.count(login)
    peer = Peer(server, "smtp")
    smtp_envelope(peer, b"EHLO", login)
    header = b"Subject: a million chunks\r\n\r\n"
    peer.say(b"BDAT %d\r\n" % len(header) + header, b"250 ")
    meter, step = Meter(server, "smtp", "after-login"), count // 10
    watch, beside, marks = Watch(meter.pid), Beside(server, "smtp"), [processor_s(meter.pid)]
    reader = threading.Thread(target=read_replies, args=(peer, count, marks, meter.pid, step))
    reader.start()
    try:
        piece = b"".join(b"BDAT 1\r\n%c" % (b"\r\n"[n % 80 - 78] if n % 80 >= 78 else ord("x")) for n in range(8000))
        peer.pour(len(piece) * (count // 8000), piece)
        reader.join(600)
        said = peer.say(b"BDAT 0 LAST\r\n", b"250 ")
    finally:
        peer.close()
        watch.end()
        normal = beside.end()
    parts = [b - a for a, b in zip(marks, marks[1:])]
    print(f"{count} chunks of a byte: {said.decode().strip()}; processor time of each tenth: "
          + " ".join(f"{part:.2f}" for part in parts) + f" s; memory +{(watch.peak - meter.memory) / MEGABYTE:.1f} MB at its most; beside: {normal}",
          flush=True)
    if len(parts) != 10 or parts[-1] > 2 * parts[0] + 0.5:
        raise Failure(f"the last chunks cost more than the first: {parts}")
    if watch.peak - meter.memory > meter.memory_max:
        raise Failure(f"{(watch.peak - meter.memory) / MEGABYTE:.1f} MB more memory for a message of a megabyte")
    meter.check(count * CHUNK_US / 1e6)
    if world.count(login) != before + 1:
        raise Failure("the message of a million chunks is not there")


def bomb(server: Instance, login: str, what: str, prefix: bytes, bytes_: bytes, times: int = 1) -> None:
    peer = compressed_peer(server, login)
    meter = Meter(server, "mailbox", "after-login")
    watch, beside = Watch(meter.pid), Beside(server, "imap")
    try:
        sent = peer.pour(len(prefix), prefix) + peer.pour(len(bytes_) * times, bytes_)
        peer.rest()
    finally:
        peer.close()
        watch.end()
        normal = beside.end()
    used = processor_s(meter.pid) - meter.processor
    print(f"DEFLATE, {what}: {sent / MEGABYTE:.2f} MB taken, {used:.2f} s of processor time, memory "
          f"+{(watch.peak - meter.memory) / MEGABYTE:.1f} MB at its most; beside: {normal}", flush=True)
    if watch.peak - meter.memory > meter.memory_max:
        raise Failure(f"DEFLATE, {what}: {(watch.peak - meter.memory) / MEGABYTE:.1f} MB more memory")
    meter.check()


def blocks_of_a_byte(server: Instance, login: str, commands: int) -> None:
    """Slow to say, but said: every command is answered."""
    peer = compressed_peer(server, login)
    meter = Meter(server, "mailbox", "after-login")
    expander, answered = zlib.decompressobj(-15), b""
    piece = b"".join(stored(byte) for byte in b"n NOOP\r\n") * 100
    for _ in range(commands // 100):
        peer.link.sendall(piece)
        until = answered.count(b"\r\n") + 100
        while answered.count(b"\r\n") < until:
            more = peer.link.recv(65536)
            if not more:
                raise Failure("a session of one-byte blocks was cut off")
            answered += expander.decompress(more)
        answered = answered[-2:]
        if answered != b"\r\n":
            raise Failure(f"commands in blocks of a byte: {answered!r}")
    peer.close()
    used = processor_s(meter.pid) - meter.processor
    print(f"DEFLATE, {commands} commands in blocks of a byte: all answered, {used:.2f} s of processor time", flush=True)
    meter.check(2)


def check_compressed(server: Instance, login: str) -> None:
    literal = squeeze(b"b APPEND INBOX {%d+}\r\n" % MESSAGE_BYTES)
    bomb(server, login, "4 GB of zeros for a command", b"", zeros(4096))
    bomb(server, login, "4 GB of zeros for a message", literal, zeros(4096))
    bomb(server, login, "a gigabyte of blocks with nothing in them", b"", EMPTY * (MEGABYTE // 5), 1024)
    blocks_of_a_byte(server, login, 10000)


def check(options: argparse.Namespace) -> None:
    problems = []
    with Instance(options.binary) as server, World(server) as world:
        ada = world.user("ada")
        world.send(ada)
        world.count(ada)
        tests = [(line_without_end, (server, ada, *line)) for line in LINES]
        tests += [(chunks_of_a_byte, (server, world, ada, options.chunks)), (check_compressed, (server, ada))]
        for test, arguments in tests:
            try:
                test(*arguments)
            except Failure as problem:
                problems.append(str(problem))
    if problems:
        raise Failure("; ".join(problems))
