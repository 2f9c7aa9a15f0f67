/*
 * send.c -- carries out a route from the command line: what tests and measurements of routing/connector use.
 *
 *   outbound_send --mx DOMAIN | --host HOST[:PORT]... [--tls never|opportunistic|encrypt|verify|implicit]
 *                 [--dns SERVERS] [--trust-anchor FILE] [--ca FILE] [--state DIRECTORY] [--hostname NAME] [--listener ADDRESS:PORT]
 *                 [--mx-port N] [--sts-port N] [--source ADDRESS] [--login NAME --password P] [--backup] [--require-tls]
 *                 [--smtputf8] [--binary] [--no-reuse] [--tls-results] [--from ADDRESS] [--timeout SECONDS] [--threads N] [--count N] FILE RECIPIENT...
 *
 * For one message it prints a line for each recipient: verdict, code, enhanced code, host, TLS, text, separated by tabs. With
 * --count it sends that many messages from that many threads and prints messages a second.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "connector/outbound.h"
#include "dns/dns.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

static struct {
    char *mx, *tls, *dns, *anchor, *ca, *state, *hostname, *listener, *source, *login, *password, *from;
    char **hosts, **rest;
    int mx_port, sts_port, timeout_s, threads, count;
    gboolean is_backup, needs_tls, smtputf8, is_binary, is_quiet, no_reuse, shows_tls;
} given = { .tls = (char *)"opportunistic",
            .hostname = (char *)"sender.example",
            .from = (char *)"sender@sender.example",
            .threads = 1,
            .count = 1,
            .timeout_s = 10 };

static const GOptionEntry options[] = {
    { "mx", 0, 0, G_OPTION_ARG_STRING, &given.mx, NULL, NULL },
    { "host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.hosts, NULL, NULL },
    { "tls", 0, 0, G_OPTION_ARG_STRING, &given.tls, NULL, NULL },
    { "dns", 0, 0, G_OPTION_ARG_STRING, &given.dns, NULL, NULL },
    { "trust-anchor", 0, 0, G_OPTION_ARG_STRING, &given.anchor, NULL, NULL },
    { "ca", 0, 0, G_OPTION_ARG_STRING, &given.ca, NULL, NULL },
    { "state", 0, 0, G_OPTION_ARG_STRING, &given.state, NULL, NULL },
    { "hostname", 0, 0, G_OPTION_ARG_STRING, &given.hostname, NULL, NULL },
    { "listener", 0, 0, G_OPTION_ARG_STRING, &given.listener, NULL, NULL },
    { "mx-port", 0, 0, G_OPTION_ARG_INT, &given.mx_port, NULL, NULL },
    { "sts-port", 0, 0, G_OPTION_ARG_INT, &given.sts_port, NULL, NULL },
    { "source", 0, 0, G_OPTION_ARG_STRING, &given.source, NULL, NULL },
    { "login", 0, 0, G_OPTION_ARG_STRING, &given.login, NULL, NULL },
    { "password", 0, 0, G_OPTION_ARG_STRING, &given.password, NULL, NULL },
    { "from", 0, 0, G_OPTION_ARG_STRING, &given.from, NULL, NULL },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &given.timeout_s, NULL, NULL },
    { "threads", 0, 0, G_OPTION_ARG_INT, &given.threads, NULL, NULL },
    { "count", 0, 0, G_OPTION_ARG_INT, &given.count, NULL, NULL },
    { "backup", 0, 0, G_OPTION_ARG_NONE, &given.is_backup, NULL, NULL },
    { "require-tls", 0, 0, G_OPTION_ARG_NONE, &given.needs_tls, NULL, NULL },
    { "smtputf8", 0, 0, G_OPTION_ARG_NONE, &given.smtputf8, NULL, NULL },
    { "binary", 0, 0, G_OPTION_ARG_NONE, &given.is_binary, NULL, NULL },
    { "no-reuse", 0, 0, G_OPTION_ARG_NONE, &given.no_reuse, NULL, NULL },
    { "tls-results", 0, 0, G_OPTION_ARG_NONE, &given.shows_tls, NULL, NULL },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &given.is_quiet, NULL, NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.rest, NULL, NULL },
    { .long_name = NULL },
};

struct work {
    struct outbound *outbound;
    struct route route;
    struct outbound_message message;
    atomic_int left;
};

static int fail(const char *text)
{
    fprintf(stderr, "outbound_send: %s\n", text);
    return 2;
}

/* "host:port", "192.0.2.1:25", "[::1]:25". */
static void parse_host(char *text, const char **host_out, uint16_t *port_out)
{
    char *colon = strrchr(text, ':');

    if (colon) {
        *port_out = (uint16_t)strtoul(colon + 1, NULL, 10);
        *colon = '\0';
    }
    *host_out = *text == '[' ? text + 1 : text;
    if (*text == '[')
        text[strlen(text) - 1] = '\0';
}

