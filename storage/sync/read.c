/*
 * read.c -- batches on their way into the mirror, and reading everything.
 */
#include "sync/read.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { FOUND_MAX = 2000000 /* by the URL of one group */ };

static const char *const way_names[WAYS] = { "timestamp", "syncrepl", "usn", "dirsync" };

const char *read_way_name(enum read_way way)
{
    return way_names[way];
}

/* ---- rootDSE */

static bool says(const struct ldap_entry *entry, const char *name, const char *value)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, name);

    for (size_t i = 0; attribute && i < attribute->count; i++)
        if (span_equals_text(attribute->values[i], value))
            return true;
    return false;
}

/* Which incarnation of which DC: uSNs of another one mean nothing. */
static const char *find_invocation(struct reading *reading, const void *owner, const struct ldap_entry *root)
{
    const char *names[] = { "invocationId", NULL };
    struct ldap_search search = { .base = ldap_entry_text(owner, root, "dsServiceName"),
                                  .filter = "(objectClass=*)",
                                  .attributes = names };
    const struct ldap_attribute *id;
    struct ldap_entry entry;
    struct err err;
    char *text;

    if (!search.base || !ldap_link_find(reading->link, owner, &search, &entry, &err))
        return search.base;
    id = ldap_entry_attribute(&entry, "invocationId");
    text = talloc_strdup(owner, search.base);
    for (const char *p = id && id->count ? id->values[0].p : NULL; p && p < id->values[0].end; p++)
        text = talloc_asprintf_append_buffer(text, "%02x", (unsigned char)*p);
    return text;
}

bool read_root(struct reading *reading, const void *owner, struct read_root *root_out, struct err *err)
{
    const char *names[] = {
        "*", "supportedControl", "highestCommittedUSN", "dsServiceName", "defaultNamingContext", NULL
    };
    struct ldap_search search = { .base = "", .filter = "(objectClass=*)", .attributes = names };
    struct ldap_entry entry;
    const char *usn;

    if (!ldap_link_find(reading->link, owner, &search, &entry, err))
        return false;
    *root_out = (struct read_root){ .way = WAY_TIMESTAMP, .server = reading->source->base };
    usn = ldap_entry_text(owner, &entry, "highestCommittedUSN");
    if (usn) {
        char *key, *base = ldap_dn_key(owner, reading->source->base);
        root_out->usn = strtoll(usn, NULL, 10);
        root_out->server = find_invocation(reading, owner, &entry);
        root_out->naming = ldap_entry_text(owner, &entry, "defaultNamingContext");
        key = root_out->naming ? ldap_dn_key(owner, root_out->naming) : NULL;
        /* DirSync looks at whole naming contexts */
        root_out->way = key && base && strcmp(key, base) == 0 &&
                                says(&entry, "supportedControl", "1.2.840.113556.1.4.841")
                            ? WAY_DIRSYNC
                            : WAY_USN;
    } else if (!reading->lacks_sync && says(&entry, "supportedControl", "1.3.6.1.4.1.4203.1.9.1.1")) {
        root_out->way = WAY_SYNCREPL;
    }
    return root_out->server != NULL || err_set(err, ERR_BUSY, "The directory does not say who it is.");
}

/* ---- batches */

bool read_flush(struct reading *reading, struct err *err)
{
    bool ok = true;

    if (reading->count)
        ok = mirror_put(reading->directory, reading->source, reading->known ? MIRROR_WHOLE : MIRROR_CHANGES,
                        reading->batch, reading->count, err);
    if (ok && reading->gone_count)
        ok = mirror_miss(reading->directory, reading->source, reading->gone, reading->gone_count, err);
    if (ok && reading->run_id)
        ok = source_run_note(reading->directory, reading->run_id, reading->seen, err);
    reading->count = reading->gone_count = 0;
    reading->gone = NULL;
    TALLOC_FREE(reading->arena);
    return ok;
}

static void *arena_of(struct reading *reading)
{
    if (!reading->arena)
        reading->arena = talloc_new(NULL);
    return reading->arena;
}

struct collecting {
    void *arena;
    struct span *members;
    size_t count;
};

static bool collect(void *arg, const struct ldap_entry *entry, struct err *err)
{
    struct collecting *collecting = arg;
    char *key = ldap_dn_key(collecting->arena, entry->dn);

    (void)err;
    collecting->members =
        talloc_realloc(collecting->arena, collecting->members, struct span, (unsigned)collecting->count + 1);
    if (key)
        collecting->members[collecting->count++] = span_text(key);
    return true;
}

