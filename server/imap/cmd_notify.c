/*
 * cmd_notify.c -- NOTIFY SET and NOTIFY NONE (RFC 5465, 3.1).
 */
#include "imap/notify.h"
#include "imap/notify_filter.h"

static enum session_next set(struct imap_request *req)
{
    enum imap_notify_status wants_status = NOTIFY_WITHOUT_STATUS;
    struct notify_filter *filter;
    const char *wrong;

    if (imap_take_keyword(&req->in, "STATUS")) {
        wants_status = NOTIFY_WITH_STATUS;
        if (!imap_take_space(&req->in))
            return imap_bad(req, "NOTIFY SET needs filters and events.");
    }
    switch (notify_filter_take(req, req->arena, &filter, &wrong)) {
    case NOTIFY_TAKEN:
        break;
    case NOTIFY_BAD:
        return imap_bad(req, "%s", wrong);
    case NOTIFY_BAD_EVENT:
        return imap_no(req, "BADEVENT (" NOTIFY_EVENT_NAMES ")", "One of these events is not known here.");
    case NOTIFY_TOO_MANY:
        return imap_no(req, "NOTIFICATIONOVERFLOW", "There can be %d filters and %d names in each.",
                       NOTIFY_GROUPS_MAX, NOTIFY_NAMES_MAX);
    }
    return imap_notify_begin(req, filter, wants_status);
}

enum session_next cmd_notify(struct imap_request *req)
{
    if (!imap_take_space(&req->in))
        return imap_bad(req, "NOTIFY takes SET or NONE.");
    if (imap_take_keyword(&req->in, "SET") && imap_take_space(&req->in))
        return set(req);
    if (!imap_take_keyword(&req->in, "NONE") || !imap_at_end(&req->in))
        return imap_bad(req, "NOTIFY takes SET or NONE.");
    return imap_notify_begin(req, notify_filter_none(req->arena), NOTIFY_WITHOUT_STATUS);
}
