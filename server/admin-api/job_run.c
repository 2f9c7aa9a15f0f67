/* job_run.c -- doing the items of jobs, a handful at a time. */
#include "admin_api/job_export.h"
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "db/rehearsal.h"
#include "directory/job.h"
#include "directory/organisation.h"
#include "directory/user.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

/* An import adds a turn in one transaction; of the others each item is one. */
enum { IMPORT_TURN = 500, BULK_TURN = 50, EXPORT_TURN = 1 };

struct turn {
    struct admin_api *api;
    const struct job *job;
    struct act_caller caller;
    void *arena;
    struct job_item *items;
    size_t count;
};

static void note(const void *owner, struct job_item *item, const char *kind, const char *message)
{
    item->is_failed = true;
    item->kind = talloc_strdup(owner, kind);
    item->message = talloc_strdup(owner, message);
}

/* A request of the job; of a dry run nothing stays. */
static bool ask(const struct turn *turn, const char *method, const char *path, json_t *in, json_t **out,
                struct err *err)
{
    if (turn->job->is_dry_run)
        db_rehearsal_begin();
    bool done = act(turn->api, turn->arena, &turn->caller, method, path, in, out, err);
    if (turn->job->is_dry_run)
        db_rehearsal_end();
    return done;
}

/* "/users/ada%40example.org": the object in its place. */
static const char *path_of(const struct turn *turn, const char *format, const char *object)
{
    char *encoded = g_uri_escape_string(object, NULL, FALSE);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const char *path = talloc_asprintf(turn->arena, format, encoded);
#pragma GCC diagnostic pop
    g_free(encoded);
    return path;
}

/* ---- users to be added */

/* Somebody who was added by the turn that broke off is no double. */
static bool is_ours(const struct turn *turn, const struct job_item *item)
{
    const struct actor anybody = { .name = turn->job->caller };
    struct err ignored = ERR_INIT;
    struct user user;

    return item->was_begun &&
           user_find(turn->api->options.directory, &anybody, turn->arena, item->object, &user, &ignored) &&
           user.created_us >= turn->job->started_us;
}

static void note_faults(const struct turn *turn, const json_t *answer)
{
    json_t *fault;
    size_t i;

    json_array_foreach(json_object_get(answer, "faults"), i, fault)
    {
        struct job_item *item = &turn->items[json_integer_value(json_object_get(fault, "index"))];
        const char *kind = json_string_value(json_object_get(fault, "kind"));
        if (strcmp(kind, err_kind_name(ERR_EXISTS)) != 0 || !is_ours(turn, item))
            note(turn->items, item, kind, json_string_value(json_object_get(fault, "message")));
    }
}

static bool import_turn(struct turn *turn, struct err *err)
{
    const struct actor anybody = { .name = turn->job->caller };
    struct organisation organisation;
    json_t *users = json_array(), *in, *answer = NULL;
    bool done;

    for (size_t i = 0; i < turn->count; i++) {
        json_t *user = json_loads(turn->items[i].input ? turn->items[i].input : "", 0, NULL);
        json_array_append_new(users, user ? user : json_object());
    }
    done = organisation_get(turn->api->options.directory, &anybody, turn->arena, turn->job->organisation_id,
                            &organisation, err);
    in = json_pack("{s:o, s:s}", "users", users, "organisation", done ? organisation.name : "");
    done = done && ask(turn, "POST", "/users/import", in, &answer, err);
    if (done)
        note_faults(turn, answer);
    json_decref(answer);
    json_decref(in);
    return done;
}

/* ---- recipients to be changed */

/* One of these it is. */
static const char *const nouns[] = { "/users/%s", "/groups/%s", "/contacts/%s", "/aliases/%s" };

static bool change_one(const struct turn *turn, const struct job_item *item, const json_t *request,
                       struct err *err)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    json_t *out = NULL;
    bool done = false;

    for (size_t i = 0; i < COUNT_OF(nouns) && !done; i++) {
        const char *path = path_of(turn, nouns[i], item->object);
        *err = ERR_INIT;
        done = ask(turn, method, path, json_object_get(request, i == 0 ? "body" : "other"), &out, err);
        json_decref(out);
        out = NULL;
        if (!done && err->kind != ERR_NOT_FOUND)
            return false;
    }
    /* what was removed by the turn that broke off is not there any more */
    return done || (item->was_begun && strcmp(method, "DELETE") == 0);
}

