"""Pictures that letters name, fetched by the server in the reader's place: what it gives, and where it does not go."""
from __future__ import annotations

import http.server
import os
import shutil
import ssl
import struct
import threading
import time
import urllib.parse
import zlib

from filter import DNS
from kit.dns import free_port
from kit.jmap import Jmap
from kit.sink import Authority
from kit.world import PASSWORD, World
from reload import set_config

PACKAGES = ["openssl"]
PRIVATE = True
SETTINGS = {"dns": DNS.setting, "plaintext_login": "loopback", "picture_networks": "127.0.9.0/29"}


def png(width: int, height: int, more: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"") + more)


class Site:
    """A web server of somebody's at an address; `says[path]` is (status, headers, body); `asked` what came."""

    def __init__(self, address: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        site = self
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.says: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.slow = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                if self.path.startswith("/slow"):
                    site.slow.wait(30)
                status, headers, body = site.says.get(self.path, (200, {"Content-Type": "image/png"}, png(1, 1)))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Server((address, port), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> "Site":
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.slow.set()
        self.server.shutdown()
        self.server.server_close()


def picture(jmap: Jmap, url: str) -> tuple[int, dict[str, str], bytes]:
    return jmap.http("GET", "/jmap/picture?url=" + urllib.parse.quote(url, safe=""))


def story_a_picture_comes_without_telling_who_wants_it(world: World) -> None:
    jmap, port, secure = Jmap(world.server, world.user("ada"), PASSWORD), free_port(), free_port()
    authority = Authority(world.folder, "known")
    trusted = os.path.join(world.server.data, "tls", "pictures.pem")
    shutil.copyfile(authority.file, trusted)
    os.chmod(trusted, 0o644)
    set_config(world, trusted_certificates=trusted)
    world.server.run("restart")
    DNS.put("pictures.test", "A", "127.0.9.1")
    DNS.put("strange.test", "A", "127.0.9.1")
    base, tls = f"http://pictures.test:{port}", f"https://pictures.test:{secure}"
    with Site("127.0.9.1", port) as site, Site("127.0.9.1", secure, authority.server("pictures.test")) as safe:
        status, headers, body = jmap.http("GET", "/jmap/picture?url=" + urllib.parse.quote(base + "/a.png?who=ada", safe=""),
                                          headers={"Cookie": "a=b", "Referer": "https://mail.example/", "Accept-Language": "fr"})
        assert status == 200 and body == png(1, 1), (status, body)
        assert headers["content-type"] == "image/png" and headers["content-disposition"] == "attachment", headers
        assert "sandbox" in headers["content-security-policy"] and headers["x-content-type-options"] == "nosniff", headers
        path, sent = site.asked[0]
        assert path == "/a.png?who=ada", site.asked
        assert set(sent) == {"host", "user-agent", "accept"} and sent["user-agent"] == "Chappe", sent
        # kept, for the organisation
        assert picture(jmap, base + "/a.png?who=ada")[0] == 200 and len(site.asked) == 1
        # whatever it is called
        site.says["/odd"] = (200, {"Content-Type": "text/html"}, png(2, 2))
        status, headers, _ = picture(jmap, base + "/odd")
        assert status == 200 and headers["content-type"] == "image/png"
        for kind, data in (("image/gif", b"GIF89a\x01\0\x01\0\0\0\0;"), ("image/webp", b"RIFF\x1c\0\0\0WEBPVP8 \x0a\0\0\0abc\x9d\x01\x2a\x1e\0\x28\0")):
            site.says["/" + kind] = (200, {}, data)
            assert picture(jmap, f"{base}/{kind}")[1]["content-type"] == kind
        # TLS, whose certificate must be good
        assert picture(jmap, tls + "/b.png")[0] == 200 and len(safe.asked) == 1
        assert picture(jmap, f"https://strange.test:{secure}/c.png")[0] == 502 and len(safe.asked) == 1
        # redirects, a few
        site.says["/moved"] = (302, {"Location": "/there"}, b"")
        site.says["/round"] = (302, {"Location": "/round"}, b"")
        assert picture(jmap, base + "/moved")[0] == 200 and site.asked[-1][0] == "/there"
        assert picture(jmap, base + "/round")[0] == 502
        assert sum(path == "/round" for path, _ in site.asked) == 4


def story_what_is_no_picture_is_not_given_on(world: World) -> None:
    jmap, port = Jmap(world.server, world.user("ada"), PASSWORD), free_port()
    DNS.put("pictures.test", "A", "127.0.9.1")
    base = f"http://pictures.test:{port}"
    cases = {"/svg": (415, (200, {"Content-Type": "image/svg+xml"}, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")),
             "/html": (415, (200, {"Content-Type": "image/png"}, b"<!doctype html><script>alert(1)</script>")),
             "/none": (404, (404, {}, b"")), "/gone": (404, (410, {}, b"")), "/fault": (502, (500, {}, b"")),
             "/long": (413, (200, {}, png(1, 1, b"x" * (9 << 20)))),
             "/endless": (413, (200, {"Content-Length": str(1 << 40)}, png(1, 1))),
             "/bomb": (413, (200, {}, png(60000, 60000))), "/empty": (415, (200, {}, b"")),
             "/cookie": (200, (200, {"Set-Cookie": "id=7"}, png(1, 1))), "/after": (200, (200, {}, png(1, 1)))}
    with Site("127.0.9.1", port) as site:
        site.says = {path: said for path, (_, said) in cases.items()}
        for path, (expected, _) in cases.items():
            status, headers, _ = picture(jmap, base + path)
            assert status == expected, (path, status)
            assert "set-cookie" not in headers
        assert "cookie" not in site.asked[-1][1], site.asked[-1]
    for url in ("", "x", "/etc/passwd", "file:///etc/passwd", "ftp://pictures.test/a", "gopher://127.0.9.1:70/", "data:image/png;base64,AA==",
                f"http://u:p@pictures.test:{port}/", "http://", f"http://pictures.test:{port}/" + "a" * 5000):
        assert picture(jmap, url)[0] == 400, url
    assert jmap.http("GET", "/jmap/picture")[0] == 400
    stranger = Jmap(world.server, "nobody@example.test", "x")
    assert picture(stranger, base + "/a.png")[0] == 401


def story_nothing_private_is_reached(world: World) -> None:
    """By name, by address in every writing, by redirect, by a name whose address changes; on usual ports and others."""
    jmap, port = Jmap(world.server, world.user("ada"), PASSWORD), free_port()
    names = {"loop.test": ("A", "127.0.0.1"), "six.test": ("AAAA", "::1"), "mapped.test": ("AAAA", "::ffff:127.0.0.1"),
             "ten.test": ("A", "10.0.0.1"), "meta.test": ("A", "169.254.169.254"), "home.test": ("A", "192.168.1.1"),
             "cgn.test": ("A", "100.64.0.1"), "zero.test": ("A", "0.0.0.0"), "ula.test": ("AAAA", "fd00::1"), "link.test": ("AAAA", "fe80::1"),
             "nat64.test": ("AAAA", "64:ff9b::7f00:1"), "sixtofour.test": ("AAAA", "2002:7f00:1::1"), "many.test": ("A", "224.0.0.1"),
             "beside.test": ("A", "127.0.9.9")}
    for name, (kind, address) in names.items():
        DNS.put(name, kind, address)
    literals = ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]",
                "169.254.169.254", "[fe80::1]", "10.0.0.1", "[64:ff9b::7f00:1]", "localhost", "localhost.", "127.0.0.1.", "%31%32%37.0.0.1", "１２７.0.0.1"]
    with Site("127.0.0.1", port) as inner, Site("127.0.9.9", port) as beside:
        for host in [*names, *literals]:
            for end in (f":{port}", "", ":25"):
                status, _, _ = picture(jmap, f"http://{host}{end}/latest/meta-data")
                assert status in (400, 403, 502), (host, end, status)
        DNS.put("pictures.test", "A", "127.0.9.1")
        outer_port = free_port()
        with Site("127.0.9.1", outer_port) as outer:
            targets = [f"http://{host}:{port}/secret" for host in (*names, *literals)] + [
                "file:///etc/passwd", f"gopher://127.0.0.1:{port}/", f"//127.0.0.1:{port}/", f"dict://127.0.0.1:{port}/"]
            for number, target in enumerate(targets):
                try:
                    target.encode("ascii")
                except UnicodeError:
                    continue
                outer.says[f"/{number}"] = (302, {"Location": target}, b"")
                status, _, _ = picture(jmap, f"http://pictures.test:{outer_port}/{number}")
                assert status in (400, 403, 502), (target, status)
            assert len(outer.asked) >= len(targets) - 2, "the redirects were given"
            # granted networks are those of the sieve, not of the port alone
            assert picture(jmap, f"http://127.0.9.1:{outer_port}/x")[0] == 200
        assert inner.asked == [] and beside.asked == [], (inner.asked, beside.asked)


def story_slow_servers_hold_up_nobody(world: World) -> None:
    """Twenty pictures that do not come: others are answered meanwhile, and an end does not wait for them."""
    address, port = world.user("ada"), free_port()
    DNS.put("pictures.test", "A", "127.0.9.1")
    answers: list[int] = []

    def fetch(number: int) -> None:
        try:
            answers.append(picture(Jmap(world.server, address, PASSWORD), f"http://pictures.test:{port}/slow{number}")[0])
        except OSError:
            answers.append(0)

    with Site("127.0.9.1", port) as site:
        threads = [threading.Thread(target=fetch, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        world.server.wait_until(lambda: len(site.asked) == 16 and answers.count(429) == 4, 20, "sixteen to be asked for and four refused")
        began = time.monotonic()
        jmap = Jmap(world.server, address, PASSWORD)
        for _ in range(10):
            jmap.call("Mailbox/get", ids=[])
        assert time.monotonic() - began < 5, "others wait"
        began = time.monotonic()
        world.server.run("restart")
        assert time.monotonic() - began < 14, "the end waits"
        for thread in threads:
            thread.join()
        assert len(answers) == 20 and 200 not in answers, answers
