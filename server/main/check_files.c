/* check_files.c -- settings, permissions, certificates. */
#include "base/clock.h"
#include "base/disk.h"
#include "base/tls.h"
#include "main/certificates.h"
#include "main/check.h"
#include "main/data_directory.h"
#include "main/database.h"
#include "main/services.h"

#include <stdio.h>
#include <sys/stat.h>
#include <talloc.h>
#include <time.h>

enum { NAMES_SHOWN = 6 };

/* "example.org, www.example.org and 3 more". */
static char *names_text(const void *owner, char *const *names)
{
    char *text = talloc_strdup(owner, names[0] ? names[0] : "no name at all");
    size_t count = 1;

    for (; names[0] && names[count]; count++)
        if (count < NAMES_SHOWN)
            text = talloc_asprintf_append(text, ", %s", names[count]);
    return count > NAMES_SHOWN ? talloc_asprintf_append(text, " and %zu more", count - NAMES_SHOWN) : text;
}

static char *days_text(const void *owner, int days)
{
    int warning = certificate_warning(days);

    if (days < 0)
        return talloc_strdup(owner, "it has ended");
    return warning ? talloc_asprintf(owner, "only %d days left (fewer than %d)", days, warning)
                   : talloc_asprintf(owner, "%d days left", days);
}

static void check_certificate(const struct tls_pair *pair, bool is_default, json_t *lines)
{
    void *arena = talloc_new(NULL);
    struct tls_certificate *certificate;
    struct err err = ERR_INIT;
    int days;

    if (!tls_certificate_read(arena, pair->certificate_file, &certificate, &err)) {
        check_add(lines, pair->certificate_file, false, err.user,
                  "Put a certificate in PEM there, or run: chappe init");
    } else {
        days = certificate_days(certificate, clock_now_us());
        check_add(lines, pair->certificate_file, certificate_warning(days) == 0,
                  talloc_asprintf(arena, "%s%sfor %s: %s", is_default ? "default, " : "",
                                  certificate->is_self_signed ? "self-signed, " : "",
                                  names_text(arena, certificate->names), days_text(arena, days)),
                  "Renew the certificate, then run: chappe reload");
    }
    talloc_free(arena);
}

static void check_key(const struct tls_pair *pair, json_t *lines)
{
    struct stat found;
    bool is_there = stat(pair->key_file, &found) == 0;

    if (!is_there || (found.st_mode & 077))
        check_add(lines, pair->key_file, false, is_there ? "others can read it" : "is not there",
                  is_there ? "Run chmod 600 on it" : "Put the private key there");
}

static void check_keyless(const struct config *config, json_t *lines)
{
    void *arena = talloc_new(NULL);
    struct tls_pair *pairs;
    size_t count = certificates_without_key(arena, config, &pairs);

    for (size_t i = 0; i < count; i++)
        check_add(
            lines, pairs[i].certificate_file, false, "is not used: there is no key beside it",
            talloc_asprintf(arena, "Put the key there as %s, or move the file away", pairs[i].key_file));
    talloc_free(arena);
}

static void check_certificates(const struct config *config, json_t *lines)
{
    void *arena = talloc_new(NULL);
    struct tls_config tls;
    struct tls_server *server = NULL;
    struct err err = ERR_INIT;
    bool is_good = certificates_find(arena, config, &tls, &err);

    for (size_t i = 0; is_good && i < tls.count; i++) {
        check_certificate(&tls.pairs[i], i == 0, lines);
        check_key(&tls.pairs[i], lines);
    }
    if (!is_good || !tls_server_new(&tls, &server, &err))
        check_add(lines, "certificates together", false, err.user, "Correct the file named");
    tls_server_free(&server);
    talloc_free(arena);
    check_keyless(config, lines);
}

static void check_disk(const struct config *config, json_t *lines)
{
    struct disk_reserve *reserve = database_reserve(NULL, config);
    struct disk_state disk;
    char text[400];

    disk_read(reserve, &disk);
    snprintf(text, sizeof text, "%.300s: %lld MB free, %lld MB reserved", disk.path ? disk.path : "",
             (long long)disk.free_bytes >> 20, (long long)disk.reserve_bytes >> 20);
    check_add(lines, "disk", !disk.is_low, text, "Free space there: until then mail is refused as temporary");
    talloc_free(reserve);
}

void check_files(const struct config *config, json_t *lines)
{
    struct err err = ERR_INIT;
    bool is_good;

    check_add(lines, "settings", true, config->file, NULL);
    is_good = role_list_check(config->roles, &err);
    if (!is_good)
        check_add(lines, "roles", false, err.user, "Correct `roles` in the settings");
    is_good = data_directory_check(config, &err);
    check_add(lines, "data directory", is_good, is_good ? config->data : err.user, "See above");
    check_disk(config, lines);
    check_certificates(config, lines);
}
