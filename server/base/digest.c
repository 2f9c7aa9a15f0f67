#include "base/digest.h"

#include "base/log.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>

/* Looked up once: OpenSSL 3 otherwise searches its providers at every digest. Written under the once. */
static EVP_MD *sha256_method;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void must(bool is_done, const char *what)
{
    if (is_done)
        return;
    log_event(LOG_LEVEL_ERROR, "digest.broken", log_text("cause", what));
    abort();
}

static void fetch_sha256(void)
{
    sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
    must(sha256_method != NULL, "no SHA-256");
}

static const EVP_MD *sha256_get(void)
{
    pthread_once(&sha256_once, fetch_sha256);
    return sha256_method;
}

void sha256(struct span bytes, uint8_t digest_out[SHA256_BYTES])
{
    unsigned length = 0;

    must(EVP_Digest(bytes.p, span_length(bytes), digest_out, &length, sha256_get(), NULL) == 1, "digest");
    assert(length == SHA256_BYTES);
}

void sha1(struct span bytes, uint8_t digest_out[SHA1_BYTES])
{
    unsigned length = 0;

    must(EVP_Digest(bytes.p, span_length(bytes), digest_out, &length, EVP_sha1(), NULL) == 1, "digest");
    assert(length == SHA1_BYTES);
}

static void hmac(const EVP_MD *method, struct span key, struct span bytes, uint8_t *mac_out, unsigned wanted)
{
    static const unsigned char nothing[1] = { 0 };
    const unsigned char *data = span_is_empty(bytes) ? nothing : (const unsigned char *)bytes.p;
    const void *secret = span_is_empty(key) ? nothing : (const void *)key.p;
    unsigned length = 0;

    must(HMAC(method, secret, (int)span_length(key), data, span_length(bytes), mac_out, &length) != NULL,
         "hmac");
    assert(length == wanted);
}

void hmac_sha256(struct span key, struct span bytes, uint8_t mac_out[SHA256_BYTES])
{
    hmac(sha256_get(), key, bytes, mac_out, SHA256_BYTES);
}

void hmac_sha1(struct span key, struct span bytes, uint8_t mac_out[SHA1_BYTES])
{
    hmac(EVP_sha1(), key, bytes, mac_out, SHA1_BYTES);
}

struct sha256 {
    EVP_MD_CTX *context;
};

static int destroy(struct sha256 *sha)
{
    EVP_MD_CTX_free(sha->context);
    return 0;
}

struct sha256 *sha256_new(const void *owner)
{
    struct sha256 *sha = talloc_zero(owner, struct sha256);

    sha->context = EVP_MD_CTX_new();
    must(sha->context && EVP_DigestInit_ex(sha->context, sha256_get(), NULL) == 1, "digest start");
    talloc_set_destructor(sha, destroy);
    return sha;
}

void sha256_add(struct sha256 *sha, struct span bytes)
{
    must(EVP_DigestUpdate(sha->context, bytes.p, span_length(bytes)) == 1, "digest update");
}

void sha256_finish(struct sha256 *sha, uint8_t digest_out[SHA256_BYTES])
{
    must(EVP_DigestFinal_ex(sha->context, digest_out, NULL) == 1, "digest end");
    must(EVP_DigestInit_ex(sha->context, sha256_get(), NULL) == 1, "digest start");
}

void random_bytes(void *out, size_t length)
{
    must(RAND_bytes(out, (int)length) == 1, "random");
}

bool equal_in_constant_time(struct span a, struct span b)
{
    size_t length = span_length(a);

    return length == span_length(b) && (length == 0 || CRYPTO_memcmp(a.p, b.p, length) == 0);
}

void secret_erase(void *bytes, size_t length)
{
    OPENSSL_cleanse(bytes, length);
}

void hex_encode(struct span bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (const char *p = bytes.p; p < bytes.end; p++) {
        *out++ = digits[(unsigned char)*p >> 4];
        *out++ = digits[(unsigned char)*p & 15];
    }
    *out = '\0';
}
