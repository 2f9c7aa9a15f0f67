"""Logging in by a real OpenID provider: browsers, mail programs, JMAP; and providers that lie, hang or are gone."""
from __future__ import annotations

import base64
import imaplib
import json
import os
import poplib
import signal
import smtplib
import time
from typing import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from kit.authenticator import code
from kit.browser import logged_in
from kit.identity_provider import SECRET, IdentityProvider, Person
from kit.instance import Failure
from kit.jmap import Jmap
from kit.wire import Connection
from kit.world import World


def home(world: World) -> str:
    return f"https://127.0.0.1:{world.server.port('https')}"


def add(world: World, provider: IdentityProvider, *options: str, name: str = "Company login", org: str = "") -> int:
    world.server.run("identity-provider", "add", name, "--org", org or world.organisation, "--issuer", provider.issuer,
                     "--certificates-file", provider.certificate, "--audience", "mail",
                     *(options or ("--client", "chappe", "--secret-file", "-")), stdin=SECRET + "\n")
    path = f"/identity-providers/{quote(name)}?organisation={quote(org or world.organisation)}"
    return world.server.api("GET", path)["id"]


@contextmanager
def provided(world: World, *options: str) -> Iterator[tuple[IdentityProvider, int]]:
    with IdentityProvider(home(world)) as provider:
        yield provider, add(world, provider, *options)


def begin(world: World, person: Person, number: int, login: str, page: str = "/admin/") -> tuple[int, str]:
    status, headers, _ = person.request(f"{home(world)}/api/v1/session/begin?" +
                                        urlencode({"provider": number, "return": page, "login": login}))
    return status, headers.get("location", "")


def come_back(world: World, person: Person, number: int, login: str) -> str:
    """The whole way; the page where it ends."""
    status, there = begin(world, person, number, login)
    assert status == 303, (status, there)
    back = person.walk(there)
    assert back.startswith(home(world) + "/api/v1/session/callback?"), back
    status, headers, text = person.request(back)
    assert status == 303, (status, text)
    return headers["location"]


def session(world: World, person: Person) -> tuple[int, dict]:
    status, _, text = person.request(f"{home(world)}/api/v1/session")
    return status, json.loads(text)


