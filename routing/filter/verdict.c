/* verdict.c -- from what was found out to what is done: first what counts for all, then each organisation's share. */
#include "filter/work.h"

#include "filter/access.h"
#include "filter/milter.h"
#include "filter/rule.h"

#include <math.h>
#include <stdio.h>
#include <talloc.h>

static void end(struct filter_verdict *v, enum filter_action action, enum filter_reason reason,
                const char *text, const char *detail)
{
    v->action = action;
    v->reason = reason;
    v->text = text;
    v->detail = detail ? detail : "";
}

/* Is there an organisation among the recipients (or the sender's own) with this wish? */
static bool any(const struct work *w, size_t offset, int64_t wish)
{
    const int64_t *organisations = w->in->organisations;
    size_t count = w->in->organisation_count;
    int64_t value;

    if (count == 0) {
        organisations = &w->in->own_organisation;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&value, (const char *)book_settings(w->book, organisations[i], 0) + offset, sizeof value);
        if (value == wish)
            return true;
    }
    return false;
}

#define ANY(w, field, wish) any((w), offsetof(struct filter_settings, field), (wish))

/* One author field with one domain behind it: what is shown must be what was checked. */
static bool is_badly_authored(const struct work *w)
{
    return w->from_count > 1;
}

/* Has a sealer whom this organisation trusts seen DMARC pass? Then the failure here is the forwarder's doing. */
static bool trusts_chain(struct work *w, const struct filter_settings *s)
{
    const char *sealer;

    if (!w->has_arc || !*s->arc_trusted || w->dmarc.result != DMARC_FAIL)
        return false;
    sealer = arc_trusted_word(w->arena, &w->arc, s->arc_trusted, w->from_domain);
    if (sealer)
        w->arc_sealer = sealer;
    return sealer != NULL;
}

/* An organisation among the recipients that carries DMARC out; of a failure, one that believes no chain either. */
static bool enforces_dmarc(struct work *w)
{
    for (size_t i = 0; i < w->in->organisation_count; i++) {
        const struct filter_settings *s = book_settings(w->book, w->in->organisations[i], 0);

        if (s->dmarc == SENDER_CHECK_ENFORCE && !trusts_chain(w, s))
            return true;
    }
    return false;
}

/* A chain of somebody trusted that could not be checked for want of an answer of the DNS. */
static bool waits_for_chain(const struct work *w)
{
    for (size_t i = 0; w->has_arc && w->arc.result == ARC_TEMPERROR && i < w->in->organisation_count; i++)
        if (arc_is_sealed_by(&w->arc, book_settings(w->book, w->in->organisations[i], 0)->arc_trusted))
            return true;
    return false;
}

static bool is_refused_by_sender(struct work *w, struct filter_verdict *v)
{
    if (w->is_allowed)
        return false;
    if (w->has_spf && w->spf.result == SPF_FAIL && ANY(w, spf, SENDER_CHECK_ENFORCE)) {
        end(v, FILTER_REFUSE, FILTER_SPF_FAILED,
            w->spf.explanation ? talloc_asprintf(w->arena, "SPF: %s", w->spf.explanation) : NULL,
            w->spf.domain);
        return true;
    }
    if (!w->has_dmarc || !enforces_dmarc(w))
        return false;
    if (w->dmarc.result == DMARC_FAIL && w->dmarc.policy == DMARC_POLICY_REJECT && !w->dmarc.is_sampled) {
        if (waits_for_chain(w)) {
            end(v, FILTER_LATER, FILTER_DNS_DOWN, NULL, w->from_domain);
            return true;
        }
        end(v, FILTER_REFUSE, FILTER_DMARC_FAILED, NULL, w->from_domain);
        return true;
    }
    if (w->dmarc.result == DMARC_TEMPERROR && w->dmarc.policy == DMARC_POLICY_REJECT) {
        end(v, FILTER_LATER, FILTER_DNS_DOWN, NULL, w->from_domain); /* cannot tell: neither yes nor no */
        return true;
    }
    return false;
}

