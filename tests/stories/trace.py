"""What happened to a message, and what would happen: as an administrator asks for it."""
from __future__ import annotations

import json
import os
import re
import signal
import smtplib
import time

from kit.instance import Failure
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import World
from sieve import put
from transport import letter, submit

PACKAGES = ["swaks"]
PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 6):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s",
            "queue_lifetime": "30s"}


def kill_transport(world: World) -> None:
    try:
        os.kill(world.server.role_pid("transport"), signal.SIGKILL)
    except (ProcessLookupError, Failure):
        pass  # it is just being started again


def traces(world: World, *words: str) -> list[dict]:
    return json.loads(world.server.run("trace", *words, "--json"))["traces"]


def the_trace(world: World, *words: str, last: str = "", seconds: float = 20) -> dict:
    """The only one that is found, once its last event is that."""
    found: list[dict] = []

    def is_there() -> bool:
        found[:] = traces(world, *words)
        return len(found) == 1 and (not last or found[0]["last"] == last)
    try:
        world.server.wait_until(is_there, seconds, f"a trace of {words} that ends with {last}")
    except Failure as problem:
        raise Failure(f"{problem}: {json.dumps(found, indent=1)}") from None
    return found[0]


def names(trace: dict) -> list[str]:
    return [event["event"] for event in trace["events"]]


def event(trace: dict, name: str, to: str = "") -> dict:
    for one in trace["events"]:
        if one["event"] == name and (not to or one.get("to") == to):
            return one
    raise Failure(f"no event {name} {to} in {json.dumps(trace, indent=1)}")


def story_a_direct_delivery_is_told(world: World) -> None:
    ada = world.user("ada")
    sales = world.alias("sales", ada)
    world.run("swaks", "--server", f"127.0.0.1:{world.server.port('smtp')}", "--from", "zoe@outside.test", "--to", sales,
              "--ehlo", "mail.outside.test", "--header", "Message-Id: <one@outside.test>", "--header", "Subject: Grüße")
    trace = the_trace(world, "--recipient", ada)
    assert trace["sender"] == "zoe@outside.test" and trace["message_id"] == "one@outside.test", trace
    assert trace["client"] == "127.0.0.1", trace
    arrived = event(trace, "arrived")
    assert arrived["service"] == "smtp" and arrived["helo"] == "mail.outside.test" and arrived["size"] > 100, arrived
    assert arrived["subject"] == "Grüße", arrived
    assert event(trace, "judged")["action"] == "accept"
    assert any(sales in step and ada in step for step in event(trace, "resolved")["steps"]), trace
    filed = event(trace, "filed", ada)
    assert filed["asked"] == sales and filed["folder"] == "INBOX" and filed["uid"] == 1, filed
    assert names(trace)[-1] == "filed", names(trace)
    # by everything that it may be looked for, and by nothing else
    for words in (("--recipient", sales.upper()), ("--sender", "zoe@outside.test", "--recipient", sales),
                  ("--message-id", "<one@outside.test>"), ("--client", "127.0.0.1", "--recipient", ada), ("--since", "1h", "--recipient", ada)):
        assert [found["id"] for found in traces(world, *words)] == [trace["id"]], words
    assert traces(world, "--recipient", ada, "--sender", "other@outside.test") == []
    assert traces(world, "--recipient", ada, "--until", "1h") == []
    text = world.server.run("trace", trace["id"])
    assert re.search(rf"filed +{re.escape(ada)} \(asked {re.escape(sales)}\), folder INBOX, uid 1", text), text
    assert trace["id"] in world.server.run("trace", "--recipient", ada, "--brief")
    # the id is the one of the 250 and of Received
    assert trace["id"].encode() in world.mails(ada)[0]


