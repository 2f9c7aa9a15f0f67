/*
 * fetch_request.c -- see fetch_request.h.
 */
#include "imap/fetch_request.h"

#include "base/buf.h"

#include <talloc.h>

static const struct {
    const char *name;
    unsigned items;
} macros[] = {
    { "ALL", FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE | FETCH_ENVELOPE },
    { "FAST", FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE },
    { "FULL", FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE | FETCH_ENVELOPE | FETCH_BODY },
};

/* Items that are one bit. BODY and PREVIEW have more to say and stand on their own below. */
static const struct {
    const char *name;
    unsigned item;
} plain_items[] = {
    { "FLAGS", FETCH_FLAGS },       { "UID", FETCH_UID },           { "INTERNALDATE", FETCH_INTERNALDATE },
    { "RFC822.SIZE", FETCH_SIZE },  { "ENVELOPE", FETCH_ENVELOPE }, { "BODYSTRUCTURE", FETCH_BODYSTRUCTURE },
    { "MODSEQ", FETCH_MODSEQ },     { "EMAILID", FETCH_EMAILID },   { "THREADID", FETCH_THREADID },
    { "SAVEDATE", FETCH_SAVEDATE },
};

/* RFC 3501 names of sections; their replies keep these names. */
static const struct {
    const char *name, *path;
    enum imap_section_text text;
    bool is_peek;
} old_names[] = {
    { "RFC822", "", SECTION_ALL, false },
    { "RFC822.HEADER", "HEADER", SECTION_HEADER, true },
    { "RFC822.TEXT", "TEXT", SECTION_TEXT, false },
};

static const struct {
    const char *name;
    enum imap_section_kind kind;
    bool is_peek;
} bracketed[] = {
    { "BODY.PEEK", SECTION_BODY, true },     { "BODY", SECTION_BODY, false },
    { "BINARY.PEEK", SECTION_BINARY, true }, { "BINARY.SIZE", SECTION_BINARY_SIZE, true },
    { "BINARY", SECTION_BINARY, false },
};

/* FIELDS.NOT before FIELDS: the longer word is tried first. */
static const struct {
    const char *name;
    enum imap_section_text text;
    bool is_for_part_only, has_fields;
} section_texts[] = {
    { "HEADER.FIELDS.NOT", SECTION_FIELDS_NOT, false, true },
    { "HEADER.FIELDS", SECTION_FIELDS, false, true },
    { "HEADER", SECTION_HEADER, false, false },
    { "TEXT", SECTION_TEXT, false, false },
    { "MIME", SECTION_MIME, true, false },
};

static struct imap_section *new_section(struct imap_in *in, struct imap_fetch_request *request)
{
    request->sections = talloc_realloc(in->arena, request->sections, struct imap_section,
                                       (unsigned)request->section_count + 1);
    request->sections[request->section_count] = (struct imap_section){ .text = SECTION_ALL };
    return &request->sections[request->section_count++];
}

/* header-list: "(" astring *(SP astring) ")", written to the label as it will be told back. */
static bool take_fields(struct imap_in *in, struct imap_section *section, struct buf *label)
{
    struct span *fields = NULL;
    size_t count = 0;

    if (!imap_take_space(in) || !imap_take_byte(in, '('))
        return false;
    buf_add_text(label, " (");
    do {
        if (count == FETCH_FIELDS_MAX)
            return false;
        fields = talloc_realloc(in->arena, fields, struct span, (unsigned)count + 1);
        if (!imap_take_astring(in, &fields[count]) || span_is_empty(fields[count]))
            return false;
        for (const char *p = fields[count].p; p < fields[count].end; p++)
            if (*p <= 0x20 || *p == ':' || *p == 0x7F)
                return false; /* no field can have this name, and the label could not say it */
        if (count > 0)
            buf_add_byte(label, ' ');
        bool is_atom = true;
        for (const char *p = fields[count].p; p < fields[count].end; p++)
            is_atom = is_atom && imap_is_atom_char(*p);
        if (is_atom) {
            buf_add_span(label, fields[count]);
        } else {
            buf_add_byte(label, '"');
            for (const char *p = fields[count].p; p < fields[count].end; p++) {
                if (*p == '"' || *p == '\\')
                    buf_add_byte(label, '\\');
                buf_add_byte(label, *p);
            }
            buf_add_byte(label, '"');
        }
        count++;
    } while (imap_take_space(in));
    buf_add_byte(label, ')');
    section->fields = fields;
    section->field_count = count;
    return imap_take_byte(in, ')');
}

