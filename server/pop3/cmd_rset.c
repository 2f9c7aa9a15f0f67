/* cmd_rset.c -- RSET: nothing is deleted after all. */
#include "pop3/command.h"
#include "pop3/maildrop.h"

enum session_next pop3_cmd_rset(struct pop3_session *s, struct span arguments)
{
    if (!span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    pop3_maildrop_undelete_all(s->drop);
    return pop3_ok(s, TEXT_RESET);
}
