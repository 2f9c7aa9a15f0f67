/* cmd_vrfy.c -- VRFY (RFC 5321, 4.1.1.6) says the same about everybody: who exists is told at RCPT only. */
#include "smtp/command.h"

enum session_next smtp_cmd_vrfy(struct smtp_session *s, struct span args)
{
    (void)args;
    reply(s, 252, "2.5.2", "Cannot verify a user, but a message for it may be tried");
    return SESSION_DONE;
}
