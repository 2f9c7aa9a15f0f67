/* judge.c -- peers, senders and messages as routing/filter sees them, and its answers as ours. */
#include "filter/filter.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory/lesson.h"
#include "directory/quarantine.h"
#include "filter/familiar.h"
#include "format/header.h"
#include "message/zstd.h"
#include "report/receive.h"
#include "smtp/auth.h"
#include "smtp/transaction.h"
#include "trace/trace.h"

#include <jansson.h>
#include <stdlib.h>
#include <talloc.h>

static const enum smtp_refusal refusal_of[FILTER_REASON_COUNT] = {
    [FILTER_CLEAN] = REFUSE_INTERNAL, /* no refusal; unused, as the next */
    [FILTER_ALLOWED] = REFUSE_INTERNAL,
    [FILTER_BLOCKED] = REFUSE_BLOCKED,
    [FILTER_DNS_LISTED] = REFUSE_DNS_LISTED,
    [FILTER_FALSE_HELO] = REFUSE_FALSE_HELO,
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
                      s->service == SERVICE_SUBMISSION || s->is_inner, &verdict);
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

    if (!s->context->filter || s->service != SERVICE_RECEIVE || s->is_inner)
        return true;
    *refusal_out = REFUSE_FALSE_HELO;
    if (t->recipient_count == 0 && !s->login &&
        !filter_helo(s->context->filter, session_peer(s->session), s->helo))
        return false;
    filter_rcpt(s->context->filter, &question, &reason, &action);
    *refusal_out = refusal_of[reason];
    return action == FILTER_ACCEPT;
}

bool smtp_takes_reports(struct smtp_session *s, const struct address *address,
                        const struct resolve_answer *answer)
{
    return s->context->filter && s->service == SERVICE_RECEIVE && answer->verdict == RESOLVE_UNKNOWN &&
           filter_takes_reports(s->context->filter, answer->organisation_id,
                                address_key(session_arena(s->session), address));
}

/* ---- the message */

static void add_organisation(int64_t *list, size_t *count, int64_t organisation_id)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == organisation_id)
            return;
    if (organisation_id)
        list[(*count)++] = organisation_id;
}

/* The organisations among the recipients here, each once. */
static int64_t *organisations(struct smtp_session *s, size_t *count_out)
{
    const struct smtp_transaction *t = s->transaction;
    int64_t *list =
        talloc_array(session_arena(s->session), int64_t, (unsigned)(t->target_count + t->remote_count) + 1);

    *count_out = 0;
    for (size_t i = 0; i < t->target_count; i++)
        add_organisation(list, count_out, t->target_organisations[i]);
    for (size_t i = 0; i < t->remote_count; i++)
        add_organisation(list, count_out, t->remote_organisations[i]);
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
    return s->service == SERVICE_SUBMISSION || s->transaction->is_inner ? FILTER_FROM_USER
           : s->service == SERVICE_LMTP                                 ? FILTER_FROM_NEIGHBOUR
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
    else if (t->is_inner)
        in->own_organisation = t->organisation_id;
}

static const struct filter_share *share_for(const struct filter_verdict *verdict, int64_t organisation_id)
{
    for (size_t i = 0; i < verdict->share_count; i++)
        if (verdict->shares[i].organisation_id == organisation_id)
            return &verdict->shares[i];
    return NULL;
}

/* The mailboxes whose owner once took mail of this sender out of Junk. While that cannot be known it goes to Junk, where it is
 * not lost. */
static int64_t *find_familiar(struct smtp_session *s, const struct filter_verdict *verdict,
                              struct span message, size_t *count_out)
{
    const struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);
    int64_t *asked = talloc_array(arena, int64_t, (unsigned)t->target_count + 1), *known = NULL;
    struct familiar_keys keys;
    struct err err = ERR_INIT;
    size_t count = 0;

    *count_out = 0;
    for (size_t i = 0; i < t->target_count; i++) {
        const struct filter_share *share = share_for(verdict, t->target_organisations[i]);

        if (share && share->action == FILTER_JUNK && share->asks_owner)
            asked[count++] = t->targets[i].target.mailbox_id;
    }
    if (count == 0)
        return NULL;
    familiar_keys_of(&keys, s->context->host_name, message);
    if (!familiar_find(s->context->directory, arena, asked, count, keys.spans, keys.count, &known, count_out,
                       &err))
        log_err(LOG_LEVEL_WARNING, "filter.familiar", &err);
    return known;
}

