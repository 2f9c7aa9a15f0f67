/* push.c -- see push.h. */
#include "directory/push.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/sealing.h"
#include "directory/act.h"

#include <talloc.h>

enum { ID_BYTES = 12, ENDED_A_TURN = 1000 };

#define COLUMNS                                                                                                   \
    "p.public_id, p.organisation_id, p.recipient_id, coalesce(p.app_password_id, 0), a.address, p.device, p.url," \
    " p.public_key, p.secret, p.code, p.code_is_sent, p.is_verified, p.types, p.expires_us, p.created_us,"        \
    " p.told::text"
/* A subscription that was made before the password was changed has ended. */
#define FROM_LIVING                                                                                          \
    " FROM push_subscription p JOIN recipient r ON r.recipient_id = p.recipient_id"                          \
    " JOIN address a ON a.recipient_id = p.recipient_id AND a.is_primary"                                    \
    " LEFT JOIN credential c ON c.recipient_id = p.recipient_id"                                             \
    " WHERE p.expires_us > $1 AND (p.app_password_id IS NOT NULL OR coalesce(c.changed_us, 0) <= p.created_us)"

static const char SELECT_OWN[] =
    "SELECT " COLUMNS FROM_LIVING " AND p.recipient_id = $2 ORDER BY p.created_us, p.public_id";
static const char SELECT_ALL[] =
    "SELECT " COLUMNS FROM_LIVING " AND r.state = 'active' AND (p.is_verified OR NOT p.code_is_sent)";
static const char INSERT[] =
    "INSERT INTO push_subscription (public_id, organisation_id, recipient_id, app_password_id, device, url, public_key,"
    "                               secret, code, types, expires_us, created_us)"
    " SELECT $1, $2, $3, nullif($4, 0), $5, $6, CASE WHEN length($7) > 0 THEN $7 END,"
    "        CASE WHEN length($8) > 0 THEN $8 END, $9, $10, $11, $12"
    "  WHERE (SELECT count(*) FROM push_subscription WHERE recipient_id = $3 AND expires_us > $12) < $13"
    " RETURNING public_id";
static const char UPDATE[] = "UPDATE push_subscription SET is_verified = $3, types = $4, expires_us = $5,"
                             "       told = coalesce($6, told)"
                             " WHERE public_id = $1 AND recipient_id = $2 RETURNING public_id";
static const char REMOVE[] =
    "DELETE FROM push_subscription WHERE public_id = $1 AND ($2 = 0 OR recipient_id = $2) RETURNING public_id";
static const char END_OLD[] =
    "DELETE FROM push_subscription WHERE public_id IN (SELECT public_id FROM push_subscription WHERE expires_us <= $1"
    "                                                   LIMIT $2)";
static const char NOTE_CODE[] = "UPDATE push_subscription SET code_is_sent = true WHERE public_id = $1";
static const char NOTE_TOLD[] = "UPDATE push_subscription SET told = $2 WHERE public_id = $1";
static const char HOLD[] =
    "INSERT INTO push_teller (holder, until_us)"
    " VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $2)"
    " ON CONFLICT (is_only) DO UPDATE SET holder = excluded.holder, until_us = excluded.until_us"
    "  WHERE push_teller.holder = excluded.holder"
    "     OR push_teller.until_us <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    " RETURNING holder";
static const char SELECT_KEY[] = "SELECT private_key, public_key FROM push_key";
static const char OFFER_KEY[] =
    "INSERT INTO push_key (private_key, public_key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
#define KEY_CONTEXT "push installation key" /* as sealed.c makes it */

static struct span copy_bytes(const void *owner, const struct db_row *row, int column)
{
    struct span bytes = db_get_bytes(row, column);

    return bytes.p ? span_of(talloc_memdup(owner, bytes.p, span_length(bytes)), span_length(bytes)) : bytes;
}

static struct push_subscription read_row(const void *owner, const struct db_row *row)
{
    return (struct push_subscription){ .id = db_copy_text(owner, row, 0),
                                       .organisation_id = db_get_i64(row, 1),
                                       .recipient_id = db_get_i64(row, 2),
                                       .app_password_id = db_get_i64(row, 3),
                                       .login = db_copy_text(owner, row, 4),
                                       .device = db_copy_text(owner, row, 5),
                                       .url = db_copy_text(owner, row, 6),
                                       .public_key = copy_bytes(owner, row, 7),
                                       .secret = copy_bytes(owner, row, 8),
                                       .code = db_copy_text(owner, row, 9),
                                       .code_is_sent = db_get_bool(row, 10),
                                       .is_verified = db_get_bool(row, 11),
                                       .types = db_copy_text(owner, row, 12),
                                       .expires_us = db_get_i64(row, 13),
                                       .created_us = db_get_i64(row, 14),
                                       .told = db_copy_text(owner, row, 15) };
}

