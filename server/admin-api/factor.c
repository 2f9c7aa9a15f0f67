/* factor.c -- what a caller shows beside his password, judged. */
#include "admin_api/factor.h"

#include "admin_api/remote.h"
#include "auth/auth.h"
#include "auth/totp.h"
#include "base/clock.h"
#include "base/digest.h"
#include "format/base32.h"

#include <string.h>
#include <talloc.h>

const char *factor_site(const struct admin_call *call)
{
    const char *host = http_header(call->request, "Host"), *end;

    if (!host)
        return NULL;
    end = *host == '[' ? strchr(host, ']') : NULL;
    end = strchr(end ? end : host, ':');
    return talloc_strndup(call->arena, host, end ? (size_t)(end - host) : strlen(host));
}

/* ---- asking */

static bool is_key_of(const struct second_factor *f, const char *site)
{
    return f->is_confirmed && f->kind == FACTOR_WEBAUTHN && site && f->site && strcmp(f->site, site) == 0;
}

static json_t *key_ids(struct admin_call *call, const struct second_factor *factors, size_t count,
                       bool *all_verify_out)
{
    const char *site = factor_site(call);
    json_t *ids = json_array();

    *all_verify_out = true;
    for (size_t i = 0; i < count; i++) {
        if (!is_key_of(&factors[i], site))
            continue;
        json_array_append_new(ids, json_string(base64url_text(call->arena, factors[i].credential_id)));
        *all_verify_out = *all_verify_out && factors[i].is_verified;
    }
    return ids;
}

static bool has_kind(const struct second_factor *factors, size_t count, enum factor_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if (factors[i].is_confirmed && factors[i].kind == kind)
            return true;
    return false;
}

bool factor_ask(struct admin_call *call, int64_t access_token_id, const struct second_factor *factors,
                size_t count, struct err *err)
{
    unsigned char challenge[WEBAUTHN_CHALLENGE_BYTES];
    bool all_verify;
    json_t *ids = key_ids(call, factors, count, &all_verify), *methods = json_array();

    if (has_kind(factors, count, FACTOR_TOTP))
        json_array_append_new(methods, json_string("totp"));
    call->factor = json_pack("{s:o}", "methods", methods);
    if (json_array_size(ids) > 0) {
        random_bytes(challenge, sizeof challenge);
        if (!access_token_set_challenge(call->api->options.directory, access_token_id, challenge, err)) {
            json_decref(ids);
            return false;
        }
        json_array_append_new(methods, json_string("webauthn"));
        json_object_set_new(call->factor, "challenge",
                            json_string(base64url_text(call->arena, span_of(challenge, sizeof challenge))));
        json_object_set_new(call->factor, "site", json_string(factor_site(call)));
        json_object_set(call->factor, "credentials", ids);
        json_object_set_new(call->factor, "user_verification",
                            json_string(all_verify ? "required" : "preferred"));
    }
    json_array_append_new(methods, json_string("recovery"));
    json_decref(ids);
    return true;
}

/* ---- judging */

static bool refuse(struct err *err)
{
    return err_set(err, ERR_AUTH, "This is not the right second factor.");
}

static bool try_code(struct admin_call *call, struct second_factor *factors, size_t count, struct err *err)
{
    struct span typed = span_text(call_text(call, "code"));
    uint8_t secret[TOTP_SECRET_BYTES];
    size_t length;

    for (size_t i = 0; i < count; i++) {
        struct second_factor *f = &factors[i];
        if (!f->is_confirmed || f->kind != FACTOR_TOTP || f->failures >= FACTOR_FAILURES_MAX)
            continue;
        if (!base32_read(span_text(f->secret), secret, sizeof secret, &length) || length != sizeof secret)
            return err_set(err, ERR_BUSY, "Codes cannot be checked at the moment.");
        bool is_right =
            totp_matches(span_of(secret, length), typed, clock_now_us(), f->last_step, &f->last_step);
        secret_erase(secret, sizeof secret);
        if (is_right)
            return second_factor_used(call->api->options.directory, f, err);
    }
    return refuse(err);
}

