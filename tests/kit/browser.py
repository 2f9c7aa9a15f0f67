"""One person at the admin API over HTTPS, as a browser or a program asks."""
from __future__ import annotations

import http.client
import json
import ssl

from kit.world import PASSWORD, World


class Browser:
    """One person at the API: keeps the cookie, says where its page came from."""

    def __init__(self, world: World, port: str = "https") -> None:
        self.host, self.port = "127.0.0.1", world.server.port(port)
        self.is_tls = port == "https"
        self.cookie = self.token = ""
        self.origin: str | None = f"{'https' if self.is_tls else 'http'}://{self.host}:{self.port}"
        self.headers: dict[str, str] = {}
        self.connection: http.client.HTTPConnection | None = None
        self.document = world.server.document
        self.language = "en"

    def ask(self, method: str, path: str, body: object = None, match: str | None = "*",
            key: str = "") -> tuple[int, object]:
        """`match`: the ETag of what is changed, None for a request without one; `key`: against doing it twice."""
        if self.connection is None:
            self.connection = (http.client.HTTPSConnection(self.host, self.port, timeout=60,
                                                           context=ssl._create_unverified_context())
                               if self.is_tls else http.client.HTTPConnection(self.host, self.port, timeout=60))
        headers = {"Content-Type": "application/json", "Accept-Language": self.language}
        if match is not None and method in ("PUT", "PATCH", "DELETE"):
            headers["If-Match"] = match
        if key:
            headers["Idempotency-Key"] = key
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.origin and method != "GET":
            headers["Origin"] = self.origin
        self.connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        if "set-cookie" in self.headers:
            self.cookie = self.headers["set-cookie"].split(";")[0]
        parsed = json.loads(text) if text else None
        self.document.check(method, path, answer.status, parsed)
        return answer.status, parsed

    def log_in(self, login: str, password: str = PASSWORD) -> tuple[int, object]:
        return self.ask("POST", "/session", {"login": login, "password": password})


def logged_in(world: World, login: str) -> Browser:
    browser = Browser(world)
    status, answer = browser.log_in(login)
    assert status == 200, answer
    return browser
