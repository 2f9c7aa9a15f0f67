/* verify_messages.c -- the order of the parts: bodies, references, shared quotas, search, attachments. */
#include "mailbox/verify_messages.h"

#include "mailbox/verify_report.h"

#include <talloc.h>

void verify_tell_finding(struct verify_work *work, struct verify_finding finding)
{
    work->totals->findings++;
    work->totals->repaired += finding.is_repaired;
    if (work->options->found)
        work->options->found(work->options->arg, &finding);
}

static bool read_page(struct verify_work *work, const char *sql, int64_t after, size_t page, void *arena,
                      struct db_rows **rows_out, struct err *err)
{
    struct db *db;

    if (!group_acquire(work->group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_query(db, arena, sql,
                         DB_ARGS(db_i64(after), db_i64((int64_t)page), db_i64(work->options->mailbox_id)),
                         rows_out, err);
    db_release(&db);
    return done;
}

bool verify_pages(struct verify_work *work, const char *sql, size_t page, verify_each_row *each,
                  struct err *err)
{
    int64_t after = INT64_MIN;
    size_t count = page;
    bool done = true;

    while (done && count == page) {
        void *arena = talloc_new(NULL);
        struct db_rows *rows;
        struct db_row row;
        done = read_page(work, sql, after, page, arena, &rows, err);
        count = done ? db_rows_count(rows) : 0;
        for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
            after = db_get_i64(&row, 0);
            done = each(work, &row, err);
        }
        talloc_free(arena);
    }
    return done;
}

bool verify_messages(struct group *group, const struct verify_options *options,
                     struct verify_totals *totals_out, struct err *err)
{
    struct verify_work work = { .group = group, .options = options, .totals = totals_out };

    *totals_out = (struct verify_totals){ 0 };
    return verify_bodies(&work, err) && verify_references(&work, err) && verify_roots(&work, err) &&
           verify_search(&work, err) && verify_attachments(&work, err);
}
