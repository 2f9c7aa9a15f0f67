/* factor.h -- second factors shown and registered; private to this room. */
#ifndef ADMIN_API_FACTOR_H
#define ADMIN_API_FACTOR_H

#include "admin_api/call.h"
#include "auth/webauthn.h"
#include "directory/second_factor.h"

enum { FACTOR_FRESH_S = 15 * 60, FACTOR_LOGIN_S = 5 * 60 };

/* The host of this server as the caller's browser knows it, without its port. Under the arena; NULL: the request names none. */
const char *factor_site(const struct admin_call *call);

/* Adds to the answer, also to an error, what may be shown: the kinds, and for keys a challenge, which the session keeps. */
MUST_CHECK bool factor_ask(struct admin_call *call, int64_t access_token_id,
                           const struct second_factor *factors, size_t count, struct err *err);
/* Judges what the body shows; "totp", "webauthn", "recovery". Wrong ones count. ERR_AUTH, ERR_LIMIT, ERR_INVALID: shows nothing. */
MUST_CHECK bool factor_prove(struct admin_call *call, const char **method_out, struct err *err);
/* The body's `client_data` and `attestation` as a new key for this challenge and site. */
MUST_CHECK bool factor_read_key(struct admin_call *call, const char *site, struct span challenge,
                                struct webauthn_credential *out, struct err *err);
/* For acts that change who may come in: a session that began with a second factor has shown it again within FACTOR_FRESH_S, else
 * ERR_DENIED, and the answer asks for it. */
MUST_CHECK bool factor_is_fresh(struct admin_call *call, struct err *err);
/* Whether a session that still lacks something may do this: ERR_AUTH. */
MUST_CHECK bool factor_suffices(struct admin_call *call, const struct admin_route *route, struct err *err);

#endif
