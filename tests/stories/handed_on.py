"""What leaves in our name is signed; what is handed on is sealed (ARC), and the seals of others are checked. dkimpy is the other side."""
from __future__ import annotations

import base64
import email
import email.policy
import subprocess

from filter import DNS, Outside, field, offer
from kit.remote import Remote, reserve_port
from kit.world import World
from sieve import put
from smtp import submission

PACKAGES = ["python3-dkim", "python3-authres", "python3-dnspython", "openssl"]
PRIVATE = True
PORT = reserve_port()
SETTINGS = {"dns": DNS.setting, "trusted_proxies": "127.0.0.77/32", "outbound_port": str(PORT), "retry_min": "1s", "retry_max": "2s"}
DNS.put("far.test", "MX", "10 mx.far.test")
DNS.put("mx.far.test", "A", "127.0.0.2")

# The package's own names, with keys from the same name server.
COMMON = """
import sys, dkim, dns.resolver
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ['127.0.0.1'], int(sys.argv[1])
def txt(name, timeout=5):
    return b''.join(resolver.resolve(name.decode().rstrip('.'), 'TXT')[0].strings)
mail = sys.stdin.buffer.read()
"""
SEAL = COMMON + """
lines = dkim.arc_sign(mail, b's1', sys.argv[2].encode(), open(sys.argv[3], 'rb').read(), sys.argv[4].encode())
sys.stdout.buffer.write(b''.join(lines) + mail)
"""
CHECK_ARC = COMMON + """
cv, results, why = dkim.arc_verify(mail, dnsfunc=txt)
print((cv or b'none').decode(), len(results or []), why)
"""
CHECK_DKIM = COMMON + """
print(dkim.verify(mail, dnsfunc=txt))
"""


