/* introduce.c -- XCHAPPE, as the one who calls. */
#include "connector/introduce.h"

#include "format/codec.h"
#include "format/introduction.h"

#include <talloc.h>

struct introducing {
    struct introduction introduction;
    uint8_t proof[SHA256_BYTES]; /* the other side's */
    bool has_answer;
};

/* "2.7.0 NONCE PROOF". */
static void take_answer(void *argument, unsigned line, struct span text)
{
    struct introducing *i = argument;
    struct span enhanced;

    if (line == 0 && span_take_until(&text, ' ', &enhanced))
        i->has_answer = introduction_take_answer(text, i->introduction.called_nonce, i->proof);
}

static bool stranger(struct connection *connection, const char *why, struct outcome *outcome)
{
    return outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.5",
                       "%s should be a server of this installation, but %s", connection->host, why);
}

static bool say_hello(struct connection *connection, struct introducing *i, struct outcome *outcome)
{
    struct reply reply;

    connection_add_format(connection, "XCHAPPE HELLO %s ", i->introduction.caller);
    codec_add_base64(&connection->out,
                     span_of(i->introduction.caller_nonce, sizeof i->introduction.caller_nonce));
    connection_add(connection, span_text("\r\n"));
    if (!connection_reply(connection, "introducing ourselves", &reply, take_answer, i, outcome))
        return false;
    if (reply_class(&reply) == 4)
        return reply_outcome(&reply, outcome);
    return (reply_class(&reply) == 2 && i->has_answer) ||
           stranger(connection, "does not know how such servers introduce themselves", outcome);
}

static bool say_proof(struct connection *connection, const struct introducing *i, const uint8_t *key,
                      struct outcome *outcome)
{
    uint8_t proof[SHA256_BYTES];
    struct reply reply;

    introduction_proof(key, &i->introduction, INTRODUCTION_CALLED, proof);
    if (!equal_in_constant_time(span_of(proof, sizeof proof), span_of(i->proof, sizeof i->proof)))
        return stranger(connection, "has another directory, or somebody is in between", outcome);
    introduction_proof(key, &i->introduction, INTRODUCTION_CALLER, proof);
    connection_add(connection, span_text("XCHAPPE PROOF "));
    codec_add_base64(&connection->out, span_of(proof, sizeof proof));
    connection_add(connection, span_text("\r\n"));
    if (!connection_reply(connection, "introducing ourselves", &reply, NULL, NULL, outcome))
        return false;
    return reply_class(&reply) == 2 || stranger(connection, "does not know us", outcome);
}

bool introduce_to(const struct settings *settings, struct connection *connection, struct outcome *outcome)
{
    uint8_t key[INTRODUCTION_KEY_BYTES], binding[STREAM_BINDING_MAX];
    struct introducing i = { .introduction = { .caller = settings->hostname,
                                               .called = connection->features.name } };
    struct err err = ERR_INIT;
    size_t length = 0;
    bool done;

    if (connection->tls && stream_channel_binding(connection->stream, STREAM_TLS_EXPORTER, binding, &length))
        i.introduction.binding = span_of(binding, length);
    else if (!net_is_loopback(&connection->address))
        return stranger(connection, "offers no TLS to which a proof can be bound", outcome);
    if (!settings->find_key(settings->find_key_arg, key, &err))
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.3.0", "%s", err.user);
    random_bytes(i.introduction.caller_nonce, sizeof i.introduction.caller_nonce);
    done = say_hello(connection, &i, outcome) && say_proof(connection, &i, key, outcome);
    secret_erase(key, sizeof key);
    connection->is_introduced = done;
    return done;
}
