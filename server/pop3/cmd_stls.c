/* cmd_stls.c -- STLS (RFC 2595, 4). */
#include "pop3/command.h"

enum session_next pop3_cmd_stls(struct pop3_session *s, struct span arguments)
{
    if (!span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    if (!session_can_start_tls(s->net))
        return pop3_bad(s, session_is_tls(s->net) ? TEXT_IS_TLS : TEXT_NO_TLS);
    pop3_ok(s, TEXT_BEGIN_TLS);
    return session_start_tls(s->net) ? SESSION_DONE : SESSION_CLOSE;
}
