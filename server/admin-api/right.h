/*
 * right.h -- which permission a route needs, and on what; private to this room. A route without a row is open to nobody but
 * the machine's own root.
 */
#ifndef ADMIN_API_RIGHT_H
#define ADMIN_API_RIGHT_H

#include "admin_api/call.h"
#include "directory/role.h"

/* What a request is about. */
enum right_target {
    ON_INSTALLATION,
    ON_OWN, /* the caller's organisation, or the installation for who is of none: the answer holds no more */
    ON_NAMED, /* the organisation that body or query name, else the installation */
    ON_LIST,  /* ?domain=, else ?organisation=, else as ON_OWN; who holds it on parts of that reads those */
    ON_ORGANISATION, /* {name} of the path; its quota is the installation's affair */
    ON_ADMIN_GROUP,  /* {name} of the path in ?organisation= */
    ON_DOMAIN,       /* {domain} of the path; its quota is the organisation's affair */
    ON_BODY_DOMAIN,  /* "domain" of the body */
    ON_ADDRESS,      /* {address} of the path */
    ON_BODY_ADDRESS, /* "address" of the body, in "admin_group" where that is named */
    ON_ANYTHING      /* everybody who is logged in; the handler decides about the rest */
};

struct right {
    const char *method, *pattern;
    enum right_target target;
    enum permission permission;
    bool is_own_allowed; /* ON_ADDRESS: also to the recipient itself */
};

/* NULL: no row. */
const struct right *right_of(const struct admin_route *route);
/* All, for the documentation and the tests. */
const struct right *rights(size_t *count_out);

/* Whether call->holder may. ERR_NOT_FOUND: no, or there is no such thing; ERR_DENIED: the object ranks higher. *is_filed_out: only with
 * a second person's word, for which the request waits; it is answered. */
MUST_CHECK bool right_check(struct admin_call *call, const struct admin_route *route, bool *is_filed_out,
                            struct err *err);

#endif
