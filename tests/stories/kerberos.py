"""Tickets instead of passwords: two Samba domains, real tickets, every protocol."""
from __future__ import annotations

import base64
import imaplib
import os
import ssl
import sys
import http.client

from kit.samba_dc import SambaDc
from kit.wire import Connection
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from company_login import belongs, source  # noqa: E402

PRIVATE = True
SETTINGS = {"kerberos_realms": "ALPHA.LAN=alpha.example BETA.LAN=beta.example", "plaintext_login": "always"}
PACKAGES = ["samba", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules", "krb5-user", "python3-gssapi",
            "python3-ldap", "python3-cryptography", "curl"]
AES_ONLY, RC4_ONLY = 24, 4
HOST = "mail.alpha.lan"
SERVICES = ("imap", "pop", "smtp", "sieve", "HTTP")
ADA = "Passw0rd!ada"


def keys(world: World, dc: SambaDc, host: str, services: tuple[str, ...] = SERVICES, ciphers: int = AES_ONLY) -> str:
    """A keytab of an account of its own."""
    account = f"svc-{host.split('.')[0]}"
    keytab = os.path.join(world.folder, f"{dc.workgroup}-{account}.keytab")
    dc.user(account, "Svc!pass1word")
    dc.modify(f"CN={account},CN=Users", {"msDS-SupportedEncryptionTypes": [ciphers],
                                         "servicePrincipalName": [f"{service}/{host}" for service in services]})
    dc.tool("user", "setpassword", account, "--newpassword=Svc!pass2word")                        # only now come keys of these ciphers
    for service in services:
        dc.tool("domain", "exportkeytab", keytab, f"--principal={service}/{host}")
    return keytab


def ticket(world: World, dc: SambaDc, name: str) -> dict[str, str]:
    """The environment of a client that has logged in."""
    env = {"KRB5_CONFIG": dc.krb5_conf, "KRB5CCNAME": f"FILE:{world.folder}/{dc.workgroup}-{name}"}
    world.run("kinit", f"{name}@{dc.realm}", stdin=ADA + "\n", env=env)
    return env


def context(env: dict[str, str], service: str, host: str = HOST):
    import gssapi
    os.environ["KRB5_CONFIG"] = env["KRB5_CONFIG"]
    mine = gssapi.Credentials(usage="initiate", store={"ccache": env["KRB5CCNAME"]})
    return gssapi.SecurityContext(name=gssapi.Name(f"{service}@{host}", gssapi.NameType.hostbased_service), creds=mine,
                                  flags=gssapi.RequirementFlag.mutual_authentication, usage="initiate")


class Client:
    """The client's side of GSSAPI (RFC 4752)."""

    def __init__(self, env: dict[str, str], service: str, host: str = HOST, acts_for: str = "", layer: int = 1) -> None:
        self.context = context(env, service, host)
        self.acts_for, self.layer = acts_for, layer

    def answer(self, challenge: bytes | None) -> bytes:
        if not self.context.complete:
            return self.context.step(challenge or None) or b""
        offered = self.context.unwrap(challenge or b"").message
        assert offered == b"\x01\x00\x00\x00", offered
        return self.context.wrap(bytes([self.layer, 0, 0, 0]) + self.acts_for.encode(), False).message


def by_imap(world: World, client: Client) -> str:
    """What the server says to it."""
    imap = imaplib.IMAP4("127.0.0.1", world.server.port("imap"), timeout=60)
    assert "AUTH=GSSAPI" in imap.capabilities, imap.capabilities
    try:
        return imap.authenticate("GSSAPI", client.answer)[1][0].decode()
    except imaplib.IMAP4.error as problem:
        return str(problem)
    finally:
        imap.shutdown()


def curl(world: World, env: dict[str, str], url: str, *options: str, host: str = HOST) -> str:
    scheme = url.split(":")[0]
    port = {"imap": "imap", "pop3": "pop3", "smtp": "submission", "http": "http", "https": "https"}[scheme]
    return world.run("curl", "-sS", "-k", "-i", "--max-time", "30", "--connect-to", f"{host}::127.0.0.1:{world.server.port(port)}", *options,
                     f"{url.replace('HOST', host)}", env=env, check=False)


def two_domains(world: World) -> None:
    for name in ("alpha", "beta"):
        organisation = f"{name} {world.organisation}"
        world.server.run("org", "add", organisation)
        world.server.run("domain", "add", f"{name}.example", "--org", organisation)
        world.server.run("user", "add", f"ada@{name}.example", "--name", f"Ada of {name}")
    world.wait_for_mail("ada@alpha.example", "ada@beta.example")


