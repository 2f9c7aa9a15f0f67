/* file.c -- the copies of plans into the stores. */
#include "rules/room.h"

#include <talloc.h>

/* The copies of one draft, as the recipients of one delivery. */
struct batch {
    const struct message_draft *draft;
    struct deliver_recipient *recipients;
    struct rules_copy **copies;
    size_t count;
};

static size_t count_copies(const struct rules_plan *plans, size_t count)
{
    size_t copies = 0;

    for (size_t i = 0; i < count; i++)
        copies += plans[i].copy_count;
    return copies;
}

static void collect(struct batch *batch, struct rules_plan *plans, size_t count)
{
    batch->count = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < plans[i].copy_count; k++) {
            struct rules_copy *copy = &plans[i].copies[k];

            if (copy->draft != batch->draft)
                continue;
            batch->copies[batch->count] = copy;
            batch->recipients[batch->count++] =
                (struct deliver_recipient){ .group_id = plans[i].recipient->group_id,
                                            .address = plans[i].recipient->address,
                                            .target = copy->target };
        }
}

void rules_learn(struct rules *rules, int64_t group_id, int64_t mailbox_id, int64_t version)
{
    program_cache_put(rules->cache, group_id, mailbox_id, version, NULL);
}

/* What was found to be in force becomes what is believed. */
static void learn(struct rules *rules, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct filing_target *target = &batch->recipients[i].target;

        if (target->checks_script && target->found_script_version != target->script_version)
            program_cache_put(rules->cache, batch->recipients[i].group_id, target->mailbox_id,
                              target->found_script_version, NULL);
    }
}

typedef bool deliver_function(struct deliver *deliver, const struct message_draft *draft, int64_t received_us,
                              struct deliver_recipient *recipients, size_t count, struct err *err);

static bool file_batch(struct rules *rules, struct deliver *deliver, deliver_function *function,
                       const struct rules_message *message, struct batch *batch, struct err *err)
{
    bool done, is_outdated = false;

    if (batch->count == 0)
        return true;
    done = function(deliver, batch->draft, message->received_us, batch->recipients, batch->count, err);
    for (size_t i = 0; i < batch->count; i++) {
        const struct filing_target *target = &batch->recipients[i].target;

        batch->copies[i]->target = *target;
        is_outdated = is_outdated || (!target->is_filed && target->err.kind == ERR_CONFLICT);
    }
    if (!is_outdated)
        return done;
    learn(rules, batch);
    return err_set(err, ERR_CONFLICT, "The rules of a mailbox have changed.");
}

/* Other drafts than the message's, each once. */
static size_t other_drafts(const struct rules_message *message, const struct rules_plan *plans, size_t count,
                           const struct message_draft **drafts)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < plans[i].copy_count; k++) {
            const struct message_draft *draft = plans[i].copies[k].draft;
            size_t n = 0;

            while (n < found && drafts[n] != draft)
                n++;
            if (n == found && draft != message->draft)
                drafts[found++] = draft;
        }
    return found;
}

static bool file_all(struct rules *rules, struct deliver *deliver, deliver_function *function,
                     const struct rules_message *message, struct rules_plan *plans, size_t count,
                     struct err *err)
{
    void *arena = talloc_new(NULL);
    unsigned most = (unsigned)count_copies(plans, count) + 1;
    struct batch batch = { .draft = message->draft,
                           .recipients = talloc_array(arena, struct deliver_recipient, most),
                           .copies = talloc_array(arena, struct rules_copy *, most) };
    const struct message_draft **drafts = talloc_array(arena, const struct message_draft *, most);
    size_t others = other_drafts(message, plans, count, drafts);
    bool done;

    collect(&batch, plans, count);
    done = file_batch(rules, deliver, function, message, &batch, err);
    for (size_t i = 0; i < others && done; i++) {
        batch.draft = drafts[i];
        collect(&batch, plans, count);
        done = file_batch(rules, deliver, function, message, &batch, err);
    }
    talloc_free(arena);
    return done;
}

bool rules_file(struct rules *rules, struct deliver *deliver, const struct rules_message *message,
                struct rules_plan *plans, size_t count, struct err *err)
{
    return file_all(rules, deliver, deliver_message_whole, message, plans, count, err);
}

bool rules_file_each(struct rules *rules, struct deliver *deliver, const struct rules_message *message,
                     struct rules_plan *plans, size_t count, struct err *err)
{
    return file_all(rules, deliver, deliver_message, message, plans, count, err);
}

void rules_plan_set_receipts(const void *owner, struct rules_plan *plan,
                             const uint8_t receipt[FILING_RECEIPT_BYTES])
{
    for (size_t k = 0; k < plan->copy_count; k++) {
        uint8_t *own = talloc_memdup(owner, receipt, FILING_RECEIPT_BYTES);

        own[7] = (uint8_t)k;
        plan->copies[k].target.receipt = own;
    }
}

bool rules_plan_is_filed(const struct rules_plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->copy_count; i++)
        if (!plan->copies[i].target.is_filed) {
            *err = plan->copies[i].target.err;
            return false;
        }
    return true;
}
