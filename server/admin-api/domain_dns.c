/* domain_dns.c -- what a domain's zone should say, and what it says. */
#include "directory/dkim_key.h"
#include "directory/domain.h"
#include "dns/dns.h"
#include "filter/own_sts.h"
#include "filter/spf.h"
#include "filter/tags.h"

#include "admin_api/call.h"
#include "base/clock.h"
#include "rehearsal/rehearsal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { PATIENCE_S = 8, RECORDS_MAX = DNS_QUESTIONS_MAX, KEYS_MAX = 20 };

struct check;

/* One record: what is computed, how it is asked for, and who judges the answer. */
struct line {
    const char *purpose, *name, *type, *value;
    uint16_t port; /* of a service */
    bool (*judge)(struct check *check, const struct line *line, const struct dns_answer *answer,
                  const char **state_out);
};

struct check {
    struct admin_call *call;
    struct dns *dns;
    const char *domain, *host;
    int64_t deadline_us;
    struct line lines[RECORDS_MAX];
    struct dns_question questions[RECORDS_MAX];
    size_t count;
    const struct dns_answer *address; /* of the host */
    const char *detail;               /* what the judge adds */
    struct own_sts sts;               /* mode NULL: the domain has none */
    size_t exchangers;                /* the line of the MX records */
};

static void add(struct check *c, struct line line, enum dns_type asks)
{
    if (c->count == RECORDS_MAX)
        return;
    c->lines[c->count] = line;
    c->questions[c->count++] = (struct dns_question){ .name = line.name, .type = asks };
}

/* ---- judges: true where a record says what it should; else *state_out may be better than "different" */

static bool leads_to_host(const struct check *c, const char *name)
{
    return name && strcasecmp(name, c->host) == 0;
}

static bool has_address(struct check *c, const struct line *line, const struct dns_answer *answer,
                        const char **state_out)
{
    (void)c, (void)line, (void)state_out;
    return answer->count > 0;
}

static bool has_exchanger(struct check *c, const struct line *line, const struct dns_answer *answer,
                          const char **state_out)
{
    (void)line, (void)state_out;
    for (size_t i = 0; i < answer->count; i++)
        if (leads_to_host(c, answer->records[i].name))
            return true;
    return false;
}

static bool has_service(struct check *c, const struct line *line, const struct dns_answer *answer,
                        const char **state_out)
{
    (void)state_out;
    for (size_t i = 0; i < answer->count; i++)
        if (leads_to_host(c, answer->records[i].name) && answer->records[i].port == line->port)
            return true;
    return false;
}

/* By a CNAME, or with an address that the host has, too. */
static bool is_alias(struct check *c, const struct line *line, const struct dns_answer *answer,
                     const char **state_out)
{
    (void)line, (void)state_out;
    if (answer->count > 0 && leads_to_host(c, answer->canonical))
        return true;
    for (size_t i = 0; i < answer->count; i++)
        for (size_t j = 0; j < c->address->count; j++)
            if (net_address_equals(&answer->records[i].address, &c->address->records[j].address))
                return true;
    return false;
}

/* The first of the texts that begins so; p NULL: none does. */
static struct span text_beginning(const struct dns_answer *answer, const char *beginning)
{
    for (size_t i = 0; i < answer->count; i++)
        if (span_starts_nocase(answer->records[i].text, beginning))
            return answer->records[i].text;
    return (struct span){ NULL, NULL };
}

/* The value of "tag=" in "a=b; tag=value; ...", without blanks, under the call's arena; NULL: it has none. */
static const char *tag_of(const struct check *c, struct span text, char tag)
{
    while (!span_is_empty(text)) {
        struct span part;
        if (!span_take_until(&text, ';', &part)) {
            part = text;
            text.p = text.end;
        }
        while (part.p < part.end && *part.p == ' ')
            part.p++;
        if (span_length(part) < 2 || part.p[0] != tag || part.p[1] != '=')
            continue;
        char *value = talloc_array(c->call->arena, char, (unsigned)span_length(part)), *out = value;
        for (const char *p = part.p + 2; p < part.end; p++)
            if (*p != ' ')
                *out++ = *p;
        *out = '\0';
        return value;
    }
    return NULL;
}

