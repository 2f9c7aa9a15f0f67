/* fold.c -- reads what was committed, works on it without any lock, and writes only if it is still all there. */
#include "mailbox/fold.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "db/transaction.h"
#include "group/store.h"
#include "mailbox/folded.h"
#include "mailbox/journal.h"
#include "mailbox/purge.h"
#include "mailbox/view_build.h"

#include <glib.h>
#include <inttypes.h>
#include <talloc.h>

enum { FOLDERS_A_TURN = 20 };
static const int64_t TURN_US = 3 * US_PER_S;

struct fold {
    void *arena;
    int64_t mailbox_id, folder_id, modseq; /* modseq: rows up to it are folded */
    uint64_t flag_rows, rows;              /* rows: with those folded before */
    struct view *view;                     /* the touched messages at `modseq`, expunged ones too */
    bool was_overtaken;
};

/* By primary key. A modseq is folded whole, so a step may take a few more rows than it wants. */
static const char READ_END[] =
    "SELECT coalesce(max(modseq), 0), count(*)"
    "  FROM (SELECT modseq FROM folder_change WHERE folder_id = $1 AND kind = 1 ORDER BY modseq LIMIT $2) AS oldest";
static const char READ_ROWS[] =
    "SELECT modseq, kind, clear_bits, set_bits, uids FROM folder_change"
    " WHERE folder_id = $1 AND modseq <= $2 AND kind IN (1, 3) ORDER BY modseq, part";
static const char READ_MESSAGES[] = "SELECT uid, flags, modseq FROM membership"
                                    " WHERE folder_id = $1 AND uid = ANY($2) ORDER BY uid";

static bool damaged(const struct fold *fold, struct err *err)
{
    err_log(err, "folder %" PRId64 ": a row of its journal cannot be read", fold->folder_id);
    return err_set(err, ERR_INTERNAL, "The folder is damaged.");
}

/* The runs of one row; NULL, not even an empty array, where they cannot be read. */
static struct uid_run *runs_of_row(const void *owner, const struct db_row *row, size_t *count_out)
{
    struct uid_set uids = UID_SET_INIT(owner);
    struct folded folded;
    struct uid_run *runs;

    if (db_get_i32(row, 1) == JOURNAL_FLAGS) {
        if (!uid_set_unpack(db_get_bytes(row, 4), &uids))
            return NULL;
        *count_out = uids.count;
        return uids.runs ? uids.runs : talloc_array(owner, struct uid_run, 0);
    }
    if (!folded_unpack(owner, db_get_bytes(row, 4), &folded))
        return NULL;
    runs = talloc_array(owner, struct uid_run, folded.count);
    for (uint32_t i = 0; i < folded.count; i++)
        runs[i] = (struct uid_run){ folded.uids[i], folded.uids[i] };
    *count_out = folded.count;
    return runs;
}

static int compare_runs(const void *a, const void *b)
{
    const struct uid_run *left = a, *right = b;

    return left->first < right->first ? -1 : left->first > right->first;
}

/* All runs are put in order once: adding them to the set as they come would move it for every row. */
static bool collect_uids(struct fold *fold, const struct db_rows *rows, struct uid_set *touched,
                         struct err *err)
{
    GArray *all = g_array_new(false, false, sizeof(struct uid_run));
    bool is_good = true;
    struct db_row row;

    for (size_t i = 0; is_good && db_rows_at(rows, i, &row); i++) {
        void *arena = talloc_new(fold->arena);
        size_t count = 0;
        struct uid_run *runs = runs_of_row(arena, &row, &count);

        is_good = runs != NULL;
        if (is_good)
            g_array_append_vals(all, runs, (guint)count);
        talloc_free(arena);
        fold->flag_rows += db_get_i32(&row, 1) == JOURNAL_FLAGS;
        fold->rows++;
    }
    g_array_sort(all, compare_runs);
    for (guint i = 0; i < all->len; i++) {
        struct uid_run run = g_array_index(all, struct uid_run, i);
        uid_set_add(touched, run.first, run.last);
    }
    g_array_free(all, true);
    return is_good || damaged(fold, err);
}

