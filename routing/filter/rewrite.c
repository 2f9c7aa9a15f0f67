/* rewrite.c -- the lines that we put above a message, and those that others put there in our name. */
#include "filter/work.h"

#include "base/clock.h"
#include "format/header.h"

/* What only we may say of mail from outside. */
static const char *const ours[] = { "X-Virus-Scanned", "X-Virus-Status", "X-Spam-Flag", "X-Spam-Status",
                                    "X-Spam-Score",    "X-Spam-Level",   "X-Spam",      "X-Spam-Result" };

static bool is_forged(const struct work *w, const struct header_field *field)
{
    if (w->in->origin == FILTER_FROM_NEIGHBOUR)
        return false;
    if (span_equals_nocase(field->name, "Authentication-Results"))
        return auth_results_is_of(field->value, w->filter->options.host_name);
    if (w->in->origin == FILTER_FROM_USER)
        return false;
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (span_equals_nocase(field->name, ours[i]))
            return true;
    return false;
}

static void add_results(struct work *w)
{
    struct auth_results results = {
        .authserv_id = w->filter->options.host_name,
        .spf = w->has_spf ? &w->spf : NULL,
        .sender = w->in->sender,
        .is_dkim_checked = w->has_dkim,
        .signatures = w->signatures,
        .signature_count = w->signature_count,
        .dmarc = w->has_dmarc ? &w->dmarc : NULL,
        .from_domain = w->from_domain,
        .arc = w->has_arc ? &w->arc : NULL,
        .arc_sealer = w->arc_sealer,
    };

    if (w->has_spf || w->has_dkim || w->has_arc || w->has_dmarc)
        auth_results_add(&w->added, &results);
}

static void add_scans(struct work *w, const struct filter_verdict *v)
{
    const char *host = w->filter->options.host_name;
    bool is_spam = v->reason == FILTER_SPAM;

    if (w->is_scanned_for_viruses)
        buf_add_format(&w->added, "X-Virus-Scanned: ClamAV at %s\r\nX-Virus-Status: %s%s\r\n", host,
                       w->virus ? "Infected " : "Clean", w->virus ? w->virus : "");
    if (!w->is_scanned_for_spam)
        return;
    if (is_spam)
        buf_add_text(&w->added, "X-Spam-Flag: YES\r\n");
    buf_add_format(&w->added, "X-Spam-Status: %s, score=%.1f", is_spam ? "Yes" : "No", w->spam.score);
    if (w->spam.required > 0)
        buf_add_format(&w->added, " required=%.1f", w->spam.required);
    buf_add_text(&w->added, "\r\n");
}

static bool is_unsigned(const struct work *w)
{
    return w->in->origin == FILTER_FROM_USER && w->from_domain &&
           header_count(w->header, "DKIM-Signature") == 0;
}

/* What is signed is what leaves: with the edits of rules. */
static struct span signed_message(struct work *w)
{
    struct buf whole = BUF_INIT(w->arena);

    if (!w->is_edited)
        return w->in->message;
    buf_add_span(&whole, w->header);
    buf_add_span(&whole, w->body);
    return buf_span(&whole);
}

bool work_rewrite(struct work *w, struct filter_verdict *v, struct err *err)
{
    bool drops = false;
    struct span left = w->header;
    struct header_field field;
    size_t before = w->added.length;

    add_results(w);
    add_scans(w, v);
    if (is_unsigned(w) && !dkim_add_signatures(w->book->keys, w->from_domain, clock_now_us(),
                                               signed_message(w), &w->added, err))
        return false;
    while (!drops && header_next(&left, &field))
        drops = is_forged(w, &field);
    if (w->is_body_edited)
        v->body = w->body;
    if (!drops && w->added.length == before && !w->is_edited)
        return true; /* nothing to write */
    left = w->header;
    if (!drops) {
        buf_add_span(&w->added, w->header);
    } else {
        while (header_next(&left, &field))
            if (!is_forged(w, &field))
                buf_add_span(&w->added, field.whole);
        buf_add_text(&w->added, "\r\n");
    }
    v->header = buf_span(&w->added);
    return true;
}
