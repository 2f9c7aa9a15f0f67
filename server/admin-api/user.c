/* user.c -- users, their mailboxes and passwords. */
#include "directory/user.h"

#include "admin_api/admin_group.h"
#include "admin_api/call.h"
#include "admin_api/factor.h"
#include "admin_api/mailbox.h"
#include "admin_api/new_user.h"
#include "admin_api/page.h"
#include "admin_api/person.h"
#include "admin_api/policy_addresses.h"
#include "admin_api/preference.h"
#include "admin_api/protocols.h"
#include "admin_api/rules.h"
#include "auth/change.h"
#include "auth/password.h"
#include "directory/domain.h"
#include "directory/organisation.h"
#include "directory/source.h"
#include "group/quota.h"
#include "group/store.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static json_t *user_json(const struct user *u)
{
    json_t *addresses = json_array();

    for (size_t i = 0; i < u->address_count; i++)
        json_array_append_new(addresses, json_string(u->addresses[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:b, s:o, s:o}", "address", u->address, "name", u->name,
                     "kind", recipient_kind_name(u->kind), "state", recipient_state_name(u->state), "quota",
                     (json_int_t)u->quota_bytes, "addresses", addresses, "has_password", u->has_password,
                     "created", json_time(u->created_us), "protocols", protocols_json(u->protocols));
}

static bool find(struct admin_call *call, struct user *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], out, err);
}

/* What is changed in the directory and not here. */
static json_t *fields_of(const struct source_holder *holder)
{
    json_t *fields = json_pack("[s, s, s]", "name", "addresses", "state");

    person_add_names(fields);
    if (holder->has_password)
        json_array_append_new(fields, json_string("password"));
    return fields;
}

/* With what only one query a user tells. A storage group that is down does not hide the user. */
static json_t *user_details(struct admin_call *call, const struct user *u)
{
    json_t *json = user_json(u);
    struct organisation organisation;
    struct mailbox_usage usage;
    struct group *group;
    struct source_holder holder;
    struct err err = ERR_INIT;

    if (organisation_get(call->api->options.directory, &call->actor, call->arena, u->organisation_id,
                         &organisation, &err))
        json_object_set_new(json, "organisation", json_string(organisation.name));
    json_object_set_new(json, "admin_group",
                        json_string(admin_group_name(call, u->organisation_id, u->administrative_group_id)));
    if (group_find(call->api->options.groups, u->mailbox.storage_group_id, &group, &err) &&
        mailbox_usage(group, u->mailbox.mailbox_id, &usage, &err)) {
        json_object_set_new(json, "used", json_integer(usage.used_bytes));
        json_object_set_new(json, "messages", json_integer(usage.used_messages));
    }
    if (source_of(call->api->options.directory, call->arena, u->recipient_id, &holder, &err) && holder.name)
        json_object_update_new(json, json_pack("{s:s, s:s, s:o}", "source", holder.name, "source_entry",
                                               holder.dn, "source_fields", fields_of(&holder)));
    if (!rules_add(call, u->recipient_id, json, &err) || !person_add(call, u->recipient_id, json, &err) ||
        !preference_add(call, u->organisation_id, u->recipient_id, json, &err))
        json_object_set_new(json, "accepts", json_null()); /* the directory went away meanwhile */
    return json;
}

/* With the addresses that policies gave it. */
static bool find_again(struct admin_call *call, struct user *user, struct err *err)
{
    return user_get(call->api->options.directory, &call->actor, call->arena, user->recipient_id, user, err);
}

bool user_post(struct admin_call *call, struct err *err)
{
    struct credential credential;
    struct new_user_mailbox how;
    struct user wanted = { 0 }, added;
    struct person person;
    bool has_password;

    if (!new_user_read(call, call->in, &wanted, err) || !person_read(call->in, &person, err) ||
        !new_user_mailbox_read(call->arena, call->in, wanted.kind, &how, err) ||
        !new_user_credential(call->arena, call_text(call, "password"), &credential, &has_password, err) ||
        !user_add(call->api->options.directory, &call->actor, &wanted, has_password ? &credential : NULL,
                  &added, call->arena, err))
        return false;
    if (!person_apply(call, added.recipient_id, &person, err) ||
        !new_user_mailbox(call->api, &added, &how, err)) {
        struct mailbox_location nowhere;
        struct err undone = ERR_INIT;
        if (!user_remove(call->api->options.directory, &call->actor, added.recipient_id, &nowhere, &undone))
            err_log(err, "and the user stays without a mailbox: %s", undone.log);
        return false;
    }
    return policy_new_users(call, added.organisation_id, &added, 1, err) && find_again(call, &added, err) &&
           call_created(call, user_json(&added));
}

static bool read_query(struct admin_call *call, struct user_query *query, struct err *err)
{
    const char *restricted = http_query(call->request, "restricted");

    *query = (struct user_query){ .domain = http_query(call->request, "domain"),
                                  .text = http_query(call->request, "text"),
                                  .is_restricted = restricted && strcmp(restricted, "true") == 0,
                                  .after = page_after(call) };
    return page_limit(call, PAGE_MOST, &query->limit, err) &&
           call_organisation_filter(call, &query->organisation_id, err);
}

