/*
 * cmd_authenticate.c -- AUTHENTICATE (RFC 9051, 6.2.2) with an initial response (RFC 4959).
 */
#include "format/codec.h"
#include "imap/dialogue.h"
#include "imap/login.h"
#include "session/channel.h"

#include <talloc.h>

enum { RESPONSE_MAX = 16 * 1024 };

struct exchange {
    struct session_channel channel;
    struct sasl *sasl;
    void *memory; /* of the exchange and of the identity that comes out of it */
};

static int on_free(struct exchange *exchange)
{
    talloc_free(exchange->memory);
    return 0;
}

static enum session_next challenge_with(struct imap_request *req, struct span challenge)
{
    struct buf *out = imap_out(req->session);

    buf_add_text(out, "+ ");
    codec_add_base64(out, challenge);
    buf_add_text(out, "\r\n");
    return SESSION_DONE;
}

static enum session_next step(struct imap_request *req, const struct span *response)
{
    struct exchange *exchange = req->session->dialogue->state;
    struct span challenge;
    struct err err = ERR_INIT;
    void *memory = exchange->memory;
    enum sasl_next next = sasl_step(exchange->sasl, response, &challenge, &err);
    unsigned delay_ms;
    const char *login;
    struct identity *identity;

    if (next == SASL_CHALLENGE)
        return challenge_with(req, challenge);
    if (next == SASL_OK) {
        identity = sasl_identity(exchange->sasl);
        exchange->memory = NULL;
        imap_dialogue_end(req->session);
        return imap_login_succeeded(req, memory, identity);
    }
    delay_ms = sasl_delay_ms(exchange->sasl);
    login = talloc_strdup(req->arena, sasl_login(exchange->sasl));
    imap_dialogue_end(req->session);
    if (err.kind == ERR_INVALID)
        return imap_bad(req, "%s", err.user[0] ? err.user : "The response cannot be read.");
    return imap_login_failed(req, login, delay_ms, &err);
}

static enum session_next on_line(struct imap_request *req)
{
    struct buf response = BUF_INIT(req->arena);
    struct span bytes;

    if (span_equals_text(req->in.rest, "*")) {
        imap_dialogue_end(req->session);
        return imap_bad(req, "The login was cancelled.");
    }
    if (!codec_take_base64(req->in.rest, RESPONSE_MAX, &response)) {
        imap_dialogue_end(req->session);
        return imap_bad(req, "The response is no base64.");
    }
    bytes = span_of(response.p ? response.p : "", response.length);
    return step(req, &bytes);
}

/* SP (base64 / "=") where it is there. */
static bool take_initial_response(struct imap_request *req, struct buf *out, bool *has_one)
{
    *has_one = imap_take_space(&req->in);
    if (!*has_one)
        return imap_at_end(&req->in);
    if (span_equals_text(req->in.rest, "="))
        return true;
    return !imap_at_end(&req->in) && codec_take_base64(req->in.rest, RESPONSE_MAX, out);
}

enum session_next cmd_authenticate(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct auth_request request = imap_auth_request(session);
    struct buf initial = BUF_INIT(req->arena);
    struct span mechanism, bytes;
    struct imap_dialogue *dialogue;
    struct exchange *exchange;
    struct err err = ERR_INIT;
    bool has_initial;

    if (!imap_take_space(&req->in) || !imap_take_atom(&req->in, &mechanism) ||
        !take_initial_response(req, &initial, &has_initial))
        return imap_bad(req, "AUTHENTICATE takes a mechanism and perhaps a response in base64.");
    dialogue = imap_dialogue_open(req, FRAMING_LINES, on_line);
    exchange = dialogue->state = talloc_zero(dialogue, struct exchange);
    exchange->memory = talloc_new(NULL);
    talloc_set_destructor(exchange, on_free);
    session_channel_of(session->net, &exchange->channel);
    if (!sasl_start(session->context->auth, exchange->memory, &request, &exchange->channel.channel, mechanism,
                    &exchange->sasl, &err)) {
        imap_dialogue_end(session);
        return imap_no(req, err.kind == ERR_DENIED ? "PRIVACYREQUIRED" : imap_code_of(err.kind), "%s",
                       err.kind == ERR_DENIED ? "Use STARTTLS first: this connection is not encrypted."
                                              : err.user);
    }
    bytes = span_of(initial.p ? initial.p : "", initial.length);
    return step(req, has_initial ? &bytes : NULL);
}
