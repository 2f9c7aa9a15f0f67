#include "pop3/transfer.h"

#include "base/log.h"
#include "pop3/maildrop.h"

static const char *const address_fields[] = { "From:", "To:", "Cc:", "Bcc:", "Sender:", "Reply-To:" };

void pop3_add_stuffed(struct buf *out, struct span bytes, bool *is_at_line_start)
{
    const char *p = bytes.p, *dot = p;

    if (span_is_empty(bytes))
        return;
    (void)buf_reserve(out, span_length(bytes) + span_length(bytes) / 64 + 16);
    if (*is_at_line_start && *p == '.')
        buf_add_byte(out, '.');
    while ((dot = memchr(dot, '.', (size_t)(bytes.end - dot)))) {
        if (dot > bytes.p && dot[-1] == '\n') {
            buf_add(out, p, (size_t)(dot - p));
            buf_add_byte(out, '.');
            p = dot;
        }
        dot++;
    }
    buf_add(out, p, (size_t)(bytes.end - p));
    *is_at_line_start = bytes.end[-1] == '\n';
}

struct span pop3_first_lines(struct span bytes, uint64_t *lines_left)
{
    struct span rest = bytes;

    while (*lines_left > 0 && !span_is_empty(rest)) {
        const char *lf = span_find_byte(rest, '\n');
        if (!lf)
            return bytes;
        rest.p = lf + 1;
        --*lines_left;
    }
    return (struct span){ bytes.p, rest.p };
}

static bool is_ascii(struct span bytes)
{
    for (const char *p = bytes.p; p < bytes.end; p++)
        if ((unsigned char)*p >= 0x80)
            return false;
    return true;
}

/* The end of a field: the line end that no white space follows. */
static const char *field_end(struct span rest)
{
    const char *lf;

    while ((lf = span_find_byte(rest, '\n')) && lf + 1 < rest.end && (lf[1] == ' ' || lf[1] == '\t'))
        rest.p = lf + 1;
    return lf ? lf + 1 : rest.end;
}

/* A word with "@" that has bytes outside ASCII; display names and comments are other words. */
static bool has_international_word(struct span field)
{
    bool has_at = false, is_foreign = false, is_quoted = false;

    for (const char *p = field.p; p < field.end; p++) {
        is_quoted ^= *p == '"';
        if (!is_quoted && strchr(" \t\r\n<>,;:()", *p)) {
            if (has_at && is_foreign)
                return true;
            has_at = is_foreign = false;
            continue;
        }
        has_at |= !is_quoted && *p == '@';
        is_foreign |= (unsigned char)*p >= 0x80;
    }
    return has_at && is_foreign;
}

bool pop3_has_international_address(struct span header)
{
    if (is_ascii(header))
        return false;
    while (!span_is_empty(header) && *header.p != '\r' && *header.p != '\n') {
        struct span field = { header.p, field_end(header) };
        for (size_t i = 0; i < COUNT_OF(address_fields); i++)
            if (span_starts_nocase(field, address_fields[i]) && has_international_word(field))
                return true;
        header.p = field.end;
    }
    return false;
}

enum session_next pop3_transfer_end(struct pop3_session *s)
{
    struct buf *out = session_output(s->net);

    if (!s->progress.is_at_line_start)
        buf_add_text(out, "\r\n");
    buf_add_text(out, ".\r\n");
    s->progress.is_active = false;
    return SESSION_DONE;
}

enum session_next pop3_transfer_rest(struct pop3_session *s)
{
    struct pop3_progress *progress = &s->progress;

    while (progress->offset < progress->end && progress->lines_left > 0) {
        struct span bytes;
        struct err err = ERR_INIT;
        if (session_output_is_full(s->net))
            return SESSION_MORE;
        if (!pop3_maildrop_part(s->drop, progress->number, progress->offset, session_arena(s->net), &bytes,
                                &err) ||
            span_is_empty(bytes)) {
            /* In the middle of a message nothing but the end of the connection says that it is not whole. */
            log_event(LOG_LEVEL_WARNING, "pop3.transfer.cut", log_text("session", session_id(s->net)),
                      log_i64("message", progress->number), log_i64("offset", (int64_t)progress->offset),
                      log_i64("of", (int64_t)progress->end), log_text("reason", err_kind_name(err.kind)),
                      log_text("cause", err.log));
            return SESSION_CLOSE;
        }
        progress->offset += span_length(bytes);
        if (progress->lines_left != UINT64_MAX)
            bytes = pop3_first_lines(bytes, &progress->lines_left);
        pop3_add_stuffed(session_output(s->net), bytes, &progress->is_at_line_start);
    }
    return pop3_transfer_end(s);
}
