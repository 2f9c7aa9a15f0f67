/* cmd_user.c -- USER: a name for PASS. Every name is taken, so that nobody learns which exist. */
#include "pop3/command.h"

#include <talloc.h>

enum session_next pop3_cmd_user(struct pop3_session *s, struct span arguments)
{
    if (!session_may_login(s->net))
        return pop3_err(s, CODE_NONE, TEXT_NEEDS_TLS);
    if (span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    talloc_free(s->user);
    s->user = span_copy(session_memory(s->net), arguments);
    return pop3_ok(s, TEXT_SEND_PASSWORD);
}