/* The verdict is that of our own filter on mail that leaves here. */
static bool admits_us(struct check *c, const struct line *line, const struct dns_answer *answer,
                      const char **state_out)
{
    struct spf_answer spf;

    (void)line;
    if (!text_beginning(answer, "v=spf1").p) {
        *state_out = "missing";
        return false;
    }
    if (c->address->count == 0)
        return true; /* what the host's missing address means stands in its own line */
    spf_check(c->dns, c->call->arena,
              &(struct spf_question){ .peer = &c->address->records[0].address,
                                      .helo = c->host,
                                      .local = "postmaster",
                                      .domain = c->domain,
                                      .host_name = c->host,
                                      .deadline_us = c->deadline_us },
              &spf);
    c->detail = spf_result_name(spf.result);
    return spf.result == SPF_PASS;
}

static bool has_key(struct check *c, const struct line *line, const struct dns_answer *answer,
                    const char **state_out)
{
    const char *wanted = tag_of(c, span_text(line->value), 'p');

    (void)state_out;
    for (size_t i = 0; i < answer->count; i++) {
        const char *found = tag_of(c, answer->records[i].text, 'p');
        if (found && strcmp(found, wanted) == 0)
            return true;
    }
    return false;
}

static bool has_policy(struct check *c, const struct line *line, const struct dns_answer *answer,
                       const char **state_out)
{
    struct span text = text_beginning(answer, "v=DMARC1");
    const char *policy = text.p ? tag_of(c, text, 'p') : NULL;

    (void)line;
    *state_out = text.p ? "weak" : "missing";
    return policy && (strcasecmp(policy, "quarantine") == 0 || strcasecmp(policy, "reject") == 0);
}

static bool begins_alike(struct check *c, const struct line *line, const struct dns_answer *answer,
                         const char **state_out)
{
    char beginning[16];

    (void)c;
    (void)snprintf(beginning, sizeof beginning, "%.*s", (int)strcspn(line->value, ";"), line->value);
    *state_out = "missing"; /* other texts at that name are no such record */
    return text_beginning(answer, beginning).p != NULL;
}

/* The number is the policy's, and the policy names every exchanger: else others, who keep to it, send nothing any more to that one. */
static bool has_sts(struct check *c, const struct line *line, const struct dns_answer *answer,
                    const char **state_out)
{
    const struct dns_answer *exchangers = &c->questions[c->exchangers].answer;
    struct span text = text_beginning(answer, "v=STSv1"), id, wanted = span_text(line->value);

    if (!text.p) {
        *state_out = "missing";
        return false;
    }
    for (size_t i = 0; i < exchangers->count; i++)
        if (!own_sts_names(&c->sts, exchangers->records[i].name)) {
            c->detail = exchangers->records[i].name;
            return false;
        }
    return tags_find(text, "id", &id) && tags_find(wanted, "id", &wanted) && span_equals(id, wanted);
}

/* ---- what is computed */

static const char *below(const struct check *c, const char *label)
{
    return talloc_asprintf(c->call->arena, "%s.%s", label, c->domain);
}

static void add_mail(struct check *c)
{
    void *arena = c->call->arena;

    add(c, (struct line){ "address", c->host, "A", "", 0, has_address }, DNS_A);
    c->exchangers = c->count;
    add(c,
        (struct line){ "mx", c->domain, "MX", talloc_asprintf(arena, "10 %s.", c->host), 0, has_exchanger },
        DNS_MX);
    add(c, (struct line){ "spf", c->domain, "TXT", "v=spf1 mx -all", 0, admits_us }, DNS_TXT);
    add(c,
        (struct line){ "dmarc", below(c, "_dmarc"), "TXT",
                       talloc_asprintf(arena, "v=DMARC1; p=quarantine; rua=mailto:postmaster@%s", c->domain),
                       0, has_policy },
        DNS_TXT);
    add(c,
        (struct line){ "tls-rpt", below(c, "_smtp._tls"), "TXT",
                       talloc_asprintf(arena, "v=TLSRPTv1; rua=mailto:postmaster@%s", c->domain), 0,
                       begins_alike },
        DNS_TXT);
}

