/*
 * advance.c -- the life of a session: one function a phase, and the loop that owns it meanwhile.
 */
#include "base/clock.h"
#include "base/log.h"
#include "session/engine.h"
#include "session/workers.h"

#include <assert.h>
#include <sys/socket.h>

bool session_signal(struct session *session, unsigned signal)
{
    return !(atomic_fetch_or(&session->signals, signal | OWNED) & OWNED);
}

static void begin_handshake(struct session *session)
{
    struct err err = ERR_INIT;

    session->phase = PHASE_HANDSHAKE;
    session->active_us = clock_monotonic_us();
    if (!stream_start_tls(session->stream, session->listener->config.tls, session->protocol->alpn, &err)) {
        session_metric_ended(session, ENDED_TLS, err.log);
        session_write_off(session);
    }
}

static enum progress phase_proxy(struct session *session, enum where where UNUSED)
{
    enum progress progress = session_read_proxy(session);

    if (progress != PROGRESS || session->is_written_off || session->phase != PHASE_PROXY)
        return progress;
    session->phase = PHASE_OPEN;
    if (session->listener->config.is_implicit_tls)
        begin_handshake(session);
    return PROGRESS;
}

static enum progress phase_handshake(struct session *session, enum where where UNUSED)
{
    enum stream_result result = stream_handshake(session->stream);

    if (result == STREAM_WAIT)
        return NOTHING;
    if (result != STREAM_OK) {
        session_metric_ended(session, ENDED_TLS,
                             result == STREAM_EOF ? "closed" : stream_failure(session->stream));
        session_write_off(session);
        return PROGRESS;
    }
    if (session->is_opened && session->protocol->tls_started)
        session->protocol->tls_started(session);
    session->phase = session->is_opened ? PHASE_READY : PHASE_OPEN;
    session->can_read = session->can_write = true;
    return PROGRESS;
}

static enum progress phase_open(struct session *session, enum where where)
{
    if (session->call == CALL_NONE && session->protocol->early && !session_has_input(session) &&
        session_read(session) == PROGRESS && session_has_input(session)) {
        session_metric_ended(session, ENDED_INTRUDER, "talked before the greeting");
        session_consume(session, session->in_end - session->in_start);
        session_say_goodbye(session, session->protocol->early);
        return PROGRESS;
    }
    session->call = CALL_OPEN;
    if (where == ON_REACTOR)
        return NEEDS_WORKER;
    session_call(session);
    return PROGRESS;
}

/* True while the client must read before there is more. */
static bool must_wait_for_reader(struct session *session)
{
    if (session_unsent(session) > OUTPUT_LOW_BYTES)
        session_send(session);
    return session_unsent(session) > OUTPUT_LOW_BYTES && !session->is_written_off;
}

static enum progress do_upgrade(struct session *session)
{
    enum upgrade upgrade = session->upgrade;
    struct err err = ERR_INIT;

    session_send(session);
    if (session_unsent(session) > 0)
        return session->is_written_off ? PROGRESS : NOTHING;
    session->upgrade = UPGRADE_NONE;
    if (session_has_input(session)) {
        /* It was sent before our answer, by whom we cannot know (RFC 3207, 6; CVE-2011-0411 and kin). */
        session_metric_ended(session, ENDED_INJECTION, "");
        session_write_off(session);
    } else if (upgrade == UPGRADE_TLS) {
        begin_handshake(session);
    } else if (!stream_start_deflate(session->stream, &err)) {
        session_write_off(session);
    }
    return PROGRESS;
}

static enum progress run_call(struct session *session, enum where where)
{
    if (must_wait_for_reader(session))
        return NOTHING;
    if (session->is_written_off)
        return PROGRESS;
    if (where == ON_REACTOR && !session->is_cheap) {
        session->due_us = clock_monotonic_us();
        return NEEDS_WORKER;
    }
    session_call(session);
    return PROGRESS;
}

/* True: the last words are said. */
static bool has_to_end(struct session *session)
{
    if (!session->is_stopped && !session->is_ended)
        return false;
    session_say_goodbye(session,
                        session->is_stopped ? session->protocol->stopping : session->protocol->ended);
    return true;
}

