/* test_rule.c -- transport rules: patterns, conditions, and words under every form of a text. */
#include "filter/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

#include <cmocka.h>

static const struct {
    const char *patterns, *text;
    bool ok;
} patterns[] = {
    { "ada@example.org", "ADA@example.org", true },
    { "*@example.org", "ada@example.org", true },
    { "*@example.org", "ada@example.org.evil.test", false },
    { "example.org", "ada@example.org", true },
    { "example.org", "ada@sub.example.org", true },
    { "example.org", "ada@notexample.org", false },
    { "example.net example.org", "ada@example.org", true },
    { "*.exe *.scr", "invoice.pdf.EXE", true },
    { "*.exe", "exe", false },
    { "a?c", "abc", true },
    { "a?c", "ac", false },
    { "*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "application/*", "application/zip", true },
    { "", "anything", false },
};

static void patterns_match_addresses_domains_and_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        if (rule_pattern_matches(patterns[i].patterns, span_text(patterns[i].text)) != patterns[i].ok)
            fail_msg("%s against %s", patterns[i].patterns, patterns[i].text);
}

static const struct {
    const char *json;
    bool ok;
} checks[] = {
    { "{\"sender\":\"*@example.org\",\"refuse\":\"no\"}", true },
    { "{\"disclaimer\":\"two\\nlines\"}", true },
    { "{\"header\":\"Subject: *x*\",\"larger\":1000,\"junk\":true}", true },
    { "{\"sender\":\"*@example.org\"}", false },
    { "{}", false },
    { "{\"sendr\":\"x\",\"refuse\":\"no\"}", false },
    { "{\"refuse\":\"two\\nlines\"}", false },
    { "{\"refuse\":\"\"}", false },
    { "{\"refuse\":1}", false },
    { "{\"add_header\":\"no colon\"}", false },
    { "{\"add_header\":\"A b: c\"}", false },
    { "{\"copy\":\"not an address\"}", false },
    { "{\"direction\":\"sideways\",\"junk\":true}", false },
    { "{\"larger\":-1,\"junk\":true}", false },
};

static void a_rule_is_checked_before_it_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        json_t *json = json_loads(checks[i].json, 0, NULL);
        struct err err = ERR_INIT;

        if (rule_check(json, &err) != checks[i].ok)
            fail_msg("%s: %s", checks[i].json, err.user);
        json_decref(json);
    }
}

#define MAIL                                                                                                 \
    "From: a@example.org\r\nSubject: =?utf-8?Q?Invoice_f=C3=BCr?= you\r\nMIME-Version: 1.0\r\n"              \
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"                            \
    "Content-Type: application/zip\r\nContent-Disposition: attachment; filename*=utf-8''a.exe\r\n\r\nx\r\n--b--\r\n"

static const struct {
    const char *what;
    struct rule rule;
    bool ok;
} conditions[] = {
    { "none", { .refuse = "x" }, true },
    { "sender", { .sender = "out.test" }, true },
    { "another sender", { .sender = "other.test" }, false },
    { "one of the recipients", { .recipient = "bob@*" }, true },
    { "unless a recipient", { .unless_recipient = "bob@*" }, false },
    { "unless another sender", { .unless_sender = "other.test" }, true },
    { "direction", { .direction = "in" }, true },
    { "the other direction", { .direction = "out" }, false },
    { "a decoded header", { .header = "subject: *invoice f\xc3\xbcr*" }, true },
    { "a header that is not there", { .header = "X-None: *" }, false },
    { "unless a header", { .unless_header = "Subject: Invoice*" }, false },
    { "larger", { .larger = 10 }, true },
    { "not so large", { .larger = 100000 }, false },
    { "an attachment by its name", { .attachment = "*.exe" }, true },
    { "an attachment by its type", { .attachment = "application/zip" }, true },
    { "no such attachment", { .attachment = "*.scr image/*" }, false },
    { "all of them at once", { .sender = "out.test", .attachment = "*.scr" }, false },
};

static void conditions_must_all_hold(void **state)
{
    const char *const recipients[] = { "ada@example.org", "bob@example.org" };
    struct rule_message message = {
        .sender = "x@out.test", .recipients = recipients, .recipient_count = 2, .message = span_text(MAIL)
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        void *arena = talloc_new(NULL);
        struct err err = ERR_INIT;
        bool matches;

        if (!rule_matches(&conditions[i].rule, arena, &message, &matches, &err) ||
            matches != conditions[i].ok)
            fail_msg("%s", conditions[i].what);
        talloc_free(arena);
    }
}

static const struct {
    const char *what, *message;
    const char *wanted[4]; /* stand in the result, in this order; none: it stays as it is */
} disclaimers[] = {
    { "plain text",
      "From: a@b.c\r\nSubject: s\r\n\r\nhello\r\n",
      { "Subject: s\r\n", "hello", "B&B =C3=A4" } },
    { "without a line end", "From: a@b.c\r\n\r\nhello", { "hello\r\n\r\nB&B" } },
    { "latin-1 becomes UTF-8",
      "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9\r\n",
      { "charset=utf-8", "caf=C3=A9", "B&B" } },
    { "base64 is read",
      "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8K\r\n",
      { "hello", "B&B" } },
    { "HTML: before its end",
      "Content-Type: text/html\r\n\r\n<html><body>hi</BODY></html>\r\n",
      { "hi", "B&amp;B", "</BODY>" } },
    { "both forms",
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: "
      "text/html\r\n\r\n<b>hi</b>\r\n--b--\r\n",
      { "hello", "B&B", "<b>hi</b>", "B&amp;B" } },
    { "an empty part",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b--\r\n",
      { "charset=utf-8", "B&B" } },
    { "an attached text stays",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--b--\r\n",
      { NULL } },
    { "an attached message stays",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx\r\n--b--\r\n",
      { NULL } },
    { "what is signed stays",
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n\r\nsig\r\n--b--\r\n",
      { NULL } },
};

static void words_stand_under_the_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(disclaimers); i++) {
        struct buf text = BUF_INIT(talloc_new(NULL));
        struct span out = span_text("");
        bool wants = disclaimers[i].wanted[0] != NULL;
        const char *at;

        if (rule_add_disclaimer(text.owner, span_text(disclaimers[i].message), "B&B \xc3\xa4", &out) != wants)
            fail_msg("%s", disclaimers[i].what);
        buf_add_span(&text, out);
        at = buf_text(&text);
        for (size_t k = 0; wants && k < 4 && disclaimers[i].wanted[k]; k++) {
            const char *found = strstr(at, disclaimers[i].wanted[k]);

            if (!found)
                fail_msg("%s: no %s in\n%s", disclaimers[i].what, disclaimers[i].wanted[k], buf_text(&text));
            at = found;
        }
        talloc_free(text.owner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_addresses_domains_and_names),
        cmocka_unit_test(a_rule_is_checked_before_it_is_kept),
        cmocka_unit_test(conditions_must_all_hold),
        cmocka_unit_test(words_stand_under_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
