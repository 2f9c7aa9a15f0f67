/* email_header.c -- header fields in the forms of RFC 8621, 4.1.2. */
#include "format/address.h"
#include "format/charset.h"
#include "format/date.h"
#include "format/header.h"
#include "jmap/email.h"

#include <strings.h>
#include <talloc.h>

enum form { AS_RAW, AS_TEXT, AS_ADDRESSES, AS_GROUPS, AS_IDS, AS_DATE, AS_URLS, FORMS };
static const char *const form_names[FORMS] = {
    [AS_RAW] = "asRaw",
    [AS_TEXT] = "asText",
    [AS_ADDRESSES] = "asAddresses",
    [AS_GROUPS] = "asGroupedAddresses",
    [AS_IDS] = "asMessageIds",
    [AS_DATE] = "asDate",
    [AS_URLS] = "asURLs",
};
#define F(form) (1u << (form))

/* Fields that the standards define take the forms that fit them; all others take every form. */
static const struct {
    const char *names;
    unsigned forms;
} known_fields[] = {
    { " subject comments keywords list-id ", F(AS_TEXT) },
    { " from sender reply-to to cc bcc resent-from resent-sender resent-reply-to resent-to resent-cc resent-bcc ",
      F(AS_ADDRESSES) | F(AS_GROUPS) },
    { " message-id in-reply-to references resent-message-id ", F(AS_IDS) },
    { " date resent-date ", F(AS_DATE) },
    { " list-help list-unsubscribe list-subscribe list-post list-owner list-archive ", F(AS_URLS) },
    { " return-path received ", 0 },
};

static const struct {
    const char *name, *property;
} conveniences[] = {
    { "messageId", "header:Message-ID:asMessageIds" },
    { "inReplyTo", "header:In-Reply-To:asMessageIds" },
    { "references", "header:References:asMessageIds" },
    { "sender", "header:Sender:asAddresses" },
    { "from", "header:From:asAddresses" },
    { "to", "header:To:asAddresses" },
    { "cc", "header:Cc:asAddresses" },
    { "bcc", "header:Bcc:asAddresses" },
    { "replyTo", "header:Reply-To:asAddresses" },
    { "subject", "header:Subject:asText" },
    { "sentAt", "header:Date:asDate" },
};

const char *jmap_header_of_convenience(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(conveniences); i++)
        if (strcmp(conveniences[i].name, name) == 0)
            return conveniences[i].property;
    return NULL;
}

struct header_property {
    char field[128];
    enum form form;
    bool is_all;
};

static bool form_of(const char *text, size_t length, enum form *form_out)
{
    for (unsigned i = 0; i < FORMS; i++)
        if (strlen(form_names[i]) == length && strncmp(form_names[i], text, length) == 0) {
            *form_out = (enum form)i;
            return true;
        }
    return false;
}

static bool may_have(const char *field, enum form form)
{
    char word[136], *p = word;

    *p++ = ' ';
    for (; *field; field++)
        *p++ = *field >= 'A' && *field <= 'Z' ? (char)(*field - 'A' + 'a') : *field;
    *p++ = ' ';
    *p = '\0';
    for (size_t i = 0; i < COUNT_OF(known_fields); i++)
        if (strstr(known_fields[i].names, word))
            return form == AS_RAW || (known_fields[i].forms & F(form));
    return true;
}

/* "header:" name [":" form] [":all"] */
static bool read_property(const char *name, struct header_property *out)
{
    const char *convenience = jmap_header_of_convenience(name), *p = convenience ? convenience : name;
    size_t length;

    if (strncmp(p, "header:", 7) != 0)
        return false;
    p += 7;
    length = strcspn(p, ":");
    if (length == 0 || length >= sizeof out->field)
        return false;
    for (size_t i = 0; i < length; i++)
        if (p[i] <= ' ' || p[i] > '~')
            return false;
    *out = (struct header_property){ .form = AS_RAW };
    memcpy(out->field, p, length);
    p += length;
    if (*p == ':' && strcmp(p, ":all") != 0) {
        length = strcspn(p + 1, ":");
        if (!form_of(p + 1, length, &out->form))
            return false;
        p += 1 + length;
    }
    out->is_all = strcmp(p, ":all") == 0;
    return (out->is_all || *p == '\0') && may_have(out->field, out->form);
}

bool jmap_is_header_property(const char *name)
{
    struct header_property property;

    return read_property(name, &property);
}

/* ---- forms */

static json_t *valid_text(const void *arena, struct span text)
{
    struct buf out = buf_owned_by(arena);

    utf8_add_valid(&out, text);
    return json_stringn(out.p ? out.p : "", out.length);
}

