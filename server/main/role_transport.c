/* role_transport.c -- the queue's motor with its ways out: DNS, the choice of the route, the SMTP client. */
#include "accept/accept.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "connector/outbound.h"
#include "dns/dns.h"
#include "main/role.h"
#include "main/storage.h"
#include "run/run.h"

#include <talloc.h>
#include <unistd.h>

enum { STOP_MS = 8000 };

METRIC_GAUGE(rows_taken, "chappe_queue_rows_in_work",
             "Rows of the queue that this machine's motor has in work")
METRIC_GAUGE(jobs_waiting, "chappe_queue_jobs", "Jobs that wait for a thread or for their destination's turn")
METRIC_GAUGE(jobs_active, "chappe_queue_jobs_active", "Jobs being carried out")
METRIC_GAUGE(destinations_known, "chappe_queue_destinations", "Destinations that the motor knows")
METRIC_GAUGE(destinations_paused, "chappe_queue_destinations_paused",
             "Destinations that pause after a failure")

struct transport_role {
    struct dns *dns;
    struct outbound *outbound;
    struct run *run;
};

void role_accept_options(const struct role *role, struct accept_options *options_out)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    const struct config *config = role->config;

    *options_out = (struct accept_options){ .directory = parts->directory,
                                            .deliver = parts->deliver,
                                            .rules = parts->rules,
                                            .wake = role->wake,
                                            .lifetime_us = config->queue_lifetime_s * US_PER_S,
                                            .warning_us = config->delay_warning_s * US_PER_S,
                                            .undo_us = config->undo_window_s * US_PER_S };
}

/* ---- the ways out */

static bool find_route(void *arg, const void *owner, const struct run_question *question,
                       struct route *route_out, struct err *err)
{
    (void)arg;
    (void)err;
    *route_out = (struct route){ .kind = ROUTE_MX,
                                 .destination = talloc_asprintf(owner, "mx %s", question->domain),
                                 .reason = "directly to the mail exchangers",
                                 .domain = question->domain,
                                 .tls = ROUTE_TLS_OPPORTUNISTIC,
                                 .is_backup = (question->recipient->flags & QUEUE_IS_BACKUP) != 0 };
    return true;
}

static void send_message(void *arg, const void *owner, const struct route *route,
                         const struct outbound_message *message, struct outbound_recipient *recipients,
                         size_t count)
{
    struct transport_role *own = arg;

    outbound_send(own->outbound, owner, route, message, recipients, count);
}

/* The ports on which our own SMTP listens: mail sent there would come back. */
static void add_listeners(const void *owner, const struct config *config, struct outbound_options *options)
{
    struct outbound_listener *listeners = talloc_zero_array(owner, struct outbound_listener, 4);

    for (const struct service *service = services; service->name; service++)
        if (strcmp(service->role, "smtp") == 0 && options->listener_count < 4)
            listeners[options->listener_count++].port = service_port(config, service);
    options->listeners = listeners;
}

static struct outbound_options outbound_options(const void *owner, const struct config *config,
                                                struct dns *dns)
{
    struct outbound_options options = { .dns = dns,
                                        .hostname = config->hostname,
                                        .state_directory = config_path(owner, config, "spool"),
                                        .mx_port = (uint16_t)config->outbound_port };

    add_listeners(owner, config, &options);
    return options;
}

static struct dns_options dns_options(const struct config *config)
{
    return (struct dns_options){ .servers = config->dns, .trust_anchor = config->trust_anchor };
}

/* ---- life */

static void refresh(void *argument)
{
    struct transport_role *own = argument;
    struct run_stats stats;

    if (!own->run)
        return;
    run_stats(own->run, &stats);
    metric_set(&rows_taken, (int64_t)stats.taken);
    metric_set(&jobs_waiting, (int64_t)stats.jobs);
    metric_set(&jobs_active, (int64_t)stats.active);
    metric_set(&destinations_known, (int64_t)stats.destinations);
    metric_set(&destinations_paused, (int64_t)stats.paused);
}

static bool start_run(struct role *role, struct transport_role *own, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    const struct config *config = role->config;
    struct run_options options = {
        .directory = parts->directory,
        .deliver = parts->deliver,
        .rules = parts->rules,
        .wake = role->wake,
        .host_name = config->hostname,
        .server = config->hostname,
        .lock_file = config_path(role->arena, config, "run/transport.lock"),
        .threads = (unsigned)config->outbound_threads,
        .per_destination = (unsigned)config->outbound_per_destination,
        .retry_min_us = config->retry_min_s * US_PER_S,
        .retry_max_us = config->retry_max_s * US_PER_S,
        .lifetime_us = config->queue_lifetime_s * US_PER_S,
        .ways = { .arg = own, .route = find_route, .send = send_message },
    };

    return run_start(role->arena, &options, &own->run, err);
}

bool role_transport_start(struct role *role, struct err *err)
{
    struct transport_role *own = talloc_zero(role->arena, struct transport_role);
    struct dns_options dns = dns_options(role->config);

    role->own = own;
    if (!storage_open(role, &role->storage, err) || !dns_open(&dns, &own->dns, err))
        return false;
    struct outbound_options outbound = outbound_options(own, role->config, own->dns);
    if (!outbound_open(&outbound, &own->outbound, err) || !start_run(role, own, err))
        return false;
    metrics_before_render(refresh, own);
    return true;
}

bool role_transport_reload(struct role *role, const struct config *config, struct err *err)
{
    struct transport_role *own = role->own;
    struct dns_options dns = dns_options(config);
    void *arena = talloc_new(NULL);
    struct outbound_options outbound = outbound_options(arena, config, own->dns);
    bool done = dns_reload(own->dns, &dns, err) && outbound_reload(own->outbound, &outbound, err) &&
                storage_reload(role->storage, err);

    if (done)
        run_set_retry(own->run, config->retry_min_s * US_PER_S, config->retry_max_s * US_PER_S);
    talloc_free(arena);
    return done;
}

void role_transport_stop(struct role *role)
{
    struct transport_role *own = role->own;

    if (!own)
        return;
    if (own->outbound)
        outbound_stop(own->outbound);
    run_stop(&own->run, STOP_MS);
    outbound_close(&own->outbound);
    dns_close(&own->dns);
}
