"""Finding the next server and protecting the way there: real name servers, real TLS, many exchangers on loopback.

The routes are carried out by tests/outbound/send.c, which is built beside the server.
"""
from __future__ import annotations

import contextlib
import json
import os
import shutil
import time

from kit.dns import Knot, Stub, free_port, mx
from kit.remote import reserve_port
from kit.sink import Authority, PolicyServer, Sink
from smtp import submission

PORT = reserve_port()
SETTINGS = {"outbound_port": str(PORT)}
PACKAGES = ["knot", "knot-dnsutils", "openssl"]

MAIL = "From: ada@sender.example\r\nSubject: x\r\n\r\nbody\r\n"


class Verdict:
    def __init__(self, line: str) -> None:
        self.recipient, self.verdict, code, self.enhanced, self.host, self.tls, self.text = line.split("\t")
        self.code = int(code)

    def __repr__(self) -> str:
        return f"{self.verdict} {self.code} {self.enhanced} host={self.host} tls={self.tls} {self.text}"


def program_of(world) -> str:
    return os.path.join(os.path.dirname(world.server.binary), "tests/outbound_send")


def carry(world, *options: str, to: tuple[str, ...] = ("bob@example.org",), timeout: float = 60,
          text: str = MAIL) -> list[Verdict]:
    """What outbound_send said of each recipient."""
    mail = world.write("mail.eml", text)
    output = world.run(program_of(world), *options, mail, *to, timeout=timeout)
    return [Verdict(line) for line in output.splitlines() if "\t" in line]


def one(world, *options: str, **more) -> Verdict:
    return carry(world, *options, **more)[0]


@contextlib.contextmanager
def sinks(port: int, *addresses: str, **options):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Sink(address, port, **options)) for address in addresses]


# ---- which exchanger

CHOICE = """
lowest    MX 5 mx2
lowest    MX 0 mx1
equal     MX 10 mx1
equal     MX 10 mx2
dead      MX 0 nobody
dead      MX 5 mx2
null      MX 0 .
none      A 127.0.8.1
alias     CNAME lowest
aliased   MX 0 mxalias
mxalias   CNAME mx2
gone      MX 0 nowhere
we        MX 10 us
we        MX 5 mx1
we        MX 10 mx2
we        MX 20 mx2
best      MX 5 us
best      MX 10 mx1
self      MX 0 mx1
self      MX 5 mx2
dual      MX 0 both
both      AAAA ::1
both      A 127.0.8.1
mx1       A 127.0.8.1
mx2       A 127.0.8.2
nobody    A 127.0.8.3
us        A 127.0.8.4
"""


def story_exchangers_by_preference(world) -> None:
    port = free_port()
    with Knot({"test": CHOICE}) as knot, sinks(port, "127.0.8.1", "127.0.8.2") as (mx1, mx2):
        base = ("--dns", knot.server, "--mx-port", str(port), "--hostname", "us.test", "--timeout", "5")

        def to(domain: str, *more: str) -> Verdict:
            return one(world, *base, "--mx", f"{domain}.test", *more)

        def host(verdict: Verdict) -> str:
            assert verdict.verdict == "relayed", verdict
            return verdict.host.split()[0]

        for _ in range(5):
            assert host(to("lowest")) == "mx1.test"
        assert host(to("dead")) == "mx2.test"
        assert host(to("none")) == "none.test"
        assert host(to("alias")) == "mx1.test"
        assert host(to("aliased")) == "mxalias.test"
        assert host(to("dual")) == "both.test"
        before = (len(mx1.mails), len(mx2.mails))
        verdicts = carry(world, *base, "--mx", "equal.test", "--threads", "1", "--count", "100", "--no-reuse")
        assert len(verdicts) == 100
        first, second = len(mx1.mails) - before[0], len(mx2.mails) - before[1]
        assert first + second == 100 and 25 <= first <= 75, (first, second)

        for domain, verdict, enhanced in (("null", "failed", "5.1.10"), ("absent", "failed", "5.1.2"), ("gone", "failed", "5.4.4")):
            result = to(domain)
            assert (result.verdict, result.enhanced) == (verdict, enhanced), result


