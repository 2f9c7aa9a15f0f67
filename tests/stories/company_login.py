"""People of a company directory log in: every form of name, every protocol, everything that can be wrong with an account or a server."""
from __future__ import annotations

import base64
import imaplib
import json
import poplib
import re
import smtplib
import ssl
import statistics
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from kit.authenticator import Authenticator, base64url, code
from kit.browser import Browser
from kit.ldap_server import LdapServer
from kit.scram import Exchange
from kit.slapd import Slapd
from kit.wire import Connection
from kit.world import World

PACKAGES = ["slapd", "python3-ldap", "python3-cryptography"]
IS_LONG = True
SETTINGS = {"own_password": "without-factor"}
SECRET = "Geh3imes-Wort"


def quoted(text: str) -> str:
    return text.replace("'", "''")


def source(world: World, name: str, **settings: object) -> int:
    """A source that nobody synchronises meanwhile: what it would bring is written by belongs()."""
    values = {"connect_ms": 700, "answer_ms": 700, **settings}
    return int(world.server.sql("chappe_directory", "WITH s AS (INSERT INTO directory_source (organisation_id, name, kind, settings, created_us)"
                                f" SELECT organisation_id, '{name}', '{values.pop('kind', 'ldap')}', '{quoted(json.dumps(values))}', 1"
                                f" FROM organisation WHERE name = '{world.organisation}' RETURNING source_id, organisation_id)"
                                " INSERT INTO directory_source_state (source_id, organisation_id, lease, lease_us)"
                                " SELECT source_id, organisation_id, 'story', 9000000000000000 FROM s RETURNING source_id"))


def belongs(world: World, address: str, source_id: int, dn: str, key: str, account: str, principal: str = "") -> None:
    """What a synchronisation writes."""
    world.server.sql("chappe_directory", f"WITH r AS (UPDATE recipient SET source_id = {source_id}, stamp = stamp + 1 WHERE recipient_id ="
                     f" (SELECT recipient_id FROM address WHERE address = '{address}') RETURNING recipient_id, organisation_id)"
                     " INSERT INTO directory_entry (source_id, organisation_id, entry_key, kind, dn, dn_key, recipient_id, account, principal, mail,"
                     f" name, is_due) SELECT {source_id}, organisation_id, '{key}', 'user', '{quoted(dn)}', '{quoted(dn)}', recipient_id,"
                     f" '{account}', '{principal}', '{address}', '{account}', false FROM r")


# ---- the ways in: each says "in", or what the server said

def by_imap(world: World, login: str, password: str) -> str:
    imap = imaplib.IMAP4("127.0.0.1", world.server.port("imap"), timeout=60)
    try:
        imap.login('"' + login.replace("\\", "\\\\") + '"', password)
        return "in"
    except imaplib.IMAP4.error as problem:
        return str(problem)
    finally:
        imap.shutdown()


def by_pop3(world: World, login: str, password: str) -> str:
    pop = poplib.POP3("127.0.0.1", world.server.port("pop3"), timeout=60)
    try:
        pop.user(login)
        pop.pass_(password)
        return "in"
    except poplib.error_proto as problem:
        return str(problem)
    finally:
        pop.close()


def by_smtp(world: World, login: str, password: str) -> str:
    with smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60) as smtp:
        smtp.ehlo()
        code, text = smtp.docmd("AUTH PLAIN " + base64.b64encode(f"\0{login}\0{password}".encode()).decode())
        return "in" if code == 235 else f"{code} {text.decode()}"


def by_sieve(world: World, login: str, password: str) -> str:
    link = Connection("managesieve", world.server.port("managesieve"))
    while not link.line().startswith(b"OK"):
        pass
    link.send(b'AUTHENTICATE "PLAIN" "' + base64.b64encode(f"\0{login}\0{password}".encode()) + b'"\r\n')
    said = link.line().decode()
    link.close()
    return "in" if said.startswith("OK") else said


def by_web(world: World, login: str, password: str) -> str:
    status, answer = Browser(world).log_in(login, password)
    return "in" if status == 200 else f"{status} {answer['error']['message']}"


