/* selection.c -- address lists and recipient policies: named filters over the recipients of an organisation. */
#include "directory/selection.h"

#include "admin_api/call.h"
#include "admin_api/policy_addresses.h"
#include "directory/list.h"

#include <talloc.h>

enum { MEMBERS_MAX = 1000, PREVIEW_MAX = 50 };

static void add_policy(void *arena, json_t *json, const struct selection *policy)
{
    const struct policy_limits *limits = &policy->limits;
    json_t *templates = json_array(), *rules = json_array();

    for (size_t i = 0; i < policy->template_count; i++)
        json_array_append_new(templates, json_string(policy->templates[i]));
    for (size_t i = 0; i < policy->rule_count; i++)
        json_array_append_new(rules, json_string(retention_rule_text(arena, &policy->rules[i])));
    json_object_set_new(json, "addresses", templates);
    json_object_set_new(json, "max_send", json_integer(limits->send_bytes));
    json_object_set_new(json, "max_receive", json_integer(limits->receive_bytes));
    json_object_set_new(json, "max_recipients", json_integer(limits->recipients));
    json_object_set_new(json, "quota", json_integer(limits->quota_bytes));
    json_object_set_new(json, "retention", rules);
}

static json_t *selection_json(void *arena, enum selection_kind kind, const struct selection *selection)
{
    json_t *json = json_pack("{s:s, s:s, s:i}", "name", selection->name, "query", selection->query,
                             "position", (int)selection->position);

    if (kind == SELECTION_POLICY) {
        add_policy(arena, json, selection);
    } else {
        json_object_set_new(json, "visible_to",
                            selection->visible_to ? json_string(selection->visible_to) : json_null());
    }
    return json;
}

static bool take_rules(struct admin_call *call, struct selection *policy, struct err *err)
{
    const json_t *list = json_object_get(call->in, "retention"), *one;
    size_t count = json_array_size(list), i;
    struct retention_rule *rules = talloc_array(call->arena, struct retention_rule, (unsigned)count + 1);

    if (!list)
        return true;
    json_array_foreach(list, i, one)
    {
        const char *text = json_string_value(one);
        if (!text || !retention_rule_parse(call->arena, span_text(text), &rules[i]))
            return err_set(
                err, ERR_INVALID,
                "%.100s is no rule for keeping mail such as Junk=30:delete or *=365:archive: a folder, "
                "1 to %d days, and delete, trash or archive.",
                text ? text : "This", RETENTION_DAYS_MAX);
    }
    policy->rules = rules;
    policy->rule_count = count;
    return true;
}

static bool take_limits(struct admin_call *call, struct selection *policy, struct err *err)
{
    struct policy_limits *limits = &policy->limits;

    limits->send_bytes = call_number(call, "max_send", limits->send_bytes);
    limits->receive_bytes = call_number(call, "max_receive", limits->receive_bytes);
    limits->recipients = call_number(call, "max_recipients", limits->recipients);
    limits->quota_bytes = call_number(call, "quota", limits->quota_bytes);
    return take_rules(call, policy, err);
}

/* The fields of the body over those that `selection` has. */
static bool take_fields(struct admin_call *call, struct selection *selection, struct err *err)
{
    const json_t *templates = json_object_get(call->in, "addresses");

    selection->name = call_has(call, "name") ? call_text(call, "name") : selection->name;
    selection->query = call_has(call, "query") ? call_text(call, "query") : selection->query;
    selection->position = (int32_t)call_number(call, "position", selection->position);
    if (call_has(call, "visible_to"))
        selection->visible_to = call_text(call, "visible_to");
    if (selection->visible_to && *selection->visible_to == '\0')
        selection->visible_to = NULL;
    if (!take_limits(call, selection, err))
        return false;
    if (!templates)
        return true;
    selection->template_count = json_array_size(templates);
    selection->templates = talloc_array(call->arena, const char *, (unsigned)selection->template_count + 1);
    for (size_t i = 0; i < selection->template_count; i++) {
        selection->templates[i] = json_string_value(json_array_get(templates, i));
        if (!selection->templates[i])
            return err_set(err, ERR_INVALID, "The addresses are no list of texts.");
    }
    return true;
}

