"""Operations of the admin API that need some preparation, each answered once, so that the document is compared with the answer."""
from __future__ import annotations

import time
from urllib.parse import quote

from kit.authenticator import code
from kit.browser import Browser, logged_in
from kit.instance import Failure
from kit.world import PASSWORD, World


def wanted(browser: Browser, status: int, method: str, path: str, body: object = None) -> dict:
    """The answer, of this status."""
    got, answer = browser.ask(method, path, body)
    assert got == status, (method, path, got, answer)
    return answer


def second_factors(world: World) -> None:
    login = world.user("factor")
    path = f"/users/{login}/second-factors"
    browser = logged_in(world, login)
    begun = wanted(browser, 201, "POST", path, {"kind": "totp", "name": "phone"})
    now = time.time()
    wanted(browser, 200, "POST", f"{path}/{begun['id']}/confirm", {"code": code(begun["secret"], now - 30)})
    wanted(browser, 201, "POST", f"/users/{login}/recovery-codes")
    wanted(browser, 200, "POST", "/session/challenge")
    wanted(browser, 200, "POST", "/session/second-factor", {"code": code(begun["secret"], now)})
    key = wanted(browser, 201, "POST", path, {"kind": "webauthn", "name": "key"})
    assert len(wanted(browser, 200, "GET", path)["second_factors"]) == 2
    wanted(browser, 204, "DELETE", f"{path}/{key['id']}")
    wanted(browser, 204, "DELETE", path)
    rules = f"/organisations/{quote(world.organisation)}/second-factor"
    world.server.api("PUT", rules, {"required": ["administrators"]})
    assert world.server.api("GET", rules) == {"required": ["administrators"]}
    world.server.api("PUT", rules, {"required": []})


def own_password(world: World) -> None:
    login, new = world.user("own-password"), "another-horse-8"
    browser = logged_in(world, login)
    asked = wanted(browser, 200, "GET", "/session/password")
    assert asked["kept_in"] == "chappe" and asked["policy"] == "It has at least 8 characters.", asked
    own = f"/users/{login}/password/own"
    wanted(browser, 400, "PUT", own, {"current": "not-this-one", "password": new})
    wanted(browser, 400, "PUT", own, {"current": PASSWORD, "password": "short"})
    wanted(browser, 204, "PUT", own, {"current": PASSWORD, "password": new})
    assert Browser(world).log_in(login, new)[0] == 200
    wanted(browser, 403, "POST", "/session/expired-password", {"login": login, "password": new, "new_password": PASSWORD})
    wanted(browser, 401, "POST", "/session/expired-password", {"login": login, "password": PASSWORD, "new_password": new})


def identity_providers(world: World) -> None:
    api, organisation = world.server.api, f"?organisation={quote(world.organisation)}"
    path = "/identity-providers/Login"
    api("POST", "/identity-providers", {"name": "Login", "organisation": world.organisation, "issuer": "https://127.0.0.1:1",
                                        "client": "chappe", "secret": "one", "domain": world.domain})
    api("GET", "/identity-providers" + organisation)
    api("PATCH", path + organisation, {"mail": False})
    assert api("GET", path + organisation)["has_secret"]
    tested = api("POST", path + "/test" + organisation)
    assert not tested["passed"] and len(tested["steps"]) == 1, tested
    known = wanted(Browser(world), 200, "GET", f"/session/providers?login=x@{world.domain}")
    assert [one["name"] for one in known["providers"]] == ["Login"]
    api("DELETE", path + organisation)


def roles(world: World) -> None:
    api, holder = world.server.api, world.user("holder")
    role = api("POST", "/roles", {"name": f"Reception {world.number}", "organisation": world.organisation,
                                  "permissions": ["recipient.read"], "meaning": "Sees people."})
    api("PATCH", f"/roles/{role['id']}", {"permissions": ["recipient.read", "session.write"]})
    assert any(one.get("id") == role["id"] for one in api("GET", f"/roles?organisation={quote(world.organisation)}")["roles"])
    grant = api("POST", "/grants", {"holder": holder, "role": f"Reception {world.number}", "scope": "domain", "object": world.domain})
    assert api("GET", f"/rights/{holder}/explain?permission=recipient.read&on={world.domain}")["allowed"]
    assert not api("GET", f"/rights/{holder}/explain?permission=domain.write&on={world.domain}")["allowed"]
    api("DELETE", f"/grants/{grant['id']}")
    api("DELETE", f"/roles/{role['id']}")


