"""Mail that could go round for ever, and does not: rules, automatic replies, notices that lead to each other."""
from __future__ import annotations

import json
import time

from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import World
from sieve import letter, put

PRIVATE = True
PORT = reserve_port()
NAMES = Names(reserve_port())
NAMES.mail("outside.test", "127.0.0.2")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def is_quiet(world: World) -> bool:
    return json.loads(world.server.run("queue", "list", "--json"))["entries"] == []


def settle(world: World) -> None:
    """Until nothing is on its way any more; a loop would go on for ever."""
    world.server.wait_until(lambda: is_quiet(world), 60, "an end of it")
    time.sleep(1.5)
    world.server.wait_until(lambda: is_quiet(world), 60, "an end of it")


def story_two_who_are_away_do_not_answer_each_other(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    for address in (ada, bob):
        put(world, address, 'require "vacation"; vacation "I am away.";')
    assert world.send(ada, letter(ada).replace("zoe@outside.test", bob), sender=bob) == {}
    world.server.wait_until(lambda: world.count(bob) == 1, 30, "ada's answer")
    settle(world)
    assert (world.count(ada), world.count(bob)) == (1, 1), (world.count(ada), world.count(bob))


def story_redirects_in_a_circle_of_many_end(world: World) -> None:
    """Each of five sends on to all others, and keeps a copy: one each, not a flood."""
    people = [world.user(f"p{number}") for number in range(5)]
    for one in people:
        put(world, one, 'require "copy"; ' + " ".join(f'redirect :copy "{other}";' for other in people if other != one))
    assert world.send(people[0], letter(people[0])) == {}
    settle(world)
    # By every way there is it would be 261 copies; each sends it on to four, once, but for those who have two in hand at the same moment.
    counts = [world.count(one) for one in people]
    assert all(counts) and sum(counts) <= 100, counts
    time.sleep(1.5)
    assert counts == [world.count(one) for one in people], "it goes on"


def story_a_notice_that_cannot_be_delivered_is_told_to_nobody_for_ever(world: World) -> None:
    """A sender elsewhere that takes nothing, and a recipient that fails: one notice to the sender's server, one to the postmaster, and an end."""
    ada = world.user("ada")
    put(world, ada, 'if header :is "subject" "hello" { redirect "eve@outside.test"; }')  # the postmaster's mail is hers, too
    with Remote(port=PORT) as sink:
        sink.answer("RCPT", "550 5.1.1 no such user", times=100)
        assert world.send(ada, letter(ada), sender="gone@outside.test") == {}
        settle(world)
        tried = [line for line in sink.commands if line.upper().startswith("RCPT")]
        assert [line[8:line.index(">") + 1] for line in tried] == ["<eve@outside.test>", "<gone@outside.test>"], ("the message, its notice, no more", tried)
        assert world.count(ada) == 1, "what nobody took is told to the postmaster, once"