def by_jmap(world: World, login: str, password: str) -> str:
    link = http.client.HTTPSConnection("127.0.0.1", world.server.port("https"), timeout=60, context=ssl._create_unverified_context())
    link.request("GET", "/jmap/session", None, {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()})
    answer = link.getresponse()
    said = answer.read().decode()
    link.close()
    return "in" if answer.status == 200 else f"{answer.status} {said}"


WAYS: dict[str, Callable[[World, str, str], str]] = {"imap": by_imap, "pop3": by_pop3, "smtp": by_smtp, "sieve": by_sieve, "web": by_web,
                                                      "jmap": by_jmap}


def everywhere(world: World, login: str, password: str, said: dict[str, str] | str) -> None:
    """By all ways at once; {} in the login is the way's name, so that failures do not add up on one account."""
    def one(name: str) -> str:
        return WAYS[name](world, login.replace("{}", name), password)

    with ThreadPoolExecutor(len(WAYS)) as pool:
        answers = dict(zip(WAYS, pool.map(one, WAYS)))
    for name, answer in answers.items():
        wanted = said if isinstance(said, str) else said[name]
        assert wanted in answer, (name, login, answer, wanted, told(world))


def told(world: World) -> list[str]:
    return [line for line in world.server.log().splitlines() if " auth." in line or "login.failed" in line][-6:]


WRONG = {"imap": "[AUTHENTICATIONFAILED]", "pop3": "-ERR [AUTH]", "smtp": "535 5.7.8", "sieve": "NO", "web": "401", "jmap": "401"}
AWAY = {"imap": "[UNAVAILABLE]", "pop3": "-ERR [SYS/TEMP]", "smtp": "454 4.7.0", "sieve": "NO (TRYLATER)", "web": "503", "jmap": "503"}


CLOSED = {"imap": "[CONTACTADMIN]", "pop3": "-ERR [AUTH]", "smtp": "525 5.7.13", "sieve": "NO", "web": "403", "jmap": "403"}
EXPIRED = {"imap": "[EXPIRED]", "pop3": "-ERR [AUTH]", "smtp": "535 5.7.8", "sieve": "NO", "web": "403", "jmap": "403"}


def people(slapd: Slapd, *names: str) -> None:
    slapd.add("ou=people", {"objectClass": ["organizationalUnit"], "ou": ["people"]})
    for name in names:
        slapd.person(name, password=SECRET)


def key_of(slapd: Slapd, relative: str) -> str:
    return slapd.read(relative, "entryUUID")["entryUUID"][0].decode().replace("-", "")


def of_slapd(world: World, slapd: Slapd, name: str, *users: str, **settings: object) -> int:
    """A source, and its people with their mailboxes."""
    one = source(world, name, **{"urls": [slapd.socket_url], "tls": "none", "bind": "external", "base": slapd.suffix,
                                 "login_names": ["account", "mail"], "login_cache_s": 0, **settings})
    for user in users:
        relative = f"uid={user},ou=people"
        belongs(world, world.user(user, password="old-internal-1"), one, slapd.dn(relative), key_of(slapd, relative), user)
    return one


def story_openldap_decides_about_passwords(world: World) -> None:
    everybody = ["ada", *(f"eve-{way}" for way in WAYS)]
    with Slapd("dc=one,dc=test") as slapd:
        people(slapd, *everybody)
        of_slapd(world, slapd, "one", *everybody)
        ada = f"ada@{world.domain}"
        everywhere(world, ada, SECRET, "in")
        everywhere(world, f"eve-{{}}@{world.domain}", "old-internal-1", WRONG)   # what Chappe knew before counts no more
        everywhere(world, f"nobody-{{}}@{world.domain}", SECRET, WRONG)
        everywhere(world, world.user("zoe"), "correct-horse-7", "in")            # internal, in the same domain
        for password in ("", "\0", SECRET + "\0x"):
            assert by_smtp(world, ada, password) != "in", repr(password)
        assert by_web(world, f"eve-web@{world.domain}", "") != "in"
        slapd.rename("uid=ada,ou=people", "uid=ada2")                            # moved; nobody has synchronised since
        everywhere(world, ada, SECRET, "in")
        slapd.delete("uid=ada2,ou=people")
        assert "[AUTHENTICATIONFAILED]" in by_imap(world, ada, SECRET)


