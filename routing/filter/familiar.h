/*
 * familiar.h -- by what a sender or a list is known again, when its mail was taken out of Junk once.
 *
 * A name alone proves nothing: whoever wants to be let through would write it. So a key is made of the author's address, or the
 * List-Id, together with how it came: with a signature or an envelope of the same organisational domain that passed
 * (Authentication-Results of ours), or, where nothing passed, from the same network (/24 or /64) as our own Received tells. What
 * neither is known of, because a neighbour on this machine handed it on, has no key.
 *
 * Keys are made of a message as it is stored: what the delivery computes and what a later lesson computes is the same.
 *
 * Threads  pure; any.
 */
#ifndef FILTER_FAMILIAR_H
#define FILTER_FAMILIAR_H

#include "base/digest.h"
#include "base/span.h"

enum { FAMILIAR_KEYS_MAX = 4 };

struct familiar_keys {
    uint8_t bytes[FAMILIAR_KEYS_MAX][SHA256_BYTES];
    struct span spans[FAMILIAR_KEYS_MAX]; /* of them */
    size_t count;
};

/* `host_name`: ours, in Authentication-Results. A message without one readable author and without List-Id has none. */
void familiar_keys_of(struct familiar_keys *keys_out, const char *host_name, struct span message);

#endif
