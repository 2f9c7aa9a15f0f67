/*
 * act.h -- requests that the API makes of itself, for jobs: the same table, fields and rights as for those that come from
 * outside.
 */
#ifndef ADMIN_API_ACT_H
#define ADMIN_API_ACT_H

#include "admin_api/call.h"

/* In whose name. */
struct act_caller {
    const char *name, *peer;
    int64_t recipient_id; /* 0: the machine's own root */
    uint64_t permissions; /* at most these */
};

/* `path` is below /api/v1, percent-encoded, perhaps with a query. `in` may be NULL; *out (NULL where there is nothing to say) is the caller's. Under `owner`. What
 * the caller may is looked up anew. */
MUST_CHECK bool act(const struct admin_api *api, void *owner, const struct act_caller *caller,
                    const char *method, const char *path, json_t *in, json_t **out, struct err *err);

/* A request inside another one (HTTP), by who logged in there: his session or token says what he may; who came with a password, what
 * everybody may with his own account. *factor_out (NULL: none): second factors that an error asks for; the caller's. */
MUST_CHECK bool act_inside(const struct admin_api *api, const struct http_request *outer,
                           const struct act_caller *caller, const char *method, const char *path, json_t *in,
                           json_t **out, json_t **factor_out, struct err *err);

#endif
