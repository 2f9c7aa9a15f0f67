/* spf.c -- check_host() (RFC 7208, 4): terms from left to right until one matches. */
#include "filter/spf.h"

#include "dns/dns.h"

#include <ctype.h>
#include <talloc.h>

static const char *const names[SPF_RESULTS] = {
    [SPF_NONE] = "none",           [SPF_NEUTRAL] = "neutral",   [SPF_PASS] = "pass",
    [SPF_FAIL] = "fail",           [SPF_SOFTFAIL] = "softfail", [SPF_TEMPERROR] = "temperror",
    [SPF_PERMERROR] = "permerror",
};

const char *spf_result_name(enum spf_result result)
{
    return names[result];
}

/* One question, with what all its includes and redirects share. */
struct check {
    struct dns *dns;
    void *arena;
    const struct spf_question *q;
    const char *local, *sender_domain;
    unsigned terms, voids;
    const char *cause;
};

/* What a term says: SPF_NONE stands for "no match" beside the two errors and a match. */
enum match { NO_MATCH, MATCH, MATCH_TEMPERROR, MATCH_PERMERROR };

static enum match broken(struct check *c, const char *cause)
{
    c->cause = cause;
    return MATCH_PERMERROR;
}

/* False: the limits are passed, or the DNS is in trouble (*match_out). An answer without records is counted. */
static bool ask(struct check *c, const char *name, enum dns_type type, struct dns_answer *answer,
                enum match *match_out)
{
    dns_ask(c->dns, c->arena, name, type, c->q->deadline_us, answer);
    if (answer->status == DNS_TEMPORARY || answer->status == DNS_BOGUS) {
        c->cause = "the DNS did not answer";
        *match_out = MATCH_TEMPERROR;
        return false;
    }
    if (answer->status != DNS_FOUND && ++c->voids > SPF_VOID_MAX) {
        *match_out = broken(c, "more than two names without records");
        return false;
    }
    return true;
}

static bool peer_is_in(const struct check *c, const struct net_address *address, const struct spf_term *term)
{
    struct net_network network = { .bits = 0 };
    unsigned bits = net_is_ipv4(address) ? term->bits4 + 96u : term->bits6;

    network.bits = (uint8_t)bits;
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = bits >= (i + 1) * 8 ? 8 : bits > i * 8 ? bits - i * 8 : 0;
        network.bytes[i] = (uint8_t)(address->bytes[i] & (0xff00u >> kept));
    }
    return net_is_ipv4(address) == net_is_ipv4(c->q->peer) && net_network_contains(&network, c->q->peer);
}

static enum dns_type address_type(const struct check *c)
{
    return net_is_ipv4(c->q->peer) ? DNS_A : DNS_AAAA;
}

/* ---- names */

static const char *validated_name(struct check *c, const char *domain);

/* 7.3: too long a name loses labels on its left. */
static bool target_name(struct check *c, struct span spec, const char *domain, const char **name_out)
{
    struct buf out = BUF_INIT(c->arena);
    struct spf_macros macros = { .local = c->local,
                                 .sender_domain = c->sender_domain,
                                 .domain = domain,
                                 .helo = c->q->helo ? c->q->helo : "unknown",
                                 .host_name = c->q->host_name,
                                 .peer = c->q->peer };
    char *name;

    *name_out = domain;
    if (span_is_empty(spec))
        return true;
    if (spf_macro_uses(spec, 'p'))
        macros.validated = validated_name(c, domain);
    if (!spf_macro_expand(&out, spec, &macros))
        return false;
    name = buf_text(&out);
    while (strlen(name) > DNS_NAME_MAX && strchr(name, '.'))
        name = strchr(name, '.') + 1;
    *name_out = name;
    return true;
}

static bool is_below(const char *name, const char *domain)
{
    size_t a = strlen(name), b = strlen(domain);

    return a >= b && strcasecmp(name + a - b, domain) == 0 && (a == b || name[a - b - 1] == '.');
}

/* Does this name lead back to the peer? */
static bool leads_back(struct check *c, const char *name)
{
    struct dns_answer answer;

    dns_ask(c->dns, c->arena, name, address_type(c), c->q->deadline_us, &answer);
    for (size_t i = 0; i < answer.count; i++)
        if (net_address_equals(&answer.records[i].address, c->q->peer))
            return true;
    return false;
}

