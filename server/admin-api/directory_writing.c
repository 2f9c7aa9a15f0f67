/* directory_writing.c -- what is written back into company directories: how it goes, and what it would be. */
#include "admin_api/call.h"
#include "admin_api/directory.h"
#include "directory/source_run.h"
#include "directory/written.h"
#include "sync/write_back.h"

#include <talloc.h>

enum { REFUSED_SHOWN = 200 };

static json_t *refused_json(const struct admin_call *call, const struct written_state *state)
{
    json_t *list = json_array();

    for (size_t i = 0; i < state->refused_count; i++) {
        const struct written_refusal *r = &state->refused[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "dn", r->dn, "message",
                                        directory_said(call, r->message), "remedy",
                                        directory_said(call, sync_write_remedy(r->message)), "cause",
                                        r->cause, "detail", r->detail, "since", json_time(r->since_us)));
    }
    return list;
}

bool directory_writing(struct admin_call *call, struct err *err)
{
    struct source source;
    struct written_state state;
    json_t *json, *whole;
    bool is_wanted;

    if (!directory_of_call(call, &source, err) ||
        !written_state_get(call->api->options.directory, &call->actor, call->arena, &source, REFUSED_SHOWN,
                           &state, err))
        return false;
    is_wanted = source.write_back.count > 0;
    whole = source_json(&source);
    json = json_pack("{s:O, s:O, s:o, s:s, s:s, s:I, s:I, s:I, s:o}", "write_back",
                     json_object_get(whole, "write_back"), "write_dn", json_object_get(whole, "write_dn"),
                     "written", json_time(state.written_us), "fault",
                     is_wanted ? directory_said(call, state.fault) : "", "remedy",
                     is_wanted ? directory_said(call, sync_write_remedy(state.fault)) : "", "entries",
                     (json_int_t)state.entries, "due", (json_int_t)(is_wanted ? state.due : 0), "refusals",
                     (json_int_t)(is_wanted ? state.refusals : 0), "refused",
                     is_wanted ? refused_json(call, &state) : json_array());
    json_decref(whole);
    return call_answer(call, json);
}

static void say(const struct admin_call *call, json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));

    json_object_set_new(object, field, json_string(directory_said(call, text ? text : "")));
}

bool directory_write_look(struct admin_call *call, struct err *err)
{
    struct source source, whole;
    json_t *report, *change;
    size_t i;

    if (!directory_of_call(call, &source, err) ||
        !source_load(call->api->options.directory, call->arena, source.source_id, &whole, err) ||
        !source_take_json(call->arena, &whole, call->in, err) ||
        !sync_write_preview(call->api->options.directory, &whole, call->api->options.find_directory_servers,
                            call->api->options.host, &report, err))
        return false;
    say(call, report, "message");
    say(call, report, "remedy");
    json_array_foreach(json_object_get(report, "changes"), i, change)
    {
        say(call, change, "detail");
        say(call, change, "remedy");
    }
    return call_answer(call, report);
}

bool directory_write_again(struct admin_call *call, struct err *err)
{
    struct source source;
    struct source_run run;

    return directory_of_call(call, &source, err) &&
           written_again(call->api->options.directory, &call->actor, &source, err) &&
           source_run_ask(call->api->options.directory, &call->actor, call->arena, &source, RUN_INCREMENTAL,
                          false, &run, err) &&
           call_created(call, directory_run_json(call, &run));
}
