"""Peers that want to cost more than they are worth, where a dialogue cannot say it: what has no end, and what expands.

The same by the gigabyte: tests/endurance/run floods.
"""
from __future__ import annotations

import zlib

from kit.cost import MEGABYTE, Meter, expect_no_open_transaction
from kit.flood import (EMPTY, Peer, compressed_peer, nothing, prepare_append, prepare_imap_login, prepare_in_data, prepare_in_lmtp_data,
                       prepare_pop3_login, prepare_smtp_login, smtp_envelope, squeeze, stored, zeros)
from kit.world import World

PRIVATE = True

# service, the role behind it, when, what comes before; then 32 MB without a line end
LINES = (
    ("smtp", "smtp", "before-login", nothing),
    ("smtp", "smtp", "after-login", prepare_in_data),
    ("submission", "smtp", "after-login", prepare_smtp_login),
    ("lmtp", "smtp", "after-login", prepare_in_lmtp_data),
    ("imap", "mailbox", "before-login", nothing),
    ("imap", "mailbox", "after-login", prepare_imap_login),
    ("imap", "mailbox", "after-login", prepare_append),
    ("pop3", "mailbox", "before-login", nothing),
    ("pop3", "mailbox", "after-login", prepare_pop3_login),
)


def story_a_line_without_end_costs_nothing_that_stays(world: World) -> None:
    ada = world.user("ada")
    world.send(ada)
    world.count(ada)
    for service, role, when, prepare in LINES:
        peer = Peer(world.server, service)
        prepare(peer, ada)
        meter = Meter(world.server, role, when)
        peer.pour(32 * MEGABYTE)
        peer.rest()
        peer.close()
        meter.check()
    assert world.send(ada) == {} and world.count(ada) == 2


def story_compressed_input_that_expands_ends_the_session(world: World) -> None:
    ada = world.user("ada")
    world.count(ada)
    literal = squeeze(b"b APPEND INBOX {50000000+}\r\n")
    for what, pieces in (("a command", [zeros(256)]), ("a message", [literal, zeros(256)])):
        peer = compressed_peer(world.server, ada)
        meter = Meter(world.server, "mailbox", "after-login")
        for piece in pieces:
            peer.pour(len(piece), piece)
        assert b"OK" not in peer.rest(), what
        peer.close()
        meter.check()
    assert world.count(ada) == 0


def story_compressed_input_that_says_nothing_ends_the_session(world: World) -> None:
    """Blocks with nothing in them would be read for ever."""
    peer = compressed_peer(world.server, world.user("ada"))
    sent = peer.pour(64 * MEGABYTE, EMPTY * 20000)
    assert sent < 64 * MEGABYTE, "the server read it all"
    peer.close()


def story_compressed_input_of_single_bytes_is_understood(world: World) -> None:
    peer = compressed_peer(world.server, world.user("ada"))
    expander = zlib.decompressobj(-15)
    said = b""
    peer.link.sendall(b"".join(stored(byte) + EMPTY * 3 for byte in b"n NOOP\r\n" * 200))
    while said.count(b"\r\n") < 200:
        more = peer.link.recv(65536)
        assert more, said[-200:]
        said += expander.decompress(more)
    assert said.count(b"n OK") == 200
    peer.close()


def story_many_chunks_of_a_byte_are_one_message(world: World) -> None:
    ada = world.user("ada")
    peer = Peer(world.server, "smtp")
    smtp_envelope(peer, b"EHLO", ada)
    peer.say(b"BDAT 17\r\nSubject: chunks\r\n", b"250 ")
    meter = Meter(world.server, "smtp", "after-login")
    for text in (b"\r\n", *[b"x" * 500] * 20):
        peer.link.sendall(b"".join(b"BDAT 1\r\n%c" % byte for byte in text))
        got = b""
        while got.count(b"\r\n") < len(text):
            more = peer.link.recv(65536)
            assert more, got
            got += more
        assert got.count(b"250 ") == len(text), got
    peer.say(b"BDAT 0 LAST\r\n", b"250 ")
    meter.check()
    peer.close()
    assert world.mails(ada)[0].endswith(b"\r\n\r\n" + b"x" * 10000), world.mails(ada)[0][-100:]


def story_a_cut_in_the_middle_leaves_no_transaction_open(world: World) -> None:
    ada = world.user("ada")
    for prepare, service in ((prepare_in_data, "smtp"), (prepare_append, "imap"), (prepare_pop3_login, "pop3")):
        for _ in range(20):
            peer = Peer(world.server, service)
            prepare(peer, ada)
            peer.link.sendall(b"Subject: cut\r\n\r\n" + b"x" * 70000)
            peer.close()
    expect_no_open_transaction(world.server)
    assert world.count(ada) == 0
