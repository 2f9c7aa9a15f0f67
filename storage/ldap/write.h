/*
 * write.h -- changing entries of a directory, as an account of its own.
 *
 * Errors   ERR_BUSY: the directory does not answer; ERR_DENIED: its account may not, or cannot log in; ERR_INVALID: the directory
 *          refuses the value; ERR_NOT_FOUND: there is no such entry.
 * Threads  as pool.h.
 */
#ifndef LDAP_WRITE_H
#define LDAP_WRITE_H

#include "ldap/search.h"

/* A link that is bound as `name`; back by ldap_link_release(). */
MUST_CHECK bool ldap_writer_take(struct ldap_pool *pool, const char *name, const char *password,
                                 unsigned wait_ms, struct ldap_link **link_out, struct err *err);

/* What becomes of the values of one attribute: those of `removed` go, those of `added` come; or all go (which values that cannot be compared
 * need: photos). */
struct ldap_write {
    const char *attribute;
    const struct span *removed, *added;
    size_t removed_count, added_count;
    bool replaces_all;
};
/* All of it, or nothing. */
MUST_CHECK bool ldap_link_write(struct ldap_link *link, const char *dn, const struct ldap_write *writes,
                                size_t count, struct err *err);

#endif
