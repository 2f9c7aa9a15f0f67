"""Between a client and a Samba domain controller: no attribute `member` has more than some values at once, as Microsoft's controllers do it.

    with SambaDc() as dc, LimitedValues(dc.address, 100) as limited:
        limited.url                   # "ldap://127.0.0.1:PORT", without TLS
        limited.pieces                # how often a client asked for more

Samba gives ranges only to those who ask for them. Requests are made to ask (MS-ADTS 3.1.1.3.1.3.3); the ranges, their names and their end are
Samba's, and its answers pass as they are.
"""
from __future__ import annotations

import re
import socket
import socketserver
import threading

from kit.ldap_server import SEARCH, SEQUENCE, ber, elements, message_from, text

LDAP_PORT = 389


class _Peer(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        owner = self.server.owner
        with socket.create_connection((owner.address, LDAP_PORT)) as behind:
            threading.Thread(target=self.answers, args=(behind,), daemon=True).start()
            try:
                while message := message_from(self.rfile):
                    behind.sendall(ber(SEQUENCE, owner.limited(message)))
            except OSError:
                pass

    def answers(self, behind: socket.socket) -> None:
        try:
            while data := behind.recv(65536):
                self.wfile.write(data)
        except OSError:
            pass


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    owner: "LimitedValues"


class LimitedValues:
    def __init__(self, address: str, limit: int) -> None:
        self.address, self.limit, self.pieces = address, limit, 0
        self._server = _Server(("127.0.0.1", 0), _Peer)
        self._server.owner = self
        self.url = f"ldap://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "LimitedValues":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def limited(self, message: bytes) -> bytes:
        """A request for everything asks for the first values, one for the rest for the next ones."""
        identity, (tag, operation), *controls = elements(message)
        if tag != SEARCH:
            return message
        *head, (_, names) = elements(operation)
        wanted = [self._range(name) for _, name in elements(names)]
        if b"*" in wanted:
            wanted.append(b"member;range=0-%d" % (self.limit - 1))
        return b"".join((ber(*identity), ber(SEARCH, *(ber(*part) for part in head), ber(SEQUENCE, *map(text, wanted))),
                         *(ber(*control) for control in controls)))

    def _range(self, name: bytes) -> bytes:
        more = re.fullmatch(rb"member;range=(\d+)-\*", name)
        if not more:
            return name
        self.pieces += 1
        return b"member;range=%d-%d" % (int(more[1]), int(more[1]) + self.limit - 1)
