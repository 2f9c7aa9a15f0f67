/*
 * federation_token.c -- tokens of programs: signed ones are verified here, of others the provider is asked.
 */
#include "auth/federated.h"
#include "auth/fetch.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { OPAQUE_MAX = 4096 };
#define LOOK_US (3 * US_PER_S)
#define KEPT_US (60 * US_PER_S)     /* how long a good answer holds at most */
#define KEPT_BAD_US (10 * US_PER_S) /* and a bad one */

bool federation_has_tokens(void *argument)
{
    struct federation *federation = argument;
    int64_t now_us = clock_monotonic_us();
    struct err err = ERR_INIT;
    bool has;

    pthread_mutex_lock(&federation->lock);
    bool is_known = federation->looked_us && now_us - federation->looked_us < LOOK_US;
    if (!is_known)
        federation->looked_us = now_us; /* others go on with what was known */
    has = federation->has_tokens;
    pthread_mutex_unlock(&federation->lock);
    if (is_known || !providers_exist(federation->directory, PROVIDER_FOR_MAIL, &has, &err))
        return has;
    pthread_mutex_lock(&federation->lock);
    federation->has_tokens = has;
    pthread_mutex_unlock(&federation->lock);
    return has;
}

static bool nobody(struct err *err, const char *why)
{
    err_log(err, "%s", why);
    return err_set(err, ERR_AUTH, "The token is not valid.");
}

/* ---- signed ones */

static bool check_signed(struct federation *federation, const void *owner,
                         const struct identity_provider *provider, const struct jose_token *token,
                         char **login_out, struct err *err)
{
    struct jose_expectation wanted = { .issuer = provider->issuer,
                                       .audience =
                                           *provider->audience ? provider->audience : provider->client_id,
                                       .now_s = clock_now_us() / US_PER_S };

    return jose_expect(token, &wanted, err) && issuer_verify(federation->issuers, provider, token, err) &&
           federated_map(federation, owner, provider, token->claims, login_out, err);
}

/* Several organisations may have the same issuer: audience and recipient tell which one is meant. Trouble with one is not taken for a
 * bad token while another might know it. */
static bool by_signature(struct federation *federation, const void *owner, struct span text,
                         bool *is_known_out, char **login_out, struct err *err)
{
    struct identity_provider *providers;
    struct err trouble = ERR_INIT;
    struct jose_token *token;
    size_t count;

    *is_known_out = true;
    if (!jose_read(owner, text, &token, err) ||
        !providers_of_issuer(federation->directory, owner, PROVIDER_FOR_MAIL, token->issuer, &providers,
                             &count, err))
        return false;
    *is_known_out = false;
    for (size_t i = 0; i < count; i++) {
        if (providers[i].introspects)
            continue;
        *is_known_out = true;
        *err = ERR_INIT;
        if (check_signed(federation, owner, &providers[i], token, login_out, err))
            return true;
        if (err->kind != ERR_AUTH)
            trouble = *err;
    }
    if (trouble.kind != ERR_NONE)
        *err = trouble;
    return false;
}

/* ---- others */

static void key_of(const struct identity_provider *provider, struct span token, unsigned char key_out[32])
{
    struct sha256 *sha = sha256_new(NULL);

    sha256_add(sha, span_of(&provider->identity_provider_id, sizeof provider->identity_provider_id));
    sha256_add(sha, token);
    sha256_finish(sha, key_out);
    talloc_free(sha);
}

static bool recall(struct federation *federation, const void *owner, const unsigned char key[32],
                   char **login_out)
{
    size_t at = (size_t)(key[0] | key[1] << 8) % ANSWERS_MAX;

    *login_out = NULL;
    pthread_mutex_lock(&federation->lock);
    if (federation->answers[at].until_us > clock_monotonic_us() &&
        equal_in_constant_time(span_of(federation->answers[at].key, 32), span_of(key, 32)))
        *login_out = talloc_strdup(owner, federation->answers[at].login);
    pthread_mutex_unlock(&federation->lock);
    return *login_out != NULL;
}

static void keep(struct federation *federation, const unsigned char key[32], const char *login,
                 int64_t kept_us)
{
    size_t at = (size_t)(key[0] | key[1] << 8) % ANSWERS_MAX;

    pthread_mutex_lock(&federation->lock);
    memcpy(federation->answers[at].key, key, 32);
    federation->answers[at].until_us = clock_monotonic_us() + kept_us;
    snprintf(federation->answers[at].login, sizeof federation->answers[at].login, "%s", login);
    pthread_mutex_unlock(&federation->lock);
}

