/*
 * folder_rename.c -- names change, nothing else does; the inbox gives its messages away instead.
 */
#include "base/log.h"
#include "mailbox/copy.h"
#include "mailbox/folder_make.h"
#include "mailbox/search_folder_work.h"

#include <talloc.h>

struct rename_work {
    struct mailbox *mailbox;
    const struct mailbox_reader *reader;
    int64_t folder_id;
    const char *from, *to;
    uint64_t modseq;
};

/* By index folder_name, over the folders of the mailbox. */
static const char LONGEST_BELOW[] =
    "SELECT max(octet_length(name)), max(length(name) - length(replace(name, '/', ''))) FROM folder"
    " WHERE mailbox_id = $1 AND deleted_us IS NULL AND (name = $2 OR starts_with(name, $2 || '/'))";
static const char RENAME[] =
    "UPDATE folder SET name = $3 || substr(name, length($2) + 1), properties_modseq = $4"
    " WHERE mailbox_id = $1 AND deleted_us IS NULL AND (name = $2 OR starts_with(name, $2 || '/'))";

static size_t levels_of(const char *name)
{
    size_t levels = 0;

    for (; *name; name++)
        levels += *name == '/';
    return levels;
}

/* The names below become longer and deeper too. */
static bool check_children(struct db *db, const void *arena, const struct rename_work *work, struct err *err)
{
    struct db_row row;
    size_t length, levels;

    if (!db_one_row(db, arena, LONGEST_BELOW, DB_ARGS(db_i64(work->mailbox->id), db_text(work->from)), &row,
                    err))
        return false;
    length = (size_t)db_get_i64(&row, 0) - strlen(work->from) + strlen(work->to);
    levels = (size_t)db_get_i64(&row, 1) - levels_of(work->from) + levels_of(work->to);
    if (length > FOLDER_NAME_MAX || levels >= FOLDER_NAME_LEVELS_MAX)
        return err_set(err, ERR_LIMIT, "Names of folders below would become too long.");
    return true;
}

static bool rename_work(struct db *db, void *arg, struct err *err)
{
    struct rename_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox, .folder_ids = { work->folder_id } };
    struct folder_path path;
    bool is_done = journal_lock(db, arena, &lock, err) &&
                   folder_path_read(db, arena, work->mailbox, work->reader, work->to, &path, err) &&
                   folder_path_check(&path, work->mailbox, work->reader, err) &&
                   check_children(db, arena, work, err);

    work->modseq = lock.at.modseq + 1;
    is_done = is_done &&
              (path.existing == path.count - 1 ||
               folder_path_make(db, work->mailbox, &lock.at, &path, path.count - 1, NULL, err)) &&
              db_pipeline_add(db, RENAME,
                              DB_ARGS(db_i64(work->mailbox->id), db_text(work->from), db_text(work->to),
                                      db_i64((int64_t)work->modseq)),
                              err) &&
              journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
              journal_finish(db, work->mailbox, err);
    talloc_free(arena);
    return is_done;
}

/* Two transactions: a crash between them leaves an empty folder, never a lost message. */
static bool rename_inbox(struct mailbox *mailbox, const struct mailbox_reader *reader,
                         const struct folder *inbox, const char *to, const void *arena, struct err *err)
{
    const struct uid_run all = { 1, UINT32_MAX };
    struct uid_set uids = { .runs = (struct uid_run *)(uintptr_t)&all, .count = 1 };
    struct copy_result result;
    struct folder *folder;
    struct err ignored = ERR_INIT;

    if (!folder_create(mailbox, reader, to, NULL, arena, &folder, err))
        return false;
    if (folder_copy(mailbox, inbox->folder_id, &uids, mailbox, folder->folder_id, COPY_MOVE, arena, &result,
                    err)) {
        copy_result_release(&result);
        return true;
    }
    if (err->kind != ERR_UNKNOWN && !folder_delete(mailbox, reader, to, &ignored))
        log_err(LOG_LEVEL_WARNING, "mailbox.rename.leftover", &ignored);
    return false;
}

static bool rename_folder(struct rename_work *work, struct err *err)
{
    if (!folder_name_is_free(work->to, err))
        return false;
    if (folder_name_is_below(work->to, work->from))
        return err_set(err, ERR_INVALID, "A folder cannot be moved below itself.");
    if (!journal_run(work->mailbox, rename_work, work, err))
        return false;
    cache_announce(work->mailbox, work->modseq);
    return true;
}

bool folder_rename(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *from,
                   const char *to, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct rename_work work = { .mailbox = mailbox, .reader = reader, .from = from, .to = to };
    struct folder *folder;
    bool is_done =
        folder_name_check(to, err) && folder_find(mailbox, reader, from, RIGHT_DELETE, arena, &folder, err);

    if (is_done && strcmp(from, FOLDER_INBOX) == 0) {
        is_done = rename_inbox(mailbox, reader, folder, to, arena, err);
    } else if (is_done && folder->is_search) {
        is_done = search_folder_rename(mailbox, folder, to, err);
    } else if (is_done) {
        work.folder_id = folder->folder_id;
        is_done = rename_folder(&work, err);
    }
    talloc_free(arena);
    return is_done;
}
