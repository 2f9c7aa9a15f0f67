/*
 * envelope.c -- ENVELOPE (RFC 9051, 7.5.2) and the strings of IMAP.
 */
#include "format/envelope.h"

#include "format/address.h"
#include "format/charset.h"
#include "format/header.h"

#include <talloc.h>

enum envelope_field {
    DATE,
    SUBJECT,
    FROM,
    SENDER,
    REPLY_TO,
    TO,
    CC,
    BCC,
    IN_REPLY_TO,
    MESSAGE_ID,
    ENVELOPE_FIELDS
};

enum { LOOKED_AT_MAX = 4 * ENVELOPE_STRING_MAX };

static const struct {
    const char *name;
    bool is_address_list;
    int otherwise; /* the field that stands in where this one is absent or empty, or -1 */
} fields[ENVELOPE_FIELDS] = {
    [DATE] = { "Date", false, -1 },
    [SUBJECT] = { "Subject", false, -1 },
    [FROM] = { "From", true, -1 },
    [SENDER] = { "Sender", true, FROM },
    [REPLY_TO] = { "Reply-To", true, FROM },
    [TO] = { "To", true, -1 },
    [CC] = { "Cc", true, -1 },
    [BCC] = { "Bcc", true, -1 },
    [IN_REPLY_TO] = { "In-Reply-To", false, -1 },
    [MESSAGE_ID] = { "Message-ID", false, -1 },
};

/* A quoted string holds any 7-bit byte but CR, LF and NUL; a literal any byte but NUL. */
static bool fits_quoted(struct span text)
{
    return utf8_is_ascii(text) && !memchr(text.p, '\r', span_length(text)) &&
           !memchr(text.p, '\n', span_length(text));
}

static void add_quoted(struct buf *out, struct span text)
{
    buf_add_byte(out, '"');
    while (!span_is_empty(text)) {
        const char *p = text.p;

        while (p < text.end && *p != '"' && *p != '\\')
            p++;
        buf_add(out, text.p, (size_t)(p - text.p));
        if (p < text.end) {
            buf_add_byte(out, '\\');
            buf_add_byte(out, *p++);
        }
        text.p = p;
    }
    buf_add_byte(out, '"');
}

static void add_literal(struct buf *out, struct span text)
{
    buf_add_byte(out, '{');
    buf_add_u64(out, span_length(text));
    buf_add_text(out, "}\r\n");
    buf_add_span(out, text);
}

void imap_add_nstring(struct buf *out, struct span text)
{
    size_t length = span_length(text);

    if (!text.p) {
        buf_add_text(out, "NIL");
        return;
    }
    if (length > ENVELOPE_STRING_MAX)
        text = span_part(text, 0, utf8_cut(text, ENVELOPE_STRING_MAX));
    if (length > 0 && memchr(text.p, '\0', span_length(text))) {
        char *copy = span_copy(NULL, text);

        for (size_t i = 0; i < span_length(text); i++)
            copy[i] = copy[i] ? copy[i] : ' '; /* no IMAP string holds a NUL */
        imap_add_nstring(out, span_of(copy, span_length(text)));
        talloc_free(copy);
    } else if (length == 0 || fits_quoted(text)) {
        add_quoted(out, text);
    } else {
        add_literal(out, text);
    }
}

static void add_text(struct buf *out, const char *text)
{
    imap_add_nstring(out, text ? span_text(text) : (struct span){ NULL, NULL });
}

static void add_address(struct buf *out, const struct address_item *item)
{
    buf_add_byte(out, '(');
    if (item->kind == ADDRESS_MAILBOX) {
        add_text(out, item->name);
        buf_add_byte(out, ' ');
        add_text(out, item->route);
        buf_add_byte(out, ' ');
        add_text(out, item->local);
        buf_add_byte(out, ' ');
        add_text(out, item->domain ? item->domain : ""); /* NIL would make it the mark of a group */
    } else {
        buf_add_text(out, "NIL NIL ");
        add_text(out, item->kind == ADDRESS_GROUP_START ? (item->name ? item->name : "") : NULL);
        buf_add_text(out, " NIL");
    }
    buf_add_byte(out, ')');
}

