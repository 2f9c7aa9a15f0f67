/*
 * outbound.h -- a message given to the next server: the ways out behind one interface.
 *
 *   struct outbound_options options = { .dns = dns, .hostname = "mail.example.org" };
 *   outbound_open(&options, &outbound, &err);
 *   outbound_send(outbound, arena, &route, &message, recipients, count);     from any number of threads
 *   outbound_close(&outbound);
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
#include "base/net.h"
#include "base/span.h"
#include "topology/route.h"

struct dns;

enum outbound_body { OUTBOUND_7BIT, OUTBOUND_8BITMIME, OUTBOUND_BINARYMIME };

/* What a server of ours is told of a message beside its envelope: nobody finds it out a second time. */
struct outbound_handed {
    const char *login; /* who submitted it; NULL: nobody logged in */
    int64_t login_id;
    int64_t organisation_id; /* 0: none */
    const char *origin;
    int64_t expires_us;
};

struct outbound_message {
    const char *id;     /* for logs: the queue's id of the message */
    const char *sender; /* "" for <> */
    struct span bytes;  /* whole, CRLF line ends; mapped or in memory; lives until the call returns */
    enum outbound_body body;
    bool needs_smtputf8;                  /* an address or header is UTF-8 */
    bool needs_tls;                       /* REQUIRETLS (RFC 8689) */
    const char *ret;                      /* "FULL", "HDRS"; NULL: unsaid (RFC 3461) */
    const char *envid;                    /* decoded; NULL: unsaid */
    int64_t deliver_by_us;                /* DELIVERBY (RFC 2852); 0: unsaid */
    int priority;                         /* -9 to 9 (RFC 6710), said where it is understood */
    const struct outbound_handed *handed; /* said to servers of ours; NULL: nothing is known */
    bool
        is_probe; /* only asks who would be taken, and sends nothing: who would is OUTBOUND_RELAYED. `bytes` is not looked at */
    bool deliver_by_returns; /* mode R: never to a server that does not keep the time; false: mode N */
};

enum outbound_verdict {
    OUTBOUND_UNTRIED,
    OUTBOUND_DELIVERED, /* taken by a server that answers for its own success notices */
    OUTBOUND_RELAYED, /* taken by a server without DSN: a wanted success notice is "relayed" (RFC 3461, 6.2.2) */
    OUTBOUND_DEFERRED,
    OUTBOUND_FAILED,
    OUTBOUND_VERDICTS
};

/* Why no server was reached, where that tells something of the way out and not of the server. */
enum outbound_fault {
    OUTBOUND_FAULT_NONE,
    OUTBOUND_FAULT_NETWORK, /* nothing came back from any address */
    OUTBOUND_FAULT_SOURCE,  /* the route's source address or interface is not there */
};

struct outbound_recipient {
    const char *address;
    unsigned notify;                /* enum smtp_notify's bits; 0: unsaid */
    const char *orcpt_type, *orcpt; /* decoded; NULL: unsaid */

    /* of a copy for a mailbox, said to servers of ours with outbound_message.handed */
    int64_t mailbox_id;         /* 0: for an address elsewhere */
    const char *target, *asked; /* NULL: unsaid */
    const uint8_t *receipt;     /* 16 bytes; NULL: unsaid */
    unsigned flags;             /* enum queue_flag's bits */

    enum outbound_verdict verdict; /* all below: results, under the owner of the call */
    unsigned code;                 /* last reply; 0: none came */
    const char *enhanced;          /* "4.4.1" */
    const char *text;              /* its words, cleaned: one line of printable UTF-8, at most 512 bytes */
    const char *host; /* who said so: "mx1.example.org [192.0.2.1]"; NULL where none was reached */
    const char *tls;  /* "TLSv1.3 verified", "TLSv1.3 DANE"; NULL: plain */
    enum outbound_fault fault;
};

struct outbound;

/* A port that we listen on: mail for it would come back to ourselves. */
struct outbound_listener {
    struct net_address address; /* all zero: every address of the machine */
    uint16_t port;
};

