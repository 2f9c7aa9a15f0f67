/* get.h -- what all /get, /changes, /query and /set methods share (RFC 8620, 5); private to this room. */
#ifndef JMAP_GET_H
#define JMAP_GET_H

#include "jmap/request.h"

/* Which of these names `properties` asks for, as bits in their order; `standard` without the argument. "id" is always there.
 * False, and the call failed, for one that is not among them. */
MUST_CHECK bool jmap_wanted(struct jmap_call *call, const char *const *names, size_t count, uint64_t standard,
                            uint64_t *wanted_out);
/* A new object with those members of `all` that are wanted; null for what it lacks. */
json_t *jmap_only(const json_t *all, const char *const *names, size_t count, uint64_t wanted);
/* The argument `ids` without what stands twice; NULL: null, all are wanted. False, and the call failed, for too many or what
 * is no list of ids. `*ids_out` is the arena's. */
MUST_CHECK bool jmap_get_ids(struct jmap_call *call, json_t **ids_out);

/* One object for /get: `id` as it was asked for; NULL where there is none. A new reference. */
typedef json_t *jmap_object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg);
/* /get of a type whose objects are few: list and notFound, and the state where they are an account's. `all`: their ids, for ids
 * null. */
MUST_CHECK bool jmap_get_each(struct jmap_call *call, json_t *all, uint64_t wanted, jmap_object_of *object,
                              void *arg);

/* The argument `name` (sinceState, sinceQueryState) as a modseq. cannotCalculateChanges for what we never said. */
MUST_CHECK bool jmap_since(struct jmap_call *call, const char *name, uint64_t *since_out);
/* oldState and newState, hasMoreChanges, created, updated, destroyed of a type whose objects are few; takes the lists. */
void jmap_put_changes(struct jmap_call *call, const char *old_state, const char *new_state, bool has_more,
                      json_t *created, json_t *updated, json_t *destroyed);

/* ifInState; puts oldState. stateMismatch. */
MUST_CHECK bool jmap_set_begin(struct jmap_call *call);
/* How create, update and destroy are done. Each gives an error (a new reference), or NULL where it was done. */
struct jmap_set {
    /* *created_out: what the server adds, "id" among it; a new reference. */
    json_t *(*create)(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg);
    /* *updated_out: what the server changed beside; NULL: nothing. */
    json_t *(*update)(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg);
    json_t *(*destroy)(struct jmap_call *call, const char *id, void *arg);
    /* Instead of update and destroy, for many at once: fills `done` and `refused` itself, and reads the account anew. False, and
     * the call failed. NULL: none. */
    bool (*update_all)(struct jmap_call *call, json_t *patches, json_t *done, json_t *refused, void *arg);
    bool (*destroy_all)(struct jmap_call *call, json_t *ids, json_t *done, json_t *refused, void *arg);
    void *arg;
    /* Properties that an update may change, separated by spaces. Of all others a client may send back what the type's /get says,
     * and that is no change (5.3). NULL: it may send none of them. */
    const char *changes;
};
/* Adds to what is told of a created object those of `standard` that the client left out, as it was given them (5.3). Takes
 * the reference. */
void jmap_tell_standard(json_t *created, const json_t *object, json_t *standard);
/* Runs them one after the other and puts created, updated, destroyed, and what was refused. A NULL function: forbidden. The
 * account is read anew for newState; what is no account's has no states. */
MUST_CHECK bool jmap_set_run(struct jmap_call *call, const struct jmap_set *set);

/* The last step of a path in a PatchObject, behind the slash of its first one: "a~1b" is "a/b" (RFC 6901); the arena's. NULL where
 * further steps follow. */
char *jmap_patch_step(void *arena, const char *rest);
/* `base` with a PatchObject applied (5.3): a new reference; NULL where the patch is wrong. */
json_t *jmap_patch(const json_t *base, const json_t *patch);

/* Position, anchor, limit of /query (5.5): the part of `count` ids that is wanted. `index_of`: the place of an id, or -1. */
struct jmap_window {
    int64_t position, limit;
    bool has_anchor, calculates_total;
    const char *anchor;
    int64_t anchor_offset;
};
enum { JMAP_QUERY_MAX = 1000 };
/* Reads these arguments; false, and the call failed, where they are wrong. */
MUST_CHECK bool jmap_window_read(struct jmap_call *call, struct jmap_window *window_out);
/* With `count` known and the anchor found at `anchor_at` (-1: not found, anchorNotFound): first and number of those wanted. */
MUST_CHECK bool jmap_window_place(struct jmap_call *call, const struct jmap_window *window, int64_t anchor_at,
                                  size_t count, size_t *first_out, size_t *length_out);
/* /query of a type whose objects are few and whose changes are not calculated: `all` are the ids that match, in order. Reads
 * the window, and puts what is wanted of them. */
MUST_CHECK bool jmap_query_few(struct jmap_call *call, const json_t *all);

#endif
