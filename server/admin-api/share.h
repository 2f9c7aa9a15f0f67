/*
 * share.h -- what shares of mailboxes are called; private to this room.
 */
#ifndef ADMIN_API_SHARE_H
#define ADMIN_API_SHARE_H

#include "admin_api/call.h"
#include "directory/user.h"

/* In the place of an address: everybody of the organisation. */
#define SHARE_ANYONE "anyone"

/* "editor"; NULL for rights that have no name in a mailbox of this kind. Static. */
const char *share_role(enum recipient_kind kind, unsigned rights);
/* From "editor", letters (RFC 4314), or "none". ERR_INVALID. */
MUST_CHECK bool share_rights(enum recipient_kind kind, const char *text, unsigned *rights_out,
                             struct err *err);

#endif
