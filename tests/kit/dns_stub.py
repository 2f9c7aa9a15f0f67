"""A name server for tests: records in a dictionary, and every kind of trouble.

    dns = DnsStub()
    dns.put("example.test", "TXT", "v=spf1 -all")
    dns.trouble["slow.test"] = "silent"            # or "servfail"
    SETTINGS = {"dns": dns.setting}

Names that are not there are NXDOMAIN; a name with other records only is an answer without data. Long answers go over TCP.
"""
from __future__ import annotations

import ipaddress
import socket
import socketserver
import struct
import threading

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}


def _name(text: str) -> bytes:
    labels = [label.encode() for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _data(kind: str, value: str) -> bytes:
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, host = value.split()
        return struct.pack("!H", int(preference)) + _name(host)
    if kind == "SRV":
        *numbers, host = value.split()
        return struct.pack("!HHH", *map(int, numbers)) + _name(host)
    if kind == "TXT":
        raw = value.encode("latin-1")
        return b"".join(bytes([len(raw[i:i + 255])]) + raw[i:i + 255] for i in range(0, max(len(raw), 1), 255))
    return _name(value)


class DnsStub:
    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.trouble: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        stub = self

        class Tcp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                head = self.request.recv(2)
                if len(head) == 2:
                    answer = stub._answer(self.request.recv(struct.unpack("!H", head)[0]), 65535)
                    if answer:
                        self.request.sendall(struct.pack("!H", len(answer)) + answer)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        while True:  # one port, free for both
            self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tcp)
            self._tcp.daemon_threads = True
            self.port = self._tcp.server_address[1]
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._udp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self._udp.close()
                self._tcp.server_close()
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._tcp.serve_forever, daemon=True).start()

    @property
    def setting(self) -> str:
        return f"127.0.0.1@{self.port}"

    def put(self, name: str, kind: str, *values: str) -> None:
        self.records[(name.lower().rstrip("."), kind)] = list(values)

    def drop(self, name: str) -> None:
        for key in [key for key in self.records if key[0] == name.lower()]:
            del self.records[key]

    def _serve_udp(self) -> None:
        while True:
            question, peer = self._udp.recvfrom(4096)
            answer = self._answer(question, 1232)
            if answer:
                self._udp.sendto(answer, peer)

    def _answer(self, question: bytes, room: int) -> bytes | None:
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("latin-1").lower())
            at += 1 + question[at]
        number = struct.unpack("!H", question[at + 1:at + 3])[0]
        asked, name = question[12:at + 5], ".".join(labels)
        kind = next((word for word, value in TYPES.items() if value == number), str(number))
        self.asked.append((name, kind))
        trouble = next((what for where, what in self.trouble.items() if name == where or name.endswith("." + where)), "")
        if trouble == "silent":
            return None
        if trouble == "servfail":
            return self._message(question, asked, 2, [], room)
        values = self.records.get((name, kind), [])
        rows = [b"\xc0\x0c" + struct.pack("!HHIH", number, 1, 5, len(data)) + data
                for data in (_data(kind, value) for value in values)]
        exists = any(key[0] == name or key[0].endswith("." + name) for key in self.records)
        return self._message(question, asked, 0 if exists or not name else 3, rows, room)

    @staticmethod
    def _message(question: bytes, asked: bytes, code: int, rows: list[bytes], room: int) -> bytes:
        def head(flags: int, count: int) -> bytes:
            return question[:2] + struct.pack("!HHHHH", flags | code, 1, count, 0, 0)
        whole = head(0x8580, len(rows)) + asked + b"".join(rows)
        return whole if len(whole) <= room else head(0x8780, 0) + asked
