/*
 * compose.h -- a report to another domain of what was counted about it.
 *
 * Threads  any.
 */
#ifndef REPORT_COMPOSE_H
#define REPORT_COMPOSE_H

#include "base/buf.h"

struct report_count;

struct compose {
    const char *kind;      /* "dmarc", "tls" */
    const char *host_name; /* ours: who reports */
    const char *contact, *id;
    const char *domain; /* whom it is about */
    int64_t begin_s, end_s;
};

/* The report, gzip, under `arena`. */
struct span compose_report(const struct compose *compose, void *arena, const struct report_count *counts,
                           size_t count);

/* A number for the report of these counts, at least one, that is always the same: who gets a report again, because the machine that
 * sent it died before it could note so, knows it by its number. Under `arena`. */
const char *compose_id(void *arena, const struct report_count *counts, size_t count);

#endif
