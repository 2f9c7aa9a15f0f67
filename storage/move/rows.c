/*
 * rows.c -- tables whose rows are the same in both groups but for the number of their folder: compared by a hash of the whole
 * row, and carried as PostgreSQL writes them, so that a column that a later schema adds goes with them.
 */
#include "move/work.h"

#include <talloc.h>

struct carried {
    bool is_by_folder;
    const char *list, *read, *remove, *insert;
};

#define BY_FOLDER(table)                                                                                     \
    {                                                                                                        \
        .is_by_folder = true,                                                                                \
        .list = "SELECT x.folder_id, transit_hash(x) FROM " table " x WHERE x.folder_id = ANY ($1)",         \
        .read =                                                                                              \
            "SELECT x.folder_id, transit_hash(x), x::text FROM " table " x WHERE x.folder_id = ANY ($1)",    \
        .remove = "DELETE FROM " table " x USING unnest($1::bigint[], $2::bigint[]) AS e (folder_id, hash)"  \
                  " WHERE x.folder_id = e.folder_id AND transit_hash(x) = e.hash",                           \
        .insert =                                                                                            \
            "INSERT INTO " table " SELECT (y.t).* FROM"                                                      \
            " (SELECT jsonb_populate_record(n.r::" table ", jsonb_build_object('folder_id', n.f)) AS t"      \
            "    FROM unnest($1::text[], $2::bigint[]) AS n (r, f) OFFSET 0) AS y",                          \
    }
#define BY_MAILBOX(table, condition)                                                                         \
    {                                                                                                        \
        .list =                                                                                              \
            "SELECT 0::bigint, transit_hash(x) FROM " table " x WHERE x.mailbox_id = ANY ($1)" condition,    \
        .read = "SELECT 0::bigint, transit_hash(x), x::text FROM " table                                     \
                " x WHERE x.mailbox_id = ANY ($1)" condition,                                                \
        .remove = "DELETE FROM " table " x USING unnest($2::bigint[]) AS e (hash)"                           \
                  " WHERE x.mailbox_id = ANY ($1::bigint[])" condition " AND transit_hash(x) = e.hash",      \
        .insert =                                                                                            \
            "INSERT INTO " table " SELECT (y.t).* FROM"                                                      \
            " (SELECT n.r::" table " AS t FROM unnest($1::text[], $2::bigint[]) AS n (r, f) OFFSET 0) AS y", \
    }

static const struct carried tables[] = {
    BY_FOLDER("folder_change"),      BY_FOLDER("folder_right"),
    BY_FOLDER("annotation"),         BY_MAILBOX("annotation", " AND x.folder_id IS NULL"),
    BY_MAILBOX("subscription", ""),  BY_MAILBOX("import_receipt", ""),
    BY_MAILBOX("sieve_script", ""),  BY_MAILBOX("automatic_reply", ""),
    BY_MAILBOX("sieve_mark", ""),    BY_MAILBOX("client_setting", ""),
    BY_MAILBOX("sender_rule", ""),   BY_MAILBOX("snooze", ""),
    BY_MAILBOX("search_folder", ""), BY_MAILBOX("search_shown", ""),
    BY_MAILBOX("openpgp_key", ""),   BY_MAILBOX("mailbox_right", ""),
};

enum { ROWS_AT_ONCE = 500, BYTES_AT_ONCE = 1 << 20 };

struct carrying {
    struct transit *transit;
    const struct carried *table;
    struct lines missing, extra;
    void *arena;
    struct span *rows; /* read and not yet written, with their folders */
    int64_t *folders;
    size_t count, bytes;
    void *row_owner;
};

static struct db_value scope(const struct carrying *carrying, bool is_source)
{
    const struct transit *transit = carrying->transit;

    if (carrying->table->is_by_folder)
        return db_i64_array(is_source ? transit->folders : transit->new_folders, transit->folder_count);
    return db_i64_array(&transit->options.mailbox_id, 1);
}

static int64_t new_folder(const struct carrying *carrying, int64_t folder_id)
{
    return carrying->table->is_by_folder ? transit_new_id(carrying->transit, GROUP_ID_FOLDER, folder_id) : 0;
}