/* What counts for all recipients. */
static bool is_decided(struct work *w, struct filter_verdict *v)
{
    if (w->in->origin == FILTER_FROM_OUTSIDE && !net_is_loopback(w->in->peer) && is_badly_authored(w)) {
        end(v, FILTER_REFUSE, FILTER_TOO_MANY_FROM, NULL, "");
        return true;
    }
    if (w->virus && ANY(w, on_infected, ON_INFECTED_REFUSE)) {
        end(v, FILTER_REFUSE, FILTER_INFECTED,
            talloc_asprintf(w->arena, "This message is infected: %s", w->virus), w->virus);
        return true;
    }
    if (is_refused_by_sender(w, v))
        return true;
    if (w->has_rule_trouble) {
        end(v, FILTER_LATER, FILTER_SCANNER_DOWN, NULL, "directory");
        return true;
    }
    if (w->refusing_rule) {
        end(v, FILTER_REFUSE, FILTER_RULE, w->refusing_rule->refuse, w->refusing_rule->name);
        return true;
    }
    if (w->has_scanner_trouble && ANY(w, on_scanner_failure, ON_FAILURE_DEFER)) {
        end(v, FILTER_LATER, FILTER_SCANNER_DOWN, NULL, w->trouble);
        return true;
    }
    if (w->milter_action >= MILTER_LATER) {
        end(v, w->milter_action == MILTER_LATER ? FILTER_LATER : FILTER_REFUSE,
            w->milter_action == MILTER_LATER ? FILTER_SCANNER_DEFERS : FILTER_MILTER, w->milter_text,
            w->milter_text);
        return true;
    }
    if (w->is_scanned_for_spam &&
        (w->spam.action == RSPAMD_SOFT_REJECT || w->spam.action == RSPAMD_GREYLIST)) {
        end(v, FILTER_LATER, FILTER_SCANNER_DEFERS, NULL, w->spam.symbols);
        return true;
    }
    return false;
}

/* ---- spam, by organisation */

enum spam_level { NOT_SPAM, IS_JUNK, IS_REJECTED };

/* A threshold of ours stands in the place of the scanner's word for that level. */
static enum spam_level spam_level(const struct work *w, const struct filter_settings *s)
{
    double tenths = w->spam.score * 10;

    if (!w->is_scanned_for_spam)
        return NOT_SPAM;
    if (s->refuse_score ? tenths >= (double)s->refuse_score : w->spam.action == RSPAMD_REJECT)
        return IS_REJECTED;
    if (s->junk_score ? tenths >= (double)s->junk_score : w->spam.action >= RSPAMD_JUNK)
        return IS_JUNK;
    return NOT_SPAM;
}

static enum filter_action spam_action(const struct work *w, const struct filter_settings *s)
{
    static const enum filter_action on_spam[] = {
        [ON_SPAM_REFUSE] = FILTER_REFUSE,
        [ON_SPAM_QUARANTINE] = FILTER_QUARANTINE,
        [ON_SPAM_JUNK] = FILTER_JUNK,
    };
    static const enum filter_action on_junk[] = {
        [ON_JUNK_FILE] = FILTER_JUNK, [ON_JUNK_TAG] = FILTER_ACCEPT
    };
    enum spam_level level = spam_level(w, s);

    return level == IS_REJECTED ? on_spam[s->on_spam]
           : level == IS_JUNK   ? on_junk[s->on_junk]
                                : FILTER_ACCEPT;
}

static bool is_quarantined_by_dmarc(struct work *w, const struct filter_settings *s)
{
    if (!w->has_dmarc || w->is_allowed || w->dmarc.result != DMARC_FAIL || s->dmarc != SENDER_CHECK_ENFORCE)
        return false;
    if (trusts_chain(w, s))
        return false;
    return w->dmarc.policy == DMARC_POLICY_REJECT ||
           (w->dmarc.policy == DMARC_POLICY_QUARANTINE && !w->dmarc.is_sampled);
}

