/*
 * tls_report.h -- how TLS went on the way to a domain, as JSON (RFC 8460): written of what was counted, and read from others.
 *
 * Reading keeps what the RFC names and nothing else, in strings of at most TLS_REPORT_TEXT bytes and lists of at most
 * TLS_REPORT_LIST elements.
 *
 * Threads  any.
 */
#ifndef REPORT_TLS_REPORT_H
#define REPORT_TLS_REPORT_H

#include "base/err.h"
#include "base/span.h"

#include <jansson.h>

enum { TLS_REPORT_TEXT = 500, TLS_REPORT_LIST = 1000 };

struct tls_report {
    const char *reporter, *contact, *id;
    int64_t begin_s, end_s;
    const char *domain;      /* of the first policy */
    uint64_t passed, failed; /* sessions of all policies */
    json_t *policies;        /* the array; of one that was read the caller's reference */
};

/* One kind of session, as counted: {"type": "sts", "text": "lines", "mx": host, "address": "...", "failure": "..."} (no
 * failure: they went well). */
struct tls_report_count {
    json_t *detail;
    uint64_t sessions;
};

/* The whole report; reporter, contact, id, domain and times of `head`. A new reference. */
json_t *tls_report_make(const struct tls_report *head, const struct tls_report_count *counts, size_t count);
/* ERR_INVALID: it is none. Strings under `owner`. */
MUST_CHECK bool tls_report_read(const void *owner, struct span json, struct tls_report *report_out,
                                struct err *err);

#endif
