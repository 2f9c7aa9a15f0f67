/*
 * folder_list.c -- all folders in one query, and the owner's subscriptions.
 */
#include "format/folder_name.h"
#include "mailbox/cache.h"
#include "mailbox/folder_row.h"
#include "mailbox/journal.h"

#include <stdlib.h>
#include <talloc.h>

/* By indexes folder_name and the primary key of subscription. */
static const char LIST[] = "SELECT " FOLDER_COLUMNS(
    "u.name IS NOT NULL",
    "$2") ", u.name"
          "  FROM (SELECT f.* FROM folder f WHERE f.mailbox_id = $1 AND f.deleted_us IS NULL) AS f"
          "  FULL JOIN (SELECT u.name FROM subscription u WHERE u.mailbox_id = $1) AS u ON u.name = f.name";

static int compare_names(const char *a, const char *b)
{
    bool a_is_inbox = strcmp(a, FOLDER_INBOX) == 0, b_is_inbox = strcmp(b, FOLDER_INBOX) == 0;

    if (a_is_inbox != b_is_inbox)
        return a_is_inbox ? -1 : 1;
    return strcmp(a, b);
}

static int compare_folders(const void *a, const void *b)
{
    struct folder *const *left = a, *const *right = b;

    return compare_names((*left)->name, (*right)->name);
}

/* Marks the parent of each folder; names are sorted, so a binary search finds it. */
static void mark_parents(struct folder **folders, size_t count)
{
    void *arena = talloc_new(NULL);

    for (size_t i = 0; i < count; i++) {
        char *name = folders[i]->folder_id ? folder_name_parent(arena, folders[i]->name) : NULL;
        struct folder key = { .name = name }, *wanted = &key;
        struct folder **parent =
            name ? bsearch(&wanted, folders, count, sizeof(struct folder *), compare_folders) : NULL;

        if (parent)
            (*parent)->has_children = true;
    }
    talloc_free(arena);
}

/* *folder_out NULL: not for this reader. */
static bool list_row(const void *owner, struct rights_reading *reading, const struct db_row *row,
                     struct folder **folder_out, struct err *err)
{
    struct folder *folder;

    *folder_out = NULL;
    if (!db_is_null(row, 0)) {
        if (!folder_of_row(owner, reading, row, &folder, err))
            return false;
        *folder_out = folder->rights & RIGHT_LOOKUP ? folder : NULL;
        return true;
    }
    if (!reading->is_owner)
        return true;
    *folder_out = folder = talloc_zero(owner, struct folder);
    folder->name = db_copy_text(folder, row, FOLDER_COLUMN_COUNT);
    folder->is_subscribed = true;
    folder->rights = RIGHTS_ALL;
    return true;
}

bool folder_list(struct mailbox *mailbox, const struct mailbox_reader *reader, const void *owner,
                 struct folder ***folders_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_read = group_acquire(mailbox->group, DB_INTERACTIVE, &db, err);

    if (is_read) {
        is_read =
            db_query(db, arena, LIST,
                     DB_ARGS(db_i64(mailbox->id), db_bool(!mailbox_is_owner(mailbox, reader))), &rows, err);
        db_release(&db);
    }
    if (is_read) {
        struct folder **folders = talloc_array(owner, struct folder *, (unsigned)db_rows_count(rows) + 1);
        struct rights_reading reading = rights_reading(mailbox, reader, arena);
        size_t count = 0;

        for (size_t i = 0; is_read && db_rows_at(rows, i, &row); i++) {
            struct folder *folder;

            is_read = list_row(folders, &reading, &row, &folder, err);
            if (is_read && folder)
                folders[count++] = folder;
        }
        if (count)
            qsort(folders, count, sizeof *folders, compare_folders);
        mark_parents(folders, count);
        *folders_out = folders;
        *count_out = count;
    }
    talloc_free(arena);
    return is_read;
}

/* By index folder_name. */
static const char LIST_MANY[] =
    "SELECT " FOLDER_COLUMNS("false", "true") ", f.mailbox_id"
                                              "  FROM folder f"
                                              " WHERE f.mailbox_id = ANY ($1) AND f.deleted_us IS NULL"
                                              " ORDER BY f.mailbox_id";

