/*
 * teach.h -- what a user says about a message by moving it into Junk or out of it, or by the keywords that clients set for the
 * same ($Junk, $NotJunk; Junk and NonJunk of Thunderbird).
 *
 * It is noted after the change is committed, and costs the command nothing (learn/box.h). Of one command at most
 * TEACH_MESSAGES_MAX messages are noted, the newest. What Sieve and deliveries file teaches nothing: they do not come here.
 */
#ifndef IMAP_TEACH_H
#define IMAP_TEACH_H

#include "imap/session.h"
#include "mailbox/flags.h"

enum { TEACH_MESSAGES_MAX = 100 };

/* COPY and MOVE, before the client is told: `uids` were in the selected folder as the session knows it. `special_use` of the
 * folder that they came to; NULL. */
void imap_teach_by_move(struct imap_session *session, const struct uid_set *uids, const char *special_use);
/* STORE that added these flags to `changed`. */
void imap_teach_by_keyword(struct imap_session *session, const struct uid_set *changed,
                           const struct view *view, const struct flag_list *flags);

#endif
