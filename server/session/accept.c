/*
 * accept.c -- how a session comes and goes.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "session/engine.h"
#include "session/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

#define ACCEPT_BURST 64
#define PAUSE_MS 200 /* after running out of descriptors: the loop must not spin */

static void session_ready(void *argument, unsigned ready)
{
    struct session *session = argument;
    unsigned signals = (ready & WATCH_READ ? READABLE : 0u) | (ready & WATCH_WRITE ? WRITABLE : 0u);

    if (session_signal(session, signals))
        session_advance(session, ON_REACTOR);
}

void session_adopt(void *argument)
{
    struct session *session = argument;
    struct home *home = session->home;

    session->next = home->sessions;
    session->previous = &home->sessions;
    if (session->next)
        session->next->previous = &session->next;
    home->sessions = session;
    session->watch = watch_new(home->reactor, stream_fd(session->stream), session_ready, session);
    session_advance(session, ON_REACTOR);
}

void session_reap(void *argument)
{
    struct session *session = argument;
    struct session_server *server = session->server;

    *session->previous = session->next;
    if (session->next)
        session->next->previous = session->previous;
    watch_free(&session->watch);
    stream_free(&session->stream);
    if (session->is_counted)
        limits_leave(server->limits, &session->limit_key);
    session_roll_leave(session);
    session_metric_closed(session);
    free(session->in);
    talloc_free(session);
    atomic_fetch_sub(&server->count, 1);
}

static bool is_exempt(struct session_server *server, const struct net_address *peer)
{
    bool is_trusted = net_is_loopback(peer);

    pthread_rwlock_rdlock(&server->trusted_lock);
    for (size_t i = 0; i < server->trusted_count; i++)
        is_trusted = is_trusted || net_network_contains(&server->trusted[i], peer);
    pthread_rwlock_unlock(&server->trusted_lock);
    return is_trusted;
}

bool session_admit(struct session *session)
{
    static const enum refusal refusals[] = {
        [LIMITS_TOO_MANY] = REFUSED_PEER, [LIMITS_TOO_OFTEN] = REFUSED_RATE
    };
    enum limits_verdict verdict;

    net_address_text(&session->peer, session->peer_text);
    if (is_exempt(session->server, &session->peer))
        return true;
    session->limit_key = net_peer_of(&session->peer);
    verdict = limits_enter(session->server->limits, &session->limit_key, clock_monotonic_us());
    session->is_counted = verdict == LIMITS_OK;
    if (verdict == LIMITS_OK)
        return true;
    session_metric_refused(refusals[verdict]);
    log_event(LOG_LEVEL_INFO, "session.refused", log_text("protocol", session->protocol->name),
              log_text("peer", session->peer_text),
              log_text("reason", verdict == LIMITS_TOO_MANY ? "connections-of-peer" : "rate-of-peer"));
    return false;
}

static bool needs_proxy_header(const struct session_listener *listener, const struct net_address *peer)
{
    for (size_t i = 0; i < listener->config.proxy_count; i++)
        if (net_network_contains(&listener->config.proxies[i], peer))
            return true;
    return false;
}

/* A peer that vanished without a word is noticed in some ten minutes, also while nobody has anything to say (IDLE). */
static void watch_for_death(int fd)
{
    static const int on = 1, idle_s = 300, interval_s = 60, probes = 5;

    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)); /* no TCP, no effect */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static struct session *session_new(struct session_listener *listener, int fd, const struct net_address *peer)
{
    static atomic_uint serial; /* numbers of sessions, for the logs of this process */
    struct session_server *server = listener->server;
    size_t size = sizeof(struct session) + listener->config.protocol->state_bytes;
    struct session *session = talloc_zero_size(NULL, size);

    talloc_set_name_const(session, "session");
    atomic_init(&session->signals, OWNED);
    atomic_init(&session->deadline_us, INT64_MAX);
    session->protocol = listener->config.protocol;
    session->listener = listener;
    session->server = server;
    session->home = &server->homes[atomic_fetch_add(&server->next_home, 1) % server->home_count];
    watch_for_death(fd);
    session->stream = stream_new(fd);
    session->peer = *peer;
    session->out = BUF_INIT(session);
    session->idle_s = session->protocol->idle_s;
    session->started_us = clock_now_us();
    session->started_mono_us = session->active_us = clock_monotonic_us();
    session->can_read = session->can_write = true;
    session->phase = PHASE_PROXY; /* which is over at once where none is needed */
    snprintf(session->id, sizeof(session->id), "%x%06x",
             (unsigned)(session->started_us / US_PER_S) & 0xffffff, atomic_fetch_add(&serial, 1) & 0xffffff);
    atomic_fetch_add(&server->count, 1);
    session_metric_opened(session);
    return session;
}

