/*
 * copy.h -- COPY and MOVE.
 *
 * Inside a mailbox a copied message is the same item under a new UID in another folder; in another mailbox of the
 * storage group it becomes a new item of the same message; into another storage group its bytes travel.
 * Flags, keywords and INTERNALDATE come along, SAVEDATE is now. All or nothing, and exact in the quota of both
 * sides: ERR_QUOTA leaves everything as it was.
 *
 * Between storage groups no transaction is possible: the copy is committed first, then a MOVE takes the original
 * away. Where that second step fails the error is returned and the messages are in both places.
 *
 * Errors   as mailbox/flags.h; ERR_QUOTA the destination is full; ERR_NO_ROOM (never for a MOVE inside a mailbox); ERR_LIMIT its 56 keywords are used up (system flags and
 *          known keywords alone would fit; nothing is dropped silently).
 * Threads  any.
 */
#ifndef MAILBOX_COPY_H
#define MAILBOX_COPY_H

#include "mailbox/view.h"

enum copy_kind { COPY_KEEP, COPY_MOVE };

struct copy_result {
    struct uid_set source_uids; /* COPYUID: the n-th of these ... */
    struct uid_set
        destination_uids; /* ... became the n-th of these; one run, in the order of the source UIDs */
    uint32_t destination_uidvalidity;
    struct view *source; /* the source folder after it (changed by MOVE); a reference */
    uint64_t source_modseq, destination_modseq;
};
/* UIDs that do not exist are passed over; none at all is a success with empty sets. A MOVE into the same folder gives new UIDs. */
MUST_CHECK bool folder_copy(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids,
                            struct mailbox *to, int64_t to_folder_id, enum copy_kind kind, const void *owner,
                            struct copy_result *result_out, struct err *err);
/* What the result holds; the result itself is the caller's. */
void copy_result_release(struct copy_result *result);

#endif
