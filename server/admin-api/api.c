/* api.c -- from a request to its route, and from an error to a status. */
#include "admin_api/api.h"

#include "admin_api/body.h"
#include "admin_api/call.h"
#include "admin_api/condition.h"
#include "admin_api/factor.h"
#include "admin_api/once.h"
#include "admin_api/page.h"
#include "admin_api/problem.h"
#include "admin_api/reference.h"
#include "admin_api/remote.h"
#include "admin_api/right.h"
#include "admin_api/route.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "db/rehearsal.h"
#include "db/tally.h"
#include "directory/organisation.h"
#include "format/date.h"

#include <assert.h>
#include <glib.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { REASON_MAX = 500 }; /* bytes of why somebody changes something */

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

/* ---- answering */

static void set_local_actor(struct admin_call *call)
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

/* From afar, nothing tells what is forbidden from what is not there. */
static void hide(const struct admin_call *call, struct err *err)
{
    if (call->is_remote && err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND, "There is nothing here.");
}

static bool is_reading(const struct admin_call *call)
{
    return strcmp(http_method(call->request), "GET") == 0;
}

bool call_read(const struct admin_call *call, const struct admin_route *get, json_t **out, struct err *err)
{
    struct admin_call reading = *call;

    if (!get)
        return err_set(err, ERR_NOT_FOUND, "There is nothing here.");
    reading.in = json_object();
    reading.out = NULL;
    bool done = get->run(&reading, err);
    json_decref(reading.in);
    *out = reading.out;
    return done;
}

/* Between looking which state there is and changing it, nobody else may. */
static bool change_under_lock(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    struct directory_lock *lock;

    if (!condition_lock(call, &lock, err))
        return false;
    bool done = condition_holds(call, route, err) && route->run(call, err);
    condition_unlock(&lock);
    return done;
}

static bool change(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    bool must_match = call->is_remote && !call->is_approved;

    if (route->has_etag && (must_match || http_header(call->request, "If-Match")))
        return change_under_lock(call, route, err);
    return strcmp(route->method, "POST") == 0 ? once_run(call, route, err) : route->run(call, err);
}

/* ?dry_run= is one of the route's own questions: a job's, whose items are tried. */
static bool tries_itself(const struct admin_route *route)
{
    return route->query && strstr(route->query, "dry_run") != NULL;
}

/* What nobody may use is not told. */
static void leave_out_secrets(struct admin_call *call, const struct admin_route *route)
{
    struct span rest = span_text(route->secrets ? route->secrets : ""), name;

    while (!span_is_empty(rest)) {
        if (!span_take_until(&rest, ' ', &name)) {
            name = rest;
            rest.p = rest.end;
        }
        json_object_del(call->out, span_copy(call->arena, name));
    }
}

/* For real, and then not at all: the answer is what it would be. Who tries an approval tries the change that is approved within. */
static bool rehearse_change(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    bool is_within = db_is_rehearsing();

    if (!route->can_rehearse)
        return err_set(err, ERR_INVALID, "This cannot be tried without being done.");
    if (!is_within)
        db_rehearsal_begin();
    bool done =
        (!route->has_etag || call->is_approved || condition_holds(call, route, err)) && route->run(call, err);
    if (!is_within)
        db_rehearsal_end();
    leave_out_secrets(call, route);
    return done;
}

const struct admin_route *call_find_route(struct admin_call *call)
{
    bool is_known_path;

    return route_find(http_method(call->request), http_path(call->request), call->arena, call->parameters,
                      &is_known_path);
}

bool call_is_rehearsal(const struct admin_call *call)
{
    const char *dry = http_query(call->request, "dry_run");

    return dry && strcmp(dry, "true") == 0 && !is_reading(call);
}

