/* config.c -- what is configured, read section by section. */
#include "admin_api/config.h"

#include "admin_api/right.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

struct act_caller config_caller(const struct admin_call *call)
{
    return (struct act_caller){ .name = call->actor.name,
                                .peer = call->actor.peer,
                                .recipient_id = call->holder ? call->actor.recipient_id : 0,
                                .permissions = call->holder ? call->holder->permissions_max : UINT64_MAX };
}

/* ---- names of objects */

char *config_object_id(void *arena, const struct config_section *section, const json_t *object)
{
    char **names = g_strsplit(section->id, " ", -1), *id = talloc_strdup(arena, "");

    for (size_t i = 0; names[i]; i++) {
        const char *part = json_string_value(json_object_get(object, names[i]));
        if (part && *part)
            id = talloc_asprintf_append(id, "%s%s", *id ? "/" : "", part);
    }
    g_strfreev(names);
    return id;
}

static char *text_of(void *arena, const json_t *value)
{
    return json_is_integer(value)
               ? talloc_asprintf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value))
               : talloc_strdup(arena, json_is_string(value) ? json_string_value(value) : "");
}

/* What stands from here to the next {name}; *pattern is behind it. */
static char *literal(void *arena, const char **pattern)
{
    size_t length = strcspn(*pattern, "{");
    char *text = talloc_strndup(arena, *pattern, length);

    *pattern += length;
    return text;
}

/* A parameter of the query without a value: back to before its name. */
static void drop_parameter(char *path)
{
    char *mark = strrchr(path, '&');

    if (!mark)
        mark = strchr(path, '?');
    if (mark)
        *mark = '\0';
}

char *config_object_path(void *arena, const char *pattern, const json_t *object)
{
    char *path = talloc_strdup(arena, "");

    while (*pattern) {
        char *text = literal(arena, &pattern);
        if (*text == '&' && !strchr(path, '?'))
            *text = '?'; /* the parameter before it was dropped */
        path = talloc_strdup_append(path, text);
        if (*pattern == '\0')
            break;
        const char *name = talloc_strndup(arena, pattern + 1, strcspn(pattern + 1, "}"));
        char *encoded = g_uri_escape_string(text_of(arena, json_object_get(object, name)), NULL, FALSE);
        if (*encoded == '\0')
            drop_parameter(path);
        path = talloc_strdup_append(path, encoded);
        g_free(encoded);
        pattern += strcspn(pattern, "}") + 1;
    }
    return path;
}

/* ---- reading */

static int by_text(const void *left, const void *right)
{
    json_t *const *a = left, *const *b = right;

    return strcmp(json_is_string(*a) ? json_string_value(*a) : "",
                  json_is_string(*b) ? json_string_value(*b) : "");
}

/* Lists of texts in an order of their own would differ for nothing. */
static json_t *sorted(json_t *value)
{
    size_t count = json_array_size(value);
    json_t **items = g_new(json_t *, count + 1), *list;

    if (!json_is_array(value)) {
        g_free(items);
        return json_incref(value);
    }
    for (size_t i = 0; i < count; i++)
        items[i] = json_array_get(value, i);
    qsort(items, count, sizeof *items, by_text);
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append(list, items[i]);
    g_free(items);
    return list;
}

static void take_fields(json_t *out, const json_t *shown, const char *names)
{
    char **all = g_strsplit(names ? names : "", " ", -1);

    for (size_t i = 0; all[i]; i++) {
        json_t *value = json_object_get(shown, all[i]);
        if (value && !json_is_null(value))
            json_object_set_new(out, all[i], sorted(value));
    }
    g_strfreev(all);
}

struct reading {
    struct admin_call *call;
    const struct config_section *section;
    json_t *out, *left_out; /* left_out NULL: nobody wants to know */
};

static bool get(const struct reading *r, const char *path, json_t **answer_out, struct err *err)
{
    const struct act_caller caller = config_caller(r->call);

    return act(r->call->api, r->call->arena, &caller, "GET", path, NULL, answer_out, err);
}

static bool is_here(const struct reading *r, const json_t *shown, const json_t *of)
{
    return !r->section->is_said || r->section->is_said(shown, of);
}

static bool read_details(const struct reading *r, json_t **shown, struct err *err)
{
    json_t *details;

    if (!r->section->has_details)
        return true;
    if (!get(r, config_object_path(r->call->arena, r->section->item, *shown), &details, err))
        return false;
    json_decref(*shown);
    *shown = details;
    return true;
}

/* ---- what the text does not tell */

static void leave_out(const struct reading *r, const json_t *shown, const char *field)
{
    if (r->left_out)
        json_array_append_new(r->left_out,
                              json_pack("{s:s, s:s, s:s}", "section", r->section->name, "object",
                                        config_object_id(r->call->arena, r->section, shown), "field", field));
}

