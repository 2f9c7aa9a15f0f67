/* rule.c -- transport rules of an organisation. */
#include "directory/transport_rule.h"

#include "admin_api/call.h"
#include "filter/rule.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static json_t *rule_json(const struct admin_call *call, const struct transport_rule *r)
{
    (void)call;
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
        json_array_append_new(json, rule_json(call, &rules[i]));
    return call_answer(call, json_pack("{s:o}", "rules", json));
}

bool rule_post(struct admin_call *call, struct err *err)
{
    struct transport_rule wanted = { .name = call_text(call, "name"),
                                     .position = (int32_t)call_number(call, "position", 0),
                                     .is_enabled = true };
    json_t *rule = json_copy(call->in);
    char *text;
    bool ok;

    json_object_del(rule, "name");
    json_object_del(rule, "organisation");
    json_object_del(rule, "position");
    ok = rule_check(rule, err) && call_organisation(call, &wanted.organisation_id, err);
    if (ok) {
        text = json_dumps(rule, JSON_COMPACT);
        wanted.rule = talloc_strdup(call->arena, text);
        free(text);
        ok = transport_rule_add(call->api->options.directory, &call->actor, &wanted, err);
    }
    json_decref(rule);
    call->status = 201;
    return ok && call_answer(call, rule_json(call, &wanted));
}

bool rule_patch(struct admin_call *call, struct err *err)
{
    int64_t organisation_id;

    return call_organisation(call, &organisation_id, err) &&
           transport_rule_enable(call->api->options.directory, &call->actor, organisation_id,
                                 call->parameters[0], call_flag(call, "enabled", true), err);
}

bool rule_delete(struct admin_call *call, struct err *err)
{
    int64_t organisation_id;

    return call_organisation(call, &organisation_id, err) &&
           transport_rule_remove(call->api->options.directory, &call->actor, organisation_id,
                                 call->parameters[0], err);
}