def story_a_directory_that_is_away_is_temporary(world: World) -> None:
    """Frozen, killed, with a certificate that has ended: nobody is told that his password is wrong, nothing is counted, others go on."""
    ada, zoe = f"ada@{world.domain}", world.user("zoe")
    with Slapd("dc=one,dc=test") as slapd:
        people(slapd, "ada")
        one = of_slapd(world, slapd, "one", "ada")
        everywhere(world, ada, SECRET, "in")
        slapd.pause()
        began = time.monotonic()
        everywhere(world, ada, SECRET, AWAY)
        everywhere(world, ada, "wrong", AWAY)
        everywhere(world, f"nobody@{world.domain}", SECRET, AWAY)                # could be there
        assert time.monotonic() - began < 30
        everywhere(world, zoe, "correct-horse-7", "in")
        slapd.go_on()
        world.server.wait_until(lambda: all(way(world, ada, SECRET) == "in" for way in WAYS.values()), 20, "the directory to be asked again")
        slapd.kill()
        everywhere(world, ada, SECRET, AWAY)
        slapd.again()
        world.server.wait_until(lambda: all(way(world, ada, SECRET) == "in" for way in WAYS.values()), 20, "the directory to be asked again")
        world.server.sql("chappe_directory", f"UPDATE directory_source SET is_enabled = false, stamp = stamp + 1 WHERE source_id = {one}")
        time.sleep(1.1)                                                          # how long a process believes that it knows the source
        assert "[AUTHENTICATIONFAILED]" in by_imap(world, ada, SECRET)
    with Slapd("dc=two,dc=test", days=-1) as slapd:
        people(slapd, "bob")
        with open(slapd.ca, encoding="ascii") as ca:
            of_slapd(world, slapd, "two", "bob", urls=[slapd.tls_url], tls="ldaps", bind="simple", trusted=ca.read())
        everywhere(world, f"bob@{world.domain}", SECRET, AWAY)


def story_a_right_password_is_believed_for_its_time(world: World) -> None:
    ada = f"ada@{world.domain}"
    with Slapd("dc=one,dc=test") as slapd:
        people(slapd, "ada")
        of_slapd(world, slapd, "one", "ada", login_cache_s=2)
        assert by_imap(world, ada, SECRET) == "in"
        slapd.pause()
        assert by_imap(world, ada, SECRET) == "in"                               # known a moment ago
        slapd.go_on()
        slapd.modify("uid=ada,ou=people", {"userPassword": ["An0ther-one"]})
        time.sleep(2)
        assert by_web(world, ada, SECRET).startswith("401")
        assert by_imap(world, ada, "An0ther-one") == "in"


def story_password_policies_say_why(world: World) -> None:
    """The overlay ppolicy of OpenLDAP, and passwords changed there (RFC 3062)."""
    with Slapd("dc=one,dc=test", overlays=("ppolicy",)) as slapd:
        people(slapd, "ada", "eve", "max")
        slapd.add("cn=policy", {"objectClass": ["device", "pwdPolicy"], "cn": ["policy"], "pwdAttribute": ["userPassword"], "pwdLockout": ["TRUE"],
                                "pwdMaxFailure": ["2"], "pwdMustChange": ["TRUE"], "pwdAllowUserChange": ["TRUE"], "pwdMinLength": ["9"],
                                "pwdInHistory": ["3"], "pwdCheckQuality": ["2"], "pwdMaxAge": ["8640000"], "pwdSafeModify": ["FALSE"]})
        of_slapd(world, slapd, "one", "ada", "eve", "max")
        slapd.modify("uid=max,ou=people", {"pwdReset": ["TRUE"]})
        everywhere(world, f"max@{world.domain}", SECRET, EXPIRED)
        assert "choose a new password" in by_web(world, f"max@{world.domain}", SECRET)
        asked = Browser(world).log_in(f"max@{world.domain}", SECRET)[1]["password"]     # what the page of the next one lists
        assert asked["kept_in"] == "directory" and asked["min_length"] == 9 and asked["history"] == 3, asked
        assert "password" not in Browser(world).log_in(f"max@{world.domain}", "wrong")[1]
        for password in ("wrong-one-1", "wrong-one-2"):
            assert by_web(world, f"eve@{world.domain}", password).startswith("401")
        assert "locked" in by_web(world, f"eve@{world.domain}", SECRET)
        the_own_password_is_changed_there(world, f"ada@{world.domain}", "N3w-secret-word")


