/* access_token.c -- sessions and tokens: made, found, listed, ended. */
#include "directory/access_token.h"

#include "base/clock.h"
#include "directory/act.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#define SEEN_STEP_US (60 * US_PER_S)

static const char INSERT_TOKEN[] =
    "INSERT INTO access_token (organisation_id, recipient_id, hash, is_session, name, permissions, peer, created_us,"
    "                          seen_us, expires_us, lacks, method)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, $9, coalesce($11, ''), $12"
    "  WHERE $4 OR (SELECT count(*) FROM access_token WHERE recipient_id = $2 AND NOT is_session) < $10"
    " RETURNING access_token_id";
static const char DELETE_OLD[] =
    "DELETE FROM access_token"
    " WHERE access_token_id IN (SELECT access_token_id FROM access_token WHERE recipient_id = $1 AND is_session"
    "                            ORDER BY access_token_id DESC OFFSET $2)";
/* $3: the bit of the admin protocol. */
static const char FIND_TOKEN[] =
    "SELECT t.access_token_id, t.recipient_id, t.organisation_id, a.address, r.name, t.is_session, t.name,"
    "       t.permissions, t.peer, t.created_us, t.seen_us, t.expires_us, t.lacks, t.method, t.verified_us"
    "  FROM access_token t JOIN recipient r ON r.recipient_id = t.recipient_id"
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    "  JOIN domain d ON d.domain_id = a.domain_id"
    "  JOIN organisation o ON o.organisation_id = t.organisation_id"
    "  LEFT JOIN credential c ON c.recipient_id = t.recipient_id"
    " WHERE t.hash = $1 AND (t.expires_us = 0 OR t.expires_us > $2)"
    "   AND r.state = 'active' AND d.is_enabled AND o.is_enabled"
    "   AND r.protocols & d.protocols & o.protocols & $3 <> 0"
    "   AND (NOT t.is_session OR coalesce(c.changed_us, 0) <= t.created_us)";
static const char NOTE_USE[] = "UPDATE access_token SET seen_us = $2 WHERE access_token_id = $1";
static const char DELETE_TOKEN[] =
    "DELETE FROM access_token WHERE recipient_id = $1 AND access_token_id = $2";
static const char DELETE_EXPIRED[] = "DELETE FROM access_token WHERE expires_us > 0 AND expires_us <= $1";
static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";

struct addition {
    const struct access_token *wanted;
    const unsigned char *hash;
    int64_t access_token_id;
};

static const char *method_of(const struct access_token *wanted)
{
    return wanted->method ? wanted->method : "password";
}

/* A login that still lacks its second factor is none yet (access_factor.c). */
static bool note_login(struct db *db, const struct access_token *w, struct err *err)
{
    struct actor self = { .name = w->login, .recipient_id = w->recipient_id, .peer = w->peer };

    return !w->is_session || (w->lacks && strcmp(w->lacks, "factor") == 0) ||
           audit_write(db, &self, w->organisation_id, "session.begin", w->login, NULL,
                       json_pack("{s:s}", "method", method_of(w)), err);
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct addition *addition = arg;
    const struct access_token *w = addition->wanted;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool ok = db_query(db, scratch, INSERT_TOKEN,
                       DB_ARGS(db_i64(w->organisation_id), db_i64(w->recipient_id),
                               db_bytes(span_of((const char *)addition->hash, ACCESS_TOKEN_HASH_BYTES)),
                               db_bool(w->is_session), db_text(w->name), db_i64((int64_t)w->permissions),
                               db_text(w->peer), db_i64(clock_now_us()), db_i64(w->expires_us),
                               db_i64(ACCESS_TOKENS_MAX), db_text(w->lacks), db_text(method_of(w))),
                       &rows, err);
    if (ok && !db_rows_at(rows, 0, &row))
        ok = err_set(err, ERR_LIMIT, "There are %d tokens already.", ACCESS_TOKENS_MAX);
    else if (ok)
        addition->access_token_id = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok &&
           db_exec(db, DELETE_OLD, DB_ARGS(db_i64(w->recipient_id), db_i64(ACCESS_TOKENS_MAX)), NULL, err) &&
           note_login(db, w, err);
}

static bool as_lookup(struct directory *directory, db_work *work, void *arg, struct err *err)
{
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, work, arg, err);
}

bool access_token_add(struct directory *directory, const struct access_token *wanted,
                      const unsigned char hash[ACCESS_TOKEN_HASH_BYTES], int64_t *access_token_id_out,
                      struct err *err)
{
    struct addition addition = { wanted, hash, 0 };

    *err = ERR_INIT;
    if (!as_lookup(directory, insert, &addition, err))
        return false;
    *access_token_id_out = addition.access_token_id;
    return true;
}

