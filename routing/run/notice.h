/*
 * notice.h -- what senders hear: reports of failure, delay and success (RFC 3461, 3464, 6533), one message for all recipients
 * of a message that fared alike in one settlement.
 *
 * A notice comes from the null sender and asks for nothing; none is ever written about a message of the null sender, but that
 * a notice of ours which cannot be delivered goes to the postmaster once. NOTIFY decides about the rest; mail that says
 * it is sent automatically, or to a list, hears nothing of delays.
 *
 * Threads  any.
 */
#ifndef RUN_NOTICE_H
#define RUN_NOTICE_H

#include "base/buf.h"
#include "run/motor.h"

/* May the sender hear of this outcome? */
bool notice_is_wanted(const struct outcome *outcome);

/* What one notice is about. */
struct notice {
    enum run_notice kind;
    const struct queue_message *message;
    const char *to; /* whom it goes to; the message's sender, or the postmaster */
    bool is_double; /* a notice that could not be delivered */
    const char *host_name;
    struct span original; /* the message's bytes, or their beginning: at least its header */
    bool has_all;         /* it is whole */
    const struct outcome **outcomes;
    size_t count;
    int64_t now_us;
    const char *id;
};

/* The whole message, without Return-Path and Received. */
void notice_render(struct buf *out, const struct notice *notice);

/* queue_notices() of the settling thread; `run` is the motor. */
bool notice_make_all(void *run, const void *owner, struct queue_settlement *settlements, size_t count,
                     struct queue_new **notices_out, size_t *notice_count_out, struct err *err);

#endif
