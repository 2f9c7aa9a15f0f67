/* login.c -- the mechanisms of AUTH. */
#include "connector/login.h"

#include "base/digest.h"
#include "format/codec.h"

#include <gsasl.h>
#include <stdio.h>
#include <talloc.h>

enum { CHALLENGE_BYTES = 4096 };

static bool refused(struct connection *connection, const struct reply *reply, struct outcome *outcome)
{
    char text[300];

    (void)snprintf(text, sizeof text, "%.200s", reply->text);
    outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.8", "logging in at %s failed: %s", connection->host, text);
    outcome->code = reply->code;
    return false;
}

/* Sends one line whose bytes are base64, after `command`; the reply is the caller's to judge. */
static bool say(struct connection *connection, const char *command, struct span bytes, struct reply *reply,
                struct outcome *outcome)
{
    connection_add(connection, span_text(command));
    codec_add_base64(&connection->out, bytes);
    connection_add(connection, span_text("\r\n"));
    return connection_reply(connection, "logging in", reply, NULL, NULL, outcome);
}

static bool done(struct connection *connection, const struct reply *reply, struct outcome *outcome)
{
    return reply_class(reply) == 2 || refused(connection, reply, outcome);
}

static bool plain(struct connection *connection, const char *login, const char *password,
                  struct outcome *outcome)
{
    struct buf bytes = BUF_INIT(connection);
    struct reply reply;
    bool is_said;

    buf_add_byte(&bytes, '\0');
    buf_add_text(&bytes, login);
    buf_add_byte(&bytes, '\0');
    buf_add_text(&bytes, password);
    is_said = say(connection, "AUTH PLAIN ", buf_span(&bytes), &reply, outcome);
    secret_erase(bytes.p, bytes.length);
    talloc_free(bytes.p);
    return is_said && done(connection, &reply, outcome);
}

static bool login_mechanism(struct connection *connection, const char *login, const char *password,
                            struct outcome *outcome)
{
    struct reply reply;

    connection_add_format(connection, "AUTH LOGIN\r\n");
    if (!connection_reply(connection, "logging in", &reply, NULL, NULL, outcome))
        return false;
    if (reply.code != 334)
        return refused(connection, &reply, outcome);
    if (!say(connection, "", span_text(login), &reply, outcome))
        return false;
    if (reply.code != 334)
        return refused(connection, &reply, outcome);
    return say(connection, "", span_text(password), &reply, outcome) && done(connection, &reply, outcome);
}

/* ---- SCRAM by GNU SASL */

static void take_challenge(void *argument, unsigned line, struct span text)
{
    struct buf *challenge = argument;

    if (line == 0 && !codec_take_base64(text, CHALLENGE_BYTES, challenge))
        buf_clear(challenge); /* no answer fits an empty challenge: the exchange fails */
}

static bool wrong(struct connection *connection, int code, struct outcome *outcome)
{
    connection->is_broken = true;
    return outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.8", "logging in at %s failed: %s", connection->host,
                       gsasl_strerror(code));
}

/* The exchange: our first message with the command, an answer to each 334, the server's proof checked at the end. */
static bool exchange(struct connection *connection, Gsasl_session *session, struct outcome *outcome)
{
    struct buf challenge = BUF_INIT(connection);
    const char *command = "AUTH SCRAM-SHA-256 ";
    struct reply reply = { .code = 334 };
    int code = GSASL_NEEDS_MORE;
    char *answer;
    size_t length;

    for (int round = 0; round < 4; round++) {
        code = gsasl_step(session, challenge.p, challenge.length, &answer, &length);
        if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
            return wrong(connection, code, outcome);
        if (reply.code == 235) { /* the proof came with the success */
            gsasl_free(answer);
            break;
        }
        buf_clear(&challenge);
        connection_add(connection, span_text(command));
        codec_add_base64(&connection->out, span_of(answer, length));
        connection_add(connection, span_text("\r\n"));
        gsasl_free(answer);
        command = "";
        if (!connection_reply(connection, "logging in", &reply, take_challenge, &challenge, outcome))
            return false;
        if (reply.code == 235 && code == GSASL_OK)
            break;
        if (reply.code != 334 && reply.code != 235)
            return refused(connection, &reply, outcome);
    }
    /* A server that does not know the password cannot prove that it does (RFC 5802, 3). */
    return (reply.code == 235 && code == GSASL_OK) || wrong(connection, GSASL_AUTHENTICATION_ERROR, outcome);
}

static bool scram(struct connection *connection, const char *login, const char *password,
                  struct outcome *outcome)
{
    Gsasl *library = NULL;
    Gsasl_session *session = NULL;
    bool is_in = false;
    int code = gsasl_init(&library);

    if (code == GSASL_OK)
        code = gsasl_client_start(library, "SCRAM-SHA-256", &session);
    if (code == GSASL_OK)
        code = gsasl_property_set(session, GSASL_AUTHID, login);
    if (code == GSASL_OK)
        code = gsasl_property_set(session, GSASL_PASSWORD, password);
    if (code == GSASL_OK)
        is_in = exchange(connection, session, outcome);
    else
        wrong(connection, code, outcome);
    if (session)
        gsasl_finish(session);
    if (library)
        gsasl_done(library);
    return is_in;
}

static const struct {
    enum feature feature;
    bool shows_password;
    bool (*run)(struct connection *, const char *, const char *, struct outcome *);
} mechanisms[] = {
    { FEATURE_AUTH_SCRAM_SHA_256, false, scram },
    { FEATURE_AUTH_PLAIN, true, plain },
    { FEATURE_AUTH_LOGIN, true, login_mechanism },
};

bool login_at(struct connection *connection, const char *login, const char *password, struct outcome *outcome)
{
    bool may_show = connection->tls || net_is_loopback(&connection->address), is_hidden = false;

    for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
        if (!features_have(&connection->features, mechanisms[i].feature))
            continue;
        if (may_show || !mechanisms[i].shows_password) {
            bool is_in = mechanisms[i].run(connection, login, password ? password : "", outcome);
            secret_erase(connection->out.p, connection->out.p ? connection->out.capacity : 0);
            return is_in;
        }
        is_hidden = true;
    }
    return outcome_set(outcome, OUTBOUND_DEFERRED, "x.7.4",
                       is_hidden ? "%s takes passwords only, and without TLS none is sent"
                                 : "%s offers no way to log in that is known here",
                       connection->host);
}
