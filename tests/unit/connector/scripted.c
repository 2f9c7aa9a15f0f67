#include "scripted.h"

#include "base/stream.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

struct scripted {
    int listener;
    uint16_t port;
    struct tls_server *tls;
    pthread_t thread;
    atomic_bool is_ending;
    atomic_uint connections;
    char *script;
    struct buf heard;
    struct stream *stream; /* of the connection now */
    char in[65536];
    size_t in_start, in_end, chunk;
};

enum { PATIENCE_MS = 5000 };

static bool wait_for(struct scripted *s, short events)
{
    struct pollfd ready = { .fd = stream_fd(s->stream), .events = events };

    for (int waited = 0; waited < PATIENCE_MS && !atomic_load(&s->is_ending); waited += 20)
        if (poll(&ready, 1, 20) > 0)
            return true;
    return false;
}

static bool fill(struct scripted *s)
{
    size_t got = 0;

    if (s->in_start > 0)
        memmove(s->in, s->in + s->in_start, s->in_end - s->in_start);
    s->in_end -= s->in_start;
    s->in_start = 0;
    for (;;) {
        enum stream_result result = stream_read(s->stream, s->in + s->in_end, sizeof s->in - s->in_end, &got);
        if (result == STREAM_OK) {
            s->in_end += got;
            return true;
        }
        if (result != STREAM_WAIT || !wait_for(s, POLLIN))
            return false;
    }
}

static bool take_line(struct scripted *s, struct span *line)
{
    for (;;) {
        char *end = memchr(s->in + s->in_start, '\n', s->in_end - s->in_start);
        if (end) {
            *line = span_of(s->in + s->in_start, (size_t)(end - (s->in + s->in_start)));
            s->in_start = (size_t)(end + 1 - s->in);
            if (line->end > line->p && line->end[-1] == '\r')
                line->end--;
            else
                buf_add_text(&s->heard, "!! a line without CR\n");
            buf_add_span(&s->heard, *line);
            buf_add_byte(&s->heard, '\n');
            return true;
        }
        if (!fill(s))
            return false;
    }
}

static bool send_all(struct scripted *s, struct span bytes)
{
    while (!span_is_empty(bytes)) {
        size_t written = 0;
        enum stream_result result = stream_write(s->stream, bytes, &written);
        bytes.p += written;
        if (result == STREAM_WAIT ? !wait_for(s, POLLOUT) : result != STREAM_OK)
            return false;
    }
    return true;
}

static bool send_text(struct scripted *s, struct span text, bool with_end)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);
    bool is_sent;

    for (const char *p = text.p; p < text.end; p++) {
        if (*p == '\\' && p + 1 < text.end && p[1] == 'n') {
            buf_add_text(&out, "\r\n");
            p++;
        } else if (*p == '\\' && p + 1 < text.end && (p[1] == '0' || p[1] == 'l')) {
            buf_add_byte(&out, p[1] == '0' ? '\0' : '\n');
            p++;
        } else {
            buf_add_byte(&out, *p);
        }
    }
    if (with_end)
        buf_add_text(&out, "\r\n");
    is_sent = send_all(s, buf_span(&out));
    talloc_free(arena);
    return is_sent;
}

static bool expect(struct scripted *s, struct span prefix)
{
    struct span line, size;
    char *text;
    bool is_good;

    if (!take_line(s, &line)) {
        buf_add_format(&s->heard, "!! closed instead of %.*s\n", (int)span_length(prefix), prefix.p);
        return false;
    }
    text = span_copy(NULL, prefix);
    is_good = strcmp(text, "*") == 0 || span_starts_nocase(line, text);
    if (!is_good)
        buf_add_format(&s->heard, "!! instead of %s\n", text);
    talloc_free(text);
    size = line;
    if (span_take_word(&size, "BDAT ")) {
        uint32_t length = 0;
        (void)!span_take_u32(&size, &length);
        s->chunk = length;
    }
    return is_good;
}

static bool read_message(struct scripted *s)
{
    struct span line;

    while (take_line(s, &line))
        if (span_equals_text(line, "."))
            return true;
    return false;
}

static bool read_chunk(struct scripted *s)
{
    while (s->chunk > 0) {
        size_t there = s->in_end - s->in_start, taken = there < s->chunk ? there : s->chunk;
        buf_add(&s->heard, s->in + s->in_start, taken);
        s->in_start += taken;
        s->chunk -= taken;
        if (s->chunk > 0 && !fill(s))
            return false;
    }
    return true;
}