static void to_junk(struct smtp_session *s, const struct filter_verdict *verdict, struct span message)
{
    struct smtp_transaction *t = s->transaction;
    size_t known_count, spared = 0;
    const int64_t *known = find_familiar(s, verdict, message, &known_count);

    for (size_t i = 0; i < t->target_count; i++) {
        const struct filter_share *share = share_for(verdict, t->target_organisations[i]);
        bool is_known = false;

        if (!share || share->action != FILTER_JUNK)
            continue;
        for (size_t k = 0; k < known_count && share->asks_owner; k++)
            is_known = is_known || known[k] == t->targets[i].target.mailbox_id;
        spared += is_known;
        if (!is_known)
            t->targets[i].target.special_use = "\\Junk";
    }
    if (spared > 0)
        log_event(LOG_LEVEL_INFO, "filter.known-again", log_text("id", t->id),
                  log_text("from", t->sender_text), log_i64("mailboxes", (int64_t)spared));
}

/* ---- the quarantine */

static bool belongs(const struct smtp_transaction *t, const struct smtp_recipient *r, int64_t organisation_id)
{
    for (size_t k = 0; k < r->target_count; k++)
        if (t->target_organisations[r->targets[k]] == organisation_id)
            return true;
    for (size_t k = 0; k < r->remote_count; k++)
        if (t->remote_organisations[r->remotes[k]] == organisation_id)
            return true;
    return false;
}

