/* test_envelope.c -- what clients are told of a message: ENVELOPE, BODYSTRUCTURE, BODY, and the columns. */
#include "format/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what, *header, *envelope;
} envelopes[] = {
    { "RFC 9051's example",
      "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nSubject: IMAP4rev2 WG mtg summary and minutes\r\n"
      "From: Terry Gray <gray@cac.washington.edu>\r\nTo: imap@cac.washington.edu\r\n"
      "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\nMessage-Id: <B27397-0100000@cac.washington.ed>\r\n\r\n",
      "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) "
      "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
      "\"<B27397-0100000@cac.washington.ed>\")" },
    { "nothing", "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
    { "empty subject is not absent", "Subject:\r\n\r\n", "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
    { "quotes and folding", "Subject: a \"b\" \\\r\n c\r\n\r\n",
      "(NIL \"a \\\"b\\\" \\\\ c\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
    { "8-bit is a literal", "Subject: caf\xC3\xA9\r\n\r\n",
      "(NIL {5}\r\ncaf\xC3\xA9 NIL NIL NIL NIL NIL NIL NIL NIL)" },
    { "encoded words stay", "Subject: =?utf-8?Q?=C3=A9?=\r\n\r\n",
      "(NIL \"=?utf-8?Q?=C3=A9?=\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
    { "group", "To: A: b@c.test;\r\n\r\n",
      "(NIL NIL NIL NIL NIL ((NIL NIL \"A\" NIL)(NIL NIL \"b\" \"c.test\")(NIL NIL NIL NIL)) NIL NIL NIL NIL)" },
    { "no domain is not a group", "To: root\r\n\r\n",
      "(NIL NIL NIL NIL NIL ((NIL NIL \"root\" \"\")) NIL NIL NIL NIL)" },
    { "two To fields are one list", "To: a@b\r\nTo: c@d\r\n\r\n",
      "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL)" },
};

static void envelopes_are_rendered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(envelopes); i++) {
        void *arena = talloc_new(NULL);
        struct buf out = BUF_INIT(arena);

        print_message("  %s\n", envelopes[i].what);
        envelope_render(&out, span_text(envelopes[i].header));
        assert_string_equal(buf_text(&out), envelopes[i].envelope);
        talloc_free(arena);
    }
}

static const struct {
    const char *what, *message, *structure, *body;
} structures[] = {
    { "a charset is not given twice, however it is spelt",
      "Content-Type: text/plain; CHARSET*=us-ascii''%61\r\n\r\nx",
      "(\"text\" \"plain\" (\"CHARSET*\" \"us-ascii''%61\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL)",
      "(\"text\" \"plain\" (\"CHARSET*\" \"us-ascii''%61\") NIL NIL \"7bit\" 1 0)" },
    { "other parameters stay", "Content-Type: text/plain; format=flowed\r\n\r\nx",
      "(\"text\" \"plain\" (\"format\" \"flowed\" \"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL)",
      "(\"text\" \"plain\" (\"format\" \"flowed\" \"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0)" },
    { "plain text", "Subject: x\r\n\r\none\r\ntwo\r\n",
      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 10 2 NIL NIL NIL NIL)",
      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 10 2)" },
    { "all fields",
      "Content-Type: TEXT/Html; Charset=\"utf-8\"; format=flowed\r\nContent-Transfer-Encoding: Quoted-Printable\r\nContent-ID: <a@b>\r\n"
      "Content-Description: what\r\n it is\r\nContent-MD5: abc==\r\nContent-Disposition: inline; filename=\"x y.html\"\r\n"
      "Content-Language: en, fr\r\nContent-Location: http://x.test/\r\n\r\nx",
      "(\"TEXT\" \"Html\" (\"Charset\" \"utf-8\" \"format\" \"flowed\") \"<a@b>\" \"what it is\" \"quoted-printable\" 1 0 \"abc==\" "
      "(\"inline\" (\"filename\" \"x y.html\")) (\"en\" \"fr\") \"http://x.test/\")",
      "(\"TEXT\" \"Html\" (\"Charset\" \"utf-8\" \"format\" \"flowed\") \"<a@b>\" \"what it is\" \"quoted-printable\" 1 0)" },
    { "an image has no lines", "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
      "(\"image\" \"png\" NIL NIL NIL \"base64\" 6 NIL NIL NIL NIL)",
      "(\"image\" \"png\" NIL NIL NIL \"base64\" 6)" },
    { "unknown encoding keeps its name", "Content-Type: a/b\r\nContent-Transfer-Encoding: x-zip\r\n\r\n",
      "(\"a\" \"b\" NIL NIL NIL \"x-zip\" 0 NIL NIL NIL NIL)", "(\"a\" \"b\" NIL NIL NIL \"x-zip\" 0)" },
    { "multipart",
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n\r\n--b--\r\n",
      "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL)(\"text\" \"html\" NIL NIL NIL \"7bit\" 5 1 NIL NIL NIL NIL) "
      "\"alternative\" (\"boundary\" \"b\") NIL NIL NIL)",
      "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0)(\"text\" \"html\" NIL NIL NIL \"7bit\" 5 1) \"alternative\")" },
    { "a multipart without parts shows an empty one", "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
      "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)",
      "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) \"mixed\")" },
    { "a message inside",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: (in)\r\n\r\nx\r\n--b--\r\n",
      "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"(in)\" NIL NIL NIL NIL NIL NIL NIL NIL) "
      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)",
      "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"(in)\" NIL NIL NIL NIL NIL NIL NIL NIL) "
      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0) 2) \"mixed\")" },
    { "a literal inside", "Content-Type: a/b; n=\"\xC3\xA9)\"\r\n\r\n",
      "(\"a\" \"b\" (\"n\" {3}\r\n\xC3\xA9)) NIL NIL \"7bit\" 0 NIL NIL NIL NIL)",
      "(\"a\" \"b\" (\"n\" {3}\r\n\xC3\xA9)) NIL NIL \"7bit\" 0)" },
};

