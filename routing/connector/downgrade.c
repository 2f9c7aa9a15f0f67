/* downgrade.c -- 8BITMIME to 7BIT (RFC 6152, 3): each leaf with 8-bit text is encoded anew, its field says so. */
#include "connector/body.h"

#include "format/codec.h"
#include "format/mime.h"

#include <talloc.h>

struct rewriting {
    struct span message;
    struct mime_index index;
    struct buf out;
    uint64_t copied; /* bytes of the message that are in `out`, one way or another */
};

static bool has_8bit(struct span bytes)
{
    unsigned char all = 0;

    for (const char *p = bytes.p; p < bytes.end; p++)
        all |= (unsigned char)*p;
    return all > 0x7f;
}

static void copy_to(struct rewriting *r, uint64_t offset)
{
    if (offset > r->copied)
        buf_add(&r->out, r->message.p + r->copied, (size_t)(offset - r->copied));
    r->copied = offset;
}

/* A signature covers the bytes of its parts: no change goes unnoticed. */
static bool is_signed(const struct rewriting *r, const struct mime_part *part)
{
    struct mime_type type = mime_part_type(r->message, &r->index, part);

    return mime_type_is(&type, "multipart", "signed") || mime_type_is(&type, "multipart", "encrypted");
}

static bool is_text(const struct rewriting *r, const struct mime_part *part)
{
    struct mime_type type = mime_part_type(r->message, &r->index, part);

    return part->is_text || span_equals_nocase(type.type, "text");
}

/* The field Content-Transfer-Encoding replaced in place, or added at the end of the header. */
static void write_header(struct rewriting *r, const struct mime_part *part, const char *encoding)
{
    const struct mime_range *field = &part->fields[MIME_CONTENT_ENCODING];
    bool ends_with_empty_line = part->body_start >= part->header_start + 2;

    if (part->has_field[MIME_CONTENT_ENCODING] && field->length > 0) {
        copy_to(r, field->offset);
        if (r->out.length > 0 && r->out.p[r->out.length - 1] == ':')
            buf_add_byte(&r->out, ' ');
        buf_add_text(&r->out, encoding);
        r->copied = field->offset + field->length;
        copy_to(r, part->body_start);
        return;
    }
    copy_to(r, ends_with_empty_line ? part->body_start - 2 : part->body_start);
    buf_add_format(&r->out, "Content-Transfer-Encoding: %s\r\n", encoding);
    if (!ends_with_empty_line)
        buf_add_text(&r->out, "\r\n");
    copy_to(r, part->body_start);
}

static void write_body(struct rewriting *r, const struct mime_part *part, bool is_quoted)
{
    struct span body = mime_part_body(r->message, part);
    bool ends_line = !span_is_empty(body) && body.end[-1] == '\n', has_end;

    if (is_quoted)
        codec_add_quoted_printable(&r->out, body);
    else
        codec_add_base64_lines(&r->out, body);
    /* The line end before a boundary belongs to the boundary: neither lost nor doubled. */
    has_end = r->out.length >= 2 && r->out.p[r->out.length - 1] == '\n';
    if (ends_line && !has_end)
        buf_add_text(&r->out, "\r\n");
    else if (!ends_line && has_end)
        r->out.length -= 2;
    r->copied = part->body_end;
}

/* One part, in the order of the message. False: it cannot be done. */
static bool rewrite(struct rewriting *r, const struct mime_part *part)
{
    bool is_quoted = is_text(r, part);

    if (has_8bit(mime_part_header(r->message, part)))
        return false;
    if (!has_8bit(mime_part_body(r->message, part)))
        return true;
    if (is_signed(r, part))
        return false;
    if (part->kind != MIME_LEAF && !part->is_opaque) { /* its field said 8bit; its parts do the work */
        if (part->encoding == MIME_8BIT || part->encoding == MIME_BINARY)
            write_header(r, part, "7bit");
        return true;
    }
    if (part->kind != MIME_LEAF ||
        (part->encoding != MIME_8BIT && part->encoding != MIME_7BIT && part->encoding != MIME_BINARY))
        return false;
    write_header(r, part, is_quoted ? "quoted-printable" : "base64");
    write_body(r, part, is_quoted);
    return true;
}

bool body_downgrade(const void *owner, struct span message, struct span *message_out)
{
    void *scratch = talloc_new(owner);
    struct rewriting r = { .message = message, .out = buf_owned_by(owner) };
    bool is_done = true;

    mime_index_build(scratch, message, &r.index);
    for (uint32_t i = 0; i < r.index.count && is_done; i++)
        is_done = rewrite(&r, &r.index.parts[i]);
    copy_to(&r, span_length(message));
    talloc_free(scratch);
    /* What stands between parts (preambles, epilogues) may be 8-bit, too. */
    *message_out = buf_span(&r.out);
    return is_done && !has_8bit(*message_out);
}
