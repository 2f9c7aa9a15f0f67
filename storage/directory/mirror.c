/*
 * mirror.c -- entries of company directories written down, with who is a member of what.
 */
#include "directory/mirror.h"

#include "base/clock.h"
#include "directory/act.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

/* Of large groups: a statement has its time. */
enum { MEMBERS_AT_ONCE = 10000 };

static const char *const kind_names[MIRROR_KINDS] = { "user", "contact", "group" };

static const char SELECT_DIGESTS[] =
    "SELECT entry_key, digest FROM directory_entry WHERE source_id = $1 AND missing_us = 0 AND entry_key > $2"
    " ORDER BY entry_key LIMIT 5000";

/* Groups are looked at where an entry is named or counted otherwise than before, not where somebody has another telephone. */
static const char PUT_ENTRY[] =
    "INSERT INTO directory_entry (source_id, organisation_id, entry_key, kind, dn, dn_key, account, principal, mail,"
    "    name, addresses, target, person, photo, placement, fault, is_enabled, expires_us, matches, token,"
    "    primary_group, manager_key, digest, groups_due)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, true)"
    " ON CONFLICT (source_id, entry_key) DO UPDATE SET kind = excluded.kind, dn = excluded.dn, dn_key = excluded.dn_key,"
    "    account = excluded.account, principal = excluded.principal, mail = excluded.mail, name = excluded.name,"
    "    addresses = excluded.addresses, target = excluded.target, person = excluded.person, photo = excluded.photo,"
    "    placement = excluded.placement, fault = excluded.fault, is_enabled = excluded.is_enabled,"
    "    expires_us = excluded.expires_us, matches = excluded.matches, token = excluded.token,"
    "    primary_group = excluded.primary_group, manager_key = excluded.manager_key, digest = excluded.digest,"
    "    missing_us = 0, is_due = true, groups_due = directory_entry.groups_due OR directory_entry.missing_us > 0"
    "     OR (directory_entry.kind, directory_entry.dn_key, directory_entry.account, directory_entry.target,"
    "         directory_entry.token, directory_entry.primary_group, directory_entry.manager_key)"
    "        IS DISTINCT FROM (excluded.kind, excluded.dn_key, excluded.account, excluded.target, excluded.token,"
    "         excluded.primary_group, excluded.manager_key)";

/* Groups that an entry leaves have to be looked at, too: they are named by the rows that go. */
static const char DROP_MEMBERS[] =
    "WITH gone AS (DELETE FROM directory_member WHERE source_id = $1 AND entry_key = $2 AND is_upward = $3"
    "                 AND NOT (other = ANY ($4)) RETURNING other)"
    " UPDATE directory_entry e SET is_due = true, groups_due = true FROM gone"
    "  WHERE e.source_id = $1 AND (e.entry_key = $2 OR ($3 AND e.dn_key = gone.other))"
    "    AND NOT (e.is_due AND e.groups_due)";
/* Where memberOf is the other end of member (Active Directory, OpenLDAP's overlay), an entry that leaves a group is itself not changed,
 * or nobody is told of it: whom the group named and does not any more has left, and is looked at whole when it comes next. Before
 * DROP_MEMBERS. */
static const char DROP_UPWARD[] =
    "WITH gone AS (DELETE FROM directory_member u USING directory_member d, directory_entry e"
    "               WHERE d.source_id = $1 AND d.entry_key = $2 AND NOT d.is_upward AND NOT (d.other = ANY ($4))"
    "                 AND e.source_id = $1 AND e.dn_key = d.other"
    "                 AND u.source_id = $1 AND u.entry_key = e.entry_key AND u.is_upward AND u.other = $3"
    "              RETURNING u.entry_key)"
    " UPDATE directory_entry e SET digest = '' FROM gone WHERE e.source_id = $1 AND e.entry_key = gone.entry_key";
static const char ADD_MEMBERS[] =
    "WITH come AS (INSERT INTO directory_member (source_id, organisation_id, entry_key, is_upward, other)"
    "              SELECT $1, $2, $3, $4, unnest($5) ON CONFLICT DO NOTHING RETURNING other)"
    " UPDATE directory_entry SET groups_due = true"
    "  WHERE source_id = $1 AND entry_key = $3 AND NOT groups_due AND EXISTS (SELECT FROM come)";

static const char MISS[] =
    "UPDATE directory_entry SET missing_us = $3, digest = '', is_due = true, groups_due = true"
    " WHERE source_id = $1 AND entry_key = ANY ($2) AND missing_us = 0";

static const char SELECT_FAULTY[] =
    "SELECT dn FROM directory_entry WHERE source_id = $1 AND fault <> '' AND missing_us = 0 ORDER BY entry_key LIMIT 500";

