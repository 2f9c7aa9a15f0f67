/*
 * post.h -- a report about TLS by HTTPS (RFC 8460, 5.4).
 *
 * The URL comes from a record in the DNS, so from anybody: it may lead to no address that is ours or our neighbours' alone
 * (net_is_public()), whatever a name says and whenever it is asked.
 *
 * Threads  any.
 */
#ifndef REPORT_POST_H
#define REPORT_POST_H

#include "base/err.h"
#include "base/net.h"

struct background;
struct dns;

enum { POST_SECONDS = 20, POST_ANSWER_BYTES = 65536 };

struct post_way {
    struct dns *dns;
    const char *ca_file;                /* trusted certificates in PEM; NULL or "": the system's */
    const struct net_network *networks; /* allowed although they are not public */
    size_t network_count;
    struct background *background; /* given up when it shall end */
};

/* POSTs the report, gzip, to the https: URL; true: it is taken, which any 2xx says. No redirect is followed, the certificate must
 * be valid, an answer may have POST_ANSWER_BYTES and take POST_SECONDS. False: why in `err`, for the log. ERR_INVALID: it is no
 * such URL; ERR_DENIED: it leads to a private network; ERR_AUTH: the certificate; ERR_LIMIT: too long an answer; else as fetch() says. */
MUST_CHECK bool post_report(const struct post_way *way, const char *url, struct span packed, struct err *err);

#endif
