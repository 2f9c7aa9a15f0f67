/* dispatch.c -- a request object: its calls one after the other, each with what the ones before gave (RFC 8620, 3). */
#include "base/metrics.h"
#include "http/json.h"
#include "jmap/account.h"
#include "jmap/crowd.h"
#include "jmap/reference.h"

#include <stdlib.h>
#include <talloc.h>

METRIC_COUNTER(calls, "chappe_jmap_calls_total", "Method calls of JMAP")
METRIC_COUNTER(failures, "chappe_jmap_failures_total", "Method calls of JMAP that failed as a whole")

/* ---- answers */

static void send(struct http_reply *reply, const char *type, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

    http_reply_type(reply, type);
    http_reply_header(reply, "Cache-Control", "no-store");
    buf_add_text(http_reply_body(reply), text);
    free(text);
}

void jmap_send_json(struct http_reply *reply, const json_t *json)
{
    send(reply, "application/json", json);
}

json_t *jmap_problem(const char *type, unsigned status, const char *limit, const char *detail)
{
    json_t *problem =
        json_pack("{s:o, s:i, s:s}", "type", json_sprintf("urn:ietf:params:jmap:error:%s", type), "status",
                  (int)status, "detail", detail);

    if (limit)
        json_object_set_new(problem, "limit", json_string(limit));
    return problem;
}

void jmap_send_problem(struct http_reply *reply, json_t *problem)
{
    http_reply_status(reply, (unsigned)json_integer_value(json_object_get(problem, "status")));
    send(reply, "application/problem+json", problem);
    json_decref(problem);
}

static void respond(struct jmap_request *request, const char *name, json_t *arguments, const char *id)
{
    json_array_append_new(request->responses, json_pack("[s, o, s]", name, arguments, id));
}

/* ---- one call */

