/*
 * idle.h -- hearing of changes in the selected folder's mailbox while no command runs: IDLE and NOTIFY.
 */
#ifndef IMAP_IDLE_H
#define IMAP_IDLE_H

#include "imap/session.h"

/* From now on session_wake() is called when the mailbox changes. Twice is once; nothing without a selected folder. */
void imap_listen(struct imap_session *session);
void imap_stop_listening(struct imap_session *session);

#endif
