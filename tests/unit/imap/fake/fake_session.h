/*
 * fake_session.h -- an IMAP session without sockets, threads and databases, for unit tests and the fuzz target.
 *
 * Stands in for server/session: it defines its functions, so exactly one source of a program includes it. Bytes go in
 * through fake_feed(), in pieces of any size; replies come out of fake.output. With fake.output_limit a long answer is
 * taken up again after so many bytes, as for a client that reads slowly. What is stored is in fake_storage.h.
 */
#ifndef FAKE_SESSION_H
#define FAKE_SESSION_H

#include "base/mem.h"
#include "base/spool.h"
#include "imap/session.h"
#include "session/session.h"

#include <stdlib.h>
#include <talloc.h>

struct session {
    void *memory, *arena, *state;
    const struct protocol *protocol;
    struct imap_context context;
    struct net_address peer;
    struct buf input, output;
    size_t used;         /* of the input */
    size_t output_limit; /* bytes of one turn; 0: 256 KiB */
    size_t turn_start;   /* output when the turn began */
    uint64_t body_left;  /* a body is coming */
    bool has_body, is_authenticated, is_woken, is_closed;
    struct spool *body, *kept;
    int delayed_ms;
    unsigned turns; /* how often an answer was taken up again */
};

static struct session fake;

static void fake_open(const struct protocol *protocol)
{
    memset(&fake, 0, sizeof fake);
    fake.memory = talloc_new(NULL);
    fake.arena = talloc_new(fake.memory);
    fake.protocol = protocol;
    fake.state = talloc_zero_size(fake.memory, protocol->state_bytes);
    fake.context = (struct imap_context){ .append_limit_bytes = 100000, .version = "1" };
    fake.input = fake.output = BUF_INIT(fake.memory);
    if (!net_address_parse(span_text("192.0.2.1"), &fake.peer))
        abort();
    protocol->open(&fake);
}

static void fake_close(void)
{
    fake.protocol->closed(&fake);
    spool_free(&fake.body);
    talloc_free(fake.memory);
}

typedef enum session_next fake_call(struct span unit);

static enum session_next fake_call_run(struct span unit)
{
    return fake.protocol->run(&fake, unit);
}
static enum session_next fake_call_body(struct span unit)
{
    (void)unit;
    return fake.protocol->body(&fake, fake.body);
}
static enum session_next fake_call_wake(struct span unit)
{
    (void)unit;
    return fake.protocol->wake(&fake);
}

/* Until the answer is complete, however many turns it takes. */
static void fake_run(fake_call *call, struct span unit)
{
    enum session_next next;

    do {
        fake.turn_start = fake.output.length;
        next = call(unit);
        fake.turns += next == SESSION_MORE;
    } while (next == SESSION_MORE);
    talloc_free_children(fake.arena);
    if (next == SESSION_CLOSE)
        fake.is_closed = true;
}

static bool fake_body(struct span in)
{
    size_t length = span_length(in) < fake.body_left ? span_length(in) : (size_t)fake.body_left;
    struct err err;

    (void)!spool_append(fake.body, span_part(in, 0, length), &err);
    fake.used += length;
    fake.body_left -= length;
    if (fake.body_left > 0)
        return false;
    fake.has_body = false;
    fake_run(fake_call_body, in);
    spool_free(&fake.body);
    return true;
}

/* One step of what a reactor does; false where more input is needed. */
static bool fake_step(void)
{
    struct span in = span_of(fake.input.p + fake.used, fake.input.length - fake.used);
    size_t length = 0;

    if (fake.is_closed)
        return false;
    if (fake.has_body)
        return (fake.body_left == 0 || !span_is_empty(in)) && fake_body(in);
    if (fake.is_woken) {
        fake.is_woken = false;
        fake_run(fake_call_wake, in);
        return true;
    }
    if (span_is_empty(in))
        return false;
    switch (fake.protocol->frame(&fake, in, &length)) {
    case FRAME_MORE:
        if (span_length(in) >= fake.protocol->unit_max)
            fake.is_closed = true;
        return false;
    case FRAME_UNIT:
        if (length == 0 || length > span_length(in))
            abort();
        fake.used += length;
        (void)fake.protocol->is_cheap(&fake, span_part(in, 0, length));
        fake_run(fake_call_run, span_part(in, 0, length));
        return true;
    case FRAME_SKIP:
        fake.used += length;
        return true;
    case FRAME_CLOSE:
        fake.is_closed = true;
        return false;
    }
    return false;
}

/* Feeds the bytes in pieces of `step`. */
static void fake_feed(struct span bytes, size_t step)
{
    while (!fake.is_closed && !span_is_empty(bytes)) {
        struct span piece = span_part(bytes, 0, step);

        bytes.p = piece.end;
        if (fake.used > 0)
            memmove(fake.input.p, fake.input.p + fake.used, fake.input.length - fake.used);
        fake.input.length -= fake.used;
        fake.used = 0;
        buf_add_span(&fake.input, piece);
        while (fake_step())
            ;
    }
}

/* ---- server/session */

void *session_state(struct session *session)
{
    return session->state;
}
void *session_context(const struct session *session)
{
    return (void *)(uintptr_t)&session->context;
}
void *session_memory(struct session *session)
{
    return session->memory;
}
void *session_arena(struct session *session)
{
    return session->arena;
}
const struct net_address *session_peer(const struct session *session)
{
    return &session->peer;
}
const char *session_peer_text(const struct session *session)
{
    (void)session;
    return "192.0.2.1";
}
const char *session_id(const struct session *session)
{
    (void)session;
    return "1";
}
bool session_is_tls(const struct session *session)
{
    (void)session;
    return false;
}
const struct stream *session_stream(const struct session *session)
{
    (void)session;
    return NULL;
}
bool session_may_login(const struct session *session)
{
    (void)session;
    return true;
}
bool session_can_start_tls(const struct session *session)
{
    (void)session;
    return false;
}
bool session_start_tls(struct session *session)
{
    (void)session;
    return false;
}
bool session_start_deflate(struct session *session)
{
    (void)session;
    return true;
}
void session_set_authenticated(struct session *session, bool is_authenticated)
{
    session->is_authenticated = is_authenticated;
}
void session_set_identity(struct session *session, void *identity)
{
    (void)session;
    (void)identity;
}
void session_set_idle(struct session *session, int seconds)
{
    (void)session;
    (void)seconds;
}
struct buf *session_output(struct session *session)
{
    return &session->output;
}
void session_write_text(struct session *session, const char *text)
{
    buf_add_text(&session->output, text);
}
bool session_output_is_full(const struct session *session)
{
    size_t limit = session->output_limit ? session->output_limit : 256 * 1024;

    return session->output.length - session->turn_start >= limit;
}
void session_flush(struct session *session)
{
    (void)session;
}
struct span session_pipelined(const struct session *session)
{
    return span_of(session->input.p + session->used, session->input.length - session->used);
}
void session_delay(struct session *session, int ms)
{
    session->delayed_ms += ms;
}
void session_expect_bytes(struct session *session, uint64_t bytes, uint64_t limit_bytes)
{
    session->has_body = true;
    session->body_left = bytes;
    session->body = spool_new(NULL, "/tmp", limit_bytes);
}
struct spool *session_keep_body(struct session *session)
{
    struct spool *body = session->body;

    session->body = NULL;
    return body;
}
void session_wake(struct session *session)
{
    session->is_woken = true;
}
bool session_is_stopping(const struct session *session)
{
    (void)session;
    return false;
}

#endif