static void make_route(void *owner, struct route *route)
{
    static const char *const levels[] = { "never", "opportunistic", "encrypt", "verify", "implicit" };

    *route = (struct route){ .kind = given.mx ? ROUTE_MX : ROUTE_HOST,
                             .domain = given.mx,
                             .login = given.login,
                             .password = given.password,
                             .source_address = given.source,
                             .is_backup = given.is_backup };
    for (size_t i = 0; i < COUNT_OF(levels); i++)
        if (strcmp(levels[i], given.tls) == 0)
            route->tls = (enum route_tls)i;
    for (char **host = given.hosts; host && *host; host++) {
        route->hosts =
            talloc_realloc(owner, route->hosts, struct route_host, (unsigned)route->host_count + 1);
        route->hosts[route->host_count] = (struct route_host){ .port = 0 };
        parse_host(*host, &route->hosts[route->host_count].host, &route->hosts[route->host_count].port);
        route->host_count++;
    }
    route->destination = given.mx ? talloc_asprintf(owner, "mx %s", given.mx)
                                  : talloc_asprintf(owner, "host %s", route->hosts[0].host);
}

static struct outbound_recipient *make_recipients(void *owner, size_t *count_out)
{
    size_t count = g_strv_length(given.rest) - 1;
    struct outbound_recipient *recipients =
        talloc_zero_array(owner, struct outbound_recipient, (unsigned)count);

    for (size_t i = 0; i < count; i++)
        recipients[i].address = given.rest[i + 1];
    *count_out = count;
    return recipients;
}

static void print(const struct outbound_recipient *recipients, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s\t%s\t%u\t%s\t%s\t%s\t%s\n", recipients[i].address,
               outbound_verdict_name(recipients[i].verdict), recipients[i].code, recipients[i].enhanced,
               recipients[i].host ? recipients[i].host : "-", recipients[i].tls ? recipients[i].tls : "-",
               recipients[i].text);
}

static void *send_some(void *argument)
{
    struct work *work = argument;

    while (atomic_fetch_sub(&work->left, 1) > 0) {
        void *arena = talloc_new(NULL);
        size_t count;
        struct outbound_recipient *recipients = make_recipients(arena, &count);
        outbound_send(work->outbound, arena, &work->route, &work->message, recipients, count);
        if (!given.is_quiet)
            print(recipients, count);
        talloc_free(arena);
    }
    return NULL;
}

/* "tls", domain, policy (0 none, 1 MTA-STS, 2 TLSA), result, host, sessions. */
static void print_tls(struct outbound *outbound)
{
    void *arena = talloc_new(NULL);
    struct outbound_tls_result *results;
    size_t count;

    outbound_take_tls_results(outbound, arena, &results, &count);
    for (size_t i = 0; i < count; i++)
        printf("tls %s %d %s %s %llu\n", results[i].domain, (int)results[i].policy,
               results[i].failure ? results[i].failure : "success", *results[i].host ? results[i].host : "-",
               (unsigned long long)results[i].sessions);
    talloc_free(arena);
}

static void run(struct work *work)
{
    pthread_t *threads = g_new(pthread_t, (size_t)given.threads);
    int64_t began_us = clock_monotonic_us();
    double seconds;

    atomic_init(&work->left, given.count);
    for (int i = 0; i < given.threads; i++)
        pthread_create(&threads[i], NULL, send_some, work);
    for (int i = 0; i < given.threads; i++)
        pthread_join(threads[i], NULL);
    seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    if (given.is_quiet)
        printf("%d messages, %d threads: %.0f messages/s\n", given.count, given.threads,
               given.count / seconds);
    g_free(threads);
}

static bool open_all(struct dns **dns, struct outbound **outbound, struct err *err)
{
    unsigned t = (unsigned)given.timeout_s;
    struct dns_options resolver = { .servers = given.dns, .trust_anchor = given.anchor };
    struct outbound_listener listener = { .port = 0 };
    struct outbound_options how = { .hostname = given.hostname,
                                    .ca_file = given.ca,
                                    .state_directory = given.state,
                                    .sts_port = (uint16_t)given.sts_port,
                                    .mx_port = (uint16_t)given.mx_port,
                                    .messages_max = given.no_reuse ? 1 : 0,
                                    .timeouts = { t, t, t, t, t, t, 10 * t, t } };

    if (given.listener) {
        const char *host;
        parse_host(given.listener, &host, &listener.port);
        if (!net_address_parse(span_text(host), &listener.address))
            return err_set(err, ERR_INVALID, "bad listener");
        how.listeners = &listener;
        how.listener_count = 1;
    }
    if (!dns_open(&resolver, dns, err))
        return false;
    how.dns = *dns;
    return outbound_open(&how, outbound, err);
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    struct work work = { .message.id = "1" };
    void *owner = talloc_new(NULL);
    struct dns *dns = NULL;
    struct err err = ERR_INIT;
    char *bytes;
    size_t length;

    mem_start();
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL) || !given.rest || !given.rest[0] ||
        !given.rest[1] || (!given.mx && !given.hosts))
        return fail("wrong arguments");
    if (!g_file_get_contents(given.rest[0], &bytes, &length, NULL))
        return fail("the message cannot be read");
    if (given.is_quiet)
        log_set_level(LOG_LEVEL_WARNING);
    if (!open_all(&dns, &work.outbound, &err))
        return fail(err.user);
    make_route(owner, &work.route);
    work.message.sender = given.from;
    work.message.bytes = span_of(bytes, length);
    work.message.needs_tls = given.needs_tls;
    work.message.needs_smtputf8 = given.smtputf8;
    work.message.body = given.is_binary ? OUTBOUND_BINARYMIME : OUTBOUND_8BITMIME;
    run(&work);
    if (given.shows_tls)
        print_tls(work.outbound);
    outbound_close(&work.outbound);
    dns_close(&dns);
    talloc_free(owner);
    g_free(bytes);
    return 0;
}
