"""Several servers on one directory: routing groups, bridgeheads, what goes with a message from one to the next."""
from __future__ import annotations

import json
import os
import random
import signal
import smtplib
import time

from kit.instance import Instance
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.servers import Servers, directory_of
from kit.world import World
from recipients import wait
from smtp import submission
from supervision import set_config
from transport import letter, notices, submit, wait_for_notice

PRIVATE = True
PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 10):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def story_three_groups_the_cheapest_way_and_what_closes_it(world: World) -> None:
    with Servers(world, "Lyon", "Nice") as servers:
        ada, eve = world.user("ada", *servers.store("Paris")), world.user("eve", *servers.store("Nice"))
        over_lyon = servers.join("Paris", "Lyon")
        servers.join("Lyon", "Nice")
        direct = servers.join("Paris", "Nice", cost=30)
        servers.join("Nice", "Paris")
        servers.wait_for_way("Paris", eve, connector=over_lyon)
        assert "cost 20" in servers.way("Paris", eve)["reason"], servers.way("Paris", eve)
        submit(world, ada, eve)
        servers.wait_for_count(eve, 1)
        mail = world.mails(eve)[0]
        assert servers.path(mail) == ["Paris", "Lyon", "Nice"], mail.decode()
        assert b"with ESMTPSA" in mail, mail                       # each has proved who it is

        servers.change(direct, "--cost", "20")                      # equal: about half each
        servers.wait_for_way("Paris", ada, way="store")
        servers.world.server.wait_until(lambda: "shared" in servers.way("Paris", eve)["reason"], 20, "equal ways")
        with submission(world, ada) as smtp:
            for number in range(40):
                smtp.sendmail(ada, eve, letter(ada, eve, f"shared {number}"))
        servers.wait_for_count(eve, 41, 120)
        passed_lyon = sum("Lyon" in servers.path(mail) for mail in world.mails(eve)[1:])
        assert 8 <= passed_lyon <= 32, passed_lyon

        servers.change(direct, "--cost", "15", "--schedule", "never")          # closed: the other way
        servers.wait_for_way("Paris", eve, connector=over_lyon)
        servers.change(direct, "--schedule", "always", "--max-message", "2K")   # small mail directly, large mail by Lyon
        servers.wait_for_way("Paris", eve, connector=direct)
        time.sleep(2)                                                               # the transport sees it within a second, too
        submit(world, ada, eve, letter(ada, eve, "large", "x" * 70 * 60))
        servers.wait_for_count(eve, 42)
        large = next(mail for mail in world.mails(eve) if b"Subject: large" in mail)
        assert servers.path(large) == ["Paris", "Lyon", "Nice"], large[:2000]
        servers.change(direct, "--max-message", "0", "--deny", ada)                # not for her
        servers.wait_for_way("Paris", eve, "--from", ada, connector=over_lyon)
        servers.wait_for_way("Paris", eve, "--from", "bob@elsewhere.example", connector=direct)
        servers.change(direct, "--deny", "", "--allow", "@elsewhere.example")
        servers.wait_for_way("Paris", eve, "--from", ada, connector=over_lyon)
        servers.wait_for_way("Paris", eve, "--from", "bob@elsewhere.example", connector=direct)

        servers.change(over_lyon, "--schedule", "never")                           # no way at all: it waits, and goes
        servers.wait_for_way("Paris", eve, "--from", ada, way="wait")
        submit(world, ada, eve, letter(ada, eve, "later"))
        time.sleep(2)
        entry = servers.ask("Paris", "queue", "list")["entries"][0]
        assert entry["recipient"] == eve and world.count(eve) == 42, entry
        servers.change(over_lyon, "--schedule", "always")
        servers.wait_for_count(eve, 43)


