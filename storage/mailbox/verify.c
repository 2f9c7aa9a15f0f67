/*
 * verify.c -- replays each folder from its rows and compares. First without locks, over one database snapshot; what
 * differs is looked at again, and repaired, under the mailbox's lock.
 */
#include "mailbox/verify.h"

#include "mailbox/journal.h"
#include "mailbox/pack_codec.h"
#include "mailbox/pack_write.h"
#include "mailbox/verify_journal.h"

#include <talloc.h>

struct verify {
    struct mailbox *mailbox;
    enum verify_action action;
    verify_tell *tell;
    void *arg;
    uint64_t differences;
    int64_t folder_id;   /* being looked at */
    bool is_repairing;   /* under the lock */
    uint64_t suspicions; /* of the look without lock */
    bool drops_snapshot, drops_packs, writes_counters, has_damage, was_mended;
};

static void differ(struct verify *verify, int64_t folder_id, const char *what, int64_t found, int64_t right)
{
    bool repairs = verify->is_repairing && verify->action == VERIFY_REPAIR;

    verify->suspicions++;
    if (!verify->is_repairing)
        return;
    verify->differences++;
    verify->tell(&(struct verify_difference){ verify->mailbox->id, folder_id, what, found, right, repairs },
                 verify->arg);
}

static void compare(struct verify *verify, const char *what, int64_t found, int64_t right, bool *flag)
{
    if (found == right)
        return;
    differ(verify, verify->folder_id, what, found, right);
    *flag = true;
}

static bool same_message(const struct view_message *m, const struct view_message *n)
{
    return m->uid == n->uid && m->number == n->number && m->size == n->size && m->flags == n->flags &&
           m->modseq == n->modseq && m->received_us == n->received_us && m->message_id == n->message_id &&
           m->item_id == n->item_id;
}

static bool same_view(const struct view *a, const struct view *b)
{
    struct view_at at = view_from(a, 1), other = view_from(b, 1);
    struct view_message m, n;

    if (a->count != b->count || a->uidnext != b->uidnext || a->modseq != b->modseq)
        return false;
    while (view_next(&at, &m) && view_next(&other, &n))
        if (!same_message(&m, &n))
            return false;
    return true;
}

static const char READ_COUNTERS[] =
    "SELECT f.messages, f.unseen, f.deleted, f.bytes, f.uidnext, f.modseq, m.modseq,"
    "       (SELECT coalesce(max(uid), 0) FROM membership WHERE folder_id = $1),"
    "       (SELECT count(*) FROM folder_snapshot WHERE folder_id = $1)"
    "  FROM folder f JOIN mailbox m USING (mailbox_id) WHERE f.folder_id = $1";

static bool verify_counters(struct db *db, const void *arena, struct verify *verify, const struct view *truth,
                            bool *has_snapshot_out, struct err *err)
{
    bool *flag = &verify->writes_counters;
    struct db_row row;

    if (!db_one_row(db, arena, READ_COUNTERS, DB_ARGS(db_i64(verify->folder_id)), &row, err))
        return false;
    compare(verify, "messages", db_get_i64(&row, 0), truth->count, flag);
    compare(verify, "unseen", db_get_i64(&row, 1), truth->unseen, flag);
    compare(verify, "deleted", db_get_i64(&row, 2), truth->deleted, flag);
    compare(verify, "bytes", db_get_i64(&row, 3), (int64_t)truth->bytes, flag);
    if (db_get_i64(&row, 4) <= db_get_i64(&row, 7))
        compare(verify, "uidnext", db_get_i64(&row, 4), db_get_i64(&row, 7) + 1, flag);
    if (db_get_i64(&row, 5) > db_get_i64(&row, 6))
        compare(verify, "modseq", db_get_i64(&row, 5), db_get_i64(&row, 6), flag);
    *has_snapshot_out = db_get_i64(&row, 8) > 0;
    return true;
}

