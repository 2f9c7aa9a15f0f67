#include "session/server.h"

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/limits.h"
#include "base/log.h"
#include "session/engine.h"
#include "session/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#define BACKLOG 1024
#define STOP_POLL_US 5000

static const struct session_server_config defaults = {
    .workers = 64,
    .worker_stack_bytes = 512 * 1024,
    .max_sessions = 20000,
    .max_per_peer = 50,
    .max_new_per_peer = 200,
};

static void tick(void *argument)
{
    struct home *home = argument;
    int64_t now = clock_monotonic_us();

    for (struct session *s = home->sessions; s; s = s->next)
        if (now >= atomic_load_explicit(&s->deadline_us, memory_order_relaxed) && session_signal(s, TICKED))
            session_advance(s, ON_REACTOR);
    timer_arm(home->tick, TICK_MS);
}

struct errand {
    reactor_function *function;
    void *argument;
    sem_t done;
};

static void run_errand(void *argument)
{
    struct errand *errand = argument;
    errand->function(errand->argument);
    sem_post(&errand->done);
}

/* Runs it on the home's thread and waits. */
static void at_home(struct home *home, reactor_function *function, void *argument)
{
    struct errand errand = { .function = function, .argument = argument };

    sem_init(&errand.done, 0, 0);
    reactor_post(home->reactor, run_errand, &errand);
    while (sem_wait(&errand.done) != 0 && errno == EINTR)
        ;
    sem_destroy(&errand.done);
}

static bool start_home(struct home *home, unsigned number, struct err *err)
{
    char name[24];

    if (!reactor_new(&home->reactor, err))
        return false;
    home->tick = timer_new(home->reactor, tick, home);
    timer_arm(home->tick, TICK_MS);
    snprintf(name, sizeof(name), "reactor%u", number);
    return reactor_start(home->reactor, name, err);
}

static unsigned pick(unsigned wanted, unsigned otherwise)
{
    return wanted ? wanted : otherwise;
}

static void settle_config(struct session_server *server, const struct session_server_config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct session_server_config *settled = &server->config;

    *settled = *config;
    settled->reactors = pick(config->reactors, processors > 4   ? 4
                                               : processors > 0 ? (unsigned)processors
                                                                : 1);
    settled->workers = pick(config->workers, defaults.workers);
    if (settled->worker_stack_bytes == 0)
        settled->worker_stack_bytes = defaults.worker_stack_bytes;
    server->spool_directory =
        talloc_strdup(server, config->spool_directory ? config->spool_directory : "/tmp");
}

void session_server_set_limits(struct session_server *server, const struct session_server_config *config)
{
    struct net_network *old;

    atomic_store(&server->max_sessions,
                 descriptors_for_connections(pick(config->max_sessions, defaults.max_sessions)));
    limits_set(server->limits, pick(config->max_per_peer, defaults.max_per_peer),
               pick(config->max_new_per_peer, defaults.max_new_per_peer));
    pthread_rwlock_wrlock(&server->trusted_lock);
    old = server->trusted;
    server->trusted =
        talloc_memdup(server, config->trusted, config->trusted_count * sizeof(*config->trusted));
    server->trusted_count = config->trusted_count;
    pthread_rwlock_unlock(&server->trusted_lock);
    talloc_free(old);
}

bool session_server_start(const struct session_server_config *config, struct session_server **server_out,
                          struct err *err)
{
    struct session_server *server = talloc_zero(NULL, struct session_server);

    settle_config(server, config);
    pthread_rwlock_init(&server->trusted_lock, NULL);
    pthread_mutex_init(&server->roll_lock, NULL);
    server->limits = limits_new(defaults.max_per_peer, defaults.max_new_per_peer);
    session_server_set_limits(server, config);
    server->homes = talloc_zero_array(server, struct home, server->config.reactors);
    if (!workers_start(server->config.workers, server->config.worker_stack_bytes, &server->workers, err)) {
        session_server_free(&server);
        return false;
    }
    for (unsigned i = 0; i < server->config.reactors; i++) {
        server->home_count++;
        if (!start_home(&server->homes[i], i, err)) {
            session_server_free(&server);
            return false;
        }
    }
    *server_out = server;
    return true;
}

