/*
 * deleted.h -- mailboxes whose users were removed, for as long as their store keeps them. The mailbox itself waits in its storage
 * group (group/store.h: mailbox_delete, mailbox_reconnect).
 *
 * Errors   ERR_NOT_FOUND, ERR_CONFLICT as told below; ERR_BUSY: the directory is down.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_DELETED_H
#define DIRECTORY_DELETED_H

#include "directory/user.h"

struct deleted_mailbox {
    struct mailbox_location mailbox;
    int64_t organisation_id;
    enum recipient_kind kind;
    const char *address, *name;   /* that it had */
    int64_t deleted_us, until_us; /* until: housekeeping removes it then */
    const char *deleted_by;
};

/* Those that the actor may see, the last deleted first; organisation_id 0: of all. */
MUST_CHECK bool deleted_list(struct directory *directory, const struct actor *actor, const void *owner,
                             int64_t organisation_id, size_t limit, struct deleted_mailbox **list_out,
                             size_t *count_out, struct err *err);
/* By the address that it had, or by its number. ERR_CONFLICT: several had that address. */
MUST_CHECK bool deleted_find(struct directory *directory, const struct actor *actor, const void *owner,
                             const char *name, struct deleted_mailbox *found_out, struct err *err);
/* It is somebody's again, or gone for good: `action` is what the audit says ("mailbox.reconnect", "mailbox.purge"). */
MUST_CHECK bool deleted_forget(struct directory *directory, const struct actor *actor,
                               const struct deleted_mailbox *deleted, const char *action, const char *to,
                               struct err *err);
/* Forgets those whose period has been over for a day. A housekeeping job. */
MUST_CHECK bool deleted_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                             struct err *err);

#endif
