/* cmd_retr.c -- RETR: a whole message. */
#include "group/group.h"
#include "mailbox/fetched.h"
#include "pop3/command.h"
#include "pop3/maildrop.h"
#include "pop3/number.h"
#include "pop3/transfer.h"

/* The header at the start of a message; with its empty line. */
static struct span header_of(struct span bytes)
{
    const char *end = span_is_empty(bytes) ? NULL : memmem(bytes.p, span_length(bytes), "\r\n\r\n", 4);

    return end ? (struct span){ bytes.p, end + 4 } : bytes;
}

static bool may_read(struct pop3_session *s, uint32_t number, struct span bytes, struct err *err)
{
    if (s->is_utf8)
        return true;
    if (!bytes.p && !pop3_maildrop_header(s->drop, number, session_arena(s->net), &bytes, err))
        return true; /* what cannot be read is said when it is sent */
    return !pop3_has_international_address(header_of(bytes));
}

/* For the trace. */
static void note_fetched(const struct pop3_session *s, const struct view_message *message)
{
    struct err err = ERR_INIT;
    struct group *group;

    if (!s->context->fetched ||
        !group_find(s->context->groups, s->identity->mailbox.storage_group_id, &group, &err))
        return;
    fetched_note(s->context->fetched, group,
                 &(struct fetched_message){ .item_id = message->item_id,
                                            .received_us = message->received_us,
                                            .protocol = "pop3",
                                            .login = s->identity->login,
                                            .peer = session_peer_text(s->net) });
}

enum session_next pop3_cmd_retr(struct pop3_session *s, struct span arguments)
{
    struct view_message message;
    enum session_next next;
    struct span bytes;
    struct err err = ERR_INIT;

    if (s->progress.is_active)
        return pop3_transfer_rest(s);
    if (session_output_is_full(s->net))
        return SESSION_MORE;
    if (!pop3_only_message(s, arguments, &message, &next))
        return next;
    if (!pop3_maildrop_fetch(s->drop, message.number, session_arena(s->net), &bytes, &err))
        return pop3_fail(s, &err);
    if (!may_read(s, message.number, bytes, &err))
        return pop3_err(s, CODE_UTF8, TEXT_NEEDS_UTF8);
    pop3_maildrop_note_fetched(s->drop, message.number);
    note_fetched(s, &message);
    s->progress = (struct pop3_progress){ .is_active = true,
                                          .is_at_line_start = true,
                                          .number = message.number,
                                          .end = message.size,
                                          .lines_left = UINT64_MAX };
    session_printf(s->net, "+OK %u octets\r\n", message.size);
    if (!bytes.p)
        return pop3_transfer_rest(s);
    pop3_add_stuffed(session_output(s->net), bytes, &s->progress.is_at_line_start);
    return pop3_transfer_end(s);
}
