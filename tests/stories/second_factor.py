"""More than a password: codes, security keys, recovery codes, and who must have them."""
from __future__ import annotations

import http.client
import ssl
import time

from kit.authenticator import CREDENTIAL, PRESENT, Authenticator, base64url, cbor, code, from_base64url
from kit.browser import Browser, logged_in
from kit.instance import Failure
from kit.world import World

PACKAGES = ["python3-cryptography"]


def with_code(world: World, login: str) -> tuple[Browser, str, list[str]]:
    """Logged in with a program for codes: the browser, its secret, the recovery codes."""
    browser = logged_in(world, login)
    status, begun = browser.ask("POST", f"/users/{login}/second-factors", {"kind": "totp", "name": "phone"})
    assert status == 201 and begun["uri"].startswith("otpauth://totp/"), begun
    assert begun["secret"].upper() in begun["uri"]
    status, done = browser.ask("POST", f"/users/{login}/second-factors/{begun['id']}/confirm",
                               {"code": code(begun["secret"], time.time() - 30)})
    assert status == 200 and len(done["recovery_codes"]) == 10, done
    return browser, begun["secret"], done["recovery_codes"]


def with_key(browser: Browser, login: str, key: Authenticator, name: str = "key") -> tuple[int, dict]:
    status, begun = browser.ask("POST", f"/users/{login}/second-factors", {"kind": "webauthn", "name": name})
    assert status == 201, begun
    return browser.ask("POST", f"/users/{login}/second-factors/{begun['id']}/confirm",
                       key.create(begun["options"], browser.origin))


def asked(world: World, login: str) -> tuple[Browser, dict]:
    """The password was right; what is asked for then."""
    browser = Browser(world)
    status, answer = browser.log_in(login)
    assert status == 401 and answer["error"]["message"] == "A second factor is needed.", answer
    return browser, answer["second_factor"]


def story_a_code_is_asked_for_and_good_once(world: World) -> None:
    ada = world.user("ada")
    _, secret, _ = with_code(world, ada)
    browser, ask = asked(world, ada)
    assert ask["methods"] == ["totp", "recovery"]
    before = browser.cookie
    for method, path in (("GET", "/session"), ("GET", f"/users/{ada}"), ("POST", "/tokens"),
                         ("GET", f"/users/{ada}/second-factors"), ("DELETE", f"/users/{ada}/second-factors")):
        body = {"name": "x"} if path == "/tokens" else None
        assert browser.ask(method, path, body)[0] == 401, path
    now = time.time()
    assert browser.ask("POST", "/session/second-factor", {"code": "000000" if code(secret) != "000000" else "1"})[0] == 401
    assert browser.ask("POST", "/session/second-factor", {"code": code(secret, now - 300)})[0] == 401
    status, me = browser.ask("POST", "/session/second-factor", {"code": code(secret, now + 1)})
    assert status == 200 and me["method"] == "totp" and me["lacks"] == "", me
    assert browser.cookie != before                          # whoever knew the first secret stays outside
    assert browser.ask("GET", "/session")[0] == 200
    thief = Browser(world)
    thief.cookie = before
    assert thief.ask("GET", "/session")[0] == 401
    second, _ = asked(world, ada)
    assert second.ask("POST", "/session/second-factor", {"code": code(secret, now)})[0] == 401   # the same once more
    sessions = browser.ask("GET", f"/users/{ada}/sessions")[1]["sessions"]
    assert {"totp"} <= {row["method"] for row in sessions}
    shown = world.server.run("second-factor", "list", ada)
    assert "phone" in shown and "totp" in shown and secret not in shown


def jmap_status(browser: Browser, headers: dict[str, str]) -> int:
    """What the session resource of JMAP says to who shows this."""
    link = http.client.HTTPSConnection(browser.host, browser.port, timeout=60, context=ssl._create_unverified_context())
    link.request("GET", "/jmap/session", None, headers)
    status = link.getresponse().status
    link.close()
    return status


