"""The language of tests/dialogues: reading a file into cases, and playing a case. See tests/dialogues/README.md."""
from __future__ import annotations

import base64
import datetime
import itertools
import os
import re
import shlex
import time
from dataclasses import dataclass, field
from typing import Callable

from kit.instance import Failure, Instance
from kit.cost import Meter
from kit.wire import Connection
from kit import scram

# The three names of the documents and the shape of what is sent for them: the same length, so that literals
# and limits keep their size.
STAND_INS = {"example.org": "d{:06x}.org", "example.net": "e{:06x}.net", "example.com": "f{:06x}.com"}
WORLDS = itertools.count(int(time.time() * 7) % 0x700000 + 1)
SPOKEN = re.compile(r"^(C|S)(\d*)(-raw|-text|-dot|\*|\?|\||~|!)?:(?: (.*))?$")
INSERTION = re.compile(r"\{\{([^{}]+)\}\}")


@dataclass
class Line:
    number: int
    text: str
    block: list[str] = field(default_factory=list)  # the lines that start with | below it


@dataclass
class World:
    """What belongs to one case: its domains, its variables, its texts."""
    serial: int
    variables: dict[str, str]
    texts: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pairs = [(name, shape.format(self.serial)) for name, shape in STAND_INS.items()]

    def outward(self, data: bytes) -> bytes:
        return self._swap(data, [(a, b) for a, b in self.pairs])

    def inward(self, data: bytes) -> bytes:
        return self._swap(data, [(b, a) for a, b in self.pairs])

    @staticmethod
    def _swap(data: bytes, pairs: list[tuple[str, str]]) -> bytes:
        for a, b in pairs:
            data = data.replace(a.encode(), b.encode()).replace(a.upper().encode(), b.upper().encode())
        return data


