/* right.c -- from a request to what it is about, and whether the caller may. */
#include "admin_api/right.h"

#include "admin_api/approval.h"
#include "base/unchecked.h"

#include <string.h>

const struct right *right_of(const struct admin_route *route)
{
    size_t count;
    const struct right *table = rights(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].method, route->method) == 0 && strcmp(table[i].pattern, route->pattern) == 0)
            return &table[i];
    return NULL;
}

static bool no_such_thing(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "There is nothing here.");
}

/* ---- what the request is about */

static struct role_object own(const struct admin_call *call)
{
    return (struct role_object){ .organisation_id = call->actor.organisation_id };
}

/* Of the body, else of the query. */
static const char *named(const struct admin_call *call, const char *name)
{
    const char *value = call_text(call, name);

    return value ? value : http_query(call->request, name);
}

static bool find_named(const struct admin_call *call, struct role_object *object, struct err *err)
{
    const char *organisation = named(call, "organisation");

    *object = (struct role_object){ 0 };
    return !organisation || role_object_organisation(call->api->options.directory, organisation, object, err);
}

static bool find_list(const struct admin_call *call, struct role_object *object, struct err *err)
{
    const char *domain = http_query(call->request, "domain");

    if (domain)
        return role_object_domain(call->api->options.directory, domain, object, err);
    *object = own(call);
    return !http_query(call->request, "organisation") || find_named(call, object, err);
}

static bool find_organisation(const struct admin_call *call, struct role_object *object, struct err *err)
{
    if (!role_object_organisation(call->api->options.directory, call->parameters[0], object, err))
        return false;
    if (call_has(call, "quota"))
        *object = (struct role_object){ 0 };
    return true;
}

static bool find_admin_group(const struct admin_call *call, struct role_object *object, struct err *err)
{
    const char *organisation = named(call, "organisation");

    return organisation ? role_object_admin_group(call->api->options.directory, organisation,
                                                  call->parameters[0], object, err)
                        : no_such_thing(err);
}

static bool find_domain_named(const struct admin_call *call, const char *name, struct role_object *object,
                              struct err *err)
{
    if (!role_object_domain(call->api->options.directory, name, object, err))
        return false;
    if (call_has(call, "quota"))
        *object = (struct role_object){ .organisation_id = object->organisation_id };
    return true;
}

/* A new recipient belongs to the administrative group that is named; without one, to none that somebody's rights end at. */
static bool find_new(const struct admin_call *call, struct role_object *object, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    const char *group = call_text(call, "admin_group");

    const char *address = call_text(call, "address"), *at = address ? strrchr(address, '@') : NULL;

    if (!at)
        return err_set(err, ERR_INVALID, "The field address is needed.");
    bool is_there = role_object_domain(directory, at + 1, object, err);
    if (!is_there && err->kind != ERR_NOT_FOUND)
        return false;
    /* looked for also in no domain, so that what is not there costs as much */
    object->administrative_group_id = 0;
    bool is_held = !group || role_object_group_of(directory, object->organisation_id, group,
                                                  &object->administrative_group_id, err);
    return is_there ? is_held : no_such_thing(err);
}

static bool find_object(const struct admin_call *call, enum right_target target, struct role_object *object,
                        struct err *err)
{
    struct directory *directory = call->api->options.directory;

    *object = (struct role_object){ 0 };
    switch (target) {
    case ON_INSTALLATION:
    case ON_ANYTHING:
        return true;
    case ON_OWN:
        *object = own(call);
        return true;
    case ON_NAMED:
        return find_named(call, object, err);
    case ON_LIST:
        return find_list(call, object, err);
    case ON_ORGANISATION:
        return find_organisation(call, object, err);
    case ON_ADMIN_GROUP:
        return find_admin_group(call, object, err);
    case ON_DOMAIN:
        return find_domain_named(call, call->parameters[0], object, err);
    case ON_BODY_DOMAIN:
        return find_domain_named(call, call_text(call, "domain"), object, err);
    case ON_ADDRESS:
        return role_object_address(directory, call->parameters[0], object, err);
    case ON_BODY_ADDRESS:
        return find_new(call, object, err);
    }
    return no_such_thing(err);
}

/* ---- whether the caller may */

static bool is_change(const struct admin_call *call)
{
    return strcmp(http_method(call->request), "GET") != 0;
}

static bool ranks_not_higher(const struct admin_call *call, const struct role_object *object, struct err *err)
{
    uint64_t permissions;
    int mine, theirs;

    if (object->recipient_id == 0 || object->recipient_id == call->holder->recipient_id)
        return true;
    if (!role_rank(call->api->options.directory, object->recipient_id, &theirs, err) ||
        !role_effective(call->api->options.directory, call->holder, object, &permissions, &mine, err))
        return false;
    return theirs <= mine || err_set(err, ERR_DENIED, "This administrator has a higher rank than you.");
}

/* The second wall around what was asked for, and by what right. */
static void narrow(struct admin_call *call, enum permission permission, const struct role_object *object)
{
    if (call->actor.organisation_id && object->organisation_id)
        call->actor.organisation_id = object->organisation_id;
    call->actor.within =
        role_within(call->arena, call->holder,
                    object->organisation_id ? object->organisation_id : call->actor.organisation_id,
                    PERMISSION(permission));
}

/* What is not there costs what is there and forbidden does. */
static void take_as_long(const struct admin_call *call, enum permission permission, const struct err *refusal)
{
    const struct role_object nothing = { 0 };
    const struct role_assignment *reason;
    struct err ignored = ERR_INIT;

    if (refusal->kind == ERR_NOT_FOUND && !CHECK_IS_AWAY("as-long"))
        (void)!role_may(call->api->options.directory, call->holder, permission, &nothing, &reason, &ignored);
}

/* A list of what one may see, which has none of the rest: who holds the permission on a part of the organisation sees that part of it. */
static const struct role_assignment *reason_of_part(const struct admin_call *call, const struct right *right,
                                                    const struct role_object *object)
{
    if (right->target != ON_LIST || is_change(call) || object->domain_id || !object->organisation_id)
        return NULL;
    return role_in_part(call->holder, right->permission, object->organisation_id);
}

bool right_check(struct admin_call *call, const struct admin_route *route, bool *is_filed_out,
                 struct err *err)
{
    const struct right *right = right_of(route);
    const struct role_assignment *reason;
    struct role_object object;

    *is_filed_out = false;
    if (!call->holder)
        return true;
    if (!right)
        return no_such_thing(err);
    if (right->target == ON_ANYTHING || CHECK_IS_AWAY("right"))
        return true;
    if (!find_object(call, right->target, &object, err)) {
        take_as_long(call, right->permission, err);
        return false;
    }
    if (right->is_own_allowed && object.recipient_id && object.recipient_id == call->holder->recipient_id)
        return true;
    if (!role_may(call->api->options.directory, call->holder, right->permission, &object, &reason, err))
        return false;
    if (!reason)
        reason = reason_of_part(call, right, &object);
    if (!reason)
        return no_such_thing(err);
    narrow(call, right->permission, &object);
    if (right->target == ON_ADDRESS && is_change(call) && !ranks_not_higher(call, &object, err))
        return false;
    *is_filed_out = approval_is_needed(call, reason);
    return !*is_filed_out || approval_file(call, right->permission, &object, err);
}
