"""An LDAP server that says what a test wants it to say, also what no real one would. For what real servers cannot be brought to do.

    class Mine(LdapServer):
        def bind(self, name: str, password: bytes) -> tuple[int, str]:
            return 49, "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 525, v2580"

        def search(self, asked: Search) -> Iterator[Entry]:
            yield "cn=one,dc=example,dc=test", {"objectClass": [b"group"], "member;range=0-1499": values}

    with Mine() as server:
        server.url

Filters are not looked at: `search` gives what a base, a scope and the names of attributes deserve. The root entry is `root`.
"""
from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass
from typing import BinaryIO, Iterable, Iterator

SEQUENCE, SET, OCTETS, INTEGER, ENUMERATED = 0x30, 0x31, 0x04, 0x02, 0x0a
BIND, BIND_ANSWER, UNBIND, SEARCH, ENTRY, DONE = 0x60, 0x61, 0x42, 0x63, 0x64, 0x65

Entry = tuple[str, dict[str, "Iterable[bytes] | Encoded"]]


def ber(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def number(value: int, tag: int = INTEGER) -> bytes:
    return ber(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def text(value: str | bytes) -> bytes:
    return ber(OCTETS, value.encode() if isinstance(value, str) else value)


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            length = size & 0x7f
            size = int.from_bytes(data[at:at + length], "big")
            at += length
        yield tag, data[at:at + size]
        at += size


class Encoded(bytes):
    """Values that are BER already, one after the other: what is asked for often, or is a million."""


def values_of(values: Iterable[bytes] | Encoded) -> bytes:
    return values if isinstance(values, Encoded) else b"".join(map(text, values))


@dataclass
class Search:
    base: str
    scope: int            # 0 the entry, 1 one level, 2 the subtree
    attributes: list[str]


def message_from(file: BinaryIO) -> bytes:
    """The content of the next one; empty at the end."""
    head = file.read(2)
    if len(head) < 2:
        return b""
    size = head[1]
    if size & 0x80:
        size = int.from_bytes(file.read(size & 0x7f), "big")
    return file.read(size)


class _Peer(socketserver.StreamRequestHandler):
    server: "_Server"

    def say(self, number_: int, tag: int, *parts: bytes) -> None:
        self.wfile.write(ber(SEQUENCE, number(number_), ber(tag, *parts)))

    def done(self, number_: int, tag: int, code: int, diagnostic: str = "") -> None:
        self.say(number_, tag, number(code, ENUMERATED), text(""), text(diagnostic))

    def handle(self) -> None:
        try:
            while data := message_from(self.rfile):
                (_, raw), (tag, operation), *_ = elements(data)
                if tag == UNBIND:
                    return
                self.answer(int.from_bytes(raw, "big"), tag, [value for _, value in elements(operation)])
        except OSError:
            pass

    def answer(self, number_: int, tag: int, parts: list[bytes]) -> None:
        owner = self.server.owner
        if tag == BIND:
            self.done(number_, BIND_ANSWER, *owner.bind(parts[1].decode(), parts[2]))
        elif tag == SEARCH:
            asked = Search(parts[0].decode(), parts[1][0], [name.decode() for _, name in elements(parts[-1])])
            entries = [("", owner.root)] if not asked.base and asked.scope == 0 else owner.search(asked)
            for dn, attributes in entries:
                self.say(number_, ENTRY, text(dn), ber(SEQUENCE, *(
                    ber(SEQUENCE, text(name), ber(SET, values_of(values))) for name, values in attributes.items())))
            self.done(number_, DONE, 0)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: "LdapServer"


class LdapServer:
    root: dict[str, Iterable[bytes]] = {"objectClass": [b"top"], "namingContexts": [b"dc=example,dc=test"]}

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Peer)
        self._server.owner = self
        self.url = f"ldap://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "LdapServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def bind(self, name: str, password: bytes) -> tuple[int, str]:
        """Result code and diagnostic message."""
        return 0, ""

    def search(self, asked: Search) -> Iterator[Entry]:
        return iter(())