static bool verify_snapshot(struct db *db, struct verify *verify, const struct view *truth, struct err *err)
{
    struct view_read cold;

    if (!view_read(db, verify->mailbox, verify->folder_id, NULL, &cold, err))
        return false;
    /* A snapshot that cannot be decoded was passed over: then the reading began with nothing. */
    if (cold.base_modseq == 0 || !same_view(cold.view, truth)) {
        differ(verify, verify->folder_id, "snapshot", 0, 0);
        verify->drops_snapshot = true;
    }
    view_read_release(&cold);
    return true;
}

static const char READ_PACKS[] =
    "SELECT first_uid, last_uid, messages, shown, searched FROM folder_pack WHERE folder_id = $1 ORDER BY first_uid";
/* All rows of the range, live or not: a pack may hold messages that were expunged after it was made. */
static const char READ_ROW_BYTES[] = "SELECT m.uid, g.envelope, g.body_structure, g.columns, g.preview"
                                     "  FROM membership m JOIN message g USING (message_id)"
                                     " WHERE m.folder_id = $1 AND m.uid BETWEEN $2 AND $3 ORDER BY m.uid";

static struct span cell_span(const struct pack *pack, uint32_t i, bool is_second)
{
    const struct pack_cell *cell = &pack->cells[i];

    return is_second ? span_of(pack->bytes + cell->second, cell->end - cell->second)
                     : span_of(pack->bytes + cell->first, cell->second - cell->first);
}

/* Each message that still has a row reads the same in the pack. */
static bool pack_equals_rows(const struct pack *pack, const struct db_rows *rows, int first_column)
{
    struct db_row row;
    uint32_t at = 0;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        uint32_t uid = db_get_u32(&row, 0);

        while (at < pack->count && pack->uids[at] < uid)
            at++;
        if (at < pack->count && pack->uids[at] == uid &&
            (!span_equals(cell_span(pack, at, false), db_get_bytes(&row, first_column)) ||
             !span_equals(cell_span(pack, at, true),
                          first_column == 1 ? db_get_bytes(&row, 2) : db_get_text(&row, 4))))
            return false;
    }
    return true;
}

static bool part_is_good(enum pack_part part, struct span data, const struct db_row *row,
                         const struct db_rows *rows)
{
    struct pack *pack = pack_decode(part, data);
    bool is_good = pack && pack->count == (uint32_t)db_get_i32(row, 2) &&
                   pack->uids[0] == db_get_u32(row, 0) && pack->uids[pack->count - 1] == db_get_u32(row, 1) &&
                   pack_equals_rows(pack, rows, part == PACK_SHOWN ? 1 : 3);

    if (pack)
        pack_release(pack);
    return is_good;
}

static bool verify_packs(struct db *db, const void *arena, struct verify *verify, struct err *err)
{
    struct db_rows *packs, *rows;
    struct db_row row;

    if (!db_query(db, arena, READ_PACKS, DB_ARGS(db_i64(verify->folder_id)), &packs, err))
        return false;
    for (size_t i = 0; db_rows_at(packs, i, &row); i++) {
        void *one = talloc_new(arena);
        bool is_read = db_query(
            db, one, READ_ROW_BYTES,
            DB_ARGS(db_i64(verify->folder_id), db_i64(db_get_i64(&row, 0)), db_i64(db_get_i64(&row, 1))),
            &rows, err);

        if (is_read && (!part_is_good(PACK_SHOWN, db_get_bytes(&row, 3), &row, rows) ||
                        !part_is_good(PACK_SEARCHED, db_get_bytes(&row, 4), &row, rows))) {
            differ(verify, verify->folder_id, "pack", 0, 0);
            verify->drops_packs = true;
        }
        talloc_free(one);
        if (!is_read)
            return false;
    }
    return true;
}

