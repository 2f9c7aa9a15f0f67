/*
 * report.c -- counted, taken to be sent; received, listed, shown.
 */
#include "directory/report.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

enum { DEFAULT_LIMIT = 100, LARGEST_LIMIT = 1000, ADD_MAX = 500, ACQUIRE_MS = 5000 };
#define DAY_US (INT64_C(86400) * US_PER_S)

/* ---- counted */

/* jsonb is canonical, so that its hash is the same for the same. A domain that has as many rows as it may gets no new ones. */
static const char ADD[] =
    "WITH told AS (SELECT kind, day, domain, detail::jsonb AS detail, sum(number)::bigint AS number"
    "                FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])"
    "                  AS t (kind, day, domain, detail, number)"
    "               GROUP BY kind, day, domain, detail::jsonb),"
    " keyed AS (SELECT *, sha256(convert_to(detail::text, 'UTF8')) AS key FROM told)"
    "INSERT INTO report_count (kind, day, domain, key, detail, number)"
    " SELECT kind, day, domain, key, detail, number FROM keyed k"
    "  WHERE EXISTS (SELECT FROM report_count c"
    "                 WHERE (c.kind, c.domain, c.day, c.key) = (k.kind, k.domain, k.day, k.key))"
    "     OR $6 > (SELECT count(*) FROM report_count c WHERE (c.kind, c.domain, c.day) = (k.kind, k.domain, k.day))"
    "  ORDER BY kind, domain, day, key"
    " ON CONFLICT (kind, domain, day, key) DO UPDATE SET number = report_count.number + excluded.number";

/* In the order of report_count_by_day: what was tried already comes last of its day. Who comes second waits for the rows' locks and then finds them claimed. */
static const char CLAIM[] =
    "WITH held AS (UPDATE report_count SET next_us = $4"
    "               WHERE kind = $1 AND next_us <= $3"
    "                 AND (domain, day) = (SELECT domain, day FROM report_count"
    "                                       WHERE kind = $1 AND day < $2 AND next_us <= $3"
    "                                       ORDER BY day, next_us LIMIT 1)"
    "              RETURNING domain, day)"
    "SELECT domain, day FROM held LIMIT 1";
static const char SELECT_COUNTS[] = "SELECT detail::text, number FROM report_count"
                                    " WHERE kind = $1 AND domain = $2 AND day = $3 ORDER BY key";
static const char TAKE[] = "DELETE FROM report_count WHERE kind = $1 AND domain = $2 AND day = $3"
                           " RETURNING detail::text, number";
static const char DROP[] = "DELETE FROM report_count WHERE kind = $1 AND domain = $2 AND day = $3";

static bool run(struct directory *directory, const char *sql, struct db_args args, uint64_t *affected_out,
                struct err *err)
{
    struct db *db;
    bool ok;

    *err = ERR_INIT;
    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    ok = db_exec(db, sql, args, affected_out, err);
    db_release(&db);
    return ok;
}

static bool add_part(struct directory *directory, const struct report_count *counts, size_t count,
                     struct err *err)
{
    struct span *texts = talloc_array(NULL, struct span, 3 * (unsigned)count);
    int64_t *numbers = talloc_array(texts, int64_t, 2 * (unsigned)count);
    bool ok;

    for (size_t i = 0; i < count; i++) {
        texts[i] = span_text(counts[i].kind);
        texts[count + i] = span_text(counts[i].domain);
        texts[2 * count + i] = span_text(counts[i].detail);
        numbers[i] = counts[i].day;
        numbers[count + i] = counts[i].number;
    }
    ok = run(directory, ADD,
             DB_ARGS(db_text_array(texts, count), db_i64_array(numbers, count),
                     db_text_array(texts + count, count), db_text_array(texts + 2 * count, count),
                     db_i64_array(numbers + count, count), db_i64(REPORT_DAY_ROWS_MAX)),
             NULL, err);
    talloc_free(texts);
    return ok;
}

bool report_count_add(struct directory *directory, const struct report_count *counts, size_t count,
                      struct err *err)
{
    for (size_t begin = 0; begin < count; begin += ADD_MAX)
        if (!add_part(directory, counts + begin, count - begin < ADD_MAX ? count - begin : ADD_MAX, err))
            return false;
    return true;
}

bool report_claim(struct directory *directory, const void *owner, const char *kind, int64_t today,
                  int64_t now_us, int64_t next_us, struct report_due *due_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, CLAIM,
                     DB_ARGS(db_text(kind), db_i64(today), db_i64(now_us), db_i64(next_us)), &row, err))
        return false;
    *due_out = (struct report_due){ .kind = kind,
                                    .domain = db_copy_text(owner, &row, 0),
                                    .day = db_get_i64(&row, 1) };
    return true;
}

static bool query_counts(struct db *db, const void *owner, const struct report_due *due, const char *sql,
                         struct db_args args, struct report_count **counts_out, size_t *count_out,
                         struct err *err)
{
    struct report_count *counts;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, NULL, sql, args, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    counts = talloc_zero_array(owner, struct report_count, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        counts[i] = (struct report_count){ .kind = due->kind,
                                           .day = due->day,
                                           .domain = due->domain,
                                           .detail = db_copy_text(counts, &row, 0),
                                           .number = db_get_i64(&row, 1) };
    *counts_out = counts;
    talloc_free(rows);
    return true;
}

bool report_read(struct directory *directory, const void *owner, const struct report_due *due,
                 struct report_count **counts_out, size_t *count_out, struct err *err)
{
    struct db *db;
    bool ok;