static bool list(struct carrying *carrying, bool is_source, struct lines *lines_out, struct err *err)
{
    struct transit *transit = carrying->transit;
    void *arena = talloc_new(carrying->arena);
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(is_source ? transit->source : transit->target, arena, carrying->table->list,
                         DB_ARGS(scope(carrying, is_source)), &rows, err);

    *lines_out = (struct lines){ .list = NULL };
    if (done) {
        lines_out->list = talloc_array(carrying->arena, struct line, (unsigned)db_rows_count(rows) + 1);
        for (; db_rows_at(rows, lines_out->count, &row); lines_out->count++)
            lines_out->list[lines_out->count] =
                (struct line){ .a = is_source ? new_folder(carrying, db_get_i64(&row, 0))
                                              : db_get_i64(&row, 0),
                               .b = db_get_i64(&row, 1) };
        lines_sort(lines_out);
    }
    talloc_free(arena);
    return done;
}

static bool flush(struct carrying *carrying, struct err *err)
{
    bool done = carrying->count == 0 || db_exec(carrying->transit->target, carrying->table->insert,
                                                DB_ARGS(db_text_array(carrying->rows, carrying->count),
                                                        db_i64_array(carrying->folders, carrying->count)),
                                                NULL, err);

    carrying->count = carrying->bytes = 0;
    TALLOC_FREE(carrying->row_owner);
    carrying->row_owner = talloc_new(carrying->arena);
    return done;
}

static bool take_row(const struct db_row *row, void *arg, struct err *err)
{
    struct carrying *carrying = arg;
    struct line line = { .a = new_folder(carrying, db_get_i64(row, 0)), .b = db_get_i64(row, 1) };
    struct span text = db_get_text(row, 2);

    if (!lines_have(&carrying->missing, &line))
        return true;
    carrying->rows[carrying->count] = span_text(span_copy(carrying->row_owner, text));
    carrying->folders[carrying->count++] = line.a;
    carrying->bytes += span_length(text);
    return (carrying->count < ROWS_AT_ONCE && carrying->bytes < BYTES_AT_ONCE) || flush(carrying, err);
}

static bool remove_extra(struct carrying *carrying, struct err *err)
{
    const struct lines *extra = &carrying->extra;
    const int64_t *folders = lines_column(carrying->arena, extra, 0, extra->count, 0);
    const int64_t *hashes = lines_column(carrying->arena, extra, 0, extra->count, 1);
    struct db_value first =
        carrying->table->is_by_folder ? db_i64_array(folders, extra->count) : scope(carrying, false);

    return extra->count == 0 || db_exec(carrying->transit->target, carrying->table->remove,
                                        DB_ARGS(first, db_i64_array(hashes, extra->count)), NULL, err);
}

static bool carry(struct db *db, void *arg, struct err *err)
{
    struct carrying *carrying = arg;

    (void)db;
    carrying->count = carrying->bytes = 0;
    return transit_check_runner(carrying->transit, err) && remove_extra(carrying, err) &&
           (carrying->missing.count == 0 ||
            (db_stream(carrying->transit->source, carrying->table->read, DB_ARGS(scope(carrying, true)),
                       take_row, carrying, err) &&
             flush(carrying, err)));
}

static bool bring_table(struct transit *transit, const struct carried *table, struct err *err)
{
    struct carrying carrying = { .transit = transit, .table = table, .arena = talloc_new(NULL) };
    struct lines here, there;

    carrying.rows = talloc_array(carrying.arena, struct span, ROWS_AT_ONCE);
    carrying.folders = talloc_array(carrying.arena, int64_t, ROWS_AT_ONCE);
    carrying.row_owner = talloc_new(carrying.arena);
    bool done = transit_go_on(transit, err) && list(&carrying, true, &here, err) &&
                list(&carrying, false, &there, err);
    if (done) {
        carrying.missing = lines_without(carrying.arena, &here, &there);
        carrying.extra = lines_without(carrying.arena, &there, &here);
        transit->differences += carrying.missing.count + carrying.extra.count;
        if (carrying.missing.count + carrying.extra.count > 0)
            done = with_transaction(transit->target, carry, &carrying, err);
    }
    talloc_free(carrying.arena);
    return done;
}

bool transit_rows(struct transit *transit, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        if (!bring_table(transit, &tables[i], err))
            return false;
    return true;
}
