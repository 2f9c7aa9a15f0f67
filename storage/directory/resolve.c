/*
 * resolve.c -- from an address to its recipient, with a memory that a stamp keeps honest.
 */
#include "directory/resolve.h"

#include "base/clock.h"
#include "db/pipeline.h"
#include "db/rehearsal.h"
#include "directory/policy_limit.h"
#include "directory/query_memory.h"
#include "directory/user_row.h"
#include "format/address.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <talloc.h>

enum { ENTRIES_MAX = 50000, FRESH_US = 900 * 1000, ACQUIRE_MS = 5000 };

/* A company directory that was away for longer than mail waits in queues has nobody new. */
#define DOUBT_US (INT64_C(5) * 24 * 3600 * US_PER_S)

static const char SELECT_STAMP[] = "SELECT stamp FROM directory_stamp";

/* The columns of all questions, in this order. `r` and `p` (its primary address) may be missing. */
enum column {
    DOMAIN_KIND_,
    ORGANISATION_ID,
    DOMAIN_ID,
    IS_ENABLED,
    IS_WHOLE,
    CATCH_ALL_ID,
    IS_KNOWN_TO_PRIMARY,
    ASKS_PRIMARY,
    IS_DOUBTFUL,
    ORGANISATION_ACCEPTS,
    ORGANISATION_MAX,
    RECIPIENT_ID,
    KIND,
    STATE,
    ADDRESS,
    NAME,
    STORAGE_GROUP_ID,
    STORE_ID,
    MAILBOX_ID,
    KEEPS_COPY,
    ACCEPTS,
    MAX_BYTES,
    IS_HIDDEN,
    HAS_ALLOWED,
    HAS_DENIED,
    IS_POSTED,
    HAS_QUERY,
    HAS_POLICIES,
    TARGET_IDS,
    TARGET_ADDRESSES
};
#define RESOLVED_COLUMNS                                                                                       \
    " o.accepts, o.max_message_bytes,"                                                                         \
    " r.recipient_id, r.kind, r.state, p.address, r.name, r.storage_group_id, r.store_id, r.mailbox_id,"       \
    " r.keeps_copy, r.accepts, r.max_message_bytes, r.is_hidden,"                                              \
    " EXISTS (SELECT FROM recipient_sender s WHERE s.recipient_id = r.recipient_id AND s.is_allowed),"         \
    " EXISTS (SELECT FROM recipient_sender s WHERE s.recipient_id = r.recipient_id AND NOT s.is_allowed),"     \
    " coalesce(l.is_list OR l.is_moderated, false), l.query IS NOT NULL,"                                      \
    " r.mailbox_id IS NOT NULL AND EXISTS (SELECT FROM recipient_policy y"                                     \
    "     WHERE y.organisation_id = o.organisation_id AND y.send_bytes + y.receive_bytes + y.recipients > 0)," \
    " w.ids, w.addresses"
#define RESOLVED_TARGETS                                                                                     \
    "  LEFT JOIN list l ON l.recipient_id = r.recipient_id"                                                  \
    "  LEFT JOIN LATERAL ("                                                                                  \
    "      SELECT array_agg(coalesce(t.target_recipient_id, 0) ORDER BY t.position) AS ids,"                 \
    "             array_agg(coalesce(b.address, t.target_address) ORDER BY t.position) AS addresses"         \
    "        FROM recipient_target t"                                                                        \
    "        LEFT JOIN address b ON b.recipient_id = t.target_recipient_id AND b.is_primary"                 \
    "       WHERE t.recipient_id = r.recipient_id) w ON true"

/* By the unique indexes of domains and addresses: the domain itself, or the backup rule of the nearest domain above it
 * ($4). The whole local part goes before the one without detail. $5: since when a company directory may be away. */
