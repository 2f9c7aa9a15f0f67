/*
 * notify.h -- NOTIFY (RFC 5465) as the rest of the session meets it.
 */
#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "imap/command.h"

/* session_wake() was called and no dialogue is open: says what the client asked to be told of. */
enum session_next imap_notify_wake(struct imap_session *session);
/* Forgets what was asked for: NOTIFY NONE, logout. */
void imap_notify_end(struct imap_session *session);

#endif