def story_who_lacks_the_second_factor_opens_no_mailbox_by_jmap(world: World) -> None:
    ada = world.user("ada")
    _, secret, _ = with_code(world, ada)
    browser, _ = asked(world, ada)
    assert jmap_status(browser, {"Cookie": browser.cookie}) == 401
    assert jmap_status(browser, {"Authorization": "Bearer " + browser.cookie.split("=", 1)[1]}) == 401
    assert browser.ask("POST", "/tokens", {"name": "mail"})[0] == 401
    assert browser.ask("POST", "/session/second-factor", {"code": code(secret, time.time() + 1)})[0] == 200
    assert jmap_status(browser, {"Cookie": browser.cookie}) == 200
    status, token = browser.ask("POST", "/tokens", {"name": "mail"})
    assert status == 201 and jmap_status(browser, {"Authorization": "Bearer " + token["token"]}) == 200
    world.server.sql("chappe_directory", "UPDATE access_token SET lacks = 'enrolment' WHERE name = 'mail' AND recipient_id ="
                     f" (SELECT recipient_id FROM address WHERE address = '{ada}')")
    assert jmap_status(browser, {"Authorization": "Bearer " + token["token"]}) == 401


def story_after_five_wrong_codes_the_login_begins_again(world: World) -> None:
    ada = world.user("ada")
    with_code(world, ada)
    browser, _ = asked(world, ada)
    for _ in range(5):
        assert browser.ask("POST", "/session/second-factor", {"code": "12345"})[0] == 401
    status, answer = browser.ask("POST", "/session/second-factor", {"code": "12345"})
    assert status == 401 and answer["error"]["message"] == "Log in first.", answer
    grants = world.user("auditor")
    world.server.run("grant", "add", grants, "auditor", "--scope", "organisation", "--on", world.organisation)
    entries = logged_in(world, grants).ask("GET", f"/audit?organisation={world.organisation.replace(' ', '%20')}")[1]
    assert sum(entry["action"] == "second-factor.wrong" for entry in entries["entries"]) == 5


def story_guessing_codes_is_braked(world: World) -> None:
    ada = world.user("ada")
    _, secret, _ = with_code(world, ada)
    for _ in range(2):                                       # the right password in between forgives nothing
        browser, _ = asked(world, ada)
        for _ in range(5):
            assert browser.ask("POST", "/session/second-factor", {"code": "12345"})[0] == 401
    browser, _ = asked(world, ada)
    status, answer = browser.ask("POST", "/session/second-factor", {"code": code(secret, time.time() + 30)})
    assert status == 429 and "too many" in answer["error"]["message"], answer


def story_acts_that_let_others_in_ask_again(world: World) -> None:
    ada = world.user("ada")
    browser, secret, _ = with_code(world, ada)
    assert browser.ask("POST", "/tokens", {"name": "one"})[0] == 201
    world.server.sql("chappe_directory", f"UPDATE access_token SET verified_us = verified_us - 1000000000::bigint WHERE recipient_id ="
                               f" (SELECT recipient_id FROM address WHERE address = '{ada}')")
    for method, path, body in (("POST", "/tokens", {"name": "two"}), ("POST", f"/users/{ada}/recovery-codes", None),
                               ("POST", f"/users/{ada}/second-factors", {"kind": "totp", "name": "more"}),
                               ("DELETE", f"/users/{ada}/second-factors", None)):
        status, answer = browser.ask(method, path, body)
        assert status == 403 and answer["second_factor"]["methods"] == ["totp", "recovery"], (path, answer)
    assert browser.ask("GET", "/session")[0] == 200
    assert browser.ask("POST", "/session/second-factor", {"code": code(secret, time.time() + 30)})[0] == 200
    assert browser.ask("POST", "/tokens", {"name": "two"})[0] == 201


def story_a_recovery_code_lets_in_once(world: World) -> None:
    ada = world.user("ada")
    mine, _, codes = with_code(world, ada)
    browser, _ = asked(world, ada)
    assert browser.ask("POST", "/session/second-factor", {"recovery_code": codes[0][:-1] + "x"})[0] == 401
    typed = codes[0].upper().replace("-", " ")
    assert browser.ask("POST", "/session/second-factor", {"recovery_code": typed})[1]["method"] == "recovery"
    browser, _ = asked(world, ada)
    assert browser.ask("POST", "/session/second-factor", {"recovery_code": codes[0]})[0] == 401
    assert mine.ask("GET", f"/users/{ada}/second-factors")[1]["recovery_codes_left"] == 9
    status, fresh = mine.ask("POST", f"/users/{ada}/recovery-codes")
    assert status == 201 and not set(fresh["recovery_codes"]) & set(codes)
    assert browser.ask("POST", "/session/second-factor", {"recovery_code": codes[1]})[0] == 401
    assert browser.ask("POST", "/session/second-factor", {"recovery_code": fresh["recovery_codes"][1]})[0] == 200


