/* role_transport.c -- the queue's motor with its ways out: DNS, the choice of the route, the SMTP client. */
#include "accept/accept.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "connector/outbound.h"
#include "directory/report.h"
#include "directory/server.h"
#include "dns/dns.h"
#include "filter/sign.h"
#include "format/header.h"
#include "format/received.h"
#include "learn/learner.h"
#include "main/link_pages.h"
#include "main/role.h"
#include "main/storage.h"
#include "report/reporter.h"
#include "run/run.h"
#include "topology/topology.h"
#include "topology/traffic.h"
#include "topology/uplink.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
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

METRIC_COUNTER(alarms, "chappe_connector_alarms_total",
               "Hours in which a connector carried more messages than its alarm says")

struct transport_role {
    struct directory *directory;
    const char *hostname;
    pthread_mutex_t lock; /* of: */
    bool is_registered;   /* the directory knows our name */
    struct topology *topology;
    struct uplinks *uplinks;
    struct traffic *traffic;
    struct dns *dns;
    struct outbound *outbound;
    struct run *run;
    struct learner *learner;
    struct signer *signer;
    struct reporter *reporter;
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

/* "host", "host:2525", "[2001:db8::1]:25": as an administrator wrote it for this entry. */
static void route_via(const void *owner, const char *via, struct route *route)
{
    struct route_host *host = talloc_zero(owner, struct route_host);
    const char *colon = strrchr(via, ':'), *end = strchr(via, ']');
    size_t length = strlen(via);

    if (colon && (*via != '[' || (end && colon == end + 1))) {
        host->port = (uint16_t)strtoul(colon + 1, NULL, 10);
        length = (size_t)(colon - via);
    }
    host->host = *via == '[' && end ? talloc_strndup(host, via + 1, (size_t)(end - via - 1))
                                    : talloc_strndup(host, via, length);
    *route = (struct route){ .kind = ROUTE_HOST,
                             .destination = talloc_asprintf(owner, "host %s", via),
                             .reason = "the server that an administrator chose",
                             .hosts = host,
                             .host_count = 1,
                             .tls = ROUTE_TLS_OPPORTUNISTIC };
}

/* With the first question the directory learns of us, when it did not at the start. */
static bool get_topology(struct transport_role *own, struct topology **topology_out, struct err *err)
{
    int64_t server_id;

    pthread_mutex_lock(&own->lock);
    if (!own->is_registered)
        own->is_registered = server_register(own->directory, own->hostname, &server_id, err);
    bool done = own->is_registered;
    pthread_mutex_unlock(&own->lock);
    *topology_out = own->topology;
    return done;
}

static enum topology_priority priority_of(int priority)
{
    return priority > 0 ? TOPOLOGY_HIGH : priority < 0 ? TOPOLOGY_LOW : TOPOLOGY_NORMAL;
}

/* A connector whose source address is back is used again at once. */
static void probe_uplinks(struct transport_role *own, const void *owner)
{
    struct err err = ERR_INIT;
    int64_t connector_id;
    const char *source;

    if (!uplink_take_probe(own->uplinks, owner, &connector_id, &source) || !outbound_has_source(source))
        return;
    if (!topology_report(own->topology, connector_id, "", true, NULL, &err))
        log_err(LOG_LEVEL_WARNING, "transport.link", &err);
}

static bool find_route(void *arg, const void *owner, const struct run_question *question,
                       struct route *route_out, struct err *err)
{
    const struct queue_recipient *recipient = question->recipient;
    int64_t visited[TOPOLOGY_PATH_MAX];
    struct topology *topology;

    if (recipient->via) {
        route_via(owner, recipient->via, route_out);
        return true;
    }
    if (!get_topology(arg, &topology, err))
        return false;
    probe_uplinks(arg, owner);
    struct topology_question asked = {
        .sender = question->sender,
        .recipient = recipient->address,
        .domain = question->domain,
        .organisation_id = question->message->organisation_id,
        .message_id = question->message->message_id,
        .storage_group_id = recipient->group_id,
        .size_bytes = question->message->size_bytes,
        .priority = priority_of(question->message->priority),
        .is_backup = (recipient->flags & QUEUE_IS_BACKUP) != 0,
        .is_relay = (recipient->flags & QUEUE_IS_RELAY) != 0,
        .visited = visited,
        .visited_count = topology_read_path(span_text(question->message->path), visited),
    };
    return topology_route(topology, owner, &asked, route_out, err);
}

/* Between our servers the message carries the way that it has come. */
static struct span with_path(const struct transport_role *own, const void *owner, struct span bytes)
{
    struct span header = span_of(bytes.p, header_block_length(bytes));
    int64_t visited[TOPOLOGY_PATH_MAX];
    struct header_field field;
    struct buf out = buf_owned_by(owner);
    size_t count = header_find(header, "X-Chappe-Path", &field)
                       ? topology_read_path(span_trim(field.value), visited)
                       : 0;

