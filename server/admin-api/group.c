/* group.c -- groups with their members, and contacts: recipients that stand for others. */
#include "directory/alias.h"

#include "admin_api/admin_group.h"
#include "admin_api/call.h"
#include "admin_api/list.h"
#include "admin_api/person.h"
#include "admin_api/rules.h"
#include "directory/source.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static json_t *group_json(const struct alias *a)
{
    return json_pack("{s:s, s:s, s:I, s:b, s:s*, s:s*}", "address", a->address, "name", a->name, "members",
                     (json_int_t)a->target_count, "enabled", a->is_enabled, "admin_group",
                     a->administrative_group, "organisation", a->organisation);
}

static json_t *contact_json(const struct alias *a)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:s*, s:s*}", "address", a->address, "name", a->name, "target",
                     a->target_count ? a->targets[0] : "", "enabled", a->is_enabled, "admin_group",
                     a->administrative_group, "organisation", a->organisation);
}

static json_t *to_json(const struct alias *a)
{
    return a->kind == RECIPIENT_GROUP ? group_json(a) : contact_json(a);
}

static bool find(struct admin_call *call, enum recipient_kind kind, const char *address, struct alias *out,
                 struct err *err)
{
    return alias_find(call->api->options.directory, &call->actor, call->arena, kind, address, out, err);
}

/* Whose it is, and of a contact which fields are changed there and not here. */
static json_t *owner_json(enum recipient_kind kind, const struct source_holder *holder)
{
    json_t *json = json_pack("{s:s, s:s}", "source", holder->name, "source_entry", holder->dn), *fields;

    if (kind == RECIPIENT_CONTACT) {
        fields = json_pack("[s, s, s]", "name", "target", "enabled");
        person_add_names(fields);
        json_object_set_new(json, "source_fields", fields);
    }
    return json;
}

/* With its rules, and a group with its members. */
static bool answer_with(struct admin_call *call, enum recipient_kind kind, const char *address,
                        struct err *err)
{
    struct alias found;
    json_t *json, *members;
    struct source_holder holder;

    if (!find(call, kind, address, &found, err))
        return false;
    json = to_json(&found);
    if (kind == RECIPIENT_GROUP) {
        members = json_array();
        for (size_t i = 0; i < found.target_count; i++)
            json_array_append_new(members, json_string(found.targets[i]));
        json_object_set_new(json, "members", members);
    }
    if (source_of(call->api->options.directory, call->arena, found.recipient_id, &holder, err) && holder.name)
        json_object_update_new(json, owner_json(kind, &holder));
    if ((kind == RECIPIENT_CONTACT && !person_add(call, found.recipient_id, json, err)) ||
        !rules_add(call, found.recipient_id, json, err) ||
        (kind == RECIPIENT_GROUP && !group_list_add(call, found.recipient_id, json, err))) {
        json_decref(json);
        return false;
    }
    return call_answer(call, json);
}

/* Of a contact. */
static bool set_person(struct admin_call *call, enum recipient_kind kind, int64_t recipient_id,
                       const struct person *person, struct err *err)
{
    return kind != RECIPIENT_CONTACT || person_apply(call, recipient_id, person, err);
}

/* What is refused takes the new recipient away again. */
static bool add(struct admin_call *call, struct alias *wanted, struct err *err)
{
    struct err undone = ERR_INIT;
    struct person person;
    int64_t id;

    if (!admin_group_of_new(call, call_text(call, "admin_group"), wanted->address,
                            &wanted->administrative_group_id, err) ||
        !person_read(call->in, &person, err) ||
        !alias_add(call->api->options.directory, &call->actor, wanted, &id, err))
        return false;
    if (!set_person(call, wanted->kind, id, &person, err) || !rules_set(call, id, err) ||
        (wanted->kind == RECIPIENT_GROUP && !group_list_set(call, id, err))) {
        if (!alias_remove(call->api->options.directory, &call->actor, wanted->kind, wanted->address, &undone))
            err_log(err, "and it stays without its rules: %s", undone.log);
        return false;
    }
    call->status = 201;
    return answer_with(call, wanted->kind, wanted->address, err);
}

static bool is_in_domain(const char *address, const char *domain)
{
    const char *at = strrchr(address, '@');

    return !domain || (at && strcasecmp(at + 1, domain) == 0);
}

