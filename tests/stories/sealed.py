"""Private keys and passwords lie sealed in the database; their key can be changed, lost and found again."""
from __future__ import annotations

import base64
import os
import smtplib
import subprocess
from urllib.parse import quote

from filter import DNS, field
from kit.authenticator import code
from kit.browser import Browser, logged_in
from kit.remote import Remote
from kit.slapd import certificates
from kit.world import World
from smtp import submission

PACKAGES = ["python3-cryptography", "python3-ldap"]
PRIVATE = True
SETTINGS = {"dns": DNS.setting}


def send(world: World, sender: str, to: str) -> int:
    with submission(world, sender) as smtp:
        try:
            smtp.sendmail(sender, [to], f"From: {sender}\r\nTo: {to}\r\nSubject: x\r\n\r\nhello\r\n".encode())
            return 250
        except smtplib.SMTPDataError as problem:
            return problem.smtp_code


def story_secrets_lie_sealed_and_their_key_can_be_changed(world: World) -> None:
    ada, bob, server = world.user("ada"), world.user("bob"), world.server
    server.api("POST", "/dkim", {"domain": world.domain, "selector": "s1"})
    server.run("filter", "set", "rspamd_password", "hunter2")
    server.api("POST", "/connectors", {"name": f"relay {world.number}", "smarthost": "relay.example", "spaces": ["elsewhere.test"],
                                       "auth": "us:hunter3", "tls": "verify"})
    folder = os.path.join(server.data, "secrets")
    keys = sorted(os.listdir(folder))
    assert len(keys) == 1 and os.stat(os.path.join(folder, keys[0])).st_mode & 0o777 == 0o600, keys
    stored = [server.sql("chappe_directory", sql).strip() for sql in
              ("SELECT private_key FROM dkim_key", "SELECT value FROM filter_setting WHERE name = 'rspamd_password'",
               "SELECT password FROM connector_login")]
    assert all(one.startswith(f"sealed:{keys[0][:-4]}:") for one in stored) and "hunter" not in str(stored), stored
    assert send(world, ada, bob) == 250 and len(field(world.mails(bob)[0], "DKIM-Signature")) == 1
    said = server.run("secret", "rotate")
    both = sorted(os.listdir(folder))
    assert len(both) == 2 and "3 of 3 secrets" in said, said
    assert server.sql("chappe_directory", "SELECT private_key FROM dkim_key").startswith(f"sealed:{both[1][:-4]}:")
    assert send(world, ada, bob) == 250 and len(field(world.mails(bob)[1], "DKIM-Signature")) == 1
    assert any(one["action"] == "secret.rotate" for one in server.api("GET", "/audit")["entries"])
    # a key from another row does not open
    server.api("POST", "/dkim", {"domain": world.domain, "selector": "s2"})
    server.sql("chappe_directory", "UPDATE dkim_key SET private_key = (SELECT private_key FROM dkim_key WHERE selector = 's1') WHERE selector = 's2'")
    assert send(world, ada, bob) == 451 and "does not open with the key" in server.log()
    server.run("dkim", "remove", world.domain, "s2")
    assert send(world, ada, bob) == 250


def story_the_password_of_a_smarthost_is_what_it_was(world: World) -> None:
    ada, server = world.user("ada"), world.server
    with Remote(("AUTH PLAIN", "ENHANCEDSTATUSCODES")) as sink:
        sink.answer("AUTH", "235 2.7.0 welcome")
        server.api("POST", "/connectors", {"name": f"relay {world.number}", "smarthost": f"[127.0.0.2]:{sink.port}", "spaces": ["*"],
                                           "auth": "us:hunter4", "tls": "opportunistic"})
        assert send(world, ada, "bob@elsewhere.test") == 250
        sink.wait_for(1)
        assert "AUTH PLAIN " + base64.b64encode(b"\0us\0hunter4").decode() in sink.commands, sink.commands
    assert "hunter4" not in server.sql("chappe_directory", "SELECT password FROM connector_login")


