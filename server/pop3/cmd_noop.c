/* cmd_noop.c -- NOOP. */
#include "pop3/command.h"

enum session_next pop3_cmd_noop(struct pop3_session *s, struct span arguments)
{
    return span_is_empty(arguments) ? pop3_ok(s, TEXT_NOTHING_DONE) : pop3_bad(s, TEXT_BAD_ARGUMENT);
}
