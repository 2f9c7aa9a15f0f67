"""What is refused, marked and let through: lists, scanners that run, hang, lie and are away, SPF, DKIM and DMARC."""
from __future__ import annotations

import email
import email.header
import email.utils
import json
import smtplib
import socket
import subprocess
import time

from kit.dns_stub import DnsStub
from kit.scanners import EICAR, GTUBE, Clamd, FalseMilter, FalseScanner, Opendkim, Rspamd, Spamd
from kit.world import PASSWORD, World
from smtp import submission

PACKAGES = ["clamav-daemon", "rspamd", "spamd", "opendkim", "python3-dkim", "python3-dnspython"]
PRIVATE = True
DNS = DnsStub()
SETTINGS = {"dns": DNS.setting, "trusted_proxies": "127.0.0.77/32"}
ATTACHMENT = ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee there\r\n--b\r\n"
              "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.com\r\n\r\n"
              + EICAR + "\r\n--b--\r\n")


HAM = ("From: Ada Lovelace <x@outside.test>\r\nTo: Bob <bob@example.test>\r\nSubject: minutes of the meeting\r\n"
       f"Date: {email.utils.formatdate()}\r\nMessage-ID: <12345.678@outside.test>\r\nMIME-Version: 1.0\r\n"
       "Content-Type: text/plain; charset=utf-8\r\n\r\nDear Bob,\r\n\r\nhere are the minutes of our meeting on Tuesday.\r\n"
       "Please tell me what is missing.\r\n\r\nAda\r\n")


class Outside(smtplib.SMTP):
    """From an address of the Internet, which the proxy in front of us names."""

    def __init__(self, world: World, peer: str = "192.0.2.1", helo: str = "client.example.com", port: str = "smtp") -> None:
        self.peer = peer
        super().__init__("127.0.0.1", world.server.port(port), helo, timeout=60)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        link = socket.create_connection((host, port), timeout, ("127.0.0.77", 0))
        kind = "TCP6" if ":" in self.peer else "TCP4"
        target = "2001:db8::25" if ":" in self.peer else "192.0.2.25"
        link.sendall(f"PROXY {kind} {self.peer} {target} 40000 25\r\n".encode())
        return link


def offer(world: World, recipient: str, mail: str, peer: str = "192.0.2.1", sender: str = "x@outside.test") -> tuple[int, str]:
    """Code and text of the reply to the end of data, or of the first refusal."""
    try:
        with Outside(world, peer) as smtp:
            smtp.ehlo()
            for code, text in (smtp.mail(sender), smtp.rcpt(recipient)):
                if code != 250:
                    return code, text.decode()
            code, text = smtp.data(mail.encode())
            return code, text.decode()
    except smtplib.SMTPConnectError as problem:
        return problem.smtp_code, problem.smtp_error.decode()


def subject(words: str) -> str:
    return f"From: x@outside.test\r\nSubject: {words}\r\n\r\nhello\r\n"


def field(mail: bytes, name: str) -> list[str]:
    return [" ".join(value.split()) for value in email.message_from_bytes(mail).get_all(name, [])]


def story_block_and_allow_lists_hold_from_the_next_connection_on(world: World) -> None:
    ada, server = world.user("ada"), world.server
    assert offer(world, ada, subject("one"))[0] == 250
    server.run("block", "add", "192.0.2.0/24", "--note", "spam")
    code, text = offer(world, ada, subject("two"))
    assert code == 554 and text.startswith("5.7.1"), (code, text)
    assert offer(world, ada, subject("three"), "198.51.100.1")[0] == 250
    server.run("allow", "add", "192.0.2.1")
    assert offer(world, ada, subject("four"))[0] == 250, "allow wins"
    assert offer(world, ada, subject("five"), "192.0.2.2")[0] == 554
    server.run("block", "remove", "192.0.2.0/24")
    assert offer(world, ada, subject("six"), "192.0.2.2")[0] == 250
    server.run("block", "add", "bad.test")
    assert offer(world, ada, subject("seven"), "198.51.100.1", "x@sub.bad.test")[0] == 554
    assert offer(world, ada, subject("eight"), "192.0.2.1", "x@sub.bad.test")[0] == 250, "an allowed peer may"
    server.run("block", "add", "2001:db8:1::/48")
    assert offer(world, ada, subject("nine"), "2001:db8:1::7")[0] == 554
    assert offer(world, ada, subject("ten"), "2001:db8:2::7")[0] == 250
    listed = server.run("block", "list")
    assert "bad.test" in listed and "2001:db8:1::/48" in listed and "spam" not in listed, listed
    assert world.count(ada) == 6
    audit = server.api("GET", "/audit")["entries"]
    assert [entry["action"] for entry in audit[:2]] == ["block.add", "block.add"], audit[:3]