static void read_row(const void *owner, const struct db_row *row, struct access_token *token_out)
{
    *token_out = (struct access_token){ .access_token_id = db_get_i64(row, 0),
                                        .recipient_id = db_get_i64(row, 1),
                                        .organisation_id = db_get_i64(row, 2),
                                        .login = db_copy_text(owner, row, 3),
                                        .holder_name = db_copy_text(owner, row, 4),
                                        .is_session = db_get_bool(row, 5),
                                        .name = db_copy_text(owner, row, 6),
                                        .permissions = (uint64_t)db_get_i64(row, 7),
                                        .peer = db_copy_text(owner, row, 8),
                                        .created_us = db_get_i64(row, 9),
                                        .seen_us = db_get_i64(row, 10),
                                        .expires_us = db_get_i64(row, 11),
                                        .lacks = db_copy_text(owner, row, 12),
                                        .method = db_copy_text(owner, row, 13),
                                        .verified_us = db_get_i64(row, 14) };
}

struct use {
    int64_t access_token_id, now_us;
};

static bool note_use(struct db *db, void *arg, struct err *err)
{
    const struct use *use = arg;

    return db_exec(db, NOTE_USE, DB_ARGS(db_i64(use->access_token_id), db_i64(use->now_us)), NULL, err);
}

bool access_token_find(struct directory *directory, const void *owner,
                       const unsigned char hash[ACCESS_TOKEN_HASH_BYTES], struct access_token *token_out,
                       struct err *err)
{
    struct use use = { .now_us = clock_now_us() };
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, FIND_TOKEN,
                 DB_ARGS(db_bytes(span_of((const char *)hash, ACCESS_TOKEN_HASH_BYTES)), db_i64(use.now_us),
                         db_i32(PROTOCOL_ADMIN)),
                 &rows, err))
        return false;
    bool is_there = db_rows_at(rows, 0, &row);
    if (is_there)
        read_row(owner, &row, token_out);
    talloc_free(rows);
    if (!is_there)
        return err_set(err, ERR_AUTH, "Log in first.");
    use.access_token_id = token_out->access_token_id;
    return use.now_us - token_out->seen_us < SEEN_STEP_US || as_lookup(directory, note_use, &use, err);
}

struct removal {
    const struct actor *actor;
    int64_t organisation_id, recipient_id, access_token_id;
};

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct removal *removal = arg;
    char object[24];
    uint64_t removed;

    snprintf(object, sizeof object, "%lld", (long long)removal->access_token_id);
    return db_exec(db, DELETE_TOKEN, DB_ARGS(db_i64(removal->recipient_id), db_i64(removal->access_token_id)),
                   &removed, err) &&
           (removed > 0 || not_found(err, "session or token")) &&
           audit_write(db, removal->actor, removal->organisation_id, "session.remove", object, NULL, NULL,
                       err);
}

bool access_token_remove(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         int64_t access_token_id, struct err *err)
{
    struct removal removal = { actor, 0, recipient_id, access_token_id };

    return act_locate(directory, actor, LOCATE, db_i64(recipient_id), "user", &removal.organisation_id,
                      err) &&
           act_in(directory, actor, removal.organisation_id, erase, &removal, err);
}

/* By primary key. */
static const char GONE[] =
    "SELECT DISTINCT n.id FROM unnest($1::bigint[]) AS n (id)"
    " WHERE NOT EXISTS (SELECT 1 FROM access_token t LEFT JOIN credential c ON c.recipient_id = t.recipient_id"
    "                    WHERE t.access_token_id = n.id AND (t.expires_us = 0 OR t.expires_us > $2)"
    "                      AND (NOT t.is_session OR coalesce(c.changed_us, 0) <= t.created_us))";

bool access_tokens_gone(struct directory *directory, const void *owner, const int64_t *ids, size_t count,
                        int64_t **gone_out, size_t *gone_count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, GONE, DB_ARGS(db_i64_array(ids, count), db_i64(clock_now_us())), &rows,
                 err))
        return false;
    *gone_count_out = db_rows_count(rows);
    *gone_out = talloc_array(owner, int64_t, (unsigned)*gone_count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*gone_out)[i] = db_get_i64(&row, 0);
    talloc_free(rows);
    return true;
}

struct tidying {
    int64_t now_us;
    uint64_t *removed_out;
};

static bool erase_expired(struct db *db, void *arg, struct err *err)
{
    const struct tidying *tidying = arg;

    return db_exec(db, DELETE_EXPIRED, DB_ARGS(db_i64(tidying->now_us)), tidying->removed_out, err);
}

bool access_token_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    struct tidying tidying = { now_us, removed_out };

    *err = ERR_INIT;
    return as_lookup(directory, erase_expired, &tidying, err);
}
