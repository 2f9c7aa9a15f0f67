/*
 * fuzz_sasl.c -- SASL exchanges of arbitrary bytes. First byte: the mechanism; the rest: responses, each ended by
 * 0xFF. A directory of one account stands in for the real one; it is busy where a password would have to be hashed,
 * which would cost the fuzzer its speed.
 */
#include "auth/password.h"
#include "auth/prepare.h"
#include "auth/sasl.h"
#include "directory/login.h"
#include "directory/login_name.h"

#include <assert.h>
#include <stdlib.h>
#include <talloc.h>

static const char *const names[] = {
    "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "EXTERNAL", "PLAIN", "LOGIN", "XOAUTH2"
};
static bool is_busy;

bool login_find(struct directory *directory, const void *owner, const char *address, struct login *login_out,
                struct err *err)
{
    (void)directory;
    (void)owner;
    if (is_busy)
        return err_set(err, ERR_BUSY, "busy");
    if (strcmp(address, "ada@example.org") != 0)
        return err_set(err, ERR_NOT_FOUND, "none");
    *login_out = (struct login){ .recipient_id = 1,
                                 .login = "ada@example.org",
                                 .name = "Ada",
                                 .protocols = 255,
                                 .has_credential = true,
                                 .credential = { .scram_iterations = 4096 } };
    return true;
}

bool login_find_id(struct directory *directory, const void *owner, int64_t recipient_id,
                   struct login *login_out, struct err *err)
{
    (void)recipient_id;
    return login_find(directory, owner, "ada@example.org", login_out, err);
}

bool login_seen_push(struct directory *directory, const struct login_seen *seen, size_t count,
                     struct err *err)
{
    (void)directory;
    (void)seen;
    (void)count;
    (void)err;
    return true;
}

bool login_is_decided_elsewhere(struct directory *directory, const char *typed, bool *is_decided_out,
                                struct err *err)
{
    (void)directory;
    (void)typed;
    (void)err;
    *is_decided_out = false;
    return true;
}

bool login_candidates(struct directory *directory, const void *owner, const char *typed,
                      struct login_candidate **candidates_out, size_t *count_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)typed;
    (void)err;
    *candidates_out = NULL;
    *count_out = 0;
    return true;
}

bool login_serving_source(struct directory *directory, const char *typed, int64_t *source_id_out,
                          struct err *err)
{
    (void)directory;
    (void)typed;
    (void)err;
    *source_id_out = 0;
    return true;
}

bool login_senders(struct directory *directory, const void *owner, int64_t recipient_id,
                   const char ***addresses_out, size_t *count_out, struct err *err)
{
    (void)directory;
    (void)recipient_id;
    (void)err;
    *addresses_out = talloc_array(owner, const char *, 0);
    *count_out = 0;
    return true;
}

bool login_stamp(struct directory *directory, int64_t recipient_id, int64_t *stamp_out, struct err *err)
{
    (void)directory;
    (void)recipient_id;
    (void)err;
    *stamp_out = 0;
    return true;
}

bool login_note_app_password(struct directory *directory, int64_t app_password_id, struct err *err)
{
    (void)directory;
    (void)app_password_id;
    (void)err;
    return true;
}

bool directory_secret(struct directory *directory, unsigned char secret_out[32], struct err *err)
{
    (void)directory;
    (void)err;
    memset(secret_out, 1, 32);
    return true;
}

bool throttle_push(struct directory *directory, const struct throttle_count *counts, size_t count,
                   struct err *err)
{
    (void)directory;
    (void)counts;
    (void)count;
    (void)err;
    return true;
}

bool throttle_pull(struct directory *directory, const void *owner, int64_t since_us, size_t limit,
                   struct throttle_count **counts_out, size_t *count_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)since_us;
    (void)limit;
    (void)counts_out;
    *count_out = 0;
    return err_set(err, ERR_BUSY, "busy");
}

bool throttle_sweep(struct directory *directory, int64_t before_us, uint64_t *removed_out, struct err *err)
{
    (void)directory;
    (void)before_us;
    (void)err;
    *removed_out = 0;
    return true;
}

const char *directory_protocol_name(enum directory_protocol protocol)
{
    (void)protocol;
    return "imap";
}

static bool check_token(void *arg, const void *owner, const char *name, struct span token, char **login_out,
                        struct err *err)
{
    (void)arg;
    (void)name;
    if (!span_equals_text(token, "good"))
        return err_set(err, ERR_AUTH, "bad");
    *login_out = talloc_strdup(owner, "ada@example.org");
    return true;
}

static struct auth *auth(void)
{
    static struct auth *opened; /* one for all runs of the fuzzer */
    struct auth_options options = { .check_token = check_token,
                                    .throttle_entries = 1000,
                                    .cache_entries = 100 };
    struct err err;

    if (!opened && !auth_open(NULL, &options, &opened, &err))
        abort();
    return opened;
}

static void converse(const void *arena, const char *mechanism, struct span in)
{
    struct auth_request request = { .protocol = PROTOCOL_IMAP };
    struct sasl_channel channel = { .may_send_password = true,
                                    .tls_exporter = span_text("exporter"),
                                    .tls_end_point = span_text("end point"),
                                    .certificate_login = "ada@example.org" };
    struct sasl *sasl;
    struct span response, challenge;
    struct err err;
    enum sasl_next next = SASL_CHALLENGE;

    if (!sasl_start(auth(), arena, &request, &channel, span_text(mechanism), &sasl, &err))
        abort();
    while (next == SASL_CHALLENGE && span_take_until(&in, '\xFF', &response)) {
        next = sasl_step(sasl, &response, &challenge, &err);
        /* nobody knows a proof that fits keys of zeros, so only those without a password may get in */
        assert(next != SASL_OK || strcmp(mechanism, "OAUTHBEARER") == 0 ||
               strcmp(mechanism, "XOAUTH2") == 0 || strcmp(mechanism, "EXTERNAL") == 0);
        assert((next == SASL_OK) <= (sasl_identity(sasl) != NULL));
        assert(next != SASL_FAILED || err.kind != ERR_NONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    unsigned char hash[APP_PASSWORD_HASH_BYTES];

    if (size > 0) {
        size_t number = data[0] % COUNT_OF(names);
        struct span rest = span_of(data + 1, size - 1);
        is_busy = number >= 4;
        converse(arena, names[number], rest);
        (void)password_prepare(arena, rest);
        (void)!app_password_hash(rest, hash);
    }
    talloc_free(arena);
    return 0;
}
