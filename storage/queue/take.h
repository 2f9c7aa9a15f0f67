/*
 * take.h -- what a motor asks: which lanes have something due, their rows under a lease, the bytes of a message.
 *
 * A lane's rows cost an index range of their own, so a lane with a million rows that nobody takes costs nothing when
 * another is looked for. Lanes are found by skipping from one to the next, some at a time, in a ring.
 *
 * Errors   ERR_BUSY; ERR_NOT_FOUND: the message has gone meanwhile.
 * Threads  any.
 */
#ifndef QUEUE_TAKE_H
#define QUEUE_TAKE_H

#include "queue/queue.h"

/* One lane that has rows waiting, and when the first of them is due (0: at once). */
struct queue_lane {
    const char *name;
    int64_t next_try_us;
};

/* Up to `most` lanes behind `after` in their order; fewer: the ring's end was reached. */
MUST_CHECK bool queue_lanes(struct db_pool *pool, const void *owner, const char *after, size_t most,
                            struct queue_lane **lanes_out, size_t *count_out, struct err *err);

/* A row taken, and its message; what several rows have in common stands once. */
struct queue_taken {
    int64_t recipient_id, lease;
    const struct queue_message *message;
    struct queue_recipient recipient;
    bool was_warned;
    unsigned attempts; /* before this one */
    unsigned last_code;
    const char *last_enhanced, *last_text, *last_host;
};

/* How much of which lane is wanted. */
struct queue_wish {
    const char *lane;
    size_t most;
};

/* A new lease, unique among all. `motor_id` of motor.h. */
int64_t queue_lease_new(int64_t motor_id);

/* Takes rows that are due now under `lease`, in the order of their dates; rows of a message come together as a rule. Small
 * messages (QUEUE_TAKE_BYTES) bring their bytes along, at most `bytes_most` together (queue_taken_bytes()). One round trip. */
enum { QUEUE_TAKE_BYTES = 64 * 1024 };
struct queue_catch;
MUST_CHECK bool queue_take(struct db_pool *pool, const void *owner, int64_t motor_id, int64_t lease,
                           const struct queue_wish *wishes, size_t wish_count, size_t bytes_most,
                           int64_t now_us, struct queue_catch **catch_out, struct err *err);
/* Takes rows whose sender is to be told something: of a delay, or that their time is over. */
MUST_CHECK bool queue_take_overdue(struct db_pool *pool, const void *owner, int64_t motor_id, int64_t lease,
                                   size_t most, int64_t now_us, struct queue_catch **catch_out,
                                   struct err *err);
/* How many rows were taken. */
size_t queue_catch_count(const struct queue_catch *catch);
/* Of messages, as they came along. */
size_t queue_catch_bytes(const struct queue_catch *catch);
/* Row `number`, from 0; the catch's, and good as long as it is. Its owner may change where a copy goes before anybody works on
 * it. */
struct queue_taken *queue_catch_row(const struct queue_catch *catch, size_t number);

/* The bytes of a taken row's message, whole, under `owner`; from what came along, or in pieces from the database. */
MUST_CHECK bool queue_taken_bytes(struct db_pool *pool, const void *owner, const struct queue_taken *row,
                                  struct span *bytes_out, struct err *err);
/* The same for a message by its id, at most `most` bytes from its beginning. */
MUST_CHECK bool queue_bytes(struct db_pool *pool, const void *owner, int64_t message_id, int64_t size_bytes,
                            size_t most, struct span *bytes_out, struct err *err);

#endif
