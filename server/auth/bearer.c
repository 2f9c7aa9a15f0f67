/*
 * bearer.c -- OAUTHBEARER (RFC 7628) and XOAUTH2: a token instead of a password.
 */
#include "auth/mechanism.h"

#include <string.h>
#include <talloc.h>

struct bearer {
    const char *authorisation; /* "" where none is named */
    const char *name;          /* who logs in; "" */
    struct span token;         /* empty: the client wants to know what is asked for */
};

/* gs2-header: no channel binding is defined for this mechanism (RFC 7628, 3). */
static bool parse_bearer_header(const void *owner, struct span header, struct bearer *bearer)
{
    if (!span_take_word(&header, "n,") && !span_take_word(&header, "y,"))
        return false;
    bearer->authorisation = "";
    if (span_take_word(&header, "a="))
        bearer->authorisation = sasl_take_name(owner, &header);
    else if (!span_take_byte(&header, ','))
        return false;
    return bearer->authorisation && span_is_empty(header);
}

static bool is_key(struct span key)
{
    for (const char *p = key.p; p < key.end; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
            return false;
    return !span_is_empty(key);
}

/* key=value pairs, each ended by 0x01, and one more 0x01. */
static bool parse_pairs(const void *owner, struct span message, struct bearer *bearer)
{
    struct span pair, key;

    bearer->token = (struct span){ "", "" };
    while (span_take_until(&message, '\x01', &pair)) {
        if (span_is_empty(pair))
            return span_is_empty(message);
        if (!span_take_until(&pair, '=', &key) || !is_key(key))
            return false;
        if (span_equals_text(key, "auth") && span_take_word(&pair, "Bearer "))
            bearer->token = span_trim(pair);
        else if (span_equals_text(key, "user") && !span_find_byte(pair, '\0'))
            bearer->name = span_copy(owner, span_part(pair, 0, LOGIN_LENGTH_MAX));
    }
    return false;
}

/* RFC 7628, 3.1: a gs2-header before them. */
static bool parse_bearer(const void *owner, struct span message, struct bearer *bearer)
{
    struct span header;

    if (!span_take_until(&message, '\x01', &header) || !parse_bearer_header(owner, header, bearer) ||
        !parse_pairs(owner, message, bearer))
        return false;
    bearer->name = bearer->authorisation;
    return true;
}

/* The reason as JSON, an error of RFC 6750; the client answers with one 0x01 (RFC 7628, 3.2.3), or with nothing (XOAUTH2), and hears the
 * failure then. */
static enum sasl_next tell_reason(struct sasl *sasl, const char *status, const struct err *why)
{
    sasl->is_told = true;
    sasl->told = *why;
    buf_add_format(&sasl->challenge, "{\"status\":\"%s\"}", status);
    return SASL_CHALLENGE;
}

/* A bad token under a name counts as a bad password there. */
static enum sasl_next refuse_token(struct sasl *sasl, const struct bearer *bearer, const char *status,
                                   struct err *err)
{
    struct err why = *err, counted = ERR_INIT;
    struct account account;

    if (*bearer->name &&
        account_find(sasl->auth, sasl, &sasl->request, span_text(bearer->name), &account, &counted))
        account_refuse(sasl->auth, &sasl->request, &account, false, &sasl->delay_ms, &counted);
    return tell_reason(sasl, status, &why);
}

static bool may_try(struct sasl *sasl, const struct bearer *bearer, struct err *err)
{
    struct account account;

    return *bearer->name == '\0' ||
           account_find(sasl->auth, sasl, &sasl->request, span_text(bearer->name), &account, err);
}

/* Another address of the same account is its name, too. */
static bool is_of(struct sasl *sasl, const char *name, const char *login, bool *is_out, struct err *err)
{
    struct account account;

    *is_out = sasl_is_own_name(span_text(name), span_text(login));
    if (*is_out)
        return true;
    if (!account_find(sasl->auth, sasl, &sasl->request, span_text(name), &account, err))
        return false;
    *is_out = account.is_known && strcmp(account.login.login, login) == 0;
    return true;
}

static enum sasl_next judge(struct sasl *sasl, const struct bearer *bearer, struct err *err)
{
    const struct auth_options *options = &sasl->auth->options;
    char *login;
    bool is_own;

    if (span_is_empty(bearer->token)) {
        err_set(err, ERR_AUTH, "There is no bearer token.");
        return tell_reason(sasl, "invalid_request", err);
    }
    if (!may_try(sasl, bearer, err))
        return SASL_FAILED;
    if (!options->check_token(options->check_token_arg, sasl, bearer->name, bearer->token, &login, err)) {
        if (err->kind != ERR_AUTH)
            return SASL_FAILED; /* temporary: to try again, not to get another token */
        return refuse_token(sasl, bearer, "invalid_token", err);
    }
    if (!is_of(sasl, bearer->name, login, &is_own, err))
        return SASL_FAILED;
    if (!is_own) {
        err_set(err, ERR_DENIED, "The token is not of that account.");
        return tell_reason(sasl, "invalid_token", err);
    }
    return sasl_by_name(sasl, login, err);
}

typedef bool parse(const void *owner, struct span message, struct bearer *bearer);

static enum sasl_next step(struct sasl *sasl, const struct span *response, parse *read, struct err *err)
{
    struct bearer bearer = { .authorisation = "", .name = "" };

    if (sasl->is_told) {
        *err = sasl->told;
        return SASL_FAILED;
    }
    if (!response)
        return SASL_CHALLENGE;
    return read(sasl, *response, &bearer) ? judge(sasl, &bearer, err) : sasl_broken(err);
}

enum sasl_next bearer_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    return step(sasl, response, parse_bearer, err);
}

enum sasl_next xoauth2_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    return step(sasl, response, parse_pairs, err);
}

/* ---- without SASL */

/* Where the program found us, as a name of nobody there. */
static const char *place_of(const void *owner, const struct auth_request *request)
{
    return request->host ? talloc_asprintf(owner, "@%.*s", (int)strcspn(request->host, ":"), request->host)
                         : "";
}

bool auth_token(struct auth *auth, const void *owner, const struct auth_request *request, struct span token,
                struct identity **identity_out, unsigned *delay_ms_out, struct err *err)
{
    const struct auth_options *options = &auth->options;
    void *scratch = talloc_new(NULL);
    bool ok = false;
    char *login;

    *err = ERR_INIT;
    *delay_ms_out = 0;
    if (!options->check_token)
        err_set(err, ERR_AUTH, "The token is not valid.");
    else
        ok = options->check_token(options->check_token_arg, scratch, place_of(scratch, request), token,
                                  &login, err) &&
             account_vouched(auth, owner, request, login, identity_out, delay_ms_out, err);
    talloc_free(scratch);
    return ok;
}
