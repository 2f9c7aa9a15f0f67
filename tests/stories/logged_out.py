"""Who has logged out, or was logged out, hears nothing more: his event streams and WebSockets end with his session."""
from __future__ import annotations

import json
from urllib.parse import quote

from jmap import Events
from kit.instance import Failure
from kit.jmap import Jmap
from kit.websocket import Refused, WebSocket
from kit.world import PASSWORD, World

SETTINGS = {"plaintext_login": "loopback"}


class Login:
    """A browser that is logged in, or a program with a token, with both of what stays open."""

    def __init__(self, world: World, address: str, token: str = "") -> None:
        self.jmap, self.origin = Jmap(world.server, address, PASSWORD), f"http://127.0.0.1:{world.server.port('http')}"
        self.own = {"Authorization": f"Bearer {token}"} if token else {"Authorization": "", "Cookie": self.begin(address), "Origin": "http://localhost"}
        self.events = Events(self.jmap, headers=self.own)
        self.socket = WebSocket(self.jmap, self.own)
        self.echo()

    def begin(self, address: str) -> str:
        status, headers, _ = self.ask("POST", "/session", {"login": address, "password": PASSWORD}, {"Authorization": ""})
        assert status == 200, status
        return headers["set-cookie"].split(";")[0]

    def ask(self, method: str, path: str, body: object = None, who: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        return self.jmap.http(method, "/api/v1" + path, None if body is None else json.dumps(body).encode(),
                              {"Content-Type": "application/json", "If-Match": "*", **(self.own if who is None else who), "Origin": self.origin})

    def echo(self) -> None:
        assert self.socket.request([["Core/echo", {}, "0"]])["@type"] == "Response"

    def has_ended(self) -> None:
        """Both are over, by themselves, and nobody comes in again."""
        self.socket.socket.settimeout(45)
        self.socket.expect_end(1008)
        self.events.until(b"0\r\n\r\n", 45)             # the last chunk of the body
        try:
            WebSocket(self.jmap, self.own)
            raise Failure("came in again")
        except Refused as refusal:
            assert refusal.status == 401, refusal


def goes_on(world: World, address: str, *others: Login) -> None:
    """A stream says what happens, a socket answers."""
    for other in others:
        other.echo()
    world.send(address)
    for other in others:
        assert other.events.change(30)["@type"] == "StateChange"


def sessions(world: World, address: str) -> list[dict]:
    return [one for one in world.server.api("GET", f"/users/{address}/sessions")["sessions"] if one["kind"] in ("session", "token")]


def story_logging_out_ends_what_stays_open(world: World) -> None:
    ada = world.user("ada")
    desk, phone = Login(world, ada), Login(world, ada)
    program = Events(phone.jmap)                       # with the password
    status, _, body = desk.ask("DELETE", "/session")
    assert status == 204, (status, body)
    desk.has_ended()
    goes_on(world, ada, phone)
    assert program.change(30)["@type"] == "StateChange"


def story_an_administrator_ends_what_stays_open(world: World) -> None:
    ada, run = world.user("ada"), world.server.run
    first = Login(world, ada)
    known = {one["id"] for one in sessions(world, ada)}
    second = Login(world, ada)
    new = [one["id"] for one in sessions(world, ada) if one["id"] not in known]
    assert len(new) == 1, new
    run("session", "end", ada, str(new[0]))
    second.has_ended()
    goes_on(world, ada, first)
    answer = world.server.api("POST", f"/sessions/end?organisation={quote(world.organisation)}", {})
    assert answer["ended"] >= 1, answer
    first.has_ended()


def story_a_token_that_is_taken_back_ends_what_stays_open(world: World) -> None:
    ada = world.user("ada")
    tokens = [world.server.api("POST", "/tokens", {"holder": ada, "name": name}) for name in ("one", "two")]
    one, two = (Login(world, ada, token["token"]) for token in tokens)
    world.server.api("DELETE", f"/users/{ada}/sessions/{tokens[0]['id']}")
    one.has_ended()
    goes_on(world, ada, two)


def story_another_password_ends_what_a_browser_keeps_open(world: World) -> None:
    ada = world.user("ada")
    login = Login(world, ada)
    world.server.run("user", "passwd", ada, "--password-file", "-", stdin="another secret 1\n")
    login.has_ended()
