#include "pop3/login.h"

#include "base/clock.h"
#include "base/log.h"
#include "pop3/maildrop.h"

#include <talloc.h>

struct auth_request pop3_auth_request(const struct pop3_session *s)
{
    return (struct auth_request){ .protocol = PROTOCOL_POP3,
                                  .peer = *session_peer(s->net),
                                  .session = session_id(s->net) };
}

enum session_next pop3_login_succeeded(struct pop3_session *s, void *memory, struct identity *identity)
{
    struct err err = ERR_INIT;

    TALLOC_FREE(s->user);
    if (!pop3_maildrop_open(s->context, identity, s->net, &s->drop, &err)) {
        talloc_free(memory);
        return err.kind == ERR_CONFLICT ? pop3_err(s, CODE_IN_USE, TEXT_IN_USE) : pop3_fail(s, &err);
    }
    s->identity_memory = memory;
    s->identity = identity;
    s->state = TRANSACTION;
    s->errors = 0;
    s->checked_us = clock_monotonic_us();
    session_set_authenticated(s->net, true);
    session_set_identity(s->net, identity);
    log_event(LOG_LEVEL_INFO, "pop3.login", log_text("session", session_id(s->net)),
              log_text("peer", session_peer_text(s->net)), log_text("user", identity->login),
              log_text("tls", session_is_tls(s->net) ? "yes" : "no"),
              log_i64("messages", pop3_maildrop_count(s->drop)));
    return pop3_ok(s, TEXT_LOGGED_IN);
}

enum session_next pop3_login_failed(struct pop3_session *s, const char *login, unsigned delay_ms,
                                    const struct err *err)
{
    log_event(LOG_LEVEL_INFO, "pop3.login.failed", log_text("session", session_id(s->net)),
              log_text("peer", session_peer_text(s->net)), log_text("user", login),
              log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    if (delay_ms)
        session_delay(s->net, (int)delay_ms);
    if (err->kind == ERR_AUTH && ++s->errors >= 10) {
        pop3_err(s, CODE_AUTH, TEXT_WRONG_LOGIN);
        return SESSION_CLOSE;
    }
    return pop3_fail(s, err);
}
