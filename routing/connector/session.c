/* session.c -- the beginning of a conversation (RFC 5321, 3.1, 3.2; 3207). */
#include "connector/session.h"

#include "base/clock.h"
#include "connector/introduce.h"
#include "connector/login.h"

#include <stdio.h>
#include <talloc.h>

struct opening {
    const struct settings *settings;
    const struct route *route;
    const struct exchanger *host;
    const struct demand *demand;
    struct connection *connection;
    struct outcome *outcome;
    struct session_tls tls;
};

static enum session_result loops_back(struct opening *o, const char *where)
{
    outcome_set(o->outcome, OUTBOUND_FAILED, "x.4.6",
                "mail for %s loops back to this server: %s has our own name %s",
                o->route->domain ? o->route->domain : o->route->destination, where, o->settings->hostname);
    if (o->route->is_backup)
        o->outcome->verdict = OUTBOUND_DEFERRED, o->outcome->enhanced[0] = '4';
    return SESSION_END;
}

/* "localhost" is nobody's name in particular. */
static bool is_our_name(const struct opening *o, const char *name)
{
    return !span_equals_nocase(span_text(name), "localhost") && settings_name_is_ours(o->settings, name);
}

static void take_greeting_name(void *argument, unsigned line, struct span text)
{
    char *name = argument;
    size_t length = 0;

    if (line > 0)
        return;
    while (length < span_length(text) && length < 255 && text.p[length] != ' ')
        length++;
    memcpy(name, text.p, length);
    name[length] = '\0';
}

/* RFC 7504: 521 is a host that takes no mail at all; other refusals of a connection may pass. */
static enum session_result refused(struct opening *o, const struct reply *reply)
{
    reply_outcome(reply, o->outcome);
    if (reply->code != 521 && o->outcome->verdict == OUTBOUND_FAILED) {
        o->outcome->verdict = OUTBOUND_DEFERRED;
        (void)snprintf(o->outcome->enhanced, sizeof o->outcome->enhanced, "4.4.2");
    }
    return SESSION_NEXT;
}

static enum session_result greet(struct opening *o)
{
    struct reply reply;
    char name[256] = "";

    connection_allow(o->connection, o->settings->timeouts.greeting);
    if (!connection_reply(o->connection, "waiting for the greeting", &reply, take_greeting_name, name,
                          o->outcome))
        return SESSION_NEXT;
    if (reply_class(&reply) != 2)
        return refused(o, &reply);
    return is_our_name(o, name) ? loops_back(o, "its greeting") : SESSION_READY;
}

static void take_feature(void *argument, unsigned line, struct span text)
{
    features_take_line(argument, line, text);
}

static enum session_result hello_old(struct opening *o)
{
    struct reply reply;

    connection_allow(o->connection, o->settings->timeouts.greeting);
    connection_add_format(o->connection, "HELO %s\r\n", o->settings->hostname);
    if (!connection_reply(o->connection, "sending HELO", &reply, NULL, NULL, o->outcome))
        return SESSION_NEXT;
    return reply_class(&reply) == 2 ? SESSION_READY : refused(o, &reply);
}

static enum session_result hello(struct opening *o)
{
    struct features *features = &o->connection->features;
    struct reply reply;

    *features = (struct features){ .has = 0 };
    if (!connection_is_in_step(o->connection, "sending EHLO", o->outcome))
        return SESSION_NEXT;
    connection_allow(o->connection, o->settings->timeouts.greeting);
    connection_add_format(o->connection, "EHLO %s\r\n", o->settings->hostname);
    if (!connection_reply(o->connection, "sending EHLO", &reply, take_feature, features, o->outcome))
        return SESSION_NEXT;
    if (reply_class(&reply) == 5 && !o->connection->is_broken) {
        *features = (struct features){ .has = 0 };
        return hello_old(o);
    }
    if (reply_class(&reply) != 2)
        return refused(o, &reply);
    features->is_extended = true;
    return is_our_name(o, features->name) ? loops_back(o, "its reply to EHLO") : SESSION_READY;
}

static bool is_required(const struct demand *demand)
{
    return demand->level >= ROUTE_TLS_ENCRYPT;
}