/* Capitals, blanks and hyphens are as one likes. */
static void hash_recovery_code(struct span typed, unsigned char hash_out[RECOVERY_HASH_BYTES])
{
    struct buf plain = BUF_INIT(NULL);

    for (const char *p = typed.p; p < typed.end; p++)
        if (*p != ' ' && *p != '-')
            buf_add_byte(&plain, *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p);
    sha256(buf_span(&plain), hash_out);
    talloc_free(plain.p);
}

static bool try_recovery(struct admin_call *call, struct second_factor *factors, size_t count,
                         struct err *err)
{
    unsigned char hash[RECOVERY_HASH_BYTES];

    (void)factors;
    (void)count;
    hash_recovery_code(span_text(call_text(call, "recovery_code")), hash);
    return recovery_code_use(call->api->options.directory, call->token->recipient_id, hash, err);
}

static bool read_field(struct admin_call *call, const char *name, size_t cap, struct span *out,
                       struct err *err)
{
    const char *text = call_text(call, name);
    struct buf bytes = BUF_INIT(call->arena);

    if (!text || !base64url_read(span_text(text), cap, &bytes))
        return err_set(err, ERR_INVALID, "The field %s has to be base64url, of at most %zu bytes.", name,
                       cap);
    *out = buf_span(&bytes);
    return true;
}

static struct webauthn_request request_of(struct admin_call *call, const char *site, struct span challenge)
{
    const char *host = http_header(call->request, "Host");

    return (struct webauthn_request){ .site = site,
                                      .origin = talloc_asprintf(call->arena, "%s://%s",
                                                                http_is_tls(call->request) ? "https" : "http",
                                                                host ? host : ""),
                                      .challenge = challenge };
}

static bool check_key(struct admin_call *call, struct second_factor *f, struct span challenge,
                      struct err *err)
{
    struct webauthn_request request = request_of(call, f->site, challenge);
    struct span client_data, authenticator_data, signature;
    bool is_verified;
    uint32_t count;

    request.wants_verified = f->is_verified;
    if (!read_field(call, "client_data", WEBAUTHN_CLIENT_DATA_MAX, &client_data, err) ||
        !read_field(call, "authenticator_data", WEBAUTHN_ATTESTATION_MAX, &authenticator_data, err) ||
        !read_field(call, "signature", WEBAUTHN_SIGNATURE_MAX, &signature, err) ||
        !webauthn_assert(&request, f->key, (uint32_t)f->sign_count, client_data, authenticator_data,
                         signature, &count, &is_verified, err))
        return false;
    f->sign_count = count;
    return second_factor_used(call->api->options.directory, f, err);
}

