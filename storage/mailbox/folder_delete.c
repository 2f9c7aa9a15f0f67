/*
 * folder_delete.c -- out of sight and out of the quota; the rows stay for the recoverable period.
 */
#include "base/clock.h"
#include "mailbox/folder_make.h"
#include "mailbox/search_folder.h"

#include <talloc.h>

struct delete_work {
    struct mailbox *mailbox;
    int64_t folder_id;
    uint64_t modseq;
};

/* By index folder_name, over the folders of the mailbox. */
static const char HAS_CHILDREN[] =
    "SELECT f.bytes, f.messages, EXISTS (SELECT 1 FROM folder c WHERE c.mailbox_id = f.mailbox_id"
    "                                       AND c.deleted_us IS NULL AND starts_with(c.name, f.name || '/'))"
    "  FROM folder f WHERE f.folder_id = $1";
/* The use is free for another folder at once. */
static const char MARK_DELETED[] =
    "UPDATE folder SET deleted_us = $2, modseq = $3, properties_modseq = $3, special_use = NULL WHERE folder_id = $1";
static const char DROP_DERIVED[] = "WITH pack AS (DELETE FROM folder_pack WHERE folder_id = $1)"
                                   " DELETE FROM folder_snapshot WHERE folder_id = $1";

static bool delete_work(struct db *db, void *arg, struct err *err)
{
    struct delete_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox,
                                 .needs = JOURNAL_QUOTA,
                                 .folder_ids = { work->folder_id } };
    struct db_value id = db_i64(work->folder_id);
    struct db_row row;
    bool is_done =
        journal_lock(db, arena, &lock, err) && db_one_row(db, arena, HAS_CHILDREN, DB_ARGS(id), &row, err);

    if (is_done && db_get_bool(&row, 2))
        is_done = err_set(err, ERR_DEPENDED_ON, "The folder has folders below it.");
    if (is_done) {
        work->modseq = lock.at.modseq + 1;
        is_done = db_pipeline_add(db, MARK_DELETED,
                                  DB_ARGS(id, db_i64(clock_now_us()), db_i64((int64_t)work->modseq)), err) &&
                  db_pipeline_add(db, DROP_DERIVED, DB_ARGS(id), err) &&
                  journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, -db_get_i64(&row, 0),
                                        -db_get_i64(&row, 1), NULL, 0, err) &&
                  journal_finish(db, work->mailbox, err);
    }
    talloc_free(arena);
    return is_done;
}

bool folder_delete(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                   struct err *err)
{
    void *arena = talloc_new(NULL);
    struct delete_work work = { .mailbox = mailbox };
    struct folder *folder;
    bool is_done = folder_find(mailbox, reader, name, RIGHT_DELETE, arena, &folder, err);

    if (is_done && strcmp(folder->name, FOLDER_INBOX) == 0)
        is_done = err_set(err, ERR_DENIED, "The inbox cannot be deleted.");
    if (is_done && folder->is_search) {
        is_done = search_folder_remove(mailbox, folder->folder_id, err);
        talloc_free(arena);
        return is_done;
    }
    if (is_done) {
        work.folder_id = folder->folder_id;
        is_done = journal_run(mailbox, delete_work, &work, err);
        cache_distrust(mailbox, work.folder_id);
    }
    if (is_done)
        cache_announce(mailbox, work.modseq);
    talloc_free(arena);
    return is_done;
}
