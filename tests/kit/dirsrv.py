"""A real 389 Directory Server (of which FreeIPA is made) on a private port.

    with Dirsrv("dc=example,dc=test") as dirsrv:
        dirsrv.add("ou=people", {"objectClass": ["organizationalUnit"]})
        dirsrv.person("ada", "ada@example.test", "secret")
        dirsrv.url                 # "ldap://127.0.0.1:PORT"

`plugins`: words of PLUGINS that are switched on. Entries are written relative to the suffix, as those of kit/slapd.py. FREEIPA
is the part of FreeIPA's schema that users are known by.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess

import ldap

from kit.instance import Failure
from kit.scanners import Daemon, free_port
from kit.slapd import Entries

FOLDERS = ("config", "db", "db_home", "backup", "ldif", "log", "lock", "run", "cert", "inst", "tmp")
PLUGINS = {"memberof": ["MemberOf Plugin"], "sync": ["Retro Changelog Plugin", "Content Synchronization"]}
FREEIPA = [("attributeTypes", [b"( 2.16.840.1.113730.3.8.3.1 NAME 'ipaUniqueID' DESC 'Unique identifier' EQUALITY caseIgnoreMatch"
                               b" SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )"]),
           ("objectClasses", [b"( 2.16.840.1.113730.3.8.4.1 NAME 'ipaObject' DESC 'IPA objectclass' AUXILIARY MUST ipaUniqueID )"])]


class Dirsrv(Daemon, Entries):
    def __init__(self, suffix: str = "dc=example,dc=test", plugins: tuple[str, ...] = ("memberof",), freeipa: bool = False) -> None:
        super().__init__()
        self.suffix, self.admin, self.password = suffix, "cn=Directory Manager", "secret-word-1"
        self.port, self.freeipa = free_port(), freeipa
        self.url, self.address = f"ldap://127.0.0.1:{self.port}", f"127.0.0.1:{self.port}"
        self._admin: ldap.ldapobject.LDAPObject | None = None
        self._make()
        self._switch_on([name for word in plugins for name in PLUGINS[word]])
        if self.account:
            subprocess.run(["chown", "-R", f"{self.account}:{self.account}", self.folder], check=True)
        self.words = ["/usr/sbin/ns-slapd", "-D", f"{self.folder}/config", "-i", f"{self.folder}/run/pid", "-d", "0"]

    def _make(self) -> None:
        """dscreate writes the files. It then looks for them where a system has them, and says that there is nothing."""
        folders = "".join(f"{name}_dir = {self.folder}/{'config' if name == 'cert' else name}\n" for name in FOLDERS)
        account = self.account or "root"
        file = self.write("make.inf", "[general]\nconfig_version = 2\nfull_machine_name = localhost\nstrict_host_checking = False\n"
                          "selinux = False\nsystemd = False\nstart = False\n[slapd]\n"
                          f"instance_name = {os.path.basename(self.folder)}\nuser = {account}\ngroup = {account}\nport = {self.port}\n"
                          f"self_sign_cert = False\nroot_password = {self.password}\nprefix = {self.folder}\n{folders}"
                          f"local_state_dir = {self.folder}/var\nschema_dir = {self.folder}/config/schema\nldapi = {self.folder}/ldapi\n")
        done = subprocess.run(["/usr/sbin/dscreate", "from-file", file], capture_output=True, text=True, timeout=120, check=False)
        if not os.path.exists(f"{self.folder}/config/dse.ldif"):
            raise Failure(f"dscreate: {done.stdout[-1000:]}{done.stderr[-1000:]}")

    def _switch_on(self, plugins: list[str]) -> None:
        path = f"{self.folder}/config/dse.ldif"
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"^nsslapd-rootpw: .*(\n .*)*$", f"nsslapd-rootpw: {{CLEAR}}{self.password}", file.read(), flags=re.M)
        for name in plugins:
            text, count = re.subn(rf"(^dn: cn={name},cn=plugins,cn=config\n(?:.+\n)*?nsslapd-pluginEnabled: )off", r"\1on", text,
                                  flags=re.M | re.I)
            if count != 1:
                raise Failure(f"389 DS has no plugin {name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def __enter__(self) -> "Dirsrv":
        try:
            self.start(60)
            link = self.connection()
            if self.freeipa:
                link.modify_s("cn=schema", [(ldap.MOD_ADD, name, values) for name, values in FREEIPA])
            link.add_s("cn=userroot,cn=ldbm database,cn=plugins,cn=config",
                       [("objectClass", [b"extensibleObject", b"nsBackendInstance"]), ("nsslapd-suffix", [self.suffix.encode()])])
            link.add_s(f'cn="{self.suffix}",cn=mapping tree,cn=config',
                       [("objectClass", [b"extensibleObject", b"nsMappingTree"]), ("nsslapd-state", [b"backend"]),
                        ("nsslapd-backend", [b"userroot"])])
            self.add("", {"objectClass": ["domain"], "dc": [self.suffix.split(",")[0].split("=")[1]]})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._admin = None
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