static enum progress phase_ready(struct session *session, enum where where)
{
    enum progress progress;

    if (session->hold_until_us > clock_monotonic_us())
        return NOTHING;
    if (session->call != CALL_NONE)
        return run_call(session, where);
    if (session->upgrade != UPGRADE_NONE)
        return do_upgrade(session);
    if (must_wait_for_reader(session))
        return NOTHING;
    if (has_to_end(session))
        return PROGRESS;
    if (session->wants_wake && session->protocol->wake) {
        session->wants_wake = false;
        session->is_cheap = false;
        session->call = CALL_WAKE;
        return PROGRESS;
    }
    progress = session_frame(session);
    if (progress != NOTHING)
        return progress;
    session_send(session);
    progress = session_read(session);
    if (progress == NOTHING && session->has_eof) {
        session_say_goodbye(session, NULL);
        return PROGRESS;
    }
    return progress;
}

/* Past memory the body goes to a file, and a disk that is busy may hold up whoever writes to it: not a reactor. */
static bool body_may_block(const struct session *session)
{
    return spool_length(session->spool) + INPUT_BODY_BYTES > SPOOL_MEMORY_BYTES &&
           (session->can_read || session_has_input(session));
}

static enum progress phase_body(struct session *session, enum where where)
{
    enum progress progress;

    if (has_to_end(session))
        return PROGRESS;
    if (where == ON_REACTOR && body_may_block(session))
        return NEEDS_WORKER;
    progress = session_feed_body(session);
    if (progress != NOTHING)
        return progress;
    session_send(session); /* "+ go ahead" */
    progress = session_read(session);
    if (progress == NOTHING && session->has_eof) {
        session_write_off(session);
        return PROGRESS;
    }
    return progress;
}

static enum progress phase_closing(struct session *session, enum where where UNUSED)
{
    session_send(session);
    if (session->is_written_off)
        return PROGRESS;
    if (session_unsent(session) > 0)
        return NOTHING;
    stream_shutdown(session->stream);
    session->phase = session->has_eof ? PHASE_DEAD : PHASE_LINGER;
    session->close_by_us =
        clock_monotonic_us() + (session_is_stopping(session) ? LINGER_STOPPING_MS : LINGER_MS) * 1000;
    session->can_read = true;
    return PROGRESS;
}

/* Closing with unread input would send RST, and our last line might never be seen. */
static enum progress phase_linger(struct session *session, enum where where UNUSED)
{
    char waste[16384];
    ssize_t got = recv(stream_fd(session->stream), waste, sizeof(waste), MSG_DONTWAIT);

    if (got > 0)
        session->lingered += (uint64_t)got;
    if (got > 0 && session->lingered < LINGER_BYTES)
        return PROGRESS;
    if (got < 0)
        return NOTHING;
    session->phase = PHASE_DEAD;
    return PROGRESS;
}

static enum progress phase_dead(struct session *session, enum where where)
{
    if (session->is_opened) {
        session->call = CALL_CLOSED;
        if (where == ON_REACTOR)
            return NEEDS_WORKER;
        session_call(session);
    }
    return HAS_DIED;
}

static enum progress (*const phases[])(struct session *, enum where) = {
    [PHASE_PROXY] = phase_proxy,   [PHASE_HANDSHAKE] = phase_handshake, [PHASE_OPEN] = phase_open,
    [PHASE_READY] = phase_ready,   [PHASE_BODY] = phase_body,           [PHASE_CLOSING] = phase_closing,
    [PHASE_LINGER] = phase_linger, [PHASE_DEAD] = phase_dead,
};

