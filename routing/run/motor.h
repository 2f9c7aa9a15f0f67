/*
 * motor.h -- inside this room: the motor, its lanes and jobs, and the functions of its threads.
 *
 * Rows come in catches, shared by the jobs made of them; the last job that is settled frees the catch. A job belongs to the
 * motor's lock while it waits, to its worker while it runs, and to the settling thread with what came of it afterwards.
 */
#ifndef RUN_MOTOR_H
#define RUN_MOTOR_H

#include "db/pool.h"
#include "format/link_token.h"
#include "mailbox/filing.h"
#include "queue/motor.h"
#include "queue/settle.h"
#include "queue/take.h"
#include "resolve/resolve.h"
#include "rules/rules.h"
#include "run/destination.h"
#include "run/run.h"
#include "run/state.h"

#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

struct lane {
    const char *name;
    struct destination *destination; /* of its last job; NULL: not known yet */
    size_t loaded;                   /* rows in memory */
    size_t quota;                    /* rows that may be: grows while it gets rid of them quickly */
    int64_t taken_us;                /* when it last took */
    bool has_more;                   /* the last time it got all that it wanted */
};

/* Rows that came with one question, shared by jobs. */
struct haul {
    void *arena;
    struct run *run;
    struct queue_catch *catch;
    size_t bytes; /* that count in run->held_bytes */
    _Atomic unsigned users;
};

struct job {
    struct job *next;
    struct haul *haul;
    struct lane *lane;
    struct destination *destination;
    struct route route; /* under the haul's arena */
    bool is_group;
    bool is_post;       /* the motor goes on with it itself (post.h) */
    const char *sender; /* envelope of this copy */
    const struct queue_message *message;
    const struct queue_taken **rows;
    size_t count, capacity;
};

/* What came of one row. Texts belong to the arena of its result. */
struct outcome {
    const struct queue_taken *row;
    enum run_state state;
    unsigned code; /* 0: there was no reply */
    const char *enhanced, *text, *host, *tls;
    const char *connector, *way; /* the route that was taken, and why; NULL: none */
    struct span told;            /* what the mailbox's rules did, as events of the trace */
    int64_t next_try_us;         /* RUN_DEFERRED, RUN_DELAYED */
    bool was_tried;
    unsigned flags;
    struct post *post;       /* of a row for a list: what it came to; NULL: nothing more */
    struct rules_plan *plan; /* of its mailbox: sends something, or remembers; NULL: neither */
    const uint8_t *once;     /* under this receipt what it sends goes once; NULL: with the settlement */
};

/* What came of one job: settled together with others. */
struct result {
    struct result *next;
    void *arena;
    struct haul *haul;
    struct lane *lane;
    struct outcome *outcomes;
    size_t count;
};

struct policy;
struct post;

struct run {
    struct run_options options;
    struct db_pool *pool;
    _Atomic int64_t retry_min_us, retry_max_us;
    struct accept *accept; /* dates of notices */
    struct policy *policy; /* who may write to members of lists */
    int lock_fd;
    struct wake_subscription *subscription;
    _Atomic size_t held_bytes; /* of messages that came along with hauls */
    sem_t came;                /* something new, or something ended: the finder looks */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t work;  /* for workers */
    bool is_ending;       /* nothing new is begun */
    int64_t motor_id;     /* 0: none yet */
    int64_t beat_us;      /* monotonic: the last beat that was heard */
    GHashTable *lanes, *destinations;
    GQueue ring; /* destinations with jobs */
    size_t taken, job_count, active, slow_active, idle, thread_count;
    pthread_t *workers;

    struct result *ended, **ended_end; /* to be settled */
    size_t ended_rows, awaited_rows;   /* so many end the settler's wait */
    bool is_settling, settler_ends;
    pthread_cond_t has_ended;

    bool has_link_key; /* list_copy.c */
    unsigned char link_key[LINK_KEY_BYTES];

    int64_t next_overdue_us; /* of the finder */
    pthread_t finder, beater, settler;
    pthread_cond_t tick; /* of the beater */
};

