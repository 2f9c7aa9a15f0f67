"""A real 389 Directory Server (of which FreeIPA is made) on a private port.

    with Dirsrv("dc=example,dc=test") as dirsrv:
        dirsrv.add("ou=people", {"objectClass": ["organizationalUnit"]})
        dirsrv.person("ada", "ada@example.test", "secret")
        dirsrv.url                 # "ldap://127.0.0.1:PORT"

`plugins`: words of PLUGINS that are switched on. Entries are written relative to the suffix, as those of kit/slapd.py. FREEIPA
is the part of FreeIPA's schema that users and groups are known by; ipa_person() and ipa_group() make them as it does.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid

import ldap

from kit.instance import Failure
from kit.scanners import Daemon, free_port
from kit.slapd import Entries

FOLDERS = ("config", "db", "db_home", "backup", "ldif", "log", "lock", "run", "cert", "inst", "tmp")
PLUGINS = {"memberof": ["MemberOf Plugin"], "sync": ["Retro Changelog Plugin", "Content Synchronization"]}
FREEIPA = [("attributeTypes", [b"( 2.16.840.1.113730.3.8.3.1 NAME 'ipaUniqueID' DESC 'Unique identifier' EQUALITY caseIgnoreMatch"
                               b" SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
                               b"( 1.2.840.113554.1.4.1.6.1 NAME 'krbCanonicalName' EQUALITY caseExactIA5Match"
                               b" SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )"]),
           ("objectClasses", [b"( 2.16.840.1.113730.3.8.4.12 NAME 'ipaObject' DESC 'IPA objectclass' AUXILIARY MUST ipaUniqueID )",
                              b"( 2.16.840.1.113730.3.8.4.3 NAME 'nestedGroup' DESC 'Group that supports nesting' SUP groupOfNames STRUCTURAL MAY memberOf )",
                              b"( 2.16.840.1.113730.3.8.4.4 NAME 'ipaUserGroup' DESC 'IPA user group object class' SUP nestedGroup STRUCTURAL )",
                              b"( 2.16.840.1.113730.3.8.4.5 NAME 'ipaHostGroup' DESC 'IPA host group object class' SUP nestedGroup STRUCTURAL )"])]
KERBEROS_SCHEMA = "/usr/share/dirsrv/data/60kerberos.ldif"


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
        if self.freeipa:
            shutil.copy(KERBEROS_SCHEMA, f"{self.folder}/config/schema/")

    def ipa_tree(self) -> None:
        """As FreeIPA begins: places, the administrator, a group of hosts; and the second view of people, for old programs."""
        for place in ("cn=accounts", "cn=users,cn=accounts", "cn=groups,cn=accounts", "cn=hostgroups,cn=accounts", "cn=compat", "cn=users,cn=compat",
                      "cn=provisioning", "cn=accounts,cn=provisioning", "cn=deleted users,cn=accounts,cn=provisioning"):
            self.add(place, {"objectClass": ["nsContainer"]})
        self.ipa_person("admin")
        self.add("cn=ipaservers,cn=hostgroups,cn=accounts", {"objectClass": ["groupOfNames", "nestedGroup", "ipaObject", "ipaHostGroup"],
                                                             "ipaUniqueID": [uuid.uuid4()]})

    def ipa_person(self, uid: str, mail: str = "", password: str = "", **more: list) -> None:
        unix = {"uid": [uid], "cn": [uid.title()], "uidNumber": ["5001"], "gidNumber": ["5001"], "homeDirectory": [f"/home/{uid}"]}
        realm = ".".join(part.split("=")[1] for part in self.suffix.split(",")).upper()
        self.add(f"uid={uid},cn=users,cn=accounts", {
            "objectClass": ["person", "organizationalPerson", "inetOrgPerson", "inetUser", "posixAccount", "krbPrincipalAux", "ipaObject"], **unix,
            "sn": [uid.title()], "ipaUniqueID": [uuid.uuid4()], "krbPrincipalName": [f"{uid}@{realm}"], "nsAccountLock": ["FALSE"],
            **({"mail": [mail]} if mail else {}), **({"userPassword": [password]} if password else {}), **more})
        self.add(f"uid={uid},cn=users,cn=compat", {"objectClass": ["account", "posixAccount"], **unix})

    def ipa_group(self, cn: str, mail: str, *members: str) -> None:
        """`members`: relative names below cn=accounts."""
        self.add(f"cn={cn},cn=groups,cn=accounts", {
            "objectClass": ["groupOfNames", "nestedGroup", "ipaUserGroup", "ipaObject", *(["mailGroup"] if mail else [])], "ipaUniqueID": [uuid.uuid4()],
            "member": [self.dn(f"{member},cn=accounts") for member in members], **({"mail": [mail]} if mail else {})})

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
