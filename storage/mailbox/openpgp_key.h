/*
 * openpgp_key.h -- whose signatures of OpenPGP the owner of a mailbox believes: certificates, each for the mail of one address.
 *
 * What is in a certificate was found out before it comes here (extract/openpgp.h); nothing is read of it here.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND no such key, or mailbox; ERR_LIMIT more than OPENPGP_KEPT_MAX; ERR_BUSY, ERR_UNKNOWN.
 * Threads    any.
 */
#ifndef MAILBOX_OPENPGP_KEY_H
#define MAILBOX_OPENPGP_KEY_H

#include "base/span.h"
#include "group/group.h"

enum { OPENPGP_KEPT_MAX = 1000 };

struct openpgp_key {
    const char *address;     /* key of an address (format/address.h) */
    const char *fingerprint; /* of the certificate, in capital digits */
    struct span content;     /* the file that it came in; p NULL where a list was asked for */
    int64_t created_us;
};
/* By address and fingerprint, without their content. */
MUST_CHECK bool openpgp_key_list(struct group *group, int64_t mailbox_id, const void *owner,
                                 struct openpgp_key **keys_out, size_t *count_out, struct err *err);
/* Those of this address, and those in which one of these keys is (16 capital digits each): `most` at most. */
MUST_CHECK bool openpgp_key_find(struct group *group, int64_t mailbox_id, const void *owner,
                                 const char *address, const struct span *key_ids, size_t key_id_count,
                                 size_t most, struct openpgp_key **keys_out, size_t *count_out,
                                 struct err *err);
/* New, or instead of the same certificate for the same address; created_us is not looked at. */
MUST_CHECK bool openpgp_key_put(struct group *group, int64_t mailbox_id, const struct openpgp_key *key,
                                const struct span *key_ids, size_t key_id_count, struct err *err);
/* ERR_NOT_FOUND: this certificate is not kept for this address. */
MUST_CHECK bool openpgp_key_remove(struct group *group, int64_t mailbox_id, const char *address,
                                   const char *fingerprint, struct err *err);

#endif
