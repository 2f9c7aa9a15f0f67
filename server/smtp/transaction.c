#include "smtp/transaction.h"

#include "accept/id.h"
#include "auth/auth.h"
#include "base/spool.h"
#include "mailbox/flags.h"
#include "resolve/srs.h"
#include "smtp/auth.h"

#include <string.h>
#include <talloc.h>

static int transaction_free(struct smtp_transaction *t)
{
    spool_free(&t->body.chunks);
    return 0;
}

struct smtp_transaction *smtp_transaction_begin(struct smtp_session *s)
{
    struct smtp_transaction *t = talloc_zero(session_memory(s->session), struct smtp_transaction);

    talloc_set_destructor(t, transaction_free);
    t->id = accept_id(t);
    s->transaction = t;
    s->was_refused = false;
    smtp_trace_begin(s);
    return t;
}

void smtp_transaction_end(struct smtp_session *s)
{
    if (s->state & STATE_TRANSACTION)
        s->state = STATE_READY;
    TALLOC_FREE(s->transaction);
}

static size_t target_of(struct smtp_transaction *t, const struct resolve_target *target)
{
    size_t i;

    for (i = 0; i < t->target_count; i++)
        if (t->targets[i].target.mailbox_id == target->mailbox_id)
            return i;
    if (t->target_count % 16 == 0) {
        t->targets = talloc_realloc(t, t->targets, struct deliver_recipient, (unsigned)t->target_count + 16);
        t->target_organisations =
            talloc_realloc(t, t->target_organisations, int64_t, (unsigned)t->target_count + 16);
    }
    t->target_organisations[t->target_count] = target->organisation_id;
    t->targets[t->target_count++] = (struct deliver_recipient){
        .group_id = target->group_id,
        .address = talloc_strdup(t, target->address),
        .target = { .mailbox_id = target->mailbox_id },
    };
    return i;
}

void smtp_transaction_keep(struct smtp_session *s, const struct sender_right *right)
{
    struct smtp_transaction *t = s->transaction;
    const struct resolve_target target = { .group_id = right->mailbox.storage_group_id,
                                           .mailbox_id = right->mailbox.mailbox_id,
                                           .organisation_id = right->organisation_id,
                                           .address = right->address };
    size_t before = t->target_count, number = target_of(t, &target);

    if (number < before)
        return;
    t->targets[number].target.special_use = "\\Sent";
    t->targets[number].target.flags = FLAG_SEEN;
    t->targets[number].target.ignores_quota = true; /* nobody hears of a copy that is not his */
}

static size_t remote_of(struct smtp_transaction *t, const struct resolve_remote *remote, const char *sender,
                        int64_t organisation_id)
{
    const char *own = strcmp(sender, t->sender_text) == 0 ? NULL : talloc_strdup(t, sender);
    size_t i;

    for (i = 0; i < t->remote_count; i++)
        if (strcmp(t->remotes[i].address, remote->address) == 0)
            return i;
    if (t->remote_count % 16 == 0) {
        t->remotes = talloc_realloc(t, t->remotes, struct accept_remote, (unsigned)t->remote_count + 16);
        t->remote_organisations =
            talloc_realloc(t, t->remote_organisations, int64_t, (unsigned)t->remote_count + 16);
    }
    t->remote_organisations[t->remote_count] = organisation_id;
    t->remotes[t->remote_count++] = (struct accept_remote){
        .address = talloc_strdup(t, remote->address),
        .domain = talloc_strdup(t, remote->domain),
        .sender = own,
        .why = remote->why == RESOLVE_WHY_FOREIGN ? "" : resolve_why_name(remote->why),
        .flags = accept_remote_flags(remote),
    };
    return i;
}

static void add_number(size_t *list, size_t *count, size_t number)
{
    for (size_t k = 0; k < *count; k++)
        if (list[k] == number)
            return;
    list[(*count)++] = number;
}

/* The senders with which copies leave, in the order of the remotes. */
static bool find_senders(struct smtp_session *s, const struct resolve_answer *answer, const char **senders,
                         struct err *err)
{
    for (size_t i = 0; i < answer->remote_count; i++)
        if (!resolve_sender(s->context->directory, session_arena(s->session), s->transaction->sender_text,
                            &answer->remotes[i], &senders[i], err))
            return false;
    return true;
}

static int64_t organisation_of(const struct smtp_session *s, const struct resolve_answer *answer)
{
    if (s->login)
        return s->login->organisation_id;
    return answer->organisation_id;
}

bool smtp_transaction_add(struct smtp_session *s, const struct address *address,
                          const struct smtp_rcpt_params *params, const struct resolve_answer *answer,
                          struct err *err)
{
    struct smtp_transaction *t = s->transaction;
    const char **senders =
        talloc_array(session_arena(s->session), const char *, (unsigned)answer->remote_count + 1);
    struct smtp_recipient *r;

    if (!find_senders(s, answer, senders, err))
        return false;
    if (t->recipient_count % 16 == 0)
        t->recipients =
            talloc_realloc(t, t->recipients, struct smtp_recipient, (unsigned)t->recipient_count + 16);
    r = &t->recipients[t->recipient_count++];
    *r = (struct smtp_recipient){ .text = address_text(t, address), .params = *params };
    r->key = address_key(t, address);
    r->targets = talloc_array(t, size_t, (unsigned)answer->target_count + 1);
    r->remotes = talloc_array(t, size_t, (unsigned)answer->remote_count + 1);
    for (size_t i = 0; i < answer->target_count; i++)
        add_number(r->targets, &r->target_count, target_of(t, &answer->targets[i]));
    for (size_t i = 0; i < answer->remote_count; i++)
        add_number(r->remotes, &r->remote_count,
                   remote_of(t, &answer->remotes[i], senders[i], answer->organisation_id));
    if (t->organisation_id == 0)
        t->organisation_id = organisation_of(s, answer);
    smtp_trace_recipient(s, r->text, answer);
    return true;
}
