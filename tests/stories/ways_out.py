"""Who sends over whom: a smarthost for one domain and not for another, and a backup that hands over what it kept."""
from __future__ import annotations

import os
import shutil
import smtplib

from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.sink import Authority, Sink
from kit.world import World
from reload import set_config
from smtp import submission

PACKAGES = ["openssl"]
PRIVATE = True
PORT = reserve_port()
NAMES = Names(reserve_port())
NAMES.mail("outside.test", "127.0.0.2")
NAMES.mail("backed.test", "127.0.0.6")
NAMES.mail("provider.test", "127.0.0.32", host="relay.provider.test")
# One connection to a destination: what waited for it is handed over one after the other.
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s", "outbound_per_destination": "1"}


def story_one_domain_by_its_provider_with_a_login_and_the_other_directly(world: World) -> None:
    """Seeds, row 23: the provider's certificate is looked at, and nothing goes there without a login inside TLS."""
    ada, server, second = world.user("ada"), world.server, f"b.{world.domain}"
    server.run("domain", "add", second, "--org", world.organisation)
    eve = f"eve@{second}"
    server.run("user", "add", eve, "--name", "Eve", "--password-file", "-", stdin="correct-horse-7\n")
    provider = Authority(world.folder, "provider")
    trusted = os.path.join(server.data, "tls", "provider.pem")
    shutil.copyfile(provider.file, trusted)
    os.chmod(trusted, 0o644)
    set_config(world, trusted_certificates=trusted)
    server.run("restart")
    login = world.write("login", "house:a provider's word\n")
    server.run("connector", "add", "Provider", "--space", "*", "--smarthost", f"[127.0.0.31]:{PORT}", "--auth-file", login, "--tls", "verify",
               "--allow", f"@{world.domain}")
    server.wait_until(lambda: "Provider" in server.run("route", "bob@outside.test", "--from", ada), 10, "the connector to be known")

    def send(sender: str, subject: str) -> None:
        with submission(world, sender) as smtp:
            smtp.sendmail(sender, "bob@outside.test", f"From: {sender}\r\nSubject: {subject}\r\n\r\nx\r\n".encode())

    with Remote(port=PORT) as direct:
        with Sink("127.0.0.31", PORT, tls=provider.server("other.test"), login="house:a provider's word") as relay:
            send(ada, "not to somebody with another name")
            send(eve, "direct")
            assert direct.wait_for(1)[0].sender == eve
            server.wait_until(lambda: relay.handshakes_failed + relay.connections > 0, 20, "the provider to be tried")
            assert relay.mails == [], "its certificate does not fit"
        server.run("connector", "set", "Provider", "--smarthost", f"[relay.provider.test]:{PORT}")
        with Sink("127.0.0.32", PORT, tls=provider.server("relay.provider.test"), login="house:a provider's word") as relay:
            server.run("queue", "retry", "--sender", ada)
            server.wait_until(lambda: len(relay.mails) == 1, 30, "ada's mail at the provider")
            taken = relay.mails[0]
            assert (taken.sender, taken.login) == (ada, "house") and taken.tls, taken
        assert len(direct.taken) == 1


def story_a_backup_hands_over_in_the_order_in_which_it_came(world: World) -> None:
    """Seeds, row 57: the primary is off, five messages come; it is back, and has them in their order, with the line of each hop."""
    world.server.run("backup-mx", "add", "backed.test", "--type", "host", "--org", world.organisation)

    def is_known() -> bool:
        with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
            smtp.helo("x")
            smtp.mail("a@far.test")
            return smtp.rcpt("bob@backed.test")[0] == 250
    world.server.wait_until(is_known, 10, "the backed-up domain")
    for number in range(5):
        assert world.send("bob@backed.test", f"Received: from there by far.test; Thu, 1 Jan 2031 00:00:0{number} +0000\r\nSubject: {number}\r\n\r\nx\r\n",
                          sender=f"s{number}@far.test") == {}
    listed = world.server.api("GET", "/queue?domain=backed.test")["entries"]
    assert len(listed) == 5, listed
    with Remote(port=PORT, address="127.0.0.6") as primary:
        taken = primary.wait_for(5, 30)
    assert [one.sender for one in taken] == [f"s{number}@far.test" for number in range(5)], taken
    for one in taken:
        head = one.data.partition(b"\r\n\r\n")[0]
        assert head.count(b"Received: ") == 2 and head.index(b"by mail.example.test") < head.index(b"by far.test"), head
