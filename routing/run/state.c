/* state.c -- the table of states. */
#include "run/state.h"

#include <assert.h>

#define STEP(state) (1u << (state))
#define ENDS_ATTEMPT                                                                                         \
    (STEP(RUN_DELIVERED) | STEP(RUN_RELAYED) | STEP(RUN_EXPANDED) | STEP(RUN_DEFERRED) | STEP(RUN_DELAYED) | \
     STEP(RUN_DELETED) | STEP(RUN_MODERATED) | STEP(RUN_UNTRIED) | STEP(RUN_FAILED) | STEP(RUN_EXPIRED) |    \
     STEP(RUN_RETURNED))

static const struct run_state_row rows[RUN_STATES] = {
    [RUN_WAITING] = { "waiting", STEP(RUN_TAKEN) | STEP(RUN_HELD) | STEP(RUN_DELETED), QUEUE_END_UNTRIED,
                      NOTICE_NONE, false },
    [RUN_TAKEN] = { "taken", ENDS_ATTEMPT, QUEUE_END_UNTRIED, NOTICE_NONE, false },
    [RUN_HELD] = { "held", STEP(RUN_WAITING) | STEP(RUN_TAKEN) | STEP(RUN_DELETED), QUEUE_END_UNTRIED,
                   NOTICE_NONE, false },
    [RUN_DELIVERED] = { "delivered", 0, QUEUE_END_GONE, NOTICE_DELIVERED, true },
    [RUN_RELAYED] = { "relayed", 0, QUEUE_END_GONE, NOTICE_RELAYED, true },
    [RUN_EXPANDED] = { "expanded", 0, QUEUE_END_GONE, NOTICE_EXPANDED, true },
    [RUN_DEFERRED] = { "deferred", STEP(RUN_WAITING), QUEUE_END_WAITS, NOTICE_NONE, false },
    [RUN_DELAYED] = { "delayed", STEP(RUN_WAITING), QUEUE_END_WAITS, NOTICE_DELAYED, false },
    [RUN_UNTRIED] = { "untried", STEP(RUN_WAITING), QUEUE_END_UNTRIED, NOTICE_NONE, false },
    [RUN_FAILED] = { "failed", 0, QUEUE_END_GONE, NOTICE_FAILED, true },
    [RUN_EXPIRED] = { "expired", 0, QUEUE_END_GONE, NOTICE_FAILED, true },
    [RUN_RETURNED] = { "returned", 0, QUEUE_END_GONE, NOTICE_FAILED, true },
    [RUN_DELETED] = { "deleted", 0, QUEUE_END_GONE, NOTICE_NONE, true },
    [RUN_MODERATED] = { "moderated", STEP(RUN_WAITING), QUEUE_END_HELD, NOTICE_NONE, false },
};

const struct run_state_row *run_state_row(enum run_state state)
{
    assert(state < RUN_STATES);
    return &rows[state];
}

bool run_state_may(enum run_state from, enum run_state to)
{
    return (run_state_row(from)->steps & STEP(to)) != 0;
}
