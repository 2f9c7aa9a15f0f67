/*
 * callout.h -- does the primary of a domain that we back up take this recipient? Asked of itself, by MAIL and RCPT without a
 * message, so that a backup does not accept what it could only send back to a forged sender.
 *
 * Memory    An address is remembered for CALLOUT_TAKEN_S or CALLOUT_REFUSED_S, in a table of fixed size: an older one makes place.
 *           A primary that takes an address which nobody has takes all (catch-all): it is not asked again for CALLOUT_CATCHES_S.
 *           One that could not be asked is left alone for CALLOUT_AWAY_S: while it is off, mail is accepted without a wait.
 * Unsure    is yes: no primary reached, 4xx, a refusal that is not about the recipient (5.7.x), too many questions at once
 *           (CALLOUT_AT_ONCE of one domain, CALLOUT_THREADS in all).
 * Ourselves are never asked: the probe goes where mail would go, to exchangers better than ourselves (connector/outbound.h).
 *
 * Threads   any; a question blocks as long as the probe does.
 */
#ifndef CALLOUT_CALLOUT_H
#define CALLOUT_CALLOUT_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct callout;

enum {
    CALLOUT_TAKEN_S = 4 * 3600,
    CALLOUT_REFUSED_S = 600,
    CALLOUT_CATCHES_S = 3600,
    CALLOUT_AWAY_S = 60,
    CALLOUT_ADDRESSES = 16384, /* remembered */
    CALLOUT_DOMAINS = 1024,
    CALLOUT_AT_ONCE = 2,
    CALLOUT_THREADS = 8
};

enum callout_verdict { CALLOUT_UNSURE, CALLOUT_TAKES, CALLOUT_REFUSES };

/* Asks the primary of `domain` for several addresses in one conversation; their verdicts in verdicts_out. False: it could not be
 * asked (is not reached, or says that it wants nothing). */
typedef bool callout_probe(void *arg, const char *domain, const char *const *addresses, size_t count,
                           enum callout_verdict *verdicts_out);

struct callout_options {
    callout_probe *probe;
    void *arg;
    int64_t (*now_us)(void); /* NULL: clock_monotonic_us() */
};

/* Copies the options; under `owner`, which nobody frees while questions are asked. */
struct callout *callout_new(const void *owner, const struct callout_options *options);

/* False: the primary refuses it. `address` as SMTP writes it, `domain` canonical. */
bool callout_ask(struct callout *callout, const char *domain, const char *address);

/* What a reply to RCPT says of the recipient: `code` 250, 550, ...; `enhanced` "5.1.1" or "". */
enum callout_verdict callout_verdict_of(unsigned code, const char *enhanced);

#endif
