/*
 * framing.c -- a command is a line, perhaps with literals in it. What is too large is passed over as it comes, so that the
 * client hears why and can go on.
 */
#include "mailbox/script.h"
#include "managesieve/command.h"

enum {
    LINE_MAX_BYTES = 16 * 1024, /* with its quoted strings; base64 of a token fits */
    LITERAL_MAX_BEFORE_LOGIN = 16 * 1024,
    LITERAL_PASSED_OVER_MAX = 64 * 1024 * 1024,
};

static uint64_t literal_max(const struct managesieve_session *s)
{
    int64_t most = s->context->script_bytes ? s->context->script_bytes : SCRIPT_BYTES_STANDARD;

    return s->state == AUTHENTICATED ? (uint64_t)most : LITERAL_MAX_BEFORE_LOGIN;
}

/* The literal at the end of a line that ends before `end`. */
static bool find_literal(struct span line, uint64_t *length_out)
{
    for (const char *p = line.end; p > line.p; p--)
        if (p[-1] == '{') {
            struct span head = { p - 1, line.end };
            return managesieve_take_literal_head(&head, length_out) && span_is_empty(head);
        }
    return false;
}

/* What was announced is not taken: answered now, and passed over. */
static enum frame refuse_literal(struct managesieve_session *s, uint64_t length)
{
    if (length > LITERAL_PASSED_OVER_MAX) {
        managesieve_bye(s, "This is far too large.");
        return FRAME_CLOSE;
    }
    s->skip_bytes = length;
    s->skips_line = true;
    if (s->exchange)
        managesieve_auth_forget(s);
    if (s->state == AUTHENTICATED)
        managesieve_no(s, CODE_QUOTA_MAXSIZE, "A script cannot be so large.");
    else if (managesieve_bad(s, "This is too large.") == SESSION_CLOSE)
        return FRAME_CLOSE;
    return FRAME_SKIP;
}

/* Bytes of a refused literal, then the rest of its line, which may end in another one. */
static enum frame skip(struct managesieve_session *s, struct span buffered, size_t *length_out)
{
    const char *lf;
    uint64_t literal;

    if (s->skip_bytes > 0) {
        size_t here = span_length(buffered);

        *length_out = s->skip_bytes < here ? (size_t)s->skip_bytes : here;
        s->skip_bytes -= *length_out;
        return FRAME_SKIP;
    }
    lf = span_find_byte(buffered, '\n');
    if (!lf && span_length(buffered) <= LINE_MAX_BYTES)
        return FRAME_MORE;
    *length_out = lf ? (size_t)(lf + 1 - buffered.p) : span_length(buffered);
    if (!lf)
        return FRAME_SKIP;
    if (find_literal((struct span){ buffered.p, lf + 1 }, &literal)) {
        if (literal > LITERAL_PASSED_OVER_MAX)
            return FRAME_CLOSE;
        s->skip_bytes = literal;
        return FRAME_SKIP;
    }
    s->skips_line = false;
    return FRAME_SKIP;
}

static enum frame refuse_line(struct managesieve_session *s, bool is_whole)
{
    s->skips_line = !is_whole;
    if (s->exchange)
        managesieve_auth_forget(s);
    return managesieve_bad(s, "The line is too long.") == SESSION_CLOSE ? FRAME_CLOSE : FRAME_SKIP;
}

enum frame managesieve_frame(struct session *net, struct span buffered, size_t *length_out)
{
    struct managesieve_session *s = session_state(net);
    struct span rest = buffered;
    uint64_t literal, literals = 0;

    *length_out = span_length(buffered);
    if (s->skip_bytes > 0 || s->skips_line)
        return skip(s, buffered, length_out);
    for (;;) {
        const char *lf = span_find_byte(rest, '\n');
        size_t length = lf ? (size_t)(lf + 1 - rest.p) : span_length(rest);

        if (length > LINE_MAX_BYTES) {
            *length_out = (size_t)(rest.p - buffered.p) + length;
            return refuse_line(s, lf != NULL);
        }
        if (!lf)
            return FRAME_MORE;
        if (!find_literal((struct span){ rest.p, lf + 1 }, &literal)) {
            *length_out = (size_t)(lf + 1 - buffered.p);
            return FRAME_UNIT;
        }
        if (literal > literal_max(s) || (literals += literal) > literal_max(s) + LITERAL_MAX_BEFORE_LOGIN) {
            *length_out = (size_t)(lf + 1 - buffered.p);
            return refuse_literal(s, literal);
        }
        rest.p = lf + 1;
        if (literal > span_length(rest))
            return FRAME_MORE;
        rest.p += literal;
    }
}