def foreign(script: str, mail: bytes, *words: str) -> bytes:
    done = subprocess.run(["/usr/bin/python3", "-c", script, str(DNS.port), *words], input=mail, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def key(world: World, domain: str) -> str:
    """A key of another server, published; the file with its private half."""
    path = f"{world.folder}/{domain}.pem"
    world.run("openssl", "genrsa", "-traditional", "-out", path, "2048")
    der = subprocess.run(["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
    DNS.put(f"s1._domainkey.{domain}", "TXT", "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode())
    return path


def sealed(world: World, mail: str, domain: str, path: str, results: str) -> str:
    """As a list at `domain` would hand it on: with its seal, and what it found."""
    whole = f"Authentication-Results: {domain}; {results}\r\n" + mail
    return foreign(SEAL, whole.encode(), domain, path, domain).decode()


def our_key(world: World, domain: str) -> None:
    made = world.server.api("POST", "/dkim", {"domain": domain, "selector": "s1"})
    DNS.put(made["name"], "TXT", made["value"])


MAIL = "From: Boss <boss@strict.test>\r\nTo: list@list.test\r\nSubject: pay\r\nDate: Mon, 01 Nov 2021 10:00:00 +0100\r\nMessage-ID: <1@strict.test>\r\n\r\nnow \r\n\r\n"


def results_of(mail: bytes) -> str:
    return field(mail, "Authentication-Results")[0]


def story_a_seal_that_is_trusted_saves_mail_from_dmarc(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("strict.test", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    DNS.put("_dmarc.strict.test", "TXT", "v=DMARC1; p=reject")
    path, other = key(world, "list.test"), key(world, "other.test")
    good = sealed(world, MAIL, "list.test", path, "dmarc=pass header.from=strict.test")
    peer, sender = "198.51.100.1", "bounce@list.test"
    assert offer(world, ada, good, peer, sender)[0] == 550, "nobody is trusted yet"
    server.run("filter", "set", "arc_trusted", "list.test", "--org", world.organisation)
    assert offer(world, ada, good, peer, sender)[0] == 250
    said = results_of(world.mails(ada)[0])
    assert "; arc=pass" in said and "dmarc=fail (p=reject, passed for list.test)" in said, said
    assert "sealer=list.test" in server.log()
    wrong = {
        "another body": good.replace("now ", "never "),
        "another subject": good.replace("Subject: pay", "Subject: pay me"),
        "another result": good.replace("dmarc=pass", "dmarc=pass "  "smtp.x=1"),
        "a seal of somebody else": sealed(world, MAIL, "other.test", other, "dmarc=pass header.from=strict.test"),
        "no pass": sealed(world, MAIL, "list.test", path, "dmarc=fail header.from=strict.test"),
        "a pass for another": sealed(world, MAIL, "list.test", path, "dmarc=pass header.from=good.test"),
        "a set that is not whole": good.replace("ARC-Seal:", "X-Seal:"),
    }
    for what, mail in wrong.items():
        assert offer(world, ada, mail, peer, sender)[0] == 550, what
    two = sealed(world, good, "other.test", other, "arc=pass; dmarc=fail header.from=strict.test")
    assert offer(world, ada, two, peer, sender)[0] == 550, "the newest sealer is not trusted"
    server.run("filter", "set", "arc_trusted", "list.test other.test", "--org", world.organisation)
    code, text = offer(world, ada, two, peer, sender)
    assert code == 250, (code, text)
    DNS.trouble["s1._domainkey.list.test"] = "servfail"
    server.run("restart")
    code, text = offer(world, ada, good, peer, sender)
    assert code == 451, (code, text, "cannot tell now")
    del DNS.trouble["s1._domainkey.list.test"]
    server.run("filter", "set", "arc", "off")
    assert offer(world, ada, MAIL.replace("strict.test", "outside.test"), peer, sender)[0] == 250
    assert "; arc=" not in results_of(world.mails(ada)[-1])


def story_what_is_handed_on_carries_our_seal(world: World) -> None:
    world.user("ada")
    our_key(world, world.domain)
    gate = world.alias("gate", "bob@far.test")
    path = key(world, "list.test")
    with Remote(port=PORT) as sink:
        assert offer(world, gate, MAIL.replace("strict.test", "outside.test"), sender="x@outside.test")[0] == 250
        first = sink.wait_for(1)[0].data
        said = foreign(CHECK_ARC, first).decode()
        assert said.startswith("pass 1 "), (said, first.decode())
        assert field(first, "ARC-Authentication-Results")[0].startswith("i=1; mail.example.test; ") and "; arc=none" in field(first, "ARC-Authentication-Results")[0]
        assert f"d={world.domain};" in field(first, "ARC-Seal")[0] and "cv=none" in field(first, "ARC-Seal")[0]
        chain = sealed(world, MAIL.replace("strict.test", "outside.test"), "list.test", path, "dmarc=none header.from=outside.test")
        assert offer(world, gate, chain, sender="x@outside.test")[0] == 250
        second = sink.wait_for(2)[1].data
        assert foreign(CHECK_ARC, second).decode().startswith("pass 2 "), second.decode()
        assert "cv=pass" in field(second, "ARC-Seal")[0]
        assert offer(world, gate, chain.replace("now ", "never "), sender="x@outside.test")[0] == 250
        broken = sink.wait_for(3)[2].data
        assert "cv=fail" in field(broken, "ARC-Seal")[0] and field(broken, "ARC-Seal")[0].startswith("i=2;"), broken.decode()
        assert not foreign(CHECK_ARC, broken).decode().startswith("pass"), broken.decode()
        # our own seal comes back, and holds
        ada = f"ada@{world.domain}"
        assert offer(world, ada, second.decode(), "203.0.113.7", "x@outside.test")[0] == 250
        assert "; arc=pass" in results_of(world.mails(ada)[0]), results_of(world.mails(ada)[0])
        # a result in our name that a user writes is not sealed
        with submission(world, ada) as smtp:
            smtp.sendmail(ada, gate, f"Authentication-Results: mail.example.test; arc=none; dmarc=pass header.from=bank.test\r\nFrom: {ada}\r\nSubject: x\r\n\r\ny\r\n".encode())
        own = sink.wait_for(4)[3].data
        assert b"bank.test" not in own and field(own, "ARC-Seal") == [], own.decode()


def story_what_rules_redirect_is_sealed_too(world: World) -> None:
    ada = world.user("ada")
    our_key(world, world.domain)
    put(world, ada, 'redirect "bob@far.test";')
    with Remote(port=PORT) as sink:
        assert offer(world, ada, MAIL.replace("strict.test", "outside.test"), sender="x@outside.test")[0] == 250
        data = sink.wait_for(1)[0].data
        assert foreign(CHECK_ARC, data).decode().startswith("pass 1 ") and field(data, "Delivered-To") == [ada], data.decode()
        bob = world.user("bob")
        world.server.run("user", "set", bob, "--forward", "bob@far.test")
        assert offer(world, bob, MAIL.replace("strict.test", "outside.test"), sender="x@outside.test")[0] == 250
        data = sink.wait_for(2)[1].data
        assert foreign(CHECK_ARC, data).decode().startswith("pass 1 "), data.decode()


def story_what_a_list_spreads_is_sealed_for_members_elsewhere(world: World) -> None:
    our_key(world, world.domain)
    ada, staff, team = world.user("ada"), f"staff@{world.domain}", f"team@{world.domain}"
    world.server.run("group", "add", staff, "--name", "Staff", "--members", f"{ada},bob@far.test", "--list", "yes")
    world.server.run("group", "add", team, "--name", "Team", "--members", f"{ada},bob@far.test")
    with Remote(port=PORT) as sink:
        for number, to in enumerate((staff, team), 1):
            world.server.wait_until(lambda: offer(world, to, MAIL.replace("strict.test", "outside.test"), sender="x@outside.test")[0] == 250,
                                    20, f"mail for {to}")
            data = sink.wait_for(number)[-1].data
            assert foreign(CHECK_ARC, data).decode().startswith("pass 1 "), data.decode()
            assert f"d={world.domain};" in field(data, "ARC-Seal")[0], data.decode()
            assert bool(field(data, "List-Id")) == (to == staff) == bool(field(data, "DKIM-Signature")), data.decode()


def story_notices_and_replies_of_ours_are_signed(world: World) -> None:
    ada, server = world.user("ada"), world.server
    server.run("domain", "add", "example.test", "--org", world.organisation)
    our_key(world, world.domain)
    our_key(world, "example.test")
    text = world.write("text", "Away until Monday.\n")
    server.run("vacation", "set", ada, "--text-file", text, "--outside-text-file", text)
    gate = world.alias("gate", "nobody@far.test")
    with Remote(port=PORT) as sink:
        assert offer(world, ada, f"From: zoe@far.test\r\nTo: {ada}\r\nSubject: hello\r\nMessage-ID: <1@far.test>\r\n\r\nhello\r\n", sender="zoe@far.test")[0] == 250
        reply = sink.wait_for(1)[0].data
        assert f"d={world.domain};" in field(reply, "DKIM-Signature")[0], reply.decode()
        assert foreign(CHECK_DKIM, reply).strip() == b"True", reply.decode()
        sink.answer("RCPT", "550 5.1.1 No such user here", holding="nobody@")
        assert offer(world, gate, "From: zoe@far.test\r\nSubject: x\r\n\r\nhello\r\n", sender="zoe@far.test")[0] == 250
        notice = sink.wait_for(2)[1]
        assert notice.sender == "" and notice.recipients == ["zoe@far.test"], notice
        assert "d=example.test;" in field(notice.data, "DKIM-Signature")[0], notice.data.decode()
        assert foreign(CHECK_DKIM, notice.data).strip() == b"True", notice.data.decode()
