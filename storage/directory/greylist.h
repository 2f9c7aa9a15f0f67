/*
 * greylist.h -- who came before, and how long ago.
 *
 * A triplet (network, sender, recipient) that comes again after the delay passes from then on; a network that did so
 * several times passes at once. Keys are hashes. What was not seen for a while is forgotten, and so is the oldest where
 * there is too much: greylist_tidy().
 */
#ifndef DIRECTORY_GREYLIST_H
#define DIRECTORY_GREYLIST_H

#include "base/span.h"
#include "directory/directory.h"

enum { GREYLIST_ROWS_MAX = 1000000 };

struct greylist_look {
    struct span triplet, network, known; /* keys; known: of who wrote to whom, see greylist_know() */
    int64_t now_us, delay_us;
    int32_t good_after; /* passes after which a network is let through at once */
    bool is_dry;        /* nothing is noted: rolled back */
};

/* Notes that it came; may it pass? One statement. */
MUST_CHECK bool greylist_look(struct directory *directory, const struct greylist_look *look, bool *passes_out,
                              struct err *err);
/* One of ours writes to these: what they answer passes at once. Keys as `known` above. */
MUST_CHECK bool greylist_know(struct directory *directory, const struct span *keys, size_t count,
                              int64_t now_us, struct err *err);
/* Forgets: those that never came again after 2 days, all others after 36 days, and the oldest above
 * GREYLIST_ROWS_MAX; at most 10,000 a call. */
MUST_CHECK bool greylist_tidy(struct directory *directory, int64_t now_us, uint64_t *forgotten_out,
                              struct err *err);

#endif
