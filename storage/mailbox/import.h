/*
 * import.h -- what an import has brought already, so that one that was interrupted goes on without duplicates.
 *
 * Every imported message has a key that depends only on where it came from (SHA-256 of folder, source name and
 * content). The keys are written in the transaction that files the messages, so a key is there exactly when its
 * message is.
 *
 * Threads  any.
 */
#ifndef MAILBOX_IMPORT_H
#define MAILBOX_IMPORT_H

#include "base/span.h"
#include "db/transaction.h"
#include "group/group.h"

enum { IMPORT_KEY_BYTES = 32 };

struct import_keys {
    int64_t mailbox_id;
    const struct span *keys; /* IMPORT_KEY_BYTES each */
    size_t count;
};

/* is_known_out[0 .. count): which of them were imported before. One round trip. */
MUST_CHECK bool import_known(struct group *group, const struct import_keys *keys, bool *is_known_out,
                             struct err *err);

/* Notes all keys; `keys` is a struct import_keys. For the transaction that files the messages (`before` of
 * deliver_appends). ERR_CONFLICT: another import was faster with one of them; look again. */
bool import_note(struct db *db, void *keys, struct err *err);

#endif
