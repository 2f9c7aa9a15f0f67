/* second_factor.c -- adding, listing, taking away: administrative acts. */
#include "directory/second_factor.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/user_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

#define UNCONFIRMED_US (3600 * US_PER_S)

static const char *const kind_names[FACTOR_KINDS] = {
    [FACTOR_TOTP] = "totp", [FACTOR_WEBAUTHN] = "webauthn"
};

const char *factor_kind_name(enum factor_kind kind)
{
    return kind_names[kind];
}

bool factor_kind_of(const char *name, enum factor_kind *kind_out)
{
    for (int i = 0; name && i < FACTOR_KINDS; i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *kind_out = (enum factor_kind)i;
            return true;
        }
    }
    return false;
}

struct change {
    struct directory *directory;
    const struct actor *actor;
    const struct second_factor *wanted;
    const unsigned char (*hashes)[RECOVERY_HASH_BYTES];
    size_t count;
    int64_t recipient_id, second_factor_id;
};

/* ---- adding */

static const char DELETE_UNCONFIRMED[] =
    "DELETE FROM second_factor WHERE recipient_id = $1 AND NOT is_confirmed AND created_us < $2";
static const char COUNT[] = "SELECT count(*) FROM second_factor WHERE recipient_id = $1";
static const char INSERT_FACTOR[] =
    "INSERT INTO second_factor (organisation_id, recipient_id, kind, name, secret, challenge, site, created_us)"
    " VALUES ($1, $2, $3, $4, $5, CASE WHEN length($6) > 0 THEN $6 END, $7, $8) RETURNING second_factor_id";

static bool check_count(struct db *db, const void *scratch, int64_t recipient_id, struct err *err)
{
    struct db_row row;

    if (!db_exec(db, DELETE_UNCONFIRMED,
                 DB_ARGS(db_i64(recipient_id), db_i64(clock_now_us() - UNCONFIRMED_US)), NULL, err) ||
        !db_one_row(db, scratch, COUNT, DB_ARGS(db_i64(recipient_id)), &row, err))
        return false;
    return db_get_i64(&row, 0) < SECOND_FACTORS_MAX ||
           err_set(err, ERR_LIMIT, "An account has at most %d second factors.", SECOND_FACTORS_MAX);
}

static bool insert(struct db *db, struct change *change, const struct user *user, const void *scratch,
                   struct err *err)
{
    const struct second_factor *w = change->wanted;
    char recipient[24], *sealed = NULL;
    struct db_row row;

    snprintf(recipient, sizeof recipient, "%" PRId64, user->recipient_id);
    if (w->secret &&
        !sealing_seal(change->directory->sealing, scratch,
                      seal_context(scratch, "second-factor", recipient, w->name), w->secret, &sealed, err))
        return false;
    if (!db_one_row(db, scratch, INSERT_FACTOR,
                    DB_ARGS(db_i64(user->organisation_id), db_i64(user->recipient_id),
                            db_text(factor_kind_name(w->kind)), db_text(w->name), db_text(sealed),
                            db_bytes(w->challenge), db_text(w->site), db_i64(clock_now_us())),
                    &row, err))
        return taken(err, "There is a second factor called %s already.", w->name);
    change->second_factor_id = db_get_i64(&row, 0);
    return true;
}

static json_t *describe(enum factor_kind kind, const char *name)
{
    return json_pack("{s:s, s:s}", "kind", factor_kind_name(kind), "name", name);
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct user user;
    bool ok = user_lock(db, scratch, change->recipient_id, &user, err) &&
              check_count(db, scratch, user.recipient_id, err) && insert(db, change, &user, scratch, err) &&
              audit_write(db, change->actor, user.organisation_id, "second-factor.add", user.address, NULL,
                          describe(change->wanted->kind, change->wanted->name), err);

    talloc_free(scratch);
    return ok;
}

bool second_factor_add(struct directory *directory, const struct actor *actor,
                       const struct second_factor *wanted, int64_t *second_factor_id_out, struct err *err)
{
    struct change change = {
        .directory = directory, .actor = actor, .wanted = wanted, .recipient_id = wanted->recipient_id
    };

    *err = ERR_INIT;
    if (!check_name(wanted->name, "second factor", err) ||
        !user_act(directory, actor, wanted->recipient_id, add, &change, err))
        return false;
    *second_factor_id_out = change.second_factor_id;
    return true;
}

/* ---- listing */

static const char SELECT_LIST[] =
    "SELECT second_factor_id, recipient_id, kind, name, is_confirmed, created_us, last_used_us, site"
    "  FROM second_factor WHERE recipient_id = $1 ORDER BY name";
static const char COUNT_CODES[] =
    "SELECT count(*) FROM recovery_code WHERE recipient_id = $1 AND used_us = 0";

