/*
 * fake_dns.h -- a table in place of the room dns: the program that includes it defines dns_ask() and what else is asked.
 */
#ifndef FAKE_DNS_H
#define FAKE_DNS_H

#include "dns/dns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* Several rows of one name and type are several records. text "!" is trouble, "" an answer without data. */
struct fake_record {
    const char *name;
    enum dns_type type;
    const char *text;
};

static const struct fake_record *fake_zone; /* ends with a row without a name */
static unsigned fake_questions;

static void fake_fill(const void *owner, enum dns_type type, const char *text, struct dns_record *out)
{
    *out = (struct dns_record){ .name = "" };
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        if (!net_address_parse(span_text(text), &out->address))
            abort();
        break;
    case DNS_MX:
        out->preference = (uint16_t)atoi(text);
        out->name = talloc_strdup(owner, strchr(text, ' ') + 1);
        break;
    case DNS_TXT:
        out->text = span_text(text);
        break;
    default:
        out->name = talloc_strdup(owner, text);
    }
}

void dns_ask(struct dns *dns, const void *owner, const char *name, enum dns_type type, int64_t deadline_us,
             struct dns_answer *answer)
{
    const char *dot = name + strlen(name);
    size_t length;

    (void)dns, (void)deadline_us;
    fake_questions++;
    *answer = (struct dns_answer){ .status = DNS_NO_NAME, .canonical = name };
    answer->records = talloc_zero_array(owner, struct dns_record, 64);
    length = dot > name && dot[-1] == '.' ? strlen(name) - 1 : strlen(name);
    for (const struct fake_record *r = fake_zone; r && r->name; r++) {
        if (strlen(r->name) != length || strncasecmp(r->name, name, length) != 0)
            continue;
        if (r->type == type && strcmp(r->text, "!") == 0) {
            answer->status = DNS_TEMPORARY;
            return;
        }
        if (answer->status == DNS_NO_NAME)
            answer->status = DNS_NO_DATA;
        if (r->type != type || !*r->text || answer->count == 64)
            continue;
        answer->status = DNS_FOUND;
        fake_fill(owner, type, r->text, &answer->records[answer->count++]);
    }
}

void dns_ask_all(struct dns *dns, const void *owner, struct dns_question *questions, size_t count,
                 int64_t deadline_us)
{
    for (size_t i = 0; i < count; i++)
        dns_ask(dns, owner, questions[i].name, questions[i].type, deadline_us, &questions[i].answer);
}

char *dns_reverse_name(const void *owner, const struct net_address *a)
{
    char *name = talloc_strdup(owner, "");

    if (net_is_ipv4(a))
        return talloc_asprintf(owner, "%u.%u.%u.%u.in-addr.arpa", a->bytes[15], a->bytes[14], a->bytes[13],
                               a->bytes[12]);
    for (int i = 15; i >= 0; i--)
        name = talloc_asprintf_append(name, "%x.%x.", a->bytes[i] & 15, a->bytes[i] >> 4);
    return talloc_asprintf_append(name, "ip6.arpa");
}

#endif
