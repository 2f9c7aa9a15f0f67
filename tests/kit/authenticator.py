"""A security key in software (Web Authentication, level 2), with real signatures; and a program that shows codes (RFC 6238)."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, CREDENTIAL = 1, 4, 64


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def code(secret: str, at: float | None = None) -> str:
    """What the program shows at that time; the secret as the server gives it, in base32."""
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    mac = hmac.new(base64.b32decode(secret.upper()), counter, hashlib.sha1).digest()
    offset = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


def cbor(value: object) -> bytes:
    """Whole numbers, bytes, text, lists, dictionaries."""
    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes([major << 5 | number])
        for detail, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 1 << 8 * width:
                return bytes([major << 5 | detail]) + number.to_bytes(width, "big")
        raise ValueError(number)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    assert isinstance(value, dict)
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


class Authenticator:
    """One key for one site. `algorithm`: ES256, EdDSA or RS256."""

    def __init__(self, algorithm: str = "ES256", verifies: bool = False, counts: bool = True) -> None:
        self.algorithm, self.verifies, self.counts = algorithm, verifies, counts
        self.id = os.urandom(32)
        self.count = 0
        self.private = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                        "EdDSA": ed25519.Ed25519PrivateKey.generate,
                        "RS256": lambda: rsa.generate_private_key(65537, 2048)}[algorithm]()

    def cose(self) -> dict:
        public = self.private.public_key()
        if self.algorithm == "ES256":
            numbers = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        if self.algorithm == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {1: 1, 3: -8, -1: 6, -2: raw}
        numbers = public.public_numbers()
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"}

    def sign(self, data: bytes) -> bytes:
        if self.algorithm == "ES256":
            return self.private.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == "EdDSA":
            return self.private.sign(data)
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def data(self, site: str, flags: int) -> bytes:
        self.count += self.counts
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def flags(self) -> int:
        return PRESENT | (VERIFIED if self.verifies else 0)

    @staticmethod
    def client_data(kind: str, challenge: str, origin: str, **more: object) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False, **more}).encode()

    def create(self, options: dict, page: str, **change: object) -> dict:
        """What navigator.credentials.create() gives, as the body of `confirm`."""
        site = str(change.get("site", options["rp"]["id"]))
        key = change.get("key", cbor(self.cose()))
        assert isinstance(key, bytes)
        data = (self.data(site, int(str(change.get("flags", self.flags() | CREDENTIAL)))) + bytes(16)
                + len(self.id).to_bytes(2, "big") + self.id + key)
        client = self.client_data(str(change.get("kind", "webauthn.create")),
                                  str(change.get("challenge", options["challenge"])), str(change.get("origin", page)))
        return {"client_data": base64url(client),
                "attestation": base64url(cbor({"fmt": "none", "attStmt": {}, "authData": data}))}

    def get(self, ask: dict, page: str, **change: object) -> dict:
        """What navigator.credentials.get() gives, as the body of `/session/second-factor`."""
        data = self.data(str(change.get("site", ask["site"])), int(str(change.get("flags", self.flags()))))
        client = self.client_data(str(change.get("kind", "webauthn.get")), str(change.get("challenge", ask["challenge"])),
                                  str(change.get("origin", page)))
        return {"credential_id": base64url(self.id), "client_data": base64url(client),
                "authenticator_data": base64url(data),
                "signature": base64url(self.sign(data + hashlib.sha256(client).digest()))}
