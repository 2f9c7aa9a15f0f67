/*
 * mbox.h -- mbox files: where a message begins, its quoting, and the flags kept in its header.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_MBOX_H
#define FORMAT_MBOX_H

#include "base/buf.h"
#include "base/span.h"

struct mbox_separator {
    struct span sender;
    bool has_date;
    int64_t delivered_us; /* asctime form, taken as UTC where no zone is given */
};
/* "From sender date": true where a line (line end removed) begins a message. Lines in bodies that merely
 * start with "From " lack a date. */
MUST_CHECK bool mbox_separator_parse(struct span line, struct mbox_separator *separator_out);

/* Takes the next message from the front of a whole file: its bytes without separator and without the empty
 * line that ends it, still quoted. False at the end. */
MUST_CHECK bool mbox_next(struct span *file, struct mbox_separator *separator_out, struct span *message_out);
/* Adds a message with CRLF line ends, mboxrd quoting (">From ", ">>From ") undone, the fields of mbox_flags
 * left out. */
void mbox_add_message(struct buf *out, struct span quoted);
/* The separator and the message, quoted, LF line ends, and the empty line: for export. */
void mbox_add_quoted(struct buf *out, const char *sender, int64_t delivered_us, struct span message);

struct mbox_flags {
    unsigned flags;       /* enum maildir_flag of maildir.h */
    bool is_recent;       /* no O in Status */
    struct span keywords; /* X-Keywords, space separated */
};
/* Status, X-Status, X-Keywords; X-Mozilla-Status where they are absent. */
void mbox_flags_parse(struct span header_block, struct mbox_flags *flags_out);

#endif