static const char CHOOSE[] =
    "UPDATE directory_entry SET is_chosen = $3, is_due = true WHERE source_id = $1 AND kind = 'user' AND missing_us = 0"
    "   AND (entry_key = lower($2) OR account = lower($2) OR mail = lower($2) OR dn = $2) RETURNING dn";

const char *mirror_kind_name(enum mirror_kind kind)
{
    return kind_names[kind];
}

/* ---- what is known */

struct known_entry {
    unsigned char digest[MIRROR_DIGEST_BYTES];
    bool is_seen;
    char key[]; /* NUL-terminated */
};

struct mirror_known {
    GHashTable *by_key;
};

static int drop_known(struct mirror_known *known)
{
    g_hash_table_destroy(known->by_key);
    return 0;
}

static void add_known(struct mirror_known *known, struct span key, struct span digest)
{
    struct known_entry *entry = g_malloc0(sizeof *entry + span_length(key) + 1);

    memcpy(entry->key, key.p, span_length(key));
    if (span_length(digest) == MIRROR_DIGEST_BYTES)
        memcpy(entry->digest, digest.p, MIRROR_DIGEST_BYTES);
    g_hash_table_replace(known->by_key, entry->key, entry);
}

bool mirror_load(struct directory *directory, const void *owner, int64_t source_id,
                 struct mirror_known **known_out, struct err *err)
{
    struct mirror_known *known = talloc_zero(owner, struct mirror_known);
    char *after = talloc_strdup(known, "");
    size_t count;

    *err = ERR_INIT;
    known->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    talloc_set_destructor(known, drop_known);
    do {
        struct db_rows *rows;
        struct db_row row;
        if (!look_up(directory, known, SELECT_DIGESTS, DB_ARGS(db_i64(source_id), db_text(after)), &rows,
                     err)) {
            talloc_free(known);
            return false;
        }
        count = db_rows_count(rows);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            add_known(known, db_get_text(&row, 0), db_get_bytes(&row, 1));
        if (count && db_rows_at(rows, count - 1, &row))
            after = db_copy_text(known, &row, 0);
        talloc_free(rows);
    } while (count > 0);
    *known_out = known;
    return true;
}

bool mirror_known_saw(struct mirror_known *known, const struct mirror_entry *entry)
{
    struct known_entry *there = g_hash_table_lookup(known->by_key, entry->key);

    if (!there)
        return false;
    there->is_seen = true;
    return memcmp(there->digest, entry->digest, MIRROR_DIGEST_BYTES) == 0;
}

void mirror_known_keep(struct mirror_known *known, const char *key)
{
    struct known_entry *there = g_hash_table_lookup(known->by_key, key);

    if (there)
        there->is_seen = true;
}

const char **mirror_known_unseen(struct mirror_known *known, const void *owner, size_t *count_out)
{
    const char **keys = talloc_array(owner, const char *, g_hash_table_size(known->by_key) + 1);
    GHashTableIter iter;
    gpointer value;

    *count_out = 0;
    g_hash_table_iter_init(&iter, known->by_key);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (!((struct known_entry *)value)->is_seen)
            keys[(*count_out)++] = ((struct known_entry *)value)->key;
    return keys;
}

size_t mirror_known_count(const struct mirror_known *known)
{
    return g_hash_table_size(known->by_key);
}

/* ---- writing */

struct putting {
    enum mirror_reads reads;
    const struct source *source;
    const struct mirror_entry *entries;
    const char **keys;
    size_t count;
};

static struct actor actor_of(const struct source *source)
{
    return (struct actor){ .name = "directory", .organisation_id = source->organisation_id };
}

static bool put_members(struct db *db, const struct source *source, const struct mirror_entry *entry,
                        bool is_upward, struct err *err)
{
    const struct span *others = is_upward ? entry->memberships : entry->members;
    size_t count = is_upward ? entry->membership_count : entry->member_count;
    struct db_value id = db_i64(source->source_id), key = db_text(entry->key), upward = db_bool(is_upward);
    bool ok = db_exec(db, DROP_MEMBERS, DB_ARGS(id, key, upward, db_text_array(others, count)), NULL, err);

    for (size_t i = 0; ok && i < count; i += MEMBERS_AT_ONCE)
        ok = db_exec(
            db, ADD_MEMBERS,
            DB_ARGS(id, db_i64(source->organisation_id), key, upward,
                    db_text_array(others + i, count - i < MEMBERS_AT_ONCE ? count - i : MEMBERS_AT_ONCE)),
            NULL, err);
    return ok;
}

/* Where only what changed is read: else those who left say so themselves. */
static bool drop_upward(struct db *db, const struct source *source, const struct mirror_entry *e,
                        struct err *err)
{
    return e->kind != MIRROR_GROUP ||
           db_exec(db, DROP_UPWARD,
                   DB_ARGS(db_i64(source->source_id), db_text(e->key), db_text(e->dn_key),
                           db_text_array(e->members, e->member_count)),
                   NULL, err);
}

