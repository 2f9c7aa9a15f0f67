/* cmd_session.c -- LOGOUT, NOOP, STARTTLS, UNAUTHENTICATE (RFC 5804, 2.3, 2.13, 2.2, 2.14). */
#include "managesieve/command.h"

enum session_next managesieve_cmd_logout(struct managesieve_session *s,
                                         const struct managesieve_arguments *arguments)
{
    (void)arguments;
    managesieve_ok(s, CODE_NONE, "Goodbye.");
    return SESSION_CLOSE;
}

enum session_next managesieve_cmd_noop(struct managesieve_session *s,
                                       const struct managesieve_arguments *arguments)
{
    struct buf *out = session_output(s->net);

    if (arguments->count == 0)
        return managesieve_ok(s, CODE_NONE, "Done.");
    buf_add_text(out, "OK (TAG ");
    managesieve_add_string(out, arguments->strings[0]);
    buf_add_text(out, ") \"Done.\"\r\n");
    return SESSION_DONE;
}

enum session_next managesieve_cmd_starttls(struct managesieve_session *s,
                                           const struct managesieve_arguments *arguments)
{
    (void)arguments;
    if (!session_can_start_tls(s->net))
        return managesieve_bad(s, session_is_tls(s->net) ? "TLS is on already." : "There is no TLS here.");
    managesieve_ok(s, CODE_NONE, "Begin TLS now.");
    return session_start_tls(s->net) ? SESSION_DONE : SESSION_CLOSE;
}

enum session_next managesieve_cmd_unauthenticate(struct managesieve_session *s,
                                                 const struct managesieve_arguments *arguments)
{
    (void)arguments;
    managesieve_forget_identity(s);
    return managesieve_ok(s, CODE_NONE, "You are nobody again.");
}
