"""Which way mail leaves: connectors, smarthosts, internal relays, backup MX, as an administrator sets them up."""
from __future__ import annotations

import glob
import json
import os

from kit.instance import Failure, Instance
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import World
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
