"""People of Active Directory (real Samba domains) log in: names, sub-codes, new passwords, two companies side by side."""
from __future__ import annotations

import importlib.util
import os
import sys
import time

from kit.authenticator import code
from kit.browser import Browser
from kit.samba_dc import SambaDc
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from company_login import (AWAY, CLOSED, EXPIRED, SECRET, WAYS, WRONG, belongs, by_imap, by_web, everywhere, source,  # noqa: E402
                           the_own_password_is_changed_there)

PACKAGES = ["samba", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules", "krb5-user", "python3-ldap", "python3-cryptography"]
SETTINGS = {"login_domain": "alpha.example", "own_password": "without-factor"}


def domain(world: World, dc: SambaDc, name: str, **settings: object) -> int:
    """An organisation whose people that domain controller knows; the source."""
    world.organisation, world.domain = f"{name} {world.organisation}", f"{name}.example"
    world.server.run("org", "add", world.organisation)
    world.server.run("domain", "add", world.domain, "--org", world.organisation)
    with open(dc.ca, encoding="ascii") as ca:
        one = source(world, name, kind="ad", **{"urls": [dc.tls_url], "tls": "ldaps", "trusted": ca.read(), "base": dc.base,
                                                "bind_dn": dc.admin, "login_domain": dc.workgroup, "login_cache_s": 0,
                                                "connect_ms": 2000, "answer_ms": 2000, **settings})
    world.server.sql("chappe_directory", "INSERT INTO directory_source_secret (source_id, organisation_id, name, secret) SELECT source_id,"
                     f" organisation_id, 'bind_password', '{dc.password}' FROM directory_source WHERE source_id = {one}")
    return one


def alone(world: World) -> None:
    """Sources of the stories before are switched off: NetBIOS names are the whole installation's."""
    world.server.sql("chappe_directory", "UPDATE directory_source SET is_enabled = false, stamp = stamp + 1")


def person(world: World, dc: SambaDc, source_id: int, account: str, local: str, **more: list) -> str:
    """In the directory, and with a mailbox; its address."""
    dc.user(account, SECRET, f"{local}@{world.domain}", **more)
    key = dc.read(f"CN={account},CN=Users", "objectGUID")["objectGUID"][0].hex()
    address = world.user(local)
    belongs(world, address, source_id, dc.dn(f"CN={account},CN=Users"), key, account.lower(), f"{account.lower()}@{dc.domain}")
    return address


def story_every_form_of_name_over_every_protocol(world: World) -> None:
    with SambaDc("ALPHA.LAN") as dc:
        alpha = domain(world, dc, "alpha")
        mail = person(world, dc, alpha, "AdaL", "ada.lovelace")
        for login in (mail, mail.upper(), "adal@alpha.lan", "AdaL@ALPHA.LAN", "ALPHA\\AdaL", "alpha\\adal", "adal@alpha.example", "AdaL"):
            everywhere(world, login, SECRET, "in")
        a_second_factor_asks_for_app_passwords(world, dc, person(world, dc, alpha, "grace", "grace"))
        for login in ("BETA\\AdaL", "ALPHA\\ada.lovelace", "adal@beta.lan", "\\AdaL", "ALPHA\\", "Ada*", "AdaL)(cn=*"):
            assert by_web(world, login, SECRET).startswith("401"), login
        world.server.sql("chappe_directory", "UPDATE directory_source SET stamp = stamp + 1, settings = settings || '{\"login_names\": [\"upn\"]}'")
        world.server.wait_until(lambda: by_web(world, mail, SECRET) != "in", 5, "the form to be forbidden")
        assert by_web(world, "adal@alpha.lan", SECRET) == "in"
        assert by_web(world, "ALPHA\\AdaL", SECRET).startswith("401")


def a_second_factor_asks_for_app_passwords(world: World, dc: SambaDc, login: str) -> None:
    """Kept here for people of the domain, too: the code in the browser, app passwords in programs, until their date."""
    browser, programs, made = Browser(world), ("imap", "pop3", "smtp", "sieve", "jmap"), {}
    assert browser.log_in(login, SECRET)[0] == 200
    for name in ("phone", "old"):
        status, answer = browser.ask("POST", f"/users/{login}/app-passwords", {"name": name, "days": 1})
        assert status == 201, answer
        made[name] = answer["password"]
    status, begun = browser.ask("POST", f"/users/{login}/second-factors", {"kind": "totp", "name": "phone"})
    assert status == 201, begun
    confirmed = browser.ask("POST", f"/users/{login}/second-factors/{begun['id']}/confirm", {"code": code(begun["secret"], time.time() - 30)})
    assert confirmed[0] == 200, confirmed
    world.server.sql("chappe_directory", "UPDATE app_password SET expires_us = 1 WHERE name = 'old'")
    for name in programs:
        assert "app password" in WAYS[name](world, login, SECRET), name          # right, and not enough
        assert WAYS[name](world, login, made["phone"]) == "in", name
        assert EXPIRED[name] in WAYS[name](world, login, made["old"]), name
        assert WRONG[name] in WAYS[name](world, login, "wrong"), name
    said = [line for line in world.server.log().splitlines() if ".login.failed " in line and "reason=expired" in line]
    assert {line.split(".login.failed")[0].split()[-1] for line in said} >= {"imap", "pop3", "smtp", "managesieve"}, said
    second = Browser(world)
    status, answer = second.log_in(login, SECRET)
    assert status == 401 and answer["error"]["message"] == "A second factor is needed.", answer
    assert second.ask("POST", "/session/second-factor", {"code": code(begun["secret"])})[0] == 200
    dc.tool("user", "setpassword", "grace", "--newpassword=An0ther-secret")       # of the domain's, and no affair of the factor
    status, answer = Browser(world).log_in(login, SECRET)
    assert status == 401 and "second factor" not in answer["error"]["message"], answer
    status, answer = Browser(world).log_in(login, "An0ther-secret")
    assert status == 401 and answer["error"]["message"] == "A second factor is needed.", answer


def story_what_is_wrong_with_an_account_is_told_once_the_password_is_right(world: World) -> None:
    users = {"off": {"userAccountControl": ["514"]}, "over": {"accountExpires": ["116444736000000000"]}, "must": {"pwdLastSet": ["0"]},
             "hours": {"logonHours": [bytes(21)]}, "desk": {"userWorkstations": ["OTHER"]}}
    with SambaDc("ALPHA.LAN") as dc:
        alpha = domain(world, dc, "closed")
        for name, change in users.items():
            person(world, dc, alpha, name, name)
            dc.modify(f"CN={name},CN=Users", change)
        everywhere(world, f"off@{world.domain}", SECRET, CLOSED)
        assert "is disabled" in by_web(world, f"off@{world.domain}", SECRET)
        assert "has ended" in by_web(world, f"over@{world.domain}", SECRET)
        assert "at this hour" in by_web(world, f"hours@{world.domain}", SECRET)
        everywhere(world, f"must@{world.domain}", SECRET, EXPIRED)
        assert "have to choose a new password" in by_web(world, f"must@{world.domain}", SECRET)
        assert "from this place" in by_web(world, f"desk@{world.domain}", SECRET)
        for name in users:
            assert by_web(world, f"{name}@{world.domain}", "wrong").startswith("401"), name    # only who knows it learns
        said = [line for line in world.server.log().splitlines() if " auth.directory " in line]
        for reason, number in (("disabled", "533"), ("account-expired", "701"), ("wrong-hours", "530"), ("wrong-station", "531"), ("must-change", "773"),
                               ("wrong", "52e")):
            assert any(f"reason={reason} " in line and f"data {number}" in line for line in said), (reason, said)
        a_password_that_must_be_changed(world)
        ada = person(world, dc, alpha, "ada", "ada")
        dc.tool("domain", "passwordsettings", "set", "--min-pwd-age=0", "--min-pwd-length=8", "--account-lockout-threshold=2")
        the_own_password_is_changed_there(world, ada, "N3w-secret-word", "at least 8 characters")
        for _ in range(3):
            by_web(world, ada, "wrong" + str(_))
        assert "is locked" in by_web(world, ada, "N3w-secret-word")
        assert any("reason=locked " in line and "data 775" in line for line in world.server.log().splitlines() if " auth.directory " in line)


def story_a_password_that_has_expired(world: World) -> None:
    """Sub-code 532."""
    with SambaDc("ALPHA.LAN") as dc:
        alpha = domain(world, dc, "expired")
        old = person(world, dc, alpha, "old", "old")
        assert by_imap(world, old, SECRET) == "in"
        dc.tool("domain", "passwordsettings", "set", "--min-pwd-age=0", "--max-pwd-age=30")
        dc.age_password("CN=old,CN=Users", 31)
        everywhere(world, old, SECRET, EXPIRED)
        assert "has expired" in by_web(world, old, SECRET)
        assert by_web(world, old, "wrong").startswith("401")
        said = [line for line in world.server.log().splitlines() if " auth.directory " in line and "reason=password-expired " in line]
        assert said and "data 532" in said[-1], said
        # who has it sets a new one with the old one
        new = "An0ther-secret"
        assert Browser(world).ask("POST", "/session/expired-password", {"login": old, "password": SECRET, "new_password": new})[0] == 204
        everywhere(world, old, new, "in")


def a_password_that_must_be_changed(world: World) -> None:
    browser, login = Browser(world), f"must@{world.domain}"
    path, new = "/session/expired-password", "An0ther-secret"
    assert browser.ask("POST", path, {"login": login, "password": "wrong", "new_password": new})[0] == 401
    assert browser.ask("POST", path, {"login": login, "password": SECRET, "new_password": "short"})[0] == 400
    assert browser.ask("POST", path, {"login": login, "password": SECRET, "new_password": new})[0] == 204
    assert by_imap(world, login, new) == "in"
    assert browser.ask("POST", path, {"login": login, "password": new, "new_password": "Y3t-another-one"})[0] == 403


def story_two_companies_never_mix(world: World) -> None:
    """The same names, and other passwords; one domain controller is away, and the other's people notice nothing."""
    first = world.organisation
    alone(world)
    with SambaDc("ALPHA.LAN") as one, SambaDc("BETA.LAN") as other:
        alpha = domain(world, one, "left")
        ada = person(world, one, alpha, "ada", "ada")
        world.organisation = first
        beta = domain(world, other, "right", login_domain="ALPHA")               # claims the name of the first
        also = person(world, other, beta, "ada", "ada", userPrincipalName=["ada@left.example"])
        other.tool("user", "setpassword", "ada", "--newpassword=Beta-secret-1")
        assert by_web(world, ada, SECRET) == by_web(world, also, "Beta-secret-1") == "in"
        assert by_web(world, ada, "Beta-secret-1").startswith("401") and by_web(world, also, SECRET).startswith("401")
        assert by_web(world, "ALPHA\\ada", SECRET) == "in" and by_web(world, "ALPHA\\ada", "Beta-secret-1").startswith("401")
        world.server.sql("chappe_directory", f"UPDATE directory_entry SET principal = 'ada@left.example' WHERE source_id = {beta}")
        assert by_web(world, ada, SECRET) == "in"
        one.pause()
        everywhere(world, ada, SECRET, AWAY)
        everywhere(world, also, "Beta-secret-1", "in")
        one.go_on()
        world.server.wait_until(lambda: by_web(world, ada, SECRET) == "in", 20, "the domain controller to be asked again")