def story_a_ticket_opens_every_protocol(world: World) -> None:
    two_domains(world)
    with SambaDc("ALPHA.LAN") as dc:
        dc.user("ada", ADA)
        dc.user("eve", ADA)
        world.server.put_secret(keys(world, dc, HOST), "krb5.keytab")
        ada, eve = ticket(world, dc, "ada"), ticket(world, dc, "eve")

        assert "Logged in" in by_imap(world, Client(ada, "imap"))
        assert "Logged in" in by_imap(world, Client(ada, "imap", acts_for="ada@alpha.example"))
        assert "Acting for somebody else" in by_imap(world, Client(ada, "imap", acts_for="ada@beta.example"))
        assert "Acting for somebody else" in by_imap(world, Client(ada, "imap", acts_for="nobody@alpha.example"))
        assert "not understood" in by_imap(world, Client(ada, "imap", layer=4))
        assert "no mailbox for eve@ALPHA.LAN" in by_imap(world, Client(eve, "imap"))
        keys(world, dc, "other.alpha.lan", ("nfs",))
        assert "not accepted" in by_imap(world, Client(ada, "nfs", "other.alpha.lan"))

        assert "* STATUS" not in curl(world, eve, "imap://HOST/INBOX", "--login-options", "AUTH=GSSAPI", "-u", ":")
        assert "EXISTS" in curl(world, ada, "imap://HOST/INBOX", "--login-options", "AUTH=GSSAPI", "-u", ":", "-v", "-X", "EXAMINE INBOX")
        assert "Subject" in curl(world, ada, "pop3://HOST/1", "--login-options", "AUTH=GSSAPI", "-u", ":")
        mail = world.write("mail", "From: ada@alpha.example\r\nTo: ada@alpha.example\r\nSubject: by ticket\r\n\r\nhello\r\n")
        sent = curl(world, ada, "smtp://HOST", "--login-options", "AUTH=GSSAPI", "-u", ":", "-v", "--mail-from", "ada@alpha.example",
                    "--mail-rcpt", "ada@alpha.example", "-T", mail)
        assert "235 2.7.0" in sent and "\n< 250 2.0.0" in sent, sent
        sieve(world, Client(ada, "sieve"))

        web = curl(world, ada, "https://HOST/api/v1/session", "--negotiate", "-u", ":", "-H", "Content-Type: application/json",
                   "-d", '{"ticket": true}')
        assert "200 OK" in web and '"method":"kerberos"' in web and '"login":"ada@alpha.example"' in web, web
        assert "no mailbox for eve" in curl(world, eve, "https://HOST/api/v1/session", "--negotiate", "-u", ":", "-H",
                                            "Content-Type: application/json", "-d", '{"ticket": true}')
        jmap = curl(world, ada, "https://HOST/jmap/session", "--negotiate", "-u", ":")
        assert '"username":"ada@alpha.example"' in jmap.replace(" ", ""), jmap
        a_used_ticket_is_not_taken_again(world, ada)
        a_page_of_another_site_gets_nothing(world, ada)
        dc.pause()                                                                               # who has a ticket comes in still
        assert "by ticket" in curl(world, ada, "imap://HOST/INBOX/;MAILINDEX=*", "--login-options", "AUTH=GSSAPI", "-u", ":")


def sieve(world: World, client: Client) -> None:
    link = Connection("managesieve", world.server.port("managesieve"))
    while not (line := link.line()).startswith(b"OK"):
        assert not line.startswith(b'"SASL"') or b"GSSAPI" in line, line
    first = base64.b64encode(client.answer(None))
    link.send(b'AUTHENTICATE "GSSAPI" {%d+}\r\n%s\r\n' % (len(first), first))
    while not (line := link.line()).startswith((b"OK", b"NO")):
        challenge = line.split(b'"')[1] if line.startswith(b'"') else link.line()
        link.send(b'"' + base64.b64encode(client.answer(base64.b64decode(challenge))) + b'"\r\n')
    assert line.startswith(b"OK"), line
    link.close()


def negotiate(world: World, token: bytes, origin: str = "", path: str = "/jmap/session") -> tuple[int, str]:
    link = http.client.HTTPSConnection("127.0.0.1", world.server.port("https"), timeout=60, context=ssl._create_unverified_context())
    headers = {"Authorization": "Negotiate " + base64.b64encode(token).decode(), "Content-Type": "application/json",
               **({"Origin": origin} if origin else {})}
    link.request("GET" if path == "/jmap/session" else "POST", path, None if path == "/jmap/session" else '{"ticket": true}', headers)
    answer = link.getresponse()
    said = answer.read().decode()
    link.close()
    return answer.status, said


def a_used_ticket_is_not_taken_again(world: World, env: dict[str, str]) -> None:
    token = context(env, "HTTP").step()
    assert negotiate(world, token)[0] == 200
    assert negotiate(world, token)[0] == 401
    for damaged in (b"", b"no token", token[:-1], token[:200], bytes(1000)):
        assert negotiate(world, damaged)[0] in (400, 401), damaged[:20]


def a_page_of_another_site_gets_nothing(world: World, env: dict[str, str]) -> None:
    assert negotiate(world, context(env, "HTTP").step(), "https://evil.example")[0] == 403
    assert negotiate(world, context(env, "HTTP").step(), "https://evil.example", "/api/v1/session")[0] == 403