static void add_address_list(struct buf *out, struct span value)
{
    void *scratch = talloc_new(NULL);
    struct address_list list;

    address_list_parse(scratch, value, &list);
    if (list.count == 0)
        buf_add_text(out, "NIL");
    else
        buf_add_byte(out, '(');
    for (size_t i = 0; i < list.count && i < ENVELOPE_ADDRESSES_MAX; i++)
        add_address(out, &list.items[i]);
    if (list.count > 0)
        buf_add_byte(out, ')');
    talloc_free(scratch);
}

/* Several To: or Cc: fields are wrong but common; they count as one list. Of the others the first is
 * taken. */
struct found {
    struct span value[ENVELOPE_FIELDS];
    struct buf joined[ENVELOPE_FIELDS];
};

static void note_field(struct found *found, int i, struct span value)
{
    bool is_list = i == TO || i == CC || i == BCC;

    if (!found->value[i].p) {
        found->value[i] = value;
    } else if (is_list && found->joined[i].length < ENVELOPE_ADDRESSES_MAX * 1024) {
        if (found->joined[i].length == 0)
            buf_add_span(&found->joined[i], found->value[i]);
        buf_add_text(&found->joined[i], ", ");
        buf_add_span(&found->joined[i], value);
        found->value[i] = buf_span(&found->joined[i]);
    }
}

static void find_fields(const void *owner, struct span block, struct found *found)
{
    struct header_field field;

    *found = (struct found){ 0 };
    for (int i = 0; i < ENVELOPE_FIELDS; i++)
        found->joined[i] = buf_owned_by(owner);
    while (header_next(&block, &field))
        for (int i = 0; i < ENVELOPE_FIELDS; i++)
            if (span_equals_nocase(field.name, fields[i].name))
                note_field(found, i, field.value);
}

void envelope_render(struct buf *out, struct span header_block)
{
    void *scratch = talloc_new(NULL);
    struct found found;

    find_fields(scratch, header_block, &found);
    buf_add_byte(out, '(');
    for (int i = 0; i < ENVELOPE_FIELDS; i++) {
        struct span value = found.value[i];

        if (i > 0)
            buf_add_byte(out, ' ');
        if (fields[i].otherwise >= 0 && span_is_empty(span_trim(value)))
            value = found.value[fields[i].otherwise];
        if (fields[i].is_address_list)
            add_address_list(out, value);
        else
            imap_add_nstring(out,
                             value.p ? header_unfold(scratch, span_part(value, 0, LOOKED_AT_MAX)) : value);
    }
    buf_add_byte(out, ')');
    talloc_free(scratch);
}

/* --- rendered text again: strings told from the rest ------------------------------------------------ */

/* Past "..." or {n}CRLF... at the front; its inside as it stands. */
static bool take_string(struct span *in, struct span *inside_out, bool *is_literal_out)
{
    const char *p = in->p + 1;
    uint64_t length;

    *is_literal_out = *in->p == '{';
    if (*is_literal_out) {
        struct span rest = { p, in->end };

        if (!span_take_u64(&rest, &length) || !span_take_word(&rest, "}\r\n") || length > span_length(rest))
            return false;
        *inside_out = span_part(rest, 0, length);
        in->p = inside_out->end;
        return true;
    }
    while (p < in->end && *p != '"')
        p += *p == '\\' && p + 1 < in->end ? 2 : 1;
    if (p >= in->end)
        return false;
    *inside_out = (struct span){ in->p + 1, p };
    in->p = p + 1;
    return true;
}

static void add_as_utf8(struct buf *out, struct span bytes)
{
    struct buf valid = BUF_INIT(out->owner);

    charset_add_utf8(&valid, span_text(""), bytes, ENVELOPE_STRING_MAX * 4);
    for (size_t i = 0; i < valid.length; i++)
        if (valid.p[i] == '\r' || valid.p[i] == '\n')
            valid.p[i] = ' ';
    add_quoted(out, buf_span(&valid));
    talloc_free(valid.p);
}

void imap_text_to_utf8(struct buf *out, struct span rendered)
{
    while (!span_is_empty(rendered)) {
        const char *start = rendered.p;
        struct span inside;
        bool is_literal;

        if ((*start == '"' || *start == '{') && take_string(&rendered, &inside, &is_literal)) {
            if (is_literal)
                add_as_utf8(out, inside);
            else
                buf_add(out, start, (size_t)(rendered.p - start));
        } else {
            buf_add_byte(out, *rendered.p++);
        }
    }
}

