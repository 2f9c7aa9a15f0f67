/* admin_group.c -- see admin_group.h. */
#include "admin_api/admin_group.h"

#include "admin_api/approval.h"
#include "directory/organisation.h"

#include <string.h>

bool admin_group_wanted(struct admin_call *call, enum permission permission, const struct role_object *object,
                        int64_t *id_out, struct err *err)
{
    const char *name = call_text(call, "admin_group");
    struct directory *directory = call->api->options.directory;
    struct role_object there = *object;
    bool is_there, may;

    if (!name)
        return true;
    is_there =
        role_object_group_of(directory, object->organisation_id, name, &there.administrative_group_id, err);
    if ((!is_there && err->kind != ERR_NOT_FOUND) || !approval_may_now(call, permission, &there, &may, err))
        return false;
    if (!is_there || !may)
        return err_set(err, ERR_NOT_FOUND, "There is no such administrative group.");
    *id_out = there.administrative_group_id;
    return true;
}

bool admin_group_change(struct admin_call *call, int64_t recipient_id, const char *address, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct role_object object;
    int64_t id = 0;

    return !call_has(call, "admin_group") ||
           (role_object_address(directory, address, &object, err) &&
            admin_group_wanted(call, RECIPIENT_WRITE, &object, &id, err) &&
            (id == 0 || administrative_group_take(directory, &call->actor, recipient_id, id, err)));
}

/* Who has the group need not have the domain. */
bool admin_group_of_new(struct admin_call *call, const char *name, const char *address, int64_t *id_out,
                        struct err *err)
{
    const char *at = strrchr(address, '@');
    struct role_object domain;
    struct administrative_group group;

    if (!name)
        return true;
    if (!at)
        return err_set(err, ERR_INVALID, "%s is not an address.", address);
    if (!role_object_domain(call->api->options.directory, at + 1, &domain, err) ||
        !administrative_group_find(call->api->options.directory, &call->actor, call->arena,
                                   domain.organisation_id, name, &group, err))
        return false;
    *id_out = group.administrative_group_id;
    return true;
}

const char *admin_group_name(struct admin_call *call, int64_t organisation_id, int64_t id)
{
    struct administrative_group *groups;
    struct err err = ERR_INIT;
    size_t count;

    if (!administrative_group_list(call->api->options.directory, &call->actor, call->arena, organisation_id,
                                   &groups, &count, &err))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (groups[i].administrative_group_id == id)
            return groups[i].name;
    return NULL;
}
