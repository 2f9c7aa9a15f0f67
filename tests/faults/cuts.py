"""The client goes away after byte 1, 2, 3 ... of recorded conversations, once politely and once with a reset."""
from __future__ import annotations

import imaplib
import socket
import struct
import time

MARK = "cut-object"
MAIL = f"From: a@outside.example\r\nSubject: {MARK}\r\nX-Object: {MARK}\r\n\r\nbody\r\n"


def conversations(user: str, password: str) -> dict[str, tuple[str, list[bytes]]]:
    """name -> (port, what the client says between two answers that it must wait for)."""
    head = f"EHLO c.example\r\nMAIL FROM:<a@outside.example>\r\nRCPT TO:<{user}>\r\n".encode()
    login = f"a LOGIN {user} {password}\r\n".encode()
    mail = MAIL.encode()
    return {
        "smtp DATA": ("smtp", [head + b"DATA\r\n", mail + b".\r\n"]),
        "smtp BDAT": ("smtp", [head + b"BDAT %d LAST\r\n" % len(mail) + mail]),
        "smtp BDAT in two": ("smtp", [head + b"BDAT 20\r\n" + mail[:20] + b"BDAT %d LAST\r\n" % (len(mail) - 20) +
                                      mail[20:]]),
        "lmtp DATA": ("lmtp", [head.replace(b"EHLO", b"LHLO") + b"DATA\r\n", mail + b".\r\n"]),
        "imap APPEND": ("imap", [login + b"b APPEND INBOX {%d+}\r\n" % len(mail) + mail + b"\r\n"]),
        "imap APPEND, literal waited for": ("imap", [login + b"b APPEND INBOX {%d}\r\n" % len(mail), mail + b"\r\n"]),
        "pop3 DELE": ("pop3", [f"USER {user}\r\nPASS {password}\r\nDELE 1\r\nQUIT\r\n".encode()]),
    }


def problems(server, scene, password: str) -> list[str]:
    user = "cut@fault.example"
    server.run("user", "add", user, "--name", "Cut", "--password-file", "-", "--inbox-only", stdin=password + "\n")
    found = []
    for name, (port, script) in conversations(user, password).items():
        for reset in (False, True):
            before = count(server, user, password)
            for length in range(1, sum(map(len, script))):
                cut(server.port(port), script, length, reset)
            settle()
            after = count(server, user, password)
            if after != before:
                found.append(f"{name} cut {'with a reset' if reset else 'politely'}: {after - before} mails more")
        whole = count(server, user, password)
        cut(server.port(port), script, sum(map(len, script)), reset=False, waits=True)
        settle()
        expected = whole - 1 if name.startswith("pop3") else whole + 1
        if count(server, user, password) != expected:
            found.append(f"{name}: the whole conversation did not do its work")
    return found


def connect(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), 20)
    link.settimeout(20)
    link.recv(4096)
    return link


def cut(port: int, script: list[bytes], length: int, reset: bool, waits: bool = False) -> None:
    """The first `length` bytes; `waits`: for the last answer too."""
    link = connect(port)
    for number, part in enumerate(script):
        link.sendall(part[:length])
        length -= len(part)
        if length <= 0:
            break
        if number + 1 < len(script):
            wait_for(link, (b"354", b"+ "))
    if waits:
        wait_for(link, (b"\r\nb OK", b"250 2.0.0 Deliv"))
    if reset:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def wait_for(link: socket.socket, wanted: tuple[bytes, ...]) -> None:
    received = b""
    link.settimeout(3)
    try:
        while not any(one in received for one in wanted):
            more = link.recv(65536)
            if not more:
                return
            received += more
    except TimeoutError:
        pass


def settle() -> None:
    time.sleep(0.5)


def count(server, user: str, password: str) -> int:
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30)
    imap.login(user, password)
    number = int(imap.select("INBOX", readonly=True)[1][0])
    imap.logout()
    return number