def story_an_organisation_has_lists_of_its_own(world: World) -> None:
    ada = world.user("ada")
    with World(world.server) as other:
        bob = other.user("bob")
        world.server.run("block", "add", "outside.test", "--org", world.organisation)
        code, text = offer(world, ada, subject("no"))
        assert (code, text[:5]) == (554, "5.7.1"), (code, text)
        assert offer(world, bob, subject("yes"))[0] == 250
        world.server.run("block", "remove", "outside.test", "--org", world.organisation)
        assert offer(world, ada, subject("yes"))[0] == 250


def story_what_is_infected_is_refused_and_nothing_comes_in_unscanned(world: World) -> None:
    ada, server = world.user("ada"), world.server
    with Clamd() as clamd:
        server.run("filter", "set", "clamd", clamd.address)
        server.run("filter", "set", "scan_timeout", "3s")
        code, text = offer(world, ada, "Subject: a gift\r\n" + ATTACHMENT)
        assert code == 554 and "5.7.1" in text and "Test.EICAR" in text, (code, text)
        forged = "X-Virus-Scanned: by the sender\r\nX-Virus-Status: Clean, honest\r\n" + subject("clean")
        assert offer(world, ada, forged)[0] == 250
        mail = world.mails(ada)[0]
        assert field(mail, "X-Virus-Scanned") == ["ClamAV at mail.example.test"] and field(mail, "X-Virus-Status") == ["Clean"]
        clamd.freeze()
        code, text = offer(world, ada, subject("while it hangs"))
        assert code == 451 and "4.7.1" in text, (code, text)
        clamd.thaw()
    assert offer(world, ada, subject("while it is away"))[0] == 451
    for lie in (b"", b"stream: O", b"stream: OK", b"HTTP/1.0 200 OK\r\n\r\n", b"stream: no size limit ERROR\0", b"\0\0\0",
                b"stream: " + b"x" * 100000 + b"\0", "flood", "silence", "reset"):
        with FalseScanner(lie) as liar:
            server.run("filter", "set", "clamd", liar.address)
            assert offer(world, ada, subject("lied to"))[0] == 451, lie
    assert world.count(ada) == 1
    server.run("filter", "set", "on_scanner_failure", "accept", "--org", world.organisation)
    assert offer(world, ada, subject("as the administrator wants"))[0] == 250
    assert field(world.mails(ada)[1], "X-Virus-Scanned") == []
    log = server.log()
    assert "filter.scanner" in log and "reason=infected" in log and "Test.EICAR" in log


def story_the_clamd_of_a_large_message_says_no_before_its_end(world: World) -> None:
    ada = world.user("ada")
    with Clamd(stream_max="1M") as clamd:
        world.server.run("filter", "set", "clamd", clamd.address)
        large = subject("large") + ("x" * 70 + "\r\n") * 60000
        assert offer(world, ada, large)[0] == 451, "it was not looked at as a whole"
        assert offer(world, ada, subject("small"))[0] == 250


def story_gtube_by_rspamd_goes_where_the_settings_say(world: World) -> None:
    ada, server = world.user("ada"), world.server
    spam = subject("offer") + GTUBE + "\r\n"
    with Rspamd() as rspamd:
        server.run("filter", "set", "rspamd", rspamd.address)
        code, text = offer(world, ada, spam)
        assert code == 554 and "5.7.1" in text and "spam" in text, (code, text)
        assert offer(world, ada, "X-Spam-Flag: NO\r\n" + HAM)[0] == 250
        assert field(world.mails(ada)[0], "X-Spam-Flag") == [] and "score=" in field(world.mails(ada)[0], "X-Spam-Status")[0]
        server.run("filter", "set", "on_spam", "junk", "--org", world.organisation)
        assert offer(world, ada, spam)[0] == 250
        assert world.count(ada, "Junk") == 1 and world.count(ada) == 1
        assert field(world.mails(ada, "Junk")[0], "X-Spam-Flag") == ["YES"]
        server.run("allow", "add", "z@outside.test", "--org", world.organisation)
        assert offer(world, ada, spam, sender="z@outside.test")[0] == 250 and world.count(ada) == 2, "allowed by the organisation"
        server.run("allow", "add", "x@outside.test")
        assert offer(world, ada, spam)[0] == 250 and world.count(ada) == 3, "an allowed sender is not judged"
        server.run("filter", "set", "scan_timeout", "2s")
        rspamd.freeze()
        assert offer(world, ada, subject("later"), sender="y@outside.test")[0] == 451
        rspamd.thaw()
    for lie in (b"HTTP/1.0 200 OK\r\n\r\n{}", b'HTTP/1.0 200 OK\r\n\r\n{"action": "no action"', b"HTTP/1.0 500 no\r\n\r\n",
                b'HTTP/1.0 200 OK\r\n\r\n{"action": "fine", "score": 1}', b'HTTP/1.0 200 OK\r\n\r\n{"action": "no action"}', b"{}"):
        with FalseScanner(lie) as liar:
            server.run("filter", "set", "rspamd", liar.address)
            assert offer(world, ada, subject("lied to"), sender="y@outside.test")[0] == 451, lie


