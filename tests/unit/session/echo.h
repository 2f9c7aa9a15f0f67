/*
 * echo.h -- a little protocol that uses everything a session offers, used by client.h's client.
 */
#ifndef TEST_SESSION_ECHO_H
#define TEST_SESSION_ECHO_H

#include "base/clock.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/spool.h"
#include "client.h"
#include "session/server.h"
#include "session/session.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <talloc.h>
#include <unistd.h>

struct echo {
    uint64_t big_left;
    unsigned wakes;
    bool is_dot_seen;
    char *kept;
};

struct echo_world {
    atomic_int opened, closed, running, most_running, tls_started;
    _Atomic(struct session *) sleeper; /* the last session that said WAKEME */
};

static enum session_next echo_open(struct session *s)
{
    struct echo_world *world = session_context(s);
    atomic_fetch_add(&world->opened, 1);
    session_write_text(s, "+ hello\r\n");
    return SESSION_DONE;
}

static enum frame echo_frame(struct session *s, struct span buffered, size_t *length_out)
{
    const char *lf = span_find_byte(buffered, '\n');
    (void)s;
    if (!lf)
        return FRAME_MORE;
    *length_out = (size_t)(lf + 1 - buffered.p);
    return FRAME_UNIT;
}

static bool echo_is_cheap(struct session *s, struct span unit)
{
    (void)s;
    return span_starts_nocase(unit, "FAST");
}

/* Until a line that is a dot alone. */
static void dot_filter(void *state, struct span *in, struct spool *spool, bool *complete)
{
    struct span line;
    struct err err;
    (void)state;
    while (span_find_byte(*in, '\n')) {
        if (!span_take_until(in, '\n', &line))
            return;
        if (span_equals_text(line, ".\r")) {
            *complete = true;
            return;
        }
        line.end++;
        if (!spool_append(spool, line, &err))
            continue;
    }
}

static enum session_next echo_big(struct session *s, uint64_t count)
{
    struct echo *echo = session_state(s);
    if (echo->big_left == 0)
        echo->big_left = count + 1;
    while (echo->big_left > 1) {
        char piece[1000];
        size_t n = echo->big_left - 1 < sizeof(piece) ? (size_t)echo->big_left - 1 : sizeof(piece);
        if (session_output_is_full(s))
            return SESSION_MORE;
        memset(piece, 'x', sizeof(piece));
        session_write(s, span_of(piece, n));
        echo->big_left -= n;
    }
    echo->big_left = 0;
    session_write_text(s, "\r\n");
    return SESSION_DONE;
}

static enum session_next echo_word(struct session *s, struct span line)
{
    struct echo_world *world = session_context(s);
    struct echo *echo = session_state(s);
    uint64_t number = 0;
    struct span rest = line;

    if (span_take_word(&rest, "ECHO ") || span_take_word(&rest, "FAST ")) {
        session_printf(s, "+ %.*s\r\n", (int)span_length(rest), rest.p);
    } else if (span_take_word(&rest, "BIG ") && span_take_u64(&rest, &number)) {
        return echo_big(s, number);
    } else if (span_take_word(&rest, "BODY ") && span_take_u64(&rest, &number)) {
        session_expect_bytes(s, number, 10 * 1000 * 1000);
    } else if (span_take_word(&rest, "DATA")) {
        session_write_text(s, "+ go\r\n");
        session_expect_body(s, dot_filter, echo, 1000 * 1000);
    } else if (span_take_word(&rest, "SLEEP ") && span_take_u64(&rest, &number)) {
        usleep((unsigned)number * 1000);
        session_write_text(s, "+ slept\r\n");
    } else if (span_take_word(&rest, "DELAY ") && span_take_u64(&rest, &number)) {
        session_delay(s, (int)number);
        session_write_text(s, "+ late\r\n");
    } else if (span_take_word(&rest, "STARTTLS")) {
        session_write_text(s, session_can_start_tls(s) ? "+ tls\r\n" : "- tls\r\n");
        if (session_can_start_tls(s) && !session_start_tls(s))
            return SESSION_CLOSE;
    } else if (span_take_word(&rest, "DEFLATE")) {
        session_write_text(s, "+ deflate\r\n");
        if (!session_start_deflate(s))
            return SESSION_CLOSE;
    } else if (span_take_word(&rest, "LOGIN")) {
        session_set_authenticated(s, true);
        session_write_text(s, session_may_login(s) ? "+ in\r\n" : "- not here\r\n");
    } else if (span_take_word(&rest, "PEER")) {
        session_printf(s, "+ %s\r\n", session_peer_text(s));
    } else if (span_take_word(&rest, "WAKEME")) {
        atomic_store(&world->sleeper, s);
        session_write_text(s, "+ idling\r\n");
    } else if (span_take_word(&rest, "QUIT")) {
        session_write_text(s, "+ bye\r\n");
        return SESSION_CLOSE;
    } else {
        session_write_text(s, "- what\r\n");
    }
    return SESSION_DONE;
}

static enum session_next echo_run(struct session *s, struct span unit)
{
    struct echo_world *world = session_context(s);
    int now = atomic_fetch_add(&world->running, 1) + 1;
    enum session_next next;

