/*
 * session.c -- what a protocol may ask of its session.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "session/engine.h"
#include "session/workers.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <talloc.h>

void *session_state(struct session *session)
{
    return session->state;
}

void *session_context(const struct session *session)
{
    return atomic_load(&session->listener->context);
}

void *session_memory(struct session *session)
{
    return session;
}

void *session_arena(struct session *session)
{
    if (!session->arena)
        session->arena = arena_new(session, ARENA_BYTES);
    return session->arena;
}

const struct net_address *session_peer(const struct session *session)
{
    return &session->peer;
}

const char *session_peer_text(const struct session *session)
{
    return session->peer_text;
}

uint16_t session_local_port(const struct session *session)
{
    return session->listener->port;
}

const char *session_id(const struct session *session)
{
    return session->id;
}

bool session_is_tls(const struct session *session)
{
    return stream_is_tls(session->stream);
}

const struct stream *session_stream(const struct session *session)
{
    return session->stream;
}

bool session_may_login(const struct session *session)
{
    switch (session->listener->config.plaintext_login) {
    case PLAINTEXT_LOGIN_ALWAYS:
        return true;
    case PLAINTEXT_LOGIN_LOOPBACK:
        return session_is_tls(session) || net_is_loopback(&session->peer);
    default:
        return session_is_tls(session);
    }
}

int64_t session_started_us(const struct session *session)
{
    return session->started_us;
}

void session_set_authenticated(struct session *session, bool is_authenticated)
{
    /* The time for the next login counts from the end of this one (IMAP UNAUTHENTICATE). */
    if (!is_authenticated)
        session->started_mono_us = clock_monotonic_us();
    session->is_authenticated = is_authenticated;
}

bool session_is_authenticated(const struct session *session)
{
    return session->is_authenticated;
}

void session_set_identity(struct session *session, struct identity *identity)
{
    session_roll_leave(session);
    session->identity = identity;
    if (identity)
        session_roll_enter(session);
}

struct identity *session_identity(const struct session *session)
{
    return session->identity;
}

void session_set_idle(struct session *session, int seconds)
{
    session->idle_s = seconds;
}

struct buf *session_output(struct session *session)
{
    return &session->out;
}

void session_write(struct session *session, struct span bytes)
{
    buf_add_span(&session->out, bytes);
}

void session_write_text(struct session *session, const char *text)
{
    buf_add_text(&session->out, text);
}

void session_printf(struct session *session, const char *text_format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, text_format);
    text = talloc_vasprintf(session_arena(session), text_format, arguments);
    va_end(arguments);
    buf_add_text(&session->out, text);
    talloc_free(text);
}

bool session_output_is_full(const struct session *session)
{
    return session->out.length - session->out_sent >= OUTPUT_HIGH_BYTES;
}

void session_flush(struct session *session)
{
    session_send(session);
}

struct span session_pipelined(const struct session *session)
{
    size_t start = session->in_start + (session->call == CALL_RUN ? session->unit_length : 0);

    return span_of(session->in ? session->in + start : NULL, session->in_end - start);
}

void session_delay(struct session *session, int ms)
{
    session->hold_until_us = clock_monotonic_us() + (int64_t)ms * 1000;
}

static void expect(struct session *session, uint64_t limit_bytes)
{
    /* body() may expect the next piece at once: its own spool is not needed any more then. */
    spool_free(&session->spool);
    session->spool = spool_new(session, session->server->spool_directory, limit_bytes);
    session->phase = PHASE_BODY;
    session->body_bytes = 0;
    session->body_started_us = clock_monotonic_us();
    session->needs_more = false;
}

void session_expect_body(struct session *session, body_filter *filter, void *filter_state,
                         uint64_t limit_bytes)
{
    assert(session->phase == PHASE_READY);
    session->filter = filter;
    session->filter_state = filter_state;
    expect(session, limit_bytes);
}

void session_expect_bytes(struct session *session, uint64_t bytes, uint64_t limit_bytes)
{
    assert(session->phase == PHASE_READY);
    session->filter = NULL;
    session->body_left = bytes;
    expect(session, limit_bytes);
}

struct spool *session_keep_body(struct session *session)
{
    struct spool *kept = session->spool;

    session->spool = NULL;
    return kept;
}

bool session_can_start_tls(const struct session *session)
{
    return session->listener->config.tls && !session->listener->config.is_implicit_tls &&
           !session_is_tls(session) && !stream_is_deflated(session->stream);
}

bool session_start_tls(struct session *session)
{
    if (!session_can_start_tls(session))
        return false;
    session->upgrade = UPGRADE_TLS;
    return true;
}

bool session_start_deflate(struct session *session)
{
    if (stream_is_deflated(session->stream))
        return false;
    session->upgrade = UPGRADE_DEFLATE;
    return true;
}

void session_wake(struct session *session)
{
    if (session_signal(session, WOKEN))
        session_push(session);
}

struct beside {
    struct job job; /* first: a pointer to it is one to the struct */
    void (*function)(void *);
    void *argument;
};

static void run_beside(struct job *job)
{
    struct beside *beside = (struct beside *)job;

    beside->function(beside->argument);
    free(beside);
}

void session_beside(struct session *session, void (*function)(void *), void *argument)
{
    struct beside *beside = calloc(1, sizeof(*beside));

    if (!beside)
        abort();
    *beside = (struct beside){ .job.run = run_beside, .function = function, .argument = argument };
    workers_push(session->server->workers, &beside->job);
}

bool session_is_stopping(const struct session *session)
{
    return atomic_load_explicit(&session->server->is_stopping, memory_order_relaxed);
}
