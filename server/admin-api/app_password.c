/* app_password.c -- passwords for one program each. */
#include "admin_api/factor.h"
#include "admin_api/protocols.h"
#include "auth/password.h"
#include "base/clock.h"
#include "directory/user.h"

#include <talloc.h>

static bool find(struct admin_call *call, struct user *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], out, err);
}

enum { DAYS_MAX = 3660 };

static bool read_wish(struct admin_call *call, struct app_password *wanted, struct err *err)
{
    const json_t *networks = json_object_get(call->in, "networks");
    int64_t days = call_number(call, "days", 0);

    *wanted = (struct app_password){ .name = call_text(call, "name"),
                                     .protocols = PROTOCOLS_ALL & ~(unsigned)PROTOCOL_ADMIN,
                                     .network_count = json_array_size(networks) };
    if (days < 0 || days > DAYS_MAX)
        return err_set(err, ERR_INVALID, "An app password holds for 1 to %d days, or for ever (0).",
                       DAYS_MAX);
    wanted->expires_us = days ? clock_now_us() + days * 86400 * US_PER_S : 0;
    struct span *list = talloc_zero_array(call->arena, struct span, (unsigned)wanted->network_count + 1);
    for (size_t i = 0; i < wanted->network_count; i++) {
        const char *text = json_string_value(json_array_get(networks, i));
        list[i] = span_text(text ? text : "");
    }
    wanted->networks = list;
    return protocols_read(call, &wanted->protocols, err) &&
           (!(wanted->protocols & (unsigned)PROTOCOL_ADMIN) ||
            err_set(err, ERR_INVALID, "No app password is for the administration."));
}

bool app_password_post(struct admin_call *call, struct err *err)
{
    struct app_password wanted;
    unsigned char hash[APP_PASSWORD_HASH_BYTES];
    char text[APP_PASSWORD_TEXT];
    struct user user;
    int64_t id;

    if (!read_wish(call, &wanted, err) || !find(call, &user, err) || !factor_is_fresh(call, err))
        return false;
    app_password_generate(text, hash);
    wanted.recipient_id = user.recipient_id;
    if (!app_password_add(call->api->options.directory, &call->actor, &wanted, hash, &id, err))
        return false;
    return call_created(
        call, json_pack("{s:I, s:s, s:s}", "id", (json_int_t)id, "name", wanted.name, "password", text));
}

static json_t *networks_json(const struct app_password *password)
{
    json_t *json = json_array();

    for (size_t i = 0; i < password->network_count; i++)
        json_array_append_new(json,
                              json_stringn(password->networks[i].p, span_length(password->networks[i])));
    return json;
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
        json_array_append_new(
            json, json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)list[i].app_password_id,
                            "name", list[i].name, "protocols", protocols_json(list[i].protocols), "networks",
                            networks_json(&list[i]), "created", json_time(list[i].created_us), "last_used",
                            json_time(list[i].last_used_us), "expires", json_time(list[i].expires_us)));
    return call_answer(call, json_pack("{s:o}", "app_passwords", json));
}

bool app_password_delete(struct admin_call *call, struct err *err)
{
    struct user user;

    return find(call, &user, err) && app_password_remove(call->api->options.directory, &call->actor,
                                                         user.recipient_id, call->parameters[1], err);
}
