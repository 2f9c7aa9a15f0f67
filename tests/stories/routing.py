"""Which way mail leaves: connectors, smarthosts, internal relays, backup MX, as an administrator sets them up."""
from __future__ import annotations

import glob
import json
import os
import socket
import threading

from kit.instance import Failure, Instance
from kit.names import Names
from kit.postfix import PACKAGES, Postfix  # noqa: F401  (tests/run installs PACKAGES)
from kit.remote import Remote, reserve_port
from kit.world import PASSWORD, World
from recipients import answer, run, wait
from transport import letter, submit

PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 10):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def ways(world: World, address: str, *options: str) -> list[dict]:
    return run(world, "route", address, *options)["ways"]


def wait_for_way(world: World, address: str, *options: str, **wanted: object) -> dict:
    """Changes are seen within a second or so."""
    last: list = [None]

    def is_so() -> bool:
        last[0] = ways(world, address, *options)[0]
        return all(last[0].get(name) == value for name, value in wanted.items())
    try:
        world.server.wait_until(is_so, 6, f"{wanted}")
    except Failure:
        raise Failure(f"{address}: {last[0]} instead of {wanted}") from None
    return last[0]


def story_a_smarthost_takes_what_is_not_ours(world: World) -> None:
    ada = world.user("ada")
    assert ways(world, "x@d2.test")[0]["way"] == "mx"
    world.server.run("connector", "add", "out", "--space", "*", "--smarthost", f"[127.0.0.9]:{PORT}", "--cost", "20",
                     "--org", world.organisation)
    shown = run(world, "connector", "show", "out")
    assert (shown["spaces"], shown["cost"], shown["tls"]) == (["*=20"], 20, "opportunistic"), shown
    wait_for_way(world, "x@d2.test", "--from", ada, way="host", connector="out", hosts=[f"127.0.0.9:{PORT}"])
    assert ways(world, "x@d2.test", "--from", "eve@elsewhere.example")[0]["way"] == "mx"      # not of that organisation
    assert ways(world, ada)[0]["way"] == "store"
    with Remote(port=PORT, address="127.0.0.9") as sink:
        submit(world, ada, ["x@d2.test", "y@d3.test"], letter(ada, "x@d2.test"))
        world.server.wait_until(lambda: sum(len(t.recipients) for t in sink.taken) == 2, 20, "both at the smarthost")
    world.server.run("connector", "set", "out", "--smarthost", "")
    wait_for_way(world, "x@d2.test", "--from", ada, way="mx", connector="out")
    world.server.run("connector", "set", "out", "--schedule", "never")
    wait_for_way(world, "x@d2.test", "--from", ada, way="wait")
    world.server.run("connector", "set", "out", "--enabled", "no")
    wait_for_way(world, "x@d2.test", "--from", ada, way="mx", connector=None)
    world.server.run("connector", "remove", "out")
    assert "out" not in [c["name"] for c in run(world, "connector", "list")["connectors"]]


def story_a_way_that_is_down_is_left_for_the_next(world: World) -> None:
    ada = world.user("ada")
    for name, cost, host in (("first", "5", "127.0.0.8"), ("second", "9", "127.0.0.9")):
        world.server.run("connector", "add", name, "--space", "*", "--smarthost", f"[{host}]:{PORT}", "--cost", cost,
                         "--org", world.organisation)
    wait_for_way(world, "x@d2.test", "--from", ada, connector="first")
    with Remote(port=PORT, address="127.0.0.9") as sink:                # nobody listens at the first
        submit(world, ada, "x@d2.test", letter(ada, "x@d2.test"))
        assert sink.wait_for(1)[0].recipients == ["x@d2.test"]
    links = run(world, "link", "list")["links"]
    assert [(link["connector"], link["host"]) for link in links] == [("first", "127.0.0.8")], links
    wait_for_way(world, "x@d2.test", "--from", ada, connector="second")
    world.server.run("connector", "set", "first", "--cost", "6")      # changed: tried again
    wait_for_way(world, "x@d2.test", "--from", ada, connector="first")
    assert run(world, "link", "list")["links"] == []
    for name in ("first", "second"):
        world.server.run("connector", "remove", name)


def story_an_internal_relay_shares_a_domain(world: World) -> None:
    ada = world.user("ada")
    world.server.run("domain", "set", world.domain, "--kind", "internal-relay")
    wait(world, f"old@{world.domain}", 250)
    assert ways(world, f"old@{world.domain}")[0]["way"] == "wait"      # no connector is made for it yet
    world.server.run("connector", "add", "old system", "--space", world.domain, "--smarthost", f"[127.0.0.7]:{PORT}")
    wait_for_way(world, f"old@{world.domain}", why="relay", way="host", connector="old system")
    with Remote(port=PORT, address="127.0.0.7") as sink:
        world.send([ada, f"old@{world.domain}"])
        taken = sink.wait_for(1)[0]
        assert taken.recipients == [f"old@{world.domain}"] and taken.sender == "somebody@outside.example", taken
    world.server.wait_until(lambda: world.count(ada) == 1, 10, "ada's copy")
    world.server.run("connector", "remove", "old system")


