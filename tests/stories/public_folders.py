"""Recipients of every kind, from their making to their end; and public folders: a tree for everybody of an organisation, posted to by
mail, with rights as Outlook names them (docs/recipients.md)."""
from __future__ import annotations

import imaplib
import json
import re
import smtplib

from kit.browser import logged_in
from kit.instance import Failure
from kit.jmap import MAIL, Jmap
from kit.world import PASSWORD, World
from smtp import submission

KINDS = ("user", "shared", "room", "equipment", "public-folder")


def answer(world: World, recipient: str, login: str | None = None) -> int:
    """The code of the reply to RCPT, without a login or with one."""
    smtp = submission(world, login) if login else smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60)
    with smtp:
        smtp.ehlo()
        smtp.mail(login or "x@outside.example")
        return smtp.rcpt(recipient)[0]


def refused(world: World, *words: str) -> str:
    try:
        return f"taken: {world.server.run(*words)}"
    except Failure as problem:
        return str(problem)


def folder(world: World, name: str, title: str, *options: str) -> str:
    address = f"{name}@{world.domain}"
    world.server.run("user", "add", address, "--name", title, "--kind", "public-folder", *options)
    return address


def tree(imap: imaplib.IMAP4, words: str = '"" "Public Folders*"') -> dict[str, str]:
    """The public folders that LIST shows, with their attributes."""
    lines = imap._simple_command("LIST", *words.split(" ", 1))[0] and imap._untagged_response("OK", [None], "LIST")[1]
    found = [re.fullmatch(r'\((.*?)\) "/" "?(.*?)"?', line.decode()) for line in lines if isinstance(line, bytes)]
    return {match[2]: match[1] for match in found if match}


def box(name: str) -> str:
    return f'"Public Folders/{name}"'


def opened(imap: imaplib.IMAP4, name: str) -> str:
    """By SELECT, also where nothing may be changed; how many messages there are, or the refusal."""
    imap.untagged_responses.clear()
    kind, data = imap._simple_command("SELECT", box(name))
    imap.is_readonly, imap.state = True, "SELECTED" if kind == "OK" else "AUTH"
    return imap.untagged_responses["EXISTS"][-1].decode() if kind == "OK" else f"NO {data[0].decode()}"


def denied(reply: tuple[str, list]) -> bool:
    return reply[0] == "NO" and (b"[NOPERM]" in reply[1][0] or b"[READ-ONLY]" in reply[1][0])


def story_a_recipient_of_every_kind_is_made_mailed_hidden_and_deleted(world: World) -> None:
    server, api, domain = world.server, world.server.api, world.domain
    ada = world.user("ada")
    with World(server) as elsewhere:
        far = elsewhere.user("far")
        everything = {kind: f"{kind}@{domain}" for kind in (*KINDS, "contact", "group")}
        where = {kind: f"/{kind}s" if kind in ("contact", "group") else "/users" for kind in everything}
        more = {"contact": {"target": far}, "group": {"members": [ada, everything["public-folder"]]}}
        for kind, address in everything.items():
            api("POST", where[kind], {"address": address, "name": f"The {kind}", **more.get(kind, {"kind": kind})})
        world.wait_for_mail(*everything.values())

        def messages() -> dict[str, int]:
            return {kind: api("GET", f"/users/{everything[kind]}")["messages"] for kind in KINDS}
        server.wait_until(lambda: messages() == {kind: 2 if kind == "public-folder" else 1 for kind in KINDS}, 10, "each to have its mail")
        server.wait_until(lambda: world.count(ada) == 1 and elsewhere.count(far) == 1, 10, "the group's and the contact's")

        def shown() -> set[str]:
            book = server.run("address-list", "export", "--org", world.organisation, "--format", "csv")
            return {kind for kind, address in everything.items() if address in book}
        assert shown() == set(everything)
        for kind, address in everything.items():
            api("PATCH", f"{where[kind]}/{address}", {"hidden": True})
        assert shown() == set()
        world.wait_for_mail(*everything.values())                        # hidden is not closed
        for kind, address in everything.items():
            api("DELETE", f"{where[kind]}/{address}")
        for address in everything.values():
            server.wait_until(lambda a=address: answer(world, a) == 550, 5, f"{address} to be gone")
        kept = {m["address"] for m in api("GET", "/deleted-mailboxes")["mailboxes"]}
        assert kept >= {everything[kind] for kind in KINDS}, kept


