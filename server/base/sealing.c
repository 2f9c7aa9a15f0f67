#include "base/sealing.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/span.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

enum { KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16 };
static const char prefix[] = "sealed:"; /* "sealed:" id ":" base64(nonce, tag, text) */

struct key {
    char id[SEALING_ID_BYTES + 1];
    unsigned char bytes[KEY_BYTES];
};

struct sealing {
    const char *folder;
    pthread_mutex_t lock;
    struct key keys[SEALING_KEYS_MAX]; /* oldest first */
    size_t count;
};

/* ---- the folder */

static bool is_key_name(const char *name)
{
    return strlen(name) == SEALING_ID_BYTES + 4 && strspn(name, "0123456789abcdef") == SEALING_ID_BYTES &&
           strcmp(name + SEALING_ID_BYTES, ".key") == 0;
}

static bool read_key(const char *folder, const char *name, struct key *key_out)
{
    char path[4096], text[2 * KEY_BYTES + 1];
    ssize_t got;
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    got = read(fd, text, 2 * KEY_BYTES);
    close(fd);
    for (int i = 0; got == 2 * KEY_BYTES && i < KEY_BYTES; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            got = 0;
        key_out->bytes[i] = (unsigned char)(high * 16 + low);
    }
    memcpy(key_out->id, name, SEALING_ID_BYTES);
    key_out->id[SEALING_ID_BYTES] = '\0';
    secret_erase(text, sizeof text);
    return got == 2 * KEY_BYTES;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->id, ((const struct key *)b)->id);
}

static size_t read_folder(const char *folder, struct key keys[SEALING_KEYS_MAX])
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    while (dir && count < SEALING_KEYS_MAX && (entry = readdir(dir)))
        if (is_key_name(entry->d_name))
            count += read_key(folder, entry->d_name, &keys[count]);
    if (dir)
        closedir(dir);
    qsort(keys, count, sizeof *keys, by_id);
    return count;
}

size_t sealing_count_keys(const char *folder)
{
    struct key keys[SEALING_KEYS_MAX];
    size_t count = read_folder(folder, keys);

    secret_erase(keys, sizeof keys);
    return count;
}

static bool write_key(const char *path, struct err *err)
{
    unsigned char bytes[KEY_BYTES];
    char text[2 * KEY_BYTES + 2];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0)
        return err_set(err, ERR_DENIED, "%s cannot be made: %s.", path, strerror(errno));
    random_bytes(bytes, sizeof bytes);
    hex_encode(span_of(bytes, sizeof bytes), text);
    text[2 * KEY_BYTES] = '\n';
    ok = write(fd, text, 2 * KEY_BYTES + 1) == 2 * KEY_BYTES + 1 && fsync(fd) == 0;
    secret_erase(bytes, sizeof bytes);
    secret_erase(text, sizeof text);
    close(fd);
    if (ok)
        return true;
    unlink(path);
    return err_set(err, ERR_DENIED, "%s cannot be written.", path);
}

/* The key is on disk, and its name as well, before anything is sealed with it. */
bool sealing_add_key(const char *folder, char id_out[SEALING_ID_BYTES + 1], struct err *err)
{
    char path[4096], part[4096];
    int fd;

    snprintf(id_out, SEALING_ID_BYTES + 1, "%016llx", (unsigned long long)clock_now_us());
    snprintf(path, sizeof path, "%s/%s.key", folder, id_out);
    snprintf(part, sizeof part, "%s/%s.new", folder, id_out);
    if (!write_key(part, err))
        return false;
    if (rename(part, path) != 0)
        return err_errno(err, "rename");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!fsync(fd);
        close(fd);
    }
    return true;
}

bool sealing_open(const void *owner, const char *folder, struct sealing **sealing_out, struct err *err)
{
    struct sealing *s = talloc_zero(owner, struct sealing);

    (void)err;
    s->folder = talloc_strdup(s, folder);
    pthread_mutex_init(&s->lock, NULL);
    s->count = read_folder(folder, s->keys);
    *sealing_out = s;
    return true;
}

void sealing_close(struct sealing **sealing)
{
    if (!*sealing)
        return;
    secret_erase((*sealing)->keys, sizeof(*sealing)->keys);
    pthread_mutex_destroy(&(*sealing)->lock);
    TALLOC_FREE(*sealing);
}

/* ---- keys */

