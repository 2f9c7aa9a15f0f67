/*
 * rights.c -- GETACL, SETACL, DELETEACL, MYRIGHTS on rows.
 */
#include "mailbox/rights.h"

#include "mailbox/folder.h"
#include "mailbox/journal.h"
#include "mailbox/rights_of.h"

#include <talloc.h>

/* By primary key. */
static const char LIST_RIGHTS[] =
    "SELECT identifier, rights FROM folder_right WHERE folder_id = $1 ORDER BY identifier";

static bool read_entries(struct db *db, const void *owner, int64_t folder_id,
                         struct rights_entry **entries_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, owner, LIST_RIGHTS, DB_ARGS(db_i64(folder_id)), &rows, err))
        return false;
    *entries_out = talloc_array(owner, struct rights_entry, (unsigned)db_rows_count(rows) + 1);
    *count_out = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        if (rights_entry_parse(db_get_text(&row, 0), db_get_text(&row, 1), &(*entries_out)[*count_out]))
            ++*count_out;
    return true;
}

bool rights_list(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                 const void *owner, struct rights_entry **entries_out, size_t *count_out, struct err *err)
{
    struct folder *folder;
    struct db *db;
    bool is_read;

    if (!folder_find(mailbox, reader, folder_name, RIGHT_ADMINISTER, owner, &folder, err) ||
        !group_acquire(mailbox_group(mailbox), DB_INTERACTIVE, &db, err))
        return false;
    is_read = read_entries(db, owner, folder->folder_id, entries_out, count_out, err);
    db_release(&db);
    return is_read;
}

struct rights_work {
    struct mailbox *mailbox;
    int64_t folder_id;
    enum rights_change change;
    const struct rights_entry *entry;
    uint64_t modseq;
};

static const char PUT_RIGHT[] = "INSERT INTO folder_right (folder_id, identifier, rights) VALUES ($1, $2, $3)"
                                " ON CONFLICT (folder_id, identifier) DO UPDATE SET rights = excluded.rights";
static const char DROP_RIGHT[] = "DELETE FROM folder_right WHERE folder_id = $1 AND identifier = $2";
static const char TOUCH_FOLDER[] = "UPDATE folder SET properties_modseq = $2 WHERE folder_id = $1";

static bool too_many(struct err *err)
{
    return err_set(err, ERR_LIMIT, "A folder can be shared with %d at most.", RIGHTS_ENTRIES_MAX);
}

static unsigned changed(const struct rights_work *work, unsigned before)
{
    switch (work->change) {
    case RIGHTS_ADD:
        return before | work->entry->rights;
    case RIGHTS_REMOVE:
        return before & ~work->entry->rights;
    case RIGHTS_SET:
        break;
    }
    return work->entry->rights;
}

static unsigned rights_before(const struct rights_entry *entries, size_t count,
                              const struct rights_entry *entry)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].subject == entry->subject && entries[i].recipient_id == entry->recipient_id &&
            entries[i].is_negative == entry->is_negative)
            return entries[i].rights;
    return 0;
}

static bool change_work(struct db *db, void *arg, struct err *err)
{
    struct rights_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox, .folder_ids = { work->folder_id } };
    struct rights_entry *entries;
    size_t count;
    char identifier[RIGHTS_IDENTIFIER_MAX], text[RIGHTS_TEXT_MAX];
    bool is_done = false;
    unsigned rights;

    if (!journal_lock(db, arena, &lock, err) ||
        !read_entries(db, arena, work->folder_id, &entries, &count, err))
        goto out;
    rights = changed(work, rights_before(entries, count, work->entry));
    if (rights && count >= RIGHTS_ENTRIES_MAX) {
        (void)too_many(err);
        goto out;
    }
    work->modseq = lock.at.modseq + 1;
    rights_identifier(work->entry, identifier);
    rights_render(rights, text);
    is_done =
        (rights
             ? db_pipeline_add(db, PUT_RIGHT,
                               DB_ARGS(db_i64(work->folder_id), db_text(identifier), db_text(text)), err)
             : db_pipeline_add(db, DROP_RIGHT, DB_ARGS(db_i64(work->folder_id), db_text(identifier)), err)) &&
        db_pipeline_add(db, TOUCH_FOLDER, DB_ARGS(db_i64(work->folder_id), db_i64((int64_t)work->modseq)),
                        err) &&
        journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
        journal_finish(db, work->mailbox, err);
