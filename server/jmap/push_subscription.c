/* push_subscription.c -- PushSubscription/get and set (RFC 8620, 7.2): whom push_tell.c tells. They are the person's, no account's. */
#include "auth/web_push.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/wake.h"
#include "directory/push.h"
#include "format/base32.h"
#include "jmap/get.h"
#include "jmap/listen.h"
#include "jmap/methods.h"
#include "jmap/push_tell.h"

#include <stdlib.h>
#include <talloc.h>

enum { TYPES_MAX = 50, CODE_BYTES = 16 };

/* url and keys are not given back (7.2.1): whoever may ask could use them. */
static const char *const names[] = { "id", "deviceClientId", "verificationCode", "expires", "types" };
enum { DEVICE_BIT = 2, CODE_BIT = 4, EXPIRES_BIT = 8, TYPES_BIT = 16 };

struct subscriptions {
    struct push_subscription *list;
    size_t count;
};

static bool load(struct jmap_call *call, struct subscriptions *out, struct err *err)
{
    return push_list(call->request->jmap->options.directory, call->arena,
                     call->request->identity->recipient_id, &out->list, &out->count, err);
}

static struct push_subscription *subscription_of(const struct subscriptions *all, const char *id)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].id, id) == 0)
            return &all->list[i];
    return NULL;
}

/* ---- get */

static json_t *types_of(const char *text)
{
    json_t *list = json_array();

    for (const char *at = text; *at; at += strcspn(at, ","), at += *at == ',')
        json_array_append_new(list, json_stringn(at, strcspn(at, ",")));
    return list;
}

static json_t *object_of(struct jmap_call *call UNUSED, const char *id, uint64_t wanted, void *arg)
{
    const struct push_subscription *s = subscription_of(arg, id);
    json_t *object;

    if (!s)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    if (wanted & DEVICE_BIT)
        json_object_set_new(object, "deviceClientId", json_string(s->device));
    if (wanted & CODE_BIT)
        json_object_set_new(object, "verificationCode", s->is_verified ? json_string(s->code) : json_null());
    if (wanted & EXPIRES_BIT)
        json_object_set_new(object, "expires", jmap_date(s->expires_us));
    if (wanted & TYPES_BIT)
        json_object_set_new(object, "types", s->types ? types_of(s->types) : json_null());
    return object;
}

static bool asks_for_secrets(const struct jmap_call *call)
{
    const json_t *properties = json_object_get(call->in, "properties"), *name;
    size_t i;

    json_array_foreach(properties, i, name)
    {
        const char *text = json_string_value(name);
        if (text && (strcmp(text, "url") == 0 || strcmp(text, "keys") == 0))
            return true;
    }
    return false;
}

bool push_subscription_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct subscriptions subscriptions;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (asks_for_secrets(call))
        return jmap_fail(call, "forbidden", "url and keys are not given back.");
    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!load(call, &subscriptions, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < subscriptions.count; i++)
        json_array_append_new(all, json_string(subscriptions.list[i].id));
    return jmap_get_each(call, all, wanted, object_of, &subscriptions);
}

/* ---- what a client says of one */

/* False: it is neither null nor a list of names; *types_out NULL: all. */
static bool read_types(const void *arena, const json_t *value, const char **types_out)
{
    char *text = talloc_strdup(arena, "");
    json_t *name;
    size_t i;

    *types_out = NULL;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_array(value) || json_array_size(value) > TYPES_MAX)
        return false;
    json_array_foreach(value, i, name)
    {
        const char *type = json_string_value(name);
        if (!type || !jmap_is_id(type))
            return false;
        text = talloc_asprintf_append(text, "%s%s", *text ? "," : "", type);
    }
    *types_out = text;
    return true;
}

/* Not longer than we go on without hearing of the client. */
static bool read_expires(const json_t *value, int64_t *us_out)
{
    int64_t now_us = clock_now_us(), most_us = now_us + PUSH_DAYS_MAX * 86400 * US_PER_S;

    *us_out = most_us;
    if (!value || json_is_null(value))
        return true;
    if (!jmap_take_date(value, us_out) || *us_out <= now_us)
        return false;
    *us_out = *us_out < most_us ? *us_out : most_us;
    return true;
}

static bool is_url(const char *text)
{
    if (!text || strncmp(text, "https://", 8) != 0 || strlen(text) > PUSH_URL_MAX)
        return false;
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return true;
}

static bool read_bytes(void *arena, const json_t *value, size_t wanted, struct span *out)
{
    struct buf bytes = BUF_INIT(arena);
    struct span text = span_text(json_string_value(value));

    while (!span_is_empty(text) && text.end[-1] == '=')
        text.end--;
    if (!json_is_string(value) || !base64url_read(text, wanted, &bytes))
        return false;
    *out = buf_span(&bytes);
    return span_length(*out) == wanted;
}

