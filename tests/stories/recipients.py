"""Groups, contacts, redirects, catch-alls, and who may write to whom, as an administrator sets them up."""
from __future__ import annotations

import base64
import http.client
import imaplib
import json
import poplib
import smtplib
import socket
import ssl
import time

from kit.browser import Browser
from kit.instance import Failure
from kit.names import Names
from kit.remote import Remote, reserve_port
from kit.world import PASSWORD, World
from smtp import submission

PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 10):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def run(world: World, *words: str) -> dict:
    return json.loads(world.server.run(*words, "--json") or "{}")


def answer(world: World, recipient: str, sender: str = "x@outside.example", login: str | None = None,
           size: int = 0) -> tuple[int, str]:
    """Code and words of the reply to RCPT."""
    smtp = submission(world, login) if login else smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60)
    with smtp:
        smtp.ehlo()
        code, text = smtp.mail(sender, [f"SIZE={size}"] if size else [])
        assert code == 250, text
        code, text = smtp.rcpt(recipient)
        return code, text.decode()


def wait(world: World, recipient: str, code: int, **how) -> str:
    """Changes are seen within a second; the words of the answer."""
    last = [0, ""]

    def is_so() -> bool:
        last[:] = answer(world, recipient, **how)
        return last[0] == code
    try:
        world.server.wait_until(is_so, 5, f"{code} for {recipient}")
    except Failure:
        raise Failure(f"{recipient}: {last} instead of {code}") from None
    return str(last[1])


def story_a_group_reaches_its_members_wherever_they_are(world: World) -> None:
    ada, bob, eve = world.user("ada"), world.user("bob"), world.user("eve")
    staff, inner, carl = f"staff@{world.domain}", f"inner@{world.domain}", f"carl@{world.domain}"
    world.server.run("contact", "add", carl, "Carl@d2.test", "--name", "Carl")
    world.server.run("group", "add", inner, "--name", "Inner", "--members", f"{bob},{ada}")
    shown = run(world, "group", "add", staff, "--name", "Staff", "--members", f"{ada}, {inner}, {carl}, Guest@d2.test")
    assert shown["members"] == [ada, inner, carl, "Guest@d2.test"], shown
    world.server.run("group-member", "add", inner, staff)          # a circle
    world.server.run("group", "member", "add", staff, eve)
    wait(world, staff, 250)
    with Remote(port=PORT) as sink:
        world.send(staff)
        taken = sink.wait_for(1)
        world.server.wait_until(lambda: world.count(eve) == 1, 20, "eve's copy")
        assert sorted(r for t in sink.taken for r in t.recipients) == ["Carl@d2.test", "Guest@d2.test"], taken
        assert all(t.sender.startswith("SRS0=") and t.sender.endswith(f"@{world.domain}") for t in taken), taken
    assert [world.count(a) for a in (ada, bob, eve)] == [1, 1, 1]
    world.server.run("group", "member", "remove", staff, eve)
    assert eve not in run(world, "group", "show", staff)["members"]
    world.server.run("user", "remove", bob)                        # leaves its groups
    assert run(world, "group", "show", inner)["members"] == [ada, staff]
    world.server.run("contact", "remove", carl)
    world.server.run("group", "remove", staff)
    assert wait(world, staff, 550)


