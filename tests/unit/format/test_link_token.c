#include "format/link_token.h"

#include "base/clock.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <talloc.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define NOW_US (INT64_C(1900000000) * US_PER_S)
#define DAY_US (INT64_C(86400) * US_PER_S)

static const unsigned char key[LINK_KEY_BYTES] = { 7, 7, 7 };

static enum link_verdict read_at(const char *text, int64_t now_us, struct link_token *out)
{
    return link_token_read(key, span_text(text), now_us, out);
}

static void what_was_signed_is_read(void **state)
{
    struct link_token token = { LINK_APPROVE, 123456789, 3, NOW_US + 5 * DAY_US }, back;
    char *text = link_token_text(NULL, key, &token);

    (void)state;
    assert_true(strlen(text) <= LINK_TOKEN_MAX);
    assert_int_equal(read_at(text, NOW_US, &back), LINK_GOOD);
    assert_int_equal(back.act, LINK_APPROVE);
    assert_int_equal(back.a, 123456789);
    assert_int_equal(back.b, 3);
    for (char *p = text; *p; p++)
        *p = (char)toupper((unsigned char)*p); /* a mail system may do that to a local part */
    assert_int_equal(read_at(text, NOW_US, &back), LINK_GOOD);
    assert_int_equal(read_at(text, NOW_US + 6 * DAY_US, &back), LINK_ENDED);
    talloc_free(text);
}

static void one_without_an_end_holds_for_ever(void **state)
{
    struct link_token token = { LINK_UNSUBSCRIBE, 5, link_member(0, "Guest@far.example"), 0 }, back;
    char *text = link_token_text(NULL, key, &token);

    (void)state;
    assert_int_equal(read_at(text, NOW_US * 2, &back), LINK_GOOD);
    assert_int_equal(back.b, link_member(0, "guest@FAR.example"));
    assert_int_not_equal(back.b, link_member(0, "guest2@far.example"));
    assert_int_not_equal(link_member(7, NULL), link_member(8, NULL));
    talloc_free(text);
}

static void no_letter_may_change(void **state)
{
    struct link_token token = { LINK_REJECT, 99, 0, NOW_US + DAY_US }, back;
    char *text = link_token_text(NULL, key, &token);
    unsigned char other[LINK_KEY_BYTES] = { 7, 7, 8 };

    (void)state;
    for (char *p = text; *p; p++) {
        char was = *p;

        *p = was == 'a' ? 'b' : 'a';
        assert_int_equal(read_at(text, NOW_US, &back), LINK_FORGED);
        *p = was;
    }
    assert_int_equal(link_token_read(other, span_text(text), NOW_US, &back), LINK_FORGED);
    assert_int_equal(read_at("", NOW_US, &back), LINK_FORGED);
    assert_int_equal(read_at(talloc_strdup_append(talloc_strdup(text, text), "a"), NOW_US, &back),
                     LINK_FORGED);
    assert_int_equal(link_token_read(key, span_of(text, strlen(text) - 1), NOW_US, &back), LINK_FORGED);
    talloc_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_read),
        cmocka_unit_test(one_without_an_end_holds_for_ever),
        cmocka_unit_test(no_letter_may_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
