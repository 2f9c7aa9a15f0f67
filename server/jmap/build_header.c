/* build_header.c -- header properties written as fields. No value can end its field: what could is encoded, or refused. */
#include "format/address.h"
#include "format/charset.h"
#include "format/date.h"
#include "format/header.h"
#include "jmap/build.h"
#include "jmap/email.h"

#include <talloc.h>

enum { LINE_WANTED = 76 };

static const char *as_header(const char *property)
{
    const char *convenience = jmap_header_of_convenience(property);

    return convenience ? convenience : property;
}

char *jmap_build_field_name(void *arena, const char *property)
{
    const char *full = as_header(property);
    char *name;

    if (!jmap_is_header_property(property))
        return NULL;
    full += strlen("header:");
    name = talloc_strndup(arena, full, strcspn(full, ":"));
    for (char *p = name; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    return name;
}

/* As an address may stand between angle brackets: no sign of the grammar, no control character. */
static bool is_plain_address(const char *text)
{
    return *text && strcspn(text, "<>(),;:\\\" \t\r\n") == strlen(text) && utf8_is_valid(span_text(text));
}

static bool email_text(void *arena, const char *email, char **text_out)
{
    struct address address;

    if (address_parse(arena, span_text(email), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, &address) ==
        ADDRESS_GOOD) {
        *text_out = *address.domain ? address_display(arena, &address) : address_text(arena, &address);
        return true;
    }
    *text_out = talloc_strdup(arena, email); /* of a draft: it may yet become one */
    return is_plain_address(email);
}

static bool add_one(void *arena, struct buf *out, const json_t *object, size_t *column)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *email = json_string_value(json_object_get(object, "email"));
    struct buf one = BUF_INIT(arena);
    char *text;

    if (!email || !email_text(arena, email, &text))
        return false;
    header_add_address(&one, name, text);
    if (*column + one.length + 2 > LINE_WANTED && *column > 0) {
        buf_add_text(out, "\r\n ");
        *column = 1;
    } else {
        buf_add_byte(out, ' ');
        *column += 1;
    }
    buf_add_span(out, buf_span(&one));
    *column += one.length;
    return true;
}

static bool add_addresses(void *arena, struct buf *out, const json_t *list, size_t *column)
{
    json_t *object;
    size_t i;

    json_array_foreach(list, i, object)
    {
        if (i > 0)
            buf_add_byte(out, ',');
        if (!add_one(arena, out, object, column))
            return false;
    }
    return json_array_size(list) > 0;
}

/* "Name: a, b;" */
static bool add_groups(void *arena, struct buf *out, const json_t *groups, size_t *column)
{
    json_t *group;
    size_t i;

    json_array_foreach(groups, i, group)
    {
        const json_t *name = json_object_get(group, "name"), *members = json_object_get(group, "addresses");
        if (i > 0)
            buf_add_byte(out, ',');
        if (json_is_string(name)) {
            buf_add_byte(out, ' ');
            for (const char *p = json_string_value(name); *p; p++)
                if (strchr("<>()[]:;@\\,.\"\r\n", *p))
                    return false;
            buf_add_text(out, json_string_value(name));
            buf_add_byte(out, ':');
        }
        if (json_array_size(members) > 0 && !add_addresses(arena, out, members, column))
            return false;
        if (json_is_string(name))
            buf_add_byte(out, ';');
    }
    return json_array_size(groups) > 0;
}

static bool add_ids(struct buf *out, const json_t *list, const char *open, const char *close,
                    const char *between)
{
    json_t *id;
    size_t i;

    json_array_foreach(list, i, id)
    {
        const char *text = json_string_value(id);
        if (!text || !*text || strcspn(text, "<> \t\r\n") != strlen(text) || !utf8_is_ascii(span_text(text)))
            return false;
        buf_add_text(out, i > 0 ? between : " ");
        buf_add_text(out, open);
        buf_add_text(out, text);
        buf_add_text(out, close);
    }
    return json_array_size(list) > 0;
}

static bool add_date(struct buf *out, const char *text)
{
    struct date date = { 0 };
    char rendered[DATE_TEXT_MAX];
    size_t length = strlen(text);

    if (!date_parse_utc(span_text(text), &date.us))
        return false;
    if (length > 6 && (text[length - 6] == '+' || text[length - 6] == '-')) {
        int hours = (text[length - 5] - '0') * 10 + text[length - 4] - '0';
        int minutes = (text[length - 2] - '0') * 10 + text[length - 1] - '0';
        date.zone_minutes = (text[length - 6] == '-' ? -1 : 1) * (hours * 60 + minutes);
    }
    date_render(rendered, date);
    buf_add_byte(out, ' ');
    buf_add_text(out, rendered);
    return true;
}

/* As it stands: printable, a line end only before white space, so that it stays one field. */
static bool add_raw(struct buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\r' && p[1] == '\n' && (p[2] == ' ' || p[2] == '\t'))
            p++;
        else if ((unsigned char)*p < ' ' && *p != '\t')
            return false;
    }
    buf_add_text(out, *text == ' ' ? "" : " ");
    buf_add_text(out, text);
    return true;
}

static bool add_value(void *arena, struct buf *out, const char *form, size_t name_length, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t column = name_length + 1;

    if (strcmp(form, "asAddresses") == 0)
        return add_addresses(arena, out, value, &column);
    if (strcmp(form, "asGroupedAddresses") == 0)
        return add_groups(arena, out, value, &column);
    if (strcmp(form, "asMessageIds") == 0)
        return add_ids(out, value, "<", ">", "\r\n ");
    if (strcmp(form, "asURLs") == 0)
        return add_ids(out, value, "<", ">", ", ");
    if (strcmp(form, "asDate") == 0)
        return text && add_date(out, text);
    return text && add_raw(out, text);
}

static json_t *add_field(void *arena, struct buf *out, const char *property, const char *name,
                         const char *form, const json_t *value)
{
    size_t before = out->length;

    if (strcmp(form, "asText") == 0) {
        if (!json_is_string(value))
            return jmap_bad_property(property);
        header_add(out, name, json_string_value(value));
        return NULL;
    }
    buf_add_text(out, name);
    buf_add_byte(out, ':');
    if (!add_value(arena, out, form, strlen(name), value)) {
        out->length = before;
        return jmap_bad_property(property);
    }
    buf_add_text(out, "\r\n");
    return NULL;
}

json_t *jmap_build_field(void *arena, struct buf *out, const char *property, const json_t *value)
{
    const char *full = as_header(property) + strlen("header:"), *colon = strchr(full, ':');
    char *name = talloc_strndup(arena, full, strcspn(full, ":"));
    char *form = talloc_strndup(arena, colon ? colon + 1 : "asRaw", colon ? strcspn(colon + 1, ":") : 5);
    json_t *one, *error = NULL;
    size_t i, tail = strlen(full);
    bool is_all = tail > 4 && strcmp(full + tail - 4, ":all") == 0;

    if (strcmp(form, "all") == 0)
        form = talloc_strdup(arena, "asRaw");
    if (json_is_null(value) || (!is_all && json_is_array(value) && json_array_size(value) == 0))
        return NULL;
    if (!is_all)
        return add_field(arena, out, property, name, form, value);
    if (!json_is_array(value))
        return jmap_bad_property(property);
    json_array_foreach(value, i, one) if (!error) error = add_field(arena, out, property, name, form, one);
    return error;
}
