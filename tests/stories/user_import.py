"""Thousands of users from a file: each line is told what became of it, and an import that was killed goes on."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time

from kit.instance import Failure
from kit.world import PASSWORD, World

PRIVATE = True
GROUP = "chappe_group_1"


def people(world: World, first: int, count: int, password: str = "") -> str:
    lines = [f"p{number}@{world.domain},Person {number},{password}" for number in range(first, first + count)]
    return world.write(f"people-{first}-{count}.csv", "address,name,password\n" + "\n".join(lines) + "\n", 0o644)


def bring(world: World, path: str) -> tuple[dict, str]:
    """What the import counted, and what it said of single lines; {} where it ended before its end."""
    with open(path, encoding="utf-8") as file:
        done = subprocess.run([world.server.binary, "--data", world.server.data, "user", "import", "--json", "-"], stdin=file,
                              capture_output=True, text=True, timeout=300, check=False)
    return (json.loads(done.stdout.splitlines()[0]) if done.stdout else {}), done.stderr


def numbers(world: World) -> dict[str, int]:
    """Users, their mailboxes, and folders and subscriptions of these."""
    users = world.server.sql("chappe_directory", "SELECT count(*), count(DISTINCT r.mailbox_id) FROM recipient r JOIN address a USING (recipient_id)"
                                       f" WHERE a.address LIKE 'p%@{world.domain}'").strip().split("|")
    ids = world.server.sql("chappe_directory", "SELECT string_agg(r.mailbox_id::text, ',') FROM recipient r JOIN address a USING (recipient_id)"
                                     f" WHERE a.address LIKE 'p%@{world.domain}'").strip() or "0"
    there = [world.server.sql(GROUP, f"SELECT count(*) FROM {table} WHERE mailbox_id IN ({ids})").strip()
             for table in ("mailbox", "folder", "subscription")]
    all_of_them = world.server.sql(GROUP, "SELECT count(*) FROM mailbox").strip()
    return {"users": int(users[0]), "ids": int(users[1]), "mailboxes": int(there[0]), "folders": int(there[1]),
            "subscriptions": int(there[2]), "all": int(all_of_them)}


def expect_whole(world: World, count: int) -> None:
    got = numbers(world)
    want = {"users": count, "ids": count, "mailboxes": count, "folders": 6 * count, "subscriptions": 6 * count, "all": count}
    assert got == want, f"{got}, not {want}"


def wait_for_web(world: World) -> None:
    def answers() -> bool:
        try:
            return json.loads(world.server.run("status", "--json", check=False))["ok"]
        except (ValueError, Failure):
            return False
    world.server.wait_until(answers, 30, "the server")


def story_each_line_is_told_what_became_of_it(world: World) -> None:
    path = world.write("people.csv", "address,name,password,quota\n"
                       f"p1@{world.domain},One,{PASSWORD},1M\n"
                       f"a b@{world.domain},Two,{PASSWORD},\n"
                       f"p1@{world.domain},One again,{PASSWORD},\n"
                       f"p3@{world.domain},Three,,\n", 0o644)
    counted, said = bring(world, path)
    assert counted == {"added": 2, "failed": 2}, counted
    assert "a b@" in said and "is twice in this list" in said, said
    expect_whole(world, 2)
    assert world.count(f"p1@{world.domain}") == 0
    world.send([f"p1@{world.domain}", f"p3@{world.domain}"])
    assert world.count(f"p1@{world.domain}") == 1
    counted, said = bring(world, path)
    assert counted == {"added": 0, "failed": 4} and said.count("is taken") == 2, (counted, said)
    expect_whole(world, 2)


def story_an_import_that_died_between_the_databases_is_finished_by_the_next(world: World) -> None:
    order = os.path.join(world.server.data, "run/crashpoint")
    world.server.stop()
    os.environ["CRASHPOINT_FILE"] = order
    try:
        world.server.start()
    finally:
        del os.environ["CRASHPOINT_FILE"]
    path = people(world, 0, 700)
    with open(order, "w", encoding="ascii") as file:
        file.write("import.before-mailboxes")
    os.chmod(order, 0o666)
    counted, said = bring(world, path)
    if os.path.exists(order):
        os.unlink(order)
        print("note   this build has no crash points")
    else:
        assert counted.get("added", 0) == 0, counted
        got = numbers(world)
        assert got["users"] == 500 and got["mailboxes"] == 0, got
        wait_for_web(world)
        counted, said = bring(world, path)
        assert counted == {"added": 700, "failed": 0}, (counted, said[:500])
    expect_whole(world, 700)
    for number in (0, 499, 500, 699):
        world.send(f"p{number}@{world.domain}")
    counted, said = bring(world, path)
    assert counted == {"added": 0, "failed": 700} and said.count("is taken") == 700, counted
    expect_whole(world, 700)


def story_an_import_killed_again_and_again_leaves_no_half_user_and_nobody_twice(world: World) -> None:
    path = people(world, 0, 4000)
    is_over = threading.Event()
    kills = []

    def kill() -> None:
        for pause in (0.15, 0.35, 0.6, 0.25, 0.9):
            if is_over.wait(pause):
                return
            try:
                os.kill(world.server.role_pid("web"), signal.SIGKILL)
                kills.append(pause)
            except (ProcessLookupError, Failure, ValueError, StopIteration):
                pass
            wait_for_web(world)

    killer = threading.Thread(target=kill)
    killer.start()
    until = time.monotonic() + 240
    try:
        while True:
            wait_for_web(world)
            counted, _ = bring(world, path)
            if not killer.is_alive() and counted.get("added", 0) + counted.get("failed", 0) == 4000:
                break
            if time.monotonic() > until:
                raise Failure(f"the import did not come to its end: {counted}")
    finally:
        is_over.set()
        killer.join()
    assert kills, "nothing was killed"
    expect_whole(world, 4000)