def story_a_browser_logs_in(world: World) -> None:
    ada = world.user("ada")
    with provided(world) as (provider, number):
        tested = world.server.api("POST", f"/identity-providers/Company%20login/test?organisation={quote(world.organisation)}")
        assert tested["passed"] and [step["step"] for step in tested["steps"]] == ["configuration", "addresses", "keys"], tested
        person = Person(provider)
        status, _, text = person.request(f"{home(world)}/api/v1/session/providers?login={quote('whoever@' + world.domain)}")
        assert status == 200 and json.loads(text) == {"providers": [{"id": number, "name": "Company login"}], "ticket": False}, text

        status, there = begin(world, person, number, ada)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
        assert status == 303 and asked["code_challenge_method"] == "S256" and asked["redirect_uri"] == home(world) + "/api/v1/session/callback"
        assert len(asked["state"]) >= 43 and len(asked["nonce"]) >= 43 and asked["state"] != asked["nonce"], asked
        assert come_back(world, person, number, ada) == "/admin/"
        status, me = session(world, person)
        assert status == 200 and me["login"] == ada and me["method"] == "oidc", me
        assert me["login"] == world.server.api("GET", f"/users/{ada}")["address"]
        entries = world.server.api("GET", f"/audit?organisation={quote(world.organisation)}&limit=100")["entries"]
        assert any(e["action"] == "session.begin" and "oidc" in json.dumps(e) for e in entries), entries
        cookie = person.cookies[urlsplit(home(world)).netloc]["__Host-chappe"]
        jmap = Jmap(world.server, ada, "", "http")
        jmap.headers = {"Cookie": f"chappe={cookie}", "Origin": f"http://127.0.0.1:{world.server.port('http')}"}
        assert jmap.session["username"] == ada, "webmail has the same session"

        # who is not known, not verified, or says no
        for name, word in ((f"nobody@{world.domain}", "refused"), (f"unverified@{world.domain}", "refused"), (f"deny@{world.domain}", "denied")):
            other = Person(provider)
            assert come_back(world, other, number, name) == f"/admin/?login={word}", name
            assert session(world, other)[0] == 401
        world.user("gone")
        world.server.run("user", "set", f"gone@{world.domain}", "--state", "disabled")
        assert come_back(world, Person(provider), number, f"gone@{world.domain}").startswith("/admin/?login="), "disabled"

        # without a secret (public client), signed by an elliptic curve; the claim without a domain
        public = add(world, provider, "--client", "public", "--claim", "preferred_username", "--domain", world.domain, name="Other")
        assert come_back(world, Person(provider), public, ada) == "/admin/"

        # a second factor of ours is asked for, unless the provider asks for one
        path = f"/users/{ada}/second-factors"
        browser = logged_in(world, ada)
        begun = browser.ask("POST", path, {"kind": "totp", "name": "phone"})[1]
        assert browser.ask("POST", f"{path}/{begun['id']}/confirm", {"code": code(begun["secret"], time.time() - 30)})[0] == 200
        person = Person(provider)
        assert come_back(world, person, number, ada) == "/admin/?login=factor"
        assert session(world, person)[0] == 401
        browser.cookie = "__Host-chappe=" + person.cookies[urlsplit(home(world)).netloc]["__Host-chappe"]
        asked = browser.ask("POST", "/session/challenge")
        assert "totp" in asked[1]["methods"], asked
        assert browser.ask("POST", "/session/second-factor", {"code": code(begun["secret"], time.time())})[0] == 200
        world.server.run("identity-provider", "set", "Company login", "--org", world.organisation, "--second-factor", "yes")
        assert come_back(world, Person(provider), number, ada) == "/admin/"

        # rights beyond the organisation are not opened by the organisation's provider, but where the installation says so
        world.server.api("POST", "/grants", {"holder": ada, "role": "read-only", "scope": "installation"})
        assert come_back(world, Person(provider), number, ada) == "/admin/?login=denied"
        world.server.run("identity-provider", "set", "Company login", "--org", world.organisation, "--beyond", "yes")
        assert come_back(world, Person(provider), number, ada) == "/admin/"

        world.server.run("identity-provider", "set", "Company login", "--org", world.organisation, "--enabled", "no")
        assert begin(world, Person(provider), number, ada)[0] == 404
        listed = world.server.run("identity-provider", "list", "--org", world.organisation)
        assert "Company login" in listed and SECRET not in listed
        assert SECRET not in world.server.sql("chappe_directory", "SELECT client_secret FROM identity_provider"), "sealed"
        world.server.run("secret", "rotate", check=False)


def story_nobody_is_led_astray(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    with provided(world) as (provider, number):
        for page in ("//evil.example", "https://evil.example/", "/\\evil.example", "/admin/../x//y", "admin", "/a?b=c", "/x\r\nSet-Cookie: a=b", ""):
            assert begin(world, Person(provider), number, ada, page)[0] == 400, page
        assert begin(world, Person(provider), number + 1000, ada)[0] == 404
        # another browser brings what the first one was given (a login that somebody else is made to take over)
        first, second = Person(provider), Person(provider)
        back = first.walk(begin(world, first, number, ada)[1])
        begin(world, second, number, bob)
        status, headers, _ = second.request(back)
        assert status == 303 and headers["location"] == "/?login=expired" and session(world, second)[0] == 401
        assert first.request(back)[1]["location"] == "/admin/" and session(world, first)[0] == 200
        # the same once more, what was never asked, and answers with something missing
        again = Person(provider)
        assert again.request(back)[1]["location"] == "/?login=expired"
        assert again.request(f"{home(world)}/api/v1/session/callback")[1]["location"] == "/?login=expired"
        for change in ({"code": "nonsense"}, {"code": ""}, {"iss": "https://another.example"}):
            person = Person(provider)
            back = person.walk(begin(world, person, number, ada)[1])
            query = {**{name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}, **change}
            status, headers, _ = person.request(f"{home(world)}/api/v1/session/callback?{urlencode(query)}")
            assert status == 303 and headers["location"] == "/admin/?login=refused", (change, headers)
            assert session(world, person)[0] == 401


# ---- mail programs


def bearer(login: str, token: str) -> bytes:
    return f"n,a={login},\x01auth=Bearer {token}\x01\x01".encode()


def xoauth2(login: str, token: str) -> bytes:
    return f"user={login}\x01auth=Bearer {token}\x01\x01".encode()


def imap_login(world: World, mechanism: str, message: bytes) -> str:
    """OK, or what the server said."""
    imap = imaplib.IMAP4("127.0.0.1", world.server.port("imap"), timeout=60)
    answers = iter((message, b"\x01" if mechanism == "OAUTHBEARER" else b""))
    try:
        imap.authenticate(mechanism, lambda _: next(answers))
        assert imap.select("INBOX")[0] == "OK"
        return "OK"
    except imaplib.IMAP4.error as problem:
        return str(problem)
    finally:
        imap.shutdown()


def pop_login(world: World, mechanism: str, message: bytes) -> str:
    pop = poplib.POP3("127.0.0.1", world.server.port("pop3"), timeout=60)
    try:
        pop._shortcmd(f"AUTH {mechanism} {base64.b64encode(message).decode()}")
        pop.stat()
        pop.quit()                                  # or the next one meets a mailbox in use
        return "OK"
    except poplib.error_proto as problem:
        return str(problem)
    finally:
        pop.close()


def smtp_login(world: World, mechanism: str, message: bytes) -> str:
    with smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60) as smtp:
        smtp.ehlo()
        if mechanism not in smtp.esmtp_features["auth"]:
            return "not offered"
        status, text = smtp.docmd("AUTH", f"{mechanism} {base64.b64encode(message).decode()}")
        if status == 334:
            status, text = smtp.docmd(base64.b64encode(b"\x01").decode() if mechanism == "OAUTHBEARER" else "")
        return "OK" if status == 235 else f"{status} {text.decode()}"


