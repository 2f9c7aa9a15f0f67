/*
 * notify.h -- NOTIFY (RFC 5465): what the client wants to be told of while no command runs.
 *
 * Covers the reader's own mailbox and the selected folder. The session hears of a change from the wake bus, asks once
 * for all folders and compares with what the client was told before; folders are told by STATUS and LIST, the
 * selected one as ever.
 */
#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "imap/command.h"

/* session_wake() was called and NOTIFY is on: says what the client asked to be told of. May yield. */
imap_run imap_notify_wake;
/* Forgets what was asked for: NOTIFY NONE, logout. */
void imap_notify_end(struct imap_session *session);
/* Another folder was selected: it is to be heard of, too. */
void imap_notify_selected(struct imap_session *session);

#endif
