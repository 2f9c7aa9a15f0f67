"""People with keys of OpenPGP, and the letters that GnuPG makes for them."""
from __future__ import annotations

import base64
import os
import shutil
import subprocess
import tempfile

CRLF = b"\r\n"


class Keyring:
    """A folder of GnuPG with the secret keys of some people; ended and removed by close(). `at`: "20250101T120000", when all of it happens."""

    def __init__(self, at: str | None = None) -> None:
        self.at = at
        self.folder = tempfile.mkdtemp(prefix="chappe-gpg-", dir="/tmp")

    def __enter__(self) -> Keyring:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env={**os.environ, "GNUPGHOME": self.folder}, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def gpg(self, *words: str, stdin: bytes = b"", at: str | None = None) -> bytes:
        moment = at or self.at
        time = ["--faked-system-time", moment] if moment else []
        command = ["gpg", "--homedir", self.folder, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always", *time, *words]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, (words, done.stderr.decode())
        return done.stdout

    def make(self, email: str, algorithm: str = "ed25519", expires: str = "never", at: str | None = None) -> str:
        """A key that signs; its fingerprint."""
        self.gpg("--quick-generate-key", f"{email.split('@')[0].title()} <{email}>", algorithm, "sign", expires, at=at)
        return self.fingerprint(email)

    def fingerprint(self, email: str) -> str:
        lines = self.gpg("--with-colons", "--list-keys", f"<{email}>").decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))

    def public(self, *emails: str) -> bytes:
        return self.gpg("--armor", "--export", *(f"<{e}>" for e in emails))

    def binary(self, email: str) -> bytes:
        """As `public`, without an armour."""
        return self.gpg("--export", f"<{email}>")

    def revoke(self, email: str) -> None:
        fingerprint = self.fingerprint(email)
        with open(os.path.join(self.folder, "openpgp-revocs.d", f"{fingerprint}.rev"), encoding="ascii") as file:
            certificate = file.read().replace(":-----BEGIN", "-----BEGIN")
        self.gpg("--import", stdin=certificate.encode())

    def detached(self, content: bytes, *by: str, words: tuple[str, ...] = (), at: str | None = None) -> bytes:
        users = [w for email in by for w in ("--local-user", f"<{email}>")]
        return self.gpg("--armor", "--digest-algo", "SHA256", *words, *users, "--detach-sign", stdin=content, at=at)

    def clear(self, text: bytes, by: str) -> bytes:
        """Signed text, its lines ended by CRLF."""
        return crlf(self.gpg("--digest-algo", "SHA256", "--local-user", f"<{by}>", "--clear-sign", stdin=text))

    def sealed(self, text: bytes, to: str) -> bytes:
        self.gpg("--quick-add-key", self.fingerprint(to), "cv25519", "encr")
        return crlf(self.gpg("--armor", "--recipient", f"<{to}>", "--encrypt", stdin=text))


def crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


PART = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nThe offer holds.\r\nTrailing space:=20\r\n- dash\r\n"


def head(sender: str, subject: str, *more: bytes) -> bytes:
    return b"".join([f"From: {sender}\r\nTo: ada@example.org\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n".encode(), *(m + CRLF for m in more)])


def signed_body(part: bytes, signature: bytes, boundary: bytes = b"sig") -> bytes:
    """multipart/signed of RFC 3156, with its own header."""
    return (b'Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary="' + boundary + b'"\r\n\r\n'
            b"--" + boundary + CRLF + part + CRLF + b"--" + boundary + CRLF +
            b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n' + crlf(signature) + CRLF + b"--" + boundary + b"--\r\n")


def signed(keys: Keyring, sender: str, by: str, subject: str, part: bytes = PART, more: tuple[bytes, ...] = ()) -> bytes:
    return head(sender, subject, *more) + signed_body(part, keys.detached(part, by))


def key_part(armoured: bytes) -> bytes:
    """An attached key (RFC 3156, 7)."""
    return b'Content-Type: application/pgp-keys; name="key.asc"\r\nContent-Disposition: attachment; filename="key.asc"\r\n\r\n' + crlf(armoured)


def mixed(*parts: bytes, boundary: bytes = b"mix") -> bytes:
    """A multipart with its own header; each part has its own."""
    return (b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n' +
            b"".join(b"--" + boundary + CRLF + p + CRLF for p in parts) + b"--" + boundary + b"--\r\n")


def autocrypt(keys: Keyring, email: str) -> bytes:
    """The field, folded."""
    data = base64.b64encode(keys.gpg("--export", f"<{email}>"))
    return b"Autocrypt: addr=" + email.encode() + b"; prefer-encrypt=mutual; keydata=\r\n " + b"\r\n ".join(data[i:i + 70] for i in range(0, len(data), 70))


def write_corpus(folder: str) -> None:
    """What tests/unit/extract/test_openpgp.c reads; it names two of the fingerprints, which are others each time."""
    def write(name: str, data: bytes) -> None:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)

    zoe, rsa, gone, old = (f"{n}@friend.example" for n in ("zoe", "rsa", "gone", "old"))
    with Keyring("20250101T120000") as keys:            # long ago, so that it is no clock's future
        keys.make(zoe)
        keys.make(rsa, "rsa2048")
        keys.make(gone)
        keys.make(old, expires="1y", at="20200101T000000")
        keys.gpg("--quick-add-key", keys.fingerprint(rsa), "rsa2048", "sign")
        keys.gpg("--quick-add-uid", keys.fingerprint(zoe), "Zoe at work <zoe@work.example>")
        write("content", PART)
        write("zoe.sig", keys.detached(PART, zoe))
        write("text.sig", keys.detached(PART, zoe, words=("--textmode",)))
        write("rsa.sig", keys.detached(PART, rsa))
        write("two.sig", keys.detached(PART, zoe, rsa))
        write("weak.sig", keys.detached(PART, rsa, words=("--digest-algo", "SHA1")))
        write("expired.sig", keys.detached(PART, zoe, words=("--default-sig-expire", "seconds=1")))
        write("old.sig", keys.detached(PART, old, at="20200601T000000"))
        write("gone.sig", keys.detached(PART, gone))
        write("clear", keys.clear(b"The offer holds.\n- dash\nFrom here\ntrailing   \n", zoe))
        for name, who in (("zoe", zoe), ("rsa", rsa), ("old", old), ("gone_before", gone)):
            write(f"{name}.key", keys.public(who))
        keys.revoke(gone)
        write("gone.key", keys.public(gone))
        write("all.key", keys.public(zoe, rsa))
        keys.gpg("--quick-revoke-uid", keys.fingerprint(zoe), "Zoe at work <zoe@work.example>")
        write("zoe_less.key", keys.public(zoe))
        print(keys.fingerprint(zoe), keys.fingerprint(rsa))


if __name__ == "__main__":
    import sys
    write_corpus(sys.argv[1])