def story_ourselves_among_the_exchangers(world) -> None:
    """The loop is impossible: never to an equal or worse exchanger than ourselves."""
    port = free_port()
    with Knot({"test": CHOICE}) as knot, sinks(port, "127.0.8.1", "127.0.8.2", "127.0.8.4") as (mx1, mx2, us):
        base = ("--dns", knot.server, "--mx-port", str(port), "--timeout", "5")
        assert one(world, *base, "--hostname", "us.test", "--backup", "--mx", "we.test").host.startswith("mx1.test")
        assert len(mx1.mails) == 1
        # The same by our address, under another name.
        assert one(world, *base, "--hostname", "other.test", "--listener", f"127.0.8.4:{port}", "--backup",
                   "--mx", "we.test").host.startswith("mx1.test")
        result = one(world, *base, "--hostname", "us.test", "--mx", "best.test")
        assert (result.verdict, result.enhanced) == ("failed", "5.4.6"), result
        result = one(world, *base, "--hostname", "us.test", "--backup", "--mx", "best.test")
        assert (result.verdict, result.enhanced) == ("deferred", "4.4.6"), result
        result = one(world, *base, "--hostname", "other.test", "--listener", f"127.0.8.1:{port}", "--mx", "self.test")
        assert (result.verdict, result.enhanced) == ("failed", "5.4.6"), result
        result = one(world, *base, "--hostname", "mx1.test", "--mx", "none.test", "--listener", f"0.0.0.0:{port}")
        assert (result.verdict, result.enhanced) == ("failed", "5.4.6"), result
        assert not mx2.mails and not us.mails, "mail went to an exchanger that is not better than ourselves"
    # The primary is down: nobody else is asked.
    with Knot({"test": CHOICE}) as knot, sinks(port, "127.0.8.2", "127.0.8.4") as (mx2, us):
        result = one(world, "--dns", knot.server, "--mx-port", str(port), "--timeout", "5", "--hostname", "us.test",
                     "--backup", "--mx", "we.test")
        assert result.verdict == "deferred", result
        assert mx2.connections == us.connections == 0


def story_a_backup_does_not_guess(world) -> None:
    """As backup, an exchanger is tried only if it is surely better than ourselves: names that cannot be looked up may be ours."""
    port = free_port()

    def answer(name: str, kind: int):
        if name == "d.test" and kind == 15:
            return 0, [(name, 15, mx(5, "first.test")), (name, 15, mx(10, "unknown.test")), (name, 15, mx(10, "second.test")),
                       (name, 15, mx(20, "third.test"))]
        if name == "unknown.test":
            return 2, []
        return (0, [(name, 1, bytes([127, 0, 8, {"f": 5, "s": 6, "t": 7}[name[0]]]))]) if kind == 1 else (0, [])

    with Stub(answer) as stub, sinks(port, "127.0.8.6", "127.0.8.7") as (second, third):
        base = ("--dns", stub.server, "--mx-port", str(port), "--timeout", "5", "--mx", "d.test")
        assert one(world, *base, "--backup").verdict == "deferred"
        assert second.connections == third.connections == 0
        with sinks(port, "127.0.8.5") as (first,):
            assert one(world, *base, "--backup").verdict == "relayed" and len(first.mails) == 1
        # Whoever is no backup may try them.
        assert one(world, *base).verdict == "relayed" and len(second.mails) == 1
        # Ourselves behind an address of the other family than the connector's source: still ourselves.
    with Stub(lambda name, kind: (0, [(name, 15, mx(5, "us.test")), (name, 15, mx(10, "other.test"))]) if kind == 15 else
              (0, [(name, 28, bytes(15) + b"\1")] if kind == 28 else []) if name == "us.test" else
              (0, [(name, 1, bytes([127, 0, 8, 6]))] if kind == 1 else [])) as stub, sinks(port, "127.0.8.6") as (other,):
        result = one(world, "--dns", stub.server, "--mx-port", str(port), "--timeout", "5", "--listener", f"[::1]:{port}",
                     "--source", "127.0.0.1", "--backup", "--mx", "d.test")
        assert (result.verdict, result.enhanced) == ("deferred", "4.4.6"), result
        assert other.connections == 0


# ---- trouble with the DNS

