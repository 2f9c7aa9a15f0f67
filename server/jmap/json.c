/* json.c -- small things about JSON, ids and errors that all methods use. */
#include "base/log.h"
#include "format/date.h"
#include "jmap/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <talloc.h>

struct kept {
    json_t *json;
};

static int release(struct kept *kept)
{
    json_decref(kept->json);
    return 0;
}

json_t *jmap_keep(void *arena, json_t *json)
{
    struct kept *kept = talloc(arena, struct kept);

    kept->json = json;
    talloc_set_destructor(kept, release);
    return json;
}

void jmap_put(struct jmap_call *call, const char *name, json_t *value)
{
    (void)json_object_set_new(call->out, name, value);
}

json_t *jmap_text(const char *text)
{
    json_t *json = text ? json_string(text) : NULL;

    return json ? json : json_null();
}

json_t *jmap_date(int64_t us)
{
    char text[DATE_TEXT_MAX];

    date_render_utc(text, us - us % 1000000);
    return json_string(text);
}

bool jmap_take_date(const json_t *value, int64_t *us_out)
{
    size_t length = json_string_length(value);

    return length > 0 && json_string_value(value)[length - 1] == 'Z' &&
           date_parse_utc(span_text(json_string_value(value)), us_out);
}

/* ---- errors */

PRINTF_LIKE(2, 0) static json_t *error_of(const char *type, const char *format, va_list arguments)
{
    char text[512];

    vsnprintf(text, sizeof text, format, arguments);
    return json_pack("{s:s, s:o}", "type", type, "description", jmap_text(text));
}

bool jmap_fail(struct jmap_call *call, const char *type, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    json_decref(call->error);
    call->error = error_of(type, format, arguments);
    va_end(arguments);
    return false;
}

bool jmap_fail_argument(struct jmap_call *call, const char *name)
{
    return jmap_fail(call, "invalidArguments", "The argument %.100s is missing or not what it may be.", name);
}

/* RFC 8620, 3.6.2 and 5.3: of a whole call, and of one object. */
static const struct {
    const char *method, *set;
} type_of[ERR_KINDS] = {
    [ERR_NONE] = { "serverFail", "serverFail" },
    [ERR_NOT_FOUND] = { "notFound", "notFound" },
    [ERR_EXISTS] = { "invalidArguments", "alreadyExists" },
    [ERR_DENIED] = { "forbidden", "forbidden" },
    [ERR_AUTH] = { "forbidden", "forbidden" },
    [ERR_EXPIRED] = { "forbidden", "forbidden" },
    [ERR_SUSPENDED] = { "forbidden", "forbidden" },
    [ERR_QUOTA] = { "overQuota", "overQuota" },
    [ERR_INVALID] = { "invalidArguments", "invalidProperties" },
    [ERR_LIMIT] = { "requestTooLarge", "tooLarge" },
    [ERR_CONFLICT] = { "stateMismatch", "willDestroy" },
    [ERR_DEPENDED_ON] = { "forbidden", "forbidden" },
    [ERR_BUSY] = { "serverUnavailable", "serverUnavailable" },
    [ERR_NO_ROOM] = { "serverUnavailable", "serverUnavailable" },
    [ERR_UNKNOWN] = { "serverPartialFail", "serverUnavailable" },
    [ERR_INTERNAL] = { "serverFail", "serverFail" },
};

static void note(const struct err *err)
{
    if (err->kind == ERR_INTERNAL)
        log_err(LOG_LEVEL_ERROR, "jmap.failed", err);
}

bool jmap_fail_err(struct jmap_call *call, const struct err *err)
{
    note(err);
    return jmap_fail(call, type_of[err->kind].method, "%s", err->user);
}

json_t *jmap_set_error(const char *type, const char *format, ...)
{
    va_list arguments;
    json_t *error;

    va_start(arguments, format);
    error = error_of(type, format, arguments);
    va_end(arguments);
    return error;
}

json_t *jmap_set_error_of(const struct err *err)
{
    note(err);
    return jmap_set_error(type_of[err->kind].set, "%s", err->user);
}

json_t *jmap_bad_property(const char *property)
{
    return json_pack("{s:s, s:[s]}", "type", "invalidProperties", "properties", property);
}

/* ---- arguments */

const char *jmap_arg_text(const struct jmap_call *call, const char *name)
{
    return json_string_value(json_object_get(call->in, name));
}

bool jmap_arg_bool(struct jmap_call *call, const char *name, bool standard, bool *value_out)
{
    const json_t *value = json_object_get(call->in, name);

    *value_out = !value || json_is_null(value) ? standard : json_is_true(value);
    return !value || json_is_null(value) || json_is_boolean(value) || jmap_fail_argument(call, name);
}

bool jmap_arg_int(struct jmap_call *call, const char *name, int64_t least, int64_t most, int64_t standard,
                  int64_t *value_out)
{
    const json_t *value = json_object_get(call->in, name);
    double real = json_is_real(value) ? json_real_value(value) : 0;

    *value_out = standard;
    if (!value || json_is_null(value))
        return true;
    if (json_is_real(value) && real > -9007199254740992.0 && real < 9007199254740992.0 &&
        !((double)(int64_t)real < real) && !((double)(int64_t)real > real))
        *value_out = (int64_t)real;
    else if (json_is_integer(value))
        *value_out = json_integer_value(value);
    else
        return jmap_fail_argument(call, name);
    return (*value_out >= least && *value_out <= most) || jmap_fail_argument(call, name);
}

bool jmap_is_word_of(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t here = strcspn(at, " ");
        if (here == length && strncmp(at, word, length) == 0)
            return true;
        at += here;
    }
    return false;
}

bool jmap_is_id(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= JMAP_ID_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

const char *jmap_resolve_id(const struct jmap_request *request, const char *text)
{
    return *text == '#' ? json_string_value(json_object_get(request->created, text + 1)) : text;
}

void jmap_note_created(struct jmap_request *request, const char *creation_id, const char *id)
{
    (void)json_object_set_new(request->created, creation_id, json_string(id));
}

/* ---- ids */

const char *jmap_id_of(const struct jmap_call *call, enum group_id_kind kind, int64_t id)
{
    char *text = talloc_size(call->arena, GROUP_PUBLIC_ID_SIZE);

    group_public_id(call->account->group, kind, id, text);
    return text;
}

bool jmap_id_decode(const struct jmap_account *account, enum group_id_kind kind, const char *text,
                    int64_t *id_out)
{
    return text && group_public_id_decode(account->group, kind, span_text(text), id_out);
}