/* One step over rendered text: a string, an atom, or a single sign. */
static struct span take_piece(struct span *in)
{
    const char *start = in->p;
    struct span inside;
    bool is_literal;

    if ((*start == '"' || *start == '{') && take_string(in, &inside, &is_literal))
        return (struct span){ start, in->p };
    in->p++;
    if (*start != '(' && *start != ')' && *start != ' ')
        while (in->p < in->end && *in->p != ' ' && *in->p != '(' && *in->p != ')')
            in->p++;
    return (struct span){ start, in->p };
}

/* What remains of a list at one depth of BODYSTRUCTURE. Elements are counted from 0. */
struct level {
    unsigned element;
    unsigned keep;     /* elements of the basic form; more are extension data */
    bool is_multipart; /* bodies, then the subtype, then extension data */
    bool is_body;      /* false inside parameter lists and envelopes: all is kept */
    bool has_subtype;
    bool is_message;
    bool is_skipped;
};

enum {
    BASIC_ELEMENTS = 7,    /* type subtype parameters id description encoding size */
    TEXT_ELEMENTS = 8,     /* ... lines */
    MESSAGE_ELEMENTS = 10, /* ... envelope body lines */
    MESSAGE_BODY = 8,
    LEVELS_MAX = 2 * MIME_DEPTH_MAX + 8,
};

static unsigned elements_of(struct span type, struct span subtype)
{
    if (span_equals_nocase(type, "\"text\""))
        return TEXT_ELEMENTS;
    if (span_equals_nocase(type, "\"message\"") &&
        (span_equals_nocase(subtype, "\"rfc822\"") || span_equals_nocase(subtype, "\"global\"")))
        return MESSAGE_ELEMENTS;
    return BASIC_ELEMENTS;
}

struct stripper {
    struct level levels[LEVELS_MAX];
    size_t depth;
    struct span type; /* of the leaf being read */
    struct buf *out;
};

static bool is_kept(const struct level *level)
{
    if (level->is_skipped)
        return false;
    if (!level->is_body)
        return true;
    return level->is_multipart ? !level->has_subtype : level->element < level->keep;
}

static void strip_open(struct stripper *s)
{
    struct level *outer = &s->levels[s->depth];
    bool kept = is_kept(outer);
    struct level inner = { .keep = BASIC_ELEMENTS, .is_skipped = !kept };

    if (outer->is_body && kept) {
        outer->is_multipart |= outer->element == 0;
        inner.is_body =
            outer->is_multipart ? !outer->has_subtype : outer->is_message && outer->element == MESSAGE_BODY;
    }
    if (kept) {
        if (outer->element > 0 && !(outer->is_multipart && outer->is_body))
            buf_add_byte(s->out, ' ');
        buf_add_byte(s->out, '(');
    }
    outer->element++;
    s->levels[++s->depth] = inner;
}

static void strip_atom(struct stripper *s, struct span piece)
{
    struct level *level = &s->levels[s->depth];

    if (is_kept(level)) {
        if (level->element > 0)
            buf_add_byte(s->out, ' ');
        buf_add_span(s->out, piece);
    }
    if (level->is_body && level->is_multipart)
        level->has_subtype = true;
    if (level->is_body && !level->is_multipart && level->element == 0)
        s->type = piece;
    if (level->is_body && !level->is_multipart && level->element == 1) {
        level->keep = elements_of(s->type, piece);
        level->is_message = level->keep == MESSAGE_ELEMENTS;
    }
    level->element++;
}

void bodystructure_to_body(struct buf *out, struct span bodystructure)
{
    struct stripper s = { .out = out };

    s.levels[0] = (struct level){ .is_body = true, .is_multipart = true, .element = 0 };
    while (!span_is_empty(bodystructure)) {
        struct span piece = take_piece(&bodystructure);

        if (*piece.p == '(') {
            if (s.depth + 1 == LEVELS_MAX)
                return;
            strip_open(&s);
        } else if (*piece.p == ')') {
            if (s.depth == 0)
                return;
            if (!s.levels[s.depth].is_skipped)
                buf_add_byte(out, ')');
            s.depth--;
        } else if (*piece.p != ' ') {
            strip_atom(&s, piece);
        }
    }
}
