/* second_factor.c -- registering, listing and taking away second factors; who must have one. */
#include "directory/second_factor.h"

#include "admin_api/factor.h"
#include "auth/totp.h"
#include "base/clock.h"
#include "base/digest.h"
#include "directory/organisation.h"
#include "directory/user.h"
#include "format/base32.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { RECOVERY_BYTES = 10 };

static bool find(struct admin_call *call, struct user *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], out, err);
}

/* Somebody else's factor would be somebody else. */
static bool find_self(struct admin_call *call, struct user *out, struct err *err)
{
    if (!call->token || !call->token->is_session)
        return err_set(err, ERR_DENIED, "Everybody registers second factors himself, logged in.");
    return find(call, out, err) && (out->recipient_id == call->token->recipient_id ||
                                    err_set(err, ERR_NOT_FOUND, "There is no such user."));
}

bool second_factors_get(struct admin_call *call, struct err *err)
{
    struct second_factor *list;
    struct user user;
    int64_t codes;
    size_t count;
    json_t *json;

    if (!find(call, &user, err) ||
        !second_factor_list(call->api->options.directory, &call->actor, call->arena, user.recipient_id, &list,
                            &count, &codes, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:I, s:s, s:s, s:b, s:s?, s:o, s:o}", "id",
                                              (json_int_t)list[i].second_factor_id, "kind",
                                              factor_kind_name(list[i].kind), "name", list[i].name,
                                              "confirmed", list[i].is_confirmed, "site", list[i].site,
                                              "created", json_time(list[i].created_us), "last_used",
                                              json_time(list[i].last_used_us)));
    return call_answer(
        call, json_pack("{s:o, s:I}", "second_factors", json, "recovery_codes_left", (json_int_t)codes));
}

/* ---- registering */

static bool begin_totp(struct admin_call *call, struct second_factor *wanted, const struct user *user,
                       struct err *err)
{
    unsigned char secret[TOTP_SECRET_BYTES];
    int64_t id;

    random_bytes(secret, sizeof secret);
    wanted->secret = base32_text(call->arena, span_of(secret, sizeof secret));
    secret_erase(secret, sizeof secret);
    const char *site = factor_site(call);
    return second_factor_add(call->api->options.directory, &call->actor, wanted, &id, err) &&
           call_created(
               call, json_pack("{s:I, s:s, s:s, s:s, s:s}", "id", (json_int_t)id, "kind", "totp", "name",
                               wanted->name, "secret", wanted->secret, "uri",
                               totp_uri(call->arena, site ? site : "Chappe", user->address, wanted->secret)));
}

static json_t *creation_options(struct admin_call *call, const struct second_factor *wanted,
                                const struct user *user)
{
    return json_pack("{s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}], s:s,"
                     " s:{s:s, s:s}}",
                     "challenge", base64url_text(call->arena, wanted->challenge), "rp", "id", wanted->site,
                     "name", wanted->site, "user", "id",
                     base64url_text(call->arena, span_of(&user->recipient_id, sizeof user->recipient_id)),
                     "name", user->address, "displayName", user->name, "pubKeyCredParams", "type",
                     "public-key", "alg", WEBAUTHN_ES256, "type", "public-key", "alg", WEBAUTHN_EDDSA, "type",
                     "public-key", "alg", WEBAUTHN_RS256, "attestation", "none", "authenticatorSelection",
                     "residentKey", "discouraged", "userVerification", "preferred");
}

static bool begin_webauthn(struct admin_call *call, struct second_factor *wanted, const struct user *user,
                           struct err *err)
{
    unsigned char *challenge = talloc_array(call->arena, unsigned char, WEBAUTHN_CHALLENGE_BYTES);
    int64_t id;

    random_bytes(challenge, WEBAUTHN_CHALLENGE_BYTES);
    wanted->challenge = span_of(challenge, WEBAUTHN_CHALLENGE_BYTES);
    wanted->site = factor_site(call);
    if (!wanted->site)
        return err_set(err, ERR_INVALID, "The request does not say which server it means.");
    return second_factor_add(call->api->options.directory, &call->actor, wanted, &id, err) &&
           call_created(call,
                        json_pack("{s:I, s:s, s:s, s:o}", "id", (json_int_t)id, "kind", "webauthn", "name",
                                  wanted->name, "options", creation_options(call, wanted, user)));
}

bool second_factor_post(struct admin_call *call, struct err *err)
{
    struct second_factor wanted = { .name = call_text(call, "name") };
    struct user user;

    if (!factor_kind_of(call_text(call, "kind"), &wanted.kind))
        return err_set(err, ERR_INVALID, "A second factor is totp or webauthn.");
    if (!find_self(call, &user, err) || !factor_is_fresh(call, err))
        return false;
    wanted.recipient_id = user.recipient_id;
    return wanted.kind == FACTOR_TOTP ? begin_totp(call, &wanted, &user, err)
                                      : begin_webauthn(call, &wanted, &user, err);
}

/* ---- the proof that it works */

static bool confirm_totp(struct admin_call *call, struct second_factor *f, struct err *err)
{
    uint8_t secret[TOTP_SECRET_BYTES];
    size_t length;

    if (!call_has(call, "code"))
        return err_set(err, ERR_INVALID, "The field code is needed.");
    if (!base32_read(span_text(f->secret), secret, sizeof secret, &length))
        return err_set(err, ERR_BUSY, "Codes cannot be checked at the moment.");
    bool is_right = totp_matches(span_of(secret, length), span_text(call_text(call, "code")), clock_now_us(),
                                 0, &f->last_step);
    secret_erase(secret, sizeof secret);
    return is_right ||
           err_set(err, ERR_INVALID, "This is not the code of now. Is the clock of the device right?");
}