def story_everybody_has_the_tree_and_posts_to_it_by_mail(world: World) -> None:
    server, run = world.server, world.server.run
    alice, bob = world.user("alice"), world.user("bob")
    news = folder(world, "news", "News")
    shown = json.loads(run("mailbox", "shares", news, "--json"))["shares"]
    assert {(s["person"], s["folder"], s["role"]) for s in shown} == {("anyone", "", "author"), ("anyone", "INBOX", "author")}, shown
    run("mailbox", "share", news, alice, "--rights", "owner")
    world.wait_for_mail(news)
    with submission(world, bob) as smtp:
        smtp.sendmail(bob, [news], f"From: {bob}\r\nSubject: posted\r\n\r\nby mail\r\n".encode())
    hers, his = world.imap(alice), world.imap(bob)
    assert his.namespace()[1] == [b'(("" "/")) (("Other Users/" "/")) (("Public Folders/" "/"))']
    assert tree(his) == {"Public Folders": r"\Noselect \HasChildren", "Public Folders/News": r"\HasNoChildren"}, tree(his)
    server.wait_until(lambda: his.select(box("News"))[1] == [b"2"], 10, "both posts")
    assert b"posted" in his.fetch("2", "(BODY[])")[1][0][1]

    assert hers.create(box("News/2031"))[0] == "OK" and hers.create(box("News/2031/May"))[0] == "OK"
    assert denied(his.create(box("News/2032"))) or his.create(box("News/2032"))[0] == "NO"
    assert tree(his) == {"Public Folders": r"\Noselect \HasChildren", "Public Folders/News": r"\HasChildren",
                         "Public Folders/News/2031": r"\HasChildren", "Public Folders/News/2031/May": r"\HasNoChildren"}, tree(his)
    assert set(tree(his, '"" "Public Folders/%"')) == {"Public Folders/News"} and "Public Folders" in tree(his, '"" "%"')
    status = tree(his, '"" "Public Folders/*" RETURN (STATUS (MESSAGES))')
    assert set(status) == {"Public Folders/News", "Public Folders/News/2031", "Public Folders/News/2031/May"}, status

    his.select(box("News"))
    assert hers.append(box("News"), "", None, b"Subject: appended\r\n\r\nhello\r\n")[0] == "OK"
    server.wait_until(lambda: his.noop()[0] == "OK" and his.untagged_responses.get("EXISTS", [b""])[-1] == b"3", 10, "the news of it")
    assert his.append(box("News/2031"), "", None, b"Subject: his\r\n\r\nhello\r\n")[0] == "OK"
    assert denied(his.store("1", "+FLAGS", r"(\Seen)")) and denied(his.store("1", "+FLAGS", r"(\Deleted)"))
    assert his.copy("1", "INBOX")[0] == "OK" and his.copy("1", box("News/2031/May"))[0] == "OK"
    assert hers.select(box("News"))[0] == "OK" and hers.store("1", "+FLAGS", r"(\Seen)")[0] == "OK"
    assert b"alice" in hers.getacl(box("News"))[1][0] and denied(his.getacl(box("News"))), "her rights, which are not his to see"
    assert b"lrip" in his.myrights(box("News"))[1][0]
    assert hers.getquotaroot(box("News"))[0] == "OK"
    assert his.subscribe(box("News/2031"))[0] == "OK" and any(b"News/2031" in line for line in his.lsub()[1])
    assert "Public Folders/News/2031" in tree(his), "what is subscribed is listed as before"

    assert hers.rename(box("News/2031/May"), box("News/May"))[0] == "OK" and "Public Folders/News/May" in tree(his)
    assert hers.delete(box("News/May"))[0] == "OK"
    for imap in (his, hers):                                              # the folder itself is an administrator's
        assert imap.delete(box("News"))[0] == imap.rename(box("News"), box("Old"))[0] == imap.create(box("Mine"))[0] == "NO"
        assert imap.select(box("News/INBOX"))[0] == imap.select(box("Nothing"))[0] == "NO"
    run("user", "set", news, "--name", "Latest news")
    server.wait_until(lambda: "Public Folders/Latest news" in tree(his) and "Public Folders/News" not in tree(his), 5, "its other name")
    assert his.select(box("Latest news/2031"))[0] == "OK"

    assert "has this name already" in refused(world, "user", "add", f"x@{world.domain}", "--name", "latest NEWS", "--kind", "public-folder")
    assert "cannot have this name" in refused(world, "user", "add", f"x@{world.domain}", "--name", "a/b", "--kind", "public-folder")
    assert "Only public folders" in refused(world, "user", "add", f"x@{world.domain}", "--name", "x", "--default-rights", "author")
    run("user", "passwd", news, "--password-file", "-", stdin=PASSWORD + "\n")
    try:
        raise Failure(f"{world.imap(news)} logged in")
    except imaplib.IMAP4.error as problem:
        assert "AUTHENTICATIONFAILED" in str(problem), problem