static bool is_set(const json_t *value)
{
    return json_is_true(value) || (json_is_string(value) && *json_string_value(value));
}

static void leave_fields_out(const struct reading *r, const json_t *shown)
{
    char **pairs = g_strsplit(r->section->left_out ? r->section->left_out : "", " ", -1);

    for (size_t i = 0; pairs[i]; i++) {
        char *field = strchr(pairs[i], '=');
        *field++ = '\0';
        if (is_set(json_object_get(shown, pairs[i])))
            leave_out(r, shown, field);
    }
    g_strfreev(pairs);
}

/* A setting that is a secret. */
static bool is_secret(const json_t *shown)
{
    const char *value = json_string_value(json_object_get(shown, "value"));

    return value && strcmp(value, "(set)") == 0;
}

/* ---- objects and lists of them */

static void take_object(const struct reading *r, const json_t *shown)
{
    json_t *object;

    if (is_secret(shown)) {
        leave_out(r, shown, "value");
        return;
    }
    leave_fields_out(r, shown);
    if (!r->section->create)
        return;
    object = json_object();
    take_fields(object, shown, r->section->named);
    take_fields(object, shown, r->section->create);
    take_fields(object, shown, r->section->change);
    take_fields(object, shown, r->section->key);
    json_array_append_new(r->out, object);
}

/* `of`: {"organisation", "domain"}, as far as the list is of one. */
static bool read_object(const struct reading *r, const json_t *item, const json_t *of, struct err *err)
{
    json_t *shown = json_copy((json_t *)(uintptr_t)item);
    bool done = true;

    if (is_here(r, shown, of)) {
        done = read_details(r, &shown, err);
        json_object_update(shown, (json_t *)(uintptr_t)of);
        if (done && r->section->adapt)
            r->section->adapt(shown);
        if (done && is_here(r, shown, of))
            take_object(r, shown);
    }
    json_decref(shown);
    return done;
}

static bool add_list(const struct reading *r, const json_t *of, struct err *err)
{
    json_t *answer, *items, *item, *domain;
    size_t i;

    if (!get(r, config_object_path(r->call->arena, r->section->list, of), &answer, err))
        return false;
    items = r->section->field ? json_incref(json_object_get(answer, r->section->field))
                              : json_pack("[O]", answer);
    bool done = true;
    json_array_foreach(items, i, item) done = done && read_object(r, item, of, err);
    json_array_foreach(r->section->below && !json_object_get(of, "domain")
                           ? json_object_get(answer, r->section->below)
                           : NULL,
                       i, domain)
    {
        json_t *below = json_copy((json_t *)(uintptr_t)of);
        json_object_set(below, "domain", domain);
        done = done && add_list(r, below, err);
        json_decref(below);
    }
    json_decref(items);
    json_decref(answer);
    return done;
}

static bool add_lists_of_organisations(const struct reading *r, struct err *err)
{
    json_t *answer, *organisation;
    size_t i;

    if (!get(r, "/organisations", &answer, err))
        return false;
    bool done = true;
    json_array_foreach(json_object_get(answer, "organisations"), i, organisation)
    {
        json_t *of = json_pack("{s:O}", "organisation", json_object_get(organisation, "name"));
        done = done && add_list(r, of, err);
        json_decref(of);
    }
    json_decref(answer);
    return done;
}

static bool add_list_of_none(const struct reading *r, struct err *err)
{
    json_t *nothing = json_object();
    bool done = add_list(r, nothing, err);

    json_decref(nothing);
    return done;
}

bool config_section_read(struct admin_call *call, const struct config_section *section, json_t **list_out,
                         json_t *left_out, struct err *err)
{
    const struct reading reading = {
        .call = call, .section = section, .out = json_array(), .left_out = left_out
    };

    *list_out = reading.out;
    if ((section->lists == CONFIG_OF_ORGANISATIONS || add_list_of_none(&reading, err)) &&
        (section->lists == CONFIG_ONCE || add_lists_of_organisations(&reading, err)))
        return true;
    json_decref(*list_out);
    *list_out = NULL;
    return false;
}

static void drop_key(json_t *list, const char *key)
{
    json_t *object;
    size_t i;

    json_array_foreach(key ? list : NULL, i, object) json_object_del(object, key);
}

bool config_get(struct admin_call *call, struct err *err)
{
    json_t *config = json_pack("{s:i}", "version", 1), *left_out = json_array(), *list;
    size_t count;
    const struct config_section *sections = config_sections(&count);

    for (size_t i = 0; i < count; i++) {
        if (!config_section_read(call, &sections[i], &list, left_out, err)) {
            json_decref(left_out);
            json_decref(config);
            return false;
        }
        drop_key(list, sections[i].key);
        if (sections[i].create)
            json_object_set(config, sections[i].name, list);
        json_decref(list);
    }
    json_object_set_new(config, "left_out", left_out);
    return call_answer(call, config);
}
