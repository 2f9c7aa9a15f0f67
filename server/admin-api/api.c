/* api.c -- from a request to its route, and from an error to a status. */
#include "admin_api/api.h"

#include "admin_api/call.h"
#include "admin_api/json.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/organisation.h"

#include <assert.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#define PREFIX "/api/v1"
enum { JSON_BODY_MAX = 8 << 20, BATCH_MAX = 96 << 20 };

static const unsigned status_of[ERR_KINDS] = {
    [ERR_NONE] = 200,     [ERR_NOT_FOUND] = 404,   [ERR_EXISTS] = 409,  [ERR_DENIED] = 403,
    [ERR_AUTH] = 401,     [ERR_QUOTA] = 507,       [ERR_INVALID] = 400, [ERR_LIMIT] = 413,
    [ERR_CONFLICT] = 409, [ERR_DEPENDED_ON] = 409, [ERR_BUSY] = 503,    [ERR_UNKNOWN] = 503,
    [ERR_INTERNAL] = 500, [ERR_NO_ROOM] = 507,
};

METRIC_COUNTER(calls, "chappe_admin_calls_total", "Requests of the admin API")
METRIC_COUNTER(failures, "chappe_admin_failures_total", "Requests of the admin API that failed")

struct admin_api *admin_api_new(const void *owner, const struct admin_api_options *options)
{
    struct admin_api *api = talloc_zero(owner, struct admin_api);

    api->options = *options;
    atomic_init(&api->message_max, options->message_max);
    return api;
}

void admin_api_set_message_max(struct admin_api *api, int64_t message_max)
{
    atomic_store(&api->message_max, message_max);
}

/* ---- finding the route */

