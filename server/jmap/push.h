/*
 * push.h -- telling clients that something changed, by Server-Sent Events (RFC 8620, 7.3); private to this room.
 *
 * A wake-up of a mailbox wakes the streams that listen to it; each then reads the counter of changes, which alone is believed, and
 * says it where it is another than it said last.
 *
 * Threads  any.
 */
#ifndef JMAP_PUSH_H
#define JMAP_PUSH_H

#include "base/err.h"

struct jmap_push;
struct wake_bus;

/* `bus` NULL: nobody is told. ERR_INTERNAL: the thread that keeps streams alive cannot be started. */
MUST_CHECK bool jmap_push_open(const void *owner, struct wake_bus *bus, struct jmap_push **push_out,
                               struct err *err);
/* All streams have ended. Accepts and sets NULL. */
void jmap_push_close(struct jmap_push **push);

#endif
