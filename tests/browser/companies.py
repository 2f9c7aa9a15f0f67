"""Two companies for the browser tests: one whose people are in a real Samba domain, and one with an OpenLDAP server that nobody has added yet.

Names in both are attacks. Who must change his password, whose account is disabled, an address that somebody here
has already: all is there before the first page opens.
"""
from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from contextlib import ExitStack

import scene
from kit.instance import Instance
from kit.samba_dc import SambaDc
from kit.slapd import Slapd

SETTINGS = {"kerberos_realms": "ALPHA.LAN=alpha.example"}
SECRET = "Geh3imes-Wort"
HOST, OTHER_HOST = "mail.alpha.lan", "mail.beta.lan"
CORP = "Company <b>AD"
DEAD = "ldap://127.0.0.1:1"
PEOPLE_MANY = 30


def hosts(server: Instance) -> None:
    for organisation, domain in (("Example", "example.org"), ("Corp", "alpha.example"), ("People", "people.example")):
        server.run("org", "add", organisation)
        server.run("domain", "add", domain, "--org", organisation)
    server.api("POST", "/users", {"address": "ada@example.org", "name": "Ada Lovelace", "password": scene.PASSWORD})
    server.run("grant", "add", "ada@example.org", "full-administrator", "--scope", "installation")
    server.api("POST", "/users", {"address": "taken@people.example", "name": "Made here"})


def domain(server: Instance, dc: SambaDc) -> None:
    """People of the Samba domain, read by a source of two servers, the cheaper of which is dead."""
    dc.tool("domain", "passwordsettings", "set", "--min-pwd-age=0", "--min-pwd-length=9", "--history-length=5", "--max-pwd-age=90")
    for name in ("alice", "tina", "paul", "kim", "must", "later", "off"):
        dc.user(name, SECRET, f"{name}@alpha.example")
    for number, attack in enumerate(scene.HOSTILE[:6]):
        dc.user(f"h{number}", SECRET, f"h{number}@alpha.example", displayName=[attack], department=[attack])
    for name in ("must", "later"):
        dc.modify(f"CN={name},CN=Users", {"pwdLastSet": ["0"]})
    dc.modify("CN=off,CN=Users", {"userAccountControl": ["514"]})
    with open(dc.ca, encoding="ascii") as ca:
        server.api("POST", "/directories", {
            "name": CORP, "organisation": "Corp", "type": "ad", "urls": [f"{DEAD}=1", f"{dc.tls_url}=20"], "tls": "starttls", "trusted": ca.read(),
            "base": dc.base, "bind_dn": dc.admin, "bind_password": dc.password, "login_domain": dc.workgroup, "login_cache_s": 0,
            "user_filter": "(&(objectCategory=person)(mail=*))"})
    server.wait_until(lambda: any(user["address"] == "alice@alpha.example" for user in server.api("GET", "/users?domain=alpha.example")["users"]), 120,
                      "the first run")


def keys(server: Instance, *services: tuple[SambaDc, str]) -> None:
    """For the web's service under the names in its realms: their tickets are read."""
    installed = os.path.join(server.data, "secrets", "HTTP.keytab")
    read = "".join(f"rkt {dc.keytab('svc-web', f'HTTP/{host}')}\n" for dc, host in services)
    subprocess.run(["ktutil"], input=f"{read}wkt {installed}\nquit\n", text=True, capture_output=True, check=True)
    if server.user:
        account = pwd.getpwnam(server.user)
        os.chown(installed, account.pw_uid, account.pw_gid)
    os.chmod(installed, 0o400)


def ticket(dc: SambaDc, name: str) -> str:
    """Whose session in the domain it is: the cache with his ticket."""
    cache = f"FILE:{dc.folder}/ticket-{name}"
    subprocess.run(["kinit", "-c", cache, f"{name}@{dc.realm}"], input=SECRET + "\n", text=True, capture_output=True, check=True,
                   env={**os.environ, "KRB5_CONFIG": dc.krb5_conf})
    return cache


