/*
 * rspamd.h -- asking rspamd: POST /checkv2 with the message, JSON back.
 *
 * Errors  ERR_BUSY: not there, too late, cut. ERR_INTERNAL: an answer that is none.
 */
#ifndef FILTER_RSPAMD_H
#define FILTER_RSPAMD_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

struct dns;

enum { RSPAMD_REPLY_MAX = 1024 * 1024, RSPAMD_SYMBOLS_MAX = 900, RSPAMD_RECIPIENTS_MAX = 100 };

enum rspamd_action {
    RSPAMD_NONE,        /* "no action" */
    RSPAMD_GREYLIST,    /* try again later, say the heuristics */
    RSPAMD_SOFT_REJECT, /* try again later: rate limits */
    RSPAMD_JUNK,        /* "add header", "rewrite subject", "quarantine", and what we do not know */
    RSPAMD_REJECT,
};

struct rspamd_question {
    struct span message;
    const char *peer;                                        /* "192.0.2.1"; NULL: not over the network */
    const char *helo, *sender, *user, *queue_id, *host_name; /* NULL: unknown */
    const char *const *recipients;
    size_t recipient_count;
};

struct rspamd_answer {
    enum rspamd_action action;
    double score, required;
    const char *symbols; /* "GTUBE,R_SPF_FAIL": printable, at most RSPAMD_SYMBOLS_MAX bytes */
    const char *subject; /* of "rewrite subject"; NULL */
    bool is_skipped;     /* it chose not to look */
};

/* Asks rspamd at `where` about one message, until `deadline_us` of clock_monotonic_us(). ERR_BUSY: not reached, or too slow; ERR_INTERNAL,
 * ERR_LIMIT: no answer that can be read. The answer is under `owner`. */
MUST_CHECK bool rspamd_check(const void *owner, struct dns *dns, const char *where,
                             const struct rspamd_question *question, int64_t deadline_us,
                             struct rspamd_answer *answer_out, struct err *err);

/* A whole HTTP reply, as received until the connection's end. */
MUST_CHECK bool rspamd_reply_parse(const void *owner, struct span reply, struct rspamd_answer *answer_out,
                                   struct err *err);

#endif