static bool find(struct admin_call *call, enum selection_kind kind, struct selection *found, struct err *err)
{
    struct selection *list;
    int64_t organisation_id;
    size_t count;

    if (!call_organisation(call, &organisation_id, err) ||
        !selection_list(call->api->options.directory, &call->actor, call->arena, kind, organisation_id,
                        call->parameters[0], &list, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no %s in this organisation.", call->parameters[0]);
    *found = list[0];
    return true;
}

static bool post(struct admin_call *call, enum selection_kind kind, struct err *err)
{
    struct selection wanted = { .query = "(kind=user)" };

    return call_organisation(call, &wanted.organisation_id, err) && take_fields(call, &wanted, err) &&
           selection_add(call->api->options.directory, &call->actor, kind, &wanted, err) &&
           call_created(call, selection_json(call->arena, kind, &wanted));
}

static bool get_all(struct admin_call *call, enum selection_kind kind, const char *field, struct err *err)
{
    struct selection *list;
    int64_t organisation_id;
    size_t count;
    json_t *json;

    if (!call_organisation(call, &organisation_id, err) ||
        !selection_list(call->api->options.directory, &call->actor, call->arena, kind, organisation_id, NULL,
                        &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, selection_json(call->arena, kind, &list[i]));
    return call_answer(call, json_pack("{s:o}", field, json));
}

static bool patch(struct admin_call *call, enum selection_kind kind, struct err *err)
{
    struct selection wanted;

    return find(call, kind, &wanted, err) && take_fields(call, &wanted, err) &&
           selection_set(call->api->options.directory, &call->actor, kind, call->parameters[0], &wanted,
                         err) &&
           call_answer(call, selection_json(call->arena, kind, &wanted));
}

static bool delete_one(struct admin_call *call, enum selection_kind kind, struct err *err)
{
    struct selection found;

    return find(call, kind, &found, err) && selection_remove(call->api->options.directory, &call->actor, kind,
                                                             found.organisation_id, found.name, err);
}

/* ---- before it has a name */

bool selection_preview_get(struct admin_call *call, struct err *err)
{
    const char *query = http_query(call->request, "query"), **addresses;
    int64_t organisation_id;
    json_t *members;
    size_t count;

    if (!query)
        return err_set(err, ERR_INVALID, "Name a filter: query=(kind=user).");
    if (!call_organisation(call, &organisation_id, err) ||
        !list_query_preview(call->api->options.directory, &call->actor, call->arena, organisation_id, query,
                            LIST_WITH_GROUPS, PREVIEW_MAX, &addresses, &count, err))
        return false;
    members = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(members, json_string(addresses[i]));
    return call_answer(call, json_pack("{s:o, s:b}", "members", members, "has_more", count == PREVIEW_MAX));
}

/* ---- address lists */

bool address_list_post(struct admin_call *call, struct err *err)
{
    return post(call, SELECTION_ADDRESS_LIST, err);
}

bool address_lists_get(struct admin_call *call, struct err *err)
{
    return get_all(call, SELECTION_ADDRESS_LIST, "address_lists", err);
}

/* With whom it shows now. */
bool address_list_get(struct admin_call *call, struct err *err)
{
    struct selection found;
    const char **addresses;
    size_t count;
    json_t *json, *members;

    if (!find(call, SELECTION_ADDRESS_LIST, &found, err) ||
        !list_query_preview(call->api->options.directory, &call->actor, call->arena, found.organisation_id,
                            found.query, LIST_WITH_GROUPS, MEMBERS_MAX, &addresses, &count, err))
        return false;
    members = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(members, json_string(addresses[i]));
    json = selection_json(call->arena, SELECTION_ADDRESS_LIST, &found);
    json_object_set_new(json, "members", members);
    return call_answer(call, json);
}

bool address_list_patch(struct admin_call *call, struct err *err)
{
    return patch(call, SELECTION_ADDRESS_LIST, err);
}

bool address_list_delete(struct admin_call *call, struct err *err)
{
    return delete_one(call, SELECTION_ADDRESS_LIST, err);
}

/* ---- recipient policies */

bool recipient_policy_post(struct admin_call *call, struct err *err)
{
    return post(call, SELECTION_POLICY, err);
}

bool recipient_policies_get(struct admin_call *call, struct err *err)
{
    return get_all(call, SELECTION_POLICY, "recipient_policies", err);
}

bool recipient_policy_patch(struct admin_call *call, struct err *err)
{
    return patch(call, SELECTION_POLICY, err);
}

bool recipient_policy_delete(struct admin_call *call, struct err *err)
{
    return delete_one(call, SELECTION_POLICY, err);
}

/* Which addresses it would give, and to whom. */
bool recipient_policy_get(struct admin_call *call, struct err *err)
{
    struct selection found;
    json_t *json;

    if (!find(call, SELECTION_POLICY, &found, err))
        return false;
    json = selection_json(call->arena, SELECTION_POLICY, &found);
    if (!policy_addresses_apply(call, &found, POLICY_SHOWS, json, err)) {
        json_decref(json);
        return false;
    }
    return call_answer(call, json);
}

bool recipient_policy_apply(struct admin_call *call, struct err *err)
{
    struct selection found;
    json_t *json;

    if (!find(call, SELECTION_POLICY, &found, err))
        return false;
    json = json_pack("{s:s}", "name", found.name);
    if (!policy_addresses_apply(call, &found, POLICY_WRITES, json, err)) {
        json_decref(json);
        return false;
    }
    return call_answer(call, json);
}
