/*
 * mover.h -- the thread that moves mailboxes: takes up what the directory says is to be done (directory/move.h), one after the
 * other, and goes on where whoever was at it before has stopped. Several machines may run one.
 *
 * Each state ends with a step in the directory, and what follows may be done twice:
 *   copying    the copy is made while the mailbox is in use, again and again until little differs
 *   switching  closed, compared to the end, and moved by one transaction of the directory; on trouble open again, and back to copying
 *   cleaning   open at the new place; what is left at the old one goes a minute later, when no session believes in it any more
 *   cancelling open at the old place; the copy goes
 *
 * Errors   trouble is written into the row of the move, and tried again; never told to anybody else.
 * Threads  opened and closed by one; works in its own.
 */
#ifndef MOVE_MOVER_H
#define MOVE_MOVER_H

#include "base/err.h"

struct directory;
struct groups;
struct wake_bus;

struct mover_options {
    struct directory *directory;
    struct groups *groups;
    struct wake_bus *wake; /* sessions hear that they have to look again; NULL: nobody is told */
};

struct mover;
/* Starts the thread. */
MUST_CHECK bool mover_open(const void *owner, const struct mover_options *options, struct mover **mover_out,
                           struct err *err);
/* Stops it; what is under way stays as it is. Accepts and sets NULL. */
void mover_close(struct mover **mover);

#endif
