"""A maildrop is one session's at a time, whatever process or machine it came to (RFC 1939, 8)."""
from __future__ import annotations

import os
import poplib
import signal
import subprocess

from kit.instance import Failure
from kit.world import World

PRIVATE = True
GROUP = "chappe_group_1"


def is_in_use(world: World, address: str) -> bool:
    try:
        world.pop3(address).quit()
    except poplib.error_proto as problem:
        if "[IN-USE]" not in str(problem):
            raise Failure(f"refused, but not for being in use: {problem}") from None
        return True
    return False


def story_a_session_of_another_machine_keeps_us_out_while_its_process_lives(world: World) -> None:
    ada = world.user("ada")
    world.pop3(ada).quit()
    mailbox = world.server.sql(GROUP, "SELECT max(mailbox_id) FROM mailbox").strip()
    command = ["psql", "-XAtq", "-h", os.path.join(world.server.data, "postgres/run"), "-U", "chappe", "-d", GROUP, "-c",
               "SELECT pg_advisory_lock(4711)", "-c", f"INSERT INTO maildrop_lock VALUES ({mailbox}, 4711)", "-c",
               "SELECT pg_sleep(300)"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", world.server.user, "--regid", world.server.user, "--init-groups", *command]
    other = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        world.server.wait_until(lambda: world.server.sql(GROUP, "SELECT holder FROM maildrop_lock").strip() == "4711", 20,
                                "the other machine's row")
        assert is_in_use(world, ada)
    finally:
        other.kill()
        other.wait()
        world.server.sql(GROUP, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%'"
                                   " AND pid <> pg_backend_pid()")
    world.server.wait_until(lambda: not is_in_use(world, ada), 10, "the maildrop free again")


def story_a_killed_role_leaves_no_maildrop_locked(world: World) -> None:
    ada = world.user("ada")
    first = world.pop3(ada)
    assert is_in_use(world, ada)
    holder = world.server.sql(GROUP, "SELECT holder FROM maildrop_lock").strip()
    os.kill(world.server.role_pid("mailbox"), signal.SIGKILL)
    world.server.wait_until(lambda: world.server.sql(GROUP, f"SELECT pg_try_advisory_lock({holder})").strip() == "t", 5,
                            "the killed role's lock free")

    def logs_in() -> bool:
        try:
            return not is_in_use(world, ada)
        except OSError:
            return False                         # the role is being started again
    world.server.wait_until(logs_in, 20, "a login after the kill")
    first.close()