static void structures_are_rendered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        void *arena = talloc_new(NULL);
        struct buf out = BUF_INIT(arena), body = BUF_INIT(arena);
        struct mime_index index;

        print_message("  %s\n", structures[i].what);
        mime_index_build(arena, span_text(structures[i].message), &index);
        bodystructure_render(&out, span_text(structures[i].message), &index);
        assert_string_equal(buf_text(&out), structures[i].structure);
        bodystructure_to_body(&body, buf_span(&out));
        assert_string_equal(buf_text(&body), structures[i].body);
        talloc_free(arena);
    }
}

static void utf8_clients_get_quoted_utf8(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);

    (void)state;
    imap_text_to_utf8(&out, span_text("(\"a{3}\" {5}\r\ncaf\xC3\xA9 {4}\r\ncaf\xE9 NIL {3}\r\na\"b)"));
    assert_string_equal(buf_text(&out), "(\"a{3}\" \"caf\xC3\xA9\" \"caf\xC3\xA9\" NIL \"a\\\"b\")");
    talloc_free(arena);
}

static const struct {
    const char *subject, *base;
    bool is_reply;
} subjects[] = {
    { "Hello", "hello", false },
    { "Re: Hello", "hello", true },
    { "RE:Hello", "hello", true },
    { "Fwd: Re: Hello (fwd)", "hello", true },
    { "FW: Hello", "hello", true },
    { "Re[2]: Hello", "hello", true },
    { "[list] Re: [list] Hello", "hello", true },
    { "[list] Hello", "hello", false },
    { "[list]", "[list]", false },
    { "Re: [list]", "[list]", true },
    { "[a] [b]", "[b]", false },
    { "[fwd: Re: Hello]", "hello", true },
    { "[fwd: [fwd: x]]", "x", true },
    { "Hello (fwd) (FWD) ", "hello", true },
    { "Regarding: x", "regarding: x", false },
    { "Re : Hello", "hello", true },
    { "Re:", "", true },
    { "", "", false },
    { "  R\xC3\xA9union   du  soir ", "reunion du soir", false },
};