def story_security_keys_of_each_kind_let_in(world: World) -> None:
    for number, (algorithm, verifies, counts) in enumerate((("ES256", False, True), ("EdDSA", True, True),
                                                            ("RS256", False, False))):
        login = world.user(f"user{number}")
        key = Authenticator(algorithm, verifies, counts)
        status, done = with_key(logged_in(world, login), login, key)
        assert status == 200 and len(done["recovery_codes"]) == 10, (algorithm, done)
        for _ in range(2):
            browser, ask = asked(world, login)
            assert ask["methods"] == ["webauthn", "recovery"] and ask["credentials"] == [base64url(key.id)]
            assert ask["user_verification"] == ("required" if verifies else "preferred")
            status, me = browser.ask("POST", "/session/second-factor", key.get(ask, browser.origin))
            assert status == 200 and me["method"] == "webauthn", (algorithm, me)


def story_what_is_not_the_keys_answer_is_refused(world: World) -> None:
    ada, bob, carl = world.user("ada"), world.user("bob"), world.user("carl")
    key, other = Authenticator(verifies=True), Authenticator()
    mine = logged_in(world, ada)
    assert with_key(mine, ada, key)[0] == 200
    assert with_key(logged_in(world, bob), bob, other)[0] == 200
    assert with_key(mine, ada, other, "again")[0] == 409                # some account has it already

    def tried(change: dict, damage=None, answering: Authenticator | None = None) -> int:
        browser, ask = asked(world, ada)
        answer = (answering or key).get(ask, browser.origin, **change)
        if damage:
            damage(answer)
        return browser.ask("POST", "/session/second-factor", answer)[0]

    def swap_signature(answer: dict) -> None:
        answer["signature"] = base64url(other.sign(b"something else"))

    def cut_signature(answer: dict) -> None:
        answer["signature"] = base64url(from_base64url(answer["signature"])[:-4])

    def own_id(answer: dict) -> None:
        answer["credential_id"] = base64url(key.id)

    assert tried({}) == 200
    for change in ({"challenge": base64url(bytes(32))}, {"origin": "https://evil.example"}, {"site": "evil.example"},
                   {"kind": "webauthn.create"}, {"flags": 4}, {"flags": PRESENT}):
        assert tried(change) == 401, change
    key, ada = Authenticator(verifies=True), carl                       # the brake counts the others
    assert with_key(logged_in(world, ada), ada, key)[0] == 200
    assert tried({}) == 200
    assert tried({"flags": key.flags() | CREDENTIAL}) == 400
    assert tried({}, swap_signature) == 401 and tried({}, cut_signature) == 401
    assert tried({}, None, other) == 401 and tried({}, own_id, other) == 401
    key.count = 0                                                       # a copy from before
    assert tried({}) == 401
    key.count = 1000
    assert tried({}) == 200
    browser, ask = asked(world, ada)                                    # one challenge, one answer
    answer = key.get(ask, browser.origin)
    assert browser.ask("POST", "/session/second-factor", dict(answer, signature=base64url(b"no")))[0] == 401
    assert browser.ask("POST", "/session/second-factor", answer)[0] == 401
    status, ask = browser.ask("POST", "/session/challenge")
    assert status == 200
    assert browser.ask("POST", "/session/second-factor", key.get(ask, browser.origin))[0] == 200


