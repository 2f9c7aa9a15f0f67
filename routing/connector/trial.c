/* trial.c -- routes and services tried out. */
#include "connector/trial.h"

#include "connector/exchangers.h"
#include "connector/login.h"
#include "connector/policy.h"
#include "connector/settings.h"
#include "connector/sts_cache.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { HOSTS_SHOWN = 4, LINES_MAX = 1000 };

struct trial {
    struct settings *settings;
    void *arena;
    trial_note *note;
    void *argument;
    struct outcome outcome;
    atomic_bool is_stopping; /* never: the times end it */
};

static bool tell(struct trial *t, const char *step, bool is_good, const char *text)
{
    t->note(t->argument, step, is_good, text);
    return is_good;
}

static bool failed(struct trial *t, const char *step)
{
    return tell(t, step, false, t->outcome.text);
}

static bool begin(struct trial *t, const struct outbound_options *options, trial_note *note, void *argument,
                  struct err *err)
{
    *t = (struct trial){ .note = note, .argument = argument };
    atomic_init(&t->is_stopping, false);
    if (!settings_new(options, &t->settings, err))
        return false;
    t->arena = talloc_new(NULL);
    return true;
}

static void end(struct trial *t)
{
    settings_release(&t->settings);
    talloc_free(t->arena);
}

/* ---- a route */

static const char *hosts_text(struct trial *t, const struct exchangers *exchangers)
{
    char *text = talloc_strdup(t->arena, "");

    for (size_t i = 0; i < exchangers->address_count && i < HOSTS_SHOWN; i++) {
        const struct exchanger_address *each = &exchangers->addresses[i];
        char address[NET_ADDRESS_TEXT];
        text = talloc_asprintf_append(text, "%s%s [%s]:%u", *text ? ", " : "",
                                      exchangers->hosts[each->host].name,
                                      net_address_text(&each->address, address), each->address.port);
    }
    if (exchangers->address_count > HOSTS_SHOWN)
        text = talloc_asprintf_append(text, " and %zu more", exchangers->address_count - (size_t)HOSTS_SHOWN);
    return text;
}

static bool tell_tls(struct trial *t, const struct demand *demand, const struct session_tls *tls,
                     const struct connection *connection)
{
    if (!tls->is_tried)
        return true;
    if (tls->is_failed && demand->level >= ROUTE_TLS_ENCRYPT)
        return failed(t, "tls");
    if (tls->is_not_offered)
        return tell(t, "tls", demand->level < ROUTE_TLS_ENCRYPT, "it is not offered: mail goes in clear");
    return tell(t, "tls", true,
                connection && connection->tls ? connection->tls : "it failed: mail goes in clear");
}

/* True: there is a session, or nothing else is to be tried. */
static bool try_address(struct trial *t, const struct policy *policy, const struct exchanger *host,
                        const struct net_address *address, bool *is_ready_out)
{
    struct connection *connection = NULL;
    struct session_tls tls = { .is_tried = false };
    struct demand demand;

    if (!policy_demand(policy, t->arena, host, address, &demand, &t->outcome))
        return failed(t, "tls");
    enum session_result result = session_open(t->settings, policy->route, host, address, &demand,
                                              &t->is_stopping, &connection, &tls, &t->outcome);
    if (result == SESSION_UNREACHED)
        return failed(t, "connect");
    tell(t, "connect", true, connection ? connection->host : host->name);
    *is_ready_out =
        tell_tls(t, &demand, &tls, connection) &&
        (result == SESSION_READY ? tell(t, "session", true,
                                        policy->route->login ? "greeting, EHLO and login are in order"
                                                             : "greeting and EHLO are in order")
                                 : failed(t, "session"));
    connection_close(&connection);
    return *is_ready_out || result == SESSION_END;
}

