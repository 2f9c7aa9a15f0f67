/* quota_roots.c -- one limit, every storage group. */
#include "admin_api/quota_roots.h"

#include "admin_api/call.h"

#include <talloc.h>

bool quota_roots_set(const struct admin_api *api, enum quota_root_kind kind, int64_t owner_id,
                     int64_t limit_bytes, struct err *err)
{
    void *arena = talloc_new(NULL);
    size_t count;
    int64_t *ids = groups_ids(api->options.groups, arena, &count);
    bool done = true;

    for (size_t i = 0; done && i < count; i++) {
        struct group *group;
        done = group_find(api->options.groups, ids[i], &group, err) &&
               quota_root_set(group, kind, owner_id, limit_bytes, err);
    }
    talloc_free(arena);
    return done;
}
