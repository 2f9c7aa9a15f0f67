/* Whole conversations, byte for byte, in pieces of any size; what QUIT does and what a cut does not. */
#include "fake/fake_pop3.h"

#include "base/log.h"
#include "pop3/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define GREETING "+OK Chappe POP3 server ready\r\n"
#define LOGIN "USER ada@example.org\r\nPASS secret word\r\n"
#define LOGGED_IN GREETING "+OK Send your password.\r\n+OK Logged in.\r\n"

static const struct {
    const char *what, *sent, *answer;
} conversations[] = {
    { "a name and a password", LOGIN, LOGGED_IN },
    { "lines that end with LF", "USER ada@example.org\nPASS secret\nNOOP\n", LOGGED_IN "+OK Done.\r\n" },
    { "names do not tell whether they exist", "user nobody@example.org\r\npass x\r\n",
      GREETING "+OK Send your password.\r\n-ERR [AUTH] Wrong name or password.\r\n" },
    { "after a failure the name comes again", "USER ada@example.org\r\nPASS wrong\r\nPASS secret\r\n",
      GREETING
      "+OK Send your password.\r\n-ERR [AUTH] Wrong name or password.\r\n-ERR Give USER first.\r\n" },
    { "an account without POP3", "USER bob@example.org\r\nPASS secret\r\n",
      GREETING
      "+OK Send your password.\r\n-ERR [SYS/PERM] This login may not use POP3: make an app password, or ask your administrator.\r\n" },
    { "a directory that is down is not a wrong password", "USER slow@example.org\r\nPASS secret\r\n",
      GREETING "+OK Send your password.\r\n-ERR [SYS/TEMP] This is not possible now; try again later.\r\n" },
    { "throttled", "USER full@example.org\r\nPASS secret\r\n",
      GREETING "+OK Send your password.\r\n-ERR [LOGIN-DELAY] Too many failed logins; try again later.\r\n" },
    { "AUTH PLAIN with its response", "AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\nSTAT\r\n",
      GREETING "+OK Logged in.\r\n+OK 5 600166\r\n" },
    { "AUTH PLAIN without", "AUTH plain\r\nAGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\n",
      GREETING "+ \r\n+OK Logged in.\r\n" },
    { "AUTH LOGIN", "AUTH LOGIN\r\nYWRhQGV4YW1wbGUub3Jn\r\nc2VjcmV0\r\n",
      GREETING "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n+OK Logged in.\r\n" },
    { "AUTH cancelled", "AUTH LOGIN\r\n*\r\nNOOP\r\n",
      GREETING
      "+ VXNlcm5hbWU6\r\n-ERR The login was cancelled.\r\n-ERR This command is not possible now.\r\n" },
    { "AUTH with no base64", "AUTH PLAIN ???\r\nAUTH PLAIN =\r\n",
      GREETING "-ERR The response cannot be read.\r\n-ERR The response cannot be read.\r\n" },
    { "AUTH with a mechanism that is not there", "AUTH CRAM-MD5\r\n",
      GREETING "-ERR There is no such mechanism.\r\n" },
    { "AUTH alone lists", "AUTH\r\n", GREETING "+OK Mechanisms follow.\r\nSCRAM-SHA-256\r\nPLAIN\r\n.\r\n" },
    { "no APOP", "APOP ada@example.org c4c9334bac560ecc979e58001b3e22fb\r\n",
      GREETING "-ERR Unknown command.\r\n" },
    { "CAPA before login", "CAPA\r\n",
      GREETING
      "+OK Capabilities follow.\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
      "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Chappe\r\nSTLS\r\nUSER\r\nSASL SCRAM-SHA-256 PLAIN\r\n.\r\n" },
    { "not before login", "STAT\r\nLIST\r\nRETR 1\r\nDELE 1\r\nUIDL\r\nTOP 1 0\r\nRSET\r\nNOOP\r\n",
      GREETING "-ERR This command is not possible now.\r\n-ERR This command is not possible now.\r\n"
               "-ERR This command is not possible now.\r\n-ERR This command is not possible now.\r\n"
               "-ERR This command is not possible now.\r\n-ERR This command is not possible now.\r\n"
               "-ERR This command is not possible now.\r\n-ERR This command is not possible now.\r\n" },
    { "not after login", LOGIN "USER x\r\nPASS x\r\nAUTH PLAIN\r\nSTLS\r\nUTF8\r\n",
      LOGGED_IN "-ERR This command is not possible now.\r\n-ERR This command is not possible now.\r\n"
                "-ERR This command is not possible now.\r\n-ERR This command is not possible now.\r\n"
                "-ERR This command is not possible now.\r\n" },
    { "STAT and LIST", LOGIN "STAT\r\nLIST\r\nLIST 2\r\nLIST 6\r\n",
      LOGGED_IN
      "+OK 5 600166\r\n+OK The list follows.\r\n1 61\r\n2 31\r\n3 28\r\n4 600000\r\n5 46\r\n.\r\n+OK 2 31\r\n"
      "-ERR There is no such message.\r\n" },
    { "UIDL", LOGIN "UIDL\r\nUIDL 5\r\n",
      LOGGED_IN "+OK The list follows.\r\n1 0000000300001234\r\n2 0000000400001234\r\n3 0000000700001234\r\n"
                "4 0000000800001234\r\n5 0000000900001234\r\n.\r\n+OK 5 0000000900001234\r\n" },
    { "RETR in order", LOGIN "RETR 1\r\nRETR 2\r\nRETR 3\r\n",
      LOGGED_IN
      "+OK 61 octets\r\nFrom: a@example.org\r\nSubject: one\r\n\r\nline 1\r\nline 2\r\nline 3\r\n.\r\n"
      "+OK 31 octets\r\n..From: x\r\n\r\n..\r\n...\r\n..x\r\nx.\r\n\n..\r\n.\r\n"
      "+OK 28 octets\r\nSubject: no end\r\n\r\nlast line\r\n.\r\n" },
    { "RETR of numbers that are none",
      LOGIN "RETR 0\r\nRETR -1\r\nRETR 2147483648\r\nRETR 99999999999\r\nRETR\r\nRETR 1 2\r\n",
      LOGGED_IN "-ERR There is no such message.\r\n-ERR Wrong argument.\r\n-ERR There is no such message.\r\n"
                "-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n" },
    { "TOP", LOGIN "TOP 1 0\r\nTOP 1 2\r\nTOP 1 99\r\nTOP 1 18446744073709551616\r\nTOP 1\r\nTOP 1 -1\r\n",
      LOGGED_IN
      "+OK The message follows.\r\nFrom: a@example.org\r\nSubject: one\r\n\r\n.\r\n"
      "+OK The message follows.\r\nFrom: a@example.org\r\nSubject: one\r\n\r\nline 1\r\nline 2\r\n.\r\n"
      "+OK The message follows.\r\nFrom: a@example.org\r\nSubject: one\r\n\r\nline 1\r\nline 2\r\nline 3\r\n.\r\n"
      "-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n" },
    { "an international address needs UTF8", LOGIN "RETR 5\r\nTOP 5 0\r\n",
      LOGGED_IN "-ERR [UTF8] This message has international addresses: say UTF8 before you log in.\r\n"
                "-ERR [UTF8] This message has international addresses: say UTF8 before you log in.\r\n" },
    { "and comes with it", "UTF8\r\n" LOGIN "RETR 5\r\n",
      GREETING "+OK UTF-8 it is.\r\n+OK Send your password.\r\n+OK Logged in.\r\n+OK 46 octets\r\n"
               "From: =?utf-8?q?a?= <j\xc3\xb6rg@example.org>\r\n\r\nx\r\n.\r\n" },
    { "DELE and RSET", LOGIN "DELE 1\r\nDELE 1\r\nRETR 1\r\nLIST 1\r\nSTAT\r\nLIST\r\nRSET\r\nSTAT\r\n",
      LOGGED_IN
      "+OK Deleted at QUIT.\r\n-ERR The message is deleted.\r\n-ERR The message is deleted.\r\n"
      "-ERR The message is deleted.\r\n+OK 4 600105\r\n+OK The list follows.\r\n2 31\r\n3 28\r\n4 600000\r\n"
      "5 46\r\n.\r\n+OK Nothing is deleted.\r\n+OK 5 600166\r\n" },
    { "French", "LANG\r\nLANG fr-CA\r\nNOOP\r\nLANG de\r\nLANG *\r\nSTAT\r\n",
      GREETING "+OK Languages follow.\r\nen English\r\nfr Fran\xc3\xa7"
               "ais\r\n.\r\n"
               "+OK fr Je parle fran\xc3\xa7"
               "ais maintenant.\r\n"
               "-ERR Cette commande est impossible maintenant.\r\n-ERR Je ne parle pas cette langue.\r\n"
               "+OK en I speak English now.\r\n-ERR This command is not possible now.\r\n" },
    { "control bytes", "NOOP\x01\r\nUSER a\tb\r\n",
      GREETING "-ERR A command has no control characters.\r\n-ERR A command has no control characters.\r\n" },
    { "QUIT before login", "QUIT\r\nNOOP\r\n", GREETING "+OK Good bye.\r\n" },
    { "arguments that do not belong", LOGIN "STAT 1\r\nNOOP x\r\nRSET 1\r\nQUIT now\r\nCAPA x\r\n",
      LOGGED_IN
      "-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n-ERR Wrong argument.\r\n"
      "-ERR Wrong argument.\r\n" },
};

