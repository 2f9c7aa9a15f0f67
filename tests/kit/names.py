"""A small name server for tests: domains with the mail exchangers that a test gives them.

    names = Names(port)
    names.mail("outside.test", "127.0.0.2")     # MX 10 mx.outside.test, which has this address
    names.broken.add("dead.test")               # SERVFAIL

Whatever it does not know does not exist. One a process is enough: stories of one module share their server's settings.
"""
from __future__ import annotations

import socket
import struct
import threading

A, SOA, MX, AAAA = 1, 6, 15, 28


def _name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def _take_name(data: bytes, at: int) -> tuple[str, int]:
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("ascii", "replace").lower())
        at += 1 + data[at]
    return ".".join(labels), at + 1


class Names:
    def __init__(self, port: int) -> None:
        self.records: dict[tuple[str, int], list[bytes]] = {}
        self.broken: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = port
        threading.Thread(target=self._serve, daemon=True).start()

    def add(self, name: str, kind: int, data: bytes) -> None:
        self.records.setdefault((name, kind), []).append(data)

    def mail(self, domain: str, address: str, preference: int = 10, host: str = "") -> None:
        host = host or f"mx{preference}.{domain}"
        self.add(domain, MX, struct.pack(">H", preference) + _name(host))
        self.add(host, A, socket.inet_aton(address))

    def _serve(self) -> None:
        while True:
            query, peer = self._socket.recvfrom(4096)
            try:
                self._socket.sendto(self._answer(query), peer)
            except (IndexError, struct.error, OSError):
                pass

    def _answer(self, query: bytes) -> bytes:
        number, flags = struct.unpack(">HH", query[:4])
        name, end = _take_name(query, 12)
        kind = struct.unpack(">H", query[end:end + 2])[0]
        question = query[12:end + 4]
        found = self.records.get((name, kind), [])
        exists = any(known == name or known.endswith("." + name) for known, _ in self.records)
        code = 2 if name in self.broken else 0 if exists else 3
        answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 2, len(data)) + data for data in found)
        soa = b""
        if not found and code != 2:
            data = _name("ns.test") + _name("root.test") + struct.pack(">IIIII", 1, 2, 2, 2, 2)
            soa = b"\0" + struct.pack(">HHIH", SOA, 1, 2, len(data)) + data
        head = struct.pack(">HHHHHH", number, 0x8480 | (flags & 0x0100) | code, 1, len(found), 1 if soa else 0, 0)
        return head + question + answers + soa