def sieve_login(world: World, mechanism: str, message: bytes) -> str:
    link = Connection("managesieve", world.server.port("managesieve"))
    greeting = b""
    while not greeting.endswith(b"ready.") and not greeting.startswith(b"OK"):
        greeting = link.line()
        if greeting.startswith(b'"SASL"') and mechanism.encode() not in greeting:
            return "not offered"
    link.send(f'AUTHENTICATE "{mechanism}" "{base64.b64encode(message).decode()}"\r\n'.encode())
    said = link.line()
    if not said.startswith((b"OK", b"NO", b"BYE")):              # the reason, to which the client answers
        if said.startswith(b"{"):
            link.line()
        link.send(b'"' + (base64.b64encode(b"\x01") if mechanism == "OAUTHBEARER" else b"") + b'"\r\n')
        said = link.line()
    if said.startswith(b"OK"):
        link.send(b"LISTSCRIPTS\r\n")
        assert link.line().startswith(b"OK"), "it is in"
    link.close()
    return "OK" if said.startswith(b"OK") else said.decode()


def jmap_login(world: World, token: str, host: str = "") -> int:
    client = Jmap(world.server, "", "")
    client.headers = {"Authorization": f"Bearer {token}", **({"Host": host} if host else {})}
    return client.http("GET", "/.well-known/jmap")[0]


def dav_login(world: World, token: str, host: str = "127.0.0.1") -> str:
    """The status of what curl got of the address books, at a server of that name."""
    port = world.server.port("https")
    return world.run("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--oauth2-bearer", token, "-X", "PROPFIND", "-H", "Depth: 1",
                     "--connect-to", f"{host}:{port}:127.0.0.1:{port}", f"https://{host}:{port}/dav/addressbooks/")


