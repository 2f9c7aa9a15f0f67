/* test_session.c -- whole sessions, cut in every way: the answers must not depend on the network or on how fast the
 * client reads. */
#include "fake/fake_session.h"
#include "fake/fake_storage.h"

#include "base/clock.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char everything[] =
    "a CAPABILITY\r\nb LOGIN {15}\r\nada@example.org {5+}\r\nright\r\nc SELECT INBOX\r\n"
    "d FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY EMAILID THREADID SAVEDATE PREVIEW)\r\n"
    "e FETCH 1:* (BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]<1.4> BODY.PEEK[1] BODY.PEEK[HEADER.FIELDS (Subject)])\r\n"
    "f FETCH 2 (BINARY.PEEK[2] BINARY.SIZE[2] BINARY.PEEK[2]<1.2> BODY.PEEK[3.HEADER] BODY.PEEK[3.1.MIME])\r\n"
    "g FETCH 3 BINARY.PEEK[1]\r\nh STORE 1:* +FLAGS (\\Flagged $Work)\r\ni UID STORE 2 FLAGS.SILENT (\\Deleted)\r\n"
    "j COPY 1:3 Archive\r\nk EXPUNGE\r\nl FETCH 1 RFC822\r\nm APPEND INBOX (\\Seen) {12}\r\nSubject: x\r\n\r\n"
    "n UID MOVE 1 Archive\r\no STATUS Archive (MESSAGES UIDNEXT)\r\np LIST \"\" * RETURN (STATUS (MESSAGES))\r\n"
    "q IDLE\r\nDONE\r\nr CREATE New\r\ns RENAME New Newer\r\nt DELETE Newer\r\nu ENABLE QRESYNC\r\n"
    "v SELECT Archive (QRESYNC (12 1))\r\nw UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)\r\nx CLOSE\r\ny LOGOUT\r\n";

/* The whole conversation fed in pieces, the answers taken up again after so many bytes; under the test's memory. */
static char *converse(void *owner, const char *text, size_t step, size_t output_limit)
{
    char *output;

    fake_storage_open();
    fake_open(&imap_protocol);
    fake.output_limit = output_limit;
    fake_feed(span_text(text), step);
    output = talloc_zero_size(owner, fake.output.length + 1);
    for (size_t i = 0; i < fake.output.length; i++)
        output[i] = fake.output.p[i] ? fake.output.p[i] : '~'; /* a decoded part has NUL */
    fake_close();
    assert_int_equal(fake_storage.mailbox.references, 0);
    fake_storage_close();
    return output;
}

static void a_conversation_ends_well(void **state)
{
    void *owner = talloc_new(NULL);
    char *output = converse(owner, everything, SIZE_MAX, 0);

    (void)state;
    assert_non_null(strstr(output, "\r\nd OK FETCH done.\r\n"));
    assert_non_null(strstr(output, "\r\nf OK FETCH done.\r\n"));
    assert_non_null(strstr(output, "\r\ng NO [UNKNOWN-CTE] "));
    assert_non_null(strstr(output, "\r\nj OK [COPYUID 12 1:3 1:3] "));
    assert_non_null(strstr(output, "* 2 EXPUNGE\r\n* 2 RECENT\r\nk OK "));
    assert_non_null(strstr(output, "\r\nm OK [APPENDUID 11 4] "));
    assert_non_null(strstr(output, "\r\nw OK FETCH done.\r\n"));
    assert_non_null(strstr(output, "\r\ny OK LOGOUT done.\r\n"));
    assert_null(strstr(output, " BAD "));
    talloc_free(owner);
}

/* "+ OK" comes whenever the literal's head is complete, so it is left out of the comparison. */
static char *without_prompts(char *text)
{
    for (char *prompt; (prompt = strstr(text, "+ OK\r\n")) != NULL;)
        memmove(prompt, prompt + 6, strlen(prompt + 6) + 1);
    return text;
}

static void the_network_does_not_matter(void **state)
{
    void *owner = talloc_new(NULL);
    char *whole = without_prompts(converse(owner, everything, SIZE_MAX, 0));

    (void)state;
    for (size_t step = 1; step < 50; step++)
        assert_string_equal(without_prompts(converse(owner, everything, step, 0)), whole);
    talloc_free(owner);
}

static void a_slow_reader_gets_the_same(void **state)
{
    void *owner = talloc_new(NULL);
    char *whole = converse(owner, everything, SIZE_MAX, 0);

    (void)state;
    for (size_t limit = 1; limit < 200; limit += 3) {
        assert_string_equal(converse(owner, everything, SIZE_MAX, limit), whole);
        assert_true(limit > 100 || fake.turns > 10);
    }
    talloc_free(owner);
}

