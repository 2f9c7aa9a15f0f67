/*
 * retention_told.h -- which rules for keeping mail the owner of a mailbox was told of last: told once, and again when they change.
 *
 * Errors   ERR_BUSY: the directory cannot be asked.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_RETENTION_TOLD_H
#define DIRECTORY_RETENTION_TOLD_H

#include "directory/directory.h"

/* Between the letter and the first time that the server deletes or moves by itself. */
enum { RETENTION_NOTICE_S = 86400 };

struct retention_told {
    const char *rules; /* a line each, as retention_rule_text() writes them; "": nothing was told */
    int64_t told_us;
};
/* Under `owner`. */
MUST_CHECK bool retention_told_find(struct directory *directory, const void *owner, int64_t recipient_id,
                                    struct retention_told *told_out, struct err *err);
/* The owner has the letter. Does nothing where the recipient is gone. */
MUST_CHECK bool retention_told_set(struct directory *directory, int64_t recipient_id,
                                   const struct retention_told *told, struct err *err);
/* Forgets what all others of the organisation were told: no rule is about their mail any more. */
MUST_CHECK bool retention_told_keep(struct directory *directory, int64_t organisation_id,
                                    const int64_t *recipient_ids, size_t count, struct err *err);

#endif
