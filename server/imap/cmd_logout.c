/*
 * cmd_logout.c -- LOGOUT (RFC 9051, 6.1.3) and UNAUTHENTICATE (RFC 8437).
 */
#include "imap/command.h"

enum session_next cmd_logout(struct imap_request *req)
{
    if (!imap_at_end(&req->in))
        return imap_bad(req, "LOGOUT takes no arguments.");
    imap_bye(req->session, NULL, "Good bye.");
    (void)imap_ok(req, NULL, "LOGOUT done.");
    return SESSION_CLOSE;
}

/* The connection stays, all else is as after the greeting; DEFLATE and TLS go on. */
enum session_next cmd_unauthenticate(struct imap_request *req)
{
    if (!imap_at_end(&req->in))
        return imap_bad(req, "UNAUTHENTICATE takes no arguments.");
    session_set_authenticated(req->session->net, false);
    session_set_identity(req->session->net, NULL);
    imap_session_forget(req->session);
    return imap_ok(req, NULL, "Nobody is logged in now.");
}
