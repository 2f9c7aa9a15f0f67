/* target.c -- folder, flags and keywords of a queued copy as JSON. */
#include "accept/target.h"

#include <jansson.h>
#include <stdlib.h>
#include <talloc.h>

static bool is_plain(const struct filing_target *target)
{
    return !target->folder_id && !target->special_use && !target->folder_name && !target->flags &&
           !target->keywords && !target->ignores_quota;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, int64_t number)
{
    if (number)
        json_object_set_new(object, key, json_integer(number));
}

char *accept_target_text(const void *owner, const struct filing_target *target)
{
    json_t *object, *keywords;
    char *text, *copy;

    if (is_plain(target))
        return NULL;
    object = json_object();
    set_number(object, "id", target->folder_id);
    set_text(object, "use", target->special_use);
    set_text(object, "folder", target->folder_name);
    set_number(object, "flags", (int64_t)target->flags);
    set_number(object, "always", target->ignores_quota);
    if (target->keywords) {
        keywords = json_array();
        for (const char *const *name = target->keywords; *name; name++)
            json_array_append_new(keywords, json_string(*name));
        json_object_set_new(object, "keywords", keywords);
    }
    text = json_dumps(object, JSON_COMPACT);
    copy = talloc_strdup(owner, text);
    free(text);
    json_decref(object);
    return copy;
}

static const char *get_text(const void *owner, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? talloc_strdup(owner, text) : NULL;
}

static const char *const *get_keywords(const void *owner, const json_t *list)
{
    size_t count = json_array_size(list), kept = 0;
    const char **keywords;

    if (count == 0)
        return NULL;
    keywords = talloc_zero_array(owner, const char *, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        if (json_is_string(json_array_get(list, i)))
            keywords[kept++] = talloc_strdup(keywords, json_string_value(json_array_get(list, i)));
    return keywords;
}

void accept_target_read(const void *owner, const char *text, struct filing_target *target_io)
{
    json_t *object = text ? json_loads(text, 0, NULL) : NULL;

    if (!object)
        return;
    target_io->folder_id = json_integer_value(json_object_get(object, "id"));
    target_io->special_use = get_text(owner, object, "use");
    target_io->folder_name = get_text(owner, object, "folder");
    target_io->flags = (uint64_t)json_integer_value(json_object_get(object, "flags"));
    target_io->ignores_quota = json_integer_value(json_object_get(object, "always")) != 0;
    target_io->keywords = get_keywords(owner, json_object_get(object, "keywords"));
    json_decref(object);
}