static bool try_key(struct admin_call *call, struct second_factor *factors, size_t count, struct err *err)
{
    unsigned char challenge[WEBAUTHN_CHALLENGE_BYTES];
    struct span id;

    if (!read_field(call, "credential_id", WEBAUTHN_ID_MAX, &id, err) ||
        !access_token_take_challenge(call->api->options.directory, call->token->access_token_id, challenge,
                                     err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_key_of(&factors[i], factor_site(call)) && equal_in_constant_time(id, factors[i].credential_id))
            return check_key(call, &factors[i], span_of(challenge, sizeof challenge), err);
    return refuse(err);
}

static const struct {
    const char *field, *method;
    bool (*run)(struct admin_call *call, struct second_factor *factors, size_t count, struct err *err);
} ways[] = {
    { "code", "totp", try_code },
    { "recovery_code", "recovery", try_recovery },
    { "credential_id", "webauthn", try_key },
};

static bool judge(struct admin_call *call, const char **method_out, struct err *err)
{
    struct second_factor *factors;
    size_t count;

    if (!second_factors_load(call->api->options.directory, call->arena, call->token->recipient_id, &factors,
                             &count, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (!call_has(call, ways[i].field))
            continue;
        *method_out = ways[i].method;
        return ways[i].run(call, factors, count, err);
    }
    return err_set(err, ERR_INVALID, "The field code, recovery_code or credential_id is needed.");
}

bool factor_prove(struct admin_call *call, const char **method_out, struct err *err)
{
    struct auth_request request = { .protocol = PROTOCOL_ADMIN, .peer = *http_peer(call->request) };
    struct directory *directory = call->api->options.directory;
    struct auth *auth = call->api->options.auth;
    int64_t recipient_id = call->token->recipient_id;
    struct err ignored;

    call->limit_status = 429;
    if (!auth_factor_check(auth, &request, recipient_id, err))
        return false;
    bool is_right = judge(call, method_out, err);
    if (is_right || err->kind == ERR_AUTH)
        auth_factor_settle(auth, &request, recipient_id, is_right ? FACTOR_RIGHT : FACTOR_WRONG);
    if (!is_right && err->kind == ERR_AUTH &&
        (!second_factor_failed(directory, &call->actor, &ignored) ||
         !access_token_note_wrong(directory, call->token->access_token_id, &ignored)))
        return err_set(err, ERR_BUSY, "This cannot be checked at the moment.");
    return is_right;
}

bool factor_read_key(struct admin_call *call, const char *site, struct span challenge,
                     struct webauthn_credential *out, struct err *err)
{
    struct webauthn_request request = request_of(call, site, challenge);
    struct span client_data, attestation;

    return read_field(call, "client_data", WEBAUTHN_CLIENT_DATA_MAX, &client_data, err) &&
           read_field(call, "attestation", WEBAUTHN_ATTESTATION_MAX, &attestation, err) &&
           webauthn_register(&request, client_data, attestation, out, err);
}

/* ---- what a session may before, and after a while */

/* How one comes in before a second factor is asked for. */
static bool is_first_step(const char *method)
{
    static const char *const methods[] = { "password", "kerberos", "oidc" };

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (strcmp(methods[i], method) == 0)
            return true;
    return false;
}

bool factor_is_fresh(struct admin_call *call, struct err *err)
{
    const struct access_token *token = call->token;
    struct second_factor *factors;
    size_t count;

    if (!token || !token->is_session || is_first_step(token->method) ||
        clock_now_us() - token->verified_us < FACTOR_FRESH_S * US_PER_S)
        return true;
    return second_factors_load(call->api->options.directory, call->arena, token->recipient_id, &factors,
                               &count, err) &&
           factor_ask(call, token->access_token_id, factors, count, err) &&
           err_set(err, ERR_DENIED, "Please show your second factor once more for this.");
}

/* What each kind of unfinished session may. */
static const struct {
    const char *lacks, *method, *pattern;
} unfinished[] = {
    { "factor", "POST", "/session/second-factor" },
    { "factor", "POST", "/session/challenge" },
    { "factor", "DELETE", "/session" },
    { "enrolment", "GET", "/session" },
    { "enrolment", "DELETE", "/session" },
    { "enrolment", "GET", "/users/{address}/second-factors" },
    { "enrolment", "POST", "/users/{address}/second-factors" },
    { "enrolment", "POST", "/users/{address}/second-factors/{id}/confirm" },
    { "enrolment", "DELETE", "/users/{address}/second-factors/{id}" },
};

bool factor_suffices(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    const char *lacks = call->token ? call->token->lacks : "";

    if (!*lacks)
        return true;
    for (size_t i = 0; i < COUNT_OF(unfinished); i++)
        if (strcmp(unfinished[i].lacks, lacks) == 0 && strcmp(unfinished[i].method, route->method) == 0 &&
            strcmp(unfinished[i].pattern, route->pattern) == 0)
            return true;
    return err_set(err, ERR_AUTH,
                   strcmp(lacks, "factor") == 0 ? "A second factor is needed."
                                                : "This account has to register a second factor first.");
}
