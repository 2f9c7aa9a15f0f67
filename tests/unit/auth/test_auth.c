/*
 * test_auth.c -- passwords and app passwords against the directory: right, wrong, not allowed, not knowable now.
 */
#include "auth/auth.h"

#include "auth/password.h"
#include "base/clock.h"
#include "directory/domain.h"
#include "kit/directory.h"
#include "kit/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const char right[] = "correct horse";

struct fixture {
    struct kit_directory *kit;
    struct auth *auth;
    struct auth_request request;
    int64_t ada;
    struct identity *identity;
    unsigned delay_ms;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static void open_auth(struct fixture *f)
{
    struct auth_options options = { .directory = f->kit->directory };

    OK(auth_open(f, &options, &f->auth, &f->err));
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    struct credential credential;

    f->kit = kit_directory(f);
    OK(password_hash(f, span_text(right), &credential, &f->err));
    f->ada = kit_user(f->kit, "ada@example.org", &credential);
    kit_user(f->kit, "nopassword@example.org", NULL);
    f->request = (struct auth_request){ .protocol = PROTOCOL_IMAP };
    assert_true(net_address_parse(span_text("192.0.2.1"), &f->request.peer));
    open_auth(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    auth_close(&f->auth);
    talloc_free(f);
    return 0;
}

static bool try(struct fixture *f, const char *login, const char *password)
{
    return auth_password(f->auth, f, &f->request, span_text(login), span_text(password), &f->identity,
                         &f->delay_ms, &f->err);
}

static void from(struct fixture *f, const char *address)
{
    assert_true(net_address_parse(span_text(address), &f->request.peer));
}

static struct auth_stats stats(struct fixture *f)
{
    struct auth_stats now;

    auth_stats(f->auth, &now);
    return now;
}

static void right_and_wrong(void **state)
{
    struct fixture *f = *state;
    char words[256];

    OK(try(f, "ADA@Example.ORG", right));
    assert_int_equal(f->identity->recipient_id, f->ada);
    assert_string_equal(f->identity->login, "ada@example.org");
    assert_int_equal(f->identity->mailbox.mailbox_id, f->ada);
    assert_true(identity_may_send_as(f->identity, "ada@example.org"));
    assert_false(identity_may_send_as(f->identity, "bob@example.net"));
    assert_int_equal(f->identity->app_password_id, 0);
    assert_false(try(f, "ada@example.org", "incorrect horse"));
    assert_int_equal(f->err.kind, ERR_AUTH);
    assert_int_equal(f->delay_ms, 2000);
    memcpy(words, f->err.user, sizeof words);
    static const struct {
        const char *what, *login, *password;
    } wrong[] = {
        { "nobody", "nobody@example.org", right },
        { "a foreign domain", "ada@nowhere.example", right },
        { "no domain", "ada", right },
        { "no password set", "nopassword@example.org", right },
        { "no password given", "ada@example.org", "" },
        { "no name", "", right },
        { "SQL", "' OR 1=1 --", "' OR 1=1 --" },
        { "a sub-address", "ada+x@example.org", right },
        { "not UTF-8", "\xFF\xFE@example.org", right },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        from(f, "198.51.100.1");
        f->request.peer.bytes[15] = (uint8_t)i;
        if (try(f, wrong[i].login, wrong[i].password) || f->err.kind != ERR_AUTH ||
            strcmp(f->err.user, words) != 0 || f->delay_ms != 2000)
            fail_msg("%s: %s, %u ms, %s", wrong[i].what, f->err.user, f->delay_ms, f->err.log);
    }
    char *huge = talloc_zero_size(f, 100001);
    memset(huge, 'a', 100000);
    assert_false(try(f, huge, huge));
    assert_int_equal(f->err.kind, ERR_AUTH);
}

static void a_password_is_hashed_once(void **state)
{
    struct fixture *f = *state;
    struct credential other;

    OK(try(f, "ada@example.org", right));
    uint64_t hashed = stats(f).hashed;
    for (int i = 0; i < 100; i++)
        OK(try(f, "ada@example.org", right));
    assert_int_equal(stats(f).hashed, hashed);
    assert_false(try(f, "ada@example.org", "wrong"));
    assert_false(try(f, "ada@example.org", "wrong"));
    assert_false(try(f, "ada@example.org", "wrong"));
    assert_int_equal(stats(f).hashed, hashed + 1);
    assert_int_equal(f->delay_ms, 2000); /* the same wrong one again counts once */
    struct identity *before = f->identity;
    OK(auth_still_valid(f->auth, before, &f->err));
    OK(password_hash(f, span_text("battery staple"), &other, &f->err));
    OK(credential_set(f->kit->directory, &kit_root, f->ada, &other, &f->err));
    assert_false(try(f, "ada@example.org", right));
    assert_int_equal(f->err.kind, ERR_AUTH);
    OK(try(f, "ada@example.org", "battery staple"));
    assert_false(auth_still_valid(f->auth, before, &f->err));
    assert_int_equal(f->err.kind, ERR_AUTH);
    OK(auth_still_valid(f->auth, f->identity, &f->err));
}

static void what_is_not_allowed(void **state)
{
    struct fixture *f = *state;
    struct user change = { .protocols = PROTOCOL_POP3 };
    struct domain off = { .is_enabled = false };

    OK(user_set(f->kit->directory, &kit_root, f->ada, USER_PROTOCOLS, &change, &f->err));
    assert_false(try(f, "ada@example.org", right));
    assert_int_equal(f->err.kind, ERR_DENIED);
    assert_false(try(f, "ada@example.org", "wrong")); /* who does not know it hears nothing of that */
    assert_int_equal(f->err.kind, ERR_AUTH);
    f->request.protocol = PROTOCOL_POP3;
    OK(try(f, "ada@example.org", right));
    change.state = RECIPIENT_NO_LOGIN;
    OK(user_set(f->kit->directory, &kit_root, f->ada, USER_STATE, &change, &f->err));
    assert_false(try(f, "ada@example.org", right));
    assert_int_equal(f->err.kind, ERR_AUTH);
    OK(auth_identity(f->auth, f, "ada@example.org", &f->identity, &f->err)); /* mail still comes */
    change.state = RECIPIENT_ACTIVE;
    OK(user_set(f->kit->directory, &kit_root, f->ada, USER_STATE, &change, &f->err));
    from(f, "198.51.100.1");
    OK(try(f, "ada@example.org", right));
    OK(domain_set(f->kit->directory, &kit_root, "example.org", DOMAIN_ENABLED, &off, &f->err));
    assert_false(try(f, "ada@example.org", right));
    assert_int_equal(f->err.kind, ERR_AUTH);
    assert_false(auth_identity(f->auth, f, "ada@example.org", &f->identity, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void app_passwords(void **state)
{
    struct fixture *f = *state;
    struct app_password phone = { .recipient_id = f->ada, .name = "phone", .protocols = PROTOCOL_IMAP };
    char text[APP_PASSWORD_TEXT];
    unsigned char hash[APP_PASSWORD_HASH_BYTES];
    int64_t id;

    app_password_generate(text, hash);
    OK(app_password_add(f->kit->directory, &kit_root, &phone, hash, &id, &f->err));
    uint64_t hashed = stats(f).hashed;
    OK(try(f, "ada@example.org", text));
    assert_int_equal(f->identity->app_password_id, id);
    assert_int_equal(f->identity->protocols, PROTOCOL_IMAP);
    assert_int_equal(stats(f).hashed, hashed);
    f->request.protocol = PROTOCOL_SMTP;
    assert_false(try(f, "ada@example.org", text));
    assert_int_equal(f->err.kind, ERR_DENIED);
    f->request.protocol = PROTOCOL_IMAP;
    assert_false(try(f, "nopassword@example.org", text)); /* another's */
    assert_int_equal(f->err.kind, ERR_AUTH);
    OK(app_password_remove(f->kit->directory, &kit_root, f->ada, "phone", &f->err));
    assert_false(try(f, "ada@example.org", text));
    assert_int_equal(f->err.kind, ERR_AUTH);
    phone.name = "old";
    phone.expires_us = clock_now_us() - 1;
    OK(app_password_add(f->kit->directory, &kit_root, &phone, hash, &id, &f->err));
    assert_false(try(f, "ada@example.org", text));
    assert_int_equal(f->err.kind, ERR_EXPIRED);
    assert_false(try(f, "nopassword@example.org", text)); /* nobody else learns that it was one */
    assert_int_equal(f->err.kind, ERR_AUTH);
}

static void guessing_is_stopped_everywhere_and_the_owner_is_not(void **state)
{
    struct fixture *f = *state;
    char guess[32];

    for (int i = 0; i < 10; i++) {
        snprintf(guess, sizeof guess, "guess number %d", i);
        f->request.protocol = i % 2 ? PROTOCOL_IMAP : PROTOCOL_SMTP;
        assert_false(try(f, i % 3 ? "ada@example.org" : "ADA@EXAMPLE.ORG", guess));
        assert_int_equal(f->err.kind, ERR_AUTH);
    }
    uint64_t hashed = stats(f).hashed;
    assert_false(try(f, "ada@example.org", right)); /* not even the right one */
    assert_int_equal(f->err.kind, ERR_LIMIT);
    assert_int_equal(stats(f).hashed, hashed);
    auth_close(&f->auth); /* a restart does not help */
    open_auth(f);
    auth_exchange(f->auth);
    assert_false(try(f, "ada@example.org", right));
    assert_int_equal(f->err.kind, ERR_LIMIT);
    from(f, "198.51.100.1");
    OK(try(f, "ada@example.org", right));
}

static void without_the_database_nothing_is_claimed(void **state)
{
    struct fixture *f = *state;

    OK(try(f, "ada@example.org", right));
    struct identity *identity = f->identity;
    kit_pg_stop();
    assert_false(try(f, "ada@example.org", right));
    assert_int_equal(f->err.kind, ERR_BUSY);
    assert_false(try(f, "ada@example.org", "wrong"));
    assert_int_equal(f->err.kind, ERR_BUSY);
    assert_false(try(f, "nobody@example.org", "wrong"));
    assert_int_equal(f->err.kind, ERR_BUSY);
    assert_int_equal(f->delay_ms, 0);
    assert_false(auth_still_valid(f->auth, identity, &f->err));
    assert_int_equal(f->err.kind, ERR_BUSY);
    kit_pg_start();
}

struct flood {
    struct fixture *f;
    struct auth *auth;
    _Atomic int busy, wrong;
    _Atomic unsigned most;
};

static void *flood_main(void *arg)
{
    struct flood *flood = arg;
    struct auth_request request = flood->f->request;
    static _Atomic int number;
    char login[40];

    for (int i = 0; i < 5; i++) {
        struct identity *identity;
        struct auth_stats now;
        unsigned delay_ms;
        struct err err;
        void *scratch = talloc_new(NULL);
        int n = number++;
        snprintf(login, sizeof login, "nobody%d@example.org", n);
        request.peer.bytes[13] = (uint8_t)n;
        if (!auth_password(flood->auth, scratch, &request, span_text(login), span_text("x"), &identity,
                           &delay_ms, &err)) {
            flood->busy += err.kind == ERR_BUSY;
            flood->wrong += err.kind == ERR_AUTH;
        }
        auth_stats(flood->auth, &now);
        if (now.hashing > flood->most)
            flood->most = now.hashing;
        talloc_free(scratch);
    }
    return NULL;
}

static void a_flood_waits_outside(void **state)
{
    struct fixture *f = *state;
    struct auth_options options = { .directory = f->kit->directory,
                                    .hashes_at_once = 1,
                                    .hashes_waiting = 2 };
    struct flood flood = { .f = f };
    pthread_t threads[12];

    OK(auth_open(f, &options, &flood.auth, &f->err));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_create(&threads[i], NULL, flood_main, &flood);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    auth_close(&flood.auth);
    assert_int_equal(flood.busy + flood.wrong, 5 * (int)COUNT_OF(threads));
    assert_true(flood.busy > 0 && flood.wrong > 0);
    assert_in_range(flood.most, 0, 1);
}

enum { SAMPLES = 11 };

static int compare_costs(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* What a wrong password that was never tried before costs this thread: unlike the time on the wall, that does not
 * depend on what else the machine does, and a path without the hash shows at once. */
static int64_t cost_us(struct fixture *f, const char *login)
{
    struct timespec before, after;
    char password[40];
    static int number;

    snprintf(password, sizeof password, "wrong %d", number);
    f->request.peer.bytes[12] = (uint8_t)(number >> 8);
    f->request.peer.bytes[14] = (uint8_t)number++;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    assert_false(try(f, login, password));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    assert_int_equal(f->err.kind, ERR_AUTH);
    return (after.tv_sec - before.tv_sec) * US_PER_S + (after.tv_nsec - before.tv_nsec) / 1000;
}

/* An account that exists, ones that do not, one without a password, one that is switched off: in turn, so that
 * whatever slows the machine down slows all of them down. */
static void nobody_learns_who_exists_from_the_time(void **state)
{
    static const char *const logins[] = { "ada@example.org", "nobody@example.org", "nobody@nowhere.example",
                                          "nopassword@example.org", "off@example.org" };
    struct fixture *f = *state;
    struct user off = { .state = RECIPIENT_DISABLED };
    struct credential credential;
    int64_t costs[COUNT_OF(logins)][SAMPLES];

    OK(password_hash(f, span_text(right), &credential, &f->err));
    OK(user_set(f->kit->directory, &kit_root, kit_user(f->kit, "off@example.org", &credential), USER_STATE,
                &off, &f->err));
    for (size_t sample = 0; sample < SAMPLES; sample++)
        for (size_t i = 0; i < COUNT_OF(logins); i++)
            costs[i][sample] = cost_us(f, logins[i]);
    for (size_t i = 0; i < COUNT_OF(logins); i++) {
        qsort(costs[i], SAMPLES, sizeof costs[i][0], compare_costs);
        int64_t known = costs[0][SAMPLES / 2], other = costs[i][SAMPLES / 2];
        if (other * 10 < known * 7 || other * 7 > known * 10)
            fail_msg("%s: %lld us, an account that exists: %lld us", logins[i], (long long)other,
                     (long long)known);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_and_wrong),
        TEST(a_password_is_hashed_once),
        TEST(what_is_not_allowed),
        TEST(app_passwords),
        TEST(guessing_is_stopped_everywhere_and_the_owner_is_not),
        TEST(without_the_database_nothing_is_claimed),
        TEST(a_flood_waits_outside),
        TEST(nobody_learns_who_exists_from_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