def story_backup_mx_keeps_mail_for_the_primary(world: World) -> None:
    us = "mail.example.test"
    NAMES.mail("backed.test", "127.0.0.6")
    world.server.run("backup-mx", "add", "backed.test", "--type", "host", "--org", world.organisation)
    world.server.run("connector", "add", "smart", "--space", "*", "--smarthost", f"[127.0.0.9]:{PORT}", "--org", world.organisation)
    wait(world, "x@backed.test", 250)
    assert answer(world, "x@sub.backed.test")[0] == 550
    world.server.run("backup-mx", "set", "backed.test", "--type", "domain")
    wait(world, "x@sub.backed.test", 250)
    assert answer(world, "x@a.b.backed.test")[0] == 250
    assert answer(world, "x@notbacked.test")[0] == 550
    wait_for_way(world, "x@backed.test", way="mx", connector=None, why="backup")
    recipients = world.write("recipients", "# the primary's\nAda@backed.test\n@sub.backed.test\n\n")
    assert run(world, "backup-mx", "recipients", "backed.test", recipients)["recipients"] == 2
    wait(world, "x@backed.test", 550)
    for known in ("ada@backed.test", "ADA+lists@Backed.test", "any@sub.backed.test", "postmaster@backed.test"):
        assert answer(world, known)[0] == 250, known
    with Remote(port=PORT, address="127.0.0.9") as smart:
        world.send("ada@backed.test")                                   # the primary is off
        world.server.wait_until(lambda: '"in-work"' in json.dumps(run(world, "queue", "list")) or run(world, "queue", "list")["entries"], 10, "waiting")
        with Remote(port=PORT, address="127.0.0.6") as primary:           # and comes back
            taken = primary.wait_for(1)[0]
            assert taken.recipients == ["ada@backed.test"] and taken.sender == "somebody@outside.example", (taken, us)
        assert smart.taken == [], smart.taken
    wrong = world.write("wrong", "ada@elsewhere.example\n")
    try:
        run(world, "backup-mx", "recipients", "backed.test", wrong)
        raise Failure("an address of another domain was taken")
    except Failure as problem:
        assert "not in the domain" in str(problem), problem
    assert run(world, "backup-mx", "show", "backed.test")["recipients"] == 2    # all or nothing
    world.server.run("backup-mx", "set", "backed.test", "--any-recipient")
    wait(world, "x@backed.test", 250)
    world.server.run("backup-mx", "remove", "backed.test")
    wait(world, "x@backed.test", 550)
    world.server.run("connector", "remove", "smart")


