/* owner.c -- see owner.h. */
#include "jmap/owner.h"

#include "jmap/account.h"
#include "jmap/get.h"
#include "mailbox/raise.h"

#include <ctype.h>
#include <glib.h>
#include <stdarg.h>
#include <talloc.h>

/* ---- names */

static const char *camel(const void *owner, const char *name)
{
    char *out = talloc_strdup(owner, name), *to = out;

    for (const char *p = name; *p; p++)
        *to++ = *p == '_' && p[1] ? (char)toupper((unsigned char)*++p) : *p;
    *to = '\0';
    return out;
}

static const char *snake(const void *owner, const char *name)
{
    char *out = talloc_array(owner, char, (unsigned)(2 * strlen(name) + 1)), *to = out;

    for (const char *p = name; *p; p++) {
        if (isupper((unsigned char)*p))
            *to++ = '_';
        *to++ = (char)tolower((unsigned char)*p);
    }
    *to = '\0';
    return out;
}

typedef const char *rename_function(const void *owner, const char *name);

/* A new reference. What comes from outside is no deeper than JMAP_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static json_t *renamed(const void *owner, json_t *value, rename_function *rename)
{
    json_t *out, *member;
    const char *name;
    size_t i;

    if (json_is_array(value)) {
        out = json_array();
        json_array_foreach(value, i, member) json_array_append_new(out, renamed(owner, member, rename));
        return out;
    }
    if (!json_is_object(value))
        return json_incref(value);
    out = json_object();
    json_object_foreach(value, name, member)
        json_object_set_new(out, rename(owner, name), renamed(owner, member, rename));
    return out;
}

/* ---- asking */

static char *account_path(const struct jmap_call *call, const char *root)
{
    char *address = g_uri_escape_string(call->request->identity->login, "@", TRUE);
    char *path = talloc_asprintf(call->arena, "%s/%s", root, address);

    g_free(address);
    return path;
}

const char *jmap_owner_path(const struct jmap_call *call, const char *format, ...)
{
    char *path = account_path(call, "/users");
    va_list values;

    va_start(values, format);
    path = talloc_vasprintf_append(path, format, values);
    va_end(values);
    return path;
}

const char *jmap_owner_path_of(const struct jmap_call *call, const struct owner_type *type, const char *more)
{
    return talloc_asprintf(call->arena, "%s%s%s", account_path(call, type->root ? type->root : "/users"),
                           type->path, more);
}

/* A password for one program opens mail, not the account. */
static bool may_ask(const struct jmap_call *call, struct err *err)
{
    return call->request->identity->app_password_id == 0 ||
           err_set(err, ERR_DENIED, "This is not possible with an app password.");
}

bool jmap_owner_ask(struct jmap_call *call, const char *method, const char *path, const json_t *in,
                    json_t **out, struct err *err)
{
    const struct jmap_options *options = &call->request->jmap->options;
    json_t *asked = in ? jmap_keep(call->arena, renamed(call->arena, (json_t *)(uintptr_t)in, snake)) : NULL;
    json_t *answer = NULL, *factor = NULL;

    call->factor = NULL;
    if (!may_ask(call, err))
        return false;
    bool done = options->ask_admin(options->host, call->request->http, call->request->identity, method, path,
                                   asked, &answer, &factor, err);
    if (factor)
        call->factor = jmap_keep(call->arena, renamed(call->arena, factor, camel));
    json_decref(factor);
    *out = jmap_keep(call->arena, answer ? renamed(call->arena, answer, camel) : json_object());
    json_decref(answer);
    return done;
}

json_t *jmap_owner_error(struct jmap_call *call, const struct err *err)
{
    json_t *error = call->factor            ? jmap_set_error("secondFactorNeeded", "%s", err->user)
                    : err->kind == ERR_AUTH ? jmap_set_error("forbidden", "%s", err->user)
                                            : jmap_set_error_of(err);

    if (call->factor)
        json_object_set(error, "factor", call->factor);
    return error;
}