def tickets(server: Instance, dc: SambaDc, other: SambaDc) -> dict[str, str]:
    """Tina has a mailbox and a role here, stray is of the domain and nobody here, and the other domain is not among those whose people come in."""
    dc.user("stray", SECRET)
    other.user("tina", SECRET)
    server.run("grant", "add", "tina@alpha.example", "help-desk", "--scope", "domain", "--on", "alpha.example")
    return {"HOST": HOST, "KRB5_HOME": dc.krb5_conf, "TICKET_TINA": ticket(dc, "tina"), "TICKET_STRAY": ticket(dc, "stray"),
            "OTHER_HOST": OTHER_HOST, "KRB5_OTHER": other.krb5_conf, "TICKET_OTHER": ticket(other, "tina")}


def people(slapd: Slapd) -> None:
    slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
    for number in range(PEOPLE_MANY):
        slapd.person(f"p{number:02d}", f"p{number:02d}@people.example", SECRET, displayName=[f"Person {number:02d}"], ou=["Sales"])
    for number, attack in enumerate(scene.HOSTILE):
        slapd.person(f"a{number}", f"a{number}@people.example", displayName=[attack], title=[attack], jpegPhoto=[b"\xff\xfe no picture"])
    slapd.person("taken", "taken@people.example", displayName=[scene.HOSTILE[0]])


def letters(server: Instance, stack: ExitStack) -> dict[str, str]:
    """A directory that does not know the addresses of its people, with an account that may not write and one that may."""
    slapd = stack.enter_context(Slapd("dc=letters,dc=test"))
    slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
    slapd.add("uid=reader", {"objectClass": ["account", "simpleSecurityObject"], "userPassword": [SECRET]})
    for uid, name in (("anna", "Anna"), ("ben", scene.HOSTILE[0])):
        slapd.person(uid, displayName=[name])
    slapd.person("carl", "carl@elsewhere.example")
    server.run("org", "add", "Letters")
    server.run("domain", "add", "letters.example", "--org", "Letters")
    with open(slapd.ca, encoding="ascii") as ca:
        server.api("POST", "/directories", {
            "name": "Post", "organisation": "Letters", "type": "ldap", "urls": [slapd.url], "trusted": ca.read(), "base": slapd.suffix,
            "bind_dn": slapd.admin, "bind_password": slapd.password, "user_filter": "(objectClass=inetOrgPerson)", "mapping": ["mail={uid}@letters.example"]})
    server.wait_until(lambda: len(server.api("GET", "/users?domain=letters.example")["users"]) == 3, 60, "the first run")
    return {"LETTERS_URL": slapd.url, "LETTERS_ADMIN": slapd.admin, "LETTERS_PASSWORD": slapd.password, "LETTERS_READER": slapd.dn("uid=reader")}


def make(server: Instance, stack: ExitStack) -> dict[str, str]:
    hosts(server)
    more = letters(server, stack)
    dc = stack.enter_context(SambaDc("ALPHA.LAN"))
    slapd = stack.enter_context(Slapd("dc=people,dc=test", overlays=("memberof",)))
    people(slapd)
    domain(server, dc)
    other = stack.enter_context(SambaDc("BETA.LAN"))
    keys(server, (dc, HOST), (other, OTHER_HOST))
    more.update(tickets(server, dc, other))
    with open(slapd.ca, encoding="ascii") as ca:
        return {**more, "CORP": CORP, "DEAD": DEAD, "SECRET": SECRET, "LDAP_URL": slapd.url, "LDAP_ADMIN": slapd.admin,
                "LDAP_PASSWORD": slapd.password, "LDAP_SUFFIX": slapd.suffix, "LDAP_CA": ca.read(), "PYTHON": sys.executable,
                "LDAP_MANY": json.dumps([f"uid=p{number:02d},ou=people,{slapd.suffix}" for number in range(PEOPLE_MANY)])}
