/*
 * cmd_authenticate.c -- AUTHENTICATE (RFC 5804, 2.1): a SASL exchange in strings of base64.
 */
#include "auth/sasl.h"
#include "base/clock.h"
#include "base/log.h"
#include "format/codec.h"
#include "managesieve/command.h"
#include "session/channel.h"

#include <talloc.h>

enum { RESPONSE_MAX = 16 * 1024, FAILURES_MAX = 10 };

struct managesieve_exchange {
    struct session_channel channel;
    struct sasl *sasl;
    void *memory; /* of the exchange, and of the identity that comes out of it */
};

void managesieve_auth_forget(struct managesieve_session *s)
{
    if (s->exchange)
        talloc_free(s->exchange->memory);
    TALLOC_FREE(s->exchange);
}

static enum session_next succeeded(struct managesieve_session *s)
{
    struct identity *identity = sasl_identity(s->exchange->sasl);

    s->identity_memory = s->exchange->memory;
    s->exchange->memory = NULL;
    managesieve_auth_forget(s);
    s->identity = identity;
    s->state = AUTHENTICATED;
    s->errors = 0;
    s->checked_us = clock_monotonic_us();
    session_set_authenticated(s->net, true);
    session_set_identity(s->net, identity);
    log_event(LOG_LEVEL_INFO, "managesieve.login", log_text("session", session_id(s->net)),
              log_text("peer", session_peer_text(s->net)), log_text("user", identity->login),
              log_text("tls", session_is_tls(s->net) ? "yes" : "no"));
    return managesieve_ok(s, CODE_NONE, "Logged in.");
}

static enum session_next failed(struct managesieve_session *s, const struct err *err)
{
    unsigned delay_ms = sasl_delay_ms(s->exchange->sasl);

    log_event(LOG_LEVEL_INFO, "managesieve.login.failed", log_text("session", session_id(s->net)),
              log_text("peer", session_peer_text(s->net)), log_text("user", sasl_login(s->exchange->sasl)),
              log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    managesieve_auth_forget(s);
    if (err->kind == ERR_INVALID)
        return managesieve_bad(s, "This is no valid response.");
    if (delay_ms)
        session_delay(s->net, (int)delay_ms);
    if (err->kind == ERR_AUTH && ++s->errors >= FAILURES_MAX)
        return managesieve_bye(s, "Too many failed logins.");
    return managesieve_no(s, err_is_temporary(err->kind) ? CODE_TRYLATER : CODE_NONE, err->user);
}

static enum session_next step(struct managesieve_session *s, const struct span *response)
{
    struct buf encoded = BUF_INIT(session_arena(s->net));
    struct span challenge;
    struct err err = ERR_INIT;
    enum sasl_next next = sasl_step(s->exchange->sasl, response, &challenge, &err);

    if (next == SASL_OK)
        return succeeded(s);
    if (next == SASL_FAILED)
        return failed(s, &err);
    codec_add_base64(&encoded, challenge);
    managesieve_add_string(session_output(s->net), encoded.p ? buf_span(&encoded) : span_text(""));
    session_write_text(s->net, "\r\n");
    return SESSION_DONE;
}

static enum session_next step_encoded(struct managesieve_session *s, struct span encoded)
{
    struct buf response = BUF_INIT(session_arena(s->net));
    struct span bytes;

    if (!codec_take_base64(encoded, RESPONSE_MAX, &response)) {
        managesieve_auth_forget(s);
        return managesieve_bad(s, "This is no valid base64.");
    }
    bytes = span_of(response.p ? response.p : "", response.length);
    return step(s, &bytes);
}

enum session_next managesieve_auth_line(struct managesieve_session *s, struct span line)
{
    struct span text, rest = line;

    if (!managesieve_take_string(session_arena(s->net), &rest, &text) || !span_is_empty(span_trim(rest))) {
        managesieve_auth_forget(s);
        return managesieve_bad(s, "A string is expected here.");
    }
    if (span_equals_text(text, "*")) {
        managesieve_auth_forget(s);
        return managesieve_bad(s, "The login was cancelled.");
    }
    return step_encoded(s, text);
}

enum session_next managesieve_cmd_authenticate(struct managesieve_session *s,
                                               const struct managesieve_arguments *arguments)
{
    struct auth_request request = { .protocol = PROTOCOL_SIEVE,
                                    .peer = *session_peer(s->net),
                                    .session = session_id(s->net) };
    struct managesieve_exchange *exchange = talloc_zero(session_memory(s->net), struct managesieve_exchange);
    struct err err = ERR_INIT;

    exchange->memory = talloc_new(NULL);
    session_channel_of(s->net, &exchange->channel);
    s->exchange = exchange;
    if (!sasl_start(s->context->auth, exchange->memory, &request, &exchange->channel.channel,
                    arguments->strings[0], &exchange->sasl, &err)) {
        managesieve_auth_forget(s);
        if (err.kind == ERR_DENIED)
            return managesieve_no(s, CODE_ENCRYPT_NEEDED, "Please use TLS first (STARTTLS).");
        return err.kind == ERR_INVALID ? managesieve_bad(s, "There is no such mechanism.")
                                       : managesieve_fail(s, &err);
    }
    return arguments->count > 1 ? step_encoded(s, arguments->strings[1]) : step(s, NULL);
}