/* In front of the first byte of TLS nothing can be said. */
static void turn_away(const struct session_listener *listener, int fd)
{
    const char *text = listener->config.protocol->busy;

    if (text && !listener->config.is_implicit_tls)
        (void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void stop_pause(void *argument)
{
    struct session_listener *listener = argument;

    if (!listener->watch && listener->fd >= 0)
        listener->watch = watch_new_accept(listener->home->reactor, listener->fd, listener_ready, listener);
}

/* The spare descriptor lets us tell one peer; then the listener rests. */
static void out_of_descriptors(struct session_listener *listener)
{
    int fd;

    session_metric_refused(REFUSED_DESCRIPTORS);
    log_event(LOG_LEVEL_WARNING, "session.no_descriptors", log_text("listener", listener->name));
    if (listener->reserve_fd >= 0) {
        close(listener->reserve_fd);
        fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            turn_away(listener, fd);
        listener->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    watch_free(&listener->watch);
    if (!listener->pause)
        listener->pause = timer_new(listener->home->reactor, stop_pause, listener);
    timer_arm(listener->pause, PAUSE_MS);
}

static void welcome(struct session_listener *listener, int fd, const struct net_address *peer)
{
    struct session_server *server = listener->server;
    struct session *session;

    if (atomic_load(&server->count) >= atomic_load(&server->max_sessions)) {
        session_metric_refused(REFUSED_TOTAL);
        turn_away(listener, fd);
        return;
    }
    session = session_new(listener, fd, peer);
    if (reactor_is_current(session->home->reactor))
        session_adopt(session);
    else
        reactor_post(session->home->reactor, session_adopt, session);
}

void listener_ready(void *argument, unsigned ready UNUSED)
{
    struct session_listener *listener = argument;

    for (int i = 0; i < ACCEPT_BURST; i++) {
        struct sockaddr_storage address = { .ss_family = AF_UNIX };
        socklen_t length = sizeof(address);
        struct net_address peer;
        int fd = accept4(listener->fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            out_of_descriptors(listener);
            return;
        }
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
            return;
        if (fd < 0)
            continue;
        peer = net_address_of((const struct sockaddr *)&address);
        welcome(listener, fd, &peer);
    }
}

static enum progress refuse_proxy(struct session *session)
{
    session_metric_refused(REFUSED_PROXY);
    net_address_text(&session->peer, session->peer_text);
    log_event(LOG_LEVEL_WARNING, "session.proxy_header", log_text("protocol", session->protocol->name),
              log_text("peer", session->peer_text), log_text("reason", "malformed"));
    session_write_off(session);
    return PROGRESS;
}

/* The header is looked at before it is taken, so that TLS finds its first byte untouched. */
static enum progress take_header(struct session *session)
{
    char bytes[PROXY_HEADER_MAX];
    size_t length = 0;
    bool is_local = false;
    struct net_address client;
    ssize_t got = recv(stream_fd(session->stream), bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return NOTHING;
    if (got <= 0) {
        session_write_off(session);
        return PROGRESS;
    }
    switch (proxy_parse(span_of(bytes, (size_t)got), &length, &client, &is_local)) {
    case PROXY_INCOMPLETE:
        return NOTHING;
    case PROXY_MALFORMED:
        return refuse_proxy(session);
    case PROXY_OK:
        break;
    }
    if (recv(stream_fd(session->stream), bytes, length, MSG_DONTWAIT) != (ssize_t)length)
        return refuse_proxy(session);
    if (!is_local)
        session->peer = client;
    return PROGRESS;
}

enum progress session_read_proxy(struct session *session)
{
    if (session->peer_text[0] == '\0' && needs_proxy_header(session->listener, &session->peer)) {
        enum progress progress = take_header(session);
        if (progress != PROGRESS || session->is_written_off)
            return progress;
    }
    if (!session_admit(session)) {
        if (session->listener->config.is_implicit_tls)
            session_write_off(session);
        else
            session_say_goodbye(session, session->protocol->busy);
    }
    return PROGRESS;
}
