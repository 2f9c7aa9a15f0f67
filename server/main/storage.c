/* storage.c -- opening the rooms of storage/ in the order in which they stand on each other. */
#include "main/storage.h"

#include "auth/auth.h"
#include "auth/federation.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/sealing.h"
#include "base/wake.h"
#include "bridge/bridge.h"
#include "chappe_version.h"
#include "deliver/deliver.h"
#include "directory/directory.h"
#include "directory/membership.h"
#include "directory/server.h"
#include "directory/source.h"
#include "directory/tracing.h"
#include "dns/dns.h"
#include "filter/filter.h"
#include "group/group.h"
#include "mailbox/fetched.h"
#include "mailbox/mailbox.h"
#include "mailbox/rights.h"
#include "main/database.h"
#include "main/directory_sync.h"
#include "main/role.h"
#include "message/message.h"
#include "rules/rules.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { REFRESH_S = 2 };

static const char *const pools[] = { "directory-admin", "directory-lookup", "group" };
METRIC_GAUGE_BY(pool_open, "chappe_database_connections", "Open database connections", "pool", pools)
METRIC_GAUGE_BY(pool_in_use, "chappe_database_connections_in_use", "Database connections in use", "pool",
                pools)
METRIC_GAUGE_BY(pool_waiting, "chappe_database_waiting", "Threads waiting for a connection", "pool", pools)
METRIC_GAUGE_BY(pool_down, "chappe_database_down", "1 while the database cannot be reached", "pool", pools)
METRIC_GAUGE_BY(pool_trips, "chappe_database_round_trips", "Round trips since the start", "pool", pools)
METRIC_GAUGE_BY(pool_trip_us, "chappe_database_round_trip_microseconds", "Time spent in them", "pool", pools)
METRIC_GAUGE_BY(pool_commits, "chappe_database_commits", "Transactions committed", "pool", pools)
METRIC_GAUGE_BY(pool_unknown, "chappe_database_unknown_commits", "COMMITs with an unknown outcome", "pool",
                pools)
METRIC_GAUGE(view_bytes, "chappe_view_cache_bytes", "Memory of folder views and packs")
METRIC_GAUGE(body_bytes, "chappe_body_cache_bytes", "Memory of cached bodies")

struct storage {
    struct storage_parts parts;
    const struct config *config;
    struct sealing *sealing;
    struct dns *locating;  /* finds servers of company directories */
    struct bridge *bridge; /* NULL in commands without a server */
    struct wake_subscription *subscription;
    const char *role;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t
        refreshing;       /* while the list of groups is read and applied: an older one never comes last */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool is_ending, is_up;
    char trouble[256];
};

/* ---- where a storage group lives */

bool storage_group_conninfo(const void *owner, const struct config *config, int64_t id, const char *stored,
                            char **conninfo_out, struct err *err)
{
    char database[64];
    bool is_url = strncmp(config->directory, "postgres", 8) == 0 && strstr(config->directory, "://");

    snprintf(database, sizeof database, "chappe_group_%lld", (long long)id);
    if (stored) {
        *conninfo_out = talloc_strdup(owner, stored);
        return true;
    }
    if (database_is_embedded(config)) {
        char *folder = config_path(owner, config, "postgres");
        return cluster_find_conninfo(owner, folder, database, conninfo_out, err);
    }
    /* libpq lets a later dbname win */
    *conninfo_out = talloc_asprintf(owner, "%s%sdbname=%s", config->directory,
                                    !is_url                          ? " "
                                    : strchr(config->directory, '?') ? "&"
                                                                     : "?",
                                    database);
    return true;
}

bool storage_refresh_groups(struct storage *storage, struct err *err)
{
    struct storage_group *groups;
    size_t count, known_count;
    int64_t *known;
    void *arena = talloc_new(NULL);

    pthread_mutex_lock(&storage->refreshing);
    bool done = storage_group_list(storage->parts.directory, arena, &groups, &count, err);
    for (size_t i = 0; done && i < count; i++) {
        char *conninfo;
        if (groups[i].is_locked) /* where it was, as far as it is known */
            continue;
        done = storage_group_conninfo(arena, storage->config, groups[i].storage_group_id, groups[i].conninfo,
                                      &conninfo, err) &&
               groups_put(storage->parts.groups, groups[i].storage_group_id, conninfo, err);
    }
    known = groups_ids(storage->parts.groups, arena, &known_count);
    for (size_t k = 0; done && k < known_count; k++) {
        bool is_listed = false;
        for (size_t i = 0; i < count; i++)
            is_listed = is_listed || groups[i].storage_group_id == known[k];
        if (!is_listed)
            groups_remove(storage->parts.groups, known[k]);
    }
    pthread_mutex_unlock(&storage->refreshing);
    talloc_free(arena);
    return done;
}

