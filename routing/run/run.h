/*
 * run.h -- the motor of the queue: takes what is due, has it sent or filed, settles, and writes the notices.
 *
 * One thread looks for lanes that have something due and takes rows of them under a lease, as many as the lane just proved to
 * get rid of. Rows become jobs: one message for some recipients of one destination. Worker threads carry jobs out, a bounded
 * number at once for each destination and in all; destinations take turns, and those that are slow never hold more than
 * half of the threads. One more thread settles what ended, many rows in a transaction, and another one says that the motor
 * lives; without that nothing new is begun.
 *
 * Retry     A recipient that was told to come later waits retry_min, and twice as long each time, up to retry_max. A
 *           destination that cannot be reached pauses as a whole, by the same rule: its other rows are not touched, and one
 *           attempt shows when it is back. 421 and 450 lower the number of connections, success raises it again.
 * Memory    is bounded by what is taken (RUN_TAKEN_MAX rows), whatever the length of the queue.
 * Crash     Rows taken by a process that died are due again within 2 * QUEUE_BEAT_S, and at once where the same server
 *           starts again (`lock_file`). Mailboxes get their copy once; another server may get again what was on its way.
 *
 * Threads  run_start() and run_stop() by one thread; run_wake() and run_stats() by any.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "connector/outbound.h"
#include "queue/queue.h"

struct accept;
struct deliver;
struct directory;
struct groups;
struct mailbox_cache;
struct rules;
struct run;
struct signer;
struct topology;
struct wake_bus;

enum { RUN_TAKEN_MAX = 20000, RUN_RECIPIENTS_MAX = 1000 };

/* What is asked of the way of one recipient elsewhere. */
struct run_question {
    const struct queue_message *message;
    const struct queue_recipient *recipient;
    const char *sender; /* envelope, of this copy */
    const char *domain; /* NULL for a mailbox of ours */
};

struct run_report {
    bool is_up;                /* somebody answered, or nothing speaks against it */
    bool was_reached;          /* somebody answered */
    enum outbound_fault fault; /* where nobody did */
    const char *reason;
};

/* The ways out, given by who starts the motor: routing/topology and routing/connector, or what a test puts in their place. */
struct run_ways {
    void *arg;
    bool (*route)(void *arg, const void *owner, const struct run_question *question, struct route *route_out,
                  struct err *err);
    void (*send)(void *arg, const void *owner, const struct route *route,
                 const struct outbound_message *message, struct outbound_recipient *recipients, size_t count);
    bool (*owns)(void *arg, const char *lane); /* is this lane's work ours? NULL: every one is */
    /* What an attempt over a connector tells of it. NULL: nobody asks. */
    void (*report)(void *arg, const struct route *route, const struct run_report *report);
};

struct run_options {
    struct directory *directory;
    struct groups *groups;
    struct mailbox_cache *cache; /* of public folders that are members of lists; NULL: those get nothing */
    struct deliver *deliver;
    struct topology *topology; /* for notices (accept/accept.h); may be NULL */
    struct rules *rules;       /* of mailboxes; NULL: none are run */
    struct signer *signer;     /* of what is made here or handed on; NULL: nothing is signed */
    struct wake_bus *wake;     /* NULL: only what is found by looking */
    const char *host_name;     /* in notices */
    const char *link_base; /* "https://mail.example.org": where links in mail lead; NULL: by the host name */
    const char *server;    /* in the list of motors */
    const char *lock_file; /* of this server's motor; NULL: none */
    unsigned threads;      /* 0: 100 */
    unsigned per_destination;   /* connections at once; 0: 20 */
    int64_t retry_min_us;       /* 0: 1 minute */
    int64_t retry_max_us;       /* 0: 1 hour */
    int64_t lifetime_us;        /* of notices; 0: 5 days */
    unsigned full_notice_bytes; /* larger messages come back as headers only; 0: 1 MiB */
    struct run_ways ways;
};

/* Succeeds while the databases are down. */
MUST_CHECK bool run_start(const void *owner, const struct run_options *options, struct run **run_out,
                          struct err *err);
/* What is being sent is given `wait_ms` to end; then everything that is left goes back. Accepts NULL, sets NULL. */
void run_stop(struct run **run, unsigned wait_ms);
/* For pauses that begin afterwards. */
void run_set_retry(struct run *run, int64_t retry_min_us, int64_t retry_max_us);
/* There may be something new. */
void run_wake(struct run *run);

struct run_stats {
    size_t taken, jobs, active, threads, lanes, destinations, paused;
    int64_t motor_id;
};
/* A snapshot under the lock, for health pages. Any thread. */
void run_stats(struct run *run, struct run_stats *stats_out);

#endif