static void expect_output(const char *what, const char *expected)
{
    char *text = buf_text(&fake.output);

    if (strcmp(text, expected) != 0)
        fail_msg("%s:\n%s\n--- expected:\n%s", what, text, expected);
}

static void test_conversations(void **state)
{
    static const size_t steps[] = { SIZE_MAX, 1, 7 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(conversations); i++)
        for (size_t j = 0; j < COUNT_OF(steps); j++) {
            fake_open();
            fake_feed(span_text(conversations[i].sent), steps[j]);
            expect_output(conversations[i].what, conversations[i].answer);
            fake_close();
        }
}

static void test_nothing_in_clear(void **state)
{
    (void)state;
    fake_open();
    fake.may_login = false;
    fake_feed(span_text("CAPA\r\nUSER ada@example.org\r\nPASS x\r\nAUTH PLAIN\r\nSTLS\r\nUSER injected\r\n"),
              SIZE_MAX);
    fake_feed(span_text("PASS secret\r\nSTLS\r\nCAPA\r\n"), SIZE_MAX);
    expect_output(
        "TLS first", GREETING
        "+OK Capabilities follow.\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
        "EXPIRE NEVER\r\nUTF8 USER\r\nLANG\r\nIMPLEMENTATION Chappe\r\nSTLS\r\nSASL SCRAM-SHA-256\r\n.\r\n"
        "-ERR Use STLS first: this connection is not encrypted.\r\n"
        "-ERR Use STLS first: this connection is not encrypted.\r\n"
        "-ERR Use STLS first: this connection is not encrypted.\r\n+OK Begin TLS.\r\n"
        "-ERR Give USER first.\r\n-ERR TLS is on already.\r\n+OK Capabilities follow.\r\nTOP\r\nUIDL\r\n"
        "RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\nUTF8 USER\r\nLANG\r\n"
        "IMPLEMENTATION Chappe\r\nUSER\r\nSASL SCRAM-SHA-256 PLAIN\r\n.\r\n");
    fake_close();
}

