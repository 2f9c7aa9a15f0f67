"""Letters with S/MIME signatures, and an authority that vouches for some of their signers."""
from __future__ import annotations

import os
import subprocess
import tempfile

FOLDER = tempfile.mkdtemp(prefix="chappe-smime-")
AUTHORITY = os.path.join(FOLDER, "authority.pem")


def openssl(*words: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=True, cwd=FOLDER).stdout


def key_of(name: str, email: str, signed_by: str | None) -> None:
    """NAME.key and NAME.pem: an authority, or somebody whom one knows."""
    kind = "basicConstraints=critical,CA:true" if signed_by is None else "extendedKeyUsage=emailProtection"
    words = ["req", "-config", "openssl.cnf", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
             "-keyout", f"{name}.key", "-out", f"{name}.pem", "-addext", kind]
    if signed_by:
        words += ["-CA", f"{signed_by}.pem", "-CAkey", f"{signed_by}.key", "-addext", f"subjectAltName=email:{email}"]
    openssl(*words)


def signed(sender: str, by: str, subject: str) -> bytes:
    part = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe offer holds.\r\n"
    mail = openssl("cms", "-sign", "-signer", f"{by}.pem", "-inkey", f"{by}.key", "-crlfeol", "-binary", stdin=part)
    head = f"From: Zoe <{sender}>\r\nTo: ada@example.org\r\nSubject: {subject}\r\n".encode()
    return head + mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


with open(os.path.join(FOLDER, "openssl.cnf"), "w", encoding="ascii") as conf:
    conf.write("[req]\ndistinguished_name = dn\n[dn]\n")
os.chmod(FOLDER, 0o755)
key_of("authority", "", None)
key_of("stranger", "", None)
