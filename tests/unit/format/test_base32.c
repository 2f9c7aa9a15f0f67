/* test_base32.c -- RFC 4648, 10, and what has two texts. */
#include "format/base32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *plain, *base32, *base64url;
} vectors[] = {
    { "", "", "" },
    { "f", "my", "Zg" },
    { "fo", "mzxq", "Zm8" },
    { "foo", "mzxw6", "Zm9v" },
    { "foob", "mzxw6yq", "Zm9vYg" },
    { "fooba", "mzxw6ytb", "Zm9vYmE" },
    { "foobar", "mzxw6ytboi", "Zm9vYmFy" },
    { "\xfb\xff\xfe", "7p7746", "-__-" },
};

static void there_and_back(void **state)
{
    void *owner = talloc_new(NULL);
    uint8_t bytes[16];
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct span plain = span_text(vectors[i].plain);
        struct buf back = BUF_INIT(owner);
        if (i + 1 < sizeof vectors / sizeof *vectors)
            assert_string_equal(base32_text(owner, plain), vectors[i].base32);
        assert_string_equal(base64url_text(owner, plain), vectors[i].base64url);
        assert_true(base32_read(span_text(base32_text(owner, plain)), bytes, sizeof bytes, &length));
        assert_true(span_equals(span_of(bytes, length), plain));
        assert_true(base64url_read(span_text(vectors[i].base64url), 16, &back));
        assert_true(span_equals(buf_span(&back), plain));
    }
    talloc_free(owner);
}

static void other_texts_are_refused(void **state)
{
    static const char *const wrong32[] = { "mz", "m",   "my======",
                                           "m1", "m y", "mzxw6ytboimzxw6ytboimzxw6ytboi" };
    static const char *const wrong64[] = {
        "Zh", "Zg==", "Z", "Zm+v", "Zm/v", "Zm 9v", "Zm9vYmFyZm9vYmFyZm9vYmFy"
    };
    uint8_t bytes[16];
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof wrong32 / sizeof *wrong32; i++)
        if (base32_read(span_text(wrong32[i]), bytes, sizeof bytes, &length))
            fail_msg("base32 %s", wrong32[i]);
    for (size_t i = 0; i < sizeof wrong64 / sizeof *wrong64; i++) {
        struct buf out = BUF_INIT(NULL);
        if (base64url_read(span_text(wrong64[i]), 16, &out) || out.length != 0)
            fail_msg("base64url %s", wrong64[i]);
        talloc_free(out.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(other_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
