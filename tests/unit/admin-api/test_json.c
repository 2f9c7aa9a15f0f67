/* test_json.c -- what the admin API takes for JSON. */
#include "admin_api/json.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *text;
    enum err_kind kind;
} rows[] = {
    { "an object", "{\"a\": [1, 2.5, true, null, \"x\"]}", ERR_NONE },
    { "an empty one", " { } ", ERR_NONE },
    { "brackets in a string are none", "{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"}",
      ERR_NONE },
    { "a whole surrogate pair", "{\"a\": \"\\uD83D\\uDE00\"}", ERR_NONE },
    { "nothing", "", ERR_INVALID },
    { "an array", "[1]", ERR_INVALID },
    { "a number", "1", ERR_INVALID },
    { "a member twice", "{\"a\": 1, \"a\": 2}", ERR_INVALID },
    { "a member twice, written in two ways", "{\"a\": 1, \"\\u0061\": 2}", ERR_INVALID },
    { "a number beyond a double", "{\"a\": 1e400}", ERR_INVALID },
    { "an integer beyond 64 bits", "{\"a\": 9223372036854775808}", ERR_INVALID },
    { "NaN", "{\"a\": NaN}", ERR_INVALID },
    { "half a surrogate pair", "{\"a\": \"\\uD83D\"}", ERR_INVALID },
    { "the other half", "{\"a\": \"\\uDE00\"}", ERR_INVALID },
    { "an escaped NUL in a string", "{\"a\": \"x\\u0000y\"}", ERR_INVALID },
    { "an escaped NUL in a name", "{\"x\\u0000y\": 1}", ERR_INVALID },
    { "bytes that are not UTF-8", "{\"a\": \"\xff\"}", ERR_INVALID },
    { "an overlong slash", "{\"a\": \"\xc0\xaf\"}", ERR_INVALID },
    { "a byte order mark", "\xef\xbb\xbf{}", ERR_INVALID },
    { "a control character in a string", "{\"a\": \"\x01\"}", ERR_INVALID },
    { "two objects", "{} {}", ERR_INVALID },
    { "no end", "{\"a\": ", ERR_INVALID },
    { "no end after a backslash", "{\"a\": \"\\", ERR_INVALID },
    { "a comment", "{} // x", ERR_INVALID },
};

static void json_is_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *json = NULL;
        struct err err = ERR_INIT;
        bool is_read = admin_json_read(span_text(rows[i].text), &json, &err);
        if (is_read != (rows[i].kind == ERR_NONE) || err.kind != rows[i].kind)
            fail_msg("%s: %s", rows[i].what, err.user);
        json_decref(json);
    }
}

static void a_raw_nul_ends_nothing(void **state)
{
    static const char inside[] = "{\"a\": \"x\0y\"}", after[] = "{}\0{}";
    json_t *json;
    struct err err = ERR_INIT;

    (void)state;
    assert_false(admin_json_read(span_of(inside, sizeof inside - 1), &json, &err));
    assert_false(admin_json_read(span_of(after, sizeof after - 1), &json, &err));
}

static void repeat(struct buf *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_text(out, text);
}

/* {"a": OPEN... PART CLOSE...} */
static bool read_repeated(const char *open, size_t opens, const char *part, size_t parts, const char *close,
                          size_t closes, struct err *err)
{
    struct buf text = BUF_INIT(talloc_new(NULL));
    json_t *json = NULL;
    bool is_read;

    buf_add_text(&text, "{\"a\":");
    repeat(&text, open, opens);
    repeat(&text, part, parts);
    repeat(&text, close, closes);
    buf_add_text(&text, "}");
    *err = ERR_INIT;
    is_read = admin_json_read(buf_span(&text), &json, err);
    json_decref(json);
    talloc_free(text.owner);
    return is_read;
}

static void depth_and_count_are_bounded(void **state)
{
    const size_t depth = ADMIN_JSON_DEPTH_MAX, values = ADMIN_JSON_VALUES_MAX;
    struct err err;

    (void)state;
    assert_true(read_repeated("[", depth - 1, "", 0, "]", depth - 1, &err));
    assert_false(read_repeated("[", depth, "", 0, "]", depth, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_false(read_repeated("{\"b\":", depth, "1", 1, "}", depth, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_false(read_repeated("[", 1000000, "", 0, "", 0, &err)); /* no end, and no stack for it either */
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_true(read_repeated("[1", 1, ",1", values - 3, "]", 1, &err));
    assert_false(read_repeated("[1", 1, ",1", values, "]", 1, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(a_raw_nul_ends_nothing),
        cmocka_unit_test(depth_and_count_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
