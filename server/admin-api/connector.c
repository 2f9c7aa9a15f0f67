/* connector.c -- connectors of both kinds. */
#include "directory/connector.h"

#include "admin_api/call.h"
#include "admin_api/rules.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static const struct {
    const char *name;
    enum connector_priority bit;
} priorities[] = { { "normal", CONNECTOR_NORMAL }, { "low", CONNECTOR_LOW }, { "high", CONNECTOR_HIGH } };

/* ---- out */

static json_t *texts_json(const char **texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *servers_json(const struct connector_server *servers, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(servers[i].name));
    return list;
}

static json_t *spaces_json(const struct connector *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->space_count; i++) {
        char text[300];
        snprintf(text, sizeof text, "%s=%d", c->spaces[i].space, c->spaces[i].cost);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static void add_list(json_t *json, const char *name, json_t *list)
{
    if (json_array_size(list))
        json_object_set(json, name, list);
    json_decref(list);
}

static void add_number(json_t *json, const char *name, int64_t number)
{
    if (number)
        json_object_set_new(json, name, json_integer(number));
}

static json_t *connector_json(const struct connector *c)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:b, s:i, s:s, s:s*, s:s, s:s*, s:s*}", "name",
                             c->name, "kind", connector_kind_name(c->kind), "routing_group", c->routing_group,
                             "target_group", c->target_group, "organisation", c->organisation, "enabled",
                             c->is_enabled, "cost", c->cost, "schedule", c->schedule, "smarthost",
                             c->smarthost, "tls", c->tls, "source", c->source_address, "login", c->login);
    json_t *bits = json_array();

    for (size_t i = 0; i < COUNT_OF(priorities); i++)
        if (c->priorities & priorities[i].bit)
            json_array_append_new(bits, json_string(priorities[i].name));
    json_object_set_new(json, "priorities", bits);
    add_number(json, "max_message", c->max_bytes);
    add_number(json, "connections", c->connections_max);
    add_number(json, "rate", c->messages_per_minute);
    add_number(json, "recipients", c->recipients_max);
    add_number(json, "alarm", c->alarm_per_hour);
    add_list(json, "spaces", spaces_json(c));
    add_list(json, "from_servers", servers_json(c->sources, c->source_count));
    add_list(json, "to_servers", servers_json(c->targets, c->target_count));
    add_list(json, "allow", texts_json(c->allowed, c->allowed_count));
    add_list(json, "deny", texts_json(c->refused, c->refused_count));
    return json;
}

static bool answer_with(struct admin_call *call, const char *name, struct err *err)
{
    struct connector found;

    return connector_find(call->api->options.directory, &call->actor, call->arena, name, &found, err) &&
           call_answer(call, connector_json(&found));
}

/* ---- in */

/* "example.org" or "example.org=20". */
static bool read_spaces(const struct admin_call *call, struct connector *c, struct err *err)
{
    const char **texts;
    size_t count;

    if (!call_texts(call, "spaces", &texts, &count, err))
        return false;
    c->spaces = talloc_zero_array(call->arena, struct connector_space, (unsigned)count + 1);
    c->space_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *sign = strchr(texts[i], '=');
        char *end = NULL;
        c->spaces[i].space =
            sign ? talloc_strndup(call->arena, texts[i], (size_t)(sign - texts[i])) : texts[i];
        c->spaces[i].cost = sign ? (int)strtol(sign + 1, &end, 10) : 0;
        if (sign && (end == sign + 1 || *end || c->spaces[i].cost < 1))
            return err_set(err, ERR_INVALID, "%.60s: a cost is a number from 1 to %d.", texts[i],
                           CONNECTOR_COST_MAX);
    }
    return true;
}

static bool read_servers(const struct admin_call *call, const char *name, struct connector_server **out,
                         size_t *count_out, struct err *err)
{
    const char **texts;

    if (!call_texts(call, name, &texts, count_out, err))
        return false;
    *out = talloc_zero_array(call->arena, struct connector_server, (unsigned)*count_out + 1);
    for (size_t i = 0; i < *count_out; i++)
        (*out)[i].name = texts[i];
    return true;
}

static bool read_priorities(const struct admin_call *call, struct connector *c, struct err *err)
{
    const char **texts;
    size_t count;

    if (!call_texts(call, "priorities", &texts, &count, err))
        return false;
    c->priorities = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < COUNT_OF(priorities) && strcmp(priorities[k].name, texts[i]) != 0)
            k++;
        if (k == COUNT_OF(priorities))
            return err_set(err, ERR_INVALID, "%.60s is not one of normal, low and high.", texts[i]);
        c->priorities |= priorities[k].bit;
    }
    return true;
}

/* "login:password"; without a login: none any more. */
static bool read_auth(const struct admin_call *call, struct connector *c, struct err *err)
{
    const char *auth = call_text(call, "auth"), *colon = auth ? strchr(auth, ':') : NULL;

    c->login = c->password = NULL;
    if (!auth)
        return true;
    c->login = "";
    if (!*auth)
        return true;
    if (!colon || colon == auth || !colon[1])
        return err_set(err, ERR_INVALID, "The login of a smarthost is written LOGIN:PASSWORD.");
    c->login = talloc_strndup(call->arena, auth, (size_t)(colon - auth));
    c->password = colon + 1;
    return true;
}