/* 5.5: the peer's names that lead back to it; the domain itself first, then one below it, then any. */
static const char *validated_name(struct check *c, const char *domain)
{
    struct dns_answer answer;
    const char *best = NULL;
    int rank = 0;

    dns_ask(c->dns, c->arena, dns_reverse_name(c->arena, c->q->peer), DNS_PTR, c->q->deadline_us, &answer);
    for (size_t i = 0; i < answer.count && i < SPF_NAMES_MAX; i++) {
        const char *name = answer.records[i].name;
        int its = strcasecmp(name, domain) == 0 ? 3 : is_below(name, domain) ? 2 : 1;

        if (its > rank && leads_back(c, name)) {
            best = name;
            rank = its;
        }
    }
    return best;
}

/* ---- mechanisms */

static enum spf_result check_host(struct check *c, const char *domain, const char **explain_out);

static enum match match_a(struct check *c, const struct spf_term *term, const char *name)
{
    struct dns_answer answer;
    enum match match = NO_MATCH;

    if (!ask(c, name, address_type(c), &answer, &match))
        return match;
    for (size_t i = 0; i < answer.count; i++)
        if (peer_is_in(c, &answer.records[i].address, term))
            return MATCH;
    return NO_MATCH;
}

static enum match match_mx(struct check *c, const struct spf_term *term, const char *name)
{
    struct dns_answer answer;
    enum match match = NO_MATCH;

    if (!ask(c, name, DNS_MX, &answer, &match))
        return match;
    if (answer.count > SPF_NAMES_MAX)
        return broken(c, "more than ten MX");
    for (size_t i = 0; i < answer.count; i++) {
        struct dns_answer hosts;

        dns_ask(c->dns, c->arena, answer.records[i].name, address_type(c), c->q->deadline_us, &hosts);
        if (hosts.status == DNS_TEMPORARY || hosts.status == DNS_BOGUS)
            return MATCH_TEMPERROR;
        for (size_t k = 0; k < hosts.count; k++)
            if (peer_is_in(c, &hosts.records[k].address, term))
                return MATCH;
    }
    return NO_MATCH;
}

static enum match match_ptr(struct check *c, const struct spf_term *term, const char *name)
{
    const char *validated = validated_name(c, name);

    (void)term;
    return validated && is_below(validated, name) ? MATCH : NO_MATCH;
}

static enum match match_exists(struct check *c, const struct spf_term *term, const char *name)
{
    struct dns_answer answer;
    enum match match = NO_MATCH;

    (void)term;
    if (!ask(c, name, DNS_A, &answer, &match)) /* A also for a peer by IPv6: 5.7 */
        return match;
    return answer.count > 0 ? MATCH : NO_MATCH;
}

static enum match match_include(struct check *c, const struct spf_term *term, const char *name)
{
    (void)term;
    switch (check_host(c, name, NULL)) {
    case SPF_PASS:
        return MATCH;
    case SPF_TEMPERROR:
        return MATCH_TEMPERROR;
    case SPF_NONE:
        return broken(c, "an included domain has no record");
    case SPF_PERMERROR:
        return MATCH_PERMERROR;
    default:
        return NO_MATCH;
    }
}

static enum match match_all(struct check *c, const struct spf_term *term, const char *name)
{
    (void)c, (void)term, (void)name;
    return MATCH;
}

static enum match match_network(struct check *c, const struct spf_term *term, const char *name)
{
    bool is_four = term->kind == SPF_IP4;

    (void)name;
    return net_is_ipv4(c->q->peer) == is_four && net_network_contains(&term->network, c->q->peer) ? MATCH
                                                                                                  : NO_MATCH;
}

static const struct {
    enum match (*match)(struct check *c, const struct spf_term *term, const char *name);
    bool asks;
} mechanisms[SPF_KINDS] = {
    [SPF_ALL] = { match_all, false },     [SPF_INCLUDE] = { match_include, true },
    [SPF_A] = { match_a, true },          [SPF_MX] = { match_mx, true },
    [SPF_PTR] = { match_ptr, true },      [SPF_IP4] = { match_network, false },
    [SPF_IP6] = { match_network, false }, [SPF_EXISTS] = { match_exists, true },
};

static enum match match(struct check *c, const struct spf_term *term, const char *domain)
{
    const char *name;

    if (mechanisms[term->kind].asks && ++c->terms > SPF_TERMS_MAX)
        return broken(c, "more than ten terms that ask the DNS");
    if (!target_name(c, term->domain, domain, &name))
        return broken(c, "a macro that is none");
    return mechanisms[term->kind].match(c, term, name);
}

/* ---- a domain's record */