static const char SELECT_ADDRESS[] =
    "SELECT f.kind, d.organisation_id, d.domain_id, d.is_enabled AND f.is_enabled AND o.is_enabled, a.is_whole,"
    "       f.catch_all_id,"
    "       NOT d.knows_recipients OR EXISTS (SELECT FROM backup_recipient b WHERE b.domain_id = d.domain_id"
    "           AND b.address = ANY (ARRAY[$2 || '@' || $1, $3 || '@' || $1, '@' || $1])),"
    "       d.asks_primary AND NOT d.knows_recipients,"
    "       r.recipient_id IS NULL AND EXISTS (SELECT FROM directory_source s JOIN directory_source_state t USING (source_id)"
    "           WHERE s.organisation_id = f.organisation_id AND s.is_enabled AND t.fault <> ''"
    "             AND coalesce(s.domain_id, f.domain_id) = f.domain_id AND greatest(t.seen_us, s.created_us) > $5)," RESOLVED_COLUMNS
    "  FROM domain d"
    "  JOIN domain f ON f.domain_id = coalesce(d.target_domain_id, d.domain_id)"
    "  JOIN organisation o ON o.organisation_id = d.organisation_id"
    "  LEFT JOIN LATERAL ("
    "      SELECT recipient_id, address = $2 || '@' || f.name AS is_whole FROM address"
    "       WHERE address = ANY (ARRAY[$2 || '@' || f.name, CASE WHEN f.has_subaddresses THEN $3 || '@' || f.name END])"
    "       ORDER BY 2 DESC LIMIT 1) a ON f.kind <> 'backup'"
    "  LEFT JOIN recipient r ON r.recipient_id = a.recipient_id"
    "  LEFT JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary" RESOLVED_TARGETS
    " WHERE d.domain_id = (SELECT domain_id FROM domain"
    "                       WHERE name = $1 OR (name = ANY ($4) AND covers_subdomains)"
    "                       ORDER BY length(name) DESC LIMIT 1)";

#define SELECT_BY_ID                                                                                                                         \
    "SELECT d.kind, r.organisation_id, d.domain_id, d.is_enabled AND o.is_enabled, true, NULL::bigint, true, false, false," RESOLVED_COLUMNS \
    "  FROM recipient r"                                                                                                                     \
    "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"                                                                   \
    "  JOIN domain d ON d.domain_id = p.domain_id"                                                                                           \
    "  JOIN organisation o ON o.organisation_id = r.organisation_id" RESOLVED_TARGETS

static const char SELECT_RECIPIENTS[] = SELECT_BY_ID
    "  JOIN unnest($1) WITH ORDINALITY AS wanted(id, n) ON wanted.id = r.recipient_id ORDER BY wanted.n";

/* The sender itself, and all groups and aliases that hold it, directly or through others. */
static const char SELECT_LISTED[] =
    "WITH RECURSIVE who(id) AS ("
    "    SELECT recipient_id FROM address WHERE address = $2"
    "    UNION"
    "    SELECT t.recipient_id FROM recipient_target t JOIN recipient g USING (recipient_id)"
    "     WHERE lower(t.target_address) = $2 AND t.target_address IS NOT NULL AND g.kind IN ('group', 'alias', 'contact')"
    "    UNION"
    "    SELECT t.recipient_id FROM who JOIN recipient_target t ON t.target_recipient_id = who.id"
    "      JOIN recipient g ON g.recipient_id = t.recipient_id AND g.kind IN ('group', 'alias'))"
    " SELECT coalesce(bool_or(is_allowed AND ($4 OR sender_recipient_id IS NULL)), false),"
    "        coalesce(bool_or(NOT is_allowed), false)"
    "   FROM recipient_sender"
    "  WHERE recipient_id = $1 AND (sender IN ($2, $3) OR sender_recipient_id IN (SELECT id FROM who))";

static const char SELECT_POSTMASTER[] =
    "SELECT postmaster_id FROM installation WHERE postmaster_id IS NOT NULL";

static const char SET_POSTMASTER[] = "UPDATE installation SET postmaster_id = nullif($1, 0)";