    if (now > atomic_load(&world->most_running))
        atomic_store(&world->most_running, now);
    next = echo_word(s, span_trim(unit));
    atomic_fetch_sub(&world->running, 1);
    return next;
}

static enum session_next echo_body(struct session *s, struct spool *body)
{
    struct span bytes;
    struct err err = ERR_INIT;
    unsigned sum = 0;

    if (!spool_span(body, &bytes, &err)) {
        session_printf(s, "- %s %llu\r\n", err_kind_name(err.kind), (unsigned long long)spool_length(body));
        return SESSION_DONE;
    }
    for (const char *p = bytes.p; p < bytes.end; p++)
        sum = sum * 31 + (unsigned char)*p;
    session_printf(s, "+ body %llu %u\r\n", (unsigned long long)spool_length(body), sum);
    return SESSION_DONE;
}

static enum session_next echo_wake(struct session *s)
{
    struct echo *echo = session_state(s);
    session_printf(s, "* woken %u\r\n", ++echo->wakes);
    return SESSION_DONE;
}

static void echo_tls_started(struct session *s)
{
    struct echo_world *world = session_context(s);
    atomic_fetch_add(&world->tls_started, 1);
}

static void echo_closed(struct session *s)
{
    struct echo_world *world = session_context(s);
    struct session *self = s;
    atomic_compare_exchange_strong(&world->sleeper, &self, NULL);
    atomic_fetch_add(&world->closed, 1);
}

static const struct protocol echo_protocol = {
    .name = "echo",
    .alpn = "echo",
    .state_bytes = sizeof(struct echo),
    .open = echo_open,
    .frame = echo_frame,
    .is_cheap = echo_is_cheap,
    .run = echo_run,
    .body = echo_body,
    .wake = echo_wake,
    .tls_started = echo_tls_started,
    .closed = echo_closed,
    .busy = "- busy\r\n",
    .stopping = "- stopping\r\n",
    .timeout = "- timeout\r\n",
    .too_long = "- too long\r\n",
    .not_http = "- not http\r\n",
    .early = NULL,
    .unit_max_before_login = 2048,
    .unit_max = 65536,
    .login_s = 60,
    .idle_s = 600,
};

/* A server with a plain listener (STARTTLS possible) and one with TLS at once. */
struct bench {
    char directory[64];
    struct echo_world world;
    struct tls_server *tls;
    struct tls_client *trusting;
    struct session_server *server;
    struct session_listener *plain, *secure;
    uint16_t plain_port, secure_port;
};

static inline void write_certificates(struct bench *bench, const char *name, const char *const *names,
                                      size_t count)
{
    struct err err = ERR_INIT;
    if (!tls_demonstration_create(bench->directory, name, names, count, 1, &err))
        fail_msg("%s / %s", err.user, err.log);
}

static inline struct bench *bench_new(const struct session_server_config *config,
                                      const struct session_listen *extra)
{
    static const char *const names[] = { "mail.example.org", "127.0.0.1" };
    struct bench *bench = calloc(1, sizeof(*bench));
    struct session_listen listen_ = {
        .protocol = &echo_protocol, .name = "echo", .address = "127.0.0.1", .fd = -1
    };
    struct err err = ERR_INIT;
    char certificate[128], key[128], ca[128];
    struct tls_pair pair = { certificate, key };

    if (extra)
        listen_ = *extra;
    strcpy(bench->directory, "/tmp/chappe-session-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    write_certificates(bench, "server", names, 2);
    snprintf(certificate, sizeof(certificate), "%s/server.pem", bench->directory);
    snprintf(key, sizeof(key), "%s/server.key", bench->directory);
    snprintf(ca, sizeof(ca), "%s/ca.pem", bench->directory);
    assert_true(tls_server_new(&(struct tls_config){ .pairs = &pair, .count = 1 }, &bench->tls, &err));
    assert_true(tls_client_new(ca, true, &bench->trusting, &err));
    if (!session_server_start(config, &bench->server, &err))
        fail_msg("%s / %s", err.user, err.log);
    listen_.context = &bench->world;
    listen_.tls = bench->tls;
    assert_true(session_server_listen(bench->server, &listen_, &bench->plain, &err));
    listen_.is_implicit_tls = true;
    assert_true(session_server_listen(bench->server, &listen_, &bench->secure, &err));
    bench->plain_port = session_listener_port(bench->plain);
    bench->secure_port = session_listener_port(bench->secure);
    return bench;
}

static inline void bench_free(struct bench *bench)
{
    char command[128];

    session_server_stop(bench->server, 3000);
    assert_int_equal(session_server_count(bench->server), 0);
    session_server_free(&bench->server);
    assert_int_equal(atomic_load(&bench->world.opened), atomic_load(&bench->world.closed));
    tls_server_free(&bench->tls);
    tls_client_free(&bench->trusting);
    snprintf(command, sizeof(command), "rm -rf %s", bench->directory);
    assert_int_equal(system(command), 0);
    free(bench);
}

/* Until all sessions are gone. */
static inline void bench_expect_empty(struct bench *bench)
{
    for (int i = 0; i < 1000 && session_server_count(bench->server) > 0; i++)
        usleep(5000);
    assert_int_equal(session_server_count(bench->server), 0);
}

#endif
