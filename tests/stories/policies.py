"""What recipient policies say beside addresses: limits of messages and mailboxes, and how long mail is kept."""
from __future__ import annotations

import json
import os
import signal
import smtplib
from datetime import datetime, timedelta

from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World

IS_LONG = True
PRIVATE = True
SETTINGS = {"plaintext_login": "loopback"}
OLD = "UPDATE membership SET saved_us = saved_us - {days}::bigint * 86400000000 WHERE folder_id IN (SELECT folder_id FROM folder WHERE name = '{folder}')"


def policy(world: World, *words: str) -> dict:
    text = world.server.run("recipient-policy", *words, "--org", world.organisation, "--json")
    return json.loads(text) if text.strip() else {}


def submission(world: World, address: str) -> smtplib.SMTP:
    smtp = smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60)
    smtp.login(address, PASSWORD)
    return smtp


def code_of(smtp: smtplib.SMTP, *commands: str) -> tuple[int, str]:
    """The last reply."""
    code, text = 0, b""
    for command in commands:
        code, text = smtp.docmd(command)
    smtp.docmd("RSET")
    return code, text.decode()


def story_limits_of_what_is_sent(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    names = [world.user(f"r{number}") for number in range(3)]
    policy(world, "add", "Small", "--query", f"(&(kind=user)(!(address={bob})))", "--max-send", "20K", "--max-recipients", "2")
    with submission(world, ada) as smtp:
        assert code_of(smtp, f"MAIL FROM:<{ada}> SIZE=20481")[0] == 552
        assert code_of(smtp, f"MAIL FROM:<{ada}> SIZE=20480")[0] == 250
        code, text = code_of(smtp, f"MAIL FROM:<{ada}>", *(f"RCPT TO:<{one}>" for one in names))
        assert code == 550 and text.startswith("5.5.3"), (code, text)
        assert [smtp.docmd(f"MAIL FROM:<{ada}>")[0], smtp.docmd(f"RCPT TO:<{names[0]}>")[0]] == [250, 250]
        code, text = smtp.data((f"From: {ada}\r\nSubject: large\r\n\r\n" + ("y" * 70 + "\r\n") * 300).encode())
        assert code == 552, (code, text)
        assert smtp.sendmail(ada, names[:2], f"From: {ada}\r\nSubject: small\r\n\r\nbody\r\n") == {}
    with submission(world, bob) as smtp:
        assert code_of(smtp, f"MAIL FROM:<{bob}> SIZE=2000000", *(f"RCPT TO:<{one}>" for one in names))[0] == 250, "who is not selected"
    policy(world, "set", "Small", "--max-recipients", "0")
    with submission(world, ada) as smtp:
        assert code_of(smtp, f"MAIL FROM:<{ada}>", *(f"RCPT TO:<{one}>" for one in names))[0] == 250, "the change counts at once"


def story_limits_of_what_is_received(world: World) -> None:
    """The first policy by position that says something; a limit of one's own goes before it, the organisation's holds beside it."""
    ada, eva = world.user("ada"), world.user("eva")
    policy(world, "add", "All", "--position", "5", "--max-receive", "30K")
    policy(world, "add", "Ada", "--position", "1", "--query", f"(address={ada})", "--max-receive", "40K")

    def takes(address: str, size: int) -> bool:
        with smtplib.SMTP("127.0.0.1", world.server.port("smtp"), timeout=60) as smtp:
            smtp.ehlo()
            code = code_of(smtp, f"MAIL FROM:<x@outside.example> SIZE={size}", f"RCPT TO:<{address}>")[0]
        assert code in (250, 552), code
        return code == 250

    assert takes(ada, 40960) and not takes(ada, 40961) and takes(eva, 30720) and not takes(eva, 30721)
    world.server.api("PATCH", f"/users/{eva}", {"max_message": 50000})
    assert takes(eva, 50000) and not takes(eva, 50001), "her own"
    world.server.api("POST", "/groups", {"address": f"team@{world.domain}", "name": "Team", "members": [ada]})
    assert not takes(f"team@{world.domain}", 40961), "through a group"
    world.server.api("PATCH", f"/organisations/{world.organisation.replace(' ', '%20')}", {"max_message": 10000})
    assert takes(eva, 10000) and not takes(eva, 10001) and not takes(ada, 10001)
    for name in ("All", "Ada"):
        policy(world, "remove", name)
    world.server.api("PATCH", f"/organisations/{world.organisation.replace(' ', '%20')}", {"max_message": 0})
    assert takes(ada, 1000000), "and none"


def story_new_mailboxes_get_a_quota(world: World) -> None:
    policy(world, "add", "Rooms", "--query", "(kind=room)", "--quota", "5M", "--position", "1")
    policy(world, "add", "Quota", "--quota", "7M", "--position", "2", "--addresses", f"%g.%s@{world.domain}")
    api, domain = world.server.api, world.domain
    assert api("POST", "/users", {"address": f"one@{domain}", "name": "Ada One"})["quota"] == 7 << 20
    assert api("POST", "/users", {"address": f"own@{domain}", "name": "Own", "quota": 1 << 20})["quota"] == 1 << 20
    assert api("POST", "/users", {"address": f"room@{domain}", "name": "Room", "kind": "room"})["quota"] == 5 << 20
    assert api("POST", "/users/import", {"organisation": world.organisation, "users": [
        {"address": f"many{n}@{domain}", "name": f"Given{n} Many"} for n in range(3)]})["added"] == 3
    many = api("GET", f"/users/many1@{domain}")
    assert many["quota"] == 7 << 20 and f"given1.many@{domain}" in [one.lower() for one in many["addresses"]], many
    one = world.user("log")
    imap = world.imap(one)
    assert b"7168" in imap.getquotaroot("INBOX")[1][1][0], "the store holds it"
    imap.logout()


def make_mail(world: World, address: str) -> None:
    imap = world.imap(address)
    for folder in ("Junk", "Trash", "Archive", "Projects", "Projects/Old", "Drafts", "Keep=it"):
        imap.create(folder)
    for folder in ("INBOX", "Junk", "Trash", "Archive", "Projects", "Projects/Old", "Drafts", "Keep=it"):
        for number in range(3):
            assert imap.append(f'"{folder}"', "", None, f"Subject: {folder} {number}\r\n\r\nbody\r\n".encode())[0] == "OK"
    imap.logout()


def counts(world: World, address: str) -> dict[str, int]:
    return {folder: world.count(address, f'"{folder}"') for folder in ("INBOX", "Junk", "Trash", "Archive", "Projects", "Projects/Old", "Drafts", "Keep=it")}


def told(world: World, address: str, *texts: str) -> None:
    """There is one letter about it in the Inbox, which says this."""
    imap = world.imap(address)
    imap.select("INBOX", readonly=True)
    found = imap.search(None, "HEADER", "Auto-Submitted", "auto-generated")[1][0].split()
    assert len(found) == 1, (address, found)
    letter = imap.fetch(found[0].decode(), "(RFC822)")[1][0]
    imap.logout()
    assert isinstance(letter, tuple)
    missing = [text for text in texts if text not in letter[1].decode()]
    assert not missing, (missing, letter[1].decode())


def shown_by_jmap(world: World, address: str) -> dict[str, tuple[int, str]]:
    """What mail programs show their owner: of each folder, how many days and what then."""
    jmap = Jmap(world.server, address, PASSWORD)
    names = {one["id"]: one["name"] for one in jmap.call("Mailbox/get")["list"]}
    rules = jmap.call("Retention/get", ids=None)["list"]
    for rule in rules:
        told_at, from_at = (datetime.fromisoformat(rule[name].replace("Z", "+00:00")) for name in ("told", "appliesFrom"))
        assert from_at - told_at == timedelta(days=1), rule
    return {names[folder]: (rule["days"], rule["action"]) for rule in rules for folder in rule["mailboxIds"]}


def story_mail_is_kept_as_long_as_a_policy_says(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    for address in (ada, bob):
        make_mail(world, address)
    policy(world, "add", "Keep", "--query", f"(address={ada})", "--retention", "Junk=30:delete,\\Trash=14:delete,Projects=100:trash,Keep=it=1000:delete,*=365:archive")
    assert policy(world, "show", "Keep")["retention"] == ["*=365:archive", "Junk=30:delete", "Keep=it=1000:delete", "Projects=100:trash", "\\Trash=14:delete"]
    before = counts(world, ada)
    assert policy(world, "retention", "Keep")["retained"] == [], "nothing is old enough"
    for folder, days in (("Junk", 31), ("Trash", 13), ("INBOX", 400), ("Projects", 101), ("Projects/Old", 101), ("Archive", 400), ("Drafts", 400), ("Keep=it", 400)):
        world.server.sql("chappe_group_1", OLD.format(days=days, folder=folder))
    shown = policy(world, "retention", "Keep")
    found = {(one["folder"], one["act"]): one["messages"] for one in shown["retained"]}
    assert found == {("Junk", "delete"): 3, ("Projects", "trash"): 6, ("*", "archive"): 3}, shown
    assert {one["user"] for one in shown["retained"]} == {ada} and shown["messages"] == 12 and shown["after"] is None
    assert counts(world, ada) == before, "it was only shown"
    done = policy(world, "retain", "Keep")
    assert done["messages"] == 12, done
    told(world, ada, "moved to the archive after 365 days", "Junk (and folders below it): deleted after 30 days", "all other folders")
    assert counts(world, ada) == {"INBOX": 1, "Junk": 0, "Trash": 9, "Archive": 6, "Projects": 0, "Projects/Old": 0, "Drafts": 3, "Keep=it": 3}
    assert shown_by_jmap(world, ada) == {"Inbox": (365, "archive"), "Junk": (30, "delete"), "Trash": (14, "delete"), "Projects": (100, "trash"),
                                         "Old": (100, "trash"), "Keep=it": (1000, "delete"), "Sent": (365, "archive")}
    assert shown_by_jmap(world, bob) == {}
    assert counts(world, bob) == {**before}, "who is not selected keeps his"
    assert policy(world, "retain", "Keep")["messages"] == 0, "what was moved stays, and its time begins anew"
    recoverable = world.server.api("GET", f"/mailboxes/{ada}/recoverable?folder=Junk")["messages"]
    assert len(recoverable) == 3, "as when its owner deletes it"
    entry = world.server.api("GET", f"/audit?organisation={world.organisation.replace(' ', '%20')}&limit=50")["entries"]
    assert [one for one in entry if one["action"] == "recipient-policy.retention"], entry


def story_of_two_policies_the_first_keeps_mail(world: World) -> None:
    ada = world.user("ada")
    make_mail(world, ada)
    world.server.sql("chappe_group_1", OLD.format(days=50, folder="Junk"))
    policy(world, "add", "Later", "--position", "2", "--retention", "Junk=10:delete")
    policy(world, "add", "First", "--position", "1", "--retention", "Junk=100:delete")
    assert policy(world, "retention", "Later")["mailboxes"] == 0 and policy(world, "retain", "First")["messages"] == 0
    policy(world, "set", "Later", "--position", "0")
    assert policy(world, "retain", "Later")["messages"] == 3 and world.count(ada, "Junk") == 0


def story_what_is_no_rule_is_refused(world: World) -> None:
    for rule in ("Junk", "Junk=0:delete", "Junk=40000:delete", "Junk=30:burn", "=30:delete", "Junk=30", "Junk=x:delete"):
        try:
            policy(world, "add", "Bad", "--retention", rule)
        except Failure as refusal:
            assert "no rule for keeping mail" in str(refusal), refusal
        else:
            raise Failure(f"{rule} was taken")
    try:
        policy(world, "add", "Bad", "--retention", "Junk=30:delete,Junk=31:delete")
    except Failure as refusal:
        assert "A folder has one rule." in str(refusal), refusal
    else:
        raise Failure("two rules for one folder")
    assert world.server.api("GET", f"/recipient-policies?organisation={world.organisation.replace(' ', '%20')}")["recipient_policies"] == []


def story_owners_are_told_once_before_anything_is_deleted(world: World) -> None:
    """The server by itself, which begins a minute after its start and goes round every hour: told now, deleted after a day."""
    ada, bob = world.user("ada"), world.user("bob")
    world.server.run("user", "set", ada, "--language", "fr")
    make_mail(world, ada)
    make_mail(world, bob)
    world.server.sql("chappe_group_1", OLD.format(days=50, folder="Junk"))
    policy(world, "add", "Keep", "--query", f"(address={ada})", "--retention", "Junk=10:delete")
    os.kill(world.server.role_pid("housekeeping"), signal.SIGTERM)   # it begins anew
    asked = "SELECT count(*) FROM retention_told JOIN address USING (recipient_id) WHERE address = '{}'"
    world.server.wait_until(lambda: world.server.sql("chappe_directory", asked.format(ada)).strip() == "1", 200, "the keeper's round")
    told(world, ada, "Junk (et les dossiers en dessous) : supprimé après 10 jours", "un jour après ce message")
    assert counts(world, ada)["Junk"] == 3, "not on the day on which he was told"
    assert counts(world, bob)["INBOX"] == 3, "whom no rule concerns is not told"
    assert policy(world, "retain", "Keep")["messages"] == 3, "an administrator need not wait"
    told(world, ada, "supprimé après 10 jours")                 # no second letter for the same rules
    policy(world, "set", "Keep", "--retention", "Junk=20:delete")
    policy(world, "retain", "Keep")
    imap = world.imap(ada)
    imap.select("INBOX", readonly=True)
    assert len(imap.search(None, "HEADER", "Auto-Submitted", "auto-generated")[1][0].split()) == 2, "they changed"
    imap.logout()
