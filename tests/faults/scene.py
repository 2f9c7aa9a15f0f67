"""One server, its clients, one fault after the other, and the judge."""
from __future__ import annotations

import glob
import imaplib
import json
import os
import random
import re
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

from kit.instance import Failure, Instance
from ledger import Key, Ledger, Verdict
from workers import Deliverer, Gone, Reader, Wire
import cuts
import disk

PASSWORD = "secret-fault-1"
DOMAIN = "fault.example"
DELIVERY = [f"d{i}@{DOMAIN}" for i in range(8)]
READING = [f"w{i}@{DOMAIN}" for i in range(4)]
FOLDERS = ("Work", "Copies", "Moved")
ROLES = ("smtp", "mailbox", "web", "transport", "housekeeping")
PORT_OF_ROLE = {"smtp": "smtp", "mailbox": "imap", "web": "http"}
JUDGE_EVERY, VERIFY_EVERY = 10, 50
CRASH_WAIT = 3.0  # seconds in which the load should come by a named point

imaplib._MAXLINE = 100_000_000


class Obedient(Instance):
    """A server that can be told where to die while it runs (base/crashpoint.h)."""

    @property
    def order(self) -> str:
        return os.path.join(self.data, "run/crashpoint")

    def start(self) -> None:
        os.environ["CRASHPOINT_FILE"] = self.order
        try:
            super().start()
        finally:
            del os.environ["CRASHPOINT_FILE"]


