"""Connections that send without end, and bytes that expand: for the stories, and by the gigabyte for tests/endurance."""
from __future__ import annotations

import base64
import socket
import struct
import time
import zlib

from kit.cost import MEGABYTE
from kit.instance import Failure, Instance
from kit.world import PASSWORD

PIECE = b"x" * MEGABYTE
MESSAGE_BYTES = 50 * MEGABYTE   # max_message_size, as it comes


class Peer:
    """One connection that takes what it can get: an end is as good as an answer."""

    def __init__(self, server: Instance, service: str) -> None:
        self.link = socket.create_connection(("127.0.0.1", server.port(service)), 60)
        self.link.settimeout(60)
        self.seen = b""   # what came and was not asked for yet
        self.expect(b"")

    def more(self) -> bool:
        try:
            got = self.link.recv(65536)
        except ConnectionResetError:
            got = b""
        self.seen += got
        return got != b""

    def expect(self, start: bytes) -> bytes:
        """The next line that begins like this; b"" where the connection ends before."""
        while True:
            while b"\r\n" not in self.seen:
                if not self.more():
                    return b""
            line, _, self.seen = self.seen.partition(b"\r\n")
            if line.startswith(start):
                return line

    def say(self, text: bytes, start: bytes) -> bytes:
        self.link.sendall(text)
        line = self.expect(start)
        if not line:
            raise Failure(f"{text[:60]!r} was not answered with {start!r}, only {self.seen[-200:]!r}")
        return line

    def pour(self, total: int, piece: bytes = PIECE) -> int:
        """Sends so many bytes; how many were taken before the server closed."""
        sent = 0
        try:
            while sent < total:
                self.link.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return sent

    def rest(self) -> bytes:
        """All that still comes, when nothing more is sent."""
        try:
            self.link.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        while self.more():
            pass
        return self.seen

    def close(self) -> None:
        self.link.close()


def smtp_envelope(peer: Peer, verb: bytes, recipient: str) -> None:
    peer.say(verb + b" client.example.com\r\n", b"250 ")
    peer.say(b"MAIL FROM:<x@outside.example>\r\n", b"250 ")
    peer.say(f"RCPT TO:<{recipient}>\r\n".encode(), b"250 ")


def prepare_in_data(peer: Peer, recipient: str) -> None:
    smtp_envelope(peer, b"EHLO", recipient)
    peer.say(b"DATA\r\n", b"354 ")


def prepare_in_lmtp_data(peer: Peer, recipient: str) -> None:
    smtp_envelope(peer, b"LHLO", recipient)
    peer.say(b"DATA\r\n", b"354 ")


def prepare_smtp_login(peer: Peer, login: str) -> None:
    peer.say(b"EHLO client.example.com\r\n", b"250 ")
    peer.say(b"AUTH PLAIN " + base64.b64encode(f"\0{login}\0{PASSWORD}".encode()) + b"\r\n", b"235 ")


def prepare_imap_login(peer: Peer, login: str) -> None:
    peer.say(f"a LOGIN {login} {PASSWORD}\r\n".encode(), b"a OK")


def prepare_append(peer: Peer, login: str) -> None:
    prepare_imap_login(peer, login)
    peer.say(b"b APPEND INBOX {%d}\r\n" % MESSAGE_BYTES, b"+ ")


def prepare_pop3_login(peer: Peer, login: str) -> None:
    """The maildrop is in use until the server has seen that the last one left."""
    deadline = time.monotonic() + 20
    while True:
        peer.say(f"USER {login}\r\n".encode(), b"+OK")
        answer = peer.say(f"PASS {PASSWORD}\r\n".encode(), b"")
        if answer.startswith(b"+OK"):
            return
        if b"[IN-USE]" not in answer or time.monotonic() > deadline:
            raise Failure(f"the login was refused: {answer!r}")


def nothing(peer: Peer, login: str) -> None:
    del peer, login


def squeeze(data: bytes, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def zeros(megabytes: int) -> bytes:
    """What expands to so many megabytes of zeros, a thousand times as much."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packer.flush(zlib.Z_SYNC_FLUSH)


def stored(byte: int) -> bytes:
    """A block of DEFLATE that holds one byte."""
    return b"\0" + struct.pack("<HH", 1, 0xFFFE) + bytes([byte])


EMPTY = b"\0" + struct.pack("<HH", 0, 0xFFFF)


def compressed_peer(server: Instance, login: str) -> Peer:
    peer = Peer(server, "imap")
    prepare_imap_login(peer, login)
    peer.say(b"c COMPRESS DEFLATE\r\n", b"c OK")
    return peer
