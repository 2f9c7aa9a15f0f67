"""Name servers for tests: Knot with signed zones, and a stub that answers whatever it is told, however wrong.

    with Knot({"test": "@ MX 10 mx1\\nmx1 A 127.0.0.2\\n"}) as knot:
        knot.server          # "127.0.0.1@PORT", as chappe.conf writes it
        knot.anchor          # file with the keys of the zones
        knot.set("test", "new A 127.0.0.9")
"""
from __future__ import annotations

import os
import shutil
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time

from kit.instance import Failure

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52}


def free_port() -> int:
    """A port that is free for UDP and TCP on 127.0.0.1."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failure("no port is free")


class Knot:
    """Zones are dictionaries of name -> records relative to it. All are signed; those in `distrusted` get a wrong anchor, and
    those in `unsigned` none at all."""

    def __init__(self, zones: dict[str, str], distrusted: tuple[str, ...] = (), unsigned: tuple[str, ...] = (),
                 anchored: tuple[str, ...] | None = None) -> None:
        self.zones, self.distrusted, self.unsigned = zones, distrusted, unsigned
        self.anchored = [zone for zone in (anchored if anchored is not None else zones) if zone not in unsigned]
        self.folder = tempfile.mkdtemp(prefix="chappe-knot-")
        self.port = free_port()
        self.server = f"127.0.0.1@{self.port}"
        self.anchor = os.path.join(self.folder, "anchor")
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Knot":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def _start(self) -> None:
        for name in ("run", "db", "zones"):
            os.mkdir(os.path.join(self.folder, name))
        zones = "".join(f"  - domain: {zone}.\n" + ("    dnssec-signing: off\n" if zone in self.unsigned else "")
                        for zone in self.zones)
        config = self._write("knot.conf", f"""
server:
    rundir: {self.folder}/run
    listen: {self.server}
database:
    storage: {self.folder}/db
policy:
  - id: p
    algorithm: ECDSAP256SHA256
    single-type-signing: on
template:
  - id: default
    storage: {self.folder}/zones
    file: "%s.zone"
    dnssec-signing: on
    dnssec-policy: p
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
zone:
{zones}""")
        for zone, records in self.zones.items():
            self._write(f"zones/{zone}.zone",
                        f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n{records}\n")
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(["knotd", "-c", config], stdout=log, stderr=log)
        self._write("anchor", "".join(self._key(zone) for zone in self.anchored))
        for zone in self.unsigned:
            self._until_answers(zone)

    def _dig(self, zone: str, kind: str) -> str:
        done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(self.port), "+short", "+timeout=1", "+retry=0", zone + ".", kind],
                              capture_output=True, text=True, timeout=20, check=False)
        return done.stdout.strip() if ";;" not in done.stdout else ""

    def _until_answers(self, zone: str, kind: str = "SOA") -> str:
        for _ in range(100):
            answer = self._dig(zone, kind)
            if answer:
                return answer
            time.sleep(0.1)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            raise Failure(f"knotd does not answer for {zone}:\n{log.read()[-2000:]}")

    def _key(self, zone: str) -> str:
        key = self._until_answers(zone, "DNSKEY").splitlines()[0]
        if zone in self.distrusted:
            flags, protocol, algorithm, data = key.split(None, 3)
            swapped = data.replace(" ", "")
            key = f"{flags} {protocol} {algorithm} {'A' if swapped[0] != 'A' else 'B'}{swapped[1:]}"
        return f"{zone}. IN DNSKEY {key}\n"

    def set(self, zone: str, *records: str) -> None:
        """Adds records; "- NAME TYPE" takes them away."""
        for step in (["zone-begin", zone + "."], *(self._step(zone, record) for record in records),
                     ["zone-commit", zone + "."]):
            done = subprocess.run(["knotc", "-c", os.path.join(self.folder, "knot.conf"), *step], capture_output=True,
                                  text=True, timeout=20, check=False)
            if done.returncode != 0:
                raise Failure(f"knotc {step}: {done.stdout}{done.stderr}")

    @staticmethod
    def _step(zone: str, record: str) -> list[str]:
        if record.startswith("- "):
            return ["zone-unset", zone + ".", *record[2:].split()]
        name, rest = record.split(None, 1)
        return ["zone-set", zone + ".", name, "60", *rest.split(None, 1)]


class Stub:
    """Answers by a function: answer(name, type) gives (rcode, [(name, type, rdata bytes)]), or None for silence."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.port = free_port()
        self.server = f"127.0.0.1@{self.port}"
        self.asked: list[tuple[str, int]] = []

    def __enter__(self) -> "Stub":
        stub = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                reply = stub.reply(self.request[0])
                if reply:
                    if len(reply) > 1232:
                        reply = reply[:2] + bytes([reply[2] | 2]) + reply[3:6] + b"\0\0\0\0\0\0" + stub.question(reply)
                    self.request[1].sendto(reply, self.client_address)

        class Stream(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                length = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))[0]
                reply = stub.reply(self.request.recv(length, socket.MSG_WAITALL))
                if reply:
                    self.request.sendall(struct.pack("!H", len(reply)) + reply)

        class TcpServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        class UdpServer(socketserver.ThreadingUDPServer):
            daemon_threads = True

        self.servers = [UdpServer(("127.0.0.1", self.port), Datagram), TcpServer(("127.0.0.1", self.port), Stream)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    @staticmethod
    def question(packet: bytes) -> bytes:
        end = packet.index(b"\0", 12) + 5
        return packet[12:end]

    def reply(self, packet: bytes) -> bytes | None:
        question = self.question(packet)
        labels, at = [], 0
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("ascii").lower())
            at += 1 + question[at]
        name, kind = ".".join(labels), struct.unpack("!H", question[at + 1:at + 3])[0]
        self.asked.append((name, kind))
        answer = self.answer(name, kind)
        if answer is None:
            return None
        rcode, records = answer
        body = b"".join(wire_name(owner) + struct.pack("!HHIH", type_, 1, 60, len(data)) + data
                        for owner, type_, data in records)
        return packet[:2] + struct.pack("!HHHHH", 0x8180 | rcode, 1, len(records), 0, 0) + question + body


def wire_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split(".") if label) + b"\0"


def mx(preference: int, host: str) -> bytes:
    return struct.pack("!H", preference) + wire_name(host)
