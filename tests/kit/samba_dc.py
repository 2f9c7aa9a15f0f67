"""A real Active Directory domain controller (Samba) on a loopback address of its own; needs root.

    with SambaDc("EXAMPLE.LAN") as dc:
        dc.tool("user", "create", "alice", "Al1ce!pass", "--mail-address=alice@example.lan")
        dc.url                        # "ldap://127.x.y.z"; also tls_url, host, base
        dc.ca                         # PEM file: whom to trust
        dc.modify("CN=alice,CN=Users", {"proxyAddresses": ["SMTP:alice@example.lan"]})

A domain is made once and kept in the build folder (10 s); every DC starts from a copy of it. The administrator is
dc.admin with dc.password.
"""
from __future__ import annotations

import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import ldap

from kit.instance import ROOT, Failure
from kit.slapd import certificates

PASSWORD = "Passw0rd!x"
KEPT = os.path.join(ROOT, "build", "samba-dc")
CONFIGURATION = """\
[global]
 netbios name = DC1
 realm = {realm}
 workgroup = {workgroup}
 server role = active directory domain controller
 idmap_ldb:use rfc2307 = yes
 interfaces = {address}/8
 bind interfaces only = yes
 server services = ldap, cldap, kdc, rpc
 ldap server require strong auth = no
 old password allowed period = 0
 dsdb:schema update allowed = yes
 tls enabled = yes
 tls keyfile = {folder}/server.key
 tls certfile = {folder}/server.pem
 tls cafile = {folder}/ca.pem
 logging = file
 log file = {folder}/log.%m
 pid directory = {folder}/run
 ncalrpc dir = {folder}/run/ncalrpc
 winbindd socket directory = {folder}/run/wb
 ntp signd socket directory = {folder}/run/ntp
 binddns dir = {folder}/dc/bind-dns
 cache directory = {folder}/dc/cache
 lock directory = {folder}/dc
 private dir = {folder}/dc/private
 state directory = {folder}/dc/state
[sysvol]
 path = {folder}/dc/state/sysvol
 read only = no
"""


# By LDAP nobody sets when a password was last changed; on the domain's own files, with the control by which Samba's tools do it.
AGE = """
import sys, ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
configuration = LoadParm()
configuration.load(sys.argv[1])
change = ldb.Message(ldb.Dn(ldb.Ldb(), sys.argv[2]))
change["pwdLastSet"] = ldb.MessageElement(sys.argv[3], ldb.FLAG_MOD_REPLACE, "pwdLastSet")
SamDB(lp=configuration, session_info=system_session(configuration)).modify(change, ["local_oid:1.3.6.1.4.1.7165.4.3.12:0"])
"""

# Many entries in one transaction: each by LDAP is one of its own.
MANY = """
import json, sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
configuration = LoadParm()
configuration.load(sys.argv[1])
domain = SamDB(lp=configuration, session_info=system_session(configuration))
domain.transaction_start()
for entry in json.load(sys.stdin):
    domain.add(entry)
domain.transaction_commit()
"""


def _free_address() -> str:
    """A loopback address whose LDAP and Kerberos ports nobody has."""
    for _ in range(200):
        address = f"127.{random.randrange(10, 250)}.{random.randrange(1, 250)}.{random.randrange(1, 250)}"
        try:
            for port in (88, 389, 464, 636, 3268):
                with socket.socket() as probe:
                    probe.bind((address, port))
            return address
        except OSError:
            continue
    raise Failure("no loopback address is free for a domain controller")