/* A text that is named replaces; an empty one takes away. */
static void read_text(const struct admin_call *call, const char *name, const char **out)
{
    const char *text = call_text(call, name);

    if (text)
        *out = *text ? text : NULL;
}

static bool read_numbers(const struct admin_call *call, struct connector *c, struct err *err)
{
    int64_t cost = call_number(call, "cost", c->cost);
    int64_t connections = call_number(call, "connections", c->connections_max);
    int64_t rate = call_number(call, "rate", c->messages_per_minute);
    int64_t recipients = call_number(call, "recipients", c->recipients_max);
    int64_t alarm = call_number(call, "alarm", c->alarm_per_hour);

    if (cost != (int)cost || connections != (int)connections || rate != (int)rate ||
        recipients != (int)recipients || alarm != (int)alarm)
        return err_set(err, ERR_INVALID, "A number is too large.");
    c->cost = (int)cost;
    c->connections_max = (int)connections;
    c->messages_per_minute = (int)rate;
    c->recipients_max = (int)recipients;
    c->alarm_per_hour = (int)alarm;
    c->max_bytes = call_number(call, "max_message", c->max_bytes);
    return true;
}

static bool read_lists(const struct admin_call *call, struct connector *c, struct err *err)
{
    return (!call_has(call, "spaces") || read_spaces(call, c, err)) &&
           (!call_has(call, "priorities") || read_priorities(call, c, err)) &&
           (!call_has(call, "from_servers") ||
            read_servers(call, "from_servers", &c->sources, &c->source_count, err)) &&
           (!call_has(call, "to_servers") ||
            read_servers(call, "to_servers", &c->targets, &c->target_count, err)) &&
           (!call_has(call, "allow") || call_texts(call, "allow", &c->allowed, &c->allowed_count, err)) &&
           (!call_has(call, "deny") || call_texts(call, "deny", &c->refused, &c->refused_count, err));
}

/* A new cost counts for all spaces that had the old one. */
static void carry_cost(const struct admin_call *call, struct connector *c, int old_cost)
{
    for (size_t i = 0; !call_has(call, "spaces") && i < c->space_count; i++)
        if (c->spaces[i].cost == old_cost)
            c->spaces[i].cost = c->cost;
}

/* Everything that the body names, over what is there. */
static bool merge(const struct admin_call *call, struct connector *c, struct err *err)
{
    int old_cost = c->cost;

    read_text(call, "routing_group", &c->routing_group);
    read_text(call, "target_group", &c->target_group);
    read_text(call, "schedule", &c->schedule);
    read_text(call, "smarthost", &c->smarthost);
    read_text(call, "tls", &c->tls);
    read_text(call, "source", &c->source_address);
    c->schedule = c->schedule ? c->schedule : "always";
    c->tls = c->tls ? c->tls : "opportunistic";
    c->is_enabled = call_flag(call, "enabled", c->is_enabled);
    if (call_has(call, "organisation") && !call_organisation(call, &c->organisation_id, err))
        return false;
    if (!read_numbers(call, c, err) || !read_lists(call, c, err) || !read_auth(call, c, err))
        return false;
    carry_cost(call, c, old_cost);
    return true;
}

bool connector_post(struct admin_call *call, struct err *err)
{
    struct connector wanted = { .name = call_text(call, "name"),
                                .kind =
                                    call_has(call, "target_group") ? CONNECTOR_ROUTING_GROUP : CONNECTOR_SMTP,
                                .is_enabled = true,
                                .cost = 10,
                                .priorities = CONNECTOR_ALL };

    if (!merge(call, &wanted, err) ||
        !connector_add(call->api->options.directory, &call->actor, &wanted, err))
        return false;
    call->status = 201;
    return answer_with(call, wanted.name, err);
}

bool connectors_get(struct admin_call *call, struct err *err)
{
    const char *kind = http_query(call->request, "kind");
    struct connector *list;
    size_t count;
    json_t *json;

    if (!connector_list(call->api->options.directory, &call->actor, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        if (!kind || strcmp(kind, connector_kind_name(list[i].kind)) == 0)
            json_array_append_new(json, connector_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "connectors", json));
}

bool connector_get(struct admin_call *call, struct err *err)
{
    return answer_with(call, call->parameters[0], err);
}

bool connector_patch(struct admin_call *call, struct err *err)
{
    struct connector wanted;

    return connector_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0],
                          &wanted, err) &&
           merge(call, &wanted, err) &&
           connector_set(call->api->options.directory, &call->actor, &wanted, err) &&
           answer_with(call, wanted.name, err);
}

bool connector_delete(struct admin_call *call, struct err *err)
{
    return connector_remove(call->api->options.directory, &call->actor, call->parameters[0], err);
}