/* "/users/{address}" on "/users/ada@example.org": one segment for each brace. */
static bool matches(const char *pattern, const char *path, void *arena, const char **parameters)
{
    size_t count = 0;

    while (*pattern && *path) {
        if (*pattern == '{') {
            size_t length = strcspn(path, "/");
            if (length == 0 || count == PARAMETERS_MAX)
                return false;
            if (parameters)
                parameters[count] = talloc_strndup(arena, path, length);
            count++;
            path += length;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == '\0' && *path == '\0';
}

static const struct admin_route *find_route(const char *method, const char *path, void *arena,
                                            const char **parameters, bool *is_known_path_out)
{
    size_t count;
    const struct admin_route *routes = admin_routes(&count);

    *is_known_path_out = false;
    if (strncmp(path, PREFIX, strlen(PREFIX)) != 0)
        return NULL;
    path += strlen(PREFIX);
    for (size_t i = 0; i < count; i++) {
        if (!matches(routes[i].pattern, path, NULL, NULL))
            continue;
        *is_known_path_out = true;
        if (strcmp(routes[i].method, method) == 0 && matches(routes[i].pattern, path, arena, parameters))
            return &routes[i];
    }
    return NULL;
}

size_t admin_api_limit(void *api, const char *method, const char *path)
{
    bool is_known;
    const struct admin_route *route = find_route(method, path, NULL, NULL, &is_known);

    (void)api;
    return !route ? 0 : route->takes_bytes ? BATCH_MAX : JSON_BODY_MAX;
}

/* ---- the body */

static bool is_of_type(const json_t *value, enum admin_field_type type)
{
    return type == ADMIN_TEXT     ? json_is_string(value)
           : type == ADMIN_NUMBER ? json_is_integer(value)
           : type == ADMIN_BOOL   ? json_is_boolean(value)
                                  : json_is_array(value);
}

static const struct admin_field *field_named(const struct admin_route *route, const char *name)
{
    for (const struct admin_field *f = route->fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static bool check_fields(const struct admin_route *route, json_t *in, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(in, name, value)
    {
        const struct admin_field *field = field_named(route, name);
        if (!field)
            return err_set(err, ERR_INVALID, "There is no field %s here.", name);
        if (!is_of_type(value, field->type))
            return err_set(err, ERR_INVALID, "The field %s has the wrong type.", name);
    }
    for (const struct admin_field *f = route->fields; f && f->name; f++)
        if (f->is_required && !json_object_get(in, f->name))
            return err_set(err, ERR_INVALID, "The field %s is needed.", f->name);
    return true;
}

static bool read_body(const struct admin_route *route, struct admin_call *call, struct err *err)
{
    struct span body = http_body(call->request);

    if (route->takes_bytes || span_is_empty(body)) {
        call->in = json_object();
        return route->takes_bytes || check_fields(route, call->in, err);
    }
    return admin_json_read(body, &call->in, err) && check_fields(route, call->in, err);
}

/* ---- answering */

static void set_actor(struct admin_call *call)
{
    char names[1024];
    struct passwd storage, *entry = NULL;
    uid_t uid;

    if (http_peer_user(call->request, &uid)) {
        /* Requests are answered by many threads at once: getpwuid() would mix up who did what. */
        if (getpwuid_r(uid, &storage, names, sizeof(names), &entry) != 0)
            entry = NULL;
        call->actor.name = entry ? talloc_asprintf(call->arena, "local:%s", entry->pw_name)
                                 : talloc_asprintf(call->arena, "local:%ld", (long)uid);
    } else {
        call->actor.name = "local";
    }
}

static void answer_json(struct http_reply *reply, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

    http_reply_type(reply, "application/json");
    http_reply_header(reply, "Cache-Control", "no-store");
    buf_add_text(http_reply_body(reply), text);
    free(text);
}

static void answer_error(struct http_reply *reply, const struct err *err)
{
    json_t *json =
        json_pack("{s:{s:s, s:s}}", "error", "kind", err_kind_name(err->kind), "message", err->user);

    metric_add(&failures, 1);
    if (err->kind == ERR_INTERNAL)
        log_err(LOG_LEVEL_ERROR, "admin.failed", err);
    http_reply_status(reply, status_of[err->kind]);
    answer_json(reply, json);
    json_decref(json);
}

void admin_api_answer(void *api, const struct http_request *request, struct http_reply *reply)
{
    struct admin_call call = {
        .api = api, .request = request, .reply = reply, .arena = http_arena(request), .status = 200
    };
    struct err err = ERR_INIT;
    bool is_known_path;
    const struct admin_route *route =
        find_route(http_method(request), http_path(request), call.arena, call.parameters, &is_known_path);

    metric_add(&calls, 1);
    set_actor(&call);
    if (!route)
        err_set(&err, ERR_NOT_FOUND,
                is_known_path ? "This method is not possible here." : "There is nothing here.");
    if (!route || !read_body(route, &call, &err) || !route->run(&call, &err)) {
        assert(err.kind != ERR_NONE);
        answer_error(reply, &err);
    } else if (!call.is_streaming) {
        http_reply_status(reply, call.out ? call.status : 204);
        if (call.out)
            answer_json(reply, call.out);
    }
    json_decref(call.in);
    json_decref(call.out);
}

/* ---- what handlers use */

const char *call_text(const struct admin_call *call, const char *name)
{
    return json_string_value(json_object_get(call->in, name));
}

int64_t call_number(const struct admin_call *call, const char *name, int64_t standard)
{
    const json_t *value = json_object_get(call->in, name);

    return value ? (int64_t)json_integer_value(value) : standard;
}

bool call_flag(const struct admin_call *call, const char *name, bool standard)
{
    const json_t *value = json_object_get(call->in, name);

    return value ? json_is_true(value) : standard;
}

bool call_has(const struct admin_call *call, const char *name)
{
    return json_object_get(call->in, name) != NULL;
}

bool call_answer(struct admin_call *call, json_t *json)
{
    call->out = json;
    return true;
}

bool call_created(struct admin_call *call, json_t *json)
{
    call->status = 201;
    return call_answer(call, json);
}

bool call_organisation_filter(const struct admin_call *call, int64_t *organisation_id_out, struct err *err)
{
    const char *name = call_text(call, "organisation");
    struct organisation organisation;

    *organisation_id_out = 0;
    if (!name)
        name = http_query(call->request, "organisation");
    if (!name)
        return true;
    if (!organisation_find(call->api->options.directory, &call->actor, call->arena, name, &organisation, err))
        return false;
    *organisation_id_out = organisation.organisation_id;
    return true;
}

bool call_organisation(const struct admin_call *call, int64_t *organisation_id_out, struct err *err)
{
    if (!call_organisation_filter(call, organisation_id_out, err))
        return false;
    return *organisation_id_out != 0 || err_set(err, ERR_INVALID, "An organisation must be named.");
}

json_t *json_time(int64_t us)
{
    time_t seconds = (time_t)(us / US_PER_S);
    char text[32];
    struct tm parts;

    if (us == 0 || !gmtime_r(&seconds, &parts) ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return json_null();
    return json_string(text);
}
