/*
 * notify.c -- see notify.h.
 */
#include "imap/notify.h"

enum session_next imap_notify_wake(struct imap_session *session)
{
    (void)session;
    return SESSION_DONE;
}

void imap_notify_end(struct imap_session *session)
{
    session->notify = NULL;
}
