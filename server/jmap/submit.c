/* submit.c -- see submit.h. */
#include "jmap/submit.h"

#include "base/buf.h"
#include "base/crashpoint.h"
#include "format/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

enum { REPLY_S = 120 };

struct wire {
    int fd;
    const void *arena;
    char held[4096];
    size_t held_length;
    struct submitted *result;
};

static bool open_wire(struct wire *wire, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval deadline = { .tv_sec = REPLY_S };

    snprintf(wire->result->reply, sizeof wire->result->reply, "The submission service does not run here.");
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    wire->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return wire->fd >= 0 && setsockopt(wire->fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) == 0 &&
           setsockopt(wire->fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline) == 0 &&
           connect(wire->fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static bool send_bytes(struct wire *wire, struct span bytes)
{
    while (!span_is_empty(bytes)) {
        ssize_t sent = send(wire->fd, bytes.p, span_length(bytes), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        bytes.p += sent > 0 ? sent : 0;
    }
    return true;
}

static bool take_line(struct wire *wire, char *line, size_t size)
{
    for (;;) {
        char *end = memchr(wire->held, '\n', wire->held_length);
        ssize_t got;
        if (end) {
            size_t length = (size_t)(end - wire->held);
            snprintf(line, size, "%.*s", (int)(length && end[-1] == '\r' ? length - 1 : length), wire->held);
            wire->held_length -= length + 1;
            memmove(wire->held, end + 1, wire->held_length);
            return true;
        }
        if (wire->held_length == sizeof wire->held)
            return false;
        got = recv(wire->fd, wire->held + wire->held_length, sizeof wire->held - wire->held_length, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        wire->held_length += got > 0 ? (size_t)got : 0;
    }
}

/* The code of the whole reply, its last line in result->reply; 0 where none came. */
static int take_reply(struct wire *wire)
{
    char *line = wire->result->reply;

    do {
        if (!take_line(wire, line, sizeof wire->result->reply) || strlen(line) < 3)
            return 0;
    } while (line[3] == '-');
    return (int)strtol(line, NULL, 10);
}

static int say(struct wire *wire, const char *line)
{
    return send_bytes(wire, span_text(line)) && send_bytes(wire, span_text("\r\n")) ? take_reply(wire) : 0;
}

static bool fails(struct wire *wire, int code, enum submit_verdict verdict)
{
    wire->result->verdict = code == 0 || code / 100 == 4 ? SUBMIT_NOT_NOW
                            : code == 552                ? SUBMIT_SIZE
                                                         : verdict;
    return false;
}

static bool enter(struct wire *wire, const struct submit *submit)
{
    struct buf login = buf_owned_by(wire->arena);
    int code = take_reply(wire);

    if (code == 220)
        code = say(wire, talloc_asprintf(wire->arena, "EHLO %s", submit->host_name));
    if (code != 250)
        return fails(wire, code, SUBMIT_NOT_NOW);
    codec_add_base64(&login, span_text(submit->login));
    code = say(wire, talloc_asprintf(wire->arena, "AUTH EXTERNAL %s", buf_text(&login)));
    return code == 235 || fails(wire, code, SUBMIT_SENDER);
}

static bool name_all(struct wire *wire, const struct submit *submit)
{
    int code = say(wire, talloc_asprintf(wire->arena, "MAIL FROM:<%s> SIZE=%zu BODY=8BITMIME%s%s",
                                         submit->from, span_length(submit->bytes),
                                         submit->is_utf8 ? " SMTPUTF8" : "", submit->parameters));

    if (code != 250)
        return fails(wire, code, SUBMIT_SENDER);
    for (size_t i = 0; i < submit->to_count; i++) {
        code = say(wire,
                   talloc_asprintf(wire->arena, "RCPT TO:<%s>%s", submit->to[i], submit->to_parameters[i]));
        if (code / 100 == 5) {
            wire->result->refused = wire->result->refused ? wire->result->refused : json_array();
            json_array_append_new(wire->result->refused, json_string(submit->to[i]));
        } else if (code / 100 != 2) {
            return fails(wire, code, SUBMIT_NOT_NOW);
        }
    }
    return !wire->result->refused || fails(wire, 550, SUBMIT_RECIPIENTS);
}

static void add_stuffed(struct buf *out, struct span bytes)
{
    bool is_start = true;

    for (const char *p = bytes.p; p < bytes.end; p++) {
        if (is_start && *p == '.')
            buf_add_byte(out, '.');
        buf_add_byte(out, *p);
        is_start = *p == '\n';
    }
    buf_add_text(out, is_start ? ".\r\n" : "\r\n.\r\n");
}

/* "354 Send the message as NAME" */
static bool take_name(struct submitted *result)
{
    const char *as = strstr(result->reply, " as ");

    if (as)
        snprintf(result->name, sizeof result->name, "%.*s", (int)strcspn(as + 4, " \r\n"), as + 4);
    return *result->name != '\0';
}

static bool hand_over(struct wire *wire, const struct submit *submit)
{
    struct buf data = buf_owned_by(wire->arena);
    int code = say(wire, "DATA");

    if (code != 354)
        return fails(wire, code, SUBMIT_MESSAGE);
    add_stuffed(&data, submit->bytes);
    if (!take_name(wire->result) ||
        (submit->note_name && !submit->note_name(submit->argument, wire->result->name)))
        return fails(wire, 0, SUBMIT_NOT_NOW);
    CRASHPOINT("jmap.before-submission");
    code = send_bytes(wire, buf_span(&data)) ? take_reply(wire) : 0;
    CRASHPOINT("jmap.after-submission");
    wire->result->is_queued = strstr(wire->result->reply, "Queued") != NULL;
    if (code == 0) {
        wire->result->verdict = SUBMIT_UNKNOWN;
        return false;
    }
    return code == 250 || fails(wire, code, SUBMIT_MESSAGE);
}

void jmap_submit(const void *arena, const struct submit *submit, struct submitted *submitted_out)
{
    struct wire wire = { .fd = -1, .arena = arena, .result = submitted_out };

    *submitted_out = (struct submitted){ .verdict = SUBMIT_NOT_NOW };
    if (open_wire(&wire, submit->socket) && enter(&wire, submit) && name_all(&wire, submit) &&
        hand_over(&wire, submit))
        submitted_out->verdict = SUBMIT_TAKEN;
    if (wire.fd >= 0)
        close(wire.fd);
}
