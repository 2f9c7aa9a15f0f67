/*
 * dkim_record.h -- a public key as it is published (RFC 6376, 3.6.1; RFC 8463).
 */
#ifndef FILTER_DKIM_RECORD_H
#define FILTER_DKIM_RECORD_H

#include "base/keypair.h"

struct dkim_record {
    enum keypair_kind kind;
    struct span key; /* its bytes, under the owner */
};

/* NULL: it can be used for mail. Else why not; static. */
const char *dkim_record_parse(const void *owner, struct span text, struct dkim_record *record_out);

#endif
