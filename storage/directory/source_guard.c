/*
 * source_guard.c -- whose a recipient is.
 */
#include "directory/source_guard.h"

#include "directory/source.h"

#include <talloc.h>

static const char SELECT_OWNER[] =
    "SELECT s.name, coalesce((s.settings->>'logs_in')::boolean, true), e.dn FROM recipient r"
    "  JOIN directory_source s USING (source_id)"
    "  JOIN directory_entry e ON e.recipient_id = r.recipient_id AND e.missing_us = 0"
    " WHERE r.recipient_id = $1";

bool source_guard(struct db *db, int64_t recipient_id, enum source_owned owned, const char *what,
                  struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, SELECT_OWNER, DB_ARGS(db_i64(recipient_id)), &rows, err);

    if (ok && db_rows_at(rows, 0, &row) && (owned != OWNED_PASSWORD || db_get_bool(&row, 1)))
        ok = owned == OWNED_EXISTENCE
                 ? err_set(err, ERR_DENIED, "It comes from the directory %.60s: remove it there.",
                           db_copy_text(scratch, &row, 0))
                 : err_set(err, ERR_DENIED, "The %s comes from the directory %.60s: change it there.", what,
                           db_copy_text(scratch, &row, 0));
    talloc_free(scratch);
    return ok;
}

bool source_of(struct directory *directory, const void *owner, int64_t recipient_id,
               struct source_holder *holder_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    *holder_out = (struct source_holder){ .name = NULL };
    if (!look_up(directory, owner, SELECT_OWNER, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    if (db_rows_at(rows, 0, &row))
        *holder_out = (struct source_holder){ db_copy_text(owner, &row, 0), db_copy_text(owner, &row, 2),
                                              db_get_bool(&row, 1) };
    return true;
}
