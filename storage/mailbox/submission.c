/* submission.c -- see submission.h. */
#include "mailbox/submission.h"

#include "db/statement.h"
#include "group/group.h"
#include "group/store.h"
#include "mailbox/raise.h"

#include <talloc.h>

#define COLUMNS                                                                                              \
    "submission_id, identity_id, item_id, thread_id, envelope::text, name, send_at_us, status, destroyed,"   \
    " coalesce(asked_us, 0) AS asked_us, mailbox_id, created_modseq, modseq"

static struct submission submission_of(const void *owner, const struct db_row *row)
{
    return (struct submission){ .submission_id = db_get_i64(row, 0),
                                .writer_id = db_get_i64(row, 1),
                                .item_id = db_get_i64(row, 2),
                                .thread_id = db_get_i64(row, 3),
                                .envelope = db_copy_text(owner, row, 4),
                                .name = db_copy_text(owner, row, 5),
                                .send_at_us = db_get_i64(row, 6),
                                .status = db_copy_text(owner, row, 7),
                                .is_removed = db_get_bool(row, 8),
                                .asked_us = db_get_i64(row, 9),
                                .mailbox_id = db_get_i64(row, 10),
                                .created_modseq = (uint64_t)db_get_i64(row, 11),
                                .modseq = (uint64_t)db_get_i64(row, 12) };
}

static bool list_rows(struct group *group, enum db_class class, const void *owner, const char *sql,
                      struct db_args args, struct submission **list_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_done = group_acquire(group, class, &db, err);

    if (is_done) {
        is_done = db_query(db, arena, sql, args, &rows, err);
        db_release(&db);
    }
    if (is_done) {
        *count_out = db_rows_count(rows);
        *list_out = talloc_array(owner, struct submission, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*list_out)[i] = submission_of(owner, &row);
    }
    talloc_free(arena);
    return is_done;
}

static const char LIST[] =
    "SELECT * FROM (SELECT " COLUMNS
    "                 FROM jmap_submission WHERE mailbox_id = $1 ORDER BY created_modseq DESC LIMIT $2) AS newest"
    " ORDER BY created_modseq";

bool submissions_list(struct mailbox *mailbox, const void *owner, struct submission **list_out,
                      size_t *count_out, struct err *err)
{
    return list_rows(mailbox_group(mailbox), DB_INTERACTIVE, owner, LIST,
                     DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64(SUBMISSIONS_LISTED_MAX)), list_out,
                     count_out, err);
}

/* By index jmap_submission_asked. */
static const char OPEN[] =
    "SELECT " COLUMNS
    " FROM jmap_submission s WHERE asked_us <= $1 AND NOT destroyed AND " MAILBOX_IS_SETTLED(
        "s.mailbox_id") " ORDER BY asked_us LIMIT $2";

bool submissions_open(struct group *group, const void *owner, int64_t before_us, size_t limit,
                      struct submission **list_out, size_t *count_out, struct err *err)
{
    return list_rows(group, DB_BACKGROUND, owner, OPEN, DB_ARGS(db_i64(before_us), db_i64((int64_t)limit)),
                     list_out, count_out, err);
}

static const char ADD[] =
    "INSERT INTO jmap_submission (mailbox_id, identity_id, item_id, thread_id, envelope, name, send_at_us, status,"
    "                             created_modseq, modseq, asked_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, nullif($10, 0)) RETURNING submission_id";
static const char SET[] =
    "UPDATE jmap_submission SET name = $3, status = $4, send_at_us = $5, destroyed = $6,"
    "       modseq = $7, asked_us = nullif($8, 0) WHERE mailbox_id = $1 AND submission_id = $2 RETURNING submission_id";

struct writing {
    const struct submission *submission;
    int64_t id;
};

static bool add_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err)
{
    struct writing *w = arg;
    const struct submission *s = w->submission;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_done = db_one_row(db, arena, ADD,
                              DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64(s->writer_id), db_i64(s->item_id),
                                      db_i64(s->thread_id), db_jsonb(s->envelope), db_text(s->name),
                                      db_i64(s->send_at_us), db_text(s->status), db_i64((int64_t)modseq),
                                      db_i64(s->asked_us)),
                              &row, err);

    if (is_done)
        w->id = db_get_i64(&row, 0);
    talloc_free(arena);
    return is_done;
}

static bool set_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err)
{
    const struct submission *s = ((struct writing *)arg)->submission;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_done = db_one_row(db, arena, SET,
                              DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64(s->submission_id), db_text(s->name),
                                      db_text(s->status), db_i64(s->send_at_us), db_bool(s->is_removed),
                                      db_i64((int64_t)modseq), db_i64(s->asked_us)),
                              &row, err);

    talloc_free(arena);
    return is_done;
}

bool submission_add(struct mailbox *mailbox, const struct submission *wanted, int64_t *id_out,
                    struct err *err)
{
    struct writing writing = { .submission = wanted };
    bool is_done = mailbox_raise(mailbox, add_work, &writing, err);

    *id_out = writing.id;
    return is_done;
}

bool submission_set(struct mailbox *mailbox, const struct submission *submission, struct err *err)
{
    struct writing writing = { .submission = submission };

    return mailbox_raise(mailbox, set_work, &writing, err);
}
