/* openpgp_key.c -- see openpgp_key.h. */
#include "mailbox/openpgp_key.h"

#include "base/clock.h"
#include "mailbox/script_work.h"

#include <talloc.h>

static bool query(struct group *group, const void *owner, const char *sql, struct db_args args,
                  struct openpgp_key **keys_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!script_query(group, owner, sql, args, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *keys_out = talloc_array(owner, struct openpgp_key, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*keys_out)[i] = (struct openpgp_key){ .address = db_copy_text(*keys_out, &row, 0),
                                               .fingerprint = db_copy_text(*keys_out, &row, 1),
                                               .created_us = db_get_i64(&row, 2),
                                               .content = db_get_bytes(&row, 3) };
    return true;
}

static const char LIST[] = "SELECT address, fingerprint, created_us, NULL::bytea FROM openpgp_key"
                           " WHERE mailbox_id = $1 ORDER BY address, fingerprint";

bool openpgp_key_list(struct group *group, int64_t mailbox_id, const void *owner,
                      struct openpgp_key **keys_out, size_t *count_out, struct err *err)
{
    return query(group, owner, LIST, DB_ARGS(db_i64(mailbox_id)), keys_out, count_out, err);
}

static const char FIND[] = "SELECT address, fingerprint, created_us, content FROM openpgp_key"
                           " WHERE mailbox_id = $1 AND (address = $2 OR key_ids && $3)"
                           " ORDER BY address <> $2, created_us DESC LIMIT $4";

bool openpgp_key_find(struct group *group, int64_t mailbox_id, const void *owner, const char *address,
                      const struct span *key_ids, size_t key_id_count, size_t most,
                      struct openpgp_key **keys_out, size_t *count_out, struct err *err)
{
    return query(group, owner, FIND,
                 DB_ARGS(db_i64(mailbox_id), db_text(address), db_text_array(key_ids, key_id_count),
                         db_i64((int64_t)most)),
                 keys_out, count_out, err);
}

struct putting {
    const struct openpgp_key *key;
    const struct span *key_ids;
    size_t key_id_count;
};

static const char COUNT[] =
    "SELECT count(*) FROM openpgp_key WHERE mailbox_id = $1 AND (address <> $2 OR fingerprint <> $3)";
static const char PUT[] =
    "INSERT INTO openpgp_key (mailbox_id, address, fingerprint, key_ids, content, created_us)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (mailbox_id, address, fingerprint)"
    " DO UPDATE SET key_ids = excluded.key_ids, content = excluded.content";

static bool put(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const struct putting *putting = arg;
    struct db_value address = db_text(putting->key->address),
                    fingerprint = db_text(putting->key->fingerprint);
    struct db_row row;

    if (!db_one_row(db, arena, COUNT, DB_ARGS(db_i64(mailbox_id), address, fingerprint), &row, err))
        return false;
    if (db_get_i64(&row, 0) >= OPENPGP_KEPT_MAX)
        return err_set(err, ERR_LIMIT, "A mailbox keeps at most %d keys.", OPENPGP_KEPT_MAX);
    return db_exec(db, PUT,
                   DB_ARGS(db_i64(mailbox_id), address, fingerprint,
                           db_text_array(putting->key_ids, putting->key_id_count),
                           db_bytes(putting->key->content), db_i64(clock_now_us())),
                   NULL, err);
}

bool openpgp_key_put(struct group *group, int64_t mailbox_id, const struct openpgp_key *key,
                     const struct span *key_ids, size_t key_id_count, struct err *err)
{
    struct putting putting = { key, key_ids, key_id_count };

    return script_change(group, mailbox_id, put, &putting, err);
}

static const char REMOVE[] =
    "DELETE FROM openpgp_key WHERE mailbox_id = $1 AND address = $2 AND fingerprint = $3";

static bool remove_one(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const struct openpgp_key *key = arg;
    uint64_t affected;

    (void)arena;
    return db_exec(db, REMOVE, DB_ARGS(db_i64(mailbox_id), db_text(key->address), db_text(key->fingerprint)),
                   &affected, err) &&
           (affected == 1 || err_set(err, ERR_NOT_FOUND, "There is no such key."));
}

bool openpgp_key_remove(struct group *group, int64_t mailbox_id, const char *address, const char *fingerprint,
                        struct err *err)
{
    struct openpgp_key key = { .address = address, .fingerprint = fingerprint };

    return script_change(group, mailbox_id, remove_one, &key, err);
}
