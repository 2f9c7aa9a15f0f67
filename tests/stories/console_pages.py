"""What the console's pages stand on: everybody's sessions, lists as files, rules that are changed, findings in the caller's language."""
from __future__ import annotations

import csv
import http.client
import imaplib
import io
import json
import os
import poplib
import re
import signal
import ssl
from urllib.parse import quote

from kit.browser import Browser
from kit.instance import ROOT, Failure
from kit.world import PASSWORD, World


def administrator(world: World, name: str = "ada", *grant: str) -> Browser:
    address = world.user(name)
    world.server.run("grant", "add", address, *(grant or ("full-administrator", "--scope", "installation")))
    browser = Browser(world)
    assert browser.log_in(address)[0] == 200
    return browser


def refuses(world: World, *command: str) -> bool:
    try:
        world.server.run(*command)
    except Failure:
        return True
    return False


def fetched(browser: Browser, path: str) -> tuple[int, str, str]:
    """What is no JSON: status, disposition and text."""
    link = http.client.HTTPSConnection(browser.host, browser.port, timeout=60, context=ssl._create_unverified_context())
    link.request("GET", "/api/v1" + path, headers={"Cookie": browser.cookie})
    answer = link.getresponse()
    found = answer.status, answer.getheader("Content-Disposition") or "", answer.read().decode()
    link.close()
    return found


def ask(browser: Browser, method: str, path: str, body: object = None) -> object:
    status, answer = browser.ask(method, path, body)
    assert 200 <= status < 300, (method, path, status, answer)
    return answer


def of_domain(world: World) -> str:
    return f"/sessions?domain={world.domain}"


def connections(world: World, browser: Browser, count: int) -> list[dict]:
    """The connections of mail programs, when there are so many."""
    found: list[dict] = []

    def there() -> bool:
        found[:] = ask(browser, "GET", of_domain(world) + "&kind=connection")["sessions"]
        return len(found) == count
    world.server.wait_until(there, 30, f"{count} connections")
    return found


# ---- sessions


def story_mail_programs_stand_among_the_sessions(world: World) -> None:
    ada = administrator(world)
    ben = world.user("ben")
    imap, pop = world.imap(ben), world.pop3(ben)
    found = connections(world, ada, 2)
    assert {s["protocol"] for s in found} == {"imap", "pop3"} and {s["address"] for s in found} == {ben}, found
    assert {s["name"] for s in found} == {"IMAP", "POP3"} and {s["peer"] for s in found} == {"127.0.0.1"}
    one = ask(ada, "GET", of_domain(world) + "&protocol=imap")["sessions"]
    assert [s["id"] for s in one] == [s["id"] for s in found if s["protocol"] == "imap"]
    mine = ask(ada, "GET", of_domain(world) + "&kind=session&text=ada")["sessions"]
    assert [s["current"] for s in mine] == [True] and mine[0]["protocol"] == "web"
    assert {s["kind"] for s in world.server.api("GET", f"/users/{ben}/sessions")["sessions"]} == {"connection"}
    pop.quit()
    imap.logout()
    connections(world, ada, 0)


def is_over(imap: imaplib.IMAP4) -> bool:
    try:
        return imap.noop()[0] != "OK"
    except imaplib.IMAP4.abort:
        return True


def story_an_administrator_ends_them(world: World) -> None:
    ada = administrator(world)
    ben, eve = world.user("ben"), world.user("eve")
    kept, lost = world.imap(eve), world.imap(ben)
    found = connections(world, ada, 2)
    one = next(s for s in found if s["address"] == ben)
    assert ask(ada, "POST", of_domain(world).replace("?", "/end?"), {"sessions": [one["id"]]}) == {"ended": 1, "refused": 0}
    world.server.wait_until(lambda: is_over(lost), 30, "the session to end")
    assert kept.noop()[0] == "OK", "that of another goes on"
    connections(world, ada, 1)
    answer = ask(ada, "POST", of_domain(world).replace("?", "/end?"), {})
    assert answer["ended"] == 1, answer
    world.server.wait_until(lambda: is_over(kept), 30, "the other session to end")
    assert ask(ada, "GET", "/session")["login"], "one's own is left"
    ended = [e for e in world.server.api("GET", f"/audit?organisation={quote(world.organisation)}&action=session.remove&limit=50")["entries"] if e["actor"] == f"ada@{world.domain}"]
    assert len(ended) == 2, ended


