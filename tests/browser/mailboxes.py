"""What the webmail tests look at: Emma's mailbox with conversations, files, folders and attacks, and one that Felix shares with her."""
from __future__ import annotations

import datetime
import email.utils
import imaplib
from email.message import EmailMessage
from typing import Any

import scene
from kit import openpgp, smime
from kit.instance import Instance

EMMA, FELIX = "emma@letters.example", "felix@letters.example"

PEOPLE = [("Marc Dupont", "marc@partner.example"), ("Sofia Rossi", "sofia@rossi.example"), ("Amina Diallo", "amina@letters.example"),
          ("Jonas Weber", "jonas@weber.example"), ("Library of Lyon", "loans@library.example"), ("Build server", "build@letters.example"),
          ("李清照", "li@letters.example"), ("أمين معلوف", "amin@letters.example")]
SUBJECTS = ["Minutes of Thursday", "Delivery on Friday between 9 and 12", "Your loan is due in 3 days", "Photos of the weekend", "Contract draft v3 with comments",
            "Invoice 2026-1142", "Welcome to the team", "Flat in Grenoble", "Nightly build: 3 tests failed", "Budget for the second half"]
TEXT = """Hello Emma,

please find below the points that we discussed. Tell me before Friday if something is missing.

- the room is booked
- the offer is valid until the 30th

Best regards
"""


def pdf(*pages: str) -> bytes:
    """A document with one line of text a page, that would run a script where it is opened."""
    count = len(pages)
    streams = [f"BT /F1 36 Tf 72 700 Td ({text}) Tj ET".encode("latin-1") for text in pages]
    objects = [b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
               f"<< /Type /Pages /Kids [{' '.join(f'{4 + 2 * i} 0 R' for i in range(count))}] /Count {count} >>".encode(),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for i, stream in enumerate(streams):
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R >> >> >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream))
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(out))


class Letters:
    """Puts messages into a mailbox as any mail client would."""

    def __init__(self, server: Instance, login: str) -> None:
        self.link = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        self.link.login(login, scene.PASSWORD)
        self.login, self.number = login, 0

    def add(self, folder: str, subject: str, sender: tuple[str, str], *, hours: float = 0, flags: str = r"\Seen", text: str = TEXT,
            html: str = "", files: tuple[tuple[str, str, bytes], ...] = (), replies_to: str = "", to: str = "", **fields: str) -> str:
        message, when = EmailMessage(), datetime.datetime.now().astimezone() - datetime.timedelta(hours=hours)
        self.number += 1
        own = f"<{self.number}.{self.login}>"
        message["From"] = email.utils.formataddr(sender)
        message["To"], message["Subject"], message["Message-ID"] = to or self.login, subject, own
        message["Date"] = email.utils.format_datetime(when)
        if replies_to:
            message["In-Reply-To"] = message["References"] = replies_to
        for name, value in fields.items():
            message[name.replace("_", "-")] = value
        message.set_content(text + sender[0] + "\n")
        if html:
            message.add_alternative(html, subtype="html")
        for name, kind, content in files:
            main, sub = kind.split("/")
            message.add_attachment(content, maintype=main, subtype=sub, filename=name)
        self.append(folder, flags, when, message.as_bytes())
        return own

    def append(self, folder: str, flags: str, when: Any, content: bytes) -> None:
        answer = self.link.append(folder, f"({flags})" if flags else None, imaplib.Time2Internaldate(when), content)
        if answer[0] != "OK":
            raise AssertionError(answer)

    def make(self, *folders: str) -> None:
        for folder in folders:
            self.link.create(f'"{folder}"')
            self.link.subscribe(f'"{folder}"')

    def share(self, folder: str, whom: str, rights: str) -> None:
        self.link.setacl(folder, whom, rights)


def conversations(emma: Letters) -> None:
    marc, sofia, me = PEOPLE[0], PEOPLE[1], ("Emma Nilsson", EMMA)
    first = emma.add("INBOX", "Trip to Lyon", marc, hours=30, text="Shall we take the train of 8:04? The tower of the optical telegraph opens at 10.\n\n")
    emma.add("Sent", "Re: Trip to Lyon", me, hours=29, replies_to=first, to=marc[1], text="Yes, the train of 8:04 is fine.\n\n> Shall we take the train of 8:04?\n\n")
    emma.add("INBOX", "Re: Trip to Lyon", sofia, hours=3, flags="", replies_to=first, text="I join you in Dijon. Keep a seat for me!\n\n",
             files=(("ticket.pdf", "application/pdf", b"%PDF-1.4 ticket"), ("plan.png", "image/png", b"\x89PNG\r\n")))
    emma.add("INBOX", "Re: Trip to Lyon", marc, hours=1, flags="", replies_to=first, text="Seats are booked: coach 4, 31 to 33.\n\n")


