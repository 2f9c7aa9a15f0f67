/*
 * milter.h -- showing a message to a milter (protocol 6 of Sendmail's libmilter).
 *
 * The whole transaction is told when the message is there, so that a milter's answer about a recipient or the connection
 * counts for the message. What it may change are fields of the header; it may refuse, put off, set aside and discard
 * (which sets aside, too: nothing is thrown away).
 *
 * Errors  ERR_BUSY: not there, too late, cut. ERR_INTERNAL: it says what the protocol does not know.
 */
#ifndef FILTER_MILTER_H
#define FILTER_MILTER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"

struct dns;

enum {
    MILTER_PACKET_MAX = 1024 * 1024,
    MILTER_EDITS_MAX = 100,
    MILTER_BODY_BYTES = 65535,
    MILTER_TEXT_MAX = 200
};

struct milter_question {
    const struct net_address *peer;
    const char *peer_text, *helo, *host_name, *login, *id;
    const char *sender;
    const char *const *recipients;
    size_t recipient_count;
    struct span message;
};

enum milter_action { MILTER_ACCEPT, MILTER_QUARANTINE, MILTER_LATER, MILTER_REFUSE };

/* "value" NULL: the `index`-th field of that name (from 1) goes. index 0: a new field, at the top. */
struct milter_edit {
    const char *name, *value;
    uint32_t index;
};

struct milter_answer {
    enum milter_action action;
    const char *text; /* its own words, printable ASCII; NULL */
    struct milter_edit edits[MILTER_EDITS_MAX];
    size_t edit_count;
};

/* Takes one message through a milter at `where` (as wire_is_address() has it), until `deadline_us` of
 * clock_monotonic_us(). ERR_BUSY: not reached, or too
 * slow; ERR_INTERNAL, ERR_LIMIT: what came is no milter's. The answer is under `owner`. */
MUST_CHECK bool milter_check(const void *owner, struct dns *dns, const char *where,
                             const struct milter_question *question, int64_t deadline_us,
                             struct milter_answer *answer_out, struct err *err);

/* ---- packets */

struct milter_packet {
    char command;
    struct span data;
};
/* Takes one whole packet. False where there is none yet; *is_bad_out: one that is longer than we take, or empty. */
MUST_CHECK bool milter_take_packet(struct span *in, struct milter_packet *packet_out, bool *is_bad_out);
/* What a packet means: a word that ends the transaction (true in *is_end_out), or an edit, or nothing. False: it is none. */
MUST_CHECK bool milter_read(const void *owner, const struct milter_packet *packet,
                            struct milter_answer *answer, bool *is_end_out);

#endif
