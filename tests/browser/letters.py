"""An Inbox as both webmails get it: small letters, letters with a file, newsletters, all of which a measurement opens."""
from __future__ import annotations

import base64
import email.utils
import random
import time

KINDS = ("small", "attachment", "newsletter")
OPENED = 45          # the newest ones, a third of each kind: they stand on the first page
FILE_BYTES = 200_000
START = 1_700_000_000


def _text(rng: random.Random, words: int) -> str:
    return " ".join("".join(rng.choice("aeioulnrst") for _ in range(rng.randrange(2, 10))) for _ in range(words))


def _newsletter(rng: random.Random) -> str:
    """Some 80 KB as agencies write it: nested tables, a style for every cell, pictures of elsewhere."""
    cell = "padding:12px 18px;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;color:#333333;border-bottom:1px solid #e4e4e4"
    blocks = "".join(
        f'<table width="600" cellpadding="0" cellspacing="0" style="border-collapse:collapse;background:#ffffff"><tr><td style="{cell}">'
        f'<img src="https://pictures.shop.example/{n}.jpg" width="180" height="120" alt="offer {n}"></td><td style="{cell}">'
        f'<h2 style="margin:0;font-size:18px;color:#102040">{_text(rng, 5)}</h2><p>{_text(rng, 90)}</p>'
        f'<a href="https://shop.example/offer/{n}" style="color:#ffffff;background:#c03028;padding:8px 14px">{_text(rng, 2)}</a></td></tr></table>'
        for n in range(60))
    return f'<html><head><style>body{{margin:0}} .wide{{width:100%}} @media (max-width:600px){{table{{width:100%}}}}</style></head><body bgcolor="#f2f2f2">{blocks}</body></html>'


def _body(kind: str, rng: random.Random) -> str:
    if kind == "small":
        return f"Content-Type: text/plain; charset=utf-8\n\n{_text(rng, 150)}\n"
    if kind == "newsletter":
        return f"Content-Type: text/html; charset=utf-8\n\n{_newsletter(rng)}\n"
    file = base64.encodebytes(rng.randbytes(FILE_BYTES)).decode()
    return ('Content-Type: multipart/mixed; boundary="part"\n\n--part\nContent-Type: text/plain; charset=utf-8\n\n'
            f"{_text(rng, 150)}\n--part\nContent-Type: application/pdf; name=\"plan.pdf\"\nContent-Disposition: attachment; filename=\"plan.pdf\"\n"
            f"Content-Transfer-Encoding: base64\n\n{file}--part--\n")


def write_inbox(path: str, count: int) -> None:
    """`count` letters as mbox; the newest are "small 14", "attachment 14", "newsletter 14", "small 13" and so on."""
    rng = random.Random(23)
    with open(path, "w", encoding="ascii") as out:
        for n in range(count):
            left = count - 1 - n
            kind = KINDS[left % 3] if left < OPENED else "small"
            subject = f"{kind} {left // 3}" if left < OPENED else f"Note {n}"
            came = START + n * 900
            out.write(f"From x@example.org {time.asctime(time.gmtime(came))}\nFrom: Sender {n % 40} <s{n % 40}@example.org>\nTo: ada@example.net\n"
                      f"Subject: {subject}\nMessage-ID: <inbox{n}@example.org>\nDate: {email.utils.formatdate(came)}\nMIME-Version: 1.0\n{_body(kind, rng)}\n")
