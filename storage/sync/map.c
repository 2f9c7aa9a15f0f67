/*
 * map.c -- templates read and filled.
 */
#include "sync/map.h"

#include "directory/person.h"
#include "format/ldap_filter.h"
#include "ldap/sync.h"
#include "sync/match.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum field {
    FIELD_NAME,
    FIELD_MAIL,
    FIELD_ALIASES,
    FIELD_TARGET,
    FIELD_ACCOUNT,
    FIELD_PRINCIPAL,
    FIELD_PHOTO,
    FIELD_MANAGER,
    FIELD_MEMBERS,
    FIELD_MEMBERSHIPS,
    FIELD_TOKEN,
    FIELD_PRIMARY_GROUP,
    FIELD_PERSON, /* the first of what stands in recipient_person */
};

/* The default of each flavour; NULL: that of OpenLDAP. */
static const struct {
    const char *name, *openldap, *ad;
} fields[] = {
    [FIELD_NAME] = { "name", "{displayName|cn}", NULL },
    [FIELD_MAIL] = { "mail", "{mail}", NULL },
    [FIELD_ALIASES] = { "aliases", "{mail}{mailAlternateAddress}{mailLocalAddress}", "{proxyAddresses}" },
    [FIELD_TARGET] = { "target", "{mailForwardingAddress|mail}", "{targetAddress|mail}" },
    [FIELD_ACCOUNT] = { "account", "{uid}", "{sAMAccountName}" },
    [FIELD_PRINCIPAL] = { "principal", "{krbCanonicalName|krbPrincipalName}", "{userPrincipalName}" },
    [FIELD_PHOTO] = { "photo", "{jpegPhoto}", "{thumbnailPhoto|jpegPhoto}" },
    [FIELD_MANAGER] = { "manager", "{manager}", NULL },
    [FIELD_MEMBERS] = { "members", "{member}{uniqueMember}{memberUid}", "{member}" },
    [FIELD_MEMBERSHIPS] = { "memberships", "{memberOf}", NULL },
    [FIELD_TOKEN] = { "token", "{gidNumber}", "{objectSid}" },
    [FIELD_PRIMARY_GROUP] = { "primary_group", "{gidNumber}", "{primaryGroupID}" },
    [FIELD_PERSON] = { "given_name", "{givenName}", NULL },
    { "surname", "{sn}", NULL },
    { "initials", "{initials}", NULL },
    { "title", "{title}", NULL },
    { "department", "{departmentNumber|ou}", "{department}" },
    { "company", "{o}", "{company}" },
    { "office", "{roomNumber|physicalDeliveryOfficeName}", "{physicalDeliveryOfficeName}" },
    { "street", "{street|postalAddress}", "{streetAddress}" },
    { "city", "{l}", NULL },
    { "postal_code", "{postalCode}", NULL },
    { "state", "{st}", NULL },
    { "country", "{co|c}", NULL },
    { "phone", "{telephoneNumber}", NULL },
    { "mobile", "{mobile}", NULL },
    { "fax", "{facsimileTelephoneNumber}", NULL },
    { "notes", "{description}", "{info|description}" },
};

enum { EXTENSIONS = 15, FIELDS = COUNT_OF(fields) };

struct sync_map {
    const struct source *source;
    enum source_flavour flavour;
    const char *templates[FIELDS];
    const char *filter;
    const char **attributes;
    struct ldap_filter *contacts, *mailboxes; /* NULL: none */
};

struct sync_filters sync_default_filters(enum source_flavour flavour)
{
    if (flavour == FLAVOUR_AD)
        return (struct sync_filters){
            "(&(objectCategory=person)(objectClass=user)(!(isCriticalSystemObject=TRUE)))",
            "(objectClass=contact)", "(objectClass=group)"
        };
    return (struct sync_filters){
        "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))", "",
        "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=groupOfURLs))"
    };
}

/* ---- open */