def story_a_redirect_with_and_without_a_copy(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("user", "set", ada, "--forward", "ada@d2.test", "--keep-copy")
    world.server.run("user", "set", bob, "--forward", f"bob@d2.test,{ada}")
    shown = run(world, "user", "show", bob)
    assert shown["forward"] == ["bob@d2.test", ada] and not shown["keep_copy"], shown
    time.sleep(1)
    with Remote(port=PORT) as sink:
        world.send(bob, sender="Sender@d3.test")
        taken = sink.wait_for(1)
        assert sorted(r for t in taken for r in t.recipients) == ["ada@d2.test", "bob@d2.test"], taken
        bounce_to = taken[0].sender
        assert bounce_to.startswith("SRS0=") and "=d3.test=Sender@" in bounce_to, bounce_to
    assert world.count(bob) == 0 and world.count(ada) == 1
    # a bounce finds its way back to who sent it; nobody else gets through there
    assert answer(world, bounce_to, sender="spam@outside.example")[0] == 550
    assert answer(world, bounce_to.replace("Sender", "victim"), sender="")[0] == 550
    with Remote(port=PORT, address="127.0.0.3") as sink:
        world.send(bounce_to, sender="")
        assert sink.wait_for(1)[0].recipients == ["Sender@d3.test"]
    world.server.run("user", "set", bob, "--forward", "")
    time.sleep(1)
    world.send(bob)
    world.server.wait_until(lambda: world.count(bob) == 1, 10, "mail in bob's own mailbox again")


def story_a_contact_logs_in_nowhere(world: World) -> None:
    """It is refused in the words, and by the code, that a name gets which is not there."""
    contact, nobody = f"far@{world.domain}", f"nobody@{world.domain}"
    world.server.api("POST", "/contacts", {"address": contact, "name": "Far", "target": "far@d2.test"})

    def imap(name: str) -> str:
        try:
            world.imap(name)
        except imaplib.IMAP4.error as problem:
            return str(problem)
        raise Failure(f"{name} logged in by IMAP")

    def pop3(name: str) -> str:
        try:
            world.pop3(name)
        except poplib.error_proto as problem:
            return str(problem)
        raise Failure(f"{name} logged in by POP3")

    def smtp(name: str) -> str:
        try:
            submission(world, name)
        except smtplib.SMTPAuthenticationError as problem:
            return str(problem)
        raise Failure(f"{name} logged in by SMTP")

    def sieve(name: str) -> str:
        with socket.create_connection(("127.0.0.1", world.server.port("managesieve")), 60) as link, link.makefile("rb") as answers:
            while not answers.readline().startswith(b"OK"):
                pass
            plain = base64.b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()
            link.sendall(f'AUTHENTICATE "PLAIN" "{plain}"\r\n'.encode())
            line = answers.readline().decode()
        assert line.startswith("NO"), line
        return line

    def web(name: str) -> str:
        status, said = Browser(world).log_in(name)
        assert status == 401, said
        return said["detail"]

    def jmap(name: str) -> str:
        link = http.client.HTTPSConnection("127.0.0.1", world.server.port("https"), timeout=60, context=ssl._create_unverified_context())
        link.request("GET", "/jmap/session", headers={"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()})
        said = link.getresponse()
        text = said.read().decode()
        link.close()
        assert said.status == 401, text
        return text

    for ask in (imap, pop3, smtp, sieve, web, jmap):
        assert ask(contact) == ask(nobody), ask.__name__


def story_who_may_write_to_whom(world: World) -> None:
    ada, boss = world.user("ada"), world.user("boss")
    board = f"board@{world.domain}"
    world.server.run("group", "add", board, "--name", "Board", "--members", boss, "--accepts", "organisation")
    assert "5.7.133" in wait(world, board, 550)
    assert answer(world, board, sender=ada, login=ada)[0] == 250
    world.server.run("user", "set", boss, "--accepts", "named", "--allow", f"{board},@partner.example")
    assert "5.7.1" in wait(world, boss, 550, sender=ada, login=ada)
    assert answer(world, boss, sender="x@partner.example")[0] == 250
    assert answer(world, boss, sender=boss, login=boss)[0] == 250      # a member of the group that is named
    world.server.run("user", "set", boss, "--accepts", "anyone", "--allow", "", "--deny", "spam@outside.example",
                     "--max-message", "1M")
    assert answer(world, boss, sender="spam@outside.example")[0] == 550
    wait(world, boss, 250)
    assert answer(world, boss, size=2 << 20)[0] == 552
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:     # without announcing its size
        smtp.ehlo()
        assert smtp.mail("x@outside.example")[0] == smtp.rcpt(boss)[0] == 250
        code, text = smtp.data(b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 20000)
        assert code == 552, text
    world.server.run("user", "set", boss, "--hidden", "yes", "--accepts", "authenticated")
    assert "5.1.1" in wait(world, boss, 550)
    world.server.run("org", "set", world.organisation, "--accepts", "authenticated")
    assert "5.7.133" in wait(world, ada, 550)
    assert answer(world, ada, sender=boss, login=boss)[0] == 250
    assert answer(world, f"postmaster@{world.domain}")[0] == 250
    assert answer(world, f"abuse@{world.domain}")[0] == 250


def story_catch_all_and_mailboxes_that_nobody_logs_in_to(world: World) -> None:
    ada = world.user("ada")
    room = f"room@{world.domain}"
    world.server.run("user", "add", room, "--name", "Room 1", "--kind", "room")
    assert run(world, "user", "show", room)["state"] == "no-login"
    assert answer(world, room)[0] == 250
    assert answer(world, f"nobody@{world.domain}")[0] == 550
    world.server.run("domain", "set", world.domain, "--catch-all", ada)
    wait(world, f"nobody@{world.domain}", 250)
    assert answer(world, f"u%elsewhere.example@{world.domain}")[0] == 550
    world.send(f"whoever@{world.domain}")
    assert world.count(ada) == 1
    try:
        world.server.run("user", "remove", ada)
        raise Failure("a user was removed who is a domain's catch-all")
    except Failure as problem:
        assert "catch-all" in str(problem), problem
    world.server.run("domain", "set", world.domain, "--catch-all", "")
    wait(world, f"nobody@{world.domain}", 550)


def story_the_case_and_script_of_an_address(world: World) -> None:
    ada = world.user("ada")
    world.server.run("domain", "add", f"alias-{world.domain}", "--org", world.organisation, "--kind", "alias",
                     "--target", world.domain)
    world.server.run("user", "add", f"jürgen@{world.domain}", "--name", "Jürgen")
    for spelling in (ada.upper(), f"ADA+lists@{world.domain}", f"ada@alias-{world.domain}", f"ada+x@ALIAS-{world.domain}".title()):
        wait(world, spelling, 250)
    with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
        smtp.ehlo()
        assert smtp.mail("x@outside.example", ["SMTPUTF8"])[0] == 250
        smtp.command_encoding = "utf-8"
        for spelling in (f"jürgen@{world.domain}", f"JÜRGEN@{world.domain}", f"ju\u0308rgen+x@{world.domain}"):
            assert smtp.rcpt(spelling)[0] == 250, spelling
        assert smtp.rcpt(f"jurgen@{world.domain}")[0] == 550
