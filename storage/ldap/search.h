/*
 * search.h -- looking for entries over a link, with paging, ranged values, limits and deadlines.
 *
 * Values are bytes of a foreign server: no NUL, UTF-8, length or order is to be relied on. Whoever needs text asks for it.
 *
 * Ownership  an entry lives until the function it was given to returns; what ldap_link_find() gives is under `owner`.
 * Errors     ERR_NOT_FOUND: the base does not exist; ERR_LIMIT: the server's or our limit; ERR_INVALID: the filter; ERR_DENIED;
 *            ERR_BUSY: everything else, referrals and broken answers included.
 */
#ifndef LDAP_SEARCH_H
#define LDAP_SEARCH_H

#include "ldap/pool.h"

struct ldap_attribute {
    const char *name; /* as the server writes it, without options */
    struct span *values;
    size_t count;
    bool is_cut; /* it has more than LDAP_VALUES_MAX */
};

struct ldap_entry {
    const char *dn; /* UTF-8, else the entry is passed over */
    struct ldap_attribute *attributes;
    size_t count;
};

/* Case does not count. NULL where there is none. */
const struct ldap_attribute *ldap_entry_attribute(const struct ldap_entry *entry, const char *name);
/* The first value under `owner`, where it is UTF-8 without control characters, spaces at its ends taken off; NULL otherwise. */
char *ldap_entry_text(const void *owner, const struct ldap_entry *entry, const char *name);
/* The same of one value. */
char *ldap_value_text(const void *owner, struct span value);

enum ldap_scope { LDAP_BASE, LDAP_ONE_LEVEL, LDAP_SUBTREE };

struct ldap_search {
    const char *base;
    enum ldap_scope scope;
    const char *filter;      /* RFC 4515; values escaped (ldap_escape_filter()) */
    const char **attributes; /* ends with NULL; NULL: all of the user's */
    unsigned page_size;      /* 0: no paging */
    unsigned size_limit;     /* entries; more are ERR_LIMIT; 0: as the server says */
    unsigned time_limit_s;   /* that the server may take; 0: as it says */
    bool shows_deleted;      /* AD: tombstones too (1.2.840.113556.1.4.417) */
};

/* False ends the search, and *err is its error. */
typedef bool ldap_each(void *arg, const struct ldap_entry *entry, struct err *err);

/* Calls `each` for every entry; may use the same link for further searches inside. The link is extended with every page. */
MUST_CHECK bool ldap_link_search(struct ldap_link *link, const struct ldap_search *search, ldap_each *each,
                                 void *arg, struct err *err);
/* The one entry that matches, under `owner`. ERR_NOT_FOUND: none; ERR_CONFLICT: several. */
MUST_CHECK bool ldap_link_find(struct ldap_link *link, const void *owner, const struct ldap_search *search,
                               struct ldap_entry *entry_out, struct err *err);

/* `value` as it may stand in a filter (RFC 4515, 3), under `owner`: every byte but letters, digits and a few signs as \XX. */
char *ldap_escape_filter(const void *owner, struct span value);
/* `value` as it may stand in a DN (RFC 4514, 2.4), under `owner`. */
char *ldap_escape_dn(const void *owner, struct span value);
/* A DN in a form that may be compared byte by byte: case, spaces and escapes alike; under `owner`. NULL: it is none. */
char *ldap_dn_key(const void *owner, const char *dn);

#endif
