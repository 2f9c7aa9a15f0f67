/* items.c -- see items.h. */
#include "mailbox/items.h"

#include "db/statement.h"
#include "group/group.h"
#include "mailbox/uid_set.h"

#include <talloc.h>

static bool query(struct mailbox *mailbox, const void *owner, const char *sql, struct db_args args,
                  struct db_rows **rows_out, struct err *err)
{
    struct db *db;
    bool is_done = group_acquire(mailbox_group(mailbox), DB_INTERACTIVE, &db, err);

    if (is_done) {
        is_done = db_query(db, owner, sql, args, rows_out, err);
        db_release(&db);
    }
    return is_done;
}

static const char MODSEQ[] = "SELECT modseq FROM mailbox WHERE mailbox_id = $1 AND deleted_us IS NULL";

bool mailbox_modseq(struct mailbox *mailbox, uint64_t *modseq_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = query(mailbox, arena, MODSEQ, DB_ARGS(db_i64(mailbox_id(mailbox))), &rows, err);

    if (is_done && db_rows_at(rows, 0, &row))
        *modseq_out = (uint64_t)db_get_i64(&row, 0);
    else if (is_done)
        is_done = err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    talloc_free(arena);
    return is_done;
}

static const char DELIVERED[] =
    "SELECT coalesce(max(i.created_modseq), 0)"
    "  FROM folder f CROSS JOIN LATERAL (SELECT m.item_id, m.modseq FROM membership m"
    "                                     WHERE m.folder_id = f.folder_id ORDER BY m.uid DESC LIMIT $3) p"
    "  JOIN item i USING (item_id)"
    " WHERE f.mailbox_id = $1 AND f.modseq > $2 AND p.modseq > $2 AND i.created_modseq > $2"
    "   AND coalesce(f.special_use, '') NOT IN ('\\Drafts', '\\Sent')";

bool items_delivered(struct mailbox *mailbox, uint64_t since, uint64_t *modseq_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = query(mailbox, arena, DELIVERED,
                         DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64((int64_t)since), db_i64(DELIVERED_LOOK)),
                         &rows, err);

    *modseq_out = is_done && db_rows_at(rows, 0, &row) ? (uint64_t)db_get_i64(&row, 0) : 0;
    talloc_free(arena);
    return is_done;
}

#define PLACES(condition)                                                                                    \
    "SELECT i.item_id, i.thread_id, i.message_id, i.created_modseq, p.folder_id, p.uid, p.saved_us"          \
    "  FROM item i JOIN membership p USING (item_id)"                                                        \
    " WHERE i.mailbox_id = $1 AND " condition " ORDER BY i.item_id"

static const char FIND[] = PLACES("i.item_id = ANY($2)");
static const char OF_THREADS[] = PLACES("i.thread_id = ANY($2)");

static bool places(struct mailbox *mailbox, const void *owner, const char *sql, const int64_t *ids,
                   size_t count, struct item_place **places_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = query(mailbox, arena, sql, DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64_array(ids, count)),
                         &rows, err);

    if (is_done) {
        *count_out = db_rows_count(rows);
        *places_out = talloc_array(owner, struct item_place, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*places_out)[i] = (struct item_place){ .item_id = db_get_i64(&row, 0),
                                                    .thread_id = db_get_i64(&row, 1),
                                                    .message_id = db_get_i64(&row, 2),
                                                    .created_modseq = (uint64_t)db_get_i64(&row, 3),
                                                    .folder_id = db_get_i64(&row, 4),
                                                    .uid = db_get_u32(&row, 5),
                                                    .saved_us = db_get_i64(&row, 6) };
    }
    talloc_free(arena);
    return is_done;
}

bool items_find(struct mailbox *mailbox, const void *owner, const int64_t *item_ids, size_t count,
                struct item_place **places_out, size_t *count_out, struct err *err)
{
    return places(mailbox, owner, FIND, item_ids, count, places_out, count_out, err);
}

bool items_of_threads(struct mailbox *mailbox, const void *owner, const int64_t *thread_ids, size_t count,
                      struct item_place **places_out, size_t *count_out, struct err *err)
{
    return places(mailbox, owner, OF_THREADS, thread_ids, count, places_out, count_out, err);
}

static const char THREADS[] =
    "SELECT w.n, i.thread_id FROM unnest($2::bigint[]) WITH ORDINALITY AS w (item_id, n)"
    "  JOIN item i ON i.item_id = w.item_id WHERE i.mailbox_id = $1";

bool items_threads(struct mailbox *mailbox, const int64_t *item_ids, size_t count, int64_t *threads_out,
                   struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = query(mailbox, arena, THREADS,
                         DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64_array(item_ids, count)), &rows, err);

    if (is_done) {
        memset(threads_out, 0, count * sizeof *threads_out);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            threads_out[db_get_i64(&row, 0) - 1] = db_get_i64(&row, 1);
    }
    talloc_free(arena);
    return is_done;
}

