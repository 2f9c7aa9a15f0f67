"""A real OpenID provider (tests/identity-provider) on loopback, and a person in front of it."""
from __future__ import annotations

import base64
import fcntl
import hashlib
import http.client
import json
import os
import secrets
import socket
import ssl
import subprocess
import tempfile
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from kit.instance import ROOT, Failure

FOLDER = os.path.join(ROOT, "tests/identity-provider")
SECRET = "a secret: 100 % of tests/+&"


def fetch_packages() -> None:
    """npm ci, once for each package-lock.json."""
    stamp, lock = os.path.join(FOLDER, "node_modules/.stamp"), os.path.join(FOLDER, "package-lock.json")
    with open(os.path.join(FOLDER, ".npm-ci.lock"), "a", encoding="ascii") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if os.path.exists(stamp) and os.path.getmtime(stamp) >= os.path.getmtime(lock):
            return
        for turn in range(4):
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=FOLDER,
                                  capture_output=True, text=True, timeout=300, check=False)
            if done.returncode == 0:
                break
            time.sleep(3 * turn)
        else:
            raise Failure(f"npm ci: {done.stdout}{done.stderr}")
        with open(stamp, "w", encoding="ascii"):
            pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class IdentityProvider:
    """`home`: https://127.0.0.1:PORT of the server whose browsers come to it."""

    def __init__(self, home: str) -> None:
        fetch_packages()
        self.folder = tempfile.TemporaryDirectory(prefix="chappe-idp-")
        self.certificate, key = (os.path.join(self.folder.name, name) for name in ("certificate.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=provider", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        self.port = free_port()
        self.issuer = f"https://127.0.0.1:{self.port}"
        callback = f"{home}/api/v1/session/callback"
        code = {"grant_types": ["authorization_code"], "response_types": ["code"]}
        settings = {"port": self.port, "certificate": self.certificate, "key": key, "clients": [
            {"client_id": "chappe", "client_secret": SECRET, "redirect_uris": [callback], **code},
            {"client_id": "public", "token_endpoint_auth_method": "none", "redirect_uris": [callback], **code,
             "id_token_signed_response_alg": "ES256"},
            {"client_id": "mailer", "token_endpoint_auth_method": "none",
             "redirect_uris": ["https://mailer.example/done"], **code}]}
        self.process = subprocess.Popen(["node", os.path.join(FOLDER, "provider.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(settings) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise Failure("the identity provider does not start")

    def __enter__(self) -> "IdentityProvider":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    # ---- what tests want of it

    def ask(self, path: str, body: object = None) -> str:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=ssl._create_unverified_context())
        connection.request("POST", path, json.dumps(body or {}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise Failure(f"identity provider {path}: {answer.status} {text}")
        return text

    def rotate(self) -> None:
        self.ask("/test/rotate")

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        """Whatever is asked for, as a token; good claims are the default, None leaves one out."""
        now = int(time.time())
        whole = {"iss": self.issuer, "aud": "mail", "sub": "x", "iat": now, "exp": now + 300, **claims}
        return self.ask("/test/sign", {"header": {"alg": "RS256", **header},
                                       "claims": {name: value for name, value in whole.items() if value is not None}})

    def token(self, login: str, resource: str) -> str:
        """An access token as a mail program gets it: code flow with PKCE. `resource` RS256, ES256, EdDSA: signed; else opaque."""
        verifier = secrets.token_urlsafe(40)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        where = {"client_id": "mailer", "redirect_uri": "https://mailer.example/done"}
        person = Person(self)
        end = person.walk(f"{self.issuer}/auth?" + urlencode({
            **where, "response_type": "code", "scope": "openid email mail", "code_challenge": challenge, "code_challenge_method": "S256",
            "login_hint": login, "resource": f"urn:{resource}"}))
        code = parse_qs(urlsplit(end).query)["code"][0]
        status, _, text = person.request(f"{self.issuer}/token", urlencode({
            **where, "grant_type": "authorization_code", "code": code, "code_verifier": verifier, "resource": f"urn:{resource}"}))
        if status != 200:
            raise Failure(f"no token: {status} {text}")
        return json.loads(text)["access_token"]


class Person:
    """A browser that keeps cookies for each server and follows where it is sent, as long as that is the provider."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.provider = provider
        self.cookies: dict[str, dict[str, str]] = {}

    def request(self, url: str, form: str | None = None) -> tuple[int, dict[str, str], str]:
        to = urlsplit(url)
        connection = http.client.HTTPSConnection(to.hostname or "", to.port or 443, timeout=30, context=ssl._create_unverified_context())
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.get(to.netloc, {}).items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if form is None else "POST", f"{to.path}?{to.query}" if to.query else to.path, form, headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, content = value.split(";")[0].partition("=")
                self.cookies.setdefault(to.netloc, {})[key] = content
                if "Max-Age=0" in value or not content:
                    del self.cookies[to.netloc][key]
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def walk(self, url: str) -> str:
        """Where the provider sends him in the end."""
        for _ in range(8):
            status, headers, text = self.request(url)
            if status not in (302, 303):
                raise Failure(f"{url}: {status} {text[:300]}")
            url = headers["location"] if "://" in headers["location"] else self.provider.issuer + headers["location"]
            if not url.startswith(self.provider.issuer):
                return url
        raise Failure("sent from one place to another")
