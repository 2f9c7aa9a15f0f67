/* approval.c -- a change is asked for, shown, decided by another person, and made once. */
#include "admin_api/approval.h"

#include "admin_api/factor.h"
#include "admin_api/remote.h"
#include "base/clock.h"
#include "directory/pending.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { BODY_MAX = 32 << 10, NOTE_MAX = 500 };

bool approval_is_needed(const struct admin_call *call, const struct role_assignment *reason)
{
    return call->holder && !call->is_approved && !call_is_rehearsal(call) && reason &&
           reason->needs_approval && strcmp(http_method(call->request), "GET") != 0;
}

bool approval_may_now(const struct admin_call *call, enum permission permission,
                      const struct role_object *object, bool *may_out, struct err *err)
{
    const struct role_assignment *reason = NULL;

    if (call->holder &&
        !role_may(call->api->options.directory, call->holder, permission, object, &reason, err))
        return false;
    *may_out = !call->holder || (reason && !approval_is_needed(call, reason));
    return true;
}

/* ---- asking */

static char *take_text(const void *owner, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL, *copy;

    copy = text ? talloc_strdup(owner, text) : NULL;
    free(text);
    json_decref(json);
    return copy;
}

static char *queries_text(struct admin_call *call)
{
    struct http_pair *queries;
    size_t count = http_queries(call->request, call->arena, &queries);
    json_t *json = json_object();

    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, queries[i].name, json_string(queries[i].value));
    return take_text(call->arena, json);
}

static json_t *parse(const char *text)
{
    json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

    return json ? json : json_null();
}

static json_t *change_json(const struct pending_change *c)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "id",
                     (json_int_t)c->pending_change_id, "requester", c->requester, "method", c->method, "path",
                     c->path, "query", parse(c->query), "meaning", c->meaning, "permission",
                     permission_name(c->permission), "before", parse(c->before), "after", parse(c->after),
                     "state", c->state, "created", json_time(c->created_us), "expires",
                     json_time(c->expires_us), "decided", json_time(c->decided_us), "decided_by",
                     c->decided_by, "note", c->note, "outcome", c->outcome);
}

bool approval_file(struct admin_call *call, enum permission permission, const struct role_object *object,
                   struct err *err)
{
    int64_t now_us = clock_now_us();
    struct pending_change wanted = { .object = *object,
                                     .permission = permission,
                                     .requester_id = call->holder->recipient_id,
                                     .requester_organisation = call->holder->organisation_id,
                                     .requester = call->actor.name,
                                     .peer = call->actor.peer,
                                     .method = call->route->method,
                                     .path = http_path(call->request),
                                     .meaning = call->route->meaning,
                                     .state = "waiting",
                                     .decided_by = "",
                                     .note = "",
                                     .outcome = "",
                                     .created_us = now_us,
                                     .expires_us = now_us + PENDING_DAYS * 86400 * US_PER_S };
    json_t *before, *after;

    wanted.body = take_text(call->arena, json_incref(call->in));
    if (call->route->takes_bytes || strlen(wanted.body) > BODY_MAX ||
        call->holder->permissions_max != UINT64_MAX)
        return err_set(err, ERR_DENIED, "This needs a second person's word, and cannot be kept for it.");
    if (!approval_difference(call, &before, &after, err))
        return false;
    wanted.query = queries_text(call);
    wanted.before = take_text(call->arena, before);
    wanted.after = take_text(call->arena, after);
    if (!pending_add(call->api->options.directory, &wanted, &wanted.pending_change_id, err))
        return false;
    call->status = 202;
    return call_answer(call, json_pack("{s:o}", "change", change_json(&wanted)));
}

/* ---- who sees it, who decides */

static bool has_right(struct admin_call *call, const struct pending_change *c,
                      const struct role_assignment **reason_out, struct err *err)
{
    *reason_out = NULL;
    return !call->holder ||
           role_may(call->api->options.directory, call->holder, c->permission, &c->object, reason_out, err);
}

static bool may_see(struct admin_call *call, const struct pending_change *c, bool *may_out, struct err *err)
{
    const struct role_assignment *reason;

    if (!has_right(call, c, &reason, err))
        return false;
    *may_out = !call->holder || reason || c->requester_id == call->holder->recipient_id;
    return true;
}

/* Another person, who could have done it alone. */
static bool may_decide(struct admin_call *call, const struct pending_change *c, struct err *err)
{
    const struct role_assignment *reason;

    if (!call->holder)
        return true;
    if (c->requester_id == call->holder->recipient_id)
        return err_set(err, ERR_DENIED, "Somebody else has to decide about what you asked for.");
    if (!has_right(call, c, &reason, err))
        return false;
    return (reason && !reason->needs_approval) ||
           err_set(err, ERR_DENIED, "You could not make this change alone either.");
}

static bool find_change(struct admin_call *call, struct pending_change *out, struct err *err)
{
    bool may = false;

    if (!pending_find(call->api->options.directory, call->arena, strtoll(call->parameters[0], NULL, 10), out,
                      err) ||
        !may_see(call, out, &may, err))
        return false;
    return may || err_set(err, ERR_NOT_FOUND, "There is no such change.");
}

