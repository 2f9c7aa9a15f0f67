"""Ten thousand who wait: what a session costs that says nothing, and how soon it is told."""
from __future__ import annotations

import argparse
import resource
import selectors
import socket
import ssl
import time

from kit.cost import expect_no_open_transaction, memory_bytes, processor_s
from kit.instance import Failure, Instance
from kit.world import PASSWORD, World

SESSION_MAX_BYTES = {"imap": 40 * 1024, "imaps": 64 * 1024}   # of our memory; OpenSSL's own objects are 14 KB and more
TOLD_MAX_S = 10.0
FEW = 100     # of the sessions look at the mailbox that gets one mail alone
WARM = 200    # sessions whose memory is every session's: pools, caches, threads


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def begin(server: Instance, service: str, login: str, tls: ssl.SSLContext) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", server.port(service)), 60)
    link.settimeout(60)
    if service == "imaps":
        link = tls.wrap_socket(link)
    link.sendall(f"a LOGIN {login} {PASSWORD}\r\nb SELECT INBOX\r\nc IDLE\r\n".encode())
    got = b""
    while b"\r\n+ " not in got:
        more = link.recv(65536)
        if not more:
            raise Failure(f"a session did not begin to wait: {got[-300:]!r}")
        got += more
    return link


def crowd(server: Instance, service: str, logins: list[str], tls: ssl.SSLContext) -> list[socket.socket]:
    return [begin(server, service, login, tls) for login in logins]


def until_told(links: list[socket.socket], seconds: float) -> tuple[int, list[float]]:
    """How many hear of a new message within that time, and when each did."""
    began, times, left = time.monotonic(), [], dict.fromkeys(links, b"")
    selector = selectors.EpollSelector()
    for link in links:
        link.setblocking(False)
        selector.register(link, selectors.EVENT_READ)
    while left and time.monotonic() - began < seconds:
        for key, _ in selector.select(0.5):
            link = key.fileobj
            try:
                left[link] = left.get(link, b"") + link.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            if b" EXISTS\r\n" in left[link]:
                times.append(time.monotonic() - began)
                del left[link]
                selector.unregister(link)
    selector.close()
    return len(times), sorted(times)


def expect_told(what: str, links: list[socket.socket]) -> list[float]:
    count, times = until_told(links, 60)
    if count != len(links):
        raise Failure(f"{what}: only {count} of {len(links)} were told")
    if times[-1] > TOLD_MAX_S:
        raise Failure(f"{what}: the last one was told after {times[-1]:.1f} s")
    return times


def expect_silence(links: list[socket.socket]) -> None:
    """They hear nothing, or that the server is still there."""
    for link in links:
        link.setblocking(False)
        try:
            got = link.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            continue
        if not got or b"EXISTS" in got:
            raise Failure(f"a session that waits elsewhere heard {got!r}")


def wait_together(server: Instance, world: World, service: str, count: int, many: str, one: str) -> None:
    tls, pid = context(), server.role_pid("mailbox")
    warm = crowd(server, service, [many, one] * (WARM // 2), tls)
    for link in warm:
        link.close()
    time.sleep(2)
    before = memory_bytes(pid)
    began = time.monotonic()
    few = crowd(server, service, [one] * FEW, tls)
    rest = crowd(server, service, [many] * (count - FEW), tls)
    opened, each = time.monotonic() - began, (memory_bytes(pid) - before) / count
    expect_no_open_transaction(server)
    held = server.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'chappe%'").strip()
    used = processor_s(pid)
    time.sleep(10)
    idle = (processor_s(pid) - used) / 10
    used = processor_s(pid)
    world.send(one)
    times = expect_told("a mail for one mailbox", few)
    expect_silence(rest)
    cost_of_one = processor_s(pid) - used
    used = processor_s(pid)
    world.send(many)
    many_times = expect_told("a mail for the mailbox of all others", rest)
    cost_of_many = processor_s(pid) - used
    print(f"{service}: {count} sessions wait, opened in {opened:.1f} s; {each / 1024:.1f} KB each; {idle * 100:.2f} % of a processor while"
          f" nothing happens, {held} database connections in all.\n{service}: a mail for {FEW} of them: half told after"
          f" {times[len(times) // 2] * 1000:.0f} ms, all after {times[-1] * 1000:.0f} ms, {cost_of_one:.2f} s of processor time; for the other"
          f" {len(rest)}: half after {many_times[len(rest) // 2] * 1000:.0f} ms, all after {many_times[-1] * 1000:.0f} ms, {cost_of_many:.2f} s",
          flush=True)
    began = time.monotonic()
    for link in few + rest:
        link.close()
    if each > SESSION_MAX_BYTES[service]:
        raise Failure(f"{service}: {each / 1024:.1f} KB for a session that waits")
    if idle > 0.05:
        raise Failure(f"{service}: {idle * 100:.1f} % of a processor for sessions that wait")
    with socket.create_connection(("127.0.0.1", server.port("imap")), 30) as link:
        link.settimeout(30)
        if not link.recv(100).startswith(b"* OK"):
            raise Failure("nobody comes in after the crowd has gone")
    print(f"{service}: gone, and the next one served after {time.monotonic() - began:.1f} s", flush=True)


def check(options: argparse.Namespace) -> None:
    wanted = options.sessions + 500
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Failure(f"{options.sessions} sessions need {wanted} descriptors; the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    settings: dict[str, str | None] = {"max_connections": str(options.sessions + 1000)}
    problems = []
    with Instance(options.binary, settings) as server, World(server) as world:
        many, one = world.user("many"), world.user("one")
        world.send([many, one])
        for service in ("imap", "imaps"):
            try:
                wait_together(server, world, service, options.sessions, many, one)
            except Failure as problem:
                problems.append(f"{service}: {problem}")
    if problems:
        raise Failure("; ".join(problems))
