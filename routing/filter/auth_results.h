/*
 * auth_results.h -- Authentication-Results (RFC 8601): written, and those that pretend to be ours recognised.
 */
#ifndef FILTER_AUTH_RESULTS_H
#define FILTER_AUTH_RESULTS_H

#include "filter/dmarc.h"

struct arc_answer;

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
    const struct arc_answer *arc; /* NULL: not asked */
    const char *arc_sealer;       /* whom we believe that DMARC passed there; NULL: nobody */
    const char *host;             /* "pass", "fail": the peer's reverse name; NULL: not asked */
    const char *peer;
};

/* "Authentication-Results: ... CRLF", folded. No value can break out of its place. */
void auth_results_add(struct buf *out, const struct auth_results *results);
/* Does the value of such a field bear this authserv-id? One that cannot be read counts as ours: it goes. */
bool auth_results_is_of(struct span value, const char *authserv_id);

/* What the first such field of a header that we wrote says behind our name, as one line; empty where there is none. */
struct span auth_results_told(const void *owner, struct span header);

/* ---- one that is believed, read back
 *
 *     if (auth_results_begin(&value, "mail.example.org"))
 *         while (auth_results_next(&value, &method)) ...
 */
struct auth_method {
    struct span method, result; /* "dkim", "pass" */
    struct span properties;
};
/* Passes over the authserv-id. False where it is another one; NULL: whosever it is. */
MUST_CHECK bool auth_results_begin(struct span *value, const char *authserv_id);
/* False at the end. What cannot be read is passed over. */
MUST_CHECK bool auth_results_next(struct span *in, struct auth_method *method_out);
/* "header.d" of a method, cut to `size`, as C string. False: it has none, or an empty one. */
MUST_CHECK bool auth_results_property(const struct auth_method *method, const char *name, char *out,
                                      size_t size);

#endif