def story_mail_programs_log_in_with_tokens(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.run("true")
    world.alias("countess", ada)
    world.wait_for_mail(bob)
    with World(world.server) as elsewhere, provided(world) as (provider, _):
        eve = elsewhere.user("eve")
        world.server.wait_until(lambda: smtp_login(world, "XOAUTH2", b"x") != "not offered", 10, "the offer")
        for algorithm in ("RS256", "ES256", "EdDSA"):
            token = provider.token(ada, algorithm)
            assert token.count(".") == 2
            for log_in in (imap_login, pop_login, smtp_login, sieve_login):
                assert log_in(world, "OAUTHBEARER", bearer(ada, token)) == "OK", (algorithm, log_in)
                said = log_in(world, "XOAUTH2", xoauth2(ada, token))
                assert said == "OK", (algorithm, log_in, said)
            assert jmap_login(world, token) == 200 and dav_login(world, token) == "207"
        assert "NO" in sieve_login(world, "OAUTHBEARER", bearer(bob, token)) and dav_login(world, token[:-8] + "AAAAAAAA") == "401"
        assert imap_login(world, "OAUTHBEARER", b"n,,\x01auth=Bearer " + token.encode() + b"\x01\x01") == "OK", "no name"
        assert "AUTHORIZATIONFAILED" in imap_login(world, "XOAUTH2", xoauth2(bob, token)), "of somebody else"
        world.server.run("user", "set", ada, "--protocols", "imap,web")
        assert pop_login(world, "XOAUTH2", xoauth2(ada, token)).startswith("b'-ERR"), "not for this protocol"
        world.server.run("user", "set", ada, "--protocols", "all", check=False)

        good = {"email": bob}
        assert imap_login(world, "XOAUTH2", xoauth2(bob, provider.sign(good))) == "OK"
        now = int(time.time())
        refused = {
            "not signed": provider.sign(good, alg="none"), "a shared secret": provider.sign(good, alg="HS256"),
            "expired": provider.sign({**good, "exp": now - 61}), "no end": provider.sign({**good, "exp": None}),
            "not yet": provider.sign({**good, "nbf": now + 120}), "from the future": provider.sign({**good, "iat": now + 120}),
            "for others": provider.sign({**good, "aud": "others"}), "for nobody": provider.sign({**good, "aud": None}),
            "of others": provider.sign({**good, "iss": "https://127.0.0.1:1"}), "of nobody": provider.sign({**good, "iss": None}),
            "another organisation's": provider.sign({"email": eve}), "no address": provider.sign({}),
            "no such account": provider.sign({"email": f"nobody@{world.domain}"}), "not verified": provider.sign({**good, "email_verified": False}),
            "no parts": "x.y.z", "another key": provider.sign(good, kid="unknown"),
            "changed": provider.sign(good)[:-8] + "AAAAAAAA", "text": "nonsense", "an address too many": provider.sign({"email": [bob]}),
        }
        for what, wrong in refused.items():
            said = jmap_login(world, wrong)
            assert said == 401, (what, said)
        for what in ("not signed", "a shared secret", "another organisation's"):
            assert "AUTHENTICATIONFAILED" in imap_login(world, "XOAUTH2", xoauth2(bob, refused[what])), what
        assert smtp_login(world, "OAUTHBEARER", bearer(bob, refused["expired"])).startswith("535 "), "expired"
        assert imap_login(world, "XOAUTH2", xoauth2(bob, provider.sign({**good, "exp": now - 20}))) == "OK", "clocks differ a little"
        # the other organisation trusts the same provider: each token is for one of them
        add(elsewhere, provider, "--client", "public", name="Ours")
        assert jmap_login(world, refused["another organisation's"]) == 200 and jmap_login(world, provider.sign(good)) == 200

        # new keys: the old ones are believed no more, once the new ones were seen
        old = provider.token(ada, "RS256")
        time.sleep(5)
        provider.rotate()
        assert jmap_login(world, provider.token(ada, "ES256")) == 200 and jmap_login(world, old) == 401


def story_opaque_tokens_are_asked_about(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.wait_for_mail(bob)
    with provided(world) as (provider, _):
        change = ("identity-provider", "set", "Company login", "--org", world.organisation)
        world.server.run(*change, "--tokens", "introspection")
        token = provider.token(ada, "opaque")
        assert token.count(".") == 0
        assert imap_login(world, "XOAUTH2", xoauth2(ada, token)) == "OK"
        assert smtp_login(world, "OAUTHBEARER", bearer(ada, token)) == "OK"
        assert "AUTHENTICATIONFAILED" in imap_login(world, "XOAUTH2", xoauth2(ada, "nonsense"))
        assert "AUTHORIZATIONFAILED" in imap_login(world, "XOAUTH2", xoauth2(bob, token))
        assert sieve_login(world, "OAUTHBEARER", bearer(ada, token)) == sieve_login(world, "XOAUTH2", xoauth2(ada, token)) == "OK"
        assert "NO" in sieve_login(world, "XOAUTH2", xoauth2(ada, "nonsense"))
        assert jmap_login(world, token) == 401 and dav_login(world, token) == "401", "nobody tells whose provider is to be asked"
        for host in (world.domain, f"mail.{world.domain}", f"a.mail.{world.domain}"):
            assert jmap_login(world, token, host) == 200 and dav_login(world, token, host) == "207", host
        for host in ("mail.example", "nowhere.example", world.domain.split(".")[1], f"{world.domain}.evil.example", "@", "..", ""):
            assert jmap_login(world, token, host or "x") == 401, host
        assert jmap_login(world, "nonsense", f"mail.{world.domain}") == 401 and dav_login(world, "nonsense", world.domain) == "401"
        Person(provider).request(f"{provider.issuer}/token/revocation", urlencode({"token": token, "client_id": "mailer"}))
        assert imap_login(world, "XOAUTH2", xoauth2(ada, token)) == "OK", "what was asked a moment ago"
        world.server.run(*change, "--secret-file", "-", stdin="wrong\n")
        assert "UNAVAILABLE" in imap_login(world, "XOAUTH2", xoauth2(bob, "another")), "our fault is not the person's"
        world.server.run(*change, "--secret-file", "-", stdin=SECRET + "\n")

        # it hangs, then it is gone: temporary, soon, and not for others; what was signed goes on to be believed
        world.server.run(*change, "--tokens", "jwt")
        signed = provider.sign({"email": ada})
        assert imap_login(world, "XOAUTH2", xoauth2(ada, signed)) == "OK"
        world.server.run(*change, "--tokens", "introspection")
        os.kill(provider.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        assert "UNAVAILABLE" in imap_login(world, "XOAUTH2", xoauth2(ada, "any1")) and time.monotonic() - began < 12
        began = time.monotonic()
        assert "UNAVAILABLE" in imap_login(world, "XOAUTH2", xoauth2(ada, "any2")) and time.monotonic() - began < 3, "it is left alone for a while"
        assert world.imap(bob).noop()[0] == "OK", "passwords go on"
        world.server.run(*change, "--tokens", "jwt")
        assert imap_login(world, "XOAUTH2", xoauth2(ada, signed)) == "OK", "its keys are known"
        os.kill(provider.process.pid, signal.SIGKILL)
        provider.process.wait()
        assert imap_login(world, "XOAUTH2", xoauth2(ada, signed)) == "OK"
        said = smtp_login(world, "XOAUTH2", xoauth2(ada, signed))
        assert said == "OK" or said.startswith("454"), f"another process may not know them: {said}"
        tested = world.server.api("POST", f"/identity-providers/Company%20login/test?organisation={quote(world.organisation)}")
        assert not tested["passed"] and tested["steps"][0]["step"] == "configuration", tested
        person = Person(provider)
        status, there = begin(world, person, world.server.api("GET", f"/identity-providers?organisation={quote(world.organisation)}")
                              ["identity_providers"][0]["id"], ada)
        assert status in (303, 503), (status, there)


def story_providers_are_checked(world: World) -> None:
    add_one = ("identity-provider", "add", "P", "--org", world.organisation, "--client", "c")
    for issuer, what in (("http://login.example.org", "https://"), ("https://", "https://"), ("ftp://x", "https://"), ("https://a b", "spaces"),
                         ("https://u@x", "address"), ("https://x?y", "address")):
        try:
            world.server.run(*add_one, "--issuer", issuer)
        except Failure as problem:
            assert what in str(problem), problem
        else:
            raise Failure(f"{issuer} was taken")
    world.server.run(*add_one, "--issuer", "https://127.0.0.1:1")
    for options in (("--scopes", "email"), ("--scopes", "openid  x"), ("--claim", ""), ("--tokens", "introspection"), ("--tokens", "magic"),
                    ("--domain", "other.example"), ("--certificates-file", "-")):
        try:
            world.server.run("identity-provider", "set", "P", "--org", world.organisation, *options, stdin="no certificate\n")
        except Failure:
            continue
        raise Failure(f"{options} was taken")
    assert "certificate" not in world.server.run("identity-provider", "show", "P", "--org", world.organisation).lower().replace("certificates", "")
    # who administers the organisation alone cannot have it vouch for more
    admin = world.user("admin")
    world.server.api("POST", "/grants", {"holder": admin, "role": "full-administrator", "scope": "organisation", "object": world.organisation})
    browser = logged_in(world, admin)
    path = f"/identity-providers/P?organisation={quote(world.organisation)}"
    assert browser.ask("PATCH", path, {"beyond": True})[0] == 403
    assert browser.ask("PATCH", path, {"client": "d"})[0] == 200
    helper = world.user("helper")
    world.server.api("POST", "/grants", {"holder": helper, "role": "administrator", "scope": "organisation", "object": world.organisation})
    assert logged_in(world, helper).ask("PATCH", path, {"client": "e"})[0] == 404, "it would open the accounts of higher ones"
    world.server.run("identity-provider", "remove", "P", "--org", world.organisation)
