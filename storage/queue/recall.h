/*
 * recall.h -- a submitted message is taken back before any of it has left.
 *
 * In two steps, with the filing into the sender's Drafts between them (routing/accept/recall.h): first all of its rows are held,
 * where every one that was put in still waits and none was tried; then, when the draft is there, they go. Whoever dies
 * between both leaves a held message, which is recalled again.
 *
 * Errors   ERR_NOT_FOUND: no such submitted message (of that user). ERR_CONFLICT: some of it has left, or is leaving.
 * Threads  any.
 */
#ifndef QUEUE_RECALL_H
#define QUEUE_RECALL_H

#include "directory/directory.h"
#include "queue/queue.h"

struct queue_recall {
    struct queue_message message;
    int64_t first_row;  /* the receipt of the draft is made of it */
    const char **asked; /* whom the sender named, as in RCPT */
    size_t asked_count;
};

/* Holds the message `name`, submitted by `login_id` (0: anybody) of `organisation_id` (0: any). */
MUST_CHECK bool queue_recall_hold(struct db_pool *pool, const void *owner, const char *name,
                                  int64_t organisation_id, int64_t login_id, struct queue_recall *recall_out,
                                  struct err *err);
/* It goes, with one audit row. Nothing happens where it is gone already. */
MUST_CHECK bool queue_recall_end(struct db_pool *pool, const struct actor *actor,
                                 const struct queue_recall *recall, struct err *err);

#endif