    buf_add_text(&out, topology_path_field(owner, own->topology, visited, count));
    buf_add_span(&out, bytes);
    return buf_span(&out);
}

/* Elsewhere it is nobody's business. */
static struct span without_path(const void *owner, struct span bytes)
{
    struct span header = span_of(bytes.p, header_block_length(bytes));
    struct buf out = buf_owned_by(owner);
    struct header_field field;

    if (!header_find(header, "X-Chappe-Path", &field))
        return bytes;
    received_add_without(&out, header, "X-Chappe-Path");
    buf_add_span(&out, span_part(bytes, span_length(header), SIZE_MAX));
    return buf_span(&out);
}

static void count_traffic(struct transport_role *own, const struct route *route)
{
    if (!route->connector_id ||
        !traffic_count(own->traffic, route->connector_id, route->alarm_per_hour, clock_now_us()))
        return;
    metric_add(&alarms, 1);
    log_event(LOG_LEVEL_WARNING, "connector.alarm", log_text("connector", route->connector_name),
              log_i64("messages", (int64_t)route->alarm_per_hour + 1));
}

static void send_message(void *arg, const void *owner, const struct route *route,
                         const struct outbound_message *message, struct outbound_recipient *recipients,
                         size_t count)
{
    struct transport_role *own = arg;
    struct outbound_message sent = *message;

    sent.bytes =
        route->is_internal ? with_path(own, owner, message->bytes) : without_path(owner, message->bytes);
    outbound_send(own->outbound, owner, route, &sent, recipients, count);
    count_traffic(own, route);
}

static bool owns_lane(void *arg, const char *lane)
{
    struct topology *topology;
    struct err err = ERR_INIT;

    return get_topology(arg, &topology, &err) && topology_owns_lane(topology, lane);
}

static void tell_link(struct transport_role *own, const struct route *route, const char *host, bool is_up,
                      const char *reason)
{
    struct err err = ERR_INIT;

    if (!topology_report(own->topology, route->connector_id, host, is_up, reason, &err))
        log_err(LOG_LEVEL_WARNING, "transport.link", &err);
}

/* The exchangers of one domain tell nothing about the connector that led to them; several in a row do. */
static void report_uplink(struct transport_role *own, const struct route *route,
                          const struct run_report *report)
{
    enum uplink_evidence evidence = report->was_reached                      ? UPLINK_REACHED
                                    : report->fault == OUTBOUND_FAULT_SOURCE ? UPLINK_NO_SOURCE
                                                                             : UPLINK_SILENT;

    /* a host that is silent is its own link's trouble */
    if (!report->was_reached &&
        (report->fault == OUTBOUND_FAULT_NONE || (route->kind != ROUTE_MX && evidence == UPLINK_SILENT)))
        return;
    switch (uplink_note(own->uplinks, route->connector_id, route->source_address,
                        route->domain ? route->domain : "", evidence)) {
    case UPLINK_FAILED:
        tell_link(own, route, "", false, report->reason);
        break;
    case UPLINK_WORKS:
        tell_link(own, route, "", true, NULL);
        break;
    case UPLINK_NOTHING:
        break;
    }
}

/* What was learnt of a connector's link is every server's business: none of its hosts could be reached, or one took the
 * message. A source address that is not there is the whole connector's trouble. */
static void report_link(void *arg, const struct route *route, const struct run_report *report)
{
    struct transport_role *own = arg;

    if (route->kind == ROUTE_MX || route->source_address)
        report_uplink(own, route, report);
    if (route->kind == ROUTE_MX || report->fault == OUTBOUND_FAULT_SOURCE)
        return;
    for (size_t i = 0; i < route->host_count; i++)
        tell_link(own, route, route->hosts[i].host, report->is_up, report->reason);
}

/* What we prove ourselves with to servers of our own installation. */
static bool find_key(void *arg, uint8_t key_out[SERVER_KEY_BYTES], struct err *err)
{
    struct transport_role *own = arg;
    struct topology *topology;
    int64_t server_id;

    return get_topology(own, &topology, err) &&
           server_key(own->directory, own->hostname, &server_id, key_out, err);
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

struct outbound_options role_outbound_options(const void *owner, const struct config *config, struct dns *dns)
{
    struct outbound_options options = { .dns = dns,
                                        .hostname = config->hostname,
                                        .ca_file = config->trusted_certificates,
                                        .state_directory = config_path(owner, config, "spool"),
                                        .mx_port = (uint16_t)config->outbound_port,
                                        .timeouts.greeting = (unsigned)config->outbound_greeting_s };

    add_listeners(owner, config, &options);
    return options;
}

static struct outbound_options outbound_options(const void *owner, const struct config *config,
                                                struct transport_role *own)
{
    struct outbound_options options = role_outbound_options(owner, config, own->dns);

    options.find_key = find_key;
    options.find_key_arg = own;
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
        .groups = parts->groups,
        .cache = parts->cache,
        .deliver = parts->deliver,
        .topology = own->topology,
        .rules = parts->rules,
        .signer = own->signer,
        .wake = role->wake,
        .host_name = config->hostname,
        .link_base = link_base(role->arena, config),
        .server = config->hostname,
        .lock_file = config_path(role->arena, config, "run/transport.lock"),
        .threads = (unsigned)config->outbound_threads,
        .per_destination = (unsigned)config->outbound_per_destination,
        .retry_min_us = config->retry_min_s * US_PER_S,
        .retry_max_us = config->retry_max_s * US_PER_S,
        .lifetime_us = config->queue_lifetime_s * US_PER_S,
        .ways = { .arg = own,
                  .route = find_route,
                  .send = send_message,
                  .report = report_link,
                  .owns = owns_lane },
    };

    return run_start(role->arena, &options, &own->run, err);
}

/* Of how TLS went, what a report tells (routing/report/tls_report.h): where it went well, the host does not matter. */
static char *tls_detail(const void *owner, const struct outbound_tls_result *result)
{
    static const char *const types[] = {
        [OUTBOUND_TLS_NO_POLICY] = "no-policy-found", [OUTBOUND_TLS_STS] = "sts", [OUTBOUND_TLS_TLSA] = "tlsa"
    };
    json_t *json = json_pack("{s:s, s:s}", "type", types[result->policy], "text", result->policy_text);
    char *text, *copy;

    if (json && result->failure) {
        json_object_set_new(json, "failure", json_string(result->failure));
        json_object_set_new(json, "mx", json_string(result->host));
        json_object_set_new(json, "address", json_string(result->address));
    }
    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    copy = text ? talloc_strdup(owner, text) : NULL;
    free(text);
    json_decref(json);
    return copy;
}

static void take_tls(void *arg, const void *owner, struct report_count **counts_out, size_t *count_out)
{
    struct transport_role *own = arg;
    struct outbound_tls_result *results;
    size_t count;

    outbound_take_tls_results(own->outbound, owner, &results, &count);
    *counts_out = talloc_zero_array(owner, struct report_count, (unsigned)count + 1);
    *count_out = 0;
    for (size_t i = 0; i < count; i++) {
        char *detail = tls_detail(*counts_out, &results[i]);

        if (detail)
            (*counts_out)[(*count_out)++] = (struct report_count){ .kind = "tls",
                                                                   .domain = results[i].domain,
                                                                   .detail = detail,
                                                                   .number = (int64_t)results[i].sessions };
    }
}

static bool start_reporter(struct role *role, struct transport_role *own, struct err *err)
{
    struct reporter_options options = { .directory = own->directory,
                                        .dns = own->dns,
                                        .host_name = own->hostname,
                                        .ca_file = role->config->trusted_certificates,
                                        .take_tls = take_tls,
                                        .arg = own };
    struct accept_options accept;
    struct net_network *networks;

    if (!role_networks(own, role->config->report_networks, &networks, &options.network_count, err))
        return false;
    options.networks = networks;
    role_accept_options(role, &accept);
    accept.topology = own->topology;
    return accept_open(own, &accept, &options.accept, err) &&
           reporter_open(role->arena, &options, &own->reporter, err);
}

static bool start_learner(struct role *role, struct transport_role *own, struct err *err)
{
    const struct learner_options options = { .directory = own->directory,
                                             .groups = storage_parts(role->storage)->groups,
                                             .dns = own->dns,
                                             .host_name = role->config->hostname };

    return learner_open(role->arena, &options, &own->learner, err);
}

bool role_transport_start(struct role *role, struct err *err)
{
    struct transport_role *own = talloc_zero(role->arena, struct transport_role);
    struct dns_options dns = dns_options(role->config);

    role->own = own;
    pthread_mutex_init(&own->lock, NULL);
    own->uplinks = uplinks_new(own);
    own->traffic = traffic_new(own);
    own->hostname = role->config->hostname;
    if (!storage_open(role, &role->storage, err) || !dns_open(&dns, &own->dns, err))
        return false;
    own->directory = storage_parts(role->storage)->directory;
    if (!topology_open(own,
                       &(struct topology_options){
                           .directory = own->directory, .server = own->hostname, .wake = role->wake },
                       &own->topology, err))
        return false;
    struct outbound_options outbound = outbound_options(own, role->config, own);
    struct signer_options signer = { .directory = own->directory, .host_name = own->hostname };
    if (!outbound_open(&outbound, &own->outbound, err) || !signer_open(own, &signer, &own->signer, err) ||
        !start_run(role, own, err))
        return false;
    metrics_before_render(refresh, own);
    return start_learner(role, own, err) && start_reporter(role, own, err);
}

bool role_transport_reload(struct role *role, const struct config *config, struct err *err)
{
    struct transport_role *own = role->own;
    struct dns_options dns = dns_options(config);
    void *arena = talloc_new(NULL);
    struct outbound_options outbound = outbound_options(arena, config, own);
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
    learner_close(&own->learner);
    reporter_close(&own->reporter);
    run_stop(&own->run, STOP_MS);
    outbound_close(&own->outbound);
    signer_close(&own->signer);
    topology_close(&own->topology);
    dns_close(&own->dns);
}
