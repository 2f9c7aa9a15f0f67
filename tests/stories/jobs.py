"""An import of ten thousand users as a job, whose workers are killed in the middle: it goes on, and nobody is there twice."""
from __future__ import annotations

import os
import signal
import time

from kit.instance import Failure
from kit.world import World

PRIVATE = True
GROUP = "chappe_group_1"


def count_of(world: World) -> int:
    return 1500 if world.server.is_sanitized else 10000


def give(world: World, first: int, count: int) -> dict:
    users = [{"address": f"p{number}@{world.domain}", "name": f"Person {number}"} for number in range(first, first + count)]
    return world.server.api("POST", "/jobs/import", {"organisation": world.organisation, "users": users})


def wait(world: World, job: dict, done: int, seconds: float = 300) -> dict:
    """The job when so many of its items are settled."""
    def is_far_enough() -> bool:
        now = world.server.api("GET", f"/jobs/{job['id']}")
        job.update(now)
        return now["done"] + now["failed"] >= done or now["state"] in ("failed", "cancelled")
    world.server.wait_until(is_far_enough, seconds, f"{done} items of the job")
    return job


def story_an_import_that_is_killed_goes_on_without_doubles(world: World) -> None:
    count = count_of(world)
    began = time.monotonic()
    job = give(world, 0, count)
    for part in (0.2, 0.6):
        wait(world, job, int(count * part))
        os.kill(world.server.role_pid("housekeeping"), signal.SIGKILL)
    wait(world, job, count)
    took = time.monotonic() - began
    world.server.wait_until(lambda: world.server.api("GET", f"/jobs/{job['id']}")["state"] == "done", what="the job's end")
    job = world.server.api("GET", f"/jobs/{job['id']}")
    assert (job["done"], job["failed"]) == (count, 0), (job, world.server.api("GET", f"/jobs/{job['id']}/items?failed=true&limit=5"))
    users = int(world.server.sql("chappe_directory", "SELECT count(*) FROM recipient WHERE mailbox_id IS NOT NULL"))
    mailboxes = int(world.server.sql(GROUP, "SELECT count(*) FROM mailbox"))
    assert users == mailboxes == count, (users, mailboxes)
    print(f"  {count} users in {took:.1f} s with two kills: {count / took:.0f}/s")


def story_an_import_runs_at_its_rate_and_ends_when_it_is_cancelled(world: World) -> None:
    count = count_of(world)
    began = time.monotonic()
    wait(world, give(world, 20000, count), count)
    rate = count / (time.monotonic() - began)
    print(f"  {count} users: {rate:.0f}/s")
    if not world.server.is_sanitized and rate < 500:
        raise Failure(f"{rate:.0f} users/s, not 500")
    job = give(world, 40000, count)
    world.server.api("POST", f"/jobs/{job['id']}/cancel")
    time.sleep(3)
    job = world.server.api("GET", f"/jobs/{job['id']}")
    assert job["state"] == "cancelled" and job["done"] < count, job
    waiting = f"SELECT count(*) FROM job_item WHERE job_id = {job['id']} AND input IS NOT NULL"
    assert int(world.server.sql("chappe_directory", waiting)) == count - job["done"], "what was not begun can be resumed for a day"
    world.server.api("POST", f"/jobs/{job['id']}/resume")
    wait(world, job, count)
    world.server.wait_until(lambda: int(world.server.sql("chappe_directory", waiting)) == 0, what="that nothing is kept of what is done")


def story_a_worker_that_dies_before_it_settles_did_it_all_the_same(world: World) -> None:
    if not world.server.is_sanitized:
        return  # crash points are in those builds
    users = int(world.server.sql("chappe_directory", "SELECT count(*) FROM recipient WHERE mailbox_id IS NOT NULL"))
    world.server.api("POST", "/users", {"address": f"there@{world.domain}", "name": "There"})
    world.server.stop()
    os.environ["CRASHPOINT"] = "job.before-settle"
    try:
        world.server.start()
        job = world.server.api("POST", "/jobs/import", {"organisation": world.organisation, "users": [
            {"address": f"x{number}@{world.domain}", "name": "X"} for number in range(20)] + [
            {"address": f"there@{world.domain}", "name": "Again"}]})
        world.server.wait_until(lambda: "job.before-settle" in world.server.log() or int(world.server.sql(
            "chappe_directory", "SELECT count(*) FROM recipient WHERE mailbox_id IS NOT NULL")) == users + 21, 60, "the crash")
        time.sleep(1)
    finally:
        del os.environ["CRASHPOINT"]
    world.server.run("stop", check=False)
    world.server.start()
    wait(world, job, 21, 120)
    assert (job["done"], job["failed"]) == (20, 1), job
    assert world.server.api("GET", f"/jobs/{job['id']}/items?failed=true")["items"][0]["object"] == f"there@{world.domain}"
