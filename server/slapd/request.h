/*
 * request.h -- one operation as slapd writes it down (slapd-sock(5), with the extensions binddn, peername, ssf and connid). For this room only.
 *
 * slapd does not escape what stands in names, attributes and passwords, so a line break in them looks like the end of a line. Lines are
 * therefore taken in the order in which slapd writes them, who asks before what he says, and a password by its length: what somebody
 * smuggles in can change nothing but his own question.
 *
 * Ownership  spans are windows on the text.
 * Threads    pure functions.
 */
#ifndef SLAPD_REQUEST_H
#define SLAPD_REQUEST_H

#include "base/net.h"

enum { SLAPD_REQUEST_MAX = 128 * 1024 };

enum slapd_operation { SLAPD_BIND, SLAPD_SEARCH, SLAPD_UNBIND, SLAPD_OTHER };
enum slapd_scope { SLAPD_SCOPE_BASE, SLAPD_SCOPE_ONE, SLAPD_SCOPE_SUB };

struct slapd_request {
    enum slapd_operation operation;
    struct span who; /* the name under which the connection is bound; empty: nobody */
    struct net_address peer;
    bool is_encrypted;
    struct span name; /* of a bind */
    bool is_simple;
    struct span password;
    struct span base; /* of a search */
    enum slapd_scope scope;
    size_t size_limit; /* 0: none */
    struct span filter;
    struct span attributes; /* "all", or names with blanks between them */
};

/* Is this all of it? slapd waits for the answer behind the empty line. */
bool slapd_request_is_whole(struct span text);
/* False: it is none, or not as slapd writes it. */
MUST_CHECK bool slapd_request_read(struct span text, struct slapd_request *request_out);
/* Does a search ask for this attribute by name? */
bool slapd_request_names(const struct slapd_request *request, const char *attribute);

#endif