/* Labels of 1 to 63 octets, two at least, 253 in all (4.3). */
static bool is_name(const char *domain)
{
    size_t label = 0, labels = 1, length = strlen(domain);

    if (length == 0 || length > DNS_NAME_MAX || domain[0] == '[')
        return false;
    if (domain[length - 1] == '.')
        length--;
    for (size_t i = 0; i < length; i++) {
        if (domain[i] != '.') {
            label++;
        } else if (label == 0) {
            return false;
        } else {
            label = 0;
            labels++;
        }
        if (label > 63)
            return false;
    }
    return label > 0 && labels > 1;
}

static enum spf_result find_record(struct check *c, const char *domain, struct span *record_out)
{
    struct dns_answer answer;
    size_t found = 0;

    dns_ask(c->dns, c->arena, domain, DNS_TXT, c->q->deadline_us, &answer);
    if (answer.status == DNS_TEMPORARY || answer.status == DNS_BOGUS) {
        c->cause = "the DNS did not answer";
        return SPF_TEMPERROR;
    }
    for (size_t i = 0; i < answer.count; i++)
        if (spf_is_record(answer.records[i].text) && found++ == 0)
            *record_out = answer.records[i].text;
    if (found > 1)
        c->cause = "two records";
    return found == 0 ? SPF_NONE : found == 1 ? SPF_PASS : SPF_PERMERROR;
}

/* 6.2: one TXT record, macros expanded. */
static const char *explain(struct check *c, struct span exp, const char *domain)
{
    struct buf out = BUF_INIT(c->arena);
    struct spf_macros macros = {
        c->local,        c->sender_domain, domain, c->q->helo ? c->q->helo : "unknown",
        c->q->host_name, c->q->peer,       NULL,   true
    };
    struct dns_answer answer;
    const char *name;
    char *text;

    if (!exp.p || !target_name(c, exp, domain, &name))
        return NULL;
    dns_ask(c->dns, c->arena, name, DNS_TXT, c->q->deadline_us, &answer);
    if (answer.count != 1 || span_length(answer.records[0].text) > SPF_RECORD_MAX ||
        !spf_macro_expand(&out, answer.records[0].text, &macros))
        return NULL;
    text = buf_text(&out);
    if (strlen(text) > SPF_EXPLANATION_MAX)
        text[SPF_EXPLANATION_MAX] = '\0';
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p > 126)
            return NULL; /* is dropped where it is not US-ASCII */
    return text;
}

static enum spf_result follow(struct check *c, const struct spf_record *record, const char *domain,
                              const char **explain_out)
{
    enum spf_result result;
    const char *name;

    if (!record->redirect.p)
        return SPF_NEUTRAL;
    if (++c->terms > SPF_TERMS_MAX || !target_name(c, record->redirect, domain, &name)) {
        c->cause = "more than ten terms that ask the DNS";
        return SPF_PERMERROR;
    }
    result = check_host(c, name, explain_out);
    return result == SPF_NONE ? SPF_PERMERROR : result; /* 6.1 */
}

static enum spf_result check_host(struct check *c, const char *domain, const char **explain_out)
{
    struct spf_record record;
    struct span text;
    enum spf_result found;

    if (!is_name(domain))
        return SPF_NONE;
    found = find_record(c, domain, &text);
    if (found != SPF_PASS)
        return found;
    if (!spf_record_parse(c->arena, text, &record)) {
        c->cause = "the record has a mistake";
        return SPF_PERMERROR;
    }
    for (size_t i = 0; i < record.count; i++)
        switch (match(c, &record.terms[i], domain)) {
        case MATCH:
            if (record.terms[i].qualifier == SPF_FAIL && explain_out)
                *explain_out = explain(c, record.exp, domain);
            return record.terms[i].qualifier;
        case MATCH_TEMPERROR:
            return SPF_TEMPERROR;
        case MATCH_PERMERROR:
            return SPF_PERMERROR;
        case NO_MATCH:
            break;
        }
    return follow(c, &record, domain, explain_out);
}

void spf_check(struct dns *dns, const void *owner, const struct spf_question *q,
               struct spf_answer *answer_out)
{
    bool is_helo = !*q->domain;
    struct check check = { .dns = dns, .arena = talloc_new(owner), .q = q };
    const char *domain = is_helo ? (q->helo ? q->helo : "") : q->domain;

    check.local = is_helo || !*q->local ? "postmaster" : q->local; /* 2.4, 4.3 */
    check.sender_domain = domain;
    *answer_out = (struct spf_answer){ .domain = talloc_strdup(owner, domain), .is_helo = is_helo };
    answer_out->result = check_host(&check, domain, &answer_out->explanation);
    if (answer_out->explanation)
        answer_out->explanation = talloc_strdup(owner, answer_out->explanation);
    answer_out->cause = check.cause;
    talloc_free(check.arena);
}
