/*
 * folder_create.c -- a folder with the parents it lacks, in one transaction under the mailbox's lock.
 */
#include "format/folder_name.h"
#include "mailbox/folder_make.h"
#include "mailbox/search_folder.h"

#include <talloc.h>

/* By index folder_name. */
static const char FIND_NAMES[] = "SELECT f.name, f.folder_id, " RIGHTS_COLUMN(
    "$3") " FROM folder f"
          " WHERE f.mailbox_id = $1 AND f.name = ANY ($2) AND f.deleted_us IS NULL ORDER BY length(f.name)";
static const char COUNT_FOLDERS[] =
    "SELECT count(*) FROM folder WHERE mailbox_id = $1 AND deleted_us IS NULL";

/* Ancestors of `name` and itself, the top first. */
static size_t path_of(const void *owner, const char *name, struct span *levels)
{
    size_t count = 0;
    char *parent = folder_name_parent(owner, name);

    if (parent)
        count = path_of(owner, parent, levels);
    levels[count] = span_text(name);
    return count + 1;
}

/* The reader may create below the nearest folder that exists; at the top, who may in the whole mailbox. */
static bool may_create(const struct folder_path *path, const struct mailbox *mailbox,
                       const struct mailbox_reader *reader, struct err *err)
{
    if (mailbox_is_owner(mailbox, reader))
        return true;
    return rights_allow(path->parent_rights, RIGHT_CREATE, err);
}

bool folder_path_read(struct db *db, const void *owner, struct mailbox *mailbox,
                      const struct mailbox_reader *reader, const char *name, struct folder_path *path_out,
                      struct err *err)
{
    struct db_rows *rows;
    struct db_row row, total;

    *path_out = (struct folder_path){ .count = path_of(owner, name, path_out->levels) };
    path_out->count = path_of(owner, name, path_out->levels);
    if (!db_query(db, owner, FIND_NAMES,
                  DB_ARGS(db_i64(mailbox->id), db_text_array(path_out->levels, path_out->count),
                          db_bool(!mailbox_is_owner(mailbox, reader))),
                  &rows, err) ||
        !db_one_row(db, owner, COUNT_FOLDERS, DB_ARGS(db_i64(mailbox->id)), &total, err))
        return false;
    path_out->existing = db_rows_count(rows);
    path_out->folders = db_get_i64(&total, 0);
    if (path_out->existing == 0)
        return rights_read_top(db, owner, mailbox, reader, &path_out->parent_rights, err);
    if (db_rows_at(rows, path_out->existing - 1, &row)) {
        struct rights_reading reading = rights_reading(mailbox, reader, owner);
        size_t count;
        struct span *entries = db_get_span_array(owner, &row, 2, &count);

        path_out->nearest_id = db_get_i64(&row, 1);
        return rights_of(&reading, entries, count, &path_out->parent_rights, err);
    }
    return true;
}

bool folder_path_check(const struct folder_path *path, const struct mailbox *mailbox,
                       const struct mailbox_reader *reader, struct err *err)
{
    if (!may_create(path, mailbox, reader, err))
        return false;
    if (path->existing == path->count)
        return err_set(err, ERR_EXISTS, "There is a folder of this name already.");
    if (path->folders + (int64_t)(path->count - path->existing) > FOLDERS_MAX)
        return err_set(err, ERR_LIMIT, "A mailbox can have %d folders.", FOLDERS_MAX);
    return true;
}

/* $2: names from the top down, $3: first UIDVALIDITY. */
static const char INSERT_FOLDERS[] =
    "INSERT INTO folder (mailbox_id, name, uidvalidity, modseq, created_modseq, properties_modseq, special_use)"
    " SELECT $1, t.name, $3 + t.n - 1, $4, $4, $4, CASE WHEN t.n = $6 THEN $5::text END"
    "   FROM unnest($2::text[]) WITH ORDINALITY AS t (name, n)";
/* New folders are shared as their nearest parent is; at the top, as the whole mailbox. */
static const char INHERIT_TOP[] =
    "INSERT INTO folder_right (folder_id, identifier, rights)"
    " SELECT f.folder_id, r.identifier, r.rights FROM folder f JOIN mailbox_right r USING (mailbox_id)"
    "  WHERE f.mailbox_id = $1 AND f.name = ANY ($2) AND f.deleted_us IS NULL";
static const char INHERIT_RIGHTS[] =
    "INSERT INTO folder_right (folder_id, identifier, rights)"
    " SELECT f.folder_id, r.identifier, r.rights FROM folder f, folder_right r"
    "  WHERE f.mailbox_id = $1 AND f.name = ANY ($2) AND f.deleted_us IS NULL AND r.folder_id = $3";
static const char TAKE_UIDVALIDITY[] = "UPDATE mailbox SET next_uidvalidity = next_uidvalidity + $2"
                                       " WHERE mailbox_id = $1";

