/*
 * sets.h -- the messages that a command names, as UIDs of the selected folder.
 */
#ifndef IMAP_SETS_H
#define IMAP_SETS_H

#include "imap/command.h"
#include "imap/set.h"

/* SP is not taken; the set is. By sequence number (in `told`) or UID as the command says, "$" included. False where
 * *answer_out (BAD) is what to return. UIDs that do not exist are left in; numbers beyond the last message are BAD. */
MUST_CHECK bool imap_take_messages(struct imap_request *req, struct uid_set *uids_out,
                                   enum session_next *answer_out);
/* The same for a set that was parsed before. False: one of the numbers is beyond the last message; those that exist are in
 * the result all the same. */
enum imap_set_kind { SET_OF_NUMBERS, SET_OF_UIDS };
MUST_CHECK bool imap_set_to_uids(struct imap_request *req, const struct imap_set *set,
                                 enum imap_set_kind kind, struct uid_set *uids_out);

#endif
