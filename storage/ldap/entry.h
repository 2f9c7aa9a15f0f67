/*
 * entry.h -- entries as libldap gives them, for the files of this room.
 */
#ifndef LDAP_ENTRY_H
#define LDAP_ENTRY_H

#include "ldap/link.h"
#include "ldap/search.h"

/* The entry in `message`; its values point into it, the rest is under `owner`. ERR_BUSY: it cannot be read. An entry whose DN is
 * not UTF-8 has dn NULL. Ranged values are completed by further searches over the same link. */
MUST_CHECK bool entry_read(struct ldap_link *link, const void *owner, LDAPMessage *message,
                           struct ldap_entry *entry_out, struct err *err);
/* A copy of all under `owner`. */
void entry_copy(const void *owner, const struct ldap_entry *from, struct ldap_entry *to);

#endif
