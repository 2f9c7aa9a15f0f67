"""What leaves the server: the queue, its motor, and what senders hear of it."""
from __future__ import annotations

import email
import email.policy
import smtplib
import time

from kit.names import Names
from kit.sink import Sink, reserve_port
from kit.world import World
from smtp import submission

PORT = reserve_port()
NAMES = Names(reserve_port())
for _n in range(2, 10):
    NAMES.mail(f"d{_n}.test", f"127.0.0.{_n}")
# waits of seconds instead of hours, so that a story can tell them
SETTINGS = {"outbound_port": str(PORT), "dns": f"127.0.0.1@{NAMES.port}", "retry_min": "1s", "retry_max": "2s", "delay_warning": "3s", "queue_lifetime": "30s"}


def letter(sender: str, to: str, subject: str = "hello", body: str = "body", extra: str = "") -> bytes:
    return f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n{extra}\r\n{body}\r\n".encode()


def submit(world: World, sender: str, recipients: list[str] | str, mail: bytes | None = None,
           mail_options: tuple[str, ...] = (), rcpt_options: tuple[str, ...] = ()) -> None:
    first = recipients if isinstance(recipients, str) else recipients[0]
    with submission(world, sender) as smtp:
        refused = smtp.sendmail(sender, recipients, mail or letter(sender, first), mail_options, rcpt_options)
    assert refused == {}, refused


def notices(world: World, address: str) -> list[email.message.EmailMessage]:
    parsed = [email.message_from_bytes(mail, policy=email.policy.default) for mail in world.mails(address)]
    return [one for one in parsed if one.get_content_type() == "multipart/report"]


def wait_for_notice(world: World, address: str, count: int = 1, seconds: float = 20) -> list[email.message.EmailMessage]:
    world.server.wait_until(lambda: len(notices(world, address)) >= count, seconds, f"{count} notices for {address}")
    return notices(world, address)


def fields(notice: email.message.EmailMessage) -> str:
    return notice.get_payload(1).as_string()


def story_a_submitted_message_leaves_once_with_its_envelope(world: World) -> None:
    ada = world.user("ada")
    with Sink(port=PORT) as sink:
        submit(world, ada, "bob@d2.test", letter(ada, "bob@d2.test", body=".\r\n..two\r\n.three"))
        taken = sink.wait_for(1)
        time.sleep(1)
        assert len(sink.taken) == 1, sink.taken
    assert taken[0].sender == ada and taken[0].recipients == ["bob@d2.test"], taken
    head, _, body = taken[0].data.partition(b"\r\n\r\n")
    assert head.count(b"Received: ") == 1 and b"Return-Path" not in head, head
    assert body == b".\r\n..two\r\n.three\r\n", body