struct resolve_memory {
    pthread_mutex_t lock;
    GHashTable *entries;     /* "local@domain" as asked -> struct resolved, a talloc root */
    GHashTable *queries;     /* id of a group by query -> struct selected, a talloc root */
    size_t query_ids;        /* in all of these */
    int64_t stamp;           /* of the directory, for which the entries hold */
    int64_t checked_us;      /* monotonic: it was so then */
    _Atomic int64_t told_us; /* and something was changed then; without the lock */
};

static void free_entry(gpointer entry)
{
    talloc_free(entry);
}

void resolve_memory_open(struct directory *directory)
{
    struct resolve_memory *memory = talloc_zero(directory, struct resolve_memory);

    pthread_mutex_init(&memory->lock, NULL);
    memory->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_entry);
    memory->queries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_entry);
    memory->checked_us = INT64_MIN / 2;
    atomic_init(&memory->told_us, INT64_MIN / 2);
    directory->memory = memory;
}

void resolve_memory_close(struct directory *directory)
{
    g_hash_table_destroy(directory->memory->entries);
    g_hash_table_destroy(directory->memory->queries);
    pthread_mutex_destroy(&directory->memory->lock);
}

void directory_note_change(struct directory *directory)
{
    atomic_store(&directory->memory->told_us, clock_monotonic_us());
}

/* With the lock. */
static bool memory_is_fresh(struct resolve_memory *memory)
{
    return memory->checked_us > atomic_load(&memory->told_us) &&
           clock_monotonic_us() - memory->checked_us < FRESH_US;
}

/* Everything that is not true any more. */
static void forget(struct resolve_memory *memory)
{
    g_hash_table_remove_all(memory->entries);
    g_hash_table_remove_all(memory->queries);
    memory->query_ids = 0;
}

static void copy_resolved(const void *owner, const struct resolved *from, struct resolved *to)
{
    *to = *from;
    to->address = from->address ? talloc_strdup(owner, from->address) : NULL;
    to->name = from->name ? talloc_strdup(owner, from->name) : NULL;
    to->detail = from->detail ? talloc_strdup(owner, from->detail) : NULL;
    to->targets = talloc_array(owner, struct resolved_target, (unsigned)from->target_count);
    for (size_t i = 0; i < from->target_count; i++)
        to->targets[i] = (struct resolved_target){ from->targets[i].recipient_id,
                                                   talloc_strdup(to->targets, from->targets[i].address) };
}

/* From memory, if it is fresh. Otherwise *stamp_out is the one that an answer asked now may be stored under. */
static bool recall(struct resolve_memory *memory, const char *key, const void *owner, struct resolved *out,
                   bool *is_fresh_out, int64_t *stamp_out)
{
    pthread_mutex_lock(&memory->lock);
    *is_fresh_out = memory_is_fresh(memory);
    *stamp_out = memory->stamp;
    const struct resolved *found = *is_fresh_out ? g_hash_table_lookup(memory->entries, key) : NULL;
    if (found)
        copy_resolved(owner, found, out);
    pthread_mutex_unlock(&memory->lock);
    return found != NULL;
}

/* The stamp read at `start_us`, before whatever was read after it. False: somebody knows better already. */
static bool note_stamp(struct resolve_memory *memory, int64_t stamp, int64_t start_us)
{
    if (start_us < memory->checked_us || db_is_rehearsing())
        return false;
    if (stamp != memory->stamp)
        forget(memory);
    memory->stamp = stamp;
    memory->checked_us = start_us;
    return true;
}

static void remember(struct resolve_memory *memory, const char *key, const struct resolved *answer)
{
    struct resolved *entry;

    if (db_is_rehearsing())
        return; /* it is so for this thread alone */
    entry = talloc(NULL, struct resolved);
    if (g_hash_table_size(memory->entries) >= ENTRIES_MAX)
        g_hash_table_remove_all(memory->entries);
    copy_resolved(entry, answer, entry);
    g_hash_table_insert(memory->entries, g_strdup(key), entry);
}

/* ---- members by query (query_memory.h) */

struct selected {
    int64_t group_id; /* the key */
    size_t count;
    int64_t *ids;
};