def story_a_message_is_followed_through_group_redirect_and_queue(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("user", "set", bob, "--forward", "bob@d2.test")
    team = f"team@{world.domain}"
    world.server.run("group", "add", team, "--name", "Team", "--members", f"{ada},{bob}")
    all_of_us = world.alias("all", team)
    time.sleep(1)
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "450 4.2.1 wait a moment", times=1)
        world.send(all_of_us, "Subject: followed\r\nMessage-ID: <two@outside.test>\r\n\r\nbody\r\n", "zoe@outside.test")
        sink.wait_for(1)
    trace = the_trace(world, "--message-id", "two@outside.test", last="relayed")
    steps = event(trace, "resolved")["steps"]
    assert len(steps) >= 3, steps
    assert event(trace, "queued", "bob@d2.test")["why"] == "redirect", trace
    assert event(trace, "queued", ada)["lane"].startswith("group "), trace
    assert event(trace, "filed", ada)["folder"] == "INBOX"
    deferred, relayed = event(trace, "deferred", "bob@d2.test"), event(trace, "relayed", "bob@d2.test")
    assert deferred["code"] == 450 and "wait a moment" in deferred["reply"] and deferred["until"], deferred
    assert relayed["attempt"] == 2 and relayed["host"] and relayed["way"], relayed
    for address in (all_of_us, ada, "bob@d2.test"):
        assert [one["id"] for one in traces(world, "--recipient", address, "--sender", "zoe@outside.test")] == [trace["id"]], address


def story_a_failure_leads_to_its_notice(world: World) -> None:
    ada = world.user("ada")
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "550 5.1.1 No such user here")
        submit(world, ada, "nobody@d2.test", letter(ada, "nobody@d2.test", extra="Message-ID: <three@x.test>\r\n"))
        trace = the_trace(world, "--message-id", "three@x.test", last="failed")
    assert trace["login"] == ada, trace
    assert "No such user here" in event(trace, "failed")["reply"], trace
    world.server.wait_until(lambda: world.count(ada) == 1, 20, "the notice")
    trace = the_trace(world, "--message-id", "three@x.test")
    assert len(trace["led_to"]) == 1, trace
    notice = json.loads(world.server.run("trace", trace["led_to"][0], "--json"))
    assert notice["parent"] == trace["id"] and notice["sender"] == "" and event(notice, "made")["as"] == "notice", notice
    world.server.wait_until(lambda: "delivered" in names(json.loads(world.server.run("trace", notice["id"], "--json"))), 10, "its settlement")


def story_refusals_are_told_too(world: World) -> None:
    world.user("ada")
    nobody = f"nobody@{world.domain}"
    try:
        world.send(nobody, sender="zoe@outside.test")
        raise Failure("an unknown recipient was taken")
    except smtplib.SMTPRecipientsRefused:
        pass
    trace = the_trace(world, "--recipient", nobody)
    refused = event(trace, "refused", nobody)
    assert refused["reason"] == "recipient-unknown" and refused["code"] == 550 and refused["command"] == "RCPT", refused
    assert trace["sender"] == "zoe@outside.test" and trace["client"] == "127.0.0.1", trace
    # a message as a whole
    ada = f"ada@{world.domain}"
    try:
        world.send(ada, "Received: from x by y; Thu, 1 Jan 2031 00:00:00 +0000\r\n" * 120 + "\r\nbody\r\n", "loop@outside.test")
        raise Failure("a loop was taken")
    except smtplib.SMTPDataError:
        pass
    trace = the_trace(world, "--recipient", ada, "--sender", "loop@outside.test")
    assert event(trace, "refused")["reason"] == "loop", trace


def story_rules_and_administrators_are_told(world: World) -> None:
    ada = world.user("ada")
    put(world, ada, 'require ["fileinto", "mailbox"]; fileinto :create "Bills";')
    world.send(ada, "Subject: bill\r\n\r\nbody\r\n", "zoe@outside.test")
    trace = the_trace(world, "--recipient", ada)
    assert event(trace, "rules")["did"] == ["file into Bills"] and event(trace, "filed")["folder"] == "Bills", trace
    # held, released by whom
    submit(world, ada, "bob@d3.test", letter(ada, "bob@d3.test", extra="Message-ID: <four@x.test>\r\n"))
    trace = the_trace(world, "--message-id", "four@x.test", last="deferred")

    def held() -> bool:
        return json.loads(world.server.run("queue", "hold", trace["id"], "--json", check=False) or "{}").get("done") == 1
    world.server.wait_until(held, 10, "the hold")
    with Remote(port=PORT, address="127.0.0.3") as sink:
        world.server.run("queue", "release", trace["id"])
        sink.wait_for(1)
        trace = the_trace(world, "--message-id", "four@x.test", last="relayed")
    assert event(trace, "held")["by"].startswith("local:") and event(trace, "released"), trace