/* `id` NULL: the newest. The folder is read again where that may bring something. */
static bool find_key(struct sealing *s, const char *id, struct key *key_out)
{
    bool found = false;

    pthread_mutex_lock(&s->lock);
    for (int round = 0; round < 2 && !found; round++) {
        if (round == 1 || !id)
            s->count = read_folder(s->folder, s->keys);
        for (size_t i = s->count; i-- > 0 && !found;)
            if (!id || strcmp(s->keys[i].id, id) == 0) {
                *key_out = s->keys[i];
                found = true;
            }
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

/* ---- AES-256-GCM */

static bool encrypt(const struct key *key, const char *context, const char *plain, size_t length,
                    unsigned char *out)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    unsigned char *nonce = out, *tag = out + NONCE_BYTES, *text = tag + TAG_BYTES;
    int n = 0, end = 0;
    bool ok;

    random_bytes(nonce, NONCE_BYTES);
    ok = c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1 &&
         EVP_EncryptUpdate(c, NULL, &n, (const unsigned char *)context, (int)strlen(context)) == 1 &&
         EVP_EncryptUpdate(c, text, &n, (const unsigned char *)plain, (int)length) == 1 &&
         EVP_EncryptFinal_ex(c, text + n, &end) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

static bool decrypt(const struct key *key, const char *context, unsigned char *in, size_t length, char *plain)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    unsigned char *nonce = in, *tag = in + NONCE_BYTES, *text = tag + TAG_BYTES;
    int n = 0, end = 0;
    bool ok;

    ok = c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1 &&
         EVP_DecryptUpdate(c, NULL, &n, (const unsigned char *)context, (int)strlen(context)) == 1 &&
         EVP_DecryptUpdate(c, (unsigned char *)plain, &n, text, (int)length) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
         EVP_DecryptFinal_ex(c, (unsigned char *)plain + n, &end) == 1;
    EVP_CIPHER_CTX_free(c);
    plain[ok ? n : 0] = '\0';
    return ok;
}

/* ---- texts */

bool sealing_seal(struct sealing *s, const void *owner, const char *context, const char *plain,
                  char **sealed_out, struct err *err)
{
    size_t length = strlen(plain), raw_length = NONCE_BYTES + TAG_BYTES + length;
    unsigned char *raw;
    struct key key;
    char *base64;
    bool ok;

    if (!s) {
        *sealed_out = talloc_strdup(owner, plain);
        return true;
    }
    if (length > SEALING_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "The secret is too long.");
    if (!find_key(s, NULL, &key)) {
        err_log(err, "no key in %s", s->folder);
        return err_set(err, ERR_DENIED,
                       "There is no key to seal secrets with in %s. Run: chappe secret rotate", s->folder);
    }
    raw = talloc_array(NULL, unsigned char, (unsigned)raw_length);
    ok = encrypt(&key, context, plain, length, raw);
    base64 = talloc_array(raw, char, (unsigned)(raw_length + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)base64, raw, (int)raw_length);
    *sealed_out = talloc_asprintf(owner, "%s%s:%s", prefix, key.id, base64);
    secret_erase(&key, sizeof key);
    talloc_free(raw);
    return ok || err_set(err, ERR_INTERNAL, "The secret cannot be sealed.");
}

/* "sealed:ID:TEXT": its id and the base64 behind it. */
static bool split(const char *stored, char id_out[SEALING_ID_BYTES + 1], const char **base64_out)
{
    const char *id = stored + sizeof prefix - 1;

    if (strncmp(stored, prefix, sizeof prefix - 1) != 0 || strlen(id) <= SEALING_ID_BYTES ||
        id[SEALING_ID_BYTES] != ':')
        return false;
    memcpy(id_out, id, SEALING_ID_BYTES);
    id_out[SEALING_ID_BYTES] = '\0';
    *base64_out = id + SEALING_ID_BYTES + 1;
    return true;
}

static size_t padding(const char *base64, size_t length)
{
    if (length > 1 && base64[length - 2] == '=')
        return 2;
    return length > 0 && base64[length - 1] == '=' ? 1 : 0;
}

static bool open_text(const struct key *key, const void *owner, const char *context, const char *base64,
                      char **plain_out)
{
    size_t length = strlen(base64), raw_length;
    unsigned char *raw;
    bool ok = false;

    if (length % 4 != 0 || length > 2 * SEALING_TEXT_MAX)
        return false;
    raw = talloc_array(NULL, unsigned char, (unsigned)length + 1);
    if (EVP_DecodeBlock(raw, (const unsigned char *)base64, (int)length) >= 0) {
        raw_length = length / 4 * 3 - padding(base64, length);
        if (raw_length >= NONCE_BYTES + TAG_BYTES) {
            *plain_out = talloc_array(owner, char, (unsigned)raw_length + 1);
            ok = decrypt(key, context, raw, raw_length - NONCE_BYTES - TAG_BYTES, *plain_out);
        }
    }
    talloc_free(raw);
    return ok;
}

bool sealing_unseal(struct sealing *s, const void *owner, const char *context, const char *stored,
                    char **plain_out, struct err *err)
{
    char id[SEALING_ID_BYTES + 1];
    const char *base64;
    struct key key;
    bool ok;

    if (strncmp(stored, prefix, sizeof prefix - 1) != 0) {
        *plain_out = talloc_strdup(owner, stored);
        return true;
    }
    if (!split(stored, id, &base64)) {
        err_log(err, "%s: no sealed text", context);
        return err_set(err, ERR_DENIED, "A secret is damaged.");
    }
    if (!s || !find_key(s, id, &key)) {
        err_log(err, "%s: the key %s.key is not in %s", context, id, s ? s->folder : "-");
        return err_set(err, ERR_DENIED, "The key %s.key that a secret is sealed with is missing.", id);
    }
    ok = open_text(&key, owner, context, base64, plain_out);
    secret_erase(&key, sizeof key);
    if (ok)
        return true;
    err_log(err, "%s: does not open with the key %s", context, id);
    return err_set(err, ERR_DENIED, "A secret does not open with its key: one of both was changed.");
}

bool sealing_is_newest(struct sealing *s, const char *stored)
{
    char id[SEALING_ID_BYTES + 1];
    const char *base64;
    struct key key;
    bool is_it = s && split(stored, id, &base64) && find_key(s, NULL, &key) && strcmp(key.id, id) == 0;

    secret_erase(&key, sizeof key);
    return is_it;
}
