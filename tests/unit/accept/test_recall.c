/* test_recall.c -- the draft of a message that is taken back is what its author wrote. */
#include "accept/recall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

static const struct {
    const char *what, *message, *asked[4], *draft;
} drafts[] = {
    { "what the way out wrote is taken off",
      "Return-Path: <ada@example.org>\r\nReceived: from a\r\n by b\r\nDKIM-Signature: v=1;\r\n b=x\r\nX-Chappe-Path: 1\r\n"
      "To: bob@example.net\r\nSubject: s\r\n\r\nbody\r\n",
      { "bob@example.net" },
      "To: bob@example.net\r\nSubject: s\r\n\r\nbody\r\n" },
    { "hidden recipients stand in Bcc",
      "To: Bob <BOB@Example.NET>, list: eve@example.net;\r\nCc: \"a b\"@example.net\r\n\r\nx",
      { "BOB@example.net", "\"a b\"@example.net", "one@example.net", "two@example.net" },
      "To: Bob <BOB@Example.NET>, list: eve@example.net;\r\nCc: \"a b\"@example.net\r\n"
      "Bcc: one@example.net,\r\n two@example.net\r\n\r\nx" },
    { "a message without a header",
      "\r\nonly text\r\n",
      { "a@example.net" },
      "Bcc: a@example.net\r\n\r\nonly text\r\n" },
    { "a receipt that is wished for stays",
      "To: a@b.example\r\nDisposition-Notification-To: c@d.example\r\n\r\n",
      { "a@b.example" },
      "To: a@b.example\r\nDisposition-Notification-To: c@d.example\r\n\r\n" },
};

static void a_draft_is_what_its_author_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(drafts); i++) {
        void *owner = talloc_new(NULL);
        size_t count = 0;
        while (count < 4 && drafts[i].asked[count])
            count++;
        struct span draft = recall_draft(owner, span_text(drafts[i].message), drafts[i].asked, count);
        print_message("  %s\n", drafts[i].what);
        assert_string_equal(span_copy(owner, draft), drafts[i].draft);
        talloc_free(owner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_draft_is_what_its_author_wrote) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
