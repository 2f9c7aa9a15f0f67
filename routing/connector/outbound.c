/* outbound.c -- the door: takes an idle connection or tries host after host, until every recipient has a verdict. */
#include "connector/outbound.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "connector/exchangers.h"
#include "connector/policy.h"
#include "connector/pool.h"
#include "connector/reach.h"
#include "connector/session.h"
#include "connector/sts_cache.h"
#include "connector/tls_results.h"
#include "connector/transaction.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>

struct outbound {
    pthread_mutex_t lock; /* over settings */
    struct settings *settings;
    struct pool *pool;
    struct sts_cache *policies;
    struct reach *reach;
    struct tls_results *tls_results;
    atomic_bool is_stopping;
};

static const char *const verdict_words[] = { "untried", "delivered", "relayed", "deferred", "failed" };
static const char *const ways[] = { "new", "reused" };

METRIC_COUNTER_BY(verdicts, "chappe_outbound_recipients_total", "Recipients given to other servers",
                  "verdict", verdict_words)
METRIC_COUNTER_BY(connections, "chappe_outbound_transactions_total", "Messages sent over a connection",
                  "connection", ways)
METRIC_HISTOGRAM(durations, "chappe_outbound_seconds", "Time to give one message to the next server")

/* One call of outbound_send(). */
struct sending {
    struct outbound *outbound;
    struct settings *settings;
    const void *owner;
    void *scratch;
    const struct route *route;
    const struct outbound_message *message;
    struct outbound_recipient *recipients;
    size_t count;
    const char *key;
    int64_t ends_us; /* no transaction begins later */
    struct outcome outcome;
    const char *host; /* of the last attempt; under scratch */
    const char *tls;
};

bool outbound_open(const struct outbound_options *options, struct outbound **outbound_out, struct err *err)
{
    struct outbound *outbound = calloc(1, sizeof *outbound);

    if (!outbound)
        abort();
    if (!settings_new(options, &outbound->settings, err)) {
        free(outbound);
        return false;
    }
    if (!pool_new(&outbound->pool, err)) {
        settings_release(&outbound->settings);
        free(outbound);
        return false;
    }
    outbound->policies = sts_cache_new();
    outbound->reach = reach_new();
    outbound->tls_results = tls_results_new();
    pthread_mutex_init(&outbound->lock, NULL);
    atomic_init(&outbound->is_stopping, false);
    *outbound_out = outbound;
    return true;
}

bool outbound_reload(struct outbound *outbound, const struct outbound_options *options, struct err *err)
{
    struct settings *fresh, *old;

    if (!settings_new(options, &fresh, err))
        return false;
    pthread_mutex_lock(&outbound->lock);
    old = outbound->settings;
    outbound->settings = fresh;
    pthread_mutex_unlock(&outbound->lock);
    settings_release(&old);
    pool_empty(outbound->pool);
    return true;
}

void outbound_stop(struct outbound *outbound)
{
    atomic_store(&outbound->is_stopping, true);
}

void outbound_close(struct outbound **outbound)
{
    struct outbound *o = *outbound;

    *outbound = NULL;
    if (!o)
        return;
    pool_free(&o->pool);
    sts_cache_free(&o->policies);
    reach_free(&o->reach);
    tls_results_free(&o->tls_results);
    settings_release(&o->settings);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

/* ---- verdicts */

static bool is_any_untried(const struct sending *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->recipients[i].verdict == OUTBOUND_UNTRIED)
            return true;
    return false;
}

static void give_rest(struct sending *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->recipients[i].verdict == OUTBOUND_UNTRIED)
            outcome_give(&s->outcome, s->owner, s->host, s->tls, &s->recipients[i]);
}

static void log_attempt(const struct sending *s, const char *what)
{
    log_event(LOG_LEVEL_INFO, "outbound.attempt", log_text("id", s->message->id),
              log_i64("recipients", (int64_t)s->count), log_text("host", s->host ? s->host : ""),
              log_text("tls", s->tls ? s->tls : "none"), log_text("result", what),
              log_i64("code", s->outcome.code), log_text("enhanced", s->outcome.enhanced),
              log_text("reason", s->outcome.text));
}

/* ---- one connection */

/* May this message go over this connection at all? */
static bool suits(struct sending *s, const struct connection *connection)
{
    if (!s->message->needs_tls)
        return true;
    if (!connection->tls)
        return outcome_set(&s->outcome, OUTBOUND_FAILED, "x.7.10",
                           "the sender requires TLS all the way, and %s has none", connection->host);
    /* who introduced itself over this very TLS connection needs no certificate */
    if (!connection->is_introduced && stream_tls_trust(connection->stream) == TLS_TRUST_ANY)
        return outcome_set(&s->outcome, OUTBOUND_FAILED, "x.7.10",
                           "the sender requires TLS all the way, and the certificate of %s is not valid: %s",
                           connection->host, stream_tls_distrust(connection->stream));
    return features_have(&connection->features, FEATURE_REQUIRETLS) ||
           outcome_set(&s->outcome, OUTBOUND_FAILED, "x.7.30",
                       "the sender requires TLS all the way, and %s does not promise that (REQUIRETLS)",
                       connection->host);
}

