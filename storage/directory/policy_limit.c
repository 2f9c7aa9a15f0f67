/* policy_limit.c -- see policy_limit.h. */
#include "directory/policy_limit.h"

#include "db/statement.h"
#include "directory/act.h"
#include "directory/list_query.h"

#include <string.h>
#include <talloc.h>

/* By primary key. */
static const char SELECT_LIMITS[] =
    "SELECT query, send_bytes, receive_bytes, recipients, quota_bytes FROM recipient_policy"
    " WHERE organisation_id = $1 AND send_bytes + receive_bytes + recipients + quota_bytes > 0"
    " ORDER BY position, name";

static int64_t first_said(int64_t earlier, int64_t later)
{
    return earlier ? earlier : later;
}

static void add(struct policy_limits *to, const struct policy_limits *later)
{
    to->send_bytes = first_said(to->send_bytes, later->send_bytes);
    to->receive_bytes = first_said(to->receive_bytes, later->receive_bytes);
    to->recipients = first_said(to->recipients, later->recipients);
    to->quota_bytes = first_said(to->quota_bytes, later->quota_bytes);
}

static void add_to(const int64_t *found, size_t found_count, const struct policy_limits *limits,
                   const int64_t *ids, size_t count, struct policy_limits *limits_io)
{
    for (size_t f = 0; f < found_count; f++)
        for (size_t i = 0; i < count; i++)
            if (ids[i] == found[f])
                add(&limits_io[i], limits);
}

bool policy_limits_of(struct db *db, int64_t organisation_id, const int64_t *ids, size_t count,
                      struct policy_limits *limits_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, SELECT_LIMITS, DB_ARGS(db_i64(organisation_id)), &rows, err);

    memset(limits_out, 0, count * sizeof *limits_out);
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++) {
        const struct policy_limits limits = { db_get_i64(&row, 1), db_get_i64(&row, 2), db_get_i64(&row, 3),
                                              db_get_i64(&row, 4) };
        int64_t *found;
        size_t found_count;
        ok = list_query_among(db, scratch, organisation_id, db_copy_text(scratch, &row, 0), ids, count,
                              &found, &found_count, err);
        if (ok)
            add_to(found, found_count, &limits, ids, count, limits_out);
    }
    talloc_free(scratch);
    return ok;
}

bool policy_limits_find(struct directory *directory, int64_t organisation_id, const int64_t *ids,
                        size_t count, struct policy_limits *limits_out, struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err))
        return false;
    bool ok = policy_limits_of(db, organisation_id, ids, count, limits_out, err);
    db_release(&db);
    return ok;
}
