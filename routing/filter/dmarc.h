/*
 * dmarc.h -- does the author's domain stand behind this message? (RFC 7489)
 *
 * A message passes where SPF or a DKIM signature passed for a domain that is aligned with that of its From: the same, or,
 * relaxed, under the same organisational domain by the public suffix list.
 */
#ifndef FILTER_DMARC_H
#define FILTER_DMARC_H

#include "base/span.h"
#include "filter/dkim.h"
#include "filter/spf.h"

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT, DMARC_POLICIES };
/* "none", "quarantine", "reject". Static. */
const char *dmarc_policy_name(enum dmarc_policy policy);

struct dmarc_record {
    enum dmarc_policy policy, subdomain_policy;
    bool is_strict_dkim, is_strict_spf;
    bool has_reports; /* rua= */
    uint32_t percent;
};
/* True for a record: "v=DMARC1" first, then p= that can be read (or, by 6.6.3, a rua= in its place). */
MUST_CHECK bool dmarc_record_parse(struct span text, struct dmarc_record *record_out);

enum dmarc_result { DMARC_NONE, DMARC_PASS, DMARC_FAIL, DMARC_TEMPERROR, DMARC_PERMERROR, DMARC_RESULTS };
/* "none", "pass", ...: as RFC 8601 writes them. Static. */
const char *dmarc_result_name(enum dmarc_result result);

struct dmarc_question {
    const char *from_domain;      /* canonical */
    const struct spf_answer *spf; /* NULL: not asked */
    const struct dkim_signature *signatures;
    size_t signature_count;
    int64_t deadline_us;
};

struct dmarc_answer {
    enum dmarc_result result;
    enum dmarc_policy policy; /* that holds for this domain */
    bool is_sampled;          /* pct left this message out: one step milder */
    const char *domain;       /* where the record is; NULL: there is none */
    struct dmarc_record record;
    bool is_dkim_aligned, is_spf_aligned; /* and passed */
};

/* Looks for the record of the From domain, then of the one above it (RFC 7489, 6.6.3), and judges. Waits for the DNS,
 * until the question's deadline. */
void dmarc_check(struct dns *dns, const void *owner, const struct dmarc_question *question,
                 struct dmarc_answer *answer_out);

/* "example.co.uk" of "a.b.example.co.uk"; the domain itself where it is a public suffix. Points into `domain`. */
const char *dmarc_organisational_domain(const char *domain);
/* RFC 7489, 3.1: the same domain, or, unless strict, of the same organisation. Case ignored. */
bool dmarc_is_aligned(const char *domain, const char *from_domain, bool is_strict);

#endif
