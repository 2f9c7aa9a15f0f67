/*
 * read.c -- head, snapshot, memberships and changes of a folder in one statement.
 */
#include "mailbox/read.h"

#include "base/log.h"
#include "mailbox/journal.h"
#include "mailbox/snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <talloc.h>

enum source { HEAD, SNAPSHOT, MEMBERSHIP, CHANGE };

/* Every part has the columns source, a..g, data, names. Primary keys only. $2, $3: modseq and uidnext of the base. */
#define HEAD_PART                                                                                            \
    "SELECT 0 AS source, f.modseq AS a, f.uidnext AS b, f.uidvalidity AS c, m.modseq AS d,"                  \
    "       (f.deleted_us IS NULL AND m.deleted_us IS NULL)::int::bigint AS e,"                              \
    "       s.is_mounted::int::bigint AS f, m.arrival AS g, NULL::bytea AS data, m.keywords AS names"        \
    "  FROM folder f JOIN mailbox m USING (mailbox_id) JOIN store s USING (store_id)"                        \
    " WHERE f.folder_id = $1"
#define MEMBERSHIP_PART(first_uid)                                                                           \
    " UNION ALL (SELECT 2, uid, size, flags, modseq, received_us, message_id, item_id, NULL, NULL"           \
    "              FROM membership WHERE folder_id = $1 AND uid >= " first_uid " ORDER BY uid)"
#define CHANGE_PART(modseq)                                                                                  \
    " UNION ALL (SELECT 3, modseq, kind, clear_bits, set_bits, part, 0, 0, uids, NULL"                       \
    "              FROM folder_change WHERE folder_id = $1 AND modseq > " modseq " ORDER BY modseq, part)"

static const char READ_SINCE[] = HEAD_PART MEMBERSHIP_PART("$3") CHANGE_PART("$2");

static const char READ_COLD[] =
    "WITH snapshot AS MATERIALIZED"
    "  (SELECT modseq, uidnext, messages, data FROM folder_snapshot WHERE folder_id = $1) " HEAD_PART
    " UNION ALL (SELECT 1, modseq, uidnext, messages, 0, 0, 0, 0, data, NULL FROM snapshot)" MEMBERSHIP_PART(
        "coalesce((SELECT uidnext FROM snapshot), 1)")
        CHANGE_PART("coalesce((SELECT modseq FROM snapshot), 0)");

void view_read_release(struct view_read *read)
{
    view_release(&read->view);
    talloc_free(read->expunges.notes);
    *read = (struct view_read){ .view = NULL };
}

void expunge_list_add(struct expunge_list *list, uint64_t modseq, const struct uid_set *uids)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 4;
        list->notes = talloc_realloc(NULL, list->notes, struct expunge_note, (unsigned)list->capacity);
    }
    list->notes[list->count++] = (struct expunge_note){ modseq, uid_set_copy(NULL, uids) };
    list->notes[list->count - 1].uids.owner = NULL;
    if (list->notes[list->count - 1].uids.runs)
        talloc_steal(list->notes, list->notes[list->count - 1].uids.runs);
}

/* The rows of one result, parted by source; each part in its order. */
struct parts {
    const struct db_rows *rows;
    struct db_row head, snapshot;
    bool has_head, has_snapshot;
    struct part_row {
        int64_t key, subkey;
        uint32_t number;
    } * memberships, *changes;
    size_t membership_count, change_count;
};

static int compare_part_rows(const void *a, const void *b)
{
    const struct part_row *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->subkey < right->subkey ? -1 : left->subkey > right->subkey;
}

/* The server gives them in order unless it reads the parts in parallel. */
static void put_in_order(struct part_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (compare_part_rows(&rows[i - 1], &rows[i]) > 0) {
            qsort(rows, count, sizeof *rows, compare_part_rows);
            return;
        }
    }
}

static struct parts part_rows(const void *owner, const struct db_rows *rows)
{
    struct parts parts = { .rows = rows };
    size_t count = db_rows_count(rows);
    struct db_row row;

