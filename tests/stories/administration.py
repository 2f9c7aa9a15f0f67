"""What an administrator does with the command, and what a script may rely on."""
from __future__ import annotations

import json
import os
import subprocess

from kit.browser import logged_in
from kit.instance import ROOT, Failure
from kit.world import PASSWORD, World


def exit_of(world: World, *words: str, stdin: str = "") -> tuple[int, str]:
    """Exit status and both outputs."""
    done = subprocess.run([world.server.binary, "--data", world.server.data, *words], input=stdin, text=True,
                          capture_output=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def story_every_object_is_added_listed_shown_changed_and_removed(world: World) -> None:
    run = world.server.run
    ada = world.user("ada", "--quota", "2M")
    assert json.loads(run("user", "show", ada, "--json"))["quota"] == 2 << 20
    run("user", "set", ada, "--quota", "3M", "--name", "Ada King")
    shown = json.loads(run("user", "show", ada, "--json"))
    assert (shown["quota"], shown["name"], shown["used"]) == (3 << 20, "Ada King", 0)
    run("alias", "add", f"info@{world.domain}", ada)
    assert json.loads(run("alias", "show", f"info@{world.domain}", "--json"))["target"] == [ada]
    bob = world.user("bob")
    run("alias", "set", f"info@{world.domain}", "--to", bob)
    assert json.loads(run("alias", "list", "--org", world.organisation, "--json"))["aliases"][0]["target"] == [bob]
    run("admin-group", "add", "Paris", "--org", world.organisation)
    run("admin-group", "set", "Paris", "--org", world.organisation, "--name", "Lyon")
    names = [g["name"] for g in json.loads(run("admin-group", "list", "--org", world.organisation, "--json"))["admin_groups"]]
    assert "Lyon" in names and "Paris" not in names
    run("admin-group", "remove", "Lyon", "--org", world.organisation)
    run("domain", "set", world.domain, "--quota", "1G")
    assert json.loads(run("domain", "show", world.domain, "--json"))["quota"] == 1 << 30
    run("org", "set", world.organisation, "--quota", "2G")
    assert exit_of(world, "org", "remove", world.organisation)[0] == 4       # not while domains are left
    assert exit_of(world, "domain", "remove", world.domain)[0] == 4
    run("alias", "remove", f"info@{world.domain}")
    for address in (ada, bob):
        run("user", "remove", address)
    run("domain", "remove", world.domain)
    run("org", "remove", world.organisation)
    assert exit_of(world, "org", "show", world.organisation)[0] == 3


def story_exit_status_tells_what_kind_of_failure(world: World) -> None:
    ada = world.user("ada")
    assert exit_of(world, "user", "show", "nobody@" + world.domain)[0] == 3
    assert exit_of(world, "user", "add", ada, "--name", "Again")[0] == 4
    assert exit_of(world, "user", "add", "x@" + world.domain)[0] == 2              # --name is needed
    assert exit_of(world, "user", "add", "x@" + world.domain, "--nmae", "X")[0] == 2
    assert exit_of(world, "frobnicate")[0] == 2
    code, text = exit_of(world, "org", "frobnicate")
    assert code == 2 and "add, list, show" in text, text
    code, text = exit_of(world, "--json", "user", "show", "nobody@" + world.domain)
    assert code == 3 and json.loads(text)["error"]["kind"] == "not-found"
    code, text = exit_of(world, "user", "add", "x@" + world.domain, "--name", "X", "--password-file", "-", stdin="short\n")
    assert code == 2 and "8" in text, text


def story_thousands_of_users_from_a_spreadsheet(world: World) -> None:
    count = 100
    rows = ["\ufeffaddress,name,password,quota"]
    rows += [f'u{n}@{world.domain},"Person, number {n}",{PASSWORD},{n + 1}M' for n in range(count)]
    rows += [f"u0@{world.domain},Twice,{PASSWORD},", f"bad@{world.domain},Short,123,"]
    # what is wrong with a line stops no other one
    rows[50:50] = [f"x@elsewhere.example,Foreign,{PASSWORD},", f"y@{world.domain},Large,{PASSWORD},lots", f"nobody,No address,{PASSWORD},"]
    code, text = exit_of(world, "user", "import", "-", stdin="\r\n".join(rows) + "\r\n")
    assert code == 1 and f"{count} added, 5 not" in text, text
    for line, reason in ((51, "no such domain"), (52, "lots is not a size"), (53, "no address")):
        assert f"line {line}: " in text and reason in text, (line, text)
    users = json.loads(world.server.run("user", "list", "--org", world.organisation, "--json"))["users"]
    assert len(users) == count
    assert {"Person, number 7"} == {u["name"] for u in users if u["address"] == f"u7@{world.domain}"}
    world.send(f"u{count - 1}@{world.domain}")
    assert world.count(f"u{count - 1}@{world.domain}") == 1


def story_passwords_change_and_programs_get_their_own(world: World) -> None:
    ada = world.user("ada")
    world.server.run("user", "passwd", ada, "--password-file", "-", stdin="another-horse-8\n")
    world.imap(ada, "another-horse-8").logout()
    made = json.loads(world.server.run("app-password", "add", ada, "--name", "phone", "--json"))
    world.imap(ada, made["password"]).logout()
    assert made["password"] not in world.server.run("app-password", "list", ada, "--json")
    world.server.run("app-password", "remove", ada, "phone")
    for password in (PASSWORD, made["password"]):
        try:
            world.imap(ada, password)
        except Exception as problem:  # imaplib has one error for all
            assert "AUTHENTICATIONFAILED" in str(problem), problem
        else:
            raise Failure("an old password still opens the mailbox")


def story_every_act_is_in_the_audit(world: World) -> None:
    ada = world.user("ada")
    entries = world.server.api("GET", f"/audit?organisation={world.organisation.replace(' ', '%20')}")["entries"]
    acts = {(entry["action"], entry["object"]) for entry in entries}
    assert any(action == "user.add" and ada in name for action, name in acts), acts
    assert all(entry["actor"].startswith("local:") for entry in entries)


def story_unknown_fields_and_paths_are_refused(world: World) -> None:
    for method, path, body, status in (
            ("POST", "/organisations", {"name": "X", "colour": "red"}, "400"),
            ("POST", "/organisations", {"name": 7}, "400"),
            ("POST", "/organisations", {}, "400"),
            ("GET", "/nothing", None, "404"),
            ("DELETE", "/organisations", None, "404"),
            ("GET", "/users/../organisations", None, "400")):
        try:
            world.server.api(method, path, body)
        except Failure as failure:
            assert f": {status} " in str(failure), failure
        else:
            raise Failure(f"{method} {path} was taken")


def story_what_is_not_there_is_refused_to_who_is_logged_in(world: World) -> None:
    ada = world.user("ada")
    world.server.run("grant", "add", ada, "full-administrator", "--scope", "organisation", "--on", world.organisation)
    browser = logged_in(world, ada)
    for method, path in (("GET", "/nothing"), ("DELETE", "/organisations"), ("GET", "/users/x/y/z"), ("POST", "/session/nothing")):
        status, answer = browser.ask(method, path)
        assert status == 404 and answer["detail"] == "There is nothing here.", (method, path, answer)
    assert browser.ask("GET", "/session")[0] == 200


def story_check_names_the_remedy(world: World) -> None:
    code, text = exit_of(world, "check", "--json")
    lines = {line["what"]: line for line in json.loads(text)}
    assert lines["data directory"]["is_good"] and lines["directory database"]["is_good"]
    dns = lines[f"DNS of {world.domain}"]
    assert code == 1 and not dns["is_good"] and "IN MX 10 mail.example.test." in dns["remedy"]


def story_verify_is_clean_after_a_life(world: World) -> None:
    ada = world.user("ada")
    for _ in range(5):
        world.send(ada)
    imap = world.imap(ada)
    imap.select("INBOX")
    imap.copy("1:3", "Archive")
    imap.store("2:4", "+FLAGS", "\\Deleted")
    imap.expunge()
    imap.logout()
    found = json.loads(world.server.run("verify", "--user", ada, "--json"))
    assert found["found"] == 0, found


def story_help_manual_and_completion_know_every_command(world: World) -> None:
    text = world.server.run("help")
    assert world.server.run("user", "add", "--help") == world.server.run("help", "user", "add")
    assert world.server.run("status", "--help") == world.server.run("help", "status")
    for words in ("user import", "mailbox export", "app-password add", "storage-group dismount"):
        assert words in text
        assert words.split()[1] in world.server.run("print", "bash-completion")
        assert words in world.server.run("print", "man")
    assert "plaintext_login" in world.server.run("print", "man-conf")
    script = world.write("completion", world.server.run("print", "bash-completion"))
    shown = world.run("bash", "-c", f"source {script}; COMP_WORDS=(chappe user ''); COMP_CWORD=2; _chappe; "
                                    "echo ${COMPREPLY[@]}")
    assert "passwd" in shown and "import" in shown
    guide = os.path.join(ROOT, "docs", "admin-api.md")
    with open(guide, encoding="utf-8") as file:
        written = file.read()
    for row in world.server.run("print", "api").splitlines():
        assert row in written, f"docs/admin-api.md lacks {row}; see chappe print api"
