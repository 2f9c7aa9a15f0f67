/* check_dns.c -- our own name and the MX records of the own domains, asked as outgoing mail asks. */
#include "main/check.h"

#include "base/clock.h"
#include "directory/domain.h"
#include "dns/dns.h"

#include <stdio.h>
#include <strings.h>
#include <talloc.h>

enum { DOMAINS_MAX = 200, PATIENCE_S = 10 };

static int64_t deadline_us(void)
{
    return clock_monotonic_us() + PATIENCE_S * US_PER_S;
}

static void check_name(struct dns *dns, const void *arena, const char *hostname, json_t *lines)
{
    struct dns_question questions[] = { { .name = hostname, .type = DNS_AAAA },
                                        { .name = hostname, .type = DNS_A } };
    const struct dns_answer *v6 = &questions[0].answer, *v4 = &questions[1].answer;
    bool is_found, is_unanswered;

    dns_ask_all(dns, arena, questions, COUNT_OF(questions), deadline_us());
    is_found = v6->status == DNS_FOUND || v4->status == DNS_FOUND;
    is_unanswered = v6->status >= DNS_TEMPORARY || v4->status >= DNS_TEMPORARY;
    check_add(lines, "own name", is_found,
              is_found || !is_unanswered ? hostname
                                         : talloc_asprintf(arena, "%s: DNS did not answer: %s", hostname,
                                                           v4->reason ? v4->reason : v6->reason),
              "Set hostname to a name that DNS gives an address");
}

static const char *verdict_on_mx(const void *arena, const char *hostname, const struct dns_answer *answer,
                                 bool *is_ours)
{
    *is_ours = false;
    for (size_t i = 0; i < answer->count; i++)
        *is_ours = *is_ours || strcasecmp(answer->records[i].name, hostname) == 0;
    if (answer->status >= DNS_TEMPORARY)
        return talloc_asprintf(arena, "DNS did not answer: %s", answer->reason);
    if (answer->count == 0)
        return "has no MX record";
    if (!*is_ours)
        return talloc_asprintf(arena, "its MX records do not name %.200s", hostname);
    return answer->is_secure ? "leads here, signed" : "leads here";
}

static void check_domain(const void *arena, const char *hostname, const struct dns_question *question,
                         json_t *lines)
{
    bool is_ours;
    const char *text = verdict_on_mx(arena, hostname, &question->answer, &is_ours);

    check_add(lines, talloc_asprintf(arena, "DNS of %s", question->name), is_ours, text,
              talloc_asprintf(arena, "Publish: %s. IN MX 10 %s.", question->name, hostname));
}

/* All domains, as many at once as one question takes. */
static void check_domains(struct dns *dns, const void *arena, const struct config *config,
                          struct directory *directory, json_t *lines)
{
    static const struct actor ourselves = { .name = "local:server" };
    struct dns_question questions[DNS_QUESTIONS_MAX];
    struct domain *domains;
    struct err err = ERR_INIT;
    size_t count, asked = 0;

    if (!domain_list(directory, &ourselves, arena, 0, &domains, &count, &err))
        return;
    count = count < DOMAINS_MAX ? count : DOMAINS_MAX;
    for (size_t i = 0; i < count; i++) {
        questions[asked++] = (struct dns_question){ .name = domains[i].name, .type = DNS_MX };
        if (asked < DNS_QUESTIONS_MAX && i + 1 < count)
            continue;
        dns_ask_all(dns, arena, questions, asked, deadline_us());
        for (size_t j = 0; j < asked; j++)
            check_domain(arena, config->hostname, &questions[j], lines);
        asked = 0;
    }
}

void check_dns(const struct config *config, struct directory *directory, json_t *lines)
{
    const struct dns_options options = { .servers = config->dns, .trust_anchor = config->trust_anchor };
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    struct dns *dns;

    if (!dns_open(&options, &dns, &err)) {
        check_add(lines, "DNS", false, err.user, "Correct dns or trust_anchor in chappe.conf");
        talloc_free(arena);
        return;
    }
    check_add(lines, "DNSSEC", true,
              dns_validates(dns) ? "answers are validated"
                                 : "not validated, so DANE is not used: no trust_anchor is set",
              NULL);
    check_name(dns, arena, config->hostname, lines);
    check_domains(dns, arena, config, directory, lines);
    dns_close(&dns);
    talloc_free(arena);
}
