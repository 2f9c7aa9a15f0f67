/*
 * accept.h -- a complete message and its resolved recipients: filed at once, or put into the queue.
 *
 * Filed at once, in one transaction of the storage group, is what goes to mailboxes of one group only, now, and with nothing
 * to be told to the sender afterwards. Everything else (addresses elsewhere, mailboxes of several groups, a success
 * notice asked for, a time to wait for) goes into the queue by one transaction of the directory database; the
 * motor (routing/run) is woken after COMMIT. Either way a true return means: committed.
 *
 * Submission, notices, redirects and automatic replies all enter here.
 *
 * Errors   those of deliver_message_whole() and queue_put(): nothing was taken, but for ERR_UNKNOWN.
 * Threads  all functions may be called from any thread.
 */
#ifndef ACCEPT_ACCEPT_H
#define ACCEPT_ACCEPT_H

#include "deliver/deliver.h"
#include "directory/preference.h"
#include "queue/queue.h"
#include "resolve/resolve.h"

struct accept;
struct directory;
struct rules;
struct topology;
struct trace;
struct wake_bus;

/* Who listens for new work in the queue: wake_subscribe(bus, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, ...). No storage group
 * has this id. */
enum { ACCEPT_WAKE_GROUP = DIRECTORY_WAKE_GROUP, ACCEPT_WAKE_QUEUE = 1 };

/* The lane of what the motor goes on with itself (QUEUE_IS_POST): no domain has this name. */
#define ACCEPT_LISTS_LANE "lists"

struct accept_options {
    struct directory *directory;
    struct deliver *deliver;
    struct rules *rules;       /* of mailboxes (rules/rules.h); NULL: none are run */
    struct topology *topology; /* whose work it is; NULL: of all servers, and every storage group is near */
    struct wake_bus *wake;     /* NULL: motors find out by themselves */
    int64_t lifetime_us;       /* after which what still waits is returned; 0: 5 days */
    int64_t warning_us;        /* after which the sender is told that it waits; 0: 4 hours */
    int64_t
        undo_us; /* for which a submitted message waits before it leaves, where its sender's preference says
                                  nothing; 0: not at all */
};

/* Under `owner`. Copies the options; what they point at must outlive it. Times of 0 get their defaults. Cannot fail. */
MUST_CHECK bool accept_open(const void *owner, const struct accept_options *options,
                            struct accept **accept_out, struct err *err);
/* Accepts and sets NULL. */
void accept_close(struct accept **accept);

/* An address elsewhere. */
struct accept_remote {
    const char *address; /* as SMTP writes it */
    const char *domain;  /* canonical, or an address literal */
    const char *sender;  /* other than the message's: a redirect that is rewritten; NULL: the message's */
    const char *why;     /* "", "alias", "redirect", ... */
    unsigned flags;      /* enum queue_flag */
    const char *target;  /* what its flags need, JSON; NULL: nothing */
};

/* A RCPT, and what it came to: indices into the message's targets and remotes. */
struct accept_recipient {
    const char *address;
    unsigned notify;                /* enum queue_notify */
    const char *orcpt_type, *orcpt; /* NULL: unsaid */
    const size_t *targets, *remotes;
    size_t target_count, remote_count;
};

/* Flags of a copy to `remote`, for its accept_remote. */
unsigned accept_remote_flags(const struct resolve_remote *remote);

enum accept_way { ACCEPT_FILES, ACCEPT_QUEUES };
struct accept_message {
    /* name, organisation_id, sender, login, origin, ret, envid, body, needs, deliver_by, priority, expires (0: by our own rule; else not later than that); the rest is filled here */
    struct queue_message envelope;
    struct span bytes;                    /* with Return-Path and Received, as it is filed */
    int64_t hold_until_us;                /* not before (FUTURERELEASE); 0: at once */
    bool is_submission;                   /* the undo window applies */
    const struct preference *preference;  /* of who submitted it; NULL: unknown */
    const char *peer_address, *peer_name; /* for the rules of mailboxes; NULL: unknown */
    const char *parent;                   /* the message that this one comes of, for the trace; NULL: none */
    struct trace
        *trace; /* of its way up to here, all targets and remotes in it; goes on here. NULL: it begins here */

    struct accept_recipient *recipients;
    size_t recipient_count;
    struct deliver_recipient *targets; /* every mailbox once; results of a filing come back in it */
    size_t target_count;
    struct accept_remote *remotes; /* every address once */
    size_t remote_count;

    enum accept_way way_taken; /* result of accept_message() */
};

/* Do our servers file into this storage group themselves? */
bool accept_is_near(const struct accept *accept, int64_t group_id);

/* Which of both it will be, as far as rules of mailboxes do not want something else (way_taken). */
enum accept_way accept_way(const struct accept *accept, const struct accept_message *message);

/* `arena`: for what is built meanwhile. ERR_DENIED: the only recipient's rules refuse it, in their words. */
MUST_CHECK bool accept_message(struct accept *accept, const void *arena, struct accept_message *message,
                               struct err *err);

/* For a protocol that answers for each recipient (LMTP), of a message without remotes: every target comes back with is_filed
 * (there, or in the queue where its rules send something) or its own err. False: nothing could be tried. */
MUST_CHECK bool accept_each(struct accept *accept, const void *arena, struct accept_message *message,
                            struct err *err);

/* The same, always by the queue: for LMTP, and for whoever must not wait for a storage group. */
MUST_CHECK bool accept_queue(struct accept *accept, const void *arena, const struct accept_message *message,
                             struct err *err);

/* The same once under this receipt (queue/queue.h, queue_put_once()). */
MUST_CHECK bool accept_queue_once(struct accept *accept, const void *arena,
                                  const struct accept_message *message,
                                  const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES], struct err *err);

/* What accept_queue() puts in, for those who put it into a transaction of their own. Under `arena`. */
struct queue_new *accept_prepare(const struct accept *accept, const void *arena,
                                 const struct accept_message *message);

/* What waits for this domain is due now, on whichever machine (ETRN); their number, at most 10,000. */
MUST_CHECK bool accept_retry_domain(struct accept *accept, const char *domain, size_t *count_out,
                                    struct err *err);

#endif
