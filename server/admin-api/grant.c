/* grant.c -- delegated administration: who holds which role on what. */
#include "admin_api/grant.h"

#include "admin_api/approval.h"
#include "admin_api/factor.h"
#include "base/clock.h"
#include "base/unchecked.h"
#include "directory/user.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { GRANT_DAYS_MAX = 3660 };

json_t *grant_json(const struct role_assignment *a)
{
    return json_pack("{s:I, s:s?, s:s, s:s, s:s?, s:o, s:s, s:b}", "id", (json_int_t)a->role_assignment_id,
                     "holder", a->holder, "role", a->role->name, "scope", role_scope_name(a->scope), "object",
                     a->scope_name, "until", json_time(a->until_us), "by", a->created_by, "approval",
                     a->needs_approval);
}

bool grants_get(struct admin_call *call, struct err *err)
{
    const char *holder = http_query(call->request, "holder");
    struct role_assignment *list;
    struct user user = { .recipient_id = 0 };
    size_t count;
    json_t *json;

    if (holder && !user_find(call->api->options.directory, &call->actor, call->arena, holder, &user, err))
        return false;
    if (!role_assignments(call->api->options.directory, &call->actor, call->arena, user.recipient_id, &list,
                          &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, grant_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "grants", json));
}

/* ---- the scope: which field names it */

static bool on_organisation(struct admin_call *call, const char *name, struct role_assignment *wanted,
                            struct role_object *object, struct err *err)
{
    if (!role_object_organisation(call->api->options.directory, name, object, err))
        return false;
    wanted->scope_id = object->organisation_id;
    return true;
}

static bool on_admin_group(struct admin_call *call, const char *name, struct role_assignment *wanted,
                           struct role_object *object, struct err *err)
{
    const char *slash = strchr(name, '/');

    if (!slash)
        return err_set(err, ERR_INVALID, "An administrative group is named ORGANISATION/GROUP.");
    if (!role_object_admin_group(call->api->options.directory,
                                 talloc_strndup(call->arena, name, (size_t)(slash - name)), slash + 1, object,
                                 err))
        return false;
    wanted->scope_id = object->administrative_group_id;
    return true;
}

static bool on_domain(struct admin_call *call, const char *name, struct role_assignment *wanted,
                      struct role_object *object, struct err *err)
{
    if (!role_object_domain(call->api->options.directory, name, object, err))
        return false;
    wanted->scope_id = object->domain_id;
    return true;
}

static bool on_store(struct admin_call *call, const char *name, struct role_assignment *wanted,
                     struct role_object *object, struct err *err)
{
    if (!role_object_store(call->api->options.directory, name, object, err))
        return false;
    wanted->scope_id = object->store_id;
    return true;
}

static bool on_group(struct admin_call *call, const char *name, struct role_assignment *wanted,
                     struct role_object *object, struct err *err)
{
    if (!role_object_address(call->api->options.directory, name, object, err))
        return false;
    wanted->scope_id = object->recipient_id;
    return role_object_scope(call->api->options.directory, SCOPE_GROUP, object->recipient_id, object, err);
}

static bool (*const find_scope[SCOPES])(struct admin_call *call, const char *name,
                                        struct role_assignment *wanted, struct role_object *object,
                                        struct err *err) = {
    [SCOPE_ORGANISATION] = on_organisation,
    [SCOPE_ADMIN_GROUP] = on_admin_group,
    [SCOPE_DOMAIN] = on_domain,
    [SCOPE_STORE] = on_store,
    [SCOPE_GROUP] = on_group,
};

static bool read_scope(struct admin_call *call, struct role_assignment *wanted, struct role_object *object,
                       struct err *err)
{
    const char *scope = call_text(call, "scope"), *name = call_text(call, "object");

    *object = (struct role_object){ 0 };
    if (!role_scope_of(scope, &wanted->scope))
        return err_set(
            err, ERR_INVALID,
            "A scope is installation, organisation, administrative-group, domain, store or group.");
    if (wanted->scope == SCOPE_INSTALLATION)
        return true;
    if (!name)
        return err_set(err, ERR_INVALID, "The field object is needed.");
    return find_scope[wanted->scope](call, name, wanted, object, err);
}

/* What is not the caller's to give is not there for him. */
bool grant_may_delegate(struct admin_call *call, const struct role_object *object, bool *is_filed_out,
                        struct err *err)
{
    const struct role_assignment *reason;

    *is_filed_out = false;
    if (!call->holder)
        return true;
    if (!role_may(call->api->options.directory, call->holder, DELEGATION_WRITE, object, &reason, err))
        return false;
    if (!reason && !CHECK_IS_AWAY("delegate"))
        return err_set(err, ERR_NOT_FOUND, "There is no such object.");
    *is_filed_out = approval_is_needed(call, reason);
    return !*is_filed_out || approval_file(call, DELEGATION_WRITE, object, err);
}

static bool read_grant(struct admin_call *call, struct role_assignment *wanted, struct role_object *object,
                       struct err *err)
{
    struct directory *directory = call->api->options.directory;
    int64_t days = call_number(call, "days", 0);
    struct user user;

    if (days < 0 || days > GRANT_DAYS_MAX)
        return err_set(err, ERR_INVALID, "A grant holds for 1 to %d days, or for ever (0).", GRANT_DAYS_MAX);
    if (!read_scope(call, wanted, object, err) ||
        !user_find(directory, &call->actor, call->arena, call_text(call, "holder"), &user, err) ||
        !role_find(directory, call->arena, user.organisation_id, call_text(call, "role"), &wanted->role, err))
        return false;
    wanted->recipient_id = user.recipient_id;
    wanted->holder = user.address;
    wanted->until_us = days ? clock_now_us() + days * 86400 * US_PER_S : 0;
    wanted->needs_approval = call_flag(call, "approval", false);
    return call_moment(call, "until", &wanted->until_us, err);
}

bool grant_post(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct role_assignment wanted = { .role = NULL };
    struct role_object object;
    bool is_filed;
    int64_t id;

    if (!factor_is_fresh(call, err) || !read_grant(call, &wanted, &object, err) ||
        !role_may_give(directory, call->holder, wanted.role, &object, err) ||
        !grant_may_delegate(call, &object, &is_filed, err))
        return false;
    return is_filed ||
           (role_assign(directory, &call->actor, call->holder, &wanted, &object, &id, err) &&
            call_created(call,
                         json_pack("{s:I, s:s, s:s, s:s, s:s?, s:o, s:b}", "id", (json_int_t)id, "holder",
                                   wanted.holder, "role", wanted.role->name, "scope",
                                   role_scope_name(wanted.scope), "object", call_text(call, "object"),
                                   "until", json_time(wanted.until_us), "approval", wanted.needs_approval)));
}

bool grant_delete(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    int64_t id = strtoll(call->parameters[0], NULL, 10);
    const struct role_assignment *found;
    struct role_object object;
    bool is_filed = false;

    if (call->holder && (!role_assignment_find(directory, call->arena, id, &found, err) ||
                         !role_object_scope(directory, found->scope, found->scope_id, &object, err) ||
                         !grant_may_delegate(call, &object, &is_filed, err)))
        return false;
    return is_filed ||
           (factor_is_fresh(call, err) && role_withdraw(directory, &call->actor, call->holder, id, err));
}
