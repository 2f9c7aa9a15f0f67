/*
 * wire.h -- inside this room: one database over which machines tell each other what changed.
 *
 * A thread with one connection listens and says. What is said is gathered: the first change goes at once, those that follow within
 * `gather_ms` go together, each mailbox once; so there are never more than 1000 / gather_ms NOTIFY a second, whatever the number
 * of commits. Whatever may have been lost, on the way out or in, is replaced by "anything may have changed".
 *
 * Threads  wire_note() from any; the rest from the one that started it.
 */
#ifndef BRIDGE_WIRE_H
#define BRIDGE_WIRE_H

#include "base/err.h"

#include <stdint.h>

struct db;
struct wake_bus;
struct wire;

struct wire_options {
    int64_t group_id; /* on the bus; copied, as all of these */
    struct wake_bus *wake;
    uint64_t sender; /* of this machine, to know what came from itself */
    unsigned gather_ms;
    /* Opens a dedicated connection (db_open_dedicated()) to the database of that group, from the wire's thread. */
    bool (*connect)(void *argument, int64_t group_id, struct db **db_out, struct err *err);
    void *argument;
};

/* Starts while the database is down, and connects as soon as it can. */
MUST_CHECK bool wire_start(const struct wire_options *options, struct wire **wire_out, struct err *err);
/* WAKE_ANY_MAILBOX: whichever. Does not wait for the database. */
void wire_note(struct wire *wire, int64_t mailbox_id, uint64_t modseq);
/* As it was started. Any thread. */
int64_t wire_group_id(const struct wire *wire);
/* What was not said yet is not said any more. Waits for a statement that runs. Accepts and sets NULL. */
void wire_stop(struct wire **wire);

#endif
