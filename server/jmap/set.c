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

static bool is_list_of_names(const json_t *list)
{
    bool is = json_is_array(list);

    for (size_t i = 0; i < json_array_size(list); i++)
        is = is && json_is_string(json_array_get(list, i));
    return is;
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
    if (*destroy_out && !json_is_null(*destroy_out) && !is_list_of_names(*destroy_out))
        return jmap_fail_argument(call, "destroy");
    if (json_object_size(*create_out) + json_object_size(*update_out) + json_array_size(*destroy_out) >
        JMAP_SET_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d objects can be changed at once.", JMAP_SET_MAX);
    return true;
}

/* Those of a patch that set->changes does not name. */
static json_t *fixed_of(struct jmap_call *call, const struct jmap_set *set, json_t *patch)
{
    json_t *names = jmap_keep(call->arena, json_array()), *value;
    const char *path;

    json_object_foreach(patch, path, value)
    {
        if (set->changes && !strchr(path, '/') && !jmap_is_word_of(set->changes, path))
            json_array_append_new(names, json_string(path));
    }
    return names;
}

/* A patch without what is as it says already, as in an object that a client sends back whole. */
static json_t *without_same(struct jmap_call *call, const struct jmap_set *set, const char *id, json_t *patch)
{
    json_t *names = fixed_of(call, set, patch), *now, *name, *kept;
    const char *type = call->method->name;
    size_t i;

    if (!id || !call->account || json_array_size(names) == 0)
        return patch;
    now = jmap_ask(call, talloc_asprintf(call->arena, "%.*s/get", (int)strcspn(type, "/"), type),
                   jmap_keep(call->arena, json_pack("{s:s, s:[s], s:O}", "accountId", call->account->id,
                                                    "ids", id, "properties", names)));
    now = json_array_get(json_object_get(now, "list"), 0);
    kept = jmap_keep(call->arena, json_copy(patch));
    json_array_foreach(names, i, name)
    {
        const char *key = json_string_value(name);
        if (json_equal(json_object_get(now, key), json_object_get(patch, key)))
            json_object_del(kept, key);
    }
    return kept;
}

/* What is to go is not changed before (5.3, willDestroy): what the patches of all others change, under the call's arena. */
static json_t *changing(struct jmap_call *call, const struct jmap_set *set, json_t *patches,
                        const json_t *destroy, json_t *refused)
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
            json_object_set(kept, name, without_same(call, set, jmap_resolve_id(call->request, name), patch));
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
        const char *text = json_string_value(name), *id = jmap_resolve_id(call->request, text);
        json_t *error;
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

void jmap_tell_standard(json_t *created, const json_t *object, json_t *standard)
{
    const char *name;
    json_t *value;

    json_object_foreach(standard, name, value)
    {
        const json_t *sent = json_object_get(object, name);
        if (!sent || json_is_null(sent))
            json_object_set(created, name, value);
    }
    json_decref(standard);
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
    /* what was created may be changed by the same call */
    if (read_account(call, set->create ? ACCOUNT_CHANGED : ACCOUNT_AS_IT_IS))
        update = changing(call, set, update, destroy, not_updated);
    if (call->error)
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

char *jmap_patch_step(void *arena, const char *rest)
{
    char *step = strchr(rest, '/') ? NULL : talloc_strdup(arena, rest);

    if (step)
        unescape(step);
    return step;
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
