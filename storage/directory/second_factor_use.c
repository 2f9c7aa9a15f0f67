/* second_factor_use.c -- what a login looks at and takes, as the role that logs in. */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/second_factor.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

static const char SELECT_FACTORS[] =
    "SELECT second_factor_id, recipient_id, kind, name, is_confirmed, created_us, last_used_us, site, secret,"
    "       last_step, failures, challenge, credential_id, public_key, sign_count, is_verified"
    "  FROM second_factor WHERE recipient_id = $1 ORDER BY second_factor_id";
static const char CONFIRM[] =
    "UPDATE second_factor SET is_confirmed = true, last_step = $3, last_used_us = $8, challenge = NULL,"
    "       credential_id = CASE WHEN length($4) > 0 THEN $4 END, public_key = CASE WHEN length($5) > 0 THEN $5 END,"
    "       sign_count = $6, is_verified = $7"
    " WHERE second_factor_id = $1 AND recipient_id = $2 AND NOT is_confirmed"
    " RETURNING organisation_id, kind, name";
/* Two who show the same code, or two copies of one key, meet in this row. */
static const char USE[] =
    "UPDATE second_factor SET last_step = $2, sign_count = $3, failures = 0, last_used_us = $4"
    " WHERE second_factor_id = $1"
    "   AND (kind <> 'totp' OR last_step < $2) AND (kind <> 'webauthn' OR sign_count < $3 OR (sign_count = 0 AND $3 = 0))";
static const char FAIL[] =
    "UPDATE second_factor SET failures = failures + 1 WHERE recipient_id = $1 AND kind = 'totp' AND is_confirmed";
static const char USE_CODE[] =
    "UPDATE recovery_code SET used_us = $3 WHERE recipient_id = $1 AND hash = $2 AND used_us = 0";
static const char PRIMARY_ADDRESS[] =
    "SELECT organisation_id, address FROM address WHERE recipient_id = $1 AND is_primary";

static struct span copy_bytes(const void *owner, const struct db_row *row, int column)
{
    struct span bytes = db_get_bytes(row, column);

    return bytes.p ? span_of(talloc_memdup(owner, bytes.p, span_length(bytes)), span_length(bytes)) : bytes;
}

static bool read_row(struct directory *directory, const void *owner, const struct db_row *row,
                     struct second_factor *out)
{
    const char *sealed = db_copy_text(owner, row, 8), *name = db_copy_text(owner, row, 3);
    char recipient[24];

    snprintf(recipient, sizeof recipient, "%" PRId64, db_get_i64(row, 1));
    *out = (struct second_factor){
        .second_factor_id = db_get_i64(row, 0),
        .recipient_id = db_get_i64(row, 1),
        .name = name,
        .is_confirmed = db_get_bool(row, 4),
        .created_us = db_get_i64(row, 5),
        .last_used_us = db_get_i64(row, 6),
        .site = db_copy_text(owner, row, 7),
        .secret = unsealed(directory, owner, seal_context(owner, "second-factor", recipient, name), sealed),
        .last_step = db_get_i64(row, 9),
        .failures = db_get_i32(row, 10),
        .challenge = copy_bytes(owner, row, 11),
        .credential_id = copy_bytes(owner, row, 12),
        .key = copy_bytes(owner, row, 13),
        .sign_count = db_get_i64(row, 14),
        .is_verified = db_get_bool(row, 15)
    };
    return factor_kind_of(db_copy_text(owner, row, 2), &out->kind);
}

bool second_factors_load(struct directory *directory, const void *owner, int64_t recipient_id,
                         struct second_factor **factors_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_FACTORS, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    *factors_out = talloc_zero_array(owner, struct second_factor, (unsigned)db_rows_count(rows) + 1);
    *count_out = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        *count_out += read_row(directory, *factors_out, &row, &(*factors_out)[*count_out]);
    talloc_free(rows);
    return true;
}

struct use {
    const struct actor *actor;
    const struct second_factor *factor;
    int64_t recipient_id;
    const unsigned char *hash;
    uint64_t affected;
};

static bool as_lookup(struct directory *directory, db_work *work, struct use *use, struct err *err)
{
    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, work, use, err);
}

static bool confirm(struct db *db, void *arg, struct err *err)
{
    struct use *use = arg;
    const struct second_factor *f = use->factor;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool ok = db_query(db, scratch, CONFIRM,
                       DB_ARGS(db_i64(f->second_factor_id), db_i64(f->recipient_id), db_i64(f->last_step),
                               db_bytes(f->credential_id), db_bytes(f->key), db_i64(f->sign_count),
                               db_bool(f->is_verified), db_i64(clock_now_us())),
                       &rows, err);
    if (!ok)
        taken(err, "%s", "This key is registered already.");
    else
        ok = (db_rows_at(rows, 0, &row) || not_found(err, "second factor")) &&
             audit_write(db, use->actor, db_get_i64(&row, 0), "second-factor.confirm", use->actor->name, NULL,
                         json_pack("{s:s, s:s}", "kind", db_copy_text(scratch, &row, 1), "name",
                                   db_copy_text(scratch, &row, 2)),
                         err);
    talloc_free(scratch);
    return ok;
}

bool second_factor_confirm(struct directory *directory, const struct actor *actor,
                           const struct second_factor *factor, struct err *err)
{
    struct use use = { .actor = actor, .factor = factor };

    return as_lookup(directory, confirm, &use, err);
}

static bool take(struct db *db, void *arg, struct err *err)
{
    struct use *use = arg;
    const struct second_factor *f = use->factor;

    return db_exec(db, USE,
                   DB_ARGS(db_i64(f->second_factor_id), db_i64(f->last_step), db_i64(f->sign_count),
                           db_i64(clock_now_us())),
                   &use->affected, err);
}

static bool take_code(struct db *db, void *arg, struct err *err)
{
    struct use *use = arg;

    return db_exec(db, USE_CODE,
                   DB_ARGS(db_i64(use->recipient_id), db_bytes(span_of(use->hash, RECOVERY_HASH_BYTES)),
                           db_i64(clock_now_us())),
                   &use->affected, err);
}

static bool was_taken(const struct use *use, struct err *err)
{
    return use->affected > 0 || err_set(err, ERR_AUTH, "This was used already, or is wrong.");
}

bool second_factor_used(struct directory *directory, const struct second_factor *factor, struct err *err)
{
    struct use use = { .factor = factor };

    return as_lookup(directory, take, &use, err) && was_taken(&use, err);
}

bool recovery_code_use(struct directory *directory, int64_t recipient_id,
                       const unsigned char hash[RECOVERY_HASH_BYTES], struct err *err)
{
    struct use use = { .recipient_id = recipient_id, .hash = hash };

    return as_lookup(directory, take_code, &use, err) && was_taken(&use, err);
}

/* Whoever comes here knew the password: the owner should read of it. */
static bool fail(struct db *db, void *arg, struct err *err)
{
    struct use *use = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok =
        db_exec(db, FAIL, DB_ARGS(db_i64(use->actor->recipient_id)), NULL, err) &&
        db_one_row(db, scratch, PRIMARY_ADDRESS, DB_ARGS(db_i64(use->actor->recipient_id)), &row, err) &&
        audit_write(db, use->actor, db_get_i64(&row, 0), "second-factor.wrong",
                    db_copy_text(scratch, &row, 1), NULL, NULL, err);

    talloc_free(scratch);
    return ok;
}

bool second_factor_failed(struct directory *directory, const struct actor *actor, struct err *err)
{
    struct use use = { .actor = actor };

    return as_lookup(directory, fail, &use, err);
}
