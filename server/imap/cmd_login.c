/*
 * cmd_login.c -- LOGIN (RFC 9051, 6.2.3): name and password in the command itself.
 */
#include "imap/login.h"

#include <talloc.h>

enum session_next cmd_login(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct auth_request request = imap_auth_request(session);
    struct identity *identity;
    struct span login, password;
    struct err err = ERR_INIT;
    unsigned delay_ms = 0;
    void *memory;

    if (!imap_take_space(&req->in) || !imap_take_astring(&req->in, &login) || !imap_take_space(&req->in) ||
        !imap_take_astring(&req->in, &password) || !imap_at_end(&req->in))
        return imap_bad(req, "LOGIN takes a name and a password.");
    if (!session_may_login(session->net))
        return imap_no(req, "PRIVACYREQUIRED", "Use STARTTLS first: this connection is not encrypted.");
    memory = talloc_new(NULL);
    if (auth_password(session->context->auth, memory, &request, login, password, &identity, &delay_ms, &err))
        return imap_login_succeeded(req, memory, identity);
    talloc_free(memory);
    return imap_login_failed(req, span_copy(req->arena, login), delay_ms, &err);
}
