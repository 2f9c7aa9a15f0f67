/*
 * sent.c -- redirects, automatic replies and notifications that rules of a mailbox ask for, on their way into the queue.
 */
#include "accept/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "format/address.h"
#include "format/charset.h"
#include "resolve/srs.h"
#include "run/making.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static const char *const kinds[] = { "redirect", "reply", "notification" };
METRIC_COUNTER_BY(sent, "chappe_rules_sent_total", "Messages that rules of mailboxes sent", "kind", kinds)

enum kind { REDIRECT, REPLY, NOTIFICATION };

/* One message to one address. */
struct sending {
    enum kind kind;
    const char *sender, *address;
    const char *notify, *ret; /* what a redirect says of it; NULL: as it came */
    struct span bytes;
};

static unsigned notify_of(const char *words)
{
    static const struct {
        const char *name;
        unsigned bit;
    } names[] = { { "NEVER", QUEUE_NOTIFY_NEVER },
                  { "SUCCESS", QUEUE_NOTIFY_SUCCESS },
                  { "FAILURE", QUEUE_NOTIFY_FAILURE },
                  { "DELAY", QUEUE_NOTIFY_DELAY } };
    unsigned bits = 0;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasestr(words, names[i].name))
            bits |= names[i].bit;
    return bits & QUEUE_NOTIFY_NEVER ? QUEUE_NOTIFY_NEVER : bits;
}

static void set_envelope(struct accept_message *message, const struct sending *sending,
                         const struct queue_message *from, const void *owner)
{
    message->bytes = sending->bytes;
    message->parent = from->name;
    message->envelope.name = accept_id(owner);
    message->envelope.sender = sending->sender;
    message->envelope.origin = kinds[sending->kind];
    message->envelope.organisation_id = from->organisation_id;
    message->envelope.body = utf8_is_ascii(sending->bytes) ? QUEUE_7BIT : QUEUE_8BITMIME;
    if (sending->kind != REDIRECT)
        return;
    message->envelope.body = from->body;
    message->envelope.needs_smtputf8 = from->needs_smtputf8;
    message->envelope.needs_tls = from->needs_tls;
    message->envelope.priority = from->priority;
    message->envelope.ret = from->ret;
    message->envelope.envid = from->envid;
    if (sending->ret)
        message->envelope.ret = strcasecmp(sending->ret, "FULL") == 0 ? QUEUE_RET_FULL : QUEUE_RET_HDRS;
}

/* What a rule sends to others leaves in the name of the mailbox's domain (resolve/srs.h), as what its owner has redirected. */
static bool set_senders(struct run *run, const void *owner, const struct queue_taken *row,
                        const struct sending *sending, const struct resolve_answer *answer,
                        struct accept_message *message, struct err *err)
{
    for (size_t i = 0; i < message->remote_count; i++) {
        struct resolve_remote remote = { .via = NULL };
        const char *own;

        if (i < answer->remote_count)
            remote = answer->remotes[i];
        if (remote.why == RESOLVE_WHY_LIST)
            continue; /* who may post is asked of the author */
        if (!remote.via)
            remote.via = row->recipient.address;
        if (!resolve_sender(run->options.directory, owner, sending->sender, &remote, &own, err))
            return false;
        message->remotes[i].sender = strcmp(own, sending->sender) == 0 ? NULL : own;
    }
    return true;
}

/* The message with everything that the queue asks of it; *is_sent_out false: its address leads nowhere. */
static bool compose(struct run *run, const void *owner, const struct queue_taken *row,
                    const struct sending *sending, struct accept_message *message, bool *is_sent_out,
                    struct err *err)
{
    struct accept_recipient *recipient = talloc_zero(owner, struct accept_recipient);
    struct resolve_answer answer;
    struct address address;
    size_t *numbers;

