/* cmd_auth.c -- AUTH (RFC 4954): base64 and its lines here, the mechanisms in auth/sasl.h. */
#include "auth/auth.h"
#include "auth/sasl.h"
#include "base/clock.h"
#include "base/log.h"
#include "format/address.h"
#include "format/codec.h"
#include "session/channel.h"
#include "smtp/auth.h"
#include "smtp/command.h"

#include <talloc.h>

enum { RECHECK_US = 60 * US_PER_S };

/* Everything of one exchange; after success it is the login's memory. */
struct smtp_auth {
    struct sasl *sasl;
    struct session_channel channel;
};

void smtp_auth_add_mechanisms(struct smtp_session *s, struct buf *out)
{
    void *arena = session_arena(s->session);
    struct session_channel channel;
    const char **names;

    session_channel_of(s->session, &channel);
    names = sasl_mechanisms(s->context->auth, arena, PROTOCOL_SMTP, &channel.channel);
    for (const char **name = names; *name; name++) {
        buf_add_byte(out, ' ');
        buf_add_text(out, *name);
    }
}

void smtp_auth_abandon(struct smtp_session *s)
{
    TALLOC_FREE(s->auth);
}

static enum session_next succeed(struct smtp_session *s)
{
    s->login = sasl_identity(s->auth->sasl);
    s->login_checked_us = clock_monotonic_us();
    talloc_steal(session_memory(s->session), s->auth);
    s->auth = NULL;
    session_set_authenticated(s->session, true);
    session_set_identity(s->session, s->login);
    log_event(LOG_LEVEL_INFO, "smtp.login", log_text("session", session_id(s->session)),
              log_text("peer", session_peer_text(s->session)), log_text("login", s->login->login));
    reply(s, 235, "2.7.0", "Authentication successful");
    return SESSION_DONE;
}

/* RFC 4954, 6: what the client may try again says so. */
static enum smtp_refusal refusal_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_AUTH:
    case ERR_DENIED:
        return REFUSE_AUTH_FAILED;
    case ERR_EXPIRED:
        return REFUSE_AUTH_EXPIRED;
    case ERR_SUSPENDED:
        return REFUSE_AUTH_SUSPENDED;
    case ERR_INVALID:
        return REFUSE_AUTH_BASE64;
    default:
        return REFUSE_AUTH_TEMPORARY;
    }
}

static enum session_next fail(struct smtp_session *s, const struct err *err)
{
    unsigned delay_ms = sasl_delay_ms(s->auth->sasl);
    enum session_next next;

    log_event(LOG_LEVEL_INFO, "smtp.login.failed", log_text("session", session_id(s->session)),
              log_text("peer", session_peer_text(s->session)), log_text("login", sasl_login(s->auth->sasl)),
              log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    next = refuse_as(s, refusal_of(err->kind), err);
    smtp_auth_abandon(s);
    if (delay_ms > 0)
        session_delay(s->session, (int)delay_ms);
    return next;
}

static enum session_next step(struct smtp_session *s, const struct span *response)
{
    struct buf *out = session_output(s->session);
    struct err err = ERR_INIT;
    struct span challenge;

    switch (sasl_step(s->auth->sasl, response, &challenge, &err)) {
    case SASL_OK:
        return succeed(s);
    case SASL_FAILED:
        return fail(s, &err);
    case SASL_CHALLENGE:
        break;
    }
    buf_add_text(out, "334 ");
    codec_add_base64(out, challenge);
    buf_add_text(out, "\r\n");
    return SESSION_DONE;
}

static enum session_next step_base64(struct smtp_session *s, struct span encoded)
{
    struct buf decoded = BUF_INIT(session_arena(s->session));
    struct span response;

