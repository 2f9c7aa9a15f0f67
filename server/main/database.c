/* database.c -- the directory database and the storage groups, before any role needs them. */
#include "main/database.h"

#include "base/disk.h"
#include "base/log.h"
#include "base/sealing.h"
#include "db/migrate.h"
#include "directory/server.h"
#include "group/group.h"
#include "group/store.h"
#include "main/storage.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { WAIT_MS = 5000, DAY_S = 86400 };

static const struct actor ourselves = { .name = "local:server" };

bool database_is_embedded(const struct config *config)
{
    return strcmp(config->directory, "embedded") == 0;
}

bool database_start(const void *owner, const struct config *config, struct cluster **cluster_out,
                    struct err *err)
{
    struct cluster_options options = { .binaries = *config->postgresql_binaries ? config->postgresql_binaries
                                                                                : NULL };
    char *folder = config_path(NULL, config, "postgres");
    bool done;

    *cluster_out = NULL;
    options.directory = folder;
    done = !database_is_embedded(config) || cluster_start(owner, &options, cluster_out, err);
    talloc_free(folder);
    return done;
}

bool database_conninfo(const void *owner, const struct config *config, char **conninfo_out, struct err *err)
{
    if (database_is_embedded(config))
        return cluster_find_conninfo(owner, config_path(owner, config, "postgres"), DIRECTORY_DATABASE,
                                     conninfo_out, err);
    *conninfo_out = talloc_strdup(owner, config->directory);
    return true;
}

/* ---- one storage group */

static bool with_pool(const char *conninfo, const struct db_schema *schema, int64_t group_id, struct err *err)
{
    struct db_pool *pool;
    bool done;

    if (!db_pool_open(
            NULL,
            &(struct db_pool_options){ .conninfo = conninfo, .application_name = "chappe main", .size = 2 },
            &pool, err))
        return false;
    done = db_pool_wait(pool, WAIT_MS, err) && db_check_settings(pool, err);
    if (done && schema)
        done = db_migrate(pool, schema, err) && group_initialise(pool, group_id, err);
    db_pool_close(&pool);
    return done;
}

static bool put_stores(const struct config *config, const struct storage_group *described,
                       const char *conninfo, const struct store *stores, size_t count, struct err *err)
{
    struct groups *groups;
    struct group *group;
    bool done;

    if (!groups_open(NULL, &(struct groups_options){ .application_name = "chappe main", .pool_size = 2 },
                     &groups, err))
        return false;
    done = groups_put(groups, described->storage_group_id, conninfo, err) &&
           group_find(groups, described->storage_group_id, &group, err);
    for (size_t i = 0; done && i < count; i++) {
        struct store_options options = { .store_id = stores[i].store_id,
                                         .name = stores[i].name,
                                         .is_public = stores[i].is_public,
                                         .deleted_item_days = stores[i].policy.deleted_item_days < 0
                                                                  ? (int)(config->recoverable_s / DAY_S)
                                                                  : stores[i].policy.deleted_item_days,
                                         .deleted_mailbox_days = stores[i].policy.deleted_mailbox_days,
                                         .warn_bytes = stores[i].policy.warn_bytes,
                                         .no_send_bytes = stores[i].policy.no_send_bytes,
                                         .no_receive_bytes = stores[i].policy.no_receive_bytes };
        if (stores[i].storage_group_id == described->storage_group_id)
            done = store_put(group, &options, err);
    }
    groups_close(&groups);
    return done;
}

/* Where CREATE DATABASE can be said. */
static bool maintenance_conninfo(const void *owner, const struct config *config, char **conninfo_out,
                                 struct err *err)
{
    if (database_is_embedded(config))
        return cluster_find_conninfo(owner, config_path(owner, config, "postgres"), "postgres", conninfo_out,
                                     err);
    *conninfo_out = talloc_strdup(owner, config->directory);
    return true;
}

static bool prepare_group(const struct config *config, const struct storage_group *group,
                          const struct store *stores, size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    char *maintenance, *conninfo;
    char *database = talloc_asprintf(arena, "chappe_group_%lld", (long long)group->storage_group_id);
    bool done =
        (!group->is_locked ||
         err_set(err, ERR_DENIED, "The key is missing that the address of %s's database is sealed with.",
                 group->name)) &&
        maintenance_conninfo(arena, config, &maintenance, err) &&
        (group->conninfo || db_create_database(maintenance, database, err)) &&
        storage_group_conninfo(arena, config, group->storage_group_id, group->conninfo, &conninfo, err) &&
        with_pool(conninfo, &db_schema_group, group->storage_group_id, err) &&
        put_stores(config, group, conninfo, stores, count, err);

    talloc_free(arena);
    return done;
}

