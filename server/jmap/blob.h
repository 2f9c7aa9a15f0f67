/*
 * blob.h -- bytes with an id (RFC 8620, 6): uploads, messages, and parts of either.
 *
 *     G...          what the caller uploaded into this account
 *     bM...         the message of an email
 *     bM...-3       its part 3 (of format/mime.h), decoded
 *     V...          a Sieve script of the own account
 *     G...-2-1      a part of the message that part 2 of an uploaded message is
 *
 * What the caller may not read is not there: an id of another account names nothing.
 */
#ifndef JMAP_BLOB_H
#define JMAP_BLOB_H

#include "jmap/request.h"

enum { BLOB_STEPS_MAX = 16 };

struct blob {
    struct span bytes;       /* the arena's */
    const char *type, *name; /* as it says itself; NULL: unknown */
};
/* ERR_NOT_FOUND, ERR_BUSY. For a call whose account was read. */
MUST_CHECK bool jmap_blob_find(struct jmap_call *call, const char *id, struct blob *blob_out,
                               struct err *err);
/* The same without a call, for downloads. */
MUST_CHECK bool jmap_blob_of(struct jmap_request *request, struct jmap_account *account, const char *id,
                             struct blob *blob_out, struct err *err);
/* "bM...": the message of an email; the call's arena. */
const char *jmap_blob_of_email(const struct jmap_call *call, int64_t item_id);
/* Keeps bytes of the caller in the account; *id_out is under the request's arena. */
MUST_CHECK bool jmap_blob_put(struct jmap_request *request, struct jmap_account *account, const char *type,
                              struct span bytes, const char **id_out, struct err *err);

#endif
