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
    "       size_bytes, codec, quarantine_id"
/* Backwards along quarantine_by_organisation. */
static const char SELECT_ENTRIES[] = SELECT_ENTRY
    "  FROM quarantine"
    " WHERE ($1 = 0 OR organisation_id = $1)"
    "   AND ($2::text IS NULL OR quarantine_id < (SELECT quarantine_id FROM quarantine WHERE public_id::text = $2))"
    " ORDER BY quarantine_id DESC LIMIT $3";
static const char SELECT_ONE[] = SELECT_ENTRY ", data FROM quarantine WHERE public_id::text = $1";
static const char SELECT_NUMBER[] = SELECT_ENTRY ", data FROM quarantine WHERE quarantine_id = $1";
static const char TAKE_OFF[] =
    "UPDATE quarantine SET recipients = ARRAY(SELECT r FROM unnest(recipients) WITH ORDINALITY AS t(r, n)"
    "                                          WHERE r <> ALL ($2) ORDER BY n)"
    " WHERE public_id::text = $1";
static const char SELECT_DUE[] =
    "SELECT o.organisation_id, coalesce(d.told_us, 0)"
    "  FROM organisation o LEFT JOIN quarantine_digest d USING (organisation_id)"
    " WHERE coalesce(d.told_us, 0) < $1"
    "   AND EXISTS (SELECT FROM quarantine q WHERE q.organisation_id = o.organisation_id"
    "                  AND q.received_us > coalesce(d.told_us, 0))";
static const char SELECT_SINCE[] =
    SELECT_ENTRY "  FROM quarantine WHERE organisation_id = $1 AND received_us > $2 AND received_us <= $3"
                 " ORDER BY quarantine_id LIMIT 1000";
static const char SELECT_OF_RECIPIENT[] = SELECT_ENTRY
    "  FROM quarantine q"
    " WHERE organisation_id = (SELECT organisation_id FROM recipient WHERE recipient_id = $1)"
    "   AND EXISTS (SELECT FROM unnest(q.recipients) AS u(r) JOIN address a ON a.address = lower(u.r)"
    "                WHERE a.recipient_id = $1)"
    " ORDER BY quarantine_id DESC LIMIT 1000";
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
        .number = db_get_i64(row, 11),
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
    l->entries[0].data = db_get_bytes(&row, 12);
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

bool quarantine_find_number(struct directory *directory, const void *owner, int64_t quarantine_id,
                            struct quarantine_entry *entry_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, SELECT_NUMBER, DB_ARGS(db_i64(quarantine_id)), &row, err))
        return false;
    read_row(owner, &row, entry_out);
    entry_out->data = db_get_bytes(&row, 12);
    return true;
}

bool quarantine_digests_due(struct directory *directory, const void *owner, int64_t before_us,
                            struct quarantine_due **due_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_DUE, DB_ARGS(db_i64(before_us)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *due_out = talloc_zero_array(owner, struct quarantine_due, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*due_out)[i] = (struct quarantine_due){ db_get_i64(&row, 0), db_get_i64(&row, 1) };
    return true;
}

static bool list_entries(struct directory *directory, const void *owner, const char *sql, struct db_args args,
                         struct quarantine_entry **entries_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, sql, args, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *entries_out = talloc_zero_array(owner, struct quarantine_entry, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(*entries_out, &row, &(*entries_out)[i]);
    return true;
}

bool quarantine_since(struct directory *directory, const void *owner, int64_t organisation_id,
                      int64_t after_us, int64_t until_us, struct quarantine_entry **entries_out,
                      size_t *count_out, struct err *err)
{
    return list_entries(directory, owner, SELECT_SINCE,
                        DB_ARGS(db_i64(organisation_id), db_i64(after_us), db_i64(until_us)), entries_out,
                        count_out, err);
}

bool quarantine_of_recipient(struct directory *directory, const void *owner, int64_t recipient_id,
                             struct quarantine_entry **entries_out, size_t *count_out, struct err *err)
{
    return list_entries(directory, owner, SELECT_OF_RECIPIENT, DB_ARGS(db_i64(recipient_id)), entries_out,
                        count_out, err);
}

struct taking_off {
    const struct actor *actor;
    int64_t organisation_id;
    const char *id;
    const char *const *recipients;
    size_t count;
};

static bool take_off(struct db *db, void *arg, struct err *err)
{
    const struct taking_off *t = arg;
    struct span *recipients = talloc_array(NULL, struct span, (unsigned)t->count + 1);
    json_t *list = json_array();

    for (size_t i = 0; i < t->count; i++) {
        recipients[i] = span_text(t->recipients[i]);
        json_array_append_new(list, json_string(t->recipients[i]));
    }
    bool ok = db_exec(db, TAKE_OFF, DB_ARGS(db_text(t->id), db_text_array(recipients, t->count)), NULL, err);
    if (ok)
        ok = audit_write(db, t->actor, t->organisation_id, "quarantine.release", t->id, NULL,
                         json_pack("{s:O}", "recipients", list), err);
    json_decref(list);
    talloc_free(recipients);
    return ok;
}

bool quarantine_take_off(struct directory *directory, const struct actor *actor, const char *id,
                         const char *const *recipients, size_t count, struct err *err)
{
    struct taking_off taking = { .actor = actor, .id = id, .recipients = recipients, .count = count };

    return act_locate(directory, actor, LOCATE, db_text(id), "message in the quarantine",
                      &taking.organisation_id, err) &&
           act_in(directory, actor, taking.organisation_id, take_off, &taking, err);
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
