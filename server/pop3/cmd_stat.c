/* cmd_stat.c -- STAT: number and size of what is not deleted. */
#include "pop3/command.h"
#include "pop3/maildrop.h"

enum session_next pop3_cmd_stat(struct pop3_session *s, struct span arguments)
{
    if (!span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    session_printf(s->net, "+OK %u %llu\r\n", pop3_maildrop_count(s->drop),
                   (unsigned long long)pop3_maildrop_bytes(s->drop));
    return SESSION_DONE;
}
