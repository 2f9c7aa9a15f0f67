/* public_key.c -- keys of their numbers, and what they signed. */
#include "auth/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

enum { COORDINATE_BYTES = PUBLIC_KEY_COORDINATE_BYTES };
enum { RSA_BYTES_LEAST = 256, RSA_BYTES_MOST = 1024, EXPONENT_BYTES_MOST = 4 };

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *p256_key(const struct public_key *parts)
{
    unsigned char point[1 + 2 * COORDINATE_BYTES] = { 4 };
    OSSL_PARAM_BLD *builder;
    EVP_PKEY *key = NULL;

    if (span_length(parts->first) != COORDINATE_BYTES || span_length(parts->second) != COORDINATE_BYTES)
        return NULL;
    memcpy(point + 1, parts->first.p, COORDINATE_BYTES);
    memcpy(point + 1 + COORDINATE_BYTES, parts->second.p, COORDINATE_BYTES);
    builder = OSSL_PARAM_BLD_new();
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        key = from_parameters("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *ed25519_key(const struct public_key *parts)
{
    if (span_length(parts->first) != COORDINATE_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)parts->first.p,
                                       COORDINATE_BYTES);
}

static EVP_PKEY *rsa_key(const struct public_key *parts)
{
    size_t length = span_length(parts->first), exponent_length = span_length(parts->second);
    OSSL_PARAM_BLD *builder;
    BIGNUM *modulus, *exponent;
    EVP_PKEY *key = NULL;

    if (length < RSA_BYTES_LEAST || length > RSA_BYTES_MOST || exponent_length == 0 ||
        exponent_length > EXPONENT_BYTES_MOST || *parts->first.p == 0)
        return NULL;
    modulus = BN_bin2bn((const unsigned char *)parts->first.p, (int)length, NULL);
    exponent = BN_bin2bn((const unsigned char *)parts->second.p, (int)exponent_length, NULL);
    builder = OSSL_PARAM_BLD_new();
    if (builder && modulus && exponent && BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = from_parameters("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *open_key(const struct public_key *key)
{
    switch (key->kind) {
    case PUBLIC_KEY_RSA:
        return rsa_key(key);
    case PUBLIC_KEY_P256:
        return p256_key(key);
    case PUBLIC_KEY_ED25519:
        return ed25519_key(key);
    default:
        return NULL;
    }
}

bool public_key_is_good(const struct public_key *key)
{
    EVP_PKEY *opened = open_key(key);
    bool is_good = opened != NULL;

    EVP_PKEY_free(opened);
    return is_good;
}

/* The two numbers as ASN.1; 0: they are none. */
static int asn1_of(struct span raw, unsigned char **asn1_out)
{
    const unsigned char *bytes = (const unsigned char *)raw.p;
    ECDSA_SIG *signature;
    BIGNUM *r, *s;
    int length = 0;

    if (span_length(raw) != 2 * COORDINATE_BYTES)
        return 0;
    signature = ECDSA_SIG_new();
    r = BN_bin2bn(bytes, COORDINATE_BYTES, NULL);
    s = BN_bin2bn(bytes + COORDINATE_BYTES, COORDINATE_BYTES, NULL);
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        length = i2d_ECDSA_SIG(signature, asn1_out);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(signature);
    return length > 0 ? length : 0;
}

static bool verify(EVP_PKEY *key, bool hashes, struct span bytes, struct span signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context &&
                   EVP_DigestVerifyInit(context, NULL, hashes ? EVP_sha256() : NULL, NULL, key) == 1 &&
                   EVP_DigestVerify(context, (const unsigned char *)signature.p, span_length(signature),
                                    (const unsigned char *)bytes.p, span_length(bytes)) == 1;

    EVP_MD_CTX_free(context);
    return is_good;
}

bool public_key_verify(const struct public_key *key, enum signature_form form, struct span bytes,
                       struct span signature)
{
    EVP_PKEY *opened = open_key(key);
    unsigned char *asn1 = NULL;
    bool is_good = opened && !span_is_empty(signature) && span_length(signature) <= SIGNATURE_MAX;

    if (is_good && key->kind == PUBLIC_KEY_P256 && form == SIGNATURE_RAW) {
        int length = asn1_of(signature, &asn1);
        signature = span_of(asn1, (size_t)length);
        is_good = length > 0;
    }
    is_good = is_good && verify(opened, key->kind != PUBLIC_KEY_ED25519, bytes, signature);
    OPENSSL_free(asn1);
    EVP_PKEY_free(opened);
    return is_good;
}