class Door:
    """127.0.0.N:PORT leads to the SMTP port of another server, as long as it is open."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port

    def __enter__(self) -> "Door":
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, PORT))
        self.listener.listen(50)
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.port), 10)
            except OSError:
                return
            self.connections += 1
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one: socket.socket, other: socket.socket) -> None:
        try:
            while piece := one.recv(65536):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def story_a_backup_asks_its_primary_for_recipients(world: World) -> None:
    for domain in ("asked.test", "fresh.test", "all.test"):
        NAMES.mail(domain, "127.0.0.6")
    world.server.run("backup-mx", "add", "asked.test", "--ask-primary", "yes", "--org", world.organisation)
    wait(world, "anybody@asked.test", 250)                              # the primary is off: accepted, and waits
    settings: dict[str, str | None] = {"hostname": "primary.example.test"}
    with Instance(binary=world.server.binary, settings=settings) as server, World(server) as primary:
        for domain, name in (("fresh.test", "bob"), ("all.test", "ada")):
            server.run("domain", "add", domain, "--org", primary.organisation)
            server.run("user", "add", f"{name}@{domain}", "--name", name, "--password-file", "-", stdin=PASSWORD + "\n")
        server.run("domain", "set", "all.test", "--catch-all", "ada@all.test")
        primary.wait_for_mail("bob@fresh.test", "x@all.test")
        with Door("127.0.0.6", server.port("smtp")) as door:
            world.server.run("backup-mx", "add", "fresh.test", "--ask-primary", "yes", "--org", world.organisation)
            wait(world, "bob@fresh.test", 250)
            assert answer(world, "nobody@fresh.test")[0] == 550, [line for line in world.server.log().splitlines()
                                                                  if "callout" in line or "outbound" in line][-5:]
            assert answer(world, "postmaster@fresh.test")[0] == 250, answer(world, "postmaster@fresh.test")
            asked = door.connections
            for _ in range(5):
                assert answer(world, "nobody@fresh.test")[0] == 550 and answer(world, "bob@fresh.test")[0] == 250
            assert door.connections == asked, "what was learnt was asked for again"
            assert world.send("bob@fresh.test") == {}
            server.wait_until(lambda: primary.count("bob@fresh.test") == 2, 20, "bob's mail at the primary")
            world.server.run("backup-mx", "add", "all.test", "--ask-primary", "yes", "--org", world.organisation)
            wait(world, "one@all.test", 250)                            # a primary that takes everything is noticed
            asked = door.connections
            for number in range(5):
                assert answer(world, f"n{number}@all.test")[0] == 250
            assert door.connections == asked, "a catch-all was asked for every address"
    # off again: what it is known to refuse is refused, all else accepted
    assert answer(world, "nobody@fresh.test")[0] == 550
    assert answer(world, "other@fresh.test")[0] == 250
    for domain in ("asked.test", "fresh.test", "all.test"):
        assert run(world, "backup-mx", "show", domain)["asks_primary"] is True
        world.server.run("backup-mx", "remove", domain)


def story_the_primary_is_a_postfix(world: World) -> None:
    for domain in ("post.test", "strict.test"):
        NAMES.mail(domain, "127.0.0.7")
    world.server.run("backup-mx", "add", "post.test", "--org", world.organisation)
    world.server.run("backup-mx", "add", "strict.test", "--ask-primary", "yes", "--org", world.organisation)
    wait(world, "bob@post.test", 250)                                   # it is off: accepted, and waits
    assert world.send("bob@post.test", "Subject: while it was off\r\n\r\nbody\r\n") == {}
    with Postfix("127.0.0.7", PORT, ["bob@post.test", "slow@post.test"],
                 "smtpd_recipient_restrictions = check_recipient_access inline:{ slow@post.test=450 }, "
                 "permit_mynetworks, reject_unauth_destination") as primary:
        world.server.wait_until(lambda: len(primary.mails("bob@post.test")) == 1, 90, "bob's mail at the primary")
        world.server.run("backup-mx", "set", "post.test", "--ask-primary", "yes")
        world.server.wait_until(lambda: answer(world, "nobody@post.test")[0] == 550, 20, "what it refuses to be refused")
        text = answer(world, "nobody@post.test")[1]
        assert "5.1.1" in text, text
        assert answer(world, "bob@post.test")[0] == 250
        assert answer(world, "slow@post.test")[0] == 250, "later is not never"
        before = primary.log().count("connect from")
        for _ in range(5):
            assert answer(world, "nobody@post.test")[0] == 550 and answer(world, "bob@post.test")[0] == 250
        assert primary.log().count("connect from") <= before + 1, "what was learnt was asked for again"
        assert world.send("bob@post.test", "Subject: while it was on\r\n\r\nbody\r\n") == {}
        world.server.wait_until(lambda: len(primary.mails("bob@post.test")) == 2, 20, "the second one")
        primary.stop()                                                  # off: what is known is still refused, nothing is lost
        assert answer(world, "nobody@post.test")[0] == 550
        assert world.send("bob@post.test", "Subject: off again\r\n\r\nbody\r\n") == {}
        primary.start()
        world.server.wait_until(lambda: len(primary.mails("bob@post.test")) == 3, 40, "the third one")
        subjects = sorted(line for mail in primary.mails("bob@post.test") for line in mail.split(b"\n") if line.startswith(b"Subject"))
        assert subjects == [b"Subject: off again", b"Subject: while it was off", b"Subject: while it was on"], subjects
    # one that refuses the null sender tells nothing of its recipients
    with Postfix("127.0.0.7", PORT, ["bob@strict.test"],
                 "smtpd_delay_reject = no\nsmtpd_sender_restrictions = check_sender_access inline:{ {<> = 550 no bounces here} }"):
        for name in ("bob", "nobody"):
            assert answer(world, f"{name}@strict.test")[0] == 250
    for domain in ("post.test", "strict.test"):
        world.server.run("backup-mx", "remove", domain)


def story_routing_groups_and_servers_by_command(world: World) -> None:
    run_ = world.server.run
    run_("routing-group", "add", "Branch")
    run_("server", "add", "branch.example.test", "--routing-group", "Branch", "--address", "[127.0.0.5]:2525")
    run_("storage-group", "list")
    first = run(world, "routing-group", "list")["routing_groups"][0]
    run_("routing-group", "connector", "add", "to Branch", "--from", first["name"], "--to", "Branch", "--cost", "7",
         "--to-servers", "branch.example.test", "--priorities", "normal,high")
    shown = run(world, "routing-group-connector", "show", "to Branch")
    assert (shown["target_group"], shown["to_servers"], shown["priorities"]) == ("Branch", ["branch.example.test"], ["normal", "high"]), shown
    run_("connector", "add", "branch out", "--space", "*.partner.test", "--routing-group", "Branch")
    wait_for_way(world, "x@a.partner.test", connector="to Branch", way="host", hosts=["127.0.0.5:2525"])
    text = run_("route", "x@a.partner.test")
    assert "over connector to Branch, cost 7" in text, text
    assert "branch out" in run(world, "routing-group", "show", "Branch")["connectors"]
    try:
        run_("routing-group", "remove", "Branch")
        raise Failure("a routing group in use was removed")
    except Failure as problem:
        assert "still needed by" in str(problem), problem
    for words in (("connector", "remove", "branch out"), ("connector", "remove", "to Branch"),
                  ("server", "remove", "branch.example.test"), ("routing-group", "remove", "Branch")):
        run_(*words)
    assert wait_for_way(world, "x@a.partner.test", way="mx")
    audit = json.dumps(run(world, "connector", "list"))
    assert "branch out" not in audit


def socket_of(world: World) -> str:
    """The folder of the private PostgreSQL's socket, and its port."""
    found = glob.glob(os.path.join(world.server.data, "**", ".s.PGSQL.*[0-9]"), recursive=True)
    assert found, "no socket"
    return f"host={os.path.dirname(found[0])}&port={found[0].rsplit('.', 1)[1]}"


