#!/usr/bin/env python3
"""Mail that looks like mail: a corpus for stories and load tests.

    tests/kit/corpus.py --count 2000 --out DIR [--format eml|maildir|mbox] [--kind mixed|small] [--seed N]
    tests/kit/corpus.py --count 2000 --statistics

Kind "mixed" has the sizes of a company's mail (median 16 KB, mean 60 KB, 90 % below 97 KB, largest 4.2 MB): text and HTML
in French and English, several charsets and transfer encodings, pictures and documents, forwarded messages, invitations,
delivery reports, conversations. Kind "small" is 4 KB of text each. Message `i` of a seed is always the same bytes, on
every machine, and can be made alone:

    corpus = Corpus(seed=1)
    corpus.message(17)          # bytes with CRLF line ends
    corpus.rare_word(17)        # a word that stands in message 17 and in no other, for search tests
"""
import argparse
import base64
import email.utils
import os
import quopri
import random
import sys
from datetime import datetime, timedelta, timezone
from email.header import Header

# (share of the messages that are not larger, bytes); between two points the logarithm of the size grows evenly.
SIZES = [(0.0, 900), (0.05, 1700), (0.25, 5000), (0.5, 13500), (0.75, 34000), (0.9, 85000),
         (0.97, 390000), (0.99, 1350000), (0.998, 2900000), (1.0, 4200000)]
SMALL = 3770

FRENCH = """le la de et les des en un une du que est pour qui dans ce il sur pas plus par je avec tout faire son mettre autre on mais
nous comme ou si leur y dire elle devoir avant deux même prendre aussi celui donner bien où fois vous encore nouveau aller cela entre
premier vouloir déjà grand mon me moins aucun lui temps très savoir falloir voir quelque sans raison notre dont non an monde jour
monsieur demander alors après trouver personne rendre part dernier venir pendant passer peu lequel suite bon comprendre depuis point
ainsi heure rester réunion équipe projet facture devis contrat livraison délai budget rapport présentation client fournisseur
téléphone bureau semaine prochaine février août merci cordialement bonjour élément système reçu répondre détail problème été créé
œuvre hôtel forêt garçon naïf noël""".split()
ENGLISH = """the be to of and a in that have it for not on with he as you do at this but his by from they we say her she or an will my one
all would there their what so up out if about who get which go me when make can like time no just him know take people into year your
good some could them see other than then now look only come its over think also back after use two how our work first well way even
new want because any these give day most us meeting report budget project invoice delivery deadline customer supplier schedule release
server figures quarter review draft attached please regards thanks tomorrow office phone contract question answer update weekly plan
team account order issue support""".split()
GREEK = "το και στο της για που δεν από με θα είναι συνάντηση έκθεση προϋπολογισμός πελάτης αύριο ευχαριστώ καλημέρα".split()
RUSSIAN = "и в не на что с по как это все отчёт встреча проект договор завтра спасибо привет команда срок счёт".split()
JAPANESE = "会議 資料 確認 お願い します 明日 予定 報告 契約 予算 担当 連絡 ありがとう ございます".split()
CHINESE = "会议 报告 预算 项目 合同 明天 谢谢 请 确认 附件 客户 时间".split()

# (share, charset, words)
LANGUAGES = [(34, "utf-8", ENGLISH), (26, "utf-8", FRENCH), (10, "iso-8859-1", FRENCH), (8, "windows-1252", FRENCH), (8, "us-ascii", ENGLISH),
             (4, "iso-8859-15", FRENCH), (3, "iso-8859-7", GREEK), (3, "koi8-r", RUSSIAN), (2, "iso-2022-jp", JAPANESE), (2, "gb2312", CHINESE)]
