/*
 * stay.h -- who stays (event streams, WebSockets) goes when he may not come in any more; private to this room.
 *
 * The session or token that a stay began with is looked for once a second, of all stays in one question, so that it ends at once when
 * somebody logs out or is logged out, on whichever machine that was done. A changed or disabled account is noticed within STAY_CHECK_S, also
 * where the stay began with a password. Trouble of ours ends nothing.
 *
 * Threads  a stay is begun, asked and ended by one thread at a time; `wake` comes from another.
 */
#ifndef JMAP_STAY_H
#define JMAP_STAY_H

#include "auth/auth.h"

enum { STAY_CHECK_S = 60 };

struct jmap_stay;
struct jmap_stays;

/* Under `owner`. ERR_INTERNAL: the thread that looks cannot be started; jmap_stays_close() is owed all the same. */
MUST_CHECK bool jmap_stays_open(const void *owner, struct directory *directory, struct auth *auth,
                                struct jmap_stays **stays_out, struct err *err);
/* All stays have ended. Accepts and sets NULL. */
void jmap_stays_close(struct jmap_stays **stays);

/* Uses `identity` only now. `wake` is called with `argument`, under a lock, when it is time to ask jmap_stay_may_go_on(); it must not block.
 * Ended by jmap_stay_end(). */
struct jmap_stay *jmap_stay_begin(struct jmap_stays *stays, const struct identity *identity,
                                  void (*wake)(void *argument), void *argument);
/* May block. */
bool jmap_stay_may_go_on(struct jmap_stay *stay);
/* `wake` is not running, and will not be called again. Accepts and sets NULL. */
void jmap_stay_end(struct jmap_stay **stay);

#endif
