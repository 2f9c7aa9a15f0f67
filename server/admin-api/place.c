/* place.c -- from names to storage groups and stores. */
#include "admin_api/place.h"

#include <string.h>

bool place_storage_group(const struct admin_call *call, const char *name, struct storage_group *group_out,
                         struct err *err)
{
    struct storage_group *groups;
    size_t count;

    if (!storage_group_list(call->api->options.directory, call->arena, &groups, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(groups[i].name, name) == 0) {
            *group_out = groups[i];
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no storage group %s.", name);
}

const char *place_group_name(const struct admin_call *call, int64_t storage_group_id)
{
    struct storage_group *groups;
    struct err err = ERR_INIT;
    size_t count;

    if (storage_group_list(call->api->options.directory, call->arena, &groups, &count, &err))
        for (size_t i = 0; i < count; i++)
            if (groups[i].storage_group_id == storage_group_id)
                return groups[i].name;
    return "";
}

const char *place_store_name(const struct admin_call *call, int64_t store_id)
{
    struct store *stores;
    struct err err = ERR_INIT;
    size_t count;

    if (directory_store_list(call->api->options.directory, call->arena, &stores, &count, &err))
        for (size_t i = 0; i < count; i++)
            if (stores[i].store_id == store_id)
                return stores[i].name;
    return "";
}

/* Those that fit what was named. */
static bool list_stores(const struct admin_call *call, const char *group_name, const char *name,
                        struct store **fitting_out, size_t *count_out, struct err *err)
{
    struct storage_group group = { 0 };
    struct store *stores;
    size_t count;

    if ((group_name && !place_storage_group(call, group_name, &group, err)) ||
        !directory_store_list(call->api->options.directory, call->arena, &stores, &count, err))
        return false;
    *count_out = 0;
    for (size_t i = 0; i < count; i++)
        if ((!name || strcmp(stores[i].name, name) == 0) &&
            (!group_name || stores[i].storage_group_id == group.storage_group_id))
            stores[(*count_out)++] = stores[i];
    *fitting_out = stores;
    return true;
}

bool place_store(const struct admin_call *call, const char *group_name, const char *name,
                 struct store *store_out, struct err *err)
{
    struct store *stores;
    size_t count;

    if (!list_stores(call, group_name, name, &stores, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no store %s.", name);
    if (count > 1)
        return err_set(err, ERR_CONFLICT, "Several storage groups have a store %s: say in which it is.",
                       name);
    *store_out = stores[0];
    return true;
}

bool place_choose(const struct admin_call *call, const char *group_name, const char *store_name,
                  struct mailbox_location *location, struct err *err)
{
    const struct store *chosen = NULL;
    struct store *stores;
    size_t count;

    if (!store_name && !group_name)
        return true;
    if (!list_stores(call, group_name, store_name, &stores, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!stores[i].is_public && (!chosen || stores[i].mailbox_count < chosen->mailbox_count))
            chosen = &stores[i];
    if (!chosen)
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox store.");
    location->store_id = chosen->store_id;
    location->storage_group_id = chosen->storage_group_id;
    return true;
}