static bool confirm_webauthn(struct admin_call *call, struct second_factor *f, struct err *err)
{
    struct webauthn_credential credential;

    if (!factor_read_key(call, f->site, f->challenge, &credential, err)) {
        if (err->kind == ERR_AUTH)
            err_set(err, ERR_INVALID, "The security key did not answer this request.");
        return false;
    }
    f->credential_id = credential.id;
    f->key = credential.key;
    f->sign_count = credential.sign_count;
    f->is_verified = credential.is_verified;
    return true;
}

static struct second_factor *pick(struct second_factor *factors, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (factors[i].second_factor_id == id && !factors[i].is_confirmed)
            return &factors[i];
    return NULL;
}

static bool is_first(const struct second_factor *factors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (factors[i].is_confirmed)
            return false;
    return true;
}

/* Sixteen letters and digits in fours. */
static const char *code_text(struct admin_call *call, const char *plain)
{
    return talloc_asprintf(call->arena, "%.4s-%.4s-%.4s-%.4s", plain, plain + 4, plain + 8, plain + 12);
}

static bool make_codes(struct admin_call *call, int64_t recipient_id, json_t **list_out, struct err *err)
{
    unsigned char hashes[RECOVERY_CODES][RECOVERY_HASH_BYTES], secret[RECOVERY_BYTES];

    *list_out = json_array();
    for (int i = 0; i < RECOVERY_CODES; i++) {
        random_bytes(secret, sizeof secret);
        const char *plain = base32_text(call->arena, span_of(secret, sizeof secret));
        sha256(span_text(plain), hashes[i]);
        json_array_append_new(*list_out, json_string(code_text(call, plain)));
    }
    if (recovery_codes_set(call->api->options.directory, &call->actor, recipient_id,
                           (const unsigned char(*)[RECOVERY_HASH_BYTES])hashes, RECOVERY_CODES, err))
        return true;
    json_decref(*list_out);
    return false;
}

/* A session of an account that had to register one is whole with this; so it is for one that began without. */
static bool lift_session(struct admin_call *call, const struct second_factor *f, struct err *err)
{
    return access_token_verified(call->api->options.directory, call->token, &call->actor,
                                 factor_kind_name(f->kind), NULL, 0, err);
}

bool second_factor_confirm_post(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct second_factor *factors, *f;
    json_t *codes = NULL;
    struct user user;
    size_t count;

    if (!find_self(call, &user, err) ||
        !second_factors_load(directory, call->arena, user.recipient_id, &factors, &count, err))
        return false;
    f = pick(factors, count, strtoll(call->parameters[1], NULL, 10));
    if (!f)
        return err_set(err, ERR_NOT_FOUND, "There is no second factor that waits for this.");
    if (!(f->kind == FACTOR_TOTP ? confirm_totp(call, f, err) : confirm_webauthn(call, f, err)) ||
        !second_factor_confirm(directory, &call->actor, f, err) || !lift_session(call, f, err) ||
        (is_first(factors, count) && !make_codes(call, user.recipient_id, &codes, err)))
        return false;
    return call_answer(call, json_pack("{s:I, s:s, s:s, s:o?}", "id", (json_int_t)f->second_factor_id, "kind",
                                       factor_kind_name(f->kind), "name", f->name, "recovery_codes", codes));
}

bool recovery_codes_post(struct admin_call *call, struct err *err)
{
    struct user user;
    json_t *codes;

    return find_self(call, &user, err) && factor_is_fresh(call, err) &&
           make_codes(call, user.recipient_id, &codes, err) &&
           call_created(call, json_pack("{s:o}", "recovery_codes", codes));
}

/* ---- taking away */

bool second_factor_delete(struct admin_call *call, struct err *err)
{
    int64_t id = strtoll(call->parameters[1], NULL, 10);
    struct user user;

    return (id > 0 || err_set(err, ERR_NOT_FOUND, "There is no such second factor.")) &&
           find(call, &user, err) && factor_is_fresh(call, err) &&
           second_factor_remove(call->api->options.directory, &call->actor, user.recipient_id, id, err);
}

bool second_factors_delete(struct admin_call *call, struct err *err)
{
    struct user user;

    return find(call, &user, err) && factor_is_fresh(call, err) &&
           second_factor_remove(call->api->options.directory, &call->actor, user.recipient_id, 0, err);
}

/* ---- who must */

static bool find_organisation(struct admin_call *call, int64_t *organisation_id_out, struct err *err)
{
    struct organisation organisation;

    if (!organisation_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0],
                           &organisation, err))
        return false;
    *organisation_id_out = organisation.organisation_id;
    return true;
}

bool factor_rules_get(struct admin_call *call, struct err *err)
{
    int64_t organisation_id;
    const char **who;
    size_t count;
    json_t *json;

    if (!find_organisation(call, &organisation_id, err) ||
        !factor_rules(call->api->options.directory, call->arena, organisation_id, &who, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_string(who[i]));
    return call_answer(call, json_pack("{s:o}", "required", json));
}

bool factor_rules_put(struct admin_call *call, struct err *err)
{
    const json_t *list = json_object_get(call->in, "required");
    size_t count = json_array_size(list);
    const char **who = talloc_zero_array(call->arena, const char *, (unsigned)count + 1);
    int64_t organisation_id;

    for (size_t i = 0; i < count; i++) {
        who[i] = json_string_value(json_array_get(list, i));
        if (!who[i])
            return err_set(err, ERR_INVALID, "The field required holds words.");
    }
    return find_organisation(call, &organisation_id, err) &&
           factor_rules_set(call->api->options.directory, &call->actor, organisation_id, who, count, err) &&
           factor_rules_get(call, err);
}
