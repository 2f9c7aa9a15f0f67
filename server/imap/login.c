/*
 * login.c -- see login.h.
 */
#include "imap/login.h"

#include "base/log.h"
#include "imap/capability.h"

#include <talloc.h>

/* RFC 5530. A throttled or broken login must not look like a wrong password: clients would ask for another one. */
static const char *code_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_AUTH:
        return "AUTHENTICATIONFAILED";
    case ERR_DENIED:
        return "AUTHORIZATIONFAILED";
    case ERR_EXPIRED:
        return "EXPIRED";
    case ERR_SUSPENDED:
        return "CONTACTADMIN";
    case ERR_INVALID:
        return NULL;
    default:
        return "UNAVAILABLE";
    }
}

enum session_next imap_login_succeeded(struct imap_request *req, void *memory,
                                       const struct identity *identity)
{
    struct imap_session *session = req->session;
    struct buf code = BUF_INIT(req->arena);
    struct err err = ERR_INIT;

    if (!imap_session_authenticated(session, memory, identity, &err)) {
        talloc_free(memory);
        if (err.kind == ERR_NOT_FOUND)
            (void)err_set(&err, ERR_BUSY, "Your mailbox is not available now.");
        return imap_fail(req, &err);
    }
    log_event(LOG_LEVEL_INFO, "imap.login", log_text("session", session_id(session->net)),
              log_text("peer", session_peer_text(session->net)), log_text("user", session->login),
              log_text("tls", session_is_tls(session->net) ? "yes" : "no"));
    imap_add_capabilities(session, &code);
    return imap_ok(req, buf_text(&code), "Logged in.");
}

enum session_next imap_login_failed(struct imap_request *req, const char *login, unsigned delay_ms,
                                    const struct err *err)
{
    struct imap_session *session = req->session;

    log_event(err_is_temporary(err->kind) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "imap.login.failed",
              log_text("session", session_id(session->net)),
              log_text("peer", session_peer_text(session->net)), log_text("user", login),
              log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    if (delay_ms)
        session_delay(session->net, (int)delay_ms);
    return imap_no(req, code_of(err->kind), "%s", err->user[0] ? err->user : "The login failed.");
}
