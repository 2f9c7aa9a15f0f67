/*
 * pack.h -- ENVELOPE, BODYSTRUCTURE and search columns of many messages at once.
 *
 * A hundred thousand rows are too many to read for a list. Housekeeping puts 128 to 256 consecutive messages of a folder side
 * by side into a folder_pack row, in two zstd frames: one of what FETCH shows, one of what SEARCH, SORT and
 * THREAD look at. Decoded packs are shared by the process and kept by least recent use. What is not packed yet is read from
 * the message rows, so that callers see no difference but in time.
 *
 * Errors   ERR_BUSY.
 * Threads  any; a struct pack_rows belongs to one thread.
 */
#ifndef MAILBOX_PACK_H
#define MAILBOX_PACK_H

#include "mailbox/view.h"

enum pack_wanted {
    PACK_ENVELOPE = 1, /* envelope, body_structure */
    PACK_COLUMNS = 2,  /* columns, subject, preview, header_size, thread_id, saved_us */
};

struct pack_row {
    uint32_t uid, number;
    struct span envelope, body_structure; /* rendered for IMAP */
    struct span columns;                  /* message/columns.h */
    struct span subject;                  /* of the columns */
    struct span preview;                  /* UTF-8 (RFC 8970) */
    uint32_t header_size;
    int64_t thread_id; /* of the item (THREADID) */
    int64_t saved_us;  /* SAVEDATE of this membership */
};

/* Rows for `count` messages of the view (at most PACK_READ_MAX, e.g. a slice of a FETCH), in the order given; spans
 * live as long as `owner`. Messages expunged long ago whose rows are gone have empty spans. */
enum { PACK_READ_MAX = 2048 };
MUST_CHECK bool pack_read(struct mailbox *mailbox, const struct view *view,
                          const struct view_message *messages, size_t count, unsigned wanted,
                          const void *owner, struct pack_row **rows_out, struct err *err);

/* Every message of the view in turn, by packs, the fastest way over a whole folder (SEARCH HEADER, SORT, THREAD). Spans of a row
 * live until `each` returns; false from it stops. `numbers` restricts, NULL: all. */
typedef bool pack_each(const struct view_message *message, const struct pack_row *row, void *arg,
                       struct err *err);
MUST_CHECK bool pack_scan(struct mailbox *mailbox, const struct view *view, const struct uid_set *numbers,
                          unsigned wanted, pack_each *each, void *arg, struct err *err);

#endif