bool query_memory_recall(struct directory *directory, const void *owner, int64_t group_id, int64_t **ids_out,
                         size_t *count_out)
{
    struct resolve_memory *memory = directory->memory;
    const struct selected *found = NULL;

    pthread_mutex_lock(&memory->lock);
    if (memory_is_fresh(memory))
        found = g_hash_table_lookup(memory->queries, &group_id);
    if (found) {
        *count_out = found->count;
        *ids_out = talloc_array(owner, int64_t, (unsigned)found->count + 1);
        memcpy(*ids_out, found->ids, found->count * sizeof(int64_t));
    }
    pthread_mutex_unlock(&memory->lock);
    return found != NULL;
}

void query_memory_keep(struct directory *directory, int64_t group_id, int64_t stamp, int64_t start_us,
                       const int64_t *ids, size_t count)
{
    struct resolve_memory *memory = directory->memory;
    struct selected *entry;

    if (db_is_rehearsing())
        return;
    entry = talloc(NULL, struct selected);
    *entry = (struct selected){ group_id, count, talloc_memdup(entry, ids, (count + 1) * sizeof *ids) };
    pthread_mutex_lock(&memory->lock);
    bool is_news =
        start_us < memory->checked_us ? stamp == memory->stamp : note_stamp(memory, stamp, start_us);
    if (g_hash_table_size(memory->queries) >= QUERY_GROUPS_MAX || memory->query_ids + count > QUERY_IDS_MAX) {
        g_hash_table_remove_all(memory->queries);
        memory->query_ids = 0;
    }
    if (is_news && count <= QUERY_IDS_MAX) {
        memory->query_ids += count;
        g_hash_table_replace(memory->queries, &entry->group_id, entry);
        entry = NULL;
    }
    pthread_mutex_unlock(&memory->lock);
    talloc_free(entry);
}