def story_what_is_known_of_a_message_goes_with_it(world: World) -> None:
    with Servers(world, "Lyon") as servers:
        ada, eve = world.user("ada", *servers.store("Paris")), world.user("eve", *servers.store("Lyon"))
        carl = world.user("carl", *servers.store("Lyon"))
        servers.join("Paris", "Lyon", name="there")
        servers.join("Lyon", "Paris")
        servers.wait_for_way("Paris", eve, connector="there")

        # who may write to whom was decided with the login, in Paris
        world.server.run("user", "set", eve, "--accepts", "organisation")
        wait(world, eve, 550)
        submit(world, ada, eve, letter(ada, eve, "among us"))
        servers.wait_for_count(eve, 1)
        world.server.run("user", "set", eve, "--accepts", "anyone")

        # a redirect is followed once
        world.server.run("user", "set", carl, "--forward", "away@d2.test", "--keep-copy")
        with Remote(port=PORT) as sink:
            time.sleep(1.5)
            submit(world, ada, carl, letter(ada, carl, "on its way"))
            servers.wait_for_count(carl, 1)
            sink.wait_for(1)
            time.sleep(2)
            assert len(sink.taken) == 1, sink.taken
            assert b"X-Chappe" not in sink.taken[0].data, sink.taken[0].data

        # a connector of another group, for whose mail it is: relayed by servers of ours only
        world.server.run("connector", "add", "out of Lyon", "--space", "d3.test", "--routing-group", "Lyon",
                         "--org", world.organisation)
        servers.wait_for_way("Paris", "x@d3.test", "--from", ada, connector="there")
        with Remote(("PIPELINING", "DSN", "MT-PRIORITY"), port=PORT, address="127.0.0.3") as sink:
            submit(world, ada, "x@d3.test", letter(ada, "x@d3.test"), mail_options=("MT-PRIORITY=3", "ENVID=e-3", "RET=HDRS"))
            taken = sink.wait_for(1)[0]
            assert taken.sender == ada and b"by lyon.example.test" in taken.data, taken
            said = " ".join(taken.parameters)
            assert "MT-PRIORITY=3" in said and "ENVID=e-3" in said and "RET=HDRS" in said and "XC-" not in said, said
        with smtplib.SMTP("127.0.0.1", servers["Lyon"].port("smtp"), timeout=60) as smtp:
            smtp.ehlo()
            assert not smtp.has_extn("xchappe") and not smtp.has_extn("mt-priority")
            assert smtp.mail("x@elsewhere.example", ["XC-JUDGED"])[0] == 555
            assert smtp.mail("x@elsewhere.example")[0] == 250
            assert smtp.rcpt("x@d3.test")[0] == 550
            assert smtp.rcpt(eve, ["XC-MAILBOX=1"])[0] == 555

        # a success notice comes from where it was filed, by the sender's own envelope id
        submit(world, ada, eve, letter(ada, eve, "tell me"), mail_options=("ENVID=e-4",), rcpt_options=("NOTIFY=SUCCESS",))
        notice = wait_for_notice(world, ada, 1, 30)[0].as_string()
        time.sleep(2)
        assert len(notices(world, ada)) == 1, "one answers for it"
        assert "Original-Envelope-Id: e-4" in notice and "Action: delivered" in notice, notice
        assert "Reporting-MTA: dns; lyon.example.test" in notice, notice

        # TLS all the way, though nobody has signed the certificates of our servers
        submit(world, ada, eve, letter(ada, eve, "TLS all the way"), mail_options=("REQUIRETLS",))
        servers.wait_for_count(eve, 3)

        # a forged path is nobody's: it is taken out, and does not stop the mail
        world.send(eve, "X-Chappe-Path: 1 2\r\nX-Chappe-Forged: yes\r\nSubject: forged\r\n\r\nbody\r\n")
        servers.wait_for_count(eve, 4)
        mail = world.mails(eve)[-1]
        assert b"Forged" not in mail and mail.count(b"X-Chappe-Path:") == 1, mail

        # judged once, where it came in: marked once, and filed in Junk two servers further on
        own = ("--org", world.organisation)
        world.server.run("rule", "add", "outside", *own, "--header", "Subject: *offer*", "--prepend", "[EXT]", "--junk")

        def is_junk() -> bool:
            world.send(eve, "Subject: an offer\r\n\r\nbody\r\n")
            time.sleep(1)
            return bool(world.mails(eve, "Junk"))
        world.server.wait_until(is_junk, 20, "an offer in Junk")
        junk = world.mails(eve, "Junk")[0]
        assert junk.count(b"[EXT]") == 1 and servers.path(junk) == ["Paris", "Lyon"], junk
        world.server.run("rule", "remove", "outside", *own)
        before = world.count(eve)

        # a server that is no longer one of ours is believed no more
        world.server.run("server", "set", "mail.example.test", "--new-key")
        submit(world, ada, eve, letter(ada, eve, "with the new key"))
        servers.wait_for_count(eve, before + 1)
        assert "smtp.peer" in servers["Lyon"].log()


