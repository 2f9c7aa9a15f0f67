/*
 * message.c -- a message to all its recipients: sorted by storage group, one job for each group, all of them waited for
 * together; and the letters to those whose mailboxes became nearly full by it.
 */
#include "deliver/deliver.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/rehearsal.h"
#include "deliver/committers.h"
#include "deliver/warning.h"

#include <talloc.h>

/* The recipients of one storage group. */
struct share {
    int64_t group_id;
    struct group *group;
    struct job job;
    bool is_waited_for;
    size_t *numbers; /* of its recipients */
};

static struct share *find_share(struct share *shares, size_t count, int64_t group_id)
{
    for (size_t i = 0; i < count; i++)
        if (shares[i].group_id == group_id)
            return &shares[i];
    return NULL;
}

static size_t sort_by_group(void *arena, const struct deliver_recipient *recipients, size_t count,
                            struct share *shares)
{
    size_t share_count = 0;

    for (size_t i = 0; i < count; i++) {
        struct share *share = find_share(shares, share_count, recipients[i].group_id);
        if (!share) {
            share = &shares[share_count++];
            *share = (struct share){ .group_id = recipients[i].group_id,
                                     .numbers = talloc_array(arena, size_t, (unsigned)count) };
            share->job.filing.targets = talloc_array(arena, struct filing_target, (unsigned)count);
        }
        share->numbers[share->job.filing.target_count] = i;
        share->job.filing.targets[share->job.filing.target_count++] = recipients[i].target;
    }
    return share_count;
}

/* Of several shares all are under way before the first is waited for. */
enum waiting { WAITS_NOW, WAITS_LATER };

static bool send_to_group(struct deliver *deliver, struct share *share, const struct message_draft *draft,
                          int64_t received_us, enum waiting waiting, struct err *err)
{
    struct committer *committer;
    struct filing *filing = &share->job.filing;

    filing->draft = draft;
    filing->received_us = received_us;
    share->job.weight = draft->pieces ? draft->stored_bytes : 0;
    if (!deliver_has_room(deliver, err) ||
        !group_find(deliver->options.groups, share->group_id, &share->group, err) ||
        (!draft->pieces && !filing_stage(share->group, draft, &filing->staged_message_id, err)))
        return false;
    if (db_is_rehearsing())
        return committer_rehearse(share->group, &share->job, err);
    if (!committers_find(deliver, share->group, &committer, err))
        return false;
    share->is_waited_for = waiting == WAITS_LATER;
    if (waiting == WAITS_NOW)
        committer_run(committer, &share->job);
    else
        committer_queue(committer, &share->job);
    return true;
}

static void take_results(const struct share *share, struct deliver_recipient *recipients)
{
    for (size_t i = 0; i < share->job.filing.target_count; i++) {
        struct filing_target *target = &recipients[share->numbers[i]].target;
        *target = share->job.filing.targets[i];
        if (!share->job.is_tried) {
            target->is_filed = false;
            target->err = share->job.err;
        }
    }
}

static void warn_owners(struct deliver *deliver, const struct deliver_recipient *recipients, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (recipients[i].target.is_filed && recipients[i].target.wants_quota_warning)
            warn_owner(deliver, recipients[i].group_id, recipients[i].target.mailbox_id,
                       recipients[i].address);
}

static void begin_share(struct deliver *deliver, struct share *share, const struct message_draft *draft,
                        int64_t received_us, enum waiting waiting)
{
    if (!send_to_group(deliver, share, draft, received_us, waiting, &share->job.err))
        log_err(LOG_LEVEL_WARNING, "deliver.group.failed", &share->job.err);
}

static void end_share(struct share *share, struct deliver_recipient *recipients)
{
    bool is_filed = false;

    if (share->is_waited_for)
        committer_wait(&share->job);
    take_results(share, recipients);
    for (size_t i = 0; i < share->job.filing.target_count; i++)
        is_filed = is_filed || share->job.filing.targets[i].is_filed;
    if (!is_filed && share->group)
        filing_unstage(share->group, share->job.filing.staged_message_id);
}

bool deliver_message(struct deliver *deliver, const struct message_draft *draft, int64_t received_us,
                     struct deliver_recipient *recipients, size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct share *shares = talloc_array(arena, struct share, (unsigned)count + 1);
    size_t share_count = sort_by_group(arena, recipients, count, shares);

    *err = ERR_INIT;
    for (size_t i = 0; i < share_count; i++)
        begin_share(deliver, &shares[i], draft, received_us, share_count > 1 ? WAITS_LATER : WAITS_NOW);
    for (size_t i = 0; i < share_count; i++)
        end_share(&shares[i], recipients);
    warn_owners(deliver, recipients, count);
    talloc_free(arena);
    return true;
}

/* The trouble of a group: its own, or that of the first recipient which was refused for itself. */
static bool share_is_filed(const struct share *share, const struct deliver_recipient *recipients,
                           struct err *err)
{
    for (size_t i = 0; i < share->job.filing.target_count; i++)
        if (!recipients[share->numbers[i]].target.is_filed) {
            *err = recipients[share->numbers[i]].target.err;
            return false;
        }
    return true;
}

bool deliver_message_whole(struct deliver *deliver, const struct message_draft *draft, int64_t received_us,
                           struct deliver_recipient *recipients, size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct share *shares = talloc_array(arena, struct share, (unsigned)count + 1);
    size_t share_count = sort_by_group(arena, recipients, count, shares);
    bool is_filed = true;

    *err = ERR_INIT;
    for (size_t i = 0; i < share_count && is_filed; i++) {
        shares[i].job.filing.is_whole = true;
        begin_share(deliver, &shares[i], draft, received_us, WAITS_NOW);
        end_share(&shares[i], recipients);
        is_filed = share_is_filed(&shares[i], recipients, err);
    }
    warn_owners(deliver, recipients, count);
    talloc_free(arena);
    return is_filed;
}
