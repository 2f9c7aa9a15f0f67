/* sender.c -- who may write in the name of a mailbox or a group. */
#include "admin_api/call.h"
#include "directory/sender_grant.h"

static json_t *to_json(const struct sender_grant *grant)
{
    return json_pack("{s:I, s:s, s:s, s:b, s:o}", "id", (json_int_t)grant->recipient_id, "address",
                     grant->address, "name", grant->name, "on_behalf", grant->is_on_behalf, "created",
                     json_time(grant->created_us));
}

static bool read_all(struct admin_call *call, struct sender_grants *out, struct err *err)
{
    return sender_grants_list(call->api->options.directory, &call->actor, call->arena, call->parameters[0],
                              out, err);
}

bool senders_get(struct admin_call *call, struct err *err)
{
    struct sender_grants grants;
    json_t *list;

    if (!read_all(call, &grants, err))
        return false;
    list = json_array();
    for (size_t i = 0; i < grants.count; i++)
        json_array_append_new(list, to_json(&grants.list[i]));
    return call_answer(call, json_pack("{s:o, s:o}", "senders", list, "keeps_sent",
                                       grants.has_mailbox ? json_boolean(grants.keeps_sent) : json_null()));
}

bool sender_pairs_get(struct admin_call *call, struct err *err)
{
    struct sender_pair *pairs;
    int64_t only;
    size_t count;
    json_t *list;

    if (!call_organisation_filter(call, &only, err) ||
        !sender_pairs_list(call->api->options.directory, &call->actor, call->arena, only, &pairs, &count,
                           err))
        return false;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:b, s:o}", "id",
                                              json_sprintf("%s/%s", pairs[i].address, pairs[i].grant.address),
                                              "recipient", pairs[i].address, "person", pairs[i].grant.address,
                                              "on_behalf", pairs[i].grant.is_on_behalf, "created",
                                              json_time(pairs[i].grant.created_us)));
    return call_answer(call, json_pack("{s:o}", "senders", list));
}

bool sender_post(struct admin_call *call, struct err *err)
{
    struct sender_grants grants;
    int64_t id;

    if (!sender_grant_put(call->api->options.directory, &call->actor, call->parameters[0],
                          call_text(call, "person"), call_flag(call, "on_behalf", false), &id, err) ||
        !read_all(call, &grants, err))
        return false;
    for (size_t i = 0; i < grants.count; i++)
        if (grants.list[i].recipient_id == id)
            return call_created(call, to_json(&grants.list[i]));
    return err_set(err, ERR_NOT_FOUND, "There is no such grant."); /* taken away again meanwhile */
}

bool senders_patch(struct admin_call *call, struct err *err)
{
    return sender_grants_keep_sent(call->api->options.directory, &call->actor, call->parameters[0],
                                   call_flag(call, "keeps_sent", false), err);
}

bool sender_delete(struct admin_call *call, struct err *err)
{
    return sender_grant_remove(call->api->options.directory, &call->actor, call->parameters[0],
                               call->parameters[1], err);
}
