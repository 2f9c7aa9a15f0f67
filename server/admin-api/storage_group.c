/* storage_group.c -- storage groups and stores. */
#include "admin_api/call.h"
#include "admin_api/place.h"
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

/* No database takes back that another one was made: it is looked whether it could be. */
static bool could_be_made(struct admin_call *call, const char *database, struct err *err)
{
    return !call_is_rehearsal(call) || (groups_have_room(call->api->options.groups, err) &&
                                        call->api->options.try_group(call->api->options.host, database, err));
}

bool storage_group_post(struct admin_call *call, struct err *err)
{
    struct storage_group wanted = { .name = call_text(call, "name"),
                                    .conninfo = call_text(call, "database"),
                                    .takes_new = true };
    struct err undone = ERR_INIT;
    int64_t id;

    if (!storage_group_add(call->api->options.directory, &call->actor, &wanted, &id, err) ||
        !could_be_made(call, wanted.conninfo, err))
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
        json_array_append_new(json, json_pack("{s:s, s:I, s:s, s:s?, s:I}", "name", list[i].name, "id",
                                              (json_int_t)list[i].storage_group_id, "state",
                                              state_of(call, list[i].storage_group_id), "routing_group",
                                              list[i].routing_group, "mailboxes",
                                              (json_int_t)list[i].mailbox_count));
    return call_answer(call, json_pack("{s:o}", "storage_groups", json));
}

static json_t *stores_json(struct admin_call *call, int64_t storage_group_id, struct err *err)
{
    struct store *stores;
    size_t count;
    json_t *json = json_array();

    if (!directory_store_list(call->api->options.directory, call->arena, &stores, &count, err))
        return json;
    for (size_t i = 0; i < count; i++)
        if (stores[i].storage_group_id == storage_group_id)
            json_array_append_new(json, json_string(stores[i].name));
    return json;
}

bool storage_group_get(struct admin_call *call, struct err *err)
{
    struct storage_group found;
    struct err down = ERR_INIT;
    struct group *group;
    int64_t messages = 0;

    if (!place_storage_group(call, call->parameters[0], &found, err))
        return false;
    bool is_up = group_find(call->api->options.groups, found.storage_group_id, &group, &down) &&
                 message_count(group, &messages, &down);
    return call_answer(call, json_pack("{s:s, s:I, s:s, s:s?, s:I, s:I, s:b, s:o}", "name", found.name, "id",
                                       (json_int_t)found.storage_group_id, "state", is_up ? "up" : "down",
                                       "routing_group", found.routing_group, "mailboxes",
                                       (json_int_t)found.mailbox_count, "messages", (json_int_t)messages,
                                       "takes_new", found.takes_new, "stores",
                                       stores_json(call, found.storage_group_id, err)));
}

/* First what is, then what the directory says should be: a failure in between is seen and can be repeated. */
static bool set_mounted(struct admin_call *call, bool is_mounted, struct err *err)
{
    struct storage_group found;
    struct store *stores;
    struct group *group;
    size_t count;

    if (!place_storage_group(call, call->parameters[0], &found, err) ||
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

bool storage_group_patch(struct admin_call *call, struct err *err)
{
    const char *routing_group = call_text(call, "routing_group"), *name = call_text(call, "name");
    struct storage_group wanted;

    if (!place_storage_group(call, call->parameters[0], &wanted, err))
        return false;
    wanted.name = name ? name : wanted.name;
    wanted.takes_new = call_flag(call, "takes_new", wanted.takes_new);
    wanted.keeps_conninfo = !call_has(call, "database");
    if (call_has(call, "database"))
        wanted.conninfo = *call_text(call, "database") ? call_text(call, "database") : NULL;
    if ((name || call_has(call, "takes_new") || call_has(call, "database")) &&
        (!storage_group_set(call->api->options.directory, &call->actor, &wanted, err) ||
         (call_has(call, "database") && !could_be_made(call, wanted.conninfo, err)) ||
         !call->api->options.prepare_group(call->api->options.host, wanted.storage_group_id, err)))
        return false;
    if (routing_group && !storage_group_set_routing_group(call->api->options.directory, &call->actor,
                                                          wanted.name, routing_group, err))
        return false;
    return call_answer(call, json_pack("{s:s, s:b, s:s*}", "name", wanted.name, "takes_new", wanted.takes_new,
                                       "routing_group", routing_group));
}

/* Its database stays, for whoever wants to look once more. */
bool storage_group_delete(struct admin_call *call, struct err *err)
{
    struct storage_group found;

    return place_storage_group(call, call->parameters[0], &found, err) &&
           storage_group_remove(call->api->options.directory, &call->actor, found.storage_group_id, err);
}
