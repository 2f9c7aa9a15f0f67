/* rule.c -- rules read from their JSON by one table, and their conditions. */
#include "filter/rule.h"

#include "directory/list.h"
#include "directory/transport_rule.h"
#include "format/address.h"
#include "format/header.h"
#include "format/mime.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum field_kind { TEXT, PATTERNS, ADDRESS, HEADER_LINE, HEADER_NAME, NUMBER, FLAG, DIRECTION };

static const struct {
    const char *name;
    enum field_kind kind;
    size_t offset;
    bool is_action;
} fields[] = {
#define ROW(name, kind, is_action)                                                                           \
    {                                                                                                        \
#name, kind, offsetof(struct rule, name), is_action                                                  \
    }
    ROW(sender, PATTERNS, false),
    ROW(recipient, PATTERNS, false),
    ROW(direction, DIRECTION, false),
    ROW(anonymous, FLAG, false),
    ROW(header, HEADER_LINE, false),
    ROW(larger, NUMBER, false),
    ROW(attachment, PATTERNS, false),
    ROW(sender_in, ADDRESS, false),
    ROW(recipient_in, ADDRESS, false),
    ROW(unless_sender_in, ADDRESS, false),
    ROW(unless_sender, PATTERNS, false),
    ROW(unless_recipient, PATTERNS, false),
    ROW(unless_header, HEADER_LINE, false),
    ROW(refuse, TEXT, true),
    ROW(prepend, TEXT, true),
    ROW(add_header, HEADER_LINE, true),
    ROW(remove_header, HEADER_NAME, true),
    ROW(disclaimer, TEXT, true),
    ROW(copy, ADDRESS, true),
    ROW(redirect, ADDRESS, true),
    ROW(journal, ADDRESS, true),
    ROW(moderate, ADDRESS, true),
    ROW(junk, FLAG, true),
    ROW(quarantine, FLAG, true),
#undef ROW
};

/* ---- reading */

static bool is_header_name(struct span name)
{
    if (span_is_empty(name) || span_length(name) > 100)
        return false;
    for (; name.p < name.end; name.p++)
        if (*name.p <= ' ' || *name.p > 126 || *name.p == ':')
            return false;
    return true;
}

static bool is_header_line(struct span text)
{
    struct span name;

    return span_take_until(&text, ':', &name) && is_header_name(name) && !span_is_empty(span_trim(text));
}

static bool is_address(const char *text)
{
    void *scratch = talloc_new(NULL);
    struct address address;
    bool ok = address_parse(scratch, span_text(text), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD;

    talloc_free(scratch);
    return ok;
}

/* Lines are for disclaimers only. */
static bool has_control(const char *text, bool allows_lines)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && !(allows_lines && *text == '\n')) || *text == 127)
            return true;
    return false;
}

static bool is_good(enum field_kind kind, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    if (kind == NUMBER)
        return json_is_integer(value) && json_integer_value(value) > 0;
    if (kind == FLAG)
        return json_is_boolean(value);
    if (!text || !*text || strlen(text) > RULE_TEXT_MAX || has_control(text, strcmp(name, "disclaimer") == 0))
        return false;
    switch (kind) {
    case ADDRESS:
        return is_address(text);
    case HEADER_LINE:
        return is_header_line(span_text(text));
    case HEADER_NAME:
        return is_header_name(span_text(text));
    case DIRECTION:
        return strcmp(text, "in") == 0 || strcmp(text, "out") == 0;
    default:
        return true;
    }
}

static size_t field_of(const char *name)
{
    size_t i = 0;

    while (i < COUNT_OF(fields) && strcmp(fields[i].name, name) != 0)
        i++;
    return i;
}

bool rule_check(json_t *json, struct err *err)
{
    bool has_action = false;
    const char *name;
    json_t *value;

    json_object_foreach(json, name, value)
    {
        size_t i = field_of(name);

        if (i == COUNT_OF(fields))
            return err_set(err, ERR_INVALID, "%.40s is no part of a rule.", name);
        if (!is_good(fields[i].kind, name, value))
            return err_set(err, ERR_INVALID, "The value of %s is not good.", name);
        has_action = has_action || fields[i].is_action;
    }
    return has_action || err_set(err, ERR_INVALID, "A rule needs something to do.");
}

static void read_rule(const void *owner, json_t *json, struct rule *rule)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        json_t *value = json_object_get(json, fields[i].name);
        char *place = (char *)rule + fields[i].offset;
        const char *text;
        int64_t number;
        bool flag;

        if (!value || !is_good(fields[i].kind, fields[i].name, value))
            continue;
        if (fields[i].kind == NUMBER) {
            number = json_integer_value(value);
            memcpy(place, &number, sizeof number);
        } else if (fields[i].kind == FLAG) {
            flag = json_is_true(value);
            memcpy(place, &flag, sizeof flag);
        } else {
            text = talloc_strdup(owner, json_string_value(value));
            memcpy(place, &text, sizeof text);
        }
    }
}

