/*
 * dkim_key.h -- the keys that sign a domain's mail (RFC 6376).
 *
 * A key is made, its record is published, then it is activated: from its `active_from_us` on it signs, and the one that
 * was active before stays published until it is removed. Private keys are written by administrators and read by the
 * filters alone; no function here gives one to an actor.
 */
#ifndef DIRECTORY_DKIM_KEY_H
#define DIRECTORY_DKIM_KEY_H

#include "directory/directory.h"

struct dkim_key {
    int64_t organisation_id; /* of one that was read */
    const char *domain, *selector;
    const char *algorithm;   /* "rsa", "ed25519" */
    const char *public_key;  /* base64, the p= of the record */
    const char *private_key; /* PEM; NULL in what an actor reads */
    int64_t created_us, active_from_us;
};

/* `selector` 1-63 letters, digits and hyphens. ERR_NOT_FOUND: the domain; ERR_EXISTS: the selector. */
MUST_CHECK bool dkim_key_add(struct directory *directory, const struct actor *actor,
                             const struct dkim_key *wanted, struct err *err);
/* domain NULL: of all that the actor may see. By domain and age. */
MUST_CHECK bool dkim_key_list(struct directory *directory, const struct actor *actor, const void *owner,
                              int64_t organisation_id, const char *domain, struct dkim_key **keys_out,
                              size_t *count_out, struct err *err);
/* Signs with this key from that moment on (microseconds since 1970), and no longer with the one before.
 * ERR_NOT_FOUND: the domain or the selector. */
MUST_CHECK bool dkim_key_activate(struct directory *directory, const struct actor *actor, const char *domain,
                                  const char *selector, int64_t from_us, struct err *err);
/* The private half is gone. ERR_NOT_FOUND: the domain or the selector. */
MUST_CHECK bool dkim_key_remove(struct directory *directory, const struct actor *actor, const char *domain,
                                const char *selector, struct err *err);
/* All keys of all domains with their private halves, by domain: for the filters. */
MUST_CHECK bool dkim_key_load(struct directory *directory, const void *owner, struct dkim_key **keys_out,
                              size_t *count_out, struct err *err);

#endif