def story_realms_and_services_do_not_mix(world: World) -> None:
    two_domains(world)
    with SambaDc("ALPHA.LAN") as alpha, SambaDc("BETA.LAN") as beta:
        for dc in (alpha, beta):
            dc.user("ada", ADA)
        one, other = keys(world, alpha, HOST, ("imap", "HTTP")), keys(world, beta, "mail.beta.lan", ("imap", "HTTP"))
        world.server.put_secret(one, "krb5.keytab")
        in_alpha, in_beta = ticket(world, alpha, "ada"), ticket(world, beta, "ada")
        assert "Logged in" in by_imap(world, Client(in_alpha, "imap"))
        assert "not accepted" in by_imap(world, Client(in_beta, "imap", "mail.beta.lan"))     # no key yet

        both = os.path.join(world.folder, "both.keytab")
        world.run("ktutil", stdin=f"rkt {one}\nrkt {other}\nwkt {both}\nquit\n")
        world.server.put_secret(both, "imap.keytab")                                                      # found without a restart
        for env, host, organisation in ((in_alpha, HOST, "alpha"), (in_beta, "mail.beta.lan", "beta")):
            assert "Logged in" in by_imap(world, Client(env, "imap", host, f"ada@{organisation}.example"))
            wrong = {"alpha": "beta", "beta": "alpha"}[organisation]
            assert "somebody else" in by_imap(world, Client(env, "imap", host, f"ada@{wrong}.example"))
        assert negotiate(world, context(in_alpha, "HTTP").step())[0] == 200
        assert negotiate(world, context(in_beta, "HTTP", "mail.beta.lan").step())[0] == 401       # imap.keytab is for IMAP alone
        weak_ciphers(world, alpha)


def weak_ciphers(world: World, dc: SambaDc) -> None:
    world.server.put_secret(keys(world, dc, "weak.alpha.lan", ("imap",), ciphers=RC4_ONLY), "krb5.keytab")
    env = ticket(world, dc, "ada")
    assert "not accepted" in by_imap(world, Client(env, "imap", "weak.alpha.lan"))
    os.unlink(os.path.join(world.server.data, "secrets/imap.keytab"))
    world.server.stop()
    del os.environ["KRB5_CONFIG"]                                                                # the client's, not the server's
    world.server.settings["kerberos_rc4"] = "yes"
    world.server._configure()
    world.server.start()
    assert "Logged in" in by_imap(world, Client(env, "imap", "weak.alpha.lan"))


def story_a_principal_is_who_the_directory_calls_so(world: World) -> None:
    """ada of the directory has another address here, and the address ada belongs to somebody else of it."""
    world.server.run("org", "add", f"alpha {world.organisation}")
    world.organisation, world.domain = f"alpha {world.organisation}", "alpha.example"
    world.server.run("domain", "add", world.domain, "--org", world.organisation)
    with SambaDc("ALPHA.LAN") as dc:
        one = source(world, "alpha", kind="ad", urls=[dc.tls_url], tls="ldaps", base=dc.base)
        for account, local in (("ada", "ada.lovelace"), ("eve", "ada")):
            dc.user(account, ADA)
            belongs(world, world.user(local), one, dc.dn(f"CN={account},CN=Users"), account.encode().hex().ljust(32, "0"), account)
        world.server.put_secret(keys(world, dc, HOST, ("imap",)), "krb5.keytab")
        ada, eve = ticket(world, dc, "ada"), ticket(world, dc, "eve")
        for env, address in ((ada, "ada.lovelace@alpha.example"), (eve, "ada@alpha.example")):
            said = by_imap(world, Client(env, "imap"))
            assert "Logged in" in said, said
            assert f"user={address} " in [line for line in world.server.log().splitlines() if " imap.login " in line][-1]
        world.server.sql("chappe_directory", "UPDATE directory_source SET is_enabled = false, stamp = stamp + 1")
        world.server.wait_until(lambda: "no mailbox" in by_imap(world, Client(ada, "imap")), 5, "the source to be out of use")


def story_a_disabled_account_has_no_use_of_its_ticket(world: World) -> None:
    two_domains(world)
    with SambaDc("ALPHA.LAN") as dc:
        dc.user("ada", ADA)
        world.server.put_secret(keys(world, dc, HOST, ("imap",)), "krb5.keytab")
        env = ticket(world, dc, "ada")
        assert "Logged in" in by_imap(world, Client(env, "imap"))
        world.server.run("user", "set", "ada@alpha.example", "--state", "no-login")
        assert "no mailbox" in by_imap(world, Client(env, "imap"))
        world.server.run("user", "set", "ada@alpha.example", "--state", "active")
        world.server.run("user", "set", "ada@alpha.example", "--protocols", "pop3")
        assert "not be used" in by_imap(world, Client(env, "imap"))
