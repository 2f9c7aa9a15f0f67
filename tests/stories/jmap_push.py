"""Push subscriptions (RFC 8620, 7.2): a push service on loopback is told of changes, and what is not told, and where it does not go."""
from __future__ import annotations

import base64
import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading

from filter import DNS
from kit.dns import free_port
from kit.instance import Failure
from kit.jmap import Jmap
from kit.sink import Authority
from kit.world import PASSWORD, World
from reload import set_config

PACKAGES = ["openssl", "nodejs"]
PRIVATE = True
SETTINGS = {"dns": DNS.setting, "plaintext_login": "loopback", "push_networks": "127.0.9.0/29"}
BROWSER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kit", "web_push.mjs")


def browser(command: str, text: str = "") -> dict:
    done = subprocess.run(["node", BROWSER, command], input=text, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Failure(f"the browser cannot {command}: {done.stderr}")
    return json.loads(done.stdout)


class Service:
    """A push service; `says[path]` is the status that it answers with, 201 unless said otherwise."""

    def __init__(self, address: str, port: int, tls: ssl.SSLContext) -> None:
        service = self
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.says: dict[str, int] = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(service.says.get(self.path, 201))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.server.daemon_threads = True
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> "Service":
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def of(self, path: str) -> list[tuple[str, dict[str, str], bytes]]:
        return [one for one in self.got if one[0] == path]


def trust(world: World) -> Authority:
    authority = Authority(world.folder, "push")
    trusted = os.path.join(world.server.data, "tls", "push.pem")
    shutil.copyfile(authority.file, trusted)
    os.chmod(trusted, 0o644)
    set_config(world, trusted_certificates=trusted)
    world.server.run("restart")
    DNS.put("push.test", "A", "127.0.9.1")
    return authority


def subscribe(jmap: Jmap, url: str, **more: object) -> dict:
    answer = plain(jmap, "PushSubscription/set", create={"s": {"deviceClientId": "d", "url": url, **more}})
    if not answer["created"]:
        raise Failure(f"not created: {answer['notCreated']}")
    return answer["created"]["s"]


def plain(jmap: Jmap, method: str, **arguments: object) -> dict:
    """A call without an account."""
    name, answer, _ = jmap.request([[method, arguments, "0"]])["methodResponses"][0]
    return {"error": answer} if name == "error" else answer


def wait(world: World, condition, what: str) -> None:
    world.server.wait_until(condition, 60, what)


def verified(world: World, jmap: Jmap, service: Service, path: str, base: str, **more: object) -> str:
    """A subscription without encryption, whose code came and was given back; its id."""
    id_ = subscribe(jmap, base + path, **more)["id"]
    wait(world, lambda: service.of(path), "the code")
    code = json.loads(service.of(path)[0][2])
    assert code["@type"] == "PushVerification" and code["pushSubscriptionId"] == id_, code
    assert plain(jmap, "PushSubscription/set", update={id_: {"verificationCode": code["verificationCode"]}})["updated"] == {id_: None}
    return id_


def story_changes_are_pushed_after_the_code_was_given_back(world: World) -> None:
    ada = world.user("ada")
    port, authority = free_port(), trust(world)
    base = f"https://push.test:{port}"
    jmap = Jmap(world.server, ada, PASSWORD)
    with Service("127.0.9.1", port, authority.server("push.test")) as service:
        id_ = subscribe(jmap, base + "/plain", types=["Email", "Mailbox"])["id"]
        wait(world, lambda: service.of("/plain"), "the code")
        path, headers, body = service.of("/plain")[0]
        code = json.loads(body)
        assert headers["content-type"] == "application/json" and headers["ttl"] and headers["authorization"].startswith("vapid t=")
        # nothing else is told before the code is back, and a wrong one is none
        world.send(ada)
        wrong = plain(jmap, "PushSubscription/set", update={id_: {"verificationCode": "no"}})
        assert wrong["notUpdated"][id_]["properties"] == ["verificationCode"], wrong
        assert plain(jmap, "PushSubscription/set", update={id_: {"verificationCode": code["verificationCode"]}})["updated"] == {id_: None}
        world.send(ada)
        wait(world, lambda: len(service.of("/plain")) > 1, "a change")
        change = json.loads(service.of("/plain")[1][2])
        assert change["@type"] == "StateChange" and set(change["changed"][jmap.account]) == {"Email", "Mailbox"}, change
        # what the state says is what Email/get says, sooner or later
        wait(world, lambda: json.loads(service.of("/plain")[-1][2])["changed"][jmap.account]["Email"] ==
             jmap.call("Email/get", ids=[])["state"], "the newest state")
        listed = plain(jmap, "PushSubscription/get", ids=None)
        assert "state" not in listed and "accountId" not in listed
        assert listed["list"][0]["verificationCode"] == code["verificationCode"] and "url" not in listed["list"][0], listed
        assert plain(jmap, "PushSubscription/get", ids=None, properties=["url"])["error"]["type"] == "forbidden"
        assert plain(jmap, "PushSubscription/set", destroy=[id_])["destroyed"] == [id_]
        told = len(service.of("/plain"))
        verified(world, jmap, service, "/other", base)
        world.send(ada)
        wait(world, lambda: len(service.of("/other")) > 1, "a change of the other")
        assert len(service.of("/plain")) == told


def story_new_mail_is_told_apart_from_all_other_changes(world: World) -> None:
    """EmailDelivery (RFC 8621, 1.5): a device that wants nothing else is not woken by what is read, marked, moved, drafted or sent."""
    ada = world.user("ada")
    port, authority = free_port(), trust(world)
    jmap = Jmap(world.server, ada, PASSWORD)
    with Service("127.0.9.1", port, authority.server("push.test")) as service:
        verified(world, jmap, service, "/d", f"https://push.test:{port}", types=["EmailDelivery"])
        verified(world, jmap, service, "/all", f"https://push.test:{port}", types=["Email"])
        world.send(ada)
        wait(world, lambda: len(service.of("/d")) == 2, "the delivery")
        change = json.loads(service.of("/d")[1][2])
        assert list(change["changed"][jmap.account]) == ["EmailDelivery"], change
        id_ = jmap.call("Email/query")["ids"][0]
        jmap.call("Email/set", update={id_: {"keywords/$seen": True}})
        jmap.call("Email/set", update={id_: {"mailboxIds": {jmap.mailbox("archive"): True}}})
        jmap.call("Email/set", create={"d": {"mailboxIds": {jmap.mailbox("drafts"): True}, "keywords": {"$draft": True}, "subject": "draft"}})
        wait(world, lambda: json.loads(service.of("/all")[-1][2])["changed"][jmap.account]["Email"] ==
             jmap.call("Email/get", ids=[])["state"], "all that was told to the other one")
        assert len(service.of("/d")) == 2, service.of("/d")
        world.send(ada)
        wait(world, lambda: len(service.of("/d")) == 3, "the second delivery")


def story_a_push_is_encrypted_and_signed(world: World) -> None:
    """RFC 8291 and 8292, read by another implementation."""
    ada = world.user("ada")
    port, authority = free_port(), trust(world)
    base = f"https://push.test:{port}"
    jmap, keys = Jmap(world.server, ada, PASSWORD), browser("keys")
    with Service("127.0.9.1", port, authority.server("push.test")) as service:
        id_ = subscribe(jmap, base + "/e", keys={"p256dh": keys["p256dh"], "auth": keys["auth"]})["id"]

        def read(at: int) -> tuple[dict, dict]:
            wait(world, lambda: len(service.of("/e")) > at, "a push")
            _, headers, body = service.of("/e")[at]
            assert headers["content-encoding"] == "aes128gcm" and len(body) <= 4096, headers
            opened = browser("open", json.dumps({**keys, "body": base64.b64encode(body).decode(), "authorization": headers["authorization"]}))
            return json.loads(opened["text"]), opened["sender"]

        code, sender = read(0)
        offered = jmap.session["capabilities"]["urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"]
        assert sender["isSigned"] and sender["key"] == offered and sender["claims"]["aud"] == base, sender
        assert sender["head"]["alg"] == "ES256" and sender["claims"]["sub"].startswith("https://"), sender
        plain(jmap, "PushSubscription/set", update={id_: {"verificationCode": code["verificationCode"]}})
        world.send(ada)
        change, _ = read(1)
        assert change["@type"] == "StateChange" and jmap.account in change["changed"], change
        # the key stays when the server starts again
        world.server.stop()
        world.server.start()
        again = Jmap(world.server, ada, PASSWORD).session["capabilities"]["urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"]
        assert again == offered
        # and who was told of before is told of now
        told = len(service.of("/e"))
        world.send(ada)
        wait(world, lambda: len(service.of("/e")) > told, "a push after the start")


def story_what_a_push_service_refuses_is_tried_again_or_forgotten(world: World) -> None:
    ada = world.user("ada")
    port, authority = free_port(), trust(world)
    base = f"https://push.test:{port}"
    jmap = Jmap(world.server, ada, PASSWORD)
    with Service("127.0.9.1", port, authority.server("push.test")) as service:
        verified(world, jmap, service, "/busy", base)
        gone = verified(world, jmap, service, "/gone", base)
        service.says = {"/busy": 503, "/gone": 410}
        world.send(ada)
        wait(world, lambda: len(service.of("/busy")) > 2, "a second attempt")
        wait(world, lambda: plain(jmap, "PushSubscription/get", ids=[gone])["notFound"] == [gone], "the one that is gone to be gone")
        service.says = {}
        tries = len(service.of("/busy"))
        wait(world, lambda: len(service.of("/busy")) > tries, "the last attempt")
        wait(world, lambda: json.loads(service.of("/busy")[-1][2])["changed"][jmap.account]["Email"] ==
             jmap.call("Email/get", ids=[])["state"], "the newest state")


def story_a_subscription_ends_with_the_password(world: World) -> None:
    ada = world.user("ada")
    port, authority = free_port(), trust(world)
    base = f"https://push.test:{port}"
    jmap = Jmap(world.server, ada, PASSWORD)
    with Service("127.0.9.1", port, authority.server("push.test")) as service:
        verified(world, jmap, service, "/p", base)
        world.server.run("user", "passwd", ada, "--password-file", "-", stdin="another secret 1\n")
        jmap = Jmap(world.server, ada, "another secret 1")
        assert plain(jmap, "PushSubscription/get", ids=None)["list"] == []
        told = len(service.of("/p"))
        verified(world, jmap, service, "/q", base)
        world.send(ada)
        wait(world, lambda: len(service.of("/q")) > 1, "a push to the new one")
        assert len(service.of("/p")) == told


def story_nothing_is_pushed_into_private_networks(world: World) -> None:
    """By a name, an address, another port of this host, plain HTTP: refused when it is made, or never reached."""
    ada = world.user("ada")
    port, authority = free_port(), trust(world)
    DNS.put("inside.test", "A", "127.0.0.1")
    jmap = Jmap(world.server, ada, PASSWORD)
    for url, name in (("http://push.test/x", "url"), ("ftp://push.test/", "url"), ("https://", ""), ("https://a b.test/", "url"),
                      ("https://push.test/" + "x" * 3000, "url")):
        answer = plain(jmap, "PushSubscription/set", create={"s": {"deviceClientId": "d", "url": url}})
        assert not name or answer["notCreated"]["s"]["properties"] == [name], (url, answer)
    for wrong, name in (({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "keys"), ({"expires": "yesterday"}, "expires"),
                        ({"expires": "2001-01-01T00:00:00Z"}, "expires"), ({"types": "Email"}, "types"), ({"verificationCode": "x"}, "verificationCode"),
                        ({"deviceClientId": ""}, "deviceClientId"), ({"id": "x"}, "id"),
                        ({"keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22}}, "keys")):
        answer = plain(jmap, "PushSubscription/set", create={"s": {"deviceClientId": "d", "url": "https://push.test/", **wrong}})
        assert answer["notCreated"]["s"]["properties"] == [name], (wrong, answer)
    with Service("127.0.0.1", port, authority.server("inside.test")) as inside, \
            Service("127.0.9.1", port, authority.server("push.test")) as outside:
        for host in ("inside.test", "127.0.0.1", "[::1]", "localhost"):
            subscribe(jmap, f"https://{host}:{port}/in")
        subscribe(jmap, f"https://push.test:{port}/out")
        wait(world, lambda: outside.of("/out"), "the code at a permitted address")
        # those with an address for a name are forgotten, the others are tried again, later
        wait(world, lambda: world.server.log().count("jmap.push.failed") + world.server.log().count("jmap.push.gone") >= 4, "four failures")
        assert not inside.got, inside.got
    # no more than twenty
    for number in range(20):
        answer = plain(jmap, "PushSubscription/set", create={"s": {"deviceClientId": str(number), "url": f"https://push.test/{number}"}})
    assert answer["notCreated"]["s"]["type"] == "overQuota", answer