static void read_targets(const void *owner, const struct db_row *row, struct resolved *out)
{
    size_t count;
    int64_t *ids = db_get_i64_array(owner, row, TARGET_IDS, &count);
    struct span *addresses = db_get_span_array(owner, row, TARGET_ADDRESSES, &count);

    out->target_count = count;
    out->targets = talloc_array(owner, struct resolved_target, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        out->targets[i] = (struct resolved_target){ ids[i], span_copy(out->targets, addresses[i]) };
    talloc_free(ids);
    talloc_free(addresses);
}

static bool stands_for_others(enum recipient_kind kind)
{
    return kind == RECIPIENT_ALIAS || kind == RECIPIENT_GROUP || kind == RECIPIENT_CONTACT;
}

static enum resolved_kind kind_of(const struct db_row *row, bool is_found)
{
    struct span domain = db_get_text(row, DOMAIN_KIND_);

    if (!db_get_bool(row, IS_ENABLED))
        return RESOLVED_DISABLED;
    if (!is_found && span_equals_text(domain, "relay"))
        return RESOLVED_RELAY;
    if (!is_found && span_equals_text(domain, "backup"))
        return db_get_bool(row, IS_KNOWN_TO_PRIMARY) ? RESOLVED_BACKUP : RESOLVED_UNKNOWN;
    if (!is_found)
        return RESOLVED_UNKNOWN;
    if (recipient_state_of_span(db_get_text(row, STATE)) == RECIPIENT_DISABLED)
        return RESOLVED_DISABLED;
    return stands_for_others(recipient_kind_of(db_get_text(row, KIND))) ? RESOLVED_ALIAS : RESOLVED_RECIPIENT;
}

/* A word that nobody knows lets nobody in; the columns' CHECKs have no other. */
static enum recipient_accepts accepts_at(const struct db_row *row, int column)
{
    int accepts = 0;

    while (accepts < ACCEPTS_KINDS - 1 &&
           !span_equals_text(db_get_text(row, (int)column),
                             recipient_accepts_name((enum recipient_accepts)accepts)))
        accepts++;
    return (enum recipient_accepts)accepts;
}

static int64_t least(int64_t one, int64_t other)
{
    return one && (one < other || !other) ? one : other;
}

static struct recipient_limits read_limits(const struct db_row *row)
{
    return (struct recipient_limits){
        .accepts = accepts_at(row, ACCEPTS),
        .organisation_accepts = accepts_at(row, ORGANISATION_ACCEPTS),
        .has_allowed = db_get_bool(row, HAS_ALLOWED),
        .has_denied = db_get_bool(row, HAS_DENIED),
        .is_hidden = db_get_bool(row, IS_HIDDEN),
        .max_bytes = least(db_get_i64(row, MAX_BYTES), db_get_i64(row, ORGANISATION_MAX)),
    };
}

/* `detail`: what stands after '+' in the address asked for, if anything. */
static void read_resolved(const void *owner, const struct db_row *row, const char *asked, const char *detail,
                          struct resolved *out)
{
    bool is_found = !db_is_null(row, RECIPIENT_ID);

    *out = (struct resolved){
        .kind = kind_of(row, is_found),
        .organisation_id = db_get_i64(row, ORGANISATION_ID),
        .domain_id = db_get_i64(row, DOMAIN_ID),
        .recipient_id = db_get_i64(row, RECIPIENT_ID),
        .address = is_found ? db_copy_text(owner, row, ADDRESS) : talloc_strdup(owner, asked),
        .name = is_found ? db_copy_text(owner, row, NAME) : NULL,
        .mailbox = { db_get_i64(row, STORAGE_GROUP_ID), db_get_i64(row, STORE_ID),
                     db_get_i64(row, MAILBOX_ID) },
        .asks_primary = db_get_bool(row, ASKS_PRIMARY),
        .catch_all_id = is_found ? 0 : db_get_i64(row, CATCH_ALL_ID),
        .is_doubtful = db_get_bool(row, IS_DOUBTFUL),
    };
    if (!is_found)
        return;
    out->recipient_kind = recipient_kind_of(db_get_text(row, KIND));
    out->keeps_copy = db_get_bool(row, KEEPS_COPY);
    out->limits = read_limits(row);
    out->is_posted = db_get_bool(row, IS_POSTED);
    out->has_query = db_get_bool(row, HAS_QUERY);
    if (!db_get_bool(row, IS_WHOLE) && detail)
        out->detail = talloc_strdup(owner, detail);
    read_targets(owner, row, out);
}

/* A recipient's own limit goes before that of a policy; its organisation's holds beside either. */
static void take_limits(const struct db_rows *rows, size_t at, const struct policy_limits *policy,
                        struct recipient_limits *limits_io)
{
    struct db_row row;

    if (!db_rows_at(rows, at, &row))
        return;
    if (db_get_i64(&row, MAX_BYTES) == 0)
        limits_io->max_bytes = least(policy->receive_bytes, limits_io->max_bytes);
    limits_io->send_bytes = policy->send_bytes;
    limits_io->send_recipients = policy->recipients;
}

/* What policies say of those that were read from these rows; organisation by organisation. */
static bool add_policies(struct db *db, const struct db_rows *rows, struct resolved *resolved, size_t count,
                         struct err *err)
{
    void *scratch = talloc_new(NULL);
    int64_t *ids = talloc_array(scratch, int64_t, (unsigned)count + 1);
    struct policy_limits *limits = talloc_array(scratch, struct policy_limits, (unsigned)count + 1);
    bool *is_open = talloc_array(scratch, bool, (unsigned)count + 1), ok = true;
    size_t *places = talloc_array(scratch, size_t, (unsigned)count + 1);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        is_open[i] = db_get_bool(&row, HAS_POLICIES);
    for (size_t i = 0; ok && i < count; i++) {
        size_t among = 0;
        for (size_t k = i; is_open[i] && k < count; k++)
            if (is_open[k] && resolved[k].organisation_id == resolved[i].organisation_id) {
                places[among] = k;
                ids[among++] = resolved[k].recipient_id;
            }
        ok = among == 0 || policy_limits_of(db, resolved[i].organisation_id, ids, among, limits, err);
        for (size_t k = 0; ok && k < among; k++) {
            take_limits(rows, places[k], &limits[k], &resolved[places[k]].limits);
            is_open[places[k]] = false;
        }
    }
    talloc_free(scratch);
    return ok;
}

struct question {
    char *asked;        /* as the caller wrote it: key of the memory */
    char *local, *user; /* folded */
    const char *domain;
    const char *detail; /* NULL: none */
};

static void make_question(const void *owner, const char *local, const char *domain, struct question *out)
{
    const char *plus = strchr(local, '+');
    struct address address = { .local = local, .domain = domain, .user = local };

    if (plus && plus > local) {
        address.user = talloc_strndup(owner, local, (size_t)(plus - local));
        address.detail = plus + 1;
    }
    char *key = *local ? address_key(owner, &address) : talloc_asprintf(owner, "@%s", domain);
    char *user_key = *local ? address_user_key(owner, &address) : key;
    size_t tail = strlen(domain) + 1;
    *out = (struct question){ .asked = talloc_asprintf(owner, "%s@%s", local, domain),
                              .local = talloc_strndup(owner, key, strlen(key) - tail),
                              .user = talloc_strndup(owner, user_key, strlen(user_key) - tail),
                              .domain = domain,
                              .detail = address.detail };
}

enum { LABELS_MAX = 128 };

/* The domains above `domain`, nearest first. */
static size_t parents_of(const char *domain, struct span parents_out[LABELS_MAX])
{
    size_t count = 0;

    for (const char *dot = strchr(domain, '.'); dot && count < LABELS_MAX; dot = strchr(dot + 1, '.'))
        parents_out[count++] = span_text(dot + 1);
    return count;
}

/* One round trip: the stamp (unless memory is fresh), then the answer, which is therefore as new as the stamp. */
static bool ask(struct db *db, const void *owner, const struct question *question, bool is_fresh,
                int64_t *stamp_out, struct resolved *out, struct err *err)
{
    struct db_rows *stamp, *answer;
    struct db_row row;
    void *scratch = talloc_new(NULL);
    struct span parents[LABELS_MAX];
    size_t parent_count = parents_of(question->domain, parents);
    struct err ignored;
    bool ok =
        (is_fresh || db_pipeline_add(db, SELECT_STAMP, DB_NO_ARGS, err)) &&
        db_pipeline_add(db, SELECT_ADDRESS,
                        DB_ARGS(db_text(question->domain), db_text(question->local), db_text(question->user),
                                db_text_array(parents, parent_count), db_i64(clock_now_us() - DOUBT_US)),
                        err) &&
        db_pipeline_send(db, err) && (is_fresh || db_pipeline_next(db, scratch, &stamp, NULL, err)) &&
        db_pipeline_next(db, scratch, &answer, NULL, err);

    if (!db_pipeline_end(db, ok ? err : &ignored))
        ok = false;
    if (ok && !is_fresh && db_rows_at(stamp, 0, &row))
        *stamp_out = db_get_i64(&row, 0);
    if (ok && db_rows_at(answer, 0, &row)) {
        read_resolved(owner, &row, question->asked, question->detail, out);
        ok = !out->recipient_id || add_policies(db, answer, out, 1, err);
    } else if (ok) {
        *out =
            (struct resolved){ .kind = RESOLVED_FOREIGN, .address = talloc_strdup(owner, question->asked) };
    }
    talloc_free(scratch);
    return ok;
}

bool directory_resolve(struct directory *directory, const void *owner, const char *local, const char *domain,
                       struct resolved *resolved_out, struct err *err)
{
    struct resolve_memory *memory = directory->memory;
    void *scratch = talloc_new(NULL);
    struct question question;
    bool is_fresh;
    int64_t stamp, start_us = clock_monotonic_us();
    struct db *db;

    *err = ERR_INIT;
    make_question(scratch, local, domain, &question);
    bool ok = recall(memory, question.asked, owner, resolved_out, &is_fresh, &stamp);
    if (!ok && db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err)) {
        ok = ask(db, owner, &question, is_fresh, &stamp, resolved_out, err);
        db_release(&db);
        pthread_mutex_lock(&memory->lock);
        if (ok && (is_fresh ? memory->stamp == stamp : note_stamp(memory, stamp, start_us)))
            remember(memory, question.asked, resolved_out);
        pthread_mutex_unlock(&memory->lock);
    }
    talloc_free(scratch);
    return ok;
}