    *message = (struct accept_message){ .recipients = recipient, .recipient_count = 1 };
    *is_sent_out = false;
    if (address_parse(owner, span_text(sending->address), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return true;
    if (!resolve(run->options.directory, owner, &address, &answer, err))
        return false;
    making_add_targets(message, &answer, owner);
    if (answer.verdict == RESOLVE_FOREIGN && message->target_count + message->remote_count == 0) {
        message->remotes = talloc_zero(owner, struct accept_remote);
        message->remotes[message->remote_count++] = (struct accept_remote){ .address = sending->address,
                                                                            .domain = address.domain,
                                                                            .why = kinds[sending->kind] };
    }
    numbers = talloc_array(owner, size_t, (unsigned)(message->target_count + message->remote_count) + 1);
    for (size_t i = 0; i <= message->target_count + message->remote_count; i++)
        numbers[i] = i;
    *recipient = (struct accept_recipient){ .address = sending->address,
                                            .notify = row->recipient.notify,
                                            .targets = numbers,
                                            .target_count = message->target_count,
                                            .remotes = numbers,
                                            .remote_count = message->remote_count };
    if (sending->kind != REDIRECT)
        recipient->notify = QUEUE_NOTIFY_NEVER;
    else if (sending->notify)
        recipient->notify = notify_of(sending->notify);
    set_envelope(message, sending, row->message, owner);
    if (sending->kind == REDIRECT && !set_senders(run, owner, row, sending, &answer, message, err))
        return false;
    *is_sent_out = message->target_count + message->remote_count > 0;
    return true;
}

typedef bool send_function(void *arg, const struct sending *sending, struct err *err);

/* Everything that a plan sends, one address at a time. */
static bool each(const struct outcome *outcome, send_function *function, void *arg, struct err *err)
{
    const struct rules_plan *plan = outcome->plan;
    const struct sieve_outcome *wanted = plan->outcome;

    for (size_t i = 0; i < plan->redirect_count; i++) {
        const struct rules_redirect *redirect = &plan->redirects[i];
        struct sending sending = { .kind = REDIRECT,
                                   .sender = outcome->row->message->sender,
                                   .address = redirect->address,
                                   .notify = redirect->notify,
                                   .ret = redirect->ret,
                                   .bytes = redirect->bytes };

        if (!function(arg, &sending, err))
            return false;
    }
    for (size_t i = 0; i < wanted->letter_count; i++)
        for (size_t k = 0; k < wanted->letters[i].to_count; k++) {
            struct sending sending = { .kind =
                                           wanted->letters[i].kind == SIEVE_VACATION ? REPLY : NOTIFICATION,
                                       .sender = wanted->letters[i].envelope_from,
                                       .address = wanted->letters[i].to[k],
                                       .bytes = wanted->letters[i].bytes };

            if (!function(arg, &sending, err))
                return false;
        }
    return true;
}

static bool is_large(const struct sending *sending)
{
    return span_length(sending->bytes) > QUEUE_ADD_MAX;
}

static void tell(const struct queue_taken *row, const struct sending *sending, bool is_sent)
{
    log_event(LOG_LEVEL_INFO, is_sent ? "rules.sent" : "rules.sent.nowhere",
              log_text("id", row->message->name), log_text("kind", kinds[sending->kind]),
              log_text("for", row->recipient.address), log_text("to", sending->address));
    if (is_sent)
        metric_add_at(&sent, 1, sending->kind, 0);
}

struct making_one {
    struct making *making;
    const struct queue_taken *row;
};

static bool make_one(void *arg, const struct sending *sending, struct err *err)
{
    const struct making_one *one = arg;
    struct accept_message message;
    bool is_sent;

    if (is_large(sending))
        return true;
    if (!compose(one->making->run, one->making->owner, one->row, sending, &message, &is_sent, err))
        return false;
    if (is_sent)
        making_add(one->making, &message);
    tell(one->row, sending, is_sent);
    return true;
}

bool sent_make(struct making *making, const struct outcome *outcome, struct err *err)
{
    struct making_one one = { making, outcome->row };

    return !outcome->plan || !rules_plan_sends(outcome->plan) || each(outcome, make_one, &one, err);
}

struct putting_one {
    struct run *run;
    const struct queue_taken *row;
    size_t number; /* of what was put */
};

static bool put_one(void *arg, const struct sending *sending, struct err *err)
{
    struct putting_one *one = arg;
    uint8_t receipt[FILING_RECEIPT_BYTES];
    struct accept_message message;
    void *arena;
    bool is_sent = false, done;

    if (!is_large(sending))
        return true;
    arena = talloc_new(NULL);
    run_receipt_of(one->row, RUN_ONCE_LARGE_LETTER, one->number++, receipt);
    done = compose(one->run, arena, one->row, sending, &message, &is_sent, err) &&
           (!is_sent || accept_queue_once(one->run->accept, arena, &message, receipt, err));
    if (done)
        tell(one->row, sending, is_sent);
    talloc_free(arena);
    return done;
}

bool sent_put_large(struct run *run, const struct outcome *outcome, struct err *err)
{
    struct putting_one one = { run, outcome->row, 0 };

    return !outcome->plan || !rules_plan_sends(outcome->plan) || each(outcome, put_one, &one, err);
}
