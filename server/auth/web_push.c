/* web_push.c -- see web_push.h. */
#include "auth/web_push.h"

#include "base/digest.h"
#include "format/base32.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <string.h>
#include <talloc.h>

enum {
    SALT_BYTES = 16,
    CEK_BYTES = 16,
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
    SECRET_BYTES = 32,
    FIELD_BYTES = 32
};

static bool broken(struct err *err, const char *what)
{
    err_log(err, "OpenSSL: %s: %s", what, ERR_reason_error_string(ERR_peek_last_error()));
    ERR_clear_error();
    return err_set(err, ERR_INTERNAL, "This cannot be pushed just now.");
}

/* ---- keys */

static bool point_of(EVP_PKEY *key, uint8_t point[WEB_PUSH_KEY_BYTES])
{
    size_t length = 0;

    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, WEB_PUSH_KEY_BYTES,
                                           &length) == 1 &&
           length == WEB_PUSH_KEY_BYTES;
}

/* NULL for what is no point of the curve. */
static EVP_PKEY *key_of_point(struct span point)
{
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                                 (char[]){ "prime256v1" }, 0),
                                OSSL_PARAM_construct_octet_string(
                                    OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.p, span_length(point)),
                                OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (span_length(point) != WEB_PUSH_KEY_BYTES || *point.p != 4 || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return key;
}

bool web_push_is_key(struct span public_key)
{
    EVP_PKEY *key = key_of_point(public_key);
    bool is_one = key != NULL;

    EVP_PKEY_free(key);
    return is_one;
}

static char *pem_of(const void *owner, EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL, *bytes;

    if (PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1) {
        long length = BIO_get_mem_data(out, &bytes);
        text = talloc_strndup(owner, bytes, (size_t)length);
    }
    BIO_free(out);
    return text;
}

bool web_push_key_make(const void *owner, char **private_out, struct span *public_out, struct err *err)
{
    uint8_t *point = talloc_array(owner, uint8_t, WEB_PUSH_KEY_BYTES);
    EVP_PKEY *key = EVP_EC_gen("prime256v1");
    bool done = key && point_of(key, point);

    *private_out = done ? pem_of(owner, key) : NULL;
    *public_out = span_of(point, WEB_PUSH_KEY_BYTES);
    EVP_PKEY_free(key);
    return *private_out || broken(err, "a key of P-256");
}

/* ---- the body (RFC 8188, RFC 8291) */

static bool agree(EVP_PKEY *own, EVP_PKEY *theirs, uint8_t secret[SECRET_BYTES])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    size_t length = SECRET_BYTES;
    bool done = context && EVP_PKEY_derive_init(context) == 1 &&
                EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
                EVP_PKEY_derive(context, secret, &length) == 1 && length == SECRET_BYTES;

    EVP_PKEY_CTX_free(context);
    return done;
}

/* HKDF with SHA-256, one block of output (RFC 5869). */
static void stretch(struct span salt, struct span key, struct span info, uint8_t *out, size_t length)
{
    uint8_t extracted[SHA256_BYTES], block[SHA256_BYTES], text[256];
    size_t size = span_length(info);

    hmac_sha256(salt, key, extracted);
    memcpy(text, info.p, size);
    text[size] = 1;
    hmac_sha256(span_of(extracted, sizeof extracted), span_of(text, size + 1), block);
    memcpy(out, block, length);
    secret_erase(extracted, sizeof extracted);
    secret_erase(block, sizeof block);
}

#define KEY_INFO "WebPush: info"
#define CEK_INFO "Content-Encoding: aes128gcm"
#define NONCE_INFO "Content-Encoding: nonce"

struct sealing_keys {
    uint8_t cek[CEK_BYTES], nonce[NONCE_BYTES];
};

/* RFC 8291, 3.4. The NUL at the end of each name belongs to it. */
static void derive_keys(struct span agreed, struct span secret, struct span theirs, const uint8_t *own,
                        const uint8_t *salt, struct sealing_keys *out)
{
    uint8_t info[sizeof KEY_INFO + 2 * WEB_PUSH_KEY_BYTES], ikm[SHA256_BYTES];

    memcpy(info, KEY_INFO, sizeof KEY_INFO);
    memcpy(info + sizeof KEY_INFO, theirs.p, WEB_PUSH_KEY_BYTES);
    memcpy(info + sizeof KEY_INFO + WEB_PUSH_KEY_BYTES, own, WEB_PUSH_KEY_BYTES);
    stretch(secret, agreed, span_of(info, sizeof info), ikm, sizeof ikm);
    stretch(span_of(salt, SALT_BYTES), span_of(ikm, sizeof ikm), span_of(CEK_INFO, sizeof CEK_INFO), out->cek,
            CEK_BYTES);
    stretch(span_of(salt, SALT_BYTES), span_of(ikm, sizeof ikm), span_of(NONCE_INFO, sizeof NONCE_INFO),
            out->nonce, NONCE_BYTES);
    secret_erase(ikm, sizeof ikm);
}

