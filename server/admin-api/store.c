/* store.c -- stores: as the directory wants them, and as their storage groups know them. */
#include "group/store.h"

#include "admin_api/call.h"
#include "admin_api/place.h"
#include "directory/organisation.h"
#include "group/group.h"

#include <string.h>

static bool find(const struct admin_call *call, struct store *store, struct err *err)
{
    return place_store(call, http_query(call->request, "storage_group"), call->parameters[0], store, err);
}

static const char *organisation_name(struct admin_call *call, int64_t organisation_id)
{
    struct organisation organisation;
    struct err err = ERR_INIT;

    return organisation_id && organisation_get(call->api->options.directory, &call->actor, call->arena,
                                               organisation_id, &organisation, &err)
               ? organisation.name
               : "";
}

static json_t *store_json(struct admin_call *call, const struct store *store, const char *group)
{
    const struct store_policy *policy = &store->policy;
    json_t *json = json_pack(
        "{s:s, s:s, s:b, s:I, s:s, s:I, s:I, s:I, s:i}", "name", store->name, "storage_group", group,
        "mounted", store->is_mounted, "mailboxes", (json_int_t)store->mailbox_count, "organisation",
        organisation_name(call, store->organisation_id), "warn_at", (json_int_t)policy->warn_bytes,
        "no_send_at", (json_int_t)policy->no_send_bytes, "no_receive_at",
        (json_int_t)policy->no_receive_bytes, "deleted_mailbox_days", policy->deleted_mailbox_days);

    json_object_set_new(json, "deleted_item_days",
                        policy->deleted_item_days < 0 ? json_null()
                                                      : json_integer(policy->deleted_item_days));
    return json;
}

/* What only its storage group tells; "state" says when that does not answer. */
static void add_usage(struct admin_call *call, const struct store *store, json_t *json)
{
    struct store_usage usage;
    struct group *group;
    struct err err = ERR_INIT;
    bool is_up = group_find(call->api->options.groups, store->storage_group_id, &group, &err) &&
                 store_usage(group, store->store_id, &usage, &err);

    json_object_set_new(json, "state",
                        json_string(!is_up             ? "down"
                                    : usage.is_mounted ? "mounted"
                                                       : "dismounted"));
    if (!is_up)
        return;
    json_object_set_new(json, "used", json_integer(usage.used_bytes));
    json_object_set_new(json, "messages", json_integer(usage.used_messages));
    json_object_set_new(json, "quotas", json_integer(usage.quota_bytes));
    json_object_set_new(json, "nearly_full", json_integer(usage.nearly_full));
    json_object_set_new(json, "full", json_integer(usage.full));
    json_object_set_new(json, "deleted_mailboxes", json_integer(usage.deleted_mailboxes));
    json_object_set_new(json, "grown_7_days", json_integer(usage.grown_bytes_7));
    json_object_set_new(json, "grown_30_days", json_integer(usage.grown_bytes_30));
}

static bool answer(struct admin_call *call, const struct store *store)
{
    json_t *json = store_json(call, store, place_group_name(call, store->storage_group_id));

    add_usage(call, store, json);
    return call_answer(call, json);
}

/* ---- handlers */

bool stores_get(struct admin_call *call, struct err *err)
{
    struct store *list;
    size_t count;
    json_t *json;

    if (!directory_store_list(call->api->options.directory, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = store_json(call, &list[i], place_group_name(call, list[i].storage_group_id));
        add_usage(call, &list[i], one);
        json_array_append_new(json, one);
    }
    return call_answer(call, json_pack("{s:o}", "stores", json));
}

bool store_get(struct admin_call *call, struct err *err)
{
    struct store store;

    return find(call, &store, err) && answer(call, &store);
}

static bool days(const struct admin_call *call, const char *name, int *days_out, struct err *err)
{
    int64_t value = call_number(call, name, *days_out);

    *days_out = value < -1 || value > 100000 ? -2 : (int)value;
    return *days_out != -2 || err_set(err, ERR_INVALID, "This is no number of days.");
}

/* The fields of the body into what there is; "organisation" "": of all. */
static bool take_fields(const struct admin_call *call, struct store *store, struct err *err)
{
    struct store_policy *policy = &store->policy;
    const char *organisation = call_text(call, "organisation");

    store->name = call_has(call, "name") ? call_text(call, "name") : store->name;
    policy->warn_bytes = call_number(call, "warn_at", policy->warn_bytes);
    policy->no_send_bytes = call_number(call, "no_send_at", policy->no_send_bytes);
    policy->no_receive_bytes = call_number(call, "no_receive_at", policy->no_receive_bytes);
    if (organisation && !*organisation)
        store->organisation_id = 0;
    return days(call, "deleted_item_days", &policy->deleted_item_days, err) &&
           days(call, "deleted_mailbox_days", &policy->deleted_mailbox_days, err) &&
           (!organisation || !*organisation || call_organisation(call, &store->organisation_id, err));
}

static bool write(struct admin_call *call, struct store *store, struct err *err)
{
    return take_fields(call, store, err) &&
           directory_store_set(call->api->options.directory, &call->actor, store, err) &&
           call->api->options.prepare_group(call->api->options.host, store->storage_group_id, err);
}

bool store_post(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct store wanted = { .name = call_text(call, "name"), .is_mounted = true }, made;
    struct storage_group group;

    if (!place_storage_group(call, call_text(call, "storage_group"), &group, err))
        return false;
    wanted.storage_group_id = group.storage_group_id;
    if (!directory_store_add(directory, &call->actor, &wanted, &wanted.store_id, err) ||
        !place_store(call, group.name, wanted.name, &made, err) || !write(call, &made, err))
        return false;
    return call_created(call, store_json(call, &made, group.name));
}

bool store_patch(struct admin_call *call, struct err *err)
{
    struct store store;

    return find(call, &store, err) && write(call, &store, err) && answer(call, &store);
}

/* First the directory, which knows what depends on it. What housekeeping has still to remove keeps the row there, which nobody
 * sees. */
bool store_delete(struct admin_call *call, struct err *err)
{
    struct store store;
    struct group *group;

    return find(call, &store, err) &&
           group_find(call->api->options.groups, store.storage_group_id, &group, err) &&
           directory_store_remove(call->api->options.directory, &call->actor, store.store_id, err) &&
           (store_remove(group, store.store_id, err) || err->kind == ERR_NOT_FOUND ||
            err->kind == ERR_DEPENDED_ON);
}

/* First what is, then what the directory says should be: a failure in between is seen and can be repeated. */
static bool set_mounted(struct admin_call *call, bool is_mounted, struct err *err)
{
    struct store store;
    struct group *group;

    if (!find(call, &store, err) ||
        !group_find(call->api->options.groups, store.storage_group_id, &group, err) ||
        !(is_mounted ? store_mount(group, store.store_id, err)
                     : store_dismount(group, store.store_id, err)) ||
        !directory_store_mount(call->api->options.directory, &call->actor, store.store_id, is_mounted, err))
        return false;
    store.is_mounted = is_mounted;
    return answer(call, &store);
}

bool store_mount_post(struct admin_call *call, struct err *err)
{
    return set_mounted(call, true, err);
}

bool store_dismount_post(struct admin_call *call, struct err *err)
{
    return set_mounted(call, false, err);
}
