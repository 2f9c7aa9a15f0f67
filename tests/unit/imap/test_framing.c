/* test_framing.c -- where a command ends, however the network cuts it. */
#include "imap/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *what;
    enum imap_framing_mode mode;
    const char *text;
    enum imap_framed framed;
    size_t length; /* of the unit */
} units[] = {
    { "a line", FRAMING_BEFORE_LOGIN, "a NOOP\r\nb", FRAMED_UNIT, 8 },
    { "a bare LF ends it too, for the parser to refuse", FRAMING_COMMANDS, "a NOOP\nb", FRAMED_UNIT, 7 },
    { "no line end yet", FRAMING_COMMANDS, "a NOOP", FRAMED_MORE, 0 },
    { "a literal is asked for", FRAMING_BEFORE_LOGIN, "a LOGIN {3}\r\n", FRAMED_ASK, 0 },
    { "a non-synchronising one is waited for", FRAMING_BEFORE_LOGIN, "a LOGIN {3+}\r\nad", FRAMED_MORE, 0 },
    { "with it the command goes on", FRAMING_BEFORE_LOGIN, "a LOGIN {3+}\r\nada x\r\n", FRAMED_UNIT, 21 },
    { "a line end inside a literal ends nothing", FRAMING_COMMANDS, "a X {4+}\r\n\r\n\r\n y\r\n", FRAMED_UNIT,
      18 },
    { "too large before login", FRAMING_BEFORE_LOGIN, "a LOGIN {8193}\r\n", FRAMED_REFUSE, 16 },
    { "as large as allowed before login", FRAMING_BEFORE_LOGIN, "a LOGIN {8192}\r\n", FRAMED_ASK, 0 },
    { "2^32-1", FRAMING_COMMANDS, "a LOGIN {4294967295}\r\n", FRAMED_REFUSE, 22 },
    { "beyond 64 bits", FRAMING_COMMANDS, "a X {99999999999999999999}\r\n", FRAMED_REFUSE, 28 },
    { "negative", FRAMING_BEFORE_LOGIN, "a LOGIN {-1}\r\n", FRAMED_REFUSE, 14 },
    { "too large and on its way", FRAMING_COMMANDS, "a X {2147483647+}\r\n", FRAMED_CLOSE, 19 },
    { "braces that are no literal", FRAMING_COMMANDS, "a X {abc}\r\n", FRAMED_UNIT, 11 },
    { "no digits", FRAMING_COMMANDS, "a X {}\r\n", FRAMED_UNIT, 8 },
    { "APPEND's message is streamed", FRAMING_COMMANDS, "a APPEND INBOX {300}\r\nxx", FRAMED_STREAM, 22 },
    { "of any size", FRAMING_COMMANDS, "a APPEND INBOX (\\Seen) {30000000}\r\n", FRAMED_STREAM, 35 },
    { "literal8 too", FRAMING_COMMANDS, "a append INBOX ~{300+}\r\n", FRAMED_STREAM, 24 },
    { "its folder's name is not", FRAMING_COMMANDS, "a APPEND {5}\r\n", FRAMED_ASK, 0 },
    { "the message after such a name", FRAMING_COMMANDS, "a APPEND {5+}\r\nINBOX {300}\r\n", FRAMED_STREAM,
      28 },
    { "a URL of CATENATE is not streamed", FRAMING_COMMANDS, "a APPEND x CATENATE (URL {5}\r\n", FRAMED_ASK,
      0 },
    { "a TEXT is", FRAMING_COMMANDS, "a APPEND x CATENATE (TEXT {5}\r\n", FRAMED_STREAM, 31 },
    { "REPLACE", FRAMING_COMMANDS, "a UID REPLACE 4 Drafts {9}\r\n", FRAMED_STREAM, 28 },
    { "REPLACE with its folder as a literal", FRAMING_COMMANDS, "a REPLACE 4 {6}\r\n", FRAMED_ASK, 0 },
    { "nothing is streamed before login", FRAMING_BEFORE_LOGIN, "a APPEND INBOX {300}\r\n", FRAMED_ASK, 0 },
    { "the next message of a MULTIAPPEND", FRAMING_CONTINUATION, " (\\Seen) {12}\r\n", FRAMED_STREAM, 15 },
    { "the end of an APPEND", FRAMING_CONTINUATION, "\r\n", FRAMED_UNIT, 2 },
    { "lines of SASL have no literals", FRAMING_LINES, "{12}\r\n", FRAMED_UNIT, 6 },
};

static void units_end_where_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        struct imap_framing framing = { 0 };
        size_t length = 0;

        print_message("  %s\n", units[i].what);
        assert_int_equal(imap_frame(&framing, units[i].mode, span_text(units[i].text), &length),
                         units[i].framed);
        if (units[i].length)
            assert_int_equal(length, units[i].length);
    }
}

/* However it is cut, the same unit comes out, and each literal is asked for once. */
static void the_cut_does_not_matter(void **state)
{
    static const char text[] = "a LOGIN {3}\r\nada {6}\r\nsecret\r\n";
    struct imap_framing framing = { 0 };
    unsigned asked = 0;
    size_t length = 0;

    (void)state;
    for (size_t available = 1; available <= strlen(text); available++) {
        enum imap_framed framed =
            imap_frame(&framing, FRAMING_BEFORE_LOGIN, span_of(text, available), &length);

        asked += framed == FRAMED_ASK;
        assert_int_equal(framed == FRAMED_UNIT, available == strlen(text));
    }
    assert_int_equal(asked, 2);
    assert_int_equal(length, strlen(text));
}

static void many_literals_are_bounded_together(void **state)
{
    static char text[IMAP_UNIT_MAX + 100];
    struct imap_framing framing = { 0 };
    size_t used = 0, length;
    enum imap_framed framed = FRAMED_MORE;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "a SEARCH ", 9);
    used = 9;
    while (used < sizeof text - 60020) {
        memcpy(text + used, "{60000+}\r\n", 10);
        used += 10 + 60000;
        framed = imap_frame(&framing, FRAMING_COMMANDS, span_of(text, used), &length);
        if (framed != FRAMED_MORE)
            break;
    }
    memcpy(text + used, "{60000+}\r\n", 10);
    assert_int_equal(imap_frame(&framing, FRAMING_COMMANDS, span_of(text, used + 10), &length), FRAMED_CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_end_where_they_should),
        cmocka_unit_test(the_cut_does_not_matter),
        cmocka_unit_test(many_literals_are_bounded_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
