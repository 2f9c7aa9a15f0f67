/*
 * sending.c -- counters by the hour, and holds.
 */
#include "directory/sending.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

#define HOUR_US (3600 * US_PER_S)

static const char LOOK[] =
    "SELECT coalesce((SELECT recipients FROM send_count"
    "                  WHERE organisation_id = $1 AND recipient_id = $2 AND hour = $3), 0),"
    "       coalesce((SELECT recipients FROM send_count"
    "                  WHERE organisation_id = $1 AND recipient_id = 0 AND hour = $3), 0),"
    "       EXISTS (SELECT FROM send_hold WHERE recipient_id = $2)";

/* No row comes back where the limit would be passed. */
static const char COUNT[] =
    "INSERT INTO send_count (organisation_id, recipient_id, hour, recipients, messages)"
    " VALUES ($1, $2, $3, $4, 1)"
    " ON CONFLICT (organisation_id, recipient_id) DO UPDATE"
    "    SET hour = excluded.hour,"
    "        recipients = CASE WHEN send_count.hour = $3 THEN send_count.recipients ELSE 0 END + $4,"
    "        messages = CASE WHEN send_count.hour = $3 THEN send_count.messages ELSE 0 END + 1"
    "  WHERE $5 = 0 OR CASE WHEN send_count.hour = $3 THEN send_count.recipients ELSE 0 END + $4 <= $5"
    " RETURNING recipients";

static const char HOLD[] = "INSERT INTO send_hold (recipient_id, organisation_id, since_us, reason)"
                           " VALUES ($1, $2, $3, $4) ON CONFLICT (recipient_id) DO NOTHING";

static const char LOCATE[] = "SELECT organisation_id FROM address WHERE address = $1";
static const char RELEASE[] =
    "DELETE FROM send_hold WHERE recipient_id = (SELECT recipient_id FROM address WHERE address = $1)";
static const char FORGET[] = "DELETE FROM send_count WHERE organisation_id = $2"
                             "    AND recipient_id = (SELECT recipient_id FROM address WHERE address = $1)";

static const char SELECT_HELD[] =
    "SELECT a.address, h.reason, h.organisation_id, h.since_us"
    "  FROM send_hold h JOIN address a ON a.recipient_id = h.recipient_id AND a.is_primary"
    " WHERE $1 = 0 OR h.organisation_id = $1 ORDER BY a.address";

bool sending_look(struct directory *directory, const struct sending *s, struct sending_state *state_out,
                  struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = look_up_one(
        directory, scratch, LOOK,
        DB_ARGS(db_i64(s->organisation_id), db_i64(s->recipient_id), db_i64(s->now_us / HOUR_US)), &row, err);

    if (ok)
        *state_out = (struct sending_state){
            .account_sent = db_get_i64(&row, 0),
            .organisation_sent = db_get_i64(&row, 1),
            .is_held = db_get_bool(&row, 2),
        };
    talloc_free(scratch);
    return ok;
}

struct count {
    const struct sending *sending;
    int64_t recipients;
    enum sending_answer answer;
};

static bool add(struct db *db, const struct count *c, int64_t recipient_id, int64_t limit, bool *is_full_out,
                struct err *err)
{
    uint64_t written;

    *is_full_out = limit > 0 && c->recipients > limit;
    if (*is_full_out)
        return true;
    if (!db_exec(db, COUNT,
                 DB_ARGS(db_i64(c->sending->organisation_id), db_i64(recipient_id),
                         db_i64(c->sending->now_us / HOUR_US), db_i64(c->recipients), db_i64(limit)),
                 &written, err))
        return false;
    *is_full_out = written == 0;
    return true;
}