bool changes_get(struct admin_call *call, struct err *err)
{
    struct pending_change *list;
    json_t *json = json_array();
    size_t count;
    bool ok = pending_list(call->api->options.directory, call->arena, http_query(call->request, "state"),
                           &list, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        bool may;
        ok = may_see(call, &list[i], &may, err);
        if (ok && may)
            json_array_append_new(json, change_json(&list[i]));
    }
    if (ok)
        return call_answer(call, json_pack("{s:o}", "changes", json));
    json_decref(json);
    return false;
}

bool change_get(struct admin_call *call, struct err *err)
{
    struct pending_change change;

    return find_change(call, &change, err) && call_answer(call, change_json(&change));
}

/* ---- deciding */

static const char *note_of(const struct admin_call *call)
{
    const char *note = call_text(call, "note");

    return note ? talloc_strndup(call->arena, note, NOTE_MAX) : "";
}

static bool answer_again(struct admin_call *call, int64_t id, struct err *err)
{
    struct pending_change change;

    return pending_find(call->api->options.directory, call->arena, id, &change, err) &&
           call_answer(call, change_json(&change));
}

/* With that of a try, where it is one. */
static struct http_pair *queries_of(const struct admin_call *call, const char *text, size_t *count_out)
{
    json_t *json = json_loads(text, 0, NULL), *value;
    const char *name;

    if (call_is_rehearsal(call))
        json_object_set_new(json, "dry_run", json_string("true"));
    struct http_pair *pairs =
        talloc_zero_array(call->arena, struct http_pair, (unsigned)json_object_size(json) + 1);

    *count_out = 0;
    json_object_foreach(json, name, value)
    {
        pairs[(*count_out)++] =
            (struct http_pair){ talloc_strdup(pairs, name), talloc_strdup(pairs, json_string_value(value)) };
    }
    json_decref(json);
    return pairs;
}

/* What the decision was about, the fields that the body names, is still as it was shown. */
static bool is_unchanged(const struct admin_call *making, const struct pending_change *c, struct err *err)
{
    struct admin_call reading = *making;
    json_t *body = parse(c->body), *before, *after;

    if (!c->before || json_object_size(body) == 0) {
        json_decref(body);
        return true;
    }
    reading.in = body;
    bool done = approval_difference(&reading, &before, &after, err);
    json_decref(body);
    if (!done)
        return false;
    json_t *shown = parse(c->before);
    bool is_same = json_equal(before, shown);
    json_decref(shown);
    json_decref(before);
    json_decref(after);
    return is_same || err_set(err, ERR_CONFLICT,
                              "Somebody changed this after it was asked for; nothing was overwritten.");
}

/* As the requester, with what he may now: nothing that he lost since. */
static bool make(struct admin_call *call, const struct pending_change *c, struct err *err)
{
    struct admin_call making = { .api = call->api,
                                 .arena = call->arena,
                                 .status = 200,
                                 .limit_status = 413,
                                 .is_remote = true,
                                 .is_approved = true };
    size_t count;
    const struct http_pair *queries = queries_of(call, c->query, &count);
    bool is_active;

    making.request = http_request_again(call->arena, c->method, c->path, queries, count, span_text(c->body));
    making.reply = http_reply_unread(call->arena);
    if (!pending_requester_is_active(call->api->options.directory, c, &is_active, err))
        return false;
    if (!is_active)
        return err_set(err, ERR_DENIED, "Who asked for this may not log in any more.");
    if (!remote_become(&making, c->requester_id, c->requester_organisation, c->requester, UINT64_MAX, c->peer,
                       err))
        return false;
    const struct admin_route *route = call_find_route(&making);
    bool ok = route ? is_unchanged(&making, c, err) && call_run(&making, route, err)
                    : err_set(err, ERR_NOT_FOUND, "This cannot be done any more.");
    json_decref(making.faults);
    json_decref(making.in);
    json_decref(making.out);
    json_decref(making.factor);
    return ok;
}

bool change_approve(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct pending_change change;
    struct err failure = ERR_INIT;

    if (!find_change(call, &change, err) || !may_decide(call, &change, err) || !factor_is_fresh(call, err) ||
        !pending_decide(directory, &call->actor, &change, "running", note_of(call), err))
        return false;
    bool is_made = make(call, &change, &failure);
    return pending_settle(directory, change.pending_change_id, is_made ? "done" : "failed",
                          is_made ? "" : failure.user, err) &&
           answer_again(call, change.pending_change_id, err);
}

bool change_reject(struct admin_call *call, struct err *err)
{
    struct pending_change change;

    return find_change(call, &change, err) && may_decide(call, &change, err) &&
           pending_decide(call->api->options.directory, &call->actor, &change, "rejected", note_of(call),
                          err) &&
           answer_again(call, change.pending_change_id, err);
}

bool change_delete(struct admin_call *call, struct err *err)
{
    struct pending_change change;

    if (!find_change(call, &change, err))
        return false;
    if (call->holder && change.requester_id != call->holder->recipient_id)
        return err_set(err, ERR_DENIED, "Only who asked for it withdraws it; others reject it.");
    return pending_decide(call->api->options.directory, &call->actor, &change, "withdrawn", "", err);
}