static bool list(struct directory *directory, const void *owner, const char *sql, struct db_args args,
                 struct push_subscription **list_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, sql, args, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *list_out = talloc_zero_array(owner, struct push_subscription, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*list_out)[i] = read_row(*list_out, &row);
    talloc_free(rows);
    return true;
}

bool push_list(struct directory *directory, const void *owner, int64_t recipient_id,
               struct push_subscription **list_out, size_t *count_out, struct err *err)
{
    return list(directory, owner, SELECT_OWN, DB_ARGS(db_i64(clock_now_us()), db_i64(recipient_id)), list_out,
                count_out, err);
}

/* ---- changes, as chappe_lookup */

struct change {
    const char *sql;
    struct db_args args;
    bool has_row;
};

static bool change_in(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    bool done = db_query(db, scratch, change->sql, change->args, &rows, err);

    change->has_row = done && db_rows_count(rows) > 0;
    talloc_free(scratch);
    return done;
}

static bool run(struct directory *directory, const char *sql, struct db_args args, bool *has_row_out,
                struct err *err)
{
    struct change change = { .sql = sql, .args = args };

    *err = ERR_INIT;
    if (!with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, change_in, &change, err))
        return false;
    if (has_row_out)
        *has_row_out = change.has_row;
    return true;
}

static bool run_on_one(struct directory *directory, const char *sql, struct db_args args, struct err *err)
{
    bool has_row;

    return run(directory, sql, args, &has_row, err) && (has_row || not_found(err, "subscription"));
}

bool push_add(struct directory *directory, const void *owner, const struct push_subscription *w,
              const char **id_out, struct err *err)
{
    char id[2 * ID_BYTES + 2] = "P";
    uint8_t random[ID_BYTES];
    bool has_row;

    random_bytes(random, sizeof random);
    hex_encode(span_of((const char *)random, sizeof random), id + 1);
    if (!run(directory, INSERT,
             DB_ARGS(db_text(id), db_i64(w->organisation_id), db_i64(w->recipient_id),
                     db_i64(w->app_password_id), db_text(w->device), db_text(w->url), db_bytes(w->public_key),
                     db_bytes(w->secret), db_text(w->code), db_text(w->types), db_i64(w->expires_us),
                     db_i64(clock_now_us()), db_i64(PUSH_SUBSCRIPTIONS_MAX)),
             &has_row, err))
        return false;
    *id_out = talloc_strdup(owner, id);
    return has_row || err_set(err, ERR_LIMIT, "There are %d subscriptions already.", PUSH_SUBSCRIPTIONS_MAX);
}

bool push_set(struct directory *directory, const struct push_subscription *s, struct err *err)
{
    return run_on_one(directory, UPDATE,
                      DB_ARGS(db_text(s->id), db_i64(s->recipient_id), db_bool(s->is_verified),
                              db_text(s->types), db_i64(s->expires_us), db_jsonb(s->told)),
                      err);
}

bool push_remove(struct directory *directory, int64_t recipient_id, const char *id, struct err *err)
{
    return run_on_one(directory, REMOVE, DB_ARGS(db_text(id), db_i64(recipient_id)), err);
}

/* ---- for who tells */

bool push_all(struct directory *directory, const void *owner, struct push_subscription **list_out,
              size_t *count_out, struct err *err)
{
    int64_t now_us = clock_now_us();

    return run(directory, END_OLD, DB_ARGS(db_i64(now_us), db_i64(ENDED_A_TURN)), NULL, err) &&
           list(directory, owner, SELECT_ALL, DB_ARGS(db_i64(now_us)), list_out, count_out, err);
}

bool push_note_code(struct directory *directory, const char *id, struct err *err)
{
    return run(directory, NOTE_CODE, DB_ARGS(db_text(id)), NULL, err);
}

bool push_note_told(struct directory *directory, const char *id, const char *told, struct err *err)
{
    return run(directory, NOTE_TOLD, DB_ARGS(db_text(id), db_jsonb(told)), NULL, err);
}

bool push_hold(struct directory *directory, const char *holder, bool *is_held_out, struct err *err)
{
    return run(directory, HOLD, DB_ARGS(db_text(holder), db_i64(PUSH_HOLD_S * US_PER_S)), is_held_out, err);
}

bool push_key_get(struct directory *directory, const void *owner, const char **private_out,
                  struct span *public_out, struct err *err)
{
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up_one(directory, owner, SELECT_KEY, DB_NO_ARGS, &row, err))
        return false;
    *private_out = unsealed(directory, owner, KEY_CONTEXT, db_copy_text(owner, &row, 0));
    *public_out = copy_bytes(owner, &row, 1);
    return true;
}

bool push_key_offer(struct directory *directory, const char *private_key, struct span public_key,
                    struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *sealed;
    bool done = sealing_seal(directory->sealing, scratch, KEY_CONTEXT, private_key, &sealed, err) &&
                run(directory, OFFER_KEY, DB_ARGS(db_text(sealed), db_bytes(public_key)), NULL, err);

    talloc_free(scratch);
    return done;
}
