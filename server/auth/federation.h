/*
 * federation.h -- logins by the word of identity providers (OpenID Connect): tokens of mail programs, and browsers that come back
 * from a provider.
 *
 * A token is a JWT signed by the provider, or one that the provider is asked about (RFC 7662); which provider, its issuer tells, or the
 * domain of the name that logs in. What a claim says becomes an address, and that address must be of a recipient of the
 * organisation, and of the domain, whose provider it is: no provider vouches for others.
 *
 * Errors   ERR_AUTH: not good; err->log says why. ERR_BUSY: the provider or the database cannot be asked now, never ERR_AUTH for that.
 * Threads  all functions may be called from any thread; they block for a provider FETCH_SECONDS at most for each thing they ask.
 */
#ifndef AUTH_FEDERATION_H
#define AUTH_FEDERATION_H

#include "base/err.h"
#include "base/span.h"

#include <jansson.h>
#include <stdint.h>

struct directory;
struct federation;
struct identity_provider;

/* Under `owner`; `directory` must live longer. */
struct federation *federation_open(const void *owner, struct directory *directory);
/* Nobody logs in any more. Accepts and sets NULL. */
void federation_close(struct federation **federation);

/* ---- tokens of programs: for auth_options */

/* Is there a provider for mail programs? Asked of the directory every few seconds at most. */
bool federation_has_tokens(void *federation);
/* Whose token it is: his primary address. `name`: who the program says it is, by whose domain providers of opaque tokens are found; ""
 * or NULL: it does not say. */
MUST_CHECK bool federation_check_token(void *federation, const void *owner, const char *name,
                                       struct span token, char **login_out, struct err *err);

/* ---- browsers */

enum { FEDERATION_SECRET_TEXT = 65 };

struct federation_way {
    const char *address;                  /* where the browser is sent */
    char browser[FEDERATION_SECRET_TEXT]; /* it brings this back in a cookie */
};
/* Sends a browser to a provider. `redirect_uri`: where it comes back to; `return_path`: a page of ours after that. `hint`: who he says he
 * is; NULL: nothing. ERR_NOT_FOUND: no such provider for browsers. */
MUST_CHECK bool federation_begin(struct federation *federation, const void *owner, int64_t provider_id,
                                 const char *redirect_uri, const char *return_path, const char *hint,
                                 struct federation_way *way_out, struct err *err);

struct federation_return {
    const char *state, *code, *error, *issuer; /* what stands behind the "?"; NULL: absent */
    const char *browser;                       /* of the cookie; NULL */
};
struct federation_login {
    const char *login;       /* primary address; NULL where it failed */
    const char *return_path; /* NULL: it is not known which login this was */
    bool has_factor;         /* the provider has asked for a second factor */
    bool vouches_beyond;     /* it may let in who holds rights beyond the organisation */
};
/* The browser is back: who is it? *login_out is filled as far as it is known, also on failure. ERR_NOT_FOUND: nobody went there, or
 * too long ago. ERR_DENIED: the provider, or the person there, said no. */
MUST_CHECK bool federation_finish(struct federation *federation, const void *owner,
                                  const struct federation_return *returned,
                                  struct federation_login *login_out, struct err *err);

/* ---- administrators */

/* Asks a provider anew, step by step: [{"step", "passed", "detail"}]; the first step that fails says what to do, and is the last. */
json_t *federation_test(struct federation *federation, const struct identity_provider *provider);

#endif