def _provision(realm: str, workgroup: str) -> str:
    """The folder of a fresh domain, made where it is not yet there."""
    kept = os.path.join(KEPT, realm)
    os.makedirs(KEPT, exist_ok=True)
    with open(os.path.join(KEPT, f"{realm}.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(kept, "done")):
            return kept
        shutil.rmtree(kept, ignore_errors=True)
        os.makedirs(kept)
        seed = os.path.join(kept, "seed.conf")
        with open(seed, "w", encoding="ascii") as file:
            file.write("[global]\n")
        done = subprocess.run(
            ["samba-tool", "domain", "provision", f"--realm={realm}", f"--domain={workgroup}", "--server-role=dc",
             "--dns-backend=SAMBA_INTERNAL", "--use-rfc2307", f"--adminpass={PASSWORD}", "--host-name=dc1",
             "--host-ip=127.0.0.1", f"--targetdir={kept}/dc", f"--configfile={seed}", "--option=interfaces=lo",
             "--option=bind interfaces only=yes"], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise Failure(f"samba-tool domain provision: {done.stderr[-2000:]}")
        with open(os.path.join(kept, "done"), "w", encoding="ascii"):
            pass
        return kept


class SambaDc:
    def __init__(self, realm: str = "EXAMPLE.LAN") -> None:
        self.realm, self.workgroup = realm, realm.split(".")[0]
        self.domain = realm.lower()
        self.base = ",".join(f"DC={part}" for part in self.domain.split("."))
        self.admin, self.password = f"administrator@{self.domain}", PASSWORD
        self.host = f"dc1.{self.domain}"
        self.address = _free_address()
        self.folder = tempfile.mkdtemp(prefix="chappe-samba-")
        os.chmod(self.folder, 0o755)
        self.url, self.tls_url = f"ldap://{self.address}", f"ldaps://{self.address}"
        self.ca = os.path.join(self.folder, "ca.pem")
        self.configuration = os.path.join(self.folder, "smb.conf")
        self.krb5_conf = os.path.join(self.folder, "krb5.conf")
        self.process: subprocess.Popen[bytes] | None = None
        self._admin: ldap.ldapobject.LDAPObject | None = None

    def __enter__(self) -> "SambaDc":
        try:
            kept = _provision(self.realm, self.workgroup)
            subprocess.run(["cp", "-a", "--sparse=always", f"{kept}/dc", f"{self.folder}/dc"], check=True)
            certificates(self.folder, self.address)
            os.makedirs(os.path.join(self.folder, "run"))
            with open(self.configuration, "w", encoding="ascii") as file:
                file.write(CONFIGURATION.format(realm=self.realm, workgroup=self.workgroup, address=self.address,
                                                folder=self.folder))
            with open(self.krb5_conf, "w", encoding="ascii") as file:
                file.write(f"[libdefaults]\n default_realm = {self.realm}\n dns_lookup_kdc = false\n rdns = false\n"
                           " dns_canonicalize_hostname = false\n udp_preference_limit = 1\n"
                           f"[realms]\n {self.realm} = {{\n  kdc = {self.address}\n  kpasswd_server = {self.address}\n }}\n"
                           f"[domain_realm]\n .{self.domain} = {self.realm}\n {self.domain} = {self.realm}\n")
            for name in ("server.key", "client.key"):
                os.chmod(os.path.join(self.folder, name), 0o600)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(["samba", "-i", "-M", "single", f"--configfile={self.configuration}",
                                             "--debug-stdout"], stdout=output, stderr=output, stdin=subprocess.PIPE,
                                            start_new_session=True)
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as text:
                    raise Failure(f"samba does not come up:\n{text.read()[-3000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            for port in (389, 88, 464):
                socket.create_connection((self.address, port), 1).close()
            return bool(self.connection())
        except (OSError, ldap.LDAPError):
            self._admin = None
            return False

    def __exit__(self, *_: object) -> None:
        self._admin = None
        if self.process and self.process.poll() is None:
            for number in (signal.SIGCONT, signal.SIGTERM):
                self.process.send_signal(number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def dn(self, relative: str) -> str:
        return f"{relative},{self.base}" if relative else self.base

    def tool(self, *words: str) -> str:
        """samba-tool, on the database of the running DC."""
        done = subprocess.run(["samba-tool", *words, "-s", self.configuration], capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode:
            raise Failure(f"samba-tool {' '.join(words)}: {done.stderr[-1000:]}{done.stdout[-500:]}")
        return done.stdout

    def connection(self) -> "ldap.ldapobject.LDAPObject":
        """Bound as the administrator, over TLS."""
        if not self._admin:
            link = ldap.initialize(self.tls_url)
            link.set_option(ldap.OPT_X_TLS_CACERTFILE, self.ca)
            link.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
            link.set_option(ldap.OPT_REFERRALS, 0)
            link.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
            link.simple_bind_s(self.admin, self.password)
            self._admin = link
        return self._admin

    @staticmethod
    def _bytes(values: list) -> list[bytes]:
        return [value if isinstance(value, bytes) else str(value).encode() for value in values]

    def add(self, relative: str, attributes: dict[str, list]) -> None:
        self.connection().add_s(self.dn(relative), [(k, self._bytes(v)) for k, v in attributes.items()])

    def add_many(self, entries: list[dict[str, object]]) -> None:
        """Each with its whole "dn"; on the domain's own files, all or none."""
        self._python(MANY, "entries", stdin=json.dumps(entries))

    def _python(self, program: str, what: str, *words: str, stdin: str = "") -> None:
        """A program over Samba's library on the domain's own files; it gets the configuration first."""
        done = subprocess.run(["/usr/bin/python3", "-c", program, self.configuration, *words], input=stdin, capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode:
            raise Failure(f"{what}: {done.stderr[-1000:]}")

    def user(self, name: str, password: str = "", mail: str = "", **more: list) -> None:
        """CN=NAME,CN=Users, enabled where it has a password. Faster than samba-tool."""
        attributes: dict[str, list] = {"objectClass": ["user"], "sAMAccountName": [name],
                                       "userPrincipalName": [f"{name}@{self.domain}"], "displayName": [name.title()],
                                       "userAccountControl": [512 if password else 514]}
        if mail:
            attributes["mail"] = [mail]
        if password:
            attributes["unicodePwd"] = [f'"{password}"'.encode("utf-16-le")]
        self.add(f"CN={name},CN=Users", {**attributes, **more})

    def modify(self, relative: str, attributes: dict[str, list]) -> None:
        """Replaces; an empty list takes the attribute away."""
        self.connection().modify_s(self.dn(relative), [(ldap.MOD_REPLACE, k, self._bytes(v) or None) for k, v in attributes.items()])

    def delete(self, relative: str) -> None:
        self.connection().delete_s(self.dn(relative))

    def rename(self, relative: str, rdn: str, above: str | None = None) -> None:
        self.connection().rename_s(self.dn(relative), rdn, self.dn(above) if above is not None else None)

    def read(self, relative: str, *attributes: str) -> dict[str, list[bytes]]:
        return self.connection().search_s(self.dn(relative), ldap.SCOPE_BASE, "(objectClass=*)", list(attributes) or None)[0][1]

    def exchange_attributes(self) -> None:
        """extensionAttribute1 to 15, which Exchange adds to a domain's schema: under its own numbers, of users and contacts."""
        schema, names = f"CN=Schema,CN=Configuration,{self.base}", [f"extensionAttribute{n}" for n in range(1, 16)]
        numbers = [*range(423, 433), *range(599, 604)]
        for n, (name, number) in enumerate(zip(names, numbers), 1):
            self.connection().add_s(f"CN=ms-Exch-Extension-Attribute-{n},{schema}", [(k, self._bytes(v)) for k, v in {
                "objectClass": ["attributeSchema"], "lDAPDisplayName": [name], "attributeID": [f"1.2.840.113556.1.2.{number}"],
                "attributeSyntax": ["2.5.5.12"], "oMSyntax": [64], "isSingleValued": ["TRUE"], "rangeUpper": [1024]}.items()])
        self._renew_schema()
        for kind in ("User", "Contact"):
            self.connection().modify_s(f"CN={kind},{schema}", [(ldap.MOD_ADD, "mayContain", self._bytes(names))])
        self._renew_schema()

    def _renew_schema(self) -> None:
        self.connection().modify_s("", [(ldap.MOD_REPLACE, "schemaUpdateNow", [b"1"])])

    def age_password(self, relative: str, days: int) -> None:
        """As if the password had been set so long ago."""
        at = int((time.time() - days * 86400 + 11644473600) * 10 ** 7)
        self._python(AGE, "pwdLastSet", self.dn(relative), str(at))

    def keytab(self, account: str, *services: str) -> str:
        """A keytab with AES keys for `services` ("imap/mail.example.lan") of a service account that is made where it is missing."""
        path = os.path.join(self.folder, f"{account}.keytab")
        if not re.search(rf"^{re.escape(account)}$", self.tool("user", "list"), re.M):
            self.user(account, "Svc!pass1word")
            self.modify(f"CN={account},CN=Users", {"msDS-SupportedEncryptionTypes": [24]})
            self.tool("user", "setpassword", account, "--newpassword=Svc!pass2word")
        for service in services:
            self.tool("spn", "add", service, account)
            self.tool("domain", "exportkeytab", path, f"--principal={service}")
        return path

    def pause(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)
