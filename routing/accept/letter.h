/*
 * letter.h -- mail that the server itself writes to people: to moderators, to who wants to join a list, digests.
 *
 * It comes from the null sender and says that nobody wrote it (RFC 3834), so that no automatic reply answers it and nothing
 * comes back. The text has the reader's language first where that is known, else English and French.
 *
 * Threads  any.
 */
#ifndef ACCEPT_LETTER_H
#define ACCEPT_LETTER_H

#include "accept/accept.h"
#include "base/buf.h"

struct letter {
    const char *from_name, *from; /* shown; an address that people may write to */
    const char *to;
    const char *reply_to; /* NULL: from */
    const char *subject;
    const char *text;        /* UTF-8, lines end with \n */
    struct span attached;    /* a message; p NULL: none */
    bool has_header_only;    /* of `attached` only its header is given on */
    int64_t organisation_id; /* in whose queue it stands */
};

/* For queue_put() or a settlement, under `owner`; *new_out NULL where its address leads nowhere. False for trouble that passes. */
MUST_CHECK bool letter_prepare(const struct accept *accept, const void *owner, const char *host_name,
                               const struct letter *letter, struct queue_new **new_out, struct err *err);
/* The same, put into the queue at once. */
MUST_CHECK bool letter_send(struct accept *accept, const char *host_name, const struct letter *letter,
                            struct err *err);

#endif