struct listing {
    const void *owner;
    int64_t recipient_id, codes_left;
    struct second_factor *factors;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, SELECT_LIST, DB_ARGS(db_i64(listing->recipient_id)), &rows, err);

    if (ok) {
        listing->count = db_rows_count(rows);
        listing->factors =
            talloc_zero_array(listing->owner, struct second_factor, (unsigned)listing->count + 1);
    }
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++) {
        struct second_factor *f = &listing->factors[i];
        *f = (struct second_factor){ .second_factor_id = db_get_i64(&row, 0),
                                     .recipient_id = db_get_i64(&row, 1),
                                     .name = db_copy_text(listing->factors, &row, 3),
                                     .is_confirmed = db_get_bool(&row, 4),
                                     .created_us = db_get_i64(&row, 5),
                                     .last_used_us = db_get_i64(&row, 6),
                                     .site = db_copy_text(listing->factors, &row, 7) };
        ok = factor_kind_of(db_copy_text(scratch, &row, 2), &f->kind);
    }
    if (ok)
        ok = db_one_row(db, scratch, COUNT_CODES, DB_ARGS(db_i64(listing->recipient_id)), &row, err);
    if (ok)
        listing->codes_left = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

bool second_factor_list(struct directory *directory, const struct actor *actor, const void *owner,
                        int64_t recipient_id, struct second_factor **factors_out, size_t *count_out,
                        int64_t *codes_left_out, struct err *err)
{
    struct listing listing = { .owner = owner, .recipient_id = recipient_id };

    if (!act_read(directory, actor, 0, read_list, &listing, err))
        return false;
    *factors_out = listing.factors;
    *count_out = listing.count;
    *codes_left_out = listing.codes_left;
    return true;
}

/* ---- taking away */

static const char DELETE_FACTORS[] =
    "DELETE FROM second_factor WHERE recipient_id = $1 AND ($2 = 0 OR second_factor_id = $2)"
    " RETURNING kind, name";
static const char DELETE_CODES[] = "DELETE FROM recovery_code WHERE recipient_id = $1";

static json_t *describe_rows(const void *scratch, const struct db_rows *rows)
{
    json_t *list = json_array();
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "kind", db_copy_text(scratch, &row, 0), "name",
                                              db_copy_text(scratch, &row, 1)));
    return json_pack("{s:o}", "second_factors", list);
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    uint64_t codes = 0;
    struct db_rows *rows;
    struct user user;
    bool ok = user_lock(db, scratch, change->recipient_id, &user, err) &&
              db_query(db, scratch, DELETE_FACTORS,
                       DB_ARGS(db_i64(user.recipient_id), db_i64(change->second_factor_id)), &rows, err) &&
              (change->second_factor_id ||
               db_exec(db, DELETE_CODES, DB_ARGS(db_i64(user.recipient_id)), &codes, err)) &&
              (db_rows_count(rows) + codes > 0 || not_found(err, "second factor")) &&
              audit_write(db, change->actor, user.organisation_id,
                          change->second_factor_id ? "second-factor.remove" : "second-factor.reset",
                          user.address, describe_rows(scratch, rows), NULL, err);

    talloc_free(scratch);
    return ok;
}

bool second_factor_remove(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                          int64_t second_factor_id, struct err *err)
{
    struct change change = { .actor = actor,
                             .recipient_id = recipient_id,
                             .second_factor_id = second_factor_id };

    return user_act(directory, actor, recipient_id, erase, &change, err);
}

/* ---- recovery codes */

static const char INSERT_CODE[] =
    "INSERT INTO recovery_code (organisation_id, recipient_id, hash, created_us) VALUES ($1, $2, $3, $4)";

static bool set_codes(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct user user;
    bool ok = user_lock(db, scratch, change->recipient_id, &user, err) &&
              db_exec(db, DELETE_CODES, DB_ARGS(db_i64(user.recipient_id)), NULL, err);

    for (size_t i = 0; ok && i < change->count; i++)
        ok = db_exec(db, INSERT_CODE,
                     DB_ARGS(db_i64(user.organisation_id), db_i64(user.recipient_id),
                             db_bytes(span_of(change->hashes[i], RECOVERY_HASH_BYTES)),
                             db_i64(clock_now_us())),
                     NULL, err);
    ok = ok && audit_write(db, change->actor, user.organisation_id, "second-factor.recovery-codes",
                           user.address, NULL, json_pack("{s:i}", "codes", (int)change->count), err);
    talloc_free(scratch);
    return ok;
}

bool recovery_codes_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                        const unsigned char hashes[][RECOVERY_HASH_BYTES], size_t count, struct err *err)
{
    struct change change = { .actor = actor, .hashes = hashes, .count = count, .recipient_id = recipient_id };

    return user_act(directory, actor, recipient_id, set_codes, &change, err);
}