static bool list(struct admin_call *call, enum recipient_kind kind, const char *name, struct err *err)
{
    const char *member = kind == RECIPIENT_GROUP ? http_query(call->request, "member") : NULL;
    const char *domain = http_query(call->request, "domain");
    struct alias *all;
    int64_t only;
    size_t count;
    json_t *json;

    if (!call_organisation_filter(call, &only, err) ||
        !alias_list(call->api->options.directory, &call->actor, call->arena, kind, only, member, &all, &count,
                    err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        if (is_in_domain(all[i].address, domain))
            json_array_append_new(json, to_json(&all[i]));
    return call_answer(call, json_pack("{s:o}", name, json));
}

static bool patch(struct admin_call *call, enum recipient_kind kind, struct err *err)
{
    const char *target = call_text(call, "target");
    struct alias wanted;
    struct person person;

    if (!find(call, kind, call->parameters[0], &wanted, err) || !person_read(call->in, &person, err) ||
        !set_person(call, kind, wanted.recipient_id, &person, err))
        return false;
    if (call_has(call, "name"))
        wanted.name = call_text(call, "name");
    if (target) {
        wanted.targets = &target;
        wanted.target_count = 1;
    }
    wanted.is_enabled = call_flag(call, "enabled", wanted.is_enabled);
    if ((call_has(call, "name") || call_has(call, "enabled") || target) &&
        !alias_set(call->api->options.directory, &call->actor, call->parameters[0], &wanted, err))
        return false;
    return admin_group_change(call, wanted.recipient_id, wanted.address, err) &&
           rules_set(call, wanted.recipient_id, err) &&
           (kind != RECIPIENT_GROUP || group_list_set(call, wanted.recipient_id, err)) &&
           answer_with(call, kind, call->parameters[0], err);
}

/* ---- groups */

bool group_post(struct admin_call *call, struct err *err)
{
    struct alias wanted = { .kind = RECIPIENT_GROUP,
                            .address = call_text(call, "address"),
                            .name = call_text(call, "name"),
                            .is_enabled = true };

    return call_texts(call, "members", &wanted.targets, &wanted.target_count, err) && add(call, &wanted, err);
}

bool groups_get(struct admin_call *call, struct err *err)
{
    return list(call, RECIPIENT_GROUP, "groups", err);
}

bool group_get(struct admin_call *call, struct err *err)
{
    return answer_with(call, RECIPIENT_GROUP, call->parameters[0], err);
}

bool group_patch(struct admin_call *call, struct err *err)
{
    return patch(call, RECIPIENT_GROUP, err);
}

bool group_delete(struct admin_call *call, struct err *err)
{
    return alias_remove(call->api->options.directory, &call->actor, RECIPIENT_GROUP, call->parameters[0],
                        err);
}

bool group_member_post(struct admin_call *call, struct err *err)
{
    if (!group_member_add(call->api->options.directory, &call->actor, call->parameters[0],
                          call_text(call, "member"), err))
        return false;
    call->status = 201;
    return answer_with(call, RECIPIENT_GROUP, call->parameters[0], err);
}

bool group_member_delete(struct admin_call *call, struct err *err)
{
    return group_member_remove(call->api->options.directory, &call->actor, call->parameters[0],
                               call->parameters[1], err);
}

/* ---- contacts */

bool contact_post(struct admin_call *call, struct err *err)
{
    const char *target = call_text(call, "target");
    struct alias wanted = { .kind = RECIPIENT_CONTACT,
                            .address = call_text(call, "address"),
                            .name = call_text(call, "name"),
                            .targets = &target,
                            .target_count = 1,
                            .is_enabled = true };

    return add(call, &wanted, err);
}

bool contacts_get(struct admin_call *call, struct err *err)
{
    return list(call, RECIPIENT_CONTACT, "contacts", err);
}

bool contact_get(struct admin_call *call, struct err *err)
{
    return answer_with(call, RECIPIENT_CONTACT, call->parameters[0], err);
}

bool contact_patch(struct admin_call *call, struct err *err)
{
    return patch(call, RECIPIENT_CONTACT, err);
}

bool contact_delete(struct admin_call *call, struct err *err)
{
    return alias_remove(call->api->options.directory, &call->actor, RECIPIENT_CONTACT, call->parameters[0],
                        err);
}
