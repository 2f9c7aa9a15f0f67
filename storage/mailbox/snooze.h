/*
 * snooze.h -- mail that is out of the way until a time: it lies in a folder of its own, and comes back unread. And mail that its sender
 * wants to be reminded of where nobody answers: it stays where it is, and stands in the Inbox as well, unread, from that time on.
 *
 * The row is written before the mail is moved, and taken away after it came back, so that a crash loses neither: what is not where
 * the row says has been moved by its owner, and stays. Ids are public ones (MAILBOXID, EMAILID), which a move of the mailbox to
 * another storage group does not change.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND; ERR_LIMIT more than SNOOZES_MAX; ERR_BUSY, ERR_UNKNOWN, and those of folder_copy().
 * Threads    any.
 */
#ifndef MAILBOX_SNOOZE_H
#define MAILBOX_SNOOZE_H

#include "mailbox/mailbox.h"

#define SNOOZE_FOLDER "Snoozed"
enum { SNOOZES_MAX = 1000 };

enum snooze_kind { SNOOZE_LATER, SNOOZE_REMINDER };
struct snooze {
    enum snooze_kind kind;
    int64_t mailbox_id, item_id;
    int64_t folder_id, resting_id; /* where it comes back to, where it lies */
    int64_t until_us, created_us;
};
/* By time. */
MUST_CHECK bool snooze_list(struct mailbox *mailbox, const void *owner, struct snooze **list_out,
                            size_t *count_out, struct err *err);
/* SNOOZE_LATER: moves the item from that folder to the one for it, which is made where it is not there, until then. */
MUST_CHECK bool snooze_put(struct mailbox *mailbox, const struct mailbox_reader *reader, int64_t item_id,
                           int64_t folder_id, enum snooze_kind kind, int64_t until_us, struct err *err);
/* Another time. */
MUST_CHECK bool snooze_delay(struct mailbox *mailbox, int64_t item_id, int64_t until_us, struct err *err);
/* Brings it back now; a reminder is forgotten (SNOOZE_AS_IT_WAS), or comes (SNOOZE_UNREAD). */
enum snooze_end { SNOOZE_AS_IT_WAS, SNOOZE_UNREAD };
MUST_CHECK bool snooze_end(struct mailbox *mailbox, const struct snooze *snooze, enum snooze_end how,
                           struct err *err);

/* Housekeeping: brings back, unread, what is due in this group, at most some hundred; *is_done_out false: there is more. */
MUST_CHECK bool snooze_wake(struct mailbox_cache *cache, struct group *group, bool *is_done_out,
                            struct err *err);

#endif
