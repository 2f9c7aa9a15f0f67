/* cmd_quit.c -- QUIT (RFC 5321, 4.1.1.10). */
#include "smtp/command.h"
#include "smtp/transaction.h"

enum session_next smtp_cmd_quit(struct smtp_session *s, struct span args)
{
    (void)args;
    smtp_transaction_end(s);
    reply(s, 221, "2.0.0", "Bye");
    return SESSION_CLOSE;
}
