/* judge.c -- peers, senders and messages as routing/filter sees them, and its answers as ours. */
#include "filter/filter.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "directory/quarantine.h"
#include "format/header.h"
#include "message/zstd.h"
#include "smtp/auth.h"
#include "smtp/transaction.h"

#include <talloc.h>

static const enum smtp_refusal refusal_of[FILTER_REASON_COUNT] = {
    [FILTER_CLEAN] = REFUSE_INTERNAL, /* no refusal; unused, as the next */
    [FILTER_ALLOWED] = REFUSE_INTERNAL,
    [FILTER_BLOCKED] = REFUSE_BLOCKED,
    [FILTER_DNS_LISTED] = REFUSE_DNS_LISTED,
    [FILTER_GREYLISTED] = REFUSE_GREYLISTED,
    [FILTER_TOO_MANY_FROM] = REFUSE_SEVERAL_AUTHORS,
    [FILTER_SPF_FAILED] = REFUSE_SPF,
    [FILTER_DMARC_FAILED] = REFUSE_DMARC,
    [FILTER_INFECTED] = REFUSE_INFECTED,
    [FILTER_SPAM] = REFUSE_SPAM,
    [FILTER_SCANNER_DEFERS] = REFUSE_SCANNER_DEFERS,
    [FILTER_SCANNER_DOWN] = REFUSE_SCANNER_DOWN,
    [FILTER_DNS_DOWN] = REFUSE_DNS_DOWN,
    [FILTER_MILTER] = REFUSE_MILTER,
    [FILTER_RULE] = REFUSE_RULE,
    [FILTER_RATE] = REFUSE_RATE,
    [FILTER_HELD] = REFUSE_HELD,
};

bool smtp_judge_peer(struct smtp_session *s)
{
    struct filter_peer_verdict verdict;

    if (!s->context->filter || s->service == SERVICE_LMTP)
        return true;
    filter_connection(s->context->filter, session_arena(s->session), session_peer(s->session),
                      s->service == SERVICE_SUBMISSION, &verdict);
    if (verdict.tarpit_ms > 0)
        session_delay(s->session, verdict.tarpit_ms);
    if (verdict.action == FILTER_ACCEPT)
        return true;
    refuse(s, refusal_of[verdict.reason]);
    return false;
}

static struct filter_account account(const struct smtp_session *s)
{
    return (struct filter_account){ s->login->organisation_id, s->login->recipient_id, smtp_login_name(s) };
}

bool smtp_judge_sender(struct smtp_session *s, const struct address *sender, enum smtp_refusal *refusal_out)
{
    enum filter_reason reason;
    struct filter_account who;

    if (s->context->filter && s->login) {
        who = account(s);
        if (filter_may_send(s->context->filter, &who, &reason))
            return true;
        *refusal_out = refusal_of[reason];
        return false;
    }
    *refusal_out = REFUSE_BLOCKED;
    if (!s->context->filter || s->service != SERVICE_RECEIVE || address_is_null(sender))
        return true;
    return filter_mail(s->context->filter, session_peer(s->session), address_key(s->transaction, sender));
}

bool smtp_judge_recipient(struct smtp_session *s, const struct address *recipient,
                          const struct resolve_answer *answer, enum smtp_refusal *refusal_out)
{
    const struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);
    struct filter_sender_question question = {
        .peer = session_peer(s->session),
        .sender = address_is_null(&t->sender) ? "" : address_key(arena, &t->sender),
        .organisation_id = answer->organisation_id,
        .domain_id = answer->domain_id,
        .recipient = address_key(arena, recipient),
        .is_known = s->login != NULL,
    };
    enum filter_reason reason;
    enum filter_action action;

    if (!s->context->filter || s->service != SERVICE_RECEIVE)
        return true;
    filter_rcpt(s->context->filter, &question, &reason, &action);
    *refusal_out = refusal_of[reason];
    return action == FILTER_ACCEPT;
}

/* ---- the message */

/* The organisations among the targets, each once. */
static int64_t *organisations(struct smtp_session *s, size_t *count_out)
{
    const struct smtp_transaction *t = s->transaction;
    int64_t *list = talloc_array(session_arena(s->session), int64_t, (unsigned)t->target_count + 1);
    size_t count = 0;

    for (size_t i = 0; i < t->target_count; i++) {
        size_t k = 0;

        while (k < count && list[k] != t->organisations[i])
            k++;
        if (k == count)
            list[count++] = t->organisations[i];
    }
    *count_out = count;
    return list;
}

static const char **recipients(struct smtp_session *s)
{
    const struct smtp_transaction *t = s->transaction;
    const char **list =
        talloc_array(session_arena(s->session), const char *, (unsigned)t->recipient_count + 1);

    for (size_t i = 0; i < t->recipient_count; i++)
        list[i] = t->recipients[i].text;
    return list;
}

static enum filter_origin origin(const struct smtp_session *s)
{
    return s->service == SERVICE_SUBMISSION ? FILTER_FROM_USER
           : s->service == SERVICE_LMTP     ? FILTER_FROM_NEIGHBOUR
                                            : FILTER_FROM_OUTSIDE;
}