# (share, kind of message); those without room for what they need fall back to text.
SHAPES = [(25, "text"), (30, "alternative"), (25, "attachments"), (8, "related"), (5, "forward"), (3, "invitation"), (2, "report"), (2, "signed")]
ATTACHMENTS = [("application/pdf", "pdf"), ("image/jpeg", "jpg"), ("image/png", "png"), ("application/zip", "zip"),
               ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"), ("text/csv", "csv")]

FIRST_NAMES = "Ada Zoé Élodie Bob Jérôme François Inès Léa Hugo Emma Noah Björn Søren Łukasz Μαρία Иван 太郎 José Anaïs Chloé".split()
LAST_NAMES = "Lovelace Martin Dupont Lefèvre Müller García Novak Smith O'Neill Rossi Nguyễn Παππάς Иванов 山田 Bernard Moreau".split()
DOMAINS = ["example.org", "example.com", "example.net", "chappe.example", "xn--bcher-kva.example"]
EPOCH = datetime(2029, 3, 1, tzinfo=timezone.utc)
GOLDEN = 0.6180339887498949


def choose(rng, table):
    """A row of a table whose first column is a weight; without that column."""
    point = rng.uniform(0, sum(row[0] for row in table))
    for row in table:
        point -= row[0]
        if point <= 0:
            break
    return row[1] if len(row) == 2 else row[1:]


class Corpus:
    def __init__(self, seed=1, kind="mixed", domains=None):
        self.seed = seed
        self.kind = kind
        self.domains = domains or DOMAINS

    def rng(self, index, purpose):
        return random.Random(f"{self.seed}/{index}/{purpose}")

    def size(self, index):
        """The wished size: evenly spread over the distribution however many messages are taken."""
        if self.kind == "small":
            return SMALL
        share = (index * GOLDEN + self.seed * 0.137) % 1.0
        for (low, small), (high, large) in zip(SIZES, SIZES[1:]):
            if share <= high:
                return int(small * (large / small) ** ((share - low) / (high - low)))
        return SIZES[-1][1]

    def rare_word(self, index):
        return "zq" + base64.b32encode(f"{self.seed}.{index}".encode()).decode().rstrip("=").lower()

    def message_id(self, index):
        return f"<{index}.{self.seed}.{self.rng(index, 'id').getrandbits(48):x}@{self.domains[index % len(self.domains)]}>"

    def person(self, index, role):
        rng = self.rng(index // 7 if role == "from" else index, role)
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        local = f"{role[0]}{rng.randrange(200):03d}"
        return first + " " + last, f"{local}@{rng.choice(self.domains)}"

    def date(self, index):
        rng = self.rng(index, "date")
        return EPOCH + timedelta(minutes=index * 37 + rng.randrange(30))

    def message(self, index):
        return Writer(self, index).message()

    def messages(self, count, start=0):
        return (self.message(i) for i in range(start, start + count))


class Writer:
    """One message; every choice comes from the index."""

    def __init__(self, corpus, index):
        self.corpus, self.index = corpus, index
        self.rng = corpus.rng(index, "text")
        self.wished = corpus.size(index)
        self.charset, self.words = choose(self.rng, LANGUAGES) if corpus.kind != "small" else ("utf-8", self.rng.choice([FRENCH, ENGLISH]))
        self.boundaries = 0

    def message(self):
        shape = "text" if self.corpus.kind == "small" or self.wished < 4000 else choose(self.rng, SHAPES)
        header = self.header()
        entity = getattr(self, shape)(self.wished - len(header))
        return (header + entity).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    # --- header

    def encoded(self, text):
        if text.isascii():
            return text
        charset = self.charset if self.rng.random() < 0.5 else "utf-8"
        try:
            return Header(text, charset, maxlinelen=70).encode(linesep="\n")
        except UnicodeEncodeError:
            return Header(text, "utf-8", maxlinelen=70).encode(linesep="\n")

    def mailbox(self, name, address):
        return f"{self.encoded(name)} <{address}>" if not name.isascii() else email.utils.formataddr((name, address))

    def subject(self, index):
        rng = self.corpus.rng(index - index % 5, "subject")   # five messages make a conversation
        text = " ".join(rng.choice(self.words) for _ in range(rng.randrange(2, 9)))
        return ("Re: " if index % 5 else "") + text[:1].upper() + text[1:]

    def header(self):
        i, date = self.index, self.corpus.date(self.index)
        when = email.utils.format_datetime(date.astimezone(timezone(timedelta(hours=i % 3))))
        lines = []
        for hop in range(1 + i % 3):
            lines.append(f"Received: from mx{hop}.{self.corpus.domains[0]} (mx{hop} [192.0.2.{hop + 1}])\n\tby mail{hop}.example.net with ESMTPS"
                         f" id {self.rng.getrandbits(40):x};\n\t{when}")
        if i % 2:
            signature = base64.b64encode(self.rng.randbytes(128)).decode()
            lines.append("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;\n\th=from:to:subject:date;\n\tb="
                         + "\n\t ".join(signature[k:k + 64] for k in range(0, len(signature), 64)))
        lines.append("From: " + self.mailbox(*self.corpus.person(i, "from")))
        lines.append("To: " + ",\n ".join(self.mailbox(*self.corpus.person(i + k, "to")) for k in range(1 + (i % 4 == 0) * self.rng.randrange(6))))
        if i % 6 == 0:
            lines.append("Cc: " + self.mailbox(*self.corpus.person(i, "cc")))
        lines.append("Subject: " + self.encoded(self.subject(i)))
        lines.append("Date: " + when)
        lines.append("Message-ID: " + self.corpus.message_id(i))
        if i % 5:
            earlier = [self.corpus.message_id(k) for k in range(i - i % 5, i)]
            lines.append("In-Reply-To: " + earlier[-1])
            lines.append("References: " + "\n ".join(earlier))
        lines.append("MIME-Version: 1.0")
        return ("\n".join(lines) + "\n").encode("utf-8")

    # --- text

    def sentences(self, size):
        out, length = [f"{self.corpus.rare_word(self.index)}."], 0
        while length < size:
            count = self.rng.randrange(4, 16)
            # a few words are frequent, most are rare, as in any language
            words = [self.words[min(int(self.rng.paretovariate(0.7)) - 1, len(self.words) - 1) if self.rng.random() < 0.6
                                else self.rng.randrange(len(self.words))] for _ in range(count)]
            sentence = " ".join(words)
            out.append(sentence[:1].upper() + sentence[1:] + self.rng.choice([".", ".", ".", "!", " ?"]))
            length += len(sentence.encode(self.charset, "replace")) + 2
        return out

    def encode_text(self, text, subtype, charset):
        data = text.encode(charset, "replace")
        if charset in ("us-ascii", "iso-2022-jp") or (charset == "utf-8" and self.rng.random() < 0.5):
            encoding, body = ("7bit" if max(data, default=0) < 128 else "8bit"), data
        elif charset in ("gb2312",) or self.rng.random() < 0.15:
            encoding, body = "base64", base64.encodebytes(data)
        else:
            encoding, body = "quoted-printable", quopri.encodestring(data)
        return (f"Content-Type: text/{subtype}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n").encode() + body

    def plain(self, size):
        lines, line = [], ""
        for sentence in self.sentences(size - 120):
            for word in sentence.split():
                if len(line) + len(word) > 72:
                    lines.append(line)
                    line = ""
                line += (" " if line else "") + word
            if self.rng.random() < 0.2:
                lines += [line, ""]
                line = ""
        lines.append(line)
        if self.index % 5 and len(lines) > 20:
            lines[-8:] = ["> " + quoted for quoted in lines[-8:]]
        return "\n".join(lines + ["", "-- ", self.corpus.person(self.index, "from")[0], ""])

    def html(self, size):
        body = "".join(f'<p style="margin:0 0 1em 0;font-family:Arial,sans-serif">{s}</p>\n' for s in self.sentences(max(size // 2, 200)))
        style = ".x{color:#333;font-size:14px;line-height:1.4}\n" * max(1, (size - len(body)) // 90)
        return f"<!DOCTYPE html>\n<html><head><title>x</title>\n<style>\n{style}</style></head>\n<body>{body}<br>&copy; &eacute;t&eacute;</body></html>\n"

    # --- shapes

    def boundary(self):
        self.boundaries += 1
        return f"----=_Part_{self.boundaries}_{self.corpus.seed}.{self.index}"

    def multipart(self, subtype, parts, parameters=""):
        boundary = self.boundary().encode()
        body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
        return (f'Content-Type: multipart/{subtype}; {parameters}boundary="{boundary.decode()}"\n\n').encode() + body + b"--" + boundary + b"--\n"

    def text(self, size):
        return self.encode_text(self.plain(min(size, 200000)), "plain", self.charset)

    def alternative(self, size):
        size = min(size, 400000)
        return self.multipart("alternative", [self.encode_text(self.plain(size // 4), "plain", self.charset),
                                              self.encode_text(self.html(size * 3 // 4), "html", "utf-8")])

    def attachment(self, size, disposition="attachment", content_id=None):
        mime_type, extension = self.rng.choice(ATTACHMENTS if disposition == "attachment" else ATTACHMENTS[1:3])
        name = f"{self.rng.choice(self.words)}-{self.index}.{extension}"
        if extension == "csv":
            data = "\n".join(f"{k};{self.rng.choice(self.words)};{self.rng.random():.2f}" for k in range(max(1, size // 22))).encode()
        else:
            data = self.rng.randbytes(max(16, size * 57 // 78))
        file_name = f'filename="{name}"' if name.isascii() else "filename*=" + email.utils.encode_rfc2231(name, "utf-8")
        head = f"Content-Type: {mime_type}\nContent-Transfer-Encoding: base64\nContent-Disposition: {disposition};\n {file_name}\n"
        if content_id:
            head += f"Content-ID: <{content_id}>\n"
        return head.encode() + b"\n" + base64.encodebytes(data)

    def attachments(self, size):
        count = 1 + (self.rng.random() < 0.3) + (self.rng.random() < 0.1)
        text = min(3000, size // 3)
        return self.multipart("mixed", [self.alternative(text)] + [self.attachment((size - text) // count) for _ in range(count)])

    def related(self, size):
        text = min(4000, size // 2)
        return self.multipart("related", [self.encode_text(self.html(text) + '<img src="cid:logo@x">', "html", "utf-8"),
                                          self.attachment(size - text, "inline", "logo@x")], 'type="text/html"; ')

    def forward(self, size):
        inner = Writer(self.corpus, self.index + 1000003)
        inner.wished = max(2000, size - 2500)
        return self.multipart("mixed", [self.encode_text(self.plain(800), "plain", self.charset),
                                        b"Content-Type: message/rfc822\n\n" + inner.message()])

    def invitation(self, size):
        at = self.corpus.date(self.index)
        event = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "METHOD:REQUEST", "BEGIN:VEVENT", f"UID:{self.index}@x", f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
                           f"DTSTART:{at:%Y%m%dT%H%M%SZ}", f"SUMMARY:{self.subject(self.index)}", "END:VEVENT", "END:VCALENDAR", ""])
        calendar = b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: 8bit\n\n" + event.encode()
        return self.multipart("alternative", [self.encode_text(self.plain(min(size, 20000)), "plain", self.charset), calendar])

    def report(self, size):
        status = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; nobody@example.com\nAction: failed\nStatus: 5.1.1\n"
        return self.multipart("report", [self.encode_text(self.plain(600), "plain", "us-ascii"), status,
                                         b"Content-Type: message/rfc822\n\n" + Writer(self.corpus, self.index + 2000003).header() + self.text(min(size, 20000))],
                              "report-type=delivery-status; ")

    def signed(self, size):
        signature = b'Content-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(self.rng.randbytes(2000))
        return self.multipart("signed", [self.attachments(size - 3000), signature], 'protocol="application/pkcs7-signature"; micalg=sha-256; ')


# --- writing a corpus down

def write_eml(corpus, count, directory):
    os.makedirs(directory, exist_ok=True)
    for i in range(count):
        with open(os.path.join(directory, f"{i:06d}.eml"), "wb") as file:
            file.write(corpus.message(i))


def maildir_flags(index):
    return "".join(letter for letter, every in (("D", 97), ("F", 11), ("R", 5), ("S", 2)) if index % every == 0)


def write_maildir(corpus, count, directory, folders=("", ".Sent", ".Archive", ".Projects.2031", ".R&AOk-unions")):
    """LF line ends, flags in the names, the date of each message as its time: what an import has to keep."""
    for i in range(count):
        folder = os.path.join(directory, folders[0] if i % 3 else folders[i // 3 % len(folders)])
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(folder, sub), exist_ok=True)
        data = corpus.message(i).replace(b"\r\n", b"\n")
        when = int(corpus.date(i).timestamp())
        path = os.path.join(folder, "cur", f"{when}.M{i}P1.corpus,S={len(data)}:2,{maildir_flags(i)}")
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (when, when))


def write_mbox(corpus, count, path):
    with open(path, "wb") as file:
        for i in range(count):
            when = corpus.date(i).strftime("%a %b %d %H:%M:%S %Y")
            lines = corpus.message(i).replace(b"\r\n", b"\n").split(b"\n")
            quoted = b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)
            file.write(f"From sender@example.org {when}\n".encode() + quoted + b"\n")


def statistics(corpus, count):
    sizes = sorted(len(message) for message in corpus.messages(count))
    at = lambda share: sizes[min(count - 1, int(count * share))]
    print(f"{count} messages, {sum(sizes) / 1e6:.1f} MB: median {at(0.5)}, mean {sum(sizes) // count}, 90 % {at(0.9)}, largest {sizes[-1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=["mixed", "small"], default="mixed")
    parser.add_argument("--format", choices=["eml", "maildir", "mbox"], default="eml")
    parser.add_argument("--out")
    parser.add_argument("--statistics", action="store_true")
    options = parser.parse_args()
    corpus = Corpus(options.seed, options.kind)
    if options.statistics:
        statistics(corpus, options.count)
    if options.out:
        {"eml": write_eml, "maildir": write_maildir, "mbox": write_mbox}[options.format](corpus, options.count, options.out)
    return 0 if options.out or options.statistics else parser.error("--out or --statistics")


if __name__ == "__main__":
    sys.exit(main())
