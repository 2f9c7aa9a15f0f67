/*
 * filter.h -- a search filter of LDAP as a filter over recipients (directory/list.h). For this room only.
 *
 * Attributes of inetOrgPerson become what recipients are selected by; what nobody here has is undefined (RFC 4511, 4.5.1.7), so that a
 * test of it selects nobody, negated or not. Only what is surely true is asked for: undefined counts as false, below a "not" as true.
 *
 * Threads  pure functions.
 */
#ifndef SLAPD_FILTER_H
#define SLAPD_FILTER_H

#include "base/buf.h"
#include "format/ldap_filter.h"

enum filter_says { FILTER_NEVER, FILTER_ALWAYS, FILTER_ASKS };

/* Reads the text as slapd writes it (attributes that it does not know stand behind a "?"). */
MUST_CHECK enum ldap_filter_fault filter_read(const void *owner, struct span text,
                                              struct ldap_filter **filter_out);
/* FILTER_ASKS: *query_out, under `owner`, is what the directory is asked. */
enum filter_says filter_of_people(const void *owner, const struct ldap_filter *filter, char **query_out);
/* Adds the test for one address. */
void filter_add_address(struct buf *out, const char *address);
/* Does it take an entry that has nothing but its class, "organization" or "organizationalUnit"? */
bool filter_takes_container(const struct ldap_filter *filter, const char *class_name);

#endif
