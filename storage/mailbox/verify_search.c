/*
 * verify_search.c -- the search index against the messages: rows that can be read, UIDs in order and up to where the state
 * says, and (unless bodies are skipped) the same text as the message gives today. Repair throws the folder's index away;
 * it is made anew in the background.
 */
#include "db/transaction.h"
#include "mailbox/search_read.h"
#include "mailbox/verify_report.h"

#include <talloc.h>

static const char FOLDERS[] =
    "SELECT s.folder_id, f.mailbox_id, s.indexed_uid FROM search_state s LEFT JOIN folder f USING (folder_id)"
    " WHERE s.folder_id > $1 AND ($3 = 0 OR f.mailbox_id = $3) ORDER BY s.folder_id LIMIT $2";
static const char ROWS[] = "SELECT first_uid, last_uid, messages, data FROM search_text"
                           " WHERE folder_id = $1 AND first_uid > $2 ORDER BY first_uid LIMIT 8";

struct folder_check {
    struct verify_work *work;
    int64_t folder_id, indexed_uid, last_uid;
    bool is_wrong;
    const struct search_text *text; /* being compared */
    size_t at;
};

/* Messages that are gone for good may still have text; messages that are there must have theirs. Of one that cannot be read (purged
 * since it was listed, or damaged, which is said elsewhere) nothing can be said. */
static bool compare_document(const struct search_member *member, const struct search_document *document,
                             void *arg)
{
    struct folder_check *check = arg;
    const struct search_text *text = check->text;

    if (document->is_unreadable)
        return true;
    while (check->at < text->count && text->uids[check->at] < member->uid)
        check->at++;
    if (check->at == text->count || text->uids[check->at] != member->uid) {
        check->is_wrong = true;
    } else {
        struct search_document stored = search_text_document(text, check->at);
        check->is_wrong =
            !span_equals(stored.header, document->header) || !span_equals(stored.body, document->body);
    }
    return !check->is_wrong;
}

static bool compare_text(struct folder_check *check, const struct search_text *text, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct search_member *members;
    size_t count, wanted = 0;

    check->text = text;
    check->at = 0;
    bool done = search_members(check->work->group, arena, check->folder_id, (int64_t)text->uids[0] - 1,
                               text->count, &members, &count, err);
    while (done && wanted < count && members[wanted].uid <= text->uids[text->count - 1])
        wanted++;
    done = done && search_read(check->work->group, members, wanted, compare_document, check, err);
    check->text = NULL;
    talloc_free(arena);
    return done;
}

static bool check_row(struct folder_check *check, const struct db_row *row, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct search_text text;
    bool done = true;

    check->is_wrong = !search_text_unpack(arena, db_get_bytes(row, 3), &text) || text.count == 0 ||
                      text.count != (size_t)db_get_i32(row, 2) || text.uids[0] != db_get_i64(row, 0) ||
                      text.uids[text.count - 1] != db_get_i64(row, 1) || text.uids[0] <= check->last_uid;
    for (size_t i = 1; !check->is_wrong && i < text.count; i++)
        check->is_wrong = text.uids[i - 1] >= text.uids[i];
    if (!check->is_wrong && !check->work->options->skips_bodies)
        done = compare_text(check, &text, err);
    check->last_uid = db_get_i64(row, 1);
    talloc_free(arena);
    return done;
}

static bool check_rows(struct folder_check *check, struct err *err)
{
    size_t count = 1;
    bool done = true;

    while (done && !check->is_wrong && count > 0) {
        void *arena = talloc_new(NULL);
        struct db *db;
        struct db_rows *rows;
        struct db_row row;
        done = group_acquire(check->work->group, DB_BACKGROUND, &db, err);
        if (done) {
            done = db_query(db, arena, ROWS, DB_ARGS(db_i64(check->folder_id), db_i64(check->last_uid)),
                            &rows, err);
            db_release(&db);
        }
        count = done ? db_rows_count(rows) : 0;
        for (size_t i = 0; done && !check->is_wrong && db_rows_at(rows, i, &row); i++)
            done = check_row(check, &row, err);
        talloc_free(arena);
    }
    return done;
}

static const char MISSES[] =
    "SELECT EXISTS (SELECT 1 FROM membership m WHERE m.folder_id = $1 AND m.uid <= $2 AND NOT EXISTS"
    "   (SELECT 1 FROM search_text t WHERE t.folder_id = $1 AND m.uid BETWEEN t.first_uid AND t.last_uid))";
static const char DROP_STATE[] = "DELETE FROM search_state WHERE folder_id = $1";
static const char DROP_TEXT[] = "DELETE FROM search_text WHERE folder_id = $1";

static bool drop(struct db *db, void *arg, struct err *err)
{
    struct db_args folder = DB_ARGS(db_i64(*(const int64_t *)arg));

    return db_exec(db, DROP_STATE, folder, NULL, err) && db_exec(db, DROP_TEXT, folder, NULL, err);
}

static bool check_coverage(struct folder_check *check, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;
    bool done = group_acquire(check->work->group, DB_BACKGROUND, &db, err);

    if (done) {
        done = db_one_row(db, arena, MISSES, DB_ARGS(db_i64(check->folder_id), db_i64(check->indexed_uid)),
                          &row, err);
        if (done && db_get_bool(&row, 0))
            check->is_wrong = true;
        if (done && check->is_wrong && check->work->options->may_repair)
            done = with_transaction(db, drop, &check->folder_id, err);
        db_release(&db);
    }
    talloc_free(arena);
    return done;
}

static bool check_folder(struct verify_work *work, const struct db_row *row, struct err *err)
{
    struct folder_check check = { .work = work,
                                  .folder_id = db_get_i64(row, 0),
                                  .indexed_uid = db_get_i64(row, 2) };

    if (!check_rows(&check, err) || !check_coverage(&check, err))
        return false;
    if (check.is_wrong)
        verify_tell_finding(work, (struct verify_finding){
                                      .what = "search-text",
                                      .text = "The search index of a folder is not what its messages say.",
                                      .mailbox_id = db_get_i64(row, 1),
                                      .folder_id = check.folder_id,
                                      .is_repaired = work->options->may_repair });
    return true;
}

bool verify_search(struct verify_work *work, struct err *err)
{
    return verify_pages(work, FOLDERS, 500, check_folder, err);
}
