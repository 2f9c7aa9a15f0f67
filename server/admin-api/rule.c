/* rule.c -- transport rules of an organisation. */
#include "directory/transport_rule.h"

#include "admin_api/call.h"
#include "admin_api/rules.h"
#include "filter/rule.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static json_t *rule_json(const struct transport_rule *r)
{
    return json_pack("{s:s, s:i, s:b, s:s}", "name", r->name, "position", (int)r->position, "enabled",
                     r->is_enabled, "rule", r->rule);
}

bool rules_get(struct admin_call *call, struct err *err)
{
    struct transport_rule *rules;
    int64_t organisation_id;
    json_t *json;
    size_t count;

    if (!call_organisation(call, &organisation_id, err) ||
        !transport_rule_list(call->api->options.directory, &call->actor, call->arena, organisation_id, &rules,
                             &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, rule_json(&rules[i]));
    return call_answer(call, json_pack("{s:o}", "rules", json));
}

static const char *dumped(void *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT), *copy = talloc_strdup(arena, text);

    free(text);
    return copy;
}

bool rule_post(struct admin_call *call, struct err *err)
{
    struct transport_rule wanted = { .name = call_text(call, "name"),
                                     .position = (int32_t)call_number(call, "position", 0),
                                     .is_enabled = true };
    json_t *rule = json_copy(call->in);
    bool ok;

    json_object_del(rule, "name");
    json_object_del(rule, "organisation");
    json_object_del(rule, "position");
    ok = rule_check(rule, err) && call_organisation(call, &wanted.organisation_id, err);
    if (ok) {
        wanted.rule = dumped(call->arena, rule);
        ok = transport_rule_add(call->api->options.directory, &call->actor, &wanted, err);
    }
    json_decref(rule);
    call->status = 201;
    return ok && call_answer(call, rule_json(&wanted));
}

static bool find(struct admin_call *call, struct transport_rule *out, struct err *err)
{
    int64_t organisation_id;

    return call_organisation(call, &organisation_id, err) &&
           transport_rule_get(call->api->options.directory, &call->actor, call->arena, organisation_id,
                              call->parameters[0], out, err);
}

bool rule_get(struct admin_call *call, struct err *err)
{
    struct transport_rule found;

    return find(call, &found, err) && call_answer(call, rule_json(&found));
}

/* What stands beside the conditions and actions. */
static bool is_about_it(const char *name)
{
    static const char *const names[] = { "name", "organisation", "position", "enabled" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_nothing(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && *json_string_value(value) == '\0') ||
           (json_is_integer(value) && json_integer_value(value) == 0);
}

/* The stored rule with what the body changes: what it names as nothing is taken out. */
static bool changed_rule(struct admin_call *call, const char *stored, const char **rule_out, struct err *err)
{
    json_t *rule = json_loads(stored, 0, NULL), *value;
    const char *name;

    json_object_foreach(call->in, name, value)
    {
        if (is_about_it(name))
            continue;
        if (is_nothing(value))
            json_object_del(rule, name);
        else
            json_object_set(rule, name, value);
    }
    bool done = rule_check(rule, err);
    if (done)
        *rule_out = dumped(call->arena, rule);
    json_decref(rule);
    return done;
}

bool rule_patch(struct admin_call *call, struct err *err)
{
    struct transport_rule found, wanted;

    if (!find(call, &found, err))
        return false;
    wanted = found;
    wanted.name = call_has(call, "name") ? call_text(call, "name") : found.name;
    wanted.position = (int32_t)call_number(call, "position", 0);
    wanted.is_enabled = call_flag(call, "enabled", found.is_enabled);
    return changed_rule(call, found.rule, &wanted.rule, err) &&
           transport_rule_set(call->api->options.directory, &call->actor, found.name, &wanted, err) &&
           transport_rule_get(call->api->options.directory, &call->actor, call->arena, found.organisation_id,
                              wanted.name, &found, err) &&
           call_answer(call, rule_json(&found));
}

bool rule_order_put(struct admin_call *call, struct err *err)
{
    int64_t organisation_id;
    const char **names;
    size_t count;

    return call_organisation(call, &organisation_id, err) && call_texts(call, "names", &names, &count, err) &&
           transport_rule_order(call->api->options.directory, &call->actor, organisation_id, names, count,
                                err);
}

/* ---- tried on a message, before it is stored or as it is */

static json_t *conditions_json(const json_t *held, bool *matches_out)
{
    json_t *list = json_array(), *value;
    const char *name;

    *matches_out = true;
    json_object_foreach((json_t *)(uintptr_t)held, name, value)
    {
        json_array_append_new(list, json_pack("{s:s, s:O}", "part", name, "holds", value));
        *matches_out = *matches_out && json_is_true(value);
    }
    return list;
}

static bool try_rule(struct admin_call *call, json_t *rule, struct err *err)
{
    bool has_logged_in = call_flag(call, "logged_in", false), matches;
    const char *text = call_text(call, "message"), *from = call_text(call, "from");
    struct rule_message message = { .directory = call->api->options.directory,
                                    .sender = from ? from : "",
                                    .is_outgoing = has_logged_in,
                                    .is_sure = has_logged_in,
                                    .message = span_text(text ? text : "") };
    const char **recipients;
    json_t *held;

    if (!rule_check(rule, err) || !call_texts(call, "to", &recipients, &message.recipient_count, err))
        return false;
    message.recipients = recipients;
    if (!rule_try(rule, call->arena, &message, &held, err))
        return false;
    json_t *conditions = conditions_json(held, &matches);
    json_decref(held);
    return call_answer(call, json_pack("{s:b, s:o}", "matches", matches, "conditions", conditions));
}

bool rule_trial_post(struct admin_call *call, struct err *err)
{
    const char *name = call_text(call, "name");
    struct transport_rule stored;
    int64_t organisation_id;
    json_t *rule;

    if (!call_organisation(call, &organisation_id, err))
        return false;
    if (!name && !call_has(call, "rule"))
        return err_set(err, ERR_INVALID, "Say which rule: name, or rule.");
    if (name && !transport_rule_get(call->api->options.directory, &call->actor, call->arena, organisation_id,
                                    name, &stored, err))
        return false;
    rule = name ? json_loads(stored.rule, 0, NULL) : json_incref(json_object_get(call->in, "rule"));
    bool done = try_rule(call, rule, err);
    json_decref(rule);
    return done;
}

bool rule_delete(struct admin_call *call, struct err *err)
{
    int64_t organisation_id;

    return call_organisation(call, &organisation_id, err) &&
           transport_rule_remove(call->api->options.directory, &call->actor, organisation_id,
                                 call->parameters[0], err);
}
