/* cmd_mail.c -- MAIL (RFC 5321, 4.1.1.2). */
#include "auth/auth.h"
#include "policy/policy.h"
#include "policy/sender.h"
#include "smtp/auth.h"
#include "smtp/command.h"
#include "smtp/path.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include <talloc.h>

static enum session_next begin(struct smtp_session *s, const struct address *sender,
                               const struct smtp_mail_params *params)
{
    struct smtp_transaction *t = s->transaction;

    t->sender = *sender;
    t->params = *params;
    smtp_take_handed(s, params);
    s->state = STATE_MAIL;
    reply(s, 250, "2.1.0", "Sender OK");
    return SESSION_DONE;
}

/* What was not announced here: waiting and priority are for those who submit, REQUIRETLS for those who came with TLS, what was
 * found out by another server for servers of ours. */
static bool may_ask(const struct smtp_session *s, const struct smtp_mail_params *params)
{
    if (params->requiretls && !stream_is_tls(session_stream(s->session)))
        return false;
    if (s->service == SERVICE_LMTP && (params->has_by || params->requiretls))
        return false;
    if (params->handed.is_said && !smtp_is_peer(s))
        return false;
    return s->service == SERVICE_SUBMISSION || smtp_is_peer(s) ||
           (params->hold_until_us == 0 && params->priority == 0);
}

/* What the policies of the sender's organisation let him send. */
static bool take_limits(struct smtp_session *s, const struct smtp_mail_params *params, struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    struct sender_limits limits;

    if (!sender_limits_find(s->context->directory, s->login->login, &limits, err))
        return false;
    t->max_bytes = limits.max_bytes;
    t->most_recipients = limits.max_recipients;
    return !t->max_bytes || !params->has_size || params->size <= (uint64_t)t->max_bytes ||
           err_set(err, ERR_LIMIT, "The message is larger than you may send.");
}

static enum session_next mail(struct smtp_session *s, struct span args, struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    struct smtp_mail_params params;
    struct address sender;
    struct smtp_claim claim;
    enum smtp_refusal refusal;
    enum address_fault fault = smtp_take_path(t, &args, 0, &sender);

    if (fault != ADDRESS_GOOD)
        return refuse_as(s, REFUSE_SENDER_SYNTAX, smtp_path_err(fault, err));
    t->sender_text = address_is_null(&sender) ? "" : address_text(t, &sender);
    if (!smtp_parse_mail_params(t, args, &params, err))
        return refuse_as(s, err->kind == ERR_NOT_FOUND ? REFUSE_PARAMETER_UNKNOWN : REFUSE_PARAMETER_BAD,
                         err);
    if (sender.is_utf8 && !params.smtputf8)
        return refuse(s, REFUSE_NEEDS_SMTPUTF8);
    if (!may_ask(s, &params))
        return refuse(s, REFUSE_PARAMETER_UNKNOWN);
    if (params.has_size && params.size > smtp_message_max(s))
        return refuse(s, REFUSE_TOO_LARGE);
    if (!deliver_has_room(s->context->deliver, err))
        return refuse_err(s, err);
    if (s->service == SERVICE_SUBMISSION && !smtp_claim(s, &sender, &claim, err))
        return err->kind == ERR_DENIED ? refuse_as(s, REFUSE_SENDER_FOREIGN, err) : refuse_err(s, err);
    if (s->login && !policy_may_send(s->context->policy, s->login->mailbox.storage_group_id,
                                     s->login->mailbox.mailbox_id, err))
        return refuse_as(s, REFUSE_SENDER_FULL, err);
    if (s->login && !take_limits(s, &params, err))
        return err->kind == ERR_LIMIT ? refuse_as(s, REFUSE_TOO_LARGE, err) : refuse_err(s, err);
    if (!(smtp_is_peer(s) && params.handed.is_judged) && !smtp_judge_sender(s, &sender, &refusal))
        return refuse(s, refusal);
    return begin(s, &sender, &params);
}

enum session_next smtp_cmd_mail(struct smtp_session *s, struct span args)
{
    struct err err = ERR_INIT;
    enum session_next next;

    if (!span_take_word(&args, "FROM:"))
        return refuse(s, REFUSE_SYNTAX);
    if (s->login && !smtp_login_holds(s, &err)) {
        next = refuse_err(s, &err);
        return err.kind == ERR_AUTH ? SESSION_CLOSE : next;
    }
    smtp_transaction_begin(s);
    next = mail(s, args, &err);
    if (s->state != STATE_MAIL)
        TALLOC_FREE(s->transaction);
    return next;
}
