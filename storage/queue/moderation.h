/*
 * moderation.h -- messages that wait for a moderator: listed, and decided about once.
 *
 * What is held are rows of the queue (state QUEUE_HELD) with their message, whose bytes stand there once; the motor that took them
 * holds them with its settlement (settle.h). A decision lets the rows go on with a flag: the motor then files or expands them as if
 * they had come at that moment, or returns them to their sender with the reason. Of two who decide at once the first one does.
 *
 * Errors   ERR_NOT_FOUND: no such message, decided about already, or another organisation's.
 * Threads  any.
 */
#ifndef QUEUE_MODERATION_H
#define QUEUE_MODERATION_H

#include "directory/directory.h"

enum { MODERATION_REASON_MAX = 200, MODERATION_LIST_MOST = 1000 };

struct moderation_entry {
    int64_t moderation_id, organisation_id, message_id;
    const char *cause;
    const char **moderators;
    size_t moderator_count;
    const char *sender, *subject;
    const char **recipients;
    size_t recipient_count;
    int64_t held_us, expires_us, size_bytes;
};

/* Oldest first, behind the number `after`; organisation_id 0: of all that the actor may see. */
MUST_CHECK bool moderation_list(struct directory *directory, const struct actor *actor, const void *owner,
                                int64_t organisation_id, int64_t after, size_t most,
                                struct moderation_entry **entries_out, size_t *count_out, struct err *err);
/* One that waits, under `owner`; ERR_NOT_FOUND: none, decided, or not the actor's. */
MUST_CHECK bool moderation_find(struct directory *directory, const struct actor *actor, const void *owner,
                                int64_t moderation_id, struct moderation_entry *entry_out, struct err *err);

enum moderation_verdict { MODERATION_APPROVE, MODERATION_REJECT, MODERATION_EXPIRE };
/* `reason` (NULL: none): for the sender of what is rejected, and for the audit, where the actor's name stands. The queue is to be
 * woken by the caller. */
MUST_CHECK bool moderation_decide(struct directory *directory, const struct actor *actor,
                                  int64_t moderation_id, enum moderation_verdict verdict, const char *reason,
                                  struct err *err);
/* Ends what nobody decided about in time, and forgets what is no longer in the queue; *count_out: how many go on. At most 100 a
 * call. */
MUST_CHECK bool moderation_tidy(struct directory *directory, int64_t now_us, size_t *count_out,
                                struct err *err);

#endif