bool directory_resolve_id(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct resolved *resolved_out, struct err *err)
{
    struct resolved *found;
    size_t count;
    bool ok = directory_resolve_ids(directory, owner, &recipient_id, 1, &found, &count, err);

    if (ok && count == 0)
        return not_found(err, "recipient");
    if (ok)
        *resolved_out = found[0];
    return ok;
}

bool directory_resolve_ids(struct directory *directory, const void *owner, const int64_t *ids, size_t count,
                           struct resolved **resolved_out, size_t *count_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err)) {
        talloc_free(scratch);
        return false;
    }
    bool ok = db_query(db, scratch, SELECT_RECIPIENTS, DB_ARGS(db_i64_array(ids, count)), &rows, err);
    if (ok) {
        *count_out = db_rows_count(rows);
        *resolved_out = talloc_array(owner, struct resolved, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            read_resolved(*resolved_out, &row, "", NULL, &(*resolved_out)[i]);
        ok = add_policies(db, rows, *resolved_out, *count_out, err);
    }
    db_release(&db);
    talloc_free(scratch);
    return ok;
}

bool directory_sender_listed(struct directory *directory, int64_t recipient_id, const char *sender,
                             bool is_sure, bool *is_allowed_out, bool *is_denied_out, struct err *err)
{
    const char *at = strrchr(sender, '@');
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = look_up_one(
        directory, scratch, SELECT_LISTED,
        DB_ARGS(db_i64(recipient_id), db_text(sender), db_text(at ? at : ""), db_bool(is_sure)), &row, err);

    if (ok) {
        *is_allowed_out = db_get_bool(&row, 0);
        *is_denied_out = db_get_bool(&row, 1);
    }
    talloc_free(scratch);
    return ok;
}

