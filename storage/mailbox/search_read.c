/* search_read.c -- bodies read ahead, extracted one by one. */
#include "mailbox/search_read.h"

#include "base/log.h"
#include "db/statement.h"

#include <talloc.h>

/* A larger message is searched in its header alone: its text would not fit into a row anyway. */
enum { READ_MAX = 128 * 1024 * 1024 };

static const char READ_MEMBERS[] = "SELECT uid, item_id, message_id FROM membership"
                                   " WHERE folder_id = $1 AND uid > $2 ORDER BY uid LIMIT $3";

bool search_members(struct group *group, const void *owner, int64_t folder_id, int64_t after_uid,
                    size_t limit, struct search_member **members_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    bool done = group_acquire(group, DB_SEARCH, &db, err);
    if (done) {
        done = db_query(db, arena, READ_MEMBERS,
                        DB_ARGS(db_i64(folder_id), db_i64(after_uid), db_i64((int64_t)limit)), &rows, err);
        db_release(&db);
    }
    if (done) {
        *count_out = db_rows_count(rows);
        *members_out = talloc_array(owner, struct search_member, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*members_out)[i] =
                (struct search_member){ db_get_u32(&row, 0), db_get_i64(&row, 1), db_get_i64(&row, 2) };
    }
    talloc_free(arena);
    return done;
}

static bool read_large(struct group *group, void *arena, int64_t message_id, struct span *bytes_out,
                       struct err *err)
{
    struct message_meta meta;

    if (!message_meta(group, arena, message_id, &meta, err))
        return false;
    if (meta.size_bytes > READ_MAX)
        return message_header(group, arena, message_id, bytes_out, err);
    return message_read(group, arena, message_id, 0, (size_t)meta.size_bytes, bytes_out, err);
}

/* Only the database's absence is an error: one damaged message must not keep the others from being found. */
static bool may_skip(const struct err *err, int64_t message_id)
{
    if (err->kind != ERR_INTERNAL && err->kind != ERR_NOT_FOUND)
        return false;
    log_event(LOG_LEVEL_WARNING, "search.message.unreadable", log_i64("message", message_id),
              log_text("cause", err->log));
    return true;
}

bool search_read(struct group *group, const struct search_member *members, size_t count, search_each *each,
                 void *arg, struct err *err)
{
    void *arena = talloc_new(NULL);
    int64_t *ids = talloc_array(NULL, int64_t, (unsigned)count + 1);
    struct message_sweep_item item;
    bool done = true, goes_on = true;

    for (size_t i = 0; i < count; i++)
        ids[i] = members[i].message_id;
    struct message_sweep *sweep = message_sweep_open(NULL, group, ids, count);
    for (size_t i = 0; i < count && done && goes_on; i++) {
        struct search_document document = { .uid = members[i].uid, .header = { "", "" }, .body = { "", "" } };
        item = (struct message_sweep_item){ .number = count };
        done = message_sweep_next(sweep, &item, err) &&
               (!item.is_large || read_large(group, arena, ids[i], &item.bytes, err));
        document.is_unreadable = !done || !item.bytes.p;
        if (!document.is_unreadable)
            search_extract(arena, item.bytes, &document);
        if (!done) /* while the sweep stands still, the others cannot be found either */
            done = item.number == i && may_skip(err, ids[i]);
        goes_on = done && each(&members[i], &document, arg);
        talloc_free_children(arena);
    }
    message_sweep_close(&sweep);
    talloc_free(ids);
    talloc_free(arena);
    return done;
}