def story_idle_is_woken_to_be_ended(world: World) -> None:
    ada = administrator(world)
    ben = world.user("ben")
    imap = world.imap(ben)
    imap.select()
    imap.send(b"A1 IDLE\r\n")
    assert imap.readline().startswith(b"+")
    found = connections(world, ada, 1)
    ask(ada, "DELETE", f"/users/{ben}/sessions/{found[0]['id']}")
    assert b"BYE This session was ended elsewhere." in imap.readline()


def story_everybody_sees_only_his_own_part(world: World) -> None:
    ada = administrator(world)
    other = world.user("other")
    world.server.run("domain", "add", f"part.{world.domain}", "--org", world.organisation)
    helper = administrator(world, "helper", "help-desk", "--scope", "domain", "--on", f"part.{world.domain}")
    inside = f"inside@part.{world.domain}"
    world.server.api("POST", "/users", {"address": inside, "name": "Inside", "password": "correct-horse-7"})
    theirs, ours = world.imap(other), world.imap(inside)
    found = connections(world, ada, 1)
    mine = f"/sessions?domain=part.{world.domain}"
    world.server.wait_until(lambda: len(ask(helper, "GET", mine)["sessions"]) == 1, 30, "the connection in his part")
    assert helper.ask("GET", of_domain(world))[0] == 404
    all_of_his = {one["address"] for one in ask(helper, "GET", "/sessions")["sessions"]}
    assert all_of_his == {inside, f"helper@{world.domain}"}, all_of_his
    refused = helper.ask("POST", mine.replace("?", "/end?"), {"sessions": [found[0]["id"]]})
    assert refused == (200, {"ended": 0, "refused": 0}), refused
    assert helper.ask("DELETE", f"/users/{other}/sessions/{found[0]['id']}")[0] == 404
    assert len(connections(world, ada, 1)) == 1
    assert theirs.noop()[0] == ours.noop()[0] == "OK"


def again(world: World, address: str) -> imaplib.IMAP4:
    """A connection to the role that was started anew."""
    made: list[imaplib.IMAP4] = []

    def takes() -> bool:
        try:
            made.append(world.imap(address))
        except (OSError, imaplib.IMAP4.error):
            return False
        return True
    world.server.wait_until(takes, 60, "the role to take connections")
    return made[0]


def story_a_role_that_dies_leaves_no_sessions(world: World) -> None:
    ada = administrator(world)
    before = world.imap(world.user("ben"))
    connections(world, ada, 1)
    os.kill(world.server.role_pid("mailbox"), signal.SIGKILL)
    connections(world, ada, 0)
    assert is_over(before)
    after = again(world, f"ben@{world.domain}")
    connections(world, ada, 1)
    assert after.noop()[0] == "OK"


# ---- lists as files


def ended(world: World, browser: Browser, job: dict) -> dict:
    now: dict = {}

    def is_over() -> bool:
        now.update(ask(browser, "GET", f"/jobs/{job['id']}"))
        return now["state"] not in ("waiting", "running")
    world.server.wait_until(is_over, 120, "the job to end")
    return now


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def story_a_list_becomes_a_file(world: World) -> None:
    ada = administrator(world)
    hostile = ["=cmd|'/C calc'!A0", 'Say "hello", Ben', "Zoé\u202e", "-1+2"]
    users = [{"address": f"u{i:04d}@{world.domain}", "name": hostile[i] if i < len(hostile) else f"User {i}"} for i in range(2300)]
    for part in range(0, len(users), 1000):
        world.server.api("POST", "/users/import", {"organisation": world.organisation, "users": users[part:part + 1000]})
    job = ask(ada, "POST", "/jobs/export", {"list": "recipients", "organisation": world.organisation, "filter": "kind=user text~u"})
    done = ended(world, ada, job)
    assert done["state"] == "done" and done["title"] == "export-recipients" and done["total"] == done["done"], done
    rows = rows_of(world.server.run("job", "file", str(job["id"])))
    assert len(rows) == done["done"] == len({r["address"] for r in rows}) and len(rows) >= 2300, (len(rows), done)
    names = {r["address"]: r["name"] for r in rows}
    assert names[f"u0000@{world.domain}"] == "'" + hostile[0] and names[f"u0003@{world.domain}"] == "'" + hostile[3]
    assert names[f"u0001@{world.domain}"] == hostile[1] and names[f"u0002@{world.domain}"] == hostile[2]
    status, disposition, text = fetched(ada, f"/jobs/{job['id']}/file")
    assert status == 200 and disposition == f'attachment; filename="recipients-{job["id"]}.csv"' and rows_of(text) == rows


