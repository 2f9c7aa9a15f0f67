/*
 * pool.c -- which server is asked: cost, health, a bounded number of connections, a breaker each.
 */
#include "ldap/pool.h"

#include "base/clock.h"
#include "base/log.h"
#include "ldap/link.h"

#include <pthread.h>
#include <stdio.h>
#include <talloc.h>

enum {
    DEFAULT_CONNECTIONS = 8,
    DEFAULT_CONNECT_MS = 3000,
    DEFAULT_ANSWER_MS = 10000,
    BREAKER_FAILURES = 3,
    BREAKER_FIRST_S = 1,
    BREAKER_LONGEST_S = 30,
    IDLE_S = 60,      /* an idle connection is kept so long */
    SRV_KEPT_S = 300, /* what DNS said is asked again after that */
};

struct pool_server {
    struct ldap_target target;
    unsigned cost;
    struct ldap_link *idle[LDAP_LINK_USES];
    unsigned open, in_use; /* connections; those in use are among the open ones */
    unsigned failures;     /* in a row */
    unsigned backoff_s;
    int64_t closed_until_us; /* monotonic; the breaker is open until then */
    bool is_probing;         /* somebody tries whether it is back */
    bool is_current;         /* false: DNS does not name it any more */
    uint64_t connected, failed, timed_out;
    char fault[200];
};

struct ldap_pool {
    struct ldap_settings settings;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct pool_server servers[LDAP_SERVERS_MAX];
    size_t server_count;
    bool has_srv;
    int64_t asked_us;  /* DNS; 0: never */
    void *tls_context; /* libldap's, counted there */
};

/* ---- open */

static const char *copy(const void *owner, const char *text)
{
    return text && *text ? talloc_strdup(owner, text) : NULL;
}

static void copy_settings(struct ldap_pool *pool, const struct ldap_settings *from)
{
    struct ldap_settings *to = &pool->settings;
    struct ldap_server *servers =
        talloc_zero_array(pool, struct ldap_server, (unsigned)from->server_count + 1);

    *to = *from;
    for (size_t i = 0; i < from->server_count; i++)
        servers[i] =
            (struct ldap_server){ talloc_strdup(servers, from->servers[i].url), from->servers[i].cost };
    to->servers = servers;
    to->trusted = copy(pool, from->trusted);
    to->certificate = copy(pool, from->certificate);
    to->key = copy(pool, from->key);
    to->bind_name = copy(pool, from->bind_name);
    to->bind_password = copy(pool, from->bind_password);
    to->keytab = copy(pool, from->keytab);
    to->connections = from->connections ? from->connections : DEFAULT_CONNECTIONS;
    to->connect_ms = from->connect_ms ? from->connect_ms : DEFAULT_CONNECT_MS;
    to->answer_ms = from->answer_ms ? from->answer_ms : DEFAULT_ANSWER_MS;
}

static bool is_srv(const char *url)
{
    return strncmp(url, "srv://", 6) == 0;
}

static void add_server(struct ldap_pool *pool, const struct ldap_target *target, unsigned cost)
{
    struct pool_server *server = NULL;

    for (size_t i = 0; i < pool->server_count; i++)
        if (strcmp(pool->servers[i].target.url, target->url) == 0) {
            pool->servers[i].is_current = true;
            pool->servers[i].cost = cost;
            return;
        } else if (!pool->servers[i].is_current && pool->servers[i].open == 0) {
            server = &pool->servers[i];
        }
    if (!server && pool->server_count < LDAP_SERVERS_MAX)
        server = &pool->servers[pool->server_count++];
    if (server)
        *server = (struct pool_server){ .target = *target, .cost = cost, .is_current = true };
}

static bool check(const struct ldap_pool *pool, bool has_local, struct err *err)
{
    const struct ldap_settings *settings = &pool->settings;

    if (settings->server_count == 0)
        return err_set(err, ERR_INVALID, "A source needs the URL of a server.");
    if (settings->bind == LDAP_BIND_EXTERNAL && !settings->certificate && !has_local)
        return err_set(err, ERR_INVALID, "EXTERNAL needs a client certificate, or ldapi:// URLs.");
    if (settings->bind == LDAP_BIND_GSSAPI &&
        (!settings->bind_name || (!settings->bind_password && !settings->keytab)))
        return err_set(err, ERR_INVALID, "GSSAPI needs a principal, and its password or a keytab.");
    if ((settings->certificate != NULL) != (settings->key != NULL))
        return err_set(err, ERR_INVALID, "A client certificate and its key belong together.");
    if (settings->bind == LDAP_BIND_SIMPLE && settings->bind_name && !settings->bind_password)
        return err_set(err, ERR_INVALID, "A simple bind needs a password.");
    return true;
}

