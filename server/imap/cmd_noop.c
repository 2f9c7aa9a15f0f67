/*
 * cmd_noop.c -- NOOP (RFC 9051, 6.1.2) and CHECK (RFC 3501, 6.4.1): is there news? The database is asked, so that who polls
 * sees all that was committed before.
 */
#include "imap/command.h"
#include "imap/updates.h"

static enum session_next look(struct imap_request *req)
{
    if (!imap_at_end(&req->in))
        return imap_bad(req, "%s takes no arguments.", req->command->name);
    if (!imap_updates_begin(req->session, EXPUNGES_MAY_BE_TOLD, VIEW_CHECK))
        return SESSION_CLOSE;
    return imap_ok(req, NULL, "%s done.", req->command->name);
}

enum session_next cmd_noop(struct imap_request *req)
{
    return look(req);
}

enum session_next cmd_check(struct imap_request *req)
{
    return look(req);
}
