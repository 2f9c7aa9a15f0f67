"""Reports about authentication and TLS: sent once a day to domains that ask, received from others, shown to administrators."""
from __future__ import annotations

import email
import email.policy
import gzip
import io
import json
import os
import shutil
import socket
import subprocess
import time
import xml.etree.ElementTree as ElementTree
import zipfile

from filter import DNS, field, offer
from handed_on import CHECK_DKIM, foreign, our_key
from kit.dns import free_port
from kit.instance import Failure
from kit.remote import Remote, reserve_port
from kit.sink import Authority, ReportServer
from kit.world import World
from reload import set_config
from smtp import submission

PACKAGES = ["python3-dkim", "python3-dnspython", "openssl"]
IS_LONG = True
PRIVATE = True
PORT = reserve_port()
SETTINGS = {"dns": DNS.setting, "trusted_proxies": "127.0.0.77/32", "outbound_port": str(PORT), "retry_min": "1s", "retry_max": "2s"}
for number, name in enumerate(("watch.test", "third.test", "far.test")):
    DNS.put(name, "MX", f"10 mx.{name}")
    DNS.put(f"mx.{name}", "A", "127.0.0.2")


def counted(world: World, kind: str) -> int:
    return int(world.server.sql("chappe_directory", f"SELECT coalesce(sum(number), 0) FROM report_count WHERE kind = '{kind}'"))


def yesterday(world: World) -> None:
    world.server.sql("chappe_directory", "UPDATE report_count SET day = day - 1")


def attachment(data: bytes) -> tuple[email.message.EmailMessage, bytes]:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    part = list(mail.iter_attachments())[-1] if mail.get_content_type() == "multipart/mixed" else mail.get_payload(1)
    return mail, gzip.decompress(part.get_payload(decode=True))