def story_two_servers_in_two_routing_groups(world: World) -> None:
    run_ = world.server.run
    directory = f"postgresql://chappe@/chappe_directory?{socket_of(world)}"
    with Instance(world.server.binary, {**SETTINGS, "hostname": "branch.example.test", "directory": directory}) as branch:
        world.server.wait_until(lambda: len(run(world, "server", "list")["servers"]) == 2, 20, "both servers known")
        run_("routing-group", "add", "Branch")
        run_("server", "set", "branch.example.test", "--routing-group", "Branch", "--address", f"[127.0.0.1]:{branch.port('smtp')}")
        run_("server", "set", "mail.example.test", "--address", f"[127.0.0.1]:{world.server.port('smtp')}")
        run_("storage-group", "add", "Branch Mail")
        run_("storage-group", "set", "Branch Mail", "--routing-group", "Branch")
        ada, eve = world.user("ada", "--storage-group", "First Storage Group"), world.user("eve", "--storage-group", "Branch Mail")
        wait_for_way(world, eve, way="wait")                                    # no connector yet
        wait(world, eve, 250)
        first = run(world, "routing-group", "list")["routing_groups"][0]["name"]
        world.send([ada, eve], "Subject: both\r\n\r\nbody\r\n")
        try:
            world.server.wait_until(lambda: world.count(ada) == 1, 20, "ada's copy is filed at once")
        except Failure as problem:
            raise Failure(f"{problem}; in the queue: {run(world, 'queue', 'list')}") from None
        run_("routing-group-connector", "add", "to Branch", "--from", first, "--to", "Branch")
        run_("routing-group-connector", "add", "from Branch", "--from", "Branch", "--to", first)
        wait_for_way(world, eve, way="host", connector="to Branch", hosts=[f"127.0.0.1:{branch.port('smtp')}"])
        run_("queue", "retry", "--recipient", eve)
        try:
            world.server.wait_until(lambda: world.count(eve) == 1, 60, "eve's copy over the connector")
        except Failure as problem:
            raise Failure(f"{problem}; in the queue: {run(world, 'queue', 'list')}; log: {branch.log()[-1500:]}") from None
        head = world.mails(eve)[0].decode()
        assert "by branch.example.test" in head and "by mail.example.test" in head and "X-Chappe-Path: 1" in head, head
        submit(world, eve, ada, letter(eve, ada))                               # both stores are reached from here
        world.server.wait_until(lambda: world.count(ada) == 2, 20, "eve's answer")
        with Remote(port=PORT) as remote:                                       # mail for elsewhere leaves where it was accepted
            submit(world, ada, "x@d2.test", letter(ada, "x@d2.test"))
            assert b"by branch.example.test" not in remote.wait_for(1)[0].data
        run_("user", "remove", eve)
        run_("connector", "remove", "to Branch")
        run_("connector", "remove", "from Branch")
    run_("storage-group", "set", "Branch Mail", "--routing-group", first)
    run_("server", "remove", "branch.example.test")
    run_("routing-group", "remove", "Branch")