def story_a_client_that_fetches_is_told(world: World) -> None:
    ada = world.user("ada")
    world.send(ada, "Subject: read me\r\n\r\nbody\r\n", "zoe@outside.test")
    assert len(world.mails(ada)) == 1
    trace = the_trace(world, "--recipient", ada, last="fetched")
    assert event(trace, "fetched")["by"] == "imap" and event(trace, "fetched")["login"] == ada, trace
    pop = world.pop3(ada)
    pop.retr(1)
    pop.quit()
    world.server.wait_until(lambda: names(the_trace(world, "--recipient", ada)).count("fetched") == 2, 10, "the fetch by POP3")


def story_a_dry_run_tells_and_keeps_nothing(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    put(world, ada, 'require ["fileinto", "mailbox", "vacation", "copy"];\nfileinto :create "New"; redirect :copy "else@d4.test";\n'
                    'vacation "away";\n')
    team = f"team@{world.domain}"
    world.server.run("group", "add", team, "--name", "Team", "--members", f"{ada},{bob},guest@d5.test")
    time.sleep(1)

    def dry(sender: str, to: str, *words: str, mail: str = "") -> dict:
        path = (world.write("dry.eml", mail),) if mail else ()
        return json.loads(world.server.run("trace", "--dry-run", sender, to, *path, *words, "--json"))
    told = dry("zoe@outside.test", ada, "--client", "192.0.2.7", mail=f"From: <zoe@outside.test>\nTo: <{ada}>\nSubject: x\n\nbody\n")
    assert told["accepted"] and event(told, "arrived")["client"] == "192.0.2.7", told
    did = event(told, "rules")["did"]
    assert "file into New" in did and "redirect to else@d4.test" in did, did
    assert event(told, "route", "else@d4.test")["by"] == "mail exchangers", told
    assert event(told, "filed", ada), told
    told = dry(bob, team)
    assert told["accepted"] and event(told, "accepted")["way"] == "by the queue", told
    assert event(told, "arrived")["service"] == "submission" and event(told, "filed", bob) and event(told, "route", "guest@d5.test"), told
    told = dry("zoe@outside.test", f"nobody@{world.domain}")
    assert not told["accepted"] and event(told, "refused")["reason"] == "unknown", told
    told = dry("zoe@outside.test", "other@d2.test")
    assert not told["accepted"] and event(told, "refused")["reason"] == "foreign", told
    told = dry(ada, "other@d2.test")
    assert told["accepted"] and event(told, "route", "other@d2.test"), told
    assert "would be refused" in world.server.run("trace", "--dry-run", "zoe@outside.test", f"nobody@{world.domain}")
    # nothing was kept
    assert (world.count(ada), world.count(bob)) == (0, 0)
    assert "New" not in str(world.imap(ada).list()[1])
    assert traces(world, "--recipient", ada) == [] and traces(world, "--recipient", bob) == []
    assert json.loads(world.server.run("queue", "list", "--org", world.organisation, "--json"))["entries"] == []


def story_what_is_told_agrees_after_a_kill(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    sent = 12
    for number in range(sent):
        submit(world, ada, [bob, f"u{number}@d2.test"], letter(ada, bob, extra=f"Message-ID: <k{number}@x.test>\r\n"))
        if number == sent // 2:
            kill_transport(world)
    with Remote(port=PORT) as sink:
        time.sleep(0.3)
        kill_transport(world)
        world.server.wait_until(lambda: len({r for t in sink.taken for r in t.recipients}) == sent, 60, "all at the other server")
        world.server.wait_until(lambda: world.count(bob) == sent, 60, "all in the mailbox")
        for number in range(sent):
            def is_settled() -> bool:
                trace = traces(world, "--message-id", f"k{number}@x.test")[0]
                return names(trace).count("relayed") >= 1 and names(trace).count("delivered") >= 1
            world.server.wait_until(is_settled, 40, f"the end of message {number}")
            trace = the_trace(world, "--message-id", f"k{number}@x.test")
            assert names(trace).count("filed") == 1, trace  # in the mailbox once, whatever was killed
            taken = sum(f"u{number}@d2.test" in t.recipients for t in sink.taken)
            assert 1 <= names(trace).count("relayed") <= taken, (taken, trace)


def story_an_organisation_sees_its_part(world: World) -> None:
    ada = world.user("ada")
    other, domain = f"Other {world.number}", f"o{world.number}.example"
    world.server.run("org", "add", other)
    world.server.run("domain", "add", domain, "--org", other)
    bob = f"bob@{domain}"
    world.server.run("user", "add", bob, "--name", "Bob", "--password-file", "-", stdin="correct-horse-7\n")
    world.wait_for_mail(ada, bob)
    world.send([ada, bob], "Message-ID: <both@outside.test>\r\n\r\nbody\r\n", "zoe@outside.test")
    whole = the_trace(world, "--message-id", "both@outside.test")
    assert event(whole, "filed", ada) and event(whole, "filed", bob) and names(whole).count("arrived") == 1, whole
    for organisation, own, foreign in ((world.organisation, ada, bob), (other, bob, ada)):
        part = the_trace(world, "--message-id", "both@outside.test", "--org", organisation)
        assert event(part, "filed", own) and foreign not in json.dumps(part), part
        assert traces(world, "--recipient", foreign, "--org", organisation) == []


def story_a_storage_group_that_is_down_is_said(world: World) -> None:
    ada = world.user("ada", "--storage-group", "First Storage Group")
    world.server.run("storage-group", "add", f"trace {world.number}")
    bob = world.user("bob", "--storage-group", f"trace {world.number}")
    world.wait_for_mail(ada, bob)
    database = max(re.findall(r"chappe_group_\d+", world.server.sql("postgres", "SELECT datname FROM pg_database")),
                   key=lambda name: int(name.rsplit("_", 1)[1]))
    world.server.sql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS false; "
                                 f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'")
    try:
        answer = json.loads(world.server.run("trace", "--recipient", ada, "--json"))
        assert len(answer["traces"]) == 1, answer
        assert database.rsplit("_", 1)[1] in answer["unavailable"][0]["database"], answer
        assert len(answer["unavailable"]) == 1, answer
    finally:
        world.server.sql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    world.server.wait_until(lambda: json.loads(world.server.run("trace", "--recipient", bob, "--json"))["unavailable"] == [], 20, "its answer")
    assert "filed" in names(traces(world, "--recipient", bob)[0])   # those before were refused: the group was not known yet


def story_old_days_go(world: World) -> None:
    ada = world.user("ada", "--storage-group", "First Storage Group")
    world.send(ada, sender="zoe@outside.test")
    trace = the_trace(world, "--recipient", ada)
    assert "not asked" not in world.server.run("trace", trace["id"])
    group = "chappe_group_1"
    day = int(time.time() // 86400)
    world.server.sql(group, f"SELECT trace_tend({day + 30}, 1, 30)")
    assert names(the_trace(world, "--recipient", ada))
    world.server.sql(group, f"SELECT trace_tend({day + 31}, 1, 30)")
    assert traces(world, "--recipient", ada) == []
    world.send(ada, sender="zoe@outside.test")  # its day is gone: kept all the same
    assert names(the_trace(world, "--recipient", ada))
    assert world.count(ada) == 2
    assert int(world.server.sql(group, "SELECT count(*) FROM trace_default")) >= 1
    world.server.run("reload")  # housekeeping looks at once
    world.server.wait_until(lambda: world.server.sql(group, "SELECT count(*) FROM trace_default").strip() == "0", 20, "rows in their day")
    assert names(the_trace(world, "--recipient", ada))
    for database in ("chappe_directory", group):
        assert int(world.server.sql(database, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'trace'::regclass")) >= 9
    assert "job=trace" not in world.server.log()
