/*
 * sts.h -- the text of MTA-STS (RFC 8461): the record in the DNS and the policy. No I/O; anybody may have written it.
 *
 * Threads  pure functions.
 */
#ifndef CONNECTOR_STS_H
#define CONNECTOR_STS_H

#include "base/span.h"

enum {
    STS_POLICY_BYTES = 64 * 1024, /* larger ones are not read */
    STS_PATTERNS_MAX = 200,       /* further ones are left out */
    STS_AGE_MAX = 31557600,       /* seconds; more is taken as this */
    STS_ID_MAX = 32,
};

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts_policy {
    enum sts_mode mode;
    uint32_t max_age_s;
    const char **patterns; /* "mx.example.org", "*.example.org"; lower case; NULL-terminated */
    size_t pattern_count;
};

/* The record "v=STSv1; id=...;" : false where it is none. */
MUST_CHECK bool sts_take_record(struct span record, char id_out[STS_ID_MAX + 1]);
/* Under `owner`. False where a field that must be there is missing or wrong. */
MUST_CHECK bool sts_parse(const void *owner, struct span text, struct sts_policy *policy_out);
/* "*." stands for exactly one label (RFC 8461, 4.1). */
bool sts_names(const struct sts_policy *policy, const char *host);

#endif
