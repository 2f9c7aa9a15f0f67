"""Hosts of the house (relay_from) send for the domains served here without a login, and are judged as their users are."""
from __future__ import annotations

import email
import json

from filter import DNS, offer
from kit.remote import Remote, reserve_port
from kit.world import World

PORT = reserve_port()
HOST = "10.0.0.25"
SETTINGS = {"dns": DNS.setting, "trusted_proxies": "127.0.0.77/32", "outbound_port": str(PORT), "retry_min": "1s", "relay_from": "10.0.0.0/24"}
DNS.put("far.test", "MX", "10 mx.far.test")
DNS.put("mx.far.test", "A", "127.0.0.2")


def story_a_host_of_the_house_relays_for_our_domains_only(world: World) -> None:
    server, scanner = world.server, f"scanner@{world.domain}"
    letter = f"From: {scanner}\r\nSubject: a scan\r\n\r\na page\r\n"
    server.run("dkim", "add", world.domain)
    with Remote(port=PORT) as far:
        assert offer(world, "zoe@far.test", letter, HOST, scanner)[0] == 250
        assert offer(world, "zoe@far.test", letter, HOST, "")[0] == 250, "a notice has no sender"
        code, text = offer(world, "zoe@far.test", letter, HOST, "x@outside.test")
        assert code == 550 and "5.7.1" in text, (code, text)
        assert offer(world, "zoe@far.test", letter, "10.0.1.25", scanner)[0] == 550, "a neighbour that nobody named"
        taken = far.wait_for(2)
    signed = email.message_from_bytes(next(one for one in taken if one.sender == scanner).data)
    assert f"d={world.domain}" in signed["DKIM-Signature"].replace(" ", ""), signed.items()


def story_the_dry_run_and_the_rules_know_the_house(world: World) -> None:
    server, scanner = world.server, f"scanner@{world.domain}"
    letter = f"From: {scanner}\r\nSubject: a scan\r\n\r\na page\r\n"
    played = json.loads(server.run("trace", "--dry-run", scanner, "zoe@far.test", "--client", HOST, "--json"))
    assert played["accepted"], played
    played = json.loads(server.run("trace", "--dry-run", scanner, "zoe@far.test", "--client", "192.0.2.9", "--json"))
    assert not played["accepted"], played
    server.run("rule", "add", "foot", "--org", world.organisation, "--direction", "out", "--refuse", "Nothing leaves today.")
    assert "Nothing leaves today." in offer(world, "zoe@far.test", letter, HOST, scanner)[1]
    server.run("rule", "remove", "foot", "--org", world.organisation)
    server.run("rule", "add", "log in", "--org", world.organisation, "--sender", world.domain, "--anonymous", "--refuse", "Please log in.")
    assert "Please log in." in offer(world, "zoe@far.test", letter, HOST, scanner)[1]
