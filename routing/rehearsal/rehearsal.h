/*
 * rehearsal.h -- what would happen to a message, and why: the real decisions, with nothing kept.
 *
 * Goes the way of a message that comes in: the peer's lists, resolve, policy, the sender's lists and greylisting, filters and
 * transport rules, the rules of each mailbox, quota and folders, the way of each copy. What a step would write is written in a
 * transaction that is rolled back; scanners, milters and the DNS are asked as for any message, no mail server is connected to, no
 * folder is made, no automatic reply remembered, no report counted. The answer is told as a trace (trace/event.h).
 *
 * Not seen: limits of connections and rates, what a primary or the next server would say, and what happens in between.
 *
 * Errors   false only for trouble that passes (ERR_BUSY, ERR_INTERNAL), and ERR_INVALID for a question that is none. That the message
 *          would be refused is an answer.
 * Threads  rehearse() may be called from any thread; it blocks as long as a message waits for scanners.
 */
#ifndef REHEARSAL_REHEARSAL_H
#define REHEARSAL_REHEARSAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"

struct accept;
struct directory;
struct dns;
struct filter;
struct groups;
struct policy;
struct rules;
struct topology;

struct rehearsal {
    struct directory *directory;
    struct groups *groups;
    struct policy *policy;
    struct filter *filter; /* opened is_dry; NULL: nothing is judged */
    struct rules *rules;
    struct topology *topology;
    struct dns *dns; /* for exchangers; NULL: they are not named */
    const char *host_name;
    const struct net_network *inner; /* peers that may relay without a login */
    size_t inner_count;
};

struct rehearsal_question {
    const char *sender; /* "": <> */
    const char *recipient;
    struct span message; /* CRLF line ends; empty: a small one is made */
    /* Where it comes from. NULL: from whom the sender's address belongs to, logged in, where that is one of ours; else from
     * this machine. */
    const struct net_address *peer;
};

/* Events, separated by commas, into *events. *is_taken_out: it would be accepted. */
MUST_CHECK bool rehearse(const struct rehearsal *rehearsal, const struct rehearsal_question *question,
                         struct buf *events, bool *is_taken_out, struct err *err);

#endif
