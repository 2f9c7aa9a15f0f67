/* app_password.c -- passwords for one program each. */
#include "admin_api/call.h"
#include "auth/password.h"
#include "directory/user.h"

#include <talloc.h>

static bool find(struct admin_call *call, struct user *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], out, err);
}

bool app_password_post(struct admin_call *call, struct err *err)
{
    struct app_password wanted = { .name = call_text(call, "name"),
                                   .protocols = PROTOCOLS_ALL & ~(unsigned)PROTOCOL_ADMIN };
    unsigned char hash[APP_PASSWORD_HASH_BYTES];
    char text[APP_PASSWORD_TEXT];
    struct user user;
    int64_t id;

    if (!find(call, &user, err))
        return false;
    app_password_generate(text, hash);
    wanted.recipient_id = user.recipient_id;
    if (!app_password_add(call->api->options.directory, &call->actor, &wanted, hash, &id, err))
        return false;
    return call_created(call, json_pack("{s:s, s:s}", "name", wanted.name, "password", text));
}

bool app_passwords_get(struct admin_call *call, struct err *err)
{
    struct app_password *list;
    struct user user;
    size_t count;
    json_t *json;

    if (!find(call, &user, err) || !app_password_list(call->api->options.directory, &call->actor, call->arena,
                                                      user.recipient_id, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:s, s:o, s:o}", "name", list[i].name, "created",
                                              json_time(list[i].created_us), "last_used",
                                              json_time(list[i].last_used_us)));
    return call_answer(call, json_pack("{s:o}", "app_passwords", json));
}

bool app_password_delete(struct admin_call *call, struct err *err)
{
    struct user user;

    return find(call, &user, err) && app_password_remove(call->api->options.directory, &call->actor,
                                                         user.recipient_id, call->parameters[1], err);
}
