/*
 * writer.h -- from whom a person writes: addresses with a name and signatures (JMAP's Identity).
 *
 * Each change takes the next modseq of the mailbox. One that was removed stays as a row, so that who was away learns of it.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND; ERR_LIMIT more than WRITERS_MAX; ERR_BUSY, ERR_UNKNOWN.
 * Threads    any.
 */
#ifndef MAILBOX_WRITER_H
#define MAILBOX_WRITER_H

#include "mailbox/mailbox.h"

enum { WRITERS_MAX = 200, WRITER_SIGNATURE_MAX = 65536 };

struct writer {
    int64_t writer_id;
    const char *email, *name;
    const char *reply_to, *bcc; /* JSON, EmailAddress[]; NULL: none */
    const char *text_signature, *html_signature;
    bool is_default; /* of an address of the account: can be changed, not removed */
    bool is_removed;
    uint64_t created_modseq, modseq;
};

/* All, also those removed; in the order in which they were made. */
MUST_CHECK bool writers_list(struct mailbox *mailbox, const void *owner, struct writer **writers_out,
                             size_t *count_out, struct err *err);
/* Makes default ones of those addresses (keys) that have none. */
MUST_CHECK bool writers_ensure(struct mailbox *mailbox, const char *const *emails, size_t count,
                               const char *name, struct err *err);
/* A new one (writer_id 0), or in place of that id; all fields but the modseqs and is_default are taken. */
MUST_CHECK bool writer_put(struct mailbox *mailbox, const struct writer *writer, int64_t *id_out,
                           struct err *err);

#endif
