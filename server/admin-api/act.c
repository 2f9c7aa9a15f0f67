/* act.c -- a request without a client. */
#include "admin_api/act.h"

#include "admin_api/body.h"
#include "admin_api/factor.h"
#include "admin_api/remote.h"
#include "admin_api/right.h"
#include "directory/user.h"

#include <strings.h>
#include <talloc.h>

/* Who lost his login, or is gone, acts no more. */
static bool find_holder(struct admin_call *call, const struct act_caller *caller, struct err *err)
{
    const struct actor anybody = { .name = caller->name };
    struct user user;

    if (!user_get(call->api->options.directory, &anybody, call->arena, caller->recipient_id, &user, err))
        return false;
    if (user.state != RECIPIENT_ACTIVE)
        return err_set(err, ERR_DENIED, "This account may not be used any more.");
    return remote_become(call, caller->recipient_id, user.organisation_id, caller->name, caller->permissions,
                         caller->peer, err);
}

/* What a call leaves behind: its answer, where there is one. */
static bool end_call(struct admin_call *call, bool done, json_t **out)
{
    json_decref(call->faults);
    json_decref(call->in);
    if (!done)
        json_decref(call->out);
    *out = done ? call->out : NULL;
    return done;
}

static bool run(struct admin_call *call, struct err *err)
{
    bool is_filed = false;

    return body_check(call, call->route, err) && right_check(call, call->route, &is_filed, err) &&
           (is_filed || call->route->run(call, err));
}

bool act(const struct admin_api *api, void *owner, const struct act_caller *caller, const char *method,
         const char *path, json_t *in, json_t **out, struct err *err)
{
    struct http_request *request =
        http_request_local(owner, method, talloc_asprintf(owner, "/api/v1%s", path));
    struct admin_call call = {
        .api = api,
        .request = request,
        .reply = http_reply_unread(owner),
        .arena = owner,
        .status = 200,
        .in = in ? json_incref(in) : json_object(),
        .is_remote = caller->recipient_id != 0,
        .actor = { .name = caller->name, .recipient_id = caller->recipient_id, .peer = caller->peer }
    };
    bool done;

    call.route = call_find_route(&call);
    done = (call.route || err_set(err, ERR_NOT_FOUND, "There is nothing here.")) &&
           (caller->recipient_id == 0 || find_holder(&call, caller, err)) && run(&call, err);
    json_decref(call.factor);
    return end_call(&call, done, out);
}

static bool has_password(const struct http_request *request)
{
    const char *value = http_header(request, "Authorization");

    return value && strncasecmp(value, "Basic ", 6) == 0;
}

bool act_inside(const struct admin_api *api, const struct http_request *outer,
                const struct act_caller *caller, const char *method, const char *path, json_t *in,
                json_t **out, json_t **factor_out, struct err *err)
{
    void *owner = http_arena(outer);
    struct admin_call call = { .api = api,
                               .request = http_request_inner(owner, outer, method,
                                                             talloc_asprintf(owner, "/api/v1%s", path)),
                               .reply = http_reply_unread(owner),
                               .arena = owner,
                               .status = 200,
                               .in = in ? json_incref(in) : json_object(),
                               .is_remote = true };
    bool done;

    call.route = call_find_route(&call);
    done = (call.route || err_set(err, ERR_NOT_FOUND, "There is nothing here.")) &&
           (has_password(outer) ? find_holder(&call, caller, err) : remote_enter(&call, err)) &&
           factor_suffices(&call, call.route, err) && run(&call, err);
    *factor_out = call.factor;
    return end_call(&call, done, out);
}
