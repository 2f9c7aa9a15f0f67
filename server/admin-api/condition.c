/* condition.c -- which state a change means. */
#include "admin_api/condition.h"

#include "admin_api/problem.h"
#include "admin_api/route.h"
#include "base/digest.h"
#include "directory/lock.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { ETAG_BYTES = 16, ETAG_TEXT = 2 * ETAG_BYTES + 3 };

static void without(json_t *json, const char *names)
{
    char name[64];

    for (const char *p = names; p && *p; p += strspn(p, " ")) {
        size_t length = strcspn(p, " ");
        if (length < sizeof name) {
            memcpy(name, p, length);
            name[length] = '\0';
            json_object_del(json, name);
        }
        p += length;
    }
}

static void etag_of(const json_t *json, const struct admin_route *get, char etag_out[ETAG_TEXT])
{
    unsigned char digest[SHA256_BYTES];
    json_t *part = json_copy((json_t *)(uintptr_t)json);
    char *text;

    without(part, get->volatile_fields);
    text = json_dumps(part, JSON_COMPACT | JSON_SORT_KEYS);
    sha256(span_text(text), digest);
    etag_out[0] = '"';
    hex_encode(span_of((const char *)digest, ETAG_BYTES), etag_out + 1);
    memcpy(etag_out + ETAG_TEXT - 2, "\"", 2);
    free(text);
    json_decref(part);
}

/* `"a", W/"b"`, or *: a list of ETags holds this one. */
static bool names(const char *list, const char *etag)
{
    return strcmp(list, "*") == 0 || strstr(list, etag) != NULL;
}

bool condition_is_known(struct admin_call *call, const struct admin_route *get)
{
    const char *known = http_header(call->request, "If-None-Match");
    char etag[ETAG_TEXT];

    etag_of(call->out, get, etag);
    http_reply_header(call->reply, "ETag", etag);
    return known && names(known, etag);
}

void condition_tell(struct admin_call *call, const struct admin_route *route)
{
    const struct admin_route *get = route_reader(route);
    struct err ignored = ERR_INIT;
    char etag[ETAG_TEXT];
    json_t *now;

    if (!call_read(call, get, &now, &ignored))
        return; /* it has another name now */
    etag_of(now, get, etag);
    json_decref(now);
    http_reply_header(call->reply, "ETag", etag);
}

bool condition_holds(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    const char *wanted = http_header(call->request, "If-Match");
    const struct admin_route *get = route_reader(route);
    char etag[ETAG_TEXT];
    json_t *now;

    if (!wanted && !call->is_remote)
        return true;
    if (!call_read(call, get, &now, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT; /* the change itself says that it is not there, or makes it */
        return !wanted || strcmp(wanted, "*") == 0 || strcmp(route->method, "PUT") != 0 ||
               problem_set(call, PROBLEM_CHANGED, err);
    }
    etag_of(now, get, etag);
    json_decref(now);
    if (!wanted)
        return problem_set(call, PROBLEM_NO_CONDITION, err);
    return names(wanted, etag) || problem_set(call, PROBLEM_CHANGED, err);
}

bool condition_lock(struct admin_call *call, struct directory_lock **lock_out, struct err *err)
{
    return directory_lock(call->api->options.directory, http_path(call->request), lock_out, err);
}

void condition_unlock(struct directory_lock **lock)
{
    directory_unlock(lock);
}
