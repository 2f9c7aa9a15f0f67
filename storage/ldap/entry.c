/*
 * entry.c -- what an entry says, and the rest of attributes that come in pieces (member;range=0-1499, as AD does it).
 */
#include "ldap/entry.h"

#include <glib.h>
#include <stdio.h>
#include <strings.h>
#include <talloc.h>

enum { ATTRIBUTES_MAX = 1000, RANGES_MAX = 2000, ALLOWED_PIECE_MS = 60000 };

const struct ldap_attribute *ldap_entry_attribute(const struct ldap_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->attributes[i].name, name) == 0)
            return &entry->attributes[i];
    return NULL;
}

char *ldap_value_text(const void *owner, struct span value)
{
    while (!span_is_empty(value) && *value.p == ' ')
        value.p++;
    while (!span_is_empty(value) && value.end[-1] == ' ')
        value.end--;
    if (span_is_empty(value) || !g_utf8_validate(value.p, (gssize)span_length(value), NULL))
        return NULL;
    for (const char *p = value.p; p < value.end; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return NULL;
    return span_copy(owner, value);
}

char *ldap_entry_text(const void *owner, const struct ldap_entry *entry, const char *name)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, name);

    return attribute && attribute->count ? ldap_value_text(owner, attribute->values[0]) : NULL;
}

/* "member;range=0-1499" is more of "member", from 1500 on; "*" for the end: nothing more. */
struct piece {
    struct span name;
    bool is_ranged, is_last;
    uint32_t next;
};

static struct piece read_piece(struct berval raw)
{
    struct span rest = span_of(raw.bv_val, raw.bv_len);
    struct piece piece = { .name = rest, .is_last = true };
    uint32_t first, last;

    if (!span_take_until(&rest, ';', &piece.name))
        return piece;
    while (!span_is_empty(rest) && !span_starts_nocase(rest, "range="))
        if (!span_take_until(&rest, ';', &(struct span){ 0 }))
            return piece;
    if (!span_take_word(&rest, "range=") || !span_take_u32(&rest, &first) || !span_take_byte(&rest, '-'))
        return piece;
    piece.is_ranged = true;
    piece.is_last = !span_take_u32(&rest, &last) || last == UINT32_MAX || last < first;
    piece.next = piece.is_last ? 0 : last + 1;
    return piece;
}

static void add_values(const void *owner, struct ldap_attribute *attribute, struct berval *values)
{
    size_t count = 0, room;

    while (values && values[count].bv_val)
        count++;
    room = LDAP_VALUES_MAX - attribute->count;
    attribute->is_cut = attribute->is_cut || count > room;
    count = count < room ? count : room;
    attribute->values =
        talloc_realloc(owner, attribute->values, struct span, (unsigned)(attribute->count + count + 1));
    for (size_t i = 0; i < count; i++)
        attribute->values[attribute->count++] = span_of(values[i].bv_val, values[i].bv_len);
}

static struct ldap_attribute *attribute_of(const void *owner, struct ldap_entry *entry, struct span name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (span_equals_nocase(name, entry->attributes[i].name))
            return &entry->attributes[i];
    if (entry->count == ATTRIBUTES_MAX)
        return NULL;
    entry->attributes =
        talloc_realloc(owner, entry->attributes, struct ldap_attribute, (unsigned)entry->count + 1);
    entry->attributes[entry->count] = (struct ldap_attribute){ .name = span_copy(owner, name) };
    return &entry->attributes[entry->count++];
}

/* A message lives as long as its owner. */
struct kept {
    LDAPMessage *message;
};

static int free_kept(struct kept *kept)
{
    ldap_msgfree(kept->message);
    return 0;
}

static void keep(const void *owner, LDAPMessage *message)
{
    struct kept *kept = talloc(owner, struct kept);

    kept->message = message;
    talloc_set_destructor(kept, free_kept);
}

/* Asks for one more piece; its message stays under `owner`, as values point into it. */
static bool ask_more(struct ldap_link *link, const void *owner, const char *dn,
                     struct ldap_attribute *attribute, uint32_t *next, bool *is_last, struct err *err)
{
    char name[200];
    char *names[] = { name, NULL };
    LDAPMessage *answer, *message;
    struct berval raw, *values = NULL;
    BerElement *ber = NULL;
    int id, code;

