/* script.c -- SieveScript (RFC 9661). */
#include "jmap/script.h"

#include "base/digest.h"
#include "jmap/account.h"
#include "jmap/blob.h"
#include "jmap/filter.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "mailbox/raise.h"
#include "mailbox/script.h"
#include "sieve/sieve.h"

#include <talloc.h>

enum { ID_DIGEST_BYTES = 16 };

struct scripts {
    struct script *list;
    size_t count;
};

const char *jmap_script_id(const struct jmap_call *call, const char *name)
{
    uint8_t digest[SHA256_BYTES];
    char *id = talloc_size(call->arena, 2 * ID_DIGEST_BYTES + 2);

    sha256(span_text(name), digest);
    *id = 'V';
    hex_encode(span_of(digest, ID_DIGEST_BYTES), id + 1);
    return id;
}

static bool load(struct jmap_call *call, struct scripts *scripts, struct err *err)
{
    return script_list(call->account->group, call->account->mailbox_id, call->arena, &scripts->list,
                       &scripts->count, err);
}

static const struct script *script_of(const struct jmap_call *call, const struct scripts *scripts,
                                      const char *id)
{
    for (size_t i = 0; id && i < scripts->count; i++)
        if (strcmp(jmap_script_id(call, scripts->list[i].name), id) == 0)
            return &scripts->list[i];
    return NULL;
}

bool jmap_script_text(struct jmap_call *call, const char *id, struct span *text_out, struct err *err)
{
    struct scripts scripts = { .count = 0 };
    const struct script *script;

    if (!call->account->is_own)
        return err_set(err, ERR_NOT_FOUND, "There is no such script.");
    if (!load(call, &scripts, err))
        return false;
    script = script_of(call, &scripts, id);
    return script ? script_get(call->account->group, call->account->mailbox_id, call->arena, script->name,
                               text_out, err)
                  : err_set(err, ERR_NOT_FOUND, "There is no such script.");
}

/* ---- get, query */

static const char *const names[] = { "id", "name", "blobId", "isActive" };

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct script *script = script_of(call, arg, id);
    json_t *object;

    if (!script)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    if (wanted & 2)
        json_object_set_new(object, "name", jmap_text(script->name));
    if (wanted & 4)
        json_object_set_new(object, "blobId", json_string(id));
    if (wanted & 8)
        json_object_set_new(object, "isActive", json_boolean(script->is_active));
    return object;
}

bool sieve_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct scripts scripts = { .count = 0 };
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), 15, &wanted))
        return false;
    if (!load(call, &scripts, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < scripts.count; i++)
        json_array_append_new(all, json_string(jmap_script_id(call, scripts.list[i].name)));
    return jmap_get_each(call, all, wanted, object_of, &scripts);
}

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    const char *name;
    json_t *value;

    (void)arg;
    json_object_foreach(leaf->condition, name, value)
    {
        bool is_known = strcmp(name, "name") == 0       ? json_is_string(value)
                        : strcmp(name, "isActive") == 0 ? json_is_boolean(value)
                                                        : false;
        if (!is_known)
            return jmap_fail(call, "unsupportedFilter", "The filter %.60s is not known.", name);
    }
    return true;
}

static enum filter_truth judge(const struct filter *leaf, void *arg)
{
    const struct script *script = arg;
    const char *name = json_string_value(json_object_get(leaf->condition, "name"));
    const json_t *active = json_object_get(leaf->condition, "isActive");

    return filter_truth_of((!name || strstr(script->name, name)) &&
                           (!active || json_is_true(active) == script->is_active));
}

bool sieve_query(struct jmap_call *call)
{
    struct scripts scripts = { .count = 0 };
    struct filter *filter;
    struct err err = ERR_INIT;
    json_t *found;

    if (!jmap_filter_read(call, compile, NULL, &filter))
        return false;
    if (!load(call, &scripts, &err))
        return jmap_fail_err(call, &err);
    found = jmap_keep(call->arena, json_array());
    for (size_t i = 0; i < scripts.count; i++)
        if (jmap_filter_truth(filter, judge, &scripts.list[i]) == FILTER_YES)
            json_array_append_new(found, json_string(jmap_script_id(call, scripts.list[i].name)));
    return jmap_query_few(call, found);
}

/* ---- set */

static json_t *refusal(const struct err *err)
{
    if (err->kind == ERR_LIMIT)
        return jmap_set_error(script_is_too_many(err) ? "overQuota" : "tooLarge", "%s", err->user);
    return err->kind == ERR_DEPENDED_ON ? jmap_set_error("scriptIsActive", "%s", err->user)
                                        : jmap_set_error_of(err);
}

static json_t *check(struct jmap_call *call, const char *blob_id, struct span *text_out)
{
    const char *known = blob_id ? jmap_resolve_id(call->request, blob_id) : NULL;
    struct buf warnings = BUF_INIT(call->arena);
    struct sieve_program *program;
    struct err err = ERR_INIT;
    struct blob blob;

    if (!known || !jmap_blob_find(call, known, &blob, &err))
        return known && err.kind != ERR_NOT_FOUND ? jmap_set_error_of(&err)
                                                  : jmap_set_error("blobNotFound", "There is no such blob.");
    *text_out = blob.bytes;
    if (!sieve_compile(blob.bytes, &program, &warnings, &err))
        return err.kind == ERR_INVALID || err.kind == ERR_LIMIT
                   ? jmap_set_error("invalidSieve", "%s", err.user)
                   : jmap_set_error_of(&err);
    sieve_program_release(&program);
    return NULL;
}

