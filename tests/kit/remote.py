"""A small SMTP server that another domain might run: takes what comes, or answers as a test tells it to.

    with Remote() as sink:
        sink.answer("RCPT", "450 4.2.1 later", times=1)
        ...
        sink.wait_for(1)[0].recipients

Mail reaches it where the domain's exchanger has its address (kit/names.py) and the server's setting outbound_port is its port.
"""
from __future__ import annotations

import dataclasses
import random
import socket
import threading
import time

from kit.instance import Failure


@dataclasses.dataclass
class Taken:
    sender: str
    recipients: list[str]
    data: bytes
    parameters: list[str]  # of MAIL and each RCPT, as they came
    connection: int


@dataclasses.dataclass
class _Answer:
    verb: str
    text: str
    times: int
    holding: str
    delay: float


def reserve_port() -> int:
    """A port that sinks on any loopback address may use, and nobody else takes while this process lives."""
    for _ in range(200):
        port = random.randrange(31500, 32700)
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("0.0.0.0", port))
        except OSError:
            held.close()
            continue
        _held.append(held)
        return port
    raise Failure("no free port for sinks")


_held: list[socket.socket] = []


class Remote:
    def __init__(self, keywords: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"),
                 port: int = 0, address: str = "127.0.0.2") -> None:
        self.keywords = keywords
        self.taken: list[Taken] = []
        self.connections = 0
        self.commands: list[str] = []
        self.open_now = 0
        self.most_open = 0
        self._answers: list[_Answer] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._clients: set[socket.socket] = set()
        self.port = port
        self.address = address
        self.start()

    def start(self) -> None:
        """Listens (again, on the same port)."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.address, self.port))
        listener.listen(500)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more; open connections break."""
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            clients, self._clients = self._clients, set()
        for client in clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- what a test asks for

    def answer(self, verb: str, text: str, times: int = 1_000_000_000, holding: str = "", delay: float = 0) -> None:
        """The next `times` commands `verb` (or "GREETING", "END" for the end of the data) that hold this text get this reply;
        "close" breaks the connection instead, "" the usual one, after `delay` seconds."""
        with self._lock:
            self._answers.append(_Answer(verb, text, times, holding, delay))

    def relent(self) -> None:
        with self._lock:
            self._answers.clear()

    def wait_for(self, count: int, seconds: float = 30) -> list[Taken]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._lock:
                if len(self.taken) >= count:
                    return list(self.taken)
            time.sleep(0.02)
        raise Failure(f"the sink got {len(self.taken)} of {count} messages in {seconds} s; last commands: {self.commands[-12:]}")

    def copies(self) -> list[tuple[str, bytes]]:
        """(recipient, data) of all."""
        with self._lock:
            return [(recipient, one.data) for one in self.taken for recipient in one.recipients]

    # ---- the protocol

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._clients.add(client)
                self.open_now += 1
                self.most_open = max(self.most_open, self.open_now)
            threading.Thread(target=self._serve, args=(client, number), daemon=True).start()

    def _reply(self, verb: str, argument: str, usual: str) -> str:
        delay = 0.0
        with self._lock:
            for one in self._answers:
                if one.verb == verb and one.times > 0 and one.holding in argument:
                    one.times -= 1
                    usual = one.text or usual
                    delay = one.delay
                    break
        if delay:
            time.sleep(delay)
        if usual == "close":
            raise ConnectionError
        return usual

    def _serve(self, client: socket.socket, number: int) -> None:
        try:
            with client, client.makefile("rb") as lines:
                self._session(client, lines, number)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._clients.discard(client)
                self.open_now -= 1

    def _session(self, client: socket.socket, lines, number: int) -> None:
        def say(text: str) -> str:
            client.sendall(text.encode() + b"\r\n")
            return text

        if not say(self._reply("GREETING", "", "220 sink.example ESMTP")).startswith("220"):
            return
        sender, recipients, parameters = "", [], []
        for raw in lines:
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = line.split(" ", 1)[0].upper()
            with self._lock:
                self.commands.append(line)
                del self.commands[:-10000]
            if verb == "EHLO":
                words = ["sink.example", *self.keywords]
                usual = "\r\n".join(f"250{'-' if i < len(words) - 1 else ' '}{word}" for i, word in enumerate(words))
                say(self._reply(verb, line, usual))
            elif verb == "MAIL":
                path, _, rest = line[line.index("<") + 1:].partition(">")
                reply = say(self._reply(verb, line, "250 2.1.0 ok"))
                if reply.startswith("2"):
                    sender, recipients, parameters = path, [], [rest.strip()]
            elif verb == "RCPT":
                path, _, rest = line[line.index("<") + 1:].partition(">")
                reply = say(self._reply(verb, line, "250 2.1.5 ok"))
                if reply.startswith("2"):
                    recipients.append(path)
                    parameters.append(rest.strip())
            elif verb == "DATA":
                reply = say(self._reply(verb, line, "354 go on" if recipients else "554 5.5.1 no recipients"))
                if not reply.startswith("354"):
                    continue
                data = bytearray()
                for piece in lines:
                    if piece == b".\r\n":
                        break
                    data += piece[1:] if piece.startswith(b".") else piece
                else:
                    return
                reply = self._reply("END", sender, "250 2.0.0 taken")
                with self._lock:  # who is not told that it was taken would bring it again, into the next story
                    if reply.startswith("2"):
                        self.taken.append(Taken(sender, recipients, bytes(data), parameters, number))
                    say(reply)
                sender, recipients, parameters = "", [], []
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            elif verb in ("RSET", "NOOP"):
                say(self._reply(verb, line, "250 2.0.0 ok"))
            else:
                say(self._reply(verb, line, "500 5.5.1 what"))
