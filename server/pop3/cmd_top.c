/* cmd_top.c -- TOP: the header and some lines of the body. */
#include "pop3/command.h"
#include "pop3/maildrop.h"
#include "pop3/number.h"
#include "pop3/transfer.h"

enum session_next pop3_cmd_top(struct pop3_session *s, struct span arguments)
{
    struct view_message message;
    enum session_next next;
    struct span header;
    struct err err = ERR_INIT;
    uint64_t lines;

    if (s->progress.is_active)
        return pop3_transfer_rest(s);
    if (session_output_is_full(s->net))
        return SESSION_MORE;
    if (!pop3_take_message(s, &arguments, &message, &next))
        return next;
    if (!span_take_byte(&arguments, ' ') || !span_take_u64(&arguments, &lines) || !span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    if (!pop3_maildrop_header(s->drop, message.number, session_arena(s->net), &header, &err))
        return pop3_fail(s, &err);
    if (!s->is_utf8 && pop3_has_international_address(header))
        return pop3_err(s, CODE_UTF8, TEXT_NEEDS_UTF8);
    s->progress = (struct pop3_progress){ .is_active = true,
                                          .is_at_line_start = true,
                                          .number = message.number,
                                          .offset = span_length(header),
                                          .end = message.size,
                                          .lines_left = lines };
    pop3_ok(s, TEXT_MESSAGE);
    pop3_add_stuffed(session_output(s->net), header, &s->progress.is_at_line_start);
    return pop3_transfer_rest(s);
}
