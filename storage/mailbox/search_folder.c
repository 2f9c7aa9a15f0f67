/* search_folder.c -- see search_folder.h: the saved searches themselves. */
#include "db/statement.h"
#include "format/folder_name.h"
#include "mailbox/raise.h"
#include "mailbox/rights_of.h"
#include "mailbox/search_folder_work.h"

#include <talloc.h>

enum {
    OWNER_RIGHTS = RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_DELETE |
                   RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE
};

/* A folder from before has the name. */
#define HAS_TWIN                                                                                             \
    "EXISTS (SELECT 1 FROM folder f WHERE f.mailbox_id = s.mailbox_id AND f.deleted_us IS NULL"              \
    "            AND f.name = '" SEARCH_FOLDERS "/' || s.name)"
#define COLUMNS                                                                                              \
    "s.folder_id, s.name, s.filter, s.sort, s.created_modseq, s.properties_modseq, s.is_removed,"            \
    " EXISTS (SELECT 1 FROM subscription u WHERE u.mailbox_id = s.mailbox_id"                                \
    "            AND u.name = '" SEARCH_FOLDERS                                                              \
    "/' || s.name), s.uidvalidity, s.uidnext, s.modseq, " HAS_TWIN
static const char LIST[] = "SELECT " COLUMNS " FROM search_folder s WHERE s.mailbox_id = $1 ORDER BY s.name";
static const char LIST_PRESENT[] =
    "SELECT " COLUMNS " FROM search_folder s WHERE s.mailbox_id = $1 AND NOT s.is_removed"
    "   AND ($2::text IS NULL OR $2 = s.name || CASE WHEN " HAS_TWIN " THEN '" SEARCH_FOLDER_BESIDE
    "' ELSE '' END)"
    "   AND ($3 = 0 OR s.folder_id = $3) ORDER BY s.name";

static bool query(struct mailbox *mailbox, const void *owner, const char *sql, struct db_args args,
                  struct db_rows **rows_out, struct err *err)
{
    struct db *db;
    bool is_done = group_acquire(mailbox->group, DB_INTERACTIVE, &db, err);

    if (is_done) {
        is_done = db_query(db, owner, sql, args, rows_out, err);
        db_release(&db);
    }
    return is_done;
}

bool search_folders_list(struct mailbox *mailbox, const void *owner, struct search_folder **folders_out,
                         size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_read = query(mailbox, arena, LIST, DB_ARGS(db_i64(mailbox->id)), &rows, err);

    if (is_read) {
        *count_out = db_rows_count(rows);
        *folders_out = talloc_array(owner, struct search_folder, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*folders_out)[i] = (struct search_folder){ .folder_id = db_get_i64(&row, 0),
                                                        .name = db_copy_text(*folders_out, &row, 1),
                                                        .filter = db_copy_text(*folders_out, &row, 2),
                                                        .sort = db_copy_text(*folders_out, &row, 3),
                                                        .created_modseq = (uint64_t)db_get_i64(&row, 4),
                                                        .properties_modseq = (uint64_t)db_get_i64(&row, 5),
                                                        .is_removed = db_get_bool(&row, 6),
                                                        .is_subscribed = db_get_bool(&row, 7) };
    }
    talloc_free(arena);
    return is_read;
}

/* ---- as folders */

bool search_folder_keeps_name(const char *name)
{
    return strcmp(name, SEARCH_FOLDERS) == 0 || folder_name_is_below(name, SEARCH_FOLDERS);
}

bool search_folder_is(struct mailbox *mailbox, int64_t folder_id)
{
    const struct folder_entry *entry;
    bool is_search;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &folder_id);
    is_search = entry && entry->is_search;
    pthread_mutex_unlock(&mailbox->cache->lock);
    return is_search;
}

/* From now on this mailbox knows the number. */
static void note(struct mailbox *mailbox, int64_t folder_id)
{
    pthread_mutex_lock(&mailbox->cache->lock);
    cache_entry(mailbox, folder_id)->is_search = true;
    pthread_mutex_unlock(&mailbox->cache->lock);
}

void folder_public_id(struct mailbox *mailbox, int64_t folder_id, char text_out[GROUP_PUBLIC_ID_SIZE])
{
    group_public_id(mailbox->group, search_folder_is(mailbox, folder_id) ? GROUP_ID_SEARCH : GROUP_ID_FOLDER,
                    folder_id, text_out);
}

static struct folder *folder_of(const void *owner, struct mailbox *mailbox, const struct db_row *row)
{
    struct folder *folder = talloc_zero(owner, struct folder);
    struct span name = db_get_text(row, 1);