/* Without its journal nothing is known of a folder: what else could be compared is left until that is mended. */
static bool verify_journal(struct db *db, const void *arena, struct verify *verify, struct err *err)
{
    struct journal_damage *damage;
    size_t count;

    if (!verify_journal_find(db, arena, verify->folder_id, &damage, &count, err))
        return false;
    if (verify->is_repairing && verify->action == VERIFY_REPAIR && count > 0) {
        if (!verify_journal_mend(db, arena, verify->folder_id, damage, count, err))
            return false;
        verify->was_mended = true;
    } else {
        verify->has_damage = count > 0;
    }
    for (size_t i = 0; i < count; i++)
        differ(verify, verify->folder_id, "journal", damage[i].modseq,
               damage[i].is_restored ? damage[i].modseq : 0);
    return true;
}

static bool look(struct db *db, const void *arena, struct verify *verify, struct view_read *truth,
                 struct err *err)
{
    bool has_snapshot = false;

    verify->suspicions = 0;
    verify->drops_snapshot = verify->drops_packs = verify->writes_counters = false;
    verify->has_damage = verify->was_mended = false;
    if (!verify_journal(db, arena, verify, err))
        return false;
    if (verify->has_damage)
        return true;
    return view_read_rows(db, verify->mailbox, verify->folder_id, truth, err) &&
           verify_counters(db, arena, verify, truth->view, &has_snapshot, err) &&
           (!has_snapshot || verify_snapshot(db, verify, truth->view, err)) &&
           verify_packs(db, arena, verify, err);
}

static bool look_work(struct db *db, void *arg, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct view_read truth = { .view = NULL };
    bool is_done = look(db, arena, arg, &truth, err);

    view_read_release(&truth);
    talloc_free(arena);
    return is_done;
}

static const char DROP_SNAPSHOT[] = "DELETE FROM folder_snapshot WHERE folder_id = $1";
static const char DROP_PACKS[] = "WITH gone AS (DELETE FROM folder_pack WHERE folder_id = $1)"
                                 " UPDATE folder SET packed_uid = 0 WHERE folder_id = $1";
static const char WRITE_COUNTERS[] =
    "UPDATE folder f SET messages = $2, unseen = $3, deleted = $4, bytes = $5, modseq = least(f.modseq, m.modseq),"
    "       uidnext = greatest(f.uidnext, 1 + coalesce((SELECT max(uid) FROM membership x WHERE x.folder_id = $1), 0))"
    "  FROM mailbox m WHERE f.folder_id = $1 AND m.mailbox_id = f.mailbox_id";

static bool repair(struct db *db, const struct verify *verify, const struct view *truth, struct err *err)
{
    struct db_value id = db_i64(verify->folder_id);

    return (!verify->drops_snapshot || db_exec(db, DROP_SNAPSHOT, DB_ARGS(id), NULL, err)) &&
           (!verify->drops_packs || db_exec(db, DROP_PACKS, DB_ARGS(id), NULL, err)) &&
           (!verify->writes_counters ||
            db_exec(db, WRITE_COUNTERS,
                    DB_ARGS(id, db_i64(truth->count), db_i64(truth->unseen), db_i64(truth->deleted),
                            db_i64((int64_t)truth->bytes)),
                    NULL, err));
}

static bool repair_work(struct db *db, void *arg, struct err *err)
{
    struct verify *verify = arg;
    void *arena = talloc_new(NULL);
    struct view_read truth = { .view = NULL };
    struct journal_lock lock = { .mailbox = verify->mailbox, .folder_ids = { verify->folder_id } };
    uint64_t told = verify->differences;
    bool is_done;

    verify->is_repairing = true;
    is_done = journal_lock(db, arena, &lock, err) && look(db, arena, verify, &truth, err) &&
              (verify->action != VERIFY_REPAIR || verify->has_damage || repair(db, verify, truth.view, err));
    verify->is_repairing = false;
    if (!is_done)
        verify->differences = told;
    view_read_release(&truth);
    talloc_free(arena);
    return is_done;
}

