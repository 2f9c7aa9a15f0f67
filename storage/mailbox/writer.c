/* writer.c -- see writer.h. */
#include "mailbox/writer.h"

#include "db/statement.h"
#include "group/group.h"
#include "mailbox/raise.h"

#include <talloc.h>

static const char LIST[] =
    "SELECT identity_id, email, name, reply_to::text, bcc::text, text_signature, html_signature, is_default, destroyed,"
    "       created_modseq, modseq FROM jmap_identity WHERE mailbox_id = $1 ORDER BY created_modseq, place";

bool writers_list(struct mailbox *mailbox, const void *owner, struct writer **writers_out, size_t *count_out,
                  struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_done = group_acquire(mailbox_group(mailbox), DB_INTERACTIVE, &db, err);

    if (is_done) {
        is_done = db_query(db, arena, LIST, DB_ARGS(db_i64(mailbox_id(mailbox))), &rows, err);
        db_release(&db);
    }
    if (is_done) {
        *count_out = db_rows_count(rows);
        *writers_out = talloc_array(owner, struct writer, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*writers_out)[i] = (struct writer){ .writer_id = db_get_i64(&row, 0),
                                                 .email = db_copy_text(owner, &row, 1),
                                                 .name = db_copy_text(owner, &row, 2),
                                                 .reply_to = db_copy_text(owner, &row, 3),
                                                 .bcc = db_copy_text(owner, &row, 4),
                                                 .text_signature = db_copy_text(owner, &row, 5),
                                                 .html_signature = db_copy_text(owner, &row, 6),
                                                 .is_default = db_get_bool(&row, 7),
                                                 .is_removed = db_get_bool(&row, 8),
                                                 .created_modseq = (uint64_t)db_get_i64(&row, 9),
                                                 .modseq = (uint64_t)db_get_i64(&row, 10) };
    }
    talloc_free(arena);
    return is_done;
}

static const char ENSURE[] =
    "INSERT INTO jmap_identity (mailbox_id, email, name, is_default, created_modseq, place, modseq)"
    " SELECT $1, e, $3, true, $4, n, $4 FROM unnest($2::text[]) WITH ORDINALITY AS a (e, n)"
    "  WHERE NOT EXISTS (SELECT 1 FROM jmap_identity i WHERE i.mailbox_id = $1 AND i.email = e AND i.is_default)";
static const char COUNT[] = "SELECT count(*) FROM jmap_identity WHERE mailbox_id = $1 AND NOT destroyed";
static const char ADD[] =
    "INSERT INTO jmap_identity (mailbox_id, email, name, reply_to, bcc, text_signature, html_signature, is_default,"
    "                           created_modseq, place, modseq)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8, 0, $8) RETURNING identity_id";
static const char CHANGE[] =
    "UPDATE jmap_identity SET name = $3, reply_to = $4, bcc = $5, text_signature = $6, html_signature = $7,"
    "       destroyed = $8, modseq = $9 WHERE mailbox_id = $1 AND identity_id = $2 AND NOT destroyed"
    " RETURNING identity_id";

struct ensuring {
    const struct span *emails;
    size_t count;
    const char *name;
};

static bool ensure_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err)
{
    const struct ensuring *e = arg;

    return db_exec(db, ENSURE,
                   DB_ARGS(db_i64(mailbox_id(mailbox)), db_text_array(e->emails, e->count), db_text(e->name),
                           db_i64((int64_t)modseq)),
                   NULL, err);
}

bool writers_ensure(struct mailbox *mailbox, const char *const *emails, size_t count, const char *name,
                    struct err *err)
{
    struct span *spans = talloc_array(NULL, struct span, (unsigned)count + 1);
    struct ensuring ensuring = { spans, count, name };
    bool is_done;

    for (size_t i = 0; i < count; i++)
        spans[i] = span_text(emails[i]);
    is_done = mailbox_raise(mailbox, ensure_work, &ensuring, err);
    talloc_free(spans);
    return is_done;
}

struct writing {
    const struct writer *writer;
    int64_t id;
};

static bool add(struct db *db, struct mailbox *mailbox, uint64_t modseq, const void *arena, struct writing *w,
                struct db_row *row, struct err *err)
{
    if (!db_one_row(db, arena, COUNT, DB_ARGS(db_i64(mailbox_id(mailbox))), row, err))
        return false;
    if (db_get_i64(row, 0) >= WRITERS_MAX)
        return err_set(err, ERR_LIMIT, "There can be %d identities.", WRITERS_MAX);
    return db_one_row(db, arena, ADD,
                      DB_ARGS(db_i64(mailbox_id(mailbox)), db_text(w->writer->email),
                              db_text(w->writer->name), db_jsonb(w->writer->reply_to),
                              db_jsonb(w->writer->bcc), db_text(w->writer->text_signature),
                              db_text(w->writer->html_signature), db_i64((int64_t)modseq)),
                      row, err);
}

static bool put_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err)
{
    struct writing *w = arg;
    const struct writer *writer = w->writer;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_done =
        writer->writer_id == 0
            ? add(db, mailbox, modseq, arena, w, &row, err)
            : db_one_row(db, arena, CHANGE,
                         DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64(writer->writer_id),
                                 db_text(writer->name), db_jsonb(writer->reply_to), db_jsonb(writer->bcc),
                                 db_text(writer->text_signature), db_text(writer->html_signature),
                                 db_bool(writer->is_removed), db_i64((int64_t)modseq)),
                         &row, err);

    if (is_done)
        w->id = db_get_i64(&row, 0);
    talloc_free(arena);
    return is_done;
}

bool writer_put(struct mailbox *mailbox, const struct writer *writer, int64_t *id_out, struct err *err)
{
    struct writing writing = { .writer = writer };
    bool is_done = mailbox_raise(mailbox, put_work, &writing, err);

    *id_out = writing.id;
    return is_done;
}
