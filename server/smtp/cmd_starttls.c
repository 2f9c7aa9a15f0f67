/* cmd_starttls.c -- STARTTLS (RFC 3207). What came behind it in clear is discarded by the session room, which then
 * closes; smtp_tls_started() forgets the rest. */
#include "smtp/command.h"

enum session_next smtp_cmd_starttls(struct smtp_session *s, struct span args)
{
    (void)args;
    if (session_is_tls(s->session))
        return refuse(s, REFUSE_TLS_TWICE);
    if (!session_can_start_tls(s->session))
        return refuse(s, REFUSE_TLS_UNAVAILABLE);
    reply(s, 220, "2.0.0", "Ready to start TLS");
    return session_start_tls(s->session) ? SESSION_DONE : SESSION_CLOSE;
}
