/*
 * smtp.h -- the three services of one machine: receiving mail from the Internet (SMTP, RFC 5321), taking mail from
 * our own users (submission, RFC 6409), and taking mail from a trusted neighbour (LMTP, RFC 2033).
 *
 * They share commands, parsers and the way a message goes into the stores; where they differ, a row of the command
 * table or of the policy says so. A message is acknowledged after the COMMIT of its delivery, never before, and every
 * recipient that cannot be reached is refused at RCPT. What goes to mailboxes of one storage group is filed before the reply;
 * what leaves, or goes to several groups, is put into the queue before it (routing/accept).
 *
 * Threads  a struct smtp_context is shared by all sessions and does not change while they live.
 */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include "base/net.h"
#include "session/protocol.h"

struct accept;
struct auth;
struct deliver;
struct directory;
struct filter;
struct later;
struct policy;

/* Listener contexts point to one of these. All pointers outlive the sessions. */
struct smtp_context {
    const char *host_name; /* in greetings, EHLO and Received */
    struct policy *policy;
    struct deliver *deliver;
    struct accept *accept;
    struct directory *directory;
    struct filter *filter; /* NULL: nothing is judged */
    struct auth *auth;     /* needed by submission only */
    /* Of a domain that we back up: would its primary take this recipient? Only a clear no is false. NULL: nobody is asked. */
    bool (*asks_primary)(void *arg, const char *domain, const char *address);
    void *asks_primary_arg;
    const char *spool_directory; /* bodies above 256 KiB */
    uint64_t message_max;        /* bytes of a message as sent; 0: 50 MiB */
    unsigned recipients_max;     /* of one message; 0: 1,000 */
    struct later *refusals;      /* what is told of refusals (trace/later.h); NULL: nothing */
    bool hides_subjects;         /* they stand in no trace */
    unsigned errors_max;         /* 5xx replies after which a session is closed; 0: 20 */
    /* Peers whose bare CR and LF are made into CRLF; all others' messages are refused for them. */
    const struct net_network *normalised;
    size_t normalised_count;
    /* Peers that may send to everybody on the receiving service without a login, for senders whose domain is served here. */
    const struct net_network *inner;
    size_t inner_count;
};

extern const struct protocol smtp_receive_protocol;
extern const struct protocol smtp_submission_protocol;
extern const struct protocol smtp_lmtp_protocol;

#endif
