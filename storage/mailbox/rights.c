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
        err_set(err, ERR_LIMIT, "A folder can be shared with %d at most.", RIGHTS_ENTRIES_MAX);
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
    if (is_done) {
        cache_announce(mailbox, work.modseq);
        wake_publish(mailbox->cache->bus, RIGHTS_WAKE_GROUP, rights_wake_id(mailbox->organisation_id), 0);
    }
    talloc_free(arena);
    return is_done;
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

/* 'l' for us or for all, not taken away again; over all shared folders of the group, of which there are few. */
static const char SHARED_MAILBOXES[] =
    "SELECT DISTINCT f.mailbox_id"
    "  FROM folder_right r JOIN folder f USING (folder_id) JOIN mailbox m USING (mailbox_id)"
    " WHERE r.identifier IN ('anyone', 'authenticated', 'r:' || $1::text) AND r.rights LIKE '%l%'"
    "   AND f.deleted_us IS NULL AND m.deleted_us IS NULL AND m.organisation_id = $2 AND m.mailbox_id <> $3"
    "   AND NOT EXISTS (SELECT 1 FROM folder_right n WHERE n.folder_id = f.folder_id AND n.rights LIKE '%l%'"
    "                      AND n.identifier IN ('-anyone', '-authenticated', '-r:' || $1::text))"
    " ORDER BY f.mailbox_id";

bool rights_shared_mailboxes(struct group *group, const struct mailbox_reader *reader, const void *owner,
                             int64_t **mailbox_ids_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_read;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = db_query(db, owner, SHARED_MAILBOXES,
                       DB_ARGS(db_text(talloc_asprintf(owner, "%lld", (long long)reader->recipient_id)),
                               db_i64(reader->organisation_id), db_i64(reader->mailbox_id)),
                       &rows, err);
    db_release(&db);
    if (!is_read)
        return false;
    *count_out = db_rows_count(rows);
    *mailbox_ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*mailbox_ids_out)[i] = db_get_i64(&row, 0);
    return true;
}