bool rule_book_read(const void *owner, struct directory *directory, struct rule_book **book_out,
                    struct err *err)
{
    struct rule_book *book = talloc_zero(owner, struct rule_book);
    struct transport_rule *rows;
    size_t count;

    *book_out = book;
    if (!transport_rule_load(directory, book, &rows, &count, err))
        return false;
    book->rules = talloc_zero_array(book, struct rule, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        json_t *json = json_loads(rows[i].rule, 0, NULL);

        book->rules[book->count].organisation_id = rows[i].organisation_id;
        book->rules[book->count].name = rows[i].name;
        read_rule(book, json, &book->rules[book->count++]);
        json_decref(json);
    }
    return true;
}

/* ---- patterns: linear by going back to the last star only */

static bool glob(struct span pattern, struct span text)
{
    const char *star = NULL, *mark = text.p;

    while (text.p < text.end) {
        if (pattern.p < pattern.end && *pattern.p == '*') {
            star = pattern.p++;
            mark = text.p;
        } else if (pattern.p < pattern.end && (*pattern.p == '?' || tolower((unsigned char)*pattern.p) ==
                                                                        tolower((unsigned char)*text.p))) {
            pattern.p++;
            text.p++;
        } else if (star) {
            pattern.p = star + 1;
            text.p = ++mark;
        } else {
            return false;
        }
    }
    while (pattern.p < pattern.end && *pattern.p == '*')
        pattern.p++;
    return pattern.p == pattern.end;
}

static bool next_pattern(struct span *in, struct span *out)
{
    while (in->p < in->end && *in->p == ' ')
        in->p++;
    *out = *in;
    while (in->p < in->end && *in->p != ' ')
        in->p++;
    out->end = in->p;
    return !span_is_empty(*out);
}

/* "example.org" of "ada@sub.example.org". */
static bool is_in_domain(struct span domain, struct span address)
{
    size_t length = span_length(domain);
    const char *before;

    if (span_find_byte(domain, '@') || !span_find_byte(domain, '.') || span_length(address) <= length)
        return false;
    before = address.end - length - 1;
    return (*before == '@' || *before == '.') && strncasecmp(address.end - length, domain.p, length) == 0 &&
           span_find_byte(address, '@');
}

bool rule_pattern_matches(const char *patterns, struct span text)
{
    struct span left = span_text(patterns), pattern;

    while (next_pattern(&left, &pattern))
        if (glob(pattern, text) || is_in_domain(pattern, text))
            return true;
    return false;
}

/* ---- conditions */

static bool any_recipient(const char *patterns, const struct rule_message *m)
{
    for (size_t i = 0; i < m->recipient_count; i++)
        if (rule_pattern_matches(patterns, span_text(m->recipients[i])))
            return true;
    return false;
}

/* "Subject: *invoice*": the whole decoded value against one pattern, spaces and all. */
static bool header_matches(const char *line, void *arena, struct span message)
{
    struct span pattern = span_text(line), name, block = span_of(message.p, header_block_length(message));
    struct header_field field;

    if (!span_take_until(&pattern, ':', &name))
        return false;
    pattern = span_trim(pattern);
    while (header_next(&block, &field))
        if (span_equals_nocase(field.name, span_copy(arena, name)) &&
            glob(pattern, span_text(header_decode(arena, field.value))))
            return true;
    return false;
}

static bool part_matches(const char *patterns, void *arena, struct span message,
                         const struct mime_index *index, const struct mime_part *part)
{
    struct mime_type type = mime_part_type(message, index, part);
    struct header_structured disposition, content;
    const char *name;

    header_structured_parse(arena, mime_part_field(message, part, MIME_CONTENT_DISPOSITION), &disposition);
    header_structured_parse(arena, mime_part_field(message, part, MIME_CONTENT_TYPE), &content);
    name = header_parameter(&disposition, "filename");
    if (!name)
        name = header_parameter(&content, "name");
    if (name && rule_pattern_matches(patterns, span_text(name)))
        return true;
    return rule_pattern_matches(
        patterns, span_text(talloc_asprintf(arena, "%.*s/%.*s", (int)span_length(type.type), type.type.p,
                                            (int)span_length(type.subtype), type.subtype.p)));
}