static void fill(struct smtp_session *s, size_t prefix, struct span message, struct filter_input *in)
{
    const struct smtp_transaction *t = s->transaction;

    *in = (struct filter_input){
        .origin = origin(s),
        .peer = session_peer(s->session),
        .peer_text = session_peer_text(s->session),
        .helo = s->helo,
        .login = s->login ? smtp_login_name(s) : NULL,
        .sender = t->sender_text,
        .sender_local = t->sender.local,
        .sender_domain = t->sender.domain,
        .recipients = recipients(s),
        .recipient_count = t->recipient_count,
        .id = t->id,
        .trace = span_part(message, 0, prefix),
        .message = span_part(message, prefix, SIZE_MAX),
    };
    in->organisations = organisations(s, &in->organisation_count);
    if (s->login)
        in->own_organisation = s->login->organisation_id;
}

static enum filter_action action_for(const struct filter_verdict *verdict, int64_t organisation_id)
{
    for (size_t i = 0; i < verdict->share_count; i++)
        if (verdict->shares[i].organisation_id == organisation_id)
            return verdict->shares[i].action;
    return FILTER_ACCEPT;
}

static void to_junk(struct smtp_transaction *t, const struct filter_verdict *verdict)
{
    for (size_t i = 0; i < t->target_count; i++)
        if (action_for(verdict, t->organisations[i]) == FILTER_JUNK)
            t->targets[i].target.special_use = "\\Junk";
}

/* ---- the quarantine */

/* The recipients behind the targets of one organisation. */
static const char **recipients_of(struct smtp_session *s, int64_t organisation_id, size_t *count_out)
{
    const struct smtp_transaction *t = s->transaction;
    const char **list =
        talloc_array(session_arena(s->session), const char *, (unsigned)t->recipient_count + 1);

    *count_out = 0;
    for (size_t i = 0; i < t->recipient_count; i++)
        for (size_t k = 0; k < t->recipients[i].target_count; k++)
            if (t->organisations[t->recipients[i].targets[k]] == organisation_id) {
                list[(*count_out)++] = t->recipients[i].text;
                break;
            }
    return list;
}

static bool set_aside(struct smtp_session *s, const struct filter_verdict *verdict,
                      const struct filter_share *share, size_t prefix, struct span message, struct err *err)
{
    void *arena = session_arena(s->session);
    struct span sent = span_part(message, prefix, SIZE_MAX);
    const char *subject = header_text(arena, span_of(sent.p, header_block_length(sent)), "Subject");
    struct quarantine_entry entry = {
        .organisation_id = share->organisation_id,
        .received_us = clock_now_us(),
        .expires_us = clock_now_us() + share->keep_s * US_PER_S,
        .sender = s->transaction->sender_text,
        .subject = subject ? subject : "",
        .reason = talloc_asprintf(arena, "%s: %s", filter_reason_name(verdict->reason), verdict->detail),
        .peer = session_peer_text(s->session),
        .size_bytes = (int64_t)span_length(message),
    };

    entry.recipients = recipients_of(s, share->organisation_id, &entry.recipient_count);
    entry.data = zstd_pack(arena, message, &entry.codec);
    return quarantine_add(s->context->directory, &entry, err);
}

/* The targets that `map` keeps, closed up; map[i] becomes the new place of target i, or SIZE_MAX. */
static void close_up(struct smtp_transaction *t, size_t *map)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->target_count; i++) {
        if (map[i] == SIZE_MAX)
            continue;
        t->targets[kept] = t->targets[i];
        t->organisations[kept] = t->organisations[i];
        map[i] = kept++;
    }
    t->target_count = kept;
    for (size_t i = 0; i < t->recipient_count; i++) {
        struct smtp_recipient *r = &t->recipients[i];
        size_t count = 0;

        for (size_t k = 0; k < r->target_count; k++)
            if (map[r->targets[k]] != SIZE_MAX)
                r->targets[count++] = map[r->targets[k]];
        r->target_count = count;
    }
}

static bool to_quarantine(struct smtp_session *s, const struct filter_verdict *verdict, size_t prefix,
                          struct span message, struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    size_t *map = talloc_zero_array(session_arena(s->session), size_t, (unsigned)t->target_count + 1);
    bool any = false;

    for (size_t i = 0; i < verdict->share_count; i++)
        if (verdict->shares[i].action == FILTER_QUARANTINE) {
            any = true;
            if (!set_aside(s, verdict, &verdict->shares[i], prefix, message, err))
                return false;
        }
    for (size_t i = 0; any && i < t->target_count; i++)
        map[i] = action_for(verdict, t->organisations[i]) == FILTER_QUARANTINE ? SIZE_MAX : 0;
    if (any)
        close_up(t, map);
    return true;
}

/* Our trace fields stay first, what the filter wrote follows. */
static bool put_header(struct smtp_session *s, size_t prefix, const struct filter_verdict *verdict,
                       struct span *message_io)
{
    struct span sent = span_part(*message_io, prefix, SIZE_MAX);
    struct buf header = BUF_INIT(session_arena(s->session));