static bool is_template(const char *text)
{
    bool is_open = false;

    for (const char *p = text; *p; p++) {
        if (*p == '{' ? is_open : *p == '}' && !is_open)
            return false;
        if (*p == '{' || *p == '}')
            is_open = *p == '{';
        else if (is_open && !g_ascii_isalnum(*p) && *p != '-' && *p != '|' && *p != '.')
            return false;
    }
    return !is_open;
}

static bool take_mapping(struct sync_map *map, const char *text, struct err *err)
{
    const char *sign = strchr(text, '=');

    for (size_t i = 0; sign && i < FIELDS; i++)
        if (strlen(fields[i].name) == (size_t)(sign - text) &&
            strncmp(fields[i].name, text, (size_t)(sign - text)) == 0) {
            map->templates[i] = talloc_strdup(map, sign + 1);
            return is_template(sign + 1) ||
                   err_set(err, ERR_INVALID, "%.100s: a template is text with attributes in braces.", text);
        }
    return err_set(err, ERR_INVALID, "%.100s: there is no such field; a mapping is FIELD=TEMPLATE.", text);
}

static bool read_filter(const struct sync_map *map, const char *text, const char *what,
                        struct ldap_filter **filter_out, struct err *err)
{
    enum ldap_filter_fault fault;
    size_t at;

    *filter_out = NULL;
    if (!text || !*text)
        return true;
    fault = ldap_filter_parse(map, span_text(text), filter_out, &at);
    return fault == LDAP_FILTER_GOOD ||
           err_set(err, ERR_INVALID, "The setting %s: %s", what, ldap_filter_fault_text(fault));
}

static const char *set_or(const char *set, const char *fallback)
{
    return set ? set : fallback;
}

static void add_attribute(struct sync_map *map, const char *name)
{
    size_t count = 0;

    while (map->attributes && map->attributes[count])
        count++;
    map->attributes = talloc_realloc(map, map->attributes, const char *, (unsigned)count + 2);
    map->attributes[count] = name;
    map->attributes[count + 1] = NULL;
}

bool sync_map_open(const void *owner, const struct source *source, struct sync_map **map_out, struct err *err)
{
    static const char *const operational[] = { "*",
                                               "entryUUID",
                                               "memberOf",
                                               "nsUniqueId",
                                               "ipaUniqueID",
                                               "nsAccountLock",
                                               "pwdAccountLockedTime",
                                               "modifyTimestamp" };
    struct sync_map *map = talloc_zero(owner, struct sync_map);
    struct sync_filters defaults;
    const char *user, *contact, *group;

    map->source = source;
    map->flavour = source_flavour(source);
    for (size_t i = 0; i < FIELDS; i++)
        map->templates[i] = map->flavour == FLAVOUR_AD && fields[i].ad ? fields[i].ad : fields[i].openldap;
    for (size_t i = 0; i < source->mapping.count; i++)
        if (!take_mapping(map, source->mapping.texts[i], err))
            return false;
    defaults = sync_default_filters(map->flavour);
    user = set_or(source->user_filter, defaults.user);
    contact = set_or(source->contact_filter, defaults.contact);
    group = set_or(source->group_filter, defaults.group);
    map->filter = talloc_asprintf(map, "(|%s%s%s)", user, contact, group);
    for (size_t i = 0; i < COUNT_OF(operational); i++)
        add_attribute(map, operational[i]);
    *map_out = map;
    return read_filter(map, source->contact_filter, "contact_filter", &map->contacts, err) &&
           read_filter(map, source->mailbox_filter, "mailbox_filter", &map->mailboxes, err);
}

const char *sync_map_filter(const struct sync_map *map)
{
    return map->filter;
}

const char **sync_map_attributes(const struct sync_map *map)
{
    return map->attributes;
}

json_t *sync_map_json(const struct sync_map *map)
{
    json_t *json = json_object();

    for (size_t i = 0; i < FIELDS; i++)
        json_object_set_new(json, fields[i].name, json_string(map->templates[i]));
    return json;
}

/* ---- filling */