def story_gtube_by_spamassassin_goes_to_junk(world: World) -> None:
    ada, server = world.user("ada"), world.server
    with Spamd() as spamd:
        server.run("filter", "set", "spamd", spamd.address)
        assert offer(world, ada, subject("offer") + GTUBE + "\r\n")[0] == 250
        assert world.count(ada, "Junk") == 1
        assert offer(world, ada, HAM)[0] == 250 and world.count(ada) == 1
        server.run("filter", "set", "on_junk", "tag", "--org", world.organisation)
        assert offer(world, ada, subject("offer") + GTUBE + "\r\n")[0] == 250
        assert (world.count(ada, "Junk"), world.count(ada)) == (1, 2), "only marked"
        assert field(world.mails(ada)[-1], "X-Spam-Flag") == ["YES"] and field(world.mails(ada)[0], "X-Spam-Flag") == []
        with World(server) as other:
            bob = other.user("bob")
            with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=60) as smtp:
                assert smtp.sendmail("x@outside.test", [ada, bob], (subject("offer") + GTUBE + "\r\n").encode()) == {}
            assert (world.count(ada), other.count(bob, "Junk"), other.count(bob)) == (3, 1, 0), "each as its organisation wants"
        server.run("filter", "set", "refuse_score", "100", "--org", world.organisation)
        assert offer(world, ada, subject("offer") + GTUBE + "\r\n")[0] == 554
    server.run("filter", "set", "scan_timeout", "2s")
    for lie in (b"SPAMD/1.1 0 EX_OK\r\n\r\n", b"SPAMD/1.1 76 Bad\r\n\r\n", b"SPAMD/1.1 0 EX_OK\r\nSpam: Maybe ; 1 / 5\r\n\r\n", "silence"):
        with FalseScanner(lie) as liar:
            server.run("filter", "set", "spamd", liar.address)
            assert offer(world, ada, subject("lied to"))[0] == 451, lie


