"""The policy (MTA-STS) of domains that are served here: on the web, in the DNS assistant, and kept to by a sender."""
from __future__ import annotations

import http.client
import socket
import ssl

from certificates import make
from kit.dns import free_port
from kit.dns_stub import DnsStub
from kit.instance import Failure
from kit.sink import Sink
from kit.world import World
from outbound import one

PACKAGES = ["openssl"]
PRIVATE = True
DNS = DnsStub()
SETTINGS = {"dns": DNS.setting}
PAGE = "/.well-known/mta-sts.txt"


def get(world: World, host: str, method: str = "GET") -> tuple[int, str, str]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    web = http.client.HTTPSConnection("127.0.0.1", world.server.port("https"), timeout=30, context=context)
    try:
        web.request(method, PAGE, headers={"Host": host})
        answer = web.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read().decode()
    finally:
        web.close()


def mode(world: World, value: str, *where: str) -> None:
    world.server.run("filter", "set", "mta_sts", value, *(where or ("--org", world.organisation, "--domain", world.domain)))


def records(world: World) -> dict[str, dict]:
    answer = world.server.api("GET", f"/domains/{world.domain}/dns")
    return {"mode": answer["mta_sts"], **{one["purpose"]: one for one in answer["records"]}}


def wait_for(world: World, **states: str) -> dict[str, dict]:
    """What was looked up stays with the resolver for some seconds."""
    world.server.wait_until(lambda: all(records(world)[name.replace("_", "-")]["state"] == state for name, state in states.items()), 60, f"{states}")
    return records(world)


def story_a_policy_is_served_for_each_domain(world: World) -> None:
    server, host = world.server, f"mta-sts.{world.domain}"
    assert get(world, host)[0] == 404, "off by default"
    mode(world, "testing")
    status, kind, text = get(world, host)
    assert (status, kind, text) == (200, "text/plain", "version: STSv1\r\nmode: testing\r\nmx: mail.example.test\r\nmax_age: 604800\r\n"), (status, kind, text)
    for same in (f"{host}:8443", host.upper(), host + "."):
        assert get(world, same)[2] == text, same
    assert get(world, host, "HEAD")[:2] == (200, "text/plain") and get(world, host, "POST")[0] == 405
    for other in (world.domain, "mta-sts.elsewhere.example", "mta-sts.", "mta-sts", "", "mta-sts.[127.0.0.1]", "mta-sts." + "a" * 300, "mta-sts.mta-sts." + world.domain,
                  "mta-sts.x%00y", "mta-sts.'; DROP TABLE domain; --"):
        assert get(world, other)[0] in (400, 404), other

    # Each domain for itself, with what its organisation says where it says nothing.
    second = f"second.{world.domain}"
    server.run("domain", "add", second, "--org", world.organisation)
    server.run("backup-mx", "add", f"friend.{world.domain}", "--type", "host", "--org", world.organisation)
    assert get(world, f"mta-sts.{second}")[0] == 404
    mode(world, "enforce", "--org", world.organisation)
    assert "mode: enforce" in get(world, f"mta-sts.{second}")[2] and "mode: testing" in get(world, host)[2]
    assert get(world, f"mta-sts.friend.{world.domain}")[0] == 404, "its primary says what holds there"
    server.run("filter", "set", "mta_sts_hosts", "MAIL.example.test *.backup.example", "--org", world.organisation, "--domain", world.domain)
    server.run("filter", "set", "mta_sts_max_age", "30d", "--org", world.organisation, "--domain", world.domain)
    assert get(world, host)[2].endswith("mx: mail.example.test\r\nmx: *.backup.example\r\nmax_age: 2592000\r\n"), get(world, host)
    mode(world, "withdraw")
    assert "mode: none\r\n" in get(world, host)[2]
    mode(world, "off")
    assert get(world, host)[0] == 404
    for name, value in (("mta_sts", "none"), ("mta_sts_hosts", "a b=5"), ("mta_sts_hosts", "*.*.x"), ("mta_sts_hosts", "x*y"), ("mta_sts_max_age", "1h")):
        try:
            server.run("filter", "set", name, value, "--org", world.organisation)
        except Failure:
            continue
        raise Failure(f"{name} {value} was taken")
    with World(server) as other:
        assert get(world, f"mta-sts.{other.domain}")[0] == 404, "what another organisation says does not count"


