/*
 * known_jmap.h -- the same of server/jmap: what tells of a refusal returns false, or an object.
 */
#ifndef TIDY_KNOWN_JMAP_H
#define TIDY_KNOWN_JMAP_H

#include "jmap/request.h"

static inline json_t *known_object(json_t *object)
{
    if (!object)
        __builtin_unreachable();
    return object;
}

#define jmap_fail(...) (jmap_fail(__VA_ARGS__), false)
#define jmap_fail_argument(...) (jmap_fail_argument(__VA_ARGS__), false)
#define jmap_set_error(...) known_object(jmap_set_error(__VA_ARGS__))
#define jmap_set_error_of(...) known_object(jmap_set_error_of(__VA_ARGS__))
#define jmap_bad_property(...) known_object(jmap_bad_property(__VA_ARGS__))

#endif