def story_a_lost_key_is_told_and_its_return_heals(world: World) -> None:
    ada, bob, server = world.user("ada"), world.user("bob"), world.server
    server.api("POST", "/dkim", {"domain": world.domain, "selector": "s1"})
    folder = os.path.join(server.data, "secrets")
    name = os.listdir(folder)[0]
    with World(server) as other:
        eve = other.user("eve")
        os.rename(os.path.join(folder, name), os.path.join(server.data, "lost"))
        server.run("restart")
        assert send(world, ada, bob) == 451, "never unsigned in silence"
        assert f"the key {name} is not in" in server.log(), server.log()[-2000:]
        assert send(other, eve, eve) == 250, "a domain without keys has no trouble"
        os.rename(os.path.join(server.data, "lost"), os.path.join(folder, name))
        server.run("restart")
        assert send(world, ada, bob) == 250 and len(field(world.mails(bob)[0], "DKIM-Signature")) == 1


class Canaries:
    """Secrets that occur nowhere else, and what each is."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def made(self, what: str) -> str:
        return self.shown(what, f"clear-{what}-{os.urandom(9).hex()}")

    def shown(self, what: str, secret: str) -> str:
        self.known[what] = secret
        return secret

    def forms(self) -> dict[str, bytes]:
        """As text, as base64 wherever it begins, and as bytea is dumped."""
        forms: dict[str, bytes] = {}
        for what, secret in self.known.items():
            raw = secret.encode()
            forms[f"{what} in clear"], forms[f"{what} in hexadecimal"] = raw, raw.hex().encode()
            for shift in range(3):
                encoded = base64.b64encode(bytes(shift) + raw)
                forms[f"{what} in base64, {shift}"] = encoded[-(-shift * 4 // 3):-4]
        return forms


def everything_secret(world: World, ada: str) -> Canaries:
    """One of each kind that Chappe keeps, made as people make them."""
    server, organisation, secrets = world.server, world.organisation, Canaries()
    certificates(world.folder)
    pem = {name: open(os.path.join(world.folder, name), encoding="ascii").read() for name in ("client.key", "client.pem")}
    secrets.shown("directory-key", pem["client.key"].splitlines()[1])
    server.api("POST", "/directories", {
        "name": "Staff", "organisation": organisation, "type": "ldap", "urls": ["ldap://127.0.0.1:9"], "base": "dc=example,dc=test", "enabled": False,
        "bind_dn": "cn=reader", "bind_password": secrets.made("bind-password"), "write_back": ["mail"], "write_dn": "cn=writer",
        "write_password": secrets.made("write-password"), "key": pem["client.key"], "certificate": pem["client.pem"]})
    server.api("POST", "/identity-providers", {"name": "Login", "organisation": organisation, "issuer": "https://login.example", "client": "us",
                                               "secret": secrets.made("client-secret"), "enabled": False})
    server.api("POST", "/connectors", {"name": f"relay {world.number}", "smarthost": "relay.example", "spaces": ["elsewhere.test"],
                                       "auth": "us:" + secrets.made("relay-password"), "tls": "verify"})
    server.run("filter", "set", "rspamd_password", secrets.made("rspamd-password"))
    server.api("PUT", f"/users/{ada}/password", {"password": secrets.made("password")})
    csv = f"address,name,password\neve@{world.domain},Eve,{secrets.made('imported-password')}\n"
    job = server.api("POST", f"/jobs/import-csv?organisation={quote(organisation)}", raw=csv.encode())
    server.wait_until(lambda: server.api("GET", f"/jobs/{job['id']}")["state"] == "done", 60, "the import")
    browser = Browser(world)
    assert browser.log_in(ada, secrets.known["password"])[0] == 200
    secrets.shown("cookie", browser.cookie.split("=", 1)[1])
    secrets.shown("app-password", browser.ask("POST", f"/users/{ada}/app-passwords", {"name": "phone"}, key="once")[1]["password"])
    secrets.shown("token", browser.ask("POST", "/tokens", {"name": "script"}, key="and-once")[1]["token"])
    factor = browser.ask("POST", f"/users/{ada}/second-factors", {"kind": "totp", "name": "phone"})[1]
    secrets.shown("totp", factor["secret"])
    done = browser.ask("POST", f"/users/{ada}/second-factors/{factor['id']}/confirm", {"code": code(factor["secret"])})[1]
    secrets.shown("recovery-code", done["recovery_codes"][0])
    return secrets


def a_change_that_waits(world: World, secrets: Canaries) -> None:
    """With a password in it, until a second person has looked."""
    bob = world.user("bob")
    world.server.run("grant", "add", bob, "help-desk", "--scope", "domain", "--on", world.domain, "--approval")
    status, answer = logged_in(world, bob).ask("PUT", f"/users/{world.user('cleo')}/password", {"password": secrets.made("waiting-password")})
    assert status == 202, answer


def another_server(world: World, secrets: Canaries) -> str:
    """The name of a storage group on a database of another server, so to say, with a password in its address."""
    server, name, database = world.server, f"Elsewhere {world.number}", f"elsewhere_{world.number}"
    server.sql("postgres", f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    server.api("POST", "/storage-groups", {"name": name, "database": f"host={server.data}/postgres/run user=chappe dbname={database}"
                                           f" password={secrets.made('database-password')}"})
    assert server.api("GET", f"/storage-groups/{quote(name)}")["state"] == "up"
    return name


def story_no_secret_lies_in_clear(world: World) -> None:
    """Not in the dump that somebody carries away, and in no file beside the folder of keys."""
    server = world.server
    secrets = everything_secret(world, world.user("ada"))
    a_change_that_waits(world, secrets)
    elsewhere = another_server(world, secrets)
    server.sql("chappe_directory", "CHECKPOINT")
    forms = secrets.forms()
    dump = server.dump()
    assert b"sealed:" in dump and b"COPY public.directory_source_secret" in dump and len(secrets.known) > 12, secrets.known
    found = [name for name, form in forms.items() if form in dump]
    assert not found, f"in the dump: {found}"
    keys = os.path.join(server.data, "secrets")
    assert os.stat(keys).st_mode & 0o077 == 0 and all(os.stat(os.path.join(keys, name)).st_mode & 0o077 == 0 for name in os.listdir(keys))
    patterns = os.path.join(world.folder, "patterns")
    with open(patterns, "wb") as file:
        file.write(b"\n".join(forms.values()) + b"\n")
    looked = subprocess.run(["grep", "-raoF", "--exclude-dir=secrets", "-f", patterns, server.data], capture_output=True, check=False)
    assert looked.returncode == 1, f"in the data folder: {looked.stdout[:2000]!r} {looked.stderr!r}"
    planted = os.path.join(server.data, "log", "planted")
    with open(planted, "wb") as file:
        file.write(forms["cookie in base64, 1"])
    assert subprocess.run(["grep", "-rqaF", "--exclude-dir=secrets", "-f", patterns, server.data], check=False).returncode == 0, "it is looked for indeed"
    os.remove(planted)
    # with another key, and after a start, the database is found as before; its address is not touched by other changes
    assert server.sql("chappe_directory", "SELECT conninfo FROM storage_group WHERE conninfo IS NOT NULL").startswith("sealed:")
    server.run("secret", "rotate")
    newest = sorted(os.listdir(keys))[-1][:-4]
    assert server.sql("chappe_directory", "SELECT conninfo FROM storage_group WHERE conninfo IS NOT NULL").startswith(f"sealed:{newest}:")
    server.api("PATCH", f"/storage-groups/{quote(elsewhere)}", {"takes_new": False})
    server.run("restart")
    assert server.api("GET", f"/storage-groups/{quote(elsewhere)}")["state"] == "up"
