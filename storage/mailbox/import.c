/* import.c -- the table import_receipt. */
#include "mailbox/import.h"

#include "db/statement.h"

#include <string.h>
#include <talloc.h>

/* By primary key. */
static const char KNOWN[] = "SELECT source_hash FROM import_receipt"
                            " WHERE mailbox_id = $1 AND source_hash = ANY($2)";

bool import_known(struct group *group, const struct import_keys *keys, bool *is_known_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool done;

    memset(is_known_out, 0, keys->count * sizeof *is_known_out);
    if (!group_acquire(group, DB_BACKGROUND, &db, err)) {
        talloc_free(arena);
        return false;
    }
    done = db_query(db, arena, KNOWN,
                    DB_ARGS(db_i64(keys->mailbox_id), db_bytes_array(keys->keys, keys->count)), &rows, err);
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++)
        for (size_t k = 0; k < keys->count; k++)
            if (span_equals(keys->keys[k], db_get_bytes(&row, 0)))
                is_known_out[k] = true;
    db_release(&db);
    talloc_free(arena);
    return done;
}

static const char NOTE[] = "INSERT INTO import_receipt (mailbox_id, source_hash)"
                           " SELECT $1, unnest($2::bytea[]) ON CONFLICT DO NOTHING";

bool import_note(struct db *db, void *argument, struct err *err)
{
    const struct import_keys *keys = argument;
    uint64_t added;

    if (!db_exec(db, NOTE, DB_ARGS(db_i64(keys->mailbox_id), db_bytes_array(keys->keys, keys->count)), &added,
                 err))
        return false;
    return added == keys->count || err_set(err, ERR_CONFLICT, "Another import brings the same messages.");
}
