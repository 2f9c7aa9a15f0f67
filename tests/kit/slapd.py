"""A real OpenLDAP server on private ports, with TLS, StartTLS and a Unix socket.

    with Slapd("dc=example,dc=test") as slapd:
        slapd.add("ou=people", {"objectClass": ["organizationalUnit"]})
        slapd.add("uid=ada,ou=people", {"objectClass": ["inetOrgPerson"], "cn": ["Ada"], "sn": ["L"], "userPassword": ["secret"]})
        slapd.url                  # "ldap://127.0.0.1:PORT"; also tls_url, socket_url
        slapd.ca                   # PEM file: whom to trust
        slapd.modify("uid=ada,ou=people", {"mail": ["ada@example.test"]})

Entries are written relative to the suffix. The administrator is slapd.admin with slapd.password.
"""
from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import signal
import subprocess
import time
import urllib.parse

import ldap
import ldap.modlist
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kit.instance import Failure
from kit.scanners import Daemon, free_port

CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/dyngroup.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
{modules}TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSCACertificateFile {folder}/ca.pem
TLSVerifyClient allow
authz-regexp "cn=([^,]*)" "cn=$1,{suffix}"
authz-regexp "gidNumber=.*\\+uidNumber=.*,cn=peercred,cn=external,cn=auth" "cn=admin,{suffix}"
sizelimit {sizelimit}
conn_max_pending 10000
{rules}
{adjusting}database mdb
suffix {suffix}
rootdn cn=admin,{suffix}
rootpw secret
directory {folder}/db
maxsize 2147483648
{durability}
index objectClass,entryCSN,entryUUID eq
index uid,mail,cn eq,sub
index member eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by self write by users read by * none
{overlays}
"""
OVERLAYS = {
    "memberof": "overlay memberof\nmemberof-refint true\n",
    "syncprov": "overlay syncprov\nsyncprov-checkpoint 100 10\nsyncprov-sessionlog 1000\n",
    "retcode": "overlay retcode\nretcode-parent cn=retcode,{suffix}\n",
    "ppolicy": "overlay ppolicy\nppolicy_default cn=policy,{suffix}\nppolicy_use_lockout\n",
}


def certificates(folder: str, name: str = "127.0.0.1", days: int = 30) -> None:
    """ca.pem, server.pem and server.key, client.pem and client.key (CN=chappe) in `folder`. `days` below 0: the server's has
    expired."""
    now = datetime.datetime.utcnow()
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Directory CA")])

    def write(file: str, data: bytes) -> None:
        with open(os.path.join(folder, file), "wb") as out:
            out.write(data)

    def make(common: str, key: ec.EllipticCurvePrivateKey, is_ca: bool, until: datetime.datetime) -> bytes:
        alternative: x509.GeneralName
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(common))
        except ValueError:
            alternative = x509.DNSName(common)
        builder = (x509.CertificateBuilder().issuer_name(ca_name).public_key(key.public_key())
                   .subject_name(ca_name if is_ca else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(min(now, until) - datetime.timedelta(days=2)).not_valid_after(until)
                   .add_extension(x509.BasicConstraints(is_ca, None), True))
        if not is_ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), False)
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def private(key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    late = now + datetime.timedelta(days=30)
    write("ca.pem", make("Directory CA", ca_key, True, late))
    for file, common, until in (("server", name, now + datetime.timedelta(days=days)), ("client", "chappe", late)):
        key = ec.generate_private_key(ec.SECP256R1())
        write(f"{file}.key", private(key))
        write(f"{file}.pem", make(common, key, False, until))


class Entries:
    """What the administrator of an LDAP server does with its entries, written relative to the suffix."""

    url = suffix = admin = password = ""
    _admin: ldap.ldapobject.LDAPObject | None = None

    def dn(self, relative: str) -> str:
        return f"{relative},{self.suffix}" if relative else self.suffix

    def connection(self) -> "ldap.ldapobject.LDAPObject":
        """Bound as the administrator."""
        if not self._admin:
            self._admin = ldap.initialize(self.url)
            self._admin.simple_bind_s(self.admin, self.password)
        return self._admin

    @staticmethod
    def _bytes(values: list) -> list[bytes]:
        return [value if isinstance(value, bytes) else str(value).encode() for value in values]

    def add(self, relative: str, attributes: dict[str, list]) -> None:
        self.connection().add_s(self.dn(relative), [(k, self._bytes(v)) for k, v in attributes.items()])

    def modify(self, relative: str, attributes: dict[str, list]) -> None:
        """Replaces; an empty list takes the attribute away."""
        self.connection().modify_s(self.dn(relative), [(ldap.MOD_REPLACE, k, self._bytes(v) or None) for k, v in attributes.items()])

    def delete(self, relative: str) -> None:
        self.connection().delete_s(self.dn(relative))

    def rename(self, relative: str, rdn: str, above: str | None = None) -> None:
        """`above`: relative name of the new parent."""
        self.connection().rename_s(self.dn(relative), rdn, self.dn(above) if above is not None else None)

    def read(self, relative: str, *attributes: str) -> dict[str, list[bytes]]:
        return self.connection().search_s(self.dn(relative), ldap.SCOPE_BASE, "(objectClass=*)", list(attributes) or None)[0][1]

    def person(self, uid: str, mail: str | list = "", password: str = "", **more: list) -> None:
        """inetOrgPerson uid=UID,ou=people."""
        attributes: dict[str, list] = {"objectClass": ["inetOrgPerson"], "uid": [uid], "cn": [uid.title()], "sn": [uid.title()]}
        if mail:
            attributes["mail"] = mail if isinstance(mail, list) else [mail]
        if password:
            attributes["userPassword"] = [password]
        self.add(f"uid={uid},ou=people", {**attributes, **more})


class Slapd(Daemon, Entries):
    """`overlays`: some of OVERLAYS. `name`: whom its certificate is for. `days`: how long it is valid. `rules`: lines for all databases.
    `adjustable`: adjust() works."""

    def __init__(self, suffix: str = "dc=example,dc=test", overlays: tuple[str, ...] = ("memberof", "syncprov"),
                 name: str = "127.0.0.1", days: int = 30, sizelimit: str = "unlimited", durable: bool = False,
                 ldif: str = "", port: int = 0, rules: str = "", adjustable: bool = False) -> None:
        super().__init__()
        self.suffix, self.admin, self.password = suffix, f"cn=admin,{suffix}", "secret"
        self.port, self.tls_port = port or free_port(), free_port()
        self.url, self.tls_url = f"ldap://127.0.0.1:{self.port}", f"ldaps://127.0.0.1:{self.tls_port}"
        self.socket_url = "ldapi://" + urllib.parse.quote(os.path.join(self.folder, "ldapi"), safe="")
        self.ca = os.path.join(self.folder, "ca.pem")
        self.address = f"127.0.0.1:{self.port}"
        certificates(self.folder, name, days)
        os.mkdir(os.path.join(self.folder, "db"))
        configuration = os.path.join(self.folder, "slapd.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(folder=self.folder, suffix=suffix, sizelimit=sizelimit, rules=rules,
                                            adjusting="database config\nrootpw secret\n" if adjustable else "",
                                            durability="" if durable else "dbnosync",
                                            modules="".join(f"moduleload {o}\n" for o in overlays),
                                            overlays="".join(OVERLAYS[o].format(suffix=suffix) for o in overlays)))
        if ldif:
            path = os.path.join(self.folder, "first.ldif")
            with open(path, "w", encoding="utf-8") as file:
                file.write(ldif)
            done = subprocess.run(["/usr/sbin/slapadd", "-q", "-f", configuration, "-l", path], capture_output=True, check=False)
            if done.returncode:
                raise Failure(f"slapadd: {done.stderr.decode()[-1000:]}")
        if self.account:
            subprocess.run(["chown", "-R", f"{self.account}:{self.account}", self.folder], check=True)
        self.words = ["/usr/sbin/slapd", "-f", configuration, "-d", "0", "-h",
                      f"{self.url} {self.tls_url} {self.socket_url}"]
        self._admin: ldap.ldapobject.LDAPObject | None = None
        self.has_root = bool(ldif)

    def __enter__(self) -> "Slapd":
        try:
            self.start(10)
            if not self.has_root:
                self.add("", {"objectClass": ["dcObject", "organization"], "o": ["Example"],
                              "dc": [self.suffix.split(",")[0].split("=")[1]]})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._admin = None
        if self.process:
            self.process.send_signal(signal.SIGCONT)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def adjust(self, of: str, attribute: str, value: object) -> None:
        """Changes its configuration while it runs. `of`: the object class of what is changed, as olcMdbConfig."""
        link = ldap.initialize(self.url)
        link.simple_bind_s("cn=config", "secret")
        dn = link.search_s("cn=config", ldap.SCOPE_SUBTREE, f"(objectClass={of})", ["1.1"])[0][0]
        link.modify_s(dn, [(ldap.MOD_REPLACE, attribute, self._bytes([value]))])
        link.unbind_s()

    def pause(self) -> None:
        """It accepts connections and says nothing more (SIGSTOP)."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._admin = None
        assert self.process
        self.process.kill()
        self.process.wait()

    def again(self) -> None:
        """After kill()."""
        time.sleep(0.05)
        self.start(10)