def story_trouble_with_names_is_temporary(world) -> None:
    port = free_port()
    many = [("many.test", 15, mx(n, f"h{n}.many.test")) for n in range(1000)]

    def answer(name: str, kind: int):
        if name == "silent.test":
            return None
        if name == "servfail.test":
            return 2, []
        if name == "refused.test":
            return 5, []
        if name == "loop.test" or name == "loop2.test":
            return 0, [(name, 5, b"\5loop2\4test\0" if name == "loop.test" else b"\4loop\4test\0")]
        if name == "many.test" and kind == 15:
            return 0, many
        if name.endswith("many.test") and kind == 1:
            return 0, [(name, 1, bytes([127, 0, 9, 1]))]
        if name == "badaddress.test" and kind == 15:
            return 0, [(name, 15, mx(0, "servfail.test"))]
        if name == "broken.test" and kind == 15:
            return 0, [(name, 15, b"\0")]
        if name == "long.test" and kind == 15:
            return 0, [(name, 15, mx(0, ".".join(["a" * 63] * 3)))]
        return (0, []) if name.endswith("many.test") else (3, [])

    with Stub(answer) as stub:
        base = ("--dns", stub.server, "--mx-port", str(port), "--timeout", "4")
        for domain in ("servfail", "refused", "silent", "loop", "badaddress", "broken"):
            result = one(world, *base, "--mx", f"{domain}.test")
            assert result.verdict == "deferred" and result.enhanced in ("4.4.3", "4.4.4"), (domain, result)
        result = one(world, *base, "--mx", "nothing.test")
        assert (result.verdict, result.enhanced) == ("failed", "5.1.2"), result
        began = time.monotonic()
        result = one(world, *base, "--mx", "many.test")
        assert result.verdict == "deferred" and result.enhanced == "4.4.1", result
        assert time.monotonic() - began < 30
        asked = {name for name, kind in stub.asked if kind == 1 and name.endswith(".many.test")}
        assert 0 < len(asked) <= 20, len(asked)
        assert all(int(name[1:].split(".")[0]) < 20 for name in asked), asked


# ---- DANE

def story_dane(world) -> None:
    port = free_port()
    good, other = Authority(world.folder, "good"), Authority(world.folder, "other")
    names = {number: f"mx{number}.test" for number in range(1, 9)}
    records = "".join(f"d{n} MX 0 mx{n}\nmx{n} A 127.0.7.{n}\n" for n in names)
    records += f"_{port}._tcp.mx1 TLSA {good.tlsa(3, 'mx1.test')}\n"    # the certificate itself
    records += f"_{port}._tcp.mx2 TLSA {good.tlsa(2)}\n"                # its authority
    records += f"_{port}._tcp.mx3 TLSA {other.tlsa(3, 'mx3.test')}\n"   # another key: somebody in the middle
    records += f"_{port}._tcp.mx4 TLSA {good.tlsa(3, 'mx4.test')}\n"    # no STARTTLS: stripped
    records += "bad NS ns\n_tcp.mx5 NS ns\n_tcp.mx5 DS 12345 13 2 " + "ab" * 32 + "\n"   # TLSA in a zone that is bogus
    records += f"_{port}._tcp.mx6 TLSA 1 1 1 {'cd' * 32}\n"            # a usage that SMTP does not know
    records += f"_{port}._tcp.mx7 TLSA {good.tlsa(2)}\n"               # the authority, but the name is wrong
    records += f"d8 MX 0 alias8\nalias8 CNAME mx8\n_{port}._tcp.mx8 TLSA {good.tlsa(3, 'mx8.test')}\n"
    plain = f"@ MX 0 mx\nmx A 127.0.7.3\n_{port}._tcp.mx TLSA {other.tlsa(3, 'mx3.test')}\n"
    zones = {"test": records.replace("d8 MX 0 mx8\n", ""), "_tcp.mx5.test": f"_{port} TLSA {good.tlsa(3, 'mx5.test')}\n",
             "plain.example": plain}
    with contextlib.ExitStack() as stack:
        knot = stack.enter_context(Knot(zones, unsigned=("plain.example",), anchored=("test",)))
        sink = {n: stack.enter_context(Sink(f"127.0.7.{n}", port, tls=None if n == 4 else
                                            good.server("wrong.test" if n == 7 else names[n]))) for n in names}

        def to(domain: str, *more: str, anchor: bool = True) -> Verdict:
            return one(world, "--dns", knot.server, "--mx-port", str(port), "--timeout", "5", "--mx", domain, *more,
                       *(("--trust-anchor", knot.anchor) if anchor else ()))

        for domain, tls in (("d1.test", "DANE"), ("d2.test", "DANE"), ("d6.test", "unverified"), ("d8.test", "DANE")):
            result = to(domain)
            assert result.verdict == "relayed" and result.tls.endswith(tls), (domain, result)
        for domain, enhanced in (("d3.test", "4.7.5"), ("d4.test", "4.7.4"), ("d5.test", "4.7.5"), ("d7.test", "4.7.5")):
            result = to(domain)
            assert (result.verdict, result.enhanced) == ("deferred", enhanced), (domain, result)
        for n in (3, 4, 5, 7):
            assert not sink[n].mails, f"mail went to mx{n} in spite of DANE"
        # Records that are not signed say nothing; without a trust anchor none are.
        assert to("plain.example").verdict == "relayed"
        assert to("d3.test", anchor=False).verdict == "relayed"