static void test_quit_removes_and_marks(void **state)
{
    (void)state;
    fake_open();
    fake_feed(span_text(LOGIN "RETR 1\r\nRETR 2\r\nRETR 3\r\nDELE 3\r\nDELE 5\r\nQUIT\r\n"), SIZE_MAX);
    assert_true(fake.is_closed);
    assert_string_equal(fake.expunged, "7 9");
    assert_string_equal(fake.seen, "3"); /* 2 was seen already, 3 is gone */
    fake_close();
}

static void test_cut_removes_nothing(void **state)
{
    (void)state;
    fake_open();
    fake_feed(span_text(LOGIN "RETR 1\r\nDELE 3\r\nDELE 5\r\n"), SIZE_MAX);
    fake_close();
    assert_string_equal(fake.expunged, "");
    assert_string_equal(fake.seen, "");
}

static void test_failed_update_says_so(void **state)
{
    static const enum err_kind kinds[] = { ERR_BUSY, ERR_UNKNOWN, ERR_INTERNAL };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        fake_open();
        fake.expunge_fails = kinds[i];
        fake_feed(span_text(LOGIN "DELE 1\r\nQUIT\r\n"), SIZE_MAX);
        expect_output("an update that failed", LOGGED_IN
                      "+OK Deleted at QUIT.\r\n-ERR [SYS/TEMP] Some deleted messages were not removed.\r\n");
        assert_true(fake.is_closed);
        fake_close();
    }
}

