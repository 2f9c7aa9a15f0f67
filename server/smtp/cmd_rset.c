/* cmd_rset.c -- RSET (RFC 5321, 4.1.1.5): the transaction is forgotten, the login and EHLO are not. */
#include "smtp/command.h"
#include "smtp/transaction.h"

enum session_next smtp_cmd_rset(struct smtp_session *s, struct span args)
{
    (void)args;
    smtp_transaction_end(s);
    reply(s, 250, "2.0.0", "OK");
    return SESSION_DONE;
}
