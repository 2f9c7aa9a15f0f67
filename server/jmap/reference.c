/* reference.c -- see reference.h. */
#include "jmap/reference.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 64, KEY_MAX = 512 };

struct evaluation {
    size_t left; /* values that may yet be touched */
};

/* One step of a JSON pointer (RFC 6901): the text up to the next '/', "~1" and "~0" decoded. */
static bool take_step(const char **path, char key[KEY_MAX])
{
    const char *p = *path;
    size_t length = 0;

    for (; *p && *p != '/'; p++) {
        char c = *p;
        if (c == '~' && (p[1] == '0' || p[1] == '1'))
            c = *++p == '0' ? '~' : '/';
        if (length == KEY_MAX - 1)
            return false;
        key[length++] = c;
    }
    key[length] = '\0';
    *path = *p ? p + 1 : p;
    return true;
}

static json_t *member(const json_t *value, const char *key)
{
    size_t digits = strspn(key, "0123456789");

    if (json_is_object(value))
        return json_object_get(value, key);
    if (!json_is_array(value) || digits == 0 || key[digits] || digits > 9 || (*key == '0' && digits > 1))
        return NULL;
    return json_array_get(value, (size_t)strtoul(key, NULL, 10));
}

/* Appends what the rest of the path gives below each element; an array is taken apart once. */
static json_t *evaluate(struct evaluation *e, json_t *value, const char *path, unsigned steps);

static json_t *each(struct evaluation *e, json_t *array, const char *path, unsigned steps)
{
    json_t *all = json_array(), *element, *part;
    size_t i;

    json_array_foreach(array, i, element)
    {
        json_t *found = e->left-- > 0 ? evaluate(e, element, path, steps) : NULL;
        size_t k;

        if (!found) {
            json_decref(all);
            return NULL;
        }
        if (json_is_array(found)) {
            json_array_foreach(found, k, part) json_array_append(all, part);
        } else {
            json_array_append(all, found);
        }
        json_decref(found);
        if (json_array_size(all) > e->left) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static json_t *evaluate(struct evaluation *e, json_t *value, const char *path, unsigned steps)
{
    char key[KEY_MAX];

    while (*path) {
        if (steps++ == STEPS_MAX || !take_step(&path, key))
            return NULL;
        if (json_is_array(value) && strcmp(key, "*") == 0)
            return each(e, value, path, steps);
        value = member(value, key);
        if (!value)
            return NULL;
    }
    return json_incref(value);
}

static json_t *response_of(const json_t *responses, const char *call_id, const char *name)
{
    json_t *response;
    size_t i;

    json_array_foreach(responses, i, response)
    {
        if (strcmp(json_string_value(json_array_get(response, 2)), call_id) == 0)
            return strcmp(json_string_value(json_array_get(response, 0)), name) == 0
                       ? json_array_get(response, 1)
                       : NULL;
    }
    return NULL;
}

static json_t *follow(const json_t *reference, const json_t *responses, size_t values_max)
{
    const char *of = json_string_value(json_object_get(reference, "resultOf"));
    const char *name = json_string_value(json_object_get(reference, "name"));
    const char *path = json_string_value(json_object_get(reference, "path"));
    struct evaluation evaluation = { .left = values_max };
    json_t *answer, *found;

    if (!of || !name || !path || (*path && *path != '/'))
        return NULL;
    answer = response_of(responses, of, name);
    found = answer ? evaluate(&evaluation, answer, *path ? path + 1 : path, 0) : NULL;
    if (json_is_array(found) && json_array_size(found) > values_max) {
        json_decref(found);
        return NULL;
    }
    return found;
}

json_t *jmap_resolve(const json_t *in, const json_t *responses, size_t values_max, struct err *err)
{
    json_t *out = json_object(), *value, *found;
    json_t *arguments = json_incref((json_t *)(uintptr_t)in);
    const char *name;

    json_object_foreach(arguments, name, value)
    {
        if (*name != '#') {
            json_object_set(out, name, value);
            continue;
        }
        if (json_object_get(in, name + 1) || !json_is_object(value)) {
            err_set(err, ERR_INVALID, "The argument %.100s is there twice, or no reference.", name);
            break;
        }
        found = follow(value, responses, values_max);
        if (!found) {
            err_set(err, ERR_NOT_FOUND, "The reference %.100s leads nowhere.", name);
            break;
        }
        json_object_set_new(out, name + 1, found);
    }
    json_decref(arguments);
    if (err->kind == ERR_NONE)
        return out;
    json_decref(out);
    return NULL;
}
