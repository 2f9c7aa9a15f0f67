"""What users teach by moving mail into Junk and out of it: the scanners, and the server's own memory of whom they know."""
from __future__ import annotations

import json
import socket

from filter import DNS, HAM, field, offer, subject
from kit.scanners import GTUBE, FalseScanner, Redis, Rspamd, Spamd
from kit.world import World

PACKAGES = ["rspamd", "redis-server", "spamd"]
PRIVATE = True
SETTINGS = {"dns": DNS.setting, "trusted_proxies": "127.0.0.77/32"}


def spam(words: str = "offer", sender: str = "x@outside.test") -> str:
    return f"From: Shop <{sender}>\r\nSubject: {words}\r\n\r\n{words}: {GTUBE}\r\n"


def move(world: World, address: str, source: str, target: str) -> None:
    imap = world.imap(address)
    imap.select(source)
    kind, data = imap.uid("MOVE", "1:*", target)
    imap.logout()
    assert kind == "OK", data


def lessons(world: World) -> int:
    return world.server.log().count("learn.lesson ")


def wait_for_lessons(world: World, count: int) -> None:
    world.server.wait_until(lambda: lessons(world) >= count, 60, f"{count} lessons")


def to_junk_only(world: World, scanner: Rspamd) -> None:
    world.server.run("filter", "set", "rspamd", scanner.address)
    world.server.run("filter", "set", "on_spam", "junk", "--org", world.organisation)


def learnt(world: World, redis: Redis) -> int:
    """Lessons about spam that rspamd has written down; what its own statistics say of them is a minute old."""
    host, port = redis.address.rsplit(":", 1)
    return int(world.run("redis-cli", "-h", host, "-p", port, "HGET", "RS", "learns_spam").strip() or 0)


def story_what_was_moved_out_of_junk_stays_in_the_inbox(world: World) -> None:
    """Row 7 of what was promised: GTUBE goes to Junk; moved to Inbox, the next similar one stays."""
    ada, bob, server = world.user("ada"), world.user("bob"), world.server
    with Redis() as redis, Rspamd(redis) as rspamd:
        to_junk_only(world, rspamd)
        server.run("filter", "set", "rspamd_controller", rspamd.controller)
        server.run("filter", "set", "rspamd_password", "secret")
        assert offer(world, ada, spam("one"))[0] == 250 and world.count(ada, "Junk") == 1
        move(world, ada, "Junk", "INBOX")
        wait_for_lessons(world, 1)
        assert "outcome=taught" in server.log(), server.log()[-2000:]
        assert offer(world, ada, spam("two"))[0] == 250
        assert world.count(ada) == 2 and world.count(ada, "Junk") == 0, "the next one stays"
        assert "filter.known-again" in server.log()
        assert field(world.mails(ada)[1], "X-Spam-Flag") == ["YES"], "what the scanner thinks is still told"
        # the name alone is no proof
        assert offer(world, ada, spam("forged"), "198.51.100.1")[0] == 250 and world.count(ada, "Junk") == 1
        assert offer(world, ada, spam("another", "y@outside.test"))[0] == 250 and world.count(ada, "Junk") == 2
        assert offer(world, bob, spam("three"))[0] == 250 and world.count(bob, "Junk") == 1, "others have not said so"
        # and back again
        move(world, ada, "INBOX", "Junk")
        wait_for_lessons(world, 3)
        assert offer(world, ada, spam("four"))[0] == 250 and world.count(ada, "Junk") == 5 and world.count(ada) == 0
        assert server.sql("chappe_directory", "SELECT count(*) FROM lesson").strip() == "0"


def story_a_signature_that_passes_is_known_wherever_it_comes_from(world: World) -> None:
    ada, server = world.user("ada"), world.server
    DNS.put("good.test", "TXT", "v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.0/24 -all")
    with Rspamd() as rspamd:
        to_junk_only(world, rspamd)
        mail = spam("one", "shop@good.test")
        assert offer(world, ada, mail, "192.0.2.1", "bounce@good.test")[0] == 250 and world.count(ada, "Junk") == 1
        move(world, ada, "Junk", "INBOX")
        wait_for_lessons(world, 1)
        assert offer(world, ada, mail, "203.0.113.9", "bounce@good.test")[0] == 250 and world.count(ada) == 2, "SPF passed again"
        assert offer(world, ada, mail, "198.51.100.1", "bounce@good.test")[0] == 250 and world.count(ada) == 2, "and here not"
        assert world.count(ada, "Junk") == 1


def story_the_keywords_of_clients_teach_as_well(world: World) -> None:
    ada, server = world.user("ada"), world.server
    with Rspamd() as rspamd:
        to_junk_only(world, rspamd)
        assert offer(world, ada, spam("one"))[0] == 250
        imap = world.imap(ada)
        imap.select("Junk")
        imap.store("1", "+FLAGS", "($NotJunk)")
        imap.store("1", "+FLAGS", "(\\Seen)")
        wait_for_lessons(world, 1)
        assert offer(world, ada, spam("two"))[0] == 250 and world.count(ada) == 1
        imap.store("1", "FLAGS", "(Junk)")
        wait_for_lessons(world, 2)
        assert offer(world, ada, spam("three"))[0] == 250 and world.count(ada, "Junk") == 2
        imap.uid("COPY", "1", "Trash")
        imap.uid("COPY", "1:*", "Junk")
        imap.logout()
        # a Sieve script that files into Junk, and mail that is delivered there, teach nothing
        assert lessons(world) == 2, server.log()[-2000:]


