/* group.c -- the registry of storage groups, and connections to them. */
#include "group/group.h"

#include "base/clock.h"
#include "base/disk.h"
#include "group/identity.h"
#include "group/presence.h"

#include <stdlib.h>
#include <talloc.h>

enum { WAIT_FOR_CONNECTION_MS = 5000 };
static const int64_t LEARN_AGAIN_US = 1 * US_PER_S;

struct groups {
    pthread_rwlock_t lock; /* of the list; a group's own state has its own */
    struct group **list;
    size_t count;
    char *application_name;
    unsigned pool_size;
    struct disk_reserve *reserve;
    void (*learn)(void *argument);
    void *learn_argument;
    pthread_mutex_t learn_lock; /* held while learning; of the next */
    int64_t learnt_us;          /* monotonic: when it began last */
};

bool groups_open(const void *owner, const struct groups_options *options, struct groups **groups_out,
                 struct err *err)
{
    struct groups *groups = talloc_zero(owner, struct groups);

    (void)err;
    pthread_rwlock_init(&groups->lock, NULL);
    groups->application_name =
        talloc_strdup(groups, options->application_name ? options->application_name : "chappe");
    groups->pool_size = options->pool_size;
    groups->reserve = options->reserve;
    groups->learn = options->learn;
    groups->learn_argument = options->learn_argument;
    groups->learnt_us = INT64_MIN / 2;
    pthread_mutex_init(&groups->learn_lock, NULL);
    *groups_out = groups;
    return true;
}

void groups_close(struct groups **groups)
{
    if (!*groups)
        return;
    for (size_t i = 0; i < (*groups)->count; i++) {
        group_presence_end((*groups)->list[i]);
        pthread_mutex_destroy(&(*groups)->list[i]->presence.lock);
        db_pool_close(&(*groups)->list[i]->pool);
        pthread_mutex_destroy(&(*groups)->list[i]->mutex);
    }
    pthread_mutex_destroy(&(*groups)->learn_lock);
    pthread_rwlock_destroy(&(*groups)->lock);
    TALLOC_FREE(*groups);
}

static struct group *find_in_list(const struct groups *groups, int64_t storage_group_id)
{
    for (size_t i = 0; i < groups->count; i++)
        if (groups->list[i]->id == storage_group_id)
            return groups->list[i];
    return NULL;
}

static bool add(struct groups *groups, int64_t storage_group_id, const char *conninfo, struct err *err)
{
    struct group *group = talloc_zero(groups, struct group);
    const struct db_pool_options options = { .conninfo = conninfo,
                                             .application_name = groups->application_name,
                                             .size = groups->pool_size,
                                             .by_key = true };

    group->id = storage_group_id;
    group->reserve = groups->reserve;
    group->conninfo = talloc_strdup(group, conninfo);
    if (!db_pool_open(group, &options, &group->pool, err)) {
        talloc_free(group);
        return false;
    }
    pthread_mutex_init(&group->mutex, NULL);
    pthread_mutex_init(&group->presence.lock, NULL);
    groups->list = talloc_realloc(groups, groups->list, struct group *, (unsigned)groups->count + 1);
    groups->list[groups->count++] = group;
    return true;
}

static bool change(struct group *group, const char *conninfo, struct err *err)
{
    if (strcmp(group->conninfo, conninfo) != 0) {
        if (!db_pool_reset(group->pool, conninfo, err))
            return false;
        talloc_free(group->conninfo);
        group->conninfo = talloc_strdup(group, conninfo);
        atomic_store(&group->is_known, false);
    }
    atomic_store(&group->is_removed, false);
    return true;
}

bool groups_put(struct groups *groups, int64_t storage_group_id, const char *conninfo, struct err *err)
{
    pthread_rwlock_wrlock(&groups->lock);
    struct group *group = find_in_list(groups, storage_group_id);
    bool done = group ? change(group, conninfo, err) : add(groups, storage_group_id, conninfo, err);
    pthread_rwlock_unlock(&groups->lock);
    return done;
}