bool ldap_pool_open(const void *owner, const struct ldap_settings *settings, struct ldap_pool **pool_out,
                    struct err *err)
{
    struct ldap_pool *pool = talloc_zero(owner, struct ldap_pool);
    pthread_condattr_t monotonic;
    bool has_local = false;

    *pool_out = NULL;
    copy_settings(pool, settings);
    for (size_t i = 0; i < settings->server_count; i++) {
        struct ldap_target target;
        if (!ldap_target_parse(pool, settings->servers[i].url, settings->tls, &target, err))
            goto failed;
        has_local = has_local || target.is_local;
        if (is_srv(settings->servers[i].url))
            pool->has_srv = true;
        else
            add_server(pool, &target, settings->servers[i].cost);
    }
    if (!check(pool, has_local, err))
        goto failed;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->returned, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *pool_out = pool;
    return true;
failed:
    talloc_free(pool);
    return false;
}

static void drop_idle(struct pool_server *server, int64_t unused_since_us)
{
    for (int use = 0; use < LDAP_LINK_USES; use++)
        for (struct ldap_link **at = &server->idle[use]; *at;) {
            struct ldap_link *link = *at;
            if (link->used_us >= unused_since_us) {
                at = &link->next;
                continue;
            }
            *at = link->next;
            server->open--;
            link_close(&link);
        }
}

void ldap_pool_close(struct ldap_pool **pool)
{
    if (!*pool)
        return;
    for (size_t i = 0; i < (*pool)->server_count; i++)
        drop_idle(&(*pool)->servers[i], INT64_MAX);
    pthread_cond_destroy(&(*pool)->returned);
    pthread_mutex_destroy(&(*pool)->lock);
    talloc_free(*pool);
    *pool = NULL;
}

void *pool_tls_context(struct ldap_pool *pool)
{
    void *context;

    pthread_mutex_lock(&pool->lock);
    context = pool->tls_context;
    pthread_mutex_unlock(&pool->lock);
    return context;
}

void pool_keep_tls_context(struct ldap_pool *pool, void *context)
{
    pthread_mutex_lock(&pool->lock);
    if (!pool->tls_context)
        pool->tls_context = context;
    pthread_mutex_unlock(&pool->lock);
}

/* ---- DNS */

static void adopt(struct ldap_pool *pool, const struct ldap_server *from, const struct ldap_srv *found,
                  size_t count)
{
    for (size_t i = 0; i < count && i < LDAP_SERVERS_MAX; i++) {
        struct ldap_target target = { .host = talloc_strdup(pool, found[i].host),
                                      .port = found[i].port,
                                      .tls = pool->settings.tls };
        /* SRV names the port of plain LDAP; LDAPS has one of its own */
        if (target.tls == LDAP_OVER_TLS && target.port == 389)
            target.port = 636;
        target.url = talloc_asprintf(pool, "%s://%s:%u", target.tls == LDAP_OVER_TLS ? "ldaps" : "ldap",
                                     target.host, target.port);
        add_server(pool, &target, from->cost + found[i].priority);
    }
}

/* Asks DNS where that is due; what it said before stays where it does not answer now. Outside the lock while it waits. */
static bool find_servers(struct ldap_pool *pool, int64_t deadline_us, struct err *err)
{
    int64_t now = clock_monotonic_us();
    bool ok = true, is_due;
    void *scratch;

    pthread_mutex_lock(&pool->lock);
    is_due = pool->asked_us == 0 || now > pool->asked_us + SRV_KEPT_S * US_PER_S;
    if (is_due)
        pool->asked_us = now;
    pthread_mutex_unlock(&pool->lock);
    scratch = is_due ? talloc_new(NULL) : NULL;
    for (size_t i = 0; is_due && i < pool->settings.server_count; i++) {
        const struct ldap_server *from = &pool->settings.servers[i];
        struct ldap_srv *found;
        size_t count;

        if (!is_srv(from->url))
            continue;
        if (!pool->settings.find_srv) {
            ok = err_set(err, ERR_BUSY, "Nothing here asks DNS for directory servers.");
            continue;
        }
        if (!pool->settings.find_srv(pool->settings.find_srv_arg, scratch,
                                     talloc_asprintf(scratch, "_ldap._tcp.%s", from->url + 6), deadline_us,
                                     &found, &count, err)) {
            ok = false;
            continue;
        }
        pthread_mutex_lock(&pool->lock);
        adopt(pool, from, found, count);
        pthread_mutex_unlock(&pool->lock);
    }
    talloc_free(scratch);
    if (!ok) {
        pthread_mutex_lock(&pool->lock);
        pool->asked_us = 0;
        ok = pool->server_count > 0;
        pthread_mutex_unlock(&pool->lock);
    }
    return ok;
}