    if (!verdict->header.p)
        return true;
    buf_add_span(&header, span_part(*message_io, 0, prefix));
    buf_add_span(&header, verdict->header);
    if (!verdict->body.p)
        return smtp_replace_header(s, prefix + header_block_length(sent), buf_span(&header), message_io);
    buf_add_span(&header, verdict->body);
    return smtp_replace_header(s, span_length(*message_io), buf_span(&header), message_io);
}

/* ---- what transport rules send elsewhere */

static bool cannot_copy(struct err *err, const char *address)
{
    err_log(err, "a transport rule names %s, which cannot be reached", address);
    return err_set(err, ERR_BUSY, "Temporary trouble. Please try again.");
}

static bool find_mailboxes(struct smtp_session *s, const char *address, struct resolve_answer *answer,
                           struct err *err)
{
    void *arena = session_arena(s->session);
    struct address parsed;

    if (address_parse(arena, span_text(address), ADDRESS_ACCEPT_UTF8, &parsed) != ADDRESS_GOOD)
        return cannot_copy(err, address);
    if (!resolve(s->context->directory, arena, &parsed, answer, err))
        return false;
    return answer->verdict == RESOLVE_DELIVER || cannot_copy(err, address);
}

static void drop_targets(struct smtp_session *s, int64_t organisation_id)
{
    struct smtp_transaction *t = s->transaction;
    size_t *map = talloc_zero_array(session_arena(s->session), size_t, (unsigned)t->target_count + 1);

    for (size_t i = 0; i < t->target_count; i++)
        map[i] = t->organisations[i] == organisation_id ? SIZE_MAX : 0;
    close_up(t, map);
}

/* The report is filed before the message: rather twice than not at all. */
static bool journal(struct smtp_session *s, const struct filter_input *input, const char *address,
                    const struct resolve_answer *answer, struct span message, struct err *err)
{
    void *arena = session_arena(s->session);
    struct buf report = BUF_INIT(arena);
    struct deliver_recipient *targets =
        talloc_zero_array(arena, struct deliver_recipient, (unsigned)answer->target_count + 1);

    for (size_t i = 0; i < answer->target_count; i++)
        targets[i] = (struct deliver_recipient){ .group_id = answer->targets[i].group_id,
                                                 .address = answer->targets[i].address,
                                                 .target = { .mailbox_id = answer->targets[i].mailbox_id } };
    filter_journal(s->context->filter, input, message, address, &report);
    return deliver_message_whole(s->context->deliver, message_prepare(arena, buf_span(&report)),
                                 clock_now_us(), targets, answer->target_count, err);
}

static bool send_copies(struct smtp_session *s, const struct filter_verdict *verdict,
                        const struct filter_input *input, struct span message, struct err *err)
{
    for (size_t i = 0; i < verdict->copy_count; i++)
        if (verdict->copies[i].kind == FILTER_REDIRECT)
            drop_targets(s, verdict->copies[i].organisation_id);
    for (size_t i = 0; i < verdict->copy_count; i++) {
        const struct filter_copy *copy = &verdict->copies[i];
        struct resolve_answer answer;

        if (!find_mailboxes(s, copy->address, &answer, err))
            return false;
        if (copy->kind == FILTER_JOURNAL) {
            if (!journal(s, input, copy->address, &answer, message, err))
                return false;
            continue;
        }
        smtp_transaction_add_targets(s->transaction, &answer);
    }
    return true;
}

static bool is_counted(struct smtp_session *s, enum smtp_refusal *refusal_out)
{
    struct filter_account who;
    enum filter_reason reason;

    if (!s->login)
        return true;
    who = account(s);
    if (filter_count_sent(s->context->filter, &who, s->transaction->recipient_count, &reason))
        return true;
    *refusal_out = refusal_of[reason];
    return false;
}

bool smtp_judge_message(struct smtp_session *s, size_t prefix, struct span *message_io,
                        enum smtp_refusal *refusal_out, struct err *err)
{
    struct filter_verdict verdict;
    struct filter_input input;

    if (!s->context->filter)
        return true;
    fill(s, prefix, *message_io, &input);
    filter_message(s->context->filter, session_arena(s->session), &input, &verdict);
    *refusal_out = refusal_of[verdict.reason];
    if (verdict.action >= FILTER_LATER) {
        if (verdict.text)
            err_set(err, ERR_DENIED, "%s", verdict.text);
        err_log(err, "%s", verdict.detail);
        return false;
    }
    if (!is_counted(s, refusal_out))
        return false;
    to_junk(s->transaction, &verdict);
    *refusal_out = REFUSE_NO_ROOM;
    if (!put_header(s, prefix, &verdict, message_io))
        return false;
    *refusal_out = REFUSE_BUSY;
    return to_quarantine(s, &verdict, prefix, *message_io, err) &&
           send_copies(s, &verdict, &input, *message_io, err);
}
