/*
 * protocol.c -- the row by which the session room knows us.
 */
#include "pop3/command.h"
#include "pop3/maildrop.h"

#include <talloc.h>

/* No time stamp in angle brackets: that would offer APOP (RFC 1939, 7), for which a server must keep passwords
 * in clear. */
static enum session_next open_session(struct session *net)
{
    struct pop3_session *s = session_state(net);

    s->net = net;
    s->context = session_context(net);
    s->state = AUTHORIZATION;
    session_write_text(net, "+OK Chappe POP3 server ready\r\n");
    return SESSION_DONE;
}

/* RFC 2595, 4: nothing said in clear counts any more. */
static void forget_all_said(struct session *net)
{
    struct pop3_session *s = session_state(net);

    TALLOC_FREE(s->user);
    s->is_utf8 = false;
    s->language = POP3_ENGLISH;
}

static void close_session(struct session *net)
{
    struct pop3_session *s = session_state(net);

    pop3_auth_forget(s);
    pop3_maildrop_close(&s->drop);
    TALLOC_FREE(s->identity_memory);
}

const struct protocol pop3_protocol = {
    .name = "pop3",
    .bit = PROTOCOL_POP3,
    .alpn = "pop3",
    .state_bytes = sizeof(struct pop3_session),
    .open = open_session,
    .frame = pop3_frame,
    .is_cheap = pop3_is_cheap,
    .run = pop3_run,
    .tls_started = forget_all_said,
    .closed = close_session,
    .busy = "-ERR [SYS/TEMP] Too many connections; try again later.\r\n",
    .stopping = "-ERR [SYS/TEMP] The server stops.\r\n",
    .ended = "-ERR This session was ended elsewhere.\r\n",
    .timeout = "-ERR You were silent for too long.\r\n",
    .too_long = "-ERR The line is too long.\r\n",
    .not_http = "-ERR This is not a web server.\r\n",
    .unit_max_before_login = 20480,
    .unit_max = 20480,
    .login_s = 60,
    .idle_s = 600, /* RFC 1939, 3: at least 10 minutes */
};
