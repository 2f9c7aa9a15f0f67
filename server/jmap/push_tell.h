/*
 * push_tell.h -- telling push services of changes (RFC 8620, 7.2): for programs that are not connected; private to this room.
 *
 * One process of all machines does it, the one that holds a row of the directory. It knows all subscriptions, hears wake-ups of their
 * mailboxes, and posts to their URLs: https only, to public addresses only (fetch/fetch.h), a few at a time, with little patience. What
 * fails is tried again, later each time; what the service says is gone, is. What was told is written down after it was taken, so
 * that after a crash something is told twice rather than never.
 *
 * Threads  wake from any; open, quiesce and close from one.
 */
#ifndef JMAP_PUSH_TELL_H
#define JMAP_PUSH_TELL_H

#include "jmap/request.h"

enum {
    PUSH_URL_MAX = 2048,
    PUSH_DEVICE_MAX = 255,
    PUSH_DAYS_MAX = 7, /* of a subscription that is not renewed */
    PUSH_THREADS = 4,  /* that post */
    PUSH_SECONDS = 20, /* for one post */
    PUSH_PAUSE_S = 2,  /* between two to one subscription: what happens meanwhile is told together */
    PUSH_PAUSE_MOST_S = 3600,
    PUSH_ANSWER_MAX = 4096, /* bytes */
    PUSH_CODES_MAX = 20,    /* posts to URLs that nobody has verified, of one account in PUSH_CODES_S */
    PUSH_CODES_S = 600
};

struct jmap_teller;

/* Its thread begins; `jmap` must live longer. ERR_INTERNAL. */
MUST_CHECK bool jmap_teller_open(struct jmap *jmap, struct jmap_teller **teller_out, struct err *err);
/* What is on its way is given up. Accepts NULL. */
void jmap_teller_quiesce(struct jmap_teller *teller);
/* Accepts and sets NULL. */
void jmap_teller_close(struct jmap_teller **teller);

/* The key that browsers are told (base64url), the teller's; made where there is none. NULL where that cannot be known now. Any
 * thread. */
const char *jmap_teller_key(struct jmap_teller *teller);

#endif