def story_queue_trace_and_sessions_become_files(world: World) -> None:
    ada = administrator(world)
    ben = world.user("ben")
    world.wait_for_mail(ben)
    for name, column in (("trace", "recipients"), ("sessions", "address"), ("queue", "recipient")):
        job = ask(ada, "POST", "/jobs/export", {"list": name, "organisation": world.organisation})
        done = ended(world, ada, job)
        assert done["state"] == "done", done
        rows = rows_of(world.server.run("job", "file", str(job["id"])))
        assert len(rows) == done["done"] and all(column in r for r in rows), (name, rows[:2])
        assert name == "queue" or any(ben in r[column] or f"ada@{world.domain}" in r[column] for r in rows), (name, rows)


def story_a_file_is_its_callers_alone(world: World) -> None:
    ada, helper = administrator(world), administrator(world, "helper", "help-desk", "--scope", "domain", "--on", world.domain)
    second = administrator(world, "second")
    world.server.run("domain", "add", f"part.{world.domain}", "--org", world.organisation)
    world.server.api("POST", "/users", {"address": f"beyond@part.{world.domain}", "name": "Beyond", "password": PASSWORD})
    assert helper.ask("POST", "/jobs/export", {"list": "trace", "organisation": world.organisation})[0] == 404
    assert ada.ask("POST", "/jobs/export", {"list": "passwords"})[0] == 400
    assert ada.ask("POST", "/jobs/export", {"list": "queue", "text": "x"})[0] == 400, "the queue is not searched by text"
    assert ada.ask("POST", "/jobs/export", {"list": "recipients", "filter": "password=x"})[0] == 400
    job = ask(ada, "POST", "/jobs/export", {"list": "recipients", "domain": world.domain})
    assert ended(world, ada, job)["state"] == "done"
    assert ask(second, "GET", f"/jobs/{job['id']}")["state"] == "done"
    assert fetched(second, f"/jobs/{job['id']}/file")[0] == 404
    own = ask(helper, "POST", "/jobs/export", {"list": "recipients", "domain": world.domain})
    count = ended(world, helper, own)["done"]
    assert count >= 3
    whole = ask(helper, "POST", "/jobs/export", {"list": "recipients", "organisation": world.organisation})
    assert ended(world, helper, whole)["done"] == count
    text = fetched(helper, f"/jobs/{whole['id']}/file")[2]
    assert f"second@{world.domain}" in text and "beyond@" not in text, text


# ---- transport rules


def rule(world: World, name: str) -> dict:
    found = world.server.api("GET", f"/rules/{quote(name)}?organisation={quote(world.organisation)}")
    return dict(found, rule=json.loads(found["rule"]))


def story_a_rule_is_changed_in_all_its_parts(world: World) -> None:
    run, org = world.server.run, world.organisation
    run("rule", "add", "Big", "--org", org, "--larger", "10M", "--anonymous", "--header", "Subject: *offer*", "--refuse", "Too big.")
    run("rule", "set", "Big", "--org", org, "--name", "Large", "--larger", "20M", "--header", "", "--anonymous", "no", "--sender",
        "*@away.example", "--refuse", "", "--junk", "yes", "--enabled", "no")
    found = rule(world, "Large")
    assert found["rule"] == {"larger": 20 << 20, "sender": "*@away.example", "junk": True} and not found["enabled"], found
    ada = administrator(world)
    path = f"/rules/Large?organisation={quote(org)}"
    assert ada.ask("PATCH", path, {"junk": False})[0] == 400, "a rule does something"
    assert ada.ask("PATCH", path, {"junk": True}, match=None)[0] == 428, "nobody overwrites what he has not read"
    assert rule(world, "Large")["rule"]["junk"] is True
    run("rule", "add", "Other", "--org", org, "--junk")
    assert refuses(world, "rule", "set", "Other", "--org", org, "--name", "Large"), "the name is taken"


