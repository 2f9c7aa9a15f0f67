/* trials.c -- connector/trial.h with this installation's names, certificates and ports. */
#include "main/trials.h"

#include "connector/trial.h"
#include "main/role.h"
#include "main/services.h"

#include <string.h>
#include <talloc.h>

/* Somebody waits for it. */
static const struct outbound_timeouts times = { .connect = 5,
                                                .greeting = 8,
                                                .command = 8,
                                                .data_start = 8,
                                                .data_block = 8,
                                                .data_end = 8,
                                                .transaction = 15,
                                                .dns = 8 };
enum { ADDRESSES_MAX = 3 };

struct adding {
    json_t *steps;
    const char *service;
};

static void add(void *argument, const char *step, bool is_good, const char *text)
{
    const struct adding *adding = argument;

    json_array_append_new(adding->steps, json_pack("{s:s, s:s*, s:b, s:s}", "step", step, "service",
                                                   adding->service, "is_good", is_good, "text", text));
}

static struct outbound_options options_of(const void *owner, const struct config *config, struct dns *dns)
{
    struct outbound_options options = role_outbound_options(owner, config, dns);

    options.state_directory = NULL; /* the transport keeps it */
    options.addresses_max = ADDRESSES_MAX;
    options.timeouts = times;
    return options;
}

bool trials_route(const struct config *config, struct dns *dns, const struct route *route,
                  const char *recipient, json_t *steps, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct outbound_options options = options_of(arena, config, dns);
    bool done = trial_route(&options, route, recipient, add, &(struct adding){ steps, NULL }, err);

    talloc_free(arena);
    return done;
}

/* Where the services of this machine are reached: the first address on which they listen, or loopback. */
static struct net_address own_address(const struct config *config, uint16_t port)
{
    struct net_address address = { .bytes = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } }, found;
    size_t length = strcspn(config->listen, " ");

    if (net_address_parse(span_of(config->listen, length), &found))
        address = found;
    address.port = port;
    return address;
}

bool trials_services(const struct config *config, struct dns *dns, const char *login, const char *password,
                     json_t *steps, struct err *err)
{
    static const char *const tried[] = { "imaps", "submissions" };
    void *arena = talloc_new(NULL);
    struct outbound_options options = options_of(arena, config, dns);
    bool done = true;

    for (const struct service *service = services; done && service->name; service++)
        for (size_t i = 0; done && i < COUNT_OF(tried); i++)
            if (strcmp(service->name, tried[i]) == 0)
                done = trial_service(
                    &options,
                    &(struct trial_service){ .is_imap = i == 0,
                                             .name = config->hostname,
                                             .address = own_address(config, service_port(config, service)),
                                             .login = password ? login : NULL,
                                             .password = password },
                    add, &(struct adding){ steps, service->name }, err);
    talloc_free(arena);
    return done;
}