def story_a_forged_zone(world) -> None:
    port = free_port()
    with Knot({"test": "@ MX 0 mx\nmx A 127.0.7.1\n"}, distrusted=("test",)) as knot, sinks(port, "127.0.7.1") as (sink,):
        result = one(world, "--dns", knot.server, "--mx-port", str(port), "--timeout", "5", "--trust-anchor", knot.anchor,
                     "--mx", "test")
        assert (result.verdict, result.enhanced) == ("deferred", "4.4.3"), result
        assert not sink.mails


# ---- MTA-STS

def policy(mode: str, *patterns: str, max_age: int = 86400) -> tuple[int, str, str]:
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}" for pattern in patterns), f"max_age: {max_age}"]
    return 200, "text/plain", "\r\n".join(lines) + "\r\n"


def story_mta_sts(world) -> None:
    port, web = free_port(), free_port()
    good, other = Authority(world.folder, "good"), Authority(world.folder, "other")
    domains = ("good", "forged", "stripped", "unnamed", "testing", "none", "redirect", "html", "absent")
    records = "".join(f"{name} MX 0 {host}\n_mta-sts.{name} TXT \"v=STSv1; id=1;\"\nmta-sts.{name} A 127.0.6.9\n"
                      for name, host in zip(domains, ("mx1", "mx2", "mx3", "mx1", "mx2", "mx2", "mx2", "mx2", "mx2")))
    records += "mx1 A 127.0.6.1\nmx2 A 127.0.6.2\nmx3 A 127.0.6.3\n"
    with contextlib.ExitStack() as stack:
        knot = stack.enter_context(Knot({"test": records}, unsigned=("test",)))
        mx1 = stack.enter_context(Sink("127.0.6.1", port, tls=good.server("mx1.test")))
        mx2 = stack.enter_context(Sink("127.0.6.2", port, tls=other.server("mx2.test")))
        mx3 = stack.enter_context(Sink("127.0.6.3", port))
        site = PolicyServer("127.0.6.9", web, good.server("mta-sts.good.test", "*.good.test",
                                                          *(f"mta-sts.{name}.test" for name in domains)))
        site.files = {
            "mta-sts.good.test": policy("enforce", "*.test"), "mta-sts.forged.test": policy("enforce", "mx2.test"),
            "mta-sts.stripped.test": policy("enforce", "mx3.test"), "mta-sts.unnamed.test": policy("enforce", "mx9.test"),
            "mta-sts.testing.test": policy("testing", "mx9.test"), "mta-sts.none.test": policy("none"),
            "mta-sts.redirect.test": (302, "text/plain", f"https://mta-sts.forged.test:{web}/.well-known/mta-sts.txt"),
            "mta-sts.html.test": (200, "text/html", policy("enforce", "mx9.test")[2]),
        }
        state = os.path.join(world.folder, "state")
        os.mkdir(state)

        options = ("--dns", knot.server, "--mx-port", str(port), "--sts-port", str(web), "--timeout", "5", "--ca", good.file,
                   "--state", state)

        def to(name: str) -> Verdict:
            return one(world, *options, "--mx", f"{name}.test")

        with site:
            result = to("good")
            assert result.verdict == "relayed" and result.tls.endswith(" verified"), result
            for name, enhanced in (("forged", "4.7.5"), ("stripped", "4.7.4"), ("unnamed", "4.7.5")):
                result = to(name)
                assert (result.verdict, result.enhanced) == ("deferred", enhanced), (name, result)
            assert not mx3.mails and not mx2.mails and len(mx1.mails) == 1
            for name in ("testing", "none", "redirect", "html", "absent"):
                result = to(name)
                assert result.verdict == "relayed" and result.tls.endswith(" unverified"), (name, result)
            asked = site.requests
            to("good")
            assert site.requests == asked, "a policy that is known was fetched again"
        # The policy's server and the record are gone: what is known still holds.
        knot.set("test", "- _mta-sts.forged TXT", "- _mta-sts.stripped TXT")
        for name in ("forged", "stripped"):
            assert to(name).verdict == "deferred", name
        # A new id without a server to fetch it from: the old policy.
        knot.set("test", "- _mta-sts.unnamed TXT", "_mta-sts.unnamed TXT \"v=STSv1; id=2;\"")
        assert to("unnamed").verdict == "deferred"


        # What the domains would be told (RFC 8460).
        for name, line in (("good", "tls good.test 1 success mx1.test 1"), ("forged", "tls forged.test 1 certificate-not-trusted mx2.test 1"),
                           ("stripped", "tls stripped.test 1 starttls-not-supported mx3.test 1"),
                           ("unnamed", "tls unnamed.test 1 validation-failure mx1.test 1"),
                           ("testing", "tls testing.test 1 certificate-not-trusted mx2.test 1"),
                           ("absent", "tls absent.test 1 sts-policy-fetch-error - 1")):
            output = world.run(program_of(world), *options, "--tls-results", "--mx", f"{name}.test", os.path.join(world.folder, "mail.eml"), "b@b")
            assert line in output.splitlines(), (name, output)


