/*
 * roll_keeper.h -- tells the directory who is logged in on this role's connections, and ends those that an administrator, or
 * their owner elsewhere, wants closed.
 */
#ifndef MAIN_ROLL_KEEPER_H
#define MAIN_ROLL_KEEPER_H

#include "base/err.h"

struct directory;
struct roll_keeper;
struct session_server;

/* Under `owner`, with a thread of its own; both must live longer. `process`: "mail.example.org/mailbox". ERR_INTERNAL. */
MUST_CHECK bool roll_keeper_start(const void *owner, struct session_server *sessions,
                                  struct directory *directory, const char *process,
                                  struct roll_keeper **keeper_out, struct err *err);
/* Nobody is logged in here any more. Accepts and sets NULL. */
void roll_keeper_stop(struct roll_keeper **keeper);

#endif