static bool send_junk(struct scripted *s, struct span number, const char *piece)
{
    uint32_t count = 0;

    if (!span_take_u32(&number, &count))
        abort();
    for (uint32_t i = 0; i < count; i++)
        if (!send_all(s, span_text(piece)))
            return false;
    return true;
}

static bool send_slowly(struct scripted *s, struct span text)
{
    for (; text.p < text.end; text.p++) {
        if (!send_all(s, span_of(text.p, 1)) || atomic_load(&s->is_ending))
            return false;
        usleep(100000);
    }
    return true;
}

static bool start_tls(struct scripted *s)
{
    struct err err = ERR_INIT;
    enum stream_result result;

    if (!stream_start_tls(s->stream, s->tls, NULL, &err))
        abort();
    while ((result = stream_handshake(s->stream)) == STREAM_WAIT)
        if (!wait_for(s, POLLIN))
            return false;
    buf_add_format(&s->heard, "-- tls %s\n", result == STREAM_OK ? stream_tls_name(s->stream) : "failed");
    return result == STREAM_OK;
}

static bool step(struct scripted *s, struct span line)
{
    struct span text = span_part(line, 2, span_length(line));

    switch (*line.p) {
    case 'S':
        return send_text(s, text, true);
    case 'R':
        return send_text(s, text, false);
    case 'C':
        return expect(s, text);
    case 'D':
        return read_message(s);
    case 'B':
        return read_chunk(s);
    case 'T':
        return start_tls(s);
    case 'J':
        return send_junk(s, text, "x");
    case 'L':
        return send_junk(s, text, "250-more of it\r\n");
    case 'Y':
        return send_slowly(s, text);
    case 'E':
        while (s->in_start = s->in_end, fill(s))
            ;
        return true;
    case 'I':
        return fill(s);
    case 'W':
        (void)wait_for(s, POLLHUP);
        return true;
    case 'X':
        stream_reset(s->stream);
        return false;
    default:
        abort();
    }
}

static void serve(struct scripted *s, struct span *script)
{
    struct span line;

    while (!span_is_empty(*script) && span_take_line(script, &line)) {
        if (span_is_empty(line))
            continue;
        if (*line.p == '=')
            return;
        if (!step(s, line)) {
            while (!span_is_empty(*script) && span_take_line(script, &line) &&
                   (span_is_empty(line) || *line.p != '='))
                ;
            return;
        }
    }
}

static void *run(void *argument)
{
    struct scripted *s = argument;
    struct span script = span_text(s->script), last = script;
    struct pollfd ready = { .fd = s->listener, .events = POLLIN };

    while (!atomic_load(&s->is_ending)) {
        int fd;
        if (poll(&ready, 1, 20) <= 0 || (fd = accept(s->listener, NULL, NULL)) < 0)
            continue;
        atomic_fetch_add(&s->connections, 1);
        s->stream = stream_new(fd);
        s->in_start = s->in_end = 0;
        if (span_is_empty(script))
            script = last;
        last = script;
        serve(s, &script);
        stream_free(&s->stream);
    }
    return NULL;
}

static struct scripted *start(const char *address, uint16_t port, const char *script, struct tls_server *tls)
{
    struct scripted *s = calloc(1, sizeof *s);
    struct sockaddr_in where = { .sin_family = AF_INET, .sin_port = htons(port) };
    socklen_t length = sizeof where;
    int one = 1;

    assert(s);
    inet_pton(AF_INET, address, &where.sin_addr);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s->listener, (struct sockaddr *)&where, sizeof where) != 0 || listen(s->listener, 10) != 0)
        abort();
    getsockname(s->listener, (struct sockaddr *)&where, &length);
    s->port = ntohs(where.sin_port);
    s->tls = tls;
    s->script = strdup(script);
    s->heard = BUF_INIT(talloc_new(NULL));
    pthread_create(&s->thread, NULL, run, s);
    return s;
}

struct scripted *scripted_start(const char *address, const char *script, struct tls_server *tls)
{
    return start(address, 0, script, tls);
}

struct scripted *scripted_start_at(const char *address, uint16_t port, const char *script)
{
    return start(address, port, script, NULL);
}

uint16_t scripted_port(const struct scripted *server)
{
    return server->port;
}

unsigned scripted_connections(const struct scripted *server)
{
    return atomic_load(&server->connections);
}

char *scripted_stop(struct scripted **server, const void *owner)
{
    struct scripted *s = *server;
    char *heard;

    *server = NULL;
    atomic_store(&s->is_ending, true);
    pthread_join(s->thread, NULL);
    close(s->listener);
    heard = talloc_strndup(owner, s->heard.p ? s->heard.p : "", s->heard.length);
    talloc_free(s->heard.owner);
    free(s->script);
    free(s);
    return heard;
}
