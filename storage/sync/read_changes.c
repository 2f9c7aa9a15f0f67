/*
 * read_changes.c -- what changed since a mark, in each of the ways that servers know.
 */
#include "ldap/sync.h"
#include "sync/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static bool each(void *arg, const struct ldap_entry *entry, struct err *err)
{
    return read_take(arg, entry, err);
}

static struct ldap_search search_for(const struct reading *reading, const char *filter)
{
    const struct source *source = reading->source;

    return (struct ldap_search){ .base = source->base,
                                 .scope = LDAP_SUBTREE,
                                 .filter = filter,
                                 .attributes = sync_map_attributes(reading->map),
                                 .page_size = (unsigned)source->page_size,
                                 .size_limit = (unsigned)source->size_limit,
                                 .time_limit_s = (unsigned)source->time_limit_s };
}

static bool no_use(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Another server answers than before: everything is read again.");
}

/* ---- modifyTimestamp; what is removed is noticed by the next full run */

static bool by_timestamp(struct reading *reading, const void *owner, const struct source_mark *mark,
                         struct source_mark *mark_out, struct err *err)
{
    char *since = span_copy(owner, mark->mark);
    struct ldap_search search = search_for(
        reading, talloc_asprintf(owner, "(&(modifyTimestamp>=%s)%s)",
                                 ldap_escape_filter(owner, span_text(since)), sync_map_filter(reading->map)));

    snprintf(reading->newest, sizeof reading->newest, "%.31s", since);
    if (!ldap_link_search(reading->link, &search, each, reading, err))
        return false;
    mark_out->mark = span_text(talloc_strdup(owner, reading->newest));
    return true;
}

/* ---- uSNChanged */

static bool each_deleted(void *arg, const struct ldap_entry *entry, struct err *err)
{
    struct reading *reading = arg;
    const struct ldap_attribute *guid = ldap_entry_attribute(entry, "objectGUID");
    void *scratch = talloc_new(NULL);
    char *key = guid && guid->count ? ldap_key_of(scratch, guid->values[0]) : NULL;
    bool ok = !key || read_gone(reading, key, err);

    talloc_free(scratch);
    return ok;
}

/* Tombstones lie in a container of their own, which not every account may read: then the next full run notices. */
static bool read_deleted(struct reading *reading, const void *owner, const struct read_root *root,
                         int64_t since, struct err *err)
{
    static const char *guid[] = { "objectGUID", NULL };
    struct ldap_search search;
    char *filter = talloc_asprintf(owner, "(&(isDeleted=TRUE)(uSNChanged>=%lld))", (long long)since + 1);

    if (!root->naming)
        return true;
    search = search_for(reading, filter);
    search.base = talloc_asprintf(owner, "CN=Deleted Objects,%s", root->naming);
    search.attributes = guid;
    search.shows_deleted = true;
    if (ldap_link_search(reading->link, &search, each_deleted, reading, err))
        return true;
    if (err->kind == ERR_BUSY)
        return false;
    *err = ERR_INIT;
    return true;
}

static bool by_usn(struct reading *reading, const void *owner, const struct read_root *root,
                   const struct source_mark *mark, struct source_mark *mark_out, struct err *err)
{
    int64_t since = strtoll(span_copy(owner, mark->mark), NULL, 10);
    struct ldap_search search =
        search_for(reading, talloc_asprintf(owner, "(&(uSNChanged>=%lld)%s)", (long long)since + 1,
                                            sync_map_filter(reading->map)));

    if (strcmp(root->server, mark->server) != 0 || root->usn < since)
        return no_use(err);
    if (!ldap_link_search(reading->link, &search, each, reading, err) ||
        !read_deleted(reading, owner, root, since, err))
        return false;
    mark_out->mark = span_text(talloc_asprintf(owner, "%lld", (long long)root->usn));
    return true;
}

/* ---- DirSync: it names what changed, which is then read whole */

struct named {
    void *owner; /* of one round's */
    char **keys;
    size_t count;
    bool is_first; /* what is there has just been read: only the cookie counts */
    struct reading *reading;
};

static bool note_named(void *arg, enum ldap_sync_event event, const char *key, const struct ldap_entry *entry,
                       struct err *err)
{
    struct named *named = arg;
    const char *deleted = event == LDAP_TOLD_ENTRY ? ldap_entry_text(named->owner, entry, "isDeleted") : NULL;

    if (event != LDAP_TOLD_ENTRY || !key)
        return true;
    if (deleted && strcmp(deleted, "TRUE") == 0)
        return read_gone(named->reading, key, err);
    if (named->is_first)
        return true;
    named->keys = talloc_realloc(named->owner, named->keys, char *, (unsigned)named->count + 1);
    named->keys[named->count++] = talloc_strdup(named->owner, key);
    return true;
}

