"""One mailbox by IMAP and JMAP: both show the same, and hear of each other's changes within a second."""
from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import time

from kit.instance import Failure
from kit.jmap import Jmap
from kit.scanners import FalseScanner
from kit.world import PASSWORD, World

SETTINGS = {"plaintext_login": "loopback", "jmap_origins": "https://mail.example.com"}


class Events:
    """An event stream: hears what the server says."""

    def __init__(self, jmap: Jmap, query: str = "types=*&closeafter=no&ping=0", last: str = "",
                 headers: dict[str, str] | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", jmap.server.port("http")), timeout=30)
        fields = {"Host": "localhost", "Last-Event-ID": last, **jmap.headers, **(headers or {})}
        self.socket.sendall((f"GET /jmap/eventsource?{query} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v) + "\r\n").encode())
        self.buffer = b""
        head = self.until(b"\r\n\r\n")
        if b" 200 " not in head or b"text/event-stream" not in head:
            raise Failure(f"no stream: {head!r}")

    def until(self, end: bytes, seconds: float = 10) -> bytes:
        self.socket.settimeout(seconds)
        while end not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise Failure("the stream ended")
            self.buffer += data
        taken, self.buffer = self.buffer.split(end, 1)
        return taken

    def change(self, seconds: float = 10) -> dict:
        """The next StateChange."""
        while True:
            event = self.until(b"\n\n", seconds)
            if b"event: state" in event:
                return json.loads(re.search(rb"data: (.*)", event)[1])


def _flags(imap, number: str = "1") -> bytes:
    return imap.fetch(number, "(FLAGS)")[1][0]


def story_both_protocols_agree_within_a_second(world: World) -> None:
    """Flags, moves, deletions and new mail of either side are seen by the other; ids are those of OBJECTID."""
    ada = world.user("ada")
    imap, jmap = world.imap(ada), Jmap(world.server, ada, PASSWORD)
    events = Events(jmap)
    imap.append("INBOX", "", None, b"Subject: one\r\n\r\nbody\r\n")
    began = time.monotonic()
    changed = events.change()["changed"][jmap.account]
    assert time.monotonic() - began < 1 and set(changed) >= {"Email", "Mailbox", "Thread"}, changed
    state = changed["Email"]
    email = jmap.call("Email/query")["ids"][0]
    imap.select("INBOX")
    shown = imap.fetch("1", "(EMAILID THREADID)")[1][0].decode()
    thread = jmap.call("Email/get", ids=[email], properties=["threadId"])["list"][0]["threadId"]
    assert f"EMAILID ({email})" in shown and f"THREADID ({thread})" in shown, shown
    assert jmap.mailbox("inbox") in imap.status("INBOX", "(MAILBOXID)")[1][0].decode()

    jmap.call("Email/set", update={email: {"keywords/$flagged": True, "keywords/project": True}})
    events.change()
    imap.noop()
    assert b"\\Flagged" in _flags(imap) and b"project" in _flags(imap), _flags(imap)
    imap.store("1", "+FLAGS", "(\\Seen)")
    began = time.monotonic()
    events.change()
    keywords = jmap.call("Email/get", ids=[email], properties=["keywords"])["list"][0]["keywords"]
    assert keywords == {"$seen": True, "$flagged": True, "project": True} and time.monotonic() - began < 1, keywords
    assert jmap.call("Email/changes", sinceState=state)["updated"] == [email]

    archive, inbox = jmap.mailbox("archive"), jmap.mailbox("inbox")
    imap.copy("1", "Archive")
    shown = jmap.call("Email/get", ids=[email], properties=["mailboxIds"])["list"][0]["mailboxIds"]
    assert set(shown) == {inbox, archive}, shown
    jmap.call("Email/set", update={email: {"mailboxIds": {archive: True}}})
    imap.noop()
    assert imap.select("INBOX")[1] == [b"0"] and imap.select("Archive")[1] == [b"1"]
    # RFC 8621, 4.1.1: what is marked as deleted is not there, before it is expunged, and is back when the mark is taken away
    imap.store("1", "+FLAGS", "(\\Deleted)")
    assert jmap.call("Email/get", ids=[email])["notFound"] == [email]
    assert jmap.call("Email/changes", sinceState=state)["destroyed"] == [email]
    assert jmap.call("Email/query", filter={"inMailbox": archive})["ids"] == []
    empty = jmap.call("Mailbox/get", ids=[archive])["list"][0]
    assert {empty[name] for name in ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")} == {0}, empty
    imap.store("1", "-FLAGS", "(\\Deleted)")
    assert jmap.call("Email/query", filter={"inMailbox": archive})["ids"] == [email]
    assert jmap.call("Mailbox/get", ids=[archive])["list"][0]["totalThreads"] == 1
    imap.store("1", "+FLAGS", "(\\Deleted)")
    imap.expunge()
    assert jmap.call("Email/get", ids=[email])["notFound"] == [email]
    assert jmap.call("Email/changes", sinceState=state)["destroyed"] == [email]


def story_who_was_away_hears_what_was_missed(world: World) -> None:
    """Last-Event-ID: a change in between is told at once; closeafter=state ends the stream behind it."""
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    state = jmap.call("Mailbox/get", ids=[])["state"]
    jmap.call("Mailbox/set", create={"x": {"name": "new"}})
    events = Events(jmap, "types=Mailbox&closeafter=state&ping=0", last=state)
    assert set(events.change(2)["changed"][jmap.account]) == {"Mailbox"}
    events.until(b"0\r\n\r\n", 5)  # the last chunk of the body


def story_a_stream_that_was_left_ends_at_once(world: World) -> None:
    """Neither a ping nor a change is waited for: who has as many as he may can begin another when he closed them."""
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    quiet = "types=*&closeafter=no&ping=900"

    def begins() -> bool:
        try:
            Events(jmap, quiet).socket.close()
        except Failure as refusal:
            assert " 429 " in str(refusal), refusal
            return False
        return True

    streams = [Events(jmap, quiet) for _ in range(128)]
    assert not begins(), "one more than is allowed"
    for stream in streams:
        stream.socket.close()
    world.server.wait_until(begins, 60, "the streams that were closed to end")


def story_streams_that_wait_hold_no_thread(world: World) -> None:
    """Streams that wait leave the server's few threads to others."""
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    streams = [Events(jmap) for _ in range(30)]
    began = time.monotonic()
    jmap.call("Mailbox/get")
    assert time.monotonic() - began < 2
    world.imap(ada).append("INBOX", "", None, b"Subject: x\r\n\r\nx\r\n")
    for stream in streams:
        stream.change(3)


def story_files_go_up_and_down(world: World) -> None:
    """Uploads and downloads: ranges, names, and nothing that a browser would run in our name."""
    ada, bob = world.user("ada"), world.user("bob")
    jmap, other = Jmap(world.server, ada, PASSWORD), Jmap(world.server, bob, PASSWORD)
    page = b"<script>alert(1)</script>" * 20000
    blob = jmap.upload(page, "text/html")
    assert blob["size"] == len(page) and blob["type"] == "text/html", blob
    status, headers, body = jmap.download(blob["blobId"], "é\"x.html", query="?type=text/html")
    assert status == 200 and body == page
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9%22x.html", headers
    assert headers["x-content-type-options"] == "nosniff" and "sandbox" in headers["content-security-policy"], headers
    status, headers, body = jmap.download(blob["blobId"], headers={"Range": "bytes=8-13"})
    assert (status, body, headers["content-range"]) == (206, page[8:14], f"bytes 8-13/{len(page)}"), headers
    assert jmap.download(blob["blobId"], headers={"Range": "bytes=-4"})[2] == page[-4:]
    assert jmap.download(blob["blobId"], headers={"Range": f"bytes={len(page)}-"})[0] == 416
    assert jmap.download("Gnothing")[0] == 404 and jmap.download("bMnothing")[0] == 404
    assert other.download(blob["blobId"])[0] == 404, "what another uploaded"
    assert other.download(blob["blobId"], account=jmap.account)[0] == 404, "in another's account"
    try:
        other.upload(b"x", account=jmap.account)
        raise Failure("uploaded into another's account")
    except Failure as refused:
        assert "404" in str(refused), refused
    world.imap(ada).append("INBOX", "", None, b"Subject: p\r\nContent-Type: text/plain\r\n"
                           b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n")
    email = jmap.call("Email/query")["ids"][0]
    part = jmap.call("Email/get", ids=[email])["list"][0]["textBody"][0]["blobId"]
    assert jmap.download(part)[2] == b"Hello"
    assert jmap.download(f"b{email}")[2].endswith(b"SGVsbG8=\r\n")


def _status(world: World, headers: dict[str, str], method: str = "GET", path: str = "/jmap/session",
            body: str | None = None) -> tuple[int, dict[str, str], bytes]:
    wire = http.client.HTTPConnection("127.0.0.1", world.server.port("http"), timeout=30)
    wire.request(method, path, body, headers)
    answer = wire.getresponse()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def story_a_stranger_sends_no_large_body(world: World) -> None:
    """A body above 256 KiB is for who may come in: it is refused before it is sent, announced or in chunks."""
    ada = world.user("ada")
    account = Jmap(world.server, ada, PASSWORD).account
    for path in ("/jmap/api", f"/jmap/upload/{account}"):
        for head in ("Content-Length: 9000000", "Transfer-Encoding: chunked"):
            wire = socket.create_connection(("127.0.0.1", world.server.port("http")), timeout=30)
            wire.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode())
            assert b" 401 " in wire.recv(1000), (path, head)
    assert Jmap(world.server, ada, PASSWORD).upload(b"x" * 9_000_000)["size"] == 9_000_000


def _basic(login: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


def story_who_may_come_in(world: World) -> None:
    """Passwords, tokens and the session of the web pages; other sites' pages only where they are named, never with the cookie."""
    ada = world.user("ada")
    assert _status(world, {})[0] == 401 and "www-authenticate" in _status(world, {})[1]
    assert _status(world, _basic(ada, "wrong"))[0] == 401
    assert _status(world, _basic(ada, PASSWORD))[0] == 200
    assert _status(world, {"Authorization": "Bearer chp_" + "0" * 64})[0] == 401

    token = world.server.api("POST", "/tokens", {"holder": ada, "name": "script", "days": 1})["token"]
    status, _, body = _status(world, {"Authorization": f"Bearer {token}"})
    session = json.loads(body)
    assert status == 200 and session["username"] == ada and session["apiUrl"].endswith("/jmap/api"), session

    login = json.dumps({"login": ada, "password": PASSWORD})
    status, headers, body = _status(world, {"Content-Type": "application/json"}, "POST", "/api/v1/session", login)
    assert status == 200, body
    cookie = {"Cookie": headers["set-cookie"].split(";")[0], "Content-Type": "application/json"}
    host = f"127.0.0.1:{world.server.port('http')}"
    call = json.dumps({"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}, "0"]]})
    assert _status(world, cookie)[0] == 200
    assert _status(world, {**cookie, "Origin": f"http://{host}"}, "POST", "/jmap/api", call)[0] == 200
    assert _status(world, cookie, "POST", "/jmap/api", call)[0] == 403, "no page of ours"
    for origin in ("https://evil.example", "https://mail.example.com"):
        assert _status(world, {**cookie, "Origin": origin}, "POST", "/jmap/api", call)[0] == 403, origin
    _, headers, _ = _status(world, {**_basic(ada, PASSWORD), "Origin": "https://mail.example.com"})
    assert headers["access-control-allow-origin"] == "https://mail.example.com"
    assert "access-control-allow-credentials" not in headers
    assert "access-control-allow-origin" not in _status(world, {"Origin": "https://evil.example"})[1]
    status, headers, _ = _status(world, {"Origin": "https://mail.example.com"}, "OPTIONS", "/jmap/api")
    assert status == 204 and "Authorization" in headers["access-control-allow-headers"]


def story_large_and_deep_requests_are_refused(world: World) -> None:
    """Limits of RFC 8620, 2, each with its name."""
    jmap = Jmap(world.server, world.user("ada"), PASSWORD)

    def refusal(body: bytes) -> dict:
        status, _, answer = jmap.http("POST", "/jmap/api", body, {"Content-Type": "application/json"})
        assert 400 <= status < 500, status
        return json.loads(answer)

    core = jmap.session["capabilities"]["urn:ietf:params:jmap:core"]
    calls = [["Core/echo", {}, "0"]] * (core["maxCallsInRequest"] + 1)
    said = refusal(json.dumps({"using": ["urn:ietf:params:jmap:core"], "methodCalls": calls}).encode())
    assert said["type"].endswith("error:limit") and said["limit"] == "maxCallsInRequest", said
    assert refusal(b"[" * 100000)["type"].endswith(("error:limit", "error:notJSON"))
    assert refusal(b'{"a":' * 200 + b"1" + b"}" * 200)["limit"] == "maxSizeRequest"
    assert jmap.http("POST", "/jmap/api", b" " * (core["maxSizeRequest"] + 1),
                     {"Content-Type": "application/json"})[0] == 413
    many = [f"M{n}" for n in range(core["maxObjectsInGet"] + 1)]
    assert jmap.request([["Email/get", {"accountId": jmap.account, "ids": many}, "0"]]
                        )["methodResponses"][0][1]["type"] == "requestTooLarge"
    deep = {"hasKeyword": "$seen"}
    for _ in range(25):
        deep = {"operator": "NOT", "conditions": [deep]}
    jmap.call("Email/query", filter=deep)
    wide = {"operator": "OR", "conditions": [{"hasKeyword": "$seen"}] * 1001}
    answer = jmap.request([["Email/query", {"accountId": jmap.account, "filter": wide}, "0"]])
    assert answer["methodResponses"][0][1]["type"] == "unsupportedFilter", answer
    fan = [["Core/echo", {"a": [[0] * 1000] * 100}, "f"],
           ["Core/echo", {"#x": {"resultOf": "f", "name": "Core/echo", "path": "/a/*/*"}}, "g"]]
    assert jmap.request(fan)["methodResponses"][1][1]["type"] == "invalidResultReference"


def story_moves_teach_as_those_of_imap_do(world: World) -> None:
    """Into Junk and out of it by JMAP: a lesson each, which waits for a scanner that does not answer now."""
    ada, server = world.user("ada"), world.server
    jmap = Jmap(server, ada, PASSWORD)
    world.imap(ada).append("INBOX", "", None, b"From: s@example.net\r\nSubject: buy\r\n\r\nnow\r\n")
    email = jmap.call("Email/query")["ids"][0]

    def is_noted(word: str) -> bool:
        return server.sql("chappe_directory", "SELECT is_spam FROM lesson").strip() == word

    with FalseScanner("silence") as silent:
        server.run("filter", "set", "rspamd_controller", silent.address)
        jmap.call("Email/set", update={email: {"mailboxIds": {jmap.mailbox("junk"): True}}})
        server.wait_until(lambda: is_noted("t"), 10, "the lesson")
        jmap.call("Email/set", update={email: {"mailboxIds": {jmap.mailbox("inbox"): True}}})
        server.wait_until(lambda: is_noted("f"), 10, "the other lesson")
        server.run("filter", "set", "rspamd_controller", "")
