"""Mailing lists, moderation, groups by query, and what people do by links in mail."""
from __future__ import annotations

import email
import http.client
import json
import re
import smtplib
import ssl
import time

from kit.instance import Failure
from kit.names import Names
from kit.remote import Remote, reserve_port
from delegation import logged_in
from kit.world import World
from smtp import submission

PACKAGES = ["swaks"]
PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 6):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s"}


def run(world: World, *words: str) -> dict:
    return json.loads(world.server.run(*words, "--json") or "{}")


def refused(world: World, *words: str) -> str:
    try:
        return "done: " + world.server.run(*words)
    except Failure as problem:
        return str(problem)


def swaks(world: World, to: str, sender: str, *words: str, login: bool = False, check: bool = True) -> str:
    port = world.server.port("submission" if login else "smtp")
    auth = ["--auth", "PLAIN", "--auth-user", sender, "--auth-password", "correct-horse-7", "--tls"] if login else []
    return world.run("swaks", "--server", "127.0.0.1", "--port", str(port), "--from", sender, "--to", to,
                     "--h-From", sender, *auth, *words, check=check)


def wait_count(world: World, address: str, count: int) -> None:
    world.server.wait_until(lambda: world.count(address) == count, 20, f"{count} mails for {address}")


def last(world: World, address: str) -> email.message.Message:
    return email.message_from_bytes(world.mails(address)[-1])


def subjects(world: World, address: str) -> list[str]:
    return [str(email.message_from_bytes(m)["Subject"]) for m in world.mails(address)]


def post_to(world: World, recipient: str, code: int, sender: str = "x@outside.example", login: bool = False) -> str:
    """RCPT until the answer is `code`: changes are seen within a second."""
    words = [""]

    def is_so() -> bool:
        smtp = submission(world, sender) if login else smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60)
        with smtp:
            smtp.ehlo()
            smtp.mail(sender)
            answer, text = smtp.rcpt(recipient)
            words[0] = f"{answer} {text.decode()}"
            return answer == code
    world.server.wait_until(is_so, 5, f"{code} for {recipient}")
    return words[0]


class Page:
    """One visit of a link, as a browser or a mail program makes it."""

    def __init__(self, world: World, url: str, method: str = "GET", body: str = "", language: str = "en") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        link = http.client.HTTPSConnection("127.0.0.1", world.server.port("https"), context=context, timeout=60)
        headers = {"Accept-Language": language}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link.request(method, "/" + url.split("/", 3)[3], body or None, headers)
        answer = link.getresponse()
        self.status, self.headers, self.text = answer.status, answer.headers, answer.read().decode()
        link.close()


def links(mail: email.message.Message) -> list[str]:
    parts = [p for p in mail.walk() if p.get_content_type() == "text/plain"]
    return re.findall(r"https://\S+/l/[a-z2-7]+", parts[0].get_payload(decode=True).decode())


def audit(world: World, action: str) -> list[dict]:
    """Newest first."""
    path = f"/audit?organisation={world.organisation.replace(' ', '%20')}"
    return [e for e in world.server.api("GET", path)["entries"] if e["action"] == action]


# ---- lists

