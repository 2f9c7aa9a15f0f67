/* test_columns.c -- what is packed comes back, and nothing but that is accepted. */
#include "message/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static void everything_comes_back(void **state)
{
    void *owner = talloc_new(NULL);
    struct buf packed = BUF_INIT(owner);
    struct message_columns back, columns = { .has_date = true,
                                             .sent_us = -5,
                                             .sent_zone_minutes = -90,
                                             .subject = span_text("re: élan"),
                                             .base_subject = span_text("ELAN"),
                                             .from = span_text("ada <ada@example.org>"),
                                             .cc = span_text("carol"),
                                             .bcc = span_text("dan"),
                                             .to_display = span_text("bob"),
                                             .is_reply = true,
                                             .message_id = span_text("1@x"),
                                             .reference_count = 2 };

    (void)state;
    columns.references[0] = span_text("a@x");
    columns.references[1] = span_text("");
    columns_pack(&packed, &columns);
    assert_true(columns_unpack(buf_span(&packed), &back));
    assert_true(back.has_date && back.is_reply && !back.has_attachment);
    assert_int_equal(back.sent_us, -5);
    assert_int_equal(back.sent_zone_minutes, -90);
    assert_true(span_equals(back.subject, columns.subject));
    assert_true(span_equals(back.base_subject, columns.base_subject));
    assert_true(span_equals(back.from, columns.from));
    assert_true(span_is_empty(back.to));
    assert_true(span_equals(back.to_display, columns.to_display));
    assert_true(span_equals(back.message_id, columns.message_id));
    assert_int_equal(back.reference_count, 2);
    assert_true(span_equals_text(back.references[0], "a@x"));
    assert_true(span_equals(columns_text(buf_span(&packed), COLUMNS_SUBJECT), columns.subject));
    assert_true(span_equals(columns_text(buf_span(&packed), COLUMNS_FROM), columns.from));
    assert_true(span_equals(columns_text(buf_span(&packed), COLUMNS_TO), columns.to));
    assert_true(span_equals(columns_text(buf_span(&packed), COLUMNS_CC), columns.cc));
    assert_true(span_equals(columns_text(buf_span(&packed), COLUMNS_BCC), columns.bcc));
    for (size_t length = 0; length < packed.length; length++) {
        assert_false(columns_unpack(span_of(packed.p, length), &back));
        (void)columns_text(span_of(packed.p, length), COLUMNS_BCC); /* stays inside */
    }
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(everything_comes_back) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
