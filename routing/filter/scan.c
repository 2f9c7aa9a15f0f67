/* scan.c -- the scanners, one after the other within one deadline. */
#include "filter/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "filter/clamd.h"
#include "filter/milter.h"
#include "filter/spamd.h"
#include "format/header.h"

#include <stdio.h>
#include <talloc.h>

static const char *const scanner_names[SCANNERS] = { "clamd", "rspamd", "spamd", "milter" };
static const char *const outcomes[] = { "clean", "found", "trouble" };
enum outcome { CLEAN, FOUND, TROUBLE };

METRIC_COUNTER_BY2(scanned, "chappe_filter_scans_total", "Messages shown to a scanner", "scanner",
                   scanner_names, "outcome", outcomes)
METRIC_HISTOGRAM_BY(scan_time, "chappe_filter_scan_seconds", "One scan", "scanner", scanner_names)

/* False: it has not looked at the message. */
typedef bool ask_scanner(struct work *w, const char *where, enum outcome *outcome_out, struct err *err);

static bool ask_clamd(struct work *w, const char *where, enum outcome *outcome_out, struct err *err)
{
    if (!clamd_scan(w->arena, w->filter->options.dns, where, w->in->message, w->deadline_us, &w->virus, err))
        return false;
    w->is_scanned_for_viruses = true;
    *outcome_out = w->virus ? FOUND : CLEAN;
    return true;
}

/* The worse of two answers counts. */
static void take_answer(struct work *w, const struct rspamd_answer *answer, enum outcome *outcome_out)
{
    if (!w->is_scanned_for_spam || answer->action > w->spam.action ||
        (answer->action == w->spam.action && answer->score > w->spam.score))
        w->spam = *answer;
    w->is_scanned_for_spam = true;
    *outcome_out = answer->action == RSPAMD_NONE ? CLEAN : FOUND;
}

static bool ask_rspamd(struct work *w, const char *where, enum outcome *outcome_out, struct err *err)
{
    struct rspamd_question question = {
        .message = w->in->message,
        .peer = w->in->peer->is_local ? NULL : w->in->peer_text,
        .helo = w->in->helo,
        .sender = w->in->sender,
        .user = w->in->login,
        .queue_id = w->in->id,
        .host_name = w->filter->options.host_name,
        .recipients = w->in->recipients,
        .recipient_count = w->in->recipient_count,
    };
    struct rspamd_answer answer;

    if (!rspamd_check(w->arena, w->filter->options.dns, where, &question, w->deadline_us, &answer, err))
        return false;
    take_answer(w, &answer, outcome_out);
    return true;
}

static bool ask_spamd(struct work *w, const char *where, enum outcome *outcome_out, struct err *err)
{
    struct rspamd_answer answer;
    const char *user = w->in->recipient_count == 1 ? w->in->recipients[0] : NULL;

    if (!spamd_check(w->arena, w->filter->options.dns, where, user, w->in->trace, w->in->message,
                     w->deadline_us, &answer, err))
        return false;
    take_answer(w, &answer, outcome_out);
    return true;
}

/* ---- milters */

static void add_field(struct buf *out, const char *name, const char *value)
{
    buf_add_format(out, "%s: ", name);
    for (; *value; value++) { /* folded with LF; anything that would begin another field is a space */
        bool folds = *value == '\n' && (value[1] == ' ' || value[1] == '\t');

        if (folds)
            buf_add_text(out, "\r\n");
        else if (*value != '\r')
            buf_add_byte(out, *value == '\n' ? ' ' : *value);
    }
    buf_add_text(out, "\r\n");
}

static const struct milter_edit *edit_of(const struct milter_answer *answer, struct span name, uint32_t index)
{
    for (size_t i = answer->edit_count; i-- > 0;)
        if (answer->edits[i].index == index && span_equals_nocase(name, answer->edits[i].name))
            return &answer->edits[i];
    return NULL;
}

