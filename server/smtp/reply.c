/* reply.c -- replies: rendered, logged where they refuse, counted against the session. */
#include "base/log.h"
#include "smtp/command.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include <stdarg.h>
#include <stdio.h>

/* Replies are ASCII; a text from a room below may name an address in UTF-8. */
static void make_ascii(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text > 126)
            *text = '?';
}

void reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *text_format, ...)
{
    struct buf *out = session_output(s->session);
    char text[400];
    va_list args;

    va_start(args, text_format);
    vsnprintf(text, sizeof text, text_format, args);
    va_end(args);
    make_ascii(text);
    buf_add_u64(out, code);
    buf_add_byte(out, ' ');
    if (enhanced) {
        buf_add_text(out, enhanced);
        buf_add_byte(out, ' ');
    }
    buf_add_text(out, text);
    buf_add_text(out, "\r\n");
}

static void log_refusal(struct smtp_session *s, const struct smtp_refusal_row *row, const struct err *err)
{
    const struct smtp_transaction *t = s->transaction;

    log_event(LOG_LEVEL_INFO, "smtp.refused", log_text("session", session_id(s->session)),
              log_text("peer", session_peer_text(s->session)),
              log_text("command", s->command ? s->command->name : "-"), log_text("reason", row->reason),
              log_i64("code", row->code), log_text("id", t ? t->id : ""),
              log_text("from", t ? t->sender_text : ""),
              log_text("to", t && t->rcpt_text ? t->rcpt_text : ""), log_text("cause", err ? err->log : ""));
}

/* Every 5xx counts; beyond SMTP_ERRORS_FREE it comes late, and the last one ends the session. An LMTP neighbour, and a
 * server of ours, hands over what others sent: only its own mistakes (50x) count. */
static enum session_next count_error(struct smtp_session *s, unsigned code)
{
    const struct smtp_refusal_row *last = smtp_refusal_row(REFUSE_TOO_MANY_ERRORS);

    if (code < 500 || ((s->service == SERVICE_LMTP || smtp_is_peer(s)) && code >= 510))
        return code == 421 ? SESSION_CLOSE : SESSION_DONE;
    s->errors++;
    if (s->errors >= (s->context->errors_max ? s->context->errors_max : SMTP_ERRORS_MAX)) {
        reply(s, last->code, last->enhanced, "%s", last->text);
        smtp_refusal_count(REFUSE_TOO_MANY_ERRORS);
        log_refusal(s, last, NULL);
        return SESSION_CLOSE;
    }
    if (s->errors > SMTP_ERRORS_FREE)
        session_delay(s->session, SMTP_TARPIT_MS);
    return SESSION_DONE;
}

static enum session_next say_no(struct smtp_session *s, enum smtp_refusal refusal, const char *text,
                                const struct err *err)
{
    const struct smtp_refusal_row *row = smtp_refusal_row(refusal);

    reply(s, row->code, row->enhanced, "%s", text);
    smtp_refusal_count(refusal);
    log_refusal(s, row, err);
    smtp_trace_refused(s, row, text, err ? err->log : "");
    return count_error(s, row->code);
}

enum session_next refuse(struct smtp_session *s, enum smtp_refusal refusal)
{
    return say_no(s, refusal, smtp_refusal_row(refusal)->text, NULL);
}

enum session_next refuse_as(struct smtp_session *s, enum smtp_refusal refusal, const struct err *err)
{
    return say_no(s, refusal, err->user[0] ? err->user : smtp_refusal_row(refusal)->text, err);
}

enum session_next refuse_err(struct smtp_session *s, const struct err *err)
{
    return refuse_as(s, smtp_refusal_of(err->kind), err);
}
