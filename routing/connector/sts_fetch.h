/*
 * sts_fetch.h -- a policy by HTTPS (RFC 8461, 3.3).
 */
#ifndef CONNECTOR_STS_FETCH_H
#define CONNECTOR_STS_FETCH_H

#include "connector/settings.h"

#include <stdatomic.h>

enum { STS_FETCH_SECONDS = 30 };

/* The bytes of the domain's policy, under `owner`. False: why in `err`, for the log; ERR_AUTH where the
 * certificate was wrong. No redirect is followed; the certificate must
 * be valid for mta-sts.DOMAIN; the answer must be 200 and text/plain. */
MUST_CHECK bool sts_fetch(const struct settings *settings, const void *owner, const char *domain,
                          const atomic_bool *is_stopping, struct span *text_out, struct err *err);

#endif
