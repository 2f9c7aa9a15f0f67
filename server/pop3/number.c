#include "pop3/number.h"

#include "pop3/maildrop.h"

bool pop3_take_message(struct pop3_session *s, struct span *arguments, struct view_message *message_out,
                       enum session_next *next_out)
{
    uint32_t number;

    if (!span_take_u32(arguments, &number)) {
        *next_out = pop3_bad(s, TEXT_BAD_ARGUMENT);
        return false;
    }
    if (!pop3_maildrop_at(s->drop, number, message_out)) {
        *next_out = pop3_bad(s, TEXT_NO_MESSAGE);
        return false;
    }
    if (pop3_maildrop_is_deleted(s->drop, number)) {
        *next_out = pop3_bad(s, TEXT_IS_DELETED);
        return false;
    }
    return true;
}

bool pop3_only_message(struct pop3_session *s, struct span arguments, struct view_message *message_out,
                       enum session_next *next_out)
{
    struct span rest = arguments;

    if (!pop3_take_message(s, &rest, message_out, next_out))
        return false;
    if (span_is_empty(rest))
        return true;
    *next_out = pop3_bad(s, TEXT_BAD_ARGUMENT);
    return false;
}