out:
    talloc_free(arena);
    return is_done;
}

static void tell(struct mailbox *mailbox, uint64_t modseq)
{
    cache_announce(mailbox, modseq);
    wake_publish(mailbox->cache->bus, RIGHTS_WAKE_GROUP, rights_wake_id(mailbox->organisation_id), 0);
}

bool rights_change(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                   enum rights_change change, const struct rights_entry *entry, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct rights_work work = { .mailbox = mailbox, .change = change, .entry = entry };
    struct folder *folder;
    bool is_done = folder_find(mailbox, reader, folder_name, RIGHT_ADMINISTER, arena, &folder, err);

    if (is_done) {
        work.folder_id = folder->folder_id;
        is_done = journal_run(mailbox, change_work, &work, err);
    }
    if (is_done)
        tell(mailbox, work.modseq);
    talloc_free(arena);
    return is_done;
}

/* ---- the whole mailbox */

static const char READ_TOP[] =
    "SELECT array_agg(identifier || ' ' || rights) FROM mailbox_right WHERE mailbox_id = $1";
/* How many folders there are, and entries in the fullest of them. */
static const char COUNT_ENTRIES[] =
    "SELECT count(*), coalesce(max(n), 0) FROM (SELECT (SELECT count(*) FROM folder_right r"
    "         WHERE r.folder_id = f.folder_id AND r.identifier <> $2) AS n"
    "   FROM folder f WHERE f.mailbox_id = $1 AND f.deleted_us IS NULL) c";
static const char PUT_IN_ALL[] =
    "INSERT INTO folder_right (folder_id, identifier, rights)"
    " SELECT folder_id, $2, $3 FROM folder WHERE mailbox_id = $1 AND deleted_us IS NULL"
    " ON CONFLICT (folder_id, identifier) DO UPDATE SET rights = excluded.rights";
static const char PUT_AT_TOP[] =
    "INSERT INTO mailbox_right (mailbox_id, identifier, rights) VALUES ($1, $2, $3)"
    " ON CONFLICT (mailbox_id, identifier) DO UPDATE SET rights = excluded.rights";
static const char DROP_IN_ALL[] =
    "DELETE FROM folder_right r USING folder f"
    " WHERE f.mailbox_id = $1 AND r.folder_id = f.folder_id AND r.identifier = $2";
static const char DROP_AT_TOP[] = "DELETE FROM mailbox_right WHERE mailbox_id = $1 AND identifier = $2";
static const char PUT_BY_NAME[] =
    "INSERT INTO folder_right (folder_id, identifier, rights)"
    " SELECT folder_id, $2, $3 FROM folder WHERE mailbox_id = $1 AND name = $4 AND deleted_us IS NULL"
    " ON CONFLICT (folder_id, identifier) DO UPDATE SET rights = excluded.rights";
static const char DROP_BY_NAME[] =
    "WITH one AS (SELECT folder_id FROM folder WHERE mailbox_id = $1 AND name = $3 AND deleted_us IS NULL),"
    "  gone AS (DELETE FROM folder_right r USING one WHERE r.folder_id = one.folder_id AND r.identifier = $2)"
    " SELECT count(*) FROM one";
static const char TOUCH_ALL[] =
    "UPDATE folder SET properties_modseq = $2 WHERE mailbox_id = $1 AND deleted_us IS NULL";

bool rights_read_top(struct db *db, const void *owner, struct mailbox *mailbox,
                     const struct mailbox_reader *reader, unsigned *rights_out, struct err *err)
{
    struct rights_reading reading = rights_reading(mailbox, reader, owner);
    struct span *entries = NULL;
    struct db_row row;
    size_t count = 0;

    *rights_out = reading.is_owner ? RIGHTS_ALL : 0;
    if (reading.is_owner)
        return true;
    if (!db_one_row(db, owner, READ_TOP, DB_ARGS(db_i64(mailbox->id)), &row, err))
        return false;
    entries = db_get_span_array(owner, &row, 0, &count);
    return rights_of(&reading, entries, count, rights_out, err);
}

struct all_work {
    struct mailbox *mailbox;
    const struct rights_entry *entry;
    const struct rights_exception *but;
    size_t but_count;
    int64_t folders;
    uint64_t modseq;
};

