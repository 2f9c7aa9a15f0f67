/* jose.c -- three parts with dots between them, and the keys that fit. */
#include "auth/jose.h"

#include "base/buf.h"
#include "base/digest.h"
#include "format/base32.h"

#include <string.h>
#include <talloc.h>

/* What a token names, the key it needs, and how JWK writes that key (RFC 7518, 6; RFC 8037). */
static const struct algorithm {
    const char *name, *type, *curve;
    enum public_key_kind kind;
    const char *first, *second;
} algorithms[] = {
    { "RS256", "RSA", NULL, PUBLIC_KEY_RSA, "n", "e" },
    { "ES256", "EC", "P-256", PUBLIC_KEY_P256, "x", "y" },
    { "EdDSA", "OKP", "Ed25519", PUBLIC_KEY_ED25519, "x", NULL },
};

struct jose_keys {
    size_t count;
    struct {
        const char *id; /* NULL */
        struct public_key key;
    } keys[JOSE_KEYS_MAX];
};

static bool refuse(struct err *err, const char *why)
{
    err_log(err, "%s", why);
    return err_set(err, ERR_AUTH, "The token is not valid.");
}

static int drop_json(json_t **kept)
{
    json_decref(*kept);
    return 0;
}

static json_t *keep_json(const void *owner, json_t *json)
{
    json_t **kept = talloc(owner, json_t *);

    *kept = json;
    talloc_set_destructor(kept, drop_json);
    return json;
}

/* ---- tokens */

static json_t *read_part(const void *owner, struct span text)
{
    struct buf bytes = buf_owned_by(owner);
    json_t *json;

    if (!base64url_read(text, JOSE_TOKEN_MAX, &bytes))
        return NULL;
    json = json_loadb(bytes.p, bytes.length, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        return NULL;
    keep_json(owner, json);
    return json_is_object(json) ? json : NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool take_parts(struct span text, struct span parts[3])
{
    return span_length(text) <= JOSE_TOKEN_MAX && span_take_until(&text, '.', &parts[0]) &&
           span_take_until(&text, '.', &parts[1]) && !span_find_byte(text, '.') &&
           ((parts[2] = text), !span_is_empty(parts[0])) && !span_is_empty(parts[1]);
}

bool jose_has_form(struct span text)
{
    struct span parts[3];

    return take_parts(text, parts) && span_starts_nocase(parts[0], "eyJ");
}

static bool read_header(const json_t *header, struct jose_token *token, struct err *err)
{
    const char *name = text_of(header, "alg");

    token->key_id = text_of(header, "kid");
    if (json_object_get(header, "crit"))
        return refuse(err, "the token marks something as critical");
    for (size_t i = 0; name && i < COUNT_OF(algorithms); i++)
        if (strcmp(algorithms[i].name, name) == 0)
            token->kind = algorithms[i].kind;
    return token->kind != PUBLIC_KEY_NONE || refuse(err, "the token's algorithm is not believed");
}

bool jose_read(const void *owner, struct span text, struct jose_token **token_out, struct err *err)
{
    struct jose_token *token = talloc_zero(owner, struct jose_token);
    struct buf signature = buf_owned_by(token);
    struct span parts[3];
    json_t *header;

    *token_out = token;
    if (!take_parts(text, parts) || !(header = read_part(token, parts[0])) ||
        !(token->claims = read_part(token, parts[1])) || !base64url_read(parts[2], SIGNATURE_MAX, &signature))
        return refuse(err, "this has not the form of a signed token");
    token->signed_part = (struct span){ parts[0].p, parts[1].end };
    token->signature = buf_span(&signature);
    token->issuer = text_of(token->claims, "iss");
    return read_header(header, token, err) && (token->issuer || refuse(err, "the token names no issuer"));
}

/* ---- keys */

static bool read_number(const void *owner, const json_t *key, const char *name, struct span *out)
{
    const char *text = name ? text_of(key, name) : "";
    struct buf bytes = buf_owned_by(owner);

    if (!text || !base64url_read(span_text(text), SIGNATURE_MAX, &bytes))
        return false;
    *out = bytes.length > 0 ? buf_span(&bytes) : span_text("");
    return true;
}

/* One that signs, of a kind that is believed, and sound. */
static bool read_key(const void *owner, const json_t *json, struct public_key *key_out)
{
    const char *type = text_of(json, "kty"), *curve = text_of(json, "crv"), *use = text_of(json, "use"),
               *name = text_of(json, "alg");

    if (!type || (use && strcmp(use, "sig") != 0))
        return false;
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        const struct algorithm *a = &algorithms[i];
        if (strcmp(a->type, type) != 0 || (a->curve && (!curve || strcmp(a->curve, curve) != 0)) ||
            (name && strcmp(a->name, name) != 0))
            continue;
        key_out->kind = a->kind;
        return read_number(owner, json, a->first, &key_out->first) &&
               read_number(owner, json, a->second, &key_out->second) && public_key_is_good(key_out);
    }
    return false;
}

bool jose_keys_read(const void *owner, const json_t *set, struct jose_keys **keys_out, struct err *err)
{
    struct jose_keys *keys = talloc_zero(owner, struct jose_keys);
    const json_t *list = json_object_get(set, "keys"), *json;
    size_t i;

    *keys_out = keys;
    if (!json_is_array(list))
        return err_set(err, ERR_INVALID, "This is no set of keys.");
    json_array_foreach(list, i, json)
    {
        const char *id = text_of(json, "kid");
        if (keys->count == JOSE_KEYS_MAX || !read_key(keys, json, &keys->keys[keys->count].key))
            continue;
        keys->keys[keys->count++].id = id ? talloc_strdup(keys, id) : NULL;
    }
    return true;
}

size_t jose_keys_count(const struct jose_keys *keys)
{
    return keys->count;
}

static const struct public_key *find_key(const struct jose_token *token, const struct jose_keys *keys)
{
    const struct public_key *found = NULL;

    for (size_t i = 0; i < keys->count; i++) {
        const char *id = keys->keys[i].id;
        if (keys->keys[i].key.kind != token->kind)
            continue;
        if (token->key_id && id && strcmp(token->key_id, id) == 0)
            return &keys->keys[i].key;
        if (token->key_id && id)
            continue;
        if (found)
            return NULL; /* several may be meant */
        found = &keys->keys[i].key;
    }
    return found;
}

bool jose_verify(const struct jose_token *token, const struct jose_keys *keys, struct err *err)
{
    const struct public_key *key = find_key(token, keys);

    if (!key)
        return err_set(err, ERR_NOT_FOUND, "The token was signed with an unknown key.");
    return public_key_verify(key, SIGNATURE_RAW, token->signed_part, token->signature) ||
           refuse(err, "the signature is wrong");
}

/* ---- claims */

bool jose_is_for(const json_t *claims, const char *audience)
{
    const json_t *said = json_object_get(claims, "aud"), *one;
    size_t i;

    if (json_is_string(said))
        return strcmp(json_string_value(said), audience) == 0;
    json_array_foreach(said, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), audience) == 0)
            return true;
    }
    return false;
}