    if (!codec_take_base64(encoded, SMTP_AUTH_LINE_MAX, &decoded)) {
        smtp_auth_abandon(s);
        return refuse(s, REFUSE_AUTH_BASE64);
    }
    response = buf_span(&decoded);
    return step(s, &response);
}

enum session_next smtp_auth_continue(struct smtp_session *s, struct span line)
{
    if (span_equals_text(line, "*")) {
        smtp_auth_abandon(s);
        return refuse(s, REFUSE_AUTH_CANCELLED);
    }
    return step_base64(s, line);
}

/* On the machine's own socket a role of ours says for whom it submits: its socket is open to nobody else. */
static enum session_next believe(struct smtp_session *s, struct span encoded)
{
    struct buf name = BUF_INIT(session_arena(s->session));
    struct identity *identity;
    struct err err = ERR_INIT;

    if (!codec_take_base64(encoded, SMTP_AUTH_LINE_MAX, &name))
        return refuse(s, REFUSE_AUTH_BASE64);
    if (!auth_identity(s->context->auth, session_memory(s->session), buf_text(&name), &identity, &err))
        return refuse_as(s, err.kind == ERR_NOT_FOUND ? REFUSE_AUTH_FAILED : REFUSE_AUTH_TEMPORARY, &err);
    s->login = identity;
    s->login_checked_us = clock_monotonic_us();
    session_set_authenticated(s->session, true);
    session_set_identity(s->session, s->login);
    reply(s, 235, "2.7.0", "Authentication successful");
    return SESSION_DONE;
}

enum session_next smtp_cmd_auth(struct smtp_session *s, struct span args)
{
    struct auth_request request = { .protocol = PROTOCOL_SMTP,
                                    .peer = *session_peer(s->session),
                                    .session = session_id(s->session) };
    struct span mechanism = smtp_verb(args, &args);
    struct smtp_auth *auth;
    struct err err = ERR_INIT;

    if (s->login)
        return refuse(s, REFUSE_AUTH_TWICE);
    if (s->service == SERVICE_SUBMISSION && session_peer(s->session)->is_local &&
        span_equals_nocase(mechanism, "EXTERNAL"))
        return believe(s, args);
    if (!session_may_login(s->session))
        return refuse(s, REFUSE_AUTH_NEEDS_TLS);
    auth = talloc_zero(session_memory(s->session), struct smtp_auth);
    session_channel_of(s->session, &auth->channel);
    if (!sasl_start(s->context->auth, auth, &request, &auth->channel.channel, mechanism, &auth->sasl, &err)) {
        talloc_free(auth);
        return refuse(s, err.kind == ERR_INVALID  ? REFUSE_AUTH_MECHANISM
                         : err.kind == ERR_DENIED ? REFUSE_AUTH_NEEDS_TLS
                                                  : REFUSE_AUTH_TEMPORARY);
    }
    s->auth = auth;
    if (span_is_empty(args))
        return step(s, NULL);
    if (span_equals_text(args, "=")) /* RFC 4954, 4: an empty initial response */
        return step(s, &(struct span){ args.p, args.p });
    return step_base64(s, args);
}

bool smtp_claim(struct smtp_session *s, const struct address *address, struct smtp_claim *claim_out,
                struct err *err)
{
    void *arena = session_arena(s->session);
    const char *keys[] = { address_is_null(address) ? "" : address_key(arena, address),
                           address_is_null(address) ? "" : address_user_key(arena, address) };

    *claim_out = (struct smtp_claim){ .kind = CLAIM_OWN };
    if (address_is_null(address) || identity_may_send_as(s->login, keys[0]) ||
        identity_may_send_as(s->login, keys[1]))
        return true;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (sender_right_find(s->context->directory, arena, s->login->recipient_id, keys[i],
                              &claim_out->right, err)) {
            claim_out->kind = claim_out->right.is_on_behalf ? CLAIM_ON_BEHALF : CLAIM_AS;
            return true;
        }
        if (err->kind != ERR_NOT_FOUND)
            return false;
    }
    return err_set(err, ERR_DENIED, "You may not send as this address.");
}

bool smtp_login_holds(struct smtp_session *s, struct err *err)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us - s->login_checked_us < RECHECK_US)
        return true;
    if (!auth_still_valid(s->context->auth, s->login, err))
        return false;
    s->login_checked_us = now_us;
    return true;
}

const char *smtp_login_name(const struct smtp_session *s)
{
    return s->login ? s->login->login : "";
}
