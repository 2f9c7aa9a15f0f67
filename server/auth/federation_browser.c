/*
 * federation_browser.c -- the authorisation code flow (OpenID Connect Core 1.0, 3.1) with PKCE (RFC 7636): there and back.
 *
 * What comes back is tied to the browser by a cookie, to the question by state and nonce, to this server by the verifier of PKCE, and to
 * the provider by its signature and, where it says so, by the parameter iss (RFC 9207).
 */
#include "auth/federated.h"
#include "auth/fetch.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "format/base32.h"

#include <string.h>
#include <talloc.h>

enum { SECRET_BYTES = 32, CODE_MAX = 4096, SHOWN_MAX = 100 };

static void make_secret(char text_out[FEDERATION_SECRET_TEXT])
{
    unsigned char bytes[SECRET_BYTES];

    random_bytes(bytes, sizeof bytes);
    hex_encode(span_of(bytes, sizeof bytes), text_out);
}

static const char *challenge_of(const void *owner, const char *verifier)
{
    uint8_t digest[SHA256_BYTES];

    sha256(span_text(verifier), digest);
    return base64url_text(owner, span_of(digest, sizeof digest));
}

/* ---- there */

static const char *address_of(const void *owner, const struct identity_provider *provider,
                              const struct issuer *issuer, const struct federated_login *login,
                              const char *state, const char *hint)
{
    struct buf text = buf_owned_by(owner);

    buf_add_text(&text, issuer->authorization);
    if (!strchr(issuer->authorization, '?'))
        buf_add_byte(&text, '?');
    fetch_add(&text, "response_type", "code");
    fetch_add(&text, "client_id", provider->client_id);
    fetch_add(&text, "redirect_uri", login->redirect_uri);
    fetch_add(&text, "scope", provider->scopes);
    fetch_add(&text, "state", state);
    fetch_add(&text, "nonce", login->nonce);
    fetch_add(&text, "code_challenge", challenge_of(owner, login->verifier));
    fetch_add(&text, "code_challenge_method", "S256");
    if (hint && *hint)
        fetch_add(&text, "login_hint", hint);
    return buf_text(&text);
}

static bool load(struct federation *federation, const void *owner, int64_t provider_id,
                 struct identity_provider *provider_out, struct issuer *issuer_out, struct err *err)
{
    if (!provider_load(federation->directory, owner, provider_id, provider_out, err))
        return false;
    if (!provider_out->is_for_web)
        return err_set(err, ERR_NOT_FOUND, "There is no such identity provider.");
    if (!issuer_get(federation->issuers, owner, provider_out, issuer_out, err))
        return false;
    return (issuer_out->authorization && issuer_out->token) ||
           err_set(err, ERR_BUSY, "The identity provider does not say where people log in.");
}

bool federation_begin(struct federation *federation, const void *owner, int64_t provider_id,
                      const char *redirect_uri, const char *return_path, const char *hint,
                      struct federation_way *way_out, struct err *err)
{
    char state[FEDERATION_SECRET_TEXT], nonce[FEDERATION_SECRET_TEXT], verifier[FEDERATION_SECRET_TEXT];
    struct federated_login login = { .identity_provider_id = provider_id,
                                     .nonce = nonce,
                                     .verifier = verifier,
                                     .redirect_uri = redirect_uri,
                                     .return_path = return_path };
    struct identity_provider provider;
    struct issuer issuer;

    *err = ERR_INIT;
    if (!load(federation, owner, provider_id, &provider, &issuer, err))
        return false;
    make_secret(state);
    make_secret(nonce);
    make_secret(verifier);
    make_secret(way_out->browser);
    sha256(span_text(state), login.state_hash);
    sha256(span_text(way_out->browser), login.browser_hash);
    way_out->address = address_of(owner, &provider, &issuer, &login, state, hint);
    return federated_login_add(federation->directory, &login, err);
}

/* ---- back */

static bool refuse(struct err *err, const char *why, const char *what)
{
    err_log(err, "%s %.100s", why, what);
    return err_set(err, ERR_AUTH, "The identity provider's answer is not valid.");
}

static bool take(struct federation *federation, const void *owner, const struct federation_return *returned,
                 struct federated_login *taken_out, struct err *err)
{
    unsigned char state[FEDERATED_HASH_BYTES], browser[FEDERATED_HASH_BYTES];

    sha256(span_text(returned->state ? returned->state : ""), state);
    sha256(span_text(returned->browser ? returned->browser : ""), browser);
    if (federated_login_take(federation->directory, owner, state, browser, taken_out, err))
        return true;
    return err->kind == ERR_NOT_FOUND
               ? err_set(err, ERR_NOT_FOUND,
                         "This login took too long, or was begun elsewhere. Please try again.")
               : false;
}