def story_an_organisation_may_want_no_lessons(world: World) -> None:
    ada, server = world.user("ada"), world.server
    server.run("filter", "set", "learn", "off", "--org", world.organisation)
    with Rspamd() as rspamd:
        to_junk_only(world, rspamd)
        assert offer(world, ada, spam("one"))[0] == 250
        move(world, ada, "Junk", "INBOX")
        wait_for_lessons(world, 1)
        assert "outcome=off" in server.log()
        assert offer(world, ada, spam("two"))[0] == 250 and world.count(ada, "Junk") == 1


def story_rspamd_learns_what_users_say(world: World) -> None:
    ada, server = world.user("ada"), world.server
    with Redis() as redis, Rspamd(redis) as rspamd:
        to_junk_only(world, rspamd)
        server.run("filter", "set", "rspamd_controller", rspamd.controller)
        server.run("filter", "set", "rspamd_password", "wrong")
        assert offer(world, ada, HAM)[0] == 250 and world.count(ada) == 1
        move(world, ada, "INBOX", "Junk")
        wait_for_lessons(world, 1)
        assert "another password" in server.log() and learnt(world, redis) == 0
        shown = server.run("filter", "show")
        assert "wrong" not in shown and "(set)" in shown, shown
        server.run("filter", "set", "rspamd_password", "secret")

        def has_learnt() -> bool:              # settings are read anew once a second
            server.sql("chappe_directory", "UPDATE lesson SET next_us = 0")
            return learnt(world, redis) == 1

        server.wait_until(has_learnt, 30, "rspamd to have learnt")
        audit = json.dumps(server.api("GET", "/audit"))
        assert "rspamd_password" in audit and "wrong" not in audit and "(secret)" in audit, audit


def story_spamassassin_learns_what_users_say(world: World) -> None:
    ada, server = world.user("ada"), world.server
    with Spamd(learns=True) as spamd:
        server.run("filter", "set", "spamd", spamd.address)
        server.run("filter", "set", "spamd_learn", "on")
        assert offer(world, ada, HAM)[0] == 250 and world.count(ada) == 1
        move(world, ada, "INBOX", "Junk")
        wait_for_lessons(world, 1)
        assert "outcome=taught" in server.log(), server.log()[-3000:]
    with Spamd() as deaf:
        server.run("filter", "set", "spamd", deaf.address)
        move(world, ada, "Junk", "INBOX")
        wait_for_lessons(world, 2)
        assert "--allow-tell" in server.log(), server.log()[-3000:]


def story_a_scanner_that_is_away_holds_up_no_move_and_no_lesson_is_lost(world: World) -> None:
    ada, server = world.user("ada"), world.server
    for number in range(3):
        assert offer(world, ada, subject(str(number)))[0] == 250
    with FalseScanner("silence") as silent:
        server.run("filter", "set", "rspamd_controller", silent.address)
        move(world, ada, "INBOX", "Junk")
        assert world.count(ada, "Junk") == 3, "moved while the scanner hangs"
        wait_for_lessons(world, 1)
    assert "outcome=failed" in server.log()
    for lie in (b"HTTP/1.0 500 no\r\n\r\n", b"nonsense", b"", "reset", b"HTTP/1.1 403 no\r\n\r\n"):
        with FalseScanner(lie) as liar:
            server.run("filter", "set", "rspamd_controller", liar.address)
            done = lessons(world)
            server.sql("chappe_directory", "UPDATE lesson SET next_us = 0")
            wait_for_lessons(world, done + 1)
    assert server.sql("chappe_directory", "SELECT count(*) FROM lesson").strip() == "3", "they all wait"
    heard: list[bytes] = []

    def learn(link: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += link.recv(65536)
        length = int(data.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(data.split(b"\r\n\r\n", 1)[1]) < length:
            data += link.recv(65536)
        heard.append(data)
        link.sendall(b'HTTP/1.1 208 Already\r\n\r\n{"error":"has been already learned as spam, ignore it"}')

    with FalseScanner(learn) as scanner:
        server.run("filter", "set", "rspamd_controller", scanner.address)
        server.run("filter", "set", "rspamd_password", "se cret")
        server.run("filter", "set", "learn_per_user", "on")
        server.sql("chappe_directory", "UPDATE lesson SET next_us = 0")
        server.wait_until(lambda: len(heard) == 3, 30, "three lessons")
        server.wait_until(lambda: server.sql("chappe_directory", "SELECT count(*) FROM lesson").strip() == "0", 20, "an empty queue")
    assert all(one.startswith(b"POST /learnspam HTTP/1.0\r\n") and b"Password: se cret\r\n" in one and
               f"Deliver-To: {ada}\r\n".encode() in one for one in heard), heard
