/* clamd.c -- INSTREAM: the message in chunks, one line back. */
#include "filter/clamd.h"

#include "base/buf.h"
#include "filter/wire.h"

#include <arpa/inet.h>
#include <talloc.h>

enum { CHUNK_BYTES = 256 * 1024 };

static bool no_answer(struct err *err, struct span reply)
{
    err_log(err, "clamd answered: %.*s", (int)(span_length(reply) > 200 ? 200 : span_length(reply)), reply.p);
    return err_set(err, ERR_INTERNAL, "The virus scanner cannot look at this message just now.");
}

static bool take_suffix(struct span *text, const char *suffix)
{
    size_t length = strlen(suffix);

    if (span_length(*text) < length || memcmp(text->end - length, suffix, length) != 0)
        return false;
    text->end -= length;
    return true;
}

static char *printable(const void *owner, struct span name)
{
    char *text = span_copy(owner, span_part(name, 0, CLAMD_NAME_MAX));

    for (char *p = text; *p; p++)
        if (*p <= ' ' || *p > 126)
            *p = '?';
    return text;
}

bool clamd_reply_parse(const void *owner, struct span reply, const char **virus_out, struct err *err)
{
    struct span rest = reply;

    *virus_out = NULL;
    if (!span_take_word(&rest, "stream: "))
        return no_answer(err, reply);
    if (span_equals_text(rest, "OK"))
        return true;
    if (!take_suffix(&rest, " FOUND") || span_is_empty(rest) || span_find_byte(rest, '\0'))
        return no_answer(err, reply);
    *virus_out = printable(owner, rest);
    return true;
}

static bool send_chunks(struct wire *wire, struct span message, struct err *err)
{
    uint32_t length;

    if (!wire_send(wire, span_of("zINSTREAM", 10), err)) /* its NUL included */
        return false;
    while (!span_is_empty(message)) {
        struct span chunk = span_part(message, 0, CHUNK_BYTES);

        length = htonl((uint32_t)span_length(chunk));
        if (!wire_send(wire, span_of(&length, sizeof length), err) || !wire_send(wire, chunk, err))
            return false;
        message.p = chunk.end;
    }
    length = 0;
    return wire_send(wire, span_of(&length, sizeof length), err);
}

/* Up to the NUL, or the end of the stream. */
static bool receive_reply(struct wire *wire, struct buf *in, struct err *err)
{
    size_t before;

    do {
        before = in->length;
        if (!wire_receive(wire, in, CLAMD_REPLY_MAX, err))
            return false;
    } while (in->length > before && !span_find_byte(buf_span(in), '\0'));
    return true;
}

static bool ask(void *scratch, struct dns *dns, const char *where, struct span message, int64_t deadline_us,
                struct buf *in, struct err *err)
{
    struct err ignored = ERR_INIT;
    struct wire *wire;
    bool is_sent;

    if (!wire_open(scratch, dns, where, deadline_us, &wire, err))
        return false;
    is_sent = send_chunks(wire, message, err);
    /* over its size limit it answers and closes while we still send: its words tell more than our EPIPE */
    return receive_reply(wire, in, is_sent ? err : &ignored) && (is_sent || in->length > 0);
}

bool clamd_scan(const void *owner, struct dns *dns, const char *where, struct span message,
                int64_t deadline_us, const char **virus_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct buf in = BUF_INIT(scratch);
    bool ok = ask(scratch, dns, where, message, deadline_us, &in, err);

    if (ok) {
        struct span reply = buf_span(&in), line;

        if (span_take_until(&reply, '\0', &line))
            ok = clamd_reply_parse(owner, line, virus_out, err);
        else
            ok = no_answer(err, reply); /* cut: "stream: O" is no OK */
    }
    talloc_free(scratch);
    return ok;
}
