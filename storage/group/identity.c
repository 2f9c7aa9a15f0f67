/* identity.c -- a database says which storage group it is, before anything is written into it. */
#include "group/identity.h"

#include "base/digest.h"
#include "db/statement.h"

#include <talloc.h>

static const char READ_IDENTITY[] = "SELECT storage_group_id, public_id_key, epoch FROM storage_group";

bool group_identify(struct group *group, struct db *db, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_ours = false;

    if (!db_one_row(db, arena, READ_IDENTITY, DB_NO_ARGS, &row, err)) {
        err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
    } else if (db_get_i64(&row, 0) != group->id || span_length(db_get_bytes(&row, 1)) != sizeof group->key) {
        err_log(err, "storage group %lld: the database belongs to group %lld", (long long)group->id,
                (long long)db_get_i64(&row, 0));
        err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
    } else {
        pthread_mutex_lock(&group->mutex);
        memcpy(group->key, db_get_bytes(&row, 1).p, sizeof group->key);
        group->epoch = db_get_i64(&row, 2);
        pthread_mutex_unlock(&group->mutex);
        atomic_store(&group->is_known, true);
        is_ours = true;
    }
    talloc_free(arena);
    return is_ours;
}

static const char WRITE_IDENTITY[] = "INSERT INTO storage_group (storage_group_id, public_id_key)"
                                     " VALUES ($1, $2) ON CONFLICT DO NOTHING";
static const char READ_ID[] = "SELECT storage_group_id FROM storage_group";

static bool initialise(struct db *db, int64_t storage_group_id, struct err *err)
{
    uint8_t key[16];
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done;

    random_bytes(key, sizeof key);
    done = db_exec(db, WRITE_IDENTITY, DB_ARGS(db_i64(storage_group_id), db_bytes(span_of(key, sizeof key))),
                   NULL, err) &&
           db_one_row(db, arena, READ_ID, DB_NO_ARGS, &row, err);
    if (done && db_get_i64(&row, 0) != storage_group_id) {
        err_log(err, "wanted group %lld, found %lld", (long long)storage_group_id,
                (long long)db_get_i64(&row, 0));
        done = err_set(err, ERR_CONFLICT, "This database belongs to another storage group.");
    }
    talloc_free(arena);
    return done;
}

bool group_initialise(struct db_pool *pool, int64_t storage_group_id, struct err *err)
{
    struct db *db;

    if (!db_acquire(pool, DB_INTERACTIVE, 5000, &db, err))
        return false;
    bool done = initialise(db, storage_group_id, err);
    db_release(&db);
    return done;
}

bool group_epoch(struct group *group, int64_t *epoch_out, struct err *err)
{
    if (!atomic_load(&group->is_known)) {
        struct db *db;
        if (!group_acquire(group, DB_INTERACTIVE, &db, err))
            return false;
        db_release(&db);
    }
    pthread_mutex_lock(&group->mutex);
    *epoch_out = group->epoch;
    pthread_mutex_unlock(&group->mutex);
    return true;
}
