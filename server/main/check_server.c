/* check_server.c -- databases, and DNS by check_dns.c. */
#include "main/check.h"

#include "db/cluster.h"
#include "db/migrate.h"
#include "directory/server.h"
#include "group/group.h"
#include "main/database.h"
#include "main/storage.h"

#include <stdio.h>
#include <talloc.h>

void check_add(json_t *lines, const char *what, bool is_good, const char *text, const char *remedy)
{
    json_array_append_new(lines, json_pack("{s:s, s:b, s:s, s:s?}", "what", what, "is_good", is_good, "text",
                                           text, "remedy", is_good ? NULL : remedy));
}

/* ---- databases */

static void check_directory(struct directory *directory, json_t *lines)
{
    struct err err = ERR_INIT;
    bool is_good = directory_check(directory, &err);

    check_add(lines, "directory database", is_good,
              is_good ? "reachable, its schema is the one this program knows" : err.user,
              "See the log of PostgreSQL; after an upgrade run: chappe restart");
    if (!is_good)
        return;
    is_good = db_check_settings(directory_pool(directory, DIRECTORY_LOOKS_UP), &err);
    check_add(lines, "directory database settings", is_good, is_good ? "durable" : err.user,
              "Set fsync, full_page_writes and synchronous_commit to on");
}

static void check_group(struct groups *groups, const struct storage_group *described, json_t *lines)
{
    char what[160];
    struct group *group;
    struct err err = ERR_INIT;
    bool is_good = group_find(groups, described->storage_group_id, &group, &err) &&
                   db_pool_check(group_pool(group), &err) &&
                   db_schema_check(group_pool(group), &db_schema_group, &err) &&
                   db_check_settings(group_pool(group), &err);

    snprintf(what, sizeof what, "storage group %.100s", described->name);
    check_add(lines, what, is_good, is_good ? "reachable, up to date, durable" : err.user,
              "Start its PostgreSQL, correct the setting named, or run: chappe restart");
}

void check_server(const struct config *config, struct storage *storage, json_t *lines)
{
    const struct storage_parts *parts = storage_parts(storage);
    void *arena = talloc_new(NULL);
    struct storage_group *groups;
    struct err err = ERR_INIT;
    size_t count;

    check_directory(parts->directory, lines);
    if (storage_group_list(parts->directory, arena, &groups, &count, &err))
        for (size_t i = 0; i < count; i++)
            check_group(parts->groups, &groups[i], lines);
    check_dns(config, parts->directory, lines);
    talloc_free(arena);
}