/* The attributes within one pair of braces, tried in turn: the first value that is text. */
static const char *first_of(void *arena, const struct ldap_entry *entry, struct span names)
{
    struct span name;

    while (!span_is_empty(names)) {
        char *text, *word;
        if (!span_take_until(&names, '|', &name)) {
            name = names;
            names.p = names.end;
        }
        word = span_copy(arena, name);
        text = ldap_entry_text(arena, entry, word);
        if (text && *text)
            return text;
    }
    return NULL;
}

static const char *fill(void *arena, const struct ldap_entry *entry, const char *template)
{
    struct span rest = span_text(template), literal, names;
    char *out = talloc_strdup(arena, "");
    bool has_value = false;

    while (span_take_until(&rest, '{', &literal) && span_take_until(&rest, '}', &names)) {
        const char *value = first_of(arena, entry, names);
        out = talloc_strndup_append_buffer(out, literal.p, span_length(literal));
        if (value)
            out = talloc_strdup_append_buffer(out, value);
        has_value = has_value || value;
    }
    out = talloc_strndup_append_buffer(out, rest.p, span_length(rest));
    return has_value ? g_strstrip(out) : "";
}

/* As logins are compared: small letters, NFC. */
static const char *fold(void *arena, const char *text)
{
    char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC), *folded = g_utf8_strdown(composed, -1),
         *copy = talloc_strdup(arena, folded);

    g_free(folded);
    g_free(composed);
    return copy;
}

/* Calls for every attribute that a template names. */
struct names {
    struct span rest;
};

static const struct ldap_attribute *next_attribute(void *arena, const struct ldap_entry *entry,
                                                   struct names *names)
{
    struct span skipped, name;

    while (span_take_until(&names->rest, '{', &skipped) && span_take_until(&names->rest, '}', &name)) {
        struct span one;
        while (!span_is_empty(name)) {
            const struct ldap_attribute *attribute;
            if (!span_take_until(&name, '|', &one)) {
                one = name;
                name.p = name.end;
            }
            attribute = ldap_entry_attribute(entry, span_copy(arena, one));
            if (attribute && attribute->count)
                return attribute;
        }
    }
    return NULL;
}

static const struct ldap_attribute *raw(const struct sync_map *map, void *arena,
                                        const struct ldap_entry *entry, enum field field)
{
    struct names names = { span_text(map->templates[field]) };

    return next_attribute(arena, entry, &names);
}

/* ---- single fields */

static const char *key_of(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    static const char *const ad[] = { "objectGUID", NULL },
                             /* the one that the server tells of changes by (RFC 4533) */
        *const ds389[] = { "nsUniqueId", "ipaUniqueID", "entryUUID", NULL },
                             *const openldap[] = { "entryUUID", NULL };
    const char *const *names = map->flavour == FLAVOUR_AD      ? ad
                               : map->flavour == FLAVOUR_389DS ? ds389
                                                               : openldap;

    for (; *names; names++) {
        const struct ldap_attribute *attribute = ldap_entry_attribute(entry, *names);
        const char *key = attribute && attribute->count ? ldap_key_of(arena, attribute->values[0]) : NULL;
        if (key)
            return key;
    }
    return NULL;
}

static bool has_class(const struct ldap_entry *entry, const char *const *classes)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, "objectClass");

    for (size_t i = 0; attribute && i < attribute->count; i++)
        for (const char *const *c = classes; *c; c++)
            if (span_equals_nocase(attribute->values[i], *c))
                return true;
    return false;
}

static enum mirror_kind kind_of(const struct sync_map *map, const struct ldap_entry *entry)
{
    static const char *const groups[] = { "group",      "groupOfNames", "groupOfUniqueNames",
                                          "posixGroup", "groupOfURLs",  "groupOfMembers",
                                          NULL },
                             *const contacts[] = { "contact", NULL };

    if (has_class(entry, groups))
        return MIRROR_GROUP;
    if (map->contacts ? sync_matches(map->contacts, entry) : has_class(entry, contacts))
        return MIRROR_CONTACT;
    return MIRROR_USER;
}

