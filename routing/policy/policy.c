#include "policy/policy.h"

#include "base/clock.h"
#include "group/quota.h"
#include "policy/gate.h"
#include "policy/post.h"

#include <pthread.h>
#include <string.h>
#include <talloc.h>

enum { ROOMY_SLOTS = 8192 };
#define ROOMY_BYTES (INT64_C(256) << 20) /* this much free room is not used up ... */
#define ROOMY_US (1 * US_PER_S)          /* ... in this time; nor is it dismounted longer unnoticed */

/* Mailboxes that had much room a moment ago. A slot is overwritten by whoever hashes there next. */
struct roomy {
    int64_t mailbox_id, until_us;
};

struct policy {
    struct groups *groups;
    struct directory *directory;
    struct mailbox_cache *cache;
    pthread_mutex_t lock; /* of `roomy` */
    struct roomy roomy[ROOMY_SLOTS];
};

bool policy_open(const void *owner, const struct policy_options *options, struct policy **policy_out,
                 struct err *err)
{
    struct policy *policy = talloc_zero(owner, struct policy);

    (void)err;
    policy->groups = options->groups;
    policy->directory = options->directory;
    policy->cache = options->cache;
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

/* ---- gates */

struct admission {
    struct policy *policy;
    const struct policy_question *question;
    struct resolve_answer *answer;
    bool *is_open;      /* by gate, its outer ones included */
    struct err refusal; /* the first one */
    int64_t max_bytes;
};

/* Outer gates have smaller indices: each is judged once. */
static bool judge_gates(struct admission *admission, struct err *err)
{
    const struct resolve_answer *answer = admission->answer;

    for (size_t i = 1; i < answer->gate_count; i++) {
        const struct resolve_gate *gate = &answer->gates[i];
        struct err refusal = ERR_INIT;

        if (!admission->is_open[gate->outer])
            continue;
        admission->is_open[i] =
            answer->is_role || gate_passes(admission->policy->directory, admission->question, gate, &refusal);
        if (err_is_temporary(refusal.kind)) {
            *err = refusal;
            return false;
        }
        if (!admission->is_open[i] && admission->refusal.kind == ERR_NONE)
            admission->refusal = refusal;
    }
    return true;
}

/* The least of what the gates on the way take. */
static void note_limit(struct admission *admission, size_t gate)
{
    for (; gate && !admission->answer->is_role; gate = admission->answer->gates[gate].outer) {
        int64_t most = admission->answer->gates[gate].limits.max_bytes;
        if (most && (!admission->max_bytes || most < admission->max_bytes))
            admission->max_bytes = most;
    }
}

static bool is_kept_already(const struct resolve_target *kept, size_t count, int64_t mailbox_id)
{
    for (size_t i = 0; i < count; i++)
        if (kept[i].mailbox_id == mailbox_id)
            return true;
    return false;
}

/* Public folders say by their rights who posts there. False for trouble that passes. */
static bool takes_post(struct admission *admission, const struct resolve_target *target, bool *takes_out,
                       struct err *err)
{
    const struct policy *policy = admission->policy;
    struct err refusal = ERR_INIT;

    *takes_out = !target->is_public || admission->answer->is_role ||
                 post_is_allowed(policy->directory, policy->groups, policy->cache, admission->question,
                                 target, &refusal);
    if (!*takes_out && admission->refusal.kind == ERR_NONE)
        admission->refusal = refusal;
    if (*takes_out || !err_is_temporary(refusal.kind))
        return true;
    *err = refusal;
    return false;
}

static bool keep_targets(struct admission *admission, struct err *err)
{
    struct resolve_answer *answer = admission->answer;
    size_t kept = 0;
    bool takes;

    for (size_t i = 0; i < answer->target_count; i++) {
        struct resolve_target target = answer->targets[i];
        if (!admission->is_open[target.gate] || is_kept_already(answer->targets, kept, target.mailbox_id))
            continue;
        if (!takes_post(admission, &target, &takes, err))
            return false;
        if (!takes)
            continue;
        note_limit(admission, target.gate);
        answer->targets[kept++] = target;
    }
    answer->target_count = kept;
    return true;
}

static bool is_sent_already(const struct resolve_remote *kept, size_t count, const char *address)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(kept[i].address, address) == 0)
            return true;
    return false;
}

static void keep_remotes(struct admission *admission)
{
    struct resolve_answer *answer = admission->answer;
    size_t kept = 0;

    for (size_t i = 0; i < answer->remote_count; i++) {
        struct resolve_remote remote = answer->remotes[i];
        if (!admission->is_open[remote.gate] || is_sent_already(answer->remotes, kept, remote.address) ||
            (remote.why == RESOLVE_WHY_RETURN && *admission->question->sender))
            continue;
        note_limit(admission, remote.gate);
        answer->remotes[kept++] = remote;
    }
    answer->remote_count = kept;
}

bool policy_admit(struct policy *policy, const struct policy_question *question,
                  struct resolve_answer *answer_io, int64_t *max_bytes_out, struct err *err)
{
    struct admission admission = { .policy = policy, .question = question, .answer = answer_io };
    bool ok;

    *err = ERR_INIT;
    admission.is_open = talloc_zero_array(NULL, bool, (unsigned)answer_io->gate_count + 1);
    admission.is_open[0] = true;
    ok = judge_gates(&admission, err) && keep_targets(&admission, err);
    if (ok)
        keep_remotes(&admission);
    talloc_free(admission.is_open);
    *max_bytes_out = admission.max_bytes;
    if (!ok || answer_io->target_count + answer_io->remote_count > 0)
        return ok;
    if (admission.refusal.kind == ERR_NONE)
        return err_set(err, ERR_NOT_FOUND, "There is no such recipient here.");
    *err = admission.refusal;
    return false;
}

bool policy_may_send(struct policy *policy, int64_t storage_group_id, int64_t mailbox_id, struct err *err)
{
    struct mailbox_usage usage;
    struct group *group;
    struct err unknown = ERR_INIT;

    if (mailbox_id == 0 || !group_find(policy->groups, storage_group_id, &group, &unknown) ||
        !mailbox_usage(group, mailbox_id, &usage, &unknown))
        return true;
    return usage.no_send_bytes == 0 || usage.used_bytes < usage.no_send_bytes ||
           err_set(err, ERR_DENIED, "Your mailbox is too full to send: delete some messages first.");
}