static bool verify_folder(struct verify *verify, struct err *err)
{
    struct db *db;
    bool is_done;

    if (!group_acquire(verify->mailbox->group, DB_BACKGROUND, &db, err))
        return false;
    is_done = with_snapshot(db, look_work, verify, err) &&
              (verify->suspicions == 0 || with_transaction(db, repair_work, verify, err));
    db_release(&db);
    if (verify->drops_snapshot || verify->drops_packs || verify->writes_counters || verify->was_mended)
        mailbox_cache_clear(verify->mailbox->cache);
    return is_done || err->kind == ERR_NOT_FOUND; /* deleted meanwhile */
}

static const char SUMS[] =
    "SELECT m.used_bytes, m.used_messages, coalesce(sum(f.bytes), 0)::bigint,"
    "       coalesce(sum(f.messages), 0)::bigint"
    "  FROM mailbox m LEFT JOIN folder f ON f.mailbox_id = m.mailbox_id AND f.deleted_us IS NULL"
    " WHERE m.mailbox_id = $1 GROUP BY m.mailbox_id";
static const char WRITE_SUMS[] =
    "UPDATE mailbox SET used_bytes = $2, used_messages = $3 WHERE mailbox_id = $1";
static const char WRITE_ROOT[] =
    "UPDATE quota_root SET used_bytes = greatest(used_bytes + $2, 0) WHERE quota_root_id = $1";

/* The roots move with their mailbox; whether they are the sum of all is for verify_messages(). */
static bool sums_work(struct db *db, void *arg, struct err *err)
{
    struct verify *verify = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = verify->mailbox, .needs = JOURNAL_QUOTA };
    struct db_row row;
    bool wrong = false,
         is_done = journal_lock(db, arena, &lock, err) &&
                   db_one_row(db, arena, SUMS, DB_ARGS(db_i64(verify->mailbox->id)), &row, err);

    if (is_done) {
        int64_t bytes = db_get_i64(&row, 2), added = bytes - db_get_i64(&row, 0);

        verify->is_repairing = true;
        verify->folder_id = 0;
        compare(verify, "used_bytes", db_get_i64(&row, 0), bytes, &wrong);
        compare(verify, "used_messages", db_get_i64(&row, 1), db_get_i64(&row, 3), &wrong);
        verify->is_repairing = false;
        if (wrong && verify->action == VERIFY_REPAIR) {
            is_done = db_exec(
                db, WRITE_SUMS,
                DB_ARGS(db_i64(verify->mailbox->id), db_i64(bytes), db_i64(db_get_i64(&row, 3))), NULL, err);
            for (size_t i = 0; is_done && added && i < lock.at.root_count; i++)
                is_done = db_exec(db, WRITE_ROOT, DB_ARGS(db_i64(lock.at.roots[i].root_id), db_i64(added)),
                                  NULL, err);
        }
    }
    talloc_free(arena);
    return is_done;
}

static const char FOLDERS[] =
    "SELECT folder_id FROM folder WHERE mailbox_id = $1 AND deleted_us IS NULL ORDER BY folder_id";

static bool list_folders(struct mailbox *mailbox, const void *owner, struct db_rows **rows_out,
                         struct err *err)
{
    struct db *db;
    bool is_read;

    if (!group_acquire(mailbox->group, DB_BACKGROUND, &db, err))
        return false;
    is_read = db_query(db, owner, FOLDERS, DB_ARGS(db_i64(mailbox->id)), rows_out, err);
    db_release(&db);
    return is_read;
}

bool verify_mailbox(struct mailbox *mailbox, enum verify_action action, verify_tell *tell, void *arg,
                    uint64_t *differences_out, struct err *err)
{
    struct verify verify = { .mailbox = mailbox, .action = action, .tell = tell, .arg = arg };
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool is_done = list_folders(mailbox, arena, &rows, err);

    for (size_t i = 0; is_done && db_rows_at(rows, i, &row); i++) {
        verify.folder_id = db_get_i64(&row, 0);
        is_done = verify_folder(&verify, err);
    }
    is_done = is_done && journal_run(mailbox, sums_work, &verify, err);
    *differences_out = verify.differences;
    talloc_free(arena);
    return is_done;
}
