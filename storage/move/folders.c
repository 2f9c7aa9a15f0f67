/* folders.c -- the rows of folders, deleted ones included: with UIDVALIDITY, next UID, modseqs and counters as they are. */
#include "move/work.h"

#include "mailbox/purge.h"

#include <talloc.h>

/* Its packs stay behind. What differs is found by the hash of all but the number; the number of packed messages differs once packs were
 * made, which nobody does while the copy is in transit. */
static const char READ_FOLDERS[] =
    "SELECT f.folder_id, transit_hash(p.r), p.r::text FROM folder f,"
    " LATERAL (SELECT jsonb_populate_record(f, '{\"packed_uid\": 0}') AS r) AS p"
    " WHERE f.mailbox_id = $1 ORDER BY f.folder_id";
static const char READ_COPIES[] =
    "SELECT f.folder_id, transit_hash(jsonb_populate_record(f, '{\"packed_uid\": 0}')) FROM folder f"
    " WHERE f.mailbox_id = $1";
/* Names that change places would meet on the way. */
static const char SET_ASIDE[] =
    "UPDATE folder SET deleted_us = 0, special_use = NULL WHERE folder_id = ANY ($1)";
static const char PUT_FOLDERS[] =
    "SELECT transit_put('folder', 'folder_id', array_agg(x.t)) FROM"
    " (SELECT (jsonb_populate_record(n.r::folder, jsonb_build_object('folder_id', n.f)))::text AS t"
    "    FROM unnest($1::text[], $2::bigint[]) AS n (r, f)) AS x";

struct putting {
    struct transit *transit;
    const struct span *texts;
    const int64_t *ids;
    size_t count;
};

static bool put(struct db *db, void *arg, struct err *err)
{
    const struct putting *putting = arg;
    struct db_value ids = db_i64_array(putting->ids, putting->count);

    return transit_check_runner(putting->transit, err) && db_exec(db, SET_ASIDE, DB_ARGS(ids), NULL, err) &&
           db_exec(db, PUT_FOLDERS, DB_ARGS(db_text_array(putting->texts, putting->count), ids), NULL, err);
}

static bool list_copies(struct transit *transit, const void *owner, struct lines *lines_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(transit->target, owner, READ_COPIES, DB_ARGS(db_i64(transit->options.mailbox_id)), &rows,
                  err))
        return false;
    *lines_out =
        (struct lines){ .list = talloc_array(owner, struct line, (unsigned)db_rows_count(rows) + 1) };
    for (; db_rows_at(rows, lines_out->count, &row); lines_out->count++)
        lines_out->list[lines_out->count] =
            (struct line){ .a = db_get_i64(&row, 0), .b = db_get_i64(&row, 1) };
    lines_sort(lines_out);
    return true;
}

bool transit_folders(struct transit *transit, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct lines there;
    struct putting putting = { .transit = transit };
    bool done = list_copies(transit, arena, &there, err) &&
                db_query(transit->source, arena, READ_FOLDERS, DB_ARGS(db_i64(transit->options.mailbox_id)),
                         &rows, err);

    if (done) {
        size_t count = db_rows_count(rows);
        struct span *texts = talloc_array(arena, struct span, (unsigned)count + 1);
        int64_t *ids = talloc_array(arena, int64_t, (unsigned)count + 1);
        TALLOC_FREE(transit->folder_owner);
        transit->folder_owner = talloc_new(transit);
        transit->folders = talloc_array(transit->folder_owner, int64_t, (unsigned)count + 1);
        transit->new_folders = talloc_array(transit->folder_owner, int64_t, (unsigned)count + 1);
        transit->folder_count = count;
        for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
            struct line line = { .a = transit_new_id(transit, GROUP_ID_FOLDER, db_get_i64(&row, 0)),
                                 .b = db_get_i64(&row, 1) };
            transit->folders[i] = db_get_i64(&row, 0);
            transit->new_folders[i] = line.a;
            if (lines_have(&there, &line))
                continue;
            texts[putting.count] = db_get_text(&row, 2);
            ids[putting.count++] = line.a;
        }
        putting.texts = texts;
        putting.ids = ids;
        transit->differences += putting.count;
        done = putting.count == 0 || with_transaction(transit->target, put, &putting, err);
    }
    talloc_free(arena);
    return done;
}

static const char LIST_EXTRA[] =
    "SELECT folder_id FROM folder WHERE mailbox_id = $1 AND folder_id <> ALL ($2)";

bool transit_drop_folders(struct transit *transit, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(transit->target, arena, LIST_EXTRA,
                         DB_ARGS(db_i64(transit->options.mailbox_id),
                                 db_i64_array(transit->new_folders, transit->folder_count)),
                         &rows, err);

    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        bool is_gone = false;
        transit->differences++;
        while (done && !is_gone)
            done =
                transit_go_on(transit, err) && purge_folder_step(transit->target, transit->options.mailbox_id,
                                                                 db_get_i64(&row, 0), &is_gone, err);
    }
    talloc_free(arena);
    return done;
}
