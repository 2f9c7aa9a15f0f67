"""A process that runs out of descriptors."""
from __future__ import annotations

import argparse
import os
import resource
import socket
import subprocess
import time

from kit.cost import processor_s
from kit.instance import Failure, Instance
from kit.world import World

FEW = 256
SPIN_MAX = 0.1   # of a processor
BUSY = {"smtp": b"421 ", "imap": b"* BYE ", "pop3": b"-ERR "}
ROLES = {"smtp": "smtp", "imap": "mailbox", "pop3": "mailbox", "http": "web"}


def open_descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def crowd(port: int, count: int) -> list[socket.socket]:
    links = []
    for _ in range(count):
        link = socket.socket()
        link.settimeout(5)
        link.connect(("127.0.0.1", port))
        links.append(link)
    return links


def greetings(links: list[socket.socket]) -> list[bytes]:
    said = []
    for link in links:
        link.settimeout(0.02)
        try:
            said.append(link.recv(200))
        except TimeoutError:
            said.append(b"?")      # still in the listener's queue
        except OSError:
            said.append(b"")
    return said


def spin(pid: int, seconds: float = 5) -> float:
    before, began = processor_s(pid), time.monotonic()
    time.sleep(seconds)
    return (processor_s(pid) - before) / (time.monotonic() - began)


def start_with_few(server: Instance) -> None:
    """The whole server anew, by its own user, who cannot raise the limit again."""
    server.stop()
    who = {"user": server.user, "group": server.user, "extra_groups": []} if server.user else {}
    done = subprocess.run([server.binary, "--data", server.data, "start", "--detach"], capture_output=True, timeout=120,
                          check=False, cwd="/", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW)), **who)
    if done.returncode != 0:
        raise Failure(f"does not start with {FEW} descriptors: {done.stderr.decode()}")


def set_limit(server: Instance, pid: int, limit: int) -> None:
    who = {"user": server.user, "group": server.user, "extra_groups": []} if server.user else {}
    subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={limit}:{FEW}"], check=True, cwd="/", **who)


def crowded(server: Instance, service: str, pid: int, what: str) -> None:
    count = 600 if service in BUSY else 400   # the web lets them wait in the listener's queue, which is shorter
    links = crowd(server.port(service), count)
    try:
        share = spin(pid)
        said = greetings(links)
        status = server.run("status", "--json", check=False)
    finally:
        for link in links:
            link.close()
    turned_away = sum(one.startswith(BUSY.get(service, b"\0")) for one in said)
    print(f"{service:5} {what}: {sum(one[:3] in (b'220', b'* O', b'+OK') for one in said)} of {count} came in, {turned_away} were told, "
          f"{said.count(b'?')} wait; {share * 100:.1f} % of a processor", flush=True)
    if share > SPIN_MAX:
        raise Failure(f"{service} spins: {share * 100:.0f} % of a processor ({what})")
    if service in BUSY and turned_away == 0:
        raise Failure(f"{service}: nobody was told ({what})")
    if status.count('"answers": true') + status.count('"answers":true') < 4:
        raise Failure(f"a role does not answer its supervisor ({what})")


def check(options: argparse.Namespace) -> None:
    problems = []
    with Instance(options.binary) as server, World(server) as world:
        ada = world.user("ada")
        start_with_few(server)
        for service, role in ROLES.items():
            try:
                pid = server.role_pid(role)
                inside = world.imap(ada) if role == "mailbox" else None
                crowded(server, service, pid, f"{FEW} descriptors")
                if inside and (inside.noop()[0] != "OK" or inside.select("INBOX")[0] != "OK"):
                    raise Failure("a session from before suffers")
                # Now it has none left at all, whatever it keeps in reserve.
                few = open_descriptors(pid) + 5
                set_limit(server, pid, few)
                if service in BUSY:
                    crowded_without_reserve(server, service, pid)
                set_limit(server, pid, FEW)
                if inside and inside.noop()[0] != "OK":
                    raise Failure("a session from before suffers")
                time.sleep(1)
                with socket.create_connection(("127.0.0.1", server.port(service)), 10) as link:
                    if service == "http":
                        link.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
                    if not link.recv(100).startswith((b"220 ", b"* OK", b"+OK", b"HTTP/1.1 200")):
                        raise Failure(f"{service} did not recover")
            except Failure as problem:
                problems.append(str(problem))
    if problems:
        raise Failure("; ".join(problems))


def crowded_without_reserve(server: Instance, service: str, pid: int) -> None:
    links = crowd(server.port(service), 100)
    share = spin(pid)
    said = greetings(links)
    for link in links:
        link.close()
    told = sum(one.startswith(BUSY.get(service, b"\0")) for one in said)
    print(f"{service:5} none left: {told} of 100 were told, {said.count(b'?')} wait; {share * 100:.1f} % of a processor", flush=True)
    if share > SPIN_MAX:
        raise Failure(f"{service} spins without descriptors: {share * 100:.0f} % of a processor")
