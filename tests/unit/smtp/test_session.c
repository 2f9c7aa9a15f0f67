/* test_session.c -- whole conversations with the three services, whatever pieces the network makes of them. A `*` in an
 * expected reply stands for any text of that line. */
#include "fake/fake_session.h"

#include "format/codec.h"
#include "format/introduction.h"
#include "smtp/transaction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define EHLO "EHLO client.example.com\r\n"
#define EHLO_REPLY                                                                                           \
    "250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250-STARTTLS\r\n250-8BITMIME\r\n"          \
    "250-BINARYMIME\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250-DSN\r\n250-DELIVERBY\r\n"                         \
    "250-ETRN\r\n250-LIMITS RCPTMAX=5\r\n250-HELP\r\n"                                                       \
    "250 ENHANCEDSTATUSCODES\r\n"
#define LHLO "LHLO client.example.com\r\n"
#define HI "220 mail.example.org ESMTP Chappe\r\n"
#define LMTP_HI "220 mail.example.org LMTP Chappe\r\n"
#define MAIL "MAIL FROM:<x@example.net>\r\n"
#define OK_MAIL "250 2.1.0 *\r\n"
#define RCPT(who) "RCPT TO:<" who ">\r\n"
#define OK_RCPT "250 2.1.5 *\r\n"
#define GO "354 *\r\n"
#define OK_SENT "250 2.0.0 Delivered as *\r\n"
#define BODY "Subject: hello\r\n\r\nHello\r\n"
#define END ".\r\n"
#define BYE "221 2.0.0 Bye\r\n"
#define LOGIN "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n"
#define OK_LOGIN "235 2.7.0 *\r\n"

static const struct protocol *const smtp = &smtp_receive_protocol,
                                    *const submission = &smtp_submission_protocol,
                                    *const lmtp = &smtp_lmtp_protocol;

