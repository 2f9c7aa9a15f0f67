/*
 * cmd_auth.c -- AUTH (RFC 5034): a SASL exchange, perhaps with an initial response.
 */
#include "format/codec.h"
#include "pop3/command.h"
#include "pop3/login.h"
#include "session/channel.h"

#include <talloc.h>

enum { RESPONSE_MAX = 16 * 1024 };

struct pop3_exchange {
    struct session_channel channel;
    struct sasl *sasl;
    void *memory; /* of the exchange, and of the identity that comes out of it */
};

void pop3_auth_forget(struct pop3_session *s)
{
    if (s->exchange)
        talloc_free(s->exchange->memory);
    TALLOC_FREE(s->exchange);
}

static struct pop3_exchange *exchange_new(struct pop3_session *s)
{
    struct pop3_exchange *exchange = talloc_zero(session_memory(s->net), struct pop3_exchange);

    exchange->memory = talloc_new(NULL);
    session_channel_of(s->net, &exchange->channel);
    s->exchange = exchange;
    return exchange;
}

static enum session_next challenge_with(struct pop3_session *s, struct span challenge)
{
    struct buf *out = session_output(s->net);

    buf_add_text(out, "+ ");
    codec_add_base64(out, challenge);
    buf_add_text(out, "\r\n");
    return SESSION_DONE;
}

static enum session_next step(struct pop3_session *s, const struct span *response)
{
    struct pop3_exchange *exchange = s->exchange;
    struct span challenge;
    struct err err = ERR_INIT;
    enum sasl_next next = sasl_step(exchange->sasl, response, &challenge, &err);
    struct identity *identity;
    void *memory;
    const char *login;
    unsigned delay_ms;

    if (next == SASL_CHALLENGE)
        return challenge_with(s, challenge);
    if (next == SASL_OK) {
        identity = sasl_identity(exchange->sasl);
        memory = exchange->memory;
        exchange->memory = NULL;
        pop3_auth_forget(s);
        return pop3_login_succeeded(s, memory, identity);
    }
    delay_ms = sasl_delay_ms(exchange->sasl);
    login = talloc_strdup(session_arena(s->net), sasl_login(exchange->sasl));
    pop3_auth_forget(s);
    if (err.kind == ERR_INVALID)
        return pop3_bad(s, TEXT_BAD_BASE64);
    return pop3_login_failed(s, login, delay_ms, &err);
}

static enum session_next step_encoded(struct pop3_session *s, struct span encoded)
{
    struct buf response = BUF_INIT(session_arena(s->net));
    struct span bytes;

    if (!codec_take_base64(encoded, RESPONSE_MAX, &response)) {
        pop3_auth_forget(s);
        return pop3_bad(s, TEXT_BAD_BASE64);
    }
    bytes = span_of(response.p ? response.p : "", response.length);
    return step(s, &bytes);
}

enum session_next pop3_auth_line(struct pop3_session *s, struct span line)
{
    if (span_equals_text(line, "*")) {
        pop3_auth_forget(s);
        return pop3_bad(s, TEXT_CANCELLED);
    }
    return step_encoded(s, line);
}

/* What clients older than CAPA ask. */
static enum session_next list_mechanisms(struct pop3_session *s)
{
    struct session_channel channel;
    const char **names;

    session_channel_of(s->net, &channel);
    names = sasl_mechanisms(s->context->auth, session_arena(s->net), PROTOCOL_POP3, &channel.channel);
    pop3_ok(s, TEXT_MECHANISMS);
    for (; *names; names++)
        session_printf(s->net, "%s\r\n", *names);
    session_write_text(s->net, ".\r\n");
    return SESSION_DONE;
}

enum session_next pop3_cmd_auth(struct pop3_session *s, struct span arguments)
{
    struct auth_request request = pop3_auth_request(s);
    struct span mechanism, initial = arguments;
    struct pop3_exchange *exchange;
    struct err err = ERR_INIT;
    bool has_initial = span_take_until(&initial, ' ', &mechanism);

    if (span_is_empty(arguments))
        return list_mechanisms(s);
    if (!has_initial)
        mechanism = arguments;
    exchange = exchange_new(s);
    if (!sasl_start(s->context->auth, exchange->memory, &request, &exchange->channel.channel, mechanism,
                    &exchange->sasl, &err)) {
        pop3_auth_forget(s);
        if (err.kind == ERR_DENIED)
            return pop3_err(s, CODE_NONE, TEXT_NEEDS_TLS);
        return err.kind == ERR_INVALID ? pop3_bad(s, TEXT_NO_MECHANISM) : pop3_fail(s, &err);
    }
    if (!has_initial)
        return step(s, NULL);
    return step_encoded(s, span_equals_text(initial, "=") ? span_text("") : initial);
}
