/*
 * wake.h -- how a session learns at once that a mailbox changed.
 *
 * After a commit the committing code publishes (group, mailbox, modseq). Subscribers of that mailbox in
 * this process are called in the publisher's thread; the other roles of the machine get it as a datagram
 * on <run>/wake/<role>.<pid>, in batches, sent by the bus's own thread. Nobody may trust it for
 * correctness: a reader compares modseqs. It may be late, doubled, or, where a peer is flooded, replaced
 * by one "anything may have changed", which calls every subscriber.
 *
 * What other machines did comes in through wake_relay(), and what was done on this one is heard by a tap, for whoever
 * carries it there (storage/bridge).
 *
 * Publishing never waits for a peer. A subscription costs about 100 bytes and two hash steps.
 *
 * Threads  all functions may be called from any thread. A callback runs under a lock of the bus: it must
 *          not block and not subscribe or unsubscribe; it flags its session (session_wake) and returns.
 */
#ifndef BASE_WAKE_H
#define BASE_WAKE_H

#include "base/err.h"

#include <stdint.h>

struct wake_bus;
struct wake_subscription;

/* In the place of an id: whichever. Only relayed, and heard by taps; a subscriber is told its own ids. */
enum { WAKE_ANY_MAILBOX = 0, WAKE_ANY_GROUP = -1 };

/* modseq 0: unknown, look yourself. */
typedef void wake_callback(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq);

/* `run_directory` gets the folder wake/ with our socket; NULL: this process only. */
MUST_CHECK bool wake_start(const char *run_directory, const char *role, struct wake_bus **bus_out,
                           struct err *err);
/* All subscriptions must be gone. Sends what is pending, removes the socket. */
void wake_stop(struct wake_bus **bus);

/* After COMMIT, never before. NULL bus: nothing happens (tools without a bus). */
void wake_publish(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id, uint64_t modseq);

/* `callback` is called with `argument` for every change of that mailbox, by whoever publishes it or by the bus's
 * thread, with a lock held: it must not block, nor subscribe or unsubscribe. The caller's, until wake_unsubscribe(). */
struct wake_subscription *wake_subscribe(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id,
                                         wake_callback *callback, void *argument);
/* After the return the callback is not running and will not be called again. Accepts NULL. */
void wake_unsubscribe(struct wake_subscription **subscription);

/* Tells this machine's subscribers, of all roles, what changed on another one; taps do not hear of it. WAKE_ANY_MAILBOX:
 * everything of that group may have changed. */
void wake_relay(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id, uint64_t modseq);
/* From now on `callback` hears every change that this machine's roles publish, and WAKE_ANY_GROUP where some were lost on the
 * way; it must not block, nor publish, relay or tap. One at a time; NULL ends it, and afterwards it is not running. */
void wake_tap(struct wake_bus *bus, wake_callback *callback, void *argument);

#endif
