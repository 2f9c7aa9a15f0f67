/*
 * fake_session.h -- what the sessions of unit tests and fuzz targets have in common that need no sockets, threads and databases.
 *
 * Stands in for server/session: it defines functions of it, so exactly one source of a program includes it, through the fake of
 * a protocol (unit/PROTOCOL/fake). That defines before FAKE_SESSION_OWN, its members of struct session, among them
 * `context`, and after it fake_step() and the functions of server/session which differ. Bytes go in through fake_feed(), in
 * pieces of any size; replies come out of fake.output.
 */
#ifndef KIT_FAKE_SESSION_H
#define KIT_FAKE_SESSION_H

#include "base/mem.h"
#include "session/session.h"

#include <stdlib.h>
#include <talloc.h>

struct session {
    void *memory, *arena, *state;
    const struct protocol *protocol;
    struct net_address peer;
    struct buf input, output;
    size_t used; /* of the input */
    bool is_tls, may_login, can_start_tls, is_closed, is_authenticated;
    int delayed_ms;
    FAKE_SESSION_OWN
};

static struct session fake;

/* One step of what a reactor does; false where more input is needed. */
static bool fake_step(void);

/* All but protocol->open(), which comes when the fake's own members are set. */
static inline void fake_begin(const struct protocol *protocol)
{
    memset(&fake, 0, sizeof fake);
    fake.memory = talloc_new(NULL);
    fake.arena = talloc_new(fake.memory);
    fake.protocol = protocol;
    fake.state = talloc_zero_size(fake.memory, protocol->state_bytes);
    fake.input = fake.output = BUF_INIT(fake.memory);
    fake.may_login = true;
    if (!net_address_parse(span_text("192.0.2.1"), &fake.peer))
        abort();
}

/* What came and was not used yet. */
static inline struct span fake_unused(void)
{
    return span_of(fake.input.p + fake.used, fake.input.length - fake.used);
}

/* After a call of the protocol that gave anything but SESSION_MORE. */
static inline void fake_ran(enum session_next next)
{
    talloc_free_children(fake.arena);
    if (next == SESSION_CLOSE)
        fake.is_closed = true;
}

/* Feeds the bytes in pieces of `step`. */
static inline void fake_feed(struct span bytes, size_t step)
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
uint16_t session_local_port(const struct session *session)
{
    (void)session;
    return 25;
}
bool session_is_tls(const struct session *session)
{
    return session->is_tls;
}
const struct stream *session_stream(const struct session *session)
{
    (void)session;
    return NULL;
}
bool session_may_login(const struct session *session)
{
    return session->may_login;
}
bool session_can_start_tls(const struct session *session)
{
    return session->can_start_tls && !session->is_tls;
}
void session_set_authenticated(struct session *session, bool is_authenticated)
{
    session->is_authenticated = is_authenticated;
}
void session_set_identity(struct session *session, struct identity *identity)
{
    (void)session;
    (void)identity;
}
struct buf *session_output(struct session *session)
{
    return &session->output;
}
void session_write_text(struct session *session, const char *text)
{
    buf_add_text(&session->output, text);
}
struct span session_pipelined(const struct session *session)
{
    return span_of(session->input.p + session->used, session->input.length - session->used);
}
void session_delay(struct session *session, int ms)
{
    session->delayed_ms += ms;
}

#endif
