/*
 * apply.c -- the rules of the mailboxes are judged and their copies filed; what leaves a mailbox goes to the queue, whose motor
 * judges for itself.
 */
#include "accept/apply.h"

#include "base/clock.h"
#include "message/message.h"
#include "rules/rules.h"
#include "trace/trace.h"

#include <talloc.h>

enum { ATTEMPTS_MAX = 5 };

void accept_tell_targets(struct accept_message *message)
{
    for (size_t i = 0; i < message->target_count; i++)
        message->targets[i].target.trace = message->trace;
}

static const char *const ret_names[] = { NULL, "FULL", "HDRS" };

static struct rules_message rules_message_of(const void *arena, const struct accept_message *message)
{
    return (struct rules_message){ .draft = message_prepare(arena, message->bytes),
                                   .envelope_from = message->envelope.sender,
                                   .login = message->envelope.login,
                                   .peer_address = message->peer_address,
                                   .peer_name = message->peer_name,
                                   .envelope_id = message->envelope.envid,
                                   .ret = ret_names[message->envelope.ret],
                                   .received_us = clock_now_us(),
                                   .spam_percent = -1 };
}

/* The RCPT that led to this target. */
static const char *asked(const struct accept_message *message, size_t number)
{
    for (size_t i = 0; i < message->recipient_count; i++)
        for (size_t k = 0; k < message->recipients[i].target_count; k++)
            if (message->recipients[i].targets[k] == number)
                return message->recipients[i].address;
    return message->targets[number].address ? message->targets[number].address : "";
}

static struct rules_recipient *recipients_of(const void *arena, const struct accept_message *message)
{
    struct rules_recipient *list =
        talloc_zero_array(arena, struct rules_recipient, (unsigned)message->target_count + 1);

    for (size_t i = 0; i < message->target_count; i++)
        list[i] = (struct rules_recipient){ .group_id = message->targets[i].group_id,
                                            .mailbox_id = message->targets[i].target.mailbox_id,
                                            .address = message->targets[i].address,
                                            .envelope_to = asked(message, i),
                                            .usual = message->targets[i].target };
    return list;
}

static bool judge(struct accept *accept, const void *arena, const struct rules_message *message,
                  const struct rules_recipient *recipients, struct rules_plan *plans, size_t count,
                  struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!rules_judge(accept->options.rules, arena, message, &recipients[i], &plans[i], err))
            return false;
        if (recipients[i].usual.receipt)
            rules_plan_set_receipts(arena, &plans[i], recipients[i].usual.receipt);
    }
    return true;
}

/* Something that a filing alone cannot do. */
static bool needs_queue(const struct rules_plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rules_plan_sends(&plans[i]) || (plans[i].outcome && plans[i].outcome->reject && count > 1))
            return true;
    return false;
}

/* The words of the owner on one line of ASCII: what does not fit into a reply is left out. */
static bool refuse(const struct rules_plan *plan, struct err *err)
{
    char text[200];
    size_t length = 0;

    for (const char *p = plan->outcome->reject; *p && length + 1 < sizeof text; p++) {
        if ((unsigned char)*p >= 0x80)
            return err_set(err, ERR_DENIED, "The recipient does not accept this message.");
        if ((unsigned char)*p > ' ' && *p != 0x7f)
            text[length++] = *p;
        else if (length > 0 && text[length - 1] != ' ')
            text[length++] = ' ';
    }
    text[length] = '\0';
    return err_set(err, ERR_DENIED, "%s", length > 0 ? text : "The recipient does not accept this message.");
}

/* What became of the copies, as a result of the target that they stand for. */
static void take_result(struct deliver_recipient *recipient, const struct rules_plan *plan)
{
    struct filing_target *target = &recipient->target;

    if (plan->copy_count > 0)
        *target = plan->copies[0].target;
    target->err = ERR_INIT;
    target->is_filed = rules_plan_is_filed(plan, &target->err);
}

static bool file_plans(struct accept *accept, const void *arena, struct accept_message *message,
                       const struct rules_message *rules_message, const struct rules_recipient *recipients,
                       struct err *err)
{
    size_t count = message->target_count;
    struct rules_plan *plans = talloc_array(arena, struct rules_plan, (unsigned)count + 1);

