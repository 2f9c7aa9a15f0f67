/*
 * output.c -- what was appended to the output goes to the client as fast as it takes it.
 */
#include "base/clock.h"
#include "session/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

size_t session_unsent(const struct session *session)
{
    return session->out.length - session->out_sent + (session->is_flush_due ? 1 : 0);
}

void session_send(struct session *session)
{
    enum stream_result result = STREAM_OK;

    while (session->can_write && session->out_sent < session->out.length && result == STREAM_OK) {
        size_t written;
        struct span rest =
            span_of(session->out.p + session->out_sent, session->out.length - session->out_sent);
        result = stream_write(session->stream, rest, &written);
        session->out_sent += written;
        session->is_flush_due = true;
        session->active_us = clock_monotonic_us();
    }
    if (session->can_write && session->is_flush_due && result == STREAM_OK) {
        result = stream_flush(session->stream);
        session->is_flush_due = result != STREAM_OK;
    }
    if (session->out_sent == session->out.length) {
        buf_clear(&session->out);
        session->out_sent = 0;
    } else if (session->out_sent > session->out.length / 2) {
        memmove(session->out.p, session->out.p + session->out_sent, session->out.length - session->out_sent);
        session->out.length -= session->out_sent;
        session->out_sent = 0;
    }
    if (result == STREAM_WAIT)
        session->can_write = false;
    if (result == STREAM_FAILED || result == STREAM_EOF) {
        session_metric_ended(session, ENDED_RESET, stream_failure(session->stream));
        session_write_off(session);
    }
}

void session_shrink(struct session *session)
{
    if (session->out.length == 0) {
        TALLOC_FREE(session->out.p);
        session->out.capacity = 0;
    }
    if (!session_has_input(session)) {
        free(session->in);
        session->in = NULL;
        session->in_start = session->in_end = session->in_capacity = 0;
    }
    if (session->call == CALL_NONE)
        TALLOC_FREE(session->arena);
}

void session_write_off(struct session *session)
{
    session->is_written_off = true;
    buf_clear(&session->out);
    session->out_sent = 0;
    session->is_flush_due = false;
}

void session_say_goodbye(struct session *session, const char *text)
{
    if (text)
        buf_add_text(&session->out, text);
    session->phase = PHASE_CLOSING;
    session->call = CALL_NONE;
    session->upgrade = UPGRADE_NONE;
    session->close_by_us = clock_monotonic_us() + HANDSHAKE_S * US_PER_S;
}