static json_t *text_form(const void *arena, struct span value)
{
    return jmap_text(utf8_nfc(arena, span_trim(span_text(header_decode(arena, value)))));
}

static json_t *address_object(const void *arena, const struct address_item *item)
{
    const char *name = address_item_name(arena, item);
    struct buf email = buf_owned_by(arena);

    utf8_add_valid(&email, span_text(address_item_text(arena, item)));
    return json_pack("{s:o, s:o}", "name", jmap_text(name && *name ? name : NULL), "email",
                     json_stringn(email.p ? email.p : "", email.length));
}

/* A list of groups, or flat. Addresses outside of groups are in groups without a name. */
static json_t *addresses_form(const void *arena, struct span value, bool is_grouped)
{
    json_t *all = json_array(), *group = NULL;
    struct address_list list;

    address_list_parse(arena, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct address_item *item = &list.items[i];
        if (item->kind != ADDRESS_MAILBOX) {
            group = NULL;
            if (item->kind == ADDRESS_GROUP_START && is_grouped) {
                group = json_array();
                json_array_append_new(all, json_pack("{s:o, s:o}", "name",
                                                     jmap_text(address_item_name(arena, item)), "addresses",
                                                     group));
            }
            continue;
        }
        if (is_grouped && !group) {
            group = json_array();
            json_array_append_new(all, json_pack("{s:n, s:o}", "name", "addresses", group));
        }
        json_array_append_new(is_grouped ? group : all, address_object(arena, item));
    }
    return all;
}

static json_t *ids_form(const void *arena, struct span value)
{
    json_t *ids = json_array();
    struct span id;

    for (size_t i = 0; i < HEADER_IDS_MAX && header_next_message_id(&value, &id); i++)
        json_array_append_new(ids, valid_text(arena, span_trim(id)));
    if (json_array_size(ids) > 0)
        return ids;
    json_decref(ids);
    return json_null();
}

static json_t *date_form(struct span value)
{
    struct date date;
    int minutes, hours;
    char text[DATE_TEXT_MAX];

    if (!date_parse(span_trim(value), &date))
        return json_null();
    minutes = date.zone_minutes;
    if (minutes == 0)
        return jmap_date(date.us);
    date_render_utc(text, date.us - date.us % 1000000 + minutes * INT64_C(60000000));
    text[strcspn(text, "Z")] = '\0';
    hours = (minutes < 0 ? -minutes : minutes) / 60;
    return json_sprintf("%s%c%02d:%02d", text, minutes < 0 ? '-' : '+', hours,
                        (minutes < 0 ? -minutes : minutes) % 60);
}

/* RFC 2369: <url>, <url> (comment) */
static json_t *urls_form(const void *arena, struct span value)
{
    json_t *urls = json_array();
    struct span before, url;

    while (span_take_until(&value, '<', &before) && span_take_until(&value, '>', &url)) {
        struct buf text = buf_owned_by(arena);
        for (const char *p = url.p; p < url.end; p++)
            if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
                buf_add_byte(&text, *p);
        json_array_append_new(urls, valid_text(arena, buf_span(&text)));
    }
    if (json_array_size(urls) > 0)
        return urls;
    json_decref(urls);
    return json_null();
}

static json_t *in_form(const void *arena, struct span value, enum form form)
{
    switch (form) {
    case AS_TEXT:
        return text_form(arena, value);
    case AS_ADDRESSES:
    case AS_GROUPS:
        return addresses_form(arena, value, form == AS_GROUPS);
    case AS_IDS:
        return ids_form(arena, value);
    case AS_DATE:
        return date_form(value);
    case AS_URLS:
        return urls_form(arena, value);
    default:
        return valid_text(arena, value);
    }
}

json_t *jmap_header_property(const void *arena, struct span header, const char *name)
{
    struct header_property property;
    struct header_field field;
    json_t *all;

    if (!read_property(name, &property))
        return json_null();
    if (!property.is_all)
        return header_find_last(header, property.field, &field) ? in_form(arena, field.value, property.form)
                                                                : json_null();
    all = json_array();
    while (header_next(&header, &field))
        if (span_equals_nocase(field.name, property.field))
            json_array_append_new(all, in_form(arena, field.value, property.form));
    return all;
}

json_t *jmap_headers(const void *arena, struct span header)
{
    json_t *all = json_array();
    struct header_field field;

    while (header_next(&header, &field))
        json_array_append_new(all, json_pack("{s:o, s:o}", "name", valid_text(arena, field.name), "value",
                                             valid_text(arena, field.value)));
    return all;
}