class Case:
    def __init__(self, name: str, path: str, lines: list[Line], variables: dict[str, str]) -> None:
        self.name, self.path, self.lines = name, path, lines
        self.world = World(next(WORLDS), dict(variables))
        self.row = dict(variables)
        self.is_hostile = any(line.text.startswith("hostile ") for line in lines)
        self.meter: Meter | None = None
        self.settings = dict(self._setting(line) for line in lines if line.text.startswith("given server "))
        self.connections: dict[str, Connection] = {}
        self.forbidden: dict[str, list[tuple[int, str]]] = {}
        self._log: list[str] = []
        self._at = 0

    @staticmethod
    def _setting(line: Line) -> tuple[str, str]:
        key, _, value = line.text[len("given server "):].partition("=")
        return key.strip(), value.strip()

    def again(self) -> "Case":
        """The same case in a world of its own."""
        return Case(self.name, self.path, self.lines, self.row)

    def transcript(self) -> str:
        return "\n".join("    " + line for line in self._log[-60:])

    # ---- playing

    def play(self, server: Instance) -> None:
        self.server = server
        self.organisation = f"Test {self.world.serial:06x}"
        server.api("POST", "/organisations", {"name": self.organisation})
        self._post("/domains", {"name": "example.org", "organisation": self.organisation})
        waiting: dict[str, list[str]] = {}
        try:
            for index, line in enumerate(self.lines):
                self._at = line.number
                spoken = SPOKEN.match(line.text)
                if spoken and spoken[1] == "S" and spoken[3] == "|":
                    waiting.setdefault(spoken[2], []).append(spoken[4] or "")
                    following = self.lines[index + 1].text if index + 1 < len(self.lines) else ""
                    if not re.match(rf"^S{spoken[2]}\|:", following):
                        self._any_order(spoken[2], waiting.pop(spoken[2]))
                elif spoken:
                    self._speak(spoken[1] + (spoken[3] or ""), spoken[2], spoken[4] or "")
                else:
                    self._direct(line)
        except Failure as failure:
            raise Failure(f"line {self._at}: {failure}") from None
        except (OSError, ValueError, KeyError) as failure:
            raise Failure(f"line {self._at}: {type(failure).__name__}: {failure}") from None
        finally:
            for connection in self.connections.values():
                connection.close()
        if self.meter:
            self.meter.check()

    def _connection(self, name: str) -> Connection:
        if name not in self.connections:
            raise Failure(f"connection {name or '1'} is not open")
        return self.connections[name]

    def _speak(self, how: str, name: str, text: str) -> None:
        connection = self._connection(name)
        sayings: dict[str, Callable[[], None]] = {
            "C": lambda: self._send(connection, self._insert(text).encode() + b"\r\n"),
            "C-raw": lambda: self._send(connection, unescape(self._insert(text))),
            "C-text": lambda: self._send(connection, self._text(text)),
            "C-dot": lambda: self._send(connection, dotted(self._text(text))),
            "S": lambda: self._expect(connection, text),
            "S*": lambda: self._skip_to(connection, name, text),
            "S?": lambda: self._maybe(connection, text),
            "S~": lambda: self._expect_regex(connection, text),
            "S!": lambda: self.forbidden.setdefault(name, []).append((self._at, text)),
        }
        if how not in sayings:
            raise Failure(f"{how}: is not part of the language")
        sayings[how]()

    def _send(self, connection: Connection, data: bytes) -> None:
        self._log.append(f"C{connection.name}: {shown(data)}")
        connection.send(self.world.outward(data))

    def _receive(self, connection: Connection) -> str:
        line = self.world.inward(connection.line())
        text = line.decode("utf-8", errors="surrogateescape")
        self._log.append(f"S{connection.name}: {shown(line)}")
        return text

    def _expect(self, connection: Connection, pattern: str) -> None:
        got = self._receive(connection)
        if not self._matches(pattern, got):
            raise Failure(f"expected {self._known(pattern)!r}, got {got!r}")

    def _expect_regex(self, connection: Connection, pattern: str) -> None:
        got = self._receive(connection)
        if not re.fullmatch(self._insert(pattern), got):
            raise Failure(f"expected /{pattern}/, got {got!r}")

    def _maybe(self, connection: Connection, pattern: str) -> None:
        got = self._receive(connection)
        if not self._matches(pattern, got):
            self._log.append("   (not this one)")
            connection.unread(self.world.outward(got.encode("utf-8", errors="surrogateescape")))

    def _skip_to(self, connection: Connection, name: str, pattern: str) -> None:
        forbidden = self.forbidden.pop(name, [])
        while True:
            got = self._receive(connection)
            if self._matches(pattern, got):
                return
            for number, unwanted in forbidden:
                if self._matches(unwanted, got):
                    raise Failure(f"line {number} forbids {got!r}")

    def _any_order(self, name: str, patterns: list[str]) -> None:
        connection = self._connection(name)
        while patterns:
            got = self._receive(connection)
            hit = next((p for p in patterns if self._matches(p, got)), None)
            if hit is None:
                raise Failure(f"expected one of {patterns!r}, got {got!r}")
            patterns.remove(hit)

    # ---- patterns and insertions

    def _known(self, pattern: str) -> str:
        return INSERTION.sub(lambda m: self.world.variables.get(m[1], m[0]), pattern)

    def _matches(self, pattern: str, got: str) -> bool:
        literal_head = pattern[:2] if pattern[:2] in ("* ", "+ ") else ""
        regex = re.escape(literal_head)
        names: list[str] = []
        for part in re.split(r"(\{\{[^{}]+\}\}|\\\*|\*)", pattern[len(literal_head):]):
            if part == "*":
                regex += ".*"
            elif part == "\\*":
                regex += r"\*"
            elif part.startswith("{{") and part.endswith("}}"):
                name = part[2:-2]
                if " " in name:
                    regex += re.escape(self._insert(part))
                elif name in self.world.variables and any(c in self.world.variables[name] for c in "*"):
                    regex += ".*".join(map(re.escape, self.world.variables[name].split("*")))
                elif name in self.world.variables:
                    regex += re.escape(self.world.variables[name])
                elif name in names:
                    regex += f"(?P={name})"
                else:
                    names.append(name)
                    regex += rf"(?P<{name}>\S+?)"
            else:
                regex += re.escape(part)
        match = re.fullmatch(regex, got, re.DOTALL)
        if match:
            self.world.variables.update({name: match[name] for name in names})
        return match is not None

    def _insert(self, text: str) -> str:
        return INSERTION.sub(lambda m: self._value(m[1]), text)

    def _value(self, expression: str) -> str:
        if expression in self.world.variables:
            return self._insert(self.world.variables[expression])  # a cell of a row may insert, too
        verb, _, rest = expression.partition(" ")
        values: dict[str, Callable[[], str]] = {
            "b64": lambda: b64(self.world.outward(unescape(rest))),
            "plain": lambda: b64(self.world.outward(b"\0" + b"\0".join(w.encode() for w in shlex.split(rest)))),
            "repeat": lambda: unescape(rest.rpartition(" ")[0]).decode("latin-1") * int(rest.rpartition(" ")[2]),
            "text": lambda: self._text(rest).decode("utf-8", errors="surrogateescape"),
            "size": lambda: str(len(self._text(rest))),
            "file": lambda: self._file(rest),
        }
        if verb not in values or not rest:
            raise Failure(f"{{{{{expression}}}}} is not known here")
        return values[verb]()

    def _text(self, name: str) -> bytes:
        if name not in self.world.texts:
            raise Failure(f"no text is called {name}")
        return self.world.texts[name]

    def _file(self, name: str) -> str:
        with open(os.path.join(os.path.dirname(self.path), name), "rb") as file:
            return file.read().decode("utf-8", errors="surrogateescape")

    # ---- everything that is not speech

    def _direct(self, line: Line) -> None:
        verb, _, rest = line.text.partition(" ")
        verbs: dict[str, Callable[[], None]] = {
            "given": lambda: self._given(self._insert(rest), line),
            "text": lambda: self.world.texts.__setitem__(rest.strip(), self._block(line)),
            "connect": lambda: self._connect(shlex.split(rest)),
            "TLS": lambda: self._tls(shlex.split(rest)),
            "scram": lambda: self._scram(shlex.split(rest)),
            "close": lambda: self._connection(rest.strip()).close(),
            "abort": lambda: self._connection(rest.strip()).abort(),
            "wait": lambda: time.sleep(float(rest)),
            "expect": lambda: self._expect_state(self._insert(rest)),
            "hostile": lambda: self._measure(*rest.split()),
        }
        if verb not in verbs:
            raise Failure(f"{line.text!r} is not part of the language")
        verbs[verb]()

    def _measure(self, role: str, when: str) -> None:
        self.meter = Meter(self.server, role, when)

    def _block(self, line: Line) -> bytes:
        return "".join(self._insert(text) + "\r\n" for text in line.block).encode("utf-8", errors="surrogateescape")

    def _connect(self, words: list[str]) -> None:
        source = ""
        if "from" in words:
            at = words.index("from")
            source = words[at + 1]
            del words[at:at + 2]
        name = words[1] if len(words) > 1 else ""
        self.connections[name] = Connection(words[0], self.server.port(words[0]), name, source)
        self._log.append(f"   connected{name and ' ' + name} to {words[0]}")

    def _tls(self, words: list[str]) -> None:
        name = words.pop(0) if words and words[0].isdigit() else ""
        fails = "fails" in words
        options = dict(zip(words[::2], words[1::2])) if not fails else dict(zip(words[0:-1:2], words[1:-1:2]))
        self._connection(name).start_tls(options.get("alpn", ""), options.get("sni", "mail.example.test"), fails)
        self._log.append(f"   TLS{name and ' ' + name}")

    def _scram(self, words: list[str]) -> None:
        name = words.pop(0) if words[0].isdigit() else ""
        connection = self._connection(name)
        user = self.world.outward(words[0].encode()).decode()
        scram.log_in(connection, user, words[1], plus="plus" in words[2:], fails="fails" in words[2:])

    def _expect_state(self, text: str) -> None:
        if text.startswith("closed"):
            self._connection(text[len("closed"):].strip()).expect_closed()
        elif text.startswith("silence "):
            words = text.split()
            self._connection(words[2] if len(words) > 2 else "").expect_silence(float(words[1]))
        else:
            self._expect_stored(text)

    def _expect_stored(self, text: str) -> None:
        match = re.fullmatch(r"(\d+) messages? in (.+) of (\S+?)(?: within (\d+) s)?", text)
        if not match:
            raise Failure(f"'expect {text}' is not part of the language")
        address = self.world.outward(match[3].encode()).decode()
        end = time.monotonic() + float(match[4] or 0)
        count = self._stored(address, match[2])
        while count != int(match[1]) and time.monotonic() < end:
            time.sleep(0.05)
            count = self._stored(address, match[2])
        if count != int(match[1]):
            raise Failure(f"{count} messages are in {match[2]} of {match[3]}, expected {match[1]}")

    def _stored(self, address: str, folder: str) -> int:
        folders = self.server.api("GET", f"/mailboxes/{address}/folders")["folders"]
        return next((f["messages"] for f in folders if f["name"] == folder), 0)

    # ---- the world

    def _post(self, path: str, body: dict[str, object]) -> None:
        self.server.api("POST", path, {key: self.world.outward(value.encode()).decode() if isinstance(value, str)
                                       else value for key, value in body.items()})

    def _given(self, text: str, line: Line) -> None:
        kind = text.split(" ", 1)[0]
        kinds: dict[str, Callable[[], None]] = {
            "server": lambda: None,  # read before the server was chosen
            "domain": lambda: self._post("/domains", {"name": text.split()[1], "organisation": self.organisation}),
            "user": lambda: self._given_user(shlex.split(text)[1:]),
            "alias": lambda: self._post("/aliases", {"address": text.split()[1], "target": text.split()[3]}),
            "sender": lambda: self._given_sender(text.split()),
            "message": lambda: self._given_message(text, line, 1),
        }
        if kind.isdigit():
            self._given_message(text, line, int(kind))
        elif kind in kinds:
            kinds[kind]()
        else:
            raise Failure(f"'given {text}' is not part of the language")

    def _given_user(self, words: list[str]) -> None:
        body: dict[str, object] = {"address": words.pop(0), "name": "Test User"}
        while words:
            option = words.pop(0)
            if option == "inbox-only":
                body["inbox_only"] = True
            elif option in ("password", "name") and words:
                body[option] = words.pop(0)
            elif option == "quota" and words:
                body[option] = size_bytes(words.pop(0))
            else:
                raise Failure(f"given user: {option!r} is not known")
        self._post("/users", body)

    def _given_sender(self, words: list[str]) -> None:
        owner = self.world.outward(words[3].encode()).decode()
        self._post(f"/recipients/{owner}/senders", {"person": words[1], "on_behalf": words[4:] == ["on", "behalf"]})

    def _given_message(self, text: str, line: Line, count: int) -> None:
        match = re.fullmatch(r"(?:message|\d+ messages) in (.+?) of (\S+?)(?: flags \"?([^\"]*?)\"?)?"
                             r"(?: date ([0-9T:-]+Z))?(?:: ?(.*))?", text)
        if not match:
            raise Failure(f"'given {text}' is not part of the language")
        address = self.world.outward(match[2].encode()).decode()
        query = {"folder": match[1], "flags": match[3] or ""}
        if match[4]:
            datetime.datetime.fromisoformat(match[4].replace("Z", "+00:00"))
            query["date"] = match[4]
        for number in range(1, count + 1):
            if line.block:
                raw = self._block(line)
            else:
                subject = f"Message {number}" if count > 1 else (match[5] or "Message")
                raw = (f"From: sender@example.net\r\nTo: {match[2]}\r\nSubject: {subject}\r\n"
                       f"Message-ID: <{number}.{line.number}@example.net>\r\n"
                       f"Date: Sat, 31 Jan 2026 12:00:00 +0000\r\n\r\n{match[5] or f'Text {number}'}\r\n").encode()
            self.server.api("POST", f"/mailboxes/{address}/messages?{query_string(query)}", raw=self.world.outward(raw))


