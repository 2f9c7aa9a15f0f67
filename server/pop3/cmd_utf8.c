/* cmd_utf8.c -- UTF8 (RFC 6856, 2): the client can read international headers. */
#include "pop3/command.h"

enum session_next pop3_cmd_utf8(struct pop3_session *s, struct span arguments)
{
    if (!span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    s->is_utf8 = true;
    return pop3_ok(s, TEXT_UTF8);
}
