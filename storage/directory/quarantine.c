/*
 * quarantine.c -- set aside, listed, shown, taken out.
 */
#include "directory/quarantine.h"

#include "directory/act.h"

#include <talloc.h>

enum { DEFAULT_LIMIT = 100, LARGEST_LIMIT = 1000 };

static const char INSERT_ENTRY[] =
    "INSERT INTO quarantine (organisation_id, received_us, expires_us, sender, recipients, subject, reason, peer,"
    "                        size_bytes, codec, data)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

#define SELECT_ENTRY                                                                                               \
    "SELECT organisation_id, public_id::text, received_us, expires_us, sender, recipients, subject, reason, peer," \
    "       size_bytes, codec"
/* Backwards along quarantine_by_organisation. */
static const char SELECT_ENTRIES[] = SELECT_ENTRY
    "  FROM quarantine"
    " WHERE ($1 = 0 OR organisation_id = $1)"
    "   AND ($2::text IS NULL OR quarantine_id < (SELECT quarantine_id FROM quarantine WHERE public_id::text = $2))"
    " ORDER BY quarantine_id DESC LIMIT $3";
static const char SELECT_ONE[] = SELECT_ENTRY ", data FROM quarantine WHERE public_id::text = $1";
static const char LOCATE[] = "SELECT organisation_id FROM quarantine WHERE public_id::text = $1";
static const char DELETE_ENTRY[] =
    "DELETE FROM quarantine WHERE public_id::text = $1 RETURNING sender, subject, reason";
static const char DELETE_ENDED[] =
    "DELETE FROM quarantine WHERE quarantine_id IN"
    " (SELECT quarantine_id FROM quarantine WHERE expires_us < $1 ORDER BY expires_us LIMIT 1000)";

bool quarantine_add(struct directory *directory, const struct quarantine_entry *e, struct err *err)
{
    struct span *recipients = talloc_array(NULL, struct span, (unsigned)e->recipient_count + 1);
    struct db *db;
    bool ok;

    for (size_t i = 0; i < e->recipient_count; i++)
        recipients[i] = span_text(e->recipients[i]);
    ok = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err);
    if (ok) {
        ok = db_exec(db, INSERT_ENTRY,
                     DB_ARGS(db_i64(e->organisation_id), db_i64(e->received_us), db_i64(e->expires_us),
                             db_text(e->sender), db_text_array(recipients, e->recipient_count),
                             db_text(e->subject), db_text(e->reason), db_text(e->peer), db_i64(e->size_bytes),
                             db_i16(e->codec), db_bytes(e->data)),
                     NULL, err);
        db_release(&db);
    }
    talloc_free(recipients);
    return ok;
}

static void read_row(const void *owner, const struct db_row *row, struct quarantine_entry *out)
{
    struct span *spans;
    const char **recipients;
    size_t count;

    spans = db_get_span_array(owner, row, 5, &count);
    recipients = talloc_array(owner, const char *, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        recipients[i] = span_copy(recipients, spans[i]);
    *out = (struct quarantine_entry){
        .organisation_id = db_get_i64(row, 0),
        .id = db_copy_text(owner, row, 1),
        .received_us = db_get_i64(row, 2),
        .expires_us = db_get_i64(row, 3),
        .sender = db_copy_text(owner, row, 4),
        .recipients = recipients,
        .recipient_count = count,
        .subject = db_copy_text(owner, row, 6),
        .reason = db_copy_text(owner, row, 7),
        .peer = db_copy_text(owner, row, 8),
        .size_bytes = db_get_i64(row, 9),
        .codec = (int16_t)db_get_i32(row, 10),
    };
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *id;
    size_t limit;
    struct quarantine_entry *entries;
    size_t count;
    const struct actor *actor;
    const char *action;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, NULL, SELECT_ENTRIES,
                  DB_ARGS(db_i64(l->organisation_id), db_text(l->id), db_i64((int64_t)l->limit)), &rows, err))
        return false;
    l->count = db_rows_count(rows);
    l->entries = talloc_zero_array(l->owner, struct quarantine_entry, (unsigned)l->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(l->entries, &row, &l->entries[i]);
    talloc_free(rows);
    return true;
}

bool quarantine_list(struct directory *directory, const struct actor *actor, const void *owner,
                     int64_t organisation_id, const char *before, size_t limit,
                     struct quarantine_entry **entries_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner,
                               .organisation_id = organisation_id,
                               .id = before,
                               .limit = limit == 0              ? DEFAULT_LIMIT
                                        : limit > LARGEST_LIMIT ? LARGEST_LIMIT
                                                                : limit };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}

static bool read_one(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, l->owner, SELECT_ONE, DB_ARGS(db_text(l->id)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return not_found(err, "message in the quarantine");
    read_row(l->owner, &row, &l->entries[0]);
    l->entries[0].data = db_get_bytes(&row, 11);
    return true;
}

bool quarantine_find(struct directory *directory, const struct actor *actor, const void *owner,
                     const char *id, struct quarantine_entry *entry_out, struct err *err)
{
    struct listing listing = { .owner = owner, .id = id, .entries = entry_out };

    return act_read(directory, actor, actor->organisation_id, read_one, &listing, err);
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, DELETE_ENTRY, DB_ARGS(db_text(l->id)), &rows, err);

    if (ok && !db_rows_at(rows, 0, &row))
        ok = not_found(err, "message in the quarantine");
    ok =
        ok && audit_write(db, l->actor, l->organisation_id, l->action, l->id,
                          json_pack("{s:s, s:s, s:s}", "sender", db_copy_text(scratch, &row, 0), "subject",
                                    db_copy_text(scratch, &row, 1), "reason", db_copy_text(scratch, &row, 2)),
                          NULL, err);
    talloc_free(scratch);
    return ok;
}

bool quarantine_remove(struct directory *directory, const struct actor *actor, const char *id,
                       const char *action, struct err *err)
{
    struct listing listing = { .actor = actor, .id = id, .action = action };

    return act_locate(directory, actor, LOCATE, db_text(id), "message in the quarantine",
                      &listing.organisation_id, err) &&
           act_in(directory, actor, listing.organisation_id, erase, &listing, err);
}

bool quarantine_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    struct db *db;
    bool ok;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, 5000, &db, err))
        return false;
    ok = db_exec(db, DELETE_ENDED, DB_ARGS(db_i64(now_us)), removed_out, err);
    db_release(&db);
    return ok;
}
