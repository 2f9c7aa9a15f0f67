/* fuzz_office_xml.c -- the bytes as one part of a document, stored without compression, so that the walk over XML is reached: the first byte
 * chooses which part. */
#include "base/buf.h"
#include "extract/formats.h"
#include "format/charset.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_u32(struct buf *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        buf_add_byte(out, (char)(value >> 8 * i));
}

static void add_fields(struct buf *out, size_t name, size_t size)
{
    buf_add(out, "\24\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
    add_u32(out, (uint32_t)size);
    add_u32(out, (uint32_t)size);
    add_u32(out, (uint32_t)name);
}

static struct span zip_of(void *arena, const char *name, struct span xml)
{
    struct buf zip = BUF_INIT(arena);
    size_t length = strlen(name), start;

    buf_add_text(&zip, "PK\3\4");
    add_fields(&zip, length, span_length(xml));
    buf_add_text(&zip, name);
    buf_add_span(&zip, xml);
    start = zip.length;
    buf_add(&zip, "PK\1\2\0\0", 6);
    add_fields(&zip, length, span_length(xml));
    buf_add(&zip, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
    buf_add_text(&zip, name);
    size_t directory = zip.length - start;
    buf_add(&zip, "PK\5\6\0\0\0\0\1\0\1\0", 12);
    add_u32(&zip, (uint32_t)directory);
    add_u32(&zip, (uint32_t)start);
    buf_add(&zip, "\0\0", 2);
    return buf_span(&zip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "word/document.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml",
        "content.xml",       "META-INF/manifest.xml",    "docProps/core.xml"
    };
    enum { ROOM = 4096 };
    static char text[ROOM];
    struct extract_sink sink = { .p = text, .capacity = sizeof text };
    void *arena = talloc_new(NULL);

    if (size > 0) {
        struct span zip = zip_of(arena, names[data[0] % COUNT_OF(names)], span_of(data + 1, size - 1));
        (void)office_text(zip, &sink);
        if (sink.length > sizeof text || !utf8_is_valid(span_of(text, sink.length)))
            abort();
    }
    talloc_free(arena);
    return 0;
}