def story_rights_say_who_sees_reads_and_posts(world: World) -> None:
    server, run = world.server, world.server.run
    bob, carl = world.user("bob"), world.user("carl")
    board = folder(world, "board", "Board", "--default-rights", "reviewer")
    letters = folder(world, "letters", "Letters", "--default-rights", "contributor")
    secret = folder(world, "secret", "Secret", "--default-rights", "none")
    run("group", "add", f"staff@{world.domain}", "--name", "Staff", "--members", carl)
    run("mailbox", "share", board, f"staff@{world.domain}", "--rights", "author")
    run("mailbox", "share", secret, carl, "--rights", "editor")
    world.wait_for_mail(letters)
    his, other = world.imap(bob), world.imap(carl)
    assert set(tree(his)) == {"Public Folders", "Public Folders/Board", "Public Folders/Letters"}, tree(his)
    server.wait_until(lambda: "Public Folders/Secret" in tree(other), 5, "carl's tree")
    mail = b"Subject: x\r\n\r\nx\r\n"

    assert [answer(world, board, who) for who in (None, bob)] == [550, 550], "a reviewer writes by no way"
    server.wait_until(lambda: answer(world, board, carl) == 250, 5, "who is in a group that may post to post")
    assert other.append(box("Board"), "", None, mail)[0] == "OK"
    assert denied(his.append(box("Board"), "", None, mail))
    assert opened(his, "Board") == "1" and b"Subject: x" in his.fetch("1", "(BODY[])")[1][0][1]
    assert denied(his.store("1", "+FLAGS", r"(\Flagged)")) and denied(his.store("1", "+FLAGS", r"(\Seen)"))
    assert denied(his.expunge()) and denied(his.create(box("Board/x")))

    assert answer(world, letters, bob) == answer(world, letters) == 250 and his.append(box("Letters"), "", None, mail)[0] == "OK"
    assert opened(his, "Letters").startswith("NO [NOPERM]") and his.status(box("Letters"), "(MESSAGES)")[0] == "NO", "a contributor posts, and reads nothing"

    assert answer(world, secret, bob) == answer(world, secret) == 550 and answer(world, secret, carl) == 250
    assert opened(his, "Secret") == opened(his, "There is none") != "0", "what one may not know of is not there"
    assert other.select(box("Secret"))[0] == "OK"
    run("mailbox", "share", letters, "anyone", "--rights", "reviewer")    # everybody's rights change as those of anybody
    server.wait_until(lambda: not opened(his, "Letters").startswith("NO") and answer(world, letters, bob) == 550, 5, "what everybody may now")

    with World(server) as elsewhere:
        eve = elsewhere.user("eve")
        hers = elsewhere.imap(eve)
        assert tree(hers) == {} and hers.select(box("Board"))[0] == "NO"
        assert answer(elsewhere, board, eve) == 550, "and whoever is elsewhere has what everybody has"
        assert len(Jmap(server, eve, PASSWORD).session["accounts"]) == 1

    text = run("config", "export")
    mine = {(s["mailbox"], s["person"]): s["rights"] for s in json.loads(text)["shares"] if world.domain in s["mailbox"]}
    assert mine[board, "anyone"] == "reviewer" and mine[board, f"staff@{world.domain}"] == "author", mine
    assert run("config", "apply", "-", stdin=text) == "", "what is there already is no change"

    run("user", "remove", board)
    server.wait_until(lambda: "Public Folders/Board" not in tree(his), 5, "it to be gone")
    number = next(m["mailbox"] for m in json.loads(run("mailbox", "deleted", "--json"))["mailboxes"] if m["address"] == board)
    run("mailbox", "reconnect", str(number), "--to", board)
    server.wait_until(lambda: "Public Folders/Board" in tree(his), 5, "it to be there again")
    assert opened(his, "Board") == "1" and denied(his.append(box("Board"), "", None, mail)), "with its rights"


