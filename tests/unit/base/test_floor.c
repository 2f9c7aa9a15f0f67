/* test_floor.c -- digests, metrics, certificates, reactors, how busy the machine is: one look at each. */
#include "base/busy.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <talloc.h>

static void digests(void **state)
{
    uint8_t digest[SHA256_BYTES], pieces[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    struct sha256 *sha = sha256_new(NULL);

    (void)state;
    sha256(span_text("abc"), digest); /* FIPS 180-4, B.1 */
    hex_encode(span_of(digest, sizeof(digest)), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (int i = 0; i < 2; i++) {
        sha256_add(sha, span_text("a"));
        sha256_add(sha, span_text("bc"));
        sha256_finish(sha, pieces);
        assert_memory_equal(digest, pieces, sizeof(digest));
    }
    hmac_sha256(span_text("Jefe"), span_text("what do ya want for nothing?"), digest); /* RFC 4231, 4.3 */
    hex_encode(span_of(digest, sizeof(digest)), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_true(equal_in_constant_time(span_text("same"), span_text("same")));
    assert_false(equal_in_constant_time(span_text("same"), span_text("sama")));
    assert_false(equal_in_constant_time(span_text("same"), span_text("sam")));
    assert_true(equal_in_constant_time(span_text(""), span_text("")));
    talloc_free(sha);
}

static void business(void **state)
{
    struct busy now = busy_now();

    (void)state;
    assert_true(now.all > 0 && now.idle <= now.all);
    assert_int_equal(busy_percent((struct busy){ 100, 50 }, (struct busy){ 300, 100 }), 75);
    assert_int_equal(busy_percent((struct busy){ 100, 50 }, (struct busy){ 300, 250 }), 0);
    assert_int_equal(busy_percent((struct busy){ 100, 50 }, (struct busy){ 300, 50 }), 100);
    assert_int_equal(busy_percent(now, now), 0); /* no tick passed */
    assert_int_equal(busy_percent((struct busy){ 100, 50 }, (struct busy){ 200, 49 }),
                     0);                                                       /* counted backwards */
    assert_int_equal(busy_percent((struct busy){ 0 }, (struct busy){ 0 }), 0); /* not told */
}

static const char *const colours[] = { "red", "green" };
static const char *const sizes[] = { "small", "large" };
METRIC_COUNTER(plain_counter, "test_plain_total", "A counter")
METRIC_COUNTER_BY2(by_two, "test_two_total", "Two labels", "colour", colours, "size", sizes)
METRIC_GAUGE(level, "test_level", "A gauge")
METRIC_HISTOGRAM_BY(duration, "test_seconds", "A histogram", "colour", colours)

static void refresh_level(void *value)
{
    metric_set(&level, *(int64_t *)value);
}

static void metrics(void **state)
{
    void *scratch = talloc_new(NULL);
    struct buf out = BUF_INIT(scratch);
    static int64_t value = 5;
    char *text;

    (void)state;
    metric_add(&plain_counter, 3);
    metric_add_at(&by_two, 2, 1, 0);
    metric_observe_us(&duration, 1, 300);
    metric_observe_us(&duration, 1, 40 * US_PER_S);
    metrics_before_render(refresh_level, &value);
    metrics_render(&out);
    text = buf_text(&out);
    assert_non_null(strstr(text, "# TYPE test_plain_total counter\ntest_plain_total 3\n"));
    assert_non_null(strstr(text, "test_two_total{colour=\"green\",size=\"small\"} 2\n"));
    assert_non_null(strstr(text, "test_two_total{colour=\"red\",size=\"large\"} 0\n"));
    assert_non_null(strstr(text, "test_level 5\n"));
    assert_non_null(strstr(text, "test_seconds_bucket{colour=\"green\",le=\"0.000250\"} 0\n"));
    assert_non_null(strstr(text, "test_seconds_bucket{colour=\"green\",le=\"0.000500\"} 1\n"));
    assert_non_null(strstr(text, "test_seconds_bucket{colour=\"green\",le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(text, "test_seconds_sum{colour=\"green\"} 40.000300\n"));
    assert_non_null(strstr(text, "test_seconds_count{colour=\"red\"} 0\n"));
    talloc_free(scratch);
}

static void certificates(void **state)
{
    static const char *const names[] = { "mail.example.org", "*.example.org", "192.0.2.1", "2001:db8::1" };
    static const char *const forged[] = { "a,DNS:bank.example" };
    char directory[] = "/tmp/chappe-tls-XXXXXX", path[128], command[128];
    struct tls_certificate *certificate;
    struct err err = ERR_INIT;
    struct stat key;
    void *scratch = talloc_new(NULL);

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_true(tls_demonstration_create(directory, "mail", names, 4, 2, &err));
    snprintf(path, sizeof(path), "%s/mail.pem", directory);
    assert_true(tls_certificate_read(scratch, path, &certificate, &err));
    for (int i = 0; i < 4; i++)
        assert_string_equal(certificate->names[i], names[i]);
    assert_null(certificate->names[4]);
    assert_false(certificate->is_self_signed);
    assert_true(certificate->not_after_us > clock_now_us() + 700 * 86400 * US_PER_S);
    snprintf(path, sizeof(path), "%s/mail.key", directory);
    assert_int_equal(stat(path, &key), 0);
    assert_int_equal(key.st_mode & 0777, 0600);
    snprintf(path, sizeof(path), "%s/ca.key", directory);
    assert_int_equal(stat(path, &key), 0);
    assert_int_equal(key.st_mode & 0777, 0600);
    assert_false(tls_certificate_read(scratch, path, &certificate, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_true(tls_demonstration_create(directory, "second", names, 1, 2, &err)); /* by the same authority */
    assert_false(tls_demonstration_create(directory, "forged", forged, 1, 2, &err));
    assert_false(tls_demonstration_create(directory, "empty", forged, 0, 2, &err));
    snprintf(command, sizeof(command), "rm -r %s", directory);
    assert_int_equal(system(command), 0);
    talloc_free(scratch);
}

struct loop_test {
    struct reactor *reactor;
    struct timer *timer;
    struct watch *watch;
    int pipe[2], fired, posted, readable;
};

static void on_timer(void *argument)
{
    struct loop_test *t = argument;
    if (++t->fired < 3)
        timer_arm(t->timer, 5);
    else
        assert_int_equal(write(t->pipe[1], "x", 1), 1);
}

static void on_ready(void *argument, unsigned ready)
{
    struct loop_test *t = argument;
    t->readable += (ready & WATCH_READ) != 0;
    if (ready & WATCH_READ)
        reactor_end(t->reactor);
}

static void on_post(void *argument)
{
    struct loop_test *t = argument;
    assert_true(reactor_is_current(t->reactor));
    t->posted++;
}

static void reactors(void **state)
{
    struct loop_test t = { .fired = 0 };
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(pipe(t.pipe), 0);
    assert_true(reactor_new(&t.reactor, &err));
    t.timer = timer_new(t.reactor, on_timer, &t);
    t.watch = watch_new(t.reactor, t.pipe[0], on_ready, &t);
    timer_arm(t.timer, 5);
    for (int i = 0; i < 10; i++)
        reactor_post(t.reactor, on_post, &t);
    reactor_run(t.reactor);
    assert_int_equal(t.fired, 3);
    assert_int_equal(t.posted, 10);
    assert_int_equal(t.readable, 1);
    watch_free(&t.watch);
    timer_free(&t.timer);
    reactor_free(&t.reactor);
    close(t.pipe[0]);
    close(t.pipe[1]);
}

static void arenas(void **state)
{
    void *arena = arena_new(NULL, 1000);
    char *first = talloc_strdup(arena, "x"), *again;

    (void)state;
    assert_non_null(talloc_array(arena, char, 100000)); /* larger than the pool: from the heap */
    arena_reset(arena);
    again = talloc_strdup(arena, "y");
    assert_ptr_equal(first, again); /* the block is used again */
    arena_reset(NULL);
    arena_free(&arena);
    assert_null(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),  cmocka_unit_test(metrics), cmocka_unit_test(certificates),
        cmocka_unit_test(reactors), cmocka_unit_test(arenas),  cmocka_unit_test(business),
    };
    mem_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
