/* known.c -- see known.h. */
#include "queue/known.h"

#include "db/statement.h"

#include <talloc.h>

enum { ACQUIRE_MS = 5000 };

/* By index queue_message_name. */
static const char KNOWS[] = "SELECT EXISTS (SELECT FROM queue_message WHERE name = $1)";

bool queue_knows(struct db_pool *pool, const char *name, bool *is_known_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    struct db *db;
    bool is_done = db_acquire(pool, DB_BACKGROUND, ACQUIRE_MS, &db, err);

    if (is_done) {
        is_done = db_one_row(db, arena, KNOWS, DB_ARGS(db_text(name)), &row, err);
        db_release(&db);
    }
    *is_known_out = is_done && db_get_bool(&row, 0);
    talloc_free(arena);
    return is_done;
}