bool users_get(struct admin_call *call, struct err *err)
{
    struct user_query query;
    struct user *list;
    size_t count;
    json_t *json;

    if (!read_query(call, &query, err) ||
        !user_list(call->api->options.directory, &call->actor, call->arena, &query, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, user_json(&list[i]));
    call_answer(call, json_pack("{s:o}", "users", json));
    if (count == query.limit)
        json_object_set_new(call->out, "next", json_string(list[count - 1].address));
    return true;
}

bool user_get_one(struct admin_call *call, struct err *err)
{
    struct user found;

    return find(call, &found, err) && call_answer(call, user_details(call, &found));
}

static bool state_of(const char *word, enum recipient_state *state_out, struct err *err)
{
    *state_out = RECIPIENT_ACTIVE;
    return !word || strcmp(word, "enabled") == 0 || recipient_state_of(word, state_out) ||
           err_set(err, ERR_INVALID, "%s is no state: active, no-login or disabled.", word);
}

static bool rename_to(struct admin_call *call, const struct user *found, const char *address, struct err *err)
{
    return !address ||
           user_rename(call->api->options.directory, &call->actor, found->recipient_id, address, err);
}

/* Into which administrative group it is to go, where the body says so. */
static bool read_admin_group(struct admin_call *call, struct user *wanted, struct err *err)
{
    struct role_object object;

    return !call_has(call, "admin_group") ||
           (role_object_address(call->api->options.directory, wanted->address, &object, err) &&
            admin_group_wanted(call, RECIPIENT_WRITE, &object, &wanted->administrative_group_id, err));
}

bool user_patch(struct admin_call *call, struct err *err)
{
    unsigned fields =
        (call_has(call, "name") ? USER_NAME : 0u) | (call_has(call, "state") ? USER_STATE : 0u) |
        (call_has(call, "quota") ? USER_QUOTA : 0u) | (call_has(call, "protocols") ? USER_PROTOCOLS : 0u) |
        (call_has(call, "admin_group") ? USER_GROUP : 0u);
    struct user found, wanted;
    struct person person;
    struct group *group;

    if (!find(call, &found, err) || !person_read(call->in, &person, err))
        return false;
    wanted = found;
    wanted.name = call_has(call, "name") ? call_text(call, "name") : found.name;
    wanted.quota_bytes = call_number(call, "quota", found.quota_bytes);
    if (!state_of(call_text(call, "state"), &wanted.state, err) ||
        !protocols_read(call, &wanted.protocols, err) || !read_admin_group(call, &wanted, err) ||
        !person_apply(call, found.recipient_id, &person, err) ||
        !rename_to(call, &found, call_text(call, "address"), err))
        return false;
    if ((fields & USER_QUOTA) && wanted.quota_bytes < 0)
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    if ((fields & USER_QUOTA) &&
        (!group_find(call->api->options.groups, found.mailbox.storage_group_id, &group, err) ||
         !mailbox_set_quota(group, found.mailbox.mailbox_id, wanted.quota_bytes, wanted.quota_messages, err)))
        return false;
    return (!fields ||
            user_set(call->api->options.directory, &call->actor, found.recipient_id, fields, &wanted, err)) &&
           rules_set(call, found.recipient_id, err) &&
           preference_apply(call, found.organisation_id, found.recipient_id, found.address, err) &&
           find(call, &found, err) && call_answer(call, user_details(call, &found));
}

bool user_delete(struct admin_call *call, struct err *err)
{
    struct mailbox_location location;
    struct user found;
    struct group *group;

    if (!find(call, &found, err) ||
        !group_find(call->api->options.groups, found.mailbox.storage_group_id, &group, err) ||
        !user_remove(call->api->options.directory, &call->actor, found.recipient_id, &location, err))
        return false;
    return mailbox_delete(group, location.mailbox_id, err) || err->kind == ERR_NOT_FOUND;
}

bool own_password_put(struct admin_call *call, struct err *err)
{
    struct auth_request request = { .protocol = PROTOCOL_ADMIN,
                                    .peer = *http_peer(call->request),
                                    .is_try = call_is_rehearsal(call) };
    struct user found;

    if (!find(call, &found, err) ||
        !((call->holder && found.recipient_id == call->holder->recipient_id) ||
          err_set(err, ERR_NOT_FOUND, "There is no such user.")) ||
        !factor_is_fresh(call, err))
        return false;
    if (!call->api->options.auth)
        return err_set(err, ERR_BUSY, "Passwords cannot be checked at the moment.");
    call->limit_status = 429; /* too many failures: try later */
    return auth_change_password(call->api->options.auth, &request, &call->actor, CHANGE_ANY,
                                span_text(found.address), span_text(call_text(call, "current")),
                                span_text(call_text(call, "password")), err) ||
           (err->kind == ERR_AUTH && err_set(err, ERR_INVALID, "The current password is wrong."));
}

bool user_password_put(struct admin_call *call, struct err *err)
{
    struct credential credential;
    struct user found;
    bool has_password;

    return find(call, &found, err) &&
           new_user_credential(call->arena, call_text(call, "password"), &credential, &has_password, err) &&
           credential_set(call->api->options.directory, &call->actor, found.recipient_id, &credential, err);
}