# ---- levels of TLS

def story_levels_of_tls(world) -> None:
    port = free_port()
    good, other = Authority(world.folder, "good"), Authority(world.folder, "other")
    with sinks(port, "127.0.5.1", tls=good.server("mx.test", "localhost")), sinks(port, "127.0.5.2", tls=other.server("mx.test")), \
            sinks(port, "127.0.5.3") as (plain,), Stub(lambda name, kind: (0, [(name, 1, bytes([127, 0, 5, int(name[2])]))])
                                                      if kind == 1 else (0, [])) as stub:
        def to(host: str, level: str, *more: str) -> Verdict:
            return one(world, "--dns", stub.server, "--timeout", "5", "--ca", good.file, "--host", f"{host}:{port}",
                       "--tls", level, *more)

        table = (("127.0.5.1", "never", "relayed", "-"), ("127.0.5.1", "opportunistic", "relayed", "unverified"),
                 ("127.0.5.2", "opportunistic", "relayed", "unverified"), ("127.0.5.3", "opportunistic", "relayed", "-"),
                 ("127.0.5.1", "encrypt", "relayed", "unverified"), ("127.0.5.2", "encrypt", "relayed", "unverified"),
                 ("127.0.5.3", "encrypt", "deferred", "-"), ("127.0.5.1", "verify", "deferred", "-"),
                 ("127.0.5.3", "verify", "deferred", "-"))
        for host, level, verdict, tls in table:
            result = to(host, level)
            assert result.verdict == verdict and (verdict == "deferred" or result.tls.endswith(tls)), (host, level, result)
        # By name: h1 is 127.0.5.1, whose certificate bears other names.
        assert to("mx1", "verify").verdict == "deferred"
        result = to("127.0.5.1", "opportunistic", "--require-tls")
        assert (result.verdict, result.enhanced) == ("failed", "5.7.10"), result
        result = to("127.0.5.3", "opportunistic", "--require-tls")
        assert (result.verdict, result.enhanced) == ("failed", "5.7.10"), result
        assert len(plain.mails) == 1


