"""A company directory that is too large, endless, or says what it should not: LDAP servers of our own, where no real one would do it."""
from __future__ import annotations

import re
import time
from typing import Iterator
from urllib.parse import quote

from kit.directory_source import conflicts, directory, end, status, until, user
from kit.ldap_server import Encoded, Entry, LdapServer, Search, text
from kit.world import World

MILLION, AT_ONCE = 1_000_000, 1500
# What one role may grow by while it reads a group of a million: the answer itself, once as it came and once taken apart. AddressSanitizer
# puts its own bytes around each of them.
GROWTH_MB, SANITIZED_GROWTH_MB = 400, 1600


def member(number: int) -> bytes:
    return b"uid=u%d,ou=people,dc=example,dc=test" % number


MEMBERS: list[bytes] = []     # as BER


def members() -> list[bytes]:
    if not MEMBERS:
        MEMBERS.extend(text(member(number)) for number in range(MILLION))
    return MEMBERS


class Large(LdapServer):
    """One person, and a group of a million members, in one answer or by ranges (as Active Directory does it)."""

    is_ranged, is_endless = True, False

    def __init__(self, domain: str) -> None:
        super().__init__()
        self.domain, self.ranges = domain, 0

    def members(self, first: int) -> tuple[str, Encoded]:
        if not self.is_ranged:
            return "member", Encoded(b"".join(members()))
        last = first + AT_ONCE - 1
        begin = 0 if self.is_endless else first
        is_last = last >= MILLION - 1 and not self.is_endless
        return f"member;range={first}-{'*' if is_last else last}", Encoded(b"".join(members()[begin:begin + AT_ONCE]))

    def search(self, asked: Search) -> Iterator[Entry]:
        wanted = re.match(r"member;range=(\d+)-", asked.attributes[0] if asked.attributes else "")
        if wanted:
            self.ranges += 1
            name, values = self.members(int(wanted[1]))
            yield "cn=all,dc=example,dc=test", {name: values}
            return
        yield member(0).decode(), {"objectClass": [b"inetOrgPerson"], "uid": [b"u0"], "cn": [b"Uno"], "mail": [b"u0@" + self.domain.encode()],
                                   "entryUUID": [b"00000000-0000-4000-8000-000000000001"], "modifyTimestamp": [b"20260101000000Z"]}
        name, values = self.members(0)
        yield "cn=all,dc=example,dc=test", {"objectClass": [b"groupOfNames"], "cn": [b"all"], "mail": [b"all@" + self.domain.encode()],
                                            "entryUUID": [b"00000000-0000-4000-8000-000000000002"],
                                            "modifyTimestamp": [b"20260101000000Z"], name: values}


def memory_mb(pid: int, field: str) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{field}:\s+(\d+)", file.read())[1]) // 1024  # type: ignore[index]


def add(world: World, server: LdapServer) -> str:
    name = directory(world)
    world.server.run("directory", "add", name, "--org", world.organisation, "--type", "ldap", "--url", server.url, "--base", "dc=example,dc=test",
                     "--bind-dn", "cn=reader", "--bind-password-file", "-", "--tls", "none", "--interval", "86400", stdin="x\n")
    world.server.api("PATCH", f"/directories/{name}?organisation={quote(world.organisation)}", {"answer_ms": 120000})
    return name


def a_large_group(world: World, server: Large) -> None:
    """The group is a conflict with its reason; the person comes, and the role is still the same and not much larger."""
    pid = world.server.role_pid("housekeeping")
    before, began = memory_mb(pid, "VmRSS"), time.monotonic()
    members()
    with server:
        name = add(world, server)
        until(lambda: status(world, name)["full"], 400, "the first run")
        grown = memory_mb(pid, "VmHWM") - before
        print(f"{type(server).__name__}: {time.monotonic() - began:.1f} s, {server.ranges} ranges, {grown} MB more at most")
        assert user(world, f"u0@{world.domain}")["state"] == "active"
        listed = conflicts(world, name)
        assert [(one["what"], one["dn"]) for one in listed] == [("bad-entry", "cn=all,dc=example,dc=test")], listed
        assert "more than 200000 values" in listed[0]["message"], listed
        assert world.server.role_pid("housekeeping") == pid, "the role has been started again"
        assert grown < (SANITIZED_GROWTH_MB if world.server.is_sanitized else GROWTH_MB), grown
        end(world, name)


def story_a_million_members_by_ranges(world: World) -> None:
    server = Large(world.domain)
    a_large_group(world, server)
    assert 0 < server.ranges < 400, "it is not asked on when it is too large already"


def story_a_million_members_in_one_answer(world: World) -> None:
    class Whole(Large):
        is_ranged = False

    a_large_group(world, Whole(world.domain))


def story_ranges_that_never_end(world: World) -> None:
    class Endless(Large):
        is_endless = True

    a_large_group(world, Endless(world.domain))
