"""What a person sets of his own account over JMAP, with a browser's session, and what it does elsewhere (docs/jmap.md)."""
from __future__ import annotations

import imaplib
import json
import time
from typing import Any

from kit.authenticator import code
from kit.browser import Browser, logged_in
from kit.jmap import ALL, MAIL, Jmap
from kit.world import PASSWORD, World

SETTINGS = {"plaintext_login": "loopback"}


class Page:
    """A page of the webmail: JMAP with the cookie of its session."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        browser.ask("GET", "/session")
        self.account = self._json("GET", "/jmap/session", None)["primaryAccounts"][MAIL]

    def _json(self, method: str, path: str, body: Any) -> Any:
        wire = self.browser.connection
        assert wire
        wire.request(method, path, None if body is None else json.dumps(body),
                     {"Content-Type": "application/json", "Cookie": self.browser.cookie, "Origin": self.browser.origin or ""})
        answer = wire.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text)
        return json.loads(text)

    def call(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        arguments.setdefault("accountId", self.account)
        answer = self._json("POST", "/jmap/api", {"using": ALL, "methodCalls": [[method, arguments, "0"]]})["methodResponses"][0]
        return {"error": answer[1]} if answer[0] == "error" else answer[1]


def story_second_factors_are_registered_shown_and_taken_away(world: World) -> None:
    ada = world.user("ada")
    page = Page(logged_in(world, ada))
    begun = page.call("SecondFactor/set", create={"a": {"kind": "totp", "name": "phone"}})["created"]["a"]
    assert begun["uri"].startswith("otpauth://totp/") and begun["id"], begun
    wrong = page.call("SecondFactor/set", update={begun["id"]: {"code": "1"}})["notUpdated"][begun["id"]]
    assert wrong["type"] == "invalidProperties", wrong
    done = page.call("SecondFactor/set", update={begun["id"]: {"code": code(begun["secret"], time.time() - 30)}})["updated"][begun["id"]]
    assert done["confirmed"] and len(done["recoveryCodes"]) == 10, done
    assert page.call("RecoveryCodes/get", ids=None)["list"] == [{"id": "singleton", "left": 10}]
    assert page.call("SecondFactor/get", ids=None)["list"][0]["confirmed"] is True
    assert len(page.call("RecoveryCodes/set", create={"a": {}})["created"]["a"]["codes"]) == 10
    shown = page.call("SecondFactor/challenge")
    assert shown["methods"] == ["totp", "recovery"], shown
    assert page.call("SecondFactor/prove", code="1")["error"]["type"] == "forbidden"
    assert page.call("SecondFactor/prove", code=code(begun["secret"], time.time() + 1))["method"] == "totp"
    world.server.sql("chappe_directory", "UPDATE access_token SET verified_us = 1 WHERE method = 'totp' AND"
                     f" recipient_id = (SELECT recipient_id FROM address WHERE address = '{ada}')")
    refused = page.call("SecondFactor/set", destroy=[begun["id"]])["notDestroyed"][begun["id"]]
    assert refused["type"] == "secondFactorNeeded" and "totp" in refused["factor"]["methods"], refused
    assert page.call("SecondFactor/prove", code=code(begun["secret"], time.time() + 30))["method"] == "totp"
    assert page.call("SecondFactor/set", destroy=[begun["id"]])["destroyed"] == [begun["id"]]


def story_sessions_end_and_the_password_changes(world: World) -> None:
    ada = world.user("ada")
    other, page = logged_in(world, ada), Page(logged_in(world, ada))
    sessions = page.call("LoginSession/get", ids=None)["list"]
    assert len(sessions) == 2 and all(s["kind"] == "session" for s in sessions), sessions
    gone = [s["id"] for s in sessions if not s["current"]]
    assert len(gone) == 1 and page.call("LoginSession/set", destroy=gone)["destroyed"] == gone
    assert other.ask("GET", "/session")[0] == 401
    asked = page.call("OwnPassword/get", ids=None)["list"]          # what a page says before a new one is typed
    assert asked[0]["id"] == "singleton" and asked[0]["keptIn"] == "chappe" and asked[0]["minLength"] == 8 and asked[0]["known"] is True, asked
    assert set(page.call("OwnPassword/get", ids=None, properties=["minLength"])["list"][0]) == {"id", "minLength"}
    program = Jmap(world.server, ada, PASSWORD)
    refused = program.request([["OwnPassword/get", {"accountId": program.account, "ids": None}, "0"]])["methodResponses"][0]
    assert refused[0] == "error" and refused[1]["type"] == "forbidden", refused
    changed = page.call("OwnPassword/set", update={"singleton": {"current": PASSWORD, "password": "another-horse-8"}})
    assert changed["updated"] == {"singleton": None}, changed
    assert page.browser.ask("GET", "/session")[0] == 401           # all sessions end, this one too
    assert Browser(world).log_in(ada)[0] == 401
    assert Browser(world).log_in(ada, "another-horse-8")[0] == 200


def login(world: World, address: str, password: str) -> str:
    imap = imaplib.IMAP4("127.0.0.1", world.server.port("imap"))
    try:
        return imap.login(address, password)[0]
    except imaplib.IMAP4.error as error:
        return str(error)
    finally:
        imap.shutdown()


def story_an_app_password_is_good_where_it_is_meant_for(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    made = jmap.call("AppPassword/set", create={"here": {"name": "here", "protocols": ["imap"], "networks": ["127.0.0.0/8"]},
                                                "there": {"name": "there", "networks": ["192.0.2.0/24"]}})["created"]
    assert login(world, ada, made["here"]["password"]) == "OK"
    assert "not for use from there" in login(world, ada, made["there"]["password"])
    assert Jmap(world.server, ada, made["here"]["password"]).http("GET", "/jmap/session")[0] == 403
    everywhere = jmap.call("AppPassword/set", create={"a": {"name": "web"}})["created"]["a"]["password"]
    refused = Jmap(world.server, ada, everywhere).call("AppPassword/set", create={"b": {"name": "more"}})["notCreated"]["b"]
    assert refused["type"] == "forbidden", "a program's password opens mail, not the account"

    def entry() -> dict[str, Any] | None:
        return next((a for a in jmap.call("AccountActivity/get", ids=None)["list"]
                     if a["action"] == "login.imap" and a["actor"] == f"{ada} (here)" and a["peer"] == "127.0.0.1"), None)
    world.server.wait_until(entry, what="the login among the account's activity")
    assert any(a["lastUsed"] for a in jmap.call("AppPassword/get", ids=None)["list"] if a["name"] == "here")


def story_a_blocked_sender_goes_to_junk_and_an_allowed_one_does_not(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    rule = jmap.call("SenderRule/set", create={"a": {"sender": "eve@elsewhere.example", "action": "block"}})["created"]["a"]["id"]

    def send(number: int) -> None:
        world.send([ada], f"From: Eve <EVE@elsewhere.example>\r\nSubject: number {number}\r\n\r\nhello\r\n", sender="x@elsewhere.example")

    def where(number: int) -> str | None:
        ids = jmap.call("Email/query", filter={"subject": f"number {number}"})["ids"]
        return next(iter(jmap.call("Email/get", ids=ids, properties=["mailboxIds"])["list"][0]["mailboxIds"])) if ids else None
    send(1)
    world.server.wait_until(lambda: where(1), what="the mail")
    assert where(1) == jmap.mailbox("junk")
    assert jmap.call("SenderRule/set", destroy=[rule])["destroyed"] == [rule]
    send(2)
    world.server.wait_until(lambda: where(2), what="the next mail")
    assert where(2) == jmap.mailbox("inbox")


def story_put_off_mail_comes_back_unread_and_imap_sees_it(world: World) -> None:
    ada = world.user("ada")
    jmap = Jmap(world.server, ada, PASSWORD)
    world.send([ada], "From: bob@elsewhere.example\r\nSubject: later\r\n\r\nhello\r\n")
    world.server.wait_until(lambda: jmap.call("Email/query", filter={"subject": "later"})["ids"], what="the mail")
    inbox, mail = jmap.mailbox("inbox"), jmap.call("Email/query")["ids"][0]
    jmap.call("Email/set", update={mail: {"keywords/$seen": True}})
    put_off = {"emailId": mail, "mailboxId": inbox, "until": "2031-01-01T08:00:00Z"}
    assert jmap.call("Snooze/set", create={"a": put_off})["created"], "put off"
    imap = world.imap(ada)
    assert imap.select("INBOX")[1] == [b"0"] and imap.select("Snoozed")[1] == [b"1"]
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    assert jmap.call("Snooze/set", update={mail: {"until": soon}})["updated"] == {mail: None}
    world.server.wait_until(lambda: not jmap.call("Snooze/get", ids=None)["list"], what="its time")
    assert imap.select("Snoozed")[1] == [b"0"] and imap.select("INBOX")[1] == [b"1"]
    assert imap.search(None, "UNSEEN")[1] == [b"1"]
    assert jmap.call("Email/get", ids=[mail], properties=["keywords", "mailboxIds"])["list"][0] == {
        "id": mail, "keywords": {}, "mailboxIds": {inbox: True}}


def story_a_reminder_comes_where_nobody_answered(world: World) -> None:
    ada = world.user("ada")
    jmap, imap = Jmap(world.server, ada, PASSWORD), world.imap(ada)
    for name in ("silent", "answered"):
        imap.append("Sent", r"(\Seen)", "", f"From: {ada}\r\nSubject: {name}\r\nMessage-ID: <{name}@x.example>\r\n\r\nhello\r\n".encode())
    inbox, sent = jmap.mailbox("inbox"), jmap.mailbox("sent")
    mails = {name: jmap.call("Email/query", filter={"subject": name})["ids"][0] for name in ("silent", "answered")}
    far = {"mailboxId": sent, "until": "2031-01-01T08:00:00Z", "kind": "reminder"}
    assert len(jmap.call("Snooze/set", create={n: {"emailId": m, **far} for n, m in mails.items()})["created"]) == 2
    assert imap.select("Sent")[1] == [b"2"] and imap.select("INBOX")[1] == [b"0"]
    world.send([ada], "From: bob@elsewhere.example\r\nSubject: Re: answered\r\nIn-Reply-To: <answered@x.example>\r\n\r\nyes\r\n")
    world.server.wait_until(lambda: jmap.call("Email/query", filter={"inMailbox": inbox})["ids"], what="the answer")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    assert len(jmap.call("Snooze/set", update={m: {"until": soon} for m in mails.values()})["updated"]) == 2
    world.server.wait_until(lambda: not jmap.call("Snooze/get", ids=None)["list"], 60, what="its time")
    assert imap.select("INBOX")[1] == [b"2"] and imap.select("Sent")[1] == [b"2"]
    assert imap.select("INBOX")[1] and imap.search(None, "UNSEEN", "SUBJECT", "silent")[1] == [b"2"]
    shown = {m["id"]: m for m in jmap.call("Email/get", ids=list(mails.values()), properties=["keywords", "mailboxIds"])["list"]}
    assert shown[mails["silent"]] == {"id": mails["silent"], "keywords": {}, "mailboxIds": {inbox: True, sent: True}}
    assert shown[mails["answered"]] == {"id": mails["answered"], "keywords": {"$seen": True}, "mailboxIds": {sent: True}}


def story_the_sender_learns_that_his_mail_was_seen(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.send([ada], f"From: {bob}\r\nDisposition-Notification-To: {bob}\r\nMessage-ID: <seen@elsewhere.example>\r\nSubject: look\r\n\r\nhello\r\n",
               sender=bob)
    reader, sender = Jmap(world.server, ada, PASSWORD), Jmap(world.server, bob, PASSWORD)
    world.server.wait_until(lambda: reader.call("Email/query", filter={"subject": "look"})["ids"], what="the mail")
    mail = reader.call("Email/query", filter={"subject": "look"})["ids"][0]
    who = reader.call("Identity/get")["list"][0]["id"]
    way = {"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}
    sent = reader.call("MDN/send", identityId=who, send={"a": {"forEmailId": mail, "disposition": way}})
    assert sent["notSent"] is None, sent
    world.server.wait_until(lambda: sender.call("Email/query", filter={"subject": "Read: look"})["ids"], what="the notice")
    notice = sender.call("Email/get", ids=sender.call("Email/query", filter={"subject": "Read: look"})["ids"], properties=["blobId"])["list"][0]
    told = sender.call("MDN/parse", blobIds=[notice["blobId"]])["parsed"][notice["blobId"]]
    assert told["originalMessageId"] == "<seen@elsewhere.example>" and told["finalRecipient"] == f"rfc822;{ada}", told
    assert told["disposition"] == way, told


def story_where_is_my_message(world: World) -> None:
    ada, bob, carol = world.user("ada"), world.user("bob"), world.user("carol")
    world.send([bob, carol], f"From: {ada}\r\nSubject: tracked\r\nMessage-ID: <t1@elsewhere.example>\r\n\r\nhello\r\n", sender=ada)
    world.wait_for_mail(bob, carol)
    jmap = Jmap(world.server, bob, PASSWORD)
    found = jmap.call("MessageTrace/query", filter={"direction": "received", "messageId": "<t1@elsewhere.example>"})["ids"]
    assert len(found) == 1, found
    trace = jmap.call("MessageTrace/get", ids=found + ["rnone", "x"])
    assert trace["notFound"] == ["rnone", "x"]
    one = trace["list"][0]
    assert one["recipients"] == [bob] and one["direction"] == "received" and carol not in json.dumps(one), one
    assert any(e["event"] == "filed" for e in one["events"]), one
    assert jmap.call("MessageTrace/query", filter={"direction": "sent"})["ids"] == []
    assert Jmap(world.server, ada, PASSWORD).call("MessageTrace/query", filter={"direction": "received"})["ids"] == []
    stranger = jmap.call("MessageTrace/get", ids=["s" + found[0][1:]])
    assert stranger["list"] == [], "it is not his to see as its sender"
