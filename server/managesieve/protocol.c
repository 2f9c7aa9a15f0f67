/*
 * protocol.c -- the row by which the session room knows us.
 */
#include "managesieve/command.h"

#include <talloc.h>

static enum session_next open_session(struct session *net)
{
    struct managesieve_session *s = session_state(net);

    s->net = net;
    s->context = session_context(net);
    s->state = NOT_AUTHENTICATED;
    managesieve_capabilities(s);
    return managesieve_ok(s, CODE_NONE, "Chappe ManageSieve ready");
}

/* RFC 5804, 2.2: nothing said in clear counts any more, and the capabilities are told anew, unasked. */
static void greet_again(struct session *net)
{
    struct managesieve_session *s = session_state(net);

    managesieve_auth_forget(s);
    managesieve_capabilities(s);
    managesieve_ok(s, CODE_NONE, "TLS is on.");
}

void managesieve_forget_identity(struct managesieve_session *s)
{
    session_set_identity(s->net, NULL);
    session_set_authenticated(s->net, false);
    s->identity = NULL;
    s->state = NOT_AUTHENTICATED;
    TALLOC_FREE(s->identity_memory);
}

static void close_session(struct session *net)
{
    struct managesieve_session *s = session_state(net);

    managesieve_auth_forget(s);
    TALLOC_FREE(s->identity_memory);
}

const struct protocol managesieve_protocol = {
    .name = "managesieve",
    .bit = PROTOCOL_SIEVE,
    .alpn = "managesieve",
    .state_bytes = sizeof(struct managesieve_session),
    .open = open_session,
    .frame = managesieve_frame,
    .is_cheap = managesieve_is_cheap,
    .run = managesieve_run,
    .tls_started = greet_again,
    .closed = close_session,
    .busy = "BYE (TRYLATER) \"Too many connections; try again later.\"\r\n",
    .stopping = "BYE (TRYLATER) \"The server stops.\"\r\n",
    .ended = "BYE \"This session was ended elsewhere.\"\r\n",
    .timeout = "BYE \"You were silent for too long.\"\r\n",
    .too_long = "BYE \"This is too long.\"\r\n",
    .not_http = "BYE \"This is not a web server.\"\r\n",
    .unit_max_before_login = 64 * 1024,
    .unit_max = 1024 * 1024 + 128 * 1024, /* the largest script that a setting allows, and a line around it */
    .login_s = 60,
    .idle_s = 1800, /* RFC 5804, 1.2: at least 30 minutes */
};