static bool negotiate(struct opening *o)
{
    const struct demand *demand = o->demand;
    enum tls_trust otherwise = demand->level >= ROUTE_TLS_VERIFY ? TLS_TRUST_AUTHORITIES : TLS_TRUST_ANY;
    struct tls_expectation expectation = {
        .trust = demand->association_count > 0 ? TLS_TRUST_DANE : otherwise,
        .name = demand->name,
        .more_names = demand->more_names,
        .associations = demand->associations,
        .association_count = demand->association_count,
    };

    connection_allow(o->connection, o->settings->timeouts.greeting);
    o->tls.is_tried = true;
    o->tls.is_failed =
        !connection_start_tls(o->connection, o->settings->tls, &expectation, otherwise, o->outcome);
    o->tls.fault = stream_tls_fault(o->connection->stream);
    if (o->tls.is_failed && o->tls.fault == TLS_FAULT_NONE)
        o->tls.fault = TLS_FAULT_OTHER;
    return !o->tls.is_failed;
}

static enum session_result no_tls(struct opening *o, const char *what)
{
    outcome_set(o->outcome, OUTBOUND_DEFERRED, "x.7.4", "%s asks for TLS, but %s %s", o->demand->why,
                o->connection->host, what);
    return SESSION_NEXT;
}

static enum session_result start_tls(struct opening *o)
{
    struct reply reply;

    if (o->demand->level == ROUTE_TLS_NEVER)
        return SESSION_READY;
    o->tls.is_tried = true;
    o->tls.is_not_offered = !features_have(&o->connection->features, FEATURE_STARTTLS);
    if (o->tls.is_not_offered)
        return is_required(o->demand) ? no_tls(o, "does not offer it") : SESSION_READY;
    connection_allow(o->connection, o->settings->timeouts.greeting);
    connection_add_format(o->connection, "STARTTLS\r\n");
    if (!connection_reply(o->connection, "sending STARTTLS", &reply, NULL, NULL, o->outcome))
        return SESSION_NEXT;
    o->tls.is_not_offered = reply.code != 220;
    if (o->tls.is_not_offered)
        return is_required(o->demand) || o->connection->is_broken ? no_tls(o, "refused STARTTLS")
                                                                  : SESSION_READY;
    if (!negotiate(o))
        return SESSION_NEXT;
    return hello(o); /* RFC 3207, 4.2: nothing said before counts any longer */
}

/* And EHLO once more: to a server of ours more is offered. */
static enum session_result introduce(struct opening *o)
{
    connection_allow(o->connection, o->settings->timeouts.greeting);
    return introduce_to(o->settings, o->connection, o->outcome) ? hello(o) : SESSION_NEXT;
}

static enum session_result converse(struct opening *o)
{
    enum session_result result;

    if (o->demand->level == ROUTE_TLS_IMPLICIT && !negotiate(o))
        return SESSION_NEXT;
    result = greet(o);
    if (result == SESSION_READY)
        result = hello(o);
    if (result == SESSION_READY && o->demand->level != ROUTE_TLS_IMPLICIT)
        result = start_tls(o);
    if (result == SESSION_READY && o->route->login) {
        connection_allow(o->connection, o->settings->timeouts.greeting);
        if (!login_at(o->connection, o->route->login, o->route->password, o->outcome))
            result = SESSION_NEXT;
    }
    if (result == SESSION_READY && o->route->is_internal && o->settings->find_key)
        result = introduce(o);
    return result;
}

static enum session_result attempt(struct opening *o, const struct net_address *address,
                                   const atomic_bool *is_stopping)
{
    enum session_result result = SESSION_NEXT;

    if (!connection_open(o->host->name, address, o->route->source_address, o->settings->timeouts.connect,
                         is_stopping, &o->connection, o->outcome))
        return SESSION_UNREACHED;
    result = converse(o);
    if (result == SESSION_READY && !o->connection->is_broken)
        return SESSION_READY;
    return result == SESSION_READY ? SESSION_NEXT : result;
}

enum session_result session_open(const struct settings *settings, const struct route *route,
                                 const struct exchanger *host, const struct net_address *address,
                                 const struct demand *demand, const atomic_bool *is_stopping,
                                 struct connection **connection_out, struct session_tls *tls_out,
                                 struct outcome *outcome)
{
    struct demand plain = { .level = ROUTE_TLS_NEVER };
    struct opening o = {
        .settings = settings, .route = route, .host = host, .demand = demand, .outcome = outcome
    };
    enum session_result result = attempt(&o, address, is_stopping);

    *tls_out = o.tls;
    if (result == SESSION_NEXT && o.tls.is_failed && demand->level == ROUTE_TLS_OPPORTUNISTIC) {
        connection_close(&o.connection);
        o.demand = &plain;
        result = attempt(&o, address, is_stopping);
    }
    *connection_out = o.connection; /* for the words of a refusal, too; the caller closes it */
    return result;
}
