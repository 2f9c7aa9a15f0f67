/* handed.c -- what a server of ours hands on: taken over, not found out again. */
#include "accept/target.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include "policy/policy.h"

#include <talloc.h>

void smtp_take_handed(struct smtp_session *s, const struct smtp_mail_params *params)
{
    struct smtp_transaction *t = s->transaction;
    const struct smtp_handed_mail *handed = &params->handed;

    if (!handed->is_said)
        return;
    t->is_judged = handed->is_judged;
    t->organisation_id = (int64_t)handed->organisation_id;
}

static enum session_next refuse_copy(struct smtp_session *s, enum smtp_refusal refusal)
{
    s->was_refused = true;
    return refuse(s, refusal);
}

static enum session_next refuse_copy_err(struct smtp_session *s, const struct err *err)
{
    s->was_refused = true;
    return refuse_err(s, err);
}

static enum session_next add(struct smtp_session *s, const struct address *address,
                             const struct smtp_rcpt_params *params, const struct resolve_answer *answer)
{
    struct smtp_transaction *t = s->transaction;
    struct smtp_recipient *recipient;
    struct err err = ERR_INIT;

    if (t->target_count + t->remote_count >= SMTP_TARGETS_MAX)
        return refuse_copy(s, REFUSE_TOO_MANY_RECIPIENTS);
    if (!smtp_transaction_add(s, address, params, answer, &err))
        return refuse_copy_err(s, &err);
    recipient = &t->recipients[t->recipient_count - 1];
    if (params->handed.asked.p)
        recipient->asked = span_copy(t, params->handed.asked);
    if (recipient->target_count > 0) {
        struct filing_target *target = &t->targets[recipient->targets[0]].target;
        if (params->handed.target.p)
            accept_target_read(t, span_copy(t, params->handed.target), target);
        if (params->handed.has_receipt)
            target->receipt = talloc_memdup(t, params->handed.receipt, sizeof params->handed.receipt);
    }
    s->state = STATE_RCPT;
    reply(s, 250, "2.1.5", "Recipient OK");
    return SESSION_DONE;
}

/* A copy for a mailbox, by the address of its owner: where it is now. What leads on from there was followed already. */
static enum session_next add_mailbox(struct smtp_session *s, const struct address *address,
                                     const struct smtp_rcpt_params *params)
{
    struct filing_target wanted = { .mailbox_id = 0 };
    struct resolve_target target = { .gate = 0 };
    struct resolve_answer answer = { .verdict = RESOLVE_DELIVER, .targets = &target, .target_count = 1 };
    struct policy_question question = { .is_authenticated = true };
    struct resolved found;
    struct err err = ERR_INIT;

    if (!directory_resolve(s->context->directory, session_arena(s->session), address->local, address->domain,
                           &found, &err))
        return refuse_copy_err(s, &err);
    if (found.kind == RESOLVED_DISABLED)
        return refuse_copy(s, REFUSE_RECIPIENT_DISABLED);
    if (found.kind != RESOLVED_RECIPIENT || found.mailbox.mailbox_id == 0)
        return refuse_copy(s, REFUSE_RECIPIENT_UNKNOWN);
    target.recipient_id = found.recipient_id;
    target.organisation_id = found.organisation_id;
    target.mailbox_id = found.mailbox.mailbox_id;
    target.group_id = found.mailbox.storage_group_id;
    target.address = found.address;
    answer.organisation_id = found.organisation_id;
    answer.domain_id = found.domain_id;
    question.size_bytes = s->transaction->params.has_size ? (int64_t)s->transaction->params.size : 0;
    if (params->handed.target.p)
        accept_target_read(session_arena(s->session),
                           span_copy(session_arena(s->session), params->handed.target), &wanted);
    if (!wanted.ignores_quota && !policy_check(s->context->policy, &question, &target, &err))
        return refuse_copy_err(s, &err);
    return add(s, address, params, &answer);
}

/* For an address elsewhere: over a connector of ours. */
static enum session_next add_remote(struct smtp_session *s, const struct address *address,
                                    const struct smtp_rcpt_params *params)
{
    struct resolve_remote remote = {
        .address = address_text(session_arena(s->session), address),
        .domain = address->domain,
        .why = params->handed.flags & QUEUE_IS_BACKUP  ? RESOLVE_WHY_BACKUP
               : params->handed.flags & QUEUE_IS_RELAY ? RESOLVE_WHY_RELAY
                                                       : RESOLVE_WHY_FOREIGN,
        .organisation_id = s->transaction->organisation_id,
    };
    struct resolve_answer answer = { .verdict = RESOLVE_FOREIGN, .remotes = &remote, .remote_count = 1 };

    return add(s, address, params, &answer);
}

enum session_next smtp_rcpt_handed(struct smtp_session *s, const struct address *address,
                                   const struct smtp_rcpt_params *params)
{
    if (!address->domain)
        return refuse_copy(s, REFUSE_RECIPIENT_UNKNOWN);
    return params->handed.mailbox_id ? add_mailbox(s, address, params) : add_remote(s, address, params);
}