class Scene:
    def __init__(self, options, instance: Instance | None = None) -> None:
        self.options = options
        self.rng = random.Random(options.seed)
        # recoverable = 0: what was expunged is purged at once, so that purging is killed too
        self.server = instance or Obedient(binary=options.binary, keep=options.keep, settings={"recoverable": "0"})
        self.ledger: Ledger
        self.workers: list = []
        self.stop = threading.Event()
        self.validity: dict[tuple[str, str], int] = {}
        self.uidnext: dict[tuple[str, str], int] = {}
        self.passed = self.failed = 0
        self.recoveries: dict[str, list[float]] = {}
        self.hits: dict[str, int] = {}
        # those of the queue are visited by tests/faults/transport, those of imports, digests, moderators and JMAP by tests/stories
        self.points = [name for name in crash_points() if name.split(".")[0] not in ("queue", "run", "recall", "import", "digest", "moderation", "move", "jmap")]
        self.next_point = 0

    # ---- the play

    def play(self, kinds: list[str]) -> int:
        with self.server, tempfile.NamedTemporaryFile(prefix="chappe-ledger-") as ledger:
            self.ledger = Ledger(ledger.name)
            self.furnish()
            kills = [kind for kind in kinds if kind in ("role", "postgres", "supervisor", "crashpoint")]
            for number in range(self.options.kills if kills else 0):
                self.act(number, kills[number % len(kills)])
            if kills:
                self.report()
            if "cut" in kinds:
                self.count("cut at every byte", cuts.problems(self.server, self, PASSWORD))
        if "disk" in kinds:
            self.count("disk full", disk.problems(self.options, PASSWORD))
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0

    def report(self) -> None:
        self.final()
        self.say(f"{self.options.kills} kills, attempts {self.ledger.attempts}")
        for what, times in sorted(self.recoveries.items()):
            times.sort()
            self.say(f"  {what}: {len(times)} times, back after {times[len(times) // 2]:.2f} s (median), "
                     f"{times[-1]:.2f} s at most")
        if self.hits:
            self.say("  crash points: " + ", ".join(f"{name} {count}" for name, count in sorted(self.hits.items())))
            for name in set(self.points) - set(self.hits):
                self.say(f"  crash point {name} was never reached")
        for said, count in sorted(self.ledger.refusals.items(), key=lambda one: -one[1])[:12]:
            self.say(f"  refused {count} times: {said}")

    def furnish(self) -> None:
        self.server.run("org", "add", "Faults")
        self.server.run("domain", "add", DOMAIN, "--org", "Faults")
        for mailbox in DELIVERY + READING:
            self.server.run("user", "add", mailbox, "--name", mailbox, "--password-file", "-", "--inbox-only",
                            stdin=PASSWORD + "\n")
        for mailbox in READING:
            imap = self.login(mailbox)
            for folder in FOLDERS:
                imap.create(folder)
            imap.logout()

    def act(self, number: int, kind: str) -> None:
        self.begin_load(number)
        idler = Idler(self.server.port("imap"), DELIVERY[0]) if kind == "postgres" else None
        time.sleep(0.2 + self.rng.random() * 1.3)
        self.began = time.monotonic()
        what = getattr(self, "kill_" + kind)()
        self.measure(kind, what)
        self.wait_until_up()
        problems = idler.problems() if idler else []
        time.sleep(0.3)
        self.end_load()
        if number % JUDGE_EVERY == JUDGE_EVERY - 1 or number < 3:
            problems += self.judge()
        if number % VERIFY_EVERY == VERIFY_EVERY - 1:
            problems += self.verify()
            self.say(f"{number + 1} kills, attempts {self.ledger.attempts}, {self.failed} failed")
        self.count(f"{number + 1} {kind} {what}", problems)

    def measure(self, kind: str, what: str) -> None:
        """From the kill until what was killed serves again."""
        serves = {"postgres": self.takes_mail, "supervisor": self.takes_mail, "crashpoint": self.takes_mail}.get(
            kind, lambda: self.greets(PORT_OF_ROLE.get(what, "smtp")))
        self.server.wait_until(serves, 60, f"the return of {kind} {what}")
        self.recoveries.setdefault(f"{kind} {what}" if kind != "crashpoint" else kind, []).append(
            time.monotonic() - self.began)

    def greets(self, service: str) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.server.port(service)), 5) as link:
                link.settimeout(5)
                if service == "http":
                    link.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                return bool(link.recv(100))
        except OSError:
            return False

    def takes_mail(self) -> bool:
        """A recipient is accepted and somebody can log in: all roles that matter are there, and the database."""
        try:
            with smtplib.SMTP("127.0.0.1", self.server.port("smtp"), timeout=10) as smtp:
                smtp.ehlo()
                smtp.mail("a@outside.example")
                if smtp.rcpt(DELIVERY[0])[0] != 250:
                    return False
            self.login(DELIVERY[0]).logout()
            return True
        except (OSError, smtplib.SMTPException, imaplib.IMAP4.error):
            return False

    def final(self) -> None:
        self.wait_until_up()
        problems = self.judge()
        self.count("the whole ledger, and verify", problems + self.verify())

    def verify(self) -> list[str]:
        check = subprocess.run([self.server.binary, "--data", self.server.data, "verify"], capture_output=True,
                               text=True, timeout=600, check=False)
        return [] if check.returncode == 0 else [f"verify: {check.stdout}{check.stderr}"]

    def count(self, what: str, problems: list[str]) -> None:
        self.passed, self.failed = self.passed + (not problems), self.failed + bool(problems)
        if problems:
            self.say(f"FAILED after {what}: {len(problems)} problems")
            for problem in problems[:10]:
                self.say(f"    {problem}")

    @staticmethod
    def say(text: str) -> None:
        print(text, flush=True)

    # ---- load

    def begin_load(self, number: int) -> None:
        ports = {name: self.server.port(name) for name in ("smtp", "lmtp", "imap")}
        self.stop.clear()
        seeds = [self.options.seed * 1_000_003 + number * 101 + i for i in range(20)]
        self.workers = [Deliverer(self.ledger, ports, seeds[i], self.stop, ("smtp", "lmtp")[i % 2], DELIVERY)
                        for i in range(6)]
        self.workers += [Reader(self.ledger, ports, seeds[10 + i], self.stop, mailbox, PASSWORD)
                         for i, mailbox in enumerate(READING)]
        for worker in self.workers:
            worker.start()

    def end_load(self) -> None:
        self.stop.set()
        for worker in self.workers:
            worker.join(120)
            if worker.is_alive():
                raise Failure("a client hangs: the server neither answers nor closes")
            if worker.crashed:
                self.count("an answer that must not be", [repr(worker.crashed)])

    # ---- faults

    def status(self) -> dict:
        return json.loads(self.server.run("status", "--json", check=False))

    def kill_role(self) -> str:
        role = self.rng.choice(ROLES)
        return role if kill(self.role_pid(role)) else f"{role} (was not up)"

    def kill_housekeeping(self) -> None:
        kill(self.role_pid("housekeeping"))

    def role_pid(self, name: str) -> int:
        """0 while it is down."""
        return next(role["pid"] for role in self.status()["roles"] if role["name"] == name)

    def postmaster(self) -> int:
        """0 while there is none."""
        try:
            with open(os.path.join(self.server.data, "postgres/data/postmaster.pid"), encoding="ascii") as file:
                return int(file.readline() or 0)
        except FileNotFoundError:
            return 0

    def kill_postgres(self) -> str:
        pid = self.postmaster()
        if self.rng.random() < 0.3:
            children = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True,
                                      check=False).stdout.splitlines()
            backends = [int(line.split()[0]) for line in children if "chappe" in line and "idle" in line]
            if backends:
                kill(self.rng.choice(backends))
                time.sleep(0.1)  # until then the postmaster may not have noticed, and all still seems well
                return "backend"
        kill(pid)
        self.server.wait_until(lambda: self.postmaster() not in (0, pid), 60, "a new postmaster")
        return "postmaster"

    def kill_supervisor(self) -> str:
        kill(self.status()["pid"])
        for _ in range(200):
            try:
                self.server.start()
                return "restarted"
            except Failure:
                time.sleep(0.1)
        raise Failure("`chappe start` does not come up after the supervisor was killed")

    def kill_crashpoint(self) -> str:
        """The server kills itself where the next of the points named in the sources is."""
        name = self.points[self.next_point % len(self.points)]
        self.next_point += 1
        with open(self.server.order + ".new", "w", encoding="ascii") as order:
            order.write(name)
        os.chmod(self.server.order + ".new", 0o666)
        os.rename(self.server.order + ".new", self.server.order)
        if name.startswith("purge."):
            self.kill_housekeeping()  # its jobs are all due when it comes back
        deadline = time.monotonic() + (CRASH_WAIT if not name.startswith("purge.") else 5 * CRASH_WAIT)
        while os.path.exists(self.server.order) and time.monotonic() < deadline:
            time.sleep(0.005)
        self.began = time.monotonic()
        try:
            os.unlink(self.server.order)
            return f"{name} (not reached)"
        except FileNotFoundError:
            self.hits[name] = self.hits.get(name, 0) + 1
            return name

    def wait_until_up(self) -> None:
        def answers() -> bool:
            try:
                return self.status().get("ok") is True and self.login(DELIVERY[0]).logout()[0] == "BYE"
            except (OSError, imaplib.IMAP4.error, ValueError):
                return False
        self.server.wait_until(answers, 60, "the server's return")

    # ---- the judge

    def login(self, mailbox: str) -> imaplib.IMAP4:
        imap = imaplib.IMAP4("127.0.0.1", self.server.port("imap"), timeout=60)
        imap.login(mailbox, PASSWORD)
        return imap

    def judge(self) -> list[str]:
        """Compares all that is there with the ledger, then takes it away and turns to a new page."""
        found: dict[Key, list] = {}
        problems: list[str] = []
        for mailbox in DELIVERY + READING:
            imap = self.login(mailbox)
            for folder in self.folders(mailbox):
                problems += self.read_folder(imap, mailbox, folder, found)
            imap.logout()
        exact = {name: not delivered for name, delivered in self.origin().items()}
        problems += Verdict(self.ledger).judge(found, exact)
        for mailbox in DELIVERY + READING:
            imap = self.login(mailbox)
            for folder in self.folders(mailbox):
                if int(imap.select(folder)[1][0]) > 0:
                    imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
                    imap.expunge()
            imap.logout()
        self.ledger.turn_page()
        return problems

    @staticmethod
    def folders(mailbox: str) -> tuple[str, ...]:
        return ("INBOX", *(FOLDERS if mailbox in READING else ()))

    def origin(self) -> dict[str, bool]:
        """Object -> came by delivery (with trace lines on top)."""
        return {key[2]: key[0] in DELIVERY for key in list(self.ledger.count)}

    def read_folder(self, imap: imaplib.IMAP4, mailbox: str, folder: str, found: dict[Key, list]) -> list[str]:
        problems = []
        is_empty = int(imap.select(folder, readonly=True)[1][0]) == 0
        where = (mailbox, folder)
        validity = int(imap.response("UIDVALIDITY")[1][0])
        if self.validity.setdefault(where, validity) != validity:
            problems.append(f"UIDVALIDITY of {where} changed")
        before, uidnext = self.uidnext.get(where, 1), int(imap.response("UIDNEXT")[1][0])
        if uidnext < before:
            problems.append(f"UIDNEXT of {where} went back from {before} to {uidnext}")
        self.uidnext[where] = uidnext
        data = [] if is_empty else imap.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")[1]
        last = before - 1  # the page before was taken away whole
        for part in data:
            if not isinstance(part, tuple):
                continue
            head, content = part[0].decode(), part[1]
            uid = int(re.search(r"UID (\d+)", head).group(1))
            if uid <= last:
                problems.append(f"UIDs of {where} do not ascend, or one was used again: {last}, {uid}")
            last = uid
            name = re.search(rb"^X-Object: (\S+)", content, re.M)
            flags = set(re.search(r"FLAGS \(([^)]*)\)", head).group(1).split())
            key = (mailbox, folder, name.group(1).decode() if name else f"uid {uid}")
            found.setdefault(key, []).append((content, flags))
        if last >= uidnext:
            problems.append(f"{where} has UID {last}, but UIDNEXT {uidnext}")
        return problems


