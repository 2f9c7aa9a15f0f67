/*
 * call.c -- the protocol's callbacks, one at a time.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "session/engine.h"

#include <talloc.h>

static enum session_next call_open(struct session *session)
{
    session->is_opened = true;
    return session->protocol->open(session);
}

static enum session_next call_run(struct session *session)
{
    return session->protocol->run(session, span_of(session->in + session->in_start, session->unit_length));
}

static enum session_next call_body(struct session *session)
{
    return session->protocol->body(session, session->spool);
}

static enum session_next call_wake(struct session *session)
{
    return session->protocol->wake(session);
}

static enum session_next call_closed(struct session *session)
{
    session->protocol->closed(session);
    session->is_opened = false;
    return SESSION_DONE;
}

static enum session_next (*const calls[])(struct session *) = {
    [CALL_OPEN] = call_open, [CALL_RUN] = call_run,       [CALL_BODY] = call_body,
    [CALL_WAKE] = call_wake, [CALL_CLOSED] = call_closed,
};

/* A body that was expected by the call itself must survive its end. */
static void finish(struct session *session, enum call call)
{
    session->call = CALL_NONE;
    session->needs_more = false;
    arena_reset(session->arena);
    if (call == CALL_RUN) {
        session_consume(session, session->unit_length);
        session->unit_length = 0;
    }
    if (call == CALL_BODY && session->phase != PHASE_BODY)
        spool_free(&session->spool);
    if (call == CALL_OPEN && session->phase == PHASE_OPEN)
        session->phase = PHASE_READY;
}

void session_call(struct session *session)
{
    enum call call = session->call;
    int64_t start_us = clock_monotonic_us();
    enum session_next next = calls[call](session);
    int64_t end_us = clock_monotonic_us();

    session_metric_unit(session, session->due_us ? start_us - session->due_us : -1, end_us - start_us);
    session->due_us = 0;
    session->active_us = end_us;
    session->burst++;
    if (next == SESSION_MORE)
        return;
    finish(session, call);
    if (next == SESSION_CLOSE && session->phase != PHASE_DEAD)
        session_say_goodbye(session, NULL);
}