bool folder_path_make(struct db *db, struct mailbox *mailbox, const struct locked_mailbox *at,
                      const struct folder_path *path, size_t count, const char *special_use, struct err *err)
{
    const struct span *names = path->levels + path->existing;
    size_t missing = count - path->existing;
    struct db_value id = db_i64(mailbox->id);

    if (at->next_uidvalidity + (int64_t)missing > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "The mailbox cannot have further folders.");
    return db_pipeline_add(db, INSERT_FOLDERS,
                           DB_ARGS(id, db_text_array(names, missing), db_i64(at->next_uidvalidity),
                                   db_i64((int64_t)at->modseq + 1), db_text(special_use),
                                   db_i64((int64_t)missing)),
                           err) &&
           (path->nearest_id
                ? db_pipeline_add(db, INHERIT_RIGHTS,
                                  DB_ARGS(id, db_text_array(names, missing), db_i64(path->nearest_id)), err)
                : db_pipeline_add(db, INHERIT_TOP, DB_ARGS(id, db_text_array(names, missing)), err)) &&
           db_pipeline_add(db, TAKE_UIDVALIDITY, DB_ARGS(id, db_i64((int64_t)missing)), err);
}

struct create_work {
    struct mailbox *mailbox;
    const struct mailbox_reader *reader;
    const char *name, *special_use;
    uint64_t modseq;
};

static bool create_work(struct db *db, void *arg, struct err *err)
{
    struct create_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox };
    struct folder_path path;
    bool is_done = journal_lock(db, arena, &lock, err) &&
                   folder_path_read(db, arena, work->mailbox, work->reader, work->name, &path, err) &&
                   folder_path_check(&path, work->mailbox, work->reader, err);

    work->modseq = lock.at.modseq + 1;
    is_done = is_done &&
              folder_path_make(db, work->mailbox, &lock.at, &path, path.count, work->special_use, err) &&
              journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
              journal_finish(db, work->mailbox, err);
    talloc_free(arena);
    return is_done;
}

/* A use that is taken shows itself as a violated index; a name cannot, because it was looked for under the lock. */
bool folder_explain_use(struct err *err)
{
    if (err->kind == ERR_EXISTS && strcmp(err->user, "There is a folder of this name already.") != 0)
        err_set(err, ERR_EXISTS, "Another folder has this special use already.");
    return false;
}

bool folder_name_is_free(const char *name, struct err *err)
{
    return !search_folder_keeps_name(name) ||
           err_set(err, ERR_INVALID,
                   "Below \"" SEARCH_FOLDERS "\" there are only searches, which are made in the webmail.");
}

bool folder_name_check(const char *name, struct err *err)
{
    void *arena = talloc_new(NULL);
    char *canonical;
    bool is_good = folder_name_of_utf8(arena, span_text(name), &canonical, err);

    if (is_good && strcmp(canonical, name) != 0)
        is_good = err_set(err, ERR_INVALID, "This is not a valid name for a folder.");
    talloc_free(arena);
    return is_good;
}

static bool check_use(const char *special_use, struct err *err)
{
    if (special_use && !folder_special_use(span_text(special_use)))
        return err_set(err, ERR_INVALID, "This special use is not known here.");
    return true;
}

bool folder_create(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                   const char *special_use, const void *owner, struct folder **folder_out, struct err *err)
{
    struct create_work work = { .mailbox = mailbox,
                                .reader = reader,
                                .name = name,
                                .special_use =
                                    special_use ? folder_special_use(span_text(special_use)) : NULL };

    if (!folder_name_check(name, err) || !folder_name_is_free(name, err) || !check_use(special_use, err))
        return false;
    if (!journal_run(mailbox, create_work, &work, err))
        return folder_explain_use(err);
    cache_announce(mailbox, work.modseq);
    return folder_find(mailbox, reader, name, 0, owner, folder_out, err);
}

static const char SET_USE[] =
    "UPDATE folder SET special_use = $2, properties_modseq = $3 WHERE folder_id = $1";

struct use_work {
    struct mailbox *mailbox;
    int64_t folder_id;
    const char *special_use;
    uint64_t modseq;
};

static bool use_work(struct db *db, void *arg, struct err *err)
{
    struct use_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox, .folder_ids = { work->folder_id } };
    bool is_done = journal_lock(db, arena, &lock, err);

    work->modseq = lock.at.modseq + 1;
    is_done = is_done &&
              db_pipeline_add(
                  db, SET_USE,
                  DB_ARGS(db_i64(work->folder_id), db_text(work->special_use), db_i64((int64_t)work->modseq)),
                  err) &&
              journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
              journal_finish(db, work->mailbox, err);
    talloc_free(arena);
    return is_done;
}

bool folder_set_special_use(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                            const char *special_use, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct use_work work = { .mailbox = mailbox,
                             .special_use = special_use ? folder_special_use(span_text(special_use)) : NULL };
    struct folder *folder;
    bool is_done = check_use(special_use, err) &&
                   folder_find(mailbox, reader, name, RIGHT_CREATE | RIGHT_DELETE, arena, &folder, err);

    if (is_done) {
        work.folder_id = folder->folder_id;
        is_done = journal_run(mailbox, use_work, &work, err) || folder_explain_use(err);
    }
    if (is_done)
        cache_announce(mailbox, work.modseq);
    talloc_free(arena);
    return is_done;
}
