/* test_parse.c -- the words of the grammar: what is taken, what is refused, and where the input stands then. */
#include "imap/date.h"
#include "imap/parse.h"
#include "imap/set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

typedef bool take(struct imap_in *in, struct span *out);

static const struct {
    const char *what;
    take *take;
    const char *text;
    bool ok;
    const char *value, *rest;
} strings[] = {
    { "an atom ends at a space", imap_take_atom, "INBOX x", true, "INBOX", " x" },
    { "an atom holds no parenthesis", imap_take_atom, "(a", false, "", "(a" },
    { "an atom holds no 8-bit byte", imap_take_atom, "\xC3\xA9", false, "", "\xC3\xA9" },
    { "a tag holds no plus", imap_take_tag, "a+b", true, "a", "+b" },
    { "an astring may hold a bracket", imap_take_astring, "a]b c", true, "a]b", " c" },
    { "an astring may be quoted", imap_take_astring, "\"a b\" c", true, "a b", " c" },
    { "escapes are undone", imap_take_astring, "\"a\\\"\\\\b\"", true, "a\"\\b", "" },
    { "only quote and backslash are escaped", imap_take_astring, "\"a\\n\"", false, "", "\"a\\n\"" },
    { "a quoted string ends", imap_take_astring, "\"abc", false, "", "\"abc" },
    { "no line end in a quoted string", imap_take_astring, "\"a\r\nb\"", false, "", "\"a\r\nb\"" },
    { "8-bit in a quoted string needs ENABLE", imap_take_astring, "\"\xC3\xA9\"", false, "", "\"\xC3\xA9\"" },
    { "a literal", imap_take_astring, "{3}\r\na b c", true, "a b", " c" },
    { "a non-synchronising literal", imap_take_astring, "{3+}\r\na b c", true, "a b", " c" },
    { "a literal is as long as it says", imap_take_astring, "{9}\r\nabc", false, "", "{9}\r\nabc" },
    { "an empty literal", imap_take_astring, "{0}\r\n x", true, "", " x" },
    { "a literal8 is no astring", imap_take_astring, "~{3}\r\nabc", true, "~", "{3}\r\nabc" },
    { "a pattern may hold wildcards", imap_take_pattern, "a%b* c", true, "a%b*", " c" },
    { "a system flag", imap_take_flag, "\\Seen)", true, "\\Seen", ")" },
    { "a keyword", imap_take_flag, "$Work x", true, "$Work", " x" },
    { "a backslash alone is no flag", imap_take_flag, "\\ x", false, "", "\\ x" },
};

static void strings_are_taken_whole_or_not(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(strings); i++) {
        struct imap_in in = { .rest = span_text(strings[i].text), .arena = arena };
        struct span value = span_text("");

        print_message("  %s\n", strings[i].what);
        assert_int_equal(strings[i].take(&in, &value), strings[i].ok);
        if (strings[i].ok)
            assert_true(span_equals_text(value, strings[i].value));
        assert_true(span_equals_text(in.rest, strings[i].rest));
    }
    talloc_free(arena);
}

static const struct {
    const char *what, *text;
    bool ok;
} utf8[] = {
    { "two bytes", "\"\xC3\xA9\"", true },
    { "three bytes", "\"\xE2\x82\xAC\"", true },
    { "four bytes", "\"\xF0\x9F\x93\xA7\"", true },
    { "a continuation alone", "\"\x80\"", false },
    { "cut short", "\"\xE2\x82\"", false },
    { "overlong", "\"\xC0\xAF\"", false },
    { "overlong in three", "\"\xE0\x80\xAF\"", false },
    { "a surrogate", "\"\xED\xA0\x80\"", false },
    { "beyond Unicode", "\"\xF4\x90\x80\x80\"", false },
};

static void quoted_utf8_is_checked(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(utf8); i++) {
        struct imap_in in = { .rest = span_text(utf8[i].text), .arena = arena, .takes_utf8 = true };
        struct span value;

        print_message("  %s\n", utf8[i].what);
        assert_int_equal(imap_take_string(&in, &value), utf8[i].ok);
    }
    talloc_free(arena);
}

static void nul_is_only_taken_in_literal8(void **state)
{
    static const char plain[] = "{3}\r\na\0b", binary[] = "~{3}\r\na\0b";
    void *arena = talloc_new(NULL);
    struct imap_in in = { .rest = span_of(plain, sizeof plain - 1), .arena = arena };
    struct span value;

    (void)state;
    assert_false(imap_take_string(&in, &value));
    in.rest = span_of(binary, sizeof binary - 1);
    assert_true(imap_take_string8(&in, &value));
    assert_int_equal(span_length(value), 3);
    talloc_free(arena);
}

