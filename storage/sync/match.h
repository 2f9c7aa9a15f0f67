/*
 * match.h -- does an entry match a filter? Asked here, where the server was asked for more than one kind at once.
 */
#ifndef SYNC_MATCH_H
#define SYNC_MATCH_H

#include "format/ldap_filter.h"
#include "ldap/search.h"

/* Case does not count. An attribute that the entry does not have matches nothing. */
bool sync_matches(const struct ldap_filter *filter, const struct ldap_entry *entry);

#endif
