"""What `chappe reload` takes over at once, and what it says of the rest."""
from __future__ import annotations

import imaplib
import os
import smtplib
import socket
import subprocess

from kit.instance import Failure
from kit.world import World

PRIVATE = True


def set_config(world: World, **values: str) -> str:
    """Writes the settings and reloads; what was said."""
    path = os.path.join(world.server.data, "chappe.conf")
    with open(path, encoding="utf-8") as file:
        kept = [line for line in file if line.split("=")[0].strip() not in values]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(kept + [f"{key} = {value}\n" for key, value in values.items()])
    return world.server.run("reload")


def size_of(smtp: smtplib.SMTP) -> int:
    smtp.ehlo("me")
    return int(smtp.esmtp_features["size"])


def story_sizes_and_counts_hold_for_sessions_that_begin_afterwards(world: World) -> None:
    ada = world.user("ada")
    before = smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60)
    imap = world.imap(ada)
    set_config(world, max_message_size="2M", max_recipients="150", max_errors="3")
    assert size_of(before) == 50 << 20, "an open session keeps what it was told"
    after = smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60)
    assert size_of(after) == 2 << 20
    assert "RCPTMAX=150" in after.esmtp_features["limits"]
    for _ in range(3):
        assert after.docmd("NONSENSE")[0] == 500
    assert after.getreply()[0] == 421, "three errors did not end the session"
    assert imap.noop()[0] == "OK"
    fresh = world.imap(ada)
    assert f"APPENDLIMIT={2 << 20}" in fresh.capabilities or \
        f"APPENDLIMIT={2 << 20}".encode() in fresh.capability()[1][0]
    try:
        world.server.api("POST", f"/users/{ada}/messages?folder=INBOX", raw=b"Subject: large\r\n\r\n" + b"x" * (3 << 20))
    except Failure as problem:
        assert ": 413 " in str(problem), problem
    else:
        raise Failure("the admin API took more than max_message_size")


def greeting(world: World, service: str) -> bytes:
    with socket.create_connection(("127.0.0.1", world.server.port(service)), 20) as link:
        link.settimeout(20)
        return link.recv(200)


def story_the_number_of_connections_changes_at_once(world: World) -> None:
    first = [imaplib.IMAP4("127.0.0.1", world.server.port("imap"), timeout=60) for _ in range(12)]
    set_config(world, max_connections="10")
    assert greeting(world, "imap").startswith(b"* BYE"), "more than max_connections came in"
    assert all(one.noop()[0] == "OK" for one in first), "those inside are not thrown out"
    set_config(world, max_connections="100")
    assert greeting(world, "imap").startswith(b"* OK")


def web(world: World, *headers: str) -> str:
    with socket.create_connection(("127.0.0.1", world.server.port("http")), 20) as link:
        link.sendall(("\r\n".join(["GET / HTTP/1.1", "Host: h", "Connection: close", *headers]) + "\r\n\r\n").encode())
        answer = b""
        while part := link.recv(65536):
            answer += part
        return answer.decode().split("\r\n")[0]


def story_a_proxy_is_believed_as_soon_as_it_is_declared(world: World) -> None:
    set_config(world, plaintext_login="never")
    assert " 308 " in web(world, "X-Forwarded-Proto: https"), "a stranger is not believed"
    set_config(world, trusted_proxies="127.0.0.0/8")
    assert " 200 " in web(world, "X-Forwarded-Proto: https")
    with socket.create_connection(("127.0.0.1", world.server.port("smtp")), 20) as link:
        link.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 1000 25\r\n")
        assert link.recv(200).startswith(b"220 ")
    set_config(world, trusted_proxies="")
    assert " 308 " in web(world, "X-Forwarded-Proto: https")


def story_the_web_moves_to_another_address_and_serves_who_is_there(world: World) -> None:
    link = socket.create_connection(("127.0.0.1", world.server.port("http")), 20)
    set_config(world, listen="127.0.0.2")
    link.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
    assert link.recv(65536).startswith(b"HTTP/1.1 200 "), "the open connection was cut"
    socket.create_connection(("127.0.0.2", world.server.port("https")), 5).close()
    try:
        socket.create_connection(("127.0.0.1", world.server.port("http")), 2).close()
    except OSError:
        pass
    else:
        raise Failure("the old address still listens")
    link.close()
    set_config(world, listen="127.0.0.1")
    socket.create_connection(("127.0.0.1", world.server.port("http")), 5).close()


def story_reload_names_what_waits_for_a_restart(world: World) -> None:
    said = set_config(world, workers="17", log_level="warning")
    assert "after `chappe restart`: workers\n" in said, said
    assert said.count(": reloaded\n") >= 4 and "not reloaded" not in said, said
    assert "restart" not in set_config(world, workers="64", log_level="info")
    done = subprocess.run([world.server.binary, "--data", world.server.data, "reload"], capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == 0