def kill(pid: int) -> bool:
    """False where it was gone. Never 0 or -1, which are whole groups of processes."""
    if pid <= 1:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def crash_points() -> list[str]:
    """The points that are named in the sources."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = set()
    for path in glob.glob(os.path.join(root, "*/*/*.c")):
        with open(path, encoding="utf-8") as file:
            found |= set(re.findall(r'CRASHPOINT\("([^"]+)"\)', file.read()))
    if not found:
        raise Failure("no crash point is named in the sources")
    return sorted(found)


class Idler:
    """A session in IDLE: it outlives the database, and hears of new mail afterwards."""

    def __init__(self, port: int, mailbox: str) -> None:
        self.wire = Wire(port)
        self.wire.line()
        for number, command in enumerate((f"LOGIN {mailbox} {PASSWORD}", "EXAMINE INBOX")):
            self.wire.send(f"i{number} {command}\r\n".encode())
            while not self.wire.line().startswith(f"i{number} OK"):
                pass
        self.wire.send(b"i9 IDLE\r\n")
        while not self.wire.line().startswith("+"):
            pass

    def problems(self) -> list[str]:
        """To be called when the database is back and mail for the mailbox goes on."""
        self.wire.socket.settimeout(10)
        back = time.monotonic()
        try:
            while "EXISTS" not in self.wire.line() or time.monotonic() < back + 0.2:
                pass  # what came before the return, or with it, proves nothing
            self.wire.send(b"DONE\r\n")
            while not self.wire.line().startswith("i9 OK"):
                pass
        except Gone:
            return ["a session in IDLE did not survive the database, or heard nothing for 10 s after its return"]
        finally:
            self.wire.close()
        return []


def losses_when_unsafe(options) -> int:
    """The proof that the harness sees losses. PostgreSQL is told behind the server's back to answer COMMIT before the
    WAL is written, and killed: acknowledged mail must be missing, and the ledger must say so."""
    scene = Scene(options)
    with tempfile.NamedTemporaryFile(prefix="chappe-ledger-") as ledger, scene.server:
        scene.ledger = Ledger(ledger.name)
        scene.furnish()
        for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'"):
            psql(scene.server.data, f"ALTER SYSTEM SET {setting}")
        psql(scene.server.data, "SELECT pg_reload_conf()")
        for number in range(min(options.kills, 40)):
            scene.begin_load(number)
            time.sleep(0.5 + scene.rng.random())
            kill(scene.postmaster())
            scene.wait_until_up()
            scene.end_load()
            lost = [problem for problem in scene.judge() if problem.startswith("LOST")]
            if lost:
                scene.say(f"{len(lost)} losses seen after {number + 1} kills ({scene.ledger.attempts}), the first: "
                          f"{lost[0]}")
                print("1 passed, 0 failed")
                return 0
    scene.say("no loss was reported although commits did not wait for the disk: the harness is blind")
    print("0 passed, 1 failed")
    return 1


def psql(data: str, statement: str) -> None:
    """As the server's own user, over the private socket."""
    sockets = glob.glob(os.path.join(data, "postgres/**/.s.PGSQL.5432"), recursive=True)
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", os.path.dirname(sockets[0]), "-U", "chappe", "-d",
               "postgres", "-c", statement]
    if os.geteuid() == 0:
        user = os.environ.get("CHAPPE_TEST_USER", "chappe")
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"psql: {done.stderr}")
