"""Mail servers that take everything and remember it, and certificates for them.

    authority = Authority(folder)
    with Sink("127.0.0.2", 2525, tls=authority.server("mx1.test")) as sink:
        ...
        sink.mails            # [Mail(sender, recipients, data, tls)]
"""
from __future__ import annotations

import base64
import dataclasses
import http.server
import os
import socket
import socketserver
import ssl
import subprocess
import threading
import typing

from kit.instance import Failure


def _openssl(*words: str) -> bytes:
    done = subprocess.run(["openssl", *words], capture_output=True, timeout=30, check=False)
    if done.returncode != 0:
        raise Failure(f"openssl {words[0]}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Authority:
    """A certification authority in a folder; `file` is what its clients trust."""

    def __init__(self, folder: str, name: str = "ca") -> None:
        self.folder, self.name = folder, name
        self.file, self.key = (os.path.join(folder, f"{name}.{end}") for end in ("pem", "key"))
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                 "-subj", f"/CN=Test {name}", "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.key, "-out", self.file)

    def certificate(self, *names: str, days: int = 30) -> tuple[str, str]:
        """(certificate, key): files, the certificate with its authority behind it."""
        base = os.path.join(self.folder, f"{self.name}-{names[0].replace('*', 'any')}-{days}")
        if os.path.exists(base + ".pem"):
            return base + ".pem", base + ".key"
        request, extension = base + ".csr", base + ".ext"
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
                 "-keyout", base + ".key", "-out", request)
        with open(extension, "w", encoding="ascii") as file:
            file.write("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial", "-days", str(days),
                 "-extfile", extension, "-out", base + ".one")
        with open(base + ".pem", "w", encoding="ascii") as out:
            for path in (base + ".one", self.file):
                with open(path, encoding="ascii") as file:
                    out.write(file.read())
        return base + ".pem", base + ".key"

    def server(self, *names: str, days: int = 30) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(*names, days=days))
        return context

    def tlsa(self, usage: int, *names: str) -> str:
        """The record's data: usage 3 for the certificate of `names`, 2 for the authority; key, SHA-256."""
        path = self.file if usage == 2 else self.certificate(*names)[0]
        key = _openssl("x509", "-in", path, "-noout", "-pubkey")
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
        digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der, capture_output=True, check=True).stdout
        return f"{usage} 1 1 {digest.hex()}"


@dataclasses.dataclass
class Mail:
    sender: str
    recipients: list[str]
    data: bytes
    tls: str | None
    login: str | None = None


class Sink:
    """One address; `says` replaces replies: {"RCPT": "450 later"}; with `login` ("ada:secret") mail is taken after AUTH PLAIN only, which is
    offered inside TLS."""

    def __init__(self, address: str, port: int, tls: ssl.SSLContext | None = None, says: dict[str, str] | None = None,
                 features: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SIZE"), name: str = "sink.example", login: str | None = None) -> None:
        self.login = login
        self.address, self.port, self.tls, self.says, self.features, self.name = address, port, tls, says or {}, features, name
        self.mails: list[Mail] = []
        self.connections = 0
        self.handshakes_failed = 0

    def __enter__(self) -> "Sink":
        sink = self

        class Session(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                sink.connections += 1
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    _Conversation(sink, self.request).run()
                except ssl.SSLError:
                    sink.handshakes_failed += 1
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 100

        self.server = Server((self.address, self.port), Session)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Conversation:
    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self.sink, self.connection, self.file = sink, connection, connection.makefile("rb")
        self.mail = Mail("", [], b"", None)
        self.tls: str | None = None
        self.login: str | None = None

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self) -> None:
        self.say(self.sink.says.get("GREETING", f"220 {self.sink.name} ESMTP"))
        while line := self.file.readline(4096):
            verb, _, rest = line.decode(errors="replace").strip().partition(" ")
            step = getattr(self, "do_" + verb.lower(), None)
            if verb.upper() in self.sink.says:
                self.say(self.sink.says[verb.upper()])
            elif not step:
                self.say("500 what?")
            elif step(rest) == "end":
                return

    def do_ehlo(self, _: str) -> None:
        lines = [self.sink.name, *self.sink.features, *(["STARTTLS"] if self.sink.tls and not self.tls else []),
                 *(["AUTH PLAIN"] if self.sink.login and self.tls else [])]
        self.say("\r\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{line}" for i, line in enumerate(lines)))

    def do_starttls(self, _: str) -> None:
        self.say("220 go")
        assert self.sink.tls
        self.connection = self.sink.tls.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        self.tls = self.connection.version()

    def do_auth(self, rest: str) -> None:
        name, password = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
        is_right = self.tls is not None and f"{name}:{password}" == self.sink.login
        self.login = name if is_right else None
        self.say("235 2.7.0 welcome" if is_right else "535 5.7.8 no")

    def do_mail(self, rest: str) -> None:
        if self.sink.login and not self.login:
            self.say("530 5.7.0 log in")
            return
        self.mail = Mail(rest[rest.index("<") + 1:rest.index(">")], [], b"", self.tls, self.login)
        self.say("250 ok")

    def do_rcpt(self, rest: str) -> None:
        self.mail.recipients.append(rest[rest.index("<") + 1:rest.index(">")])
        self.say("250 ok")

    def do_data(self, _: str) -> None:
        self.say("354 go")
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        self.mail.data = b"".join(lines)
        self.sink.mails.append(self.mail)
        self.say(self.sink.says.get(".", "250 taken"))

    def do_rset(self, _: str) -> None:
        self.say("250 ok")

    def do_quit(self, _: str) -> str:
        self.say("221 bye")
        return "end"


class Website:
    """HTTPS on an address of loopback; `respond(handler)` answers a request of any method."""

    def __init__(self, address: str, port: int, context: ssl.SSLContext) -> None:
        self.address, self.port, self.context = address, port, context

    def respond(self, request: http.server.BaseHTTPRequestHandler) -> tuple[int, str, str]:
        """(status, content type, text); of a redirect the text is where to."""
        raise NotImplementedError

    def __enter__(self) -> typing.Self:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:   # the name is the library's
                status, kind, text = outer.respond(self)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", text)
                    text = ""
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((self.address, self.port), Handler)
        self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class PolicyServer(Website):
    """MTA-STS policies: `files` maps a host to (status, content type, text)."""

    def __init__(self, address: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(address, port, context)
        self.files: dict[str, tuple[int, str, str]] = {}
        self.requests = 0

    def respond(self, request: http.server.BaseHTTPRequestHandler) -> tuple[int, str, str]:
        self.requests += 1
        return self.files.get(request.headers.get("Host", "").split(":")[0], (404, "text/plain", "no"))


class ReportServer(Website):
    """Takes what is POSTed, as (path, content type, bytes); `says` maps a path to another answer than 201."""

    def __init__(self, address: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(address, port, context)
        self.taken: list[tuple[str, str, bytes]] = []
        self.says: dict[str, tuple[int, str, str]] = {}

    def respond(self, request: http.server.BaseHTTPRequestHandler) -> tuple[int, str, str]:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.taken.append((request.path, request.headers.get("Content-Type", "") if request.command == "POST" else "", body))
        return self.says.get(request.path, (201, "text/plain", "thanks"))
