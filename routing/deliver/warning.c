/* warning.c -- exactly one letter: the transaction that files it marks the mailbox, and a second one is refused there. */
#include "deliver/warning.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/committers.h"
#include "directory/preference.h"
#include "group/quota.h"

#include <talloc.h>

/* "auto" also where that cannot be learnt now: the warning is not kept back for it. */
static const char *language_of(struct deliver *deliver, const void *arena, int64_t mailbox_id)
{
    struct preference preference;
    struct err err = ERR_INIT;

    return deliver->options.directory &&
                   preference_find(deliver->options.directory, arena, mailbox_id, &preference, &err)
               ? preference.language
               : "auto";
}

static bool file_warning(struct deliver *deliver, struct group *group, int64_t mailbox_id,
                         const char *address, void *arena, struct err *err)
{
    struct mailbox_usage usage;
    struct committer *committer;
    struct filing_target target = { .mailbox_id = mailbox_id, .is_quota_warning = true };
    struct job job = { .filing = { .received_us = clock_now_us(), .targets = &target, .target_count = 1 } };

    if (!mailbox_usage(group, mailbox_id, &usage, err) || !committers_find(deliver, group, &committer, err))
        return false;
    job.filing.draft = filing_quota_warning(
        arena, address, language_of(deliver, arena, mailbox_id), usage.used_bytes,
        usage.quota_bytes ? usage.quota_bytes : usage.warn_bytes, job.filing.received_us);
    job.weight = job.filing.draft->stored_bytes;
    committer_run(committer, &job);
    if (!job.is_tried) {
        *err = job.err;
        return false;
    }
    return true;
}

void warn_owner(struct deliver *deliver, int64_t group_id, int64_t mailbox_id, const char *address)
{
    void *arena = talloc_new(NULL);
    struct group *group;
    struct err err = ERR_INIT;

    if (address && (!group_find(deliver->options.groups, group_id, &group, &err) ||
                    !file_warning(deliver, group, mailbox_id, address, arena, &err)))
        log_err(LOG_LEVEL_WARNING, "deliver.quota-warning.failed", &err);
    talloc_free(arena);
}
