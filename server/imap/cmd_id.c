/*
 * cmd_id.c -- ID (RFC 2971): names of programs, for logs and statistics only.
 */
#include "imap/command.h"

enum { PAIRS_MAX = 30, FIELD_MAX = 30, VALUE_MAX = 1024 };

static bool take_pairs(struct imap_in *in)
{
    struct span field, value;
    bool is_nil;

    if (imap_take_keyword(in, "NIL"))
        return true;
    if (!imap_take_byte(in, '('))
        return false;
    if (imap_take_byte(in, ')'))
        return true;
    for (unsigned pairs = 0; pairs < PAIRS_MAX; pairs++) {
        if (!imap_take_string(in, &field) || span_length(field) > FIELD_MAX || !imap_take_space(in) ||
            !imap_take_nstring(in, &value, &is_nil) || span_length(value) > VALUE_MAX)
            return false;
        if (imap_take_byte(in, ')'))
            return true;
        if (!imap_take_space(in))
            return false;
    }
    return false;
}

enum session_next cmd_id(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct buf *out = imap_out(session);

    if (!imap_take_space(&req->in) || !take_pairs(&req->in) || !imap_at_end(&req->in))
        return imap_bad(req, "ID takes NIL or a list of at most 30 names and values.");
    buf_add_text(out, "* ID (\"name\" \"Chappe\" \"version\" ");
    imap_add_string(session, out, span_text(session->context->version));
    buf_add_text(out, ")\r\n");
    return imap_ok(req, NULL, "ID done.");
}