def story_a_dead_bridgehead_is_left_for_the_next_and_all_know(world: World) -> None:
    with Servers(world, "Lyon", "Loire", groups={"Loire": "Lyon"}) as servers:
        ada, eve = world.user("ada", *servers.store("Paris")), world.user("eve", *servers.store("Lyon"))
        servers.join("Paris", "Lyon", name="there")
        servers.join("Lyon", "Paris")
        both = sorted(servers.address(name).replace("[", "").replace("]", "") for name in ("Lyon", "Loire"))
        servers.world.server.wait_until(lambda: sorted(servers.way("Paris", eve).get("hosts", [])) == both, 20, "both bridgeheads")
        servers["Lyon"].stop()
        for number in range(6):
            submit(world, ada, eve, letter(ada, eve, f"number {number}"))
        servers.wait_for_count(eve, 6)
        assert all(servers.path(mail) == ["Paris", "Loire"] for mail in world.mails(eve))

        # nobody there: known everywhere within five seconds of the first failure, and nothing goes round
        servers["Loire"].stop()
        submit(world, ada, eve, letter(ada, eve, "waits"))
        servers.wait_for_way("Paris", eve, way="wait", seconds=15)
        links = servers.ask("Paris", "link", "list")["links"]
        assert {link["connector"] for link in links} == {"there"} and len(links) == 2, links
        before = servers["Paris"].log().count("outbound.attempt")
        time.sleep(3)
        assert servers["Paris"].log().count("outbound.attempt") - before < 5, "it is tried all the time"
        servers["Lyon"].start()                                         # makes itself known: its link is up
        servers.wait_for_count(eve, 7, 60)                              # by itself


def story_link_state_is_seen_by_all_within_five_seconds(world: World) -> None:
    with Servers(world, "Lyon", "Nice") as servers:
        eve = world.user("eve", *servers.store("Nice"))
        servers.join("Paris", "Lyon")
        servers.join("Lyon", "Nice")
        direct = servers.join("Paris", "Nice", cost=30)
        servers.join("Lyon", "Paris")
        servers.wait_for_way("Lyon", eve, way="host", connector="Lyon to Nice")
        servers["Nice"].stop()
        world.send(eve)                                                  # to Lyon, where it is found out
        began = time.monotonic()
        world.server.wait_until(lambda: "127.0.0.22" in str(servers.ask("Paris", "link", "list")), 20, "the link reported")
        found = time.monotonic()
        servers.wait_for_way("Lyon", eve, connector="Lyon to Paris", seconds=5)    # for mail that was not there yet
        servers.wait_for_way("Paris", eve, connector=direct, seconds=5)
        assert time.monotonic() - found < 5, (found - began, time.monotonic() - found)
        time.sleep(2)                                                    # it waits in Lyon: never back to Paris
        servers["Nice"].start()
        world.server.run("queue", "retry", "--recipient", eve)
        servers.wait_for_count(eve, 1)
        assert servers.path(world.mails(eve)[0]) == ["Paris", "Lyon", "Nice"]


def story_a_circle_over_a_smarthost_is_cut(world: World) -> None:
    """Each believes the other responsible: Paris hands the domain to an old system, which is Lyon, which hands it to Paris."""
    with Servers(world, "Lyon") as servers:
        ada = world.user("ada", *servers.store("Paris"))
        servers.join("Paris", "Lyon")
        servers.join("Lyon", "Paris")
        world.server.run("domain", "set", world.domain, "--kind", "internal-relay")
        world.server.run("connector", "add", "old system", "--space", world.domain, "--smarthost", servers.address("Lyon"))
        servers.wait_for_way("Paris", f"old@{world.domain}", way="host", connector="old system")
        servers.wait_for_way("Lyon", f"old@{world.domain}", way="host", connector="Lyon to Paris")
        wait(world, f"old@{world.domain}", 250)
        submit(world, ada, f"old@{world.domain}", letter(ada, f"old@{world.domain}"))
        notice = wait_for_notice(world, ada, 1, 120)[0].as_string()
        assert "5.4.6" in notice, notice
        assert 40 <= notice.count("Received: from") <= 60, notice
        world.server.wait_until(lambda: servers.ask("Paris", "queue", "list")["entries"] == [], 10, "nothing goes round any more")


