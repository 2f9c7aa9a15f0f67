/*
 * federation.c -- opening, and what tokens and browsers share: whom a claim means, and asking a provider.
 */
#include "auth/federation.h"

#include "auth/federated.h"
#include "auth/fetch.h"
#include "base/buf.h"
#include "directory/login.h"
#include "format/codec.h"

#include <string.h>
#include <talloc.h>

enum { ADDRESS_MAX = 320 };

struct federation *federation_open(const void *owner, struct directory *directory)
{
    struct federation *federation = talloc_zero(owner, struct federation);

    federation->directory = directory;
    federation->issuers = issuers_open(federation);
    pthread_mutex_init(&federation->lock, NULL);
    return federation;
}

void federation_close(struct federation **federation)
{
    if (!*federation)
        return;
    issuers_close(&(*federation)->issuers);
    pthread_mutex_destroy(&(*federation)->lock);
    TALLOC_FREE(*federation);
}

/* ---- whom a claim means */

static bool refuse(const struct identity_provider *provider, struct err *err, const char *why,
                   const char *what)
{
    err_log(err, "identity provider %s (%s): %s %.100s", provider->name, provider->issuer, why, what);
    return err_set(err, ERR_AUTH, "The identity provider's word does not open an account here.");
}

/* What has no domain gets the provider's. */
static bool read_address(const void *owner, const struct identity_provider *provider, const json_t *claims,
                         const char **address_out, struct err *err)
{
    const char *said = json_string_value(json_object_get(claims, provider->claim));

    if (!said || !*said || strlen(said) > ADDRESS_MAX)
        return refuse(provider, err, "there is no text in the claim", provider->claim);
    if (strcmp(provider->claim, "email") == 0 && json_is_false(json_object_get(claims, "email_verified")))
        return refuse(provider, err, "it has not verified", said);
    if (!strchr(said, '@') && !provider->domain)
        return refuse(provider, err, "without a domain there is no address of", said);
    *address_out = strchr(said, '@') ? said : talloc_asprintf(owner, "%s@%s", said, provider->domain);
    return true;
}

bool federated_map(struct federation *federation, const void *owner, const struct identity_provider *provider,
                   const json_t *claims, char **login_out, struct err *err)
{
    const char *address = NULL;
    struct login login;

    if (!read_address(owner, provider, claims, &address, err))
        return false;
    if (!login_find(federation->directory, owner, address, &login, err))
        return err->kind == ERR_NOT_FOUND ? refuse(provider, err, "no account has the address", address)
                                          : false;
    if (login.organisation_id != provider->organisation_id ||
        (provider->domain_id && login.domain_id != provider->domain_id))
        return refuse(provider, err, "it does not vouch for", address);
    *login_out = talloc_strdup(owner, login.login);
    return true;
}

/* ---- asking */

bool federated_ask(struct federation *federation, const void *owner, const struct identity_provider *provider,
                   const struct fetch_request *request, unsigned *status_out, json_t **json_out,
                   struct err *err)
{
    if (!issuer_enter(federation->issuers, provider, err))
        return false;
    bool ok = fetch_json(owner, request, status_out, json_out, err);
    issuer_leave(federation->issuers, provider, ok ? ISSUER_ANSWERED : ISSUER_FAILED);
    return ok;
}

/* RFC 6749, 2.3.1: both are encoded before they become Basic's name and password. */
static const char *basic(const void *owner, const struct identity_provider *provider)
{
    struct buf pair = buf_owned_by(owner), text = buf_owned_by(owner);
    struct buf id = buf_owned_by(owner), secret = buf_owned_by(owner);

    fetch_add(&id, "", provider->client_id);
    fetch_add(&secret, "", provider->client_secret);
    buf_add(&pair, id.p + 1, id.length - 1);
    buf_add_byte(&pair, ':');
    buf_add(&pair, secret.p + 1, secret.length - 1);
    buf_add_text(&text, "Basic ");
    codec_add_base64(&text, buf_span(&pair));
    return buf_text(&text);
}

bool federated_ask_as_client(struct federation *federation, const void *owner,
                             const struct identity_provider *provider, const struct issuer *issuer,
                             const char *url, struct buf *form, unsigned *status_out, json_t **json_out,
                             struct err *err)
{
    struct fetch_request request = { .url = url, .ca_certificates = provider->ca_certificates };

    if (!*provider->client_secret && provider->has_secret) {
        err_log(err, "the secret of identity provider %s does not open", provider->name);
        return err_set(err, ERR_BUSY, "The identity provider cannot be asked at the moment.");
    }
    if (!*provider->client_secret || issuer->takes_secret_in_form)
        fetch_add(form, "client_id", provider->client_id);
    if (*provider->client_secret && issuer->takes_secret_in_form)
        fetch_add(form, "client_secret", provider->client_secret);
    else if (*provider->client_secret)
        request.authorisation = basic(owner, provider);
    request.form = buf_text(form);
    if (!federated_ask(federation, owner, provider, &request, status_out, json_out, err))
        return false;
    if (*status_out != 401 && *status_out != 403)
        return true;
    err_log(err, "identity provider %s does not know us: status %u", provider->name, *status_out);
    return err_set(err, ERR_BUSY, "The identity provider does not accept this server's name and secret.");
}

/* ---- a test */

static void step(json_t *steps, const char *name, bool has_passed, const char *detail)
{
    json_array_append_new(steps,
                          json_pack("{s:s, s:b, s:s}", "step", name, "passed", has_passed, "detail", detail));
}

static bool test_addresses(json_t *steps, const struct identity_provider *provider,
                           const struct issuer *issuer)
{
    const char *lacks =
        provider->is_for_web && (!issuer->authorization || !issuer->token)
            ? "It does not say where people log in (authorization_endpoint, token_endpoint). Use it for mail programs only."
        : provider->introspects && !issuer->introspection
            ? "It does not answer questions about tokens (introspection_endpoint). Set tokens to jwt."
            : NULL;

    step(steps, "addresses", !lacks, lacks ? lacks : "All that is needed is there.");
    return !lacks;
}

static void test_keys(struct federation *federation, json_t *steps, const struct identity_provider *provider)
{
    struct err err = ERR_INIT;
    size_t count;

    if (!issuer_count_keys(federation->issuers, provider, &count, &err))
        step(steps, "keys", false, err.user);
    else if (count == 0)
        step(steps, "keys", false, "It has no key for RS256, ES256 or EdDSA. Let it sign with one of these.");
    else
        step(steps, "keys", true, "It has keys that are believed.");
}

json_t *federation_test(struct federation *federation, const struct identity_provider *provider)
{
    void *scratch = talloc_new(NULL);
    json_t *steps = json_array();
    struct err err = ERR_INIT;
    struct issuer issuer;

    issuer_forget(federation->issuers, provider);
    if (!issuer_get(federation->issuers, scratch, provider, &issuer, &err)) {
        step(steps, "configuration", false, err.user);
    } else {
        step(steps, "configuration", true, "It says what it is.");
        if (test_addresses(steps, provider, &issuer))
            test_keys(federation, steps, provider);
    }
    talloc_free(scratch);
    return steps;
}