/* "ldap:///ou=people,dc=example??sub?(title=x)" (RFC 4516) of a groupOfURLs: whom it finds is a member. Only in the same directory. */
static bool take_url(struct reading *reading, struct mirror_entry *out, struct span url, struct err *err)
{
    void *arena = arena_of(reading);
    struct collecting collecting = { arena, out->members, out->member_count };
    const char *none[] = { "1.1", NULL };
    struct span rest = url, base, attributes, scope;
    struct ldap_search search = { .scope = LDAP_BASE,
                                  .attributes = none,
                                  .page_size = (unsigned)reading->source->page_size,
                                  .size_limit = FOUND_MAX };

    if (!span_take_word(&rest, "ldap:///") || !span_take_until(&rest, '?', &base) ||
        !span_take_until(&rest, '?', &attributes) || !span_take_until(&rest, '?', &scope) ||
        span_find_byte(base, '%') || span_find_byte(rest, '%'))
        return true;
    if (span_equals_nocase(scope, "sub"))
        search.scope = LDAP_SUBTREE;
    else if (span_equals_nocase(scope, "one"))
        search.scope = LDAP_ONE_LEVEL;
    search.base = span_copy(arena, base);
    search.filter = span_is_empty(rest) ? "(objectClass=*)" : span_copy(arena, rest);
    if (ldap_link_search(reading->link, &search, collect, &collecting, err)) {
        out->members = collecting.members;
        out->member_count = collecting.count;
        sync_map_seal(out);
        return true;
    }
    if (err->kind == ERR_BUSY || err->kind == ERR_LIMIT) /* those who are missing are not gone */
        return false;
    *err = ERR_INIT; /* one that cannot be asked has no members of that kind */
    return true;
}

static bool take_urls(struct reading *reading, const struct ldap_entry *entry, struct mirror_entry *out,
                      struct err *err)
{
    const struct ldap_attribute *urls = ldap_entry_attribute(entry, "memberURL");

    for (size_t i = 0; urls && i < urls->count && i < 20; i++)
        if (!take_url(reading, out, urls->values[i], err))
            return false;
    return true;
}

static void note_time(struct reading *reading, const struct ldap_entry *entry)
{
    const char *text = ldap_entry_text(arena_of(reading), entry, "modifyTimestamp");

    if (text && strlen(text) < sizeof reading->newest && isdigit((unsigned char)*text) &&
        strcmp(text, reading->newest) > 0)
        snprintf(reading->newest, sizeof reading->newest, "%s", text);
}

bool read_take(struct reading *reading, const struct ldap_entry *entry, struct err *err)
{
    struct mirror_entry *out = &reading->batch[reading->count];

    if (reading->goes_on && !reading->goes_on(reading->goes_on_arg))
        return err_set(err, ERR_BUSY, "The server ends.");
    note_time(reading, entry);
    if (!sync_map(reading->map, arena_of(reading), entry, out))
        return true;
    reading->seen++;
    if (out->kind == MIRROR_GROUP && !take_urls(reading, entry, out, err))
        return false;
    if (reading->known && mirror_known_saw(reading->known, out))
        return reading->seen % MIRROR_AT_ONCE != 0 || read_flush(reading, err); /* empties the arena */
    reading->count++;
    return reading->count < MIRROR_AT_ONCE || read_flush(reading, err);
}

bool read_gone(struct reading *reading, const char *key, struct err *err)
{
    void *arena = arena_of(reading);

    reading->gone = talloc_realloc(arena, reading->gone, const char *, (unsigned)reading->gone_count + 1);
    reading->gone[reading->gone_count++] = talloc_strdup(arena, key);
    return reading->gone_count < MIRROR_AT_ONCE || read_flush(reading, err);
}

bool read_settle(struct reading *reading, struct err *err)
{
    void *scratch = talloc_new(NULL);
    const char **unseen;
    size_t count;
    bool ok = read_flush(reading, err);

    unseen = mirror_known_unseen(reading->known, scratch, &count);
    for (size_t at = 0; ok && at < count; at += MIRROR_AT_ONCE)
        ok = mirror_miss(reading->directory, reading->source, unseen + at,
                         count - at < MIRROR_AT_ONCE ? count - at : MIRROR_AT_ONCE, err);
    talloc_free(scratch);
    return ok;
}

/* ---- everything */

static bool each(void *arg, const struct ldap_entry *entry, struct err *err)
{
    return read_take(arg, entry, err);
}

bool read_all(struct reading *reading, const void *owner, struct source_mark *mark_out, struct err *err)
{
    const struct source *source = reading->source;
    struct ldap_search search = { .base = source->base,
                                  .scope = LDAP_SUBTREE,
                                  .filter = sync_map_filter(reading->map),
                                  .attributes = sync_map_attributes(reading->map),
                                  .page_size = (unsigned)source->page_size,
                                  .size_limit = (unsigned)source->size_limit,
                                  .time_limit_s = (unsigned)source->time_limit_s };
    struct read_root root;
    char *mark;

    if (!read_root(reading, owner, &root, err) ||
        !mirror_load(reading->directory, owner, source->source_id, &reading->known, err))
        return false;
    if (!ldap_link_search(reading->link, &search, each, reading, err) || !read_settle(reading, err))
        return false;
    mark = root.way == WAY_USN || root.way == WAY_DIRSYNC
               ? talloc_asprintf(owner, "%lld", (long long)root.usn)
               : talloc_strdup(owner, reading->newest);
    /* DirSync begins from uSNs; a cookie of OpenLDAP comes only of its own way */
    if (root.way == WAY_DIRSYNC)
        root.way = WAY_USN;
    *mark_out = (struct source_mark){ .way = way_names[root.way],
                                      .server = root.server,
                                      .mark = root.way == WAY_SYNCREPL ? (struct span){ NULL, NULL }
                                                                       : span_text(mark) };
    return true;
}