static bool try_hosts(struct trial *t, const struct route *route)
{
    struct policy policy = { .settings = t->settings, .route = route };
    struct exchangers exchangers;
    bool is_ready = false;

    if (!exchangers_find(t->settings, t->arena, route, &exchangers, &t->outcome))
        return failed(t, "hosts");
    tell(t, "hosts", true, hosts_text(t, &exchangers));
    struct sts_cache *policies = sts_cache_new();
    if (route->kind == ROUTE_MX && route->tls != ROUTE_TLS_NEVER && *route->domain != '[')
        sts_cache_find(policies, t->settings, t->arena, route->domain, &t->is_stopping, &policy.sts);
    for (size_t i = 0; i < exchangers.address_count; i++)
        if (try_address(t, &policy, &exchangers.hosts[exchangers.addresses[i].host],
                        &exchangers.addresses[i].address, &is_ready))
            break;
    sts_cache_free(&policies);
    return is_ready;
}

/* By MAIL and RCPT, as a backup asks its primary. */
static bool ask_recipient(struct trial *t, const struct outbound_options *options, const struct route *route,
                          const char *recipient, struct err *err)
{
    const struct outbound_message nothing = {
        .id = "trial", .sender = "", .bytes = span_text(""), .is_probe = true
    };
    struct outbound_recipient asked = { .address = recipient };
    struct outbound *outbound;

    if (!outbound_open(options, &outbound, err))
        return false;
    outbound_send(outbound, t->arena, route, &nothing, &asked, 1);
    tell(t, "recipient", asked.verdict == OUTBOUND_DELIVERED || asked.verdict == OUTBOUND_RELAYED,
         asked.code ? talloc_asprintf(t->arena, "%u %s", asked.code, asked.text ? asked.text : "")
                    : (asked.text ? asked.text : ""));
    outbound_close(&outbound);
    return true;
}

bool trial_route(const struct outbound_options *options, const struct route *route, const char *recipient,
                 trial_note *note, void *argument, struct err *err)
{
    struct trial t;
    bool done = true;

    if (!begin(&t, options, note, argument, err))
        return false;
    if (try_hosts(&t, route) && recipient)
        done = ask_recipient(&t, options, route, recipient, err);
    end(&t);
    return done;
}

/* ---- a service of our own */

static bool start_tls(struct trial *t, const struct trial_service *service, enum tls_trust trust,
                      struct connection *connection)
{
    const struct tls_expectation expectation = { .trust = trust, .name = service->name };

    connection_allow(connection, t->settings->timeouts.greeting);
    return connection_start_tls(connection, t->settings->tls, &expectation, trust, &t->outcome);
}

static void take_feature(void *argument, unsigned line, struct span text)
{
    features_take_line(argument, line, text);
}

static bool try_smtp(struct trial *t, const struct trial_service *service, struct connection *connection)
{
    struct reply reply;

    if (!connection_reply(connection, "waiting for the greeting", &reply, NULL, NULL, &t->outcome))
        return failed(t, "greeting");
    if (reply_class(&reply) != 2)
        return tell(t, "greeting", false, reply.text);
    connection_add_format(connection, "EHLO trial.invalid\r\n");
    if (!connection_reply(connection, "sending EHLO", &reply, take_feature, &connection->features,
                          &t->outcome))
        return failed(t, "greeting");
    connection->features.is_extended = true;
    if (!tell(t, "greeting", reply_class(&reply) == 2, talloc_strdup(t->arena, reply.text)) ||
        !service->login)
        return true;
    connection_allow(connection, t->settings->timeouts.greeting);
    return login_at(connection, service->login, service->password, &t->outcome)
               ? tell(t, "login", true, service->login)
               : failed(t, "login");
}

/* Quoted (RFC 9051, 9): a text with other bytes cannot be said so. */
static void add_quoted(struct connection *connection, const char *text)
{
    connection_add(connection, span_text(" \""));
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            connection_add(connection, span_text("\\"));
        connection_add(connection, span_of(p, 1));
    }
    connection_add(connection, span_text("\""));
}

