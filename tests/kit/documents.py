"""Documents as office programs write them, made from their text: small, and of our own."""
from __future__ import annotations

import io
import zipfile
import zlib
from xml.sax.saxutils import escape

TYPES = {
    "docx": "vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "vnd.oasis.opendocument.text",
    "ods": "vnd.oasis.opendocument.spreadsheet",
    "odp": "vnd.oasis.opendocument.presentation",
    "rtf": "rtf",
    "pdf": "pdf",
}
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
TEXT = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
TABLE = 'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
DRAWING = 'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2031, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def docx(*lines: str) -> bytes:
    """Each paragraph in two runs, as Word leaves them after a correction."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    run = '<w:r><w:rPr><w:lang w:val="fr-FR"/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r>'
    body = "".join("<w:p>" + run.format(escape(line[:3])) + run.format(escape(line[3:])) + "</w:p>" for line in lines)
    removed = "<w:p><w:del><w:r><w:delText>removedword</w:delText></w:r></w:del><w:r><w:instrText>HYPERLINK</w:instrText></w:r></w:p>"
    return zipped({
        "[Content_Types].xml": XML + "<Types/>",
        "word/document.xml": f"{XML}<w:document {w}><w:body>{body}{removed}</w:body></w:document>",
        "word/footer1.xml": f"{XML}<w:ftr {w}><w:p><w:r><w:t>pagefooter</w:t></w:r></w:p></w:ftr>",
        "word/styles.xml": f"{XML}<w:styles {w}><w:p><w:t>stylename</w:t></w:p></w:styles>",
    })


def xlsx(*cells: str, number: int = 0) -> bytes:
    shared = "".join(f"<si><t>{escape(cell)}</t></si>" for cell in cells)
    row = "".join(f'<c r="A{i + 1}" t="s"><v>{i}</v></c>' for i in range(len(cells)))
    return zipped({
        "xl/workbook.xml": XML + '<workbook><sheets><sheet name="Quarterly" sheetId="1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"{XML}<worksheet><sheetData><row>{row}<c r='Z1'><v>{number}</v></c>"
                                    "<c r='Z2' t='inlineStr'><is><t>inlinecell</t></is></c></row></sheetData></worksheet>",
        "xl/sharedStrings.xml": f"{XML}<sst>{shared}</sst>",
    })


def pptx(*slides: str) -> bytes:
    a = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    files: dict[str, str | bytes] = {"[Content_Types].xml": XML + "<Types/>"}
    for i, text in enumerate(slides, 1):
        files[f"ppt/slides/slide{i}.xml"] = f"{XML}<p:sld xmlns:p='urn:p' {a}><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></p:sld>"
    return zipped(files)


def _open_document(kind: str, body: str) -> bytes:
    content = f"{XML}<office:document-content {OFFICE} {TEXT} {TABLE} {DRAWING}><office:body>{body}</office:body></office:document-content>"
    meta = f"{XML}<office:document-meta {OFFICE}><office:meta><dc:title xmlns:dc='urn:dc'>documenttitle</dc:title></office:meta></office:document-meta>"
    return zipped({"mimetype": f"application/{TYPES[kind]}", "content.xml": content, "meta.xml": meta,
                   "META-INF/manifest.xml": XML + "<manifest:manifest xmlns:manifest='urn:m'/>"})


def odt(*lines: str) -> bytes:
    tracked = "<text:tracked-changes><text:p>removedword</text:p></text:tracked-changes>"
    return _open_document("odt", "<office:text>" + tracked + "".join(
        f"<text:p><text:span>{escape(line[:3])}</text:span>{escape(line[3:])}<text:s/></text:p>" for line in lines) + "</office:text>")


def ods(*cells: str) -> bytes:
    return _open_document("ods", "<office:spreadsheet><table:table><table:table-row>" + "".join(
        f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in cells) +
        "</table:table-row></table:table></office:spreadsheet>")


def odp(*slides: str) -> bytes:
    return _open_document("odp", "<office:presentation>" + "".join(
        f"<draw:page><draw:frame><text:p>{escape(text)}</text:p></draw:frame></draw:page>" for text in slides) + "</office:presentation>")


def rtf(*lines: str) -> bytes:
    """With tables of fonts and colours, a picture, a field, and characters outside of ASCII in both spellings."""
    def spelled(text: str) -> str:
        return "".join(c if c.isascii() else f"\\'{c.encode('cp1252')[0]:02x}" if c in "éèàçêö" else f"\\u{ord(c)}?" for c in text)
    body = "".join(spelled(line) + "\\par\n" for line in lines)
    return ("{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\froman fontname;}}{\\colortbl;\\red0\\green0\\blue0;}\n"
            "{\\*\\generator generatorname;}{\\info{\\author authorname}}{\\pict\\pngblip 89504e470d}\n"
            "{\\field{\\*\\fldinst HYPERLINK \"https://example.org/\"}{\\fldrslt linktext}} "
            f"{{\\b {body}}}}}\n").encode()


def pdf(*lines: str) -> bytes:
    """One page, Helvetica in WinAnsi."""
    text = b"BT /F1 12 Tf 50 750 Td 14 TL " + b"".join(
        b"(" + line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b") Tj T* " for line in lines) + b"ET"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    out, places = b"%PDF-1.4\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (i, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


MAKERS = {"docx": docx, "xlsx": xlsx, "pptx": pptx, "odt": odt, "ods": ods, "odp": odp, "rtf": rtf, "pdf": pdf}


# ---- hostile ones: what each must cost is its budget, and no more


def deep(levels: int = 200000) -> bytes:
    return zipped({"content.xml": "<a>" * levels})


def entities() -> bytes:
    """A billion laughs."""
    lines = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return zipped({"word/document.xml": f'<!DOCTYPE d [<!ENTITY l0 "haha">{lines}]><d><t>&l9;</t></d>'})


def outside() -> bytes:
    """An entity that is a file of the server."""
    return zipped({"word/document.xml": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d><t>&x;</t></d>'})


def _named_again(one: bytes, entries: int) -> bytes:
    """A ZIP of one entry, as one of many that share their bytes."""
    end = one.rindex(b"PK\5\6")
    start = int.from_bytes(one[end + 16:end + 20], "little")
    directory = one[start:end] * entries
    tail = bytearray(one[end:])
    tail[12:16] = len(directory).to_bytes(4, "little")
    return one[:start] + directory + bytes(tail)


def bomb() -> bytes:
    """A gigabyte of blanks in some kilobytes."""
    return _named_again(zipped({"word/document.xml": "<d>" + " " * (10 << 20) + "</d>"}), 100)


def overlapping() -> bytes:
    """More entries than anybody looks at, all of them text."""
    return _named_again(zipped({"word/document.xml": "<d><t>xyz</t></d>"}), 20000)


def locked() -> bytes:
    """An Open Document with a password."""
    return zipped({"META-INF/manifest.xml": XML + "<manifest xmlns='urn:m'><file-entry><encryption-data/></file-entry></manifest>",
                   "content.xml": b"\x00\x9f\x12garbage"})


def looping_pdf() -> bytes:
    """Pages that are their own parents and children, and a form that draws itself."""
    return (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2000000000>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>endobj\n"
            b"4 0 obj<</Length 6>>stream\n/X Do \nendstream endobj\n"
            b"5 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 18/Resources<</XObject<</X 5 0 R>>>>>>stream\n/X Do /X Do /X Do \nendstream endobj\n"
            b"trailer<</Root 1 0 R>>\n%%EOF\n")


def swelling_pdf() -> bytes:
    """Three hundred megabytes of words under two filters, in as many bytes as a letter has."""
    packer = zlib.compressobj(9)
    inner = b"".join(packer.compress(b"(x) Tj " * 150000) for _ in range(300)) + packer.flush()
    stream = zlib.compress(inner, 9)
    return pdf("x").replace(b"/Contents 4 0 R", b"/Contents 6 0 R").replace(
        b"xref\n", b"6 0 obj<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(stream) + stream + b"\nendstream endobj\nxref\n", 1)


def locked_pdf() -> bytes:
    return pdf("secret").replace(b"/Root 1 0 R", b"/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44/O<" +
                                 b"11" * 32 + b">/U<" + b"22" * 32 + b">>>")


HOSTILE = {"bomb.docx": bomb, "deep.odt": deep, "entities.docx": entities, "outside.docx": outside, "overlapping.docx": overlapping,
           "locked.odt": locked, "looping.pdf": looping_pdf, "swelling.pdf": swelling_pdf, "locked.pdf": locked_pdf,
           "garbage.pdf": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 8, "cut.xlsx": lambda: xlsx("words")[:200],
           "groups.rtf": lambda: b"{\\rtf1 " + b"{" * 2000000 + b"deepword",
           "numbers.rtf": lambda: b"{\\rtf1\\bin99999999999 \\u-99999 \\uc999\\'zz wordbehind}"}


def write_samples(folder: str) -> None:
    """The corpus of tests/unit/extract and the seeds of the fuzz targets: made once, and committed."""
    import pathlib
    to = pathlib.Path(folder)
    lines = ("Rechnung für crêpes", "invoice 4711 & (apples)", "Fin de la page")
    for kind, make in MAKERS.items():
        (to / f"good.{kind}").write_bytes(make(*lines, **({"number": 815} if kind == "xlsx" else {})))
    for name, make in HOSTILE.items():
        data = make()
        if len(data) < 20000:
            (to / name).write_bytes(data)


if __name__ == "__main__":
    import sys
    write_samples(sys.argv[1])