/* Lines are given one by one as clients send them: a "|" in `sent` waits for the replies so far. */
static const struct {
    const char *what;
    const struct protocol *const *protocol;
    const char *sent, *expected;
    size_t deliveries;
} talks[] = {
    { "a message by telnet", &smtp,
      "HELO client\r\n|MAIL FROM: x@example.net\r\n|RCPT TO: ada@example.org\r\n|DATA\r\n|" BODY END
      "|QUIT\r\n",
      HI "250 mail.example.org\r\n" OK_MAIL OK_RCPT GO OK_SENT BYE, 1 },
    { "a pipelined message", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "DATA\r\n|" BODY END "QUIT\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT GO OK_SENT BYE, 1 },
    { "two recipients, one mailbox twice", &smtp,
      EHLO "|" MAIL RCPT("ada@example.org") RCPT("both@example.org") "DATA\r\n|" BODY END,
      HI EHLO_REPLY OK_MAIL OK_RCPT OK_RCPT GO OK_SENT, 2 },
    { "nothing is known that is not there", &smtp, EHLO "|" MAIL RCPT("nobody@example.org") "DATA\r\n|",
      HI EHLO_REPLY OK_MAIL "550 5.1.1 *\r\n554 5.5.1 *\r\n", 0 },
    { "every kind of recipient", &smtp,
      EHLO "|" MAIL RCPT("full@example.org") RCPT("loop@example.org") RCPT("off@example.org")
          RCPT("down@example.org") RCPT("out@example.org") RCPT("u@elsewhere.example")
              RCPT("u%elsewhere.example@example.org") RCPT("\"\"@example.org") RCPT("ada+list@example.org")
                  RCPT("postmaster") RCPT("abuse@example.org") RCPT("eve@example.org"),
      HI EHLO_REPLY OK_MAIL "452 4.2.2 *\r\n550 5.4.6 *\r\n550 5.2.1 *\r\n451 4.3.2 *\r\n" OK_RCPT
                            "550 5.7.1 *\r\n"
                            "550 5.7.1 *\r\n501 5.1.3 *\r\n" OK_RCPT OK_RCPT OK_RCPT OK_RCPT,
      0 },
    { "too many recipients", &smtp,
      EHLO "|" MAIL RCPT("ada@example.org") RCPT("ada@example.org") RCPT("ada@example.org")
          RCPT("ada@example.org") RCPT("ada@example.org") RCPT("ada@example.org") "DATA\r\n|" BODY END,
      HI EHLO_REPLY OK_MAIL OK_RCPT OK_RCPT OK_RCPT OK_RCPT OK_RCPT "452 4.5.3 *\r\n" GO OK_SENT, 1 },
    { "all or none", &smtp,
      EHLO "|" MAIL RCPT("ada@example.org") RCPT("late@example.org") "DATA\r\n|" BODY END,
      HI EHLO_REPLY OK_MAIL OK_RCPT OK_RCPT GO "452 4.2.2 *\r\n", 0 },
    { "LMTP answers for each", &lmtp,
      LHLO "|" MAIL RCPT("ada@example.org") RCPT("late@example.org")
          RCPT("eve@example.org") "DATA\r\n|" BODY END,
      NULL, 2 },
    { "LMTP without recipients", &lmtp, LHLO "|" MAIL RCPT("nobody@example.org") "DATA\r\n|", NULL, 0 },
    { "bare LF", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "DATA\r\n|a: b\r\n\r\nx\n.\r\ny\r\n" END,
      HI EHLO_REPLY OK_MAIL OK_RCPT GO "550 5.5.2 *\r\n", 0 },
    { "in chunks", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "BDAT 5\r\na: b\rBDAT 6 LAST\r\n\n\r\n.\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT "250 2.0.0 *\r\n" OK_SENT, 1 },
    { "an empty last chunk", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "BDAT 6\r\na: b\r\nBDAT 0 LAST\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT "250 2.0.0 *\r\n" OK_SENT, 1 },
    { "a chunk nobody may send is read away", &smtp, EHLO "|BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
      HI EHLO_REPLY "503 5.5.1 *\r\n250 2.0.0 *\r\n", 0 },
    { "a chunk without valid recipients", &smtp,
      EHLO "|" MAIL RCPT("nobody@example.org") "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
      HI EHLO_REPLY OK_MAIL "550 5.1.1 *\r\n554 5.5.1 *\r\n250 2.0.0 *\r\n", 0 },
    { "DATA after BDAT", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "BDAT 2\r\nabDATA\r\n|RSET\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT "250 2.0.0 *\r\n503 5.5.1 *\r\n250 2.0.0 *\r\n", 0 },
    { "a chunk of unknown size ends it", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "BDAT x\r\n|NOOP\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT "501 5.5.2 *\r\n", 0 },
    { "a huge chunk ends it", &smtp,
      EHLO "|" MAIL RCPT("ada@example.org") "BDAT 18446744073709551615\r\n|NOOP\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT "552 5.3.4 *\r\n", 0 },
    { "binary needs BDAT", &smtp,
      EHLO "|MAIL FROM:<x@example.net> BODY=BINARYMIME\r\n" RCPT("ada@example.org") "DATA\r\n|",
      HI EHLO_REPLY OK_MAIL OK_RCPT "503 5.5.1 *\r\n", 0 },
    { "binary is kept as sent", &smtp,
      EHLO "|MAIL FROM:<x@example.net> BODY=BINARYMIME\r\n" RCPT("ada@example.org") "BDAT 3 LAST\r\n\r\n\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT OK_SENT, 1 },
    { "order", &smtp, MAIL EHLO "|" RCPT("ada@example.org") "DATA\r\n|" MAIL MAIL "DATA\r\n|",
      HI "503 5.5.1 *\r\n" EHLO_REPLY "503 5.5.1 *\r\n503 5.5.1 *\r\n" OK_MAIL
         "503 5.5.1 *\r\n503 5.5.1 *\r\n",
      0 },
    { "what does not lead anywhere", &smtp,
      "VRFY root\r\nEXPN staff\r\nNOOP x\r\nRSET\r\nHELP NOOP\r\nXYZZY\r\nLHLO x\r\nVRFY\r\nRSET x\r\nQUIT\r\n",
      HI
      "252 2.5.2 *\r\n502 5.5.1 *\r\n250 2.0.0 *\r\n250 2.0.0 *\r\n214 2.0.0 *\r\n500 5.5.1 *\r\n500 5.5.1 *\r\n"
      "501 5.5.4 *\r\n501 5.5.4 *\r\n" BYE,
      0 },
    { "sizes and parameters", &smtp,
      EHLO "|MAIL FROM:<x@example.net> SIZE=100001\r\nMAIL FROM:<x@example.net> SIZE=-1\r\n"
           "MAIL FROM:<x@example.net> FOO=1\r\nMAIL FROM:<x@example.net\r\nMAIL TO:<x>\r\n",
      HI EHLO_REPLY "552 5.3.4 *\r\n501 5.5.4 *\r\n555 5.5.4 *\r\n501 5.1.7 *\r\n501 5.5.2 *\r\n", 0 },
    { "data behind DATA", &smtp, EHLO "|" MAIL RCPT("ada@example.org") "DATA\r\nSubject: x\r\n",
      HI EHLO_REPLY OK_MAIL OK_RCPT "503 5.5.1 *\r\n", 0 },
    { "login first", &submission, EHLO "|MAIL FROM:<ada@example.org>\r\n|", NULL, 0 },
    { "a login", &submission,
      EHLO
      "|" LOGIN "|MAIL FROM:<bob@example.org>\r\nMAIL FROM:<ada@example.org>\r\n" RCPT("x@elsewhere.example")
          RCPT("bob@example.org") "DATA\r\n|From: ada@example.org\r\nBcc: eve@example.org\r\n\r\nhi\r\n" END,
      NULL, 0 },
    { "another's From", &submission,
      EHLO "|" LOGIN "|MAIL FROM:<ada@example.org>\r\n" RCPT(
          "bob@example.org") "DATA\r\n|From: ada@example.org, bob@example.org\r\n\r\nhi\r\n" END,
      NULL, 0 },
    { "a wrong password", &submission,
      EHLO "|AUTH PLAIN d3Jvbmc=\r\n|AUTH PLAIN\r\n|*\r\n|AUTH X\r\n|AUTH PLAIN !\r\n|", NULL, 0 },
};

/* The replies of the rows above that differ from those of SMTP. */
static const struct {
    const char *what, *expected;
} others[] = {
#define LHLO_REPLY                                                                                           \
    "250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250-STARTTLS\r\n250-8BITMIME\r\n"          \
    "250-BINARYMIME\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250-DSN\r\n250-LIMITS RCPTMAX=5\r\n250-HELP\r\n"      \
    "250 ENHANCEDSTATUSCODES\r\n"
#define AUTH_REPLY                                                                                           \
    "250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n"  \
    "250-8BITMIME\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250-DSN\r\n"                          \
    "250-DELIVERBY\r\n250-FUTURERELEASE 31622400 *\r\n250-MT-PRIORITY\r\n250-LIMITS RCPTMAX=5\r\n"           \
    "250-HELP\r\n250 ENHANCEDSTATUSCODES\r\n"
    { "LMTP answers for each",
      LMTP_HI LHLO_REPLY OK_MAIL OK_RCPT OK_RCPT OK_RCPT GO OK_SENT "452 4.2.2 *\r\n" OK_SENT },
    { "LMTP without recipients", LMTP_HI LHLO_REPLY OK_MAIL "550 5.1.1 *\r\n503 5.5.1 *\r\n" },
    { "login first", HI AUTH_REPLY "530 5.7.0 *\r\n" },
    { "a login",
      HI AUTH_REPLY OK_LOGIN "553 5.7.1 *\r\n" OK_MAIL OK_RCPT OK_RCPT GO "250 2.0.0 Queued as *\r\n" },
    { "another's From", HI AUTH_REPLY OK_LOGIN OK_MAIL OK_RCPT GO "550 5.7.1 *\r\n" },
    { "a wrong password",
      HI AUTH_REPLY "535 5.7.8 *\r\n334 \r\n501 5.7.0 *\r\n504 5.5.4 *\r\n501 5.5.2 *\r\n" },
};

static bool line_matches(const char *pattern, size_t pattern_length, struct span line)
{
    const char *star = memchr(pattern, '*', pattern_length);
    size_t head = star ? (size_t)(star - pattern) : pattern_length;

    if (span_length(line) < head || memcmp(pattern, line.p, head) != 0)
        return false;
    return star || span_length(line) == pattern_length;
}

static void assert_replies(const char *expected, struct span got)
{
    struct span wanted = span_text(expected), pattern, line;

    while (span_take_line(&wanted, &pattern)) {
        assert_true(span_take_line(&got, &line));
        if (!line_matches(pattern.p, span_length(pattern), line)) {
            print_message("wanted %.*s\ngot    %.*s\n", (int)span_length(pattern), pattern.p,
                          (int)span_length(line), line.p);
            fail();
        }
    }
    if (!span_is_empty(got))
        print_message("and too much: %.*s\n", (int)span_length(got), got.p);
    assert_true(span_is_empty(got));
}

static void talk(size_t i, size_t step)
{
    struct span sent = span_text(talks[i].sent), part;
    const char *expected = talks[i].expected;

    for (size_t k = 0; !expected; k++)
        if (strcmp(others[k].what, talks[i].what) == 0)
            expected = others[k].expected;
    fake_open(*talks[i].protocol);
    while (span_take_until(&sent, '|', &part))
        fake_feed(part, step);
    fake_feed(sent, step);
    assert_replies(expected, buf_span(&fake.output));
    assert_int_equal(fake.deliveries, talks[i].deliveries);
    fake_close();
}

static void conversations_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(talks); i++) {
        print_message("  %s\n", talks[i].what);
        talk(i, SIZE_MAX);
        if (strcmp(talks[i].what, "data behind DATA") == 0)
            continue; /* in small pieces nothing can be seen behind it yet */
        for (size_t step = 1; step < 40; step++)
            talk(i, step);
    }
}

/* What is stored begins with our fields and is otherwise what was sent. */
static void trace_fields_come_first(void **state)
{
    (void)state;
    fake_open(smtp);
    fake_feed(span_text(EHLO), SIZE_MAX);
    fake_feed(span_text("MAIL FROM:<x@example.net> SMTPUTF8\r\n" RCPT("ada@example.org") "DATA\r\n"),
              SIZE_MAX);
    fake_feed(span_text("Return-Path: <forged@example.net>\r\n" BODY ".." END END), SIZE_MAX);
    buf_add_byte(&fake.delivered, '\0');
    assert_int_equal(strncmp(fake.delivered.p, "Return-Path: <x@example.net>\r\nReceived: ", 40), 0);
    assert_non_null(strstr(fake.delivered.p, "with UTF8SMTP"));
    assert_non_null(strstr(fake.delivered.p, "for <ada@example.org>"));
    assert_null(strstr(fake.delivered.p, "forged"));
    assert_non_null(strstr(fake.delivered.p, "\r\n" BODY "." END));
    fake_close();
}

static void typed_text_gets_an_empty_header(void **state)
{
    (void)state;
    fake_open(smtp);
    fake_feed(span_text("HELO x\r\n"), SIZE_MAX);
    fake_feed(span_text(MAIL RCPT("ada@example.org") "DATA\r\n"), SIZE_MAX);
    fake_feed(span_text("Hello there: you\r\n" END), SIZE_MAX);
    buf_add_byte(&fake.delivered, '\0');
    assert_non_null(strstr(fake.delivered.p, "\r\n\r\nHello there: you\r\n"));
    fake_close();
}

static void submission_completes_the_header(void **state)
{
    (void)state;
    fake_open(submission);
    fake_feed(span_text(EHLO), SIZE_MAX);
    fake_feed(span_text(LOGIN), SIZE_MAX);
    fake_feed(span_text("MAIL FROM:<ada@example.org>\r\n" RCPT("bob@example.org") "DATA\r\n"), SIZE_MAX);
    fake_feed(
        span_text("From: ada@example.org\r\nBcc: eve@example.org,\r\n hidden@example.org\r\n\r\nhi\r\n" END),
        SIZE_MAX);
    buf_add_byte(&fake.delivered, '\0');
    assert_non_null(strstr(fake.delivered.p, "\r\nDate: "));
    assert_non_null(strstr(fake.delivered.p, "\r\nMessage-ID: <"));
    assert_non_null(strstr(fake.delivered.p, "with ESMTPA"));
    assert_null(strstr(fake.delivered.p, "hidden"));
    assert_null(strstr(fake.delivered.p, "Bcc"));
    assert_non_null(strstr(fake.delivered.p, "\r\n\r\nhi\r\n"));
    fake_close();
}

static void feed_times(const char *line, unsigned times)
{
    while (times-- > 0)
        fake_feed(span_text(line), SIZE_MAX);
}

static size_t lines_starting(const char *start)
{
    struct span out = buf_span(&fake.output), line;
    size_t count = 0;

    while (span_take_line(&out, &line))
        count += span_starts_nocase(line, start);
    return count;
}

static void errors_junk_and_long_lines_end_it(void **state)
{
    char *huge = talloc_zero_size(NULL, 5000);

    (void)state;
    fake_open(smtp);
    feed_times("XYZZY\r\n", 30);
    assert_true(fake.is_closed);
    assert_int_equal(lines_starting("500 5.5.1"), 20);
    assert_int_equal(lines_starting("421 4.7.0"), 1);
    assert_true(fake.delayed_ms > 0);
    fake_close();

    fake_open(smtp);
    feed_times("NOOP\r\n", 120);
    assert_true(fake.is_closed);
    assert_int_equal(lines_starting("250 2.0.0"), 100);
    fake_close();

    memset(huge, 'x', 4999);
    fake_open(smtp);
    for (int i = 0; i < 4; i++) {
        feed_times(huge, 3);
        feed_times("\r\n", 1);
    }
    assert_true(fake.is_closed);
    assert_int_equal(lines_starting("500 5.5.2"), 3);
    fake_close();
    talloc_free(huge);
}

static void bad_bytes_are_refused(void **state)
{
    static const char nul[] = "NOOP\0\r\n";

    (void)state;
    fake_open(smtp);
    fake_feed(span_of(nul, sizeof nul - 1), SIZE_MAX);
    fake_feed(span_text("NOOP\n"), SIZE_MAX);
    fake_feed(span_text("NO\rOP\r\n"), SIZE_MAX);
    fake_feed(span_text("NOOP \xc3\xa9\r\n"), SIZE_MAX);
    assert_int_equal(lines_starting("500 5.5.2"), 4);
    fake_close();
}

static void too_large_is_read_to_the_dot(void **state)
{
    char line[1002];

    (void)state;
    memset(line, 'x', 998);
    strcpy(line + 998, "\r\n");
    fake_open(smtp);
    fake_feed(span_text(EHLO), SIZE_MAX);
    fake_feed(span_text(MAIL RCPT("ada@example.org") "DATA\r\n"), SIZE_MAX);
    fake_feed(span_text("a: b\r\n\r\n"), SIZE_MAX);
    feed_times(line, 101);
    fake_feed(span_text(END "NOOP\r\n"), SIZE_MAX);
    assert_int_equal(lines_starting("552 5.3.4"), 1);
    assert_int_equal(lines_starting("250 2.0.0"), 1);
    assert_int_equal(fake.deliveries, 0);
    fake_close();
}

static void loops_are_cut(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        fake_open(smtp);
        fake_feed(span_text(EHLO), SIZE_MAX);
        fake_feed(span_text(MAIL RCPT("ada@example.org") "DATA\r\n"), SIZE_MAX);
        if (i == 0)
            feed_times("Received: from a by b; Mon, 1 Jan 2031 00:00:00 +0000\r\n", 51);
        else
            feed_times("Delivered-To: Ada@example.org\r\n", 1);
        fake_feed(span_text("\r\n" END), SIZE_MAX);
        assert_int_equal(lines_starting("554 5.4.6"), 1);
        assert_int_equal(fake.deliveries, 0);
        fake_close();
    }
}

/* ---- servers of our own installation */

/* What the server said last, without its line end. */
static struct span last_line(void)
{
    struct span out = buf_span(&fake.output);
    const char *from;

    out.end -= 2;
    for (from = out.end; from > out.p && from[-1] != '\n'; from--)
        ;
    out.p = from;
    return out;
}

/* Introduces `name` with the key of paris; true where that is believed. */
static bool introduce(const char *name, bool is_key_right)
{
    static const uint8_t binding[32] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
                                         5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 };
    struct introduction introduction = { .caller = name,
                                         .called = "mail.example.org",
                                         .binding = span_of(binding, sizeof binding) };
    uint8_t key[INTRODUCTION_KEY_BYTES], theirs[SHA256_BYTES], proof[SHA256_BYTES];
    struct buf line = BUF_INIT(fake.memory);
    struct span answer;

    memset(key, is_key_right ? 9 : 8, sizeof key);
    buf_add_format(&line, "XCHAPPE HELLO %s ", name);
    codec_add_base64(&line, span_of(introduction.caller_nonce, INTRODUCTION_NONCE_BYTES));
    buf_add_text(&line, "\r\n");
    fake_feed(buf_span(&line), SIZE_MAX);
    answer = last_line();
    if (!span_take_word(&answer, "250 2.7.0 ") ||
        !introduction_take_answer(answer, introduction.called_nonce, theirs))
        return false;
    introduction_proof(key, &introduction, INTRODUCTION_CALLED, proof);
    if (is_key_right && strcmp(name, "paris.example.org") == 0)
        assert_memory_equal(proof, theirs, sizeof proof); /* it reads the same directory */
    introduction_proof(key, &introduction, INTRODUCTION_CALLER, proof);
    buf_clear(&line);
    buf_add_text(&line, "XCHAPPE PROOF ");
    codec_add_base64(&line, span_of(proof, sizeof proof));
    buf_add_text(&line, "\r\n");
    fake_feed(buf_span(&line), SIZE_MAX);
    answer = last_line();
    return span_take_word(&answer, "250 2.7.0 ");
}

static void open_with_tls(void)
{
    fake_open(smtp);
    fake.is_tls = true;
    fake_feed(span_text(EHLO), SIZE_MAX);
}

static void a_server_of_ours_introduces_itself(void **state)
{
    (void)state;
    open_with_tls();
    assert_int_equal(lines_starting("250-XCHAPPE"), 0); /* told to nobody else */
    assert_true(introduce("paris.example.org", true));
    fake_feed(span_text(EHLO), SIZE_MAX);
    assert_int_equal(lines_starting("250-XCHAPPE"), 1);
    assert_int_equal(lines_starting("250-MT-PRIORITY"), 1);
    fake_feed(span_text("XCHAPPE HELLO paris.example.org AAAAAAAAAAAAAAAAAAAAAA==\r\n"), SIZE_MAX);
    assert_int_equal(lines_starting("503 5.5.1"), 1); /* once */
    fake_close();

    open_with_tls(); /* a wrong key, and a name that nobody has: the same words */
    assert_false(introduce("paris.example.org", false));
    assert_false(introduce("nobody.example.org", true));
    assert_int_equal(lines_starting("535 5.7.8"), 2);
    fake_feed(span_text("XCHAPPE PROOF AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"), SIZE_MAX);
    assert_int_equal(lines_starting("503 5.5.1"), 1);
    fake_close();

    fake_open(smtp); /* where somebody could come in between */
    fake_feed(span_text(EHLO), SIZE_MAX);
    assert_false(introduce("paris.example.org", true));
    assert_int_equal(lines_starting("500 5.5.1"), 1);
    fake_close();
}

#define HANDED "MAIL FROM:<ada@example.org> XC-JUDGED XC-LOGIN=ada@example.org XC-ORG=1 MT-PRIORITY=3\r\n"
#define FOR_MAILBOX "RCPT TO:<bob@example.org> XC-MAILBOX=2 XC-TARGET={\"use\":\"\\\\Junk\"}\r\n"

static void what_a_server_of_ours_hands_on(void **state)
{
    (void)state;
    open_with_tls();
    fake_feed(span_text(HANDED MAIL FOR_MAILBOX), SIZE_MAX);
    assert_int_equal(lines_starting("555 5.5.4"), 2); /* unknown, from a stranger */
    fake_close();

    open_with_tls();
    assert_true(introduce("paris.example.org", true));
    fake_feed(span_text(HANDED FOR_MAILBOX "RCPT TO:<x@elsewhere.example> XC-FLAGS=0\r\n"), SIZE_MAX);
    assert_int_equal(lines_starting("250 2.1.5"), 2); /* relayed, too */
    const struct smtp_session *s = session_state(&fake);
    assert_true(s->transaction->is_judged);
    assert_int_equal(s->transaction->organisation_id, 1);
    assert_int_equal(s->transaction->params.priority, 3);
    assert_string_equal(s->transaction->targets[0].target.special_use, "\\Junk");
    assert_int_equal(s->transaction->remote_count, 1);
    /* no alias is followed a second time: a copy is for a mailbox, and without what it is for there is no relay */
    fake_feed(span_text("RCPT TO:<both@example.org> XC-MAILBOX=5\r\nRCPT TO:<y@elsewhere.example>\r\n"),
              SIZE_MAX);
    assert_int_equal(lines_starting("550 5.1.1"), 1);
    assert_int_equal(lines_starting("550 5.7.1"), 1);
    fake_close();
}

static void only_servers_of_ours_write_our_fields(void **state)
{
    static const char message[] =
        "X-Chappe-Path: 1 2\r\nx-chappe-anything: yes\r\n folded\r\nX-Chapped: no\r\n"
        "Subject: x\r\n\r\nX-Chappe-Path: text\r\n" END;

    (void)state;
    for (int is_ours = 0; is_ours < 2; is_ours++) {
        open_with_tls();
        if (is_ours)
            assert_true(introduce("paris.example.org", true));
        fake_feed(span_text(MAIL RCPT("ada@example.org") "DATA\r\n"), SIZE_MAX);
        fake_feed(span_text(message), SIZE_MAX);
        const char *delivered = span_copy(fake.memory, buf_span(&fake.delivered));
        assert_int_equal(strstr(delivered, "X-Chappe-Path: 1 2") != NULL, is_ours);
        assert_int_equal(strstr(delivered, "x-chappe-anything") != NULL, is_ours);
        assert_int_equal(strstr(delivered, "folded") != NULL, is_ours);
        assert_non_null(strstr(delivered, "X-Chapped: no"));
        assert_non_null(strstr(delivered, "\r\n\r\nX-Chappe-Path: text"));
        fake_close();
    }
}

/* The table says in which states a command runs; in all others it is refused without being run. */
static void commands_out_of_turn_are_refused(void **state)
{
    static const enum smtp_state states[] = { STATE_START, STATE_READY, STATE_MAIL, STATE_RCPT, STATE_BDAT };

    (void)state;
    for (const struct smtp_command *command = smtp_commands(); command->name; command++)
        for (size_t i = 0; i < COUNT_OF(states); i++) {
            struct smtp_session *s;
            char line[64];

            if ((command->states & states[i]) || !(command->services & SERVICE_RECEIVE))
                continue;
            fake_open(smtp);
            s = session_state(&fake);
            s->state = states[i];
            snprintf(line, sizeof line, "%s x\r\n", command->name);
            fake_feed(span_text(line), SIZE_MAX);
            assert_int_equal(lines_starting("503 5.5.1"), 1);
            assert_int_equal(s->state, states[i]);
            s->state = STATE_START;
            fake_close();
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_in_pieces_of_any_size),
        cmocka_unit_test(trace_fields_come_first),
        cmocka_unit_test(typed_text_gets_an_empty_header),
        cmocka_unit_test(submission_completes_the_header),
        cmocka_unit_test(errors_junk_and_long_lines_end_it),
        cmocka_unit_test(bad_bytes_are_refused),
        cmocka_unit_test(too_large_is_read_to_the_dot),
        cmocka_unit_test(loops_are_cut),
        cmocka_unit_test(a_server_of_ours_introduces_itself),
        cmocka_unit_test(what_a_server_of_ours_hands_on),
        cmocka_unit_test(only_servers_of_ours_write_our_fields),
        cmocka_unit_test(commands_out_of_turn_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
