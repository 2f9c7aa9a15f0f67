/*
 * quarantine.h -- messages that were accepted and not shown, until somebody lets them through or their time ends.
 */
#ifndef DIRECTORY_QUARANTINE_H
#define DIRECTORY_QUARANTINE_H

#include "base/span.h"
#include "directory/directory.h"

struct quarantine_entry {
    int64_t organisation_id;
    int64_t number; /* ascending; for links */
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
/* The same by its number, for who has a link to it; as the role that routes mail. */
MUST_CHECK bool quarantine_find_number(struct directory *directory, const void *owner, int64_t quarantine_id,
                                       struct quarantine_entry *entry_out, struct err *err);
/* Some of its recipients have their copies; nothing where they are off already. With an audit row. */
MUST_CHECK bool quarantine_take_off(struct directory *directory, const struct actor *actor, const char *id,
                                    const char *const *recipients, size_t count, struct err *err);
/* Organisations for which something was set aside since their users were told, which was before `before_us`; and up to when they
 * were told (0: never). */
struct quarantine_due {
    int64_t organisation_id, told_us;
};
/* Organisations that want a digest and were told last before `before_us`, under `owner`. */
MUST_CHECK bool quarantine_digests_due(struct directory *directory, const void *owner, int64_t before_us,
                                       struct quarantine_due **due_out, size_t *count_out, struct err *err);
/* What was set aside after `after_us` and not after `until_us`, oldest first, without its data; at most 1,000. */
MUST_CHECK bool quarantine_since(struct directory *directory, const void *owner, int64_t organisation_id,
                                 int64_t after_us, int64_t until_us, struct quarantine_entry **entries_out,
                                 size_t *count_out, struct err *err);
/* What was set aside for one of a recipient's addresses, newest first, without its data; at most 1,000. */
MUST_CHECK bool quarantine_of_recipient(struct directory *directory, const void *owner, int64_t recipient_id,
                                        struct quarantine_entry **entries_out, size_t *count_out,
                                        struct err *err);
/* Removes what has ended; at most 1,000 a call. */
MUST_CHECK bool quarantine_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                                struct err *err);

#endif