/* The recipients of one organisation. */
static const char **recipients_of(struct smtp_session *s, int64_t organisation_id, size_t *count_out)
{
    const struct smtp_transaction *t = s->transaction;
    const char **list =
        talloc_array(session_arena(s->session), const char *, (unsigned)t->recipient_count + 1);

    *count_out = 0;
    for (size_t i = 0; i < t->recipient_count; i++)
        if (belongs(t, &t->recipients[i], organisation_id))
            list[(*count_out)++] = t->recipients[i].text;
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

/* The indices in `list` that `map` keeps, by their new numbers. */
static void renumber(size_t *list, size_t *count, const size_t *map)
{
    size_t kept = 0;

    for (size_t k = 0; k < *count; k++)
        if (map[list[k]] != SIZE_MAX)
            list[kept++] = map[list[k]];
    *count = kept;
}

/* Takes out what goes to one organisation (0: everything), and closes up what is left. */
static void drop_copies(struct smtp_session *s, int64_t organisation_id)
{
    struct smtp_transaction *t = s->transaction;
    void *arena = session_arena(s->session);
    size_t *targets = talloc_array(arena, size_t, (unsigned)t->target_count + 1);
    size_t *remotes = talloc_array(arena, size_t, (unsigned)t->remote_count + 1);
    size_t kept_targets = 0, kept_remotes = 0;

    for (size_t i = 0; i < t->target_count; i++) {
        targets[i] = SIZE_MAX;
        if (organisation_id == 0 || t->target_organisations[i] == organisation_id)
            continue;
        t->targets[kept_targets] = t->targets[i];
        t->target_organisations[kept_targets] = t->target_organisations[i];
        targets[i] = kept_targets++;
    }
    for (size_t i = 0; i < t->remote_count; i++) {
        remotes[i] = SIZE_MAX;
        if (organisation_id == 0 || t->remote_organisations[i] == organisation_id)
            continue;
        t->remotes[kept_remotes] = t->remotes[i];
        t->remote_organisations[kept_remotes] = t->remote_organisations[i];
        remotes[i] = kept_remotes++;
    }
    for (size_t i = 0; i < t->recipient_count; i++) {
        renumber(t->recipients[i].targets, &t->recipients[i].target_count, targets);
        renumber(t->recipients[i].remotes, &t->recipients[i].remote_count, remotes);
    }
    t->target_count = kept_targets;
    t->remote_count = kept_remotes;
}

static bool to_quarantine(struct smtp_session *s, const struct filter_verdict *verdict, size_t prefix,
                          struct span message, struct err *err)
{
    for (size_t i = 0; i < verdict->share_count; i++) {
        const struct filter_share *share = &verdict->shares[i];

        if (share->action != FILTER_QUARANTINE)
            continue;
        if (!set_aside(s, verdict, share, prefix, message, err))
            return false;
        smtp_trace_set_aside(s, share->organisation_id);
        drop_copies(s, share->organisation_id);
    }
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

static bool find_address(struct smtp_session *s, const char *address, struct address *parsed,
                         struct resolve_answer *answer, struct err *err)
{
    void *arena = session_arena(s->session);

    if (address_parse(arena, span_text(address), ADDRESS_ACCEPT_UTF8, parsed) != ADDRESS_GOOD)
        return cannot_copy(err, address);
    if (!resolve(s->context->directory, arena, parsed, answer, err))
        return false;
    return answer->verdict == RESOLVE_DELIVER ||
           (answer->verdict == RESOLVE_FOREIGN && answer->remote_count > 0) || cannot_copy(err, address);
}

static struct trace *journal_trace(struct smtp_session *s, const struct filter_copy *copy,
                                   const struct smtp_transaction *report)
{
    void *arena = session_arena(s->session);
    struct trace *trace = trace_new(arena, talloc_asprintf(arena, "%sj", report->id));

    trace->parent = report->id;
    for (size_t i = 0; i < report->target_count; i++)
        trace_add_target(trace, &(struct trace_target){ .mailbox_id = report->targets[i].target.mailbox_id,
                                                        .organisation_id = copy->organisation_id,
                                                        .address = report->targets[i].address,
                                                        .asked = copy->address });
    for (size_t i = 0; i < report->remote_count; i++)
        trace_add_target(trace, &(struct trace_target){ .organisation_id = copy->organisation_id,
                                                        .address = report->remotes[i].address,
                                                        .asked = copy->address });
    trace_event(trace, copy->organisation_id, clock_now_us(), "journal");
    trace_event_end(trace);
    return trace;
}

/* The report is a message of its own, taken before the other: rather twice than not at all. */
static bool journal(struct smtp_session *s, const struct filter_input *input, const struct filter_copy *copy,
                    struct span message, struct err *err)
{
    struct smtp_transaction *t = s->transaction, report = { .id = t->id, .sender_text = "" };
    struct buf bytes = BUF_INIT(session_arena(s->session));
    struct smtp_rcpt_params params = { .notify = QUEUE_NOTIFY_NEVER };
    struct accept_recipient recipient;
    struct resolve_answer answer;
    struct address address;
    bool ok;

    filter_journal(s->context->filter, input, message, copy->address, &bytes);
    if (!find_address(s, copy->address, &address, &answer, err))
        return false;
    s->transaction = talloc_memdup(bytes.owner, &report, sizeof report);
    ok = smtp_transaction_add(s, &address, &params, &answer, err);
    if (ok) {
        const struct smtp_transaction *r = s->transaction;
        struct accept_message taken = {
            .envelope = { .name = talloc_asprintf(bytes.owner, "%sj", t->id),
                          .organisation_id = copy->organisation_id,
                          .sender = "",
                          .origin = "journal" },
            .bytes = buf_span(&bytes),
            .recipients = &recipient,
            .recipient_count = 1,
            .targets = r->targets,
            .target_count = r->target_count,
            .remotes = r->remotes,
            .remote_count = r->remote_count,
            .trace = journal_trace(s, copy, r),
        };
        recipient = (struct accept_recipient){ .address = copy->address,
                                               .notify = QUEUE_NOTIFY_NEVER,
                                               .targets = r->recipients[0].targets,
                                               .target_count = r->recipients[0].target_count,
                                               .remotes = r->recipients[0].remotes,
                                               .remote_count = r->recipients[0].remote_count };
        ok = accept_message(s->context->accept, bytes.owner, &taken, err);
    }
    s->transaction = t;
    return ok;
}

static bool send_copy(struct smtp_session *s, const struct filter_copy *copy, struct err *err)
{
    struct smtp_rcpt_params params = { .notify = QUEUE_NOTIFY_NEVER };
    struct resolve_answer answer;
    struct address address;

    return find_address(s, copy->address, &address, &answer, err) &&
           smtp_transaction_add(s, &address, &params, &answer, err);
}

/* ---- what a moderator decides about */

static const char *moderation_target(void *arena, const struct filter_copy *copy)
{
    json_t *json = json_pack("{s:s, s:s, s:I}", "moderator", copy->address, "rule",
                             copy->rule ? copy->rule : "", "organisation", (json_int_t)copy->organisation_id);
    char *text = json_dumps(json, JSON_COMPACT), *copied = talloc_strdup(arena, text);

    free(text);
    json_decref(json);
    return copied;
}

/* In the place of its copies the queue gets one row for the recipient, with which the motor waits. */
static void hold_recipient(struct smtp_session *s, struct smtp_recipient *r, const struct filter_copy *copy)
{
    struct smtp_transaction *t = s->transaction;
    const char *at = strrchr(r->text, '@');

    t->remotes = talloc_realloc(t, t->remotes, struct accept_remote, (unsigned)t->remote_count + 1);
    t->remote_organisations =
        talloc_realloc(t, t->remote_organisations, int64_t, (unsigned)t->remote_count + 1);
    t->remote_organisations[t->remote_count] = copy->organisation_id;
    t->remotes[t->remote_count] = (struct accept_remote){ .address = r->text,
                                                          .domain = at ? at + 1 : "",
                                                          .why = "moderated",
                                                          .flags = QUEUE_IS_POST | QUEUE_IS_MODERATED,
                                                          .target = moderation_target(t, copy) };
    r->remotes = talloc_realloc(t, r->remotes, size_t, (unsigned)r->remote_count + 1);
    r->remotes[r->remote_count++] = t->remote_count++;
}

/* Recipients of the rule's organisation, or all of what one of its users sends. */
static void moderate(struct smtp_session *s, const struct filter_copy *copy, int64_t own_organisation)
{
    struct smtp_transaction *t = s->transaction;
    int64_t scope = copy->organisation_id == own_organisation ? 0 : copy->organisation_id;
    bool *is_held = talloc_zero_array(session_arena(s->session), bool, (unsigned)t->recipient_count + 1);

    for (size_t i = 0; i < t->recipient_count; i++)
        is_held[i] = t->recipients[i].target_count + t->recipients[i].remote_count > 0 &&
                     (scope == 0 || belongs(t, &t->recipients[i], scope));
    drop_copies(s, scope);
    for (size_t i = 0; i < t->recipient_count; i++)
        if (is_held[i])
            hold_recipient(s, &t->recipients[i], copy);
}

/* What the first rule wants moderated is not moderated again: one person decides. */
static void moderate_all(struct smtp_session *s, const struct filter_verdict *verdict,
                         int64_t own_organisation)
{
    for (size_t i = 0; i < verdict->copy_count; i++) {
        bool is_first = verdict->copies[i].kind == FILTER_MODERATE;

        for (size_t k = 0; k < i && is_first; k++)
            is_first = verdict->copies[k].kind != FILTER_MODERATE ||
                       verdict->copies[k].organisation_id != verdict->copies[i].organisation_id;
        if (is_first)
            moderate(s, &verdict->copies[i], own_organisation);
    }
}

static bool send_copies(struct smtp_session *s, const struct filter_verdict *verdict,
                        const struct filter_input *input, struct span message, struct err *err)
{
    moderate_all(s, verdict, input->own_organisation);
    for (size_t i = 0; i < verdict->copy_count; i++)
        if (verdict->copies[i].kind == FILTER_REDIRECT)
            drop_copies(s, verdict->copies[i].organisation_id == input->own_organisation
                               ? 0
                               : verdict->copies[i].organisation_id);
    for (size_t i = 0; i < verdict->copy_count; i++) {
        const struct filter_copy *copy = &verdict->copies[i];

        if (copy->kind == FILTER_MODERATE)
            continue;
        if (copy->kind == FILTER_JOURNAL ? !journal(s, input, copy, message, err) : !send_copy(s, copy, err))
            return false;
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

/* What came to the address for reports is read now. Where it is no report its sender hears so, unless others get the message. */
static bool take_reports(struct smtp_session *s, struct span message, enum smtp_refusal *refusal_out,
                         struct err *err)
{
    const struct smtp_transaction *t = s->transaction;

    for (size_t i = 0; i < t->recipient_count; i++) {
        if (!t->recipients[i].takes_reports ||
            report_receive(s->context->directory, t->organisation_id, message, err))
            continue;
        log_err(LOG_LEVEL_INFO, "report.refused", err);
        *refusal_out = err->kind == ERR_LIMIT ? REFUSE_TOO_LARGE : smtp_refusal_of(err->kind);
        if (err->kind == ERR_BUSY || t->target_count + t->remote_count == 0)
            return false;
        *err = ERR_INIT;
    }
    return true;
}

bool smtp_judge_message(struct smtp_session *s, size_t prefix, struct span *message_io,
                        enum smtp_refusal *refusal_out, struct err *err)
{
    struct filter_verdict verdict;
    struct filter_input input;

    if (!s->context->filter || s->transaction->is_judged)
        return true;
    fill(s, prefix, *message_io, &input);
    filter_message(s->context->filter, session_arena(s->session), &input, &verdict);
    smtp_trace_judged(s, &verdict);
    *refusal_out = refusal_of[verdict.reason];
    if (verdict.action >= FILTER_LATER) {
        if (verdict.text)
            err_set(err, ERR_DENIED, "%s", verdict.text);
        err_log(err, "%s", verdict.detail);
        return false;
    }
    if (!is_counted(s, refusal_out) ||
        !take_reports(s, span_part(*message_io, prefix, SIZE_MAX), refusal_out, err))
        return false;
    *refusal_out = REFUSE_NO_ROOM;
    if (!put_header(s, prefix, &verdict, message_io))
        return false;
    to_junk(s, &verdict, *message_io);
    *refusal_out = REFUSE_BUSY;
    return to_quarantine(s, &verdict, prefix, *message_io, err) &&
           send_copies(s, &verdict, &input, *message_io, err);
}
