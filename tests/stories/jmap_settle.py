"""A submission whose outcome nobody heard, because the web role died or the service did: it is settled by the queue and the trace."""
from __future__ import annotations

import http.client
import json

from kit.jmap import Jmap
from kit.world import PASSWORD, World
from lists_durable import died, die_at, order_of_death

PRIVATE = True
SETTINGS = {"plaintext_login": "loopback"}


def draft(jmap: Jmap, sender: str, to: str) -> str:
    created = jmap.call("Email/set", create={"m": {"mailboxIds": {jmap.mailbox("drafts"): True}, "from": [{"email": sender}],
                                                   "to": [{"email": to}], "subject": "once", "textBody": [{"partId": "1"}],
                                                   "bodyValues": {"1": {"value": "text"}}}})
    return created["created"]["m"]["id"]


def submit(jmap: Jmap, email: str, sender: str, to: str, **parameters: str) -> dict | None:
    """The answer; None where none came."""
    identity = jmap.call("Identity/get", ids=None)["list"][0]["id"]
    envelope = {"mailFrom": {"email": sender, "parameters": parameters or None}, "rcptTo": [{"email": to}]}
    body = json.dumps({"using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"],
                       "methodCalls": [["EmailSubmission/set", {"accountId": jmap.account, "create": {
                           "s": {"emailId": email, "identityId": identity, "envelope": envelope}}}, "0"]]}).encode()
    wire = http.client.HTTPConnection("127.0.0.1", jmap.server.port("http"), timeout=120)
    try:
        wire.request("POST", "/jmap/api", body, {**jmap.headers, "Content-Type": "application/json"})
        return json.loads(wire.getresponse().read())["methodResponses"][0][1]
    except (http.client.HTTPException, ConnectionError):
        return None


def submissions(world: World, login: str) -> list[dict]:
    return Jmap(world.server, login, PASSWORD).call("EmailSubmission/get", ids=None)["list"]


def open_rows(world: World) -> int:
    return int(world.server.sql("chappe_group_1", "SELECT count(*) FROM jmap_submission WHERE asked_us IS NOT NULL"))


def long_ago(world: World) -> None:
    """As if housekeeping had waited as long as it does."""
    world.server.sql("chappe_group_1", "UPDATE jmap_submission SET asked_us = asked_us - 600000000 WHERE asked_us IS NOT NULL")


def role_again(world: World, name: str, pid: int) -> None:
    """Started again, and it answers."""
    def is_back() -> bool:
        roles = json.loads(world.server.run("status", "--json", check=False))["roles"]
        return any(role["name"] == name and role["pid"] not in (0, pid) and role["answers"] for role in roles)

    world.server.wait_until(is_back, 60, f"{name} again")


def die_while_submitting(world: World, point: str, role: str, **parameters: str) -> tuple[str, str]:
    """Ada submits to Bob, and the role dies at the point; both. ("", ""): this build has no crash points."""
    order = order_of_death(world)
    ada, bob = world.user("ada"), world.user("bob")
    jmap = Jmap(world.server, ada, PASSWORD)
    email = draft(jmap, ada, bob)
    pid = world.server.role_pid(role)
    die_at(world, order, point)
    answer = submit(jmap, email, ada, bob, **parameters)
    if not died(order):
        return "", ""
    role_again(world, role, pid)
    if role == "web":
        assert answer is None, answer
    else:
        assert answer and answer["notCreated"]["s"]["type"] == "serverUnavailable", answer
    return ada, bob


def story_dead_before_the_message_was_handed_over(world: World) -> None:
    """Nothing was sent: the submission stays open for a while, and then is gone."""
    ada, bob = die_while_submitting(world, "jmap.before-submission", "web")
    if not ada:
        return
    world.server.wait_until(lambda: len(submissions(world, ada)) == 1, 60, "the row")
    assert open_rows(world) == 1
    long_ago(world)
    world.server.wait_until(lambda: open_rows(world) == 0, 60, "the row to be settled")
    assert submissions(world, ada) == [] and world.count(bob) == 0


def story_dead_before_the_answer_was_written_down(world: World) -> None:
    """It was filed: the submission is final, without waiting for anything."""
    ada, bob = die_while_submitting(world, "jmap.after-submission", "web")
    if not ada:
        return
    world.server.wait_until(lambda: open_rows(world) == 0, 60, "the row to be settled")
    assert [s["undoStatus"] for s in submissions(world, ada)] == ["final"] and world.count(bob) == 1


def story_dead_while_it_waits_in_the_queue(world: World) -> None:
    """It waits until tomorrow: the submission is pending, and can be taken back."""
    ada, bob = die_while_submitting(world, "jmap.after-submission", "web", HOLDFOR="86400")
    if not ada:
        return
    world.server.wait_until(lambda: open_rows(world) == 0, 60, "the row to be settled")
    jmap = Jmap(world.server, ada, PASSWORD)
    (one,) = submissions(world, ada)
    assert one["undoStatus"] == "pending", one
    assert jmap.call("EmailSubmission/set", update={one["id"]: {"undoStatus": "canceled"}})["updated"] == {one["id"]: None}
    assert world.count(bob) == 0


def story_the_service_died_behind_its_commit(world: World) -> None:
    """Web heard no answer, and says so; housekeeping finds the message."""
    ada, bob = die_while_submitting(world, "deliver.after-commit", "smtp")
    if not ada:
        return
    world.server.wait_until(lambda: open_rows(world) == 0, 60, "the row to be settled")
    assert [s["undoStatus"] for s in submissions(world, ada)] == ["final"] and world.count(bob) == 1


def story_the_service_died_before_its_commit(world: World) -> None:
    ada, bob = die_while_submitting(world, "deliver.before-commit", "smtp")
    if not ada:
        return
    assert open_rows(world) == 1
    long_ago(world)
    world.server.wait_until(lambda: open_rows(world) == 0, 60, "the row to be settled")
    assert submissions(world, ada) == [] and world.count(bob) == 0