/* section-part: nz-number *("." nz-number). A "." that a section-text follows is left for the caller. */
static bool take_part_number(struct imap_in *in, struct buf *path)
{
    uint32_t number;

    for (unsigned depth = 0;; depth++) {
        struct imap_in ahead = *in;

        if (depth > 0 && !imap_take_byte(&ahead, '.'))
            return true;
        if (!imap_take_nz_number(&ahead, &number))
            return depth > 0;
        if (depth == 100)
            return false; /* deeper than any message is indexed (format/mime.h) */
        if (depth > 0)
            buf_add_byte(path, '.');
        buf_add_u64(path, number);
        *in = ahead;
    }
}

static bool take_section_text(struct imap_in *in, struct imap_section *section, bool has_part,
                              struct buf *path, struct buf *label)
{
    for (size_t i = 0; i < COUNT_OF(section_texts); i++) {
        if (!imap_take_keyword(in, section_texts[i].name))
            continue;
        if (section_texts[i].is_for_part_only && !has_part)
            return false;
        section->text = section_texts[i].text;
        buf_add_text(path, section_texts[i].has_fields ? "HEADER" : section_texts[i].name);
        buf_add_text(label, section_texts[i].name);
        return !section_texts[i].has_fields || take_fields(in, section, label);
    }
    return false;
}

/* "[" section "]", the "[" already taken. */
static bool take_section(struct imap_in *in, struct imap_section *section, struct buf *label)
{
    struct buf path = BUF_INIT(in->arena);
    bool has_part = !span_is_empty(in->rest) && *in->rest.p >= '0' && *in->rest.p <= '9';

    if (has_part && !take_part_number(in, &path))
        return false;
    buf_add_span(label, buf_span(&path));
    if (section->kind == SECTION_BODY && !imap_peek(in, ']')) {
        if (has_part) {
            if (!imap_take_byte(in, '.'))
                return false;
            buf_add_byte(&path, '.');
            buf_add_byte(label, '.');
        }
        if (!take_section_text(in, section, has_part, &path, label))
            return false;
    }
    section->path = buf_span(&path);
    buf_add_byte(label, ']');
    return imap_take_byte(in, ']');
}

/* "<" number "." nz-number ">" (RFC 9051, 9: partial). */
static bool take_octets(struct imap_in *in, struct imap_section *section, struct buf *label)
{
    if (!imap_take_byte(in, '<'))
        return true;
    section->is_partial = true;
    if (section->kind == SECTION_BINARY_SIZE || !imap_take_number64(in, &section->offset) ||
        !imap_take_byte(in, '.') || !imap_take_number64(in, &section->length) || section->length == 0)
        return false;
    buf_add_byte(label, '<');
    buf_add_u64(label, section->offset);
    buf_add_byte(label, '>');
    return imap_take_byte(in, '>');
}

static bool take_bracketed(struct imap_in *in, struct imap_fetch_request *request, bool *is_bad)
{
    for (size_t i = 0; i < COUNT_OF(bracketed); i++) {
        struct imap_in ahead = *in;
        struct imap_section *section;
        struct buf label = BUF_INIT(in->arena);

        if (!imap_take_keyword(&ahead, bracketed[i].name) || !imap_take_byte(&ahead, '['))
            continue;
        section = new_section(in, request);
        section->kind = bracketed[i].kind;
        section->is_peek = bracketed[i].is_peek;
        buf_add_text(&label, section->kind == SECTION_BODY     ? "BODY["
                             : section->kind == SECTION_BINARY ? "BINARY["
                                                               : "BINARY.SIZE[");
        *is_bad = !take_section(&ahead, section, &label) || !take_octets(&ahead, section, &label);
        section->label = buf_span(&label);
        in->rest = ahead.rest;
        return true;
    }
    return false;
}

