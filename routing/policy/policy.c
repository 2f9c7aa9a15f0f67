#include "policy/policy.h"

#include "base/clock.h"
#include "group/quota.h"

#include <pthread.h>
#include <talloc.h>

enum { ROOMY_SLOTS = 8192 };
#define ROOMY_BYTES (INT64_C(256) << 20) /* this much free room is not used up ... */
#define ROOMY_US (3 * US_PER_S)          /* ... in this time */

/* Mailboxes that had much room a moment ago. A slot is overwritten by whoever hashes there next. */
struct roomy {
    int64_t mailbox_id, until_us;
};

struct policy {
    struct groups *groups;
    pthread_mutex_t lock; /* of `roomy` */
    struct roomy roomy[ROOMY_SLOTS];
};

bool policy_open(const void *owner, const struct policy_options *options, struct policy **policy_out,
                 struct err *err)
{
    struct policy *policy = talloc_zero(owner, struct policy);

    (void)err;
    policy->groups = options->groups;
    pthread_mutex_init(&policy->lock, NULL);
    *policy_out = policy;
    return true;
}

void policy_close(struct policy **policy)
{
    if (!*policy)
        return;
    pthread_mutex_destroy(&(*policy)->lock);
    TALLOC_FREE(*policy);
}

static struct roomy *slot_of(struct policy *policy, int64_t mailbox_id)
{
    uint64_t hash = (uint64_t)mailbox_id * UINT64_C(0x9e3779b97f4a7c15);

    return &policy->roomy[(hash >> 32) % ROOMY_SLOTS];
}

static bool is_roomy(struct policy *policy, int64_t mailbox_id)
{
    const struct roomy *slot = slot_of(policy, mailbox_id);
    bool is_known;

    pthread_mutex_lock(&policy->lock);
    is_known = slot->mailbox_id == mailbox_id && slot->until_us > clock_monotonic_us();
    pthread_mutex_unlock(&policy->lock);
    return is_known;
}

static void remember_roomy(struct policy *policy, int64_t mailbox_id)
{
    struct roomy *slot = slot_of(policy, mailbox_id);

    pthread_mutex_lock(&policy->lock);
    *slot = (struct roomy){ mailbox_id, clock_monotonic_us() + ROOMY_US };
    pthread_mutex_unlock(&policy->lock);
}

static bool has_room(struct policy *policy, int64_t size_bytes, const struct resolve_target *target,
                     struct err *err)
{
    struct group *group;

    if (size_bytes < ROOMY_BYTES && is_roomy(policy, target->mailbox_id))
        return true;
    if (!group_find(policy->groups, target->group_id, &group, err))
        return false;
    if (size_bytes < ROOMY_BYTES) {
        if (mailbox_has_room(group, target->mailbox_id, ROOMY_BYTES, err)) {
            remember_roomy(policy, target->mailbox_id);
            return true;
        }
        if (err->kind != ERR_QUOTA)
            return false;
    }
    return mailbox_has_room(group, target->mailbox_id, size_bytes > 0 ? size_bytes : 1, err);
}

bool policy_check(struct policy *policy, const struct policy_question *question,
                  const struct resolve_target *target, struct err *err)
{
    return has_room(policy, question->size_bytes, target, err);
}
