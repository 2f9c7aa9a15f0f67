"""What filters and rules set aside, lists and policies, and jobs, for the browser tests."""
from __future__ import annotations

import mail_flow
import scene
from kit.instance import Instance


def rules(server: Instance) -> None:
    add = ("rule", "add")
    server.run(*add, "Disclaimer", "--org", "Example", "--direction", "out", "--unless-recipient", "*@partner.example",
               "--disclaimer", "Example, 1 Semaphore Street")
    server.run(*add, "Set aside", "--org", "Example", "--header", "Subject: *aside*", "--quarantine")
    server.run(*add, "Held", "--org", "Example", "--header", "Subject: *asks*", "--larger", "10", "--moderate", "grace@example.org")
    server.run(*add, scene.HOSTILE[0], "--org", "Example", "--sender", "nobody@example.org", "--refuse", scene.HOSTILE[1])
    server.api("PATCH", "/rules/Disclaimer?organisation=Example", {"enabled": False})


def lists(server: Instance) -> None:
    server.run("address-list", "add", "Rooms", "--org", "Example", "--query", "(kind=room)")
    server.run("address-list", "add", scene.HOSTILE[0], "--org", "Example", "--query", "(name=*h1*)")
    server.run("recipient-policy", "add", "First.Last", "--org", "Example", "--addresses", "%g.%s@example.org",
               "--max-send", "25M", "--quota", "5G", "--retention", "\\Junk=30:delete,*=1825:archive",
               "--query", "(&(kind=user)(domain=example.org))")
    server.run("filter", "set", "on_spam", "quarantine", "--org", "Example")
    server.run("filter", "set", "dnsbl", "zen.blocked.example=10 bl.other.example=5")


def history(server: Instance) -> None:
    """A month of which the charts tell, with days and nights."""
    server.sql("chappe_directory", """
        INSERT INTO statistic (at_us, server, name, value)
        SELECT at * 1000000, 'mail.example.test', name, greatest(0, (peak * (1 + sin((at % 86400) / 86400.0 * 6.283 - 1.9)) / 2
               * (1 + ((at / 300 * 7919) % 13) / 40.0))::bigint)
          FROM generate_series((extract(epoch FROM now())::bigint / 300 - 288 * 30) * 300,
                               (extract(epoch FROM now())::bigint / 300 - 1) * 300, 300) AS at,
               (VALUES ('received', 420), ('delivered', 350), ('sent', 120), ('refused', 60), ('logins', 240), ('failed-logins', 14),
                       ('logins-imap', 120), ('logins-smtp', 60), ('logins-web', 45), ('logins-pop3', 10), ('logins-other', 5),
                       ('failed-logins-imap', 4), ('failed-logins-smtp', 8), ('failed-logins-web', 2), ('queue', 35)) AS s (name, peak)
        ON CONFLICT DO NOTHING""")


def first(server: Instance, noun: str, key: str) -> str:
    server.wait_until(lambda: server.api("GET", f"/{noun}")["messages"], 60, noun)
    return str(server.api("GET", f"/{noun}")["messages"][0][key])


def make(server: Instance) -> dict[str, str]:
    """The ids that pages.mjs names with a $."""
    rules(server)
    lists(server)
    history(server)
    for subject in ("Put this aside", scene.HOSTILE[1] + " aside"):
        mail_flow.submit(server, "ada@example.org", ["grace@example.org", "claude@example.org"], subject)
    for subject in ("He asks", scene.HOSTILE[0] + " asks"):
        mail_flow.submit(server, "ada@example.org", ["grace@example.org"], subject)
    job = server.api("POST", "/jobs/bulk?organisation=Example",
                     {"act": "disable", "dry_run": True, "recipients": ["li@example.org", "nobody@example.org", scene.HOSTILE[0]]})["id"]
    server.wait_until(lambda: server.api("GET", f"/jobs/{job}")["state"] == "done", 60, "the job")
    return {"QUARANTINED": first(server, "quarantine", "id"), "MODERATED": first(server, "moderation", "number"), "JOB": str(job)}