def waiting_changes(world: World) -> None:
    asking, deciding, other = (world.user(name) for name in ("asking", "deciding", "other"))
    for login, needs in ((asking, True), (deciding, False)):
        world.server.api("POST", "/grants", {"holder": login, "role": "recipient-administrator", "scope": "domain",
                                             "object": world.domain, "approval": needs})
    first, second = logged_in(world, asking), logged_in(world, deciding)
    changes = [wanted(first, 202, "PATCH", f"/users/{other}", {"name": f"Name {turn}"})["change"] for turn in range(3)]
    assert len(wanted(second, 200, "GET", "/changes?state=waiting")["changes"]) == 3
    wanted(second, 200, "GET", f"/changes/{changes[0]['id']}")
    assert wanted(second, 200, "POST", f"/changes/{changes[0]['id']}/approve", {"note": "as agreed"})["state"] == "done"
    wanted(second, 200, "POST", f"/changes/{changes[1]['id']}/reject", {"note": "no"})
    wanted(first, 204, "DELETE", f"/changes/{changes[2]['id']}")
    wanted(second, 200, "GET", "/changes")


def audit(world: World) -> None:
    api = world.server.api
    api("GET", f"/users/{world.user('owner')}/activity")
    api("GET", f"/audit/export?organisation={quote(world.organisation)}")
    verdict = api("GET", "/audit/verify")
    api("GET", f"/audit/verify?sequence={verdict['sealed']}&hash={verdict['head']}")


def stores(world: World, group: str) -> None:
    api, name = world.server.api, f"Store {world.number}"
    path = "/stores/" + quote(name)
    api("POST", "/stores", {"name": name, "storage_group": group, "warn_at": 1 << 20, "no_receive_at": 2 << 20})
    api("GET", path)
    api("PATCH", path, {"deleted_item_days": 3, "organisation": world.organisation})
    api("POST", path + "/dismount")
    assert api("GET", path)["state"] == "dismounted"
    api("POST", path + "/mount")
    api("DELETE", path + f"?storage_group={quote(group)}")


def empty_storage_group(world: World) -> None:
    """Added and forgotten again; the stores that it was made with go first."""
    api, name = world.server.api, f"Short-lived {world.number}"
    path = "/storage-groups/" + quote(name)
    api("POST", "/storage-groups", {"name": name})
    for store in api("GET", path)["stores"]:
        api("DELETE", f"/stores/{quote(store)}?storage_group={quote(name)}")
    api("DELETE", path)


def moves(world: World, group: str, elsewhere: str) -> None:
    """Within a storage group at once, into another behind."""
    api, login, store = world.server.api, world.user("mover", "--storage-group", group), f"Near {world.number}"
    world.wait_for_mail(login)
    path = f"/mailboxes/{login}/move"
    api("POST", "/stores", {"name": store, "storage_group": group})
    api("POST", path, {"store": store, "storage_group": group})
    api("POST", "/moves", {"addresses": [login], "storage_group": elsewhere})
    api("GET", path)
    api("GET", "/moves?all=1")


def a_move_given_up(world: World, group: str, elsewhere: str) -> None:
    """It waits for its storage group, which is closed, until it is given up."""
    api, login = world.server.api, world.user("stayer", "--storage-group", group)
    world.wait_for_mail(login)
    path = f"/mailboxes/{login}/move"
    api("POST", f"/storage-groups/{quote(elsewhere)}/dismount")
    try:
        api("POST", path, {"storage_group": elsewhere})
        api("DELETE", path)
    finally:
        api("POST", f"/storage-groups/{quote(elsewhere)}/mount")