/* An organisation's own allow list keeps its mail out of Junk; it does not open the door for a virus. */
static bool is_allowed_by(const struct work *w, int64_t organisation_id)
{
    return w->sender_key && organisation_id &&
           (access_of_peer(w->book, organisation_id, w->in->peer) == ACCESS_SAYS_ALLOW ||
            access_of_sender(w->book, organisation_id, w->sender_key) == ACCESS_SAYS_ALLOW);
}

static enum filter_action share_of(struct work *w, int64_t organisation_id, enum filter_reason *reason_out)
{
    const struct filter_settings *s = book_settings(w->book, organisation_id, 0);
    enum filter_action action;

    *reason_out = FILTER_INFECTED;
    if (w->virus)
        return FILTER_QUARANTINE;
    *reason_out = FILTER_MILTER;
    if (w->milter_action == MILTER_QUARANTINE)
        return FILTER_QUARANTINE;
    *reason_out = FILTER_ALLOWED;
    if (is_allowed_by(w, organisation_id))
        return FILTER_ACCEPT;
    *reason_out = FILTER_SPAM;
    action = spam_action(w, s);
    if (action == FILTER_ACCEPT && is_quarantined_by_dmarc(w, s)) {
        *reason_out = FILTER_DMARC_FAILED;
        return FILTER_JUNK;
    }
    if (action == FILTER_ACCEPT && spam_level(w, s) == NOT_SPAM)
        *reason_out = w->is_allowed ? FILTER_ALLOWED : FILTER_CLEAN;
    return action;
}

static const char *spam_detail(const struct work *w)
{
    if (!w->is_scanned_for_spam)
        return "";
    return talloc_asprintf(w->arena, "%.1f %s", w->spam.score, w->spam.symbols);
}

/* One organisation's mark is in the header that all get. */
static bool is_tagged(const struct filter_verdict *v)
{
    return v->action == FILTER_ACCEPT && v->reason == FILTER_SPAM;
}

/* Refused where all would refuse; otherwise a refusal becomes Junk for its organisation. */
static void share_out(struct work *w, struct filter_verdict *v)
{
    size_t count = w->in->organisation_count, refusing = 0;

    v->shares = talloc_zero_array(w->arena, struct filter_share, (unsigned)count);
    v->share_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct filter_settings *s = book_settings(w->book, w->in->organisations[i], 0);
        enum filter_reason reason;
        enum filter_action action = share_of(w, w->in->organisations[i], &reason);

        if (w->rule_actions && w->rule_actions[i] > action) {
            action = w->rule_actions[i];
            reason = FILTER_RULE;
        }
        v->shares[i] = (struct filter_share){ .organisation_id = w->in->organisations[i],
                                              .action = action,
                                              .keep_s = s->quarantine_keep_s,
                                              .asks_owner = reason == FILTER_SPAM && s->learns };
        refusing += action == FILTER_REFUSE;
        if (action > v->action || (action == v->action && !is_tagged(v))) {
            v->action = action;
            v->reason = reason;
        }
    }
    v->detail = w->virus                           ? w->virus
                : v->reason == FILTER_RULE         ? w->marking_rule
                : v->reason == FILTER_DMARC_FAILED ? w->from_domain
                                                   : spam_detail(w);
    if (refusing == 0 || refusing == count)
        return;
    v->action = FILTER_JUNK;
    for (size_t i = 0; i < count; i++)
        if (v->shares[i].action == FILTER_REFUSE)
            v->shares[i].action = FILTER_JUNK;
}

/* Mail that only leaves: its sender's organisation decides. */
static void decide_leaving(struct work *w, struct filter_verdict *v)
{
    enum filter_reason reason;
    enum filter_action action = share_of(w, w->in->own_organisation, &reason);

    if (action == FILTER_ACCEPT)
        return;
    end(v, FILTER_REFUSE, reason, NULL, w->virus ? w->virus : spam_detail(w));
}

void work_decide(struct work *w, struct filter_verdict *v)
{
    v->copies = w->copies;
    v->copy_count = w->copy_count;
    v->score = w->is_scanned_for_spam && isfinite(w->spam.score) ? w->spam.score : 0;
    if (is_decided(w, v))
        return;
    if (w->in->organisation_count == 0)
        decide_leaving(w, v);
    else
        share_out(w, v);
}
