/*
 * bodystructure.c -- BODYSTRUCTURE (RFC 9051, 7.5.2), rendered from an index without recursion: a part writes
 * its front when the walk comes to it and its end when the walk leaves it.
 */
#include "format/envelope.h"
#include "format/header.h"

#include <talloc.h>

struct renderer {
    struct buf *out;
    struct span message;
    const struct mime_index *index;
    void *scratch; /* emptied after each part */
    size_t start;
};

static const char *const encoding_names[] = {
    [MIME_7BIT] = "\"7bit\"",
    [MIME_8BIT] = "\"8bit\"",
    [MIME_BINARY] = "\"binary\"",
    [MIME_BASE64] = "\"base64\"",
    [MIME_QUOTED_PRINTABLE] = "\"quoted-printable\"",
    [MIME_UUENCODE] = "\"x-uuencode\"",
};

/* What a multipart without parts shows as its one part, since the grammar wants one. */
static const char EMPTY_TEXT[] =
    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)";
static const char EMPTY_ENVELOPE[] = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

static bool is_large(const struct renderer *r)
{
    return r->out->length - r->start > BODYSTRUCTURE_MAX;
}

static struct span field(const struct renderer *r, const struct mime_part *part, enum mime_field which)
{
    return mime_part_field(r->message, part, which);
}

enum default_charset { NO_DEFAULT_CHARSET, DEFAULT_CHARSET };

static enum default_charset default_charset(const struct mime_type *type)
{
    return span_equals_nocase(type->type, "text") && span_equals_nocase(type->subtype, "plain")
               ? DEFAULT_CHARSET
               : NO_DEFAULT_CHARSET;
}

/* "charset", "charset*", "charset*0" */
static bool starts_with_charset(struct span name)
{
    return span_length(name) >= 7 && span_equals_nocase(span_part(name, 0, 7), "charset") &&
           (span_length(name) == 7 || name.p[7] == '*');
}

static void add_nil(struct buf *out)
{
    buf_add_text(out, "NIL");
}

/* ("name" "value" ...), as written, RFC 2231 marks included: the client decodes. Text without a charset gets the one that
 * it has by default (RFC 2045, 5.2), as clients know it from other servers. */
static void add_parameters(struct renderer *r, struct span parameters, enum default_charset needs_charset)
{
    struct header_raw_parameter parameter;
    size_t count = 0;

    while (!is_large(r) && count < HEADER_PARAMETERS_MAX &&
           header_next_parameter(r->scratch, &parameters, &parameter)) {
        if (starts_with_charset(parameter.name))
            needs_charset = NO_DEFAULT_CHARSET;
        buf_add_byte(r->out, count++ ? ' ' : '(');
        imap_add_nstring(r->out, parameter.name);
        buf_add_byte(r->out, ' ');
        imap_add_nstring(r->out, span_of(parameter.value, parameter.value_length));
    }
    if (needs_charset == DEFAULT_CHARSET)
        buf_add_text(r->out, count++ ? " \"charset\" \"us-ascii\"" : "(\"charset\" \"us-ascii\"");
    if (count == 0)
        add_nil(r->out);
    else
        buf_add_byte(r->out, ')');
}

/* A field's text, NIL where absent, empty or beyond the limit. */
static void add_field(struct renderer *r, const struct mime_part *part, enum mime_field which)
{
    struct span text = header_unfold(r->scratch, field(r, part, which));

    if (span_is_empty(text) || is_large(r))
        add_nil(r->out);
    else
        imap_add_nstring(r->out, text);
}

static void add_encoding(struct renderer *r, const struct mime_part *part)
{
    struct span value = field(r, part, MIME_CONTENT_ENCODING), token;

    if (part->encoding < COUNT_OF(encoding_names))
        buf_add_text(r->out, encoding_names[part->encoding]);
    else if (header_take_token(&value, &token))
        imap_add_nstring(r->out, token);
    else
        buf_add_text(r->out, "\"7bit\"");
}

static void add_disposition(struct renderer *r, const struct mime_part *part)
{
    struct span value = field(r, part, MIME_CONTENT_DISPOSITION), token;

    if (!header_take_token(&value, &token)) {
        add_nil(r->out);
        return;
    }
    buf_add_byte(r->out, '(');
    imap_add_nstring(r->out, token);
    buf_add_byte(r->out, ' ');
    add_parameters(r, value, NO_DEFAULT_CHARSET);
    buf_add_byte(r->out, ')');
}