static bool reset(struct sending *s, struct connection *connection)
{
    struct reply reply;

    if (!connection->needs_reset)
        return true;
    connection->needs_reset = false;
    connection_allow(connection, s->settings->timeouts.command);
    connection_add(connection, span_text("RSET\r\n"));
    return connection_reply(connection, "sending RSET", &reply, NULL, NULL, &s->outcome) &&
           (reply_class(&reply) == 2 || reply_outcome(&reply, &s->outcome));
}

/* Sends as long as there is somebody to send to. True: the connection did its work, or another could not do it better. */
static bool use(struct sending *s, struct connection *connection)
{
    s->host = talloc_strdup(s->scratch, connection->host);
    s->tls = connection->tls ? talloc_strdup(s->scratch, connection->tls) : NULL;
    if (!suits(s, connection))
        return false;
    while (is_any_untried(s)) {
        if (clock_monotonic_us() >= s->ends_us) {
            outcome_set(&s->outcome, OUTBOUND_DEFERRED, "x.4.7", "it took too long to reach all recipients");
            return true;
        }
        if (connection->is_broken || !reset(s, connection))
            return false;
        if (transaction_run(s->settings, connection, s->owner, s->message, s->recipients, s->count,
                            s->route->recipients_max, &s->outcome) == TRANSACTION_NEXT)
            return false;
    }
    return true;
}

static void put_back(struct sending *s, struct connection *connection)
{
    unsigned most = s->settings->messages_max, theirs = connection->features.messages_max;

    if (theirs > 0 && theirs < most)
        most = theirs;
    if (connection->is_broken || connection->sent >= most || atomic_load(&s->outbound->is_stopping)) {
        connection_close(&connection);
        return;
    }
    pool_give(s->outbound->pool, &connection, s->settings->idle_seconds, s->settings->idle_max);
}

/* Over connections that wait. One that has died meanwhile says nothing about the host. */
static bool reuse(struct sending *s)
{
    struct connection *connection;

    while (is_any_untried(s) && (connection = pool_take(s->outbound->pool, s->key)) != NULL) {
        bool is_done = use(s, connection);
        metric_add_at(&connections, 1, 1, 0);
        log_attempt(s, is_done ? "sent" : "stale");
        put_back(s, connection);
        if (is_done)
            return true;
    }
    return !is_any_untried(s);
}

/* ---- host after host */

/* One session more for the reports to the domain (RFC 8460). */
static void count_tls(struct sending *s, const struct exchanger *host, const struct net_address *address,
                      const struct demand *demand, const struct session_tls *tls)
{
    char text[NET_ADDRESS_TEXT];
    struct outbound_tls_result result = { .domain = s->route->domain,
                                          .policy = demand->policy,
                                          .policy_text = demand->policy_text ? demand->policy_text : "",
                                          .failure = demand->failure,
                                          .host = host->name,
                                          .address = net_address_text(address, text) };
    /* Without a policy, or with one, a certificate that nobody checks is a success unless it was to be checked. */
    bool is_checked = demand->level >= ROUTE_TLS_VERIFY || demand->policy != OUTBOUND_TLS_NO_POLICY;

    if (s->route->kind != ROUTE_MX || (!demand->failure && !tls->is_tried))
        return;
    if (!result.failure && tls->is_not_offered)
        result.failure = "starttls-not-supported";
    else if (!result.failure && (tls->is_failed || is_checked))
        result.failure = tls_results_failure(tls->fault);
    tls_results_count(s->outbound->tls_results, &result);
}

/* True: nothing is left to try. */
static bool try_address(struct sending *s, const struct policy *policy, const struct exchanger *host,
                        const struct net_address *address)
{
    struct connection *connection = NULL;
    struct session_tls tls = { .is_tried = false };
    struct demand demand;
    enum session_result result;
    bool is_done = false;

    s->host = NULL;
    s->tls = NULL;
    if (!policy_demand(policy, s->scratch, host, address, &demand, &s->outcome)) {
        count_tls(s, host, address, &demand, &tls);
        log_attempt(s, "no-policy");
        return false;
    }
    result = session_open(s->settings, s->route, host, address, &demand, &s->outbound->is_stopping,
                          &connection, &tls, &s->outcome);
    count_tls(s, host, address, &demand, &tls);
    reach_note(s->outbound->reach, address, result != SESSION_UNREACHED);
    if (connection) {
        s->host = talloc_strdup(s->scratch, connection->host);
        s->tls = connection->tls ? talloc_strdup(s->scratch, connection->tls) : NULL;
    }
    if (result == SESSION_READY) {
        assert(connection);
        connection->key = talloc_strdup(connection, s->key);
        metric_add_at(&connections, 1, 0, 0);
        is_done = use(s, connection);
        log_attempt(s, is_done ? "sent" : "next");
        put_back(s, connection);
        return is_done;
    }
    log_attempt(s, "no-session");
    connection_close(&connection);
    return result == SESSION_END;
}

