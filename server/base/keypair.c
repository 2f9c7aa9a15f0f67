#include "base/keypair.h"

#include "base/digest.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <talloc.h>

static char *private_text(const void *owner, EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL, *bytes;
    long length;

    if (PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1) {
        length = BIO_get_mem_data(out, &bytes);
        text = talloc_strndup(owner, bytes, (size_t)length);
    }
    BIO_free(out);
    return text;
}

static char *base64(const void *owner, const unsigned char *bytes, int length)
{
    char *text = talloc_array(owner, char, (unsigned)(length + 2) / 3 * 4 + 1);

    EVP_EncodeBlock((unsigned char *)text, bytes, length);
    return text;
}

static char *public_text(const void *owner, EVP_PKEY *key, enum keypair_kind kind)
{
    unsigned char raw[64], *der = NULL;
    size_t length = sizeof raw;
    char *text = NULL;
    int der_length;

    if (kind == KEYPAIR_ED25519)
        return EVP_PKEY_get_raw_public_key(key, raw, &length) == 1 ? base64(owner, raw, (int)length) : NULL;
    der_length = i2d_PUBKEY(key, &der);
    if (der_length > 0)
        text = base64(owner, der, der_length);
    OPENSSL_free(der);
    return text;
}

bool keypair_make(const void *owner, enum keypair_kind kind, unsigned bits, char **private_out,
                  char **public_out, struct err *err)
{
    EVP_PKEY *key = kind == KEYPAIR_RSA ? EVP_RSA_gen(bits) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    *private_out = key ? private_text(owner, key) : NULL;
    *public_out = key ? public_text(owner, key, kind) : NULL;
    EVP_PKEY_free(key);
    if (*private_out && *public_out)
        return true;
    err_log(err, "OpenSSL makes no key");
    return err_set(err, ERR_INTERNAL, "The key could not be made.");
}

static EVP_PKEY *read_private(const char *text)
{
    BIO *in = BIO_new_mem_buf(text, (int)strlen(text));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);

    BIO_free(in);
    return key;
}

bool keypair_sign(const void *owner, enum keypair_kind kind, const char *private_key, struct span bytes,
                  char **signature_out, struct err *err)
{
    EVP_PKEY *key = read_private(private_key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024], digest[SHA256_BYTES];
    size_t length = sizeof signature;
    bool is_rsa = kind == KEYPAIR_RSA, ok;

    if (!is_rsa) {
        sha256(bytes, digest);
        bytes = span_of(digest, sizeof digest);
    }
    ok = key && EVP_DigestSignInit(context, NULL, is_rsa ? EVP_sha256() : NULL, NULL, key) == 1 &&
         EVP_DigestSign(context, signature, &length, (const unsigned char *)bytes.p, span_length(bytes)) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    if (!ok) {
        err_log(err, "OpenSSL cannot sign with this key");
        return err_set(err, ERR_INTERNAL, "The message cannot be signed just now.");
    }
    *signature_out = base64(owner, signature, (int)length);
    return true;
}

/* A SubjectPublicKeyInfo, or, as some publish it, the RSAPublicKey inside (RFC 6376, 3.6.1 and its errata). */
static EVP_PKEY *read_rsa(struct span der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)span_length(der));

    if (!key) {
        p = (const unsigned char *)der.p;
        key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)span_length(der));
    }
    if (key &&
        (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < KEYPAIR_RSA_BITS_LEAST)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static EVP_PKEY *read_public(enum keypair_kind kind, struct span bytes)
{
    if (kind == KEYPAIR_RSA)
        return read_rsa(bytes);
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)bytes.p,
                                       span_length(bytes));
}

bool keypair_verify(enum keypair_kind kind, struct span public_key, struct span bytes, struct span signature)
{
    EVP_PKEY *key = span_is_empty(public_key) ? NULL : read_public(kind, public_key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_rsa = kind == KEYPAIR_RSA, ok;
    uint8_t digest[SHA256_BYTES];

    if (!is_rsa) {
        sha256(bytes, digest);
        bytes = span_of(digest, sizeof digest);
    }
    ok = key && EVP_DigestVerifyInit(context, NULL, is_rsa ? EVP_sha256() : NULL, NULL, key) == 1 &&
         EVP_DigestVerify(context, (const unsigned char *)signature.p, span_length(signature),
                          (const unsigned char *)bytes.p, span_length(bytes)) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return ok;
}