/* One language as a string, several as a list. */
static void add_language(struct renderer *r, const struct mime_part *part)
{
    enum { LANGUAGES_MAX = 32 };
    struct span value = field(r, part, MIME_CONTENT_LANGUAGE), tags[LANGUAGES_MAX];
    size_t count = 0;

    while (count < LANGUAGES_MAX && header_take_token(&value, &tags[count])) {
        count++;
        header_skip_cfws(&value);
        if (!span_take_byte(&value, ','))
            break;
    }
    if (count == 0)
        add_nil(r->out);
    if (count > 1)
        buf_add_byte(r->out, '(');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(r->out, ' ');
        imap_add_nstring(r->out, tags[i]);
    }
    if (count > 1)
        buf_add_byte(r->out, ')');
}

/* disposition, language, location */
static void add_extension(struct renderer *r, const struct mime_part *part)
{
    add_disposition(r, part);
    buf_add_byte(r->out, ' ');
    add_language(r, part);
    buf_add_byte(r->out, ' ');
    add_field(r, part, MIME_CONTENT_LOCATION);
}

/* type subtype parameters id description encoding octets */
static void add_front(struct renderer *r, const struct mime_part *part, const struct mime_type *type)
{
    imap_add_nstring(r->out, type->type);
    buf_add_byte(r->out, ' ');
    imap_add_nstring(r->out, type->subtype);
    buf_add_byte(r->out, ' ');
    add_parameters(r, type->parameters, default_charset(type));
    buf_add_byte(r->out, ' ');
    add_field(r, part, MIME_CONTENT_ID);
    buf_add_byte(r->out, ' ');
    add_field(r, part, MIME_CONTENT_DESCRIPTION);
    buf_add_byte(r->out, ' ');
    add_encoding(r, part);
    buf_add_byte(r->out, ' ');
    buf_add_u64(r->out, part->body_end - part->body_start);
}

static bool has_child(const struct renderer *r, uint32_t at)
{
    return at + 1 < r->index->count && r->index->parts[at + 1].parent == at;
}

/* What stands before the children. */
static void enter(struct renderer *r, uint32_t at)
{
    const struct mime_part *part = &r->index->parts[at];
    struct mime_type type = mime_part_type(r->message, r->index, part);

    buf_add_byte(r->out, '(');
    if (part->kind == MIME_MULTIPART) {
        if (!has_child(r, at))
            buf_add_text(r->out, EMPTY_TEXT);
        return;
    }
    add_front(r, part, &type);
    if (part->kind != MIME_MESSAGE)
        return;
    buf_add_byte(r->out, ' ');
    if (!has_child(r, at) || is_large(r))
        buf_add_text(r->out, EMPTY_ENVELOPE);
    else
        envelope_render(r->out, mime_part_header(r->message, &r->index->parts[at + 1]));
    buf_add_byte(r->out, ' ');
    if (!has_child(r, at))
        buf_add_text(r->out, EMPTY_TEXT);
}

/* What stands behind them. */
static void leave(struct renderer *r, uint32_t at)
{
    const struct mime_part *part = &r->index->parts[at];
    struct mime_type type = mime_part_type(r->message, r->index, part);

    buf_add_byte(r->out, ' ');
    if (part->kind == MIME_MULTIPART) {
        imap_add_nstring(r->out, type.subtype);
        buf_add_byte(r->out, ' ');
        add_parameters(r, type.parameters, NO_DEFAULT_CHARSET);
    } else {
        if (part->kind == MIME_MESSAGE || span_equals_nocase(type.type, "text")) {
            buf_add_u64(r->out, part->body_lines);
            buf_add_byte(r->out, ' ');
        }
        add_field(r, part, MIME_CONTENT_MD5);
    }
    buf_add_byte(r->out, ' ');
    add_extension(r, part);
    buf_add_byte(r->out, ')');
    talloc_free_children(r->scratch);
}

void bodystructure_render(struct buf *out, struct span message, const struct mime_index *index)
{
    struct renderer r = {
        .out = out, .message = message, .index = index, .scratch = talloc_new(NULL), .start = out->length
    };
    uint32_t open[MIME_DEPTH_MAX + 2];
    size_t depth = 0;

    for (uint32_t at = 0; at < index->count; at++) {
        while (depth > 0 && open[depth - 1] != index->parts[at].parent)
            leave(&r, open[--depth]);
        enter(&r, at);
        open[depth++] = at;
    }
    while (depth > 0)
        leave(&r, open[--depth]);
    talloc_free(r.scratch);
}
