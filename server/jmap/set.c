/* set.c -- see get.h: /set and patches. */
#include "jmap/account.h"
#include "jmap/get.h"

#include <talloc.h>

bool jmap_set_begin(struct jmap_call *call)
{
    const json_t *wanted = json_object_get(call->in, "ifInState");

    if (wanted && !json_is_null(wanted) && !json_is_string(wanted))
        return jmap_fail_argument(call, "ifInState");
    if (json_is_string(wanted) && strcmp(json_string_value(wanted), jmap_state(call)) != 0)
        return jmap_fail(call, "stateMismatch", "Something was changed since.");
    jmap_put(call, "oldState", json_string(jmap_state(call)));
    return true;
}

static bool take_lists(struct jmap_call *call, json_t **create_out, json_t **update_out, json_t **destroy_out)
{
    *create_out = json_object_get(call->in, "create");
    *update_out = json_object_get(call->in, "update");
    *destroy_out = json_object_get(call->in, "destroy");
    if (*create_out && !json_is_null(*create_out) && !json_is_object(*create_out))
        return jmap_fail_argument(call, "create");
    if (*update_out && !json_is_null(*update_out) && !json_is_object(*update_out))
        return jmap_fail_argument(call, "update");
    if (*destroy_out && !json_is_null(*destroy_out) && !json_is_array(*destroy_out))
        return jmap_fail_argument(call, "destroy");
    if (json_object_size(*create_out) + json_object_size(*update_out) + json_array_size(*destroy_out) >
        JMAP_SET_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d objects can be changed at once.", JMAP_SET_MAX);
    return true;
}

/* What is to go is not changed before (5.3, willDestroy): the patches of all others, under the call's arena. */
static json_t *staying(struct jmap_call *call, json_t *patches, const json_t *destroy, json_t *refused)
{
    json_t *kept = jmap_keep(call->arena, json_object()), *patch;
    const char *name;
    size_t i;

    json_object_foreach(patches, name, patch)
    {
        bool goes = false;
        for (i = 0; i < json_array_size(destroy); i++) {
            const char *id = json_string_value(json_array_get(destroy, i));
            goes = goes || (id && strcmp(id, name) == 0);
        }
        if (goes)
            json_object_set_new(refused, name,
                                jmap_set_error("willDestroy", "This is destroyed by the same call."));
        else
            json_object_set(kept, name, patch);
    }
    return kept;
}

static json_t *refuse(void)
{
    return jmap_set_error("forbidden", "This is not possible for this type.");
}

static void run_create(struct jmap_call *call, const struct jmap_set *set, json_t *objects, json_t *done,
                       json_t *refused)
{
    const char *creation_id;
    json_t *object;

    json_object_foreach(objects, creation_id, object)
    {
        json_t *created = NULL, *error;
        if (!json_is_object(object))
            error = jmap_set_error("invalidProperties", "This is no object.");
        else
            error = set->create ? set->create(call, creation_id, object, &created, set->arg) : refuse();
        if (error) {
            json_object_set_new(refused, creation_id, error);
            continue;
        }
        jmap_note_created(call->request, creation_id, json_string_value(json_object_get(created, "id")));
        json_object_set_new(done, creation_id, created);
    }
}

static void run_update(struct jmap_call *call, const struct jmap_set *set, json_t *patches, json_t *done,
                       json_t *refused)
{
    const char *name;
    json_t *patch;

    json_object_foreach(patches, name, patch)
    {
        const char *id = jmap_resolve_id(call->request, name);
        json_t *updated = NULL, *error;
        if (!id)
            error = jmap_set_error("notFound", "There is no such object.");
        else if (!json_is_object(patch))
            error = jmap_set_error("invalidPatch", "This is no object.");
        else
            error = set->update ? set->update(call, id, patch, &updated, set->arg) : refuse();
        if (error)
            json_object_set_new(refused, name, error);
        else
            json_object_set_new(done, id, updated ? updated : json_null());
    }
}

static void run_destroy(struct jmap_call *call, const struct jmap_set *set, json_t *ids, json_t *done,
                        json_t *refused)
{
    json_t *name;
    size_t i;

    json_array_foreach(ids, i, name)
    {
        const char *text = json_string_value(name), *id = text ? jmap_resolve_id(call->request, text) : NULL;
        json_t *error;
        if (!text)
            continue;
        if (!id)
            error = jmap_set_error("notFound", "There is no such object.");
        else
            error = set->destroy ? set->destroy(call, id, set->arg) : refuse();
        if (error)
            json_object_set_new(refused, text, error);
        else
            json_array_append_new(done, json_string(id));
    }
}

/* An empty list is said as null. */
static void put_list(struct jmap_call *call, const char *name, json_t *list)
{
    bool is_empty = json_object_size(list) + json_array_size(list) == 0;

    jmap_put(call, name, is_empty ? json_null() : json_incref(list));
    json_decref(list);
}

/* Of what is no account's there is nothing to read. False, and the call failed. */
enum account_change { ACCOUNT_AS_IT_IS, ACCOUNT_CHANGED };
static bool read_account(struct jmap_call *call, enum account_change change)
{
    struct err err = ERR_INIT;

    if (!call->account)
        return true;
    if (change == ACCOUNT_CHANGED)
        jmap_account_stale(call->account);
    return jmap_account_read(call->request, call->account, &err) || jmap_fail_err(call, &err);
}

bool jmap_set_run(struct jmap_call *call, const struct jmap_set *set)
{
    json_t *create, *update, *destroy;
    json_t *created, *updated, *destroyed, *not_created, *not_updated, *not_destroyed;

    if ((call->account && !jmap_set_begin(call)) || !take_lists(call, &create, &update, &destroy))
        return false;
    created = json_object();
    updated = json_object();
    destroyed = json_array();
    not_created = json_object();
    not_updated = json_object();
    not_destroyed = json_object();
    run_create(call, set, create, created, not_created);
    update = staying(call, update, destroy, not_updated);
    /* what was created may be changed by the same call */
    if (!read_account(call, set->create ? ACCOUNT_CHANGED : ACCOUNT_AS_IT_IS))
        ; /* said already */
    else if (!set->update_all)
        run_update(call, set, update, updated, not_updated);
    else if (json_object_size(update) > 0)
        (void)set->update_all(call, update, updated, not_updated, set->arg);
    if (!call->error && !set->destroy_all)
        run_destroy(call, set, destroy, destroyed, not_destroyed);
    else if (!call->error && json_array_size(destroy) > 0)
        (void)set->destroy_all(call, destroy, destroyed, not_destroyed, set->arg);
    put_list(call, "created", created);
    put_list(call, "updated", updated);
    put_list(call, "destroyed", destroyed);
    put_list(call, "notCreated", not_created);
    put_list(call, "notUpdated", not_updated);
    put_list(call, "notDestroyed", not_destroyed);
    if (call->error || !read_account(call, ACCOUNT_CHANGED))
        return false;
    if (call->account)
        jmap_put(call, "newState", json_string(jmap_state(call)));
    return true;
}

/* ---- patches */

/* "a~1b" and "a~0b" back to "a/b" and "a~b". */
static void unescape(char *step)
{
    char *to = step;

    for (const char *p = step; *p; p++) {
        if (*p == '~' && (p[1] == '0' || p[1] == '1'))
            *to++ = *++p == '0' ? '~' : '/';
        else
            *to++ = *p;
    }
    *to = '\0';
}

static bool patch_one(json_t *object, const char *path, json_t *value)
{
    void *arena = talloc_new(NULL);
    char *at = talloc_strdup(arena, path), *slash;
    bool is_good = true;

    while (is_good && (slash = strchr(at, '/'))) {
        *slash = '\0';
        unescape(at);
        object = json_object_get(object, at);
        is_good = json_is_object(object);
        at = slash + 1;
    }
    if (is_good) {
        unescape(at);
        if (json_is_null(value) && strchr(path, '/'))
            (void)json_object_del(object, at);
        else
            json_object_set(object, at, value);
    }
    talloc_free(arena);
    return is_good;
}

/* No path may lie within another one. */
static bool is_nested(json_t *patch, const char *path)
{
    void *arena = talloc_new(NULL);
    char *outer = talloc_strdup(arena, path), *slash;
    bool found = false;

    while (!found && (slash = strrchr(outer, '/'))) {
        *slash = '\0';
        found = json_object_get(patch, outer) != NULL;
    }
    talloc_free(arena);
    return found;
}

json_t *jmap_patch(const json_t *base, const json_t *patch)
{
    json_t *result = json_deep_copy(base), *steps = json_deep_copy(patch), *value;
    const char *path;
    bool is_good = true;

    json_object_foreach(steps, path, value) is_good =
        is_good && !is_nested(steps, path) && patch_one(result, path, value);
    json_decref(steps);
    if (is_good)
        return result;
    json_decref(result);
    return NULL;
}
