/* check_files.c -- settings, permissions, certificates. */
#include "base/clock.h"
#include "base/disk.h"
#include "main/check.h"
#include "main/data_directory.h"
#include "main/database.h"
#include "main/role.h"

#include <stdio.h>
#include <sys/stat.h>
#include <talloc.h>
#include <time.h>

enum { WARNING_DAYS = 30 };

static void check_certificate(const struct tls_pair *pair, json_t *lines)
{
    void *arena = talloc_new(NULL);
    struct tls_certificate *certificate;
    struct err err = ERR_INIT;
    char text[300];
    int64_t days;

    if (!tls_certificate_read(arena, pair->certificate_file, &certificate, &err)) {
        check_add(lines, pair->certificate_file, false, err.user,
                  "Put a certificate in PEM there, or run: chappe init");
    } else {
        days = (certificate->not_after_us - clock_now_us()) / US_PER_S / 86400;
        snprintf(text, sizeof text, "%s for %.120s, %lld days left",
                 certificate->is_self_signed ? "self-signed," : "valid",
                 certificate->names[0] ? certificate->names[0] : "", (long long)days);
        check_add(lines, pair->certificate_file, days > WARNING_DAYS, text,
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

static void check_certificates(const struct config *config, json_t *lines)
{
    void *arena = talloc_new(NULL);
    struct tls_config tls;
    struct tls_server *server = NULL;
    struct err err = ERR_INIT;

    if (role_tls_config(arena, config, &tls, &err))
        for (size_t i = 0; i < tls.count; i++) {
            check_certificate(&tls.pairs[i], lines);
            check_key(&tls.pairs[i], lines);
        }
    if (!tls_server_new(&tls, &server, &err))
        check_add(lines, "certificates together", false, err.user, "Correct the file named");
    tls_server_free(&server);
    talloc_free(arena);
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
