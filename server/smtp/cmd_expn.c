/* cmd_expn.c -- EXPN (RFC 5321, 4.1.1.7): the members of a list are nobody's business. */
#include "smtp/command.h"

enum session_next smtp_cmd_expn(struct smtp_session *s, struct span args)
{
    (void)args;
    return refuse(s, REFUSE_NOT_IMPLEMENTED);
}