    folder->folder_id = db_get_i64(row, 0);
    folder->is_search = true;
    note(mailbox, folder->folder_id);
    folder->name = talloc_asprintf(folder, "%s/%.*s%s", SEARCH_FOLDERS, (int)span_length(name), name.p,
                                   db_get_bool(row, 11) ? SEARCH_FOLDER_BESIDE : "");
    folder->created_modseq = (uint64_t)db_get_i64(row, 4);
    folder->properties_modseq = (uint64_t)db_get_i64(row, 5);
    folder->is_subscribed = db_get_bool(row, 7);
    folder->uidvalidity = db_get_u32(row, 8);
    folder->uidnext = folder->recent_uid = db_get_u32(row, 9);
    folder->modseq = (uint64_t)db_get_i64(row, 10);
    return folder;
}

static bool list_present(struct mailbox *mailbox, const char *name, int64_t folder_id, const void *owner,
                         struct folder ***folders_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_read = query(mailbox, arena, LIST_PRESENT,
                         DB_ARGS(db_i64(mailbox->id), db_text(name), db_i64(folder_id)), &rows, err);

    if (is_read) {
        *count_out = db_rows_count(rows);
        *folders_out = talloc_array(owner, struct folder *, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*folders_out)[i] = folder_of(*folders_out, mailbox, &row);
    }
    talloc_free(arena);
    return is_read;
}

static const char READ_RIGHTS[] =
    "SELECT " RIGHTS_COLUMN("true") " FROM folder f WHERE f.mailbox_id = $1 AND f.deleted_us IS NULL";

static bool may_see(unsigned rights)
{
    return (rights & RIGHT_LOOKUP) && (rights & RIGHT_READ);
}

bool search_folder_rights(struct mailbox *mailbox, const struct mailbox_reader *reader, unsigned *rights_out,
                          struct err *err)
{
    void *arena;
    struct rights_reading reading;
    struct db_rows *rows;
    struct db_row row;
    bool is_read;

    *rights_out = OWNER_RIGHTS;
    if (mailbox_is_owner(mailbox, reader))
        return true;
    arena = talloc_new(NULL);
    reading = rights_reading(mailbox, reader, arena);
    is_read = query(mailbox, arena, READ_RIGHTS, DB_ARGS(db_i64(mailbox->id)), &rows, err);
    for (size_t i = 0; is_read && db_rows_at(rows, i, &row); i++) {
        size_t count;
        unsigned rights;
        struct span *entries = db_get_span_array(arena, &row, 0, &count);
        is_read = rights_of(&reading, entries, count, &rights, err);
        *rights_out &= rights;
    }
    if (!may_see(*rights_out))
        *rights_out = 0;
    talloc_free(arena);
    return is_read;
}

/* Those that the reader may see, with his rights. */
static bool list_seen(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                      int64_t folder_id, const void *owner, struct folder ***folders_out, size_t *count_out,
                      struct err *err)
{
    unsigned rights;

    if (!list_present(mailbox, name, folder_id, owner, folders_out, count_out, err))
        return false;
    if (*count_out == 0) /* as in most mailboxes */
        return true;
    if (!search_folder_rights(mailbox, reader, &rights, err))
        return false;
    if (rights == 0 || !mailbox->cache->finder)
        *count_out = 0;
    for (size_t i = 0; i < *count_out; i++)
        (*folders_out)[i]->rights = rights;
    return true;
}

bool search_folders_as_folders(struct mailbox *mailbox, const struct mailbox_reader *reader,
                               const void *owner, struct folder ***folders_out, size_t *count_out,
                               struct err *err)
{
    return list_seen(mailbox, reader, NULL, 0, owner, folders_out, count_out, err);
}

bool search_folder_find(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                        int64_t folder_id, unsigned rights, const void *owner, struct folder **folder_out,
                        struct err *err)
{
    struct folder **found;
    size_t count;

    *folder_out = NULL;
    if (name && !folder_name_is_below(name, SEARCH_FOLDERS))
        return rights_not_found(err);
    if (!list_seen(mailbox, reader, name ? name + sizeof SEARCH_FOLDERS : NULL, folder_id, owner, &found,
                   &count, err))
        return false;
    if (count != 1)
        return rights_not_found(err);
    *folder_out = found[0];
    if (rights & (RIGHT_INSERT | RIGHT_CREATE | RIGHT_ADMINISTER))
        return err_set(err, ERR_INVALID, "Nothing can be put into a search folder.");
    return rights_allow(found[0]->rights, rights, err);
}

bool search_folder_count(struct mailbox *mailbox, struct folder *folder, struct err *err)
{
    struct view *view;

    if (!folder->is_search)
        return true;
    if (!view_latest(mailbox, folder->folder_id, VIEW_TRUST_WAKE, &view, err))
        return false;
    folder->uidnext = folder->recent_uid = view_uidnext(view);
    folder->modseq = view_modseq(view);
    folder->messages = view_count(view);
    folder->unseen = view_unseen(view);
    folder->deleted = view_deleted(view);
    folder->bytes = (int64_t)view_bytes(view);
    view_release(&view);
    return true;
}

