"""The supervisor: what dies comes back, what changes is taken over, and what is stopped is gone."""
from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from kit.instance import Failure
from kit.world import PASSWORD, World

PRIVATE = True
SETTINGS = {"watchdog": "5s"}


def status(world: World) -> dict:
    return json.loads(world.server.run("status", "--json", check=False))


def role(world: World, name: str) -> dict:
    return next(r for r in status(world)["roles"] if r["name"] == name)


def is_gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def set_config(world: World, key: str, value: str) -> None:
    path = os.path.join(world.server.data, "chappe.conf")
    with open(path, encoding="utf-8") as file:
        kept = [line for line in file if line.split("=")[0].strip() != key]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(kept + [f"{key} = {value}\n"])


def story_a_killed_role_is_started_again_within_a_second(world: World) -> None:
    ada = world.user("ada")
    for name in ("smtp", "mailbox", "web", "housekeeping", "extract"):
        before, restarts = role(world, name)["pid"], role(world, name)["restarts"]
        os.kill(before, signal.SIGKILL)
        began = time.monotonic()
        world.server.wait_until(lambda: role(world, name)["pid"] not in (0, before) and status(world)["ok"], 60,
                                f"{name} coming back")
        print(f"{name} was back after {time.monotonic() - began:.1f} s")
        # how soon depends on the machine; that nothing is waited for longer than a second does not
        died = next(line for line in world.server.log().splitlines() if " main.role.died " in line and f"pid={before} " in line)
        assert int(re.search(r"again_ms=(\d+)", died)[1]) <= 1000, died
        assert role(world, name)["restarts"] == restarts + 1
    world.send(ada)
    assert world.count(ada) == 1


def story_roles_end_with_a_killed_supervisor_and_the_next_start_is_clean(world: World) -> None:
    ada = world.user("ada")
    now = status(world)
    os.kill(now["pid"], signal.SIGKILL)
    world.server.wait_until(lambda: all(is_gone(r["pid"]) for r in now["roles"]), 5, "the end of all roles")
    assert world.server.run("status", check=False) == ""
    world.server.start()
    world.send(ada)
    assert world.count(ada) == 1


def story_a_role_that_hangs_is_replaced(world: World) -> None:
    before = role(world, "smtp")["pid"]
    os.kill(before, signal.SIGSTOP)          # takes no signal but the last one
    world.server.wait_until(lambda: is_gone(before), 40, "the end of the silent role")
    world.server.wait_until(lambda: status(world)["ok"], 20, "all roles answering")
    world.send(world.user("ada"))


def story_stop_leaves_nothing(world: World) -> None:
    now = status(world)
    world.server.stop()
    pids = [now["pid"], now["database"]["pid"]] + [r["pid"] for r in now["roles"]]
    world.server.wait_until(lambda: all(is_gone(pid) for pid in pids), 5, "the end of all processes")
    for name in ("smtp", "imap", "https"):
        try:
            socket.create_connection(("127.0.0.1", world.server.port(name)), 2).close()
        except OSError:
            continue
        raise Failure(f"{name} still answers")
    world.server.start()


def story_commands_work_while_nothing_runs(world: World) -> None:
    world.server.stop()
    ada = f"ada@{world.domain}"
    world.server.run("user", "add", ada, "--name", "Ada", "--password-file", "-", stdin=PASSWORD + "\n")
    assert json.loads(world.server.run("user", "show", ada, "--json"))["address"] == ada
    assert os.listdir(os.path.join(world.server.data, "postgres", "run")) == []
    world.server.start()
    world.send(ada)
    assert world.count(ada) == 1


