/*
 * outbound.h -- a message given to the next server: the ways out behind one interface.
 *
 * outbound_send() carries out one struct route (topology/route.h) for one message and some of its recipients: looks up
 * exchangers, opens a connection or takes an idle one of the same destination, speaks SMTP, and leaves a verdict in every
 * recipient. It blocks its caller within the deadlines of RFC 5321, 4.5.3.2 (bounded by the options) and never longer.
 *
 * Errors   none of its own: whatever happens ends as a verdict, temporary where it may pass.
 * Threads  all functions may be called from any thread; a message belongs to one call at a time.
 */
#ifndef CONNECTOR_OUTBOUND_H
#define CONNECTOR_OUTBOUND_H

#include "base/err.h"
#include "base/span.h"
#include "topology/route.h"

enum outbound_body { OUTBOUND_7BIT, OUTBOUND_8BITMIME, OUTBOUND_BINARYMIME };

struct outbound_message {
    const char *id;     /* for logs: the queue's id of the message */
    const char *sender; /* "" for <> */
    struct span bytes;  /* whole, CRLF line ends; mapped or in memory; lives until the call returns */
    enum outbound_body body;
    bool needs_smtputf8;   /* an address or header is UTF-8 */
    bool needs_tls;        /* REQUIRETLS (RFC 8689) */
    const char *ret;       /* "FULL", "HDRS"; NULL: unsaid (RFC 3461) */
    const char *envid;     /* decoded; NULL: unsaid */
    int64_t deliver_by_us; /* DELIVERBY (RFC 2852); 0: unsaid */
};

enum outbound_verdict {
    OUTBOUND_UNTRIED,
    OUTBOUND_DELIVERED, /* taken by a server that answers for its own success notices */
    OUTBOUND_RELAYED, /* taken by a server without DSN: a wanted success notice is "relayed" (RFC 3461, 6.2.2) */
    OUTBOUND_DEFERRED,
    OUTBOUND_FAILED,
    OUTBOUND_VERDICTS
};

struct outbound_recipient {
    const char *address;
    unsigned notify;                /* enum smtp_notify's bits; 0: unsaid */
    const char *orcpt_type, *orcpt; /* decoded; NULL: unsaid */

    enum outbound_verdict verdict; /* all below: results, under the owner of the call */
    unsigned code;                 /* last reply; 0: none came */
    const char *enhanced;          /* "4.4.1" */
    const char *text;              /* its words, cleaned: one line of printable UTF-8, at most 512 bytes */
    const char *host; /* who said so: "mx1.example.org [192.0.2.1]"; NULL where none was reached */
    const char *tls;  /* "TLSv1.3 verified", "TLSv1.3 DANE"; NULL: plain */
};

struct outbound;

#endif
