"""A JMAP client for tests: one user, plain requests, no knowledge of what is right."""
from __future__ import annotations

import base64
import http.client
import json
import urllib.parse
from typing import Any

from kit.instance import Failure, Instance

CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
ALL = [CORE, MAIL] + [f"urn:ietf:params:jmap:{name}"
                      for name in ("submission", "vacationresponse", "quota", "sieve", "blob", "principals", "mdn")] + ["urn:chappe:params:jmap:account"]


class Jmap:
    def __init__(self, server: Instance, login: str, password: str, port: str = "http") -> None:
        self.server, self.port = server, port
        token = base64.b64encode(f"{login}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}
        self._session: dict[str, Any] | None = None
        self._wire: http.client.HTTPConnection | None = None

    def http(self, method: str, path: str, body: bytes | None = None,
             headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in small letters, body; over one connection."""
        for attempt in range(2):
            if not self._wire:
                self._wire = http.client.HTTPConnection("127.0.0.1", self.server.port(self.port), timeout=120)
            try:
                self._wire.request(method, path, body, {**self.headers, **(headers or {})})
                answer = self._wire.getresponse()
                return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
            except (http.client.HTTPException, ConnectionError):
                self._wire = None
                if attempt:
                    raise
        raise AssertionError

    @property
    def session(self) -> dict[str, Any]:
        if not self._session:
            status, _, body = self.http("GET", "/.well-known/jmap")
            if status != 200:
                raise Failure(f"no session: {status} {body!r}")
            self._session = json.loads(body)
        return self._session

    @property
    def account(self) -> str:
        return self.session["primaryAccounts"][MAIL]

    def request(self, calls: list[Any], using: list[str] | None = None, **more: Any) -> dict[str, Any]:
        """A whole request; the response object. Failure where it is refused as a whole."""
        body = json.dumps({"using": using or ALL, "methodCalls": calls, **more}).encode()
        status, _, answer = self.http("POST", "/jmap/api", body, {"Content-Type": "application/json"})
        if status != 200:
            raise Failure(f"{status} {answer.decode(errors='replace')}")
        return json.loads(answer)

    def call(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        """One call in the own account; its answer. Failure for an error."""
        arguments.setdefault("accountId", self.account)
        name, answer, _ = self.request([[method, arguments, "0"]])["methodResponses"][0]
        if name == "error":
            raise Failure(f"{method}: {answer}")
        return answer

    def mailbox(self, role: str) -> str:
        return next(m["id"] for m in self.call("Mailbox/get")["list"] if m["role"] == role or m["name"] == role)

    def upload(self, content: bytes, kind: str = "application/octet-stream", account: str | None = None) -> dict[str, Any]:
        status, _, body = self.http("POST", f"/jmap/upload/{account or self.account}", content, {"Content-Type": kind})
        if status != 201:
            raise Failure(f"upload: {status} {body!r}")
        return json.loads(body)

    def download(self, blob: str, name: str = "x", headers: dict[str, str] | None = None,
                 query: str = "", account: str | None = None) -> tuple[int, dict[str, str], bytes]:
        path = f"/jmap/download/{account or self.account}/{blob}/{urllib.parse.quote(name)}{query}"
        return self.http("GET", path, headers=headers)
