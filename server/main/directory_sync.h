/*
 * directory_sync.h -- the synchronisation with company directories as the role housekeeping runs it: mailboxes are made in their
 * storage groups, and servers found by DNS.
 */
#ifndef MAIN_DIRECTORY_SYNC_H
#define MAIN_DIRECTORY_SYNC_H

#include "ldap/pool.h"
#include "main/config.h"

struct storage;
struct dns;
struct directory_sync;
/* Under `owner`; begins at once, in threads of its own. */
MUST_CHECK bool directory_sync_start(const void *owner, struct storage *storage, const struct config *config,
                                     struct directory_sync **sync_out, struct err *err);
/* Waits for what is being done. Accepts and sets NULL. */
void directory_sync_stop(struct directory_sync **sync);

/* ldap_find_srv by a struct dns *: in the order of RFC 2782. ERR_NOT_FOUND: there are none; ERR_BUSY. */
bool find_directory_servers(void *dns, const void *owner, const char *name, int64_t deadline_us,
                            struct ldap_srv **found_out, size_t *count_out, struct err *err);

#endif
