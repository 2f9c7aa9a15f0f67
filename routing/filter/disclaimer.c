/* disclaimer.c -- words under the text that is read, in each form in which the message has it. */
#include "filter/rule.h"

#include "format/charset.h"
#include "format/codec.h"
#include "format/header.h"
#include "format/markup.h"
#include "format/mime.h"

#include <talloc.h>

enum { BODY_MAX = 16 * 1024 * 1024 };

/* Nothing inside may change where a signature or cipher covers it. */
static bool is_sealed(struct span message, const struct mime_index *index)
{
    for (uint32_t i = 0; i < index->count; i++) {
        struct mime_type type = mime_part_type(message, index, &index->parts[i]);

        if (mime_type_is(&type, "multipart", "signed") || mime_type_is(&type, "multipart", "encrypted") ||
            mime_type_is(&type, "application", "pkcs7-mime"))
            return true;
    }
    return false;
}

static bool is_attachment(void *arena, struct span message, const struct mime_part *part)
{
    struct header_structured disposition;

    header_structured_parse(arena, mime_part_field(message, part, MIME_CONTENT_DISPOSITION), &disposition);
    return strcmp(disposition.value, "attachment") == 0 || header_parameter(&disposition, "filename") != NULL;
}

/* The first part of that kind which is no attachment and not inside a message that is attached. */
static const struct mime_part *find_body(void *arena, struct span message, const struct mime_index *index,
                                         const char *subtype)
{
    for (uint32_t i = 0; i < index->count; i++) {
        const struct mime_part *part = &index->parts[i];
        struct mime_type type = mime_part_type(message, index, part);

        if (part->kind == MIME_MESSAGE)
            return NULL;
        if (part->kind == MIME_LEAF && mime_type_is(&type, "text", subtype) &&
            !is_attachment(arena, message, part))
            return part;
    }
    return NULL;
}

static void add_crlf_lines(struct buf *out, const char *words)
{
    for (; *words; words++) {
        if (*words == '\n')
            buf_add_byte(out, '\r');
        buf_add_byte(out, *words);
    }
    buf_add_text(out, "\r\n");
}

static void add_html(struct buf *out, const char *words)
{
    buf_add_text(out, "<hr><p>");
    for (; *words; words++) {
        if (*words == '\n')
            buf_add_text(out, "<br>\r\n");
        else
            markup_add_byte(out, *words);
    }
    buf_add_text(out, "</p>\r\n");
}

/* Before the last </body>, else at the end. */
static struct span html_end(struct span text)
{
    for (size_t at = span_length(text); at-- > 0;)
        if (span_starts_nocase(span_part(text, at, SIZE_MAX), "</body>"))
            return span_part(text, at, SIZE_MAX);
    return (struct span){ text.end, text.end };
}

/* The header of the part without what described its old form. */
static void add_part_header(struct buf *out, struct span header, const char *subtype)
{
    struct header_field field;

    while (header_next(&header, &field))
        if (!span_equals_nocase(field.name, "Content-Type") &&
            !span_equals_nocase(field.name, "Content-Transfer-Encoding"))
            buf_add_span(out, field.whole);
    buf_add_format(
        out, "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        subtype);
}

static bool add_part(void *arena, struct buf *out, struct span message, const struct mime_part *part,
                     const char *subtype, const char *words)
{
    struct buf decoded = BUF_INIT(arena), text = BUF_INIT(arena), whole = BUF_INIT(arena);
    struct header_structured content;
    const char *charset;
    struct span body, end;
    bool is_html = strcmp(subtype, "html") == 0;

    header_structured_parse(arena, mime_part_field(message, part, MIME_CONTENT_TYPE), &content);
    charset = header_parameter(&content, "charset");
    if (part->body_end - part->body_start > BODY_MAX ||
        !codec_decode_all(mime_part_body(message, part), (enum mime_encoding)part->encoding, BODY_MAX,
                          &decoded) ||
        !charset_add_utf8(&text, span_text(charset ? charset : ""), buf_span(&decoded), BODY_MAX))
        return false;
    body = text.length ? buf_span(&text) : span_text("");
    end = is_html ? html_end(body) : (struct span){ body.end, body.end };
    buf_add_span(&whole, (struct span){ body.p, end.p });
    if (whole.length && whole.p[whole.length - 1] != '\n')
        buf_add_text(&whole, "\r\n");
    if (is_html) {
        add_html(&whole, words);
    } else {
        buf_add_text(&whole, "\r\n");
        add_crlf_lines(&whole, words);
    }
    buf_add_span(&whole, end);
    add_part_header(out, mime_part_header(message, part), subtype);
    codec_add_quoted_printable(out, buf_span(&whole));
    return true;
}

enum { FORMS = 2 };
static const char *const subtypes[FORMS] = { "plain", "html" };

/* The form that stands first in the message of those that are left; FORMS where none is. */
static size_t next_form(const struct mime_part *const parts[FORMS])
{
    size_t next = FORMS;

    for (size_t i = 0; i < FORMS; i++)
        if (parts[i] && (next == FORMS || parts[i]->header_start < parts[next]->header_start))
            next = i;
    return next;
}

bool rule_add_disclaimer(void *arena, struct span message, const char *words, struct span *message_out)
{
    const struct mime_part *parts[FORMS];
    struct buf out = BUF_INIT(arena);
    struct mime_index index;
    bool any = false;
    size_t done = 0, i;

    mime_index_build(arena, message, &index);
    if (is_sealed(message, &index))
        return false;
    for (i = 0; i < FORMS; i++)
        parts[i] = find_body(arena, message, &index, subtypes[i]);
    while ((i = next_form(parts)) < FORMS) {
        buf_add_span(&out, span_part(message, done, parts[i]->header_start - done));
        if (!add_part(arena, &out, message, parts[i], subtypes[i], words))
            return false;
        any = true;
        done = parts[i]->body_end;
        parts[i] = NULL;
    }
    buf_add_span(&out, span_part(message, done, SIZE_MAX));
    *message_out = buf_span(&out);
    return any;
}
