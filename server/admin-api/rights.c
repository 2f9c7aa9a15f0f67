/* rights.c -- what somebody may, and why. */
#include "admin_api/grant.h"
#include "directory/user.h"

#include <string.h>

static bool add_reasons(struct admin_call *call, const struct role_holder *holder,
                        const struct role_object *object, json_t *list, struct err *err)
{
    const struct role_assignment *reason;

    for (int i = 0; i < PERMISSIONS; i++) {
        if (!role_may(call->api->options.directory, holder, (enum permission)i, object, &reason, err))
            return false;
        if (reason)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "permission",
                                                  permission_name((enum permission)i), "role",
                                                  reason->role->name, "scope", role_scope_name(reason->scope),
                                                  "object", reason->scope_name));
    }
    return true;
}

/* ?on=: an address or a domain; without it, the installation. */
static bool find_on(struct admin_call *call, struct role_object *object, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    const char *on = http_query(call->request, "on");

    *object = (struct role_object){ 0 };
    if (on && !(strchr(on, '@') ? role_object_address(directory, on, object, err)
                                : role_object_domain(directory, on, object, err)))
        return false;
    return !on || !call->actor.organisation_id || object->organisation_id == call->actor.organisation_id ||
           err_set(err, ERR_NOT_FOUND, "There is no such object.");
}

bool rights_get(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct role_object object;
    struct role_holder holder;
    struct user user;
    json_t *list;

    if (!user_find(directory, &call->actor, call->arena, call->parameters[0], &user, err) ||
        !find_on(call, &object, err) ||
        !role_holder_load(directory, call->arena, user.recipient_id, &holder, err))
        return false;
    list = json_array();
    if (!add_reasons(call, &holder, &object, list, err)) {
        json_decref(list);
        return false;
    }
    return call_answer(call, json_pack("{s:o}", "rights", list));
}

/* ---- each grant, and what it lacks */

static const char *verdict_of(const struct role_step *step)
{
    return !step->is_current                  ? "does not hold now"
           : !step->includes                  ? "its role has no such permission"
           : !step->covers                    ? "its scope does not contain this"
           : step->assignment->needs_approval ? "allows, with a second person's word"
                                              : "allows";
}

static bool allows(const struct role_step *step)
{
    return step->is_current && step->includes && step->covers;
}

static json_t *step_json(const struct role_step *step)
{
    json_t *json = grant_json(step->assignment);

    json_object_set_new(json, "allows", json_boolean(allows(step)));
    json_object_set_new(json, "verdict", json_string(verdict_of(step)));
    return json;
}

bool rights_explain(struct admin_call *call, struct err *err)
{
    const char *word = http_query(call->request, "permission");
    struct directory *directory = call->api->options.directory;
    struct role_object object;
    struct role_step *steps;
    enum permission permission;
    bool is_allowed = false;
    struct user user;
    size_t count;

    if (!permission_of(word, &permission))
        return err_set(err, ERR_INVALID, "There is no permission %.60s.", word ? word : "without a name");
    if (!user_find(directory, &call->actor, call->arena, call->parameters[0], &user, err) ||
        !find_on(call, &object, err) ||
        !role_explain(directory, call->arena, user.recipient_id, permission, &object, &steps, &count, err))
        return false;
    json_t *path = json_array();
    for (size_t i = 0; i < count; i++) {
        is_allowed = is_allowed || allows(&steps[i]);
        json_array_append_new(path, step_json(&steps[i]));
    }
    return call_answer(call,
                       json_pack("{s:b, s:s, s:s, s:o}", "allowed", is_allowed, "permission", word, "reason",
                                 is_allowed  ? "A grant allows it."
                                 : count > 0 ? "No grant allows it."
                                             : "This user holds no grant.",
                                 "path", path));
}