static void find_policy(struct sending *s, struct policy *policy)
{
    struct outbound_tls_result failed = {
        .domain = s->route->domain, .policy = OUTBOUND_TLS_STS, .policy_text = "", .host = "", .address = ""
    };

    sts_cache_find(s->outbound->policies, s->settings, s->scratch, s->route->domain,
                   &s->outbound->is_stopping, &policy->sts);
    failed.failure = policy->sts.failure;
    if (failed.failure)
        tls_results_count(s->outbound->tls_results, &failed);
}

static void try_all(struct sending *s)
{
    struct policy policy = { .settings = s->settings, .route = s->route };
    struct exchangers exchangers;
    struct outcome worst = { .verdict = OUTBOUND_UNTRIED };
    bool is_all_at_fault = true;

    if (!exchangers_find(s->settings, s->scratch, s->route, &exchangers, &s->outcome)) {
        log_attempt(s, "no-host");
        return;
    }
    reach_order(s->outbound->reach, &exchangers);
    if (s->route->kind == ROUTE_MX && s->route->tls != ROUTE_TLS_NEVER && *s->route->domain != '[')
        find_policy(s, &policy);
    for (size_t i = 0; i < exchangers.address_count && is_any_untried(s); i++) {
        const struct exchanger_address *each = &exchangers.addresses[i];
        if (atomic_load(&s->outbound->is_stopping)) {
            outcome_set(&s->outcome, OUTBOUND_DEFERRED, "x.3.2", "this server is being stopped");
            return;
        }
        if (try_address(s, &policy, &exchangers.hosts[each->host], &each->address))
            return;
        /* One host that may take it later outweighs those that never will. */
        is_all_at_fault = is_all_at_fault && s->outcome.fault != OUTBOUND_FAULT_NONE;
        if (worst.verdict != OUTBOUND_DEFERRED || s->outcome.verdict == OUTBOUND_DEFERRED)
            worst = s->outcome;
    }
    if (worst.verdict != OUTBOUND_UNTRIED)
        s->outcome = worst;
    if (!is_all_at_fault)
        s->outcome.fault = OUTBOUND_FAULT_NONE;
}

/* ---- the door */

static bool is_possible(struct sending *s)
{
    switch (s->route->kind) {
    case ROUTE_MX:
    case ROUTE_HOST:
        return true;
    case ROUTE_WAIT:
        return outcome_set(&s->outcome, OUTBOUND_DEFERRED, "x.4.4", "%s",
                           s->route->reason ? s->route->reason : "no way is open");
    default:
        return outcome_set(&s->outcome, OUTBOUND_FAILED, "x.4.4", "%s",
                           s->route->reason ? s->route->reason : "there is no way");
    }
}

/* All that makes a connection fit for a message. */
static char *key_of(const void *owner, const struct route *route)
{
    return talloc_asprintf(owner, "%s\n%lld\n%d\n%s\n%s\n%d", route->destination ? route->destination : "",
                           (long long)route->connector_id, (int)route->tls, route->login ? route->login : "",
                           route->source_address ? route->source_address : "", route->is_backup);
}

static struct settings *hold_settings(struct outbound *outbound)
{
    struct settings *settings;

    pthread_mutex_lock(&outbound->lock);
    settings = outbound->settings;
    settings_hold(settings);
    pthread_mutex_unlock(&outbound->lock);
    return settings;
}

void outbound_send(struct outbound *outbound, const void *owner, const struct route *route,
                   const struct outbound_message *message, struct outbound_recipient *recipients,
                   size_t count)
{
    struct sending s = { .outbound = outbound,
                         .settings = hold_settings(outbound),
                         .owner = owner,
                         .scratch = talloc_new(NULL),
                         .route = route,
                         .message = message,
                         .recipients = recipients,
                         .count = count };
    int64_t began_us = clock_monotonic_us();

    s.ends_us = began_us + (int64_t)s.settings->timeouts.transaction * US_PER_S;
    s.key = key_of(s.scratch, route);
    outcome_set(&s.outcome, OUTBOUND_DEFERRED, "x.4.0", "no attempt was made");
    if (is_possible(&s) && !reuse(&s))
        try_all(&s);
    give_rest(&s);
    for (size_t i = 0; i < count; i++) {
        assert(recipients[i].verdict != OUTBOUND_UNTRIED);
        metric_add_at(&verdicts, 1, recipients[i].verdict, 0);
    }
    metric_observe_us(&durations, 0, clock_monotonic_us() - began_us);
    settings_release(&s.settings);
    talloc_free(s.scratch);
}

void outbound_take_tls_results(struct outbound *outbound, const void *owner,
                               struct outbound_tls_result **results_out, size_t *count_out)
{
    tls_results_take(outbound->tls_results, owner, results_out, count_out);
}
