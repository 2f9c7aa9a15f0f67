#include "main/certificates.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>
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

/* "2031-01-31T12:00:00Z". */
static json_t *time_json(int64_t us)
{
    time_t seconds = (time_t)(us / US_PER_S);
    char text[32];
    struct tm date;

    if (!gmtime_r(&seconds, &date) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &date) == 0)
        return json_null();
    return json_string(text);
}

static json_t *names_json(char *const *names)
{
    json_t *list = json_array();

    for (size_t i = 0; names && names[i]; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

/* What keeps it from being shown to anybody, though it can be read: the key of another one. NULL: nothing. */
static const char *fault_of_key(const struct tls_pair *pair, struct err *err)
{
    const struct tls_config alone = { .pairs = pair, .count = 1 };
    struct tls_server *server = NULL;

    if (!tls_server_new(&alone, &server, err))
        return err->user;
    tls_server_free(&server);
    return NULL;
}

static json_t *certificate_json(const void *owner, const struct tls_pair *pair, bool is_default, bool has_key)
{
    struct tls_certificate none = { .not_after_us = 0 }, *found = &none;
    struct err err = ERR_INIT;
    bool is_read = tls_certificate_read(owner, pair->certificate_file, &found, &err);
    const char *fault = !is_read ? err.user : has_key ? fault_of_key(pair, &err) : NULL;

    if (!is_read)
        found = &none;
    return json_pack("{s:s, s:o, s:s, s:s, s:o, s:o, s:i, s:b, s:b, s:b, s:s?}", "file",
                     pair->certificate_file, "names", names_json(found->names), "issuer",
                     found->issuer ? found->issuer : "", "subject", found->subject ? found->subject : "",
                     "from", is_read ? time_json(found->not_before_us) : json_null(), "until",
                     is_read ? time_json(found->not_after_us) : json_null(), "days",
                     is_read ? certificate_days(found, clock_now_us()) : -1, "is_default", is_default,
                     "is_self_signed", found->is_self_signed, "has_key", has_key, "fault", fault);
}

void certificates_list(const struct config *config, json_t *certificates)
{
    void *arena = talloc_new(NULL);
    struct tls_pair *keyless;
    struct tls_config tls;
    struct err err = ERR_INIT;

    if (certificates_find(arena, config, &tls, &err))
        for (size_t i = 0; i < tls.count; i++)
            json_array_append_new(certificates, certificate_json(arena, &tls.pairs[i], i == 0, true));
    size_t count = certificates_without_key(arena, config, &keyless);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(certificates, certificate_json(arena, &keyless[i], false, false));
    talloc_free(arena);
}
