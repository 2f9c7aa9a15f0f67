"""Puts the attacks of attacks.json into real messages: as many as fit into each place of a few of them, and each by itself in a row."""
from __future__ import annotations

import base64
import datetime
import email.header
import imaplib
import json
import os

import scene
from kit.instance import Instance

TARGET = "target@attacks.example"
IN_ONE = 70


def attacks() -> list[str]:
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "attacks.json"), encoding="utf-8") as file:
        return json.load(file)


def word(text: str) -> str:
    """As a header writes it, whatever it is."""
    clean = text.replace("\r", " ").replace("\n", " ").replace("\0", " ")
    return email.header.Header(clean, "utf-8", maxlinelen=70).encode(linesep="\r\n")


def address(text: str, number: int) -> str:
    return f"{word(text)} <a{number}@hostile.example>"


def part(kind: str, text: str, more: str = "") -> str:
    content = base64.encodebytes(text.encode("utf-8", "surrogatepass")).decode().replace("\n", "\r\n")
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n{more}\r\n{content}"


def carrier(some: list[str], number: int) -> bytes:
    """One message with these attacks in its subject, sender, recipients, names of files, HTML and text."""
    head = [f"From: {address(' '.join(some), number)}", "To: " + ",\r\n ".join(address(one, i) for i, one in enumerate(some)), "Cc: " + ",\r\n ".join(address(one, i + 100) for i, one in enumerate(some)),
            f"Subject: Carrier {number} {word(' '.join(some))}", f"Message-ID: <carrier{number}@hostile.example>", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"']
    parts = [part("text/html", one) for one in some]
    parts.append(part("text/plain", "\n".join(some)))
    parts += [f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''{''.join(f'%{b:02x}' for b in one[:150].encode())}\r\n\r\nx" for one in some]
    body = "".join(f"\r\n--b1\r\n{one}" for one in parts) + "\r\n--b1--\r\n"
    return ("\r\n".join(head) + "\r\n" + body).encode()


def row(one: str, number: int) -> bytes:
    return (f"From: {address(one, number)}\r\nTo: {TARGET}\r\nSubject: {word(one)}\r\nMIME-Version: 1.0\r\n"
            + part("text/plain", one)).encode()


def make(server: Instance) -> None:
    server.run("org", "add", "Attacks")
    server.run("domain", "add", "attacks.example", "--org", "Attacks")
    server.api("POST", "/users", {"address": TARGET, "name": "Target", "password": scene.PASSWORD, "quota": 1 << 30})
    everything = attacks()
    link = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    link.login(TARGET, scene.PASSWORD)

    def put(folder: str, content: bytes, minutes: int = 0) -> None:
        answer = link.append(folder, r"(\Seen)", imaplib.Time2Internaldate(when - datetime.timedelta(minutes=minutes)), content)
        if answer[0] != "OK":
            raise AssertionError(answer)

    when = datetime.datetime.now().astimezone()
    for folder in ("Carriers", "Rows", "Plain"):
        link.create(folder)
        link.subscribe(folder)
    for number, start in enumerate(range(0, len(everything), IN_ONE)):
        put("Carriers", carrier(everything[start:start + IN_ONE], number), number)
    for number, one in enumerate(everything):
        put("Rows", row(one, number), number)
    text = "\n".join(f"{one}\n> {one}" for one in everything)
    put("Plain", (f"From: a@hostile.example\r\nTo: {TARGET}\r\nSubject: Plain text\r\nMIME-Version: 1.0\r\n" + part("text/plain", text)).encode())
    link.logout()
