"""Certificates: one a name, renewed while people are connected, and never a bad one."""
from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess

from kit.instance import Failure
from kit.world import World

PRIVATE = True
IMPLICIT = ("imaps", "pop3s", "submissions", "https")
STARTTLS = {"imap": (b"a STARTTLS\r\n", b"a OK"), "pop3": (b"STLS\r\n", b"+OK"),
            "smtp": (b"EHLO me\r\nSTARTTLS\r\n", b"220 2.0.0"), "submission": (b"EHLO me\r\nSTARTTLS\r\n", b"220 2.0.0")}


def folder(world: World) -> str:
    return os.path.join(world.server.data, "tls")


def make(world: World, name: str, *names: str, days: int = 90, certificate: str = ".pem", key: str = ".key") -> bytes:
    """A self-signed certificate in the folder, written aside and renamed as renewing programs do; its DER."""
    at = os.path.join(folder(world), name)
    os.makedirs(os.path.dirname(at), exist_ok=True)
    world.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
              "-subj", f"/CN={name[:60]}", "-addext", "subjectAltName=" + ",".join("DNS:" + n for n in names),
              "-keyout", at + key + ".new", "-out", at + certificate + ".new")
    owner = os.stat(folder(world))
    for end in (key, certificate):
        os.chmod(at + end + ".new", 0o600)
        os.chown(at + end + ".new", owner.st_uid, owner.st_gid)
        os.rename(at + end + ".new", at + end)
    os.chown(os.path.dirname(at), owner.st_uid, owner.st_gid)
    with open(at + certificate, encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def default(world: World) -> bytes:
    with open(os.path.join(folder(world), "server.pem"), encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def plain(world: World, service: str) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", world.server.port(service)), 20)
    if service in STARTTLS:
        ask, wanted = STARTTLS[service]
        seen = link.recv(4096)
        for line in ask.splitlines(keepends=True):
            link.sendall(line)
            seen = link.recv(4096)
            while b"\r\n" not in seen:
                seen += link.recv(4096)
        assert seen.startswith(wanted), seen
    return link


def shown(world: World, service: str, name: str | None) -> bytes:
    """The certificate that a client sees who asks `service` for `name`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with plain(world, service) as link, context.wrap_socket(link, server_hostname=name) as tls:
        found = tls.getpeercert(binary_form=True)
        assert found
        return found


def expect(world: World, name: str | None, certificate: bytes) -> None:
    for service in (*IMPLICIT, *STARTTLS):
        if shown(world, service, name) != certificate:
            raise Failure(f"{service} shows another certificate for {name}")


def lines(world: World) -> list[dict]:
    done = subprocess.run([world.server.binary, "--data", world.server.data, "check", "--json"], capture_output=True,
                          timeout=120, check=False)
    found = json.loads(done.stdout)
    return found["lines"] if isinstance(found, dict) and "lines" in found else found


def line(world: World, end: str) -> dict:
    return next(one for one in lines(world) if one["what"].endswith(end))


def story_each_name_gets_its_certificate_on_every_port(world: World) -> None:
    first = default(world)
    expect(world, "mail.one.example", first)
    one = make(world, "one", "mail.one.example", "one.example")
    two = make(world, "two", "*.two.example", certificate=".crt")
    three = make(world, "three.example/", "mail.three.example", certificate="fullchain.pem", key="privkey.pem")
    world.server.run("reload")
    for name, certificate in (("mail.one.example", one), ("one.example", one), ("MAIL.ONE.EXAMPLE", one),
                              ("a.two.example", two), ("mail.three.example", three)):
        expect(world, name, certificate)
    for name in ("two.example", "a.b.two.example", "elsewhere.example", None):
        expect(world, name, first)


def story_a_renewal_is_taken_over_and_nobody_is_cut_off(world: World) -> None:
    ada = world.user("ada")
    old = make(world, "one", "mail.one.example")
    world.server.run("reload")
    imap = world.imap(ada)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    web = http.client.HTTPSConnection("127.0.0.1", world.server.port("https"), timeout=20, context=context)
    web.request("GET", "/healthz")
    assert web.getresponse().read() == b"ok\n"
    used = web.sock
    renewed = make(world, "one", "mail.one.example")
    assert renewed != old
    world.server.run("reload")
    expect(world, "mail.one.example", renewed)
    assert imap.noop()[0] == "OK"
    web.request("GET", "/healthz")
    assert web.getresponse().read() == b"ok\n"
    assert web.sock is used, "the open connection was cut"


def story_a_bad_pair_is_refused_whole_and_the_old_ones_stay(world: World) -> None:
    one = make(world, "one", "mail.one.example")
    world.server.run("reload")
    make(world, "other", "mail.other.example")
    at = folder(world)
    os.rename(os.path.join(at, "other.key"), os.path.join(at, "one.key"))
    done = subprocess.run([world.server.binary, "--data", world.server.data, "reload"], capture_output=True, timeout=60,
                          check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode != 0 and "one.key" in said, said
    expect(world, "mail.one.example", one)
    assert not line(world, "certificates together")["is_good"]
    listed = {os.path.basename(c["file"]): c for c in world.server.api("GET", "/certificates")["certificates"]}
    assert "one.key cannot be used with its certificate" in listed["one.pem"]["fault"] and not listed["server.pem"]["fault"], listed
    one = make(world, "one", "mail.one.example")
    world.server.run("reload")
    expect(world, "mail.one.example", one)


def story_check_tells_names_days_and_what_is_not_used(world: World) -> None:
    for days, within in ((1, 3), (10, 14), (20, 30)):
        make(world, f"ends{days}", f"ends{days}.example", days=days)
    make(world, "long", *[f"n{number}.example" for number in range(9)])
    make(world, "alone", "alone.example")
    os.unlink(os.path.join(folder(world), "alone.key"))
    for days, within in ((1, 3), (10, 14), (20, 30)):
        found = line(world, f"ends{days}.pem")
        assert not found["is_good"] and f"fewer than {within}" in found["text"], found
    found = line(world, "long.pem")
    assert found["is_good"] and "n0.example, n1.example" in found["text"] and "and 3 more" in found["text"], found
    assert line(world, "server.pem")["text"].startswith("default, ")
    found = line(world, "alone.pem")
    assert not found["is_good"] and "alone.key" in found["remedy"], found
    world.server.run("reload")
    world.server.wait_until(lambda: all(f"within={within}" in world.server.log() for within in (3, 14, 30)), 20,
                            "the warnings in the log")
