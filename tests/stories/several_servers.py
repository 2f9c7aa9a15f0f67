"""Two servers, one directory, one storage group: what one does is seen on the other at once."""
from __future__ import annotations

import imaplib
import json
import os
import statistics
import time

from kit.servers import Servers
from kit.world import PASSWORD, World

from imap import MAIL, run

PRIVATE = True
FIRST = "First Routing Group"


def login(servers: Servers, name: str, address: str) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", servers[name].port("imap"), timeout=30)
    imap.login(address, PASSWORD)
    return imap


class Idle:
    """A client that waits."""

    def __init__(self, servers: Servers, name: str, address: str, folder: str = "INBOX") -> None:
        self.imap = login(servers, name, address)
        assert self.imap.select(folder)[0] == "OK"
        self.imap.send(b"X IDLE\r\n")
        assert self.imap.readline().startswith(b"+")

    def wait_for(self, text: bytes) -> float:
        """Until a line has it; how long that took."""
        began = time.monotonic()
        while text not in self.imap.readline():
            pass
        return time.monotonic() - began

    def end(self) -> None:
        self.imap.send(b"DONE\r\n")
        while not self.imap.readline().startswith(b"X OK"):
            pass
        self.imap.logout()


def wait_for_bridge(world: World, servers: Servers, address: str) -> None:
    """The other server is known to each within seconds of its start."""
    def is_prompt() -> bool:
        idle = Idle(servers, "Lyon", address)
        world.send(address)
        took = idle.wait_for(b"EXISTS")
        idle.end()
        return took < 0.5
    world.server.wait_until(is_prompt, 20, "the first prompt mail")


def story_a_mail_by_one_server_wakes_the_clients_of_another(world: World) -> None:
    with Servers(world, "Lyon", groups={"Lyon": FIRST}) as servers:
        ada = world.user("ada")
        wait_for_bridge(world, servers, ada)
        idle, waits = Idle(servers, "Lyon", ada), []
        for _ in range(20):
            world.send(ada)
            waits.append(idle.wait_for(b"EXISTS"))
        print(f"a mail by Paris seen in Lyon: median {statistics.median(waits) * 1000:.0f} ms, at most {max(waits) * 1000:.0f} ms")
        assert max(waits) <= 1, waits

        # a client here changes a flag, and expunges
        imap = login(servers, "Paris", ada)
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "(\\Flagged)")
        assert idle.wait_for(b"\\Flagged") <= 1
        imap.store("1", "+FLAGS", "(\\Deleted)")
        assert idle.wait_for(b"\\Deleted") <= 1
        imap.expunge()
        assert idle.wait_for(b"* 1 EXPUNGE") <= 1
        idle.end()

        # and a folder that was just shown there is not shown as it was
        other = login(servers, "Lyon", ada)
        for number in range(10):
            count = int(other.select("INBOX")[1][0])
            imap.append("INBOX", "", None, f"Subject: number {number}\r\n\r\nbody\r\n".encode())
            time.sleep(0.2)
            assert int(other.select("INBOX")[1][0]) == count + 1, number


def story_a_right_that_is_withdrawn_on_one_server_is_gone_on_another(world: World) -> None:
    with Servers(world, "Lyon", groups={"Lyon": FIRST}) as servers:
        ada, bob = world.user("ada"), world.user("bob")
        wait_for_bridge(world, servers, ada)
        imap = login(servers, "Paris", ada)
        imap.setacl("INBOX", bob, "lrsw")
        idle = Idle(servers, "Lyon", bob, f'"Other Users/{ada}/INBOX"')
        imap.deleteacl("INBOX", bob)
        assert idle.wait_for(b"* BYE") <= 1


def story_the_clients_of_two_servers_on_one_folder_stay_true(world: World) -> None:
    """CHAPPE_STRESS_S: for longer than usual."""
    seconds = float(os.environ.get("CHAPPE_STRESS_S", "12"))
    with Servers(world, "Lyon", groups={"Lyon": FIRST}) as servers:
        ada = world.user("ada")
        wait_for_bridge(world, servers, ada)
        imap = login(servers, "Paris", ada)
        imap.create("Work")
        for _ in range(20):
            imap.append("Work", "", None, MAIL)
        commands = run([servers["Paris"].port("imap"), servers["Lyon"].port("imap")], ada, 8, seconds)
        print(f"{commands} commands in {seconds:.0f} s by 8 clients of two servers")
        assert commands > 100
        found = json.loads(world.server.run("verify", "--user", ada, "--json"))
        assert found["found"] == 0, found


def story_what_is_configured_on_one_server_is_known_to_all(world: World) -> None:
    with Servers(world, "Lyon", groups={"Lyon": FIRST}) as servers:
        ada = world.user("ada")
        wait_for_bridge(world, servers, ada)
        waits = []
        for number in range(10):
            name, asked = f"way {number}", f"/route?recipient=x@d{number}.test"
            world.server.run("connector", "add", name, "--space", f"d{number}.test", "--smarthost", "[127.0.0.9]:25")
            began = time.monotonic()
            world.server.wait_until(lambda: servers["Lyon"].api("GET", asked)["ways"][0].get("connector") == name, 5, name)
            waits.append(time.monotonic() - began)
        print(f"a connector added in Paris known in Lyon: median {statistics.median(waits) * 1000:.0f} ms")
        assert statistics.median(waits) < 0.5, waits

        # an address, too: nobody has to ask for it twice
        for number in range(5):
            assert servers.ask("Lyon", "route", f"n{number}@{world.domain}")["ways"] == []
            world.user(f"n{number}")
            time.sleep(0.3)
            assert servers.way("Lyon", f"n{number}@{world.domain}")["way"] == "store"


def story_a_database_that_was_away_is_listened_to_again(world: World) -> None:
    with Servers(world, "Lyon", groups={"Lyon": FIRST}) as servers:
        ada = world.user("ada")
        wait_for_bridge(world, servers, ada)
        idle = Idle(servers, "Lyon", ada)
        world.server.sql("chappe_directory", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
        world.send(ada)
        idle.wait_for(b"EXISTS")
        idle.end()
        wait_for_bridge(world, servers, ada)
