/*
 * move.h -- mailboxes on their way to another storage group: who asked for it, how far it has come. The work is done by
 * storage/move.
 *
 *     copying ──> switching ──> cleaning ──> done
 *        │  <─────────┘ (trouble)
 *        └──> cancelling ──> cancelled | failed
 *
 * In "switching" the mailbox is closed. The step to "cleaning" is the move itself: with it the directory says that the mailbox
 * lives elsewhere.
 *
 * Errors   ERR_NOT_FOUND, ERR_EXISTS, ERR_CONFLICT as told below; ERR_BUSY: the directory is down.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_MOVE_H
#define DIRECTORY_MOVE_H

#include "directory/directory.h"

enum move_state {
    MOVE_COPYING,
    MOVE_SWITCHING,
    MOVE_CLEANING,
    MOVE_DONE,
    MOVE_CANCELLING,
    MOVE_CANCELLED,
    MOVE_FAILED,
    MOVE_STATES
};
/* "copying"; static. */
const char *move_state_name(enum move_state state);

struct mailbox_move {
    int64_t move_id, organisation_id, recipient_id, mailbox_id;
    int64_t from_group_id, from_store_id, to_group_id, to_store_id;
    enum move_state state;
    int64_t done, total; /* messages */
    const char *trouble; /* "": none */
    const char *address; /* the primary one now; "": the user is gone */
    const char *requested_by;
    int64_t created_us, changed_us, switched_us; /* 0: not yet */
};

/* Asks for it: recipient_id and the place where it shall be are used; the others are filled. ERR_EXISTS: it is on its way already, or
 * the rest of an earlier move is not yet removed; ERR_INVALID: it is in that storage group already. */
MUST_CHECK bool move_start(struct directory *directory, const struct actor *actor, const void *owner,
                           struct mailbox_move *move, struct err *err);
/* The newest first, at most `limit`; recipient_id 0: all that the actor may see; only_active: those that are not over. */
MUST_CHECK bool move_list(struct directory *directory, const struct actor *actor, const void *owner,
                          int64_t recipient_id, bool only_active, size_t limit,
                          struct mailbox_move **moves_out, size_t *count_out, struct err *err);
/* ERR_NOT_FOUND: nothing is on its way; ERR_CONFLICT: too late. */
MUST_CHECK bool move_cancel(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                            struct err *err);

/* ---- for whoever works on them: across organisations */

/* Those that something can be done for now, the oldest first. */
MUST_CHECK bool move_due(struct directory *directory, const void *owner, struct mailbox_move **moves_out,
                         size_t *count_out, struct err *err);
/* Writes down how far it is; *state_out as it is now. */
MUST_CHECK bool move_note(struct directory *directory, const struct mailbox_move *move,
                          enum move_state *state_out, struct err *err);
/* From one state to another; ERR_CONFLICT where it is in neither. `trouble` NULL: stays. */
MUST_CHECK bool move_step(struct directory *directory, int64_t move_id, enum move_state from,
                          enum move_state to, const char *trouble, struct err *err);
/* Not before that time again. */
MUST_CHECK bool move_wait(struct directory *directory, int64_t move_id, int64_t until_us, const char *trouble,
                          struct err *err);
/* From switching to cleaning, and with it the recipient to its new place. ERR_NOT_FOUND: the recipient is gone, or its mailbox is
 * not where it was; ERR_CONFLICT: the move is in another state. */
MUST_CHECK bool move_switch(struct directory *directory, const struct mailbox_move *move, struct err *err);
/* Forgets those that have been over for a month. A housekeeping job. */
MUST_CHECK bool move_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                          struct err *err);

#endif
