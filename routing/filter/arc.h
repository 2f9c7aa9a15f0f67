/*
 * arc.h -- the Authenticated Received Chain (RFC 8617): what those who handed a message on say of how it came to them,
 * checked; and our own word added.
 *
 * A chain is good where its sets are whole and numbered from 1, the newest message signature fits, and every seal does. Its
 * fields are bounded: ARC_SETS_MAX sets, ARC_BYTES_MAX bytes, ARC_NAMES_MAX names in h=; what is beyond is a broken chain.
 *
 * Threads  any.
 */
#ifndef FILTER_ARC_H
#define FILTER_ARC_H

#include "base/buf.h"
#include "base/err.h"
#include "format/header.h"

struct dkim_key;
struct dns;

enum { ARC_SETS_MAX = 50, ARC_BYTES_MAX = 512 * 1024, ARC_NAMES_MAX = 200 };

enum arc_result { ARC_NONE, ARC_PASS, ARC_FAIL, ARC_TEMPERROR, ARC_RESULTS };
/* "none", "pass", "fail", "temperror". Static. */
const char *arc_result_name(enum arc_result result);

struct arc_hop {
    const char *sealer;  /* d= of its seal, lower case, printable */
    struct span results; /* value of its ARC-Authentication-Results behind i=; points into the message */
};

struct arc_answer {
    enum arc_result result;
    const char *cause;    /* of what is not a pass; static */
    struct arc_hop *hops; /* from the oldest; only of a chain whose sets are whole */
    size_t count;
};

/* What stands in `answer_out` belongs to `owner`. */
void arc_check(struct dns *dns, const void *owner, struct span message, int64_t deadline_us,
               struct arc_answer *answer_out);

/* Do hops that are trusted, from the newest back without a gap, tell that DMARC passed for `from_domain`? Who told, as
 * under `owner`; NULL: no. `trusted`: domains separated by spaces; each stands for those below it, too. */
const char *arc_trusted_word(const void *owner, const struct arc_answer *answer, const char *trusted,
                             const char *from_domain);
/* Is the newest sealer among them? */
bool arc_is_sealed_by(const struct arc_answer *answer, const char *trusted);

struct arc_seal {
    const struct dkim_key *key; /* RSA */
    const char *authserv_id;
    struct span results;   /* methods of our Authentication-Results, behind its authserv-id and semicolon */
    enum arc_result chain; /* as it came: ARC_NONE, ARC_PASS or ARC_FAIL */
    int64_t now_us;
};
/* Adds a set of ours for `message`, to be put above it. Nothing where there is no room for one, or where the chain is marked
 * as broken already (5.1). ERR_INTERNAL: the key cannot sign. */
MUST_CHECK bool arc_add_seal(const struct arc_seal *seal, struct span message, struct buf *out,
                             struct err *err);

/* ---- inside: the sets of a header */

struct arc_set {
    struct header_field results, signature, seal;
    unsigned parts; /* bits 1, 2, 4 of them */
};
struct arc_sets {
    struct arc_set sets[ARC_SETS_MAX];
    size_t count;
    size_t bytes;
};
/* NULL: whole, or none at all. Else what is wrong; static. */
const char *arc_sets_read(struct arc_sets *sets_out, struct span header);
/* Adds what the seal of set `number` (from 0) signs: the sets from `first` on, and its own seal without b=. */
void arc_add_sealed(struct buf *out, const struct arc_sets *sets, size_t first, size_t number);

#endif
