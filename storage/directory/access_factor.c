/* access_factor.c -- from a session whose password was right to one that lacks nothing. */
#include "base/clock.h"
#include "directory/access_token.h"
#include "directory/act.h"

#include <string.h>
#include <talloc.h>

static const char VERIFY[] =
    "UPDATE access_token SET lacks = '', method = $2, verified_us = $3, challenge = NULL, tries = 0,"
    "       hash = CASE WHEN length($4) > 0 THEN $4 ELSE hash END,"
    "       created_us = CASE WHEN length($4) > 0 THEN $3 ELSE created_us END,"
    "       expires_us = CASE WHEN length($4) > 0 THEN $5 ELSE expires_us END"
    " WHERE access_token_id = $1 AND is_session AND lacks = $6";
static const char SET_CHALLENGE[] = "UPDATE access_token SET challenge = $2 WHERE access_token_id = $1";
static const char TAKE_CHALLENGE[] =
    "UPDATE access_token t SET challenge = NULL"
    "  FROM (SELECT access_token_id, challenge FROM access_token WHERE access_token_id = $1 FOR UPDATE) o"
    " WHERE t.access_token_id = o.access_token_id AND o.challenge IS NOT NULL"
    " RETURNING o.challenge";
static const char NOTE_WRONG[] = "UPDATE access_token SET tries = tries + 1 WHERE access_token_id = $1";
static const char END_WRONG[] =
    "DELETE FROM access_token WHERE access_token_id = $1 AND lacks = 'factor' AND tries >= $2";

struct step {
    const struct access_token *token;
    const struct actor *actor;
    const char *method;
    const unsigned char *bytes;
    int64_t access_token_id, expires_us;
    unsigned char *challenge_out;
};

static bool as_lookup(struct directory *directory, db_work *work, struct step *step, struct err *err)
{
    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, work, step, err);
}

static bool verify(struct db *db, void *arg, struct err *err)
{
    const struct step *step = arg;
    const struct access_token *t = step->token;
    uint64_t affected;

    return db_exec(db, VERIFY,
                   DB_ARGS(db_i64(t->access_token_id), db_text(step->method), db_i64(clock_now_us()),
                           db_bytes(span_of(step->bytes, step->bytes ? ACCESS_TOKEN_HASH_BYTES : 0)),
                           db_i64(step->expires_us), db_text(t->lacks)),
                   &affected, err) &&
           (affected > 0 || err_set(err, ERR_AUTH, "Log in first.")) &&
           audit_write(db, step->actor, t->organisation_id, *t->lacks ? "session.begin" : "session.confirm",
                       t->login, NULL, json_pack("{s:s}", "method", step->method), err);
}

bool access_token_verified(struct directory *directory, const struct access_token *token,
                           const struct actor *actor, const char *method, const unsigned char *hash,
                           int64_t expires_us, struct err *err)
{
    struct step step = {
        .token = token, .actor = actor, .method = method, .bytes = hash, .expires_us = expires_us
    };

    return as_lookup(directory, verify, &step, err);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    const struct step *step = arg;

    return db_exec(
        db, SET_CHALLENGE,
        DB_ARGS(db_i64(step->access_token_id), db_bytes(span_of(step->bytes, ACCESS_CHALLENGE_BYTES))), NULL,
        err);
}

bool access_token_set_challenge(struct directory *directory, int64_t access_token_id,
                                const unsigned char challenge[ACCESS_CHALLENGE_BYTES], struct err *err)
{
    struct step step = { .access_token_id = access_token_id, .bytes = challenge };

    return as_lookup(directory, set, &step, err);
}

static bool take(struct db *db, void *arg, struct err *err)
{
    struct step *step = arg;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = db_query(db, scratch, TAKE_CHALLENGE, DB_ARGS(db_i64(step->access_token_id)), &rows, err);

    if (ok && db_rows_at(rows, 0, &row) && span_length(db_get_bytes(&row, 0)) == ACCESS_CHALLENGE_BYTES)
        memcpy(step->challenge_out, db_get_bytes(&row, 0).p, ACCESS_CHALLENGE_BYTES);
    else if (ok)
        ok = err_set(err, ERR_AUTH, "Nothing was asked of a security key. Please begin again.");
    talloc_free(scratch);
    return ok;
}

bool access_token_take_challenge(struct directory *directory, int64_t access_token_id,
                                 unsigned char challenge_out[ACCESS_CHALLENGE_BYTES], struct err *err)
{
    struct step step = { .access_token_id = access_token_id, .challenge_out = challenge_out };

    return as_lookup(directory, take, &step, err);
}

static bool count(struct db *db, void *arg, struct err *err)
{
    const struct step *step = arg;

    return db_exec(db, NOTE_WRONG, DB_ARGS(db_i64(step->access_token_id)), NULL, err) &&
           db_exec(db, END_WRONG, DB_ARGS(db_i64(step->access_token_id), db_i32(ACCESS_TRIES_MAX)), NULL,
                   err);
}

bool access_token_note_wrong(struct directory *directory, int64_t access_token_id, struct err *err)
{
    struct step step = { .access_token_id = access_token_id };

    return as_lookup(directory, count, &step, err);
}
