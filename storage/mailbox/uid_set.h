/*
 * uid_set.h -- sets of UIDs, or of sequence numbers, as runs.
 *
 * A hundred thousand messages in a row are one run, so a set costs what its text costs. Runs are kept sorted,
 * disjoint and never adjacent: two equal sets are equal arrays. The packed form is what folder_change.uids holds.
 *
 * Ownership  a set is a struct in the caller's hands; its runs belong to the talloc context given at the start.
 * Bounds     at most UID_SET_RUNS_MAX runs from text and from packed bytes; what is computed from views is bounded
 *            by their size.
 * Threads    a set belongs to one thread at a time; a set nobody changes may be read by many.
 */
#ifndef MAILBOX_UID_SET_H
#define MAILBOX_UID_SET_H

#include "base/buf.h"

enum { UID_SET_RUNS_MAX = 1024 * 1024 };

struct uid_run {
    uint32_t first, last; /* both belong to it */
};

struct uid_set {
    const void *owner; /* talloc context of `runs` */
    struct uid_run *runs;
    size_t count, capacity;
};

#define UID_SET_INIT(owner_) ((struct uid_set){ .owner = (owner_) })

/* Adds first..last (in either order). O(1) at the end, else a search and a move. 0 is not a UID: it is left out. */
void uid_set_add(struct uid_set *set, uint32_t first, uint32_t last);
static inline void uid_set_add_one(struct uid_set *set, uint32_t uid)
{
    uid_set_add(set, uid, uid);
}
/* Union. */
void uid_set_add_all(struct uid_set *set, const struct uid_set *other);

static inline bool uid_set_is_empty(const struct uid_set *set)
{
    return set->count == 0;
}
/* How many numbers, not runs. */
uint64_t uid_set_size(const struct uid_set *set);
/* O(log runs). */
bool uid_set_contains(const struct uid_set *set, uint32_t uid);
/* The same numbers. */
bool uid_set_equals(const struct uid_set *a, const struct uid_set *b);
/* Smallest and largest; 0 of an empty set. */
uint32_t uid_set_first(const struct uid_set *set);
/* The largest; 0 of an empty set. */
uint32_t uid_set_last(const struct uid_set *set);

/* New sets under `owner`. O(runs of both). */
struct uid_set uid_set_copy(const void *owner, const struct uid_set *set);
/* Numbers in both. */
struct uid_set uid_set_intersect(const void *owner, const struct uid_set *a, const struct uid_set *b);
/* Numbers of `a` that are not in `b`. */
struct uid_set uid_set_subtract(const void *owner, const struct uid_set *a, const struct uid_set *b);

/* The numbers one by one, from the smallest:
 *     struct uid_set_at at = UID_SET_START(&set);
 *     for (uint32_t uid; uid_set_next(&at, &uid);) */
struct uid_set_at {
    const struct uid_set *set;
    size_t run;
    uint32_t offset;
};
#define UID_SET_START(set_) ((struct uid_set_at){ .set = (set_) })
/* False at the end. The set must not change meanwhile. */
bool uid_set_next(struct uid_set_at *at, uint32_t *uid_out);

/* sequence-set of RFC 9051, 9, in its text form: "2,4:7,9,12:*". `star` is what "*" stands for: the largest number
 * in use, or 0 in an empty folder, where parts with "*" then name nothing. Consumes the set only, and nothing on
 * failure: false for 0, for numbers above 2^32-1, for bad syntax and for more than UID_SET_RUNS_MAX parts. Numbers
 * that are not in use are kept: the view decides. */
MUST_CHECK bool uid_set_take(struct span *in, uint32_t star, struct uid_set *set_out);
/* The same form; an empty set renders nothing. */
void uid_set_render(struct buf *out, const struct uid_set *set);

/* Varints: number of runs, then for each the gap since the last one and its length. */
void uid_set_pack(struct buf *out, const struct uid_set *set);
/* False for bytes that uid_set_pack() cannot have written. */
MUST_CHECK bool uid_set_unpack(struct span packed, struct uid_set *set_out);

#endif