def the_own_password_is_changed_there(world: World, login: str, new: str, sentence: str = "at least 9 characters") -> None:
    browser, other, own = Browser(world), Browser(world), f"/users/{login}/password/own"
    assert browser.log_in(login, SECRET)[0] == other.log_in(login, SECRET)[0] == 200
    status, asked = browser.ask("GET", "/session/password")
    assert status == 200 and asked["kept_in"] == "directory" and sentence in asked["policy"], asked
    status, answer = browser.ask("PUT", own, {"current": "not-it", "password": new})
    assert status == 400 and "current password is wrong" in answer["error"]["message"], answer
    status, answer = browser.ask("PUT", own, {"current": SECRET, "password": "short"})
    assert status == 400 and "refuses the new password" in answer["error"]["message"], answer
    assert browser.ask("PUT", own + "?dry_run=true", {"current": "not-it-either", "password": new})[0] == 400
    assert browser.ask("PUT", own + "?dry_run=true", {"current": SECRET, "password": new})[0] == 204
    status, answer = browser.ask("PUT", own, {"current": SECRET, "password": new})       # the one of before is good still
    assert status == 204, answer
    assert browser.ask("GET", "/session")[0] == other.ask("GET", "/session")[0] == 401      # all sessions end, this one too
    assert by_imap(world, login, new) == "in"
    assert by_web(world, login, SECRET).startswith("401")


def story_a_second_factor_asks_for_app_passwords(world: World) -> None:
    ada = f"ada@{world.domain}"
    made: dict[str, str] = {}
    with Slapd("dc=one,dc=test") as slapd:
        people(slapd, "ada")
        of_slapd(world, slapd, "one", "ada")
        browser = Browser(world)
        assert browser.log_in(ada, SECRET)[0] == 200
        for name, options in (("all", {}), ("imap", {"protocols": ["imap"]}), ("elsewhere", {"networks": ["192.0.2.0/24"]}),
                              ("here", {"networks": ["127.0.0.0/8"], "days": 1})):
            status, answer = browser.ask("POST", f"/users/{ada}/app-passwords", {"name": name, **options})
            assert status == 201, answer
            made[name] = answer["password"]
        assert browser.ask("POST", f"/users/{ada}/app-passwords", {"name": "x", "networks": ["here"]})[0] == 400
        assert by_imap(world, ada, SECRET) == "in"
        status, begun = browser.ask("POST", f"/users/{ada}/second-factors", {"kind": "totp", "name": "phone"})
        assert browser.ask("POST", f"/users/{ada}/second-factors/{begun['id']}/confirm", {"code": code(begun["secret"])})[0] == 200
        for name in ("imap", "pop3", "smtp", "sieve", "jmap"):                  # the right password is not enough for them
            assert "app password" in WAYS[name](world, ada, SECRET), name
            assert WAYS[name](world, ada, made["all"]) == "in", name
            assert WAYS[name](world, ada, made["here"]) == "in", name
        assert "A second factor is needed" in by_web(world, ada, SECRET)
        assert by_imap(world, ada, made["imap"]) == "in"
        assert "not for pop3" in by_jmap(world, ada, made["imap"]).replace("not for web", "not for pop3")
        assert "not for use from there" in by_imap(world, ada, made["elsewhere"])
        slapd.kill()
        assert by_imap(world, ada, made["all"]) == "in"                          # nothing is asked there for these
        listed = {row["name"]: row for row in browser.ask("GET", f"/users/{ada}/app-passwords")[1]["app_passwords"]}
        assert listed["all"]["last_used"] and listed["here"]["expires"] and listed["imap"]["protocols"] == ["imap"]
        assert listed["elsewhere"]["networks"] == ["192.0.2.0/24"] and not listed["elsewhere"]["last_used"]


