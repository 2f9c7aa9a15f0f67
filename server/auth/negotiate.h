/*
 * negotiate.h -- a Kerberos ticket in an HTTP header (RFC 4559): `Authorization: Negotiate TOKEN`, with SPNEGO or plain
 * Kerberos in it, decided in one step.
 *
 * Threads  any; blocks for the database.
 */
#ifndef AUTH_NEGOTIATE_H
#define AUTH_NEGOTIATE_H

#include "auth/auth.h"

enum { NEGOTIATE_TOKEN_MAX = 48 * 1024 };

/* Are there keys for HTTP? Only then is a challenge sent. */
bool negotiate_is_offered(struct auth *auth);
/* The token in base64, without the scheme's name. True: *identity_out under `owner`, and in *answer_out what to send back in
 * `WWW-Authenticate: Negotiate` ("" for nothing). ERR_AUTH, ERR_DENIED, ERR_BUSY as in auth.h; ERR_INVALID: no such
 * token. */
MUST_CHECK bool auth_negotiate(struct auth *auth, const void *owner, const struct auth_request *request,
                               struct span token, struct identity **identity_out, const char **answer_out,
                               struct err *err);

#endif
