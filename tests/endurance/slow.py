"""A crowd that wants nothing but our time, and one client that wants to be served."""
from __future__ import annotations

import argparse
import functools
import multiprocessing
import resource
import selectors
import socket
import ssl
import time

from kit.cost import MEGABYTE, memory_bytes, processor_s
from kit.instance import Failure, Instance
from kit.world import World

P99_MAX_S = 1.0
# service: the role, its port with implicit TLS, what is sent byte by byte, what is asked again and again and never read
SERVICES = {
    "smtp": ("smtp", "submissions", b"EHLO client.example.com\r\n", b"EHLO me\r\n" * 4000),
    "imap": ("mailbox", "imaps", b"a LOGIN somebody password\r\n", b"a CAPABILITY\r\n" * 4000),
    "pop3": ("mailbox", "pop3s", b"USER somebody\r\n", b"CAPA\r\n" * 4000),
    "http": ("web", "https", b"GET / HTTP/1.1\r\nHost: somebody\r\nX: y\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 4000),
}
KINDS = ("silent", "byte by byte", "closed window", "slow handshake")


@functools.cache
def client_hello() -> bytes:
    out = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="mail.example.test").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Peer:
    def __init__(self, kind: str, ports: tuple[int, int], words: tuple[bytes, bytes], selector) -> None:
        self.kind, self.ports, self.words, self.selector = kind, ports, words, selector
        self.socket: socket.socket | None = None
        self.open()

    def open(self) -> None:
        self.socket = socket.socket()
        if self.kind == "closed window":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.ports[1 if self.kind == "slow handshake" else 0]))
        self.to_send = {"silent": b"", "byte by byte": self.words[0], "closed window": self.words[1],
                        "slow handshake": client_hello()}[self.kind]
        if self.kind != "closed window":   # who never reads learns from a failed send that he was closed
            self.selector.register(self.socket, selectors.EVENT_READ, self)

    def again(self) -> None:
        if self.kind != "closed window":
            self.selector.unregister(self.socket)
        self.socket.close()
        self.open()

    def tick(self) -> None:
        try:
            if self.kind == "closed window":
                while self.to_send:
                    self.to_send = self.to_send[self.socket.send(self.to_send):]
            elif self.to_send:
                self.to_send = self.to_send[self.socket.send(self.to_send[:1]):]
        except BlockingIOError:
            pass
        except OSError:
            self.again()

    def ready(self) -> None:
        try:
            if self.socket.recv(65536) == b"":
                self.again()
        except BlockingIOError:
            pass
        except OSError:
            self.again()


def crowd(count: int, ports: tuple[int, int], words: tuple[bytes, bytes], is_there, is_over) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    selector = selectors.EpollSelector()
    peers = []
    for number in range(count):
        peers.append(Peer(KINDS[number % len(KINDS)], ports, words, selector))
        if number % 200 == 199:
            time.sleep(0.05)  # not more than the listener's queue at once
    is_there.set()
    while not is_over.is_set():
        began = time.monotonic()
        for peer in peers:
            peer.tick()
        until = began + 1
        while (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.ready()


def one_visit(service: str, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        link.settimeout(30)
        if service == "http":
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            if not link.recv(4096).startswith(b"HTTP/1.1 200 "):
                raise Failure("the web did not answer")
            return
        greeting = link.recv(4096)
        if not greeting.startswith((b"220 ", b"* OK ", b"+OK ")):
            raise Failure(f"a normal client is greeted with {greeting!r}")
        link.sendall({"smtp": b"NOOP\r\n", "imap": b"a NOOP\r\n", "pop3": b"CAPA\r\n"}[service])
        if not link.recv(4096):
            raise Failure("a normal client was cut off")


def visits(service: str, port: int, seconds: float) -> list[float]:
    times = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        one_visit(service, port)
        times.append(time.monotonic() - began)
        time.sleep(0.05)
    return sorted(times)


def told(times: list[float]) -> str:
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1000   # noqa: E731
    return f"{len(times):4} visits, p50 {at(0.5):6.1f} ms, p99 {at(0.99):6.1f} ms, longest {times[-1] * 1000:6.1f} ms"


def siege(server: Instance, service: str, options: argparse.Namespace) -> None:
    role, secure, drip, flood = SERVICES[service]
    alone = visits(service, server.port(service), 5)
    pid = server.role_pid(role)
    processor, memory = processor_s(pid), memory_bytes(pid)
    is_there, is_over = multiprocessing.Event(), multiprocessing.Event()
    process = multiprocessing.Process(target=crowd, args=(options.peers, (server.port(service), server.port(secure)),
                                                          (drip, flood), is_there, is_over))
    process.start()
    try:
        if not is_there.wait(120):
            raise Failure("the crowd did not come together")
        times = visits(service, server.port(service), options.seconds)
        used, grown = processor_s(pid) - processor, memory_bytes(pid) - memory
    finally:
        is_over.set()
        process.join(30)
        process.kill()
    print(f"{service:5} alone   {told(alone)}\n{service:5} crowded {told(times)}; {role}: {used:.1f} s of processor time, "
          f"{grown / MEGABYTE:.0f} MB more for {options.peers} peers", flush=True)
    if times[int(len(times) * 0.99)] > P99_MAX_S:
        raise Failure(f"{service}: the normal client's 99th percentile is {times[int(len(times) * 0.99)]:.2f} s")


def check(options: argparse.Namespace) -> None:
    problems = []
    with Instance(options.binary) as server, World(server) as world:
        ada = world.user("ada")
        imap = world.imap(ada)
        for service in SERVICES:
            try:
                siege(server, service, options)
            except Failure as problem:
                problems.append(str(problem))
        if imap.noop()[0] != "OK":
            problems.append("a session from before was cut off")
        world.send(ada)
    if problems:
        raise Failure("; ".join(problems))
