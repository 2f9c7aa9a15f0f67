/*
 * quarantine.h -- messages that were accepted and not shown, until somebody lets them through or their time ends.
 */
#ifndef DIRECTORY_QUARANTINE_H
#define DIRECTORY_QUARANTINE_H

#include "base/span.h"
#include "directory/directory.h"

struct quarantine_entry {
    int64_t organisation_id;
    const char *id; /* for people and the API; not guessable */
    int64_t received_us, expires_us;
    const char *sender;            /* of the envelope */
    const char *const *recipients; /* of this organisation */
    size_t recipient_count;
    const char *subject, *reason, *peer;
    int64_t size_bytes; /* of the message */
    int16_t codec;      /* message/zstd.h */
    struct span data;   /* the message, compressed; empty in lists */
};

/* What filters set aside: written as the role that routes mail. */
MUST_CHECK bool quarantine_add(struct directory *directory, const struct quarantine_entry *entry,
                               struct err *err);
/* Newest first, at most `limit` (0: 100, at most 1,000) with ids before `before` (NULL: from the newest).
 * organisation_id 0: of all that the actor may see. */
MUST_CHECK bool quarantine_list(struct directory *directory, const struct actor *actor, const void *owner,
                                int64_t organisation_id, const char *before, size_t limit,
                                struct quarantine_entry **entries_out, size_t *count_out, struct err *err);
/* With its data. ERR_NOT_FOUND. */
MUST_CHECK bool quarantine_find(struct directory *directory, const struct actor *actor, const void *owner,
                                const char *id, struct quarantine_entry *entry_out, struct err *err);
/* `action`: "quarantine.release", "quarantine.delete", for the audit. */
MUST_CHECK bool quarantine_remove(struct directory *directory, const struct actor *actor, const char *id,
                                  const char *action, struct err *err);
/* Removes what has ended; at most 1,000 a call. */
MUST_CHECK bool quarantine_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                                struct err *err);

#endif