/* When the client's time is over, if nothing happens before. */
static int64_t deadline_us(const struct session *session)
{
    const struct protocol *protocol = session->protocol;
    int64_t deadline = session->active_us + session->idle_s * US_PER_S;
    int64_t login = session->started_mono_us + protocol->login_s * US_PER_S;

    if (session->phase == PHASE_DEAD)
        return INT64_MAX;
    if (session->phase == PHASE_CLOSING || session->phase == PHASE_LINGER)
        return session->close_by_us;
    if (session->phase == PHASE_PROXY || session->phase == PHASE_HANDSHAKE)
        return session->active_us + HANDSHAKE_S * US_PER_S;
    if (protocol->login_s > 0 && !session->is_authenticated && login < deadline)
        deadline = login;
    if (session->phase == PHASE_BODY && protocol->body_min_rate > 0) {
        int64_t earned_s = (int64_t)(session->body_bytes / (uint64_t)protocol->body_min_rate);
        int64_t body =
            session->body_started_us + (earned_s > BODY_GRACE_S ? earned_s : BODY_GRACE_S) * US_PER_S;
        deadline = body < deadline ? body : deadline;
    }
    return deadline;
}

static void check_deadline(struct session *session)
{
    static const bool has_words[PHASE_DEAD + 1] = { [PHASE_READY] = true, [PHASE_BODY] = true };
    int64_t now = clock_monotonic_us();

    if (now < session->hold_until_us || now < deadline_us(session))
        return;
    if (session->phase != PHASE_CLOSING && session->phase != PHASE_LINGER)
        session_metric_ended(session, ENDED_TIMEOUT, "");
    if (has_words[session->phase] && session->call == CALL_NONE)
        session_say_goodbye(session, session->protocol->timeout);
    else
        session_write_off(session); /* in the middle of an answer, or of nothing */
}

static void take_signals(struct session *session)
{
    unsigned signals = atomic_fetch_and(&session->signals, OWNED);

    if (signals & (READABLE | WRITABLE))
        session->can_read = session->can_write = true;
    if (signals & WOKEN)
        session->wants_wake = true;
    if (signals & STOPPED)
        session->is_stopped = true;
    if (signals & ENDED)
        session->is_ended = true;
    if (signals & CUT)
        session_write_off(session);
    if (signals & TICKED)
        check_deadline(session);
    if (session->is_written_off)
        session->phase = PHASE_DEAD;
}

/* False where a signal came in meanwhile: the caller still owns it. */
static bool give_up(struct session *session)
{
    unsigned expected = OWNED;
    int64_t deadline = deadline_us(session);

    session_shrink(session);
    if (session->hold_until_us > clock_monotonic_us())
        deadline = session->hold_until_us;
    atomic_store(&session->deadline_us, deadline);
    return atomic_compare_exchange_strong(&session->signals, &expected, 0);
}

void session_work(struct job *job)
{
    session_advance((struct session *)((char *)job - offsetof(struct session, job)), ON_WORKER);
}

void session_push(struct session *session)
{
    session->job.run = session_work;
    workers_push(session->server->workers, &session->job);
}

static void resume_on_reactor(void *session)
{
    session_advance(session, ON_REACTOR);
}

static bool has_had_turn(const struct session *session, enum where where)
{
    if (session->burst < BURST_UNITS && session->burst_bytes < BURST_BYTES)
        return false;
    return where == ON_REACTOR || workers_are_wanted(session->server->workers);
}

void session_advance(struct session *session, enum where where)
{
    enum progress progress;

    session->burst = 0;
    session->burst_bytes = 0;
    do {
        take_signals(session);
        progress = phases[session->phase](session, where);
        if (session->is_written_off && progress != HAS_DIED && progress != NEEDS_WORKER) {
            session->phase = PHASE_DEAD;
            progress = PROGRESS;
        } else if (progress == PROGRESS && has_had_turn(session, where)) {
            progress = HAS_HAD_TURN;
        }
    } while (progress == PROGRESS || (progress == NOTHING && !give_up(session)));

    if (progress == NEEDS_WORKER || (progress == HAS_HAD_TURN && where == ON_WORKER))
        session_push(session);
    else if (progress == HAS_HAD_TURN)
        reactor_post(session->home->reactor, resume_on_reactor, session);
    else if (progress == HAS_DIED)
        reactor_post(session->home->reactor, session_reap, session);
}