static bool write_all(struct db *db, const struct all_work *work, struct err *err)
{
    const struct db_value id = db_i64(work->mailbox->id);
    char identifier[RIGHTS_IDENTIFIER_MAX], text[RIGHTS_TEXT_MAX];

    rights_identifier(work->entry, identifier);
    rights_render(work->entry->rights, text);
    if (work->entry->rights == 0)
        return db_exec(db, DROP_IN_ALL, DB_ARGS(id, db_text(identifier)), NULL, err) &&
               db_exec(db, DROP_AT_TOP, DB_ARGS(id, db_text(identifier)), NULL, err);
    return db_exec(db, PUT_IN_ALL, DB_ARGS(id, db_text(identifier), db_text(text)), NULL, err) &&
           db_exec(db, PUT_AT_TOP, DB_ARGS(id, db_text(identifier), db_text(text)), NULL, err);
}

static bool write_exception(struct db *db, void *arena, const struct all_work *work,
                            const struct rights_exception *but, struct err *err)
{
    const struct db_value id = db_i64(work->mailbox->id);
    char identifier[RIGHTS_IDENTIFIER_MAX], text[RIGHTS_TEXT_MAX];
    uint64_t affected = 0;
    struct db_row row;

    rights_identifier(work->entry, identifier);
    rights_render(but->rights, text);
    if (but->rights == 0) {
        if (!db_one_row(db, arena, DROP_BY_NAME, DB_ARGS(id, db_text(identifier), db_text(but->folder)), &row,
                        err))
            return false;
        affected = (uint64_t)db_get_i64(&row, 0);
    } else if (!db_exec(db, PUT_BY_NAME,
                        DB_ARGS(id, db_text(identifier), db_text(text), db_text(but->folder)), &affected,
                        err)) {
        return false;
    }
    return affected == 1 || rights_not_found(err);
}

static bool write_exceptions(struct db *db, void *arena, const struct all_work *work, struct err *err)
{
    for (size_t i = 0; i < work->but_count; i++)
        if (!write_exception(db, arena, work, &work->but[i], err))
            return false;
    return true;
}

static bool all_work(struct db *db, void *arg, struct err *err)
{
    struct all_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox };
    char identifier[RIGHTS_IDENTIFIER_MAX];
    struct db_row row;
    bool is_done;

    rights_identifier(work->entry, identifier);
    is_done = journal_lock(db, arena, &lock, err) &&
              db_one_row(db, arena, COUNT_ENTRIES, DB_ARGS(db_i64(work->mailbox->id), db_text(identifier)),
                         &row, err);
    if (is_done) {
        work->folders = db_get_i64(&row, 0);
        work->modseq = lock.at.modseq + 1;
        if (work->entry->rights && db_get_i64(&row, 1) >= RIGHTS_ENTRIES_MAX)
            is_done = too_many(err);
    }
    is_done = is_done && write_all(db, work, err) && write_exceptions(db, arena, work, err) &&
              db_pipeline_add(db, TOUCH_ALL,
                              DB_ARGS(db_i64(work->mailbox->id), db_i64((int64_t)work->modseq)), err) &&
              journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
              journal_finish(db, work->mailbox, err);
    talloc_free(arena);
    return is_done;
}

bool rights_change_all(struct mailbox *mailbox, const struct mailbox_reader *reader,
                       const struct rights_entry *entry, const struct rights_exception *but, size_t but_count,
                       int64_t *folders_out, struct err *err)
{
    struct all_work work = { .mailbox = mailbox, .entry = entry, .but = but, .but_count = but_count };

    if (!mailbox_is_owner(mailbox, reader))
        return rights_not_found(err);
    if (!journal_run(mailbox, all_work, &work, err))
        return false;
    *folders_out = work.folders;
    tell(mailbox, work.modseq);
    return true;
}

bool rights_mine(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                 unsigned *rights_out, struct err *err)
{
    const unsigned enough =
        RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT | RIGHT_CREATE | RIGHT_DELETE | RIGHT_ADMINISTER;
    void *arena = talloc_new(NULL);
    struct folder *folder;
    bool is_found = folder_find(mailbox, reader, folder_name, 0, arena, &folder, err);

    if (is_found) {
        *rights_out = folder->rights;
        is_found = (folder->rights & enough) || rights_not_found(err);
    }
    talloc_free(arena);
    return is_found;
}