def story_the_assistant_follows_the_policy(world: World) -> None:
    server, domain = world.server, world.domain
    DNS.put("mail.example.test", "A", "192.0.2.25")
    DNS.put(domain, "MX", "10 mail.example.test")
    shown = records(world)
    assert shown["mode"] == "off" and "mta-sts" not in shown and "mta-sts-host" not in shown, shown
    mode(world, "testing")
    first = records(world)
    assert first["mode"] == "testing" and (first["mta-sts"]["name"], first["mta-sts"]["state"]) == (f"_mta-sts.{domain}", "missing"), first
    assert (first["mta-sts-host"]["name"], first["mta-sts-host"]["value"]) == (f"mta-sts.{domain}", "mail.example.test."), first
    DNS.put(f"_mta-sts.{domain}", "TXT", first["mta-sts"]["value"])
    DNS.put(f"mta-sts.{domain}", "A", "192.0.2.25")
    wait_for(world, mta_sts="good", mta_sts_host="good")
    assert f"_mta-sts.{domain}" in server.run("domain", "dns", domain)
    mode(world, "enforce")
    stale = records(world)["mta-sts"]
    assert stale["value"] != first["mta-sts"]["value"] and stale["state"] == "different", stale
    mode(world, "testing")
    assert records(world)["mta-sts"]["value"] == first["mta-sts"]["value"], "the same policy, the same number"
    # An exchanger that the policy does not name would get nothing any more.
    DNS.put(domain, "MX", "10 mail.example.test", "20 mx2.backup.example")
    lost = wait_for(world, mta_sts="different")["mta-sts"]
    assert lost["detail"] == "mx2.backup.example", lost
    server.run("filter", "set", "mta_sts_hosts", "mail.example.test *.backup.example", "--org", world.organisation)
    DNS.put(f"_mta-sts.{domain}", "TXT", records(world)["mta-sts"]["value"])
    wait_for(world, mta_sts="good")


def shown_for(world: World, name: str) -> list[str]:
    """Names in the certificate that the web server shows to who asks for this one."""
    context = ssl.create_default_context(cafile=f"{world.server.data}/tls/one.pem")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with socket.create_connection(("127.0.0.1", world.server.port("https")), timeout=30) as wire, context.wrap_socket(wire, server_hostname=name) as tls:
        return [value for _, value in (tls.getpeercert() or {})["subjectAltName"]]


def missing(world: World) -> set[str]:
    return {one["name"] for one in world.server.api("GET", "/certificates/missing")["missing"]}


def story_a_name_without_a_certificate_is_shown_and_one_that_is_put_there_is_used(world: World) -> None:
    server, first, second = world.server, world.domain, f"second.{world.domain}"
    server.run("domain", "add", second, "--org", world.organisation)
    hosts = {f"mta-sts.{first}", f"mta-sts.{second}"}
    assert not missing(world) & hosts, "nobody asks for them"
    mode(world, "testing", "--org", world.organisation)
    assert hosts <= missing(world)
    mode(world, "off")
    assert missing(world) & hosts == {f"mta-sts.{second}"}
    mode(world, "enforce")
    assert f"mta-sts.{first}" in server.run("certificate", "missing")
    make(world, "one", f"mta-sts.{first}")
    server.run("reload")
    assert missing(world) & hosts == {f"mta-sts.{second}"}
    server.wait_until(lambda: shown_for(world, f"mta-sts.{first}") == [f"mta-sts.{first}"], 30, "the new certificate")
    make(world, "star", f"*.{second}")
    server.run("reload")
    assert not missing(world) & hosts, "a star stands for one label"


def story_a_sender_keeps_to_it(world: World) -> None:
    """Our own client, which asks as any other does: the record, the page with a certificate that fits, then the exchangers."""
    server, domain, port = world.server, world.domain, free_port()
    make(world, "policy", f"mta-sts.{domain}")
    server.run("reload")
    mode(world, "enforce")
    DNS.put(f"mta-sts.{domain}", "A", "127.0.0.1")
    DNS.put(f"_mta-sts.{domain}", "TXT", records(world)["mta-sts"]["value"])
    DNS.put(domain, "MX", "10 mail.example.test")
    DNS.put("mail.example.test", "A", "127.0.9.1")
    options = ("--dns", DNS.setting, "--mx-port", str(port), "--timeout", "5", "--ca", f"{server.data}/tls/policy.pem", "--mx", domain)
    with Sink("127.0.9.1", port) as plain:
        sent = one(world, *options, "--sts-port", str(free_port()))
        assert sent.verdict == "relayed", f"without the page it goes in clear: {sent}"
        sent = one(world, *options, "--sts-port", str(server.port("https")))
        assert (sent.verdict, sent.enhanced) == ("deferred", "4.7.4") and len(plain.mails) == 1, sent
