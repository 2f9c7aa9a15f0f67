/*
 * fake_session.h -- an IMAP session without sockets, threads and databases, for unit tests and the fuzz target.
 *
 * See kit/fake_session.h. With fake.output_limit a long answer is taken up again after so many bytes, as for a client that
 * reads slowly. What is stored is in fake_storage.h.
 */
#ifndef FAKE_SESSION_H
#define FAKE_SESSION_H

#include "base/spool.h"
#include "imap/session.h"

#define FAKE_SESSION_OWN                                                                                     \
    struct imap_context context;                                                                             \
    size_t output_limit; /* bytes of one turn; 0: 256 KiB */                                                 \
    size_t turn_start;   /* output when the turn began */                                                    \
    uint64_t body_left;  /* a body is coming */                                                              \
    bool has_body, is_woken;                                                                                 \
    struct spool *body, *kept;                                                                               \
    unsigned turns; /* how often an answer was taken up again */
#include "kit/fake_session.h"

static void fake_open(const struct protocol *protocol)
{
    fake_begin(protocol);
    fake.context = (struct imap_context){ .append_limit_bytes = 100000, .version = "1" };
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
    fake_ran(next);
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

static bool fake_step(void)
{
    struct span in = fake_unused();
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

/* ---- server/session */

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
void session_set_idle(struct session *session, int seconds)
{
    (void)session;
    (void)seconds;
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