/* ---- the thread that follows the directory */

static void note(struct storage *storage, bool is_up, const struct err *err)
{
    pthread_mutex_lock(&storage->lock);
    if (storage->is_up && !is_up)
        log_err(LOG_LEVEL_WARNING, "main.storage.down", err);
    else if (!storage->is_up && is_up)
        log_event(LOG_LEVEL_INFO, "main.storage.up");
    storage->is_up = is_up;
    snprintf(storage->trouble, sizeof storage->trouble, "%s", is_up ? "" : err->user);
    pthread_mutex_unlock(&storage->lock);
}

static bool sleep_until_next(struct storage *storage)
{
    struct timespec until;
    bool goes_on;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += REFRESH_S;
    pthread_mutex_lock(&storage->lock);
    while (!storage->is_ending && pthread_cond_timedwait(&storage->changed, &storage->lock, &until) == 0)
        ;
    goes_on = !storage->is_ending;
    pthread_mutex_unlock(&storage->lock);
    return goes_on;
}

static void *follow(void *argument)
{
    struct storage *storage = argument;

    do {
        struct err err = ERR_INIT;
        note(storage, storage_refresh_groups(storage, &err), &err);
    } while (sleep_until_next(storage));
    return NULL;
}

/* Asked for a storage group that was not there a moment ago. */
static void learn(void *argument)
{
    struct err err = ERR_INIT;

    if (!storage_refresh_groups(argument, &err))
        log_err(LOG_LEVEL_WARNING, "main.storage.groups", &err);
}

/* ---- opening and closing */

static bool open_auth(struct storage *storage, const struct config *config, struct err *err)
{
    struct auth_options options = {
        .directory = storage->parts.directory,
        .sources = storage->parts.sources,
        .login_domain = config->login_domain,
        .check_token = federation_check_token,
        .has_tokens = federation_has_tokens,
        .password_alone = config->own_password,
        .kerberos = { .realms = config->kerberos_realms,
                      .keytabs = config->kerberos_keytabs,
                      .replay_file = config_path(storage, config, "run/kerberos.replay"),
                      .allows_rc4 = config->kerberos_rc4 },
    };

    storage->parts.federation = federation_open(storage, storage->parts.directory);
    options.check_token_arg = storage->parts.federation;
    return auth_open(storage, &options, &storage->parts.auth, err);
}

/* Servers of company directories may be found by DNS (SRV records). */
static bool open_sources(struct storage *storage, const struct config *config, struct err *err)
{
    const struct dns_options dns = { .servers = config->dns, .trust_anchor = config->trust_anchor };

    if (!dns_open(&dns, &storage->locating, err))
        return false;
    storage->parts.sources =
        sources_open(storage, storage->parts.directory, find_directory_servers, storage->locating);
    return true;
}

/* What a mailbox is shared with may be a group of the directory (mailbox/rights.h). */
static bool find_groups(void *directory, const void *owner, int64_t recipient_id, const int64_t *group_ids,
                        size_t count, int64_t **held_out, size_t *held_count_out, struct err *err)
{
    return membership_among(directory, owner, recipient_id, group_ids, count, held_out, held_count_out, err);
}

