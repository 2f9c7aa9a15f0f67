/*
 * test_brake.c -- guessing gets slower and is refused; the owner elsewhere is not.
 */
#include "auth/brake.h"

#include "base/clock.h"
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const unsigned char secret[32] = { 42 };

static struct brake *new_brake(size_t entries)
{
    struct brake *brake = brake_open(NULL, entries);

    brake_set_secret(brake, secret);
    return brake;
}

static struct net_address peer(const char *text)
{
    struct net_address address;

    assert_true(net_address_parse(span_text(text), &address));
    return address;
}

static void a_guesser_slows_down_and_is_refused(void **state)
{
    struct brake *brake = new_brake(1000);
    struct net_address bad = peer("192.0.2.1"), home = peer("198.51.100.7"), neighbour = peer("192.0.2.2");
    struct span ada = span_text("1"), bob = span_text("2");
    static const unsigned delays[] = { 2000, 4000, 8000, 15000, 15000, 15000, 15000, 15000, 15000, 15000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        assert_int_equal(brake_check(brake, ada, &bad), 0);
        assert_int_equal(brake_failed(brake, ada, &bad), delays[i]);
    }
    assert_in_range(brake_check(brake, ada, &bad), 890, 901);
    assert_int_equal(brake_check(brake, ada, &home), 0);      /* the owner at home */
    assert_int_equal(brake_check(brake, ada, &neighbour), 0); /* and next door */
    assert_int_equal(brake_check(brake, bob, &bad), 0);       /* another account from there */
    brake_succeeded(brake, ada, &home);
    assert_int_equal(brake_failed(brake, ada, &home), 2000); /* its own counts are its own */
    brake_close(&brake);
}

static void a_success_forgets(void **state)
{
    struct brake *brake = new_brake(1000);
    struct net_address home = peer("2001:db8::1"), same = peer("2001:db8::ffff"),
                       other = peer("2001:db8:0:1::1");
    struct span ada = span_text("1");

    (void)state;
    for (int i = 0; i < 3; i++)
        brake_failed(brake, ada, &home);
    assert_int_equal(brake_repeated(brake, ada, &same), 8000); /* the same /64 */
    assert_int_equal(brake_repeated(brake, ada, &same), 8000); /* and it did not count */
    assert_int_equal(brake_repeated(brake, ada, &other), 0);
    brake_succeeded(brake, ada, &same);
    assert_int_equal(brake_failed(brake, ada, &home), 2000);
    brake_close(&brake);
}

/* One password on many accounts. */
static void spraying_from_one_network_is_refused(void **state)
{
    struct brake *brake = new_brake(100000);
    struct net_address office = peer("192.0.2.1");
    struct span regular = span_text("regular");
    char name[24];

    (void)state;
    brake_succeeded(brake, regular, &office);
    int tried = 0;
    for (; tried < 10000; tried++) {
        snprintf(name, sizeof name, "user%d", tried);
        if (brake_check(brake, span_text(name), &office))
            break;
        brake_failed(brake, span_text(name), &office);
    }
    assert_int_equal(tried, 100);
    assert_int_equal(brake_check(brake, regular, &office), 0); /* who works there is not locked out */
    brake_close(&brake);
}

static void spraying_from_many_networks_of_one_site_is_refused(void **state)
{
    struct brake *brake = new_brake(100000);
    char name[24], address[60];
    int tried = 0;

    (void)state;
    for (; tried < 10000; tried++) {
        snprintf(name, sizeof name, "user%d", tried);
        snprintf(address, sizeof address, "2001:db8:7:%x::1", tried % 1000);
        struct net_address from = peer(address);
        if (brake_check(brake, span_text(name), &from))
            break;
        brake_failed(brake, span_text(name), &from);
    }
    assert_in_range(tried, 1600, 1700);
    brake_close(&brake);
}

