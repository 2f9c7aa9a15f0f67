/*
 * text.c -- the text of parts, and of a whole message for search and preview.
 */
#include "format/text.h"

#include "format/charset.h"
#include "format/codec.h"
#include "format/header.h"

#include <talloc.h>

enum {
    PREVIEW_LOOKED_AT_FIRST = 4 * 1024, /* bytes of the part */
    PREVIEW_LOOKED_AT = 64 * 1024,
    META_LOOKED_AT = 1024, /* of HTML, for its charset */
    FIELD_MAX = 4096,
};

static struct span field(struct span message, const struct mime_part *part, enum mime_field which)
{
    return mime_part_field(message, part, which);
}

/* <meta charset="x">, or "text/html; charset=x" in one. */
static struct span meta_charset(struct span html)
{
    struct span in = span_part(html, 0, META_LOOKED_AT);
    struct span name;

    while (!span_is_empty(in)) {
        if (!span_take_word(&in, "charset=")) {
            in.p++;
            continue;
        }
        if (!span_take_byte(&in, '"'))
            (void)!span_take_byte(&in, '\'');
        return header_take_token(&in, &name) ? name : span_text("");
    }
    return span_text("");
}

static bool is_html(const struct mime_type *type)
{
    return mime_type_is(type, "text", "html");
}

static struct span charset_of(const void *scratch, struct mime_type type)
{
    struct header_raw_parameter parameter;

    for (int i = 0; i < HEADER_PARAMETERS_MAX && header_next_parameter(scratch, &type.parameters, &parameter);
         i++)
        if (span_equals_nocase(parameter.name, "charset"))
            return span_of(parameter.value, parameter.value_length);
    return span_text("");
}

void text_add_part(struct buf *out, struct span message, const struct mime_index *index,
                   const struct mime_part *part, size_t cap)
{
    void *scratch = talloc_new(NULL);
    struct mime_type type = mime_part_type(message, index, part);
    struct span body = mime_part_body(message, part), charset = charset_of(scratch, type);
    struct buf decoded = BUF_INIT(scratch);

    if (cap > TEXT_PART_MAX)
        cap = TEXT_PART_MAX;
    if (part->encoding == MIME_BASE64 || part->encoding == MIME_QUOTED_PRINTABLE) {
        if (codec_decode_all(body, part->encoding, cap * 4, &decoded))
            body = buf_span(&decoded);
    }
    if (span_is_empty(charset) && is_html(&type))
        charset = meta_charset(body);
    charset_add_utf8(out, charset, body, cap);
    talloc_free(scratch);
}

/* Readable text of a text part. */
static void add_readable(struct buf *out, struct span message, const struct mime_index *index,
                         const struct mime_part *part, size_t cap)
{
    struct mime_type type = mime_part_type(message, index, part);
    struct buf html = BUF_INIT(NULL);

    if (!is_html(&type)) {
        text_add_part(out, message, index, part, cap);
        return;
    }
    text_add_part(&html, message, index, part, TEXT_PART_MAX);
    html_add_text(out, buf_span(&html), cap);
    talloc_free(html.p);
}

static void add_line(struct buf *out, const char *text, size_t limit)
{
    size_t length = text ? utf8_cut(span_text(text), FIELD_MAX) : 0;

    if (length == 0 || out->length + length + 1 > limit)
        return;
    buf_add(out, text, length);
    buf_add_byte(out, '\n');
}