static bool read_time(const json_t *claims, const char *name, double standard, double *seconds_out)
{
    const json_t *value = json_object_get(claims, name);

    *seconds_out = value ? json_number_value(value) : standard;
    return !value || json_is_number(value);
}

bool jose_holds_now(const json_t *claims, int64_t now_s, struct err *err)
{
    double ends, begins, made, now = (double)now_s;

    if (!read_time(claims, "exp", 0, &ends) || !read_time(claims, "nbf", 0, &begins) ||
        !read_time(claims, "iat", 0, &made))
        return refuse(err, "a time in the token is no number");
    if (ends <= now - JOSE_SKEW_S)
        return refuse(err, "the token has expired, or does not say when it will");
    return (begins <= now + JOSE_SKEW_S && made <= now + JOSE_SKEW_S) ||
           refuse(err, "the token does not hold yet");
}

bool jose_expect(const struct jose_token *token, const struct jose_expectation *wanted, struct err *err)
{
    const char *party = text_of(token->claims, "azp"), *nonce = text_of(token->claims, "nonce");

    if (strcmp(token->issuer, wanted->issuer) != 0)
        return refuse(err, "the token is of another issuer");
    if (!jose_is_for(token->claims, wanted->audience))
        return refuse(err, "the token is for another audience");
    if (wanted->nonce && json_array_size(json_object_get(token->claims, "aud")) > 1 && !party)
        return refuse(err, "the token has several audiences and does not say which one it was made out to");
    if (wanted->nonce && party && strcmp(party, wanted->audience) != 0)
        return refuse(err, "the token was made out to somebody else");
    if (wanted->nonce && (!nonce || !equal_in_constant_time(span_text(nonce), span_text(wanted->nonce))))
        return refuse(err, "the token answers another question");
    return jose_holds_now(token->claims, wanted->now_s, err);
}
