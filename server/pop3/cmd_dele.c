/* cmd_dele.c -- DELE: noted here, done at QUIT. */
#include "pop3/command.h"
#include "pop3/maildrop.h"
#include "pop3/number.h"

enum session_next pop3_cmd_dele(struct pop3_session *s, struct span arguments)
{
    struct view_message message;
    enum session_next next;

    if (!pop3_only_message(s, arguments, &message, &next))
        return next;
    pop3_maildrop_delete(s->drop, message.number);
    return pop3_ok(s, TEXT_DELETED);
}
