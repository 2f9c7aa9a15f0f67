/* cmd_quit.c -- QUIT: after login the UPDATE state, in which deleted messages go (RFC 1939, 6). */
#include "base/log.h"
#include "pop3/command.h"
#include "pop3/maildrop.h"

enum session_next pop3_cmd_quit(struct pop3_session *s, struct span arguments)
{
    struct err err = ERR_INIT;
    uint32_t deleted;

    if (!span_is_empty(arguments))
        return pop3_bad(s, TEXT_BAD_ARGUMENT);
    if (s->state == AUTHORIZATION) {
        pop3_ok(s, TEXT_BYE);
        return SESSION_CLOSE;
    }
    deleted = pop3_maildrop_last(s->drop) - pop3_maildrop_count(s->drop);
    if (pop3_maildrop_update(s->drop, session_arena(s->net), &err)) {
        log_event(LOG_LEVEL_INFO, "pop3.quit", log_text("session", session_id(s->net)),
                  log_i64("deleted", deleted));
        pop3_ok(s, TEXT_BYE);
    } else {
        log_err(LOG_LEVEL_WARNING, "pop3.update.failed", &err);
        pop3_err(s, CODE_SYS_TEMP, TEXT_BYE_NOT_REMOVED);
    }
    /* The next session may come in as soon as this one was answered. */
    pop3_maildrop_close(&s->drop);
    s->state = AUTHORIZATION;
    return SESSION_CLOSE;
}