/* Seconds; 0 stands for the usual value in brackets. */
struct outbound_timeouts {
    unsigned connect;     /* of one address [30] */
    unsigned greeting;    /* and TLS handshake, EHLO, AUTH, each [300] */
    unsigned command;     /* MAIL, RCPT, RSET: for all replies to one group of commands [300] */
    unsigned data_start;  /* for 354 [120] */
    unsigned data_block;  /* without progress while a message is sent [180] */
    unsigned data_end;    /* for the last reply [600] */
    unsigned transaction; /* MAIL to the last reply, and one second more for each KB of the message [1800] */
    unsigned dns;         /* all lookups of one route [60] */
};

struct outbound_options {
    struct dns *dns;          /* outlives the outbound */
    const char *hostname;     /* EHLO, and how others call us in MX records */
    const char *const *names; /* further names of ours, NULL-terminated; NULL: none */
    const struct outbound_listener *listeners;
    size_t listener_count;
    const char *ca_file;         /* trusted certificates in PEM; NULL: the system's */
    const char *state_directory; /* where MTA-STS policies are kept over a restart; NULL: in memory only */
    uint16_t sts_port;           /* where policies are fetched; 0: 443 */
    /* Our key for servers of our own installation (route.is_internal); NULL: they are told nothing and trusted as others. */
    bool (*find_key)(void *arg, uint8_t key_out[32], struct err *err);
    void *find_key_arg;
    uint16_t mx_port;       /* port of mail exchangers; 0: 25 */
    unsigned idle_seconds;  /* an open connection waits for the next message; 0: 5 */
    unsigned idle_max;      /* such connections in all; 0: 100 */
    unsigned messages_max;  /* over one connection; 0: 100 */
    unsigned addresses_max; /* tried for one message; 0: 20 */
    struct outbound_timeouts timeouts;
};

/* ERR_INVALID where the certificates cannot be read. Strings are copied. */
MUST_CHECK bool outbound_open(const struct outbound_options *options, struct outbound **outbound_out,
                              struct err *err);
/* Names, listeners, certificates and times for messages that are sent afterwards; idle connections are closed. The
 * resolver stays (dns_reload). On failure everything stays. */
MUST_CHECK bool outbound_reload(struct outbound *outbound, const struct outbound_options *options,
                                struct err *err);
/* Calls in progress end within a second or two, deferred. To be called before outbound_close. */
void outbound_stop(struct outbound *outbound);
/* Can connections come from this address, by this interface (struct route.source_address) now? */
bool outbound_has_source(const char *source_address);
/* Nobody may be sending any more. Accepts NULL. */
void outbound_close(struct outbound **outbound);

/* Gives the message to the next server for those recipients whose verdict is OUTBOUND_UNTRIED; afterwards none of them is.
 * `count` is not limited: more than a server takes at once are sent in several transactions. */
void outbound_send(struct outbound *outbound, const void *owner, const struct route *route,
                   const struct outbound_message *message, struct outbound_recipient *recipients,
                   size_t count);

/* How the TLS of one exchanger went, counted for reports to the domain (RFC 8460). */
enum outbound_tls_policy { OUTBOUND_TLS_NO_POLICY, OUTBOUND_TLS_STS, OUTBOUND_TLS_TLSA };

struct outbound_tls_result {
    const char *domain;
    enum outbound_tls_policy policy;
    const char *policy_text; /* lines of the MTA-STS policy, or of TLSA records; "" */
    const char *failure;     /* a result type of RFC 8460, 4.3: "certificate-expired"; NULL: success */
    const char *host;        /* the exchanger; "" where it did not come to one */
    const char *address;     /* of the exchanger; "" */
    uint64_t sessions;
};

enum { OUTBOUND_TLS_RESULTS_MAX = 20000 };

/* Hands over what was counted since the last call, under `owner`; more than OUTBOUND_TLS_RESULTS_MAX different ones are not
 * kept meanwhile. */
void outbound_take_tls_results(struct outbound *outbound, const void *owner,
                               struct outbound_tls_result **results_out, size_t *count_out);

/* "untried", "delivered", "relayed", "deferred", "failed". Static. */
const char *outbound_verdict_name(enum outbound_verdict verdict);

#endif
