/*
 * maintain.c -- finds folders that would be slow to open or to list, and writes their snapshots and packs.
 */
#include "mailbox/maintain.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/statement.h"
#include "group/store.h"
#include "mailbox/cache.h"
#include "mailbox/pack_write.h"
#include "mailbox/snapshot_write.h"

#include <talloc.h>

enum { FOLDERS_A_STEP = 20 };
static const int64_t STEP_US = 3 * US_PER_S;

/* Small folders are read from their rows fast enough; of larger ones, what a cold open would have to add to the
 * snapshot decides. Scans the folders and, by primary key, the ends of their journals. */
static const char FIND_SNAPSHOTS[] =
    "SELECT f.mailbox_id, f.folder_id FROM folder f LEFT JOIN folder_snapshot s USING (folder_id)"
    " WHERE f.deleted_us IS NULL AND f.messages + coalesce(s.messages, 0) >= 500 AND f.modseq > coalesce(s.modseq, 0)"
    "   AND " MAILBOX_IS_SETTLED(
        "f.mailbox_id") "   AND (f.uidnext - coalesce(s.uidnext, 1) > greatest(500, f.messages / 20)"
                        "        OR (SELECT count(*) FROM (SELECT 1 FROM folder_change c WHERE c.folder_id = f.folder_id"
                        "                                     AND c.modseq > coalesce(s.modseq, 0) LIMIT 200) AS x) >= 200)"
                        " ORDER BY f.folder_id LIMIT $1";
static const char FIND_PACKS[] =
    "SELECT f.mailbox_id, f.folder_id FROM folder f"
    " WHERE f.deleted_us IS NULL AND f.messages >= 128 AND f.uidnext - f.packed_uid > 128"
    "   AND " MAILBOX_IS_SETTLED("f.mailbox_id") " ORDER BY f.uidnext - f.packed_uid DESC LIMIT $1";

struct found {
    int64_t mailbox_id, folder_id;
};

static bool find(struct group *group, const void *owner, const char *sql, struct found **found_out,
                 size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_read;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    is_read = db_query(db, owner, sql, DB_ARGS(db_i64(FOLDERS_A_STEP)), &rows, err);
    db_release(&db);
    if (!is_read)
        return false;
    *count_out = db_rows_count(rows);
    *found_out = talloc_array(owner, struct found, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*found_out)[i] = (struct found){ db_get_i64(&row, 0), db_get_i64(&row, 1) };
    return true;
}

static bool write_snapshot(struct mailbox *mailbox, int64_t folder_id, struct view **view_out,
                           struct maintain_report *report, struct err *err)
{
    if (!view_latest(mailbox, folder_id, VIEW_CHECK, view_out, err))
        return false;
    report->snapshots++;
    return snapshot_write(mailbox_group(mailbox), *view_out, err);
}

static bool write_packs(struct mailbox *mailbox, int64_t folder_id, int64_t deadline_us,
                        struct maintain_report *report, struct err *err)
{
    struct view *view;
    uint64_t packs = 0;
    bool is_done = view_latest(mailbox, folder_id, VIEW_CHECK, &view, err);

    if (is_done) {
        is_done = pack_write_all(mailbox_group(mailbox), view, deadline_us, &packs, err);
        report->packs += packs;
    }
    view_release(&view);
    return is_done;
}

/* A folder or mailbox that has gone meanwhile is not a failure. */
static bool is_gone(const struct err *err)
{
    return err->kind == ERR_NOT_FOUND;
}

static bool step_folder(struct mailbox_cache *cache, struct group *group, const struct found *found,
                        bool is_pack, int64_t deadline_us, struct maintain_report *report, struct err *err)
{
    struct mailbox *mailbox;
    struct view *view = NULL;
    bool is_done;

    if (!mailbox_open(cache, group, found->mailbox_id, &mailbox, err))
        return is_gone(err);
    is_done = is_pack ? write_packs(mailbox, found->folder_id, deadline_us, report, err)
                      : write_snapshot(mailbox, found->folder_id, &view, report, err);
    view_release(&view);
    mailbox_close(&mailbox);
    return is_done || is_gone(err);
}

static bool step(struct group *group, const char *sql, bool is_pack, int64_t deadline_us,
                 struct maintain_report *report, struct err *err)
{
    struct mailbox_cache *cache = mailbox_cache_open(
        &(struct mailbox_cache_options){ .writes_no_snapshots = true, .view_bytes_max = 1 });
    void *arena = talloc_new(NULL);
    struct found *found;
    size_t count = 0;
    bool is_done = find(group, arena, sql, &found, &count, err);

    for (size_t i = 0; is_done && i < count && clock_monotonic_us() < deadline_us; i++)
        is_done = step_folder(cache, group, &found[i], is_pack, deadline_us, report, err);
    mailbox_cache_close(&cache);
    talloc_free(arena);
    return is_done;
}

bool maintain_step(struct group *group, bool *is_done_out, struct err *err)
{
    struct maintain_report report = { 0 };
    int64_t begin_us = clock_monotonic_us();

    if (!step(group, FIND_SNAPSHOTS, false, begin_us + STEP_US / 2, &report, err) ||
        !step(group, FIND_PACKS, true, begin_us + STEP_US, &report, err))
        return false;
    *is_done_out = report.snapshots + report.packs == 0;
    return true;
}

bool maintain_folder(struct mailbox *mailbox, int64_t folder_id, struct maintain_report *report_out,
                     struct err *err)
{
    struct view *view = NULL;
    bool is_done;

    *report_out = (struct maintain_report){ 0 };
    is_done = write_snapshot(mailbox, folder_id, &view, report_out, err) &&
              pack_write_all(mailbox_group(mailbox), view, INT64_MAX, &report_out->packs, err);
    view_release(&view);
    return is_done;
}
