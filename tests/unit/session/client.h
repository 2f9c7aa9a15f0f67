/*
 * client.h -- a blocking client of line protocols over base/stream.h, for tests of servers in the same process.
 */
#ifndef TEST_SESSION_CLIENT_H
#define TEST_SESSION_CLIENT_H

#include "base/stream.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

struct client {
    struct stream *stream;
    char in[65536];
    size_t have;
};

static inline int connect_to(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline struct client *client_new(uint16_t port)
{
    struct client *c = calloc(1, sizeof(*c));
    c->stream = stream_new(connect_to(port));
    return c;
}

static inline void client_free(struct client *c)
{
    stream_free(&c->stream);
    free(c);
}

/* False after five seconds. */
static inline bool client_wait(struct client *c, short what)
{
    struct pollfd ready = { .fd = stream_fd(c->stream), .events = what };
    return poll(&ready, 1, 5000) == 1;
}

static inline bool client_start_tls(struct client *c, struct tls_client *tls, const char *name,
                                    const char *alpn)
{
    struct err err = ERR_INIT;
    enum stream_result result;

    assert_true(stream_connect_tls(c->stream, tls, name, alpn, &err));
    while ((result = stream_handshake(c->stream)) == STREAM_WAIT)
        assert_true(client_wait(c, POLLIN));
    return result == STREAM_OK;
}

static inline void client_send_bytes(struct client *c, struct span bytes)
{
    while (!span_is_empty(bytes)) {
        size_t written;
        enum stream_result result = stream_write(c->stream, bytes, &written);
        bytes.p += written;
        if (result == STREAM_WAIT)
            assert_true(client_wait(c, POLLOUT));
        else if (result != STREAM_OK)
            return;
    }
    while (stream_flush(c->stream) == STREAM_WAIT)
        assert_true(client_wait(c, POLLOUT));
}

static inline void client_send(struct client *c, const char *text)
{
    client_send_bytes(c, span_text(text));
}

/* One more piece into c->in; false at the end of the connection. */
static inline bool client_fill(struct client *c)
{
    size_t got;
    for (;;) {
        enum stream_result result = stream_read(c->stream, c->in + c->have, sizeof(c->in) - c->have, &got);
        if (result == STREAM_OK) {
            c->have += got;
            return true;
        }
        if (result != STREAM_WAIT)
            return false;
        if (!client_wait(c, POLLIN))
            fail_msg("nothing came for 5 s; have: %.*s", (int)c->have, c->in);
    }
}

/* The next line without CRLF, or NULL at the end. Static storage. */
static inline const char *client_line(struct client *c)
{
    static _Thread_local char line[65536];
    char *lf;
    size_t length;

    while (!(lf = memchr(c->in, '\n', c->have)))
        if (!client_fill(c))
            return NULL;
    length = (size_t)(lf - c->in);
    memcpy(line, c->in, length);
    line[length && line[length - 1] == '\r' ? length - 1 : length] = '\0';
    c->have -= length + 1;
    memmove(c->in, lf + 1, c->have);
    return line;
}

static inline void client_expect(struct client *c, const char *expected)
{
    const char *line = client_line(c);
    if (!line)
        fail_msg("closed, expected: %s", expected);
    assert_string_equal(line, expected);
}

static inline void client_expect_end(struct client *c)
{
    assert_null(client_line(c));
}

/* The first digit bytes of a BIG answer. */
static inline uint64_t client_count_until_lf(struct client *c)
{
    uint64_t count = 0;
    char *lf;
    while (!(lf = memchr(c->in, '\n', c->have))) {
        count += c->have;
        c->have = 0;
        if (!client_fill(c))
            return count;
    }
    count += (uint64_t)(lf + 1 - c->in);
    c->have -= (size_t)(lf + 1 - c->in);
    memmove(c->in, lf + 1, c->have);
    return count;
}

#endif
