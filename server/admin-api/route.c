/* route.c -- finding the row of a request. */
#include "admin_api/route.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

#define PREFIX "/api/v1"
enum { JSON_BODY_MAX = 8 << 20, BATCH_MAX = 96 << 20 };
/* A body is read before anybody knows who sends it. */
enum { REMOTE_BODY_MAX = 256 << 10, REMOTE_BATCH_MAX = 1 << 20 };

/* "/users/{address}" on "/users/ada@example.org": one segment for each brace, whose slashes are encoded. */
static bool matches(const char *pattern, const char *path, void *arena, const char **parameters)
{
    size_t count = 0;

    while (*pattern && *path) {
        if (*pattern == '{') {
            size_t length = strcspn(path, "/");
            if (length == 0 || count == PARAMETERS_MAX)
                return false;
            if (parameters)
                parameters[count] = http_name(arena, span_of(path, length));
            count++;
            path += length;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == '\0' && *path == '\0';
}

/* "/queue/lanes" is not the message `lanes`. */
static bool is_nearer(const struct admin_route *route, const struct admin_route *found)
{
    return !found || !strchr(route->pattern, '{') || strlen(route->pattern) > strlen(found->pattern);
}

static const struct admin_route *find_below(const char *method, const char *path, bool *is_known_path_out)
{
    size_t count;
    const struct admin_route *routes = admin_routes(&count), *found = NULL;

    *is_known_path_out = false;
    for (size_t i = 0; i < count; i++) {
        if (!matches(routes[i].pattern, path, NULL, NULL))
            continue;
        *is_known_path_out = true;
        if (strcmp(routes[i].method, method) == 0 && is_nearer(&routes[i], found))
            found = &routes[i];
    }
    return found;
}

const struct admin_route *route_find(const char *method, const char *path, void *arena,
                                     const char **parameters, bool *is_known_path_out)
{
    const struct admin_route *found = NULL;

    *is_known_path_out = false;
    if (strncmp(path, PREFIX, strlen(PREFIX)) == 0)
        found = find_below(method, path + strlen(PREFIX), is_known_path_out);
    if (found && parameters)
        (void)matches(found->pattern, path + strlen(PREFIX), arena, parameters);
    return found;
}

const struct admin_route *admin_route_of(const char *method, const char *path)
{
    bool is_known;

    return find_below(method, path, &is_known);
}

const struct admin_route *route_reader(const struct admin_route *route)
{
    size_t count;
    const struct admin_route *routes = admin_routes(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(routes[i].pattern, route->pattern) == 0 && strcmp(routes[i].method, "GET") == 0)
            return &routes[i];
    return NULL;
}

size_t admin_api_limit(void *api, const char *method, const char *path)
{
    bool is_known;
    const struct admin_route *route = route_find(method, path, NULL, NULL, &is_known);

    (void)api;
    return !route ? 0 : route->takes_bytes ? BATCH_MAX : JSON_BODY_MAX;
}

size_t admin_api_limit_remote(void *api, const char *method, const char *path)
{
    size_t limit = admin_api_limit(api, method, path);

    return limit <= JSON_BODY_MAX ? MIN(limit, REMOTE_BODY_MAX) : REMOTE_BATCH_MAX;
}
