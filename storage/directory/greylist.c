/*
 * greylist.c -- one statement for a look, one for tidying up.
 */
#include "directory/greylist.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

#define DAYS(n) ((n)*INT64_C(86400) * US_PER_S)

/* The network is good: nothing else is written. Otherwise the triplet is noted, by primary key; one that came long ago and
 * never again begins anew. A first pass counts for its network. */
static const char LOOK[] =
    "WITH good AS (SELECT 1 FROM greylist WHERE (key = $2 AND passed >= $5) OR (key = $7 AND passed > 0)),"
    " seen AS (INSERT INTO greylist (key, first_us, last_us)"
    "          SELECT $1, $3, $3 WHERE NOT EXISTS (SELECT FROM good)"
    "          ON CONFLICT (key) DO UPDATE"
    "             SET last_us = excluded.last_us,"
    "                 first_us = CASE WHEN greylist.passed = 0 AND greylist.last_us < $3 - $6 THEN $3"
    "                                 ELSE greylist.first_us END,"
    "                 passed = greylist.passed + CASE WHEN greylist.passed > 0 THEN 1"
    "                                                 WHEN greylist.last_us < $3 - $6 THEN 0"
    "                                                 WHEN greylist.first_us <= $3 - $4 THEN 1 ELSE 0 END"
    "          RETURNING passed),"
    " earned AS (INSERT INTO greylist (key, first_us, last_us, passed)"
    "            SELECT $2, $3, $3, 1 FROM seen WHERE passed = 1"
    "            ON CONFLICT (key) DO UPDATE SET passed = greylist.passed + 1, last_us = excluded.last_us)"
    " SELECT EXISTS (SELECT FROM good) OR coalesce((SELECT passed > 0 FROM seen), false)";

static const char FORGET[] =
    "DELETE FROM greylist WHERE key IN ("
    " (SELECT key FROM greylist WHERE last_us < $1 OR (passed = 0 AND last_us < $2) ORDER BY last_us LIMIT 10000)"
    " UNION"
    " (SELECT key FROM greylist ORDER BY last_us"
    "   LIMIT (SELECT least(10000, greatest(0, count(*) - $3)) FROM greylist)))";

struct looking {
    const struct greylist_look *look;
    bool passes, is_done;
};

static bool look_once(struct db *db, void *arg, struct err *err)
{
    struct looking *l = arg;
    const struct greylist_look *look = l->look;
    void *scratch = talloc_new(NULL);
    struct db_row row;

    l->is_done = db_one_row(db, scratch, LOOK,
                            DB_ARGS(db_bytes(look->triplet), db_bytes(look->network), db_i64(look->now_us),
                                    db_i64(look->delay_us), db_i32(look->good_after), db_i64(DAYS(2)),
                                    db_bytes(look->known)),
                            &row, err);
    if (l->is_done)
        l->passes = db_get_bool(&row, 0);
    talloc_free(scratch);
    return l->is_done && !look->is_dry; /* false: rolled back */
}

bool greylist_look(struct directory *directory, const struct greylist_look *look, bool *passes_out,
                   struct err *err)
{
    struct looking looking = { .look = look };
    struct db *db;
    bool ok;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err))
        return false;
    ok = look->is_dry ? with_transaction(db, look_once, &looking, err) || looking.is_done
                      : look_once(db, &looking, err);
    db_release(&db);
    *passes_out = looking.passes;
    return ok;
}

static const char KNOW[] =
    "INSERT INTO greylist (key, first_us, last_us, passed)"
    " SELECT key, $2, $2, 1 FROM unnest($1::bytea[]) AS k (key) GROUP BY key ORDER BY key"
    " ON CONFLICT (key) DO UPDATE SET last_us = excluded.last_us";

bool greylist_know(struct directory *directory, const struct span *keys, size_t count, int64_t now_us,
                   struct err *err)
{
    struct db *db;
    bool ok;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err))
        return false;
    ok = db_exec(db, KNOW, DB_ARGS(db_bytes_array(keys, count), db_i64(now_us)), NULL, err);
    db_release(&db);
    return ok;
}

bool greylist_tidy(struct directory *directory, int64_t now_us, uint64_t *forgotten_out, struct err *err)
{
    struct db *db;
    bool ok;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, 5000, &db, err))
        return false;
    ok = db_exec(db, FORGET,
                 DB_ARGS(db_i64(now_us - DAYS(36)), db_i64(now_us - DAYS(2)), db_i64(GREYLIST_ROWS_MAX)),
                 forgotten_out, err);
    db_release(&db);
    return ok;
}