def story_copies_follow_a_mailbox_that_moves_while_they_wait(world: World) -> None:
    with Servers(world, "Lyon") as servers:
        ada, eve = world.user("ada", *servers.store("Paris")), world.user("eve", *servers.store("Lyon"))
        spare = world.user("spare", *servers.store("Paris"))
        submit(world, ada, eve, letter(ada, eve, "while it moves"))       # no connector: it waits
        world.server.wait_until(lambda: servers.ask("Paris", "queue", "list")["entries"], 10, "waiting")
        # its mailbox is moved: here by giving it the spare one's, as a move leaves it in the directory
        of = "recipient_id = (SELECT recipient_id FROM address WHERE address = '%s')"
        place = "storage_group_id, store_id, mailbox_id"
        world.server.sql("chappe_directory", f"CREATE TEMP TABLE place AS SELECT {place} FROM recipient WHERE {of % spare};"
                         f"UPDATE recipient SET ({place}) = (NULL, NULL, NULL) WHERE {of % spare};"
                         f"UPDATE recipient SET ({place}) = (SELECT {place} FROM place) WHERE {of % eve}")
        servers.wait_for_way("Paris", eve, way="store")
        world.server.run("queue", "retry", "--recipient", eve)
        servers.wait_for_count(eve, 1, 40)
        assert notices(world, ada) == [] and b"while it moves" in world.mails(eve)[0]


def story_roles_on_different_servers_and_the_web_dies(world: World) -> None:
    """smtp on one, mailboxes and the queue on another, the web on a third (seeds, row 19)."""
    ada = world.user("ada")
    world.server.stop()
    set_config(world, "roles", "mailbox transport housekeeping")
    world.server.start()
    shared = {**SETTINGS, "directory": directory_of(world.server)}
    with Instance(world.server.binary, {**shared, "hostname": "smtp.example.test", "roles": "smtp"}) as smtp_server, \
            Instance(world.server.binary, {**shared, "hostname": "web.example.test", "roles": "web"}) as web, \
            Remote(port=PORT) as sink:
        page = web.api("GET", "/organisations")
        assert world.organisation in str(page), page

        def deliver(subject: str) -> None:
            with smtplib.SMTP("127.0.0.1", smtp_server.port("smtp"), timeout=60) as smtp:
                smtp.sendmail("x@outside.example", ada, f"Subject: {subject}\r\n\r\nbody\r\n")
        deliver("before")
        world.server.wait_until(lambda: world.count(ada) == 1, 20, "the first mail")
        os.kill(web.role_pid("web"), signal.SIGKILL)
        deliver("while the web is away")
        world.server.wait_until(lambda: world.count(ada) == 2, 20, "the second mail")
        web.stop()
        deliver("without a web")
        with smtplib.SMTP("127.0.0.1", smtp_server.port("submission"), timeout=60) as smtp:
            smtp.login(ada, "correct-horse-7")
            smtp.sendmail(ada, "x@d2.test", letter(ada, "x@d2.test"))
        assert sink.wait_for(1)[0].sender == ada                       # by the queue of the first server
        world.server.wait_until(lambda: world.count(ada) == 3, 20, "the third mail")


def story_a_second_uplink_takes_over_and_gives_back(world: World) -> None:
    """Connectors by DNS with source addresses: the first one's is not on this machine (seeds, row 54)."""
    ada = world.user("ada")
    world.server.run("connector", "add", "first uplink", "--space", "*", "--cost", "5", "--source", "203.0.113.9")
    world.server.run("connector", "add", "second uplink", "--space", "*", "--cost", "9", "--source", "127.0.0.77")

    def way() -> dict:
        return json.loads(world.server.run("route", "x@d2.test", "--from", ada, "--json"))["ways"][0]
    world.server.wait_until(lambda: way().get("connector") == "first uplink", 20, "the first uplink")
    with Remote(port=PORT) as sink, Remote(port=PORT, address="127.0.0.3") as other:
        submit(world, ada, "x@d2.test", letter(ada, "x@d2.test"))
        assert sink.wait_for(1)[0].recipients == ["x@d2.test"]
        assert way()["connector"] == "second uplink", way()
        link = world.server.run("link", "list")
        assert "first uplink" in link and "203.0.113.9" in link, link
        submit(world, ada, "y@d3.test", letter(ada, "y@d3.test"))
        other.wait_for(1)
        world.server.run("connector", "set", "first uplink", "--source", "127.0.0.78")     # repaired
        world.server.wait_until(lambda: way().get("connector") == "first uplink", 20, "the first uplink again")
        submit(world, ada, "z@d2.test", letter(ada, "z@d2.test"))
        sink.wait_for(2)
        assert way()["connector"] == "first uplink", way()