static void test_one_session_a_maildrop(void **state)
{
    struct pop3_maildrop *first, *second;
    struct identity identity = { .mailbox = { 1, 1, 1 } };
    struct err err = ERR_INIT;

    (void)state;
    fake_open();
    assert_true(pop3_maildrop_open(&fake.context, &identity, &fake, &first, &err));
    assert_false(pop3_maildrop_open(&fake.context, &identity, &fake, &second, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    fake_feed(span_text(LOGIN), SIZE_MAX);
    expect_output("in use", GREETING
                  "+OK Send your password.\r\n-ERR [IN-USE] Another session has this mailbox open.\r\n");
    identity.mailbox.mailbox_id = 6;
    assert_true(pop3_maildrop_open(&fake.context, &identity, &fake, &second, &err));
    pop3_maildrop_close(&second);
    pop3_maildrop_close(&first);
    fake_feed(span_text(LOGIN), SIZE_MAX);
    assert_true(fake.is_authenticated);
    fake_close();
}

static void test_large_message_in_pieces(void **state)
{
    struct span out;
    size_t lines = (FAKE_LARGE - 18 + 61) / 62;
    bool at_line_start = true;
    struct buf expected = BUF_INIT(NULL);

    (void)state;
    fake_open();
    fake_feed(span_text("USER ada@example.org\r\nPASS secret\r\n"), SIZE_MAX);
    buf_clear(&fake.output);
    fake_feed(span_text("RETR 4\r\n"), SIZE_MAX);
    assert_true(fake.yields >= 1);
    buf_add_text(&expected, "+OK 600000 octets\r\n");
    pop3_add_stuffed(&expected, fake_messages[3], &at_line_start);
    buf_add_text(&expected, at_line_start ? ".\r\n" : "\r\n.\r\n");
    out = buf_span(&fake.output);
    assert_int_equal(span_length(out), expected.length);
    assert_memory_equal(out.p, expected.p, expected.length);
    assert_true(span_length(out) >= FAKE_LARGE + lines); /* each line starts with a dot */
    buf_clear(&fake.output);
    fake_feed(span_text("TOP 4 9000\r\n"), SIZE_MAX);
    assert_int_equal(fake.output.length, 26 + 18 + 9000 * 63 + 3);
    talloc_free(expected.p);
    fake_close();
}

static void test_long_lines(void **state)
{
    char *line = talloc_strdup(NULL, "USER ");

    (void)state;
    for (int i = 0; i < 60; i++)
        line = talloc_strdup_append(line, "0123456789");
    fake_open();
    fake_feed(span_text(line), 100);
    fake_feed(span_text("\r\nQUIT\r\n"), 1);
    expect_output("a line of 600 bytes", GREETING "-ERR The line is too long.\r\n+OK Good bye.\r\n");
    fake_close();
    fake_open();
    for (int i = 0; i < 5000 && !fake.is_closed; i++)
        fake_feed(span_text(line), SIZE_MAX); /* and without an end */
    assert_true(fake.is_closed);
    fake_close();
    talloc_free(line);
}

static void test_too_many_errors(void **state)
{
    (void)state;
    fake_open();
    for (int i = 0; i < 100 && !fake.is_closed; i++)
        fake_feed(span_text("NONSENSE\r\n"), SIZE_MAX);
    assert_true(fake.is_closed);
    assert_non_null(strstr(buf_text(&fake.output), "-ERR Too many errors.\r\n"));
    fake_close();
}

static void test_wrong_logins_are_held_back(void **state)
{
    (void)state;
    fake_open();
    fake_feed(span_text("USER ada@example.org\r\nPASS wrong\r\n"), SIZE_MAX);
    assert_int_equal(fake.delayed_ms, 2000);
    fake_close();
}

static void test_session_ends_with_its_account(void **state)
{
    (void)state;
    fake_open();
    fake_feed(span_text(LOGIN), SIZE_MAX);
    fake_login_ends = ERR_AUTH;
    ((struct pop3_session *)fake.state)->checked_us -= INT64_C(61) * 1000 * 1000;
    fake_feed(span_text("LIST\r\n"), SIZE_MAX);
    expect_output("changed", LOGGED_IN "-ERR [AUTH] The account was changed; log in again.\r\n");
    assert_true(fake.is_closed);
    fake_close();
    fake_open();
    fake_feed(span_text(LOGIN), SIZE_MAX);
    fake_login_ends = ERR_BUSY; /* not known now: it goes on */
    ((struct pop3_session *)fake.state)->checked_us -= INT64_C(61) * 1000 * 1000;
    fake_feed(span_text("LIST 1\r\n"), SIZE_MAX);
    expect_output("not known", LOGGED_IN "+OK 1 61\r\n");
    fake_close();
}

static void test_texts_are_whole(void **state)
{
    (void)state;
    for (int language = 0; language < POP3_LANGUAGES; language++)
        for (int text = 0; text < POP3_TEXTS; text++) {
            const char *words = pop3_text((enum pop3_language)language, (enum pop3_text)text);
            assert_non_null(words);
            assert_true(strlen(words) > 3 && strlen(words) < 400);
            assert_null(strpbrk(words, "\r\n[]"));
        }
}

static void test_international_addresses(void **state)
{
    static const struct {
        const char *what, *header;
        bool is;
    } rows[] = {
        { "plain", "From: a@b\r\n\r\n", false },
        { "8-bit subject", "Subject: caf\xe9\r\nFrom: a@b\r\n\r\n", false },
        { "8-bit display name", "From: J\xc3\xb6rg <a@b>\r\n\r\n", false },
        { "8-bit quoted name with @", "From: \"J\xc3\xb6rg @ home\" <a@b>\r\n\r\n", false },
        { "local part", "To: x, j\xc3\xb6rg@b\r\n\r\n", true },
        { "domain", "Cc: <a@b\xc3\xbc.example>\r\n\r\n", true },
        { "on a continuation line", "To: a@b,\r\n \xc3\xbc@b\r\n\r\n", true },
        { "in the body", "To: a@b\r\n\r\nTo: \xc3\xbc@b\r\n", false },
        { "header without end", "To: \xc3\xbc@b", true },
        { "nothing", "", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (pop3_has_international_address(span_text(rows[i].header)) != rows[i].is)
            fail_msg("%s", rows[i].what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_nothing_in_clear),
        cmocka_unit_test(test_quit_removes_and_marks),
        cmocka_unit_test(test_cut_removes_nothing),
        cmocka_unit_test(test_failed_update_says_so),
        cmocka_unit_test(test_one_session_a_maildrop),
        cmocka_unit_test(test_large_message_in_pieces),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_too_many_errors),
        cmocka_unit_test(test_wrong_logins_are_held_back),
        cmocka_unit_test(test_session_ends_with_its_account),
        cmocka_unit_test(test_texts_are_whole),
        cmocka_unit_test(test_international_addresses),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