static uint32_t number_of(struct span header, const struct header_field *wanted)
{
    struct header_field field;
    uint32_t number = 0;

    while (header_next(&header, &field)) {
        char name[128];

        snprintf(name, sizeof name, "%.*s", (int)span_length(wanted->name), wanted->name.p);
        number += span_equals_nocase(field.name, name);
        if (field.whole.p == wanted->whole.p)
            break;
    }
    return number;
}

/* New fields at the top, changed ones in their place. */
static void edit_header(struct work *w, const struct milter_answer *answer)
{
    struct buf out = BUF_INIT(w->arena);
    struct span left = w->header;
    struct header_field field;

    if (answer->edit_count == 0)
        return;
    for (size_t i = 0; i < answer->edit_count; i++)
        if (answer->edits[i].index == 0)
            add_field(&out, answer->edits[i].name, answer->edits[i].value);
    while (header_next(&left, &field)) {
        const struct milter_edit *edit = edit_of(answer, field.name, number_of(w->header, &field));

        if (!edit)
            buf_add_span(&out, field.whole);
        else if (edit->value)
            add_field(&out, edit->name, edit->value);
    }
    buf_add_text(&out, "\r\n");
    w->header = buf_span(&out);
    w->is_edited = true;
}

static bool ask_milter(struct work *w, const char *where, enum outcome *outcome_out, struct err *err)
{
    struct milter_answer *answer = talloc_zero(w->arena, struct milter_answer);
    struct milter_question question = {
        .peer = w->in->peer,
        .peer_text = w->in->peer_text,
        .helo = w->in->helo,
        .host_name = w->filter->options.host_name,
        .login = w->in->login,
        .id = w->in->id,
        .sender = w->in->sender,
        .recipients = w->in->recipients,
        .recipient_count = w->in->recipient_count,
        .message = w->in->message,
    };

    if (!milter_check(w->arena, w->filter->options.dns, where, &question, w->deadline_us, answer, err))
        return false;
    edit_header(w, answer);
    if (answer->action > w->milter_action) {
        w->milter_action = answer->action;
        w->milter_text = answer->text;
    }
    *outcome_out = answer->action == MILTER_ACCEPT ? CLEAN : FOUND;
    return true;
}

static void ask(struct work *w, enum scanner scanner, const char *where, ask_scanner *function)
{
    struct breaker *breaker = &w->filter->breakers[scanner];
    int64_t began_us = clock_monotonic_us();
    enum outcome outcome = TROUBLE;
    struct err err = ERR_INIT;
    bool done = false;

    if (!*where)
        return;
    if (breaker_enter(breaker, scanner_names[scanner], w->deadline_us, &err)) {
        done = function(w, where, &outcome, &err);
        breaker_leave(breaker, done);
        metric_observe_us(&scan_time, scanner, clock_monotonic_us() - began_us);
    }
    metric_add_at(&scanned, 1, scanner, done ? outcome : TROUBLE);
    if (done)
        return;
    w->has_scanner_trouble = true;
    w->trouble = scanner_names[scanner];
    log_event(LOG_LEVEL_WARNING, "filter.scanner", log_text("id", w->in->id),
              log_text("scanner", scanner_names[scanner]), log_text("reason", err_kind_name(err.kind)),
              log_text("cause", err.log));
}

static bool is_judged_for_spam(const struct work *w)
{
    if (w->is_allowed)
        return false;
    return w->in->origin != FILTER_FROM_USER || book_settings(w->book, w->in->own_organisation, 0)->scans_own;
}

static void ask_milters(struct work *w, const char *list)
{
    struct span left = span_text(list), word;

    while (filter_next_word(&left, &word) && w->milter_action < MILTER_LATER)
        ask(w, SCANNER_MILTER, span_copy(w->arena, word), ask_milter);
}

void work_scan(struct work *w)
{
    const struct filter_settings *s = &w->book->installation;

    ask(w, SCANNER_CLAMD, s->clamd, ask_clamd);
    if (w->virus || !is_judged_for_spam(w))
        return;
    ask(w, SCANNER_RSPAMD, s->rspamd, ask_rspamd);
    ask(w, SCANNER_SPAMD, s->spamd, ask_spamd);
    ask_milters(w, s->milters);
}
