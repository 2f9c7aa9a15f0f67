/*
 * idle.h -- hearing of changes in the selected folder's mailbox while no command runs: IDLE and NOTIFY.
 */
#ifndef IMAP_IDLE_H
#define IMAP_IDLE_H

#include "imap/session.h"

/* From now on session_wake() is called when the mailbox changes. Twice is once; nothing without a selected folder. */
void imap_listen(struct imap_session *session);
/* The same for any mailbox: the caller unsubscribes. */
struct wake_subscription *imap_listen_to(struct imap_session *session, struct mailbox *mailbox);
/* Nothing while NOTIFY goes on. */
void imap_stop_listening(struct imap_session *session);

#endif
