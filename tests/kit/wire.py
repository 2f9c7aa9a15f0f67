"""One TCP connection of a test, with TLS when asked for."""
from __future__ import annotations

import socket
import ssl
import struct
import time

from kit.instance import Failure

IMPLICIT_TLS = {"submissions", "imaps", "pop3s", "https"}
TIMEOUT = 20.0


class Connection:
    def __init__(self, protocol: str, port: int, name: str = "", source: str = "") -> None:
        self.protocol, self.name = protocol, name
        self.socket: socket.socket = socket.create_connection(
            ("127.0.0.1", port), TIMEOUT, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        if protocol in IMPLICIT_TLS:
            self.start_tls("", "mail.example.test")

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Failure("the server has closed the connection") from None

    def line(self) -> bytes:
        """The next line without its CRLF (or LF)."""
        deadline = time.monotonic() + TIMEOUT
        while b"\n" not in self._received:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                more = self.socket.recv(65536)
            except (TimeoutError, socket.timeout):
                raise Failure(f"nothing came within {TIMEOUT:.0f} s, only {self._received!r}") from None
            except (ConnectionResetError, ssl.SSLError) as problem:
                raise Failure(f"the connection broke: {problem}") from None
            if not more:
                raise Failure(f"the server closed the connection after {self._received!r}")
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        return line[:-1] if line.endswith(b"\r") else line

    def unread(self, line: bytes) -> None:
        self._received = line + b"\r\n" + self._received

    def start_tls(self, alpn: str, sni: str, fails: bool = False) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(alpn.split(","))
        self.socket.settimeout(TIMEOUT)
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname=sni or None)
        except (ssl.SSLError, OSError) as problem:
            if fails:
                return
            raise Failure(f"TLS: {problem}") from None
        if fails:
            raise Failure("the TLS handshake succeeded")

    def expect_closed(self) -> None:
        self.socket.settimeout(TIMEOUT)
        try:
            more = self._received or self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return
        except (TimeoutError, socket.timeout):
            raise Failure(f"the connection is still open after {TIMEOUT:.0f} s") from None
        if more:
            raise Failure(f"expected the end, got {more!r}")

    def expect_silence(self, seconds: float) -> None:
        self.socket.settimeout(seconds)
        try:
            more = self._received or self.socket.recv(65536)
        except (TimeoutError, socket.timeout):
            return
        raise Failure(f"expected silence, got {more!r}" if more else "expected silence, the server closed")

    def channel_binding(self) -> bytes:
        """tls-server-end-point (RFC 5929, 4.1) for certificates signed with SHA-256."""
        import hashlib
        if not isinstance(self.socket, ssl.SSLSocket):
            raise Failure("channel binding needs TLS")
        certificate = self.socket.getpeercert(binary_form=True)
        assert certificate
        return hashlib.sha256(certificate).digest()

    def close(self) -> None:
        try:
            self.socket.close()
        except OSError:
            pass

    def abort(self) -> None:
        """A reset instead of an orderly end."""
        raw = self.socket
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
