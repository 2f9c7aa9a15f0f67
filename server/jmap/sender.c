/* sender.c -- SenderRule (docs/jmap.md): whose mail goes into Junk, and whose never does. */
#include "mailbox/sender_rule.h"

#include "format/base32.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/owner.h"

#include <talloc.h>

static const char *const names[] = { "id", "sender", "action", "created" };

/* The sender, as letters that an id may have. */
static const char *id_of(const void *owner, const char *sender)
{
    return talloc_asprintf(owner, "S%s", base64url_text(owner, span_text(sender)));
}

static const char *sender_of(const void *owner, const char *id)
{
    struct buf text = BUF_INIT((void *)(uintptr_t)owner);

    return *id == 'S' && base64url_read(span_text(id + 1), JMAP_ID_MAX, &text) && text.length > 0 &&
                   !memchr(text.p, '\0', text.length)
               ? buf_text(&text)
               : NULL;
}

struct listed {
    struct sender_rule *rules;
    size_t count;
};

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct listed *listed = arg;
    json_t *all = NULL, *object;

    for (size_t i = 0; i < listed->count && !all; i++)
        if (strcmp(id_of(call->arena, listed->rules[i].sender), id) == 0)
            all = json_pack("{s:s, s:s, s:s, s:o}", "id", id, "sender", listed->rules[i].sender, "action",
                            listed->rules[i].is_blocked ? "block" : "allow", "created",
                            jmap_date(listed->rules[i].created_us));
    if (!all)
        return NULL;
    object = jmap_only(all, names, COUNT_OF(names), wanted);
    json_decref(all);
    return object;
}

bool sender_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct listed listed;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!sender_rule_list(call->account->group, call->account->mailbox_id, call->arena, &listed.rules,
                          &listed.count, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < listed.count; i++)
        json_array_append_new(all, json_string(id_of(call->arena, listed.rules[i].sender)));
    return jmap_get_each(call, all, wanted, object_of, &listed);
}

static json_t *put(struct jmap_call *call, const char *sender, const char *action, const char **key_out)
{
    struct err err = ERR_INIT;
    bool is_blocked = action && strcmp(action, "block") == 0;

    if (!is_blocked && (!action || strcmp(action, "allow") != 0))
        return jmap_bad_property("action");
    if (!sender || strlen(id_of(call->arena, sender)) > JMAP_ID_MAX)
        return jmap_bad_property("sender");
    if (sender_rule_put(call->account->group, call->account->mailbox_id, call->arena, sender, is_blocked,
                        key_out, &err) &&
        jmap_owner_raise(call, &err))
        return NULL;
    return err.kind == ERR_INVALID ? jmap_bad_property("sender") : jmap_set_error_of(&err);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    const char *name, *key = "";
    json_t *value, *error;

    (void)creation_id;
    (void)arg;
    json_object_foreach(object, name, value)
    {
        if ((strcmp(name, "sender") != 0 && strcmp(name, "action") != 0) || !json_is_string(value))
            return jmap_bad_property(name);
    }
    error = put(call, json_string_value(json_object_get(object, "sender")),
                json_string_value(json_object_get(object, "action")), &key);
    if (!error)
        *created_out = json_pack("{s:s, s:s}", "id", id_of(call->arena, key), "sender", key);
    return error;
}

/* The action alone can be another one. */
static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    const char *sender = sender_of(call->arena, id), *key = "";
    struct sender_rule *rules;
    struct err err = ERR_INIT;
    bool is_there = false;
    size_t count;

    (void)updated_out;
    (void)arg;
    if (!sender_rule_list(call->account->group, call->account->mailbox_id, call->arena, &rules, &count, &err))
        return jmap_set_error_of(&err);
    for (size_t i = 0; sender && i < count; i++)
        is_there = is_there || strcmp(rules[i].sender, sender) == 0;
    if (!is_there)
        return jmap_set_error("notFound", "There is no such rule.");
    if (json_object_size(patch) != 1 || !json_object_get(patch, "action"))
        return jmap_set_error("invalidProperties", "The action alone can be changed.");
    return put(call, sender, json_string_value(json_object_get(patch, "action")), &key);
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    const char *sender = sender_of(call->arena, id);
    struct err err = ERR_INIT;

    (void)arg;
    if (!sender)
        return jmap_set_error("notFound", "There is no such rule.");
    if (sender_rule_remove(call->account->group, call->account->mailbox_id, sender, &err) &&
        jmap_owner_raise(call, &err))
        return NULL;
    return jmap_set_error_of(&err);
}

bool sender_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = create, .update = update, .destroy = destroy });
}
