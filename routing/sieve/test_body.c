/*
 * test_body.c -- body (RFC 5173): raw, the content of chosen types, or the text. It sets no match variables (RFC 5173, 6).
 */
#include "format/codec.h"
#include "format/text.h"
#include "sieve/run.h"

#include <strings.h>
#include <talloc.h>

enum { BODY_BYTES_MAX = 8 * 1024 * 1024, BODY_BYTES_AN_INSTRUCTION = 4096 };

bool check_body(struct compiler *compiler, struct op *op)
{
    return check_match(compiler, op);
}

/* "" all, "text" a type, "text/plain" a type and subtype; anything else nothing (RFC 5173, 5.2). */
static bool is_wanted(struct span wanted, const struct mime_type *type)
{
    struct span main = wanted, sub;

    if (span_is_empty(wanted))
        return true;
    if (!span_take_until(&main, '/', &sub))
        return span_length(wanted) == span_length(type->type) &&
               strncasecmp(wanted.p, type->type.p, span_length(wanted)) == 0;
    if (span_is_empty(sub) || span_is_empty(main) || span_find_byte(main, '/'))
        return false;
    return span_length(sub) == span_length(type->type) && span_length(main) == span_length(type->subtype) &&
           strncasecmp(sub.p, type->type.p, span_length(sub)) == 0 &&
           strncasecmp(main.p, type->subtype.p, span_length(main)) == 0;
}

static bool is_any_wanted(const struct list *types, const struct mime_type *type)
{
    for (size_t i = 0; i < types->count; i++)
        if (is_wanted(types->items[i], type))
            return true;
    return false;
}

struct body {
    struct run *run;
    const struct op *op;
    struct list *values;
    size_t bytes; /* so far */
};

static bool add(struct body *body, struct span text)
{
    body->bytes += span_length(text);
    list_add(body->run->scratch, body->values, text);
    return run_spend(body->run, body->op->line, 1 + span_length(text) / BODY_BYTES_AN_INSTRUCTION);
}

static struct span without_empty_line(struct span header)
{
    const char *end = header.end;

    if (end > header.p && end[-1] == '\n')
        end -= end - header.p > 1 && end[-2] == '\r' ? 2 : 1;
    if (end == header.p || end[-1] == '\n')
        header.end = end;
    return header;
}

static bool is_boundary_line(struct span line)
{
    return span_length(line) >= 2 && line.p[0] == '-' && line.p[1] == '-';
}

/* Of a multipart what stands before its first part and behind its last one, each as a text of its own (RFC 5173, 5.2). */
static bool add_around_parts(struct body *body, const struct mime_index *index, uint32_t number)
{
    struct span bytes = body->run->message->bytes, whole = mime_part_body(bytes, &index->parts[number]), line,
                before = whole, after = { whole.end, whole.end };
    bool has_part = false;

    for (uint32_t i = number + 1; i < index->count; i++) {
        if (index->parts[i].parent != number)
            continue;
        if (!has_part)
            before.end = bytes.p + index->parts[i].header_start;
        has_part = true;
        after.p = bytes.p + index->parts[i].body_end;
    }
    if (has_part) { /* the boundary lines belong to neither */
        before.end -= before.end > before.p;
        while (before.end > before.p && before.end[-1] != '\n')
            before.end--;
        while (span_take_line(&after, &line) && !is_boundary_line(line))
            ;
    }
    return (span_is_empty(before) || add(body, before)) && (span_is_empty(after) || add(body, after));
}

/* A part as text, its transfer encoding and charset undone. */
static bool add_part(struct body *body, const struct mime_index *index, const struct mime_part *part)
{
    struct buf text = BUF_INIT(body->run->scratch);
    struct span bytes = body->run->message->bytes;

    if (body->bytes >= BODY_BYTES_MAX)
        return true;
    if (part->kind == MIME_MESSAGE && !part->is_opaque)
        buf_add_span(&text, without_empty_line(mime_part_header(bytes, part + 1)));
    else if (part->is_text)
        text_add_part(&text, bytes, index, part, BODY_BYTES_MAX - body->bytes);
    else if (!codec_decode_all(mime_part_body(bytes, part), (enum mime_encoding)part->encoding,
                               BODY_BYTES_MAX - body->bytes, &text))
        return true;
    return add(body, text.p ? buf_span(&text) : span_text(""));
}

static bool add_content(struct body *body, const struct list *types)
{
    const struct mime_index *index = run_parts(body->run);

    for (uint32_t i = 0; i < index->count; i++) {
        const struct mime_part *part = &index->parts[i];
        struct mime_type type = mime_part_type(body->run->message->bytes, index, part);

        if (is_any_wanted(types, &type) &&
            !(part->kind == MIME_MULTIPART ? add_around_parts(body, index, i) : add_part(body, index, part)))
            return false;
    }
    return true;
}

/* The text of all parts as a person reads it, HTML without its tags. */
static bool add_text(struct body *body)
{
    const struct mime_index *index = run_parts(body->run);

    for (uint32_t i = 0; i < index->count; i++) {
        const struct mime_part *part = &index->parts[i];
        struct mime_type type = mime_part_type(body->run->message->bytes, index, part);
        struct buf raw = BUF_INIT(body->run->scratch), readable = BUF_INIT(body->run->scratch);

        if (part->kind != MIME_LEAF || !part->is_text || part->encoding == MIME_ENCODING_UNKNOWN ||
            body->bytes >= BODY_BYTES_MAX) /* not known how it is encoded: no text (RFC 2045, 6.4) */
            continue;
        if (!mime_type_is(&type, "text", "html")) {
            if (!add_part(body, index, part))
                return false;
            continue;
        }
        text_add_part(&raw, body->run->message->bytes, index, part, BODY_BYTES_MAX - body->bytes);
        html_add_text(&readable, raw.p ? buf_span(&raw) : span_text(""), BODY_BYTES_MAX - body->bytes);
        if (!add(body, readable.p ? buf_span(&readable) : span_text("")))
            return false;
    }
    return true;
}

/* A message may end with its header, without the empty line: then there is nothing to find (RFC 5173, 4). */
static bool has_body(const struct run *run)
{
    struct span header = span_part(run->message->bytes, 0, run->original_header_length);

    return span_length(header) < span_length(run->message->bytes) ||
           without_empty_line(header).end < header.end;
}

bool test_body(struct run *run, const struct op *op, bool *is_true)
{
    struct list values = { NULL, 0 }, keys = run_strings(run, op, &op->positions[0]);
    struct body body = { .run = run, .op = op, .values = &values };
    const struct operand *content = op_tag(op, TAG_CONTENT);
    bool is_good;

    *is_true = false;
    if (!has_body(run))
        return true;
    if (op_has(op, TAG_RAW)) {
        is_good = add(&body, span_part(run->message->bytes, run->original_header_length, SIZE_MAX));
    } else if (content) {
        struct list types = run_strings(run, op, content);
        is_good = add_content(&body, &types);
    } else {
        is_good = add_text(&body);
    }
    return is_good && compare_any(run, op, &values, &keys, KEEPS_VARIABLES, is_true);
}
