/* web_inside.c -- JMAP asks the admin API for what an account's owner sets. */
#include "main/web_inside.h"

#include "admin_api/act.h"
#include "auth/auth.h"
#include "main/role_web.h"

#include <talloc.h>

bool web_ask_admin(void *web, const struct http_request *http, const struct identity *identity,
                   const char *method, const char *path, json_t *in, json_t **out, json_t **factor_out,
                   struct err *err)
{
    const struct web *own = web;
    char *peer = talloc_array(http_arena(http), char, NET_ADDRESS_TEXT);
    const struct act_caller caller = { .name = identity->login,
                                       .peer = net_address_text(http_peer(http), peer),
                                       .recipient_id = identity->recipient_id };

    return act_inside(own->api, http, &caller, method, path, in, out, factor_out, err);
}
