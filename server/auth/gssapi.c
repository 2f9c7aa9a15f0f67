/*
 * gssapi.c -- GSSAPI (RFC 4752), the server's side: a Kerberos ticket, and the refusal of any security layer, since TLS
 * is one.
 */
#include "auth/mechanism.h"

#include <talloc.h>

enum { LAYER_NONE = 1, LAYERS_BYTES = 4 };

enum stage { STAGE_TICKET, STAGE_OFFER, STAGE_CHOICE };

struct gssapi {
    enum stage stage;
    struct handshake *handshake;
};

/* RFC 4752, 3.1: the layers that there are (one bit each), and the largest message of such a layer. */
static enum sasl_next offer_layers(struct sasl *sasl, struct err *err)
{
    static const char layers[LAYERS_BYTES] = { LAYER_NONE, 0, 0, 0 };

    sasl->gssapi->stage = STAGE_CHOICE;
    return handshake_wrap(sasl->gssapi->handshake, span_of(layers, sizeof layers), &sasl->challenge, err)
               ? SASL_CHALLENGE
               : SASL_FAILED;
}

static enum sasl_next take_ticket(struct sasl *sasl, struct span token, struct err *err)
{
    switch (handshake_step(sasl->gssapi->handshake, token, &sasl->challenge, err)) {
    case HANDSHAKE_GOES_ON:
        return SASL_CHALLENGE;
    case HANDSHAKE_DONE:
        sasl_set_login(sasl, span_text(talloc_asprintf(sasl, "%s@%s", handshake_name(sasl->gssapi->handshake),
                                                       handshake_realm(sasl->gssapi->handshake))));
        if (sasl->challenge.length == 0)
            return offer_layers(sasl, err);
        sasl->gssapi->stage = STAGE_OFFER; /* the client has our last token to read first */
        return SASL_CHALLENGE;
    default:
        return SASL_FAILED;
    }
}

/* Nobody, the principal itself, or a name that is of the same account. */
static bool is_same_account(struct sasl *sasl, struct span typed, const struct account *account,
                            struct err *err)
{
    struct account other;

    if (span_is_empty(typed) || span_equals_text(typed, sasl->login))
        return true;
    if (!account_look_up(sasl->auth, sasl, typed, &other, err))
        return false;
    return (other.is_known && other.login.recipient_id == account->login.recipient_id) ||
           err_set(err, ERR_DENIED, "Acting for somebody else is not supported.");
}

static enum sasl_next admit(struct sasl *sasl, struct span authorisation, struct err *err)
{
    const struct handshake *handshake = sasl->gssapi->handshake;
    struct account account;

    return account_of_principal(sasl->auth, sasl, handshake_name(handshake), handshake_realm(handshake),
                                &account, err) &&
                   is_same_account(sasl, authorisation, &account, err) &&
                   account_admit(sasl->auth, sasl, &sasl->request, &account, NULL, &sasl->identity, err)
               ? SASL_OK
               : SASL_FAILED;
}

static enum sasl_next take_choice(struct sasl *sasl, struct span response, struct err *err)
{
    struct buf choice = BUF_INIT(sasl);

    if (!handshake_unwrap(sasl->gssapi->handshake, response, &choice, err))
        return SASL_FAILED;
    if (choice.length < LAYERS_BYTES || choice.p[0] != LAYER_NONE)
        return sasl_broken(err);
    return admit(sasl, span_part(buf_span(&choice), LAYERS_BYTES, choice.length), err);
}

enum sasl_next gssapi_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    if (!response)
        return sasl->gssapi ? sasl_broken(err) : SASL_CHALLENGE;
    if (!sasl->gssapi) {
        sasl->gssapi = talloc_zero(sasl, struct gssapi);
        if (!handshake_begin(sasl->auth->kerberos, sasl, sasl->request.protocol, sasl->channel.tls_end_point,
                             &sasl->gssapi->handshake, err))
            return SASL_FAILED;
    }
    switch (sasl->gssapi->stage) {
    case STAGE_TICKET:
        return take_ticket(sasl, *response, err);
    case STAGE_OFFER:
        return span_is_empty(*response) ? offer_layers(sasl, err) : sasl_broken(err);
    default:
        return take_choice(sasl, *response, err);
    }
}