static bool make_address(const struct session_listen *listen_, struct sockaddr_storage *out,
                         socklen_t *length, struct err *err)
{
    struct net_address address;

    memset(out, 0, sizeof(*out));
    if (!net_address_parse(span_text(listen_->address), &address))
        return err_set(err, ERR_INVALID, "%s is not an address to listen on.", listen_->address);
    if (net_is_ipv4(&address)) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(listen_->port);
        memcpy(&in->sin_addr, address.bytes + 12, 4);
        *length = sizeof(*in);
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(listen_->port);
        memcpy(&in6->sin6_addr, address.bytes, 16);
        *length = sizeof(*in6);
    }
    return true;
}

static bool open_tcp(const struct session_listen *listen_, int *fd_out, struct err *err)
{
    static const int on = 1, off = 0;
    struct sockaddr_storage address;
    socklen_t length = 0;
    int fd;

    if (!make_address(listen_, &address, &length, err))
        return false;
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, BACKLOG) == 0) {
        *fd_out = fd;
        return true;
    }
    err_log(err, "bind or listen: %s", strerror(errno));
    err_set(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_INVALID, "Cannot listen on %s port %u: %s.",
            listen_->address, listen_->port, strerror(errno));
    close(fd);
    return false;
}

static bool open_unix(const struct session_listen *listen_, int *fd_out, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(listen_->unix_path) >= sizeof(address.sun_path))
        return err_set(err, ERR_INVALID, "The path %s is too long for a socket.", listen_->unix_path);
    memcpy(address.sun_path, listen_->unix_path, strlen(listen_->unix_path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, "socket");
    unlink(listen_->unix_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        chmod(listen_->unix_path, listen_->unix_mode ? listen_->unix_mode : 0660) == 0 &&
        listen(fd, BACKLOG) == 0) {
        *fd_out = fd;
        return true;
    }
    err_errno(err, listen_->unix_path);
    close(fd);
    return false;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address = { .ss_family = AF_UNIX };
    socklen_t length = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return net_address_of((struct sockaddr *)&address).port;
}

static void begin_accepting(void *argument)
{
    struct session_listener *listener = argument;

    listener->watch = watch_new_accept(listener->home->reactor, listener->fd, listener_ready, listener);
}

bool session_server_listen(struct session_server *server, const struct session_listen *listen_,
                           struct session_listener **listener_out, struct err *err)
{
    struct session_listener *listener;
    int fd = listen_->fd;

