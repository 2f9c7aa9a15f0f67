/* webauthn.c -- what the browser says of the request, and what the authenticator says of itself. */
#include "auth/webauthn.h"

#include "base/digest.h"
#include "format/base32.h"
#include "format/cbor.h"

#include <jansson.h>
#include <talloc.h>

enum { HEAD_BYTES = 37, AAGUID_BYTES = 16 };
/* Level 2, 6.1 */
enum { USER_PRESENT = 1, USER_VERIFIED = 4, HAS_CREDENTIAL = 64, HAS_EXTENSIONS = 128 };

static bool bad(struct err *err, const char *what)
{
    err_log(err, "webauthn: %s", what);
    return err_set(err, ERR_INVALID, "This is not what a security key answers.");
}

static bool wrong(struct err *err, const char *what)
{
    err_log(err, "webauthn: %s", what);
    return err_set(err, ERR_AUTH, "The security key did not answer this request.");
}

/* ---- what the browser saw (level 2, 5.8.1) */

static bool is_challenge(struct span wanted, const char *text)
{
    struct buf sent = BUF_INIT(NULL);
    bool is_same = base64url_read(span_text(text), WEBAUTHN_CHALLENGE_BYTES, &sent) &&
                   equal_in_constant_time(wanted, buf_span(&sent));

    talloc_free(sent.p);
    return is_same && !span_is_empty(wanted);
}

static bool check_members(const struct webauthn_request *request, const json_t *json, const char *type,
                          struct err *err)
{
    const char *challenge = json_string_value(json_object_get(json, "challenge"));
    const char *origin = json_string_value(json_object_get(json, "origin"));
    const char *what = json_string_value(json_object_get(json, "type"));

    if (!challenge || !origin || !what)
        return bad(err, "client data without type, challenge or origin");
    if (strcmp(what, type) != 0)
        return wrong(err, "another type");
    if (!is_challenge(request->challenge, challenge))
        return wrong(err, "another challenge");
    if (strcmp(origin, request->origin) != 0 || json_is_true(json_object_get(json, "crossOrigin")))
        return wrong(err, "another origin");
    return true;
}

static bool check_client_data(const struct webauthn_request *request, struct span bytes, const char *type,
                              struct err *err)
{
    json_t *json = NULL;

    if (span_length(bytes) <= WEBAUTHN_CLIENT_DATA_MAX)
        json = json_loadb(bytes.p, span_length(bytes), JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(json) ? check_members(request, json, type, err)
                                   : bad(err, "client data that is no JSON object");
    json_decref(json);
    return ok;
}

/* ---- what the authenticator says (level 2, 6.1) */

static uint32_t read_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool take_credential(struct span *in, struct webauthn_credential *out, struct err *err)
{
    size_t length;

    if (span_length(*in) < AAGUID_BYTES + 2)
        return bad(err, "a credential that is cut off");
    length = (size_t)(unsigned char)in->p[AAGUID_BYTES] << 8 | (unsigned char)in->p[AAGUID_BYTES + 1];
    in->p += AAGUID_BYTES + 2;
    if (length == 0 || length > WEBAUTHN_ID_MAX || length > span_length(*in))
        return bad(err, "a credential id of no good length");
    out->id = span_of(in->p, length);
    in->p += length;
    if (!cbor_take_whole(in, &out->key) || !cose_key_is_good(out->key))
        return bad(err, "a public key of no known kind");
    return true;
}

static bool check_flags(const struct webauthn_request *request, unsigned flags, struct err *err)
{
    if (!(flags & USER_PRESENT))
        return wrong(err, "nobody was there");
    if (request->wants_verified && !(flags & USER_VERIFIED))
        return wrong(err, "the user was not verified");
    return true;
}

static bool read_authenticator(const struct webauthn_request *request, struct span bytes,
                               bool wants_credential, struct webauthn_credential *out, struct err *err)
{
    uint8_t site[SHA256_BYTES];
    struct span extensions;
    unsigned flags;

    *out = (struct webauthn_credential){ 0 };
    if (span_length(bytes) < HEAD_BYTES)
        return bad(err, "authenticator data that is cut off");
    sha256(span_text(request->site), site);
    if (!equal_in_constant_time(span_of(bytes.p, SHA256_BYTES), span_of(site, SHA256_BYTES)))
        return wrong(err, "another site");
    flags = (unsigned char)bytes.p[SHA256_BYTES];
    out->sign_count = read_u32(bytes.p + SHA256_BYTES + 1);
    out->is_verified = (flags & USER_VERIFIED) != 0;
    bytes.p += HEAD_BYTES;
    if (wants_credential != ((flags & HAS_CREDENTIAL) != 0))
        return bad(err, wants_credential ? "no credential" : "a credential where none belongs");
    if (wants_credential && !take_credential(&bytes, out, err))
        return false;
    if ((flags & HAS_EXTENSIONS) && !cbor_take_whole(&bytes, &extensions))
        return bad(err, "extensions that are no CBOR");
    if (!span_is_empty(bytes))
        return bad(err, "bytes behind the end");
    return check_flags(request, flags, err);
}

struct attestation {
    struct span format, data;
    bool has_format, has_data;
};

static bool read_member(const struct cbor_item *key, struct span value, void *arg)
{
    struct attestation *attestation = arg;

    if (key->kind != CBOR_TEXT)
        return false;
    if (span_equals_text(key->bytes, "fmt")) {
        if (attestation->has_format)
            return false;
        attestation->has_format = true;
        return cbor_text(value, &attestation->format);
    }
    if (span_equals_text(key->bytes, "authData")) {
        if (attestation->has_data)
            return false;
        attestation->has_data = true;
        return cbor_bytes(value, &attestation->data);
    }
    return true;
}

bool webauthn_register(const struct webauthn_request *request, struct span client_data,
                       struct span attestation, struct webauthn_credential *credential_out, struct err *err)
{
    struct attestation read = { .has_format = false };

    *err = ERR_INIT;
    if (!check_client_data(request, client_data, "webauthn.create", err))
        return false;
    if (span_length(attestation) > WEBAUTHN_ATTESTATION_MAX ||
        !cbor_take_map(&attestation, read_member, &read) || !span_is_empty(attestation) || !read.has_format ||
        !read.has_data)
        return bad(err, "no attestation object");
    return read_authenticator(request, read.data, true, credential_out, err);
}

bool webauthn_assert(const struct webauthn_request *request, struct span key, uint32_t sign_count,
                     struct span client_data, struct span authenticator_data, struct span signature,
                     uint32_t *sign_count_out, bool *is_verified_out, struct err *err)
{
    struct webauthn_credential said;
    uint8_t hash[SHA256_BYTES];
    struct buf signed_bytes = BUF_INIT(NULL);

    *err = ERR_INIT;
    if (span_length(authenticator_data) > WEBAUTHN_ATTESTATION_MAX)
        return bad(err, "too much authenticator data");
    if (!check_client_data(request, client_data, "webauthn.get", err) ||
        !read_authenticator(request, authenticator_data, false, &said, err))
        return false;
    sha256(client_data, hash);
    buf_add_span(&signed_bytes, authenticator_data);
    buf_add(&signed_bytes, hash, sizeof hash);
    bool is_good = cose_verify(key, buf_span(&signed_bytes), signature);
    talloc_free(signed_bytes.p);
    if (!is_good)
        return wrong(err, "not signed by this key");
    if ((said.sign_count || sign_count) && said.sign_count <= sign_count)
        return wrong(err, "its count did not rise: a copy of the key");
    *sign_count_out = said.sign_count;
    *is_verified_out = said.is_verified;
    return true;
}