static bool attachment_matches(const char *patterns, void *arena, struct span message)
{
    struct mime_index index;

    mime_index_build(arena, message, &index);
    for (uint32_t i = 0; i < index.count; i++)
        if (index.parts[i].kind == MIME_LEAF &&
            part_matches(patterns, arena, message, &index, &index.parts[i]))
            return true;
    return false;
}

/* ---- groups */

/* The key of an address; "" where it is none. */
static const char *key_of(void *arena, const char *text, struct address *address)
{
    if (address_parse(arena, span_text(text), ADDRESS_ACCEPT_UTF8, address) != ADDRESS_GOOD)
        return "";
    return address_key(arena, address);
}

/* A group that is gone has no members. */
static bool is_in_group(void *arena, const struct rule_message *m, const char *group, const char *who,
                        bool is_sure, bool *is_in_out, struct err *err)
{
    struct address address, person;
    const char *group_key = key_of(arena, group, &address), *key = key_of(arena, who, &person);
    struct resolved found;

    *is_in_out = false;
    if (!*group_key || !*key)
        return true;
    if (!directory_resolve(m->directory, arena, address.local, address.domain, &found, err))
        return false;
    if (found.recipient_kind != RECIPIENT_GROUP || found.recipient_id == 0)
        return true;
    if (strcmp(found.address, key) == 0) {
        *is_in_out = is_sure;
        return true;
    }
    return group_has_member(m->directory, found.recipient_id, key, is_sure, is_in_out, err);
}

static bool any_recipient_in(void *arena, const struct rule_message *m, const char *group, bool *is_in_out,
                             struct err *err)
{
    *is_in_out = false;
    for (size_t i = 0; i < m->recipient_count && !*is_in_out; i++)
        if (!is_in_group(arena, m, group, m->recipients[i], true, is_in_out, err))
            return false;
    return true;
}

/* The conditions that the directory knows about, asked when all others hold. */
static bool groups_match(const struct rule *r, void *arena, const struct rule_message *m, bool *matches_out,
                         struct err *err)
{
    bool is_in = true, is_excepted = false;

    *matches_out = false;
    if (r->sender_in && !is_in_group(arena, m, r->sender_in, m->sender, m->is_sure, &is_in, err))
        return false;
    if (is_in && r->recipient_in && !any_recipient_in(arena, m, r->recipient_in, &is_in, err))
        return false;
    if (is_in && r->unless_sender_in &&
        !is_in_group(arena, m, r->unless_sender_in, m->sender, m->is_sure, &is_excepted, err))
        return false;
    *matches_out = is_in && !is_excepted;
    return true;
}

static bool texts_match(const struct rule *r, void *arena, const struct rule_message *m)
{
    if (r->direction && (strcmp(r->direction, "out") == 0) != m->is_outgoing)
        return false;
    if (r->anonymous && m->is_sure)
        return false;
    if (r->larger && (int64_t)span_length(m->message) <= r->larger)
        return false;
    if (r->sender && !rule_pattern_matches(r->sender, span_text(m->sender)))
        return false;
    if (r->unless_sender && rule_pattern_matches(r->unless_sender, span_text(m->sender)))
        return false;
    if (r->recipient && !any_recipient(r->recipient, m))
        return false;
    if (r->unless_recipient && any_recipient(r->unless_recipient, m))
        return false;
    if (r->header && !header_matches(r->header, arena, m->message))
        return false;
    if (r->unless_header && header_matches(r->unless_header, arena, m->message))
        return false;
    return !r->attachment || attachment_matches(r->attachment, arena, m->message);
}

bool rule_matches(const struct rule *r, void *arena, const struct rule_message *m, bool *matches_out,
                  struct err *err)
{
    *matches_out = texts_match(r, arena, m);
    return !*matches_out || groups_match(r, arena, m, matches_out, err);
}

static bool try_one(const char *name, json_t *value, void *arena, const struct rule_message *m, json_t *held,
                    struct err *err)
{
    json_t *alone = json_pack("{s:O}", name, value);
    struct rule rule = { .name = "" };
    bool matches;

    read_rule(arena, alone, &rule);
    json_decref(alone);
    return rule_matches(&rule, arena, m, &matches, err) &&
           json_object_set_new(held, name, json_boolean(matches)) == 0;
}

bool rule_try(json_t *json, void *arena, const struct rule_message *m, json_t **held_out, struct err *err)
{
    json_t *held = json_object(), *value;
    const char *name;

    json_object_foreach(json, name, value)
    {
        size_t i = field_of(name);
        if (i == COUNT_OF(fields) || fields[i].is_action || try_one(name, value, arena, m, held, err))
            continue;
        json_decref(held);
        return false;
    }
    *held_out = held;
    return true;
}