# ---- reading a file

def load(path: str, name: str) -> list[Case]:
    """The cases of a file: one, or one for each row."""
    with open(path, encoding="utf-8") as file:
        raw = file.read().split("\n")
    lines: list[Line] = []
    for number, text in enumerate(raw, 1):
        text = text.rstrip("\r")
        if text.startswith("|"):
            if not lines:
                raise Failure(f"{name}:{number}: a | line belongs to nothing")
            lines[-1].block.append(text[2:] if text.startswith("| ") else text[1:])
        elif text.strip() and not text.startswith("#"):
            lines.append(Line(number, text.strip() if not SPOKEN.match(text) else text))
    tables = [line for line in lines if line.text == "rows"]
    if not tables:
        return [Case(name, path, lines, {})]
    if len(tables) > 1:
        raise Failure(f"{name}: more than one table of rows")
    rest = [line for line in lines if line is not tables[0]]
    rows = [cells("|" + row) for row in tables[0].block]
    rows = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    head = rows[0]
    cases = []
    for row in rows[1:]:
        if len(row) != len(head):
            raise Failure(f"{name}: the row {row[0]!r} has {len(row)} cells, the head {len(head)}")
        copies = [Line(line.number, line.text, list(line.block)) for line in rest]
        cases.append(Case(f"{name} [{row[0]}]", path, copies, dict(zip(head, row))))
    return cases


