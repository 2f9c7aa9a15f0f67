/* cmd_rcpt.c -- RCPT (RFC 5321, 4.1.1.3): the one decision about a recipient, after full expansion. */
#include "auth/auth.h"
#include "policy/policy.h"
#include "smtp/command.h"
#include "smtp/path.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include <strings.h>
#include <talloc.h>

static const enum smtp_refusal refusal_of[RESOLVE_VERDICTS] = {
    [RESOLVE_DELIVER] = REFUSE_INTERNAL, /* no refusal; unused */
    [RESOLVE_UNKNOWN] = REFUSE_RECIPIENT_UNKNOWN,
    [RESOLVE_SOURCE_ROUTE] = REFUSE_SOURCE_ROUTE,
    [RESOLVE_FOREIGN] = REFUSE_RELAY,
    [RESOLVE_LOOP] = REFUSE_ALIAS_LOOP,
    [RESOLVE_TOO_MANY] = REFUSE_TOO_MANY_RECIPIENTS,
    [RESOLVE_DISABLED] = REFUSE_RECIPIENT_DISABLED,
};

static enum session_next refuse_rcpt(struct smtp_session *s, enum smtp_refusal refusal)
{
    s->was_refused = true;
    return refuse(s, refusal);
}

/* An address that is not ours is for those who logged in, and for the house. */
static bool is_accepted(const struct smtp_session *s, const struct resolve_answer *answer)
{
    return answer->verdict == RESOLVE_DELIVER ||
           (answer->verdict == RESOLVE_FOREIGN && (s->login || s->transaction->is_inner) &&
            answer->remote_count > 0);
}

/* What a host of the house sends for one of our domains goes in the name of its organisation. */
static bool know_sender(struct smtp_session *s, struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    struct resolve_answer answer;

    if (!s->is_inner || t->is_inner)
        return true;
    if (address_is_null(&t->sender)) {
        t->is_inner = true;
        return true;
    }
    if (!resolve(s->context->directory, session_arena(s->session), &t->sender, &answer, err))
        return false;
    t->is_inner = answer.organisation_id != 0;
    t->organisation_id = answer.organisation_id;
    return true;
}

static enum session_next refuse_policy(struct smtp_session *s, const struct err *err)
{
    s->was_refused = true;
    if (err->kind == ERR_LIMIT)
        return refuse_as(s, REFUSE_TOO_LARGE, err);
    return err->kind == ERR_AUTH ? refuse(s, REFUSE_RECIPIENT_NEEDS_LOGIN) : refuse_err(s, err);
}

/* What this sender may not reach is left out of the answer; then every mailbox that is left is asked for room. */
static bool policy_allows(struct smtp_session *s, struct resolve_answer *answer, struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    int64_t max_bytes;
    struct policy_question question = {
        .sender = address_is_null(&t->sender) ? "" : address_key(session_arena(s->session), &t->sender),
        .is_authenticated = s->login || t->is_inner,
        .organisation_id = s->login      ? s->login->organisation_id
                           : t->is_inner ? t->organisation_id
                                         : 0,
        .size_bytes = t->params.has_size ? (int64_t)t->params.size : 0,
    };

    if (!policy_admit(s->context->policy, &question, answer, &max_bytes, err))
        return false;
    if (max_bytes && (!t->max_bytes || max_bytes < t->max_bytes))
        t->max_bytes = max_bytes;
    for (size_t i = 0; i < answer->target_count; i++)
        if (!policy_check(s->context->policy, &question, &answer->targets[i], err))
            return false;
    return true;
}

/* What the primary would refuse would come back to somebody who never sent it. Postmaster is always taken. */
static bool primary_allows(struct smtp_session *s, const struct address *address,
                           const struct resolve_answer *answer)
{
    if (!s->context->asks_primary || strcasecmp(address->local, "postmaster") == 0)
        return true;
    for (size_t i = 0; i < answer->remote_count; i++)
        if (answer->remotes[i].asks_primary &&
            !s->context->asks_primary(s->context->asks_primary_arg, answer->remotes[i].domain,
                                      answer->remotes[i].address))
            return false;
    return true;
}

static enum session_next decide(struct smtp_session *s, const struct address *address,
                                const struct smtp_rcpt_params *params, struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    struct resolve_answer answer;
    enum smtp_refusal refusal;

    if (!know_sender(s, err) ||
        !resolve(s->context->directory, session_arena(s->session), address, &answer, err)) {
        s->was_refused = true;
        return refuse_err(s, err);
    }
    t->rcpt_organisation = answer.organisation_id;
    bool takes_reports = smtp_takes_reports(s, address, &answer);
    if (!is_accepted(s, &answer) && !takes_reports)
        return refuse_rcpt(s, refusal_of[answer.verdict]);
    if (t->target_count + answer.target_count + t->remote_count + answer.remote_count > SMTP_TARGETS_MAX)
        return refuse_rcpt(s, REFUSE_TOO_MANY_RECIPIENTS);
    if (!takes_reports && !policy_allows(s, &answer, err))
        return refuse_policy(s, err);
    if (!smtp_judge_recipient(s, address, &answer, &refusal))
        return refuse_rcpt(s, refusal);
    if (!primary_allows(s, address, &answer))
        return refuse_rcpt(s, REFUSE_RECIPIENT_UNKNOWN);
    if (!smtp_transaction_add(s, address, params, &answer, err)) {
        s->was_refused = true;
        return refuse_err(s, err);
    }
    t->recipients[t->recipient_count - 1].takes_reports = takes_reports;
    s->state = STATE_RCPT;
    reply(s, 250, "2.1.5", "Recipient OK");
    return SESSION_DONE;
}

enum session_next smtp_cmd_rcpt(struct smtp_session *s, struct span args)
{
    struct smtp_transaction *t = s->transaction;
    struct smtp_rcpt_params params;
    struct err err = ERR_INIT;
    enum address_fault fault;
    struct address address;

    if (!span_take_word(&args, "TO:"))
        return refuse(s, REFUSE_SYNTAX);
    t->rcpt_text = NULL;
    t->rcpt_organisation = 0;
    if (t->recipient_count >= smtp_recipients_max(s))
        return refuse_rcpt(s, REFUSE_TOO_MANY_RECIPIENTS);
    if (t->most_recipients && t->recipient_count >= (uint64_t)t->most_recipients)
        return refuse_rcpt(s, REFUSE_SENDER_RECIPIENTS);
    fault = smtp_take_path(t, &args, ADDRESS_ACCEPT_NO_DOMAIN, &address);
    if (fault != ADDRESS_GOOD || address_is_null(&address)) {
        s->was_refused = true;
        return refuse_as(s, REFUSE_RECIPIENT_SYNTAX, smtp_path_err(fault, &err));
    }
    t->rcpt_text = address_text(t, &address);
    if (!smtp_parse_rcpt_params(t, args, &params, &err)) {
        s->was_refused = true;
        return refuse_as(s, err.kind == ERR_NOT_FOUND ? REFUSE_PARAMETER_UNKNOWN : REFUSE_PARAMETER_BAD,
                         &err);
    }
    if (params.handed.is_said && !smtp_is_peer(s))
        return refuse_rcpt(s, REFUSE_PARAMETER_UNKNOWN);
    if (address.is_utf8 && !t->params.smtputf8)
        return refuse_rcpt(s, REFUSE_NEEDS_SMTPUTF8);
    return params.handed.is_said ? smtp_rcpt_handed(s, &address, &params)
                                 : decide(s, &address, &params, &err);
}