    if (listen_->is_implicit_tls && !listen_->tls)
        return err_set(err, ERR_INVALID, "The listener %s needs a certificate.", listen_->name);
    if (listen_->unix_path || listen_->address) {
        if (listen_->unix_path ? !open_unix(listen_, &fd, err) : !open_tcp(listen_, &fd, err))
            return false;
    } else {
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    listener = talloc_zero(server, struct session_listener);
    listener->server = server;
    listener->config = *listen_;
    atomic_init(&listener->context, listen_->context);
    listener->config.proxies =
        talloc_memdup(listener, listen_->proxies, listen_->proxy_count * sizeof(*listen_->proxies));
    listener->unix_path = listen_->unix_path ? talloc_strdup(listener, listen_->unix_path) : NULL;
    listener->fd = fd;
    listener->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listener->port = bound_port(fd);
    listener->protocol_index = session_metric_index(listen_->protocol->name);
    listener->home = &server->homes[atomic_fetch_add(&server->next_home, 1) % server->home_count];
    snprintf(listener->name, sizeof(listener->name), "%s", listen_->name);
    listener->next = server->listeners;
    server->listeners = listener;
    at_home(listener->home, begin_accepting, listener);
    *listener_out = listener;
    return true;
}

void session_listener_set_context(struct session_listener *listener, void *context)
{
    atomic_store(&listener->context, context);
}

uint16_t session_listener_port(const struct session_listener *listener)
{
    return listener->port;
}

static void stop_accepting(void *argument)
{
    struct session_listener *listener = argument;

    watch_free(&listener->watch);
    timer_free(&listener->pause);
    close(listener->fd);
    listener->fd = -1;
}

void session_listener_close(struct session_listener **listener)
{
    struct session_listener *l = *listener;

    *listener = NULL;
    if (!l || l->fd < 0)
        return;
    at_home(l->home, stop_accepting, l);
    if (l->unix_path)
        unlink(l->unix_path);
    if (l->reserve_fd >= 0)
        close(l->reserve_fd);
    l->reserve_fd = -1;
}

unsigned session_server_count(const struct session_server *server)
{
    return atomic_load(&server->count);
}

struct ending_errand {
    struct home *home;
    const char *const *ids;
    size_t count;
};

static void end_sessions(void *argument)
{
    const struct ending_errand *errand = argument;

    for (struct session *s = errand->home->sessions; s; s = s->next)
        for (size_t i = 0; i < errand->count; i++)
            if (strcmp(s->id, errand->ids[i]) == 0 && session_signal(s, ENDED))
                session_advance(s, ON_REACTOR);
}

void session_server_end(struct session_server *server, const char *const *ids, size_t count)
{
    for (unsigned i = 0; count > 0 && i < server->home_count; i++) {
        struct ending_errand errand = { &server->homes[i], ids, count };
        at_home(&server->homes[i], end_sessions, &errand);
    }
}

static void signal_all(struct home *home, unsigned signal)
{
    for (struct session *s = home->sessions; s; s = s->next)
        if (session_signal(s, signal))
            session_advance(s, ON_REACTOR);
}

static void stop_sessions(void *home)
{
    signal_all(home, STOPPED);
}

static void cut_sessions(void *home)
{
    signal_all(home, CUT);
}

static bool wait_until_empty(struct session_server *server, int64_t until_us)
{
    while (session_server_count(server) > 0 && clock_monotonic_us() < until_us)
        usleep(STOP_POLL_US);
    return session_server_count(server) == 0;
}

void session_server_stop(struct session_server *server, int ms)
{
    int64_t start = clock_monotonic_us();

    atomic_store(&server->is_stopping, true);
    for (struct session_listener *l = server->listeners; l; l = l->next) {
        struct session_listener *closing = l;
        session_listener_close(&closing);
    }
    for (unsigned i = 0; i < server->home_count; i++)
        at_home(&server->homes[i], stop_sessions, &server->homes[i]);
    if (wait_until_empty(server, start + (int64_t)ms * 1000))
        return;
    log_event(LOG_LEVEL_WARNING, "session.cut", log_i64("sessions", session_server_count(server)));
    for (unsigned i = 0; i < server->home_count; i++)
        at_home(&server->homes[i], cut_sessions, &server->homes[i]);
    (void)wait_until_empty(server, clock_monotonic_us() + 2 * US_PER_S);
}

/* Sessions are buried, helpers' arguments want to be freed. */
static void drop_job(struct job *job)
{
    if (job->run != session_work)
        job->run(job);
}

/* What a stuck command left behind. Nothing runs any more. */
static void bury(struct home *home)
{
    while (home->sessions) {
        struct session *session = home->sessions;
        if (session->is_opened)
            session->protocol->closed(session);
        session_reap(session);
    }
}

void session_server_free(struct session_server **server)
{
    struct session_server *s = *server;

    *server = NULL;
    if (!s)
        return;
    for (struct session_listener *l = s->listeners; l; l = l->next) {
        struct session_listener *closing = l;
        session_listener_close(&closing);
    }
    for (unsigned i = 0; i < s->home_count; i++)
        if (s->homes[i].reactor)
            reactor_stop(s->homes[i].reactor);
    workers_stop(&s->workers, drop_job);
    for (unsigned i = 0; i < s->home_count; i++) {
        if (!s->homes[i].reactor)
            continue;
        timer_free(&s->homes[i].tick);
        bury(&s->homes[i]);
        reactor_free(&s->homes[i].reactor);
    }
    limits_free(&s->limits);
    pthread_rwlock_destroy(&s->trusted_lock);
    pthread_mutex_destroy(&s->roll_lock);
    talloc_free(s);
}