def story_rules_are_put_into_another_order(world: World) -> None:
    run, org = world.server.run, world.organisation
    for name in ("one", "two", "three"):
        run("rule", "add", name, "--org", org, "--junk")
    run("rule", "order", "--org", org, "--names", "three,one,two")
    rules = world.server.api("GET", f"/rules?organisation={quote(org)}")["rules"]
    assert [r["name"] for r in rules] == ["three", "one", "two"]
    for wrong in ("three,one", "three,one,two,four", "three,three,one"):
        assert refuses(world, "rule", "order", "--org", org, "--names", wrong), wrong
    rules = world.server.api("GET", f"/rules?organisation={quote(org)}")["rules"]
    assert [r["name"] for r in rules] == ["three", "one", "two"], "refused as a whole"


def story_a_rule_is_tried_before_it_is_kept(world: World) -> None:
    ada = administrator(world)
    wanted = {"sender": "*@away.example", "anonymous": True, "header": "Subject: *offer*", "unless_recipient": "boss@*", "refuse": "No."}

    def tried(**sample: object) -> dict:
        answer = ask(ada, "POST", "/rule-trial", {"organisation": world.organisation, "rule": wanted, **sample})
        return dict({c["part"]: c["holds"] for c in answer["conditions"]}, matches=answer["matches"])
    message = "From: x@away.example\r\nSubject: An offer for you\r\n\r\nbody\r\n"
    good = {"from": "x@away.example", "to": [f"ben@{world.domain}"], "message": message}
    assert tried(**good) == {"sender": True, "anonymous": True, "header": True, "unless_recipient": True, "matches": True}
    assert tried(**good, logged_in=True)["anonymous"] is False
    assert tried(**dict(good, to=["boss@away.example"])) == {"sender": True, "anonymous": True, "header": True, "unless_recipient": False, "matches": False}
    assert ada.ask("POST", "/rule-trial", {"organisation": world.organisation, "rule": {"sender": "x"}})[0] == 400, "nothing to do"
    assert ada.ask("POST", "/rule-trial", {"organisation": world.organisation})[0] == 400
    assert world.server.api("GET", f"/rules?organisation={quote(world.organisation)}")["rules"] == [], "nothing is kept"
    world.server.run("rule", "add", "Big", "--org", world.organisation, "--larger", "1K", "--junk")
    shown = world.server.run("rule", "try", "Big", "--org", world.organisation, "--message-file", "-", stdin="Subject: x\r\n\r\n" + "y" * 2000)
    assert "yes" in shown or "true" in shown, shown


# ---- who may by what


def story_accounts_with_limits_of_their_own(world: World) -> None:
    ada, ben = administrator(world), world.user("ben")
    listed = f"/users?organisation={quote(world.organisation)}&restricted=true"
    assert ask(ada, "GET", listed)["users"] == []
    world.server.run("user", "set", ben, "--protocols", "imap,web")
    assert [u["address"] for u in ask(ada, "GET", listed)["users"]] == [ben]
    try:
        world.pop3(ben)
    except poplib.error_proto:
        pass
    else:
        raise Failure("POP3 is closed for him")
    world.imap(ben).logout()


# ---- findings in the caller's language


def findings_of_the_sources() -> set[str]:
    """Each text that `chappe check` may say of the server, with {} for what stands in it."""
    found = set()
    for name in ("check_server.c", "check_dns.c"):
        with open(os.path.join(ROOT, "server/main", name), encoding="utf-8") as file:
            text = file.read()
        for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', re.sub(r"#include.*", "", text)):
            sentence = re.sub(r"%[-0-9.*]*(?:ll|l|z|h)?[a-zA-Z]", "{}", literal)
            if " " in sentence or sentence == "durable":
                found.add(sentence)
    return found - {"{}", "local:server"}


def story_findings_are_told_in_french(world: World) -> None:
    with open(os.path.join(ROOT, "server/admin-api/catalogue/fr.json"), encoding="utf-8") as file:
        catalogue = json.load(file)
    missing = findings_of_the_sources() - set(catalogue)
    missing = {m for m in missing if not m.startswith(("{s:", "/*"))}
    assert not missing, f"without French in catalogue/fr.json: {sorted(missing)}"
    ada = administrator(world)
    english = ask(ada, "GET", "/check")["lines"]
    ada.language = "fr"
    french = ask(ada, "GET", "/check")["lines"]
    told = {e["what"]: f["what"] for e, f in zip(english, french)}
    assert told["directory database"] == "base de l’annuaire", told
    assert told[f"DNS of {world.domain}"] == f"DNS de {world.domain}", told
    for e, f in zip(english, french):
        for field in ("text", "remedy"):
            if e.get(field) and " " in e[field]:
                assert e[field] != f[field], (e, f)