/* "<GUID=...>" is a name of the entry wherever it is now. */
static bool read_named(struct reading *reading, const char *key, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct ldap_search search = search_for(reading, sync_map_filter(reading->map));
    bool ok;

    search.base = talloc_asprintf(scratch, "<GUID=%s>", key);
    search.scope = LDAP_BASE;
    search.page_size = 0;
    ok = ldap_link_search(reading->link, &search, each, reading, err);
    if (!ok && err->kind != ERR_BUSY && err->kind != ERR_LIMIT) {
        *err = ERR_INIT; /* gone meanwhile: the next round says so */
        ok = true;
    }
    talloc_free(scratch);
    return ok;
}

static bool by_dirsync(struct reading *reading, const void *owner, const struct read_root *root,
                       struct span cookie, struct source_mark *mark_out, struct err *err)
{
    static const char *names[] = {
        "objectGUID", "isDeleted", "uSNChanged", "member", "mail", "cn", "*", NULL
    };
    struct named named = { .is_first = span_is_empty(cookie), .reading = reading };
    struct ldap_sync sync = { .base = root->naming,
                              .filter = "(|(objectClass=user)(objectClass=contact)(objectClass=group))",
                              .attributes = names,
                              .cookie = cookie,
                              .each = note_named,
                              .arg = &named };
    bool ok = true, has_more = true;

    while (ok && has_more) {
        named.owner = talloc_new(NULL);
        named.keys = NULL;
        named.count = 0;
        ok = ldap_link_dirsync(reading->link, owner, &sync, &has_more, err);
        sync.cookie = sync.cookie_now;
        if (ok && has_more)
            ldap_link_extend(reading->link, 60000);
        for (size_t i = 0; ok && i < named.count; i++)
            ok = read_named(reading, named.keys[i], err);
        talloc_free(named.owner);
    }
    mark_out->mark = sync.cookie_now;
    return ok;
}

/* From uSNs to cookies, where the server lets us: asked for right after a full run, so that nothing falls between. */
static bool begin_dirsync(struct reading *reading, const void *owner, const struct read_root *root,
                          const struct source_mark *mark, struct source_mark *mark_out, struct err *err)
{
    if (!by_dirsync(reading, owner, root, (struct span){ NULL, NULL }, mark_out, err)) {
        if (err->kind == ERR_BUSY && reading->link)
            return false;
        *err = ERR_INIT;
        return by_usn(reading, owner, root, mark, mark_out, err);
    }
    mark_out->way = read_way_name(WAY_DIRSYNC);
    /* what changed between the full run and the cookie */
    {
        struct span cookie = mark_out->mark;
        bool ok = by_usn(reading, owner, root, mark, mark_out, err);
        mark_out->mark = cookie;
        return ok;
    }
}

bool read_changes(struct reading *reading, const void *owner, const struct source_mark *mark,
                  struct source_mark *mark_out, struct err *err)
{
    struct read_root root;
    bool ok;

    if (!read_root(reading, owner, &root, err))
        return false;
    *mark_out = *mark;
    reading->known = NULL;
    if (strcmp(mark->way, read_way_name(WAY_DIRSYNC)) == 0)
        ok = strcmp(root.server, mark->server) == 0
                 ? by_dirsync(reading, owner, &root, mark->mark, mark_out, err)
                 : no_use(err);
    else if (strcmp(mark->way, read_way_name(WAY_USN)) == 0)
        ok = root.way == WAY_DIRSYNC ? begin_dirsync(reading, owner, &root, mark, mark_out, err)
                                     : by_usn(reading, owner, &root, mark, mark_out, err);
    else
        ok = strcmp(root.server, mark->server) == 0 && !span_is_empty(mark->mark)
                 ? by_timestamp(reading, owner, mark, mark_out, err)
                 : no_use(err);
    return ok && read_flush(reading, err);
}

bool read_faulty(struct reading *reading, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct ldap_search search = search_for(reading, sync_map_filter(reading->map));
    const char **dns;
    size_t count;
    bool ok = mirror_faulty(reading->directory, scratch, reading->source, &dns, &count, err);

    search.scope = LDAP_BASE;
    search.page_size = 0;
    for (size_t i = 0; ok && i < count; i++) {
        search.base = dns[i];
        ok = ldap_link_search(reading->link, &search, each, reading, err) || err->kind == ERR_NOT_FOUND;
    }
    ok = ok && read_flush(reading, err);
    if (ok)
        *err = ERR_INIT;
    talloc_free(scratch);
    return ok;
}
