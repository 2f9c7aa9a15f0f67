/*
 * auth_results.h -- Authentication-Results (RFC 8601): written, and those that pretend to be ours recognised.
 */
#ifndef FILTER_AUTH_RESULTS_H
#define FILTER_AUTH_RESULTS_H

#include "filter/dmarc.h"

struct auth_results {
    const char *authserv_id;
    const char *login;            /* who logged in; NULL */
    const struct spf_answer *spf; /* NULL: not asked */
    const char *sender;           /* envelope, "" */
    bool is_dkim_checked;
    const struct dkim_signature *signatures;
    size_t signature_count;
    const struct dmarc_answer *dmarc; /* NULL: not asked */
    const char *from_domain;
    const char *host; /* "pass", "fail": the peer's reverse name; NULL: not asked */
    const char *peer;
};

/* "Authentication-Results: ... CRLF", folded. No value can break out of its place. */
void auth_results_add(struct buf *out, const struct auth_results *results);
/* Does the value of such a field bear this authserv-id? One that cannot be read counts as ours: it goes. */
bool auth_results_is_of(struct span value, const char *authserv_id);

#endif
