/* members.c -- what lies in which folder under which UID; and which conversation a Message-ID belongs to. */
#include "move/work.h"

#include <talloc.h>

enum { MEMBERS_AT_ONCE = 2000, REFERENCES_AT_ONCE = 10000 };

/* ---- memberships: a folder and a UID; the rows never change */

static const char LIST_MEMBERS[] = "SELECT folder_id, uid FROM membership WHERE folder_id = ANY ($1)";

static struct line member_line(const struct transit *transit, const struct db_row *row,
                               enum transit_side side)
{
    int64_t folder_id = db_get_i64(row, 0);

    return (struct line){ .a = side == TRANSIT_SOURCE ? transit_new_id(transit, GROUP_ID_FOLDER, folder_id)
                                                      : folder_id,
                          .b = db_get_i64(row, 1),
                          .old = folder_id };
}

static const char READ_MEMBERS[] =
    "SELECT m.folder_id, m.item_id, m::text FROM unnest($1::bigint[], $2::bigint[]) AS k (f, u)"
    "  JOIN membership m ON m.folder_id = k.f AND m.uid = k.u";
/* An item that came after ours were brought: with the next round. */
static const char INSERT_MEMBERS[] =
    "INSERT INTO membership SELECT (y.t).* FROM"
    " (SELECT jsonb_populate_record(n.r::membership,"
    "         jsonb_build_object('folder_id', n.f, 'item_id', n.i, 'message_id', i.message_id)) AS t"
    "    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS n (r, f, i)"
    "    JOIN item i ON i.item_id = n.i OFFSET 0) AS y";

static bool write_members(struct step *step, struct err *err)
{
    struct transit *transit = step->transit;
    struct span *texts = talloc_array(step->arena, struct span, (unsigned)step->count);
    int64_t *folders = talloc_array(step->arena, int64_t, (unsigned)step->count);
    int64_t *items = talloc_array(step->arena, int64_t, (unsigned)step->count);
    struct db_rows *rows;
    struct db_row row;
    size_t count = 0;

    if (!db_query(transit->source, step->arena, READ_MEMBERS,
                  DB_ARGS(step_column(step, 3), step_column(step, 1)), &rows, err))
        return false;
    for (; count < step->count && db_rows_at(rows, count, &row); count++) {
        folders[count] = transit_new_id(transit, GROUP_ID_FOLDER, db_get_i64(&row, 0));
        items[count] = transit_new_id(transit, GROUP_ID_ITEM, db_get_i64(&row, 1));
        texts[count] = db_get_text(&row, 2);
    }
    return db_exec(
        transit->target, INSERT_MEMBERS,
        DB_ARGS(db_text_array(texts, count), db_i64_array(folders, count), db_i64_array(items, count)), NULL,
        err);
}

static const char DELETE_MEMBERS[] =
    "DELETE FROM membership m USING unnest($1::bigint[], $2::bigint[]) AS k (f, u)"
    " WHERE m.folder_id = k.f AND m.uid = k.u";

static bool delete_members(struct step *step, struct err *err)
{
    return db_exec(step->transit->target, DELETE_MEMBERS, DB_ARGS(step_column(step, 0), step_column(step, 1)),
                   NULL, err);
}

bool transit_members(struct transit *transit, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct lines here, there, missing, extra;
    bool done = lines_list(transit, TRANSIT_SOURCE, LIST_MEMBERS,
                           DB_ARGS(db_i64_array(transit->folders, transit->folder_count)), member_line, arena,
                           &here, err) &&
                lines_list(transit, TRANSIT_TARGET, LIST_MEMBERS,
                           DB_ARGS(db_i64_array(transit->new_folders, transit->folder_count)), member_line,
                           arena, &there, err);

    if (done) {
        missing = lines_without(arena, &here, &there);
        extra = lines_without(arena, &there, &here);
        transit->differences += missing.count + extra.count;
        done = lines_in_steps(transit, &extra, MEMBERS_AT_ONCE, delete_members, NULL, err) &&
               lines_in_steps(transit, &missing, MEMBERS_AT_ONCE, write_members, NULL, err);
    }
    talloc_free(arena);
    return done;
}

/* ---- references */

static const char LIST_REFERENCES[] =
    "SELECT hash, subject_hash, thread_id FROM thread_reference WHERE mailbox_id = $1";

static struct line reference_line(const struct transit *transit, const struct db_row *row,
                                  enum transit_side side)
{
    int64_t thread_id = db_get_i64(row, 2);

    return (struct line){ .a = db_get_i64(row, 0),
                          .b = db_get_i64(row, 1),
                          .c = side == TRANSIT_SOURCE ? transit_new_id(transit, GROUP_ID_THREAD, thread_id)
                                                      : thread_id };
}

static const char DELETE_REFERENCES[] =
    "DELETE FROM thread_reference r USING unnest($2::bigint[], $3::bigint[]) AS k (h, s)"
    " WHERE r.mailbox_id = $1 AND r.hash = k.h AND r.subject_hash = k.s";
static const char INSERT_REFERENCES[] =
    "INSERT INTO thread_reference (mailbox_id, hash, subject_hash, thread_id)"
    " SELECT $1, k.h, k.s, k.t FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS k (h, s, t)";

static bool delete_references(struct step *step, struct err *err)
{
    return db_exec(
        step->transit->target, DELETE_REFERENCES,
        DB_ARGS(db_i64(step->transit->options.mailbox_id), step_column(step, 0), step_column(step, 1)), NULL,
        err);
}

static bool write_references(struct step *step, struct err *err)
{
    return db_exec(step->transit->target, INSERT_REFERENCES,
                   DB_ARGS(db_i64(step->transit->options.mailbox_id), step_column(step, 0),
                           step_column(step, 1), step_column(step, 2)),
                   NULL, err);
}

bool transit_references(struct transit *transit, struct err *err)
{
    struct db_value mailbox = db_i64(transit->options.mailbox_id);
    void *arena = talloc_new(NULL);
    struct lines here, there, missing, extra;
    bool done = lines_list(transit, TRANSIT_SOURCE, LIST_REFERENCES, DB_ARGS(mailbox), reference_line, arena,
                           &here, err) &&
                lines_list(transit, TRANSIT_TARGET, LIST_REFERENCES, DB_ARGS(mailbox), reference_line, arena,
                           &there, err);

    if (done) {
        missing = lines_without(arena, &here, &there);
        extra = lines_without(arena, &there, &here);
        transit->differences += missing.count + extra.count;
        done = lines_in_steps(transit, &extra, REFERENCES_AT_ONCE, delete_references, NULL, err) &&
               lines_in_steps(transit, &missing, REFERENCES_AT_ONCE, write_references, NULL, err);
    }
    talloc_free(arena);
    return done;
}
