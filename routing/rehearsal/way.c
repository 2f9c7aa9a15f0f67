/* way.c -- where a copy would go next. */
#include "base/clock.h"
#include "dns/dns.h"
#include "rehearsal/run.h"
#include "topology/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

enum { EXCHANGERS_SHOWN = 20 };
#define ASK_US (15 * US_PER_S)

static const char *const kinds[ROUTE_KINDS] = { [ROUTE_MX] = "mail exchangers",
                                                [ROUTE_HOST] = "host",
                                                [ROUTE_WAIT] = "waits",
                                                [ROUTE_NONE] = "none",
                                                [ROUTE_STORE] = "store" };

static void tell_hosts(struct buf *out, const struct route *route)
{
    char text[300];

    if (route->host_count == 0)
        return;
    event_list_begin(out, "hosts");
    for (size_t i = 0; i < route->host_count; i++) {
        int length = route->hosts[i].port
                         ? snprintf(text, sizeof text, "%s:%u", route->hosts[i].host, route->hosts[i].port)
                         : snprintf(text, sizeof text, "%s", route->hosts[i].host);
        if (length > 0)
            event_list_item(out, span_text(text));
    }
    event_list_end(out);
}

static int by_preference(const void *a, const void *b)
{
    const struct dns_record *left = a, *right = b;

    return (left->preference > right->preference) - (left->preference < right->preference);
}

/* "10 mx1.example.org", or why there is none: the domain's own records, before those are left out that are ourselves. */
static void tell_exchangers(struct rehearsing *r, struct buf *out, const char *domain)
{
    struct dns_answer answer;
    char text[DNS_NAME_MAX + 16];

    dns_ask(r->with->dns, r->arena, domain, DNS_MX, clock_monotonic_us() + ASK_US, &answer);
    if (answer.status != DNS_FOUND) {
        event_text(out, "dns", dns_status_name(answer.status));
        return;
    }
    qsort(answer.records, answer.count, sizeof *answer.records, by_preference);
    event_list_begin(out, "exchangers");
    for (size_t i = 0; i < answer.count && i < EXCHANGERS_SHOWN; i++) {
        snprintf(text, sizeof text, "%u %s", answer.records[i].preference,
                 *answer.records[i].name ? answer.records[i].name : ".");
        event_list_item(out, span_text(text));
    }
    event_list_end(out);
}

bool rehearse_way(struct rehearsing *r, const char *address, const char *domain, const char *why,
                  int64_t group_id, struct err *err)
{
    struct topology_question question = { .sender = r->sender_text,
                                          .recipient = group_id ? NULL : address,
                                          .domain = group_id ? NULL : domain,
                                          .organisation_id = r->login_organisation_id
                                                                 ? r->login_organisation_id
                                                                 : r->answer.organisation_id,
                                          .storage_group_id = group_id,
                                          .size_bytes = (int64_t)span_length(r->message),
                                          .is_backup = strcmp(why, "backup") == 0,
                                          .is_relay = strcmp(why, "relay") == 0 };
    struct route route;
    struct buf *out;

    if (!topology_route(r->with->topology, r->arena, &question, &route, err))
        return false;
    if (route.kind == ROUTE_STORE)
        return true; /* filed here: the next step tells where */
    out = trace_event(r->trace, 0, clock_now_us(), "route");
    event_text(out, "to", address);
    event_text(out, "why", why);
    event_text(out, "by", kinds[route.kind]);
    event_text(out, "connector", route.connector_name);
    event_text(out, "domain", route.domain);
    tell_hosts(out, &route);
    if (r->with->dns && route.kind == ROUTE_MX && route.domain && *route.domain)
        tell_exchangers(r, out, route.domain);
    event_text(out, "way", route.reason);
    event_time(out, "opens", route.opens_us);
    trace_event_end(r->trace);
    return true;
}
