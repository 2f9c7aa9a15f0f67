/*
 * input.c -- from bytes to units and bodies. The buffer exists while something is in it.
 */
#include "base/clock.h"
#include "session/engine.h"

#include <assert.h>
#include <stdlib.h>

bool session_has_input(const struct session *session)
{
    return session->in_end > session->in_start;
}

static struct span buffered(const struct session *session)
{
    return span_of(session->in ? session->in + session->in_start : NULL, session->in_end - session->in_start);
}

void session_consume(struct session *session, size_t length)
{
    session->in_start += length;
    assert(session->in_start <= session->in_end);
    if (session->in_start == session->in_end)
        session->in_start = session->in_end = 0;
}

static size_t unit_max(const struct session *session)
{
    return session->is_authenticated ? session->protocol->unit_max : session->protocol->unit_max_before_login;
}

static void make_room(struct session *session)
{
    size_t length = session->in_end - session->in_start;
    size_t wanted = session->phase == PHASE_BODY ? INPUT_BODY_BYTES : INPUT_FIRST_BYTES;

    if (session->in_start > 0) {
        memmove(session->in, session->in + session->in_start, length);
        session->in_start = 0;
        session->in_end = length;
    }
    while (wanted <= length)
        wanted *= 2;
    if (wanted <= session->in_capacity)
        return;
    session->in = realloc(session->in, wanted);
    if (!session->in)
        abort();
    session->in_capacity = wanted;
}

enum progress session_read(struct session *session)
{
    size_t got;

    if (!session->can_read || session->has_eof)
        return NOTHING;
    if (session->in_end == session->in_capacity || session->phase == PHASE_BODY)
        make_room(session);
    switch (stream_read(session->stream, session->in + session->in_end,
                        session->in_capacity - session->in_end, &got)) {
    case STREAM_OK:
        session->in_end += got;
        session->burst_bytes += got;
        session->needs_more = false;
        session->active_us = clock_monotonic_us();
        return PROGRESS;
    case STREAM_WAIT:
        session->can_read = false;
        return NOTHING;
    case STREAM_EOF:
        session->has_eof = true;
        return PROGRESS;
    default:
        session_metric_ended(session, ENDED_RESET, stream_failure(session->stream));
        session_write_off(session);
        return PROGRESS;
    }
}

static void refuse(struct session *session, enum ending ending, const char *text)
{
    session_metric_ended(session, ending, "");
    session_consume(session, session->in_end - session->in_start);
    session_say_goodbye(session, text);
}

static enum progress take_unit(struct session *session, size_t length)
{
    struct span unit = span_part(buffered(session), 0, length);
    const char *text;

    if (!session->is_authenticated && session_is_intruder(session, unit, &text)) {
        refuse(session, ENDED_INTRUDER, text);
        return PROGRESS;
    }
    session->unit_length = length;
    session->is_cheap = session->protocol->is_cheap && session->protocol->is_cheap(session, unit);
    session->call = CALL_RUN;
    return PROGRESS;
}

enum progress session_frame(struct session *session)
{
    size_t length = 0;

    if (!session_has_input(session) || session->needs_more)
        return NOTHING;
    if (!session->is_authenticated && session_is_binary_intruder(buffered(session))) {
        refuse(session, ENDED_INTRUDER, NULL);
        return PROGRESS;
    }
    switch (session->protocol->frame(session, buffered(session), &length)) {
    case FRAME_UNIT:
        assert(length > 0 && length <= session->in_end - session->in_start);
        return take_unit(session, length);
    case FRAME_SKIP:
        session_consume(session, length);
        return PROGRESS;
    case FRAME_CLOSE:
        session_say_goodbye(session, NULL);
        return PROGRESS;
    default:
        break;
    }
    if (session->in_end - session->in_start >= unit_max(session))
        refuse(session, ENDED_TOO_LONG, session->protocol->too_long);
    else
        session->needs_more = true;
    return session->needs_more ? NOTHING : PROGRESS;
}

/* The filter of session_expect_bytes. */
static void count_bytes(struct session *session, struct span *in, bool *complete)
{
    struct span part = span_part(
        *in, 0, session->body_left < span_length(*in) ? (size_t)session->body_left : span_length(*in));
    struct err err;

    if (!span_is_empty(part) && !spool_append(session->spool, part, &err)) {
        /* Kept in the spool; the count goes on. */
    }
    in->p = part.end;
    session->body_left -= span_length(part);
    *complete = session->body_left == 0;
}

enum progress session_feed_body(struct session *session)
{
    struct span in = buffered(session);
    const char *start = in.p;
    bool is_complete = false;
    size_t taken;

    if (!session->filter)
        count_bytes(session, &in, &is_complete);
    else if (!span_is_empty(in) && !session->needs_more)
        session->filter(session->filter_state, &in, session->spool, &is_complete);
    taken = (size_t)(in.p - start);
    session_consume(session, taken);
    session->body_bytes += taken;
    if (is_complete) {
        session->phase = PHASE_READY;
        session->call = CALL_BODY;
        session->is_cheap = false;
        return PROGRESS;
    }
    session->needs_more = true; /* what the filter left waits for its look-ahead */
    return NOTHING;
}