/* What the caller may not do alone is filed, and answered with what was filed. */
static bool run_allowed(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    if (call_is_rehearsal(call))
        http_reply_header(call->reply, "Dry-Run", "true");
    if (call_is_rehearsal(call) && !tries_itself(route))
        return rehearse_change(call, route, err);
    if (is_reading(call))
        return route->run(call, err) && (!call->out || page_apply(call, route, err));
    if (!change(call, route, err))
        return false;
    if (call->api->options.note_change)
        call->api->options.note_change(call->api->options.host);
    return true;
}

bool call_run(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    const char *reason = http_query(call->request, "reason");
    bool is_filed;

    db_tally_begin();
    call->route = route;
    call->actor.reason = reason ? talloc_strndup(call->arena, reason, REASON_MAX) : NULL;
    return body_read(call, route, err) && factor_suffices(call, route, err) &&
           right_check(call, route, &is_filed, err) && (is_filed || run_allowed(call, route, err));
}

static void answer_done(struct admin_call *call, const struct admin_route *route)
{
    bool is_known = is_reading(call) && call->out && route->has_etag && condition_is_known(call, route);

    if (is_reading(call) && call->out)
        page_fields(call, route);
    else if (route->has_etag && call->out && !call_is_rehearsal(call))
        condition_tell(call, route);
    http_reply_status(call->reply, is_known ? 304 : call->out ? call->status : 204);
    if (call->out && !is_known)
        answer_json(call->reply, call->out);
}

/* For tests, in builds made for them: what this request has asked the database. */
static void tell_statements(const struct admin_call *call)
{
    char text[DB_TALLY_MAX];

    if (db_tally_text(text))
        http_reply_header(call->reply, "Chappe-Statements", text);
}

static void answer(struct admin_call *call, const struct admin_route *route, bool is_done, struct err *err)
{
    tell_statements(call);
    if (!is_done) {
        assert(err->kind != ERR_NONE);
        metric_add(&failures, 1);
        hide(call, err);
        problem_answer(call, err);
    } else if (!call->is_answered) {
        answer_done(call, route);
    }
    json_decref(call->faults);
    json_decref(call->in);
    json_decref(call->out);
    json_decref(call->factor);
    json_decref(call->password);
}

static struct admin_call begin_call(void *api, const struct http_request *request, struct http_reply *reply)
{
    metric_add(&calls, 1);
    db_tally_begin();
    return (struct admin_call){ .api = api,
                                .request = request,
                                .reply = reply,
                                .arena = http_arena(request),
                                .status = 200,
                                .limit_status = 413 };
}

static bool run_found(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    bool is_known_path = false;

    if (route)
        return call_run(call, route, err);
    (void)route_find(http_method(call->request), http_path(call->request), call->arena, NULL, &is_known_path);
    return err_set(err, ERR_NOT_FOUND,
                   is_known_path ? "This method is not possible here." : "There is nothing here.");
}

void admin_api_answer(void *api, const struct http_request *request, struct http_reply *reply)
{
    struct admin_call call = begin_call(api, request, reply);
    struct err err = ERR_INIT;
    const struct admin_route *route = call_find_route(&call);

    if (reference_answer(request, reply))
        return;
    set_local_actor(&call);
    answer(&call, route, run_found(&call, route, &err), &err);
}

void admin_api_answer_remote(void *api, const struct http_request *request, struct http_reply *reply)
{
    struct admin_call call = begin_call(api, request, reply);
    struct err err = ERR_INIT;
    const struct admin_route *route = call_find_route(&call);

    if (reference_answer(request, reply))
        return;
    call.is_remote = true;
    answer(&call, route,
           ((route && route->is_public) || remote_enter(&call, &err)) && run_found(&call, route, &err), &err);
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

bool call_moment(const struct admin_call *call, const char *name, int64_t *us, struct err *err)
{
    const char *text = call_text(call, name);

    if (!text)
        return true;
    if (!date_parse_utc(span_text(text), us))
        return err_set(err, ERR_INVALID, "%.40s is no time such as 2031-01-31T12:00:00Z.", text);
    return *us > clock_now_us() || err_set(err, ERR_INVALID, "%.40s is over.", text);
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
