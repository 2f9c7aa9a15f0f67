/*
 * fetch.h -- one request by HTTP to a server of anybody: libcurl behind walls.
 *
 * The URL comes from a record in the DNS or from somebody's letter, so from anybody. It may lead to no address that is ours or our
 * neighbours' alone (net_is_public()), whatever a name says, whenever it is asked and whereto a redirect points: what the resolver
 * says is sieved, and the address is looked at again when the socket is made. Nothing is sent that tells who wants it: no cookie, no
 * referrer, no language.
 *
 * Ownership  the answer belongs to the talloc context `owner`.
 * Threads    any; blocks its caller for `seconds` at most.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "base/err.h"
#include "base/net.h"

struct dns;

enum { FETCH_REDIRECTS_MAX = 5, FETCH_FIELDS_MAX = 8 };

struct fetch_way {
    struct dns *dns;
    const char *ca_file;                /* trusted certificates in PEM; NULL or "": the system's */
    const struct net_network *networks; /* allowed although they are not public */
    size_t network_count;
    bool (*is_ending)(void *argument); /* asked now and then: shall it be given up? NULL: never */
    void *argument;
};

enum fetch_rule {
    FETCH_PLAIN = 1,       /* http: too, and addresses in place of names, which have no certificate */
    FETCH_USUAL_PORTS = 2, /* 80 and 443 only, but in way->networks */
    FETCH_ANYWHERE = 4,    /* private addresses, too: whom mail goes to may be anywhere */
};

struct fetch {
    const char *url;
    unsigned rules;                       /* of enum fetch_rule */
    unsigned redirects;                   /* that are followed; each is checked as the first */
    unsigned seconds;                     /* for all together */
    size_t bytes_max;                     /* of the answer */
    const char *fields[FETCH_FIELDS_MAX]; /* "Accept: image/png"; NULL ends them */
    struct span body;                     /* p is NULL: GET; else POST */
    const char *type; /* the answer must be 200 and of this type ("text/plain"); NULL: any 2xx of any type */
};

/* Asks; true: a 2xx came, whose body is `*answer_out`. False: why in `err`, for the log. ERR_INVALID: no such URL; ERR_DENIED: it leads
 * to a private network or a port that it may not; ERR_CONFLICT: not what `type` wants; ERR_AUTH: the certificate; ERR_LIMIT: the answer
 * is too long; ERR_NOT_FOUND: the server says so (404, 410); else ERR_BUSY. */
MUST_CHECK bool fetch(const struct fetch_way *way, const void *owner, const struct fetch *what,
                      struct span *answer_out, struct err *err);

#endif