static void many_networks_on_one_account_slow_it_down_only(void **state)
{
    struct brake *brake = new_brake(100000);
    struct net_address home = peer("198.51.100.7");
    struct span ada = span_text("1");
    char address[60];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof address, "2001:db8:%x:%x::1", i, i);
        struct net_address from = peer(address);
        assert_int_equal(brake_check(brake, ada, &from), 0);
        assert_int_equal(brake_failed(brake, ada, &from), i < 49 ? 2000 : 15000);
    }
    assert_int_equal(brake_check(brake, ada, &home), 0); /* nobody locks the owner out */
    brake_close(&brake);
}

/* Counts travel by the directory; here from hand to hand. */
static void processes_share_their_counts(void **state)
{
    struct brake *smtp = new_brake(1000), *imap = new_brake(1000);
    struct net_address bad = peer("192.0.2.1");
    struct span ada = span_text("1");
    struct throttle_count counts[64];

    (void)state;
    for (int i = 0; i < 10; i++)
        brake_failed(smtp, ada, &bad);
    size_t count = brake_take_changes(smtp, counts, COUNT_OF(counts));
    assert_int_equal(count, 4); /* pair, network, wider network, account */
    assert_int_equal(counts[0].failures, 10);
    brake_learn(imap, counts, count);
    assert_true(brake_check(imap, ada, &bad) > 0);
    assert_int_equal(brake_take_changes(smtp, counts, COUNT_OF(counts)), 0);
    brake_failed(smtp, ada, &bad);
    count = brake_take_changes(smtp, counts, COUNT_OF(counts));
    assert_int_equal(counts[0].failures, 1);
    brake_return_changes(smtp, counts, count); /* the database was away */
    count = brake_take_changes(smtp, counts, COUNT_OF(counts));
    assert_int_equal(count, 4);
    assert_int_equal(counts[0].failures, 1);
    brake_succeeded(smtp, ada, &bad);
    brake_failed(smtp, ada, &bad);
    brake_succeeded(smtp, ada, &bad);
    count = brake_take_changes(smtp, counts, COUNT_OF(counts));
    for (size_t i = 1; i < count; i++)
        assert_true(memcmp(counts[i - 1].key, counts[i].key, 16) < 0); /* each once */
    counts[0].changed_us = clock_now_us() - 2 * THROTTLE_QUIET_US;
    counts[0].failures = 1000;
    brake_learn(imap, counts, 1); /* too old to matter */
    brake_close(&smtp);
    brake_close(&imap);
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0;

    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* A sanitizer has memory of its own, so that nothing can be said of the bytes: there a tenth is enough to show what is kept. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SOURCES = 100000, IS_SANITIZED = true };
#else
enum { SOURCES = 1000000, IS_SANITIZED = false };
#endif

static void a_million_sources_fit_into_64_mb(void **state)
{
    enum { MOST_BYTES = 64000000, SHOWN = SOURCES / 5 * 2 };
    size_t before = resident_bytes();
    struct brake *brake = new_brake(SOURCES);
    struct net_address guesser = peer("192.0.2.1");
    struct span ada = span_text("1");
    char address[60];

    (void)state;
    for (int i = 0; i < 10; i++)
        brake_failed(brake, ada, &guesser);
    for (int i = 0; i < SHOWN; i++) { /* four counts each: more than there is room for */
        snprintf(address, sizeof address, "2001:%x:%x:%x::1", 0xdb8 + i / 65536, i % 65536, i % 7);
        struct net_address from = peer(address);
        char name[24];
        snprintf(name, sizeof name, "u%d", i);
        brake_failed(brake, span_text(name), &from);
    }
    assert_in_range(brake_entries(brake), SOURCES, SOURCES / 5 * 8);
    assert_true(resident_bytes() > before);
    assert_true(IS_SANITIZED || resident_bytes() - before < MOST_BYTES);
    assert_true(brake_check(brake, ada, &guesser) > 0); /* who matters most is kept */
    brake_close(&brake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guesser_slows_down_and_is_refused),
        cmocka_unit_test(a_success_forgets),
        cmocka_unit_test(spraying_from_one_network_is_refused),
        cmocka_unit_test(spraying_from_many_networks_of_one_site_is_refused),
        cmocka_unit_test(many_networks_on_one_account_slow_it_down_only),
        cmocka_unit_test(processes_share_their_counts),
        cmocka_unit_test(a_million_sources_fit_into_64_mb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
