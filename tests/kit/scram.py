"""SCRAM-SHA-256 (RFC 5802, RFC 7677) as a client of SMTP, IMAP, POP3 and ManageSieve."""
from __future__ import annotations

import base64
import hashlib
import hmac
import os

from kit.instance import Failure
from kit.wire import Connection


class Exchange:
    def __init__(self, user: str, password: str, binding: bytes | None) -> None:
        self.password = password
        self.head = b"p=tls-server-end-point,," if binding is not None else b"n,,"
        self.binding = binding or b""
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.nonce = base64.b64encode(os.urandom(18)).decode()
        self.bare = f"n={name},r={self.nonce}".encode()

    def first(self) -> bytes:
        return self.head + self.bare

    def final(self, challenge: bytes) -> bytes:
        given = dict(part.split(b"=", 1) for part in challenge.split(b","))
        if not given[b"r"].startswith(self.nonce.encode()):
            raise Failure("SCRAM: the server's nonce does not begin with ours")
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(given[b"s"]), int(given[b"i"]))
        client = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = b"c=" + base64.b64encode(self.head + self.binding) + b",r=" + given[b"r"]
        signed = self.bare + b"," + challenge + b"," + without_proof
        signature = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, signature))
        self.server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return without_proof + b",p=" + base64.b64encode(proof)

    def check(self, verifier: bytes) -> None:
        if verifier != b"v=" + base64.b64encode(self.server):
            raise Failure(f"SCRAM: the server did not prove itself: {verifier!r}")


# What begins a command, a challenge, and the end, in each protocol.
PREFIX = {"smtp": ("AUTH", "334 ", "235", ""), "imap": ("scram AUTHENTICATE", "+ ", "scram OK", "scram "),
          "pop3": ("AUTH", "+ ", "+OK", ""), "managesieve": ("AUTHENTICATE", '"', "OK", "")}


def log_in(connection: Connection, user: str, password: str, plus: bool, fails: bool) -> None:
    family = next(f for f in PREFIX if connection.protocol.replace("submission", "smtp").startswith(f))
    command, challenge, success, _ = PREFIX[family]
    exchange = Exchange(user, password, connection.channel_binding() if plus else None)
    mechanism = "SCRAM-SHA-256-PLUS" if plus else "SCRAM-SHA-256"

    def answer() -> str:
        while (line := connection.line().decode()).startswith("* "):
            pass
        return line

    quote = '"' if family == "managesieve" else ""

    def say(words: str, token: bytes) -> None:
        connection.send(f"{words}{quote}{base64.b64encode(token).decode()}{quote}\r\n".encode())

    def heard(reply: str) -> bytes:
        return base64.b64decode(reply[len(challenge):].rstrip('"'))

    say(f"{command} {quote}{mechanism}{quote} ", exchange.first())
    line = answer()
    if line.startswith(challenge):
        say("", exchange.final(heard(line)))
        line = answer()
    if line.startswith(challenge) and not fails:
        exchange.check(heard(line))
        say("", b"")
        line = answer()
    if line.startswith(success) == fails:
        raise Failure(f"SCRAM: {line!r}")
