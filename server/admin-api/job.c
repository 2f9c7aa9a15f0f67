/* job.c -- jobs: given, shown, cancelled. */
#include "admin_api/job.h"

#include "admin_api/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { STANDARD = 100 };

json_t *job_json(const struct job *job)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:s?}", "id",
                     (json_int_t)job->job_id, "kind", job_kind_name(job->kind), "title", job->title, "state",
                     job_state_name(job->state), "dry_run", job->is_dry_run, "caller", job->caller, "total",
                     (json_int_t)job->total, "done", (json_int_t)job->done, "failed", (json_int_t)job->failed,
                     "created", json_time(job->created_us), "started", json_time(job->started_us), "ended",
                     json_time(job->ended_us), "fault", job->fault);
}

/* The caller's own, and those of the organisations whose recipients are his to change as a whole. */
static void sight_of(const struct admin_call *call, struct job_sight *sight_out)
{
    size_t most = call->holder ? call->holder->count : 0, count = 0;
    int64_t *organisations = talloc_array(call->arena, int64_t, (unsigned)most + 1);

    *sight_out = (struct job_sight){ .caller_id = call->actor.recipient_id, .organisations = organisations };
    for (size_t i = 0; i < most; i++) {
        const struct role_assignment *a = &call->holder->assignments[i];
        if (!(a->role->permissions & call->holder->permissions_max & PERMISSION(RECIPIENT_WRITE)))
            continue;
        if (a->scope == SCOPE_INSTALLATION)
            sight_out->caller_id = 0;
        else if (a->scope == SCOPE_ORGANISATION)
            organisations[count++] = a->scope_id;
    }
    sight_out->count = count;
}

bool job_of_path(struct admin_call *call, struct job *job_out, struct err *err)
{
    struct job_sight sight;

    sight_of(call, &sight);
    return job_get(call->api->options.directory, &sight, call->arena, strtoll(call->parameters[0], NULL, 10),
                   job_out, err);
}

bool job_give(struct admin_call *call, struct job *wanted, const struct job_item *items, size_t count,
              struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct job added;
    int64_t id;

    if (call->actor.organisation_id)
        wanted->organisation_id = call->actor.organisation_id;
    wanted->permissions = call->holder ? call->holder->permissions_max : UINT64_MAX;
    return job_add(directory, &call->actor, wanted, items, count, &id, err) &&
           job_get(directory, &(struct job_sight){ .caller_id = call->actor.recipient_id }, call->arena, id,
                   &added, err) &&
           call_created(call, job_json(&added));
}

bool jobs_get(struct admin_call *call, struct err *err)
{
    const char *before = page_after(call);
    struct job_sight sight;
    struct job *list;
    size_t count, limit;
    json_t *json;

    sight_of(call, &sight);
    if (!page_limit(call, STANDARD, &limit, err) ||
        !job_list(call->api->options.directory, &sight, call->arena, before ? strtoll(before, NULL, 10) : 0,
                  limit, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, job_json(&list[i]));
    call_answer(call, json_pack("{s:o}", "jobs", json));
    if (count == limit)
        json_object_set_new(call->out, "next", json_sprintf("%lld", (long long)list[count - 1].job_id));
    return true;
}

bool job_get_one(struct admin_call *call, struct err *err)
{
    struct job job;

    return job_of_path(call, &job, err) && call_answer(call, job_json(&job));
}

static json_t *item_json(const struct job_item *item)
{
    return json_pack("{s:i, s:s, s:s, s:s?, s:s?}", "index", (int)item->position, "object", item->object,
                     "state",
                     item->is_failed    ? "failed"
                     : item->is_settled ? "done"
                     : item->was_begun  ? "begun"
                                        : "waiting",
                     "kind", item->kind, "message", item->message);
}

bool job_items_get(struct admin_call *call, struct err *err)
{
    const char *after = page_after(call), *failed = http_query(call->request, "failed");
    struct job_item *items;
    struct job job;
    size_t count, limit;
    json_t *json;

    if (!job_of_path(call, &job, err) || !page_limit(call, STANDARD, &limit, err) ||
        !job_items(call->api->options.directory, call->arena, job.job_id, after ? atoi(after) : -1,
                   failed && strcmp(failed, "true") == 0, limit, &items, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, item_json(&items[i]));
    call_answer(call, json_pack("{s:o}", "items", json));
    if (count == limit)
        json_object_set_new(call->out, "next", json_sprintf("%d", (int)items[count - 1].position));
    return true;
}

bool job_cancel_post(struct admin_call *call, struct err *err)
{
    struct job job;

    return job_of_path(call, &job, err) &&
           job_cancel(call->api->options.directory, &call->actor, &job, err) && job_get_one(call, err);
}

bool job_resume_post(struct admin_call *call, struct err *err)
{
    struct job job;

    return job_of_path(call, &job, err) &&
           job_resume(call->api->options.directory, &call->actor, &job, err) && job_get_one(call, err);
}

/* One event an answer, and the browser asks again after `retry`: a stream that stays open would hold a thread of the web server.
 * After `end` it is told to stop (204). */
bool job_events_get(struct admin_call *call, struct err *err)
{
    const char *last = http_header(call->request, "Last-Event-ID");
    struct buf *out = http_reply_body(call->reply);
    struct job job;

    if (!job_of_path(call, &job, err))
        return false;
    if (last && strcmp(last, "end") == 0)
        return true;
    bool has_ended = job.state != JOB_WAITING && job.state != JOB_RUNNING;
    json_t *json = job_json(&job);
    char *text = json_dumps(json, JSON_COMPACT);
    http_reply_type(call->reply, "text/event-stream");
    http_reply_header(call->reply, "Cache-Control", "no-store");
    buf_add_format(out, "retry: 500\nid: %s\nevent: %s\ndata: %s\n\n",
                   has_ended ? "end" : talloc_asprintf(call->arena, "%" PRId64, job.done + job.failed),
                   has_ended ? "end" : "progress", text);
    free(text);
    json_decref(json);
    call->is_answered = true;
    return true;
}
