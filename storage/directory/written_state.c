/* written_state.c -- how writing back into a directory goes, for who answers for it. */
#include "directory/act.h"
#include "directory/written.h"

#include <talloc.h>

static const char SELECT_STATE[] =
    "SELECT written_us, write_fault,"
    "       (SELECT count(DISTINCT w.entry_key) FROM directory_written w WHERE w.source_id = $1),"
    "       (SELECT count(*) FROM directory_entry e JOIN recipient r USING (recipient_id) WHERE e.source_id = $1"
    "           AND e.write_due AND e.kind = 'user' AND e.missing_us = 0 AND r.state <> 'disabled'),"
    "       (SELECT count(*) FROM directory_write_refused f WHERE f.source_id = $1)"
    "  FROM directory_source_state WHERE source_id = $1";
static const char SELECT_REFUSED[] =
    "SELECT e.dn, f.message, f.cause, f.detail, f.since_us FROM directory_write_refused f"
    "  JOIN directory_entry e USING (source_id, entry_key) WHERE f.source_id = $1 ORDER BY e.dn LIMIT $2";
static const char TRY_AGAIN[] = "UPDATE directory_entry e SET write_due = true FROM directory_write_refused f"
                                " WHERE f.source_id = $1 AND e.source_id = $1 AND e.entry_key = f.entry_key";

struct looking {
    const void *owner;
    const struct source *source;
    size_t limit;
    struct written_state *state;
};

static bool read_state(struct db *db, void *arg, struct err *err)
{
    struct looking *l = arg;
    struct written_state *state = l->state;
    struct db_value id = db_i64(l->source->source_id);
    struct db_rows *rows;
    struct db_row row;

    if (!db_one_row(db, l->owner, SELECT_STATE, DB_ARGS(id), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "directory source") : false;
    *state = (struct written_state){ .written_us = db_get_i64(&row, 0),
                                     .fault = db_copy_text(l->owner, &row, 1),
                                     .entries = db_get_i64(&row, 2),
                                     .due = db_get_i64(&row, 3),
                                     .refusals = db_get_i64(&row, 4) };
    if (!db_query(db, l->owner, SELECT_REFUSED, DB_ARGS(id, db_i64((int64_t)l->limit)), &rows, err))
        return false;
    state->refused_count = db_rows_count(rows);
    state->refused = talloc_zero_array(l->owner, struct written_refusal, (unsigned)state->refused_count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        state->refused[i] = (struct written_refusal){ .dn = db_copy_text(l->owner, &row, 0),
                                                      .message = db_copy_text(l->owner, &row, 1),
                                                      .cause = db_copy_text(l->owner, &row, 2),
                                                      .detail = db_copy_text(l->owner, &row, 3),
                                                      .since_us = db_get_i64(&row, 4) };
    return true;
}

bool written_state_get(struct directory *directory, const struct actor *actor, const void *owner,
                       const struct source *source, size_t limit, struct written_state *state_out,
                       struct err *err)
{
    struct looking looking = { .owner = owner, .source = source, .limit = limit, .state = state_out };

    return act_read(directory, actor, source->organisation_id, read_state, &looking, err);
}

static bool try_again(struct db *db, void *arg, struct err *err)
{
    const struct source *source = arg;

    return db_exec(db, TRY_AGAIN, DB_ARGS(db_i64(source->source_id)), NULL, err);
}

bool written_again(struct directory *directory, const struct actor *actor, const struct source *source,
                   struct err *err)
{
    return act_in(directory, actor, source->organisation_id, try_again, (void *)(uintptr_t)source, err);
}
