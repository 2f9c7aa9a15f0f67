/* maildrop_lock.c -- see maildrop_lock.h. */
#include "mailbox/maildrop_lock.h"

#include "base/log.h"
#include "db/statement.h"
#include "group/presence.h"

#include <pthread.h>
#include <stdlib.h>

/* By primary key. Who takes the advisory lock of the holder has the proof that it is gone. */
static const char TAKE[] = "INSERT INTO maildrop_lock AS l (mailbox_id, holder) VALUES ($1, $2)"
                           " ON CONFLICT (mailbox_id) DO UPDATE SET holder = excluded.holder"
                           " WHERE l.holder = excluded.holder OR pg_try_advisory_xact_lock(l.holder)";
static const char RELEASE[] = "DELETE FROM maildrop_lock WHERE mailbox_id = $1 AND holder = $2";

/* Rows of ours that could not be taken away. A process-wide list, because the row's holder is the process. Under
 * left_lock. */
static struct left {
    struct group *group;
    int64_t mailbox_id;
    struct left *next;
} * left_behind;
static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;

static void leave_behind(struct group *group, int64_t mailbox_id)
{
    struct left *left = malloc(sizeof *left);

    if (!left)
        abort();
    pthread_mutex_lock(&left_lock);
    *left = (struct left){ group, mailbox_id, left_behind };
    left_behind = left;
    pthread_mutex_unlock(&left_lock);
}

/* One of this group: `mailbox_id`, or any where that is 0. */
static bool take_left(const struct group *group, int64_t mailbox_id, int64_t *mailbox_id_out)
{
    struct left *found = NULL;

    pthread_mutex_lock(&left_lock);
    for (struct left **at = &left_behind; *at && !found; at = &(*at)->next)
        if ((*at)->group == group && (mailbox_id == 0 || (*at)->mailbox_id == mailbox_id)) {
            found = *at;
            *at = found->next;
            break;
        }
    pthread_mutex_unlock(&left_lock);
    if (!found)
        return false;
    *mailbox_id_out = found->mailbox_id;
    free(found);
    return true;
}

static bool release(struct db *db, int64_t mailbox_id, int64_t number, struct err *err)
{
    return db_exec(db, RELEASE, DB_ARGS(db_i64(mailbox_id), db_i64(number)), NULL, err);
}

static void release_left(struct db *db, struct group *group, int64_t number)
{
    struct err err = ERR_INIT;
    int64_t mailbox_id;

    while (take_left(group, 0, &mailbox_id))
        if (!release(db, mailbox_id, number, &err)) {
            leave_behind(group, mailbox_id);
            break;
        }
}

bool maildrop_lock_take(struct group *group, int64_t mailbox_id, struct err *err)
{
    uint64_t affected = 0;
    int64_t number, left;
    struct db *db;
    bool is_asked;

    (void)take_left(group, mailbox_id, &left); /* ours again */
    if (!group_presence(group, &number, err) || !group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    is_asked = db_exec(db, TAKE, DB_ARGS(db_i64(mailbox_id), db_i64(number)), &affected, err);
    if (is_asked)
        release_left(db, group, number);
    db_release(&db);
    if (!is_asked)
        leave_behind(group, mailbox_id); /* perhaps it was written nevertheless */
    return is_asked &&
           (affected == 1 || err_set(err, ERR_CONFLICT, "Another session has this mailbox open."));
}

void maildrop_lock_release(struct group *group, int64_t mailbox_id)
{
    struct err err = ERR_INIT;
    int64_t number;
    struct db *db;
    bool is_released =
        group_presence(group, &number, &err) && group_acquire(group, DB_INTERACTIVE, &db, &err);

    if (is_released) {
        is_released = release(db, mailbox_id, number, &err);
        if (is_released)
            release_left(db, group, number);
        db_release(&db);
    }
    if (is_released)
        return;
    log_err(LOG_LEVEL_WARNING, "pop3.lock.release", &err);
    leave_behind(group, mailbox_id);
}