bool jmap_owner_fail(struct jmap_call *call, const struct err *err)
{
    if (!call->factor)
        return err->kind == ERR_AUTH ? jmap_fail(call, "forbidden", "%s", err->user)
                                     : jmap_fail_err(call, err);
    (void)jmap_fail(call, "secondFactorNeeded", "%s", err->user);
    json_object_set(call->error, "factor", call->factor);
    return false;
}

bool jmap_owner_raise(struct jmap_call *call, struct err *err)
{
    return jmap_account_open(call->request, call->account, err) &&
           mailbox_raise(call->account->mailbox, NULL, NULL, err);
}

/* ---- lists */

static const char *id_in(const void *owner, const struct owner_type *type, const json_t *object,
                         size_t number)
{
    const json_t *id = json_object_get(object, "id");

    if (type->is_numbered)
        return talloc_asprintf(owner, "%zu", number);
    return json_is_integer(id) ? talloc_asprintf(owner, "%lld", (long long)json_integer_value(id))
                               : talloc_strdup(owner, json_string_value(id) ? json_string_value(id) : "");
}

bool jmap_owner_list(struct jmap_call *call, const struct owner_type *type, json_t **by_id_out,
                     struct err *err)
{
    json_t *answer, *object;
    size_t i;

    *by_id_out = jmap_keep(call->arena, json_object());
    if (!jmap_owner_ask(call, "GET", jmap_owner_path_of(call, type, ""), NULL, &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, type->list), i, object)
    {
        const char *id = id_in(call->arena, type, object, i);
        json_object_set_new(object, "id", json_string(id));
        json_object_set(*by_id_out, id, object);
    }
    return true;
}

struct listed {
    const struct owner_type *type;
    json_t *by_id;
};

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct listed *listed = arg;
    const json_t *known = json_object_get(listed->by_id, id);

    (void)call;
    return known ? jmap_only(known, listed->type->names, listed->type->name_count, wanted) : NULL;
}

bool jmap_owner_get(struct jmap_call *call, const struct owner_type *type)
{
    json_t *all = jmap_keep(call->arena, json_array()), *object;
    struct listed listed = { type, NULL };
    struct err err = ERR_INIT;
    const char *id;
    uint64_t wanted;

    if (!jmap_wanted(call, type->names, type->name_count, UINT64_MAX, &wanted))
        return false;
    if (!jmap_owner_list(call, type, &listed.by_id, &err))
        return jmap_owner_fail(call, &err);
    json_object_foreach(listed.by_id, id, object)
    {
        if (json_array_size(all) < JMAP_GET_MAX)
            json_array_append_new(all, json_string(id));
    }
    return jmap_get_each(call, all, wanted, object_of, &listed);
}

json_t *jmap_owner_create(struct jmap_call *call, const char *creation_id, json_t *object,
                          json_t **created_out, void *type)
{
    const struct owner_type *of = type;
    struct err err = ERR_INIT;
    json_t *answer;

    (void)creation_id;
    if (!jmap_owner_ask(call, "POST", jmap_owner_path_of(call, of, ""), object, &answer, &err) ||
        !jmap_owner_raise(call, &err))
        return jmap_owner_error(call, &err);
    json_object_set_new(answer, "id", json_string(id_in(call->arena, of, answer, 0)));
    *created_out = json_incref(answer);
    return NULL;
}

json_t *jmap_owner_destroy(struct jmap_call *call, const char *id, void *type)
{
    const struct owner_type *of = type;
    const char *said = id;
    struct err err = ERR_INIT;
    json_t *by_id, *answer;
    char *escaped;

    if (of->is_said_by) {
        if (!jmap_owner_list(call, of, &by_id, &err))
            return jmap_owner_error(call, &err);
        said = json_string_value(json_object_get(json_object_get(by_id, id), of->is_said_by));
        if (!said)
            return jmap_set_error("notFound", "There is no such object.");
    }
    escaped = g_uri_escape_string(said, NULL, TRUE);
    bool done = jmap_owner_ask(call, "DELETE",
                               jmap_owner_path_of(call, of, talloc_asprintf(call->arena, "/%s", escaped)),
                               NULL, &answer, &err) &&
                jmap_owner_raise(call, &err);
    g_free(escaped);
    return done ? NULL : jmap_owner_error(call, &err);
}
