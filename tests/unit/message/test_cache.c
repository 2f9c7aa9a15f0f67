/* test_cache.c -- bounded, least recently used first out, and safe to read while it forgets. */
#include "message/cache.h"

#include "message/zstd.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

static struct cache_key key_of(int64_t number)
{
    return (struct cache_key){ .group_id = 1, .message_id = number, .piece = 0 };
}

static void what_was_put_is_found_until_it_is_forgotten(void **state)
{
    char bytes[1000];
    struct cached cached;
    struct message_cache_stats stats;

    (void)state;
    message_cache_set_limit(1 << 20);
    for (int i = 0; i < 5000; i++) {
        memset(bytes, i & 127, sizeof bytes);
        piece_cache_put(key_of(i), 1, span_of(bytes, sizeof bytes));
        if (piece_cache_get(key_of(0), &cached)) { /* kept fresh */
            assert_int_equal(cached.data.p[500], 0);
            piece_cache_release(&cached);
        }
    }
    message_cache_stats(&stats);
    assert_in_range(stats.bytes, 1 << 19, 1 << 20);
    assert_true(stats.evictions > 3000);
    assert_true(piece_cache_get(key_of(0), &cached));
    piece_cache_release(&cached);
    assert_false(piece_cache_get(key_of(1), &cached));
    assert_true(piece_cache_get(key_of(4999), &cached));
    assert_int_equal(cached.codec, 1);
    assert_int_equal(span_length(cached.data), sizeof bytes);
    message_cache_set_limit(0); /* forgets all; what is held stays readable */
    assert_int_equal(cached.data.p[999], 4999 & 127);
    piece_cache_release(&cached);
    message_cache_stats(&stats);
    assert_int_equal(stats.bytes, 0);
    piece_cache_put(key_of(1), 1, span_of(bytes, sizeof bytes));
    assert_false(piece_cache_get(key_of(1), &cached));
}

static void what_is_read_again_is_kept_unpacked_while_there_is_room(void **state)
{
    static const char packed[100], raw[5000] = "raw";
    char other[1000] = { 0 };
    struct cached cached, again;
    struct message_cache_stats before, after;

    (void)state;
    message_cache_set_limit(0);
    message_cache_set_limit(1 << 20);
    piece_cache_put(key_of(0), PIECE_ZSTD, span_of(packed, sizeof packed));
    assert_true(piece_cache_get(key_of(0), &cached));
    message_cache_stats(&before);
    piece_cache_keep_unpacked(&cached, span_of(raw, sizeof raw));
    message_cache_stats(&after);
    assert_int_equal(after.bytes, before.bytes + sizeof raw - sizeof packed);
    assert_int_equal(after.entries, 1);
    assert_int_equal(cached.codec, PIECE_ZSTD); /* what is held does not change */
    assert_int_equal(span_length(cached.data), sizeof packed);
    assert_true(piece_cache_get(key_of(0), &again));
    assert_int_equal(again.codec, PIECE_RAW);
    assert_string_equal(again.data.p, "raw");
    piece_cache_release(&again);
    piece_cache_keep_unpacked(&cached, span_of(raw, sizeof raw)); /* somebody was faster */
    message_cache_stats(&before);
    assert_int_equal(before.bytes, after.bytes);
    piece_cache_release(&cached);

    for (int i = 1; i < 5000; i++) /* full: nothing is pushed out for it */
        piece_cache_put(key_of(i), PIECE_ZSTD, span_of(other, sizeof other));
    assert_true(piece_cache_get(key_of(4999), &cached));
    message_cache_stats(&before);
    piece_cache_keep_unpacked(&cached, span_of(raw, sizeof raw));
    message_cache_stats(&after);
    assert_int_equal(after.evictions, before.evictions);
    assert_int_equal(after.entries, before.entries);
    piece_cache_release(&cached);
    message_cache_set_limit(0);
}

static void *reader(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    char bytes[512];

    for (int i = 0; i < 20000; i++) {
        int64_t number = rand_r(&seed) % 500;
        struct cached cached;
        if (piece_cache_get(key_of(number), &cached)) {
            if (cached.data.p[511] != (char)(number & 127))
                abort();
            piece_cache_release(&cached);
        } else {
            memset(bytes, (int)(number & 127), sizeof bytes);
            piece_cache_put(key_of(number), 0, span_of(bytes, sizeof bytes));
        }
    }
    return NULL;
}

static void readers_and_forgetting_go_together(void **state)
{
    pthread_t threads[4];

    (void)state;
    message_cache_set_limit(100 * 1000);
    for (uintptr_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, (void *)(i + 1)), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_until_it_is_forgotten),
        cmocka_unit_test(what_is_read_again_is_kept_unpacked_while_there_is_room),
        cmocka_unit_test(readers_and_forgetting_go_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