def story_hostile_registrations_are_refused(world: World) -> None:
    ada = world.user("ada")
    browser = logged_in(world, ada)
    key = Authenticator()
    good = key.cose()
    keys = [b"", b"\xa0", b"\xff", b"\xbf\x01\x02\xff", b"\xbb" + b"\xff" * 8, b"\x81" * 200, cbor({**good, 3: -999}),
            cbor({**good, -2: bytes(32)}), cbor({**good, -2: good[-2] + b"x"}), cbor({k: v for k, v in good.items() if k != -3}),
            cbor(good)[:-1], cbor(good) + b"\x00", b"\xa2" + cbor(3) + cbor(-7) + cbor(3) + cbor(-7),
            cbor({1: 3, 3: -257, -1: b"\x01" * 64, -2: b"\x01\x00\x01"}),
            cbor({1: 3, 3: -257, -1: b"\x00" + b"\x01" * 255, -2: b"\x01"}), cbor({1: 1, 3: -8, -1: 6, -2: b"short"})]
    for number, bad in enumerate(keys):
        status, begun = browser.ask("POST", f"/users/{ada}/second-factors", {"kind": "webauthn", "name": f"k{number % 5}"})
        if status == 409:                                               # the name of one that was refused
            listed = browser.ask("GET", f"/users/{ada}/second-factors")[1]["second_factors"]
            for row in listed:
                assert browser.ask("DELETE", f"/users/{ada}/second-factors/{row['id']}")[0] == 204
            status, begun = browser.ask("POST", f"/users/{ada}/second-factors", {"kind": "webauthn", "name": "k"})
        assert status == 201, begun
        path = f"/users/{ada}/second-factors/{begun['id']}/confirm"
        status, answer = browser.ask("POST", path, key.create(begun["options"], browser.origin, key=bad))
        assert status == 400, (bad, answer)
        whole = key.create(begun["options"], browser.origin)
        for damaged in (dict(whole, attestation="!"), dict(whole, attestation=""), dict(whole, client_data="e30"),
                        dict(whole, attestation=base64url(from_base64url(whole["attestation"])[:-20])),
                        {"client_data": whole["client_data"]}, {}):
            assert browser.ask("POST", path, damaged)[0] == 400, damaged
    assert not any(row["confirmed"] for row in browser.ask("GET", f"/users/{ada}/second-factors")[1]["second_factors"])
    assert Browser(world).log_in(ada)[0] == 200                         # none of them counts


def story_who_must_have_one_registers_it_first(world: World) -> None:
    ada, helper = world.user("ada"), world.user("helper")
    world.server.run("grant", "add", helper, "help-desk", "--scope", "domain", "--on", world.domain)
    world.server.run("second-factor", "require", world.organisation, "--of", "administrators")
    assert "administrators" in world.server.run("second-factor", "rules", world.organisation)
    assert logged_in(world, ada).ask("GET", "/session")[1]["lacks"] == ""
    browser = logged_in(world, helper)
    assert browser.ask("GET", "/session")[1]["lacks"] == "enrolment"
    assert browser.ask("GET", f"/users/{ada}")[0] == 401
    assert browser.ask("PUT", f"/users/{ada}/password", {"password": "given-horse-9"})[0] == 401
    assert with_key(browser, helper, Authenticator("EdDSA"))[0] == 200
    assert browser.ask("GET", f"/users/{ada}")[0] == 200
    assert browser.ask("GET", "/session")[1]["method"] == "webauthn"
    try:
        world.server.run("second-factor", "require", world.organisation, "--of", "nobody-of-this-name")
    except Failure as problem:
        assert "neither everybody" in str(problem)
    else:
        raise Failure("a rule about nobody")


def story_who_lost_it_is_let_in_again_by_others_only(world: World) -> None:
    ada, eve, helper = world.user("ada"), world.user("eve"), world.user("helper")
    world.server.run("grant", "add", helper, "help-desk", "--scope", "domain", "--on", world.domain)
    mine, _, _ = with_code(world, ada)
    path = f"/users/{ada}/second-factors"
    assert logged_in(world, eve).ask("GET", path)[0] == 404
    assert logged_in(world, eve).ask("DELETE", path)[0] == 404
    desk = logged_in(world, helper)
    assert desk.ask("POST", path, {"kind": "totp", "name": "mine"})[0] == 404     # nobody registers for somebody else
    listed = desk.ask("GET", path)[1]
    assert listed["second_factors"][0]["name"] == "phone" and "secret" not in str(listed)
    asked(world, ada)
    assert desk.ask("DELETE", path)[0] == 204
    assert Browser(world).log_in(ada)[0] == 200
    assert desk.ask("DELETE", path)[0] == 404
    assert mine.ask("GET", path)[1] == {"second_factors": [], "recovery_codes_left": 0}
    with_code(world, ada)
    world.server.run("second-factor", "reset", ada)                     # the machine's own root may always
    assert Browser(world).log_in(ada)[0] == 200