/* ---- choice */

static bool may_be_asked(const struct ldap_pool *pool, const struct pool_server *server, int64_t now_us)
{
    (void)pool;
    if (!server->is_current)
        return false;
    return server->failures < BREAKER_FAILURES || (now_us >= server->closed_until_us && !server->is_probing);
}

static bool has_room(const struct ldap_pool *pool, const struct pool_server *server)
{
    return server->in_use < pool->settings.connections;
}

enum choice { CHOICE_FOUND, CHOICE_FULL, CHOICE_DOWN };

/* The cheapest that may be asked, has room and is not in `tried`. */
static enum choice choose(struct ldap_pool *pool, unsigned tried, struct pool_server **server_out)
{
    int64_t now = clock_monotonic_us();
    enum choice choice = CHOICE_DOWN;
    struct pool_server *best = NULL;

    for (size_t i = 0; i < pool->server_count; i++) {
        struct pool_server *server = &pool->servers[i];
        if ((tried & 1U << i) || !may_be_asked(pool, server, now))
            continue;
        if (!has_room(pool, server)) {
            choice = CHOICE_FULL;
            continue;
        }
        if (!best || server->cost < best->cost ||
            (server->cost == best->cost && server->in_use < best->in_use))
            best = server;
    }
    *server_out = best;
    return best ? CHOICE_FOUND : choice;
}

static void note_good(struct pool_server *server)
{
    if (server->failures >= BREAKER_FAILURES)
        log_event(LOG_LEVEL_INFO, "ldap.server.back", log_text("url", server->target.url));
    server->failures = 0;
    server->backoff_s = 0;
    server->is_probing = false;
}

static void note_bad(struct pool_server *server, const struct err *err)
{
    server->failed++;
    server->failures++;
    server->is_probing = false;
    snprintf(server->fault, sizeof server->fault, "%.199s", err && *err->log ? err->log : "connection lost");
    if (server->failures < BREAKER_FAILURES)
        return;
    server->backoff_s = server->backoff_s ? server->backoff_s * 2 : BREAKER_FIRST_S;
    if (server->backoff_s > BREAKER_LONGEST_S)
        server->backoff_s = BREAKER_LONGEST_S;
    server->closed_until_us = clock_monotonic_us() + server->backoff_s * US_PER_S;
    if (server->failures == BREAKER_FAILURES)
        log_event(LOG_LEVEL_WARNING, "ldap.server.down", log_text("url", server->target.url),
                  log_text("cause", server->fault));
}

/* An idle link or the right to make one; under the lock. */
static struct ldap_link *reserve(struct pool_server *server, enum ldap_link_use use)
{
    struct ldap_link *link;

    drop_idle(server, clock_monotonic_us() - IDLE_S * US_PER_S);
    link = server->failures >= BREAKER_FAILURES ? NULL : server->idle[use];
    if (link)
        server->idle[use] = link->next;
    else
        server->open++;
    if (server->failures >= BREAKER_FAILURES)
        server->is_probing = true;
    server->in_use++;
    return link;
}

static bool connect_to(struct ldap_pool *pool, struct pool_server *server, enum ldap_link_use use,
                       int64_t deadline_us, struct ldap_link **link_out, struct err *err)
{
    struct ldap_target target = server->target;
    int64_t latest = clock_monotonic_us() + (int64_t)pool->settings.connect_ms * 1000;
    enum ldap_step step;
    bool ok;

    pthread_mutex_unlock(&pool->lock);
    *err = ERR_INIT;
    ok = link_open(pool, &pool->settings, &target, use, latest < deadline_us ? latest : deadline_us, link_out,
                   &step, err);
    pthread_mutex_lock(&pool->lock);
    if (ok) {
        server->connected++;
        note_good(server);
        return true;
    }
    server->open--;
    server->in_use--;
    note_bad(server, err);
    pthread_cond_broadcast(&pool->returned);
    return false;
}

static bool wait_for_return(struct ldap_pool *pool, int64_t deadline_us)
{
    struct timespec until = { .tv_sec = deadline_us / US_PER_S, .tv_nsec = deadline_us % US_PER_S * 1000 };

    return pthread_cond_timedwait(&pool->returned, &pool->lock, &until) == 0;
}

static bool no_server(struct ldap_pool *pool, struct err *err)
{
    const char *fault = "";

    for (size_t i = 0; i < pool->server_count; i++)
        if (*pool->servers[i].fault)
            fault = pool->servers[i].fault;
    if (!*err->log)
        err_log(err, "no server may be asked now; last: %s", fault);
    if (err->kind == ERR_NONE)
        err_set(err, ERR_BUSY, "The company directory cannot be reached.");
    return false;
}

