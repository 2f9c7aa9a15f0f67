/*
 * bench_login.c -- does the time of a failed login tell whether the account exists?
 *
 *     bench_login [SAMPLES]        10,000 of each kind: a wrong password for an account, for one that is switched off, for one
 *                                  without a password, and for none
 *
 * Kinds take turns, each try from another network, so that neither the machine's moods nor the brakes fall on one of
 * them. For each kind against the first: the difference of the medians and the z of Mann and Whitney's test. Exit 1 where the
 * medians differ by a millisecond or more and the test says that it is no chance (|z| > 2.58).
 */
#include "auth/auth.h"

#include "auth/password.h"
#include "base/clock.h"
#include "base/digest.h"
#include "kit/directory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

static const char *const logins[] = { "ada@example.org", "off@example.org", "bare@example.org",
                                      "nobody@example.org" };
enum { KINDS = COUNT_OF(logins) };

static void must(bool done, const struct err *err)
{
    if (done)
        return;
    fprintf(stderr, "bench_login: %s / %s\n", err->user, err->log);
    exit(1);
}

static void make_users(struct kit_directory *kit, const void *owner)
{
    const struct user disabled = { .state = RECIPIENT_DISABLED };
    struct credential credential;
    struct err err = ERR_INIT;

    must(password_hash(owner, span_text("correct horse"), &credential, &err), &err);
    kit_user(kit, logins[0], &credential);
    must(user_set(kit->directory, &kit_root, kit_user(kit, logins[1], &credential), USER_STATE, &disabled,
                  &err),
         &err);
    kit_user(kit, logins[2], NULL);
}

/* Another network and another password each time: nothing is refused unseen, nothing remembered. */
static double sample_us(struct auth *auth, const char *login, uint32_t number)
{
    struct auth_request request = { .protocol = PROTOCOL_IMAP };
    struct identity *identity;
    char peer[20], password[40];
    void *owner = talloc_new(NULL);
    unsigned delay_ms;
    struct err err;
    int64_t began_us;

    number = number * 2654435761u; /* spread over all networks */
    snprintf(peer, sizeof peer, "%u.%u.%u.1", 1 + (number >> 24) % 120, (number >> 16) & 255,
             (number >> 8) & 255);
    snprintf(password, sizeof password, "wrong password %u", number);
    must(net_address_parse(span_text(peer), &request.peer), &err);
    began_us = clock_monotonic_us();
    if (auth_password(auth, owner, &request, span_text(login), span_text(password), &identity, &delay_ms,
                      &err) ||
        err.kind != ERR_AUTH)
        must(false, &err);
    began_us = clock_monotonic_us() - began_us;
    talloc_free(owner);
    return (double)began_us;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Both sorted. Ties are too few to matter at microseconds. */
static double mann_whitney_z(const double *a, const double *b, size_t count)
{
    double n = (double)count, u = 0;
    size_t below = 0;

    for (size_t i = 0; i < count; i++) {
        while (below < count && b[below] < a[i])
            below++;
        u += (double)below;
    }
    return (u - n * n / 2) / sqrt(n * n * (2 * n + 1) / 12);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    struct auth_options options = { .directory = kit->directory };
    double *samples[KINDS];
    struct err err = ERR_INIT;
    struct auth *auth;
    int status = 0;

    make_users(kit, owner);
    must(auth_open(owner, &options, &auth, &err), &err);
    for (size_t kind = 0; kind < KINDS; kind++)
        samples[kind] = talloc_array(owner, double, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        for (size_t turn = 0; turn < KINDS; turn++) {
            size_t kind = (turn + i) % KINDS;
            samples[kind][i] = sample_us(auth, logins[kind], (uint32_t)(i * KINDS + turn));
        }
    for (size_t kind = 0; kind < KINDS; kind++) {
        qsort(samples[kind], count, sizeof(double), ascending);
        double median_us = samples[kind][count / 2], difference_us = median_us - samples[0][count / 2];
        double z = kind ? mann_whitney_z(samples[kind], samples[0], count) : 0;
        bool tells = fabs(difference_us) >= 1000 && fabs(z) > 2.58;
        printf("%-20s median %9.0f us, difference %+8.0f us, z %+6.2f%s\n", logins[kind], median_us,
               difference_us, z, tells ? "  TELLS" : "");
        status = tells ? 1 : status;
    }
    auth_close(&auth);
    talloc_free(owner);
    return status;
}
