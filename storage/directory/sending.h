/*
 * sending.h -- how much accounts have sent in this hour, and which of them are held back.
 *
 * One row an account and one an organisation: nothing grows with the mail, and a restart forgets nothing.
 */
#ifndef DIRECTORY_SENDING_H
#define DIRECTORY_SENDING_H

#include "directory/directory.h"

struct sending {
    int64_t organisation_id, recipient_id; /* of the account */
    int64_t now_us;
    int64_t account_limit, organisation_limit; /* recipients an hour; 0: none */
};

struct sending_state {
    int64_t account_sent, organisation_sent; /* recipients in this hour */
    bool is_held;
};
/* How much was sent in the hour of sending->now_us, and whether the account is held. Counts nothing; one statement. */
MUST_CHECK bool sending_look(struct directory *directory, const struct sending *sending,
                             struct sending_state *state_out, struct err *err);

enum sending_answer { SENDING_COUNTED, SENDING_ACCOUNT_FULL, SENDING_ORGANISATION_FULL };
/* Counts a message to so many recipients, or does not where a limit would be passed. One transaction. */
MUST_CHECK bool sending_count(struct directory *directory, const struct sending *sending, int64_t recipients,
                              enum sending_answer *answer_out, struct err *err);

/* Holds an account back, with its audit row; nothing where it is held already. */
MUST_CHECK bool sending_hold(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                             int64_t recipient_id, const char *address, const char *reason, struct err *err);
/* By any of its addresses; also forgets what was counted. ERR_NOT_FOUND where it is not held. */
MUST_CHECK bool sending_release(struct directory *directory, const struct actor *actor, const char *address,
                                struct err *err);

struct sending_held {
    const char *address, *reason;
    int64_t organisation_id, since_us;
};
/* Accounts of that organisation (0: of all that the actor may see) that are held, under `owner`. */
MUST_CHECK bool sending_list_held(struct directory *directory, const struct actor *actor, const void *owner,
                                  int64_t organisation_id, struct sending_held **held_out, size_t *count_out,
                                  struct err *err);

#endif
