#include "main/certificates.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

enum { PAIRS_MAX = 4096 };

static const char *const reserved[] = { "ca", "server" };

static bool is_reserved(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (strlen(reserved[i]) == length && memcmp(reserved[i], name, length) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* The pair that an entry of the folder stands for. False: for none. */
static bool pair_of(const void *owner, const char *folder, const char *name, struct tls_pair *pair_out)
{
    int stem = (int)strlen(name) - 4;

    if (name[0] == '.')
        return false;
    if (ends_with(name, ".pem") || ends_with(name, ".crt")) {
        if (is_reserved(name, (size_t)stem))
            return false;
        pair_out->certificate_file = talloc_asprintf(owner, "%s/%s", folder, name);
        pair_out->key_file = talloc_asprintf(owner, "%s/%.*s.key", folder, stem, name);
        return true;
    }
    pair_out->certificate_file = talloc_asprintf(owner, "%s/%s/fullchain.pem", folder, name);
    pair_out->key_file = talloc_asprintf(owner, "%s/%s/privkey.pem", folder, name);
    return access(pair_out->certificate_file, F_OK) == 0;
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const struct tls_pair *)a)->certificate_file,
                  ((const struct tls_pair *)b)->certificate_file);
}

/* Appends to `pairs` those of the folder with a key, or those without. Sorted: of two certificates that bear a name the
 * first answers, and that must not depend on the file system. */
static size_t list(const void *owner, const struct config *config, bool has_key, struct tls_pair **pairs,
                   size_t first)
{
    DIR *listing = opendir(config->tls_certificates);
    struct dirent *entry;
    size_t count = first;

    while (listing && (entry = readdir(listing)) != NULL && count <= PAIRS_MAX) {
        struct tls_pair pair;
        if (!pair_of(*pairs, config->tls_certificates, entry->d_name, &pair) ||
            strcmp(pair.certificate_file, config->tls_certificate) == 0 ||
            (access(pair.key_file, F_OK) == 0) != has_key)
            continue;
        *pairs = talloc_realloc(owner, *pairs, struct tls_pair, (unsigned)count + 1);
        (*pairs)[count++] = pair;
    }
    if (listing)
        closedir(listing);
    qsort(*pairs + first, count - first, sizeof **pairs, by_file);
    return count;
}

bool certificates_find(const void *owner, const struct config *config, struct tls_config *tls_out,
                       struct err *err)
{
    struct tls_pair *pairs = talloc_array(owner, struct tls_pair, 1);
    size_t count;

    pairs[0] = (struct tls_pair){ config->tls_certificate, config->tls_key };
    count = list(owner, config, true, &pairs, 1);
    if (count > PAIRS_MAX)
        return err_set(err, ERR_LIMIT, "%s holds more certificates than the %d that are possible.",
                       config->tls_certificates, PAIRS_MAX);
    *tls_out = (struct tls_config){ .pairs = pairs, .count = count };
    return true;
}

size_t certificates_without_key(const void *owner, const struct config *config, struct tls_pair **pairs_out)
{
    *pairs_out = talloc_array(owner, struct tls_pair, 1);
    return list(owner, config, false, pairs_out, 0);
}

int certificate_days(const struct tls_certificate *certificate, int64_t now_us)
{
    int64_t left_us = certificate->not_after_us - now_us;

    return left_us < 0 ? -1 : (int)(left_us / US_PER_S / 86400);
}

int certificate_warning(int days)
{
    static const int thresholds[] = { 3, 14, 30 };

    for (size_t i = 0; i < COUNT_OF(thresholds); i++)
        if (days < thresholds[i])
            return thresholds[i];
    return 0;
}
