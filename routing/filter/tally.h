/*
 * tally.h -- what was found out about mail of domains that want reports (RFC 7489, 7.2), counted in memory and written down
 * in batches by a thread of its own: no delivery waits for it. What would not fit, or is not written when the process dies,
 * is not reported.
 *
 * Threads  tally_count() from any.
 */
#ifndef FILTER_TALLY_H
#define FILTER_TALLY_H

#include "base/err.h"
#include "filter/dmarc.h"

struct directory;
struct tally;

enum { TALLY_ROWS_MAX = 20000, TALLY_SIGNATURES_MAX = 4, TALLY_PAUSE_S = 5 };

struct tally_row {
    const struct dmarc_answer *dmarc; /* with a record that wants reports */
    const struct spf_answer *spf;     /* NULL: not asked */
    const struct dkim_signature *signatures;
    size_t signature_count;
    const char *from_domain, *envelope_domain, *peer;
    const char *disposition;      /* "none", "quarantine", "reject" */
    const char *reason, *comment; /* why it is milder than the policy; NULL: it is not */
};

/* Starts the thread that writes counts down, under `owner`. ERR_INTERNAL: no thread can be had. */
MUST_CHECK bool tally_open(const void *owner, struct directory *directory, struct tally **tally_out,
                           struct err *err);
/* Writes down what there is. Accepts and sets NULL. */
void tally_close(struct tally **tally);
/* One more message; texts are copied. Never blocks; what does not fit is counted as lost. */
void tally_count(struct tally *tally, const struct tally_row *row);

#endif