void groups_remove(struct groups *groups, int64_t storage_group_id)
{
    pthread_rwlock_rdlock(&groups->lock);
    struct group *group = find_in_list(groups, storage_group_id);
    if (group)
        atomic_store(&group->is_removed, true);
    pthread_rwlock_unlock(&groups->lock);
}

static int by_number(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

int64_t *groups_ids(const struct groups *groups, const void *owner, size_t *count_out)
{
    struct groups *locked = (struct groups *)(uintptr_t)groups; /* the lock is not part of its value */
    int64_t *ids;
    size_t count = 0;

    pthread_rwlock_rdlock(&locked->lock);
    ids = talloc_array(owner, int64_t, (unsigned)groups->count + 1);
    for (size_t i = 0; i < groups->count; i++)
        if (!atomic_load(&groups->list[i]->is_removed))
            ids[count++] = groups->list[i]->id;
    pthread_rwlock_unlock(&locked->lock);
    qsort(ids, count, sizeof *ids, by_number);
    *count_out = count;
    return ids;
}

static struct group *find_known(struct groups *groups, int64_t storage_group_id)
{
    pthread_rwlock_rdlock(&groups->lock);
    struct group *group = find_in_list(groups, storage_group_id);
    pthread_rwlock_unlock(&groups->lock);
    return group && !atomic_load(&group->is_removed) ? group : NULL;
}

/* A group that was added a moment ago has mailboxes before this process heard of it. Whoever comes while another thread
 * looks waits for what that finds. */
static struct group *find_new(struct groups *groups, int64_t storage_group_id)
{
    if (!groups->learn)
        return NULL;
    pthread_mutex_lock(&groups->learn_lock);
    struct group *group = find_known(groups, storage_group_id);
    if (!group && clock_monotonic_us() - groups->learnt_us >= LEARN_AGAIN_US) {
        groups->learnt_us = clock_monotonic_us();
        groups->learn(groups->learn_argument);
        group = find_known(groups, storage_group_id);
    }
    pthread_mutex_unlock(&groups->learn_lock);
    return group;
}

bool group_find(struct groups *groups, int64_t storage_group_id, struct group **group_out, struct err *err)
{
    struct group *group = find_known(groups, storage_group_id);

    if (!group)
        group = find_new(groups, storage_group_id);
    if (!group) {
        err_log(err, "storage group %lld is not known to this process", (long long)storage_group_id);
        return err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
    }
    *group_out = group;
    return true;
}

int64_t group_id(const struct group *group)
{
    return group->id;
}

struct db_pool *group_pool(const struct group *group)
{
    return group->pool;
}

static bool check_usable(struct group *group, struct db **db, struct err *err)
{
    if (atomic_load(&group->is_known) || group_identify(group, *db, err))
        return true;
    db_release(db);
    return false;
}

static bool is_removed(const struct group *group, struct err *err)
{
    if (!atomic_load(&group->is_removed))
        return false;
    err_log(err, "storage group %lld was removed", (long long)group->id);
    err_set(err, ERR_BUSY, "The mail store is temporarily unavailable.");
    return true;
}

bool group_acquire(struct group *group, enum db_class class, struct db **db_out, struct err *err)
{
    return !is_removed(group, err) && db_acquire(group->pool, class, WAIT_FOR_CONNECTION_MS, db_out, err) &&
           check_usable(group, db_out, err);
}

bool group_open_dedicated(struct group *group, enum db_class class, struct db **db_out, struct err *err)
{
    return !is_removed(group, err) && db_open_dedicated(group->pool, class, db_out, err) &&
           check_usable(group, db_out, err);
}

bool groups_have_room(struct groups *groups, struct err *err)
{
    return disk_has_room(groups->reserve, err);
}

bool group_has_room(struct group *group, struct err *err)
{
    return disk_has_room(group->reserve, err);
}