static bool read_keys(void *arena, const json_t *value, struct push_subscription *s)
{
    if (!value || json_is_null(value))
        return true;
    return json_is_object(value) &&
           read_bytes(arena, json_object_get(value, "p256dh"), PUSH_KEY_BYTES, &s->public_key) &&
           read_bytes(arena, json_object_get(value, "auth"), PUSH_SECRET_BYTES, &s->secret) &&
           web_push_is_key(s->public_key);
}

/* The name of the property that is wrong; NULL: all are right. */
static const char *read_new(struct jmap_call *call, json_t *object, struct push_subscription *s)
{
    static const char *const settable[] = { "deviceClientId", "url",   "keys",
                                            "expires",        "types", "verificationCode" };
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (i < COUNT_OF(settable) && strcmp(settable[i], name) != 0)
            i++;
        if (i == COUNT_OF(settable) || (strcmp(name, "verificationCode") == 0 && !json_is_null(value)))
            return name;
    }
    s->device = json_string_value(json_object_get(object, "deviceClientId"));
    s->url = json_string_value(json_object_get(object, "url"));
    return !s->device || !*s->device || strlen(s->device) > PUSH_DEVICE_MAX        ? "deviceClientId"
           : !is_url(s->url)                                                       ? "url"
           : !read_keys(call->arena, json_object_get(object, "keys"), s)           ? "keys"
           : !read_expires(json_object_get(object, "expires"), &s->expires_us)     ? "expires"
           : !read_types(call->arena, json_object_get(object, "types"), &s->types) ? "types"
                                                                                   : NULL;
}

/* ---- set */

static void announce(const struct jmap_call *call)
{
    wake_publish(call->request->jmap->options.wake, DIRECTORY_WAKE_GROUP, PUSH_WAKE_CHANGED, 0);
}

static json_t *create(struct jmap_call *call, const char *creation_id UNUSED, json_t *object,
                      json_t **created_out, void *arg UNUSED)
{
    const struct identity *who = call->request->identity;
    struct push_subscription s = { .organisation_id = who->organisation_id,
                                   .recipient_id = who->recipient_id,
                                   .app_password_id = who->app_password_id };
    char code[2 * CODE_BYTES + 1];
    uint8_t random[CODE_BYTES];
    const char *wrong = read_new(call, object, &s), *id;
    struct err err = ERR_INIT;

    if (wrong)
        return jmap_bad_property(wrong);
    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), code);
    s.code = code;
    if (!push_add(call->request->jmap->options.directory, call->arena, &s, &id, &err))
        return err.kind == ERR_LIMIT ? jmap_set_error("overQuota", "%s", err.user) : jmap_set_error_of(&err);
    announce(call);
    *created_out = json_pack("{s:s, s:o}", "id", id, "expires", jmap_date(s.expires_us));
    return NULL;
}

/* From here on its program is told; what happens while nobody has looked yet, too. */
static json_t *verify(struct jmap_call *call, const json_t *value, struct push_subscription *s)
{
    const char *code = json_string_value(value);
    struct listener *listener;
    struct err err = ERR_INIT;
    json_t *told;
    char *text;

    if (!code || !equal_in_constant_time(span_text(code), span_text(s->code)))
        return jmap_bad_property("verificationCode");
    if (s->is_verified)
        return NULL;
    if (!jmap_listen(call->request, &listener, &err))
        return jmap_set_error_of(&err);
    told = jmap_listen_save(listener);
    text = json_dumps(told, JSON_COMPACT);
    s->told = talloc_strdup(call->arena, text);
    s->is_verified = true;
    free(text);
    json_decref(told);
    jmap_listen_end(&listener);
    return NULL;
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out,
                      void *arg UNUSED)
{
    struct subscriptions all;
    struct push_subscription *s;
    struct err err = ERR_INIT;
    json_t *value, *error = NULL;
    const char *name;

    if (!load(call, &all, &err))
        return jmap_set_error_of(&err);
    s = subscription_of(&all, id);
    if (!s)
        return jmap_set_error("notFound", "There is no such subscription.");
    s->told = NULL;
    json_object_foreach(patch, name, value)
    {
        if (error)
            break;
        if (strcmp(name, "verificationCode") == 0)
            error = verify(call, value, s);
        else if (!(strcmp(name, "expires") == 0 ? read_expires(value, &s->expires_us)
                   : strcmp(name, "types") == 0 ? read_types(call->arena, value, &s->types)
                                                : false))
            error = jmap_bad_property(name);
    }
    if (error)
        return error;
    if (!push_set(call->request->jmap->options.directory, s, &err))
        return jmap_set_error_of(&err);
    announce(call);
    if (json_object_get(patch, "expires"))
        *updated_out = json_pack("{s:o}", "expires", jmap_date(s->expires_us));
    return NULL;
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg UNUSED)
{
    struct err err = ERR_INIT;

    if (!push_remove(call->request->jmap->options.directory, call->request->identity->recipient_id, id, &err))
        return jmap_set_error_of(&err);
    announce(call);
    return NULL;
}

bool push_subscription_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = create, .update = update, .destroy = destroy });
}
