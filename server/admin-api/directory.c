/* directory.c -- company directories: sources of recipients. */
#include "admin_api/directory.h"

#include "admin_api/call.h"
#include "admin_api/language.h"
#include "directory/source_run.h"
#include "sync/probe.h"

#include <string.h>
#include <talloc.h>

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

const char *directory_said(const struct admin_call *call, const char *text)
{
    return language_is_french(http_header(call->request, "Accept-Language"))
               ? language_french(call->arena, text)
               : text;
}

static json_t *directory_json(const struct source *source)
{
    json_t *json = source_json(source),
           *head = json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:o}", "id", (json_int_t)source->source_id,
                             "name", source->name, "organisation", source->organisation, "domain",
                             or_empty(source->domain), "type", source_kind_name(source->kind), "enabled",
                             source->is_enabled, "created", json_time(source->created_us));

    json_object_update(json, head);
    json_decref(head);
    json_object_set_new(json, "usual", sync_usual(source));
    return json;
}

bool directory_of_call(struct admin_call *call, struct source *source_out, struct err *err)
{
    int64_t organisation_id;

    return call_organisation_filter(call, &organisation_id, err) &&
           source_find(call->api->options.directory, &call->actor, call->arena, organisation_id,
                       call->parameters[0], source_out, err);
}

static bool answer_with(struct admin_call *call, const struct source *source, struct err *err)
{
    char *id = talloc_asprintf(call->arena, "%lld", (long long)source->source_id);
    struct source found;

    return source_find(call->api->options.directory, &call->actor, call->arena, source->organisation_id, id,
                       &found, err) &&
           call_answer(call, directory_json(&found));
}

/* The body's settings over the defaults of its type. */
static bool read_new(struct admin_call *call, struct source *source, struct err *err)
{
    enum source_kind kind = SOURCE_LDAP;
    const char *type = call_text(call, "type");

    if (type && !source_kind_of(type, &kind))
        return err_set(err, ERR_INVALID, "%.60s is not one of ldap and ad.", type);
    source_defaults(call->arena, kind, source);
    source->name = call_text(call, "name");
    source->domain = call_text(call, "domain");
    source->is_enabled = call_flag(call, "enabled", true);
    return call_organisation(call, &source->organisation_id, err) &&
           source_take_json(call->arena, source, call->in, err);
}

bool directory_post(struct admin_call *call, struct err *err)
{
    struct source source;

    if (!read_new(call, &source, err) ||
        !source_add(call->api->options.directory, &call->actor, &source, err))
        return false;
    call->status = 201;
    return answer_with(call, &source, err);
}

static bool row_of(struct admin_call *call, const struct source *source, json_t *list, struct err *err)
{
    struct source_state state;

    if (!source_state_get(call->api->options.directory, &call->actor, call->arena, source, &state, err))
        return false;
    json_array_append_new(
        list, json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:I, s:I, s:o}", "id",
                        (json_int_t)source->source_id, "name", source->name, "organisation",
                        source->organisation, "domain", or_empty(source->domain), "type",
                        source_kind_name(source->kind), "enabled", source->is_enabled, "state",
                        !source->is_enabled ? "disabled"
                        : *state.fault      ? state.fault
                        : state.is_live     ? "live"
                                            : "waiting",
                        "seen", json_time(state.seen_us), "next", json_time(state.next_us), "recipients",
                        (json_int_t)state.recipients, "conflicts", (json_int_t)state.conflicts, "servers",
                        json_loads(state.servers, 0, NULL)));
    return true;
}

bool directories_get(struct admin_call *call, struct err *err)
{
    struct source *sources;
    int64_t only;
    json_t *list;
    size_t count;
    bool ok;

    if (!call_organisation_filter(call, &only, err) ||
        !source_list(call->api->options.directory, &call->actor, call->arena, only, &sources, &count, err))
        return false;
    /* what no directory brought */
    list = json_pack("[{s:i, s:s, s:s, s:s, s:s, s:b, s:s}]", "id", 0, "name", "internal", "organisation", "",
                     "domain", "", "type", "internal", "enabled", 1, "state", "live");
    ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = row_of(call, &sources[i], list, err);
    if (!ok) {
        json_decref(list);
        return false;
    }
    return call_answer(call, json_pack("{s:o}", "directories", list));
}

bool directory_get(struct admin_call *call, struct err *err)
{
    struct source source;

    return directory_of_call(call, &source, err) && call_answer(call, directory_json(&source));
}

bool directory_patch(struct admin_call *call, struct err *err)
{
    struct source source;

    if (!directory_of_call(call, &source, err))
        return false;
    if (call_has(call, "name"))
        source.name = call_text(call, "name");
    if (call_has(call, "domain"))
        source.domain = call_text(call, "domain");
    source.is_enabled = call_flag(call, "enabled", source.is_enabled);
    return source_take_json(call->arena, &source, call->in, err) &&
           source_set(call->api->options.directory, &call->actor, &source, err) &&
           answer_with(call, &source, err);
}

bool directory_delete(struct admin_call *call, struct err *err)
{
    struct source source;

    return directory_of_call(call, &source, err) &&
           source_remove(call->api->options.directory, &call->actor, source.source_id, err);
}

static void say(const struct admin_call *call, json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));

    json_object_set_new(object, field, json_string(directory_said(call, text ? text : "")));
}

static bool probe(struct admin_call *call, const struct source *source, struct err *err)
{
    json_t *report, *one;
    size_t i;

    if (!sync_probe(source, call->api->options.find_directory_servers, call->api->options.host, &report, err))
        return false;
    json_array_foreach(json_object_get(report, "steps"), i, one)
    {
        say(call, one, "detail");
        say(call, one, "remedy");
    }
    json_array_foreach(json_object_get(report, "samples"), i, one) say(call, one, "fault");
    return call_answer(call, report);
}

bool directory_probe(struct admin_call *call, struct err *err)
{
    struct source source;

    return read_new(call, &source, err) && probe(call, &source, err);
}

bool directory_test(struct admin_call *call, struct err *err)
{
    struct source source, whole;

    return directory_of_call(call, &source, err) &&
           source_load(call->api->options.directory, call->arena, source.source_id, &whole, err) &&
           source_take_json(call->arena, &whole, call->in, err) && probe(call, &whole, err);
}
