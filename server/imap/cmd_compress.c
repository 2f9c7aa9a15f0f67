/*
 * cmd_compress.c -- COMPRESS DEFLATE (RFC 4978).
 */
#include "imap/command.h"

enum session_next cmd_compress(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct buf *out = imap_out(session);

    if (!imap_take_space(&req->in) || !imap_take_keyword(&req->in, "DEFLATE") || !imap_at_end(&req->in))
        return imap_bad(req, "COMPRESS takes DEFLATE.");
    if (session->is_compressed)
        return imap_no(req, "COMPRESSIONACTIVE", "The connection is compressed already.");
    /* from the byte after this answer on, so it may not be delayed by news */
    buf_add_span(out, req->tag);
    buf_add_text(out, " OK The connection is compressed from now on.\r\n");
    session->is_compressed = session_start_deflate(session->net);
    return session->is_compressed ? SESSION_DONE : SESSION_CLOSE;
}
