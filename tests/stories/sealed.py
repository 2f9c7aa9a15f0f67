"""Private keys and passwords lie sealed in the database; their key can be changed, lost and found again."""
from __future__ import annotations

import base64
import os
import smtplib

from filter import DNS, field
from kit.remote import Remote
from kit.world import World
from smtp import submission

PACKAGES: list[str] = []
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
