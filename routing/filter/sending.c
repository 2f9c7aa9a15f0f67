/* sending.c -- limits on what our own accounts send, and the hold of one that passed its own. */
#include "filter/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/sending.h"

#include <inttypes.h>
#include <stdio.h>

enum { BOOK_AGE_US = 1000000 };

METRIC_COUNTER(held, "chappe_filter_accounts_held_total",
               "Accounts whose mail was held for passing their limit")
METRIC_COUNTER(limited, "chappe_filter_sending_limited_total",
               "Messages of accounts or organisations over their limit")

static const struct actor ourselves = { .name = "chappe" };

static bool limits_of(struct filter *filter, const struct filter_account *account, struct sending *out)
{
    struct book *book = book_take(&filter->shelf, BOOK_AGE_US);
    const struct filter_settings *s;

    if (!book)
        return false;
    s = book_settings(book, account->organisation_id, 0);
    *out = (struct sending){
        .organisation_id = account->organisation_id,
        .recipient_id = account->recipient_id,
        .now_us = clock_now_us(),
        .account_limit = s->account_limit,
        .organisation_limit = s->organisation_limit,
    };
    book_release(&filter->shelf, &book);
    return true;
}

static bool no(enum filter_reason *reason_out, enum filter_reason reason)
{
    *reason_out = reason;
    return false;
}

bool filter_may_send(struct filter *filter, const struct filter_account *account,
                     enum filter_reason *reason_out)
{
    struct sending_state state;
    struct err err = ERR_INIT;
    struct sending sending;

    if (!limits_of(filter, account, &sending) ||
        !sending_look(filter->options.directory, &sending, &state, &err))
        return no(reason_out, FILTER_SCANNER_DOWN); /* not known: later */
    if (state.is_held)
        return no(reason_out, FILTER_HELD);
    if ((sending.account_limit && state.account_sent >= sending.account_limit) ||
        (sending.organisation_limit && state.organisation_sent >= sending.organisation_limit))
        return no(reason_out, FILTER_RATE);
    return true;
}

static void hold(struct filter *filter, const struct filter_account *account, const struct sending *sending)
{
    struct err err = ERR_INIT;
    char reason[120];

    snprintf(reason, sizeof reason, "more than %" PRId64 " recipients in an hour", sending->account_limit);
    if (!sending_hold(filter->options.directory, &ourselves, account->organisation_id, account->recipient_id,
                      account->login, reason, &err))
        log_err(LOG_LEVEL_ERROR, "filter.hold", &err);
    metric_add(&held, 1);
    log_event(LOG_LEVEL_WARNING, "filter.held", log_text("login", account->login),
              log_text("reason", reason));
}

bool filter_count_sent(struct filter *filter, const struct filter_account *account, size_t recipients,
                       enum filter_reason *reason_out)
{
    enum sending_answer answer;
    struct err err = ERR_INIT;
    struct sending sending;

    if (!limits_of(filter, account, &sending) ||
        !sending_count(filter->options.directory, &sending, (int64_t)recipients, &answer, &err)) {
        log_err(LOG_LEVEL_WARNING, "filter.sending", &err);
        return no(reason_out, FILTER_SCANNER_DOWN);
    }
    if (answer == SENDING_COUNTED)
        return true;
    metric_add(&limited, 1);
    log_event(LOG_LEVEL_WARNING, "filter.limit", log_text("login", account->login),
              log_text("of", answer == SENDING_ACCOUNT_FULL ? "account" : "organisation"),
              log_i64("recipients", (int64_t)recipients));
    if (answer == SENDING_ACCOUNT_FULL)
        hold(filter, account, &sending);
    return no(reason_out, FILTER_RATE);
}