/* ---- what went away */

/* By primary key of folder_change. */
static const char EXPUNGES[] = "SELECT folder_id, modseq, uids, is_purged FROM folder_change"
                               " WHERE folder_id = ANY($1) AND modseq > $2 AND kind = 2";
static const char ITEMS_OF_UIDS[] = "SELECT item_id FROM membership WHERE folder_id = $1 AND uid = ANY($2)";
static const char ITEMS_OF_FOLDER[] = "SELECT item_id FROM membership WHERE folder_id = $1";
/* Those that are gone with all their rows left a mark (schema 0005). */
static const char FOLDERS_GONE[] =
    "SELECT f.folder_id, f.created_modseq, f.modseq, m.forgotten_modseq > $2"
    "  FROM mailbox m LEFT JOIN folder f ON f.mailbox_id = m.mailbox_id AND f.deleted_us IS NOT NULL AND f.modseq > $2"
    " WHERE m.mailbox_id = $1";

struct gone_list {
    const void *owner;
    struct item_gone *items;
    size_t count;
};

static void add_rows(struct gone_list *list, const struct db_rows *rows, uint64_t modseq)
{
    struct db_row row;

    list->items = talloc_realloc(list->owner, list->items, struct item_gone,
                                 (unsigned)(list->count + db_rows_count(rows) + 1));
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        list->items[list->count++] = (struct item_gone){ db_get_i64(&row, 0), modseq };
}

static bool forgotten(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "What was changed since then is not known any more.");
}

static bool add_expunge(struct mailbox *mailbox, void *arena, const struct db_row *change,
                        struct gone_list *list, struct err *err)
{
    struct uid_set set = UID_SET_INIT(arena);
    struct uid_set_at at = UID_SET_START(&set);
    struct db_rows *rows;
    int64_t *uids;
    size_t count = 0;

    if (db_get_bool(change, 3))
        return forgotten(err);
    if (!uid_set_unpack(db_get_bytes(change, 2), &set))
        return err_set(err, ERR_INTERNAL, "The journal of a folder is damaged.");
    uids = talloc_array(arena, int64_t, (unsigned)uid_set_size(&set) + 1);
    for (uint32_t uid; uid_set_next(&at, &uid);)
        uids[count++] = uid;
    if (!query(mailbox, arena, ITEMS_OF_UIDS,
               DB_ARGS(db_i64(db_get_i64(change, 0)), db_i64_array(uids, count)), &rows, err))
        return false;
    add_rows(list, rows, (uint64_t)db_get_i64(change, 1));
    return true;
}

static bool add_deleted_folders(struct mailbox *mailbox, void *arena, uint64_t since, struct gone_list *list,
                                struct err *err)
{
    struct folder_gone *folders;
    struct db_rows *rows;
    size_t count;

    if (!folders_gone_since(mailbox, arena, since, &folders, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!query(mailbox, arena, ITEMS_OF_FOLDER, DB_ARGS(db_i64(folders[i].folder_id)), &rows, err))
            return false;
        add_rows(list, rows, folders[i].modseq);
    }
    return true;
}

bool items_gone_since(struct mailbox *mailbox, const void *owner, const int64_t *folder_ids, size_t count,
                      uint64_t since, struct item_gone **gone_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct gone_list list = { .owner = owner };
    struct db_rows *rows;
    struct db_row row;
    bool is_done = query(mailbox, arena, EXPUNGES,
                         DB_ARGS(db_i64_array(folder_ids, count), db_i64((int64_t)since)), &rows, err);

    for (size_t i = 0; is_done && db_rows_at(rows, i, &row); i++)
        is_done = add_expunge(mailbox, arena, &row, &list, err);
    is_done = is_done && add_deleted_folders(mailbox, arena, since, &list, err);
    *gone_out = list.items;
    *count_out = list.count;
    talloc_free(arena);
    return is_done;
}

bool folders_gone_since(struct mailbox *mailbox, const void *owner, uint64_t since,
                        struct folder_gone **gone_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = query(mailbox, arena, FOLDERS_GONE,
                         DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64((int64_t)since)), &rows, err);

    *count_out = 0;
    *gone_out = is_done ? talloc_array(owner, struct folder_gone, (unsigned)db_rows_count(rows) + 1) : NULL;
    for (size_t i = 0; is_done && db_rows_at(rows, i, &row); i++) {
        if (db_get_bool(&row, 3))
            is_done = forgotten(err);
        else if (!db_is_null(&row, 0))
            (*gone_out)[(*count_out)++] =
                (struct folder_gone){ db_get_i64(&row, 0), (uint64_t)db_get_i64(&row, 1),
                                      (uint64_t)db_get_i64(&row, 2) };
    }
    talloc_free(arena);
    return is_done;
}
