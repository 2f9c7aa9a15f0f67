/*
 * pack_write.h -- making packs of a folder. For this room only.
 */
#ifndef MAILBOX_PACK_WRITE_H
#define MAILBOX_PACK_WRITE_H

#include "mailbox/cache.h"

#include "db/statement.h"
#include "mailbox/pack.h"

/* Rows of live messages between two UIDs, as a pack would hold them, under `owner`. */
MUST_CHECK bool pack_rows_read(struct db *db, const void *owner, const struct view *view, uint32_t first_uid,
                               uint32_t last_uid, struct pack_row **rows_out, size_t *count_out,
                               struct err *err);
/* Packs what is in no pack yet, until `deadline_us` (monotonic). *count_out: packs written. */
MUST_CHECK bool pack_write_all(struct group *group, const struct view *view, int64_t deadline_us,
                               uint64_t *count_out, struct err *err);

#endif
