/*
 * cmd_starttls.c -- STARTTLS (RFC 9051, 6.2.1). What was pipelined behind it in clear is discarded by the session room,
 * which then closes the connection.
 */
#include "imap/command.h"

enum session_next cmd_starttls(struct imap_request *req)
{
    struct session *net = req->session->net;
    enum session_next next;

    if (!imap_at_end(&req->in))
        return imap_bad(req, "STARTTLS takes no arguments.");
    if (session_is_tls(net))
        return imap_bad(req, "The connection is encrypted already.");
    if (!session_can_start_tls(net))
        return imap_no(req, "UNAVAILABLE", "There is no certificate for TLS here.");
    next = imap_ok(req, NULL, "Begin TLS now.");
    return session_start_tls(net) ? next : SESSION_CLOSE;
}