    parts.memberships = talloc_array(owner, struct part_row, (unsigned)count);
    parts.changes = talloc_array(owner, struct part_row, (unsigned)count);
    for (uint32_t i = 0; db_rows_at(rows, i, &row); i++) {
        switch ((enum source)db_get_i32(&row, 0)) {
        case HEAD:
            parts.head = row;
            parts.has_head = true;
            break;
        case SNAPSHOT:
            parts.snapshot = row;
            parts.has_snapshot = true;
            break;
        case MEMBERSHIP:
            parts.memberships[parts.membership_count++] = (struct part_row){ db_get_i64(&row, 1), 0, i };
            break;
        case CHANGE:
            parts.changes[parts.change_count++] =
                (struct part_row){ db_get_i64(&row, 1), db_get_i64(&row, 5), i };
            break;
        }
    }
    put_in_order(parts.memberships, parts.membership_count);
    put_in_order(parts.changes, parts.change_count);
    return parts;
}

static void append_memberships(const struct parts *parts, struct view_builder *builder)
{
    for (size_t i = 0; i < parts->membership_count; i++) {
        struct db_row row;
        int64_t size;

        if (!db_rows_at(parts->rows, parts->memberships[i].number, &row))
            continue;
        size = db_get_i64(&row, 2);
        (void)view_builder_append(
            builder, &(struct view_message){ .uid = db_get_u32(&row, 1),
                                             .size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size,
                                             .flags = (uint64_t)db_get_i64(&row, 3),
                                             .modseq = (uint64_t)db_get_i64(&row, 4),
                                             .received_us = db_get_i64(&row, 5),
                                             .message_id = db_get_i64(&row, 6),
                                             .item_id = db_get_i64(&row, 7) });
    }
}

static bool damaged(uint64_t modseq, struct err *err)
{
    err_log(err, "folder_change %" PRIu64 ": its UIDs cannot be read", modseq);
    return err_set(err, ERR_INTERNAL, "The folder is damaged.");
}

static bool apply_folded(const void *owner, struct span packed, struct view_builder *builder)
{
    void *arena = talloc_new(owner);
    struct folded folded;
    bool is_good = folded_unpack(arena, packed, &folded);

    if (is_good)
        view_builder_folded(builder, &folded);
    talloc_free(arena);
    return is_good;
}

static bool apply_changes(const void *owner, const struct parts *parts, struct view_builder *builder,
                          struct expunge_list *expunges, struct err *err)
{
    for (size_t i = 0; i < parts->change_count; i++) {
        struct uid_set uids = UID_SET_INIT(owner);
        struct db_row row;
        uint64_t modseq;

        if (!db_rows_at(parts->rows, parts->changes[i].number, &row))
            continue;
        modseq = (uint64_t)db_get_i64(&row, 1);
        if (db_get_i64(&row, 2) == JOURNAL_FOLDED) {
            if (!apply_folded(owner, db_get_bytes(&row, 8), builder))
                return damaged(modseq, err);
            continue;
        }
        if (!uid_set_unpack(db_get_bytes(&row, 8), &uids))
            return damaged(modseq, err);
        if (db_get_i64(&row, 2) == JOURNAL_EXPUNGE) {
            view_builder_expunge(builder, &uids);
            expunge_list_add(expunges, modseq, &uids);
        } else {
            view_builder_flags(builder, &uids, (uint64_t)db_get_i64(&row, 3), (uint64_t)db_get_i64(&row, 4),
                               modseq);
        }
        talloc_free(uids.runs);
    }
    return true;
}

static bool check_head(struct mailbox *mailbox, const struct parts *parts, struct err *err)
{
    bool is_mounted = parts->has_head && db_get_i64(&parts->head, 6);

    if (!parts->has_head || (is_mounted && !db_get_i64(&parts->head, 5)))
        return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
    atomic_store(&mailbox->is_away, !is_mounted);
    if (!is_mounted)
        return err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    return true;
}

static bool build(struct mailbox *mailbox, int64_t folder_id, const struct view *base, const void *owner,
                  const struct parts *parts, struct view_read *read, struct err *err)
{
    struct view_builder *builder = view_builder_new(base);
    struct view_head head = { .folder_id = folder_id };
    struct keywords *keywords;
    struct span *names;
    size_t name_count;

    if (parts->has_snapshot) {
        read->base_modseq = (uint64_t)db_get_i64(&parts->snapshot, 1);
        if (!snapshot_decode(db_get_bytes(&parts->snapshot, 8), (uint64_t)db_get_i64(&parts->snapshot, 3),
                             builder)) {
            log_event(LOG_LEVEL_WARNING, "mailbox.snapshot.unreadable", log_i64("folder", folder_id));
            view_builder_drop(builder);
            return true;
        }
    }
    append_memberships(parts, builder);
    if (!apply_changes(owner, parts, builder, &read->expunges, err)) {
        view_builder_drop(builder);
        return false;
    }
    names = db_get_span_array(owner, &parts->head, 9, &name_count);
    keywords = cache_keywords(mailbox, names, name_count);
    head.modseq = (uint64_t)db_get_i64(&parts->head, 1);
    head.uidnext = db_get_u32(&parts->head, 2);
    head.uidvalidity = db_get_u32(&parts->head, 3);
    head.arrival = db_get_i64(&parts->head, 7);
    head.keywords = keywords;
    read->view = view_builder_finish(builder, &head);
    keywords_release(&keywords);
    return true;
}

