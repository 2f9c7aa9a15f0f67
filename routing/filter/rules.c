/* rules.c -- the transport rules of the organisations among the recipients, and of the sender's own. */
#include "filter/work.h"

#include "base/log.h"
#include "base/metrics.h"
#include "filter/rule.h"
#include "format/header.h"

#include <strings.h>
#include <talloc.h>

METRIC_COUNTER(applied, "chappe_filter_rules_total", "Transport rules that applied to a message")

/* A rule of an organisation holds for what its users send, and for what comes to them. */
static bool concerns(const struct work *w, const struct rule *rule)
{
    if (w->in->own_organisation == rule->organisation_id)
        return true;
    for (size_t i = 0; i < w->in->organisation_count; i++)
        if (w->in->organisations[i] == rule->organisation_id)
            return true;
    return false;
}

static void add_copy(struct work *w, const char *address, enum filter_copy_kind kind, int64_t organisation_id)
{
    if (w->copy_count == 0)
        w->copies = talloc_zero_array(w->arena, struct filter_copy, RULE_COPIES_MAX);
    if (w->copy_count < RULE_COPIES_MAX)
        w->copies[w->copy_count++] = (struct filter_copy){ .address = talloc_strdup(w->arena, address),
                                                           .kind = kind,
                                                           .organisation_id = organisation_id };
}

static void mark(struct work *w, const struct rule *rule, enum filter_action action)
{
    w->marking_rule = talloc_strdup(w->arena, rule->name);
    if (!w->rule_actions)
        w->rule_actions =
            talloc_zero_array(w->arena, enum filter_action, (unsigned)w->in->organisation_count + 1);
    for (size_t i = 0; i < w->in->organisation_count; i++)
        if (w->in->organisations[i] == rule->organisation_id && action > w->rule_actions[i])
            w->rule_actions[i] = action;
}

/* "Name: value" as one line of the header. */
static void add_line(struct buf *out, const char *line)
{
    struct span value = span_text(line), name;

    if (span_take_until(&value, ':', &name))
        header_add(out, span_copy(out->owner, name), span_copy(out->owner, span_trim(value)));
}

static void edit_header(struct work *w, const struct rule *rule)
{
    struct buf out = BUF_INIT(w->arena);
    struct span left = w->header;
    struct header_field field;
    bool has_subject = false;

    if (rule->add_header)
        add_line(&out, rule->add_header);
    while (header_next(&left, &field)) {
        if (rule->remove_header && span_equals_nocase(field.name, rule->remove_header))
            continue;
        if (rule->prepend && !has_subject && span_equals_nocase(field.name, "Subject")) {
            has_subject = true;
            header_add(
                &out, "Subject",
                talloc_asprintf(w->arena, "%s %s", rule->prepend, header_decode(w->arena, field.value)));
            continue;
        }
        buf_add_span(&out, field.whole);
    }
    if (rule->prepend && !has_subject)
        header_add(&out, "Subject", rule->prepend);
    buf_add_text(&out, "\r\n");
    w->header = buf_span(&out);
    w->is_edited = true;
}

/* The header as edited so far, with the body, as one message; then taken apart again. */
static void add_disclaimer(struct work *w, const char *words)
{
    struct buf whole = BUF_INIT(w->arena);
    struct span changed;

    buf_add_span(&whole, w->header);
    buf_add_span(&whole, w->body);
    if (!rule_add_disclaimer(w->arena, buf_span(&whole), words, &changed))
        return;
    w->header = span_of(changed.p, header_block_length(changed));
    w->body = (struct span){ w->header.end, changed.end };
    w->is_edited = w->is_body_edited = true;
}

static void apply(struct work *w, const struct rule *rule)
{
    metric_add(&applied, 1);
    log_event(LOG_LEVEL_INFO, "filter.rule", log_text("id", w->in->id), log_text("rule", rule->name),
              log_i64("organisation", rule->organisation_id),
              log_text("action", rule->refuse ? "refuse" : "apply"));
    if (rule->refuse) {
        w->refusing_rule = rule;
        return;
    }
    if (rule->prepend || rule->add_header || rule->remove_header)
        edit_header(w, rule);
    if (rule->disclaimer)
        add_disclaimer(w, rule->disclaimer);
    if (rule->copy)
        add_copy(w, rule->copy, FILTER_COPY, rule->organisation_id);
    if (rule->journal)
        add_copy(w, rule->journal, FILTER_JOURNAL, rule->organisation_id);
    if (rule->redirect)
        add_copy(w, rule->redirect, FILTER_REDIRECT, rule->organisation_id);
    if (rule->moderate && !(w->in->login && strcasecmp(w->in->login, rule->moderate) == 0)) {
        add_copy(w, rule->moderate, FILTER_MODERATE, rule->organisation_id);
        if (w->copy_count > 0)
            w->copies[w->copy_count - 1].rule = talloc_strdup(w->arena, rule->name);
    }
    if (rule->junk)
        mark(w, rule, FILTER_JUNK);
    if (rule->quarantine)
        mark(w, rule, FILTER_QUARANTINE);
}

void work_apply_rules(struct work *w)
{
    const struct rule_book *rules = w->book->rules;
    struct rule_message message = {
        .sender = w->in->sender,
        .recipients = w->in->recipients,
        .recipient_count = w->in->recipient_count,
        .is_outgoing = w->in->origin == FILTER_FROM_USER,
        .directory = w->filter->options.directory,
        .is_sure = w->in->login != NULL,
        .message = w->in->message,
    };

    for (size_t i = 0; i < rules->count && !w->refusing_rule && !w->has_rule_trouble; i++) {
        struct err err = ERR_INIT;
        bool matches;

        if (!concerns(w, &rules->rules[i]))
            continue;
        w->has_rule_trouble = !rule_matches(&rules->rules[i], w->arena, &message, &matches, &err);
        if (w->has_rule_trouble)
            log_err(LOG_LEVEL_WARNING, "filter.rule", &err);
        else if (matches)
            apply(w, &rules->rules[i]);
    }
}