def story_a_security_key_stands_beside_the_directorys_password(world: World) -> None:
    """And recovery codes. The directory goes on deciding about the password: whoever has the key and not that gets nowhere."""
    ada, key, other = f"ada@{world.domain}", Authenticator(verifies=True), Authenticator()
    with Slapd("dc=one,dc=test", overlays=("ppolicy",)) as slapd:
        people(slapd, "ada")
        slapd.add("cn=policy", {"objectClass": ["device", "pwdPolicy"], "cn": ["policy"], "pwdAttribute": ["userPassword"], "pwdLockout": ["TRUE"]})
        of_slapd(world, slapd, "one", "ada")

        def asked(password: str) -> tuple[Browser, dict]:
            browser = Browser(world)
            status, answer = browser.log_in(ada, password)
            assert status == 401 and answer["error"]["message"] == "A second factor is needed.", answer
            return browser, answer["second_factor"]

        browser = Browser(world)
        assert browser.log_in(ada, SECRET)[0] == 200
        status, begun = browser.ask("POST", f"/users/{ada}/second-factors", {"kind": "webauthn", "name": "key"})
        assert status == 201, begun
        status, done = browser.ask("POST", f"/users/{ada}/second-factors/{begun['id']}/confirm", key.create(begun["options"], browser.origin))
        assert status == 200 and len(done["recovery_codes"]) == 10, done
        second, ask = asked(SECRET)
        assert ask["methods"] == ["webauthn", "recovery"] and ask["credentials"] == [base64url(key.id)], ask
        assert second.ask("POST", "/session/second-factor", other.get(ask, second.origin))[0] == 401
        second, ask = asked(SECRET)
        status, me = second.ask("POST", "/session/second-factor", key.get(ask, second.origin))
        assert status == 200 and me["method"] == "webauthn", me
        assert "app password" in by_imap(world, ada, SECRET)
        said = by_web(world, ada, "wrong")
        assert said.startswith("401") and "second factor" not in said, said
        slapd.modify("uid=ada,ou=people", {"userPassword": ["An0ther-one"]})
        assert "second factor" not in by_web(world, ada, SECRET)                 # its own key does not make the old password good
        third, ask = asked("An0ther-one")
        assert third.ask("POST", "/session/second-factor", key.get(ask, third.origin))[0] == 200
        fourth, _ = asked("An0ther-one")
        assert fourth.ask("POST", "/session/second-factor", {"recovery_code": done["recovery_codes"][0]})[0] == 200
        fifth, _ = asked("An0ther-one")
        assert fifth.ask("POST", "/session/second-factor", {"recovery_code": done["recovery_codes"][0]})[0] == 401
        slapd.modify("uid=ada,ou=people", {"pwdAccountLockedTime": ["000001010000Z"]})
        said = by_web(world, ada, "An0ther-one")
        assert said.startswith("403") and "is locked" in said, said
        slapd.kill()
        assert by_web(world, ada, "An0ther-one").startswith("503")               # nobody gets as far as the key


def story_scram_is_not_for_passwords_kept_elsewhere(world: World) -> None:
    """Refused by the name, whether it exists or not, and nothing is counted against anybody."""
    with Slapd("dc=one,dc=test") as slapd:
        people(slapd, "ada")
        of_slapd(world, slapd, "one", "ada")
        said = set()
        for name in ("ada", "nobody", world.user("zoe").split("@")[0]):
            for _ in range(4):
                smtp = smtplib.SMTP("127.0.0.1", world.server.port("submission"), timeout=60)
                smtp.ehlo()
                first = base64.b64encode(Exchange(f"{name}@{world.domain}", SECRET, None).first()).decode()
                said.add(smtp.docmd("AUTH SCRAM-SHA-256 " + first))
                smtp.close()
        assert len(said) == 1 and next(iter(said))[0] == 535 and b"PLAIN or LOGIN" in next(iter(said))[1], said
        began = time.monotonic()
        assert by_imap(world, f"ada@{world.domain}", SECRET) == "in" and time.monotonic() - began < 2


