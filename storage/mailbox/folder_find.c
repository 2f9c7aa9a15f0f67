/*
 * folder_find.c -- one folder by name, id or use; its row also tells whether our view of it is fresh.
 */
#include "base/clock.h"
#include "mailbox/folder_row.h"
#include "mailbox/journal.h"
#include "mailbox/search_folder_work.h"

#include <talloc.h>

#define FIND(condition)                                                                                      \
    "SELECT " FOLDER_COLUMNS(                                                                                \
        "EXISTS (SELECT 1 FROM subscription u"                                                               \
        "         WHERE u.mailbox_id = f.mailbox_id AND u.name = f.name)",                                   \
        "$2") ", m.modseq, s.is_mounted"                                                                     \
              "  FROM folder f JOIN mailbox m USING (mailbox_id) JOIN store s USING (store_id)"              \
              " WHERE f.mailbox_id = $1 AND f.deleted_us IS NULL AND m.deleted_us IS NULL AND " condition

static const char FIND_BY_NAME[] = FIND("f.name = $3");       /* by index folder_name */
static const char FIND_BY_ID[] = FIND("f.folder_id = $3");    /* by primary key */
static const char FIND_BY_USE[] = FIND("f.special_use = $3"); /* by index folder_special_use */

bool folder_of_row(const void *owner, struct rights_reading *reading, const struct db_row *row,
                   struct folder **folder_out, struct err *err)
{
    struct folder *folder = talloc_zero(owner, struct folder);
    size_t count;
    struct span *entries = db_get_span_array(folder, row, 14, &count);

    folder->folder_id = db_get_i64(row, 0);
    folder->name = db_copy_text(folder, row, 1);
    folder->uidvalidity = db_get_u32(row, 2);
    folder->uidnext = db_get_u32(row, 3);
    folder->modseq = (uint64_t)db_get_i64(row, 4);
    folder->created_modseq = (uint64_t)db_get_i64(row, 5);
    folder->properties_modseq = (uint64_t)db_get_i64(row, 6);
    folder->messages = db_get_i64(row, 7);
    folder->unseen = db_get_i64(row, 8);
    folder->deleted = db_get_i64(row, 9);
    folder->bytes = db_get_i64(row, 10);
    folder->recent_uid = db_get_u32(row, 11);
    folder->special_use = db_copy_text(folder, row, 12);
    folder->is_subscribed = db_get_bool(row, 13);
    *folder_out = folder;
    return rights_of(reading, entries, count, &folder->rights, err);
}

static bool find(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *sql,
                 struct db_value key, unsigned rights, const void *owner, struct folder **folder_out,
                 struct err *err)
{
    int64_t asked_us = clock_monotonic_us();
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_found;

    *folder_out = NULL;
    is_found = group_acquire(mailbox->group, DB_INTERACTIVE, &db, err);
    if (is_found) {
        is_found = db_query(db, arena, sql,
                            DB_ARGS(db_i64(mailbox->id), db_bool(!mailbox_is_owner(mailbox, reader)), key),
                            &rows, err);
        db_release(&db);
    }
    if (is_found && !db_rows_at(rows, 0, &row))
        is_found = rights_not_found(err);
    if (is_found)
        atomic_store(&mailbox->is_away, !db_get_bool(&row, FOLDER_COLUMN_COUNT + 1));
    if (is_found && !db_get_bool(&row, FOLDER_COLUMN_COUNT + 1))
        is_found = err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    if (is_found) {
        struct rights_reading reading = rights_reading(mailbox, reader, arena);

        is_found = folder_of_row(owner, &reading, &row, folder_out, err);
    }
    if (is_found) {
        cache_note_checked(mailbox, (*folder_out)->folder_id, (*folder_out)->modseq,
                           (uint64_t)db_get_i64(&row, FOLDER_COLUMN_COUNT), asked_us);
        is_found = rights_allow((*folder_out)->rights, rights, err);
    }
    talloc_free(arena);
    return is_found;
}

bool folder_find(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                 unsigned rights, const void *owner, struct folder **folder_out, struct err *err)
{
    if (find(mailbox, reader, FIND_BY_NAME, db_text(name), rights, owner, folder_out, err))
        return true;
    return err->kind == ERR_NOT_FOUND &&
           search_folder_find(mailbox, reader, name, 0, rights, owner, folder_out, err);
}

bool folder_find_by_id(struct mailbox *mailbox, const struct mailbox_reader *reader, int64_t folder_id,
                       unsigned rights, const void *owner, struct folder **folder_out, struct err *err)
{
    if (search_folder_is(mailbox, folder_id))
        return search_folder_find(mailbox, reader, NULL, folder_id, rights, owner, folder_out, err);
    return find(mailbox, reader, FIND_BY_ID, db_i64(folder_id), rights, owner, folder_out, err);
}

bool folder_find_special(struct mailbox *mailbox, const struct mailbox_reader *reader,
                         const char *special_use, const void *owner, struct folder **folder_out,
                         struct err *err)
{
    return find(mailbox, reader, FIND_BY_USE, db_text(special_use), RIGHT_LOOKUP, owner, folder_out, err);
}

static const char *const special_uses[] = { "\\Drafts",  "\\Sent",    "\\Junk", "\\Trash",
                                            "\\Archive", "\\Flagged", "\\All",  "\\Important" };

const char *folder_special_use(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(special_uses); i++)
        if (span_equals_nocase(name, special_uses[i]))
            return special_uses[i];
    return NULL;
}

/* The row lock makes two sessions that select at once share the new ones out. */
static const char CLAIM_RECENT[] =
    "UPDATE folder f SET recent_uid = f.uidnext"
    "  FROM (SELECT folder_id, recent_uid FROM folder WHERE folder_id = $1 AND recent_uid < uidnext"
    "           FOR NO KEY UPDATE) AS before"
    " WHERE f.folder_id = before.folder_id RETURNING before.recent_uid";

struct recent_claim {
    int64_t folder_id;
    uint32_t first;
};

static bool claim_work(struct db *db, void *arg, struct err *err)
{
    struct recent_claim *claim = arg;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = db_commit_lazily(db, err) &&
                   db_query(db, arena, CLAIM_RECENT, DB_ARGS(db_i64(claim->folder_id)), &rows, err);

    claim->first = is_done && db_rows_at(rows, 0, &row) ? db_get_u32(&row, 0) : UINT32_MAX;
    talloc_free(arena);
    return is_done;
}

bool folder_claim_recent(struct mailbox *mailbox, int64_t folder_id, uint32_t *first_out, struct err *err)
{
    struct recent_claim claim = { .folder_id = folder_id };

    if (!journal_run(mailbox, claim_work, &claim, err))
        return false;
    *first_out = claim.first;
    return true;
}