/* Relative identifier of an AD group: the last four bytes of its SID. */
static const char *token_of(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    const struct ldap_attribute *sid = ldap_entry_attribute(entry, "objectSid");
    const unsigned char *p;

    if (map->flavour != FLAVOUR_AD || strcmp(map->templates[FIELD_TOKEN], "{objectSid}") != 0)
        return fill(arena, entry, map->templates[FIELD_TOKEN]);
    if (!sid || !sid->count || span_length(sid->values[0]) < 12)
        return "";
    p = (const unsigned char *)sid->values[0].end - 4;
    return talloc_asprintf(
        arena, "%u", (unsigned)p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16 | (unsigned)p[3] << 24);
}

static int64_t number_of(void *arena, const struct ldap_entry *entry, const char *name)
{
    const char *text = ldap_entry_text(arena, entry, name);

    return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static bool is_word(void *arena, const struct ldap_entry *entry, const char *name, const char *word)
{
    const char *text = ldap_entry_text(arena, entry, name);

    return text && strcasecmp(text, word) == 0;
}

enum { ACCOUNT_DISABLED = 2 };

static bool is_enabled(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    if (map->flavour == FLAVOUR_AD)
        return (number_of(arena, entry, "userAccountControl") & ACCOUNT_DISABLED) == 0;
    return !is_word(arena, entry, "nsAccountLock", "true") &&
           !is_word(arena, entry, "pwdAccountLockedTime", "000001010000Z");
}

#define FILETIME_NEVER INT64_MAX
#define FILETIME_1970 INT64_C(116444736000000000) /* in units of 100 ns since 1601 */
#define DAY_US INT64_C(86400000000)

static int64_t expires_of(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    int64_t value = number_of(arena, entry, map->flavour == FLAVOUR_AD ? "accountExpires" : "shadowExpire");

    if (map->flavour == FLAVOUR_AD)
        return value <= FILETIME_1970 || value == FILETIME_NEVER ? 0 : (value - FILETIME_1970) / 10;
    return value > 0 && value < 1000000 ? value * DAY_US : 0;
}

static bool is_image(struct span s)
{
    return span_length(s) > 8 && (memcmp(s.p, "\xff\xd8\xff", 3) == 0 ||
                                  memcmp(s.p, "\x89PNG\r\n\x1a\n", 8) == 0 || memcmp(s.p, "GIF8", 4) == 0);
}

static struct span photo_of(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    const struct ldap_attribute *photo = raw(map, arena, entry, FIELD_PHOTO);

    if (!photo || span_length(photo->values[0]) > MIRROR_PHOTO_MAX || !is_image(photo->values[0]))
        return (struct span){ NULL, NULL };
    return span_of(span_copy(arena, photo->values[0]), span_length(photo->values[0]));
}

static json_t *person_of(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    json_t *person = json_object(), *extension = json_object();

    for (size_t i = FIELD_PERSON; i < FIELDS; i++) {
        const char *text = fill(arena, entry, map->templates[i]);
        char *cut;
        if (!*text)
            continue;
        cut = g_utf8_substring(text, 0, g_utf8_strlen(text, -1) > PERSON_TEXT_MAX ? PERSON_TEXT_MAX : -1);
        json_object_set_new(person, fields[i].name, json_string(cut));
        g_free(cut);
    }
    for (int i = 1; i <= EXTENSIONS; i++) {
        char *name = talloc_asprintf(arena, "extensionAttribute%d", i);
        const char *text = ldap_entry_text(arena, entry, name);
        if (text && strlen(text) <= 2000)
            json_object_set_new(extension, name, json_string(text));
    }
    if (json_object_size(extension))
        json_object_set(person, "extension", extension);
    json_decref(extension);
    return person;
}

/* ---- addresses */

static void add_address(void *arena, struct mirror_entry *out, const char *text, bool is_first)
{
    for (size_t i = 0; i < out->address_count; i++)
        if (strcasecmp(out->addresses[i], text) == 0) {
            if (is_first && i > 0) {
                out->addresses[i] = out->addresses[0];
                out->addresses[0] = text;
            }
            return;
        }
    out->addresses = talloc_realloc(arena, out->addresses, const char *, (unsigned)out->address_count + 1);
    out->addresses[out->address_count++] = text;
    if (is_first && out->address_count > 1) {
        const char *before = out->addresses[0];
        out->addresses[0] = text;
        out->addresses[out->address_count - 1] = before;
    }
}

/* "SMTP:" is the primary one, "smtp:" a further one (proxyAddresses of AD); other protocols are not mail. */
static void take_alias(void *arena, struct mirror_entry *out, struct span value)
{
    const char *text = ldap_value_text(arena, value), *colon = text ? strchr(text, ':') : NULL;

    if (!text)
        return;
    if (!colon)
        add_address(arena, out, text, false);
    else if (strncasecmp(text, "smtp:", 5) == 0 && text[5])
        add_address(arena, out, text + 5, strncmp(text, "SMTP:", 5) == 0);
}

static void take_addresses(const struct sync_map *map, void *arena, const struct ldap_entry *entry,
                           struct mirror_entry *out)
{
    struct names names = { span_text(map->templates[FIELD_ALIASES]) };
    const struct ldap_attribute *attribute;

    if (*out->mail)
        add_address(arena, out, out->mail, true);
    while ((attribute = next_attribute(arena, entry, &names)) != NULL) {
        if (attribute->count + out->address_count > MIRROR_ADDRESSES_MAX) {
            out->fault =
                talloc_asprintf(arena,
                                "The attribute %.60s has %zu values; an entry has at most %d addresses. "
                                "Take some away in the directory.",
                                attribute->name, attribute->count, MIRROR_ADDRESSES_MAX);
            return;
        }
        for (size_t i = 0; i < attribute->count; i++)
            take_alias(arena, out, attribute->values[i]);
    }
}

/* ---- members */

/* None of too many, which is a fault of the entry. */
static struct span *take_members(const struct sync_map *map, void *arena, const struct ldap_entry *entry,
                                 enum field field, struct mirror_entry *out, size_t *count_out)
{
    struct names names = { span_text(map->templates[field]) };
    const struct ldap_attribute *attribute;
    struct span *members = NULL;
    size_t count = 0;

    *count_out = 0;
    while ((attribute = next_attribute(arena, entry, &names)) != NULL) {
        if (attribute->is_cut || count + attribute->count > MIRROR_MEMBERS_MAX) {
            out->fault = talloc_asprintf(
                arena,
                "The attribute %.60s has more than %d values, which is the most that is taken over. "
                "Divide the group in the directory, or leave it out by the filter of groups.",
                attribute->name, MIRROR_MEMBERS_MAX);
            return NULL;
        }
        bool is_account = strcasecmp(attribute->name, "memberUid") == 0;
        members = talloc_realloc(arena, members, struct span, (unsigned)(count + attribute->count));
        for (size_t i = 0; i < attribute->count; i++) {
            const char *text = ldap_value_text(arena, attribute->values[i]);
            const char *key = !text        ? NULL
                              : is_account ? talloc_asprintf(arena, "uid=%s", fold(arena, text))
                                           : ldap_dn_key(arena, text);
            if (key)
                members[count++] = span_text(key);
        }
    }
    *count_out = count;
    return members;
}

static const char *placement_of(const struct sync_map *map, void *arena, const struct ldap_entry *entry)
{
    for (size_t i = 0; i < map->source->placement.count; i++) {
        const char *text = map->source->placement.texts[i], *sign = strchr(text, '='),
                   *colon = sign ? strrchr(sign, ':') : NULL;
        if (!colon)
            continue;
        if (is_word(arena, entry, talloc_strndup(arena, text, (size_t)(sign - text)),
                    talloc_strndup(arena, sign + 1, (size_t)(colon - sign) - 1)))
            return talloc_strdup(arena, colon + 1);
    }
    return "";
}

/* ---- the whole */

static void hash_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)(text ? text : ""), (gssize)(text ? strlen(text) + 1 : 1));
}

