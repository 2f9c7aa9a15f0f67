/*
 * bridge.h -- wake-ups between the machines of an installation.
 *
 * The wake bus (base/wake.h) reaches the roles of one machine. Where several servers are registered in the directory, one process
 * of each machine carries what its bus hears to the others: over the database of the storage group concerned, and over the
 * directory database what concerns the queue and the configuration. It says so in NOTIFY of its own, in batches, and never in the
 * transaction of the change, for NOTIFY serialises commits. One connection a database listens and says (wire.h).
 *
 * A machine's processes find out by a lock on a file who it is; when that one dies, another takes over within two seconds.
 * Nobody may trust it for correctness: what was lost with a connection is replaced by "anything may have changed", and a
 * machine that hears nothing still looks for itself, only later.
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "base/err.h"

struct bridge;
struct directory;
struct groups;
struct wake_bus;

struct bridge_options {
    struct wake_bus *wake; /* these three outlive it */
    struct directory *directory;
    struct groups *groups;
    const char *lock_path; /* the same for all processes of this machine, and for no other */
};

/* Copies the options. Its thread looks every two seconds whether there is something to do for this process; succeeds while
 * databases are down. */
MUST_CHECK bool bridge_start(const struct bridge_options *options, struct bridge **bridge_out,
                             struct err *err);
/* Waits for statements that run; another process of the machine takes over. Accepts and sets NULL. */
void bridge_stop(struct bridge **bridge);

#endif
