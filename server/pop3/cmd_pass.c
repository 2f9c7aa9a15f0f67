/* cmd_pass.c -- PASS: the rest of the line as it is, spaces included. */
#include "pop3/command.h"
#include "pop3/login.h"

#include <talloc.h>

enum session_next pop3_cmd_pass(struct pop3_session *s, struct span arguments)
{
    struct auth_request request = pop3_auth_request(s);
    struct identity *identity;
    struct err err = ERR_INIT;
    unsigned delay_ms = 0;
    void *memory;
    char *user;

    if (!session_may_login(s->net))
        return pop3_err(s, CODE_NONE, TEXT_NEEDS_TLS);
    if (!s->user)
        return pop3_bad(s, TEXT_NEEDS_USER);
    user = talloc_steal(session_arena(s->net), s->user);
    s->user = NULL; /* RFC 1939, 7: after a failure USER comes again */
    memory = talloc_new(NULL);
    if (!auth_password(s->context->auth, memory, &request, span_text(user), arguments, &identity, &delay_ms,
                       &err)) {
        talloc_free(memory);
        return pop3_login_failed(s, user, delay_ms, &err);
    }
    return pop3_login_succeeded(s, memory, identity);
}