/* What stands in DNS for a policy that is served here (main/sts_page.h). */
static bool add_sts(struct check *c, struct err *err)
{
    void *arena = c->call->arena;

    if (!own_sts_find(c->call->api->options.directory, arena, c->domain, &c->sts, err)) {
        c->sts = (struct own_sts){ .mode = NULL };
        return err->kind == ERR_NOT_FOUND;
    }
    add(c,
        (struct line){ "mta-sts", below(c, "_mta-sts"), "TXT",
                       talloc_asprintf(arena, "v=STSv1; id=%s", c->sts.id), 0, has_sts },
        DNS_TXT);
    add(c,
        (struct line){ "mta-sts-host", below(c, "mta-sts"), "CNAME", talloc_asprintf(arena, "%s.", c->host),
                       0, is_alias },
        DNS_A);
    return true;
}

static bool add_keys(struct check *c, const struct domain *domain, struct err *err)
{
    void *arena = c->call->arena;
    struct dkim_key *keys;
    size_t count;

    if (!dkim_key_list(c->call->api->options.directory, &c->call->actor, arena, domain->organisation_id,
                       domain->name, &keys, &count, err))
        return false;
    for (size_t i = 0; i < count && i < KEYS_MAX; i++)
        add(c,
            (struct line){
                "dkim", talloc_asprintf(arena, "%s._domainkey.%s", keys[i].selector, c->domain), "TXT",
                talloc_asprintf(arena, "v=DKIM1; k=%s; p=%s", keys[i].algorithm, keys[i].public_key), 0,
                has_key },
            DNS_TXT);
    return true;
}

/* By which programs find their settings (RFC 6186, 8314, 5804, 8620, 6764): those that are offered here. */
static const struct {
    const char *purpose, *service, *label;
} programs[] = {
    { "imaps", "imaps", "_imaps._tcp" },       { "submissions", "submissions", "_submissions._tcp" },
    { "imap", "imap", "_imap._tcp" },          { "submission", "submission", "_submission._tcp" },
    { "pop3s", "pop3s", "_pop3s._tcp" },       { "managesieve", "managesieve", "_sieve._tcp" },
    { "jmap", "https", "_jmap._tcp" },         { "caldavs", "caldavs", "_caldavs._tcp" },
    { "carddavs", "https", "_carddavs._tcp" }, { "autodiscover", "https", "_autodiscover._tcp" },
};

static void add_programs(struct check *c)
{
    const struct admin_api_options *options = &c->call->api->options;
    void *arena = c->call->arena;

    for (size_t i = 0; options->port_of && i < COUNT_OF(programs); i++) {
        unsigned port = options->port_of(options->host, programs[i].service);
        if (port)
            add(c,
                (struct line){ programs[i].purpose, below(c, programs[i].label), "SRV",
                               talloc_asprintf(arena, "0 1 %u %s.", port, c->host), (uint16_t)port,
                               has_service },
                DNS_SRV);
    }
    static const char *const names[][2] = { { "autodiscover-host", "autodiscover" },
                                            { "autoconfig", "autoconfig" } };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        add(c,
            (struct line){ names[i][0], below(c, names[i][1]), "CNAME",
                           talloc_asprintf(arena, "%s.", c->host), 0, is_alias },
            DNS_A);
}

/* ---- what is found */

static json_t *text_json(struct span text)
{
    json_t *json = json_stringn(text.p, span_length(text));

    return json ? json : json_string("(these bytes are no text)");
}