/* ---- the installation */

/* A new installation gets one storage group with one mailbox store. */
static bool make_first(struct directory *directory, struct err *err)
{
    struct storage_group group = { .name = "First Storage Group", .takes_new = true };
    struct store store = { .name = "Mailbox Store", .is_mounted = true };
    struct storage_group *groups;
    struct store *stores;
    size_t group_count, store_count;
    void *arena = talloc_new(NULL);
    int64_t store_id;
    bool done = storage_group_list(directory, arena, &groups, &group_count, err) &&
                directory_store_list(directory, arena, &stores, &store_count, err);

    if (done && group_count > 0)
        store.storage_group_id = groups[0].storage_group_id;
    else if (done)
        done = storage_group_add(directory, &ourselves, &group, &store.storage_group_id, err);
    if (done && store_count == 0)
        done = directory_store_add(directory, &ourselves, &store, &store_id, err);
    talloc_free(arena);
    return done;
}

static bool prepare_groups(const struct config *config, struct directory *directory, struct err *err)
{
    struct storage_group *groups;
    struct store *stores;
    size_t group_count, store_count;
    void *arena = talloc_new(NULL);
    bool done = storage_group_list(directory, arena, &groups, &group_count, err) &&
                directory_store_list(directory, arena, &stores, &store_count, err);

    for (size_t i = 0; done && i < group_count; i++) {
        struct err trouble = ERR_INIT;
        if (prepare_group(config, &groups[i], stores, store_count, &trouble))
            continue;
        log_err(LOG_LEVEL_ERROR, "main.group.prepare", &trouble);
        if (group_count == 1) { /* without it nothing works: say so at the start */
            *err = trouble;
            done = false;
        }
    }
    talloc_free(arena);
    return done;
}

static bool open_directory(const void *owner, const struct config *config, const char *conninfo,
                           struct directory **directory_out, struct err *err)
{
    struct directory_options options = { .conninfo = conninfo,
                                         .application_name = "chappe main",
                                         .pool_size = 2 };

    return sealing_open(owner, config_path(owner, config, "secrets"), &options.sealing, err) &&
           directory_open(owner, &options, directory_out, err);
}

bool database_prepare(const struct config *config, struct cluster *cluster, struct err *err)
{
    struct directory *directory = NULL;
    void *arena = talloc_new(NULL);
    int64_t server_id;
    char *conninfo;
    bool done = (!cluster || cluster_create_database(cluster, DIRECTORY_DATABASE, err)) &&
                database_conninfo(arena, config, &conninfo, err) && with_pool(conninfo, NULL, 0, err) &&
                directory_migrate(conninfo, err) &&
                open_directory(arena, config, conninfo, &directory, err) &&
                server_register(directory, config->hostname, &server_id, err) && make_first(directory, err) &&
                prepare_groups(config, directory, err);

    directory_close(&directory);
    talloc_free(arena);
    return done;
}

bool database_try_group(const struct config *config, const char *database, struct err *err)
{
    void *arena = talloc_new(NULL);
    char *maintenance;
    bool done = database ? db_may_make_tables(database, err)
                         : maintenance_conninfo(arena, config, &maintenance, err) &&
                               db_may_create_database(maintenance, err);

    talloc_free(arena);
    return done;
}

bool database_prepare_group(const struct config *config, int64_t storage_group_id, struct err *err)
{
    struct directory *directory = NULL;
    void *arena = talloc_new(NULL);
    struct storage_group *groups;
    struct store *stores;
    size_t group_count, store_count;
    char *conninfo;
    bool done = database_conninfo(arena, config, &conninfo, err) &&
                open_directory(arena, config, conninfo, &directory, err) &&
                storage_group_list(directory, arena, &groups, &group_count, err) &&
                directory_store_list(directory, arena, &stores, &store_count, err);

    for (size_t i = 0; done && i < group_count; i++)
        if (groups[i].storage_group_id == storage_group_id)
            done = prepare_group(config, &groups[i], stores, store_count, err);
    directory_close(&directory);
    talloc_free(arena);
    return done;
}

struct disk_reserve *database_reserve(const void *owner, const struct config *config)
{
    static const char *const of_database[] = { "postgres/data", "postgres/data/pg_wal" };
    struct disk_reserve *reserve = disk_reserve_new(owner, config->disk_reserve);

    disk_watch(reserve, config_path(reserve, config, "spool"));
    for (size_t i = 0; database_is_embedded(config) && i < COUNT_OF(of_database); i++)
        disk_watch(reserve, config_path(reserve, config, of_database[i]));
    return reserve;
}
