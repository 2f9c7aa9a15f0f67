"""The client goes away after byte 1, 2, 3 ... of recorded conversations, once politely and once with a reset."""
from __future__ import annotations

import imaplib
import socket
import struct
import time

MARK = "cut-object"
MAIL = f"From: a@outside.example\r\nSubject: {MARK}\r\nX-Object: {MARK}\r\n\r\nbody\r\n"


def conversations(user: str, password: str) -> dict[str, tuple[str, bytes, int]]:
    """name -> (port, all the client's bytes, how many of them must be there for the mail to be stored)."""
    smtp = f"EHLO c.example\r\nMAIL FROM:<a@outside.example>\r\nRCPT TO:<{user}>\r\nDATA\r\n{MAIL}.\r\n".encode()
    bdat = (f"EHLO c.example\r\nMAIL FROM:<a@outside.example>\r\nRCPT TO:<{user}>\r\nBDAT {len(MAIL)} LAST\r\n"
            f"{MAIL}").encode()
    lmtp = smtp.replace(b"EHLO", b"LHLO")
    head = f"a LOGIN {user} {password}\r\n".encode()
    append = head + f"b APPEND INBOX {{{len(MAIL)}+}}\r\n{MAIL}\r\n".encode()
    return {
        "smtp DATA": ("smtp", smtp, len(smtp)),
        "smtp BDAT": ("smtp", bdat, len(bdat)),
        "lmtp DATA": ("lmtp", lmtp, len(lmtp)),
        "imap APPEND": ("imap", append, len(append)),
        "pop3 DELE": ("pop3", f"USER {user}\r\nPASS {password}\r\nDELE 1\r\nQUIT\r\n".encode(), 0),
    }


def problems(server, scene, password: str) -> list[str]:
    user = "cut@fault.example"
    server.run("user", "add", user, "--name", "Cut", "--password-file", "-", "--inbox-only", stdin=password + "\n")
    found = []
    for name, (port, script, needed) in conversations(user, password).items():
        for reset in (False, True):
            before = count(server, user, password)
            for length in range(1, len(script)):
                cut(server.port(port), script[:length], reset)
            settle(server)
            after = count(server, user, password)
            if name.startswith("pop3"):
                if after != before:
                    found.append(f"{name}: {before - after} mails removed by a session that never said QUIT")
            elif after != before:
                found.append(f"{name} cut short of {needed} bytes: {after - before} mails stored")
        whole = count(server, user, password)
        if needed:
            converse(server.port(port), script)
            settle(server)
            if count(server, user, password) != whole + 1:
                found.append(f"{name}: the whole conversation did not store its mail")
    return found


def connect(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), 20)
    link.settimeout(20)
    link.recv(4096)
    return link


def say(link: socket.socket, data: bytes) -> None:
    """All of it, but what follows DATA only after 354: a message in the same segment is refused (RFC 2920, 3.1)."""
    head, data_command, message = data.partition(b"\r\nDATA\r\n")
    link.sendall(head + data_command)
    said = b""
    while message and b"\n354 " not in said:
        more = link.recv(65536)
        if not more:
            return
        said += more
    link.sendall(message)


def cut(port: int, data: bytes, reset: bool) -> None:
    link = connect(port)
    say(link, data)
    if reset:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def converse(port: int, data: bytes) -> None:
    """The whole of it, waiting for the answer to the last byte."""
    link = connect(port)
    say(link, data)
    link.settimeout(3)
    try:
        while link.recv(65536):
            pass
    except (TimeoutError, socket.timeout):
        pass
    link.close()


def settle(server) -> None:
    time.sleep(0.5)


def count(server, user: str, password: str) -> int:
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30)
    imap.login(user, password)
    number = int(imap.select("INBOX", readonly=True)[1][0])
    imap.logout()
    return number