/* The account's row first; where the organisation's is full nothing of both is kept. */
static bool count_both(struct db *db, void *arg, struct err *err)
{
    struct count *c = arg;
    bool is_full;

    c->answer = SENDING_ACCOUNT_FULL;
    if (!add(db, c, c->sending->recipient_id, c->sending->account_limit, &is_full, err))
        return false;
    if (is_full)
        return err_set(err, ERR_LIMIT, "This account has sent to too many recipients in this hour.");
    c->answer = SENDING_ORGANISATION_FULL;
    if (!c->sending->organisation_limit) {
        c->answer = SENDING_COUNTED;
        return true;
    }
    if (!add(db, c, 0, c->sending->organisation_limit, &is_full, err))
        return false;
    if (is_full)
        return err_set(err, ERR_LIMIT, "This organisation has sent to too many recipients in this hour.");
    c->answer = SENDING_COUNTED;
    return true;
}

bool sending_count(struct directory *directory, const struct sending *sending, int64_t recipients,
                   enum sending_answer *answer_out, struct err *err)
{
    struct count count = { .sending = sending, .recipients = recipients };
    bool ok =
        with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, count_both, &count, err);

    *answer_out = count.answer;
    if (!ok && err->kind == ERR_LIMIT) {
        *err = ERR_INIT;
        return true;
    }
    return ok;
}

struct hold {
    const struct actor *actor;
    int64_t organisation_id, recipient_id;
    const char *address, *reason;
};

static bool hold(struct db *db, void *arg, struct err *err)
{
    const struct hold *h = arg;
    uint64_t written;

    if (!db_exec(db, HOLD,
                 DB_ARGS(db_i64(h->recipient_id), db_i64(h->organisation_id), db_i64(clock_now_us()),
                         db_text(h->reason)),
                 &written, err))
        return false;
    return written == 0 || audit_write(db, h->actor, h->organisation_id, "sending.hold", h->address, NULL,
                                       json_pack("{s:s}", "reason", h->reason), err);
}

bool sending_hold(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                  int64_t recipient_id, const char *address, const char *reason, struct err *err)
{
    struct hold wanted = { actor, organisation_id, recipient_id, address, reason };

    return act_in(directory, actor, organisation_id, hold, &wanted, err);
}

static bool release(struct db *db, void *arg, struct err *err)
{
    const struct hold *h = arg;
    uint64_t removed;

    return db_exec(db, RELEASE, DB_ARGS(db_text(h->address)), &removed, err) &&
           (removed > 0 || err_set(err, ERR_NOT_FOUND, "The mail of this account is not held.")) &&
           db_exec(db, FORGET, DB_ARGS(db_text(h->address), db_i64(h->organisation_id)), NULL, err) &&
           audit_write(db, h->actor, h->organisation_id, "sending.release", h->address, NULL, NULL, err);
}

bool sending_release(struct directory *directory, const struct actor *actor, const char *address,
                     struct err *err)
{
    struct hold wanted = { .actor = actor };
    void *scratch = talloc_new(NULL);
    char *key, *domain;
    bool ok;

    *err = ERR_INIT;
    ok = address_canonical(scratch, address, &key, &domain, err);
    if (ok) {
        wanted.address = key;
        ok = act_locate(directory, actor, LOCATE, db_text(key), "account", &wanted.organisation_id, err) &&
             act_in(directory, actor, wanted.organisation_id, release, &wanted, err);
    }
    talloc_free(scratch);
    return ok;
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    struct sending_held *held;
    size_t count;
};

static bool read_held(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, NULL, SELECT_HELD, DB_ARGS(db_i64(l->organisation_id)), &rows, err))
        return false;
    l->count = db_rows_count(rows);
    l->held = talloc_zero_array(l->owner, struct sending_held, (unsigned)l->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        l->held[i] = (struct sending_held){
            .address = db_copy_text(l->held, &row, 0),
            .reason = db_copy_text(l->held, &row, 1),
            .organisation_id = db_get_i64(&row, 2),
            .since_us = db_get_i64(&row, 3),
        };
    talloc_free(rows);
    return true;
}

bool sending_list_held(struct directory *directory, const struct actor *actor, const void *owner,
                       int64_t organisation_id, struct sending_held **held_out, size_t *count_out,
                       struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id };

    if (!act_read(directory, actor, organisation_id, read_held, &listing, err))
        return false;
    *held_out = listing.held;
    *count_out = listing.count;
    return true;
}
