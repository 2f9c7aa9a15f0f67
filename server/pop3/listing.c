#include "pop3/listing.h"

#include "pop3/number.h"

static void add_line(struct pop3_session *s, const struct view_message *message, pop3_listed *listed)
{
    struct buf *out = session_output(s->net);

    buf_add_u64(out, message->number);
    buf_add_byte(out, ' ');
    listed(out, s->drop, message);
    buf_add_text(out, "\r\n");
}

static enum session_next list_all(struct pop3_session *s, pop3_listed *listed)
{
    struct pop3_progress *progress = &s->progress;
    struct view_message message;

    if (!progress->is_active) {
        *progress = (struct pop3_progress){ .is_active = true, .number = 1 };
        pop3_ok(s, TEXT_LISTING);
    }
    for (; pop3_maildrop_at(s->drop, progress->number, &message); progress->number++) {
        if (session_output_is_full(s->net))
            return SESSION_MORE;
        if (!pop3_maildrop_is_deleted(s->drop, progress->number))
            add_line(s, &message, listed);
    }
    progress->is_active = false;
    session_write_text(s->net, ".\r\n");
    return SESSION_DONE;
}

enum session_next pop3_listing(struct pop3_session *s, struct span arguments, pop3_listed *listed)
{
    struct view_message message;
    enum session_next next;

    if (span_is_empty(arguments))
        return list_all(s, listed);
    if (!pop3_only_message(s, arguments, &message, &next))
        return next;
    session_write_text(s->net, "+OK ");
    add_line(s, &message, listed);
    return SESSION_DONE;
}
