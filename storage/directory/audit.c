/*
 * audit.c -- the record of administrative acts.
 */
#include "directory/audit.h"

#include "base/clock.h"
#include "directory/act.h"

#include <stdlib.h>
#include <talloc.h>

enum { DEFAULT_LIMIT = 100, LARGEST_LIMIT = 1000 };

static const char INSERT_AUDIT[] =
    "INSERT INTO audit (at_us, organisation_id, actor, actor_id, peer, action, object, before, after)"
    " VALUES ($1, nullif($2, 0), $3, nullif($4, 0), $5, $6, $7, $8, $9)";

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
    bool ok =
        db_exec(db, INSERT_AUDIT,
                DB_ARGS(db_i64(clock_now_us()), db_i64(organisation_id), db_text(actor->name),
                        db_i64(actor->recipient_id), db_text(actor->peer), db_text(action), db_text(object),
                        db_jsonb(json_take_text(scratch, before)), db_jsonb(json_take_text(scratch, after))),
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
static const char SELECT_AUDIT[] =
    "SELECT audit_id, at_us, organisation_id, actor, peer, action, object, before, after"
    "  FROM audit"
    " WHERE organisation_id = $1 AND ($2 = 0 OR audit_id < $2)"
    " ORDER BY audit_id DESC LIMIT $3";

static const char SELECT_INSTALLATION_AUDIT[] =
    "SELECT audit_id, at_us, organisation_id, actor, peer, action, object, before, after"
    "  FROM audit"
    " WHERE organisation_id IS NULL AND $1 = 0 AND ($2 = 0 OR audit_id < $2)"
    " ORDER BY audit_id DESC LIMIT $3";

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
                          db_i64((int64_t)(limit < LARGEST_LIMIT ? limit : LARGEST_LIMIT))),
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
        };
    talloc_free(rows);
    return true;
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

    if (!act_read(directory, actor, organisation_id, read_entries, &listing, err))
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}