static void hash_spans(GChecksum *sum, const struct span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_checksum_update(sum, (const guchar *)spans[i].p, (gssize)span_length(spans[i]));
        hash_text(sum, NULL);
    }
    hash_text(sum, "|");
}

void sync_map_seal(struct mirror_entry *entry)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    char *person = json_dumps(entry->person, JSON_COMPACT | JSON_SORT_KEYS), numbers[80];
    const char *const texts[] = { entry->dn,    entry->account,       entry->principal,   entry->mail,
                                  entry->name,  entry->target,        entry->placement,   entry->fault,
                                  entry->token, entry->primary_group, entry->manager_key, person };
    gsize length = MIRROR_DIGEST_BYTES;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        hash_text(sum, texts[i]);
    for (size_t i = 0; i < entry->address_count; i++)
        hash_text(sum, entry->addresses[i]);
    snprintf(numbers, sizeof numbers, "%d %d %d %lld", (int)entry->kind, entry->is_enabled, entry->matches,
             (long long)entry->expires_us);
    hash_text(sum, numbers);
    hash_spans(sum, &entry->photo, span_is_empty(entry->photo) ? 0 : 1);
    hash_spans(sum, entry->members, entry->member_count);
    hash_spans(sum, entry->memberships, entry->membership_count);
    g_checksum_get_digest(sum, entry->digest, &length);
    g_checksum_free(sum);
    free(person);
}