static void a_spooled_literal_is_elsewhere(void **state)
{
    static const char text[] = "{4000}\r\n (\\Seen)";
    void *arena = talloc_new(NULL);
    struct imap_spooled spooled = { .at = text + 8, .size = 4000 };
    struct imap_in in = { .rest = span_text(text), .arena = arena, .spooled = &spooled, .spooled_count = 1 };
    struct imap_literal literal;
    struct span value;

    (void)state;
    assert_false(imap_take_string(&in, &value));
    assert_true(imap_take_literal(&in, &literal));
    assert_true(literal.spool == &spooled && literal.size == 4000);
    assert_true(span_equals_text(in.rest, " (\\Seen)"));
    talloc_free(arena);
}

static const struct {
    const char *what, *text;
    uint32_t star;
    bool ok;
    const char *value;
} sets[] = {
    { "one", "7", 10, true, "7" },
    { "a range in either order", "5:2", 10, true, "2:5" },
    { "joined and sorted", "9,1,2:3,3:4", 10, true, "1:4,9" },
    { "star is the last", "*", 10, true, "10" },
    { "star below the other end", "20:*", 10, true, "10:20" },
    { "all", "1:*", 3, true, "1:3" },
    { "star of an empty folder is nothing", "1:*,*", 0, true, "" },
    { "the largest", "4294967295:*", 3, true, "3:4294967295" },
    { "zero", "0", 10, false, NULL },
    { "zero in a range", "1:0", 10, false, NULL },
    { "one more than fits", "4294967296", 10, false, NULL },
    { "nothing", "", 10, false, NULL },
    { "a comma too many", "1,", 10, false, NULL },
    { "half a range", "1:", 10, false, NULL },
};

static void sets_are_ranges(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        struct imap_in in = { .rest = span_text(sets[i].text), .arena = arena };
        struct buf out = BUF_INIT(arena);
        struct imap_set set;
        struct uid_set numbers;

        print_message("  %s\n", sets[i].what);
        assert_int_equal(imap_take_set(&in, &set), sets[i].ok);
        if (!sets[i].ok)
            continue;
        numbers = imap_set_resolve(arena, &set, sets[i].star);
        uid_set_render(&out, &numbers);
        assert_string_equal(buf_text(&out), sets[i].value);
    }
    talloc_free(arena);
}

/* A million single numbers, from the last to the first, take milliseconds. */
static void a_large_set_costs_its_ranges(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf text = BUF_INIT(arena);
    struct imap_in in;
    struct imap_set set;
    struct uid_set numbers;

    (void)state;
    for (uint32_t i = 400000; i > 0; i--) {
        buf_add_u64(&text, i * 2);
        if (i > 1)
            buf_add_byte(&text, ',');
    }
    in = (struct imap_in){ .rest = buf_span(&text), .arena = arena };
    assert_true(imap_take_set(&in, &set));
    numbers = imap_set_resolve(arena, &set, 0);
    assert_int_equal(uid_set_size(&numbers), 400000);
    talloc_free(arena);
}

static void dates_are_read_and_written(void **state)
{
    void *arena = talloc_new(NULL);
    struct imap_in in = { .rest = span_text("\"17-Jul-1996 02:44:25 -0700\" x"), .arena = arena };
    struct buf out = BUF_INIT(arena);
    int64_t time_us, day;

    (void)state;
    assert_true(imap_take_date_time(&in, &time_us));
    assert_true(time_us == INT64_C(837596665) * 1000000);
    assert_true(span_equals_text(in.rest, " x"));
    imap_add_date_time(&out, time_us);
    assert_string_equal(buf_text(&out), "\"17-Jul-1996 09:44:25 +0000\"");
    in.rest = span_text("1-Feb-1994");
    assert_true(imap_take_date(&in, &day));
    assert_int_equal(day, 8797);
    in.rest = span_text("\"1-Feb-1994\"");
    assert_true(imap_take_date(&in, &day));
    in.rest = span_text("32-Feb-1994");
    assert_false(imap_take_date(&in, &day));
    in.rest = span_text("17-Jul-1996 02:44:25 -0700");
    assert_false(imap_take_date_time(&in, &time_us));
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_taken_whole_or_not),
        cmocka_unit_test(quoted_utf8_is_checked),
        cmocka_unit_test(nul_is_only_taken_in_literal8),
        cmocka_unit_test(a_spooled_literal_is_elsewhere),
        cmocka_unit_test(sets_are_ranges),
        cmocka_unit_test(a_large_set_costs_its_ranges),
        cmocka_unit_test(dates_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
