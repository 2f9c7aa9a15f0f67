/* statistic.c -- adding to steps, and reading them together. */
#include "directory/statistic.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

enum { ACQUIRE_MS = 5000 };

/* By primary key. */
static const char ADD[] = "INSERT INTO statistic (at_us, server, name, value)"
                          " SELECT $1, $2, n, v FROM unnest($3::text[], $4::bigint[]) AS s (n, v)"
                          " ON CONFLICT (name, at_us, server) DO UPDATE"
                          "    SET value = CASE WHEN excluded.name = '" STATISTIC_QUEUE
                          "' THEN greatest(statistic.value, excluded.value)"
                          "                     ELSE statistic.value + excluded.value END";
/* By statistic_by_time. */
static const char READ[] =
    "SELECT name, (at_us - $1) / $2 AS slot,"
    "       (CASE WHEN name = '" STATISTIC_QUEUE "' THEN max(value) ELSE sum(value) END)::bigint"
    "  FROM statistic WHERE at_us >= $1 GROUP BY name, slot ORDER BY name, slot";
static const char TIDY[] = "DELETE FROM statistic WHERE at_us < $1";

static bool run(struct directory *directory, const char *sql, struct db_args args, uint64_t *count_out,
                struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = db_exec(db, sql, args, count_out, err);
    db_release(&db);
    return done;
}

bool statistic_add(struct directory *directory, const char *server, int64_t now_us,
                   const struct statistic *values, size_t count, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct span *names = talloc_array(scratch, struct span, (unsigned)count + 1);
    int64_t *numbers = talloc_array(scratch, int64_t, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++) {
        names[i] = span_text(values[i].name);
        numbers[i] = values[i].value;
    }
    bool done = run(directory, ADD,
                    DB_ARGS(db_i64(now_us - now_us % (STATISTIC_STEP_S * US_PER_S)), db_text(server),
                            db_text_array(names, count), db_i64_array(numbers, count)),
                    NULL, err);
    talloc_free(scratch);
    return done;
}

bool statistic_read(struct directory *directory, const void *owner, int64_t from_us, int64_t step_us,
                    struct statistic_point **points_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, READ, DB_ARGS(db_i64(from_us), db_i64(step_us)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *points_out = talloc_array(owner, struct statistic_point, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*points_out)[i] = (struct statistic_point){ .name = db_copy_text(*points_out, &row, 0),
                                                     .slot = db_get_i64(&row, 1),
                                                     .value = db_get_i64(&row, 2) };
    talloc_free(rows);
    return true;
}

bool statistic_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    return run(directory, TIDY, DB_ARGS(db_i64(now_us - STATISTIC_DAYS * INT64_C(86400) * US_PER_S)),
               removed_out, err);
}