def story_two_servers_do_not_share_a_directory(world: World) -> None:
    done = subprocess.run([world.server.binary, "--data", world.server.data, "start", "--detach"], capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 4, done
    assert status(world)["ok"]


def story_reload_takes_addresses_over_without_ending_sessions(world: World) -> None:
    ada = world.user("ada")
    imap = world.imap(ada)
    set_config(world, "listen", "127.0.0.2")
    world.server.run("reload")
    assert imap.noop()[0] == "OK"
    socket.create_connection(("127.0.0.2", world.server.port("imap")), 5).close()
    try:
        socket.create_connection(("127.0.0.1", world.server.port("imap")), 2).close()
    except OSError:
        pass
    else:
        raise Failure("the old address still listens")
    set_config(world, "log_level", "nonsense")
    done = subprocess.run([world.server.binary, "--data", world.server.data, "reload"], capture_output=True, timeout=60,
                          check=False)
    assert done.returncode != 0
    assert imap.noop()[0] == "OK"
    set_config(world, "log_level", "info")
    for _ in range(3):  # the one before the last still drains its connections; the one before that is gone
        assert world.server.run("reload").count("reloaded") >= 5
    set_config(world, "listen", "127.0.0.1")
    world.server.run("reload")
    socket.create_connection(("127.0.0.1", world.server.port("imap")), 5).close()


def fetch(url: str) -> tuple[int, str]:
    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None
    try:
        with urllib.request.build_opener(NoRedirect).open(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location", "")


def story_the_web_shows_state_health_and_metrics(world: World) -> None:
    at = f"http://127.0.0.1:{world.server.port('http')}"
    assert fetch(at + "/healthz") == (200, "ok\n")
    assert "STARTTLS" in fetch(at + "/status")[1]
    metrics = fetch(at + "/metrics")[1]
    for series in ('chappe_role_up{role="smtp"} 1', 'chappe_role_up{role="mailbox"} 1', "chappe_database_connections{role="):
        assert series in metrics, series
    helps = [line for line in metrics.splitlines() if line.startswith("# HELP")]
    assert len(helps) == len(set(helps))
    world.run("curl", "-skf", f"https://127.0.0.1:{world.server.port('https')}/")
    set_config(world, "plaintext_login", "never")
    world.server.run("reload")
    code, location = fetch(at + "/")
    assert code == 308 and location == f"https://127.0.0.1:{world.server.port('https')}/", location
    pid = role(world, "smtp")["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        world.server.wait_until(lambda: fetch(at + "/healthz")[0] == 503, 20, "a role that does not answer to be told")
    finally:
        os.kill(pid, signal.SIGCONT)


def story_http_that_can_be_read_in_two_ways_is_not_read(world: World) -> None:
    for head in ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                 "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
                 "GET //x HTTP/1.1\r\nHost: a\r\n\r\n",
                 "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
                 "GET /x%2Fy HTTP/1.1\r\nHost: a\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", world.server.port("http")), 20) as link:
            link.sendall(head.encode())
            answer = link.recv(4096).decode()
            assert answer == "" or answer.split()[1] == "400", (head, answer)


def story_a_service_manager_is_told_and_roles_are_confined(world: World) -> None:
    """What systemd needs of Type=notify with a watchdog; and what the kernel was told about each role."""
    world.server.stop()
    path = os.path.join(world.folder, "notify")
    os.chmod(world.folder, 0o755)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        os.chmod(path, 0o777)
        manager.settimeout(60)
        process = subprocess.Popen([world.server.binary, "--data", world.server.data, "start"],
                                   env={**os.environ, "NOTIFY_SOCKET": path}, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            said: list[str] = []
            while "READY=1" not in said:
                said.append(manager.recv(1000).decode())
            while "WATCHDOG=1" not in said[said.index("READY=1"):]:
                said.append(manager.recv(1000).decode())
            world.server.wait_until(lambda: all(one["answers"] for one in status(world)["roles"]), 60, "every role")
            for one in status(world)["roles"]:
                with open(f"/proc/{one['pid']}/status", encoding="ascii") as file:
                    lines = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
                assert lines["Seccomp"] == "2" and lines["NoNewPrivs"] == "1", one
                assert lines["Uid"].split()[0] != "0", "a role runs as root"
                assert int(lines["CapEff"], 16) in (0, 1 << 10), lines["CapEff"]
            process.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in said:
                said.append(manager.recv(1000).decode())
            assert process.wait(60) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    world.server.start()


def client_hello() -> bytes:
    out = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="mail.example.test").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def story_http_waits_only_so_long_for_a_request(world: World) -> None:
    """A byte now and then is not silence, and still no reason to keep a connection."""
    sent = {"http": iter(b"GET / HTTP/1.1\r\nHost: h\r\nX-Slow: " + b"y" * 1000), "https": iter(client_hello())}
    slow = {name: socket.create_connection(("127.0.0.1", world.server.port(name)), 20) for name in sent}
    body = socket.create_connection(("127.0.0.1", world.server.port("http")), 20)
    body.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n")
    began = time.monotonic()
    ended: dict[str, float] = {}
    while len(ended) < 2 and time.monotonic() - began < 60:
        for name in sent.keys() - ended.keys():
            try:
                slow[name].sendall(bytes([next(sent[name])]))
                slow[name].settimeout(0.2)
                if slow[name].recv(1000) == b"":
                    ended[name] = time.monotonic() - began
            except TimeoutError:
                pass
            except OSError:
                ended[name] = time.monotonic() - began
    assert len(ended) == 2 and all(took > 10 for took in ended.values()), ended
    body.sendall(b"x" * 100)            # a body has more time than a head
    assert body.recv(1000).startswith(b"HTTP/1.1 405 ")