def story_a_smarthost_that_never_speaks_is_left_for_the_second_provider(world: World) -> None:
    """It accepts connections, so nothing is refused: its silence must be enough (seeds, row 54)."""
    ada = world.user("ada")
    set_config(world, "outbound_greeting_timeout", "3s")
    world.server.stop()
    world.server.start()
    world.server.run("connector", "add", "first provider", "--space", "*", "--cost", "5", "--smarthost", f"[127.0.0.8]:{PORT}")
    world.server.run("connector", "add", "second provider", "--space", "*", "--cost", "9", "--smarthost", f"[127.0.0.9]:{PORT}")

    def way() -> str:
        return json.loads(world.server.run("route", "x@d2.test", "--from", ada, "--json"))["ways"][0].get("connector", "")
    world.server.wait_until(lambda: way() == "first provider", 20, "the first provider")
    with Remote(port=PORT, address="127.0.0.8") as silent, Remote(port=PORT, address="127.0.0.9") as second:
        silent.answer("GREETING", "", delay=3600)
        began = time.monotonic()
        for number in range(5):
            submit(world, ada, f"x{number}@d2.test", letter(ada, f"x{number}@d2.test", f"number {number}"))
        second.wait_for(5, 60)
        print(f"five mails by the second provider after {time.monotonic() - began:.0f} s of silence")
        assert way() == "second provider" and silent.connections > 0 and silent.taken == []
        assert "first provider" in world.server.run("link", "list")
        assert sorted(taken.recipients[0] for taken in second.taken) == [f"x{number}@d2.test" for number in range(5)]
        tried = silent.connections
        submit(world, ada, "late@d2.test", letter(ada, "late@d2.test", "late"))
        second.wait_for(6)
        assert silent.connections == tried, "it is tried although it is known to be silent"


def story_several_silent_domains_are_the_uplink(world: World) -> None:
    """From this source nothing outside of the machine can be reached: after three domains the connector is down, not they."""
    ada = world.user("ada")
    for number in range(1, 6):
        NAMES.mail(f"silent{number}.test", f"203.0.113.{number}")
    world.server.run("connector", "add", "fibre", "--space", "*", "--cost", "5", "--source", "127.0.0.77", "--alarm", "4")
    world.server.run("connector", "add", "radio", "--space", "*", "--cost", "9", "--smarthost", f"[127.0.0.9]:{PORT}",
                     "--recipients", "2")

    def way() -> str:
        return json.loads(world.server.run("route", "x@silent1.test", "--from", ada, "--json"))["ways"][0].get("connector", "")
    world.server.wait_until(lambda: way() == "fibre", 20, "the first uplink")
    with Remote(port=PORT, address="127.0.0.9") as smarthost:
        for number in (1, 2):
            submit(world, ada, f"x@silent{number}.test", letter(ada, f"x@silent{number}.test"))
        time.sleep(3)
        assert way() == "fibre" and smarthost.taken == [], "two domains that are down are two domains that are down"
        submit(world, ada, "x@silent3.test", letter(ada, "x@silent3.test"))
        smarthost.wait_for(3)
        assert way() == "radio"
        submit(world, ada, [f"{name}@silent4.test" for name in "abcde"], letter(ada, "a@silent4.test"))
        world.server.wait_until(lambda: len(smarthost.taken) == 6, 20, "five recipients, two at once")
        assert sorted(len(taken.recipients) for taken in smarthost.taken[3:]) == [1, 2, 2], smarthost.taken
    assert world.server.log().count("connector.alarm") == 1, "more than four attempts over the first one"


def story_a_bridgehead_dies_in_the_middle(world: World) -> None:
    """The short form of tests/faults/groups: nothing lost, nothing twice."""
    with Servers(world, "Lyon") as servers:
        ada, eve = world.user("ada", *servers.store("Paris")), world.user("eve", *servers.store("Lyon"))
        servers.join("Paris", "Lyon", name="there")
        servers.join("Lyon", "Paris")
        servers.wait_for_way("Paris", eve, connector="there")
        count, rng = 300, random.Random(5)
        world.server.run("filter", "set", "account_limit", "0")
        submit(world, ada, eve, letter(ada, eve, "number 0"))
        with submission(world, ada) as smtp:
            for number in range(1, count):
                smtp.sendmail(ada, eve, letter(ada, eve, f"number {number}"))
                if number % 60 == 59:
                    victim, role = rng.choice((("Paris", "transport"), ("Lyon", "smtp"), ("Lyon", "transport")))
                    os.kill(servers[victim].role_pid(role), signal.SIGKILL)
        servers.wait_for_count(eve, count, 180)
        subjects = [line for mail in world.mails(eve) for line in mail.decode().split("\r\n") if line.startswith("Subject:")]
        assert len(set(subjects)) == count, f"{count - len(set(subjects))} are lost"
        time.sleep(2)
        servers.wait_for_count(eve, count)
