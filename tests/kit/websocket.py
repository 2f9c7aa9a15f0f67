"""A WebSocket client for tests (RFC 6455): frames as one likes, also wrong ones."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
from typing import Any

from kit.instance import Failure
from kit.jmap import ALL, Jmap

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Failure):
    def __init__(self, status: int, head: bytes) -> None:
        super().__init__(f"refused with {status}")
        self.status, self.head = status, head


class Ended(Failure):
    """The server said goodbye; `code` is None where it said nothing."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"ended with {code}")
        self.code = code


class WebSocket:
    def __init__(self, jmap: Jmap, headers: dict[str, str] | None = None, path: str = "/jmap/ws", tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", jmap.server.port("https" if tls else "http")), timeout=60)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": "jmap", **jmap.headers, **(headers or {})}
        self.socket.sendall((f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v) + "\r\n").encode())
        head = self._until(b"\r\n\r\n")
        status = int(head.split()[1])
        if status != 101:
            self.socket.close()
            raise Refused(status, head)
        wanted = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        if wanted not in head or b"jmap" not in head.lower():
            raise Failure(f"no handshake: {head!r}")

    def _fill(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise Ended(None)
        self.buffer += data

    def _until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            self._fill()
        taken, self.buffer = self.buffer.split(end, 1)
        return taken

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self, opcode: int, data: bytes, final: bool = True, masked: bool = True) -> bytes:
        size, mask = len(data), os.urandom(4)
        length = bytes([size]) if size < 126 else bytes([126]) + struct.pack(">H", size) if size < 65536 else bytes([127]) + struct.pack(">Q", size)
        head = bytes([(0x80 if final else 0) | opcode, length[0] | (0x80 if masked else 0)]) + length[1:]
        if not masked:
            return head + data
        stream = (mask * (size // 4 + 1))[:size]
        return head + mask + (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send(self, message: Any) -> None:
        self.raw(self.frame(TEXT, json.dumps(message).encode()))

    def read(self) -> tuple[int, bytes]:
        """The next frame: opcode, bytes."""
        opcode, size = self._take(2)
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        return opcode & 15, self._take(size)

    def hear(self) -> dict[str, Any]:
        """The next text, as JSON; pings are answered. Ended where the server says goodbye."""
        while True:
            opcode, data = self.read()
            if opcode == TEXT:
                return json.loads(data)
            if opcode == PING:
                self.raw(self.frame(PONG, data))
            if opcode == CLOSE:
                raise Ended(struct.unpack(">H", data[:2])[0] if data else None)

    def request(self, calls: list[Any], id_: str = "R", **more: Any) -> dict[str, Any]:
        """The answer; changes that are told before it are passed over."""
        self.send({"@type": "Request", "id": id_, "using": ALL, "methodCalls": calls, **more})
        while True:
            answer = self.hear()
            if answer["@type"] != "StateChange":
                return answer

    def expect_end(self, code: int | None) -> None:
        try:
            while True:
                self.hear()
        except Ended as end:
            if end.code != code:
                raise Failure(f"ended with {end.code}, not {code}") from None
        except ConnectionError:
            if code is not None:
                raise

    def close(self) -> None:
        self.socket.close()