def what_was_deleted(world: World) -> None:
    api, login = world.server.api, world.user("leaver")
    world.wait_for_mail(login)
    imap = world.imap(login)
    imap.select()
    imap.store("1", "+FLAGS", "(\\Deleted)")
    imap.expunge()
    imap.logout()
    messages = api("GET", f"/mailboxes/{login}/recoverable?folder=INBOX")["messages"]
    assert api("POST", f"/mailboxes/{login}/recoverable/restore", {"ids": [messages[0]["id"]]}) == {"recovered": 1}
    api("DELETE", f"/users/{login}")
    listed = api("GET", f"/deleted-mailboxes?organisation={quote(world.organisation)}")["mailboxes"]
    assert login in [one["address"] for one in listed], listed
    heir = f"heir@{world.domain}"
    api("POST", f"/deleted-mailboxes/{login}/reconnect", {"to": heir, "name": "Heir", "password": PASSWORD})
    api("DELETE", f"/users/{heir}")
    api("DELETE", f"/deleted-mailboxes/{heir}")


def policies(world: World) -> None:
    api, org, query = world.server.api, world.organisation, f"?organisation={quote(world.organisation)}"
    whom = f"(&(kind=user)(domain={world.domain}))"
    api("POST", "/address-lists", {"name": "Everybody", "organisation": org, "query": whom})
    api("PATCH", f"/address-lists/Everybody{query}", {"name": "People"})
    assert api("GET", f"/address-lists/People{query}")["members"]
    api("GET", f"/address-lists{query}")
    api("GET", f"/address-book/export{query}&list=People&format=csv")
    api("DELETE", f"/address-lists/People{query}")
    api("POST", "/recipient-policies", {"name": "Names", "organisation": org, "query": whom, "addresses": [f"%m.policy@{world.domain}"]})
    api("PATCH", f"/recipient-policies/Names{query}", {"name": "Of names"})
    assert api("GET", f"/recipient-policies/Of%20names{query}")["added"]
    api("GET", f"/recipient-policies{query}")
    assert api("POST", f"/recipient-policies/Of%20names/apply{query}")["added"]
    api("PATCH", f"/recipient-policies/Of%20names{query}", {"max_send": 1 << 20, "quota": 1 << 30, "retention": ["Junk=30:delete"]})
    assert api("GET", f"/recipient-policies/Of%20names/retention{query}")["retained"] == []
    assert api("POST", f"/recipient-policies/Of%20names/retention{query}")["messages"] == 0
    api("DELETE", f"/recipient-policies/Of%20names{query}")


def directories(world: World) -> None:
    """With a server that is not there: what can be asked without one. The rest is in stories of its own."""
    api, name, query = world.server.api, f"dir{world.number}", f"?organisation={quote(world.organisation)}"
    path = f"/directories/{name}"
    new = {"name": name, "organisation": world.organisation, "type": "ldap", "urls": ["ldap://127.0.0.1:1"], "tls": "none",
           "base": "dc=example", "bind_dn": "cn=reader", "bind_password": "secret"}
    assert api("POST", "/directories", new)["bind_password"] is True
    assert [row["type"] for row in api("GET", f"/directories{query}")["directories"]] == ["internal", "ldap"]
    api("PATCH", path + query, {"interval_s": 600, "enabled": True})
    api("GET", path + query)
    assert not api("POST", f"{path}/test{query}", {})["good"]
    assert not api("POST", "/directories/probe", new)["good"]
    api("GET", f"{path}/status{query}")
    assert api("GET", f"{path}/conflicts{query}")["conflicts"] == []
    assert api("GET", f"{path}/entries{query}&text=ada")["entries"] == []
    run = api("POST", f"{path}/runs{query}", {"kind": "full"})
    world.server.wait_until(lambda: api("GET", f"{path}/runs/{run['id']}{query}")["state"] == "failed", 20, "the run to fail")
    assert api("GET", f"{path}/runs{query}")["runs"]
    assert api("GET", f"{path}/writing{query}")["refusals"] == 0
    trial = {"write_back": ["mail"], "write_dn": "cn=writer", "write_password": "secret"}
    assert not api("POST", f"{path}/writing/preview{query}", trial)["good"]
    again = api("POST", f"{path}/writing/again{query}")
    world.server.wait_until(lambda: api("GET", f"{path}/runs/{again['id']}{query}")["state"] == "failed", 20, "that run to fail")
    for act, body in (("choose", {"entry": "ada", "mailbox": True}), ("link", {"entry": "ada", "address": f"ada@{world.domain}"})):
        try:
            api("POST", f"{path}/{act}{query}", body)
        except Failure as refused:
            assert "404" in str(refused) or "no such" in str(refused), refused
    api("DELETE", path + query)
