/* verify_journal.c -- see verify_journal.h. */
#include "mailbox/verify_journal.h"

#include "base/clock.h"
#include "mailbox/fold.h"
#include "mailbox/snapshot.h"

#include <talloc.h>

/* By primary key. */
static const char READ_ROWS[] = "SELECT modseq, part, kind, uids FROM folder_change WHERE folder_id = $1"
                                " ORDER BY modseq, part";

static bool is_readable(const void *arena, const struct db_row *row)
{
    struct uid_set uids = UID_SET_INIT(arena);
    struct folded folded;

    if (db_get_i32(row, 2) == JOURNAL_FOLDED)
        return folded_unpack(arena, db_get_bytes(row, 3), &folded);
    return uid_set_unpack(db_get_bytes(row, 3), &uids);
}

bool verify_journal_find(struct db *db, const void *owner, int64_t folder_id,
                         struct journal_damage **damage_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(owner);
    struct journal_damage *damage = talloc_array(owner, struct journal_damage, 0);
    struct db_rows *rows;
    struct db_row row;
    size_t count = 0;

    if (!db_query(db, arena, READ_ROWS, DB_ARGS(db_i64(folder_id)), &rows, err)) {
        talloc_free(arena);
        return false;
    }
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        void *one = talloc_new(arena);

        if (!is_readable(one, &row)) {
            damage = talloc_realloc(owner, damage, struct journal_damage, (unsigned)count + 1);
            damage[count++] = (struct journal_damage){ .modseq = db_get_i64(&row, 0),
                                                       .part = db_get_i32(&row, 1),
                                                       .kind = (enum journal_kind)db_get_i32(&row, 2) };
        }
        talloc_free(one);
    }
    talloc_free(arena);
    *damage_out = damage;
    *count_out = count;
    return true;
}

/* ---- mending */

static const char READ_SNAPSHOT[] =
    "SELECT modseq, uidnext, messages, data FROM folder_snapshot WHERE folder_id = $1";

/* *view_out is NULL where there is none that can be read. */
static bool read_snapshot(struct db *db, const void *arena, int64_t folder_id, struct view **view_out,
                          struct err *err)
{
    struct view_head head = { .folder_id = folder_id };
    struct view_builder *builder;
    struct db_rows *rows;
    struct db_row row;

