/*
 * mailbox_source.h -- the messages of a Maildir or an mbox, one after the other, with folder, flags and date.
 *
 * A Maildir may be Maildir++ (".Sent.2031") or a tree of Maildirs; an mbox file is one folder, a directory of mbox
 * files one for each. What a message is called here depends only on the source, never on the time of the import, so
 * that a second run knows what the first one brought.
 */
#ifndef MAIN_MAILBOX_SOURCE_H
#define MAIN_MAILBOX_SOURCE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct source_message {
    const char *folder, *flags; /* "\\Seen $Forwarded" */
    int64_t date_us;            /* 0: unknown */
    const char *name;           /* in the folder: file name without flags, or "number in the mbox" */
    struct span bytes;
};

/* Returns false to stop. All of `message` lives until it returns. */
typedef bool source_each(void *argument, const struct source_message *message, struct err *err);

/* How many messages there are, for the progress bar. */
MUST_CHECK bool source_count(const char *path, uint64_t *count_out, struct err *err);
/* `folder` NULL: the one that the source names. */
MUST_CHECK bool source_walk(const char *path, const char *folder, source_each *each, void *argument,
                            struct err *err);

#endif
