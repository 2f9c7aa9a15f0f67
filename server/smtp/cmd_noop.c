/* cmd_noop.c -- NOOP (RFC 5321, 4.1.1.9); its argument is ignored. */
#include "smtp/command.h"

enum session_next smtp_cmd_noop(struct smtp_session *s, struct span args)
{
    (void)args;
    reply(s, 250, "2.0.0", "OK");
    return SESSION_DONE;
}
