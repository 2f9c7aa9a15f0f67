/*
 * number.h -- the message a command names.
 */
#ifndef POP3_NUMBER_H
#define POP3_NUMBER_H

#include "mailbox/view.h"
#include "pop3/session.h"

/* Takes a message number from *arguments: one that exists and is not deleted. False: answered. */
MUST_CHECK bool pop3_take_message(struct pop3_session *s, struct span *arguments,
                                  struct view_message *message_out, enum session_next *next_out);
/* The same where nothing may follow. */
MUST_CHECK bool pop3_only_message(struct pop3_session *s, struct span arguments,
                                  struct view_message *message_out, enum session_next *next_out);

#endif