/* The touched messages that still have a row, as they came. */
static bool begin_view(struct db *db, struct fold *fold, const struct uid_set *touched,
                       struct view_builder *builder, struct err *err)
{
    int64_t *uids = talloc_array(fold->arena, int64_t, (unsigned)uid_set_size(touched) + 1);
    struct uid_set_at at = UID_SET_START(touched);
    struct db_rows *rows;
    struct db_row row;
    size_t count = 0;

    for (uint32_t uid; uid_set_next(&at, &uid);)
        uids[count++] = uid;
    if (!db_query(db, fold->arena, READ_MESSAGES, DB_ARGS(db_i64(fold->folder_id), db_i64_array(uids, count)),
                  &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (void)view_builder_append(builder, &(struct view_message){ .uid = db_get_u32(&row, 0),
                                                                   .flags = (uint64_t)db_get_i64(&row, 1),
                                                                   .modseq = (uint64_t)db_get_i64(&row, 2) });
    talloc_free(uids);
    return true;
}

static bool apply_row(struct fold *fold, const struct db_row *row, struct view_builder *builder,
                      struct err *err)
{
    void *arena = talloc_new(fold->arena);
    struct uid_set uids = UID_SET_INIT(arena);
    struct folded folded;
    bool is_good = true;

    if (db_get_i32(row, 1) == JOURNAL_FOLDED) {
        is_good = folded_unpack(arena, db_get_bytes(row, 4), &folded);
        if (is_good)
            view_builder_folded(builder, &folded);
    } else {
        is_good = uid_set_unpack(db_get_bytes(row, 4), &uids);
        view_builder_flags(builder, &uids, (uint64_t)db_get_i64(row, 2), (uint64_t)db_get_i64(row, 3),
                           (uint64_t)db_get_i64(row, 0));
    }
    talloc_free(arena);
    return is_good || damaged(fold, err);
}

static struct view *finish(const struct fold *fold, struct view_builder *builder)
{
    struct view_head head = { .folder_id = fold->folder_id, .keywords = keywords_new(NULL, 0) };
    struct view *view = view_builder_finish(builder, &head);

    keywords_release(&head.keywords);
    return view;
}

/* Journal rows never change and only a fold takes them away, so what two statements read fits together. */
static bool read_journal(struct db *db, struct fold *fold, struct err *err)
{
    struct uid_set touched = UID_SET_INIT(fold->arena);
    struct view_builder *builder;
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(db, fold->arena, READ_ROWS, DB_ARGS(db_i64(fold->folder_id), db_i64(fold->modseq)),
                         &rows, err) &&
                collect_uids(fold, rows, &touched, err);

    if (!done)
        return false;
    builder = view_builder_new(NULL);
    done = begin_view(db, fold, &touched, builder, err);
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++)
        done = apply_row(fold, &row, builder, err);
    if (done)
        fold->view = finish(fold, builder);
    else
        view_builder_drop(builder);
    return done;
}

/* Locks nothing but the rows that go; primary key. */
static const char DELETE_ROWS[] =
    "DELETE FROM folder_change WHERE folder_id = $1 AND modseq <= $2 AND kind IN (1, 3)";
static const char INSERT_FOLDED[] =
    "INSERT INTO folder_change (folder_id, modseq, part, kind, uids, at_us) VALUES ($1, $2, $3, 3, $4, $5)";

static bool write_folded(struct db *db, const struct fold *fold, const struct folded *folded, int number,
                         struct err *err)
{
    struct buf packed = BUF_INIT(fold->arena);

