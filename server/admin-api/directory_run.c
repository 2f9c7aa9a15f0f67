/* directory_run.c -- the synchronisation with company directories: runs, how far it is, what is in its way. */
#include "admin_api/call.h"
#include "admin_api/directory.h"
#include "directory/mirror.h"
#include "directory/reconcile.h"
#include "directory/source_run.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { RUNS_SHOWN = 50, CONFLICTS_SHOWN = 1000, ENTRIES_SHOWN = 500 };

json_t *directory_run_json(const struct admin_call *call, const struct source_run *run)
{
    json_t *json =
        json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "id", (json_int_t)run->run_id, "kind",
                  source_run_kind_name(run->kind), "state", run->state, "by", run->requested_by, "created",
                  json_time(run->created_us), "started", json_time(run->started_us), "ended",
                  json_time(run->ended_us), "message", directory_said(call, run->message));
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = { { "seen", run->seen },       { "added", run->added },
                    { "changed", run->changed }, { "disabled", run->disabled },
                    { "deleted", run->deleted }, { "conflicts", run->conflicts } };

    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        json_object_set_new(json, numbers[i].name, json_integer(numbers[i].number));
    return json;
}

bool directory_run_post(struct admin_call *call, struct err *err)
{
    const char *word = call_text(call, "kind");
    enum source_run_kind kind = RUN_INCREMENTAL;
    struct source source;
    struct source_run run;

    if (word && (!source_run_kind_of(word, &kind) || kind == RUN_LIVE))
        return err_set(err, ERR_INVALID, "%.60s is not one of preview, full and incremental.", word);
    return directory_of_call(call, &source, err) &&
           source_run_ask(call->api->options.directory, &call->actor, call->arena, &source, kind,
                          call_flag(call, "confirmed", false), &run, err) &&
           call_created(call, directory_run_json(call, &run));
}

bool directory_runs_get(struct admin_call *call, struct err *err)
{
    struct source_run *runs;
    struct source source;
    json_t *list;
    size_t count;

    if (!directory_of_call(call, &source, err) ||
        !source_run_list(call->api->options.directory, &call->actor, call->arena, &source, RUNS_SHOWN, &runs,
                         &count, err))
        return false;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, directory_run_json(call, &runs[i]));
    return call_answer(call, json_pack("{s:o}", "runs", list));
}

bool directory_run_get(struct admin_call *call, struct err *err)
{
    struct source source;
    struct source_run run;
    json_t *json, *changes, *change;
    size_t i;

    if (!directory_of_call(call, &source, err) ||
        !source_run_get(call->api->options.directory, &call->actor, call->arena,
                        strtoll(call->parameters[1], NULL, 10), &run, err))
        return false;
    if (run.source_id != source.source_id)
        return err_set(err, ERR_NOT_FOUND, "There is no such run.");
    json = directory_run_json(call, &run);
    changes = json_loads(run.changes, 0, NULL);
    json_array_foreach(changes, i, change) json_object_set_new(
        change, "detail",
        json_string(directory_said(call, json_string_value(json_object_get(change, "detail")))));
    json_object_set_new(json, "changes", changes);
    return call_answer(call, json);
}

bool directory_status(struct admin_call *call, struct err *err)
{
    struct source source;
    struct source_state s;

    return directory_of_call(call, &source, err) &&
           source_state_get(call->api->options.directory, &call->actor, call->arena, &source, &s, err) &&
           call_answer(
               call, json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:o}", "name",
                               source.name, "way", s.way, "live", s.is_live, "full", json_time(s.full_us),
                               "seen", json_time(s.seen_us), "next", json_time(s.next_us), "fault",
                               directory_said(call, s.fault), "entries", (json_int_t)s.entries, "recipients",
                               (json_int_t)s.recipients, "conflicts", (json_int_t)s.conflicts, "missing",
                               (json_int_t)s.missing, "servers", json_loads(s.servers, 0, NULL)));
}

bool directory_conflicts(struct admin_call *call, struct err *err)
{
    struct source_conflict *conflicts;
    struct source source;
    json_t *list;
    size_t count;

    if (!directory_of_call(call, &source, err) ||
        !source_conflict_list(call->api->options.directory, &call->actor, call->arena, &source,
                              CONFLICTS_SHOWN, &conflicts, &count, err))
        return false;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "dn", conflicts[i].dn, "what",
                                              conflicts[i].what, "message",
                                              directory_said(call, conflicts[i].message), "since",
                                              json_time(conflicts[i].since_us)));
    return call_answer(call, json_pack("{s:o}", "conflicts", list));
}

bool directory_entries(struct admin_call *call, struct err *err)
{
    struct mirror_person *people;
    struct source source;
    size_t count;

    if (!directory_of_call(call, &source, err) ||
        !mirror_list(call->api->options.directory, &call->actor, call->arena, &source,
                     http_query(call->request, "text"), ENTRIES_SHOWN, &people, &count, err))
        return false;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "dn", people[i].dn,
                                              "name", people[i].name, "account", people[i].account, "mail",
                                              people[i].mail, "fault", directory_said(call, people[i].fault),
                                              "address", people[i].address, "enabled", people[i].is_enabled,
                                              "chosen", people[i].is_chosen));
    return call_answer(call, json_pack("{s:o}", "entries", list));
}

bool directory_choose(struct admin_call *call, struct err *err)
{
    struct source source;

    return directory_of_call(call, &source, err) &&
           mirror_choose(call->api->options.directory, &call->actor, &source, call_text(call, "entry"),
                         call_flag(call, "mailbox", false), err);
}

bool directory_link(struct admin_call *call, struct err *err)
{
    struct source source;

    return directory_of_call(call, &source, err) &&
           reconcile_link(call->api->options.directory, &call->actor, &source, call_text(call, "entry"),
                          call_text(call, "address"), err);
}