    *view_out = NULL;
    if (!db_query(db, arena, READ_SNAPSHOT, DB_ARGS(db_i64(folder_id)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return true;
    builder = view_builder_new(NULL);
    if (!snapshot_decode(db_get_bytes(&row, 3), (uint64_t)db_get_i64(&row, 2), builder)) {
        view_builder_drop(builder);
        return true;
    }
    head.modseq = (uint64_t)db_get_i64(&row, 0);
    head.uidnext = db_get_u32(&row, 1);
    head.keywords = keywords_new(NULL, 0);
    *view_out = view_builder_finish(builder, &head);
    keywords_release(&head.keywords);
    return true;
}

static const char READ_UIDS[] = "SELECT uid FROM membership WHERE folder_id = $1 AND uid < $2 ORDER BY uid";
static const char READ_EXPUNGES[] =
    "SELECT modseq, part, kind, uids FROM folder_change WHERE folder_id = $1 AND kind = 2 ORDER BY modseq, part";

/* Messages that have a row, are not in the snapshot, and were taken away by no row that can be read. */
static bool find_expunged(struct db *db, const void *arena, int64_t folder_id, const struct view *snapshot,
                          struct uid_set *uids, struct err *err)
{
    struct uid_set others = UID_SET_INIT(arena), candidates = UID_SET_INIT(arena);
    struct db_rows *members, *expunges;
    struct view_message message;
    struct db_row row;

    if (!db_query(db, arena, READ_UIDS, DB_ARGS(db_i64(folder_id), db_u32(snapshot->uidnext)), &members,
                  err) ||
        !db_query(db, arena, READ_EXPUNGES, DB_ARGS(db_i64(folder_id)), &expunges, err))
        return false;
    for (size_t i = 0; db_rows_at(expunges, i, &row); i++) {
        struct uid_set taken = UID_SET_INIT(arena);

        if (uid_set_unpack(db_get_bytes(&row, 3), &taken))
            uid_set_add_all(&others, &taken);
    }
    for (size_t i = 0; db_rows_at(members, i, &row); i++)
        if (!view_find(snapshot, db_get_u32(&row, 0), &message))
            uid_set_add_one(&candidates, db_get_u32(&row, 0));
    *uids = uid_set_subtract(arena, &candidates, &others);
    return true;
}

static const char WRITE_UIDS[] =
    "UPDATE folder_change SET uids = $4 WHERE folder_id = $1 AND modseq = $2 AND part = $3";
static const char DROP_ROW[] = "DELETE FROM folder_change WHERE folder_id = $1 AND modseq = $2 AND part = $3";

static bool drop_row(struct db *db, int64_t folder_id, const struct journal_damage *damage, struct err *err)
{
    return db_exec(db, DROP_ROW, DB_ARGS(db_i64(folder_id), db_i64(damage->modseq), db_i32(damage->part)),
                   NULL, err);
}

/* The first of several gets what all of them took away. */
static bool mend_expunge(struct db *db, void *arena, int64_t folder_id, struct journal_damage *damage,
                         const struct view *snapshot, struct err *err)
{
    struct buf packed = BUF_INIT(arena);
    struct uid_set uids;

    damage->is_restored = true;
    if (!find_expunged(db, arena, folder_id, snapshot, &uids, err))
        return false;
    if (uid_set_is_empty(&uids))
        return drop_row(db, folder_id, damage, err);
    uid_set_pack(&packed, &uids);
    return db_exec(
        db, WRITE_UIDS,
        DB_ARGS(db_i64(folder_id), db_i64(damage->modseq), db_i32(damage->part), db_bytes(buf_span(&packed))),
        NULL, err);
}

static const char NEXT_PART[] = "SELECT greatest(coalesce(max(part) + 1, 0), $3) FROM folder_change"
                                " WHERE folder_id = $1 AND modseq = $2";
static const char INSERT_FOLDED[] =
    "INSERT INTO folder_change (folder_id, modseq, part, kind, uids, at_us) VALUES ($1, $2, $3, 3, $4, $5)";

static bool write_folded(struct db *db, void *arena, const struct view *snapshot, int32_t part,
                         struct folded *folded, struct err *err)
{
    struct buf packed = BUF_INIT(arena);

    folded_pack(&packed, folded);
    folded->count = 0;
    return db_exec(db, INSERT_FOLDED,
                   DB_ARGS(db_i64(snapshot->folder_id), db_i64((int64_t)snapshot->modseq), db_i32(part),
                           db_bytes(buf_span(&packed)), db_i64(clock_now_us())),
                   NULL, err);
}

/* Flags and modseqs of all messages as the snapshot has them, behind all rows of its modseq. */
static bool write_flags(struct db *db, void *arena, const struct view *snapshot, struct err *err)
{
    struct folded folded = folded_new(arena);
    struct view_at at = view_from(snapshot, 1);
    struct view_message message;
    struct db_row row;
    int32_t part;

    if (!db_one_row(
            db, arena, NEXT_PART,
            DB_ARGS(db_i64(snapshot->folder_id), db_i64((int64_t)snapshot->modseq), db_i32(FOLD_PART_FIRST)),
            &row, err))
        return false;
    part = db_get_i32(&row, 0);
    folded.count = 0;
    while (view_next(&at, &message)) {
        folded.uids[folded.count] = message.uid;
        folded.flags[folded.count] = message.flags;
        folded.modseqs[folded.count] = message.modseq;
        if (++folded.count == FOLDED_MESSAGES_MAX && !write_folded(db, arena, snapshot, part++, &folded, err))
            return false;
    }
    return folded.count == 0 || write_folded(db, arena, snapshot, part, &folded, err);
}

static bool mend_row(struct db *db, void *arena, int64_t folder_id, struct journal_damage *damage,
                     const struct view *snapshot, bool *needs_flags, struct err *err)
{
    bool is_covered = snapshot && (int64_t)snapshot->modseq >= damage->modseq;

    if (is_covered && damage->kind == JOURNAL_EXPUNGE)
        return mend_expunge(db, arena, folder_id, damage, snapshot, err);
    damage->is_restored = is_covered;
    *needs_flags |= is_covered;
    return drop_row(db, folder_id, damage, err);
}

bool verify_journal_mend(struct db *db, const void *owner, int64_t folder_id, struct journal_damage *damage,
                         size_t count, struct err *err)
{
    void *arena = talloc_new(owner);
    bool needs_flags = false, done;
    struct view *snapshot = NULL;

    done = read_snapshot(db, arena, folder_id, &snapshot, err);
    for (size_t i = 0; done && i < count; i++)
        done = mend_row(db, arena, folder_id, &damage[i], snapshot, &needs_flags, err);
    done = done && (!needs_flags || write_flags(db, arena, snapshot, err));
    view_release(&snapshot);
    talloc_free(arena);
    return done;
}
