"""Peers of the web ports that are slow, silent or greedy, and what they cost."""
from __future__ import annotations

import socket
import ssl
import time

from kit.cost import Meter, processor_s
from kit.world import World

PRIVATE = True
HEAD_S = 15  # HTTP_HEAD_S


def connect(world: World) -> socket.socket:
    return socket.create_connection(("127.0.0.1", world.server.port("https")), 60)


class Handshake:
    """A TLS client whose bytes are sent when, and in the pieces that, the story wants."""

    def __init__(self, world: World) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.goes, server_hostname="localhost")
        self.socket = connect(world)

    def step(self, call):
        """What call() returns, after as many answers as it needs; the bytes before each are to be sent."""
        while True:
            try:
                done = call()
            except ssl.SSLWantReadError:
                done = None
            yield self.goes.read(), done
            if done is not None:
                return
            self.came.write(self.socket.recv(65536))

    def drip(self, call, pause_s: float):
        for data, done in self.step(call):
            half = len(data) // 2
            for piece in (data[:half], data[half:]):
                self.socket.sendall(piece)
                time.sleep(pause_s)
        return done


def story_a_handshake_that_waits_costs_nothing(world: World) -> None:
    peers = [connect(world) for _ in range(60)]
    for number, peer in enumerate(peers):
        peer.sendall((b"", b"\x16", b"\x16\x03\x01\x02\x00\x01")[number % 3])
    half_way = [Handshake(world) for _ in range(20)]
    for peer in half_way:
        peer.socket.sendall(next(peer.step(lambda peer=peer: peer.tls.do_handshake() or True))[0])
    time.sleep(1)  # they have their certificates now
    meter = Meter(world.server, "web", "before-login")
    time.sleep(4)
    meter.check(0.2)
    assert "ok" in world.run("curl", "-sk", f"https://127.0.0.1:{world.server.port('https')}/healthz")
    time.sleep(HEAD_S - 4)
    for peer in peers:
        peer.settimeout(5)
        assert peer.recv(100) == b"", "a peer without a handshake is still there"


def story_a_handshake_in_pieces_is_served(world: World) -> None:
    peer = Handshake(world)
    peer.drip(lambda: peer.tls.do_handshake() or True, 0.3)
    peer.tls.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    answer = peer.drip(lambda: peer.tls.read(4096), 0.3)
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def story_a_reload_and_an_end_wait_for_no_handshake(world: World) -> None:
    peers = [connect(world) for _ in range(40)]
    for peer in peers:
        peer.sendall(b"\x16")
    time.sleep(0.5)
    began = time.monotonic()
    world.server.run("restart")
    assert time.monotonic() - began < 30
    for peer in peers:
        peer.settimeout(5)
        try:
            assert peer.recv(100) == b""
        except ConnectionResetError:
            pass
    assert "ok" in world.run("curl", "-sk", f"https://127.0.0.1:{world.server.port('https')}/healthz")


def story_who_asks_and_does_not_read_costs_little(world: World) -> None:
    requests = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 4000
    pid = world.server.role_pid("web")
    peers = []
    before = processor_s(pid)
    for _ in range(10):
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        peer.connect(("127.0.0.1", world.server.port("http")))
        peer.setblocking(False)
        try:
            peer.send(requests)
        except BlockingIOError:
            pass
        peers.append(peer)
    time.sleep(3)
    allowed = 10.0 if world.server.is_sanitized else 1.0
    used = processor_s(pid) - before
    assert used < allowed, f"ten peers that read nothing cost {used:.1f} s"