/* Lines until the one with the command's tag, whose rest is *last_out; "* N EXISTS" on the way goes into *messages. */
static bool imap_reply(struct trial *t, struct connection *connection, struct span *last_out, long *messages)
{
    struct span line;

    for (unsigned i = 0; i < LINES_MAX; i++) {
        if (!connection_line(connection, "waiting for a reply", &line, &t->outcome))
            return false;
        if (span_length(line) > 2 && line.p[0] == 't' && line.p[1] == ' ') {
            *last_out = span_of(line.p + 2, span_length(line) - 2);
            return true;
        }
        if (span_starts_nocase(line, "* ") && span_length(line) > 9 &&
            span_equals_nocase(span_of(line.end - 7, 7), " EXISTS"))
            *messages = strtol(line.p + 2, NULL, 10);
    }
    return outcome_set(&t->outcome, OUTBOUND_DEFERRED, "x.5.0", "the reply has no end");
}

static bool imap_step(struct trial *t, struct connection *connection, const char *step, const char *good)
{
    struct span last;
    char text[OUTCOME_TEXT_BYTES];
    long messages = -1;

    connection_allow(connection, t->settings->timeouts.greeting);
    if (!imap_reply(t, connection, &last, &messages))
        return failed(t, step);
    outcome_clean(last, text, sizeof text);
    if (!span_starts_nocase(last, "OK"))
        return tell(t, step, false, talloc_strdup(t->arena, text));
    return tell(t, step, true,
                messages >= 0 ? talloc_asprintf(t->arena, "%s: %ld messages", good, messages) : good);
}

static bool try_imap(struct trial *t, const struct trial_service *service, struct connection *connection)
{
    struct span line;
    char text[OUTCOME_TEXT_BYTES];

    if (!connection_line(connection, "waiting for the greeting", &line, &t->outcome))
        return failed(t, "greeting");
    outcome_clean(line, text, sizeof text);
    if (!tell(t, "greeting", span_starts_nocase(line, "* OK"), talloc_strdup(t->arena, text)) ||
        !service->login)
        return true;
    connection_add(connection, span_text("t LOGIN"));
    add_quoted(connection, service->login);
    add_quoted(connection, service->password);
    connection_add(connection, span_text("\r\n"));
    if (!imap_step(t, connection, "login", service->login))
        return false;
    connection_add(connection, span_text("t EXAMINE INBOX\r\n"));
    return imap_step(t, connection, "folder", "INBOX");
}

static bool connect_to(struct trial *t, const struct trial_service *service,
                       struct connection **connection_out)
{
    return connection_open(service->name, &service->address, NULL, t->settings->timeouts.connect,
                           &t->is_stopping, connection_out, &t->outcome);
}

static void close_at_once(struct connection **connection)
{
    if (*connection)
        (*connection)->is_broken = true; /* nothing polite: it is over */
    connection_close(connection);
}

/* A certificate that does not hold is told of, and the rest tried in spite of it. */
static bool secure(struct trial *t, const struct trial_service *service, struct connection **connection)
{
    if (start_tls(t, service, TLS_TRUST_AUTHORITIES, *connection))
        return tell(t, "tls", true, (*connection)->tls);
    (void)failed(t, "tls");
    close_at_once(connection);
    return connect_to(t, service, connection) && start_tls(t, service, TLS_TRUST_ANY, *connection);
}

bool trial_service(const struct outbound_options *options, const struct trial_service *service,
                   trial_note *note, void *argument, struct err *err)
{
    struct connection *connection = NULL;
    struct trial t;

    if (service->password && (strpbrk(service->password, "\r\n") || strpbrk(service->login, "\r\n")))
        return err_set(err, ERR_INVALID, "A login and a password are one line each.");
    if (!begin(&t, options, note, argument, err))
        return false;
    if (!connect_to(&t, service, &connection)) {
        (void)failed(&t, "connect");
    } else {
        tell(&t, "connect", true, connection->host);
        if (secure(&t, service, &connection))
            (void)(service->is_imap ? try_imap(&t, service, connection) : try_smtp(&t, service, connection));
        close_at_once(&connection);
    }
    end(&t);
    return true;
}
