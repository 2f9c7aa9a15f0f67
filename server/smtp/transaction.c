#include "smtp/transaction.h"

#include "base/clock.h"
#include "base/spool.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <talloc.h>

/* Ids sort by time; the counter tells those of one microsecond apart. It is the only thing sessions share here. */
static void make_id(char id[SMTP_ID_SIZE])
{
    static _Atomic unsigned counter;
    unsigned number = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);

    snprintf(id, SMTP_ID_SIZE, "%013" PRIx64 "%03x", (uint64_t)clock_now_us(), number & 0xfff);
}

static int transaction_free(struct smtp_transaction *t)
{
    spool_free(&t->body.chunks);
    return 0;
}

struct smtp_transaction *smtp_transaction_begin(struct smtp_session *s)
{
    struct smtp_transaction *t = talloc_zero(session_memory(s->session), struct smtp_transaction);

    talloc_set_destructor(t, transaction_free);
    make_id(t->id);
    s->transaction = t;
    s->was_refused = false;
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
        t->organisations = talloc_realloc(t, t->organisations, int64_t, (unsigned)t->target_count + 16);
    }
    t->organisations[t->target_count] = target->organisation_id;
    t->targets[t->target_count++] = (struct deliver_recipient){
        .group_id = target->group_id,
        .address = talloc_strdup(t, target->address),
        .target = { .mailbox_id = target->mailbox_id },
    };
    return i;
}

void smtp_transaction_add_targets(struct smtp_transaction *t, const struct resolve_answer *answer)
{
    for (size_t i = 0; i < answer->target_count; i++)
        (void)target_of(t, &answer->targets[i]);
}

void smtp_transaction_add(struct smtp_transaction *t, const struct address *address,
                          const struct smtp_rcpt_params *params, const struct resolve_answer *answer)
{
    struct smtp_recipient *r;

    if (t->recipient_count % 16 == 0)
        t->recipients =
            talloc_realloc(t, t->recipients, struct smtp_recipient, (unsigned)t->recipient_count + 16);
    r = &t->recipients[t->recipient_count++];
    *r = (struct smtp_recipient){ .text = address_text(t, address), .params = *params };
    r->key = address_key(t, address);
    r->targets = talloc_array(t, size_t, (unsigned)answer->target_count);
    for (size_t i = 0; i < answer->target_count; i++) {
        size_t index = target_of(t, &answer->targets[i]);
        size_t k = 0;

        while (k < r->target_count && r->targets[k] != index)
            k++;
        if (k == r->target_count)
            r->targets[r->target_count++] = index;
    }
}
