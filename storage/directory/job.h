/*
 * job.h -- work on many objects that outlives its request: what is to be done, how far it is, what came of each item.
 *
 * A job belongs to who asked for it and is done in his name. A machine that works on one holds its lease and takes items in
 * order; an item is begun before and settled after it was done, each in a transaction of its own, so that after a crash only
 * those that were begun are in doubt, and whoever takes them again knows that (was_begun).
 *
 * What an item holds is sealed (base/sealing.h), for it may hold passwords, and is gone once it was done.
 */
#ifndef DIRECTORY_JOB_H
#define DIRECTORY_JOB_H

#include "directory/directory.h"

enum { JOB_ITEMS_MAX = 100000 };
enum job_kind { JOB_IMPORT, JOB_BULK, JOB_EXPORT, JOB_KINDS };
enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_STATES };
/* "import", "running". Static. */
const char *job_kind_name(enum job_kind kind);
/* The same of a state. */
const char *job_state_name(enum job_state state);

struct job {
    int64_t job_id, organisation_id; /* organisation 0: of several */
    enum job_kind kind;
    enum job_state state;
    const char *title;
    bool is_dry_run;
    const char *caller, *peer;
    int64_t caller_id; /* 0: the machine's own root */
    uint64_t permissions;
    int64_t total, done, failed; /* items */
    int64_t created_us, started_us, ended_us;
    const char *fault; /* NULL: none */
};

struct job_item {
    int32_t position;
    const char *object, *input; /* input NULL: it was done */
    bool was_begun;             /* before: by who broke off */
    bool is_settled, is_failed;
    const char *kind, *message; /* of the fault */
};

/* Uses organisation_id, kind, title, is_dry_run and permissions; the actor is the caller. ERR_LIMIT: more items than
 * JOB_ITEMS_MAX. Leaves an audit row. */
MUST_CHECK bool job_add(struct directory *directory, const struct actor *actor, const struct job *wanted,
                        const struct job_item *items, size_t count, int64_t *job_id_out, struct err *err);
/* Whose jobs somebody sees: his own, and those of some organisations. */
struct job_sight {
    int64_t caller_id;            /* 0: all there are */
    const int64_t *organisations; /* 0 is the one of jobs of several */
    size_t count;
};
/* The newest first, with smaller ids than `before_id` (0: from the newest). */
MUST_CHECK bool job_list(struct directory *directory, const struct job_sight *sight, const void *owner,
                         int64_t before_id, size_t limit, struct job **jobs_out, size_t *count_out,
                         struct err *err);
/* One of those. ERR_NOT_FOUND. */
MUST_CHECK bool job_get(struct directory *directory, const struct job_sight *sight, const void *owner,
                        int64_t job_id, struct job *job_out, struct err *err);
/* Its items behind `after` (-1: from the start), without their input; only those that failed, or all. */
MUST_CHECK bool job_items(struct directory *directory, const void *owner, int64_t job_id, int32_t after,
                          bool only_failed, size_t limit, struct job_item **items_out, size_t *count_out,
                          struct err *err);
/* What is being done is finished, the rest is not begun; for JOB_RESUME_HOURS it can be taken up again. ERR_CONFLICT: it has ended. */
enum { JOB_RESUME_HOURS = 24 };
MUST_CHECK bool job_cancel(struct directory *directory, const struct actor *actor, const struct job *job,
                           struct err *err);
/* Takes up what a cancelled job, or one that broke off, has left. ERR_CONFLICT: it goes on still, it left nothing, or that is gone. */
MUST_CHECK bool job_resume(struct directory *directory, const struct actor *actor, const struct job *job,
                           struct err *err);

/* ---- for who does them */

/* The oldest one that nobody works on, with a lease of a minute for the server `worker`; *is_found_out false: there is none. */
MUST_CHECK bool job_take(struct directory *directory, const void *owner, const char *worker, int64_t now_us,
                         struct job *job_out, bool *is_found_out, struct err *err);
/* Ends the leases of a server that comes back: what it worked on need not wait. */
MUST_CHECK bool job_reclaim(struct directory *directory, const char *worker, struct err *err);
/* The next items, which are begun with it. */
MUST_CHECK bool job_begin_items(struct directory *directory, const void *owner, int64_t job_id, size_t limit,
                                struct job_item **items_out, size_t *count_out, struct err *err);
/* What came of them (is_failed, kind, message); renews the lease. False in *goes_on_out: the job was cancelled. */
MUST_CHECK bool job_settle_items(struct directory *directory, int64_t job_id, const struct job_item *items,
                                 size_t count, bool *goes_on_out, struct err *err);
/* The item at this position wrote `part`, which has so many rows (they are what job.done counts of an export); `next` (NULL: that was
 * the last one): the input of the item that follows. All or nothing, and the lease is renewed; *goes_on_out as of job_settle_items(). */
MUST_CHECK bool job_settle_part(struct directory *directory, int64_t job_id, int32_t position,
                                const char *part, int64_t rows, const char *next, bool *goes_on_out,
                                struct err *err);
/* What the item at this position wrote, under `owner`; NULL: nothing, or it is gone (JOB_FILE_HOURS after the job's end). */
enum { JOB_FILE_HOURS = 24 };
MUST_CHECK bool job_part(struct directory *directory, const void *owner, int64_t job_id, int32_t position,
                         const char **part_out, struct err *err);
/* `fault` NULL: it is done. */
MUST_CHECK bool job_end(struct directory *directory, int64_t job_id, const char *fault, struct err *err);
/* Gives the lease back, so that another may go on at once. */
MUST_CHECK bool job_leave(struct directory *directory, int64_t job_id, struct err *err);
/* Removes those that ended a month ago, and what others have left that nobody took up; for housekeeping. */
MUST_CHECK bool job_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err);

#endif
