"""Mail on its way for the browser tests: routing groups, connectors, a queue of what cannot leave, traces, lists."""
from __future__ import annotations

import email.message
import email.policy
import html
import smtplib
import ssl

import scene
from kit.dns_stub import DnsStub
from kit.instance import Instance

# A name server of our own: nothing of the tests asks the world outside. Domains that mail waits for are in trouble.
dns = DnsStub()
SETTINGS = {"dns": dns.setting}


def zone() -> None:
    """A domain that is published in part."""
    host = "mail.example.test"
    dns.put(host, "A", "192.0.2.25")
    dns.put("example.org", "MX", f"10 {host}", "20 mx2.backup.example")
    dns.put("example.org", "TXT", "v=spf1 mx -all", scene.HOSTILE[0])
    dns.put("_dmarc.example.org", "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@example.org")
    dns.put("_imaps._tcp.example.org", "SRV", f"0 1 993 imap.elsewhere.example")
    dns.put("autoconfig.example.org", "CNAME", host)
    dns.put("_smtp._tls.example.org", "TXT", "v=TLSRPTv1; rua=mailto:" + scene.HOSTILE[1])
    for name in ["away.example", "held.example", "wide.example", "partner.example"] + [f"far{number}.example" for number in range(6)]:
        dns.trouble[name] = "servfail"


FIRST = "First Routing Group"


def routing(server: Instance) -> None:
    for name in ("Lyon", "Nice", "Marseille"):
        server.run("routing-group", "add", name)
    server.run("routing-group", "add", scene.HOSTILE[0])
    for name, group in (("mail.lyon.example", "Lyon"), ("mail2.lyon.example", "Lyon"), ("mail.nice.example", "Nice"), ("mail.marseille.example", "Marseille")):
        server.run("server", "add", name, "--routing-group", group, "--address", "[127.0.0.1]:9")
    for source, target, cost in ((FIRST, "Lyon", 10), ("Lyon", FIRST, 10), ("Lyon", "Nice", 10), ("Nice", "Lyon", 10), (FIRST, "Nice", 30),
                                 (FIRST, "Marseille", 20), ("Marseille", FIRST, 20), ("Marseille", scene.HOSTILE[0], 40)):
        server.run("routing-group-connector", "add", f"{source} to {target}", "--from", source, "--to", target, "--cost", str(cost))
    server.run("routing-group-connector", "set", f"{FIRST} to Nice", "--schedule", "never")
    server.run("routing-group-connector", "set", "Marseille to " + scene.HOSTILE[0], "--enabled", "no")
    server.run("connector", "add", "Internet", "--space", "*", "--smarthost", "[127.0.0.1]:9")
    server.run("connector", "add", "Partner", "--space", "partner.example,*.partner.example=20", "--tls", "verify", "--routing-group", "Lyon")
    server.run("connector", "add", scene.HOSTILE[1], "--space", "hostile.example", "--smarthost", "[127.0.0.1]:9", "--cost", "50")


def lists(server: Instance) -> None:
    server.run("backup-mx", "add", "backup.example", "--org", "Example")
    server.api("PUT", "/backup-mx/backup.example/recipients", {"recipients": ["ada@backup.example", "bob@backup.example"]})
    server.run("backup-mx", "add", "wide.example", "--org", "Example", "--type", "domain", "--ask-primary", "yes")
    server.run("block", "add", "192.0.2.0/24", "--note", scene.HOSTILE[0], "--hours", "12")
    server.run("block", "add", "spam.example", "--note", "Nothing but advertising")
    server.run("allow", "add", "partner.example", "--note", "Our printer")


def submit(server: Instance, sender: str, recipients: list[str], subject: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=60) as smtp:
        smtp.starttls(context=context)
        smtp.login(sender, scene.PASSWORD)
        smtp.sendmail(sender, recipients, f"From: <{sender}>\r\nTo: <{recipients[0]}>\r\nSubject: {subject}\r\n\r\nbody\r\n".encode())


REPORT = """<?xml version="1.0"?><feedback><report_metadata><org_name>{who}</org_name><email>x@far.test</email><report_id>r1</report_id>
<date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata><policy_published><domain>example.org</domain><p>none</p></policy_published>
<record><row><source_ip>198.51.100.9</source_ip><count>2</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>example.org</header_from></identifiers><auth_results/></record></feedback>"""


def reported(server: Instance) -> str:
    """What somebody elsewhere says of mail in our name; its id."""
    server.run("filter", "set", "report_address", "dmarc@example.org", "--org", "Example")
    letter = email.message.EmailMessage()
    letter["From"], letter["Subject"] = "x@far.test", "Report Domain: example.org"
    letter.set_content("See there.\r\n")
    letter.add_attachment(REPORT.format(who=html.escape(scene.HOSTILE[0])).encode(), maintype="text", subtype="xml", filename="report.xml")
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=60) as smtp:
        smtp.sendmail("x@far.test", ["dmarc@example.org"], letter.as_bytes(policy=email.policy.SMTP))
    return server.api("GET", "/reports/dmarc")["reports"][0]["id"]


def make(server: Instance) -> str:
    """What the pages show; gives the id of a message that waits for several recipients."""
    zone()
    routing(server)
    lists(server)
    ada, grace = "ada@example.org", "grace@example.org"
    submit(server, ada, ["zoe@away.example", "yves@away.example", "bob@partner.example"], "The plan for spring")
    for number, subject in enumerate(scene.HOSTILE[:6]):
        submit(server, ada, [f"x{number}@far{number}.example"], subject)
    submit(server, ada, [grace, "team@example.org"], "Lunch")
    submit(server, grace, ["ann@held.example"], "Held")
    server.wait_until(lambda: len(queue(server)) >= 10, 60, "the queue")
    server.wait_until(lambda: server.api("POST", "/queue/hold", {"domain": "held.example"})["done"] == 1, 60, "the held entry")
    server.wait_until(lambda: all(e["attempts"] > 0 for e in queue(server, "&domain=away.example")), 60, "a first try")
    return queue(server, "&domain=away.example")[0]["message"]


def queue(server: Instance, more: str = "") -> list[dict]:
    return server.api("GET", "/queue?limit=100" + more)["entries"]