def cells(row: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", row.strip())[1:]
    if parts and not parts[-1].strip():
        parts.pop()
    return [part.strip().replace("\\|", "|") for part in parts]


# ---- bytes

def size_bytes(text: str) -> int:
    """"1M", "500K", "1000"."""
    unit = {"K": 1024, "M": 1024 ** 2, "G": 1024 ** 3}.get(text[-1:], 1)
    return int(text.rstrip("KMG")) * unit


def unescape(text: str) -> bytes:
    simple = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
    out = b""
    for part in re.split(r"(\\x[0-9A-Fa-f]{2}|\\[rnt0\\])", text):
        if part.startswith("\\x"):
            out += bytes([int(part[2:], 16)])
        elif part.startswith("\\") and part[1:] in simple:
            out += simple[part[1:]]
        else:
            out += part.encode("utf-8", errors="surrogateescape")
    return out


def dotted(text: bytes) -> bytes:
    return b"".join((b"." + line if line.startswith(b".") else line) for line in text.splitlines(True)) + b".\r\n"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def shown(data: bytes) -> str:
    text = data.decode("utf-8", errors="backslashreplace").replace("\r\n", "\n").rstrip("\n")
    return text if len(text) < 400 else text[:400] + f"... ({len(data)} bytes)"


def query_string(query: dict[str, str]) -> str:
    from urllib.parse import quote
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items() if value)