/* Who wrote a forwarded message, and about what. */
static void add_inner_header(struct buf *out, void *scratch, struct span block, size_t limit)
{
    static const char *const names[] = { "Subject", "From", "To", "Cc" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        add_line(out, header_text(scratch, block, names[i]), limit);
}

void text_add_searchable(struct buf *out, struct span message, const struct mime_index *index, size_t cap)
{
    void *scratch = talloc_new(NULL);
    size_t limit = out->length + cap;

    for (uint32_t i = 0; i < index->count && out->length < limit; i++) {
        const struct mime_part *part = &index->parts[i];

        if (part->kind != MIME_MULTIPART)
            add_line(out, text_file_name(scratch, message, part), limit);
        if (i > 0 && part->number == 0)
            add_inner_header(out, scratch, mime_part_header(message, part), limit);
        if (part->kind == MIME_LEAF && part->is_text && out->length < limit) {
            add_readable(out, message, index, part, limit - out->length);
            if (out->length < limit)
                buf_add_byte(out, '\n');
        }
        talloc_free_children(scratch);
    }
    talloc_free(scratch);
}

/* --- preview --------------------------------------------------------------------------------------- */

/* The part a person reads first: text/plain before HTML, and no attachment. */
static const struct mime_part *first_text(struct span message, const struct mime_index *index)
{
    const struct mime_part *found = NULL;

    for (uint32_t i = 0; i < index->count; i++) {
        const struct mime_part *part = &index->parts[i];
        struct mime_type type = mime_part_type(message, index, part);

        if (part->kind != MIME_LEAF || !part->is_text || text_is_attachment(message, index, part))
            continue;
        if (mime_type_is(&type, "text", "plain"))
            return !found || part->parent == (uint32_t)(found->parent) ? part : found;
        if (!found)
            found = part;
    }
    return found;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A line with the words of others, or the end of one's own. */
static bool is_quote(struct span line)
{
    struct span trimmed = span_trim(line);

    return !span_is_empty(trimmed) && *trimmed.p == '>';
}

static bool is_signature(struct span line)
{
    return span_equals_text(line, "-- ") || span_equals_text(line, "--");
}

struct preview {
    struct buf *out;
    size_t start;
    unsigned characters;
    bool wants_space;
};

static void add_words(struct preview *preview, struct span line)
{
    while (!span_is_empty(line) && preview->characters < TEXT_PREVIEW_CHARACTERS) {
        size_t length = 1;

        if (is_blank(*line.p) || (unsigned char)*line.p < ' ') {
            preview->wants_space = true;
            line.p++;
            continue;
        }
        if (preview->wants_space && preview->out->length > preview->start) {
            buf_add_byte(preview->out, ' ');
            if (++preview->characters == TEXT_PREVIEW_CHARACTERS)
                return;
        }
        preview->wants_space = false;
        while (line.p + length < line.end && (line.p[length] & 0xC0) == 0x80)
            length++;
        buf_add(preview->out, line.p, length);
        preview->characters++;
        line.p += length;
    }
}

enum preview_pass { OWN_WORDS, ALL_WORDS };

static void add_preview_lines(struct preview *preview, struct span text, enum preview_pass pass)
{
    struct span line;

    while (preview->characters < TEXT_PREVIEW_CHARACTERS && span_take_line(&text, &line)) {
        if (pass == OWN_WORDS && is_signature(line))
            return;
        if (pass == OWN_WORDS && is_quote(line))
            continue;
        add_words(preview, line);
        preview->wants_space = true;
    }
}

/* The part's first bytes as text; a preview is nearly always full long before PREVIEW_LOOKED_AT. */
static void preview_from(struct preview *preview, struct span message, const struct mime_index *index,
                         const struct mime_part *part, size_t looked_at)
{
    struct mime_part shortened = *part;
    struct buf text = BUF_INIT(NULL);

    preview->out->length = preview->start;
    preview->characters = 0;
    preview->wants_space = false;
    if (shortened.body_end - shortened.body_start > looked_at)
        shortened.body_end = shortened.body_start + looked_at;
    add_readable(&text, message, index, &shortened, looked_at);
    add_preview_lines(preview, buf_span(&text), OWN_WORDS);
    if (preview->characters == 0 && looked_at == PREVIEW_LOOKED_AT)
        add_preview_lines(preview, buf_span(&text), ALL_WORDS);
    talloc_free(text.p);
}

void text_add_preview(struct buf *out, struct span message, const struct mime_index *index)
{
    const struct mime_part *part = first_text(message, index);
    struct preview preview = { .out = out, .start = out->length };

    if (!part)
        return;
    preview_from(&preview, message, index, part, PREVIEW_LOOKED_AT_FIRST);
    if (preview.characters < TEXT_PREVIEW_CHARACTERS)
        preview_from(&preview, message, index, part, PREVIEW_LOOKED_AT);
    while (out->length > preview.start && out->p[out->length - 1] == ' ')
        out->length--;
}

/* --- attachments ----------------------------------------------------------------------------------- */

static bool is_disposed_as(struct span message, const struct mime_part *part, const char *disposition)
{
    struct span value = field(message, part, MIME_CONTENT_DISPOSITION), token;

    return header_take_token(&value, &token) && span_equals_nocase(token, disposition);
}

static bool has_file_name(struct span message, const struct mime_part *part)
{
    char *name = text_file_name(NULL, message, part);
    bool has = name != NULL;

    talloc_free(name);
    return has;
}

static bool is_signature_type(const struct mime_type *type)
{
    return mime_type_is(type, "application", "pgp-signature") ||
           mime_type_is(type, "application", "pkcs7-signature") ||
           mime_type_is(type, "application", "x-pkcs7-signature") ||
           mime_type_is(type, "application", "pgp-encrypted");
}

bool text_is_attachment(struct span message, const struct mime_index *index, const struct mime_part *part)
{
    struct mime_type type;

    if (part->kind == MIME_MULTIPART)
        return false;
    if (is_disposed_as(message, part, "attachment"))
        return true;
    if (part->kind == MIME_MESSAGE)
        return part->number > 0;
    type = mime_part_type(message, index, part);
    if (part->is_text)
        return !is_disposed_as(message, part, "inline") && part->number > 0 && has_file_name(message, part) &&
               !mime_type_is(&type, "text", "calendar");
    if (is_signature_type(&type))
        return false;
    return !(part->has_field[MIME_CONTENT_ID] && part->number > 0); /* shown inside the text it belongs to */
}

bool text_has_attachment(struct span message, const struct mime_index *index)
{
    for (uint32_t i = 0; i < index->count; i++)
        if (text_is_attachment(message, index, &index->parts[i]))
            return true;
    return false;
}
