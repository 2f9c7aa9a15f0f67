/*
 * pending.h -- changes that wait for a second person: requests of the admin API, kept as they were made.
 *
 * States: waiting, then one of rejected, withdrawn, expired; or running, while it is made, and done or failed after it. A request
 * whose process died while it was made is unknown: it is never made twice.
 */
#ifndef DIRECTORY_PENDING_H
#define DIRECTORY_PENDING_H

#include "directory/role.h"

enum { PENDING_DAYS = 7, PENDING_MAX = 200 };

struct pending_change {
    int64_t pending_change_id;
    struct role_object object; /* what it is about */
    enum permission permission;
    int64_t requester_id, requester_organisation;
    const char *requester, *peer; /* peer NULL: this machine */
    const char *method, *path;
    const char *query, *body;   /* JSON objects; the body not in lists */
    const char *meaning;        /* what the route does */
    const char *before, *after; /* JSON; NULL: nothing */
    const char *state;
    int64_t created_us, expires_us, decided_us; /* decided 0: not yet */
    const char *decided_by, *note, *outcome;
};

/* Uses all up to `after`. ERR_LIMIT: PENDING_MAX of the requester wait. */
MUST_CHECK bool pending_add(struct directory *directory, const struct pending_change *wanted,
                            int64_t *pending_change_id_out, struct err *err);
/* The newest 1,000 of that state (NULL: all), without their bodies. Who may see which is the caller's affair. */
MUST_CHECK bool pending_list(struct directory *directory, const void *owner, const char *state,
                             struct pending_change **changes_out, size_t *count_out, struct err *err);
/* One, whole. ERR_NOT_FOUND. */
MUST_CHECK bool pending_find(struct directory *directory, const void *owner, int64_t pending_change_id,
                             struct pending_change *out, struct err *err);
/* From waiting to `state` ("running", "rejected", "withdrawn"), by whoever comes first: ERR_CONFLICT for all others. Leaves an audit
 * row, change.approve and so on. */
MUST_CHECK bool pending_decide(struct directory *directory, const struct actor *actor,
                               const struct pending_change *change, const char *state, const char *note,
                               struct err *err);
/* From running to "done" or "failed"; its body is forgotten. */
MUST_CHECK bool pending_settle(struct directory *directory, int64_t pending_change_id, const char *state,
                               const char *outcome, struct err *err);
/* May the requester still log in? */
MUST_CHECK bool pending_requester_is_active(struct directory *directory, const struct pending_change *change,
                                            bool *is_out, struct err *err);

#endif