    folded_pack(&packed, folded);
    return db_exec(db, INSERT_FOLDED,
                   DB_ARGS(db_i64(fold->folder_id), db_i64(fold->modseq), db_i32(FOLD_PART_FIRST + number),
                           db_bytes(buf_span(&packed)), db_i64(clock_now_us())),
                   NULL, err);
}

/* Behind the mailbox's row, as everything that writes a journal. */
static bool write_work(struct db *db, void *arg, struct err *err)
{
    struct fold *fold = arg;
    struct folded folded = folded_new(fold->arena);
    struct view_at at = view_from(fold->view, 1);
    struct view_message message;
    uint64_t deleted;
    int number = 0;

    if (!purge_lock(db, fold->mailbox_id, err) ||
        !db_exec(db, DELETE_ROWS, DB_ARGS(db_i64(fold->folder_id), db_i64(fold->modseq)), &deleted, err))
        return false;
    fold->was_overtaken = deleted != fold->rows;
    if (fold->was_overtaken)
        return err_set(err, ERR_CONFLICT, "The journal has been folded meanwhile.");
    CRASHPOINT("fold.after-delete");
    while (view_next(&at, &message)) {
        folded.uids[folded.count] = message.uid;
        folded.flags[folded.count] = message.flags;
        folded.modseqs[folded.count] = message.modseq;
        if (++folded.count == FOLDED_MESSAGES_MAX) {
            if (!write_folded(db, fold, &folded, number++, err))
                return false;
            folded.count = 0;
        }
    }
    if (folded.count > 0 && !write_folded(db, fold, &folded, number, err))
        return false;
    CRASHPOINT("fold.before-commit");
    return true;
}

static bool fold_on(struct db *db, struct fold *fold, struct err *err)
{
    struct db_row row;
    bool done;

    if (!db_one_row(db, fold->arena, READ_END, DB_ARGS(db_i64(fold->folder_id), db_i64(FOLD_ROWS_A_TURN)),
                    &row, err))
        return false;
    fold->modseq = db_get_i64(&row, 0);
    if (db_get_i64(&row, 1) == 0)
        return true;
    if (!read_journal(db, fold, err))
        return false;
    done = with_transaction(db, write_work, fold, err);
    view_release(&fold->view);
    if (fold->was_overtaken) {
        fold->flag_rows = 0;
        *err = ERR_INIT;
    }
    return done || fold->was_overtaken;
}

static bool fold_one(struct db *db, int64_t mailbox_id, int64_t folder_id, uint64_t *rows_out,
                     struct err *err)
{
    struct fold fold = { .arena = talloc_new(NULL), .mailbox_id = mailbox_id, .folder_id = folder_id };
    bool done = fold_on(db, &fold, err);

    *rows_out = done ? fold.flag_rows : 0;
    talloc_free(fold.arena);
    return done;
}

bool fold_folder(struct group *group, int64_t mailbox_id, int64_t folder_id, uint64_t *rows_out,
                 struct err *err)
{
    struct db *db;
    bool done;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    done = fold_one(db, mailbox_id, folder_id, rows_out, err);
    db_release(&db);
    return done;
}

/* The index holds 'flags' rows only, of which a folder keeps few: reading it whole is cheap. */
static const char FIND_FOLDERS[] =
    "SELECT f.mailbox_id, f.folder_id"
    "  FROM (SELECT folder_id, count(*) AS rows FROM folder_change WHERE kind = 1"
    "         GROUP BY folder_id HAVING count(*) >= $1) AS many JOIN folder f USING (folder_id)"
    " WHERE f.deleted_us IS NULL AND many.rows * $2 >= f.messages AND " MAILBOX_IS_SETTLED(
        "f.mailbox_id") " ORDER BY many.rows DESC LIMIT $3";

/* A folder whose journal is damaged does not keep the others from being folded. */
static bool fold_found(struct db *db, const struct db_row *row, struct err *err)
{
    uint64_t rows;
    bool done = fold_one(db, db_get_i64(row, 0), db_get_i64(row, 1), &rows, err);

    if (done || err->kind != ERR_INTERNAL)
        return done;
    log_err(LOG_LEVEL_ERROR, "mailbox.fold.failed", err);
    *err = ERR_INIT;
    return true;
}

bool fold_step(struct group *group, bool *is_done_out, struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + TURN_US;
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_rows *rows;
    struct db_row row;
    bool done = group_acquire(group, DB_BACKGROUND, &db, err);

    if (done) {
        done = db_query(db, arena, FIND_FOLDERS,
                        DB_ARGS(db_i64(FOLD_ROWS_MIN), db_i64(FOLD_MESSAGES_A_ROW), db_i64(FOLDERS_A_TURN)),
                        &rows, err);
        size_t i = 0;
        for (; done && clock_monotonic_us() < deadline_us && db_rows_at(rows, i, &row); i++)
            done = fold_found(db, &row, err);
        *is_done_out = done && i == db_rows_count(rows) && i < FOLDERS_A_TURN;
        db_release(&db);
    }
    talloc_free(arena);
    return done;
}
