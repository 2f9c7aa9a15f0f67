/* cmd_capa.c -- CAPA (RFC 2449): what can be done, and before login only what can be done now. */
#include "pop3/command.h"
#include "session/channel.h"

static void add_login_ways(struct pop3_session *s)
{
    struct session_channel channel;
    const char **names;

    session_channel_of(s->net, &channel);
    names = sasl_mechanisms(s->context->auth, session_arena(s->net), PROTOCOL_POP3, &channel.channel);
    if (session_can_start_tls(s->net))
        session_write_text(s->net, "STLS\r\n");
    if (session_may_login(s->net))
        session_write_text(s->net, "USER\r\n");
    if (!*names)
        return;
    session_write_text(s->net, "SASL");
    for (; *names; names++)
        session_printf(s->net, " %s", *names);
    session_write_text(s->net, "\r\n");
}

enum session_next pop3_cmd_capa(struct pop3_session *s, struct span arguments)
{
    if (!span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    pop3_ok(s, TEXT_CAPABILITIES);
    session_write_text(s->net, "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
                               "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Chappe\r\n");
    if (s->state == AUTHORIZATION)
        add_login_ways(s);
    session_write_text(s->net, ".\r\n");
    return SESSION_DONE;
}
