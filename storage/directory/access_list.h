/*
 * access_list.h -- who is refused (block) and who is let in whatever else says no (allow).
 *
 * An entry is a network of peers, a domain of senders (its sub-domains with it), or one sender's address. An
 * installation's entries hold for all, from the greeting on; an organisation's for mail to its own recipients, from RCPT
 * on. Values are kept canonical, so that the same thing is not there twice.
 */
#ifndef DIRECTORY_ACCESS_LIST_H
#define DIRECTORY_ACCESS_LIST_H

#include "directory/directory.h"

enum access_list { ACCESS_BLOCK, ACCESS_ALLOW, ACCESS_LISTS };
enum access_kind { ACCESS_NETWORK, ACCESS_DOMAIN, ACCESS_ADDRESS, ACCESS_KINDS };
/* "block", "allow"; "network", "domain", "address". Static. */
const char *access_list_name(enum access_list list);
/* "network", "domain", "address". Static. */
const char *access_kind_name(enum access_kind kind);

struct access_entry {
    int64_t organisation_id; /* 0: of the installation */
    enum access_list list;
    enum access_kind kind; /* read off the value */
    const char *value; /* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "example.org", "ada@example.org" */
    const char *note;  /* why; "" */
    int64_t created_us, expires_us; /* expires 0: never */
    const char *created_by;
};

/* ERR_INVALID for what is neither network, domain nor address; ERR_EXISTS where it is in that list already. */
MUST_CHECK bool access_add(struct directory *directory, const struct actor *actor,
                           const struct access_entry *wanted, struct err *err);
/* The value in any spelling. ERR_NOT_FOUND. */
MUST_CHECK bool access_remove(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                              enum access_list list, const char *value, struct err *err);
/* By value. organisation_id 0: of the installation. */
MUST_CHECK bool access_list_entries(struct directory *directory, const struct actor *actor, const void *owner,
                                    int64_t organisation_id, enum access_list list,
                                    struct access_entry **entries_out, size_t *count_out, struct err *err);
/* One by its value in any spelling. ERR_NOT_FOUND. */
MUST_CHECK bool access_find(struct directory *directory, const struct actor *actor, const void *owner,
                            int64_t organisation_id, enum access_list list, const char *value,
                            struct access_entry *entry_out, struct err *err);
/* All that hold at `now_us`, of all organisations, for the filters. */
MUST_CHECK bool access_load(struct directory *directory, const void *owner, int64_t now_us,
                            struct access_entry **entries_out, size_t *count_out, struct err *err);
/* Removes entries that ended a day ago; at most 10,000 a call. */
MUST_CHECK bool access_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                            struct err *err);

#endif