/* Whatever byte the connection ends after, nothing is left behind. */
static void a_cut_leaves_nothing(void **state)
{
    size_t length = strlen(everything);

    (void)state;
    for (size_t cut = 1; cut < length; cut += 3) {
        fake_storage_open();
        fake_open(&imap_protocol);
        fake_feed(span_of(everything, cut), SIZE_MAX);
        fake_close();
        assert_int_equal(fake_storage.mailbox.references, 0);
        fake_storage_close();
    }
}

static const struct {
    const char *what;
    enum err_kind kind;
    const char *code;
} troubles[] = {
    { "the database is down", ERR_BUSY, "NO [UNAVAILABLE]" },
    { "the outcome is unknown", ERR_UNKNOWN, "NO [UNAVAILABLE]" },
    { "our own fault", ERR_INTERNAL, "NO [SERVERBUG]" },
};

/* Every command says that the trouble is temporary, and the session goes on. */
static void trouble_is_said_to_be_temporary(void **state)
{
    static const char *const commands[] = {
        "SELECT INBOX",   "STATUS INBOX (MESSAGES)",   "LIST \"\" *",         "CREATE x",
        "DELETE Archive", "RENAME Archive y",          "SUBSCRIBE x",         "COPY 1 Archive",
        "MOVE 1 Archive", "FETCH 1 ENVELOPE",          "FETCH 1 BODY.PEEK[]", "STORE 1 +FLAGS (\\Seen)",
        "EXPUNGE",        "APPEND INBOX {3+}\r\nx\r\n"
    };

    (void)state;
    for (size_t t = 0; t < COUNT_OF(troubles); t++)
        for (size_t i = 0; i < COUNT_OF(commands); i++) {
            void *owner = talloc_new(NULL);

            print_message("  %s: %s\n", troubles[t].what, commands[i]);
            fake_storage_open();
            fake_open(&imap_protocol);
            fake_feed(span_text("a LOGIN ada@example.org x\r\nb SELECT INBOX\r\n"), SIZE_MAX);
            fake.output.length = 0;
            fake_storage.fails = troubles[t].kind;
            fake_feed(span_text(talloc_asprintf(owner, "c %s\r\n", commands[i])), SIZE_MAX);
            assert_non_null(strstr(buf_text(&fake.output), talloc_asprintf(owner, "c %s", troubles[t].code)));
            fake_storage.fails = ERR_NONE;
            fake_feed(span_text("d NOOP\r\n"), SIZE_MAX);
            assert_non_null(strstr(buf_text(&fake.output), "d OK "));
            fake_close();
            assert_int_equal(fake_storage.mailbox.references, 0);
            fake_storage_close();
            talloc_free(owner);
        }
}

/* Time flies: every look at the clock finds ten seconds gone. */
static int64_t seconds;
static bool is_hurried;

int64_t clock_monotonic_us(void)
{
    return (is_hurried ? (seconds += 10) : seconds) * US_PER_S;
}

static void a_long_command_says_that_it_goes_on(void **state)
{
    void *owner = talloc_new(NULL);
    char *output;

    (void)state;
    is_hurried = true;
    output =
        converse(owner,
                 "a LOGIN ada@example.org x\r\nb SELECT INBOX\r\nc COPY 1:3 INBOX\r\nc COPY 1:6 INBOX\r\n"
                 "c COPY 1:12 INBOX\r\nc COPY 1:24 INBOX\r\nc COPY 1:48 INBOX\r\nc COPY 1:96 INBOX\r\n"
                 "c COPY 1:192 INBOX\r\nd COPY 1:384 INBOX\r\n"
                 "e SEARCH SUBJECT one SUBJECT two\r\nf SORT (SUBJECT) UTF-8 ALL\r\n",
                 SIZE_MAX, 0);
    is_hurried = false;
    assert_non_null(strstr(output, "\r\nd OK "));
    assert_non_null(strstr(output, "* OK [INPROGRESS (\"e\" 512 768)] "));
    assert_non_null(strstr(output, "* OK [INPROGRESS (\"f\" 512 768)] "));
    seconds = 0;
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation_ends_well),
        cmocka_unit_test(the_network_does_not_matter),
        cmocka_unit_test(a_slow_reader_gets_the_same),
        cmocka_unit_test(a_cut_leaves_nothing),
        cmocka_unit_test(trouble_is_said_to_be_temporary),
        cmocka_unit_test(a_long_command_says_that_it_goes_on),
    };

    log_set_level(LOG_LEVEL_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