/* ---- changes */

struct putting {
    const struct search_folder *folder;
    const char *name; /* canonical */
    int64_t folder_id;
};

/* $3: the one that gets the name, which it may have already. */
static const char COUNT[] =
    "SELECT count(*), count(*) FILTER (WHERE name = $2)"
    "     + (SELECT count(*) FROM folder WHERE mailbox_id = $1 AND name = '" SEARCH_FOLDERS "/' || $2::text"
    "           AND deleted_us IS NULL"
    "           AND NOT EXISTS (SELECT 1 FROM search_folder WHERE folder_id = $3 AND name = $2))"
    "  FROM search_folder WHERE mailbox_id = $1 AND NOT is_removed AND folder_id <> $3";
static const char TAKE_UIDVALIDITY[] = "UPDATE mailbox SET next_uidvalidity = next_uidvalidity + 1"
                                       " WHERE mailbox_id = $1 RETURNING next_uidvalidity - 1";
static const char ADD[] =
    "INSERT INTO search_folder (folder_id, mailbox_id, name, filter, sort, uidvalidity, modseq, created_modseq,"
    "                           properties_modseq) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)";
static const char SUBSCRIBE[] =
    "INSERT INTO subscription (mailbox_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
static const char RENAME_SUBSCRIPTION[] =
    "UPDATE subscription u SET name = '" SEARCH_FOLDERS "/' || $3::text FROM search_folder s"
    " WHERE s.folder_id = $2 AND u.mailbox_id = $1 AND u.name = '" SEARCH_FOLDERS
    "/' || s.name AND s.name <> $3"
    "   AND NOT EXISTS (SELECT 1 FROM subscription o WHERE o.mailbox_id = $1"
    "                      AND o.name = '" SEARCH_FOLDERS "/' || $3::text)";
static const char CHANGE[] = "UPDATE search_folder SET name = $3, filter = coalesce($4, filter),"
                             "       sort = coalesce($5, sort), properties_modseq = $6"
                             " WHERE folder_id = $1 AND mailbox_id = $2 AND NOT is_removed";

static bool add(struct db *db, struct mailbox *mailbox, uint64_t modseq, struct putting *putting,
                const void *arena, struct err *err)
{
    struct db_value id = db_i64(mailbox->id);
    struct db_row row;
    int64_t uidvalidity;

    if (!db_one_row(db, arena, TAKE_UIDVALIDITY, DB_ARGS(id), &row, err))
        return false;
    uidvalidity = db_get_i64(&row, 0);
    if (uidvalidity > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "The mailbox has used up its numbers for folders.");
    putting->folder_id = -(mailbox->id << 32 | uidvalidity);
    return db_exec(db, ADD,
                   DB_ARGS(db_i64(putting->folder_id), id, db_text(putting->name),
                           db_text(putting->folder->filter), db_text(putting->folder->sort),
                           db_i64(uidvalidity), db_i64((int64_t)modseq)),
                   NULL, err) &&
           db_exec(db, SUBSCRIBE,
                   DB_ARGS(id, db_text(talloc_asprintf(arena, "%s/%s", SEARCH_FOLDERS, putting->name))), NULL,
                   err);
}

static bool change(struct db *db, struct mailbox *mailbox, uint64_t modseq, const struct putting *putting,
                   struct err *err)
{
    struct db_value id = db_i64(mailbox->id), folder = db_i64(putting->folder_id);
    uint64_t affected;

    return db_exec(db, RENAME_SUBSCRIPTION, DB_ARGS(id, folder, db_text(putting->name)), NULL, err) &&
           db_exec(db, CHANGE,
                   DB_ARGS(folder, id, db_text(putting->name), db_text(putting->folder->filter),
                           db_text(putting->folder->sort), db_i64((int64_t)modseq)),
                   &affected, err) &&
           (affected == 1 || rights_not_found(err));
}

static bool put_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err)
{
    struct putting *putting = arg;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_done = db_one_row(
        db, arena, COUNT,
        DB_ARGS(db_i64(mailbox->id), db_text(putting->name), db_i64(putting->folder->folder_id)), &row, err);

    putting->folder_id = putting->folder->folder_id;
    if (is_done && db_get_i64(&row, 1) > 0)
        is_done = err_set(err, ERR_EXISTS, "There is a folder of this name.");
    if (is_done && db_get_i64(&row, 0) >= SEARCH_FOLDERS_MAX)
        is_done = err_set(err, ERR_LIMIT, "There can be %d search folders.", SEARCH_FOLDERS_MAX);
    is_done = is_done && (putting->folder_id ? change(db, mailbox, modseq, putting, err)
                                             : add(db, mailbox, modseq, putting, arena, err));
    talloc_free(arena);
    return is_done;
}