static const struct jmap_method *method_named(const char *name)
{
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static bool take_arguments(struct jmap_call *call, const json_t *as_sent)
{
    struct err err = ERR_INIT;
    const char *name;
    json_t *value;

    call->in = jmap_resolve(as_sent, call->request->responses, JMAP_REFERENCED_MAX, &err);
    if (!call->in)
        return jmap_fail(call, err.kind == ERR_INVALID ? "invalidArguments" : "invalidResultReference", "%s",
                         err.user);
    jmap_keep(call->arena, call->in);
    json_object_foreach(call->in, name, value)
    {
        if (call->method->arguments && !jmap_is_word_of(call->method->arguments, name))
            return jmap_fail(call, "invalidArguments", "There is no argument %.100s here.", name);
    }
    return true;
}

/* A client that asks for none of them wants to know the state only. */
static bool opens(const struct jmap_call *call)
{
    const json_t *ids = json_object_get(call->in, "ids");

    return (call->method->needs & JMAP_OPENS) && !(json_is_array(ids) && json_array_size(ids) == 0);
}

static bool take_account(struct jmap_call *call)
{
    const char *id = jmap_arg_text(call, "accountId");
    struct err err = ERR_INIT;

    if (!(call->method->needs & JMAP_NEEDS_ACCOUNT))
        return true;
    if (!id)
        return jmap_fail_argument(call, "accountId");
    if (!jmap_account_find(call->request, id, &call->account, &err))
        return err.kind == ERR_NOT_FOUND ? jmap_fail(call, "accountNotFound", "There is no such account.")
                                         : jmap_fail_err(call, &err);
    if ((call->method->needs & JMAP_NEEDS_OWN) && !call->account->is_own)
        return jmap_fail(call, "accountNotSupportedByMethod", "This is possible in one's own account only.");
    if (!jmap_account_read(call->request, call->account, &err))
        return jmap_fail_err(call, &err);
    if (opens(call))
        jmap_account_note_visit(call->request, call->account);
    jmap_put(call, "accountId", json_string(call->account->id));
    return true;
}

/* Who calls: what the server asks itself needs no capability in `using`. */
enum caller { CALLED_BY_CLIENT, CALLED_BY_METHOD };

static bool run_call(struct jmap_call *call, const char *name, const json_t *arguments, enum caller caller)
{
    call->method = method_named(name);
    call->out = json_object();
    if (!call->method || (caller == CALLED_BY_CLIENT && !(call->request->using & call->method->capability)))
        return jmap_fail(call, "unknownMethod", "There is no method %.100s here.", name);
    return take_arguments(call, arguments) && take_account(call) && call->method->run(call);
}

json_t *jmap_ask(const struct jmap_call *asking, const char *name, const json_t *arguments)
{
    struct jmap_call call = { .request = asking->request,
                              .arena = talloc_new(asking->arena),
                              .id = asking->id };
    bool is_done = run_call(&call, name, arguments, CALLED_BY_METHOD);
    json_t *answer = is_done ? jmap_keep(asking->arena, json_incref(call.out)) : NULL;

    json_decref(call.out);
    json_decref(call.error);
    talloc_free(call.arena);
    return answer;
}

static void run_method(struct jmap_request *request, const char *name, const json_t *arguments,
                       const char *id, enum caller caller)
{
    struct jmap_call call = { .request = request, .arena = talloc_new(request->arena), .id = id };

    metric_add(&calls, 1);
    if (run_call(&call, name, arguments, caller)) {
        respond(request, name, json_incref(call.out), id);
        if (call.implicit_name)
            run_method(request, call.implicit_name, call.implicit_in, id, CALLED_BY_METHOD);
    } else {
        metric_add(&failures, 1);
        respond(request, "error", json_incref(call.error), id);
    }
    json_decref(call.out);
    json_decref(call.error);
    talloc_free(call.arena);
}

/* ---- the request */

static json_t *problem_of_calls(const json_t *calls_array)
{
    json_t *call;
    size_t i;

    if (!json_is_array(calls_array))
        return jmap_problem("notRequest", 400, NULL, "methodCalls is no array.");
    if (json_array_size(calls_array) > JMAP_CALLS_MAX)
        return jmap_problem("limit", 400, "maxCallsInRequest", "There are too many calls in this request.");
    json_array_foreach(calls_array, i, call)
    {
        if (json_array_size(call) != 3 || !json_is_string(json_array_get(call, 0)) ||
            !json_is_object(json_array_get(call, 1)) || !json_is_string(json_array_get(call, 2)))
            return jmap_problem("notRequest", 400, NULL, "A call is [name, arguments, id].");
    }
    return NULL;
}

static json_t *problem_of_using(struct jmap_request *request, const json_t *using)
{
    json_t *uri;
    size_t i;

    if (!json_is_array(using))
        return jmap_problem("notRequest", 400, NULL, "using is no array.");
    request->using = 0;
    json_array_foreach(using, i, uri)
    {
        unsigned capability = json_is_string(uri) ? jmap_capability_of(json_string_value(uri)) : 0;
        if (!json_is_string(uri))
            return jmap_problem("notRequest", 400, NULL, "using has something that is no text.");
        if (!capability)
            return jmap_problem("unknownCapability", 400, NULL,
                                "using names a capability that is not offered.");
        request->using |= capability;
    }
    return NULL;
}

static json_t *take_created(struct jmap_request *request, const json_t *ids)
{
    json_t *known = json_incref((json_t *)(uintptr_t)ids), *value;
    const char *name;
    bool is_good = !ids || json_is_object(ids);

    json_object_foreach(known, name, value)
    {
        is_good = is_good && json_is_string(value);
        if (is_good && jmap_is_id(name) && jmap_is_id(json_string_value(value)))
            json_object_set(request->created, name, value);
    }
    json_decref(known);
    return is_good ? NULL : jmap_problem("notRequest", 400, NULL, "createdIds is no map of ids.");
}

json_t *jmap_run(struct jmap_request *request, json_t *object, json_t **problem_out)
{
    const json_t *calls_array = json_object_get(object, "methodCalls"),
                 *ids = json_object_get(object, "createdIds");
    json_t *call, *answer;
    size_t i;

    *problem_out = json_is_object(object) ? problem_of_calls(calls_array)
                                          : jmap_problem("notRequest", 400, NULL, "A request is an object.");
    if (!*problem_out)
        *problem_out = problem_of_using(request, json_object_get(object, "using"));
    if (!*problem_out)
        *problem_out = take_created(request, ids);
    if (*problem_out)
        return NULL;
    json_array_foreach(calls_array, i, call)
        run_method(request, json_string_value(json_array_get(call, 0)), json_array_get(call, 1),
                   json_string_value(json_array_get(call, 2)), CALLED_BY_CLIENT);
    answer = json_pack("{s:O, s:s}", "methodResponses", request->responses, "sessionState",
                       jmap_session_state(request));
    if (ids)
        json_object_set(answer, "createdIds", request->created);
    return answer;
}

static bool is_json(const struct http_request *http)
{
    const char *type = http_header(http, "Content-Type");

    return type && strncmp(type, "application/json", 16) == 0 && (type[16] == '\0' || strchr("; ", type[16]));
}

void jmap_api(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    static const struct json_bounds bounds = { JMAP_DEPTH_MAX, JMAP_VALUES_MAX };
    json_t *object, *answer, *problem = NULL;
    struct err err = ERR_INIT;

    if (!is_json(http)) {
        jmap_send_problem(reply,
                          jmap_problem("notJSON", 400, NULL, "The content type is not application/json."));
        return;
    }
    if (!jmap_crowd_enter(request->jmap->crowd, jmap_client_of(request->identity), CROWD_REQUESTS)) {
        jmap_send_problem(reply,
                          jmap_problem("limit", 400, "maxConcurrentRequests", "Too many requests at once."));
        return;
    }
    if (!http_json_read(http_body(http), &bounds, &object, &err)) {
        problem = err.kind == ERR_LIMIT ? jmap_problem("limit", 400, "maxSizeRequest", err.user)
                                        : jmap_problem("notJSON", 400, NULL, err.user);
    } else {
        answer = jmap_run(request, object, &problem);
        json_decref(object);
        if (answer)
            jmap_send_json(reply, answer);
        json_decref(answer);
    }
    if (problem)
        jmap_send_problem(reply, problem);
    jmap_crowd_leave(request->jmap->crowd, jmap_client_of(request->identity), CROWD_REQUESTS);
}
