/*
 * password.c -- argon2id with the second recommended choice of OWASP (19 MiB, 2 passes), and the SCRAM keys.
 */
#include "auth/password.h"

#include "auth/prepare.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/unchecked.h"

#include <argon2.h>
#include <gsasl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <talloc.h>

enum { ARGON2_LANES = 1, ARGON2_SALT = 16, ARGON2_HASH = 32 };

struct price {
    uint32_t kib, passes;
    const char *nobodys;
};

static const struct price dear = { .kib = 19456,
                                   .passes = 2,
                                   .nobodys = "$argon2id$v=19$m=19456,t=2,p=1$Y2hhcHBlLW5vYm9keS0x"
                                              "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
static const struct price cheap = { .kib = 256,
                                    .passes = 1,
                                    .nobodys = "$argon2id$v=19$m=256,t=1,p=1$Y2hhcHBlLW5vYm9keS0x"
                                               "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };

/* Tests log in ten thousand times. */
static const struct price *price(void)
{
    return CHECK_IS_AWAY("argon2") ? &cheap : &dear;
}

const char *nobodys_argon2(void)
{
    return price()->nobodys;
}

/* Without the letters and digits that are mistaken for each other. */
static const char alphabet[33] = "abcdefghijkmnpqrstuvwxyz23456789";
enum { GROUPS = 5, GROUP_LETTERS = 5, LETTERS = GROUPS * GROUP_LETTERS };

struct span password_prepare(const void *owner, struct span password)
{
    char *text, *prepared = NULL;
    bool is_plain = true;

    for (const char *p = password.p; p < password.end; p++)
        is_plain = is_plain && *p >= ' ' && *p < 0x7F;
    if (is_plain || memchr(password.p, '\0', span_length(password)))
        return password;
    text = span_copy(owner, password);
    int failed = gsasl_saslprep(text, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);
    secret_erase(text, strlen(text));
    if (failed != GSASL_OK || !prepared || !*prepared) {
        gsasl_free(prepared);
        return password;
    }
    char *kept = talloc_strdup(owner, prepared);
    secret_erase(prepared, strlen(prepared));
    gsasl_free(prepared);
    return span_text(kept);
}

static bool make_scram(struct span password, struct credential *out, struct err *err)
{
    uint8_t salted[SHA256_BYTES], client_key[SHA256_BYTES];

    random_bytes(out->scram_salt, sizeof out->scram_salt);
    out->scram_iterations = SCRAM_ITERATIONS;
    if (!PKCS5_PBKDF2_HMAC(password.p, (int)span_length(password), out->scram_salt, SCRAM_SALT_BYTES,
                           SCRAM_ITERATIONS, EVP_sha256(), SHA256_BYTES, salted)) {
        err_log(err, "PBKDF2 failed");
        return err_set(err, ERR_INTERNAL, "The server had an internal problem. Please try again.");
    }
    hmac_sha256(span_of(salted, sizeof salted), span_text("Client Key"), client_key);
    sha256(span_of(client_key, sizeof client_key), out->scram_stored_key);
    hmac_sha256(span_of(salted, sizeof salted), span_text("Server Key"), out->scram_server_key);
    secret_erase(salted, sizeof salted);
    secret_erase(client_key, sizeof client_key);
    return true;
}

static bool make_argon2(const void *owner, struct span password, struct credential *out, struct err *err)
{
    uint8_t salt[ARGON2_SALT];
    char encoded[160];

    random_bytes(salt, sizeof salt);
    int failed =
        argon2id_hash_encoded(price()->passes, price()->kib, ARGON2_LANES, password.p, span_length(password),
                              salt, sizeof salt, ARGON2_HASH, encoded, sizeof encoded);
    if (failed) {
        err_log(err, "argon2: %s", argon2_error_message(failed));
        return err_set(err, ERR_INTERNAL, "The server had an internal problem. Please try again.");
    }
    out->argon2 = talloc_strdup(owner, encoded);
    return true;
}

bool password_hash(const void *owner, struct span password, struct credential *credential_out,
                   struct err *err)
{
    size_t length = span_length(password);
    void *scratch = talloc_new(NULL);

    *err = ERR_INIT;
    if (length < PASSWORD_LENGTH_MIN || length > PASSWORD_LENGTH_MAX || memchr(password.p, '\0', length)) {
        talloc_free(scratch);
        return err_set(err, ERR_INVALID, "A password has at least %d and at most %d bytes.",
                       PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX);
    }
    struct span prepared = password_prepare(scratch, password);
    bool ok = make_argon2(owner, prepared, credential_out, err) && make_scram(prepared, credential_out, err);
    if (prepared.p != password.p)
        secret_erase((char *)(uintptr_t)prepared.p, span_length(prepared));
    talloc_free(scratch);
    return ok;
}

enum argon2_verdict password_verify(const char *argon2, struct span prepared)
{
    int result = argon2id_verify(argon2, prepared.p, span_length(prepared));

    return result == ARGON2_OK                ? ARGON2_RIGHT
           : result == ARGON2_VERIFY_MISMATCH ? ARGON2_WRONG
                                              : ARGON2_TROUBLE;
}

static void hash_letters(const char *letters, unsigned char hash_out[APP_PASSWORD_HASH_BYTES])
{
    sha256(span_of(letters, LETTERS), hash_out);
}

void app_password_generate(char text_out[APP_PASSWORD_TEXT], unsigned char hash_out[APP_PASSWORD_HASH_BYTES])
{
    uint8_t random[LETTERS];
    char letters[LETTERS], *out = text_out;

    random_bytes(random, sizeof random);
    for (size_t i = 0; i < LETTERS; i++) {
        letters[i] = alphabet[random[i] & 31];
        if (i > 0 && i % GROUP_LETTERS == 0)
            *out++ = '-';
        *out++ = letters[i];
    }
    *out = '\0';
    hash_letters(letters, hash_out);
    secret_erase(random, sizeof random);
    secret_erase(letters, sizeof letters);
}

bool app_password_hash(struct span typed, unsigned char hash_out[APP_PASSWORD_HASH_BYTES])
{
    char letters[LETTERS];
    size_t count = 0;

    for (const char *p = typed.p; p < typed.end; p++) {
        char letter = *p >= 'A' && *p <= 'Z' ? (char)(*p + ('a' - 'A')) : *p;
        if (letter == '-' || letter == ' ')
            continue;
        if (count == LETTERS || letter == '\0' || !strchr(alphabet, letter))
            return false;
        letters[count++] = letter;
    }
    if (count != LETTERS)
        return false;
    hash_letters(letters, hash_out);
    secret_erase(letters, sizeof letters);
    return true;
}