def story_domains_that_ask_hear_how_their_mail_fared(world: World) -> None:
    ada, server = world.user("ada"), world.server
    our_key(world, world.domain)
    DNS.put("watch.test", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    DNS.put("_dmarc.watch.test", "TXT", "v=DMARC1; p=quarantine; rua=mailto:dmarc@watch.test!10m,mailto:x@third.test,mailto:small@watch.test!1,mailto:y@far.test")
    DNS.put("watch.test._report._dmarc.far.test", "TXT", "v=DMARC1")
    mail = "From: boss@watch.test\r\nSubject: x\r\n\r\nhello\r\n"
    assert offer(world, ada, mail, sender="boss@watch.test")[0] == 250
    assert counted(world, "dmarc") == 0, "off by default"
    server.run("filter", "set", "dmarc_reports", "on")
    server.run("filter", "set", "report_contact", f"reports@{world.domain}")
    for peer in ("192.0.2.1", "192.0.2.1", "198.51.100.1"):
        assert offer(world, ada, mail, peer, "boss@watch.test")[0] == 250
    assert world.count(ada, "Junk") == 1
    server.wait_until(lambda: counted(world, "dmarc") == 3, 30, "three results")
    with Remote(port=PORT) as sink:
        yesterday(world)
        taken = sorted(sink.wait_for(2, 30), key=lambda one: one.recipients)
        server.wait_until(lambda: counted(world, "dmarc") == 0, 20, "nothing left")
        assert [one.recipients for one in taken] == [["dmarc@watch.test"], ["y@far.test"]], taken
        assert len(sink.taken) == 2, "neither who did not agree to it nor who takes no such size"
        letter, xml = attachment(taken[0].data)
        assert f"reports@{world.domain}" in letter["From"] and "Report Domain: watch.test" in letter["Subject"], letter
        assert foreign(CHECK_DKIM, taken[0].data).strip() == b"True"
        root = ElementTree.fromstring(xml)
        assert root.findtext("policy_published/domain") == "watch.test" and root.findtext("policy_published/p") == "quarantine"
        rows = {record.findtext("row/source_ip"): record for record in root.findall("record")}
        good, bad = rows["192.0.2.1"], rows["198.51.100.1"]
        assert good.findtext("row/count") == "2" and good.findtext("row/policy_evaluated/spf") == "pass", xml
        assert good.findtext("row/policy_evaluated/disposition") == "none" and good.findtext("auth_results/spf/result") == "pass"
        assert bad.findtext("row/count") == "1" and bad.findtext("row/policy_evaluated/disposition") == "quarantine", xml
        assert bad.findtext("identifiers/header_from") == "watch.test"
        # while the DNS is silent the day waits
        server.run("restart")
        DNS.trouble["_dmarc.watch.test"] = "servfail"
        world.server.sql("chappe_directory", "INSERT INTO report_count (kind, day, domain, key, detail, number) VALUES ('dmarc', "
                         "floor(extract(epoch FROM now()) / 86400) - 1, 'watch.test', 'x', '{}', 1)")
        server.wait_until(lambda: "report.later" in server.log(), 60, "the reporter to wait")
        assert counted(world, "dmarc") == 1 and len(sink.taken) == 2
        del DNS.trouble["_dmarc.watch.test"]
    DNS.put("_dmarc.watch.test", "TXT", "v=DMARC1; p=none")


def story_domains_that_ask_hear_how_tls_went(world: World) -> None:
    ada, server = world.user("ada"), world.server
    our_key(world, world.domain)
    server.run("filter", "set", "tls_reports", "on")
    server.run("filter", "set", "report_contact", f"reports@{world.domain}")
    DNS.put("_smtp._tls.far.test", "TXT", "v=TLSRPTv1; rua=mailto:tls@watch.test")
    with Remote(port=PORT) as sink:
        with submission(world, ada) as smtp:
            smtp.sendmail(ada, "bob@far.test", f"From: {ada}\r\nSubject: x\r\n\r\nhello\r\n".encode())
        sink.wait_for(1)
        server.wait_until(lambda: counted(world, "tls") >= 1, 30, "a session")
        yesterday(world)
        taken = sink.wait_for(2, 30)[1]
        letter, text = attachment(taken.data)
        assert taken.recipients == ["tls@watch.test"] and letter["TLS-Report-Domain"] == "far.test", letter
        assert letter.get_content_type() == "multipart/report" and letter.get_payload(1).get_content_type() == "application/tlsrpt+gzip"
        assert foreign(CHECK_DKIM, taken.data).strip() == b"True"
        report = json.loads(text)
        policy = report["policies"][0]
        assert policy["policy"]["policy-type"] == "no-policy-found" and policy["policy"]["policy-domain"] == "far.test", report
        summary = policy["summary"]
        assert summary["total-successful-session-count"] + summary["total-failure-session-count"] >= 1, report
        assert report["contact-info"] == f"reports@{world.domain}" and report["date-range"]["start-datetime"].endswith("T00:00:00Z"), report


def story_reports_about_tls_go_by_https_to_who_takes_them(world: World) -> None:
    server, port = world.server, free_port()
    authority, other = Authority(world.folder, "known"), Authority(world.folder, "strange")
    trusted = os.path.join(server.data, "tls", "known.pem")
    shutil.copyfile(authority.file, trusted)
    os.chmod(trusted, 0o644)
    set_config(world, trusted_certificates=trusted, report_networks="127.0.7.0/29")
    server.run("filter", "set", "tls_reports", "on")
    server.run("restart")

    def owe(domain: str, days: int = 1, number: int = 1, later: int = 0) -> None:
        detail = json.dumps({"type": "no-policy-found"})
        server.sql("chappe_directory", "INSERT INTO report_count (kind, day, domain, key, detail, number, next_us) VALUES ('tls', "
                   f"floor(extract(epoch FROM now()) / 86400) - {days}, '{domain}', 'x', '{detail}', {number}, {later})")

    def owed(domain: str) -> int:
        return int(server.sql("chappe_directory", f"SELECT count(*) FROM report_count WHERE domain = '{domain}'"))

    def again() -> None:
        server.sql("chappe_directory", "UPDATE report_count SET next_us = 0")

    for host, address in (("good", "127.0.7.1"), ("strange", "127.0.7.2"), ("private", "127.0.7.9"), ("inner", "10.1.2.3")):
        DNS.put(f"{host}.hook.test", "A", address)
    site = ReportServer("127.0.7.1", port, authority.server("good.hook.test", "other.test"))
    strange = ReportServer("127.0.7.2", port, other.server("strange.hook.test"))
    private = ReportServer("127.0.7.9", port, authority.server("private.hook.test"))
    good = f"https://good.hook.test:{port}"
    with site, strange, private, Remote(port=PORT) as sink:
        DNS.put("_smtp._tls.watch.test", "TXT", f"v=TLSRPTv1; rua={good}/v1?k=1,mailto:tls@watch.test")
        owe("watch.test", number=7)
        letter = sink.wait_for(1, 30)[0]
        path, kind, body = site.taken[0]
        assert (path, kind) == ("/v1?k=1", "application/tlsrpt+gzip"), site.taken
        report = json.loads(gzip.decompress(body))
        assert report["policies"][0]["summary"]["total-successful-session-count"] == 7 and report["policies"][0]["policy"]["policy-domain"] == "watch.test", report
        assert json.loads(attachment(letter.data)[1]) == report, "one report, by both ways"
        assert owed("watch.test") == 0 and len(site.taken) == 1

        # One of two takes it not: that one is asked again, under the same number, and the other one left alone.
        site.taken.clear()
        site.says["/second"] = (503, "text/plain", "later")
        DNS.put("_smtp._tls.third.test", "TXT", f"v=TLSRPTv1; rua={good}/first,{good}/second,mailto:tls@watch.test")
        owe("third.test")
        def refusals() -> int:
            return server.log().count("report.post ")

        server.wait_until(lambda: [one[0] for one in site.taken] == ["/first", "/second"] and refusals() == 1, 30, "both to be asked")
        time.sleep(6)
        assert owed("third.test") == 1 and len(site.taken) == 2 and len(sink.taken) == 1, "not before an hour"
        again()
        server.wait_until(lambda: len(site.taken) == 3 and refusals() == 2, 30, "the second one to be asked again")
        site.says.clear()
        again()
        server.wait_until(lambda: owed("third.test") == 0, 30, "all to be done")
        assert [one[0] for one in site.taken] == ["/first", "/second", "/second", "/second"], site.taken
        assert len({json.loads(gzip.decompress(one[2]))["report-id"] for one in site.taken}) == 1
        assert len(sink.wait_for(2, 30)) == 2

        # Redirects, wrong certificates, too long answers, private networks, addresses in place of names.
        site.taken.clear()
        site.says.update({"/moved": (307, "text/plain", f"{good}/there"), "/long": (200, "text/plain", "x" * 100000)})
        refused = (f"{good}/moved", f"{good}/long", f"https://strange.hook.test:{port}/", f"https://private.hook.test:{port}/",
                   f"https://127.0.7.1:{port}/", f"https://0x7f000701:{port}/", "https://inner.hook.test/", f"https://u:p@good.hook.test:{port}/",
                   f"http://good.hook.test:{port}/")
        before = refusals()
        for number, url in enumerate(refused):
            DNS.put(f"_smtp._tls.r{number}.test", "TXT", f"v=TLSRPTv1; rua={url}")
            owe(f"r{number}.test")
        server.wait_until(lambda: refusals() == before + len(refused) - 1 and owed(f"r{len(refused) - 1}.test") == 0, 60, "all to be tried")
        assert [owed(f"r{number}.test") for number in range(len(refused))] == [1] * (len(refused) - 1) + [0], "http: is nobody"
        assert {one[0] for one in site.taken} == {"/moved", "/long"} and not strange.taken and not private.taken, site.taken
        assert server.log().count("in a private network") >= 2
        server.sql("chappe_directory", "UPDATE report_count SET day = day - 1")     # before one of them is on its way under its day
        again()
        server.wait_until(lambda: int(server.sql("chappe_directory", "SELECT count(*) FROM report_count")) == 0, 60, "them to be given up after a day")

        # Five that take the connection and say nothing: who comes after them is not kept waiting.
        site.taken.clear()
        before = refusals()
        with socket.create_server(("127.0.7.3", port), backlog=64):
            DNS.put("silent.hook.test", "A", "127.0.7.3")
            DNS.put("_smtp._tls.good.test", "TXT", f"v=TLSRPTv1; rua={good}/behind")
            for number in range(5):
                DNS.put(f"_smtp._tls.h{number}.test", "TXT", f"v=TLSRPTv1; rua=https://silent.hook.test:{port}/{number}")
                owe(f"h{number}.test")
            owe("good.test", later=1)
            server.wait_until(lambda: [one[0] for one in site.taken] == ["/behind"], 60, "the one behind")
            assert refusals() < before + 5, "it waited for all of them"
            server.wait_until(lambda: refusals() == before + 5, 60, "them to be given up")
        assert [owed(f"h{number}.test") for number in range(5)] == [1] * 5, "for now"

        # DMARC has no such way.
        server.run("filter", "set", "dmarc_reports", "on")
        site.taken.clear()
        DNS.put("_dmarc.watch.test", "TXT", f"v=DMARC1; p=none; rua={good}/dmarc")
        server.sql("chappe_directory", "INSERT INTO report_count (kind, day, domain, key, detail, number) VALUES ('dmarc', "
                   "floor(extract(epoch FROM now()) / 86400) - 1, 'watch.test', 'x', '{}', 1)")
        server.wait_until(lambda: counted(world, "dmarc") == 0, 30, "nobody to want it")
        assert site.taken == []


XML = """<?xml version="1.0"?><feedback><report_metadata><org_name>Far</org_name><email>x@far.test</email><report_id>{id}</report_id>
<date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>
<policy_published><domain>{domain}</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>5</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>{domain}</header_from></identifiers><auth_results/></record>
<record><row><source_ip>198.51.100.9</source_ip><count>2</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>{domain}</header_from></identifiers><auth_results><spf><domain>evil.test</domain><result>pass</result></spf></auth_results></record></feedback>"""


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.xml", data)
    return out.getvalue()


def letter_with(data: bytes, kind: str) -> str:
    made = email.message.EmailMessage()
    made["From"], made["Subject"] = "x@far.test", "Report Domain"
    made.set_content("See there.\r\n")
    main, sub = kind.split("/")
    made.add_attachment(data, maintype=main, subtype=sub, filename="report")
    return made.as_bytes(policy=email.policy.SMTP).decode()


def story_reports_of_others_are_read_and_shown(world: World) -> None:
    ada, server = world.user("ada"), world.server
    address = f"dmarc-reports@{world.domain}"
    assert offer(world, address, "Subject: x\r\n\r\n")[0] == 550, "nobody has this address"
    server.run("filter", "set", "report_address", address, "--org", world.organisation)
    own = XML.replace("{domain}", world.domain)
    for number, (pack, kind) in enumerate(((gzip.compress, "application/gzip"), (zipped, "application/zip"), (bytes, "text/xml"))):
        code, text = offer(world, address, letter_with(pack(own.replace("{id}", f"r{number}").encode()), kind))
        assert code == 250, (kind, code, text)
    assert offer(world, address, letter_with(gzip.compress(own.replace("{id}", "r0").encode()), "application/gzip"))[0] == 250, "once more"
    listed = server.api("GET", "/reports/dmarc?organisation=" + world.organisation.replace(" ", "%20"))["reports"]
    assert [(one["number"], one["domain"], one["passed"], one["failed"]) for one in listed] == [(f"r{n}", world.domain, 5, 2) for n in (2, 1, 0)], listed
    shown = server.api("GET", f"/report/{listed[0]['id']}")
    assert shown["detail"]["rows"][1]["source"] == "198.51.100.9" and shown["detail"]["rows"][1]["spf_domain"] == "evil.test", shown
    assert "Far" in server.run("report", "list", "--org", world.organisation)
    text = server.run("report", "show", listed[0]["id"])
    assert f"192.0.2.1: 5, from {world.domain}, dkim pass, spf fail, none" in text, text
    tls = {"organization-name": "Far", "date-range": {"start-datetime": "2031-01-01T00:00:00Z", "end-datetime": "2031-01-01T23:59:59Z"},
           "contact-info": "x@far.test", "report-id": "t1", "policies": [
               {"policy": {"policy-type": "sts", "policy-domain": world.domain, "policy-string": ["version: STSv1"]},
                "summary": {"total-successful-session-count": 7, "total-failure-session-count": 3},
                "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 3, "receiving-mx-hostname": "mx.example"}]}]}
    assert offer(world, address, letter_with(gzip.compress(json.dumps(tls).encode()), "application/tlsrpt+gzip"))[0] == 250
    assert "t1" not in server.run("report", "list") and "Far" in server.run("report", "list", "--kind", "tls")
    one = server.api("GET", "/reports/tls?organisation=" + world.organisation.replace(" ", "%20"))["reports"][0]
    assert (one["passed"], one["failed"], one["begin"]) == (7, 3, "2031-01-01T00:00:00Z"), one
    assert world.count(ada) == 0
    with World(server) as other:
        assert server.api("GET", "/reports/dmarc?organisation=" + other.organisation.replace(" ", "%20"))["reports"] == []
        foreign_one = own.replace("{id}", "r9").replace(world.domain, other.domain)
        code, text = offer(world, address, letter_with(gzip.compress(foreign_one.encode()), "application/gzip"))
        assert code == 554 and "no domain of ours" in text, (code, text)


def story_hostile_reports_are_refused_and_cost_little(world: World) -> None:
    world.user("ada")
    server = world.server
    address = f"dmarc-reports@{world.domain}"
    server.run("filter", "set", "report_address", address, "--org", world.organisation)
    own = XML.replace("{domain}", world.domain).replace("{id}", "h")
    entities = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "' + "&a;" * 10 + '">]>' + own.split("?>", 1)[1].replace("Far", "&b;")
    outside = '<?xml version="1.0"?><!DOCTYPE f SYSTEM "file:///etc/passwd">' + own.split("?>", 1)[1]
    bomb = gzip.compress(b" " * (200 << 20))
    for what, data, code in (("entities", entities.encode(), 554), ("a file", outside.encode(), 554), ("no XML", b"hello", 554),
                             ("cut XML", own.encode()[:-20], 554), ("cut gzip", gzip.compress(own.encode())[:-20], 554),
                             ("a bomb", bomb, 552), ("a bomb in zip", zipped(b" " * (100 << 20)), 552), ("JSON", b"{}", 554),
                             ("deep XML", b"<a>" * 2000, 554), ("UTF-16", own.encode("utf-16"), 554), ("empty", b"", 554)):
        answer = offer(world, address, letter_with(data, "application/octet-stream"))
        assert answer[0] == code, (what, answer)
    assert offer(world, address, "Subject: only words\r\n\r\nhello\r\n")[0] == 554
    assert server.api("GET", "/reports/dmarc")["reports"] == []
    try:
        server.run("report", "show", "00000000-0000-0000-0000-000000000000")
    except Failure as failure:
        assert "no such report" in str(failure), failure
    else:
        raise Failure("it was shown")