def story_spf_is_checked_and_said(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("good.test", "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    DNS.put("helo.test", "TXT", "v=spf1 a -all")
    DNS.put("helo.test", "A", "192.0.2.1")
    DNS.trouble["broken.test"] = "servfail"
    for peer, sender, result in (("192.0.2.1", "x@good.test", "spf=pass smtp.mailfrom=x@good.test"),
                                 ("198.51.100.1", "x@good.test", "spf=fail smtp.mailfrom=x@good.test"),
                                 ("192.0.2.1", "x@unknown.test", "spf=none"), ("192.0.2.1", "x@broken.test", "spf=temperror"),
                                 ("192.0.2.1", "", "spf=none smtp.helo=client.example.com")):
        forged = ("Authentication-Results: mail.example.test; spf=pass smtp.mailfrom=boss@good.test\r\n"
                  "Authentication-Results: other.test; spf=pass smtp.mailfrom=kept@good.test\r\n")
        answer = offer(world, ada, forged + subject("spf"), peer, sender)
        assert answer[0] == 250, (sender, answer)
        results = field(world.mails(ada)[-1], "Authentication-Results")
        assert len(results) == 2 and results[0].startswith("mail.example.test; ") and result in results[0], results
        assert "kept@good.test" in results[1] and "boss" not in results[0], results
    server.run("filter", "set", "spf", "enforce", "--org", world.organisation)
    code, text = offer(world, ada, subject("no"), "198.51.100.1", "x@good.test")
    assert code == 550 and "5.7.23" in text, (code, text)


def story_dmarc_policy_is_carried_out(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("strict.test", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    DNS.put("_dmarc.strict.test", "TXT", "v=DMARC1; p=reject; sp=quarantine")
    mail = "From: Boss <boss@{}>\r\nSubject: pay\r\n\r\nnow\r\n"
    assert offer(world, ada, mail.format("strict.test"), sender="x@strict.test")[0] == 250
    assert "dmarc=pass (p=reject) header.from=strict.test" in field(world.mails(ada)[0], "Authentication-Results")[0]
    code, text = offer(world, ada, mail.format("strict.test"), "198.51.100.1", "x@strict.test")
    assert code == 550 and "5.7.1" in text, (code, text)
    assert offer(world, ada, mail.format("strict.test"), sender="x@unrelated.test")[0] == 550, "a pass of another domain is none"
    assert offer(world, ada, mail.format("sub.strict.test"), "198.51.100.1", "x@sub.strict.test")[0] == 250
    assert world.count(ada, "Junk") == 1, "its sub-domains ask for quarantine"
    two = "From: a@strict.test\r\nFrom: b@outside.test\r\nSubject: two\r\n\r\n"
    code, text = offer(world, ada, two, sender="x@outside.test")
    assert code == 550 and "From" in text, (code, text)
    DNS.trouble["strict.test"] = "servfail"
    DNS.put("_dmarc.later.test", "TXT", "v=DMARC1; p=reject")
    DNS.trouble["later.test"] = ""
    server.run("filter", "set", "dmarc", "mark", "--org", world.organisation)
    del DNS.trouble["strict.test"]
    assert offer(world, ada, mail.format("strict.test"), "198.51.100.1", "x@strict.test")[0] == 250


def story_our_own_mail_is_signed_and_others_can_check_it(world: World) -> None:
    ada, bob, server = world.user("ada"), world.user("bob"), world.server
    for algorithm, selector in (("rsa", "s1"), ("ed25519", "e1")):
        key = server.api("POST", "/dkim", {"domain": world.domain, "selector": selector, "algorithm": algorithm})
        assert key["name"] == f"{selector}._domainkey.{world.domain}" and key["state"] == "active", key
        DNS.put(key["name"], "TXT", key["value"])
    with Outside(world, port="submission") as smtp:
        smtp.starttls()
        smtp.login(ada, PASSWORD)
        smtp.sendmail(ada, [bob], f"From: Ada <{ada}>\r\nTo: {bob}\r\nSubject: signed\r\n\r\nhello \r\n\r\n\r\n".encode())
    mail = world.mails(bob)[0]
    signatures = field(mail, "DKIM-Signature")
    assert len(signatures) == 2 and "a=rsa-sha256" in signatures[0] and "a=ed25519-sha256" in signatures[1], signatures
    plain = mail[mail.index(b"DKIM-Signature"):].decode()
    assert offer(world, ada, plain, sender=ada)[0] == 250
    results = field(world.mails(ada)[0], "Authentication-Results")[0]
    assert results.count("dkim=pass") == 2 and f"header.d={world.domain} header.s=s1" in results, results
    assert offer(world, ada, plain.replace("hello", "Hello"), sender=ada)[0] == 250
    results = field(world.mails(ada)[1], "Authentication-Results")[0]
    assert results.count("dkim=fail (body hash mismatch)") == 2, results
    check = subprocess.run(["/usr/bin/python3", "-c", CHECK_DKIM, str(DNS.port)], input=plain.encode(), capture_output=True, check=False)
    assert check.stdout.strip() == b"True True", (check.stdout, check.stderr)
    server.run("dkim", "remove", world.domain, "s1")
    listed = server.run("dkim", "list", "--org", world.organisation)
    assert "e1  " in listed and "s1  " not in listed and "PRIVATE" not in listed, listed


def story_a_key_is_changed_without_a_gap(world: World) -> None:
    """As the guide says: a new one that does not sign yet, its record, activated, the old one removed a while later."""
    ada, server = world.user("ada"), world.server

    def signers() -> set[str]:
        count = world.count(ada)
        with Outside(world, port="submission") as smtp:
            smtp.starttls()
            smtp.login(ada, PASSWORD)
            smtp.sendmail(ada, [ada], f"From: Ada <{ada}>\r\nSubject: signed\r\n\r\nhello\r\n".encode())
        server.wait_until(lambda: world.count(ada) == count + 1, 20, "the message")
        return {part.strip()[2:] for one in field(world.mails(ada)[-1], "DKIM-Signature") for part in one.split(";") if part.strip().startswith("s=")}

    server.api("POST", "/dkim", {"domain": world.domain, "selector": "old"})
    server.wait_until(lambda: signers() == {"old"}, 20, "the first key")
    server.run("dkim", "add", world.domain, "--selector", "new", "--inactive")
    assert "new._domainkey." in server.run("dkim", "show", world.domain) and signers() == {"old"}, "its record can be published, and it signs nothing"
    server.run("dkim", "activate", world.domain, "new")
    server.wait_until(lambda: signers() == {"new"}, 20, "the new key alone")
    server.run("dkim", "remove", world.domain, "old")
    assert signers() == {"new"}


# With the implementation of the package python3-dkim; its keys come from the same name server.
CHECK_DKIM = """
import sys, dkim, dns.resolver
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ['127.0.0.1'], int(sys.argv[1])
def txt(name, timeout=5):
    return b''.join(resolver.resolve(name.decode().rstrip('.'), 'TXT')[0].strings)
check = dkim.DKIM(sys.stdin.buffer.read())
print(*[check.verify(number, dnsfunc=txt) for number in (0, 1)])
"""


def story_lists_in_the_dns_are_added_up(world: World) -> None:
    ada, server = world.user("ada"), world.server
    server.run("filter", "set", "dnsbl", "black.test=7 grey.test=3 moody.test")
    server.run("filter", "set", "dnswl", "white.test=5")
    DNS.put("66.2.0.192.black.test", "A", "127.0.0.2")
    DNS.put("66.2.0.192.grey.test", "A", "127.0.0.4")
    DNS.put("66.2.0.192.moody.test", "A", "127.255.255.254")
    code, text = offer(world, ada, subject("listed"), "192.0.2.66")
    assert code == 554 and "5.7.1" in text, (code, text)
    for zone in ("black", "grey", "white"):
        DNS.put(f"68.2.0.192.{zone}.test", "A", "127.0.0.2")
    assert offer(world, ada, subject("forgiven"), "192.0.2.68")[0] == 250
    DNS.trouble["white.test"] = "servfail"
    assert offer(world, ada, subject("unlisted"), "192.0.2.67")[0] == 250, "trouble is no listing"


def story_a_peer_without_a_host_name_waits_and_is_refused(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("1.2.0.192.in-addr.arpa", "PTR", "mx.good.test")
    DNS.put("mx.good.test", "A", "192.0.2.1")
    DNS.put("2.2.0.192.in-addr.arpa", "PTR", "mx.good.test")
    DNS.put("4.2.0.192.in-addr.arpa", "PTR", "mx.slow.test")
    DNS.trouble["mx.slow.test"] = "servfail"
    server.run("filter", "set", "host_check", "on")
    server.run("filter", "set", "tarpit", "2s")
    begin = time.monotonic()
    assert offer(world, ada, subject("somebody else's name"), "192.0.2.2")[0] == 250
    assert time.monotonic() - begin >= 2, "it waits for its greeting"
    server.run("filter", "set", "dnsbl_refuse", "5")
    for peer, code in (("192.0.2.1", 250), ("192.0.2.2", 554), ("192.0.2.3", 554), ("192.0.2.4", 250)):
        assert offer(world, ada, subject("a name?"), peer)[0] == code, peer
    assert 'detail="no host name"' in server.log()


def story_what_a_peer_calls_itself_is_looked_at(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("mx.good.test", "A", "203.0.113.1")
    DNS.put("only.mail.test", "MX", "10 mx.good.test")
    DNS.trouble["slow.test"] = "servfail"
    names = (("mx.good.test", 250), ("only.mail.test", 250), ("slow.test", 250), ("[192.0.2.1]", 250), ("[IPv6:2001:db8::1]", 550),
             ("[192.0.2.9]", 550), ("[192.0.2]", 550), ("192.0.2.1", 550), ("mail.example.test", 550), ("MAIL.example.test.", 550), ("localhost", 550),
             ("localhost.localdomain", 550), ("friend", 550), ("my_pc.good.test", 550), ("-a.good.test", 550), ("nobody.test", 550))

    def greet(name: str, peer: str = "192.0.2.1") -> tuple[int, str]:
        with Outside(world, peer, name) as smtp:
            smtp.ehlo()
            smtp.mail("x@outside.test")
            code, text = smtp.rcpt(ada)
            return code, text.decode()
    server.run("filter", "set", "helo_check", "mark")
    for name, _ in names:
        assert greet(name)[0] == 250, name
    assert 'fault="our own name" action=accept' in server.log()
    server.run("filter", "set", "helo_check", "enforce")
    for name, code in names:
        answer = greet(name)
        assert answer[0] == code and (code == 250 or "5.7.1" in answer[1]), (name, answer)
    server.run("allow", "add", "192.0.2.1")
    assert greet("friend")[0] == 250 and greet("friend", "192.0.2.2")[0] == 550
    assert world.send(ada) == {}, "programs of this machine"


def story_greylisting_asks_strangers_to_come_again(world: World) -> None:
    ada, server = world.user("ada"), world.server
    server.run("filter", "set", "greylist", "on", "--org", world.organisation, "--domain", world.domain)
    server.run("filter", "set", "greylist_delay", "1s")
    code, text = offer(world, ada, subject("first"))
    assert code == 451 and text.startswith("4.7.1"), (code, text)
    server.wait_until(lambda: offer(world, ada, subject("again"), "192.0.2.77")[0] == 250, 10, "the second attempt")
    assert offer(world, ada, subject("known"))[0] == 250
    assert offer(world, ada, subject("stranger"), "198.51.100.1")[0] == 451
    with World(server) as other:
        eve = other.user("eve")
        assert offer(world, ada, subject("unknown"), "198.51.100.2", eve)[0] == 451
        with Outside(world, port="submission") as smtp:
            smtp.starttls()
            smtp.login(ada, PASSWORD)
            smtp.sendmail(ada, [eve], f"From: {ada}\r\nSubject: a question\r\n\r\n".encode())
        assert offer(world, ada, subject("the answer"), "198.51.100.3", eve)[0] == 250
    assert world.count(ada) == 3


def story_the_quarantine_keeps_what_an_administrator_lets_through_or_deletes(world: World) -> None:
    ada, bob, server = world.user("ada"), world.user("bob"), world.server
    everybody = world.alias("all", ada, bob)
    with World(server) as other, Clamd() as clamd:
        eve = other.user("eve")
        server.run("filter", "set", "clamd", clamd.address)
        server.run("filter", "set", "on_infected", "quarantine", "--org", world.organisation)
        infected = "From: x@outside.test\r\nSubject: a gift\r\n" + ATTACHMENT
        assert offer(world, everybody, infected)[0] == 250
        assert world.count(ada) == world.count(bob) == 0
        with Outside(world) as smtp:
            assert smtp.sendmail("x@outside.test", [ada], infected.encode()) == {}
        assert offer(world, eve, infected)[0] == 554, "another organisation refuses"
        listed = server.api("GET", "/quarantine?organisation=" + world.organisation.replace(" ", "%20"))["messages"]
        assert [(m["sender"], m["recipients"], m["subject"], m["reason"]) for m in listed] == [
            ("x@outside.test", [ada], "a gift", "infected: Test.EICAR.UNOFFICIAL"),
            ("x@outside.test", [everybody], "a gift", "infected: Test.EICAR.UNOFFICIAL")], listed
        assert server.api("GET", "/quarantine?organisation=" + other.organisation.replace(" ", "%20"))["messages"] == []
        shown = server.run("quarantine", "show", listed[1]["id"])
        assert "see there" in shown and "X-Virus-Status: Infected" in shown, shown
        server.run("quarantine", "release", listed[1]["id"])
        wanted = ["quarantined", "released", "filed"]

        def is_told() -> bool:  # the first of these is written a second later
            found = json.loads(server.run("trace", "--recipient", everybody, "--json"))["traces"]
            return any([e["event"] for e in trace["events"] if e["event"] in wanted] == wanted + ["filed"] for trace in found)
        server.wait_until(is_told, 10, f"the trace: {server.run('trace', '--recipient', everybody)}")
        assert world.count(ada) == world.count(bob) == 1
        assert EICAR.encode() in world.mails(bob)[0]
        server.run("quarantine", "delete", listed[0]["id"])
        assert world.count(ada) == 1 and "a gift" not in server.run("quarantine", "list", "--org", world.organisation)
        actions = [entry["action"] for entry in server.api("GET", "/audit?organisation=" + world.organisation.replace(" ", "%20"))["entries"]]
        assert actions[:2] == ["quarantine.delete", "quarantine.release"], actions


def story_an_account_that_sends_too_much_is_held(world: World) -> None:
    ada, bob, server = world.user("ada"), world.user("bob"), world.server
    server.run("filter", "set", "account_limit", "3", "--org", world.organisation)

    def send(sender: str, *to: str) -> int:
        with Outside(world, port="submission") as smtp:
            smtp.starttls()
            smtp.login(sender, PASSWORD)
            code = smtp.mail(sender)[0]
            if code != 250:
                return code
            for recipient in to:
                smtp.rcpt(recipient)
            return smtp.data(f"From: {sender}\r\nSubject: many\r\n\r\n".encode())[0]
    assert send(ada, bob) == 250 and send(ada, bob, ada) == 250
    assert send(ada, bob) == 450, "the fourth"
    server.run("filter", "set", "account_limit", "4", "--org", world.organisation)
    assert send(ada, ada, bob) == 450, "a message that would pass the limit"
    assert send(ada, bob) == 450, "and from then on it is held"
    assert ada in server.run("held", "list") and send(bob, ada) == 250
    server.run("restart")
    assert send(ada, bob) == 450
    server.run("held", "release", ada)
    assert send(ada, bob) == 250
    assert "filter.held" in server.log() and world.count(bob) == 3


def story_the_users_of_one_domain_must_log_in(world: World) -> None:
    """On port 25, too, and from the local network; another domain's need not (seeds, row 51)."""
    with World(world.server) as other:
        ada, bob, eve, server = world.user("ada"), world.user("bob"), other.user("eve"), world.server
        server.run("rule", "add", "log in", "--org", world.organisation, "--sender", world.domain, "--anonymous", "--refuse", "Please log in.")
        for peer in ("127.0.0.1", "10.0.0.7"):
            code, text = offer(world, bob, f"From: {ada}\r\nSubject: x\r\n\r\n", peer, ada)
            assert code == 550 and "Please log in." in text, (peer, code, text)
            assert offer(world, bob, f"From: {eve}\r\nSubject: x\r\n\r\n", peer, eve)[0] == 250, peer
        for who in (ada, eve):
            with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=60) as smtp:
                smtp.ehlo()
                assert smtp.mail(who)[0] == 530, "this door is for those who log in, whatever their domain"
        with submission(world, ada) as smtp:
            assert smtp.sendmail(ada, bob, f"From: {ada}\r\nSubject: logged in\r\n\r\n".encode()) == {}
        assert world.count(bob) == 3


def story_transport_rules_refuse_mark_copy_and_journal(world: World) -> None:
    ada, bob, boss, archive = (world.user(name) for name in ("ada", "bob", "boss", "archive"))
    server, own = world.server, ("--org", world.organisation)
    server.run("rule", "add", "no programs", *own, "--attachment", "*.com", "--refuse", "No programs, please.")
    server.run("rule", "add", "outside", *own, "--direction", "in", "--unless-sender", "partner.test", "--prepend", "[EXT]",
               "--add-header", "X-Origin: outside", "--remove-header", "X-Secret")
    server.run("rule", "add", "foot", *own, "--direction", "out", "--disclaimer", "Example Ltd, Arras")
    server.run("rule", "add", "boss", *own, "--header", "Subject: *contract*", "--copy", boss)
    server.run("rule", "add", "books", *own, "--header", "Subject: *invoice*", "--journal", archive)
    code, text = offer(world, ada, "Subject: a gift\r\n" + ATTACHMENT)
    assert code == 550 and "5.7.1" in text and "No programs, please." in text, (code, text)
    assert offer(world, ada, "X-Secret: 1\r\n" + subject("=?utf-8?Q?caf=C3=A9?= contract"))[0] == 250
    mail = world.mails(ada)[0]
    subjects = email.header.decode_header(field(mail, "Subject")[0])
    assert "".join(part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in subjects) == "[EXT] caf\xe9 contract"
    assert field(mail, "X-Origin") == ["outside"] and field(mail, "X-Secret") == [], mail
    assert world.count(boss) == 1 and offer(world, ada, subject("plain"), sender="x@partner.test")[0] == 250
    assert field(world.mails(ada)[1], "Subject") == ["plain"] and world.count(boss) == 1
    key = server.api("POST", "/dkim", {"domain": world.domain, "selector": "s1"})
    DNS.put(key["name"], "TXT", key["value"])
    with Outside(world, port="submission") as smtp:
        smtp.starttls()
        smtp.login(ada, PASSWORD)
        smtp.sendmail(ada, [bob], f"From: {ada}\r\nTo: {bob}\r\nSubject: invoice 7\r\n\r\nhello\r\n".encode())
    mail = world.mails(bob)[0]
    body = email.message_from_bytes(mail).get_payload(decode=True)
    assert body == b"hello\r\n\r\nExample Ltd, Arras\r\n", body
    assert offer(world, ada, mail[mail.index(b"DKIM-Signature"):].decode(), sender=ada)[0] == 250
    assert "dkim=pass" in field(world.mails(ada)[2], "Authentication-Results")[0], "signed as it left"
    report = email.message_from_bytes(world.mails(archive)[0])
    envelope, original = report.get_payload()
    text = envelope.get_payload()
    assert f"Sender: {ada}" in text and f"Recipient: {bob}" in text and "Subject: invoice 7" in text, text
    assert original.get_content_type() == "message/rfc822" and original.get_payload()[0]["Subject"] == "invoice 7"
    server.run("rule", "add", "away", *own, "--recipient", bob, "--redirect", boss)
    assert offer(world, bob, subject("for bob"), sender="x@partner.test")[0] == 250
    assert world.count(bob) == 1 and world.count(boss) == 2
    server.run("rule", "remove", "no programs", *own)
    assert offer(world, ada, "From: x@outside.test\r\nSubject: a gift\r\n" + ATTACHMENT)[0] == 250
    with World(server) as other:
        assert offer(world, other.user("eve"), subject("contract"))[0] == 250 and world.count(boss) == 2, "others have other rules"


def story_milters_see_the_transaction_and_change_the_header(world: World) -> None:
    ada, server = world.user("ada"), world.server
    mail = "From: x@outside.test\r\nSubject: old\r\nX-Gone: 1\r\nX-Gone: 2\r\n\r\nhello\r\n"
    edits = [("h", b"X-Milter\0seen\n\tfolded\0"), ("m", b"\0\0\0\1Subject\0new\0"), ("m", b"\0\0\0\2X-Gone\0\0"),
             ("h", b"X-Evil\0a\r\nX-Forged: b\0"), ("c", b"")]
    with FalseMilter({"E": edits}) as milter:
        server.run("filter", "set", "milters", milter.address)
        assert offer(world, ada, mail)[0] == 250
        got = world.mails(ada)[0]
        assert field(got, "X-Milter") == ["seen folded"] and field(got, "Subject") == ["new"] and field(got, "X-Gone") == ["1"], got
        assert field(got, "X-Forged") == [] and got.endswith(b"\r\n\r\nhello\r\n"), got
        heard = dict((command, data) for command, data in milter.heard if command != "D")
        assert heard["C"] == b"[192.0.2.1]\0" + b"4" + (40000).to_bytes(2, "big") + b"192.0.2.1\0", heard["C"]
        assert heard["M"] == b"<x@outside.test>\0" and heard["R"] == f"<{ada}>".encode() + b"\0"
        assert heard["H"] == b"client.example.com\0" and heard["B"] == b"hello\r\n"
        assert [data for command, data in milter.heard if command == "L"][1] == b"Subject\0old\0"
    for answers, code, words in (({"E": [("r", b"")]}, 554, "5.7.1"), ({"R": [("t", b"")]}, 451, "4.7.1"),
                                 ({"M": [("y", b"550 5.7.1 We know you\0")]}, 554, "We know you"), ({"E": [("Z", b"")]}, 451, ""),
                                 ({"C": [("a", b"")]}, 250, "")):
        with FalseMilter(answers) as milter:
            server.run("filter", "set", "milters", milter.address)
            answer = offer(world, ada, mail)
            assert answer[0] == code and words in answer[1], (answers, answer)
    with FalseMilter({"E": [("q", b"looks odd\0"), ("c", b"")]}, steps=0x7f) as milter:
        server.run("filter", "set", "milters", milter.address)
        answer = offer(world, ada, mail)
        assert answer[0] == 250 and world.count(ada) == 2, (answer, world.count(ada), milter.heard)
        assert [command for command, _ in milter.heard if command not in "ODQ"] == ["T", "E"], "what it declined is not told"
        assert "old" in server.run("quarantine", "list", "--org", world.organisation)
    with Opendkim(DNS.port) as milter:
        server.run("filter", "set", "milters", milter.address)
        assert offer(world, ada, mail)[0] == 250
        results = field(world.mails(ada)[-1], "Authentication-Results")
        assert any(result.startswith("milter.test; dkim=none") for result in results), results
    assert offer(world, ada, mail)[0] == 451, "it is away"


def story_a_dry_run_asks_whom_mail_asks_and_keeps_nothing(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("forbids.test", "TXT", "v=spf1 ip4:203.0.113.9 -all")
    DNS.put("strict.test", "TXT", "v=spf1 ip4:203.0.113.9 ~all")
    DNS.put("_dmarc.strict.test", "TXT", "v=DMARC1; p=reject")
    DNS.put("far.test", "MX", "10 mx.far.test")

    def dry(sender: str, mail: str, to: str = ada, client: str = "192.0.2.1") -> tuple[bool, list[dict]]:
        path = world.write("dry.eml", mail)
        words = ("--client", client) if client else ()
        told = json.loads(server.run("trace", "--dry-run", sender, to, path, *words, "--json"))
        return told["accepted"], told["events"]

    def last(events: list[dict], name: str) -> dict:
        return [event for event in events if event["event"] == name][-1]

    taken, told = dry("x@strict.test", subject("one").replace("outside.test", "strict.test"))
    assert not taken and last(told, "refused")["reason"] == "dmarc-fail", told
    taken, told = dry("x@strict.test", subject("two").replace("outside.test", "strict.test"), client="203.0.113.9")
    assert taken and "spf=pass" in last(told, "judged")["authentication"] and "dmarc=pass" in last(told, "judged")["authentication"], told
    server.run("filter", "set", "spf", "enforce", "--org", world.organisation)
    taken, told = dry("x@forbids.test", subject("three"))
    assert not taken and last(told, "refused")["reason"] == "spf-fail", told
    with Clamd() as clamd, Rspamd() as rspamd:
        server.run("filter", "set", "clamd", clamd.address)
        server.run("filter", "set", "rspamd", rspamd.address)
        taken, told = dry("x@outside.test", "Subject: a gift\r\n" + ATTACHMENT)
        assert not taken and last(told, "refused")["reason"] == "infected" and "Test.EICAR" in str(told), told
        taken, told = dry("x@outside.test", subject("offer") + GTUBE + "\r\n")
        assert not taken and last(told, "refused")["reason"] == "spam", told
        assert dry("x@outside.test", HAM)[0]
    taken, told = dry("x@outside.test", HAM)
    assert not taken and last(told, "refused")["reason"] == "scanner-down" and last(told, "judged")["action"] == "later", told
    for name in ("clamd", "rspamd"):
        server.run("filter", "unset", name)
    with Spamd() as spamd:
        server.run("filter", "set", "spamd", spamd.address)
        taken, told = dry("x@outside.test", subject("offer") + GTUBE + "\r\n")
        assert last(told, "judged")["reason"] == "spam" and "GTUBE" in str(last(told, "judged")), told
    server.run("filter", "unset", "spamd")
    with FalseMilter({"M": [("y", b"550 5.7.1 We know you\0")]}) as milter:
        server.run("filter", "set", "milters", milter.address)
        taken, told = dry("x@outside.test", HAM)
        assert not taken and last(told, "refused")["reason"] == "milter" and "We know you" in str(told), told
    server.run("filter", "unset", "milters")
    taken, told = dry(ada, HAM, "bob@far.test", "")
    assert taken and last(told, "route")["exchangers"] == ["10 mx.far.test"], told
    assert last(dry(ada, HAM, "bob@nowhere.test", "")[1], "route")["dns"] == "no-name"
    assert world.count(ada) == 0 and json.loads(server.run("queue", "list", "--json"))["entries"] == []
    time.sleep(2)                              # what is counted is written down every second
    assert server.sql("chappe_directory", "SELECT count(*) FROM report_count").strip() == "0"