def story_a_smarthost_with_a_login(world) -> None:
    """Our own submission is the smarthost: STARTTLS, SCRAM-SHA-256, CHUNKING and PIPELINING of a real server."""
    ada, bob = world.user("ada"), world.user("bob")
    host = ("--host", f"127.0.0.1:{world.server.port('submission')}", "--tls", "encrypt", "--dns", "127.0.0.1@9", "--timeout", "20",
            "--from", ada, "--hostname", "client.example")
    text = f"From: {ada}\r\nTo: {bob}\r\nSubject: by the smarthost\r\n\r\n.dot\r\n"
    result = one(world, *host, "--login", ada, "--password", "correct-horse-7", to=(bob,), text=text)
    assert result.verdict == "delivered" and result.tls.startswith("TLSv1.3"), result
    assert b"\r\n.dot\r\n" in world.mails(bob)[0]
    result = one(world, *host, "--login", ada, "--password", "wrong", to=(bob,), text=text)
    assert (result.verdict, result.code, result.enhanced) == ("deferred", 535, "4.7.8"), result
    result = one(world, *host, to=(bob,), text=text)
    assert result.verdict == "failed" and result.code == 530, result


def configure(world, **values: str) -> None:
    path = os.path.join(world.server.data, "chappe.conf")
    with open(path, encoding="utf-8") as file:
        kept = [line for line in file if line.split("=")[0].strip() not in values]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(kept + [f"{key} = {value}\n" for key, value in values.items()])
    world.server.run("reload")


def use_names(world, knot: Knot) -> str:
    """The server asks this one from now on; the trust anchor stands where confined processes may read."""
    anchor = os.path.join(world.server.data, "tls", "anchor.key")
    shutil.copy(knot.anchor, anchor)
    os.chmod(anchor, 0o644)
    configure(world, dns=knot.server)
    return anchor


def story_submitted_mail_travels_by_dane(world) -> None:
    """The whole way: submission, queue, the confined transport, DNSSEC, TLSA, STARTTLS."""
    ada = world.user("ada")
    good, other = Authority(world.folder, "good"), Authority(world.folder, "other")
    zone = (f"@ MX 0 mx1\nmx1 A 127.0.4.1\n_{PORT}._tcp.mx1 TLSA {good.tlsa(3, 'mx1.dane.test')}\n"
            f"bad MX 0 mx2\nmx2 A 127.0.4.2\n_{PORT}._tcp.mx2 TLSA {other.tlsa(3, 'mx2.dane.test')}\n")
    with Knot({"dane.test": zone}) as knot, Sink("127.0.4.1", PORT, tls=good.server("mx1.dane.test")) as sink, \
            Sink("127.0.4.2", PORT, tls=good.server("mx2.dane.test")) as forged:
        try:
            configure(world, trust_anchor=use_names(world, knot))
            for to in ("bob@bad.dane.test", "bob@dane.test"):
                with submission(world, ada) as smtp:
                    smtp.sendmail(ada, to, f"From: {ada}\r\nTo: {to}\r\nSubject: x\r\n\r\nbody\r\n")
            world.server.wait_until(lambda: sink.mails, 30, "the mail at the exchanger")
            assert sink.mails[0].tls and sink.mails[0].recipients == ["bob@dane.test"]
            line = next(line for line in world.server.log().splitlines() if "outbound.attempt" in line and "mx1.dane.test" in line)
            assert "TLSv1.3 DANE" in line and "result=sent" in line, line
            world.server.wait_until(lambda: "no matching DANE TLSA records" in world.server.log(), 30, "the refusal of the forged one")
            assert not forged.mails
        finally:
            configure(world, dns="", trust_anchor="")


def story_check_asks_the_configured_servers(world) -> None:
    """`chappe check` sees the domains as outgoing mail does; new servers and a trust anchor need no restart."""
    zone = world.domain

    def lines() -> dict[str, dict]:
        done = world.run(world.server.binary, "--data", world.server.data, "check", "--json", check=False)
        return {line["what"]: line for line in json.loads(done)}

    with Knot({zone: "@ MX 10 mail.example.test.\n", "example.test": "mail A 127.0.0.1\n"}) as knot:
        anchor = use_names(world, knot)
        try:
            seen = lines()
            assert seen[f"DNS of {zone}"]["is_good"] and seen["own name"]["is_good"], seen
            assert "not validated" in seen["DNSSEC"]["text"], seen
            configure(world, trust_anchor=anchor)
            seen = lines()
            assert seen[f"DNS of {zone}"]["text"] == "leads here, signed", seen
            knot.set(zone, "- @ MX", "@ MX 10 elsewhere.example.test.")
            configure(world, dns=knot.server)
            assert "do not name mail.example.test" in lines()[f"DNS of {zone}"]["text"]
        finally:
            configure(world, dns="", trust_anchor="")
