/* control.c -- Unix sockets between our own processes. */
#include "main/control.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

enum { REQUEST_BYTES = 256, REQUEST_MS = 500, REPLY_BYTES = 4 << 20 };

struct control {
    int fd;
    char *path;
    control_handler *handler;
    void *argument;
};

static bool address_of(const char *path, struct sockaddr_un *address_out, struct err *err)
{
    *address_out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address_out->sun_path)
        return err_set(err, ERR_INVALID, "The path %s is too long for a socket.", path);
    memcpy(address_out->sun_path, path, strlen(path));
    return true;
}

bool control_listen(const char *path, control_handler *handler, void *argument, struct control **control_out,
                    struct err *err)
{
    struct sockaddr_un address;
    struct control *control;
    int fd;

    if (!address_of(path, &address, err))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, "socket");
    (void)unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, 64) != 0) {
        err_errno(err, path);
        close(fd);
        return false;
    }
    control = talloc_zero(NULL, struct control);
    *control = (struct control){ fd, talloc_strdup(control, path), handler, argument };
    *control_out = control;
    return true;
}

int control_fd(const struct control *control)
{
    return control->fd;
}

static bool wait_for(int fd, short events, int64_t until_us)
{
    struct pollfd ready = { .fd = fd, .events = events };
    int64_t left_ms = (until_us - clock_monotonic_us()) / 1000;

    return left_ms > 0 && poll(&ready, 1, (int)left_ms) == 1;
}

static bool send_all(int fd, struct span bytes, int64_t until_us)
{
    while (!span_is_empty(bytes)) {
        ssize_t sent = send(fd, bytes.p, span_length(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno != EAGAIN || !wait_for(fd, POLLOUT, until_us)))
            return false;
        if (sent > 0)
            bytes.p += sent;
    }
    return true;
}

/* The request is one line. */
static bool receive_line(int fd, char *line, size_t *length_out, int64_t until_us)
{
    size_t length = 0;

    while (length < REQUEST_BYTES) {
        ssize_t got = recv(fd, line + length, REQUEST_BYTES - length, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && (errno != EAGAIN || !wait_for(fd, POLLIN, until_us))))
            return false;
        if (got > 0)
            length += (size_t)got;
        if (length > 0 && line[length - 1] == '\n') {
            *length_out = length - 1;
            return true;
        }
    }
    return false;
}

void control_serve(struct control *control)
{
    char line[REQUEST_BYTES];
    size_t length;
    int fd;

    while ((fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        int64_t until_us = clock_monotonic_us() + REQUEST_MS * INT64_C(1000);
        if (receive_line(fd, line, &length, until_us)) {
            struct buf reply = BUF_INIT(talloc_new(NULL));
            control->handler(control->argument, span_of(line, length), &reply);
            (void)send_all(fd, buf_span(&reply), until_us + US_PER_S);
            talloc_free(reply.owner);
        }
        close(fd);
    }
}

void control_close(struct control **control)
{
    if (!*control)
        return;
    close((*control)->fd);
    (void)unlink((*control)->path);
    talloc_free(*control);
    *control = NULL;
}

static bool receive_all(int fd, struct buf *reply, int64_t until_us, struct err *err)
{
    while (reply->length < REPLY_BYTES) {
        ssize_t got = recv(fd, buf_reserve(reply, 65536), 65536, MSG_DONTWAIT);
        if (got == 0)
            return true;
        if (got < 0 && errno != EAGAIN)
            return err_errno(err, "recv");
        if (got < 0 && !wait_for(fd, POLLIN, until_us))
            return err_set(err, ERR_BUSY, "The process did not answer in time.");
        if (got > 0)
            reply->length += (size_t)got;
    }
    return err_set(err, ERR_LIMIT, "The process said too much.");
}

bool control_ask(const void *owner, const char *path, const char *request, int wait_ms, char **reply_out,
                 struct err *err)
{
    int64_t until_us = clock_monotonic_us() + wait_ms * INT64_C(1000);
    struct sockaddr_un address;
    struct buf reply = BUF_INIT(talloc_new(owner)), line = BUF_INIT(reply.owner);
    bool answered = false;
    int fd = -1;

    buf_add_text(&line, request);
    buf_add_byte(&line, '\n');
    if (!address_of(path, &address, err))
        goto out;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        err_log(err, "connect %s: %s", path, strerror(errno));
        err_set(err, errno == EACCES ? ERR_DENIED : ERR_NOT_FOUND, "The server is not running%s.",
                errno == EACCES ? ", or belongs to another user" : "");
        goto out;
    }
    answered = send_all(fd, buf_span(&line), until_us)
                   ? receive_all(fd, &reply, until_us, err)
                   : err_set(err, ERR_BUSY, "The process did not take the request.");
    if (answered)
        *reply_out = talloc_strndup(owner, reply.p ? reply.p : "", reply.length);
out:
    if (fd >= 0)
        close(fd);
    talloc_free(reply.owner);
    return answered;
}
