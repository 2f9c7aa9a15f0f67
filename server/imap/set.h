/*
 * set.h -- sequence sets (RFC 9051, 9: sequence-set), kept as ranges and never as numbers.
 *
 * "4294967295:*" or a million single numbers cost what their ranges cost. What "*" stands for is only known to
 * the command that uses the set, so it stays symbolic until imap_set_resolve.
 *
 * Ownership  ranges belong to the arena that was given.
 * Threads    none of its own.
 */
#ifndef IMAP_SET_H
#define IMAP_SET_H

#include "imap/parse.h"
#include "mailbox/uid_set.h"

enum { IMAP_STAR = 0 }; /* "*" in a range before it is resolved; 0 itself is never in a set */

struct imap_range {
    uint32_t first, last; /* both included */
};

struct imap_set {
    struct imap_range *ranges;
    size_t count;
    bool is_saved; /* "$": the result of the last SEARCH (RFC 5182); no ranges */
};

/* sequence-set, "$" included. False for 0, for numbers beyond 32 bits and for an empty set. */
MUST_CHECK bool imap_take_set(struct imap_in *in, struct imap_set *set_out);
/* A set in which neither "*" nor "$" may stand (known-uids, known-sequence-set of RFC 7162). */
MUST_CHECK bool imap_take_plain_set(struct imap_in *in, struct imap_set *set_out);
/* The numbers it names, under `owner`: `star` (the largest number in use, 0 in an empty folder) for "*". Where star is 0,
 * a range that names it is left out. Not for "$". */
struct uid_set imap_set_resolve(const void *owner, const struct imap_set *set, uint32_t star);

#endif
