/* test_thread.c -- conversations of RFC 5256: what comes together, in which shape, and what cannot make us follow it. */
#include "base/compiler.h"
#include "imap/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <talloc.h>

enum { MESSAGES_MAX = 8 };

struct mail {
    const char *subject;         /* "Re: x" is a reply to x */
    const char *id, *references; /* one letter an id */
    int day;
};

static const struct {
    const char *what;
    struct mail mails[MESSAGES_MAX];
    const char *references, *ordered;
} cases[] = {
    { "a chain is one level",
      { { "x", "a", "", 1 }, { "Re: x", "b", "a", 2 }, { "Re: x", "c", "ab", 3 } },
      "(1 2 3)",
      "(1 (2)(3))" },
    { "two answers are two branches",
      { { "x", "a", "", 1 }, { "Re: x", "b", "a", 3 }, { "Re: x", "c", "a", 2 } },
      "(1 (3)(2))",
      "(1 (3)(2))" },
    { "answers of a mail that is not here stand side by side",
      { { "Re: x", "b", "a", 1 }, { "Re: x", "c", "a", 2 } },
      "((1)(2))",
      "(1 2)" },
    { "a missing link in the middle is passed over",
      { { "x", "a", "", 1 }, { "y", "c", "ab", 2 } },
      "(1 2)",
      "(1)(2)" },
    { "the same subject without references",
      { { "x", "a", "", 1 }, { "x", "b", "", 2 } },
      "((1)(2))",
      "(1 2)" },
    { "an answer that names nobody hangs below its question",
      { { "x", "a", "", 1 }, { "Re: x", "b", "", 2 } },
      "(1 2)",
      "(1 2)" },
    { "a circle of references is cut", { { "x", "a", "b", 1 }, { "y", "b", "a", 2 } }, "(2 1)", "(1)(2)" },
    { "who refers to himself is alone", { { "x", "a", "a", 1 } }, "(1)", "(1)" },
    { "one id twice is two mails", { { "x", "a", "", 1 }, { "y", "a", "", 2 } }, "(1)(2)", "(1)(2)" },
    { "threads are told by their date", { { "y", "b", "", 9 }, { "x", "a", "", 1 } }, "(2)(1)", "(2)(1)" },
};

static const char *const *split(const void *owner, const char *letters)
{
    const char **ids = talloc_array(owner, const char *, MESSAGES_MAX);

    for (size_t i = 0; letters[i]; i++)
        ids[i] = talloc_strndup(ids, letters + i, 1);
    return ids;
}

static size_t build(void *arena, const struct mail *mails, struct thread_message *messages)
{
    size_t count = 0;

    for (; count < MESSAGES_MAX && mails[count].subject; count++) {
        const struct mail *mail = &mails[count];
        bool is_reply = strncmp(mail->subject, "Re: ", 4) == 0;

        messages[count] = (struct thread_message){ .number = (uint32_t)count + 1,
                                                   .sent_us = mail->day,
                                                   .base_subject = mail->subject + (is_reply ? 4 : 0),
                                                   .is_reply = is_reply,
                                                   .message_id = mail->id,
                                                   .references = split(arena, mail->references),
                                                   .reference_count = strlen(mail->references) };
    }
    return count;
}

static void conversations_have_the_shape_that_the_rfc_gives_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *arena = talloc_new(NULL);
        struct thread_message messages[MESSAGES_MAX];
        size_t count = build(arena, cases[i].mails, messages);
        struct buf references = BUF_INIT(arena), ordered = BUF_INIT(arena);

        print_message("  %s\n", cases[i].what);
        thread_by_references(arena, messages, count, &references);
        assert_string_equal(buf_text(&references), cases[i].references);
        thread_by_subject(arena, messages, count, &ordered);
        assert_string_equal(buf_text(&ordered), cases[i].ordered);
        talloc_free(arena);
    }
}

/* A hundred thousand mails, each an answer to the one before: no stack is used up, and it ends. */
static void a_forged_chain_is_followed_to_its_limit_only(void **state)
{
    enum { LONG = 100000 };
    void *arena = talloc_new(NULL);
    struct thread_message *messages = talloc_array(arena, struct thread_message, LONG);
    const char **ids = talloc_array(arena, const char *, LONG);
    struct buf out = BUF_INIT(arena);

    (void)state;
    for (uint32_t i = 0; i < LONG; i++) {
        ids[i] = talloc_asprintf(arena, "%u", i);
        messages[i] = (struct thread_message){ .number = i + 1,
                                               .sent_us = i,
                                               .base_subject = "",
                                               .message_id = ids[i],
                                               .references = &ids[i ? i - 1 : 0],
                                               .reference_count = i ? 1 : 0 };
    }
    thread_by_references(arena, messages, LONG, &out);
    assert_true(out.length > 0 && out.length < 1000000);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_have_the_shape_that_the_rfc_gives_them),
        cmocka_unit_test(a_forged_chain_is_followed_to_its_limit_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
