/*
 * audit.c -- the record of administrative acts.
 */
#include "directory/audit.h"

#include "base/clock.h"
#include "base/digest.h"
#include "directory/act.h"

#include <stdlib.h>
#include <talloc.h>

enum { DEFAULT_LIMIT = 100, LARGEST_LIMIT = 1000 };

static const char INSERT_AUDIT[] =
    "INSERT INTO audit (at_us, organisation_id, actor, actor_id, peer, action, object, before, after, reason)"
    " VALUES ($1, nullif($2, 0), $3, nullif($4, 0), $5, $6, $7, $8, $9, $10)";

char *json_take_text(const void *owner, json_t *value)
{
    if (!value)
        return NULL;
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    char *copy = talloc_strdup(owner, text);
    free(text);
    json_decref(value);
    return copy;
}

bool audit_write(struct db *db, const struct actor *actor, int64_t organisation_id, const char *action,
                 const char *object, json_t *before, json_t *after, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool ok = db_exec(db, INSERT_AUDIT,
                      DB_ARGS(db_i64(clock_now_us()), db_i64(organisation_id), db_text(actor->name),
                              db_i64(actor->recipient_id), db_text(actor->peer), db_text(action),
                              db_text(object), db_jsonb(json_take_text(scratch, before)),
                              db_jsonb(json_take_text(scratch, after)), db_text(actor->reason)),
                      NULL, err);

    talloc_free(scratch);
    return ok;
}

struct note {
    const struct actor *actor;
    int64_t organisation_id;
    const char *action, *object, *after;
};

static bool write_note(struct db *db, void *arg, struct err *err)
{
    struct note *note = arg;
    json_t *after = note->after ? json_loads(note->after, 0, NULL) : NULL;

    return audit_write(db, note->actor, note->organisation_id, note->action, note->object, NULL, after, err);
}

bool audit_note(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                const char *action, const char *object, const char *after_json, struct err *err)
{
    struct note note = { actor, organisation_id, action, object, after_json };

    return act_in(directory, actor, organisation_id, write_note, &note, err);
}

/* Backwards along audit_by_organisation. */
#define WHERE_ENTRIES                                                                                        \
    " AND ($2 = 0 OR a.audit_id < $2) AND ($4::text IS NULL OR a.actor = $4)"                                \
    " AND ($5::text IS NULL OR a.object = $5)"                                                               \
    " AND ($6::text IS NULL OR a.action = $6 OR (right($6, 1) = '.' AND starts_with(a.action, $6)))"         \
    " ORDER BY a.audit_id DESC LIMIT $3"
static const char SELECT_AUDIT[] =
    "SELECT a.audit_id, a.at_us, a.organisation_id, a.actor, a.peer, a.action, a.object, a.before, a.after, a.reason"
    "  FROM audit a WHERE a.organisation_id = $1" WHERE_ENTRIES;

static const char SELECT_INSTALLATION_AUDIT[] =
    "SELECT a.audit_id, a.at_us, a.organisation_id, a.actor, a.peer, a.action, a.object, a.before, a.after, a.reason"
    "  FROM audit a WHERE a.organisation_id IS NULL AND $1 = 0" WHERE_ENTRIES;

/* Administrators do not read the chain's table; it holds nothing but numbers and hashes. */
static const char SELECT_SEALS[] = "SELECT audit_id, sequence, hash FROM audit_seal WHERE audit_id = ANY($1)";

struct listing {
    const void *owner;
    const struct audit_query *query;
    const char *sql;
    int64_t organisation_id;
    struct audit_entry *entries;
    size_t count;
};

static bool read_entries(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    size_t limit = listing->query->limit ? listing->query->limit : DEFAULT_LIMIT;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, listing->sql,
                  DB_ARGS(db_i64(listing->organisation_id), db_i64(listing->query->before_id),
                          db_i64((int64_t)(limit < LARGEST_LIMIT ? limit : LARGEST_LIMIT)),
                          db_text(listing->query->who), db_text(listing->query->object),
                          db_text(listing->query->action)),
                  &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->entries = talloc_zero_array(listing->owner, struct audit_entry, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        listing->entries[i] = (struct audit_entry){
            .audit_id = db_get_i64(&row, 0),
            .at_us = db_get_i64(&row, 1),
            .organisation_id = db_get_i64(&row, 2),
            .actor = db_copy_text(listing->entries, &row, 3),
            .peer = db_copy_text(listing->entries, &row, 4),
            .action = db_copy_text(listing->entries, &row, 5),
            .object = db_copy_text(listing->entries, &row, 6),
            .before = db_copy_text(listing->entries, &row, 7),
            .after = db_copy_text(listing->entries, &row, 8),
            .reason = db_copy_text(listing->entries, &row, 9),
        };
    talloc_free(rows);
    return true;
}

static void note_seal(struct audit_entry *entries, size_t count, const struct db_row *row)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].audit_id != db_get_i64(row, 0))
            continue;
        char *hash = talloc_zero_array(entries, char, 2 * SHA256_BYTES + 1);
        hex_encode(db_get_bytes(row, 2), hash);
        entries[i].sequence = db_get_i64(row, 1);
        entries[i].hash = hash;
    }
}

static bool add_seals(struct directory *directory, struct audit_entry *entries, size_t count, struct err *err)
{
    int64_t *ids = talloc_zero_array(NULL, int64_t, (unsigned)count + 1);
    struct db_rows *rows;
    struct db_row row;

    for (size_t i = 0; i < count; i++)
        ids[i] = entries[i].audit_id;
    bool ok = look_up(directory, ids, SELECT_SEALS, DB_ARGS(db_i64_array(ids, count)), &rows, err);
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
        note_seal(entries, count, &row);
    talloc_free(ids);
    return ok;
}

bool audit_list(struct directory *directory, const struct actor *actor, const void *owner,
                const struct audit_query *query, struct audit_entry **entries_out, size_t *count_out,
                struct err *err)
{
    int64_t organisation_id = query->organisation_id ? query->organisation_id : actor->organisation_id;
    struct listing listing = { .owner = owner,
                               .query = query,
                               .organisation_id = organisation_id,
                               .sql = organisation_id ? SELECT_AUDIT : SELECT_INSTALLATION_AUDIT };

    if (!act_read(directory, actor, organisation_id, read_entries, &listing, err) ||
        !add_seals(directory, listing.entries, listing.count, err))
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}