/* One record, the last: a 2 behind the text says so. `out` has room for the text, 1 and TAG_BYTES. */
static bool encrypt(const struct sealing_keys *keys, struct span plain, uint8_t *out)
{
    static const uint8_t last = 2;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    size_t size = span_length(plain);
    int length, more, rest;
    bool done = context &&
                EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->cek, keys->nonce) == 1 &&
                EVP_EncryptUpdate(context, out, &length, (const uint8_t *)plain.p, (int)size) == 1 &&
                EVP_EncryptUpdate(context, out + length, &more, &last, 1) == 1 &&
                EVP_EncryptFinal_ex(context, out + length + more, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, out + size + 1) == 1;

    EVP_CIPHER_CTX_free(context);
    return done;
}

static bool seal(EVP_PKEY *own, EVP_PKEY *theirs, struct span public_key, struct span secret,
                 struct span plain, uint8_t *body)
{
    static const uint8_t record_size[] = { 0, 0, WEB_PUSH_BODY_MAX >> 8, 0 };
    uint8_t agreed[SECRET_BYTES], *point = body + SALT_BYTES + sizeof record_size + 1;
    struct sealing_keys keys;
    bool done = point_of(own, point) && agree(own, theirs, agreed);

    if (done) {
        random_bytes(body, SALT_BYTES);
        memcpy(body + SALT_BYTES, record_size, sizeof record_size);
        body[SALT_BYTES + sizeof record_size] = WEB_PUSH_KEY_BYTES;
        derive_keys(span_of(agreed, sizeof agreed), secret, public_key, point, body, &keys);
        done = encrypt(&keys, plain, point + WEB_PUSH_KEY_BYTES);
    }
    secret_erase(agreed, sizeof agreed);
    secret_erase(&keys, sizeof keys);
    return done;
}

bool web_push_seal(const void *owner, struct span public_key, struct span secret, struct span plain,
                   struct span *body_out, struct err *err)
{
    size_t size = span_length(plain) + WEB_PUSH_OVERHEAD;
    EVP_PKEY *theirs = key_of_point(public_key), *own;
    uint8_t *body;
    bool done;

    if (!theirs || span_length(secret) != WEB_PUSH_SECRET_BYTES || size > WEB_PUSH_BODY_MAX) {
        EVP_PKEY_free(theirs);
        return err_set(err, ERR_INVALID, "This cannot be encrypted for a browser.");
    }
    body = talloc_array(owner, uint8_t, (unsigned)size);
    own = EVP_EC_gen("prime256v1");
    done = own && seal(own, theirs, public_key, secret, plain, body);
    EVP_PKEY_free(own);
    EVP_PKEY_free(theirs);
    *body_out = span_of(body, size);
    return done || broken(err, "aes128gcm");
}

/* ---- who sends it (RFC 8292) */

/* "https://push.example.org:8443" of a URL; NULL for another scheme, or characters that no origin has. */
static char *origin_of(const void *owner, const char *url)
{
    size_t length;

    if (strncmp(url, "https://", 8) != 0)
        return NULL;
    length = strcspn(url + 8, "/?#");
    if (length == 0 || length > 300 ||
        strspn(url + 8, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") < length)
        return NULL;
    return talloc_strndup(owner, url, 8 + length);
}

/* ES256 wants r and s, each in its 32 bytes (RFC 7518, 3.4); OpenSSL gives DER. */
static bool flatten(const uint8_t *der, size_t length, uint8_t out[2 * FIELD_BYTES])
{
    const unsigned char *p = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &p, (long)length);
    bool done = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, FIELD_BYTES) == FIELD_BYTES &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + FIELD_BYTES, FIELD_BYTES) == FIELD_BYTES;

    ECDSA_SIG_free(signature);
    return done;
}

static bool sign(const char *private_key, struct span text, uint8_t out[2 * FIELD_BYTES])
{
    BIO *in = BIO_new_mem_buf(private_key, (int)strlen(private_key));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t der[128];
    size_t length = sizeof der;
    bool done = key && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, der, &length, (const uint8_t *)text.p, span_length(text)) == 1 &&
                flatten(der, length, out);

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(in);
    return done;
}

bool web_push_sign(const void *owner, const char *private_key, struct span public_key, const char *url,
                   const char *contact, int64_t until_s, char **field_out, struct err *err)
{
    static const char head[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
    void *scratch = talloc_new(NULL);
    const char *origin = origin_of(scratch, url);
    uint8_t signature[2 * FIELD_BYTES];
    char *claims, *text;
    bool done;

    if (!origin) {
        talloc_free(scratch);
        return err_set(err, ERR_INVALID, "That is no address of a push service.");
    }
    claims = talloc_asprintf(scratch, "{\"aud\":\"%s\",\"exp\":%lld,\"sub\":\"%s\"}", origin,
                             (long long)until_s, contact);
    text = talloc_asprintf(scratch, "%s.%s", base64url_text(scratch, span_text(head)),
                           base64url_text(scratch, span_text(claims)));
    done = sign(private_key, span_text(text), signature);
    *field_out = talloc_asprintf(owner, "vapid t=%s.%s, k=%s", text,
                                 base64url_text(scratch, span_of(signature, sizeof signature)),
                                 base64url_text(scratch, public_key));
    talloc_free(scratch);
    return done || broken(err, "a signature of P-256");
}
