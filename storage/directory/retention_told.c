/* retention_told.c -- see retention_told.h. */
#include "directory/retention_told.h"

#include "directory/act.h"

#include <talloc.h>

static const char SELECT_TOLD[] = "SELECT rules, told_us FROM retention_told WHERE recipient_id = $1";
static const char SET_TOLD[] =
    "INSERT INTO retention_told (organisation_id, recipient_id, rules, told_us)"
    " SELECT organisation_id, recipient_id, $2, $3 FROM recipient WHERE recipient_id = $1"
    " ON CONFLICT (recipient_id) DO UPDATE SET rules = $2, told_us = $3";
static const char FORGET[] =
    "DELETE FROM retention_told WHERE organisation_id = $1 AND recipient_id <> ALL ($2)";

bool retention_told_find(struct directory *directory, const void *owner, int64_t recipient_id,
                         struct retention_told *told_out, struct err *err)
{
    struct db_row row;

    *err = ERR_INIT;
    *told_out = (struct retention_told){ .rules = "" };
    if (!look_up_one(directory, owner, SELECT_TOLD, DB_ARGS(db_i64(recipient_id)), &row, err)) {
        bool is_untold = err->kind == ERR_NOT_FOUND;
        *err = is_untold ? ERR_INIT : *err;
        return is_untold;
    }
    *told_out = (struct retention_told){ db_copy_text(owner, &row, 0), db_get_i64(&row, 1) };
    return true;
}

static bool run(struct directory *directory, const char *sql, struct db_args args, struct err *err)
{
    struct db_rows *rows;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, sql, args, &rows, err))
        return false;
    talloc_free(rows);
    return true;
}

bool retention_told_set(struct directory *directory, int64_t recipient_id, const struct retention_told *told,
                        struct err *err)
{
    return run(directory, SET_TOLD,
               DB_ARGS(db_i64(recipient_id), db_text(told->rules), db_i64(told->told_us)), err);
}

bool retention_told_keep(struct directory *directory, int64_t organisation_id, const int64_t *recipient_ids,
                         size_t count, struct err *err)
{
    return run(directory, FORGET, DB_ARGS(db_i64(organisation_id), db_i64_array(recipient_ids, count)), err);
}