bool ldap_link_take(struct ldap_pool *pool, enum ldap_link_use use, unsigned wait_ms,
                    struct ldap_link **link_out, struct err *err)
{
    int64_t deadline = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    struct ldap_link *link = NULL;
    unsigned tried = 0;
    bool is_over = false;

    *link_out = NULL;
    *err = ERR_INIT;
    if (pool->has_srv && !find_servers(pool, deadline, err))
        return false;
    pthread_mutex_lock(&pool->lock);
    while (!link && !is_over) {
        struct pool_server *server;
        switch (choose(pool, tried, &server)) {
        case CHOICE_FOUND:
            link = reserve(server, use);
            if (!link && !connect_to(pool, server, use, deadline, &link, err))
                tried |= 1U << (server - pool->servers);
            if (link)
                link->server = server;
            is_over = !link && clock_monotonic_us() >= deadline;
            break;
        case CHOICE_FULL:
            is_over = !wait_for_return(pool, deadline);
            if (is_over)
                err_set(err, ERR_BUSY, "All connections to the company directory are in use.");
            break;
        default:
            is_over = true;
            break;
        }
    }
    if (!link)
        no_server(pool, err);
    pthread_mutex_unlock(&pool->lock);
    if (!link)
        return false;
    link->next = NULL;
    link->deadline_us = deadline;
    *link_out = link;
    return true;
}

void ldap_link_release(struct ldap_link **link)
{
    struct ldap_link *returned = *link;
    struct pool_server *server;
    struct ldap_pool *pool;

    *link = NULL;
    if (!returned)
        return;
    server = returned->server;
    if (!server) {
        link_close(&returned);
        return;
    }
    pool = returned->pool;
    pthread_mutex_lock(&pool->lock);
    server->in_use--;
    if (returned->is_broken) {
        server->open--;
        server->timed_out += returned->has_timed_out;
        note_bad(server, NULL);
    } else {
        returned->used_us = clock_monotonic_us();
        returned->next = server->idle[returned->use];
        server->idle[returned->use] = returned;
        note_good(server);
    }
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
    if (returned->is_broken)
        link_close(&returned);
}

void ldap_link_extend(struct ldap_link *link, unsigned wait_ms)
{
    link->deadline_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
}

const char *ldap_link_url(const struct ldap_link *link)
{
    return link->url;
}

bool ldap_pool_try(struct ldap_pool *pool, const char *url, unsigned wait_ms, struct ldap_trial *trial_out,
                   struct ldap_link **link_out, struct err *err)
{
    int64_t deadline = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    void *scratch = talloc_new(NULL);
    struct ldap_target target;
    bool ok;

    *trial_out = (struct ldap_trial){ .failed = LDAP_STEP_CONNECT };
    *link_out = NULL;
    *err = ERR_INIT;
    if (!ldap_target_parse(scratch, url, pool->settings.tls, &target, err)) {
        talloc_free(scratch);
        return false;
    }
    ok = link_open(pool, &pool->settings, &target, LDAP_LINK_SERVICE, deadline, link_out, &trial_out->failed,
                   err);
    if (clock_monotonic_us() >= deadline)
        snprintf(trial_out->remedy, sizeof trial_out->remedy,
                 "The server accepts connections and does not answer. Look whether it is well.");
    else if (target.tls != LDAP_PLAIN && trial_out->failed != LDAP_STEP_CONNECT)
        certificate_examine(&pool->settings, &target, clock_monotonic_us() + US_PER_S * 5, trial_out);
    talloc_free(scratch);
    return ok;
}

void ldap_pool_health(struct ldap_pool *pool, const void *owner, struct ldap_server_health **servers_out,
                      size_t *count_out)
{
    int64_t now = clock_monotonic_us();
    struct ldap_server_health *list = talloc_zero_array(owner, struct ldap_server_health, LDAP_SERVERS_MAX);
    size_t count = 0;

    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < pool->server_count; i++) {
        const struct pool_server *server = &pool->servers[i];
        struct ldap_server_health *health = &list[count];
        if (!server->is_current)
            continue;
        count++;
        *health = (struct ldap_server_health){ .url = talloc_strdup(list, server->target.url),
                                               .cost = server->cost,
                                               .open = server->open,
                                               .in_use = server->in_use,
                                               .is_down = server->failures >= BREAKER_FAILURES &&
                                                          now < server->closed_until_us,
                                               .connected = server->connected,
                                               .failed = server->failed,
                                               .timed_out = server->timed_out };
        snprintf(health->fault, sizeof health->fault, "%s", server->fault);
    }
    pthread_mutex_unlock(&pool->lock);
    *servers_out = list;
    *count_out = count;
}
