/*
 * cmd_namespace.c -- NAMESPACE (RFC 9051, 6.3.10; RFC 2342): one's own folders at the top, those of others and those
 * that are everybody's below one name each.
 */
#include "imap/place.h"

enum session_next cmd_namespace(struct imap_request *req)
{
    if (!imap_at_end(&req->in))
        return imap_bad(req, "NAMESPACE takes no arguments.");
    buf_add_text(imap_out(req->session), "* NAMESPACE ((\"\" \"/\")) ((\"" IMAP_OTHER_USERS
                                         "/\" \"/\")) ((\"" IMAP_PUBLIC_FOLDERS "/\" \"/\"))\r\n");
    return imap_ok(req, NULL, "NAMESPACE done.");
}
