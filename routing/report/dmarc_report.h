/*
 * dmarc_report.h -- an aggregate report about the mail of a domain (RFC 7489, 7.2 and appendix C): written and read as XML.
 *
 * Reading takes nothing on trust: no document type, no entities, no network; every text is one line of at most
 * DMARC_REPORT_TEXT bytes of printable UTF-8; DMARC_REPORT_ROWS rows.
 *
 * Threads  any.
 */
#ifndef REPORT_DMARC_REPORT_H
#define REPORT_DMARC_REPORT_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

enum { DMARC_REPORT_TEXT = 255, DMARC_REPORT_ROWS = 10000, DMARC_REPORT_SIGNATURES = 4 };

struct dmarc_report_signature {
    const char *domain, *selector, *result;
};

struct dmarc_report_row {
    uint64_t count;
    const char *source; /* address of the peer */
    const char *disposition, *dkim, *spf;
    const char *reason, *comment; /* why the policy was not carried out; "": it was */
    const char *header_from, *envelope_from;
    const char *spf_domain, *spf_scope, *spf_result;
    struct dmarc_report_signature signatures[DMARC_REPORT_SIGNATURES];
    size_t signature_count;
};

struct dmarc_report {
    const char *reporter, *contact, *id; /* who writes, where to ask, its number there */
    int64_t begin_s, end_s;
    const char *domain, *adkim, *aspf, *p, *sp, *pct; /* the policy */
    struct dmarc_report_row *rows;
    size_t count;
    bool is_cut; /* there were more rows */
};

/* Adds the report as XML (RFC 7489, appendix C) to `out`. */
void dmarc_report_write(struct buf *out, const struct dmarc_report *report);
/* ERR_INVALID: it is none, or not well formed; ERR_LIMIT. Under `owner`. */
MUST_CHECK bool dmarc_report_read(const void *owner, struct span xml, struct dmarc_report *report_out,
                                  struct err *err);

/* A row as the object that is kept in the directory, and back. */
json_t *dmarc_report_row_json(const struct dmarc_report_row *row);
/* Back from the object; what it lacks is empty or 0. Texts under `owner`. */
void dmarc_report_row_of(const void *owner, json_t *json, struct dmarc_report_row *row_out);

#endif
