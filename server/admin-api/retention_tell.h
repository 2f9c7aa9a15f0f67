/* retention_tell.h -- an owner learns how long mail is kept in the mailbox; private to this room. */
#ifndef ADMIN_API_RETENTION_TELL_H
#define ADMIN_API_RETENTION_TELL_H

#include "admin_api/call.h"
#include "directory/resolve.h"
#include "format/retention.h"

/* A letter into the INBOX where these rules are others than those that the owner was told of last; nothing where they are the same.
 * *told_us_out: when that was. Two servers at once file one letter. ERR_NOT_FOUND: the mailbox is gone; ERR_BUSY, ERR_UNKNOWN: later. */
MUST_CHECK bool retention_tell(const struct admin_api *api, const struct resolved *recipient,
                               const struct retention_rule *rules, size_t count, int64_t *told_us_out,
                               struct err *err);

#endif