static json_t *put(struct jmap_call *call, const char *name, struct span text)
{
    struct script_limits limits = { .script_bytes = call->request->jmap->options.script_max };
    struct jmap_account *account = call->account;
    struct err err = ERR_INIT;

    return script_put(account->group, account->mailbox_id, name, text, &limits, &err) &&
                   mailbox_raise(account->mailbox, NULL, NULL, &err)
               ? NULL
               : refusal(&err);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    const struct scripts *scripts = arg;
    const char *name = json_string_value(json_object_get(object, "name"));
    struct span text;
    json_t *error;

    if (!name)
        name = talloc_asprintf(call->arena, "script-%s", creation_id);
    if (!script_name_is_valid(span_text(name)))
        return jmap_bad_property("name");
    if (script_of(call, scripts, jmap_script_id(call, name)))
        return jmap_set_error("alreadyExists", "There is a script of this name.");
    error = check(call, json_string_value(json_object_get(object, "blobId")), &text);
    if (!error)
        error = put(call, name, text);
    if (!error)
        *created_out = json_pack("{s:s, s:o, s:s, s:b}", "id", jmap_script_id(call, name), "name",
                                 jmap_text(name), "blobId", jmap_script_id(call, name), "isActive", 0);
    return error;
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    const struct scripts *scripts = arg;
    const struct script *script = script_of(call, scripts, id);
    const char *name = json_string_value(json_object_get(patch, "name")), *key;
    struct span text;
    json_t *error, *value;

    if (!script)
        return jmap_set_error("notFound", "There is no such script.");
    json_object_foreach(patch, key, value)
    {
        if (strcmp(key, "name") != 0 && strcmp(key, "blobId") != 0)
            return jmap_bad_property(key);
    }
    if (name && strcmp(name, script->name) != 0)
        return jmap_bad_property("name"); /* the id is made of it */
    if (!json_object_get(patch, "blobId"))
        return NULL;
    error = check(call, json_string_value(json_object_get(patch, "blobId")), &text);
    if (!error)
        error = put(call, script->name, text);
    if (!error)
        *updated_out = json_pack("{s:s}", "blobId", id);
    return error;
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    const struct script *script = script_of(call, arg, id);
    struct jmap_account *account = call->account;
    struct err err = ERR_INIT;

    if (!script)
        return jmap_set_error("notFound", "There is no such script.");
    return script_delete(account->group, account->mailbox_id, script->name, &err) &&
                   mailbox_raise(account->mailbox, NULL, NULL, &err)
               ? NULL
               : refusal(&err);
}

/* onSuccessActivateScript, onSuccessDeactivateScript: only where all that was asked for was done. */
static bool activate(struct jmap_call *call, const char *wanted)
{
    struct jmap_account *account = call->account;
    const char *id = wanted ? jmap_resolve_id(call->request, wanted) : NULL;
    struct scripts scripts = { .count = 0 };
    const struct script *script;
    struct err err = ERR_INIT;

    if (!load(call, &scripts, &err))
        return jmap_fail_err(call, &err);
    script = script_of(call, &scripts, id);
    if (wanted && !script)
        return true;
    if (!script_activate(account->group, account->mailbox_id, script ? script->name : NULL, &err) ||
        !mailbox_raise(account->mailbox, NULL, NULL, &err))
        return jmap_fail_err(call, &err);
    jmap_account_stale(account);
    if (!jmap_account_read(call->request, account, &err))
        return jmap_fail_err(call, &err);
    jmap_put(call, "newState", json_string(jmap_state(call)));
    return true;
}

bool sieve_set(struct jmap_call *call)
{
    struct scripts scripts = { .count = 0 };
    const char *wanted = jmap_arg_text(call, "onSuccessActivateScript");
    struct err err = ERR_INIT;
    bool deactivates;

    if (!jmap_arg_bool(call, "onSuccessDeactivateScript", false, &deactivates))
        return false;
    if (!load(call, &scripts, &err))
        return jmap_fail_err(call, &err);
    if (!jmap_set_run(call, &(struct jmap_set){ .create = create,
                                                .update = update,
                                                .destroy = destroy,
                                                .arg = &scripts,
                                                .changes = "name blobId" }))
        return false;
    if ((!wanted && !deactivates) || !json_is_null(json_object_get(call->out, "notCreated")) ||
        !json_is_null(json_object_get(call->out, "notUpdated")) ||
        !json_is_null(json_object_get(call->out, "notDestroyed")))
        return true;
    return activate(call, wanted);
}

bool sieve_validate(struct jmap_call *call)
{
    struct span text;
    json_t *error = check(call, jmap_arg_text(call, "blobId"), &text);

    if (error && strcmp(json_string_value(json_object_get(error, "type")), "blobNotFound") == 0) {
        json_decref(error);
        return jmap_fail(call, "blobNotFound", "There is no such blob.");
    }
    jmap_put(call, "error", error ? error : json_null());
    return true;
}