def story_a_list_adds_its_fields_and_spreads_once(world: World) -> None:
    ada, bob, owner = world.user("ada"), world.user("bob"), world.user("owner")
    staff = f"staff@{world.domain}"
    world.server.run("dkim", "add", world.domain)
    shown = run(world, "group", "add", staff, "--name", "Staff & Friends", "--members", f"{ada},{bob},Guest@d2.test",
                "--list", "yes", "--owner", owner, "--join", "open", "--archive", "https://lists.example.org/staff")
    assert shown["list"] and shown["owners"] == [owner] and shown["join"] == "open", shown
    post_to(world, staff, 250)
    with Remote(port=PORT) as sink:
        swaks(world, staff, "author@outside.example", "--h-Subject", "hello list", "--add-header", "X-Mine: yes")
        taken = sink.wait_for(1)[0]
        wait_count(world, ada, 1)
        wait_count(world, bob, 1)
    mail = last(world, ada)
    assert mail["List-Id"] == f"Staff & Friends <staff.{world.domain}>", mail["List-Id"]
    assert mail["List-Post"] == f"<mailto:{staff}>" and mail["List-Owner"] == f"<mailto:staff-owner@{world.domain}>"
    assert mail["List-Archive"] == "<https://lists.example.org/staff>", mail["List-Archive"]
    assert mail["Precedence"] == "list" and mail["X-Mine"] == "yes" and mail["Subject"] == "hello list"
    assert mail["Return-Path"] == f"<staff-bounces@{world.domain}>", mail["Return-Path"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(len(mail.get_all(name)) == 1 for name in ("List-Id", "List-Unsubscribe", "Delivered-To", "Precedence"))
    remote = email.message_from_bytes(taken.data)
    assert taken.sender == f"staff-bounces@{world.domain}" and taken.recipients == ["Guest@d2.test"], taken
    signed = remote["DKIM-Signature"].replace("\r\n", "").replace("\t", "").replace(" ", "").lower()
    assert f"d={world.domain};" in signed and "list-unsubscribe-post" in signed and "list-id" in signed, signed
    assert remote["List-Unsubscribe"] != mail["List-Unsubscribe"] and not remote["Return-Path"]
    # a copy that comes back goes nowhere
    again = swaks(world, staff, "guest@d2.test", "--data", taken.data.decode().replace("\r\n", "\n"), check=False)
    assert "554 5.4.6" in again, again
    # bounces are the owner's
    assert world.send(f"staff-bounces@{world.domain}", "Subject: undeliverable\r\n\r\n", sender="") == {}
    wait_count(world, owner, 1)
    assert world.count(ada) == 1
    assert post_to(world, f"staff-nothing@{world.domain}", 550)


def story_a_list_in_a_list_and_one_that_holds_itself(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    outer, inner = f"outer@{world.domain}", f"inner@{world.domain}"
    run(world, "group", "add", inner, "--name", "Inner", "--members", bob, "--list", "yes")
    run(world, "group", "add", outer, "--name", "Outer", "--members", f"{ada},{inner}", "--list", "yes")
    world.server.run("group-member", "add", inner, outer)
    post_to(world, outer, 250)
    world.send(outer, "Subject: once\r\n\r\nx\r\n")
    wait_count(world, ada, 1)
    wait_count(world, bob, 1)
    time.sleep(2)
    assert (world.count(ada), world.count(bob)) == (1, 1)
    mail = last(world, bob)
    assert mail.get_all("List-Id") == [f"Inner <inner.{world.domain}>"], mail.get_all("List-Id")


def story_large_messages_are_shared_by_the_members_here(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    staff = f"staff@{world.domain}"
    run(world, "group", "add", staff, "--name", "Staff", "--members", f"{ada},{bob},guest@d2.test", "--list", "yes")
    post_to(world, staff, 250)
    with Remote(port=PORT) as sink:
        for number, size in enumerate((100_000, 5_000_000), 1):
            world.send(staff, f"Subject: {size}\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72))
            remote = email.message_from_bytes(sink.wait_for(number)[number - 1].data)
            assert remote["List-Unsubscribe-Post"] and len(remote.get_payload()) > size - 100, "elsewhere it is one's own"
            for address in (ada, bob):
                wait_count(world, address, number)
                mail = last(world, address)
                assert mail["List-Unsubscribe"] == f"<mailto:staff-unsubscribe@{world.domain}>", mail["List-Unsubscribe"]
                assert mail["List-Unsubscribe-Post"] is None and mail["List-Id"] and len(mail.get_payload()) > size - 100
    time.sleep(1)
    assert (world.count(ada), world.count(bob)) == (2, 2)


def story_one_click_unsubscribes_one_member_only(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    staff = f"staff@{world.domain}"
    run(world, "group", "add", staff, "--name", "Staff", "--members", f"{ada},{bob},guest@d2.test", "--list", "yes")
    post_to(world, staff, 250)
    with Remote(port=PORT) as sink:
        world.send(staff)
        remote = email.message_from_bytes(sink.wait_for(1)[0].data)
        wait_count(world, ada, 1)
    url = re.search(r"<(https://[^>]+)>", last(world, ada)["List-Unsubscribe"]).group(1)
    asked = Page(world, url, language="fr-FR, en;q=0.5")
    assert asked.status == 200 and 'lang="fr"' in asked.text and "Quitter" in asked.text and staff in asked.text, asked.text
    assert "form-action 'self'" in asked.headers["Content-Security-Policy"]
    assert asked.headers["Cache-Control"] == "no-store"
    members = run(world, "group", "show", staff)["members"]
    assert members == [ada, bob, "guest@d2.test"], "a link that is only looked at changes nothing"
    done = Page(world, url, "POST", "List-Unsubscribe=One-Click")
    assert done.status == 200 and "Done" in done.text, done.text
    assert run(world, "group", "show", staff)["members"] == [bob, "guest@d2.test"]
    assert Page(world, url, "POST", "List-Unsubscribe=One-Click").status == 200, "twice is as good as once"
    entry = audit(world, "group.member-remove")[0]
    assert entry["actor"] == ada and entry["object"] == staff, entry
    # elsewhere, too; and a token that somebody made up is nothing
    other = re.search(r"<(https://[^>]+)>", remote["List-Unsubscribe"]).group(1)
    forged = other[:-1] + ("a" if other[-1] != "a" else "b")
    assert Page(world, forged).status == 404 and Page(world, forged, "POST", "x=y").status == 404
    assert Page(world, other, "POST", "List-Unsubscribe=One-Click").status == 200
    assert run(world, "group", "show", staff)["members"] == [bob]
    assert Page(world, other, "DELETE").status == 405


def story_members_join_and_leave_by_mail(world: World) -> None:
    ada, bob, owner = world.user("ada"), world.user("bob"), world.user("owner")
    club = f"club@{world.domain}"
    run(world, "group", "add", club, "--name", "Club", "--list", "yes", "--join", "open", "--owner", owner)
    join, leave = f"club-subscribe@{world.domain}", f"club-unsubscribe@{world.domain}"
    post_to(world, join, 250)
    swaks(world, join, ada, login=True)
    wait_count(world, ada, 1)
    assert run(world, "group", "show", club)["members"] == [ada]
    # who has not logged in is asked whether it was them
    with Remote(port=PORT) as sink:
        world.send(join, "Subject: subscribe\r\n\r\n", sender="guest@d2.test")
        letter = email.message_from_bytes(sink.wait_for(1)[0].data)
        assert run(world, "group", "show", club)["members"] == [ada]
        assert letter["Auto-Submitted"] == "auto-generated" and letter["Reply-To"].startswith("chappe-"), letter
        absence = f"Subject: out\r\nAuto-Submitted: auto-replied\r\n\r\nI am away\r\n"
        world.send(letter["Reply-To"], absence, sender="guest@d2.test")
        time.sleep(1.5)
        assert run(world, "group", "show", club)["members"] == [ada], "an absence confirms nothing"
        world.send(letter["Reply-To"], "Subject: Re: join\r\n\r\nyes\r\n", sender="guest@d2.test")
        sink.wait_for(2)
        assert run(world, "group", "show", club)["members"] == [ada, "guest@d2.test"]
        world.send(leave, "Subject: unsubscribe\r\n\r\n", sender="guest@d2.test")
        letter = email.message_from_bytes(sink.wait_for(3)[2].data)
        assert Page(world, links(letter)[0], "POST", "a=b").status == 200
        assert run(world, "group", "show", club)["members"] == [ada]
    swaks(world, leave, ada, login=True)
    wait_count(world, ada, 2)
    assert run(world, "group", "show", club)["members"] == []
    # by approval: the owner decides
    run(world, "group", "set", club, "--join", "approval")
    time.sleep(1.2)
    swaks(world, join, bob, login=True)
    wait_count(world, owner, 1)
    assert run(world, "group", "show", club)["members"] == []
    assert Page(world, links(last(world, owner))[0], "POST", "a=b").status == 200
    assert run(world, "group", "show", club)["members"] == [bob]
    wait_count(world, bob, 1)
    # closed: nobody joins, and strangers hear nothing
    run(world, "group", "set", club, "--join", "closed")
    time.sleep(1.2)
    swaks(world, join, ada, login=True)
    wait_count(world, ada, 3)
    assert run(world, "group", "show", club)["members"] == [bob]
    swaks(world, f"club-help@{world.domain}", ada, login=True)
    wait_count(world, ada, 4)
    assert f"club-owner@{world.domain}" in last(world, ada).get_payload(decode=True).decode()


def story_who_may_post(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    group = f"group@{world.domain}"
    run(world, "group", "add", group, "--name", "Group", "--members", f"{ada},guest@d2.test", "--posting", "members")
    assert run(world, "group", "show", group)["posting"] == "members"
    assert "5.7.133" in post_to(world, group, 550)
    post_to(world, group, 250, "guest@d2.test")
    post_to(world, group, 550, ada)                    # says that it is ada, and has not logged in
    post_to(world, group, 250, ada, login=True)
    post_to(world, group, 550, bob, login=True)
    run(world, "group", "set", group, "--posting", "inside")
    post_to(world, group, 250, bob, login=True)
    post_to(world, group, 550, "guest@d2.test")
    run(world, "group", "set", group, "--posting", "named", "--allow", "press@outside.example")
    post_to(world, group, 250, "press@outside.example")
    post_to(world, group, 550, bob, login=True)
    run(world, "group", "set", group, "--posting", "anyone")
    post_to(world, group, 250)
    run(world, "group", "set", group, "--list", "yes", "--posting", "inside", "--hidden", "yes")
    for name in ("group", "group-subscribe", "group-unsubscribe", "group-help"):
        assert "5.1.1" in post_to(world, f"{name}@{world.domain}", 550), name
        post_to(world, f"{name}@{world.domain}", 250, bob, login=True)
    run(world, "group", "set", group, "--list", "no", "--hidden", "no")
    assert "not one of" in refused(world, "group", "set", group, "--posting", "nobody")
    assert "needs a moderator" in refused(world, "group", "set", group, "--posting", "moderated")
    assert "no members" in refused(world, "user", "set", ada, "--accepts", "members")


def story_success_is_reported_once_and_not_by_the_members(world: World) -> None:
    ada, bob, author = world.user("ada"), world.user("bob"), world.user("author")
    staff = f"staff@{world.domain}"
    run(world, "group", "add", staff, "--name", "Staff", "--members", f"{ada},{bob}", "--list", "yes")
    post_to(world, staff, 250)
    with submission(world, author) as smtp:
        smtp.sendmail(author, [staff], f"From: {author}\r\nSubject: asked\r\n\r\nx\r\n", rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
    wait_count(world, author, 1)
    wait_count(world, ada, 1)
    report = last(world, author)
    assert "Action: delivered" in str(report) and f"rfc822; {staff}" in str(report), report
    time.sleep(1)
    assert world.count(author) == 1


# ---- moderation

def moderated(world: World, *words: str) -> tuple[str, str, str, str]:
    ada, mod, author = world.user("ada"), world.user("mod"), world.user("author")
    news = f"news@{world.domain}"
    run(world, "group", "add", news, "--name", "News", "--members", ada, "--posting", "moderated", "--moderator", mod, *words)
    post_to(world, news, 250)
    return news, ada, mod, author


def story_a_moderator_answers_the_mail_or_opens_the_link(world: World) -> None:
    news, ada, mod, author = moderated(world, "--list", "yes")
    swaks(world, news, author, "--h-Subject", "first", login=True)
    wait_count(world, mod, 1)
    letter = last(world, mod)
    held = run(world, "moderation", "list", "--org", world.organisation)["messages"]
    assert len(held) == 1 and held[0]["subject"] == "first" and held[0]["moderators"] == [mod], held
    assert "first" in run(world, "moderation", "show", str(held[0]["number"]))["message"]
    attached = [p for p in letter.walk() if p.get_content_type() == "message/rfc822"]
    assert attached[0].get_payload(0)["Subject"] == "first", letter
    assert world.count(ada) == 0
    # a forged answer is refused
    forged = letter["Reply-To"].replace("@", "x@")
    assert post_to(world, forged, 550)
    world.send(letter["Reply-To"], "Subject: away\r\nAuto-Submitted: auto-replied\r\n\r\n", sender=mod)
    time.sleep(1.5)
    assert world.count(ada) == 0, "an absence approves nothing"
    swaks(world, letter["Reply-To"], mod, "--h-Subject", "Re: ok", login=True)
    wait_count(world, ada, 1)
    assert last(world, ada)["Subject"] == "first" and last(world, ada)["List-Id"], last(world, ada)
    assert audit(world, "moderation.approve")[0]["actor"] == mod
    assert run(world, "moderation", "list", "--org", world.organisation)["messages"] == []
    # the second one is refused by the link, with a reason for its author; a second decision comes too late
    swaks(world, news, author, "--h-Subject", "second", login=True)
    wait_count(world, mod, 2)
    yes, no = links(last(world, mod))[:2]
    assert Page(world, no).status == 200 and 'name="reason"' in Page(world, no).text
    assert len(run(world, "moderation", "list", "--org", world.organisation)["messages"]) == 1
    assert Page(world, no, "POST", "reason=not+for+news+%3Cb%3E").status == 200
    assert Page(world, yes, "POST", "a=b").status == 404
    wait_count(world, author, 1)
    report = last(world, author)
    assert "not for news <b>" in str(report) and "5.7.1" in str(report), report
    assert world.count(ada) == 1
    # moderators themselves are not asked
    swaks(world, news, mod, "--h-Subject", "third", login=True)
    wait_count(world, ada, 2)


def story_two_decide_at_once_and_one_does(world: World) -> None:
    news, ada, mod, _author = moderated(world)
    other = world.user("other")
    run(world, "group", "set", news, "--moderator", f"{mod},{other}")
    time.sleep(1.2)
    swaks(world, news, "x@outside.example", "--h-Subject", "once")
    wait_count(world, mod, 1)
    wait_count(world, other, 1)
    number = str(run(world, "moderation", "list", "--org", world.organisation)["messages"][0]["number"])
    first, second = links(last(world, mod))[0], links(last(world, other))[0]
    assert first != second
    results = [Page(world, first, "POST", "a=b").status, Page(world, second, "POST", "a=b").status]
    assert sorted(results) == [200, 404], results
    assert "waits for a moderator (any more)" in refused(world, "moderation", "reject", number)
    wait_count(world, ada, 1)
    time.sleep(1)
    assert world.count(ada) == 1
    assert last(world, ada)["List-Id"] is None, "a moderated group is no list"


def story_an_administrator_decides(world: World) -> None:
    news, ada, mod, author = moderated(world)
    for subject in ("one", "two"):
        swaks(world, news, author, "--h-Subject", subject, login=True)
    wait_count(world, mod, 2)
    numbers = {m["subject"]: str(m["number"]) for m in run(world, "moderation", "list")["messages"] if m["cause"] == news}
    for number in numbers.values():
        world.server.api("POST", f"/moderation/{number}/approve?dry_run=true", {})
        world.server.api("POST", f"/moderation/{number}/reject?dry_run=true", {"reason": "said already"})
    assert {m["subject"] for m in run(world, "moderation", "list")["messages"] if m["cause"] == news} == {"one", "two"}
    world.server.run("moderation", "approve", numbers["one"])
    world.server.run("moderation", "reject", numbers["two"], "--reason", "said already")
    wait_count(world, ada, 1)
    wait_count(world, author, 1)
    assert subjects(world, ada) == ["one"] and "said already" in str(last(world, author))
    assert "any more" in refused(world, "moderation", "approve", numbers["two"])
    assert "any more" in refused(world, "moderation", "approve", "999999999")
    # a rejected message of the null sender tells nobody
    world.send(news, "Subject: bounce\r\n\r\n", sender="")
    wait_count(world, mod, 3)
    number = str([m for m in run(world, "moderation", "list")["messages"] if m["cause"] == news][0]["number"])
    world.server.run("moderation", "reject", number)
    world.server.wait_until(lambda: not [m for m in run(world, "queue", "list")["entries"] if m["recipient"] == news],
                            10, "an empty queue")
    assert world.count(author) == 1


def story_a_rule_asks_a_moderator(world: World) -> None:
    ada, bob, boss, kid = world.user("ada"), world.user("bob"), world.user("boss"), world.user("kid")
    kids = f"kids@{world.domain}"
    run(world, "group", "add", kids, "--name", "Kids", "--members", kid)
    world.server.run("rule", "add", "kids ask", "--org", world.organisation, "--sender-in", kids, "--moderate", boss)
    time.sleep(1.5)
    with Remote(port=PORT) as sink:
        with submission(world, kid) as smtp:
            smtp.sendmail(kid, [ada, bob, "friend@d2.test"], f"From: {kid}\r\nSubject: may I\r\n\r\nx\r\n")
        with submission(world, ada) as smtp:
            smtp.sendmail(ada, [bob], f"From: {ada}\r\nSubject: not asked\r\n\r\nx\r\n")
        wait_count(world, boss, 1)
        wait_count(world, bob, 1)
        held = run(world, "moderation", "list", "--org", world.organisation)["messages"]
        assert len(held) == 1 and len(held[0]["recipients"]) == 3, held
        assert "kids ask" in held[0]["cause"], held
        assert Page(world, links(last(world, boss))[0], "POST", "a=b").status == 200
        world.server.wait_until(lambda: ["friend@d2.test"] in [mail.recipients for mail in sink.taken], 20, "the friend's copy")
    wait_count(world, bob, 2)
    wait_count(world, ada, 1)
    assert last(world, ada)["Subject"] == "may I" and last(world, ada)["From"] == kid
    # what a member is sent, as a condition
    world.server.run("rule", "remove", "kids ask", "--org", world.organisation)
    world.server.run("rule", "add", "to kids", "--org", world.organisation, "--recipient-in", kids, "--unless-sender-in",
                     kids, "--prepend", "[kids]")
    time.sleep(1.5)
    world.send(kid, "Subject: toys\r\n\r\nx\r\n")
    world.send(ada, "Subject: tools\r\n\r\nx\r\n")
    wait_count(world, kid, 1)
    wait_count(world, ada, 2)
    assert subjects(world, kid) == ["[kids] toys"] and subjects(world, ada)[-1] == "tools"


# ---- groups by query

def story_a_query_selects_the_members_of_the_moment(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    everybody, nested = f"all@{world.domain}", f"nested@{world.domain}"
    query = f"(&(kind=user)(domain={world.domain})(!(address=bob@*)))"
    shown = run(world, "group", "add", everybody, "--name", "All", "--query", query)
    assert shown["query"] == query and shown["selected"] == [ada], shown
    run(world, "group", "add", nested, "--name", "Nested", "--members", f"{everybody},{bob}")
    post_to(world, nested, 250)
    world.send(nested, "Subject: one\r\n\r\nx\r\n")
    wait_count(world, ada, 1)
    wait_count(world, bob, 1)
    eve = world.user("eve")
    post_to(world, eve, 250)
    time.sleep(1.2)
    world.send(everybody, "Subject: two\r\n\r\nx\r\n")
    wait_count(world, eve, 1)
    wait_count(world, ada, 2)
    assert world.count(bob) == 1
    assert sorted(run(world, "group", "show", everybody, "--members")["selected"]) == sorted([ada, eve])
    for bad, words in (("kind=user", "no filter"), ("(kind>=user)", "understood"), ("(shoe=42)", "selected by"),
                       ("(&" + "(kind=a)" * 60 + ")", "too")):
        assert words in refused(world, "group", "set", everybody, "--query", bad), bad
    # what looks like SQL is a value
    run(world, "group", "set", everybody, "--query", "(name=x' OR '1'='1)")
    assert run(world, "group", "show", everybody)["selected"] == []
    run(world, "group", "set", everybody, "--query", "(name=%)")
    assert run(world, "group", "show", everybody)["selected"] == []
    run(world, "group", "set", everybody, "--query", "(name=*)")
    assert len(run(world, "group", "show", everybody)["selected"]) == 3


# ---- the quarantine

def story_users_release_their_own_copies(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    both = world.alias("both", ada, bob)
    world.server.run("rule", "add", "aside", "--org", world.organisation, "--header", "Subject: *aside*", "--quarantine")
    world.server.run("filter", "set", "quarantine_digest", "daily", "--org", world.organisation)
    time.sleep(1.5)
    world.send([ada, bob], "Subject: aside <b>one</b>\r\n\r\nx\r\n")
    world.server.wait_until(lambda: world.count(ada) == 1, 30, "ada's digest")
    wait_count(world, bob, 1)
    url = links(last(world, ada))[0]
    assert len(links(last(world, ada))) == 1 and links(last(world, bob))[0] != url
    listed = run(world, "quarantine", "list", "--org", world.organisation)["messages"]
    assert len(listed) == 1, listed
    page = Page(world, url, language="fr")
    assert page.status == 200 and "Remettre" in page.text and world.count(ada) == 1
    assert Page(world, url, "POST", "a=b").status == 200
    wait_count(world, ada, 2)
    assert subjects(world, ada)[-1] == "aside <b>one</b>" and world.count(bob) == 1
    listed = run(world, "quarantine", "list", "--org", world.organisation)["messages"]
    assert len(listed) == 1 and listed[0]["recipients"] == [bob], listed
    assert Page(world, url, "POST", "a=b").status == 404 and world.count(ada) == 2, "once"
    entry = audit(world, "quarantine.release")[0]
    assert entry["actor"] == ada, entry
    # an administrator, for one of them, tried first; the last one ends it
    path = f"/quarantine/{listed[0]['id']}/release?dry_run=true"
    world.server.api("POST", path, {"recipient": bob})
    assert run(world, "quarantine", "list", "--org", world.organisation)["messages"] == listed and world.count(bob) == 1
    try:
        world.server.api("POST", path, {"recipient": "x@outside.example"})
        raise Failure("nobody's mailbox was taken for one")
    except Failure as problem:
        assert "has no mailbox here" in str(problem), problem
    world.server.run("quarantine", "release", listed[0]["id"], "--recipient", bob)
    wait_count(world, bob, 2)
    assert run(world, "quarantine", "list", "--org", world.organisation)["messages"] == []
    assert "no mailbox" in refused(world, "quarantine", "release", listed[0]["id"], "--recipient", "x@outside.example")
    assert both
    # by the API, as oneself and for nobody else
    world.send([ada, bob], "Subject: aside two\r\n\r\nx\r\n")
    mine = logged_in(world, ada)
    status, answer = mine.ask("GET", f"/users/{ada}/quarantine")
    assert status == 200 and [m["subject"] for m in answer["messages"]] == ["aside two"], (status, answer)
    number = answer["messages"][0]["id"]
    assert mine.ask("GET", f"/users/{bob}/quarantine")[0] == 404
    assert mine.ask("POST", f"/users/{bob}/quarantine/{number}/release")[0] == 404
    assert mine.ask("POST", f"/users/{ada}/quarantine/{number}/release?dry_run=true")[0] == 204
    assert mine.ask("GET", f"/users/{ada}/quarantine")[1] == answer and world.count(ada) == 2
    assert mine.ask("POST", f"/users/{ada}/quarantine/{number}/release")[0] // 100 == 2
    wait_count(world, ada, 3)
    assert world.count(bob) == 2 and mine.ask("GET", f"/users/{ada}/quarantine")[1]["messages"] == []
    # a list takes what was set aside as if it came now
    club = f"club@{world.domain}"
    run(world, "group", "add", club, "--name", "Club", "--members", ada, "--list", "yes")
    post_to(world, club, 250)
    world.send(club, "Subject: aside for all\r\n\r\nx\r\n")
    listed = run(world, "quarantine", "list", "--org", world.organisation)["messages"]
    assert listed[0]["recipients"] == [club] and world.count(ada) == 3
    world.server.api("POST", f"/quarantine/{listed[0]['id']}/release?dry_run=true", {})
    assert run(world, "quarantine", "list", "--org", world.organisation)["messages"] == listed and run(world, "queue", "list")["entries"] == []
    world.server.run("quarantine", "release", listed[0]["id"])
    wait_count(world, ada, 4)
    assert last(world, ada)["List-Id"], last(world, ada)


def story_a_link_is_not_tried_for_ever(world: World) -> None:
    codes = [Page(world, f"https://x/l/aaaaaaaaaaaaaaaaaaaaaaaaaaaa{n}", "POST", "a=b").status for n in range(2, 8) for _ in range(12)]
    assert codes[0] == 404 and codes[-1] == 429 and set(codes) == {404, 429}, codes


# ---- redirects

def story_a_redirect_that_comes_back_is_cut(world: World) -> None:
    ada = world.user("ada")
    world.server.run("user", "set", ada, "--forward", "ada@d2.test")
    post_to(world, ada, 250)
    with Remote(port=PORT) as sink:
        world.send(ada, "Subject: round\r\n\r\nx\r\n", sender="author@d3.test")
        def rounds() -> list:
            return [mail for mail in sink.taken if b"Subject: round" in mail.data]

        world.server.wait_until(rounds, 20, "the mail to be sent on")
        there = rounds()[0]
        assert email.message_from_bytes(there.data)["Delivered-To"] == ada, there.data
        assert there.sender.startswith("SRS0="), there.sender
        # the other server sends it back
        back = swaks(world, ada, "author@d3.test", "--data", there.data.decode().replace("\r\n", "\n"), check=False)
        assert "554 5.4.6" in back, back
        time.sleep(1)
        assert len(rounds()) == 1