static void base_subjects_follow_rfc_5256(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(subjects); i++) {
        bool is_reply;

        print_message("  \"%s\"\n", subjects[i].subject);
        assert_string_equal(envelope_base_subject(arena, subjects[i].subject, &is_reply), subjects[i].base);
        assert_int_equal(is_reply, subjects[i].is_reply);
    }
    talloc_free(arena);
}

static const struct {
    const char *subject, *conversation;
} conversations[] = {
    { "Hello", "hello" },
    { "Re: Hello", "hello" },
    { "AW: Re: Hello", "hello" },
    { "Re: AW: WG: Hello", "hello" },
    { "TR : RE : Hello", "hello" },
    { "R\xC3\xA9\x66 : Hello", "hello" },
    { "Antw: Hello", "hello" },
    { "SV: VB: Hello", "hello" },
    { "\xCE\x91\xCE\xA0: Hello", "hello" },
    { "\xE5\x9B\x9E\xE5\xA4\x8D\xEF\xBC\x9AHello", "hello" },
    { "[list] AW: [list] Hello", "hello" },
    { "Award: x", "award: x" },
    { "Transport: x", "transport: x" },
    { "Invoice: x", "invoice: x" },
    { "AW", "aw" },
    { "", "" },
};

static void conversations_know_the_words_of_other_languages(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(conversations); i++) {
        print_message("  \"%s\"\n", conversations[i].subject);
        assert_string_equal(envelope_conversation_subject(arena, conversations[i].subject),
                            conversations[i].conversation);
    }
    /* IMAP's THREAD keeps to the words that RFC 5256 names. */
    assert_string_equal(envelope_base_subject(arena, "AW: Hello", NULL), "aw: hello");
    talloc_free(arena);
}

static void columns_are_decoded(void **state)
{
    void *arena = talloc_new(NULL);
    struct envelope_columns c;

    (void)state;
    envelope_columns_build(
        arena,
        span_text(
            "From: =?utf-8?Q?=C3=89lodie?= <E.Dupont@d.test>\r\nTo: Zoe@d.test\r\nTo: Team: b@d.test;\r\n"
            "Subject: Re: =?iso-8859-1?Q?=E9t=E9?=\r\nDate: 1 Jan 2031 00:00:00 +0100\r\n"
            "Message-ID: <a@b>\r\nIn-Reply-To: <p@q>\r\nReferences: <x@y>\r\n <p@q>\r\n\r\n"),
        &c);
    assert_string_equal(c.subject, "Re: \xC3\xA9t\xC3\xA9");
    assert_string_equal(c.base_subject, "ete");
    assert_true(c.is_reply && c.has_date);
    assert_string_equal(c.from, "\xC3\x89lodie <E.Dupont@d.test>");
    assert_string_equal(c.to, "Zoe@d.test, Team:, b@d.test");
    assert_string_equal(c.from_sort, "e.dupont");
    assert_string_equal(c.from_display, "elodie");
    assert_string_equal(c.to_display, "zoe@d.test");
    assert_string_equal(c.cc, "");
    assert_string_equal(c.message_id, "a@b");
    assert_string_equal(c.in_reply_to, "p@q");
    assert_int_equal(c.reference_count, 2);
    assert_string_equal(c.references[0], "x@y");
    assert_int_equal(c.date.zone_minutes, 60);
    envelope_columns_build(arena, span_text(""), &c);
    assert_string_equal(c.subject, "");
    assert_int_equal(c.reference_count, 0);
    assert_false(c.has_date);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelopes_are_rendered),
        cmocka_unit_test(structures_are_rendered),
        cmocka_unit_test(utf8_clients_get_quoted_utf8),
        cmocka_unit_test(base_subjects_follow_rfc_5256),
        cmocka_unit_test(conversations_know_the_words_of_other_languages),
        cmocka_unit_test(columns_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