/* The code becomes tokens (Core 1.0, 3.1.3). */
static bool redeem(struct federation *federation, const void *owner, const struct identity_provider *provider,
                   const struct issuer *issuer, const struct federated_login *taken, const char *code,
                   json_t **tokens_out, struct err *err)
{
    struct buf form = buf_owned_by(owner);
    const char *error;
    unsigned status;

    fetch_add(&form, "grant_type", "authorization_code");
    fetch_add(&form, "code", code);
    fetch_add(&form, "redirect_uri", taken->redirect_uri);
    fetch_add(&form, "code_verifier", taken->verifier);
    if (!federated_ask_as_client(federation, owner, provider, issuer, issuer->token, &form, &status,
                                 tokens_out, err))
        return false;
    if (status == 200)
        return true;
    error = json_string_value(json_object_get(*tokens_out, "error"));
    return refuse(err, "the provider did not take the code:", error ? error : "no reason");
}

static bool read_identity(struct federation *federation, const void *owner,
                          const struct identity_provider *provider, const json_t *tokens, const char *nonce,
                          struct jose_token **token_out, struct err *err)
{
    const char *text = json_string_value(json_object_get(tokens, "id_token"));
    struct jose_expectation wanted = { .issuer = provider->issuer,
                                       .audience = provider->client_id,
                                       .nonce = nonce,
                                       .now_s = clock_now_us() / US_PER_S };

    if (!text)
        return refuse(err, "there is no", "id_token");
    return jose_read(owner, span_text(text), token_out, err) && jose_expect(*token_out, &wanted, err) &&
           issuer_verify(federation->issuers, provider, *token_out, err);
}

/* What the token itself does not say stands where it can be asked for (Core 1.0, 5.3); of the same person. */
static bool find_claims(struct federation *federation, const void *owner,
                        const struct identity_provider *provider, const struct issuer *issuer,
                        const json_t *tokens, const json_t *identity, const json_t **claims_out,
                        struct err *err)
{
    const char *access = json_string_value(json_object_get(tokens, "access_token"));
    const char *subject = json_string_value(json_object_get(identity, "sub")), *said;
    struct fetch_request request = { .url = issuer->userinfo, .ca_certificates = provider->ca_certificates };
    unsigned status;
    json_t *claims;

    *claims_out = identity;
    if (json_object_get(identity, provider->claim) || !access || !issuer->userinfo)
        return true;
    if (strpbrk(access, "\r\n"))
        return refuse(err, "there is a line end in the", "access_token");
    request.authorisation = talloc_asprintf(owner, "Bearer %s", access);
    if (!federated_ask(federation, owner, provider, &request, &status, &claims, err))
        return false;
    said = json_string_value(json_object_get(claims, "sub"));
    if (status != 200 || !subject || !said || strcmp(subject, said) != 0)
        return refuse(err, "what is said of the person is not of the same", "sub");
    *claims_out = claims;
    return true;
}

static bool identify(struct federation *federation, const void *owner, const struct federated_login *taken,
                     const struct federation_return *returned, struct federation_login *login_out,
                     struct err *err)
{
    struct identity_provider provider;
    struct jose_token *token;
    struct issuer issuer;
    const json_t *claims;
    json_t *tokens;
    char *login;

    if (!load(federation, owner, taken->identity_provider_id, &provider, &issuer, err))
        return false;
    if (returned->issuer && strcmp(returned->issuer, provider.issuer) != 0)
        return refuse(err, "the answer is of another provider:", returned->issuer);
    if (!returned->code || strlen(returned->code) > CODE_MAX)
        return refuse(err, "there is no", "code");
    if (!redeem(federation, owner, &provider, &issuer, taken, returned->code, &tokens, err) ||
        !read_identity(federation, owner, &provider, tokens, taken->nonce, &token, err) ||
        !find_claims(federation, owner, &provider, &issuer, tokens, token->claims, &claims, err) ||
        !federated_map(federation, owner, &provider, claims, &login, err))
        return false;
    login_out->login = login;
    login_out->has_factor = provider.has_factor;
    login_out->vouches_beyond = provider.vouches_beyond;
    return true;
}

bool federation_finish(struct federation *federation, const void *owner,
                       const struct federation_return *returned, struct federation_login *login_out,
                       struct err *err)
{
    struct federated_login taken;

    *err = ERR_INIT;
    *login_out = (struct federation_login){ NULL };
    if (!take(federation, owner, returned, &taken, err))
        return false;
    login_out->return_path = taken.return_path;
    if (returned->error) {
        err_log(err, "the identity provider answered %.*s", SHOWN_MAX, returned->error);
        return err_set(err, ERR_DENIED, "The identity provider did not let you in.");
    }
    return identify(federation, owner, &taken, returned, login_out, err);
}
