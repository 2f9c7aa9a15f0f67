/* admin_group.c -- see admin_group.h. */
#include "admin_api/admin_group.h"

#include "admin_api/approval.h"
#include "directory/organisation.h"

bool admin_group_wanted(struct admin_call *call, enum permission permission, const struct role_object *object,
                        int64_t *id_out, struct err *err)
{
    const char *name = call_text(call, "admin_group");
    struct directory *directory = call->api->options.directory;
    struct role_object there = *object;
    bool may;

    if (!name)
        return true;
    if (!role_object_group_of(directory, object->organisation_id, name, &there.administrative_group_id, err))
        return false;
    if (!approval_may_now(call, permission, &there, &may, err))
        return false;
    if (!may)
        return err_set(err, ERR_NOT_FOUND, "There is no such administrative group.");
    *id_out = there.administrative_group_id;
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