/* For whom, when and by whom, where the answer says so: an audience that is another's is no token for us. */
static bool suits(const struct identity_provider *provider, const json_t *said, struct err *err)
{
    const char *issuer = json_string_value(json_object_get(said, "iss"));
    const char *client = json_string_value(json_object_get(said, "client_id"));
    const char *audience = *provider->audience ? provider->audience : provider->client_id;

    if (!json_is_true(json_object_get(said, "active")))
        return nobody(err, "the provider says that the token is not active");
    if (issuer && strcmp(issuer, provider->issuer) != 0)
        return nobody(err, "the token is of another issuer");
    if (json_object_get(said, "aud") ? !jose_is_for(said, audience)
                                     : *provider->audience || !client || strcmp(client, audience) != 0)
        return nobody(err, "the token is for another audience");
    return jose_holds_now(said, clock_now_us() / US_PER_S, err);
}

static bool ask_about(struct federation *federation, const void *owner,
                      const struct identity_provider *provider, struct span token, char **login_out,
                      int64_t *kept_us_out, struct err *err)
{
    struct buf form = buf_owned_by(owner);
    struct issuer issuer;
    unsigned status;
    json_t *said;

    if (!issuer_get(federation->issuers, owner, provider, &issuer, err))
        return false;
    if (!issuer.introspection)
        return err_set(err, ERR_BUSY, "The identity provider does not answer questions about tokens.");
    fetch_add(&form, "token", span_copy(owner, token));
    fetch_add(&form, "token_type_hint", "access_token");
    if (!federated_ask_as_client(federation, owner, provider, &issuer, issuer.introspection, &form, &status,
                                 &said, err))
        return false;
    if (status != 200)
        return err_set(err, ERR_BUSY, "The identity provider did not understand the question (status %u).",
                       status);
    if (!suits(provider, said, err) || !federated_map(federation, owner, provider, said, login_out, err))
        return false;
    int64_t left_us = (int64_t)(json_number_value(json_object_get(said, "exp")) * US_PER_S) - clock_now_us();
    *kept_us_out = left_us < 0 ? 0 : left_us < KEPT_US ? left_us : KEPT_US;
    return true;
}

static bool by_question(struct federation *federation, const void *owner,
                        const struct identity_provider *provider, struct span token, char **login_out,
                        struct err *err)
{
    unsigned char key[32];
    int64_t kept_us = 0;

    key_of(provider, token, key);
    if (recall(federation, owner, key, login_out))
        return **login_out || nobody(err, "the provider said a moment ago that the token is not active");
    if (ask_about(federation, owner, provider, token, login_out, &kept_us, err)) {
        keep(federation, key, *login_out, kept_us);
        return true;
    }
    if (err->kind == ERR_AUTH)
        keep(federation, key, "", KEPT_BAD_US);
    return false;
}

/* The provider of the domain; where only the name of a server is known, also of those above it, but no single label. False: trouble. */
static bool find_asked(struct federation *federation, const void *owner, const char *name,
                       const struct identity_provider **provider_out, struct err *err)
{
    const char *domain = strrchr(name, '@') + 1;
    bool is_place = *name == '@';
    struct identity_provider *providers;
    size_t count;

    *provider_out = NULL;
    for (bool goes_on = true; goes_on && !*provider_out;
         goes_on = is_place && domain && strchr(domain, '.')) {
        if (!providers_of_domain(federation->directory, owner, PROVIDER_FOR_MAIL, domain, &providers, &count,
                                 err))
            return false;
        for (size_t i = 0; i < count && !*provider_out; i++)
            if (providers[i].introspects)
                *provider_out = &providers[i];
        domain = strchr(domain, '.');
        domain = domain ? domain + 1 : NULL;
    }
    return true;
}

/* Only providers of the domain that the program names see its token. */
static bool by_questions(struct federation *federation, const void *owner, const char *name,
                         struct span token, char **login_out, struct err *err)
{
    const struct identity_provider *provider;

    if (span_length(token) > OPAQUE_MAX || span_find_byte(token, '\0') || !name || !strchr(name, '@'))
        return nobody(err, "it cannot be told whom to ask about the token");
    if (!find_asked(federation, owner, name, &provider, err))
        return false;
    return provider ? by_question(federation, owner, provider, token, login_out, err)
                    : nobody(err, "no provider of this domain can be asked about tokens");
}

bool federation_check_token(void *argument, const void *owner, const char *name, struct span token,
                            char **login_out, struct err *err)
{
    struct federation *federation = argument;
    bool is_known = false;

    *err = ERR_INIT;
    if (span_length(token) > JOSE_TOKEN_MAX)
        return nobody(err, "the token is too long");
    if (jose_has_form(token) && by_signature(federation, owner, token, &is_known, login_out, err))
        return true;
    if (is_known)
        return false;
    *err = ERR_INIT;
    return by_questions(federation, owner, name, token, login_out, err);
}
