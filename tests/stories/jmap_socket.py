"""JMAP over WebSocket (RFC 8887): requests, changes, and clients that mean no good."""
from __future__ import annotations

import json
import os
import ssl
import struct
import time

from kit.instance import Failure
from kit.jmap import Jmap
from kit.websocket import CLOSE, PING, PONG, TEXT, BINARY, Ended, Refused, WebSocket
from kit.world import PASSWORD, World

IS_LONG = True
SETTINGS = {"plaintext_login": "loopback"}


def story_requests_are_answered_in_order(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    offered = jmap.session["capabilities"]["urn:ietf:params:jmap:websocket"]
    assert offered["supportsPush"] is True and offered["url"].startswith("ws://") and offered["url"].endswith("/jmap/ws"), offered
    ws = WebSocket(jmap)
    answer = ws.request([["Core/echo", {"a": 1}, "0"]], "one")
    assert answer["@type"] == "Response" and answer["requestId"] == "one", answer
    assert answer["methodResponses"] == [["Core/echo", {"a": 1}, "0"]] and answer["sessionState"] == jmap.session["state"]
    for number in range(20):
        ws.send({"@type": "Request", "id": str(number), "using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"n": number}, "0"]]})
    assert [ws.hear()["requestId"] for _ in range(20)] == [str(number) for number in range(20)]
    # in pieces, with a ping between them
    body = json.dumps({"@type": "Request", "using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"x": "é"}, "0"]]}, ensure_ascii=False).encode()
    at = body.index(b"\xc3") + 1  # within a character
    ws.raw(ws.frame(TEXT, body[:at], final=False) + ws.frame(PING, b"still?") + ws.frame(0, body[at:]))
    assert ws.read() == (PONG, b"still?")
    answer = ws.hear()
    assert answer["methodResponses"][0][1] == {"x": "é"} and "requestId" not in answer, answer
    # one that is large, and one whose answer is
    answer = ws.request([["Core/echo", {"x": "y" * 3_000_000}, "0"]])
    assert len(answer["methodResponses"][0][1]["x"]) == 3_000_000
    # what the owner sets is asked of the admin API, with the headers of the beginning
    answer = ws.request([["Preferences/get", {"accountId": jmap.account, "ids": None}, "0"]])
    assert answer["methodResponses"][0][0] == "Preferences/get", answer
    answer = ws.request([["LoginSession/get", {"accountId": jmap.account, "ids": None}, "0"]])
    assert answer["methodResponses"][0][0] == "LoginSession/get", answer
    ws.raw(ws.frame(CLOSE, struct.pack(">H", 1000)))
    ws.expect_end(1000)


def story_what_is_no_request_is_said(world: World) -> None:
    ada = world.user("ada")
    ws = WebSocket(Jmap(world.server, ada, PASSWORD))

    def problem(text: str) -> dict:
        ws.raw(ws.frame(TEXT, text.encode()))
        answer = ws.hear()
        assert answer["@type"] == "RequestError", answer
        return answer

    assert problem("no json")["type"].endswith(":notJSON")
    assert problem("")["type"].endswith(":notJSON")
    assert problem("[1]")["type"].endswith(":notRequest")
    assert problem('{"@type": "Nothing", "id": "7"}')["requestId"] == "7"
    assert problem('{"@type": "Request", "id": "8", "using": ["x"], "methodCalls": []}')["type"].endswith(":unknownCapability")
    assert problem('{"@type": "Request", "id": 9, "methodCalls": 1}')["requestId"] is None
    assert problem('{"@type": "WebSocketPushEnable", "dataTypes": "Email"}')["type"].endswith(":notRequest")
    assert problem("[" * 1000)["type"].startswith("urn:ietf:params:jmap:error:")
    assert ws.request([["Core/echo", {}, "0"]])["@type"] == "Response"  # and it goes on


def story_changes_come_over_it(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    ws = WebSocket(jmap)
    ws.send({"@type": "WebSocketPushEnable", "dataTypes": ["Email"]})
    assert ws.request([["Core/echo", {}, "0"]])["@type"] == "Response"  # it is on
    world.send(ada)
    change = ws.hear()
    assert change["@type"] == "StateChange" and set(change["changed"][jmap.account]) == {"Email"} and change["pushState"], change
    # a request between changes
    assert ws.request([["Core/echo", {}, "0"]])["@type"] == "Response"
    ws.send({"@type": "WebSocketPushDisable"})
    assert ws.request([["Core/echo", {}, "0"]])["@type"] == "Response"  # it is off
    world.send(ada)
    ws.send({"@type": "Request", "using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}, "1"]]})
    assert ws.hear()["@type"] == "Response"
    # who was away hears at once of what he missed; all types
    ws.close()
    ws = WebSocket(jmap)
    ws.send({"@type": "WebSocketPushEnable", "dataTypes": None, "pushState": change["pushState"]})
    missed = ws.hear()
    assert missed["pushState"] != change["pushState"] and {"Email", "Mailbox", "Thread"} <= set(missed["changed"][jmap.account]), missed


def story_who_may_not_does_not_come_in(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)

    def refused(status: int, **headers: str) -> None:
        try:
            WebSocket(jmap, {name.replace("_", "-"): value for name, value in headers.items()})
        except Refused as refusal:
            assert refusal.status == status, (headers, refusal.head)
            return
        raise Failure(f"came in with {headers}")

    refused(401, Authorization="")
    refused(401, Authorization="Basic YWRhOndyb25n")
    refused(426, Sec_WebSocket_Version="8")
    refused(400, Sec_WebSocket_Key="short")
    refused(400, Sec_WebSocket_Protocol="other")
    refused(426, Upgrade="h2c")
    # a page of somebody else's, with the cookie that the browser adds
    status, headers, _ = jmap.http("POST", "/api/v1/session", json.dumps({"login": ada, "password": PASSWORD}).encode(),
                                   {"Content-Type": "application/json", "Authorization": ""})
    assert status == 200, status
    cookie = headers["set-cookie"].split(";")[0]
    refused(403, Authorization="", Cookie=cookie, Origin="https://evil.example")
    refused(403, Authorization="", Cookie=cookie)
    ws = WebSocket(jmap, {"Authorization": "", "Cookie": cookie, "Origin": "http://localhost"})
    assert ws.request([["Core/echo", {}, "0"]])["@type"] == "Response"
    # not more than sixteen of one user
    several = [ws] + [WebSocket(jmap) for _ in range(15)]
    refused(429)
    several.pop().close()

    def has_room() -> bool:
        try:
            several.append(WebSocket(jmap))
            return True
        except Refused:
            return False
    world.server.wait_until(has_room, 30, "room for another one")
    for one in several:
        one.close()


def story_it_works_over_tls(world: World) -> None:
    ada = world.user("ada")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    jmap = Jmap(world.server, ada, PASSWORD)
    ws = WebSocket(jmap, tls=context)
    ws.send({"@type": "WebSocketPushEnable", "dataTypes": None})
    assert len(ws.request([["Core/echo", {"x": "y" * 500_000}, "0"]])["methodResponses"][0][1]["x"]) == 500_000
    world.send(ada)
    assert ws.hear()["@type"] == "StateChange"


def story_hostile_frames_end_it(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)

    def ends(code: int | None, data_of) -> None:
        ws = WebSocket(jmap)
        try:
            ws.raw(data_of(ws))
        except ConnectionError:
            pass
        ws.expect_end(code)
        ws.close()

    ends(1002, lambda ws: ws.frame(TEXT, b"{}", masked=False))
    ends(1002, lambda ws: b"\xc1\x80abcd")                                       # a reserved bit
    ends(1002, lambda ws: ws.frame(0, b"x"))                                     # a rest of nothing
    ends(1002, lambda ws: ws.frame(TEXT, b"x", final=False) + ws.frame(TEXT, b"y"))
    ends(1002, lambda ws: ws.frame(PING, b"x" * 126))
    ends(1002, lambda ws: ws.frame(PING, b"x", final=False))
    ends(1002, lambda ws: b"\x81\xff" + b"\xff" * 8 + b"abcd")                   # 2^64 - 1 bytes
    ends(1003, lambda ws: ws.frame(BINARY, b"{}"))
    ends(1007, lambda ws: ws.frame(TEXT, b"\xff\xfe"))
    ends(1009, lambda ws: b"\x81\xff" + struct.pack(">Q", 10_000_001) + b"abcd")
    ends(1008, lambda ws: ws.frame(TEXT, b"x", final=False) + ws.frame(0, b"", final=False) * 10_001)
    ends(1008, lambda ws: ws.frame(PING, b"") * 1000)
    ends(1000, lambda ws: ws.frame(CLOSE, struct.pack(">H", 1000)) + ws.frame(TEXT, b"{}") * 10)
    # as if nothing had been
    assert WebSocket(jmap).request([["Core/echo", {}, "0"]])["@type"] == "Response"


def story_who_does_not_read_holds_nobody_up(world: World) -> None:
    """A client asks on and on and reads nothing: the server stops reading of it, and keeps little."""
    ada, bob = world.user("ada"), world.user("bob")
    slow = WebSocket(Jmap(world.server, ada, PASSWORD))
    body = slow.frame(TEXT, json.dumps({"@type": "Request", "using": ["urn:ietf:params:jmap:core"],
                                        "methodCalls": [["Core/echo", {"x": "y" * 100_000}, "0"]]}).encode())
    slow.socket.settimeout(3)
    sent = 0
    try:
        while sent < 200_000_000:
            sent += slow.socket.send(body)
    except TimeoutError:
        pass
    assert sent < 100_000_000, f"{sent} bytes were taken of a client that does not read"
    other = WebSocket(Jmap(world.server, bob, PASSWORD))
    assert other.request([["Core/echo", {}, "0"]])["@type"] == "Response"
    slow.close()


def story_a_changed_password_ends_it(world: World) -> None:
    """At the latest after a minute; whoever asks earlier is told then."""
    ada = world.user("ada")
    ws = WebSocket(Jmap(world.server, ada, PASSWORD))
    assert ws.request([["Core/echo", {}, "0"]])["@type"] == "Response"
    world.server.run("user", "passwd", ada, "--password-file", "-", stdin="another secret 1\n")
    ws.socket.settimeout(120)
    ws.expect_end(1008)


def story_the_server_ends_although_they_are_open(world: World) -> None:
    ada = world.user("ada")
    sockets = [WebSocket(Jmap(world.server, ada, PASSWORD)) for _ in range(8)]
    pid = world.server.role_pid("web")
    began = time.monotonic()
    os.kill(pid, 15)
    world.server.wait_until(lambda: world.server.role_pid("web") not in (0, pid), 60, "the web role again")
    assert time.monotonic() - began < 30, "open conversations hold the role up"
    for one in sockets:
        try:
            one.expect_end(None)
        except Ended:
            pass
