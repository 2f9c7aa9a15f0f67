/* presence.c -- see presence.h. */
#include "group/presence.h"

#include "base/clock.h"
#include "base/digest.h"
#include "db/statement.h"
#include "group/identity.h"

#include <talloc.h>

static const int64_t LOOK_AGAIN_US = 1 * US_PER_S;

/* For connections over TCP; those over a Unix socket end with their process. */
static const char NOTICE_SILENCE[] = "SELECT set_config('tcp_keepalives_idle', '5', false),"
                                     "       set_config('tcp_keepalives_interval', '5', false),"
                                     "       set_config('tcp_keepalives_count', '2', false)";
/* Counted by the server when it is ours already. Not ours: the connection from before is dying and still holds it. */
static const char TAKE[] = "SELECT pg_try_advisory_lock($1)";

static bool take(struct group *group, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done =
        db_one_row(group->presence.db, arena, TAKE, DB_ARGS(db_i64(group->presence.number)), &row, err);

    talloc_free(arena);
    return done;
}

static bool connect_anew(struct group *group, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done;

    db_release(&group->presence.db);
    done = group_open_dedicated(group, DB_INTERACTIVE, &group->presence.db, err) &&
           db_one_row(group->presence.db, arena, NOTICE_SILENCE, DB_NO_ARGS, &row, err) && take(group, err);
    if (!done)
        db_release(&group->presence.db);
    talloc_free(arena);
    return done;
}

static bool look(struct group *group, struct err *err)
{
    int64_t now_us = clock_monotonic_us();

    if (group->presence.db && now_us - group->presence.seen_us < LOOK_AGAIN_US)
        return true;
    while (group->presence.number == 0) {
        random_bytes(&group->presence.number, sizeof group->presence.number);
        group->presence.number &= INT64_MAX;
    }
    if (!(group->presence.db && take(group, err))) {
        *err = ERR_INIT;
        if (!connect_anew(group, err))
            return false;
    }
    group->presence.seen_us = now_us;
    return true;
}

bool group_presence(struct group *group, int64_t *number_out, struct err *err)
{
    bool is_held;

    pthread_mutex_lock(&group->presence.lock);
    is_held = look(group, err);
    *number_out = group->presence.number;
    pthread_mutex_unlock(&group->presence.lock);
    return is_held;
}

void group_presence_end(struct group *group)
{
    pthread_mutex_lock(&group->presence.lock);
    db_release(&group->presence.db);
    pthread_mutex_unlock(&group->presence.lock);
}
