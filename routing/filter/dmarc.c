/* dmarc.c -- records, alignment, and the answer. */
#include "filter/dmarc.h"

#include "base/digest.h"
#include "dns/dns.h"
#include "filter/tags.h"

#include <libpsl.h>
#include <strings.h>
#include <talloc.h>

enum { RECORD_MAX = 4096 };

static const char *const policies[DMARC_POLICIES] = { "none", "quarantine", "reject" };
static const char *const results[DMARC_RESULTS] = { "none", "pass", "fail", "temperror", "permerror" };

const char *dmarc_policy_name(enum dmarc_policy policy)
{
    return policies[policy];
}

const char *dmarc_result_name(enum dmarc_result result)
{
    return results[result];
}

/* ---- the record */

static bool read_policy(struct span value, enum dmarc_policy *policy_out)
{
    for (int i = 0; i < DMARC_POLICIES; i++)
        if (span_equals_nocase(value, policies[i])) {
            *policy_out = (enum dmarc_policy)i;
            return true;
        }
    return false;
}

bool dmarc_record_parse(struct span text, struct dmarc_record *record_out)
{
    struct dmarc_record r = { .percent = 100 };
    bool has_policy = false, has_subdomain = false, has_reports = false;
    struct span name, value;
    uint32_t percent;

    if (span_length(text) > RECORD_MAX || !tags_next(&text, &name, &value) || !span_equals_text(name, "v") ||
        !span_equals_text(span_trim(value), "DMARC1"))
        return false;
    while (tags_next(&text, &name, &value)) {
        value = span_trim(value);
        if (span_equals_nocase(name, "p"))
            has_policy = read_policy(value, &r.policy);
        else if (span_equals_nocase(name, "sp"))
            has_subdomain = read_policy(value, &r.subdomain_policy);
        else if (span_equals_nocase(name, "adkim"))
            r.is_strict_dkim = span_equals_nocase(value, "s");
        else if (span_equals_nocase(name, "aspf"))
            r.is_strict_spf = span_equals_nocase(value, "s");
        else if (span_equals_nocase(name, "rua"))
            has_reports = !span_is_empty(value);
        else if (span_equals_nocase(name, "pct") && span_take_u32(&value, &percent) && span_is_empty(value) &&
                 percent <= 100)
            r.percent = percent;
    }
    if (!has_subdomain)
        r.subdomain_policy = r.policy;
    r.has_reports = has_reports;
    *record_out = r;
    return has_policy || has_reports;
}

/* ---- alignment */

const char *dmarc_organisational_domain(const char *domain)
{
    const psl_ctx_t *list = psl_builtin(); /* libpsl's own copy of the list, updated with the package */
    const char *found = list ? psl_registrable_domain(list, domain) : NULL;

    return found ? found : domain;
}

bool dmarc_is_aligned(const char *domain, const char *from_domain, bool is_strict)
{
    if (strcasecmp(domain, from_domain) == 0)
        return true;
    return !is_strict &&
           strcasecmp(dmarc_organisational_domain(domain), dmarc_organisational_domain(from_domain)) == 0;
}

static bool spf_passes(const struct dmarc_question *q, const struct dmarc_record *record)
{
    return q->spf && q->spf->result == SPF_PASS &&
           dmarc_is_aligned(q->spf->domain, q->from_domain, record->is_strict_spf);
}

static bool dkim_passes(const struct dmarc_question *q, const struct dmarc_record *record)
{
    for (size_t i = 0; i < q->signature_count; i++)
        if (q->signatures[i].result == DKIM_PASS &&
            dmarc_is_aligned(q->signatures[i].domain, q->from_domain, record->is_strict_dkim))
            return true;
    return false;
}

/* Something that did not answer could yet have passed. */
static bool is_undecided(const struct dmarc_question *q, const struct dmarc_record *record)
{
    if (q->spf && q->spf->result == SPF_TEMPERROR &&
        dmarc_is_aligned(q->spf->domain, q->from_domain, record->is_strict_spf))
        return true;
    for (size_t i = 0; i < q->signature_count; i++)
        if (q->signatures[i].result == DKIM_TEMPERROR &&
            dmarc_is_aligned(q->signatures[i].domain, q->from_domain, record->is_strict_dkim))
            return true;
    return false;
}

/* ---- asking */

/* DMARC_PASS: there is one; DMARC_NONE: none, or several. */
static enum dmarc_result find_record(struct dns *dns, void *arena, const char *domain, int64_t deadline_us,
                                     struct dmarc_record *record_out)
{
    char *name = talloc_asprintf(arena, "_dmarc.%s", domain);
    struct dns_answer answer;
    size_t found = 0;

    if (strlen(name) > DNS_NAME_MAX)
        return DMARC_NONE;
    dns_ask(dns, arena, name, DNS_TXT, deadline_us, &answer);
    if (answer.status == DNS_TEMPORARY || answer.status == DNS_BOGUS)
        return DMARC_TEMPERROR;
    for (size_t i = 0; i < answer.count; i++) {
        struct dmarc_record record;

        if (dmarc_record_parse(answer.records[i].text, &record) && found++ == 0)
            *record_out = record;
    }
    return found == 1 ? DMARC_PASS : DMARC_NONE;
}

static void decide(const struct dmarc_question *q, const struct dmarc_record *record, bool is_subdomain,
                   struct dmarc_answer *out)
{
    uint8_t dice;

    out->policy = is_subdomain ? record->subdomain_policy : record->policy;
    out->is_spf_aligned = spf_passes(q, record);
    out->is_dkim_aligned = dkim_passes(q, record);
    out->result = out->is_spf_aligned || out->is_dkim_aligned ? DMARC_PASS
                  : is_undecided(q, record)                   ? DMARC_TEMPERROR
                                                              : DMARC_FAIL;
    random_bytes(&dice, 1);
    out->is_sampled = out->result == DMARC_FAIL && dice * 100u / 256u >= record->percent;
}

void dmarc_check(struct dns *dns, const void *owner, const struct dmarc_question *q,
                 struct dmarc_answer *answer_out)
{
    void *arena = talloc_new(owner);
    const char *above = dmarc_organisational_domain(q->from_domain);
    struct dmarc_record record = { .percent = 100 };
    bool is_subdomain = false;

    *answer_out = (struct dmarc_answer){ .result = DMARC_NONE };
    answer_out->result = find_record(dns, arena, q->from_domain, q->deadline_us, &record);
    if (answer_out->result == DMARC_NONE && strcmp(above, q->from_domain) != 0) {
        is_subdomain = true;
        answer_out->result = find_record(dns, arena, above, q->deadline_us, &record);
    }
    if (answer_out->result == DMARC_PASS) {
        answer_out->domain = is_subdomain ? above : q->from_domain;
        answer_out->record = record;
        decide(q, &record, is_subdomain, answer_out);
    }
    talloc_free(arena);
}