bool directory_has_domain(struct directory *directory, const char *domain, bool *is_ours_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct resolved resolved;
    bool ok = directory_resolve(directory, scratch, "", domain, &resolved, err);

    *is_ours_out = ok && resolved.kind != RESOLVED_FOREIGN;
    talloc_free(scratch);
    return ok;
}

bool directory_postmaster(struct directory *directory, const void *owner, struct resolved *resolved_out,
                          struct err *err)
{
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok = look_up_one(directory, scratch, SELECT_POSTMASTER, DB_NO_ARGS, &row, err);
    int64_t recipient_id = ok ? db_get_i64(&row, 0) : 0;

    talloc_free(scratch);
    return ok && directory_resolve_id(directory, owner, recipient_id, resolved_out, err);
}

struct postmaster {
    const struct actor *actor;
    const char *address;
    int64_t recipient_id;
};

static bool set_postmaster(struct db *db, void *arg, struct err *err)
{
    struct postmaster *change = arg;

    return db_exec(db, SET_POSTMASTER, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
           audit_write(db, change->actor, 0, "postmaster.set", change->address ? change->address : "", NULL,
                       NULL, err);
}

bool directory_set_postmaster(struct directory *directory, const struct actor *actor, const char *address,
                              struct err *err)
{
    struct postmaster change = { actor, address, 0 };
    void *scratch = talloc_new(NULL);
    struct user user;

    *err = ERR_INIT;
    bool ok = act_on_installation(actor, err) &&
              (!address || user_find(directory, actor, scratch, address, &user, err));
    if (ok && address)
        change.recipient_id = user.recipient_id;
    ok = ok && act_in(directory, actor, 0, set_postmaster, &change, err);
    talloc_free(scratch);
    return ok;
}