class Refusing(LdapServer):
    """A domain controller that refuses everybody with the sub-code that stands in his name."""

    def bind(self, name: str, password: bytes) -> tuple[int, str]:
        code = re.match(r"CN=code-(\w+),", name)
        said = f"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {code[1]}, v4563" if code else ""
        return (49, said) if code else (0, "")


SUB_CODES = {"525": ("unknown", WRONG), "52e": ("wrong", WRONG), "530": ("wrong-hours", CLOSED), "531": ("wrong-station", CLOSED),
             "532": ("password-expired", EXPIRED), "533": ("disabled", CLOSED), "701": ("account-expired", CLOSED), "773": ("must-change", EXPIRED),
             "775": ("locked", CLOSED)}


def story_every_sub_code_of_active_directory_has_its_answer(world: World) -> None:
    """In the words of Microsoft's domain controllers; what Samba gives is told by company_domain."""
    with Refusing() as server:
        one = source(world, "refusing", kind="ad", urls=[server.url], tls="none", base="DC=x,DC=test", bind_dn="CN=reader,DC=x,DC=test",
                     login_names=["mail"], login_cache_s=0)
        world.server.sql("chappe_directory", "INSERT INTO directory_source_secret (source_id, organisation_id, name, secret) SELECT source_id,"
                         f" organisation_id, 'bind_password', 'x' FROM directory_source WHERE source_id = {one}")
        for number, code in enumerate(SUB_CODES):
            belongs(world, world.user(f"code-{code}", password="old-internal-1"), one, f"CN=code-{code},DC=x,DC=test", f"{number:032x}", f"code-{code}")
        for code, (reason, answer) in SUB_CODES.items():
            everywhere(world, f"code-{code}@{world.domain}", SECRET, answer)
            said = [line for line in world.server.log().splitlines() if " auth.directory " in line and f"reason={reason} " in line]
            assert said and f"data {code}" in said[-1], (code, told(world))


class Slow(LdapServer):
    """Takes its time to refuse people, as one that hashes; names that it does not know it refuses at once."""

    binds, TAKES_S = 0, 0.4

    def bind(self, name: str, password: bytes) -> tuple[int, str]:
        if name.startswith("cn=reader"):
            return 0, ""
        self.binds += 1
        time.sleep(self.TAKES_S if name.startswith("uid=known-") else 0)
        return 49, ""


def story_the_time_tells_nobody_who_is_in_the_directory(world: World) -> None:
    """A wrong password and an unknown name cost the same: one bind there, and as long, also where the directory is quicker with names that it
    does not know. In turns, so that what else the machine does hits both; each name once, so that nobody is slowed down for guessing."""
    names = [f"known-{number}" for number in range(7)]
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    with Slow() as server:
        one = source(world, "slow", urls=[server.url], tls="none", base="dc=x,dc=test", bind_dn="cn=reader,dc=x,dc=test", login_names=["mail"],
                     login_cache_s=0, connect_ms=5000, answer_ms=5000)
        world.server.sql("chappe_directory", "INSERT INTO directory_source_secret (source_id, organisation_id, name, secret) SELECT source_id,"
                         f" organisation_id, 'bind_password', 'x' FROM directory_source WHERE source_id = {one}")
        for number, name in enumerate(names):
            belongs(world, world.user(name, password="old-internal-1"), one, f"uid={name},dc=x,dc=test", f"{number:032x}", name)
        for number, name in enumerate(names):
            for kind, login in (("known", name), ("unknown", f"nobody-{number}")):
                before, began = server.binds, time.monotonic()
                said = by_imap(world, f"{login}@{world.domain}", SECRET)
                took[kind].append(time.monotonic() - began)
                assert "[AUTHENTICATIONFAILED]" in said and server.binds == before + 1, (kind, said, server.binds - before)
    known, unknown = (statistics.median(took[kind]) for kind in ("known", "unknown"))
    print(f"refused after {known * 1000:.0f} ms who is known, {unknown * 1000:.0f} ms who is not")
    assert min(took["unknown"]) >= Slow.TAKES_S * 0.95 and 0.5 < known / unknown < 2, took
