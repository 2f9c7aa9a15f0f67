/*
 * resolve.h -- from an address to the mailboxes behind it: one function, one answer, with its reason.
 *
 * RCPT, the delivery of queued mail and the dry run of the trace all ask here, so that they cannot disagree. Aliases,
 * aliases of aliases and alias domains are followed to the end; what leads back to itself is cut, and every mailbox
 * stands once in the answer. "name+detail@domain" is name@domain where nothing has that very address (RFC 5233).
 * postmaster and abuse of each of our domains, and postmaster alone, reach the installation's postmaster where nobody
 * else has the address (RFC 5321, 4.5.1; RFC 2142). user@[192.0.2.1], where that is an address of this machine, is user@ the
 * postmaster's domain.
 *
 * A part of an alias that cannot be reached (removed or disabled since) is left out as long as another part can. One that
 * leads to another domain makes the whole alias RESOLVE_FORWARDS: to deliver a part would lose the rest.
 *
 * Errors   false only for trouble that passes (ERR_BUSY, ERR_INTERNAL): the directory down is never "unknown".
 * Cost     answered from the directory's memory as a rule (directory/resolve.h).
 * Threads  all functions may be called from any thread.
 */
#ifndef RESOLVE_RESOLVE_H
#define RESOLVE_RESOLVE_H

#include "base/err.h"
#include "format/address.h"

#include <stddef.h>
#include <stdint.h>

struct directory;

enum resolve_verdict {
    RESOLVE_DELIVER,      /* targets says where */
    RESOLVE_UNKNOWN,      /* the domain is ours, the address is not there */
    RESOLVE_SOURCE_ROUTE, /* the same, and the local part tries to name another host: u%x@d, x!u@d, "u@x"@d */
    RESOLVE_FOREIGN,      /* the domain is not ours */
    RESOLVE_FORWARDS,     /* it is ours and leads to another system: an alias, a relay or backup domain */
    RESOLVE_LOOP,         /* aliases that only lead to each other */
    RESOLVE_TOO_MANY,     /* more than RESOLVE_TARGETS_MAX mailboxes, or RESOLVE_DEPTH_MAX steps */
    RESOLVE_DISABLED,     /* it exists and takes no mail for now */
    RESOLVE_VERDICTS
};

enum {
    RESOLVE_TARGETS_MAX = 10000,
    RESOLVE_DEPTH_MAX = 32, /* alias of alias of ... */
};

struct resolve_target {
    int64_t recipient_id, organisation_id, mailbox_id, group_id;
    const char *address; /* of the mailbox: its primary one */
};

/* How the answer came about, for people: "alias sales@example.org -> ada@example.org". */
struct resolve_step {
    const char *what; /* static: "mailbox", "alias", "sub-address", "postmaster", "loop", "unknown", ... */
    const char *from, *to;
};

struct resolve_answer {
    enum resolve_verdict verdict;
    int64_t organisation_id, domain_id; /* of the address asked for; 0 where it is not ours */
    struct resolve_target *targets;
    size_t target_count;
    struct resolve_step *steps;
    size_t step_count;
};

/* "deliver", "unknown", ...: the reason in logs, metrics and JSON. Static. */
const char *resolve_verdict_name(enum resolve_verdict verdict);

/* The answer belongs to `owner`. */
MUST_CHECK bool resolve(struct directory *directory, const void *owner, const struct address *address,
                        struct resolve_answer *answer_out, struct err *err);

#endif
