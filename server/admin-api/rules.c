/* rules.c -- who may write to a recipient, and where its mail goes on to. */
#include "admin_api/rules.h"

#include <string.h>
#include <talloc.h>

bool call_texts(const struct admin_call *call, const char *name, const char ***texts_out, size_t *count_out,
                struct err *err)
{
    json_t *list = json_object_get(call->in, name), *element;
    size_t i;

    *count_out = json_array_size(list);
    *texts_out = talloc_array(call->arena, const char *, (unsigned)*count_out + 1);
    json_array_foreach(list, i, element)
    {
        if (!json_is_string(element))
            return err_set(err, ERR_INVALID, "%s must be a list of texts.", name);
        (*texts_out)[i] = json_string_value(element);
    }
    return true;
}

bool rules_accepts_of(const char *word, enum recipient_accepts *accepts_out, struct err *err)
{
    *accepts_out = ACCEPTS_ANYONE;
    return !word || recipient_accepts_of(word, accepts_out) ||
           err_set(err, ERR_INVALID,
                   "%.60s is not one of anyone, authenticated, organisation, members and named.", word);
}

static const struct {
    const char *name;
    enum recipient_rule rule;
} fields[] = {
    { "accepts", RULE_ACCEPTS }, { "max_message", RULE_MAX_BYTES }, { "hidden", RULE_HIDDEN },
    { "allow", RULE_ALLOWED },   { "deny", RULE_DENIED },           { "forward", RULE_REDIRECTS },
};

static unsigned named(const struct admin_call *call)
{
    unsigned rules = 0;

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (call_has(call, fields[i].name))
            rules |= fields[i].rule;
    return rules;
}

bool rules_are_named(const struct admin_call *call)
{
    return named(call) != 0;
}

bool rules_set(const struct admin_call *call, int64_t recipient_id, struct err *err)
{
    struct recipient_rules wanted = { .max_bytes = call_number(call, "max_message", 0),
                                      .is_hidden = call_flag(call, "hidden", false),
                                      .keeps_copy = call_flag(call, "keep_copy", false) };

    if (call_has(call, "keep_copy") && !call_has(call, "forward"))
        return err_set(err, ERR_INVALID, "A copy is kept of mail that is sent on: an address is missing.");
    return rules_accepts_of(call_text(call, "accepts"), &wanted.accepts, err) &&
           call_texts(call, "allow", &wanted.allowed, &wanted.allowed_count, err) &&
           call_texts(call, "deny", &wanted.denied, &wanted.denied_count, err) &&
           call_texts(call, "forward", &wanted.redirects, &wanted.redirect_count, err) &&
           recipient_rules_set(call->api->options.directory, &call->actor, recipient_id, named(call), &wanted,
                               err);
}

static void add_texts(json_t *json, const char *name, const char **texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    if (count)
        json_object_set(json, name, list);
    json_decref(list);
}

bool rules_add(const struct admin_call *call, int64_t recipient_id, json_t *json, struct err *err)
{
    struct recipient_rules rules;

    if (!recipient_rules_get(call->api->options.directory, &call->actor, call->arena, recipient_id, &rules,
                             err))
        return false;
    json_object_set_new(json, "accepts", json_string(recipient_accepts_name(rules.accepts)));
    if (rules.max_bytes)
        json_object_set_new(json, "max_message", json_integer(rules.max_bytes));
    if (rules.is_hidden)
        json_object_set_new(json, "hidden", json_true());
    add_texts(json, "allow", rules.allowed, rules.allowed_count);
    add_texts(json, "deny", rules.denied, rules.denied_count);
    add_texts(json, "forward", rules.redirects, rules.redirect_count);
    if (rules.redirect_count)
        json_object_set_new(json, "keep_copy", json_boolean(rules.keeps_copy));
    return true;
}
