/*
 * state.h -- what becomes of a recipient: the states, the steps between them that are allowed, and what each of them means for
 * its row, for the sender and for the log.
 *
 * Threads  constant tables.
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include "queue/settle.h"

enum run_state {
    RUN_WAITING,   /* in the queue; with a date */
    RUN_TAKEN,     /* a motor has it */
    RUN_HELD,      /* an administrator keeps it */
    RUN_DELIVERED, /* in the mailbox, or with a server that answers for it */
    RUN_RELAYED,   /* with a server that tells nobody of its success */
    RUN_EXPANDED,  /* became other recipients */
    RUN_DEFERRED,  /* waits again after an attempt */
    RUN_DELAYED,   /* waits again, and the sender is told */
    RUN_UNTRIED,   /* waits again as if nothing had been */
    RUN_FAILED,    /* refused for good */
    RUN_EXPIRED,   /* its time is over */
    RUN_RETURNED,  /* by an administrator, to the sender */
    RUN_DELETED,   /* by an administrator, without a word */
    RUN_MODERATED, /* waits for a moderator */
    RUN_STATES
};

/* The kinds of notices, RFC 3464, 2.3.3. */
enum run_notice {
    NOTICE_NONE,
    NOTICE_FAILED,
    NOTICE_DELAYED,
    NOTICE_DELIVERED,
    NOTICE_RELAYED,
    NOTICE_EXPANDED,
    NOTICES
};

struct run_state_row {
    const char *name;       /* in logs and metrics */
    unsigned steps;         /* bits of the states that may follow */
    enum queue_end end;     /* what happens to the row on leaving TAKEN */
    enum run_notice notice; /* what the sender may hear */
    bool is_final;
};

/* The row of that state. Static; never NULL. */
const struct run_state_row *run_state_row(enum run_state state);
/* Is this step one of the table? */
bool run_state_may(enum run_state from, enum run_state to);

#endif
