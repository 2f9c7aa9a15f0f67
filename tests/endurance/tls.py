"""TLS as those judge it who scan servers: what is offered, and what is refused."""
from __future__ import annotations

import argparse
import re
import shutil
import socket
import ssl
import subprocess

from kit.instance import Failure, Instance

# port, protocol of STARTTLS, ALPN
DOORS = (("smtp", "smtp", "smtp"), ("submission", "smtp", "smtp"), ("submissions", "", "smtp"), ("imap", "imap", "imap"),
         ("imaps", "", "imap"), ("pop3", "pop3", "pop3"), ("pop3s", "", "pop3"), ("https", "", "http/1.1"))
FORWARD_SECRET = re.compile(r"^(TLS_|ECDHE-)")


def client(port: int, starttls: str, *words: str, stdin: bytes = b"") -> str:
    start = ["-starttls", starttls] if starttls else []
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *start, *words], input=stdin,
                          capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def is_open(said: str) -> bool:
    return "Cipher is (NONE)" not in said and re.search(r"Cipher is \S+", said) is not None


def ciphers(what: str) -> list[str]:
    return subprocess.run(["openssl", "ciphers", what], capture_output=True, text=True, check=True).stdout.strip().split(":")


def accepted(port: int, starttls: str) -> list[str]:
    """The ciphers of TLS 1.2: what is chosen of all, then of all others, until nothing is."""
    left, chosen = [one for one in ciphers("ALL:eNULL:@SECLEVEL=0") if not one.startswith("TLS_")], []
    while left:
        match = re.search(r"Cipher is (\S+)", client(port, starttls, "-tls1_2", "-cipher", ":".join(left) + ":@SECLEVEL=0"))
        if not match or match[1] not in left:
            break
        chosen.append(match[1])
        left.remove(match[1])
    return chosen


def judge(port: int, name: str, starttls: str, alpn: str) -> list[str]:
    found = []
    weak = ("-cipher", "ALL:@SECLEVEL=0")
    for version in ("-tls1", "-tls1_1"):
        if is_open(client(port, starttls, version, *weak)):
            found.append(f"{name}: {version} is spoken")
    for version in ("-tls1_2", "-tls1_3"):
        said = client(port, starttls, version)
        if not is_open(said):
            found.append(f"{name}: {version} is not spoken")
        if "Compression: NONE" not in said:
            found.append(f"{name}: compression with {version}")
        if re.search(r"TLS session ticket:", said):
            found.append(f"{name}: a ticket with {version}")
    offered = accepted(port, starttls)
    for one in offered:
        if not FORWARD_SECRET.match(one) or not re.search("GCM|CHACHA20", one):
            found.append(f"{name}: {one} is accepted")
    said = client(port, starttls, "-tls1_2", "-legacy_renegotiation", stdin=b"R\n")
    if "RENEGOTIATING" in said and not re.search("no renegotiation|errno|error|closed", said):
        found.append(f"{name}: renegotiates when the client asks")
    if "Secure Renegotiation IS supported" not in said:
        found.append(f"{name}: no secure renegotiation extension")
    found += judge_alpn(port, name, starttls, alpn)
    print(f"{name:11} TLS 1.2 and 1.3, {len(offered)} ciphers of 1.2: {' '.join(offered)}", flush=True)
    return found


def judge_alpn(port: int, name: str, starttls: str, alpn: str) -> list[str]:
    found = []
    if f"ALPN protocol: {alpn}" not in client(port, starttls, "-alpn", alpn):
        found.append(f"{name}: its own ALPN {alpn} is not chosen")
    if is_open(client(port, starttls, "-alpn", "ftp")):
        found.append(f"{name}: a foreign ALPN is taken")
    return found


def scan(program: str, arguments: list[str], bad: str) -> list[str]:
    if not shutil.which(program):
        print(f"{program} is not installed", flush=True)
        return []
    said = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300, check=False).stdout
    return [f"{program}: {line.strip()}" for line in said.splitlines() if re.search(bad, line)]


def byte_by_byte(port: int) -> None:
    """A ClientHello of one byte a segment is a ClientHello."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="mail.example.test")
    with socket.create_connection(("127.0.0.1", port), 20) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    link.sendall(bytes([byte]))
                incoming.write(link.recv(65536))


def check(options: argparse.Namespace) -> None:
    found: list[str] = []
    with Instance(options.binary) as server:
        for name, starttls, alpn in DOORS:
            found += judge(server.port(name), name, starttls, alpn)
        for name in ("imaps", "pop3s", "submissions", "https"):
            byte_by_byte(server.port(name))
        for name in ("imaps", "https"):
            at = f"127.0.0.1:{server.port(name)}"
            found += scan("sslscan", ["--no-colour", at], r"^(SSLv|TLSv1\.[01]) +enabled|^Compression enabled|VULNERABLE|"
                          r"^(Accepted|Preferred).* (RC4|DES|CBC|AES\d+-(GCM-)?SHA)")
            found += scan("nmap", ["-Pn", "-p", str(server.port(name)), "--script", "ssl-enum-ciphers", "127.0.0.1"],
                          r"TLSv1\.[01]:|SSLv3:| - [B-F]$|compressors: *$.*DEFLATE|warnings:")
    if found:
        raise Failure("; ".join(found))