/* ---- beat.c */
/* The thread that says that this motor lives, and buries others; its argument is a struct run. */
void *run_beat(void *run);
/* May something new be begun? Under the lock. */
bool run_is_alive(const struct run *run);
/* The lock file: whose motor it was, and ours from now on. */
bool run_lock_file(struct run *run, struct err *err);
/* Gives the lock up; harmless where it is not held. */
void run_unlock_file(struct run *run);

/* ---- find.c */
/* The thread that looks for rows that are due and takes them; its argument is a struct run. */
void *run_find(void *run);

/* ---- job.c */
/* Makes jobs of what was caught, and gives them to their destinations. */
void run_add_jobs(struct run *run, struct haul *haul);
/* With one user. */
struct haul *haul_new(struct run *run);
/* What its catch brought counts until the last one leaves. */
void haul_count(struct haul *haul);
/* One user less; the last one frees it. Any thread. */
void haul_leave(struct haul *haul);
/* Under the lock: makes or finds. */
struct lane *run_lane(struct run *run, const char *name);
/* The same for a destination, whose limit is set anew. */
struct destination *run_destination(struct run *run, const char *key, unsigned limit_max);
/* Under the lock: the jobs that wait for a destination go back untried. */
void run_release(struct run *run, struct destination *destination);

/* ---- work.c */
/* One of the threads that carry out jobs; its argument is a struct run. */
void *run_work(void *run);
/* Under the lock, where so many jobs were added: threads for them where all are busy. Gives how many times run->work is to be
 * signalled when the lock is left: who is woken under it would only wait for it. */
size_t run_want_workers(struct run *run, size_t jobs);

/* ---- send.c, file.c: carry out one job; news about the destination. */
/* Sends the job's message to its recipients through the job's way, and notes an outcome for each. Without the lock;
 * seconds to minutes. */
enum destination_news run_send(struct run *run, struct job *job, struct result *result);
/* Files the job's message into mailboxes here, once each, and notes an outcome for each. Without the lock. */
enum destination_news run_file(struct run *run, struct job *job, struct result *result);

/* The receipt of the row's copy in its mailbox, which stays the same at whichever server of ours it is filed. */
void run_receipt(const struct queue_taken *row, uint8_t receipt_out[FILING_RECEIPT_BYTES]);
/* What follows from a row, besides its copies, and must not follow twice. */
enum run_once { RUN_ONCE_LETTERS = 1, RUN_ONCE_LARGE_LETTER, RUN_ONCE_LIST_COPIES };
/* The receipt of that, in the queue; `number`: of several. */
void run_receipt_of(const struct queue_taken *row, enum run_once what, size_t number,
                    uint8_t receipt_out[FILING_RECEIPT_BYTES]);

/* ---- outcome.c */
/* All recipients of the job as not tried yet; holds the job's haul. Ends with its talloc memory when it was settled. */
struct result *result_new(struct job *job);
/* The pause after so many failures: the configured one, and a short one for a storage group, which is started again soon. */
int64_t run_pause_us(const struct run *run, bool is_group, unsigned failures);
/* Defers the row by its own schedule, or ends it where its time is over. */
void outcome_defer(const struct run *run, struct outcome *outcome, int64_t now_us);
/* What was deferred together is tried again together: one copy on the line then, as before. */
void outcome_keep_together(struct result *result);
/* Rows that are as often tried as their destination failed are due when its pause ends, so that they keep their place before what came
 * meanwhile. */
void outcome_wait_with(struct result *result, const struct destination *d);

/* ---- tell.c: rows of the trace, on the first settlement of each message. Under `arena`. */
/* Writes what was decided about each row into its settlement's `trace`, for those of one message together. No database. */
void run_tell(const void *arena, struct queue_settlement *list, size_t count);

/* ---- finish.c */
/* The thread that writes results down; its argument is a struct run. */
void *run_finish(void *run);
/* Under the lock. */
void run_end_result(struct run *run, struct result *result);
/* Under the lock: nobody worked on the job. */
void run_end_untried(struct run *run, struct job *job);

#endif