static bool take_preview(struct imap_in *in, struct imap_fetch_request *request)
{
    struct imap_in ahead = *in;

    if (!imap_take_keyword(in, "PREVIEW"))
        return false;
    request->items |= FETCH_PREVIEW;
    ahead = *in;
    if (imap_take_space(&ahead) && imap_take_byte(&ahead, '(') && imap_take_keyword(&ahead, "LAZY") &&
        imap_take_byte(&ahead, ')')) {
        request->is_preview_lazy = true;
        in->rest = ahead.rest;
    }
    return true;
}

static bool take_old_name(struct imap_in *in, struct imap_fetch_request *request)
{
    for (size_t i = 0; i < COUNT_OF(old_names); i++)
        if (imap_take_keyword(in, old_names[i].name)) {
            struct imap_section *section = new_section(in, request);

            section->text = old_names[i].text;
            section->is_peek = old_names[i].is_peek;
            section->path = span_text(old_names[i].path);
            section->label = span_text(old_names[i].name);
            return true;
        }
    return false;
}

static bool take_item(struct imap_in *in, struct imap_fetch_request *request)
{
    bool is_bad = false;

    if (request->section_count >= FETCH_SECTIONS_MAX)
        return false;
    for (size_t i = 0; i < COUNT_OF(plain_items); i++)
        if (imap_take_keyword(in, plain_items[i].name)) {
            request->items |= plain_items[i].item;
            return true;
        }
    if (take_bracketed(in, request, &is_bad))
        return !is_bad;
    if (imap_take_keyword(in, "BODY")) {
        request->items |= FETCH_BODY;
        return true;
    }
    return take_preview(in, request) || take_old_name(in, request);
}

bool imap_take_fetch_items(struct imap_in *in, struct imap_fetch_request *request, const char **wrong_out)
{
    *wrong_out = "I do not know one of the items to fetch.";
    for (size_t i = 0; i < COUNT_OF(macros); i++)
        if (imap_take_keyword(in, macros[i].name)) {
            request->items |= macros[i].items;
            return true;
        }
    if (!imap_take_byte(in, '('))
        return take_item(in, request);
    do {
        if (!take_item(in, request))
            return false;
    } while (imap_take_space(in));
    *wrong_out = "The list of items to fetch is not closed.";
    return imap_take_byte(in, ')');
}

bool imap_take_partial_range(struct imap_in *in, bool *is_from_end_out, uint32_t *first_out,
                             uint32_t *last_out)
{
    struct imap_in ahead = *in;
    bool is_negative = imap_take_byte(&ahead, '-');
    uint32_t first, last;

    if (!imap_take_nz_number(&ahead, &first) || !imap_take_byte(&ahead, ':') ||
        (is_negative && !imap_take_byte(&ahead, '-')) || !imap_take_nz_number(&ahead, &last))
        return false;
    *is_from_end_out = is_negative;
    *first_out = first < last ? first : last;
    *last_out = first < last ? last : first;
    in->rest = ahead.rest;
    return true;
}

static bool take_modifier(struct imap_in *in, struct imap_fetch_request *request)
{
    if (imap_take_keyword(in, "CHANGEDSINCE")) {
        request->wants_changed = true;
        return imap_take_space(in) && imap_take_modseq_or_zero(in, &request->changed_since);
    }
    if (imap_take_keyword(in, "VANISHED")) {
        request->wants_vanished = true;
        return true;
    }
    if (imap_take_keyword(in, "PARTIAL")) {
        request->is_partial = true;
        return imap_take_space(in) &&
               imap_take_partial_range(in, &request->is_from_end, &request->partial_first,
                                       &request->partial_last);
    }
    return false;
}

bool imap_take_fetch_modifiers(struct imap_in *in, struct imap_fetch_request *request, const char **wrong_out)
{
    *wrong_out = "After the items comes a list of modifiers or the end of the line.";
    if (imap_at_end(in))
        return true;
    if (!imap_take_space(in) || !imap_take_byte(in, '('))
        return false;
    *wrong_out = "I do not know one of the modifiers.";
    do {
        if (!take_modifier(in, request))
            return false;
    } while (imap_take_space(in));
    return imap_take_byte(in, ')') && imap_at_end(in);
}

bool imap_fetch_sets_seen(const struct imap_fetch_request *request)
{
    for (size_t i = 0; i < request->section_count; i++)
        if (!request->sections[i].is_peek)
            return true;
    return false;
}
