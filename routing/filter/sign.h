/*
 * sign.h -- what leaves this server by itself: notices, automatic replies, reports of ours are signed (DKIM); what is handed on for
 * others (redirects, lists, contacts) is sealed (ARC), so that the next server can see how it came here.
 *
 * The motor asks with every attempt, so that what waited for days leaves with a signature of today.
 *
 * Threads  signer_sign() from any.
 */
#ifndef FILTER_SIGN_H
#define FILTER_SIGN_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct directory;
struct signer;

struct signer_options {
    struct directory *directory;
    const char *host_name; /* ours, as in Authentication-Results */
};

/* Copies the options; under `owner`. Keys are read when they are first needed. */
MUST_CHECK bool signer_open(const void *owner, const struct signer_options *options,
                            struct signer **signer_out, struct err *err);
/* Accepts and sets NULL. */
void signer_close(struct signer **signer);

enum signer_kind {
    SIGNER_PASSES_BY, /* signed when it was submitted, or not our business */
    SIGNER_OURS,      /* made here */
    SIGNER_HANDED_ON,
};
/* By what the queue tells of a message: "smtp", "notice", "redirect", ... */
enum signer_kind signer_kind_of(const char *origin);

struct signer_question {
    enum signer_kind kind;
    int64_t organisation_id;    /* whose mail it is; 0: nobody's */
    const char *recipient_here; /* the address of ours that it came for; NULL */
    const char
        *list_domain; /* of the mailing list whose fields stand in it, which are signed (RFC 8058, 4); NULL */
    struct span message; /* without Return-Path */
};

/* *message_out is the message with fields of ours above it, under `owner`, or the same where there is no key or nothing to
 * say. ERR_BUSY: the keys cannot be known now; ERR_INTERNAL: a key that cannot sign. */
MUST_CHECK bool signer_sign(struct signer *signer, const void *owner, const struct signer_question *question,
                            struct span *message_out, struct err *err);

#endif
