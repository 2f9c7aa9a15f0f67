"""What Chappe writes into a company directory: where it is told to, as an account of its own, and never over what it does not own."""
from __future__ import annotations

import json
import os
import sys


from kit.directory_source import directory, end, live, look, sync, until, user
from kit.instance import Failure
from kit.samba_dc import SambaDc
from kit.slapd import Slapd
from kit.world import World

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from directory_openldap import PIXEL, add  # noqa: E402

PACKAGES = ["slapd", "samba", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules", "krb5-user", "python3-ldap", "python3-cryptography"]


def there(slapd: Slapd | SambaDc, dn: str, attribute: str) -> list[bytes]:
    return slapd.read(dn, attribute).get(attribute, [])


def story_openldap_gets_what_it_lacks_and_keeps_what_it_has(world: World) -> None:
    at, ada = f"@{world.domain}", "uid=ada,ou=people"
    with Slapd() as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        slapd.add("uid=writer", {"objectClass": ["account", "simpleSecurityObject"], "userPassword": ["write-secret"]})
        slapd.person("ada", audio=[PIXEL], employeeType=["ada"])
        slapd.person("bob", f"bob@elsewhere.example", audio=[PIXEL], employeeType=["bob"], jpegPhoto=[PIXEL + b"own"])
        for uid in ("ada", "bob"):
            assert there(slapd, f"uid={uid},ou=people", "mail") == ([] if uid == "ada" else [b"bob@elsewhere.example"])
        # addresses are made from another attribute: what the directory says itself does not come from us
        name = add(world, slapd, "--map", f"mail={{employeeType}}{at},photo={{audio}}", "--interval", "86400")
        live(world, name)
        assert user(world, f"ada{at}") and there(slapd, ada, "mail") == [], "off by default"
        run = world.server.run
        try:
            run("directory", "set", name, "--write-back", "mail,photo")
        except Failure as refused:
            assert "account of its own" in str(refused), refused
        else:
            raise Failure("an account is needed")
        # before anything is set: what it would be, as whom
        sound = ("--write-back", "mail,photo", "--write-dn", slapd.admin, "--write-password-file", "-")
        would = json.loads(run("directory", "write-preview", name, *sound, "--json", stdin="secret\n"))
        assert would["good"] and would["all"] and would["looked"] == 2, would
        assert [(one["what"], one["name"], one["detail"]) for one in would["changes"]] == [("write", slapd.dn(ada), f"mail: ada{at}; photo")], would
        would = json.loads(run("directory", "write-preview", name, *sound, "--json", stdin="wrong\n"))
        assert not would["good"] and "password" in would["remedy"] and would["changes"] == [], would
        assert there(slapd, ada, "mail") == [] and look(world, "directory", "writing", name)["write_back"] == [], "nothing was written or kept"
        # an account that may not: told, and nothing else suffers
        run("directory", "set", name, "--write-back", "mail,photo", "--write-dn", slapd.dn("uid=writer"), "--write-password-file", "-", stdin="write-secret\n")
        shown = look(world, "directory", "show", name)
        assert shown["write_password"] is True and shown["write_back"] == ["mail", "photo"], shown
        sync(world, name, "--full")
        runs = look(world, "directory", "runs", name)["runs"]
        assert there(slapd, ada, "mail") == [] and runs[0]["state"] == "done", runs[0]
        until(lambda: look(world, "directory", "writing", name)["due"] == 0, 30, "what was due to be tried")
        told = look(world, "directory", "writing", name)
        assert told["refusals"] == 1 and told["fault"] == "" and told.get("written") is None and told["entries"] == told["due"] == 0, told
        refused = told["refused"][0]
        assert refused["dn"] == slapd.dn(ada) and "Give the account that writes the right" in refused["remedy"], refused
        assert "(50)" in refused["cause"] and refused["detail"] == f"mail: ada{at}; photo", refused
        run("directory", "write-again", name)
        until(lambda: len(look(world, "directory", "runs", name)["runs"]) > len(runs) and look(world, "directory", "writing", name)["due"] == 0, 30, "another try")
        until(lambda: look(world, "directory", "runs", name)["runs"][0]["state"] == "done", 30, "its end")
        again = look(world, "directory", "writing", name)
        assert again["refusals"] == 1 and again["refused"][0]["since"] == refused["since"], again
        # a wrong password of it, too
        run("directory", "set", name, "--write-dn", slapd.admin, "--write-password-file", "-", stdin="wrong\n")
        done = sync(world, name, "--full")
        assert done["state"] == "done" and "could be written back" in done["message"], done
        assert there(slapd, ada, "mail") == []
        told = look(world, "directory", "writing", name)
        assert "refuses the account that writes" in told["fault"] and "password" in told["remedy"] and told["due"] == 2, told
        run("directory", "set", name, "--write-password-file", "-", stdin="secret\n")
        until(lambda: there(slapd, ada, "mail") == [f"ada{at}".encode()] and there(slapd, ada, "jpegPhoto") == [PIXEL], 30, "ada's entry")
        assert there(slapd, "uid=bob,ou=people", "mail") == [b"bob@elsewhere.example"] and there(slapd, "uid=bob,ou=people", "jpegPhoto") == [PIXEL + b"own"]
        until(lambda: look(world, "directory", "writing", name)["entries"] == 1, 30, "the record of it")
        told = look(world, "directory", "writing", name)
        assert told["fault"] == "" and told["refusals"] == 0 and told["written"], told
        # the preview shows what would be written, and writes nothing
        slapd.person("cy", employeeType=["cy"])
        until(lambda: there(slapd, "uid=cy,ou=people", "mail") == [f"cy{at}".encode()], 30, "cy's entry")
        # ours and unchanged: follows; what somebody changed meanwhile is his
        slapd.modify(ada, {"employeeType": ["countess"]})
        until(lambda: there(slapd, ada, "mail") == [f"countess{at}".encode()], 30, "ada's new address")
        slapd.modify("uid=cy,ou=people", {"mail": ["cy@private.example"], "employeeType": ["cyrus"]})
        until(lambda: user(world, f"cyrus{at}"), 30, "cy's new address here")
        sync(world, name, "--full")
        assert there(slapd, "uid=cy,ou=people", "mail") == [b"cy@private.example"]
        # gone there what was ours: a photo that is none any more
        slapd.modify(ada, {"audio": []})
        until(lambda: there(slapd, ada, "jpegPhoto") == [], 30, "the photo to go")
        assert there(slapd, "uid=bob,ou=people", "jpegPhoto") == [PIXEL + b"own"]
        run("directory", "set", name, "--write-back", "")
        slapd.modify(ada, {"employeeType": ["lady"]})
        until(lambda: user(world, f"lady{at}"), 30, "another address here")
        assert there(slapd, ada, "mail") == [f"countess{at}".encode()], "switched off"
        end(world, name)


def story_active_directory_gets_addresses(world: World) -> None:
    at = f"@{world.domain}"
    with SambaDc() as dc:
        dc.user("ada", "Al1ce!pass")
        dc.user("bob", "Al1ce!pass", proxyAddresses=["X400:c=FR;a= ;p=x", "smtp:old@elsewhere.example"])
        dc.user("writer", "Wr1te!pass")
        name = directory(world)
        world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ad", "--url", dc.url, "--base", dc.base, "--bind-dn",
                         dc.admin, "--bind-password-file", "-", "--trusted-file", dc.ca, "--interval", "86400", "--mailboxes", "filter",
                         "--mailbox-filter", "(|(sAMAccountName=ada)(sAMAccountName=bob))", "--map",
                         f"mail={{sAMAccountName}}{at}", stdin=dc.password + "\n")
        until(lambda: look(world, "directory", "status", name)["full"], 60, "the first run")
        world.server.run("directory", "set", name, "--write-back", "mail,aliases", "--write-dn", f"writer@{dc.domain}", "--write-password-file", "-",
                         stdin="Wr1te!pass\n")
        until(lambda: any(one["kind"] == "full" and one["state"] == "done" for one in look(world, "directory", "runs", name)["runs"]), 30)
        done = sync(world, name, "--full")
        assert there(dc, "CN=ada,CN=Users", "mail") == [] and done["state"] == "done", done
        world.server.run("directory", "set", name, "--write-dn", dc.admin, "--write-password-file", "-", stdin=dc.password + "\n")
        preview = look(world, "directory", "preview", name)
        writes = {one["name"]: one["detail"] for one in preview["changes"] if one["what"] == "write"}
        if writes:                                              # the run that the change itself asked for may have come first
            assert f"mail: ada{at}" in writes[dc.dn("CN=ada,CN=Users")], writes
        sync(world, name, "--full")
        until(lambda: there(dc, "CN=ada,CN=Users", "mail") == [f"ada{at}".encode()], 30, "ada's address")
        assert there(dc, "CN=ada,CN=Users", "proxyAddresses") == [f"SMTP:ada{at}".encode()]
        bob = {value.decode() for value in there(dc, "CN=bob,CN=Users", "proxyAddresses")}
        assert bob == {"X400:c=FR;a= ;p=x", "smtp:old@elsewhere.example", f"SMTP:bob{at}"}, bob
        end(world, name)
