/* find.c -- reading. */
#include "trace/find.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

enum { DAYS_AHEAD = 7 };
#define DAY_US (INT64_C(86400) * US_PER_S)
/* The row may be written so long after the message began to come, as its id says. */
#define SLACK_US DAY_US

#define WANTED                                                                                                  \
    " WHERE is_begin AND ($1 = 0 OR organisation_id = $1) AND trace_id < $2 AND trace_id >= $3 AND at_us >= $4" \
    "   AND at_us < $5"
/* By term the index is asked for all, whatever the planner believes of how many there are: a page of rare ones would otherwise
 * be looked for through all messages. */
static const char FIND_BY_TERM[] = "WITH found AS MATERIALIZED (SELECT DISTINCT trace_id FROM trace" WANTED
                                   "                                AND terms @> $7)"
                                   " SELECT trace_id FROM found ORDER BY trace_id DESC LIMIT $6";
/* Backwards along trace_by_id. */
static const char FIND[] =
    "SELECT trace_id FROM trace" WANTED " GROUP BY trace_id ORDER BY trace_id DESC LIMIT $6";

/* An id of this moment: format of routing/accept. Above all where there is no bound. */
static char *bound(const void *owner, int64_t at_us, const char *standard)
{
    return at_us > 0 ? talloc_asprintf(owner, "%013" PRIx64, (uint64_t)at_us)
                     : talloc_strdup(owner, standard);
}

bool trace_find(struct db *db, const void *owner, const struct trace_filter *filter, size_t limit,
                const char ***ids_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(owner);
    const char *until = bound(arena, filter->until_us, "~"), *since = bound(arena, filter->since_us, "");
    const struct db_value args[] = {
        db_i64(filter->organisation_id),
        db_text(filter->before && strcmp(filter->before, until) < 0 ? filter->before : until),
        db_text(since),
        db_i64(filter->since_us),
        db_i64(filter->until_us ? filter->until_us + SLACK_US : INT64_MAX),
        db_i64((int64_t)(limit < TRACE_FIND_MOST ? limit : TRACE_FIND_MOST)),
        db_i64_array(filter->terms, filter->term_count),
    };
    bool by_term = filter->term_count > 0;
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(db, arena, by_term ? FIND_BY_TERM : FIND,
                         (struct db_args){ COUNT_OF(args) - (by_term ? 0 : 1), args }, &rows, err);

    if (done) {
        *count_out = db_rows_count(rows);
        *ids_out = talloc_array(owner, const char *, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*ids_out)[i] = db_copy_text(*ids_out, &row, 0);
    }
    talloc_free(arena);
    return done;
}

#define LOAD_COLUMNS                                                                                         \
    "at_us, organisation_id, trace_id, parent, is_begin, sender, message_id, login, peer, events"
static const char LOAD[] =
    "SELECT " LOAD_COLUMNS " FROM (SELECT " LOAD_COLUMNS " FROM trace WHERE trace_id = ANY($1)"
    "   UNION ALL SELECT " LOAD_COLUMNS " FROM trace WHERE parent = ANY($1)) AS t"
    " WHERE ($2 = 0 OR organisation_id = $2) ORDER BY trace_id, at_us LIMIT $3";

static struct trace_found read_row(const void *owner, const struct db_row *row)
{
    return (struct trace_found){ .at_us = db_get_i64(row, 0),
                                 .organisation_id = db_get_i64(row, 1),
                                 .id = db_copy_text(owner, row, 2),
                                 .parent = db_copy_text(owner, row, 3),
                                 .is_begin = db_get_bool(row, 4),
                                 .sender = db_copy_text(owner, row, 5),
                                 .message_id = db_copy_text(owner, row, 6),
                                 .login = db_copy_text(owner, row, 7),
                                 .peer = db_copy_text(owner, row, 8),
                                 .events = db_get_text(row, 9) };
}

bool trace_load(struct db *db, const void *owner, const char *const *ids, size_t count,
                int64_t organisation_id, struct trace_found **rows_out, size_t *row_count_out,
                struct err *err)
{
    struct span *texts = talloc_array(owner, struct span, (unsigned)count + 1);
    struct db_rows *rows;
    struct db_row row;

    for (size_t i = 0; i < count; i++)
        texts[i] = span_text(ids[i]);
    if (!db_query(db, owner, LOAD,
                  DB_ARGS(db_text_array(texts, count), db_i64(organisation_id), db_i64(TRACE_ROWS_MOST)),
                  &rows, err))
        return false;
    *row_count_out = db_rows_count(rows);
    *rows_out = talloc_array(owner, struct trace_found, (unsigned)*row_count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*rows_out)[i] = read_row(owner, &row);
    return true;
}

static const char TEND[] = "SELECT trace_tend($1, $2, $3)";

bool trace_tend(struct db *db, int64_t now_us, int keep_days, uint64_t *dropped_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = db_one_row(db, arena, TEND,
                           DB_ARGS(db_i32((int32_t)(now_us / DAY_US)), db_i32(DAYS_AHEAD), db_i32(keep_days)),
                           &row, err);

    *dropped_out = done ? (uint64_t)db_get_i64(&row, 0) : 0;
    talloc_free(arena);
    return done;
}