    if (!judge(accept, arena, rules_message, recipients, plans, count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        rules_tell(&plans[i], message->trace);
    if (needs_queue(plans, count)) {
        message->way_taken = ACCEPT_QUEUES;
        return true;
    }
    if (count == 1 && plans[0].outcome && plans[0].outcome->reject)
        return refuse(&plans[0], err);
    if (!rules_file(accept->options.rules, accept->options.deliver, rules_message, plans, count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        take_result(&message->targets[i], &plans[i]);
    rules_done(accept->options.rules, plans, count);
    return true;
}

bool apply_whole(struct accept *accept, const void *arena, struct accept_message *message, struct err *err)
{
    struct rules_message rules_message = rules_message_of(arena, message);
    const struct rules_recipient *recipients;
    bool done;

    if (!accept->options.rules)
        return deliver_message_whole(accept->options.deliver, rules_message.draft, rules_message.received_us,
                                     message->targets, message->target_count, err);
    recipients = recipients_of(arena, message);
    struct trace_mark mark = trace_mark(message->trace);
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        *err = ERR_INIT;
        trace_back(message->trace, mark);
        done = file_plans(accept, arena, message, &rules_message, recipients, err);
        if (done || err->kind != ERR_CONFLICT)
            return done;
    }
    return err_set(err, ERR_BUSY, "The rules of this mailbox are being changed.");
}

/* ---- one answer for each */

/* The targets whose rules send something, as a message of its own for the queue. */
static bool queue_senders(struct accept *accept, const void *arena, struct accept_message *message,
                          const struct rules_plan *plans, struct err *err)
{
    struct accept_message part = *message;

    for (size_t i = 0; i < message->target_count; i++) {
        struct filing_target *target = &message->targets[i].target;
        struct accept_recipient recipient = { .address = asked(message, i),
                                              .targets = (const size_t[]){ 0 },
                                              .target_count = 1 };

        if (target->is_filed || !rules_plan_sends(&plans[i]))
            continue;
        part.targets = &message->targets[i];
        part.target_count = part.recipient_count = 1;
        part.recipients = &recipient;
        target->is_filed = accept_queue(accept, arena, &part, err);
        target->err = *err;
    }
    return true;
}

/* One attempt at those that are not there yet; false with ERR_CONFLICT: once more. */
static bool file_each(struct accept *accept, const void *arena, struct accept_message *message,
                      const struct rules_message *rules_message, const struct rules_recipient *recipients,
                      struct err *err)
{
    size_t count = message->target_count, filed = 0;
    struct rules_plan *plans = talloc_zero_array(arena, struct rules_plan, (unsigned)count + 1);
    struct rules_plan *now = talloc_zero_array(arena, struct rules_plan, (unsigned)count + 1);
    size_t *numbers = talloc_array(arena, size_t, (unsigned)count + 1);
    bool done;

    for (size_t i = 0; i < count; i++) {
        struct filing_target *target = &message->targets[i].target;

        if (target->is_filed || target->err.kind == ERR_DENIED)
            continue;
        target->err = ERR_INIT;
        if (!rules_judge(accept->options.rules, arena, rules_message, &recipients[i], &plans[i],
                         &target->err))
            continue;
        rules_tell(&plans[i], message->trace);
        if (rules_plan_sends(&plans[i]) ||
            (plans[i].outcome && plans[i].outcome->reject && !refuse(&plans[i], &target->err)))
            continue;
        numbers[filed] = i;
        now[filed++] = plans[i];
    }
    done = rules_file_each(accept->options.rules, accept->options.deliver, rules_message, now, filed, err);
    for (size_t i = 0; i < filed; i++) {
        take_result(&message->targets[numbers[i]], &now[i]);
        if (message->targets[numbers[i]].target.is_filed)
            rules_done(accept->options.rules, &now[i], 1);
    }
    return done && queue_senders(accept, arena, message, plans, err);
}

bool accept_each(struct accept *accept, const void *arena, struct accept_message *message, struct err *err)
{
    struct rules_message rules_message = rules_message_of(arena, message);
    const struct rules_recipient *recipients;

    *err = ERR_INIT;
    accept_tell_targets(message);
    if (!accept->options.rules)
        return deliver_message(accept->options.deliver, rules_message.draft, rules_message.received_us,
                               message->targets, message->target_count, err);
    recipients = recipients_of(arena, message);
    for (size_t i = 0; i < message->target_count; i++) {
        message->targets[i].target.is_filed = false;
        message->targets[i].target.err = ERR_INIT;
    }
    struct trace_mark mark = trace_mark(message->trace);
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        trace_back(message->trace, mark);
        if (file_each(accept, arena, message, &rules_message, recipients, err))
            return true;
        if (err->kind != ERR_CONFLICT)
            return false;
    }
    return err_set(err, ERR_BUSY, "The rules of this mailbox are being changed.");
}