/* What was found of one mailbox, from `first` on, as folder_list() gives it. */
static void arrange(struct folder_found *first, size_t count, void *arena)
{
    struct folder **folders = talloc_array(arena, struct folder *, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        folders[i] = first[i].folder;
    if (count)
        qsort(folders, count, sizeof *folders, compare_folders);
    mark_parents(folders, count);
    for (size_t i = 0; i < count; i++)
        first[i].folder = folders[i];
}

static void arrange_all(struct folder_found *found, size_t count, void *arena)
{
    size_t first = 0;

    for (size_t i = 1; i <= count; i++)
        if (i == count || found[i].mailbox_id != found[first].mailbox_id) {
            arrange(&found[first], i - first, arena);
            first = i;
        }
}

static bool read_many(const struct db_rows *rows, struct rights_reading *reading, struct folder_found *found,
                      size_t *count, struct err *err)
{
    struct folder *folder;
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        if (!folder_of_row(found, reading, &row, &folder, err))
            return false;
        if (folder->rights & RIGHT_LOOKUP)
            found[(*count)++] = (struct folder_found){ db_get_i64(&row, FOLDER_COLUMN_COUNT), folder };
    }
    return true;
}

bool folder_list_many(struct mailbox_cache *cache, struct group *group, const struct mailbox_reader *reader,
                      const int64_t *mailbox_ids, size_t count, const void *owner,
                      struct folder_found **found_out, size_t *found_count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct rights_reading reading = {
        .cache = cache, .organisation_id = reader->organisation_id, .reader = reader, .arena = arena
    };
    struct db_rows *rows;
    struct db *db;
    bool is_read = group_acquire(group, DB_INTERACTIVE, &db, err);

    *found_count_out = 0;
    if (is_read) {
        is_read = db_query(db, arena, LIST_MANY, DB_ARGS(db_i64_array(mailbox_ids, count)), &rows, err);
        db_release(&db);
    }
    if (is_read) {
        *found_out = talloc_array(owner, struct folder_found, (unsigned)db_rows_count(rows) + 1);
        is_read = read_many(rows, &reading, *found_out, found_count_out, err);
        arrange_all(*found_out, *found_count_out, arena);
    }
    talloc_free(arena);
    return is_read;
}

static const char SUBSCRIBE[] =
    "INSERT INTO subscription (mailbox_id, name)"
    " SELECT $1, $2 WHERE (SELECT count(*) FROM subscription WHERE mailbox_id = $1) < $3"
    " ON CONFLICT DO NOTHING";
static const char IS_SUBSCRIBED[] =
    "SELECT EXISTS (SELECT 1 FROM subscription WHERE mailbox_id = $1 AND name = $2)";
static const char UNSUBSCRIBE[] = "DELETE FROM subscription WHERE mailbox_id = $1 AND name = $2";
/* The folder of that name, where there is one, has another property now. */
static const char TOUCH[] = "UPDATE folder SET properties_modseq = $3"
                            " WHERE mailbox_id = $1 AND name = $2 AND deleted_us IS NULL";

struct subscription_work {
    struct mailbox *mailbox;
    const char *name;
    bool subscribes;
    uint64_t modseq;
};

static bool check_subscribed(struct db *db, const void *arena, const struct subscription_work *work,
                             struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, arena, IS_SUBSCRIBED, DB_ARGS(db_i64(work->mailbox->id), db_text(work->name)), &row,
                    err))
        return false;
    return db_get_bool(&row, 0) ||
           err_set(err, ERR_LIMIT, "There can be %d subscriptions.", SUBSCRIPTIONS_MAX);
}

static bool subscription_work(struct db *db, void *arg, struct err *err)
{
    struct subscription_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox };
    struct db_value id = db_i64(work->mailbox->id), name = db_text(work->name);
    uint64_t affected;
    bool is_done = journal_lock(db, arena, &lock, err) &&
                   (work->subscribes
                        ? db_exec(db, SUBSCRIBE, DB_ARGS(id, name, db_i64(SUBSCRIPTIONS_MAX)), &affected, err)
                        : db_exec(db, UNSUBSCRIBE, DB_ARGS(id, name), &affected, err));

    work->modseq = 0;
    if (is_done && affected == 0) {
        is_done = !work->subscribes || check_subscribed(db, arena, work, err);
    } else if (is_done) {
        work->modseq = lock.at.modseq + 1;
        is_done = db_pipeline_add(db, TOUCH, DB_ARGS(id, name, db_i64((int64_t)work->modseq)), err) &&
                  journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
                  journal_finish(db, work->mailbox, err);
    }
    talloc_free(arena);
    return is_done;
}

static bool change_subscription(struct subscription_work *work, struct err *err)
{
    if (!journal_run(work->mailbox, subscription_work, work, err))
        return false;
    if (work->modseq)
        cache_announce(work->mailbox, work->modseq);
    return true;
}

bool folder_subscribe(struct mailbox *mailbox, const char *name, struct err *err)
{
    return change_subscription(
        &(struct subscription_work){ .mailbox = mailbox, .name = name, .subscribes = true }, err);
}

bool folder_unsubscribe(struct mailbox *mailbox, const char *name, struct err *err)
{
    return change_subscription(&(struct subscription_work){ .mailbox = mailbox, .name = name }, err);
}
