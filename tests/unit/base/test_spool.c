/* test_spool.c -- the bytes of a message, in memory and past it; the limit; a disk that is full. */
#include "base/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <talloc.h>

static void fill(struct spool *spool, size_t total)
{
    char piece[1000];
    struct err err = ERR_INIT;

    for (size_t i = 0; i < sizeof(piece); i++)
        piece[i] = (char)('a' + i % 26);
    for (size_t done = 0; done < total; done += sizeof(piece))
        if (!spool_append(spool, span_of(piece, sizeof(piece)), &err))
            return;
}

static void grows_from_memory_to_file(void **state)
{
    static const struct {
        const char *what;
        size_t bytes;
        bool is_in_memory;
    } rows[] = {
        { "nothing", 0, true },
        { "a usual message", 50 * 1000, true },
        { "just below", 262 * 1000, true },
        { "just above", 263 * 1000, false },
        { "large", 5000 * 1000, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct spool *spool = spool_new(NULL, "/tmp", 10 * 1000 * 1000);
        struct span bytes, again;
        struct err err = ERR_INIT;
        fill(spool, rows[i].bytes);
        assert_true(spool_span(spool, &bytes, &err));
        assert_int_equal(span_length(bytes), rows[i].bytes);
        assert_int_equal(spool_length(spool), rows[i].bytes);
        assert_int_equal(spool_is_in_memory(spool), rows[i].is_in_memory);
        for (size_t j = 0; j < rows[i].bytes; j += 997)
            assert_int_equal(bytes.p[j], 'a' + j % 1000 % 26);
        assert_true(spool_span(spool, &again, &err));
        assert_ptr_equal(again.p, bytes.p);
        spool_free(&spool);
        assert_null(spool);
    }
}

static void counts_on_over_the_limit(void **state)
{
    struct spool *spool = spool_new(NULL, "/tmp", 1500);
    struct err err = ERR_INIT;
    struct span bytes;

    (void)state;
    assert_true(spool_append(spool, span_text("0123456789"), &err));
    for (int i = 0; i < 200; i++)
        if (!spool_append(spool, span_text("0123456789"), &err))
            continue;
    assert_int_equal(spool_length(spool), 2010);
    assert_int_equal(spool_err(spool)->kind, ERR_LIMIT);
    assert_false(spool_span(spool, &bytes, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    spool_free(&spool);
}

static void trouble_with_the_disk_is_temporary(void **state)
{
    static const char *const directories[] = { "/nonexistent", "/proc" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(directories); i++) {
        struct spool *spool = spool_new(NULL, directories[i], 1000 * 1000);
        struct span bytes;
        struct err err = ERR_INIT;
        fill(spool, 200 * 1000); /* memory needs no disk */
        assert_int_equal(spool_err(spool)->kind, ERR_NONE);
        fill(spool, 200 * 1000);
        assert_int_equal(spool_err(spool)->kind, ERR_BUSY);
        assert_false(spool_span(spool, &bytes, &err));
        assert_true(err_is_temporary(err.kind));
        spool_free(&spool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_from_memory_to_file),
        cmocka_unit_test(counts_on_over_the_limit),
        cmocka_unit_test(trouble_with_the_disk_is_temporary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