static bool add_to_group(const struct turn *turn, const struct job_item *item, const char *group,
                         struct err *err)
{
    json_t *in = json_pack("{s:s}", "member", item->object), *out = NULL;
    bool done = ask(turn, "POST", path_of(turn, "/groups/%s/members", group), in, &out, err) ||
                (item->was_begun && err->kind == ERR_EXISTS);

    json_decref(in);
    json_decref(out);
    return done;
}

/* Ordered, not done: the mailbox moves while its owner works on. */
static bool order_move(const struct turn *turn, const struct job_item *item, json_t *move, struct err *err)
{
    json_t *out = NULL;
    bool done = ask(turn, "POST", path_of(turn, "/mailboxes/%s/move", item->object), move, &out, err) ||
                (item->was_begun && err->kind == ERR_EXISTS);

    json_decref(out);
    return done;
}

/* False: trouble that is over some time; the item stays. */
static bool bulk_item(const struct turn *turn, struct job_item *item, struct err *err)
{
    json_t *request = json_loads(item->input ? item->input : "", 0, NULL);
    const char *group = json_string_value(json_object_get(request, "group"));
    json_t *move = json_object_get(request, "move");
    bool done = group  ? add_to_group(turn, item, group, err)
                : move ? order_move(turn, item, move, err)
                       : change_one(turn, item, request, err);

    json_decref(request);
    if (!done && err_is_temporary(err->kind))
        return false;
    if (!done)
        note(turn->items, item, err_kind_name(err->kind), err->user);
    return true;
}

static bool bulk_turn(struct turn *turn, struct err *err)
{
    for (size_t i = 0; i < turn->count; i++)
        if (!bulk_item(turn, &turn->items[i], err)) {
            turn->count = i; /* those before it are settled */
            return i > 0;
        }
    return true;
}

/* ---- turns */

static const size_t turn_sizes[JOB_KINDS] = {
    [JOB_IMPORT] = IMPORT_TURN, [JOB_BULK] = BULK_TURN, [JOB_EXPORT] = EXPORT_TURN
};

static bool work(struct turn *turn, bool *goes_on_out, struct err *err)
{
    if (turn->job->kind == JOB_EXPORT)
        return job_export_page(turn->api, &turn->caller, turn->job, &turn->items[0], turn->arena, goes_on_out,
                               err);
    if (!(turn->job->kind == JOB_IMPORT ? import_turn(turn, err) : bulk_turn(turn, err)))
        return false;
    CRASHPOINT("job.before-settle");
    return job_settle_items(turn->api->options.directory, turn->job->job_id, turn->items, turn->count,
                            goes_on_out, err);
}

/* What cannot go on later ends the job; what can is left for the next try. */
static bool end_on(struct admin_api *api, const struct job *job, struct err *err)
{
    struct err ignored = ERR_INIT;

    if (err_is_temporary(err->kind))
        return false;
    log_err(LOG_LEVEL_WARNING, "admin.job", err);
    return job_end(api->options.directory, job->job_id, err->user, &ignored);
}

static bool do_job(struct admin_api *api, const struct job *job, bool (*goes_on)(void *argument),
                   void *argument, struct err *err)
{
    bool is_wanted = true;

    while (is_wanted && goes_on(argument)) {
        void *arena = talloc_new(NULL);
        struct turn turn = { .api = api,
                             .job = job,
                             .caller = { job->caller, job->peer, job->caller_id, job->permissions },
                             .arena = arena };
        bool done = job_begin_items(api->options.directory, arena, job->job_id, turn_sizes[job->kind],
                                    &turn.items, &turn.count, err);
        bool is_end = done && turn.count == 0;
        done = done && (is_end || work(&turn, &is_wanted, err));
        talloc_free(arena);
        if (!done)
            return end_on(api, job, err);
        if (is_end)
            return job_end(api->options.directory, job->job_id, NULL, err);
    }
    return job_leave(api->options.directory, job->job_id, err); /* cancelled: it stays so */
}

bool admin_api_do_jobs(struct admin_api *api, bool (*goes_on)(void *argument), void *argument,
                       bool *has_more_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct job job;
    bool done =
        (api->has_reclaimed || job_reclaim(api->options.directory, api->options.server, err)) &&
        job_take(api->options.directory, arena, api->options.server, clock_now_us(), &job, has_more_out, err);

    api->has_reclaimed = api->has_reclaimed || done;
    if (done && *has_more_out)
        done = do_job(api, &job, goes_on, argument, err);
    talloc_free(arena);
    return done;
}