/* One level, as folders are named. */
static bool take_name(const void *owner, const char *name, const char **name_out, struct err *err)
{
    char *canonical;

    if (strlen(name) > SEARCH_FOLDER_NAME_MAX)
        return err_set(err, ERR_LIMIT, "The name of a search folder has at most %d bytes.",
                       SEARCH_FOLDER_NAME_MAX);
    if (strchr(name, FOLDER_SEPARATOR))
        return err_set(err, ERR_INVALID, "The name of a search folder has no slash.");
    if (!folder_name_of_utf8(owner, span_text(talloc_asprintf(owner, "%s/%s", SEARCH_FOLDERS, name)),
                             &canonical, err))
        return false;
    if (!folder_name_is_below(canonical, SEARCH_FOLDERS))
        return err_set(err, ERR_INVALID, "A search folder needs a name.");
    *name_out = canonical + sizeof SEARCH_FOLDERS;
    return true;
}

bool search_folder_put(struct mailbox *mailbox, const struct search_folder *folder, int64_t *folder_id_out,
                       struct err *err)
{
    void *arena = talloc_new(NULL);
    struct putting putting = { .folder = folder };
    bool is_done = take_name(arena, folder->name, &putting.name, err);

    if (is_done && ((folder->filter && strlen(folder->filter) > SEARCH_FOLDER_FILTER_MAX) ||
                    (folder->sort && strlen(folder->sort) > SEARCH_FOLDER_SORT_MAX)))
        is_done = err_set(err, ERR_LIMIT, "The search has more than %d bytes.", SEARCH_FOLDER_FILTER_MAX);
    is_done = is_done && mailbox_raise(mailbox, put_work, &putting, err);
    *folder_id_out = putting.folder_id;
    talloc_free(arena);
    return is_done;
}

bool search_folder_rename(struct mailbox *mailbox, const struct folder *folder, const char *to,
                          struct err *err)
{
    struct search_folder renamed = { .folder_id = folder->folder_id };
    int64_t ignored;

    if (!folder_name_is_below(to, SEARCH_FOLDERS))
        return err_set(err, ERR_INVALID, "A search folder stays among the search folders.");
    renamed.name = to + sizeof SEARCH_FOLDERS;
    return search_folder_put(mailbox, &renamed, &ignored, err);
}

static const char UNSUBSCRIBE[] =
    "DELETE FROM subscription u USING search_folder s WHERE s.folder_id = $2 AND s.mailbox_id = $1"
    "    AND u.mailbox_id = $1 AND u.name = '" SEARCH_FOLDERS "/' || s.name";
static const char REMOVE[] =
    "UPDATE search_folder SET is_removed = true, filter = '', sort = '', modseq = $3,"
    "       properties_modseq = $3"
    " WHERE mailbox_id = $1 AND folder_id = $2 AND NOT is_removed";
static const char FORGET_SHOWN[] = "DELETE FROM search_shown WHERE folder_id = $1";
static const char FORGET_REMOVED[] =
    "DELETE FROM search_folder WHERE folder_id IN (SELECT folder_id FROM search_folder"
    " WHERE mailbox_id = $1 AND is_removed ORDER BY properties_modseq DESC OFFSET $2)";

static bool remove_work(struct db *db, struct mailbox *mailbox, uint64_t modseq, void *arg, struct err *err)
{
    struct db_value id = db_i64(mailbox->id), folder = db_i64(*(const int64_t *)arg);
    uint64_t affected;

    return db_exec(db, UNSUBSCRIBE, DB_ARGS(id, folder), NULL, err) &&
           db_exec(db, REMOVE, DB_ARGS(id, folder, db_i64((int64_t)modseq)), &affected, err) &&
           (affected == 1 || rights_not_found(err)) &&
           db_exec(db, FORGET_SHOWN, DB_ARGS(folder), NULL, err) &&
           db_exec(db, FORGET_REMOVED, DB_ARGS(id, db_i64(SEARCH_FOLDERS_REMOVED_MAX)), NULL, err);
}

bool search_folder_remove(struct mailbox *mailbox, int64_t folder_id, struct err *err)
{
    bool is_done = mailbox_raise(mailbox, remove_work, &folder_id, err);

    cache_distrust(mailbox, folder_id);
    return is_done;
}

void search_folder_use(struct mailbox_cache *cache, search_folder_finder *finder, void *arg)
{
    cache->finder = finder;
    cache->finder_arg = arg;
}
