/* callout.c -- route, then MAIL and RCPT. */
#include "main/callout.h"

#include "base/log.h"
#include "callout/callout.h"
#include "connector/outbound.h"
#include "dns/dns.h"

#include <talloc.h>

struct callout_way {
    struct topology *topology;
    struct dns *dns;
    struct outbound *outbound;
    struct callout *callout;
};

/* Somebody waits in the middle of a dialogue: a primary that does not answer soon is away. */
static const struct outbound_timeouts times = { .connect = 3,
                                                .greeting = 5,
                                                .command = 5,
                                                .data_start = 5,
                                                .data_block = 5,
                                                .data_end = 5,
                                                .transaction = 10,
                                                .dns = 5 };
enum { ADDRESSES_MAX = 2, IDLE_MAX = 8 };

static bool find_route(struct callout_way *way, const void *owner, const char *domain, const char *address,
                       struct route *route)
{
    struct topology_question question = {
        .sender = "", .recipient = address, .domain = domain, .is_backup = true
    };
    struct err err = ERR_INIT;

    if (!topology_route(way->topology, owner, &question, route, &err)) {
        log_err(LOG_LEVEL_WARNING, "callout.route", &err);
        return false;
    }
    return !route->is_internal && (route->kind == ROUTE_MX || route->kind == ROUTE_HOST);
}

static bool probe(void *arg, const char *domain, const char *const *addresses, size_t count,
                  enum callout_verdict *verdicts_out)
{
    struct callout_way *way = arg;
    void *scratch = talloc_new(NULL);
    struct outbound_message message = {
        .id = "callout", .sender = "", .bytes = span_text(""), .is_probe = true
    };
    struct outbound_recipient *list =
        talloc_zero_array(scratch, struct outbound_recipient, (unsigned)count + 1);
    struct route route;
    bool was_reached = false;

    if (find_route(way, scratch, domain, addresses[0], &route)) {
        for (size_t i = 0; i < count; i++)
            list[i].address = addresses[i];
        outbound_send(way->outbound, scratch, &route, &message, list, count);
        for (size_t i = 0; i < count; i++) {
            was_reached = was_reached || list[i].code != 0;
            verdicts_out[i] = callout_verdict_of(list[i].code, list[i].enhanced ? list[i].enhanced : "");
        }
    }
    talloc_free(scratch);
    return was_reached;
}

static struct outbound_options options_of(const void *owner, const struct config *config, struct dns *dns)
{
    struct outbound_options options = role_outbound_options(owner, config, dns);

    options.state_directory = NULL; /* the transport keeps it */
    options.addresses_max = ADDRESSES_MAX;
    options.idle_max = IDLE_MAX;
    options.timeouts = times;
    return options;
}

bool callout_way_open(struct role *role, struct topology *topology, struct callout_way **way_out,
                      struct err *err)
{
    struct callout_way *way = talloc_zero(role->arena, struct callout_way);
    struct dns_options dns = { .servers = role->config->dns, .trust_anchor = role->config->trust_anchor };

    way->topology = topology;
    if (!dns_open(&dns, &way->dns, err))
        return false;
    struct outbound_options options = options_of(way, role->config, way->dns);
    if (!outbound_open(&options, &way->outbound, err))
        return false;
    way->callout = callout_new(way, &(struct callout_options){ .probe = probe, .arg = way });
    *way_out = way;
    return true;
}

bool callout_way_reload(struct callout_way *way, const struct config *config, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct dns_options dns = { .servers = config->dns, .trust_anchor = config->trust_anchor };
    struct outbound_options options = options_of(arena, config, way->dns);
    bool done = dns_reload(way->dns, &dns, err) && outbound_reload(way->outbound, &options, err);

    talloc_free(arena);
    return done;
}

void callout_way_stop(struct callout_way *way)
{
    outbound_stop(way->outbound);
}

void callout_way_close(struct callout_way **handle)
{
    struct callout_way *way = *handle;

    *handle = NULL;
    if (!way)
        return;
    outbound_close(&way->outbound);
    dns_close(&way->dns);
}

bool callout_way_ask(void *way, const char *domain, const char *address)
{
    return callout_ask(((struct callout_way *)way)->callout, domain, address);
}