/* A person goes with the arena. */
struct held_json {
    json_t *json;
};

static int drop_json(struct held_json *held)
{
    json_decref(held->json);
    return 0;
}

static json_t *hold_json(void *arena, json_t *json)
{
    struct held_json *held = talloc(arena, struct held_json);

    held->json = json;
    talloc_set_destructor(held, drop_json);
    return json;
}

bool sync_map(const struct sync_map *map, void *arena, const struct ldap_entry *entry,
              struct mirror_entry *out)
{
    const char *manager, *const *t = map->templates;

    *out = (struct mirror_entry){ .key = key_of(map, arena, entry),
                                  .dn = talloc_strdup(arena, entry->dn),
                                  .dn_key = ldap_dn_key(arena, entry->dn),
                                  .kind = kind_of(map, entry),
                                  .fault = "" };
    if (!out->key || !out->dn_key)
        return false;
    out->name = fill(arena, entry, t[FIELD_NAME]);
    out->mail = fold(arena, fill(arena, entry, t[FIELD_MAIL]));
    out->account = fold(arena, fill(arena, entry, t[FIELD_ACCOUNT]));
    out->principal = fold(arena, fill(arena, entry, t[FIELD_PRINCIPAL]));
    out->person = hold_json(arena, person_of(map, arena, entry));
    out->photo = photo_of(map, arena, entry);
    out->is_enabled = out->kind != MIRROR_USER || is_enabled(map, arena, entry);
    out->expires_us = out->kind == MIRROR_USER ? expires_of(map, arena, entry) : 0;
    out->matches = !map->mailboxes || sync_matches(map->mailboxes, entry);
    out->token = out->kind == MIRROR_GROUP ? token_of(map, arena, entry) : "";
    out->primary_group = out->kind == MIRROR_USER ? fill(arena, entry, t[FIELD_PRIMARY_GROUP]) : "";
    out->placement = placement_of(map, arena, entry);
    out->target = "";
    if (out->kind == MIRROR_CONTACT) {
        const char *target = fill(arena, entry, t[FIELD_TARGET]);
        out->target = strncasecmp(target, "smtp:", 5) == 0 ? target + 5 : target;
    }
    manager = fill(arena, entry, t[FIELD_MANAGER]);
    out->manager_key = *manager ? ldap_dn_key(arena, manager) : NULL;
    out->manager_key = out->manager_key ? out->manager_key : "";
    take_addresses(map, arena, entry, out);
    if (out->kind == MIRROR_GROUP)
        out->members = take_members(map, arena, entry, FIELD_MEMBERS, out, &out->member_count);
    out->memberships = take_members(map, arena, entry, FIELD_MEMBERSHIPS, out, &out->membership_count);
    sync_map_seal(out);
    return true;
}