def ordinary(emma: Letters) -> None:
    for i in range(60):
        flags = "" if i % 7 == 2 else r"\Seen \Flagged" if i % 11 == 4 else r"\Seen \Answered" if i % 9 == 5 else r"\Seen"
        files = (("report.pdf", "application/pdf", b"%PDF-1.4 " + bytes(40000)),) if i % 6 == 1 else ()
        emma.add("INBOX", SUBJECTS[i % len(SUBJECTS)] + (f" ({i})" if i >= len(SUBJECTS) else ""), PEOPLE[(i * 3) % len(PEOPLE)], hours=5 + i * i * 1.1, flags=flags, files=files)
    emma.add("INBOX", "The week in the museums", ("Museum newsletter", "news@museum.example"), hours=4.5,
             html="<html><body style='font-family: sans-serif'><h1 style='color: #8a4b08'>The week in the museums</h1><p>Three <b>new</b> rooms open on Saturday.</p>"
                  "<img src='https://elsewhere.example/pixel.png' width=600 height=120><p><a href='https://elsewhere.example/x'>Read on</a></p></body></html>")
    emma.add("INBOX", "رحلة إلى ليون", PEOPLE[7], hours=26, text="نلتقي في محطة القطار يوم السبت.\n\n")
    emma.add("Projects/2031/Bridge", "Drawings of the bridge", PEOPLE[2], hours=50, files=(("bridge.pdf", "application/pdf", pdf("North pier", "South pier")), ("torn.pdf", "application/pdf", b"%PDF-1.4 bridge")))
    emma.add("Archive", "Old but good", PEOPLE[3], hours=9000)
    emma.add("Drafts", "Half a thought", ("Emma Nilsson", EMMA), hours=2, flags=r"\Draft \Seen", to="marc@partner.example")
    emma.add("Junk", "You have won", ("Prize office", "prize@spam.example"), hours=8, flags="")


def signatures(emma: Letters) -> None:
    now = datetime.datetime.now().astimezone()
    smime.key_of("zoe", "zoe@friend.example", "authority")
    good = smime.signed("zoe@friend.example", "zoe", "Signed and whole")
    for letter in (good, good.replace(b"The offer holds", b"The offer falls").replace(b"Signed and whole", b"Signed and changed"), *openpgp_letters()):
        emma.append("Archive", r"\Seen", now, letter)


def openpgp_letters() -> list[bytes]:
    zoe = "zoe@friend.example"
    with openpgp.Keyring() as keys:
        keys.make(zoe)
        whole = openpgp.signed(keys, zoe, zoe, "PGP whole", more=(openpgp.autocrypt(keys, zoe),))
        letter = openpgp.signed(keys, zoe, zoe, "PGP changed")
        text = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
        commented = keys.clear(b"The offer holds.\n- dash\n", zoe).replace(b"PGP SIGNATURE-----\r\n", b"PGP SIGNATURE-----\r\nVersion: GnuPG v2\r\nComment: Pay to me\r\n", 1)
        return [whole, letter.replace(b"The offer holds", b"The offer falls"), letter.replace(b"From: zoe", b"From: yves").replace(b"PGP changed", b"PGP forged"),
                openpgp.head(zoe, "PGP commented") + text + commented,
                openpgp.head(zoe, "PGP partial") + text + keys.clear(b"The offer holds.\n", zoe) + b"And something else.\r\n",
                openpgp.head(zoe, "PGP sealed") + text + keys.sealed(b"secret", zoe)]


def hostile(emma: Letters) -> None:
    for number, name in enumerate(scene.HOSTILE):
        emma.make("Hostile/" + "".join(c for c in name if c.isascii() and c not in '/*%"\\')[:40])
        emma.add("Hostile", name, (name.replace("\n", " "), f"h{number}@hostile.example"), hours=100 + number, text=name + "\n" + scene.HOSTILE[0] + "\n",
                 html=f"<p>{name}</p>", files=((name.replace("/", "-"), "text/html", name.encode()),))


def make(server: Instance) -> None:
    server.run("org", "add", "Letters")
    server.run("domain", "add", "letters.example", "--org", "Letters")
    for local, name in (("emma", "Emma Nilsson"), ("felix", "Félix Moreau"), ("lena", "Lena Fischer")):
        server.api("POST", "/users", {"address": f"{local}@letters.example", "name": name, "password": scene.PASSWORD, "quota": 1 << 30})
    server.api("POST", "/users", {"address": "hostile@letters.example", "name": "Hostile letters", "password": scene.PASSWORD})
    server.api("POST", "/users", {"address": "nora@letters.example", "name": "Nora Berg", "password": scene.PASSWORD})
    server.api("POST", "/recipient-policies", {"name": "Keep", "organisation": "Letters", "query": "(address=nora@letters.example)",
                                               "retention": ["\\Junk=30:delete", "\\Sent=365:archive"]})
    server.api("POST", "/recipient-policies/Keep/retention?organisation=Letters")            # she is told
    server.api("PATCH", f"/users/{EMMA}", {"undo_send": "30"})            # so that a busy machine leaves time to take it back
    emma, felix = Letters(server, EMMA), Letters(server, FELIX)
    emma.make("Projects", "Projects/2031", "Projects/2031/Bridge", "Receipts")
    conversations(emma)
    ordinary(emma)
    signatures(emma)
    felix.make("Orders")
    felix.add("INBOX", "Order 4711", PEOPLE[3], hours=20, flags="")
    felix.add("Orders", "Order 4700", PEOPLE[3], hours=200)
    for folder in ("INBOX", "Orders"):
        felix.share(folder, EMMA, "lrswite")
    server.api("POST", "/users", {"address": "board@letters.example", "name": "Board", "kind": "public-folder"})
    emma.add('"Public Folders/Board"', "Canteen closed on Friday", PEOPLE[2], hours=30, flags="")
    bad = Letters(server, "hostile@letters.example")
    bad.make("Hostile")
    hostile(bad)
    for one in (emma, felix, bad):
        one.link.logout()