static json_t *record_text(const struct check *c, const struct line *line, const struct dns_record *record)
{
    void *arena = c->call->arena;
    char address[NET_ADDRESS_TEXT];

    if (strcmp(line->type, "TXT") == 0)
        return text_json(record->text);
    if (strcmp(line->type, "MX") == 0)
        return json_string(talloc_asprintf(arena, "%u %s.", record->preference, record->name));
    if (strcmp(line->type, "SRV") == 0)
        return json_string(talloc_asprintf(arena, "%u %u %u %s.", record->preference, record->weight,
                                           record->port, record->name));
    return json_string(net_address_text(&record->address, address));
}

static const char *state_of(struct check *c, const struct line *line, const struct dns_answer *answer)
{
    const char *state = "different";

    c->detail = answer->reason;
    if (answer->status >= DNS_TEMPORARY)
        return "unanswered";
    if (answer->count == 0)
        return "missing";
    return line->judge(c, line, answer, &state) ? "good" : state;
}

static json_t *line_json(struct check *c, const struct line *line, const struct dns_answer *answer)
{
    enum { SHOWN = 8 };
    const char *state = state_of(c, line, answer);
    json_t *found = json_array();

    if (strcmp(line->type, "CNAME") == 0 && answer->canonical &&
        strcasecmp(answer->canonical, line->name) != 0)
        json_array_append_new(found, json_sprintf("%s.", answer->canonical));
    for (size_t i = 0; i < answer->count && i < SHOWN; i++)
        json_array_append_new(found, record_text(c, line, &answer->records[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:b, s:s*}", "purpose", line->purpose, "name",
                     line->name, "type", line->type, "value", line->value, "found", found, "state", state,
                     "is_secure", answer->is_secure, "detail", c->detail);
}

/* The host's own line first: others are judged by its address. A host with IPv6 alone has one as well. */
static void ask(struct check *c, struct dns_answer *other)
{
    dns_ask_all(c->dns, c->call->arena, c->questions, c->count, c->deadline_us);
    c->address = &c->questions[0].answer;
    if (c->address->count > 0 || c->address->status >= DNS_TEMPORARY)
        return;
    dns_ask(c->dns, c->call->arena, c->host, DNS_AAAA, c->deadline_us, other);
    if (other->count == 0)
        return;
    c->lines[0].type = "AAAA";
    c->questions[0].answer = *other;
}

static bool read_host(struct admin_call *call, const char **host_out, struct err *err)
{
    const char *host = http_query(call->request, "host");
    const struct rehearsal *parts = call->api->options.rehearsal;

    *host_out = host ? host : parts->host_name;
    if (strlen(*host_out) == 0 || strlen(*host_out) > DNS_NAME_MAX || strpbrk(*host_out, " /@\""))
        return err_set(err, ERR_INVALID, "A host's name is expected, as DNS has it.");
    return true;
}

bool domain_dns_get(struct admin_call *call, struct err *err)
{
    const struct rehearsal *parts = call->api->options.rehearsal;
    struct check *c = talloc_zero(call->arena, struct check);
    struct dns_answer other = { .status = DNS_NO_DATA };
    struct domain domain;
    json_t *records;

    c->call = call;
    if (!domain_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &domain,
                     err) ||
        !read_host(call, &c->host, err))
        return false;
    c->dns = parts->dns;
    c->domain = domain.name;
    c->deadline_us = clock_monotonic_us() + PATIENCE_S * US_PER_S;
    add_mail(c);
    if (!add_sts(c, err) || !add_keys(c, &domain, err))
        return false;
    add_programs(c);
    ask(c, &other);
    records = json_array();
    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(records, line_json(c, &c->lines[i], &c->questions[i].answer));
    return call_answer(call, json_pack("{s:s, s:s, s:b, s:s, s:o}", "domain", c->domain, "host", c->host,
                                       "is_validated", dns_validates(c->dns), "mta_sts",
                                       c->sts.mode ? c->sts.mode : "off", "records", records));
}
