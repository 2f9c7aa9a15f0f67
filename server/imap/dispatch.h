/*
 * dispatch.h -- from a complete unit to the function of its command.
 */
#ifndef IMAP_DISPATCH_H
#define IMAP_DISPATCH_H

#include "imap/command.h"

/* Runs the command in `unit`, or answers why not. */
enum session_next imap_dispatch(struct imap_session *session, struct span unit);
/* A further line of the session's dialogue. */
enum session_next imap_dispatch_dialogue(struct imap_session *session, struct span unit);
/* The command takes microseconds and asks nobody. */
bool imap_dispatch_is_cheap(struct imap_session *session, struct span unit);

#endif
