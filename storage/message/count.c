/* count.c -- counting messages. */
#include "message/count.h"

#include "db/statement.h"

#include <talloc.h>

static const char COUNT[] = "SELECT count(*) FROM message";

bool message_count(struct group *group, int64_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    struct db *db;
    bool done = group_acquire(group, DB_BACKGROUND, &db, err);

    if (done) {
        done = db_one_row(db, arena, COUNT, DB_NO_ARGS, &row, err);
        if (done)
            *count_out = db_get_i64(&row, 0);
        db_release(&db);
    }
    talloc_free(arena);
    return done;
}