static bool read_rows(struct mailbox *mailbox, int64_t folder_id, const struct view *base, const void *owner,
                      const struct db_rows *rows, struct view_read *read_out, struct err *err)
{
    void *arena = talloc_new(owner);
    struct parts parts = part_rows(arena, rows);
    bool is_read = check_head(mailbox, &parts, err), is_other;

    *read_out = (struct view_read){ .base_modseq = base ? base->modseq : 0, .is_cold = base == NULL };
    is_other = is_read && base && db_get_i64(&parts.head, 7) != base->arrival;
    if (is_other || (is_read && base && (uint64_t)db_get_i64(&parts.head, 1) < base->modseq)) {
        cache_drop(mailbox, folder_id);
        err_log(err, "folder %" PRId64 ": the database is behind what it told us before, or it was away",
                folder_id);
        is_read = err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    }
    if (is_read) {
        read_out->mailbox_modseq = (uint64_t)db_get_i64(&parts.head, 4);
        read_out->applied = parts.membership_count + parts.change_count;
        if (base && base->modseq == (uint64_t)db_get_i64(&parts.head, 1) && read_out->applied == 0)
            read_out->view = view_ref(base);
        else
            is_read = build(mailbox, folder_id, base, arena, &parts, read_out, err);
    }
    talloc_free(arena);
    if (!is_read)
        view_read_release(read_out);
    read_out->is_other = is_other;
    return is_read;
}

bool view_read_add(struct db *db, int64_t folder_id, const struct view *base, struct err *err)
{
    if (!base)
        return db_pipeline_add(db, READ_COLD, DB_ARGS(db_i64(folder_id)), err);
    return db_pipeline_add(db, READ_SINCE,
                           DB_ARGS(db_i64(folder_id), db_i64((int64_t)base->modseq), db_u32(base->uidnext)),
                           err);
}

bool view_read_next(struct db *db, struct mailbox *mailbox, int64_t folder_id, const struct view *base,
                    const void *owner, struct view_read *read_out, struct err *err)
{
    struct db_rows *rows;

    *read_out = (struct view_read){ .view = NULL };
    return db_pipeline_next(db, owner, &rows, NULL, err) &&
           read_rows(mailbox, folder_id, base, owner, rows, read_out, err);
}

bool view_read_rows(struct db *db, struct mailbox *mailbox, int64_t folder_id, struct view_read *read_out,
                    struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    bool is_read;

    *read_out = (struct view_read){ .view = NULL };
    is_read = db_query(db, arena, READ_SINCE, DB_ARGS(db_i64(folder_id), db_i64(0), db_i64(0)), &rows, err) &&
              read_rows(mailbox, folder_id, NULL, arena, rows, read_out, err);
    talloc_free(arena);
    return is_read;
}

bool view_read(struct db *db, struct mailbox *mailbox, int64_t folder_id, const struct view *base,
               struct view_read *read_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    bool is_read;

    *read_out = (struct view_read){ .view = NULL };
    if (base)
        is_read = db_query(db, arena, READ_SINCE,
                           DB_ARGS(db_i64(folder_id), db_i64((int64_t)base->modseq), db_u32(base->uidnext)),
                           &rows, err);
    else
        is_read = db_query(db, arena, READ_COLD, DB_ARGS(db_i64(folder_id)), &rows, err);
    is_read = is_read && read_rows(mailbox, folder_id, base, arena, rows, read_out, err);
    talloc_free(arena);
    if (!is_read && read_out->is_other) { /* it went away and came back: what we know of it is of no use */
        *err = ERR_INIT;
        return view_read(db, mailbox, folder_id, NULL, read_out, err);
    }
    if (is_read && !read_out->view)
        return view_read_rows(db, mailbox, folder_id, read_out, err);
    return is_read;
}
