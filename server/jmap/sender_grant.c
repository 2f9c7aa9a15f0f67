/* sender_grant.c -- SendGrant (docs/jmap.md): who may write in the owner's name. */
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/owner.h"

#include <talloc.h>

static const char *const names[] = { "id", "address", "name", "onBehalf", "created" };
static struct owner_type grants = { .path = "/senders",
                                    .root = "/recipients",
                                    .list = "senders",
                                    .names = names,
                                    .name_count = COUNT_OF(names),
                                    .is_said_by = "address" };

bool send_grant_get(struct jmap_call *call)
{
    return jmap_owner_get(call, &grants);
}

/* onBehalf alone can be another one. */
static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *type)
{
    struct err err = ERR_INIT;
    json_t *by_id, *known, *answer, *wanted;

    (void)updated_out;
    if (!jmap_owner_list(call, type, &by_id, &err))
        return jmap_owner_error(call, &err);
    known = json_object_get(by_id, id);
    if (!known)
        return jmap_set_error("notFound", "There is no such object.");
    if (json_object_size(patch) != 1 || !json_is_boolean(json_object_get(patch, "onBehalf")))
        return jmap_set_error("invalidProperties", "onBehalf alone can be changed.");
    wanted = jmap_keep(call->arena, json_pack("{s:O, s:O}", "person", json_object_get(known, "address"),
                                              "onBehalf", json_object_get(patch, "onBehalf")));
    return jmap_owner_ask(call, "POST", jmap_owner_path_of(call, &grants, ""), wanted, &answer, &err) &&
                   jmap_owner_raise(call, &err)
               ? NULL
               : jmap_owner_error(call, &err);
}

bool send_grant_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = jmap_owner_create,
                                                  .update = update,
                                                  .destroy = jmap_owner_destroy,
                                                  .arg = &grants });
}
