/* storage_group.c -- storage groups and stores. */
#include "admin_api/call.h"
#include "directory/routing.h"
#include "group/group.h"
#include "group/store.h"
#include "message/count.h"

#include <string.h>

/* A storage group is of no use without a store. */
static bool add_first_store(struct admin_call *call, int64_t storage_group_id, struct err *err)
{
    struct store wanted = { .name = "Mailbox Store",
                            .storage_group_id = storage_group_id,
                            .is_mounted = true };
    int64_t store_id;

    return directory_store_add(call->api->options.directory, &call->actor, &wanted, &store_id, err) &&
           call->api->options.prepare_group(call->api->options.host, storage_group_id, err);
}

bool storage_group_post(struct admin_call *call, struct err *err)
{
    struct storage_group wanted = { .name = call_text(call, "name"),
                                    .conninfo = call_text(call, "database"),
                                    .takes_new = true };
    struct err undone = ERR_INIT;
    int64_t id;

    if (!storage_group_add(call->api->options.directory, &call->actor, &wanted, &id, err))
        return false;
    if (!call->api->options.prepare_group(call->api->options.host, id, err)) {
        if (!storage_group_remove(call->api->options.directory, &call->actor, id, &undone))
            err_log(err, "and the storage group stays: %s", undone.log);
        return false;
    }
    return add_first_store(call, id, err) &&
           call_created(call, json_pack("{s:s, s:I}", "name", wanted.name, "id", (json_int_t)id));
}

static const char *state_of(struct admin_call *call, int64_t id)
{
    struct err err = ERR_INIT;
    struct group *group;

    return group_find(call->api->options.groups, id, &group, &err) && db_pool_check(group_pool(group), &err)
               ? "up"
               : "down";
}

bool storage_groups_get(struct admin_call *call, struct err *err)
{
    struct storage_group *list;
    size_t count;
    json_t *json;

    if (!storage_group_list(call->api->options.directory, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:s, s:I, s:s, s:I}", "name", list[i].name, "id",
                                              (json_int_t)list[i].storage_group_id, "state",
                                              state_of(call, list[i].storage_group_id), "mailboxes",
                                              (json_int_t)list[i].mailbox_count));
    return call_answer(call, json_pack("{s:o}", "storage_groups", json));
}

static bool find_group(struct admin_call *call, const char *name, struct storage_group *out, struct err *err)
{
    struct storage_group *list;
    size_t count;

    if (!storage_group_list(call->api->options.directory, call->arena, &list, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) {
            *out = list[i];
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no storage group %s.", name);
}

bool storage_group_get(struct admin_call *call, struct err *err)
{
    struct storage_group found;
    struct group *group;
    int64_t messages;

    if (!find_group(call, call->parameters[0], &found, err) ||
        !group_find(call->api->options.groups, found.storage_group_id, &group, err) ||
        !message_count(group, &messages, err))
        return false;
    return call_answer(call, json_pack("{s:s, s:I, s:s, s:I, s:I}", "name", found.name, "id",
                                       (json_int_t)found.storage_group_id, "state", "up", "mailboxes",
                                       (json_int_t)found.mailbox_count, "messages", (json_int_t)messages));
}

/* First what is, then what the directory says should be: a failure in between is seen and can be repeated. */
static bool set_mounted(struct admin_call *call, bool is_mounted, struct err *err)
{
    struct storage_group found;
    struct store *stores;
    struct group *group;
    size_t count;

    if (!find_group(call, call->parameters[0], &found, err) ||
        !group_find(call->api->options.groups, found.storage_group_id, &group, err) ||
        !directory_store_list(call->api->options.directory, call->arena, &stores, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (stores[i].storage_group_id != found.storage_group_id)
            continue;
        if (!(is_mounted ? store_mount(group, stores[i].store_id, err)
                         : store_dismount(group, stores[i].store_id, err)) ||
            !directory_store_mount(call->api->options.directory, &call->actor, stores[i].store_id, is_mounted,
                                   err))
            return false;
    }
    return true;
}

bool storage_group_mount(struct admin_call *call, struct err *err)
{
    return set_mounted(call, true, err);
}

bool storage_group_dismount(struct admin_call *call, struct err *err)
{
    return set_mounted(call, false, err);
}

bool store_post(struct admin_call *call, struct err *err)
{
    struct store wanted = { .name = call_text(call, "name"), .is_mounted = true };
    struct storage_group found;
    int64_t id;

    if (!find_group(call, call_text(call, "storage_group"), &found, err))
        return false;
    wanted.storage_group_id = found.storage_group_id;
    if (!directory_store_add(call->api->options.directory, &call->actor, &wanted, &id, err) ||
        !call->api->options.prepare_group(call->api->options.host, wanted.storage_group_id, err))
        return false;
    return call_created(call, json_pack("{s:s, s:s}", "name", wanted.name, "storage_group",
                                        call_text(call, "storage_group")));
}

bool stores_get(struct admin_call *call, struct err *err)
{
    struct storage_group *groups;
    struct store *list;
    size_t count, group_count;
    json_t *json;

    if (!storage_group_list(call->api->options.directory, call->arena, &groups, &group_count, err) ||
        !directory_store_list(call->api->options.directory, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *group = "";
        for (size_t g = 0; g < group_count; g++)
            if (groups[g].storage_group_id == list[i].storage_group_id)
                group = groups[g].name;
        json_array_append_new(json, json_pack("{s:s, s:s, s:b, s:I}", "name", list[i].name, "storage_group",
                                              group, "mounted", list[i].is_mounted, "mailboxes",
                                              (json_int_t)list[i].mailbox_count));
    }
    return call_answer(call, json_pack("{s:o}", "stores", json));
}

bool storage_group_patch(struct admin_call *call, struct err *err)
{
    const char *name = call->parameters[0], *group = call_text(call, "routing_group");

    return storage_group_set_routing_group(call->api->options.directory, &call->actor, name, group, err) &&
           call_answer(call, json_pack("{s:s, s:s}", "name", name, "routing_group", group));
}