    *is_last = true;
    snprintf(name, sizeof name, "%.150s;range=%u-*", attribute->name, *next);
    code =
        ldap_search_ext(link->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", names, 0, NULL, NULL, NULL, 1, &id);
    if (code != LDAP_SUCCESS)
        return link_fault(link, code, "range", NULL, err);
    if (!link_answer(link, id, LDAP_MSG_ALL, &answer, err))
        return false;
    keep(owner, answer);
    message = ldap_first_entry(link->ld, answer);
    if (!message || ldap_get_dn_ber(link->ld, message, &ber, &raw) != LDAP_SUCCESS)
        return true; /* gone since; what came is what there is */
    while (ldap_get_attribute_ber(link->ld, message, ber, &raw, &values) == LDAP_SUCCESS && raw.bv_val) {
        struct piece piece = read_piece(raw);
        if (piece.is_ranged && span_equals_nocase(piece.name, attribute->name) && values &&
            values[0].bv_val) {
            add_values(owner, attribute, values);
            *is_last = piece.is_last || piece.next <= *next;
            *next = piece.next;
        }
        ldap_memfree(values);
        values = NULL;
    }
    ber_free(ber, 0);
    return true;
}

static bool complete(struct ldap_link *link, const void *owner, const char *dn,
                     struct ldap_attribute *attribute, uint32_t next, struct err *err)
{
    bool is_last = false;

    for (int i = 0; i < RANGES_MAX && !is_last && !attribute->is_cut; i++) {
        ldap_link_extend(link, ALLOWED_PIECE_MS);
        if (!ask_more(link, owner, dn, attribute, &next, &is_last, err))
            return false;
    }
    return true;
}

/* The names of ranged attributes and where they go on; few have any. */
struct ranged {
    size_t index;
    uint32_t next;
};

bool entry_read(struct ldap_link *link, const void *owner, LDAPMessage *message, struct ldap_entry *entry_out,
                struct err *err)
{
    struct berval raw, *values = NULL;
    BerElement *ber = NULL;
    struct ranged ranged[16];
    size_t ranged_count = 0;
    int code = ldap_get_dn_ber(link->ld, message, &ber, &raw);

    *entry_out = (struct ldap_entry){ 0 };
    if (code != LDAP_SUCCESS)
        return link_fault(link, LDAP_DECODING_ERROR, "entry", NULL, err);
    if (g_utf8_validate(raw.bv_val, (gssize)raw.bv_len, NULL))
        entry_out->dn = talloc_strndup(owner, raw.bv_val, raw.bv_len);
    while ((code = ldap_get_attribute_ber(link->ld, message, ber, &raw, &values)) == LDAP_SUCCESS &&
           raw.bv_val) {
        struct piece piece = read_piece(raw);
        struct ldap_attribute *attribute = attribute_of(owner, entry_out, piece.name);
        if (attribute)
            add_values(owner, attribute, values);
        if (attribute && piece.is_ranged && !piece.is_last && ranged_count < COUNT_OF(ranged))
            ranged[ranged_count++] =
                (struct ranged){ (size_t)(attribute - entry_out->attributes), piece.next };
        ldap_memfree(values);
        values = NULL;
    }
    ber_free(ber, 0);
    if (code != LDAP_SUCCESS)
        return link_fault(link, LDAP_DECODING_ERROR, "entry", NULL, err);
    for (size_t i = 0; entry_out->dn && i < ranged_count; i++)
        if (!complete(link, owner, entry_out->dn, &entry_out->attributes[ranged[i].index], ranged[i].next,
                      err))
            return false;
    return true;
}

void entry_copy(const void *owner, const struct ldap_entry *from, struct ldap_entry *to)
{
    *to = (struct ldap_entry){ .dn = talloc_strdup(owner, from->dn), .count = from->count };
    to->attributes = talloc_zero_array(owner, struct ldap_attribute, (unsigned)from->count + 1);
    for (size_t i = 0; i < from->count; i++) {
        struct ldap_attribute *a = &to->attributes[i];
        *a = from->attributes[i];
        a->name = talloc_strdup(owner, a->name);
        a->values = talloc_zero_array(owner, struct span, (unsigned)a->count + 1);
        for (size_t k = 0; k < a->count; k++)
            a->values[k] = span_of(span_copy(owner, from->attributes[i].values[k]),
                                   span_length(from->attributes[i].values[k]));
    }
}
