/* filter.c -- opening, and the one way of a message through all judges. */
#include "filter/filter.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "filter/tally.h"
#include "filter/work.h"
#include "format/header.h"

#include <talloc.h>

enum { BOOK_AGE_US = 1000000 };

static const char *const action_names[FILTER_ACTIONS] = { "accept", "junk", "quarantine", "later", "refuse" };
static const char *const reason_names[] = {
#define X(id, name) [id] = name,
    FILTER_REASONS(X)
#undef X
};

METRIC_COUNTER_BY2(decided, "chappe_filter_messages_total", "Messages judged", "action", action_names,
                   "reason", reason_names)
METRIC_HISTOGRAM(judging_time, "chappe_filter_message_seconds", "Judging one message, all scanners included")

const char *filter_action_name(enum filter_action action)
{
    return action_names[action];
}

const char *filter_reason_name(enum filter_reason reason)
{
    return reason_names[reason];
}

bool filter_open(const void *owner, const struct filter_options *options, struct filter **filter_out,
                 struct err *err)
{
    struct filter *filter = talloc_zero(owner, struct filter);

    filter->options = *options;
    shelf_open(&filter->shelf, options->directory);
    for (int i = 0; i < SCANNERS; i++)
        breaker_init(&filter->breakers[i]);
    filter->dkim = dkim_lib_open(filter);
    *filter_out = filter;
    if (!options->dns || options->is_dry)
        return true;
    return tally_open(filter, options->directory, &filter->tally, err);
}

void filter_close(struct filter **filter)
{
    if (!*filter)
        return;
    for (int i = 0; i < SCANNERS; i++)
        breaker_end(&(*filter)->breakers[i]);
    tally_close(&(*filter)->tally);
    shelf_close(&(*filter)->shelf);
    TALLOC_FREE(*filter);
}

static void note(const struct work *w, const struct filter_verdict *v, int64_t began_us)
{
    int64_t took_us = clock_monotonic_us() - began_us;

    metric_add_at(&decided, 1, v->action, v->reason);
    metric_observe_us(&judging_time, 0, took_us);
    log_event(LOG_LEVEL_INFO, "filter.message", log_text("id", w->in->id), log_text("peer", w->in->peer_text),
              log_text("from", w->in->sender), log_text("action", action_names[v->action]),
              log_text("reason", reason_names[v->reason]), log_text("detail", v->detail),
              log_text("spf", w->has_spf ? spf_result_name(w->spf.result) : "-"),
              log_i64("signatures", (int64_t)w->signature_count),
              log_text("dmarc", w->has_dmarc ? dmarc_result_name(w->dmarc.result) : "-"),
              log_text("arc", w->has_arc ? arc_result_name(w->arc.result) : "-"),
              log_text("sealer", w->arc_sealer ? w->arc_sealer : ""),
              log_text("author", w->from_domain ? w->from_domain : ""), log_i64("us", took_us));
}

static void later(struct filter_verdict *v, enum filter_reason reason, const char *detail)
{
    v->action = FILTER_LATER;
    v->reason = reason;
    v->detail = detail;
}

/* What a domain that asks for reports will hear of this message. */
static void tell_domain(const struct work *w, const struct filter_verdict *v)
{
    bool is_refused = v->action == FILTER_REFUSE && v->reason == FILTER_DMARC_FAILED;
    bool is_junk = v->action == FILTER_JUNK && v->reason == FILTER_DMARC_FAILED;
    struct tally_row row = { .dmarc = &w->dmarc,
                             .spf = w->has_spf ? &w->spf : NULL,
                             .signatures = w->signatures,
                             .signature_count = w->signature_count,
                             .from_domain = w->from_domain,
                             .envelope_domain = w->in->sender_domain,
                             .peer = w->in->peer_text,
                             .disposition = is_refused ? "reject"
                                            : is_junk  ? "quarantine"
                                                       : "none" };

    if (!w->filter->tally || !w->book->installation.dmarc_reports || !w->has_dmarc || !w->dmarc.domain ||
        !w->dmarc.record.has_reports || w->dmarc.result == DMARC_TEMPERROR || v->action == FILTER_LATER)
        return;
    if (w->dmarc.result == DMARC_FAIL && w->dmarc.policy != DMARC_POLICY_NONE && !is_refused) {
        row.reason = w->arc_sealer                                           ? "trusted_forwarder"
                     : w->dmarc.is_sampled                                   ? "sampled_out"
                     : is_junk && w->dmarc.policy == DMARC_POLICY_QUARANTINE ? NULL
                                                                             : "local_policy";
        row.comment = w->arc_sealer;
    }
    tally_count(w->filter->tally, &row);
}

static void judge(struct work *w, struct filter_verdict *verdict)
{
    const struct filter_settings *settings = &w->book->installation;
    struct err err = ERR_INIT;

    w->deadline_us = clock_monotonic_us() + settings->scan_timeout_s * US_PER_S;
    w->header = span_of(w->in->message.p, header_block_length(w->in->message));
    w->body = (struct span){ w->header.end, w->in->message.end };
    work_check_sender(w);
    work_apply_rules(w);
    work_scan(w);
    work_decide(w, verdict);
    if (verdict->action <= FILTER_QUARANTINE && !work_rewrite(w, verdict, &err)) {
        log_err(LOG_LEVEL_ERROR, "filter.rewrite", &err);
        later(verdict, FILTER_SCANNER_DOWN, "signing");
    }
    if (w->filter->options.is_dry)
        return;
    tell_domain(w, verdict);
    if (w->in->origin == FILTER_FROM_USER && verdict->action <= FILTER_QUARANTINE)
        work_know_recipients(w);
}

void filter_message(struct filter *filter, const void *owner, const struct filter_input *input,
                    struct filter_verdict *verdict_out)
{
    struct work work = { .filter = filter, .in = input, .arena = talloc_new(owner) };
    int64_t began_us = clock_monotonic_us();
    struct book *book = book_take(&filter->shelf, BOOK_AGE_US);

    *verdict_out = (struct filter_verdict){ .action = FILTER_ACCEPT, .reason = FILTER_CLEAN, .detail = "" };
    work.book = book;
    work.added = BUF_INIT(work.arena);
    if (book)
        judge(&work, verdict_out);
    else
        later(verdict_out, FILTER_SCANNER_DOWN, "settings"); /* how it is to be judged is not known */
    note(&work, verdict_out, began_us);
    book_release(&filter->shelf, &book);
}
