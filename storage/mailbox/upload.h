/*
 * upload.h -- bytes that a client brought to make something of later (RFC 8620, 6): kept for a day, seen by who brought them.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND: there is none, or it is another's; ERR_QUOTA: more than UPLOADS_MAX or UPLOAD_BYTES_MAX of one
 *            recipient within a day, after the oldest of more than an hour were dropped; ERR_NO_ROOM; ERR_BUSY.
 * Threads    any.
 */
#ifndef MAILBOX_UPLOAD_H
#define MAILBOX_UPLOAD_H

#include "group/group.h"

enum { UPLOADS_MAX = 1000, UPLOAD_HOURS = 24 };
#define UPLOAD_BYTES_MAX (INT64_C(1) << 30)

struct upload {
    int64_t upload_id, mailbox_id, recipient_id;
    const char *type;
    int64_t size;
};

/* Uses mailbox_id, recipient_id and type; committed. */
MUST_CHECK bool upload_put(struct group *group, const struct upload *wanted, struct span bytes,
                           int64_t *upload_id_out, struct err *err);
/* What it is, where mailbox and recipient are these. */
MUST_CHECK bool upload_find(struct group *group, const void *owner, int64_t upload_id, int64_t mailbox_id,
                            int64_t recipient_id, struct upload *upload_out, struct err *err);
/* Its bytes, all of them. */
MUST_CHECK bool upload_read(struct group *group, const void *owner, const struct upload *upload,
                            struct span *bytes_out, struct err *err);
/* Housekeeping: those of more than UPLOAD_HOURS go. */
MUST_CHECK bool upload_sweep(struct group *group, bool *is_done_out, struct err *err);

#endif
