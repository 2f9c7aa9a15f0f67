/*
 * teach.h -- telling a scanner what a message really was: rspamd's controller (POST /learnspam, /learnham), SpamAssassin's
 * daemon (TELL).
 *
 * What the scanner has learnt already, or finds too short to learn from, is a success.
 *
 * Errors  ERR_BUSY: not there, too late, cut. ERR_DENIED: it does not take lessons from us. ERR_INTERNAL: an answer that is
 *         none, or trouble of its own.
 */
#ifndef FILTER_TEACH_H
#define FILTER_TEACH_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct dns;

enum { TEACH_REPLY_MAX = 64 * 1024 };

struct teach_lesson {
    struct span message;
    const char *user; /* whose statistics; NULL: everybody's */
    bool is_spam;
};

/* `password` "": none is sent. */
MUST_CHECK bool rspamd_teach(struct dns *dns, const char *where, const char *password,
                             const struct teach_lesson *lesson, int64_t deadline_us, struct err *err);
/* TELL of SpamAssassin's protocol to `where`. ERR_BUSY: not now; ERR_INVALID: it will not take this one, ever. */
MUST_CHECK bool spamd_teach(struct dns *dns, const char *where, const struct teach_lesson *lesson,
                            int64_t deadline_us, struct err *err);

/* Whole replies, as received until the connection's end. */
MUST_CHECK bool rspamd_teach_reply(struct span reply, struct err *err);
/* The same of spamd's TELL. */
MUST_CHECK bool spamd_teach_reply(struct span reply, struct err *err);

#endif