static bool put_entry(struct db *db, const struct putting *putting, const struct mirror_entry *e,
                      struct err *err)
{
    const struct source *source = putting->source;
    struct span addresses[MIRROR_ADDRESSES_MAX];
    char *person = json_dumps(e->person, JSON_COMPACT | JSON_SORT_KEYS);
    size_t count = e->address_count < MIRROR_ADDRESSES_MAX ? e->address_count : MIRROR_ADDRESSES_MAX;
    bool ok;

    for (size_t i = 0; i < count; i++)
        addresses[i] = span_text(e->addresses[i]);
    ok = db_exec(
             db, PUT_ENTRY,
             DB_ARGS(db_i64(source->source_id), db_i64(source->organisation_id), db_text(e->key),
                     db_text(kind_names[e->kind]), db_text(e->dn), db_text(e->dn_key), db_text(e->account),
                     db_text(e->principal), db_text(e->mail), db_text(e->name),
                     db_text_array(addresses, count), db_text(e->target), db_jsonb(person ? person : "{}"),
                     span_is_empty(e->photo) ? db_null(DB_BYTES) : db_bytes(e->photo), db_text(e->placement),
                     db_text(e->fault), db_bool(e->is_enabled), db_i64(e->expires_us), db_bool(e->matches),
                     db_text(e->token), db_text(e->primary_group), db_text(e->manager_key),
                     db_bytes(span_of(e->digest, MIRROR_DIGEST_BYTES))),
             NULL, err) &&
         (putting->reads == MIRROR_WHOLE || drop_upward(db, source, e, err)) &&
         put_members(db, source, e, false, err) && put_members(db, source, e, true, err);
    free(person);
    return ok;
}

static bool put(struct db *db, void *arg, struct err *err)
{
    struct putting *putting = arg;

    for (size_t i = 0; i < putting->count; i++)
        if (!put_entry(db, putting, &putting->entries[i], err))
            return false;
    return true;
}

bool mirror_put(struct directory *directory, const struct source *source, enum mirror_reads reads,
                const struct mirror_entry *entries, size_t count, struct err *err)
{
    struct putting putting = { .source = source, .reads = reads, .entries = entries, .count = count };
    struct actor actor = actor_of(source);

    return act_read(directory, &actor, source->organisation_id, put, &putting, err);
}

static bool miss(struct db *db, void *arg, struct err *err)
{
    struct putting *putting = arg;
    struct span *keys = talloc_array(NULL, struct span, (unsigned)putting->count + 1);
    bool ok;

    for (size_t i = 0; i < putting->count; i++)
        keys[i] = span_text(putting->keys[i]);
    ok = db_exec(db, MISS,
                 DB_ARGS(db_i64(putting->source->source_id), db_text_array(keys, putting->count),
                         db_i64(clock_now_us())),
                 NULL, err);
    talloc_free(keys);
    return ok;
}

bool mirror_miss(struct directory *directory, const struct source *source, const char **keys, size_t count,
                 struct err *err)
{
    struct putting putting = { .source = source, .keys = keys, .count = count };
    struct actor actor = actor_of(source);

    return act_read(directory, &actor, source->organisation_id, miss, &putting, err);
}

bool mirror_faulty(struct directory *directory, const void *owner, const struct source *source,
                   const char ***dns_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, owner, SELECT_FAULTY, DB_ARGS(db_i64(source->source_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *dns_out = talloc_zero_array(owner, const char *, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*dns_out)[i] = db_copy_text(owner, &row, 0);
    return true;
}

struct choosing {
    const struct actor *actor;
    const struct source *source;
    const char *name;
    bool is_chosen;
};

static bool choose(struct db *db, void *arg, struct err *err)
{
    struct choosing *choosing = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(
        db, scratch, CHOOSE,
        DB_ARGS(db_i64(choosing->source->source_id), db_text(choosing->name), db_bool(choosing->is_chosen)),
        &row, err);

    if (ok)
        ok = audit_write(
            db, choosing->actor, choosing->source->organisation_id, "directory.choose",
            db_copy_text(scratch, &row, 0), NULL,
            json_pack("{s:s, s:b}", "source", choosing->source->name, "mailbox", choosing->is_chosen), err);
    else if (err->kind == ERR_NOT_FOUND)
        not_found(err, "user in this directory, as far as it has been read");
    talloc_free(scratch);
    return ok;
}

bool mirror_choose(struct directory *directory, const struct actor *actor, const struct source *source,
                   const char *name, bool is_chosen, struct err *err)
{
    struct choosing choosing = { actor, source, name, is_chosen };

    return act_in(directory, actor, source->organisation_id, choose, &choosing, err);
}