    *err = ERR_INIT;
    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    ok = query_counts(db, owner, due, SELECT_COUNTS,
                      DB_ARGS(db_text(due->kind), db_text(due->domain), db_i64(due->day)), counts_out,
                      count_out, err);
    db_release(&db);
    return ok;
}

bool report_take(struct db *db, const void *owner, const struct report_due *due,
                 struct report_count **counts_out, size_t *count_out, struct err *err)
{
    return query_counts(db, owner, due, TAKE,
                        DB_ARGS(db_text(due->kind), db_text(due->domain), db_i64(due->day)), counts_out,
                        count_out, err);
}

bool report_drop(struct directory *directory, const struct report_due *due, struct err *err)
{
    return run(directory, DROP, DB_ARGS(db_text(due->kind), db_text(due->domain), db_i64(due->day)), NULL,
               err);
}

/* ---- received */

static const char KEEP[] =
    "INSERT INTO report (organisation_id, kind, received_us, domain, reporter, number, begin_us, end_us, passed, failed,"
    "                    detail)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb)"
    " ON CONFLICT (organisation_id, kind, reporter, number) DO NOTHING";

#define SELECT_REPORT                                                                                                 \
    "SELECT public_id::text, organisation_id, kind, domain, reporter, number, received_us, begin_us, end_us, passed," \
    "       failed"
/* Backwards along report_by_organisation. */
static const char SELECT_REPORTS[] = SELECT_REPORT
    "  FROM report"
    " WHERE ($1 = 0 OR organisation_id = $1) AND kind = $2"
    "   AND ($3::text IS NULL OR report_id < (SELECT report_id FROM report WHERE public_id::text = $3))"
    " ORDER BY report_id DESC LIMIT $4";
static const char SELECT_ONE[] = SELECT_REPORT ", detail::text FROM report WHERE public_id::text = $1";

static const char FORGET[] =
    "WITH old AS (DELETE FROM report WHERE report_id IN ("
    "   (SELECT report_id FROM report WHERE received_us < $1 ORDER BY received_us LIMIT 1000)"
    "   UNION"
    "   (SELECT report_id FROM (SELECT report_id, row_number() OVER (PARTITION BY organisation_id, kind"
    "                                                                ORDER BY report_id DESC) AS place FROM report) r"
    "     WHERE place > $2 LIMIT 1000)) RETURNING 1)"
    "DELETE FROM report_count WHERE day < $3";

bool report_keep(struct directory *directory, const struct report *r, struct err *err)
{
    return run(directory, KEEP,
               DB_ARGS(db_i64(r->organisation_id), db_text(r->kind), db_i64(r->received_us),
                       db_text(r->domain), db_text(r->reporter), db_text(r->number), db_i64(r->begin_us),
                       db_i64(r->end_us), db_i64(r->passed), db_i64(r->failed), db_text(r->detail)),
               NULL, err);
}

static void read_row(const void *owner, const struct db_row *row, struct report *out)
{
    *out = (struct report){
        .id = db_copy_text(owner, row, 0),
        .organisation_id = db_get_i64(row, 1),
        .kind = db_copy_text(owner, row, 2),
        .domain = db_copy_text(owner, row, 3),
        .reporter = db_copy_text(owner, row, 4),
        .number = db_copy_text(owner, row, 5),
        .received_us = db_get_i64(row, 6),
        .begin_us = db_get_i64(row, 7),
        .end_us = db_get_i64(row, 8),
        .passed = db_get_i64(row, 9),
        .failed = db_get_i64(row, 10),
    };
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *kind, *id;
    size_t limit;
    struct report *reports;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(
            db, NULL, SELECT_REPORTS,
            DB_ARGS(db_i64(l->organisation_id), db_text(l->kind), db_text(l->id), db_i64((int64_t)l->limit)),
            &rows, err))
        return false;
    l->count = db_rows_count(rows);
    l->reports = talloc_zero_array(l->owner, struct report, (unsigned)l->count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(l->reports, &row, &l->reports[i]);
    talloc_free(rows);
    return true;
}

bool report_list(struct directory *directory, const struct actor *actor, const void *owner,
                 int64_t organisation_id, const char *kind, const char *before, size_t limit,
                 struct report **reports_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner,
                               .organisation_id = organisation_id,
                               .kind = kind,
                               .id = before,
                               .limit = limit == 0              ? DEFAULT_LIMIT
                                        : limit > LARGEST_LIMIT ? LARGEST_LIMIT
                                                                : limit };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *reports_out = listing.reports;
    *count_out = listing.count;
    return true;
}

static bool read_one(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;
    struct db_row row;
    bool is_there;

    if (!db_query(db, NULL, SELECT_ONE, DB_ARGS(db_text(l->id)), &rows, err))
        return false;
    is_there = db_rows_at(rows, 0, &row);
    if (is_there) {
        read_row(l->owner, &row, l->reports);
        l->reports->detail = db_copy_text(l->owner, &row, 11);
    }
    talloc_free(rows);
    return is_there || not_found(err, "report");
}

bool report_find(struct directory *directory, const struct actor *actor, const void *owner, const char *id,
                 struct report *report_out, struct err *err)
{
    struct listing listing = { .owner = owner, .id = id, .reports = report_out };

    return act_read(directory, actor, actor->organisation_id, read_one, &listing, err);
}

bool report_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    return run(directory, FORGET,
               DB_ARGS(db_i64(now_us - REPORT_KEEP_DAYS * DAY_US), db_i64(REPORTS_MAX),
                       db_i64(now_us / DAY_US - REPORT_COUNT_DAYS)),
               removed_out, err);
}