static bool open_parts(struct storage *storage, struct role *role, struct err *err)
{
    struct storage_parts *parts = &storage->parts;
    const char *application = talloc_asprintf(storage, "chappe %s", storage->role);
    unsigned connections = (unsigned)role->config->database_connections;
    struct directory_options directory = { .application_name = application, .pool_size = connections };
    struct groups_options groups = { .application_name = application,
                                     .pool_size = connections,
                                     .reserve = database_reserve(storage, role->config),
                                     .learn = learn,
                                     .learn_argument = storage };
    struct mailbox_cache_options cache = { .bus = role->wake,
                                           .view_bytes_max = (uint64_t)role->config->view_cache };
    char *conninfo;

    if (!database_conninfo(storage, role->config, &conninfo, err) ||
        !sealing_open(storage, config_path(storage, role->config, "secrets"), &storage->sealing, err))
        return false;
    directory.conninfo = conninfo;
    directory.sealing = storage->sealing;
    parts->wake = role->wake;
    message_cache_set_limit((size_t)role->config->body_cache);
    if (!directory_open(storage, &directory, &parts->directory, err) ||
        !open_sources(storage, role->config, err) || !groups_open(storage, &groups, &parts->groups, err))
        return false;
    parts->cache = mailbox_cache_open(&cache);
    rights_use(parts->cache, find_groups, parts->directory);
    return deliver_open(storage,
                        &(struct deliver_options){
                            .groups = parts->groups, .directory = parts->directory, .wake = role->wake },
                        &parts->deliver, err) &&
           rules_open(storage,
                      &(struct rules_options){ .groups = parts->groups,
                                               .directory = parts->directory,
                                               .cache = parts->cache,
                                               .host_name = role->config->hostname,
                                               .version = CHAPPE_VERSION },
                      &parts->rules, err) &&
           open_auth(storage, role->config, err);
}

/* Only the role that receives mail judges it. */
static bool open_judges(struct storage *storage, struct role *role, struct err *err)
{
    struct storage_parts *parts = &storage->parts;
    struct dns_options dns = { .servers = role->config->dns, .trust_anchor = role->config->trust_anchor };
    struct filter_options filter = { .directory = parts->directory, .host_name = role->config->hostname };

    if (strcmp(storage->role, "mailbox") == 0)
        return fetched_open(storage, &parts->fetched, err);
    if (strcmp(storage->role, "smtp") != 0)
        return true;
    if (!dns_open(&dns, &parts->dns, err))
        return false;
    filter.dns = parts->dns;
    return filter_open(storage, &filter, &parts->filter, err) &&
           later_open(storage, "refusals", tracing_write, parts->directory, &parts->refusals, err);
}

static void init_lock(struct storage *storage)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&storage->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&storage->lock, NULL);
    pthread_mutex_init(&storage->refreshing, NULL);
}

static void hear_of_change(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    const struct storage *storage = argument;

    (void)group_id;
    (void)mailbox_id;
    (void)modseq;
    directory_note_change(storage->parts.directory);
}

/* Any of the machine's roles will do. */
static bool open_bridge(struct storage *storage, struct role *role, struct err *err)
{
    const struct bridge_options options = {
        .wake = role->wake,
        .directory = storage->parts.directory,
        .groups = storage->parts.groups,
        .lock_path = talloc_asprintf(storage, "%s/bridge.lock", config_path(storage, role->config, "run"))
    };

    return !role->kind || bridge_start(&options, &storage->bridge, err);
}

bool storage_open(struct role *role, struct storage **storage_out, struct err *err)
{
    struct storage *storage = talloc_zero(NULL, struct storage);
    struct err first = ERR_INIT;

    storage->config = role->config;
    storage->role = role->kind ? role->kind->name : "admin";
    init_lock(storage);
    if (!open_parts(storage, role, err) || !open_judges(storage, role, err)) {
        storage_close(&storage);
        return false;
    }
    storage->is_up = storage_refresh_groups(storage, &first);
    if (!storage->is_up)
        log_err(LOG_LEVEL_WARNING, "main.storage.down", &first);
    if (pthread_create(&storage->thread, NULL, follow, storage) != 0) {
        storage_close(&storage);
        return err_errno(err, "pthread_create");
    }
    storage->has_thread = true;
    if (role->wake)
        storage->subscription =
            wake_subscribe(role->wake, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, hear_of_change, storage);
    if (!open_bridge(storage, role, err)) {
        storage_close(&storage);
        return false;
    }
    *storage_out = storage;
    return true;
}

