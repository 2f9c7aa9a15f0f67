/*
 * append.c -- messages that a client puts into a folder. One shares its COMMIT with the deliveries of the moment; several, or
 * one that replaces another, are a transaction of their own.
 */
#include "deliver/deliver.h"

#include "db/rehearsal.h"
#include "deliver/committers.h"
#include "deliver/warning.h"

#include <talloc.h>

/* Above this the pieces of further messages are staged, so that one transaction never carries more. */
enum { CARRIED_BYTES = 4 * 1024 * 1024 };

static bool append_one(struct deliver *deliver, struct group *group, struct deliver_append *append,
                       struct err *err)
{
    struct committer *committer;
    struct job job = { .filing = { .draft = append->draft,
                                   .received_us = append->received_us,
                                   .targets = &append->target,
                                   .target_count = 1 } };

    if (!append->draft->pieces && !filing_stage(group, append->draft, &job.filing.staged_message_id, err))
        return false;
    if (!committers_find(deliver, group, &committer, err))
        return false;
    job.weight = append->draft->pieces ? append->draft->stored_bytes : 0;
    committer_run(committer, &job);
    if (job.is_tried && append->target.is_filed)
        return true;
    *err = job.is_tried ? append->target.err : job.err;
    filing_unstage(group, job.filing.staged_message_id);
    return false;
}

static bool prepare_batch(struct group *group, struct deliver_append *appends, struct filing_batch *batch,
                          struct err *err)
{
    size_t carried = 0;

    for (size_t i = 0; i < batch->count; i++) {
        const struct message_draft *draft = appends[i].draft;
        batch->filings[i] = (struct filing){ .draft = draft,
                                             .received_us = appends[i].received_us,
                                             .targets = &appends[i].target,
                                             .target_count = 1,
                                             .is_all_or_nothing = true };
        if (draft->pieces && (carried += draft->stored_bytes) <= CARRIED_BYTES)
            continue;
        if (!filing_stage(group, draft, &batch->filings[i].staged_message_id, err))
            return false;
    }
    return true;
}

static void unstage_batch(struct group *group, const struct filing_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        filing_unstage(group, batch->filings[i].staged_message_id);
}

static bool append_all(struct deliver *deliver, struct group *group, struct deliver_append *appends,
                       struct filing_batch *batch, void *arena, struct err *err)
{
    struct db *db;

    bool done = prepare_batch(group, appends, batch, err) && group_acquire(group, DB_INTERACTIVE, &db, err);
    if (done) {
        done = committer_file(group, deliver->options.wake, db, arena, batch, err);
        db_release(&db);
    }
    if (done && !appends[0].target.is_filed) {
        *err = appends[0].target.err;
        done = false;
    }
    if (!done)
        unstage_batch(group, batch);
    return done;
}

bool deliver_appends(struct deliver *deliver, int64_t group_id, struct deliver_append *appends, size_t count,
                     db_work *before, void *before_arg, struct err *err)
{
    struct group *group;
    bool done;

    *err = ERR_INIT;
    if (!deliver_has_room(deliver, err) || !group_find(deliver->options.groups, group_id, &group, err))
        return false;
    if (count == 1 && !before && !db_is_rehearsing()) {
        done = append_one(deliver, group, appends, err);
    } else {
        void *arena = talloc_new(NULL);
        struct filing_batch batch = { .filings = talloc_zero_array(arena, struct filing, (unsigned)count + 1),
                                      .count = count,
                                      .before = before,
                                      .before_arg = before_arg,
                                      .is_rehearsal = db_is_rehearsing() };
        done = append_all(deliver, group, appends, &batch, arena, err);
        talloc_free(arena);
    }
    for (size_t i = 0; done && i < count; i++)
        if (appends[i].target.wants_quota_warning)
            warn_owner(deliver, group_id, appends[i].target.mailbox_id, appends[i].address);
    return done;
}
