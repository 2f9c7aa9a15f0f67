/*
 * wake_peers.h -- inside the wake bus: its datagrams between the roles of a machine, and the thread that sends and receives them.
 *
 * Threads  wake_peers_tell() from any; the rest from the one that started it.
 */
#ifndef BASE_WAKE_PEERS_H
#define BASE_WAKE_PEERS_H

#include "base/err.h"
#include "base/wake.h"

struct wake_peers;

struct wake_event {
    int64_t group_id, mailbox_id;
    uint64_t modseq;
};

/* A peer said so; WAKE_ANY_GROUP where it had too much to say. In the thread of the peers. */
typedef void wake_heard(void *argument, const struct wake_event *event);

/* Makes our socket <run_directory>/wake/<role>.<pid>, and finds the others. */
MUST_CHECK bool wake_peers_start(const char *run_directory, const char *role, wake_heard *heard,
                                 void *argument, struct wake_peers **peers_out, struct err *err);
/* Tells it to all of them, soon. Waits for nobody. */
void wake_peers_tell(struct wake_peers *peers, const struct wake_event *event);
/* Sends what is pending, removes the socket. Accepts and sets NULL. */
void wake_peers_stop(struct wake_peers **peers);

#endif
