/*
 * features.h -- what a server says it can, by its reply to EHLO.
 */
#ifndef CONNECTOR_FEATURES_H
#define CONNECTOR_FEATURES_H

#include "base/span.h"

enum feature {
    FEATURE_PIPELINING = 1 << 0,
    FEATURE_8BITMIME = 1 << 1,
    FEATURE_BINARYMIME = 1 << 2,
    FEATURE_CHUNKING = 1 << 3,
    FEATURE_SMTPUTF8 = 1 << 4,
    FEATURE_DSN = 1 << 5,
    FEATURE_STARTTLS = 1 << 6,
    FEATURE_REQUIRETLS = 1 << 7,
    FEATURE_SIZE = 1 << 8,
    FEATURE_DELIVERBY = 1 << 9,
    FEATURE_AUTH_PLAIN = 1 << 10,
    FEATURE_AUTH_LOGIN = 1 << 11,
    FEATURE_AUTH_SCRAM_SHA_256 = 1 << 12,
    FEATURE_MT_PRIORITY = 1 << 13,
    FEATURE_XCHAPPE = 1 << 14, /* a server of ours, after the introduction */
};

struct features {
    unsigned has;              /* enum feature */
    bool is_extended;          /* EHLO was understood */
    uint64_t size_max;         /* 0: not said */
    uint32_t recipients_max;   /* LIMITS RCPTMAX (RFC 9422); 0: not said */
    uint32_t messages_max;     /* LIMITS MAILMAX */
    uint32_t deliver_by_least; /* seconds */
    char name[256];            /* the host's own name: first word of the reply */
};

/* Takes line number `line` (from 0) of a reply to EHLO. */
void features_take_line(struct features *features, unsigned line, struct span text);

static inline bool features_have(const struct features *features, enum feature feature)
{
    return (features->has & (unsigned)feature) != 0;
}

#endif
