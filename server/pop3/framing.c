/*
 * framing.c -- lines, their limits, and what becomes of those over them.
 */
#include "pop3/command.h"

#define LINE_MAX_BYTES 512
#define SASL_LINE_MAX_BYTES 16384 /* base64 of a token (RFC 5034, 4) */
#define SKIP_MAX_BYTES (1024 * 1024)

static size_t line_max(const struct pop3_session *s, struct span line)
{
    return s->exchange || span_starts_nocase(line, "AUTH ") ? SASL_LINE_MAX_BYTES : LINE_MAX_BYTES;
}

static enum frame skip(struct pop3_session *s, size_t length, bool is_end)
{
    s->is_skipping = !is_end;
    s->skipped = is_end ? 0 : s->skipped + length;
    return s->skipped > SKIP_MAX_BYTES ? FRAME_CLOSE : FRAME_SKIP;
}

enum frame pop3_frame(struct session *net, struct span buffered, size_t *length_out)
{
    struct pop3_session *s = session_state(net);
    const char *lf = span_find_byte(buffered, '\n');
    size_t length = lf ? (size_t)(lf + 1 - buffered.p) : span_length(buffered);

    *length_out = length;
    if (s->is_skipping)
        return skip(s, length, lf != NULL);
    if (length > line_max(s, buffered)) {
        if (s->exchange)
            pop3_auth_forget(s);
        if (pop3_bad(s, TEXT_TOO_LONG) == SESSION_CLOSE)
            return FRAME_CLOSE;
        return skip(s, length, lf != NULL);
    }
    return lf ? FRAME_UNIT : FRAME_MORE;
}