void storage_close(struct storage **handle)
{
    struct storage *storage = *handle;

    if (!storage)
        return;
    if (storage->has_thread) {
        pthread_mutex_lock(&storage->lock);
        storage->is_ending = true;
        pthread_cond_signal(&storage->changed);
        pthread_mutex_unlock(&storage->lock);
        pthread_join(storage->thread, NULL);
    }
    bridge_stop(&storage->bridge);
    wake_unsubscribe(&storage->subscription);
    later_close(&storage->parts.refusals);
    fetched_close(&storage->parts.fetched);
    filter_close(&storage->parts.filter);
    dns_close(&storage->parts.dns);
    auth_close(&storage->parts.auth);
    federation_close(&storage->parts.federation);
    rules_close(&storage->parts.rules);
    deliver_close(&storage->parts.deliver);
    if (storage->parts.cache)
        mailbox_cache_close(&storage->parts.cache);
    groups_close(&storage->parts.groups);
    sources_close(&storage->parts.sources);
    dns_close(&storage->locating);
    directory_close(&storage->parts.directory);
    sealing_close(&storage->sealing);
    pthread_cond_destroy(&storage->changed);
    pthread_mutex_destroy(&storage->refreshing);
    pthread_mutex_destroy(&storage->lock);
    talloc_free(storage);
    *handle = NULL;
}

const struct storage_parts *storage_parts(const struct storage *storage)
{
    return &storage->parts;
}

/* ---- while running */

bool storage_is_up(struct storage *storage, char *trouble, size_t size)
{
    bool is_up;

    if (!storage)
        return true;
    pthread_mutex_lock(&storage->lock);
    is_up = storage->is_up;
    snprintf(trouble, size, "%s", storage->trouble);
    pthread_mutex_unlock(&storage->lock);
    return is_up;
}

bool storage_reload(struct storage *storage, struct err *err)
{
    for (int which = 0; which < DIRECTORY_POOLS; which++)
        if (!db_pool_reset(directory_pool(storage->parts.directory, (enum directory_pool)which), NULL, err))
            return false;
    return true;
}

static void set_pool_gauges(size_t which, const struct db_pool_stats *stats)
{
    const struct {
        struct metric *gauge;
        int64_t value;
    } gauges[] = {
        { &pool_open, stats->open },
        { &pool_in_use, stats->in_use },
        { &pool_waiting, stats->waiting },
        { &pool_down, stats->is_down },
        { &pool_trips, (int64_t)stats->round_trips },
        { &pool_trip_us, (int64_t)stats->round_trip_us },
        { &pool_commits, (int64_t)stats->commits },
        { &pool_unknown, (int64_t)stats->unknown_commits },
    };

    for (size_t i = 0; i < COUNT_OF(gauges); i++)
        atomic_store_explicit(&gauges[i].gauge->cells[which], gauges[i].value, memory_order_relaxed);
}

/* All storage groups as one. */
static void sum_groups(struct groups *groups, struct db_pool_stats *sum)
{
    void *arena = talloc_new(NULL);
    size_t count;
    int64_t *ids = groups_ids(groups, arena, &count);

    *sum = (struct db_pool_stats){ 0 };
    for (size_t i = 0; i < count; i++) {
        struct group *group;
        struct db_pool_stats stats;
        struct err err = ERR_INIT;
        if (!group_find(groups, ids[i], &group, &err))
            continue;
        db_pool_stats(group_pool(group), &stats);
        sum->open += stats.open;
        sum->in_use += stats.in_use;
        sum->waiting += stats.waiting;
        sum->is_down = sum->is_down || stats.is_down;
        sum->round_trips += stats.round_trips;
        sum->round_trip_us += stats.round_trip_us;
        sum->commits += stats.commits;
        sum->unknown_commits += stats.unknown_commits;
    }
    talloc_free(arena);
}

void storage_refresh_metrics(struct storage *storage)
{
    struct mailbox_cache_stats cache;
    struct message_cache_stats bodies;
    struct db_pool_stats stats;

    if (!storage)
        return;
    for (int which = 0; which < DIRECTORY_POOLS; which++) {
        db_pool_stats(directory_pool(storage->parts.directory, (enum directory_pool)which), &stats);
        set_pool_gauges((size_t)which, &stats);
    }
    sum_groups(storage->parts.groups, &stats);
    set_pool_gauges(DIRECTORY_POOLS, &stats);
    mailbox_cache_stats(storage->parts.cache, &cache);
    metric_set(&view_bytes, (int64_t)(cache.view_bytes + cache.pack_bytes));
    message_cache_stats(&bodies);
    metric_set(&body_bytes, (int64_t)bodies.bytes);
}