def story_a_program_over_jmap_has_the_same_tree(world: World) -> None:
    run = world.server.run
    alice, bob = world.user("alice"), world.user("bob")
    news = folder(world, "news", "News", "--default-rights", "reviewer")
    run("mailbox", "share", news, alice, "--rights", "owner")
    his, hers = (Jmap(world.server, who, PASSWORD) for who in (bob, alice))
    account, of = next((i, a) for i, a in his.session["accounts"].items() if a["name"] == "News")
    assert not of["isPersonal"] and of["accountCapabilities"]["urn:chappe:params:jmap:account"] == {"types": [], "postAddress": news}, of
    assert not of["accountCapabilities"][MAIL]["mayCreateTopLevelMailbox"]
    root = his.call("Mailbox/get", accountId=account)["list"]
    assert [(m["name"], m["role"], m["parentId"]) for m in root] == [("News", None, None)], root
    may = root[0]["myRights"]
    assert may["mayReadItems"] and not any(may[r] for r in may if r != "mayReadItems"), may

    made = hers.call("Mailbox/set", accountId=account, create={"a": {"name": "2031", "parentId": root[0]["id"]}, "b": {"name": "Top", "parentId": None}})
    assert made["created"]["a"] and made["notCreated"]["b"]["properties"] == ["parentId"], made
    assert "Public Folders/News/2031" in tree(world.imap(bob))
    inside = his.call("Mailbox/get", accountId=account)["list"]
    assert {(m["name"], m["parentId"]) for m in inside} == {("News", None), ("2031", root[0]["id"])}, inside
    moved = hers.call("Mailbox/set", accountId=account, update={root[0]["id"]: {"name": "Other"}, made["created"]["a"]["id"]: {"name": "2032"}})
    assert list(moved["updated"]) == [made["created"]["a"]["id"]] and moved["notUpdated"][root[0]["id"]]["type"] == "forbidden", moved

    blob = hers.upload(b"Subject: hello\r\n\r\nhello\r\n", "message/rfc822", account)["blobId"]
    hello = {"e": {"blobId": blob, "mailboxIds": {root[0]["id"]: True}}}
    email = hers.call("Email/import", accountId=account, emails=hello)["created"]["e"]["id"]
    assert his.call("Email/get", accountId=account, ids=[email], properties=["subject"])["list"][0]["subject"] == "hello"
    for change in ({"keywords/$seen": True}, {"keywords/$flagged": True}, {"mailboxIds": {made["created"]["a"]["id"]: True}}):
        answer_ = his.call("Email/set", accountId=account, update={email: change})
        assert answer_["notUpdated"][email]["type"] == "forbidden", answer_
    assert his.call("Email/set", accountId=account, destroy=[email])["notDestroyed"][email]["type"] == "forbidden"
    assert hers.call("Email/set", accountId=account, update={email: {"keywords/$seen": True}})["updated"] == {email: None}


def story_who_looks_after_recipients_looks_after_public_folders(world: World) -> None:
    """As shared mailboxes are delegated: of a domain, of an administrative group; who holds nothing there finds nothing."""
    clerk, nobody = world.user("clerk"), world.user("nobody")
    world.server.run("grant", "add", clerk, "recipient-administrator", "--scope", "domain", "--on", world.domain)
    his, other = logged_in(world, clerk), logged_in(world, nobody)
    news = f"news@{world.domain}"
    body = {"address": news, "name": "News", "kind": "public-folder", "default_rights": "reviewer"}
    assert other.ask("POST", "/users", body)[0] == 404
    status, made = his.ask("POST", "/users", body)
    assert status == 201 and made["kind"] == "public-folder" and made["state"] == "no-login", made
    assert his.ask("POST", "/users", {**body, "address": f"y@{world.domain}"})[0] == 409
    assert his.ask("POST", "/users", {**body, "address": f"y@{world.domain}", "name": "Y", "default_rights": "king"})[0] == 400
    assert his.ask("POST", f"/mailboxes/{news}/shares", {"person": nobody, "rights": "editor"})[0] == 201
    assert his.ask("POST", f"/mailboxes/{news}/shares", {"person": nobody, "rights": "reader"})[0] == 400, "a reader is of mailboxes"
    assert {s["role"] for s in his.ask("GET", f"/mailboxes/{news}/shares")[1]["shares"]} == {"reviewer", "editor"}
    assert his.ask("PATCH", f"/users/{news}", {"name": "a/b"})[0] == 400 and his.ask("PATCH", f"/users/{news}", {"name": "Old", "hidden": True})[0] == 200
    assert [r["address"] for r in his.ask("GET", "/recipients?filter=kind%3Dpublic-folder")[1]["recipients"]] == [news]
    imported = world.server.api("POST", "/users/import", {"organisation": world.organisation, "users": [
        {"address": f"a@{world.domain}", "name": "Alpha", "kind": "public-folder", "default_rights": "none"},
        {"address": f"b@{world.domain}", "name": "ALPHA", "kind": "public-folder"}]})
    assert imported["added"] == 1 and imported["faults"][0]["index"] == 1, imported
    assert other.ask("DELETE", f"/users/{news}")[0] == 404 and his.ask("DELETE", f"/users/{news}")[0] == 204
