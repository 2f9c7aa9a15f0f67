/* door.c -- the socket, its threads, one operation a connection. */
#include "base/digest.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "slapd/call.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

/* slapd writes at once and reads on: whoever lets us wait is not it. Its own time for slow clients is 30 s. */
enum { RECEIVE_S = 5, SEND_S = 60, HELD_BACK_MAX = SLAPD_THREADS / 4, WAITING = 64, READ_BYTES = 8192 };

static const char *const operations[] = {
    [SLAPD_BIND] = "bind", [SLAPD_SEARCH] = "search", [SLAPD_UNBIND] = "unbind", [SLAPD_OTHER] = "other"
};
METRIC_COUNTER_BY(answered, "chappe_ldap_operations_total", "Operations of LDAP clients", "operation",
                  operations)

struct slapd_door {
    struct slapd_options options;
    int fd;
    atomic_bool is_closing;
    _Atomic unsigned held_back;
    pthread_t threads[SLAPD_THREADS];
    size_t thread_count;
};

bool slapd_flush(struct slapd_call *call)
{
    struct span rest = buf_span(&call->out);

    while (!call->is_broken && !span_is_empty(rest)) {
        ssize_t sent = send(call->fd, rest.p, span_length(rest), MSG_NOSIGNAL);
        if (sent > 0)
            rest.p += sent;
        else
            call->is_broken = errno != EINTR;
    }
    buf_clear(&call->out);
    return !call->is_broken;
}

bool slapd_hold_back(struct slapd_door *door, unsigned delay_ms)
{
    struct timespec left = { delay_ms / 1000, (long)(delay_ms % 1000) * 1000000 };
    bool may_wait = delay_ms == 0 || atomic_fetch_add(&door->held_back, 1) < HELD_BACK_MAX;

    if (delay_ms == 0)
        return true;
    while (may_wait && !door->is_closing && nanosleep(&left, &left) != 0)
        ;
    atomic_fetch_sub(&door->held_back, 1);
    return may_wait;
}

/* ---- one operation */

static void answer(struct slapd_call *call)
{
    metric_add_at(&answered, 1, call->request->operation, 0);
    if (call->request->operation == SLAPD_BIND)
        slapd_bind(call);
    else if (call->request->operation == SLAPD_SEARCH)
        slapd_search(call);
    else if (call->request->operation == SLAPD_OTHER)
        slapd_result(call, RESULT_UNWILLING, "Address lists are only read here.");
}

static bool receive(int fd, struct buf *text)
{
    while (!slapd_request_is_whole(buf_span(text))) {
        ssize_t got =
            text->length < SLAPD_REQUEST_MAX ? recv(fd, buf_reserve(text, READ_BYTES), READ_BYTES, 0) : 0;
        if (got <= 0)
            return false;
        text->length += (size_t)got;
    }
    return true;
}

static void serve(struct slapd_door *door, int fd)
{
    void *arena = talloc_new(NULL);
    struct buf text = BUF_INIT(arena);
    struct slapd_request request;
    struct slapd_call call = { .door = door,
                               .options = &door->options,
                               .request = &request,
                               .arena = arena,
                               .fd = fd,
                               .out = BUF_INIT(arena) };

    if (receive(fd, &text)) {
        if (slapd_request_read(buf_span(&text), &request))
            answer(&call);
        else
            slapd_result(&call, RESULT_OPERATIONS_ERROR, "This question cannot be read.");
        secret_erase(text.p, text.length);
    }
    talloc_free(arena);
}

static void *door_main(void *arg)
{
    struct slapd_door *door = arg;
    const struct timeval receiving = { .tv_sec = RECEIVE_S }, sending = { .tv_sec = SEND_S };

    while (!door->is_closing) {
        struct pollfd ready = { .fd = door->fd, .events = POLLIN };
        int fd = poll(&ready, 1, -1) == 1 ? accept4(door->fd, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receiving, sizeof receiving);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &sending, sizeof sending);
        serve(door, fd);
        close(fd);
    }
    return NULL;
}

/* ---- life */

static bool listen_at(struct slapd_door *door, const char *path, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_INVALID, "The path %s is too long for a socket.", path);
    memcpy(address.sun_path, path, strlen(path));
    door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (door->fd < 0)
        return err_errno(err, "socket");
    (void)unlink(path);
    if (bind(door->fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0600) == 0 &&
        listen(door->fd, WAITING) == 0)
        return true;
    err_errno(err, path);
    close(door->fd);
    return false;
}

bool slapd_door_open(const void *owner, const struct slapd_options *options, struct slapd_door **door_out,
                     struct err *err)
{
    struct slapd_door *door = talloc_zero(owner, struct slapd_door);

    door->options = *options;
    if (!listen_at(door, options->socket_path, err)) {
        talloc_free(door);
        return false;
    }
    for (; door->thread_count < SLAPD_THREADS; door->thread_count++)
        if (!thread_start("slapd", 0, door_main, door, &door->threads[door->thread_count], err)) {
            slapd_door_close(&door);
            return false;
        }
    *door_out = door;
    return true;
}

void slapd_door_close(struct slapd_door **handle)
{
    struct slapd_door *door = *handle;

    *handle = NULL;
    if (!door)
        return;
    door->is_closing = true;
    (void)shutdown(door->fd, SHUT_RDWR); /* wakes all who wait for somebody */
    for (size_t i = 0; i < door->thread_count; i++)
        pthread_join(door->threads[i], NULL);
    close(door->fd);
    talloc_free(door);
}
