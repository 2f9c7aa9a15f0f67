/* negotiate.c -- see negotiate.h. */
#include "auth/negotiate.h"

#include "auth/account.h"
#include "format/codec.h"

#include <talloc.h>

bool negotiate_is_offered(struct auth *auth)
{
    return kerberos_is_ready(auth->kerberos, PROTOCOL_WEB);
}

static bool shake_hands(struct auth *auth, const void *owner, const struct auth_request *request,
                        struct span token, struct handshake **handshake_out, struct buf *reply,
                        struct err *err)
{
    const struct span unbound = { "", "" };

    if (!handshake_begin(auth->kerberos, owner, request->protocol, unbound, handshake_out, err))
        return false;
    switch (handshake_step(*handshake_out, token, reply, err)) {
    case HANDSHAKE_DONE:
        return true;
    case HANDSHAKE_GOES_ON: /* requests know nothing of each other */
        return err_set(err, ERR_INVALID, "The Kerberos ticket has to come in one piece.");
    default:
        return false;
    }
}

bool auth_negotiate(struct auth *auth, const void *owner, const struct auth_request *request,
                    struct span token, struct identity **identity_out, const char **answer_out,
                    struct err *err)
{
    void *scratch = talloc_new(owner);
    struct buf decoded = BUF_INIT(scratch), reply = BUF_INIT(scratch), answer = BUF_INIT(scratch);
    struct handshake *handshake;
    struct account account;

    *err = ERR_INIT;
    bool done = kerberos_is_ready(auth->kerberos, request->protocol) ||
                err_set(err, ERR_INVALID, "This way to log in is not supported.");
    if (done && !codec_take_base64(span_trim(token), NEGOTIATE_TOKEN_MAX, &decoded))
        done = err_set(err, ERR_INVALID, "The login was not understood.");
    done = done && shake_hands(auth, scratch, request, buf_span(&decoded), &handshake, &reply, err) &&
           account_of_principal(auth, scratch, handshake_name(handshake), handshake_realm(handshake),
                                &account, err) &&
           account_admit(auth, owner, request, &account, NULL, identity_out, err);
    if (done) {
        codec_add_base64(&answer, buf_span(&reply));
        *answer_out = talloc_strdup(owner, buf_text(&answer));
    }
    talloc_free(scratch);
    return done;
}
