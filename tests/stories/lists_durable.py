"""What waits for a moderator, and what a list spreads, when something dies or time passes."""
from __future__ import annotations

import os
import signal
import time

from kit.names import Names
from kit.remote import reserve_port
from kit.world import World
from lists import Page, last, links, post_to, run, wait_count
from sieve import put
from smtp import submission

PRIVATE = True
NAMES = Names(reserve_port())
SETTINGS = {"dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def kill_role(world: World, name: str) -> None:
    pid = world.server.role_pid(name)
    os.kill(pid, signal.SIGKILL)
    world.server.wait_until(lambda: world.server.role_pid(name) not in (0, pid), 30, f"{name} again")


def restart(world: World) -> None:
    world.server.stop()
    world.server.start()


LARGE = "Subject: large\r\n\r\n" + ("a line of a large message, which goes on for a while\r\n" * 100000)


def order_of_death(world: World) -> str:
    """The server again, with a file in which the point stands where the first process that comes there dies."""
    order = os.path.join(world.server.data, "run/crashpoint")
    world.server.stop()
    os.environ["CRASHPOINT_FILE"] = order
    try:
        world.server.start()
    finally:
        del os.environ["CRASHPOINT_FILE"]
    return order


def die_at(world: World, order: str, point: str) -> None:
    with open(order, "w", encoding="ascii") as file:
        file.write(point)
    os.chmod(order, 0o666)


def wait_empty(world: World) -> None:
    world.server.wait_until(lambda: not run(world, "queue", "list")["entries"], 60, "an empty queue")


def died(order: str) -> bool:
    if not os.path.exists(order):
        return True
    os.unlink(order)
    print("note   this build has no crash points")
    return False


def story_a_large_copy_of_a_list_comes_once_whoever_dies(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    staff = f"staff@{world.domain}"
    run(world, "group", "add", staff, "--name", "Staff", "--members", f"{ada},{bob}", "--list", "yes")
    order = order_of_death(world)
    post_to(world, staff, 250)
    for number, point in enumerate(("run.before-settle", "queue.after-put-once", "run.before-settle"), 1):
        die_at(world, order, point)
        world.send(staff, LARGE)
        world.server.wait_until(lambda: min(world.count(ada), world.count(bob)) >= number, 60, f"large copy {number}")
        wait_empty(world)
        died(order)
        assert (world.count(ada), world.count(bob)) == (number, number), "twice"


def story_what_is_redirected_goes_once_however_large(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    put(world, ada, f'require "copy"; redirect :copy "{bob}";')
    order = order_of_death(world)
    post_to(world, ada, 250)
    for number, point in enumerate(("run.before-settle", "queue.after-put-once"), 1):
        die_at(world, order, point)
        world.send(ada, LARGE)
        world.server.wait_until(lambda: min(world.count(ada), world.count(bob)) >= number, 60, f"large letter {number}")
        wait_empty(world)
        died(order)
        assert (world.count(ada), world.count(bob)) == (number, number), "twice"


# What a server has that was handed one copy twice: two messages, each with a row under the receipt of that copy.
HAND_TWICE = """
UPDATE queue_recipient SET receipt = decode('018f00000000800080000000000004d2', 'hex'), next_try_us = 1;
WITH m AS (INSERT INTO queue_message SELECT (jsonb_populate_record(q, jsonb_build_object('message_id',
               nextval('queue_message_message_id_seq'), 'name', q.name || 'b'))).* FROM queue_message q RETURNING message_id),
     b AS (INSERT INTO queue_body SELECT m.message_id, q.chunk, q.codec, q.data FROM m, queue_body q)
INSERT INTO queue_recipient SELECT (jsonb_populate_record(q, jsonb_build_object('recipient_id',
    nextval('queue_recipient_recipient_id_seq'), 'message_id', m.message_id))).* FROM m, queue_recipient q;
"""


def story_a_copy_that_was_handed_over_twice_is_answered_once(world: World) -> None:
    ada, bob, zoe = world.user("ada"), world.user("bob"), world.user("zoe")
    put(world, ada, f'require ["vacation", "copy"]; redirect :copy "{bob}"; vacation "I am away.";')
    world.server.run("user", "set", zoe, "--undo-send", "60")
    with submission(world, zoe) as smtp:
        smtp.sendmail(zoe, ada, f"From: {zoe}\r\nTo: {ada}\r\nSubject: once\r\n\r\nx\r\n")
    assert len(run(world, "queue", "list")["entries"]) == 1
    world.server.sql("chappe_directory", HAND_TWICE)
    world.server.wait_until(lambda: min(world.count(ada), world.count(bob), world.count(zoe)) >= 1, 60, "copy, redirect, answer")
    wait_empty(world)
    time.sleep(1)
    assert (world.count(ada), world.count(bob), world.count(zoe)) == (1, 1, 1), "what it sends came twice"


def story_held_mail_outlives_every_process(world: World) -> None:
    ada, bob, mod = world.user("ada"), world.user("bob"), world.user("mod")
    world.wait_for_mail(ada)
    news = f"news@{world.domain}"
    run(world, "group", "add", news, "--name", "News", "--members", f"{ada},{bob}", "--list", "yes", "--posting", "moderated",
        "--moderator", mod)
    post_to(world, news, 250)
    for number in range(6):
        world.send(news, f"Subject: held {number}\r\n\r\nx\r\n")
        if number % 2 == 0:
            kill_role(world, "transport")
    world.server.wait_until(lambda: len(run(world, "moderation", "list")["messages"]) == 6, 60, "six held messages")
    world.server.wait_until(lambda: world.count(mod) == 6, 60, "six letters")
    restart(world)
    held = run(world, "moderation", "list")["messages"]
    assert len(held) == 6 and world.count(mod) == 6, "one letter each"
    for number, message in enumerate(held):
        world.server.run("moderation", "approve", str(message["number"]))
        if number % 2 == 0:
            kill_role(world, "transport")
    world.server.wait_until(lambda: (world.count(ada), world.count(bob)) == (7, 6), 60, "six copies each")
    time.sleep(2)
    assert (world.count(ada), world.count(bob)) == (7, 6), "and no more"


def story_nobody_decides_in_time(world: World) -> None:
    ada, mod, author = world.user("ada"), world.user("mod"), world.user("author")
    world.wait_for_mail(ada)
    news = f"news@{world.domain}"
    run(world, "group", "add", news, "--name", "News", "--members", ada, "--posting", "moderated", "--moderator", mod,
        "--hold-days", "1")
    post_to(world, news, 250)
    world.send(news, "Subject: forgotten\r\n\r\nx\r\n", sender=author)
    wait_count(world, mod, 1)
    world.server.sql("chappe_directory", "UPDATE moderation SET expires_us = 1")
    restart(world)                             # housekeeping looks at once
    wait_count(world, author, 1)
    assert "No moderator has decided" in str(last(world, author)), last(world, author)
    assert Page(world, links(last(world, mod))[0], "POST", "a=b").status == 404
    assert world.count(ada) == 1 and run(world, "moderation", "list")["messages"] == []
