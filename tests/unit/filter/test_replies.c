/* test_replies.c -- what scanners may answer, and what of it counts as an answer. */
#include "filter/clamd.h"
#include "filter/milter.h"
#include "filter/rspamd.h"
#include "filter/spamd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <talloc.h>

#include <cmocka.h>

static const struct {
    const char *what, *reply;
    bool ok;
    const char *virus;
} clamd_replies[] = {
    { "clean", "stream: OK", true, NULL },
    { "found", "stream: Win.Test.EICAR_HDB-1 FOUND", true, "Win.Test.EICAR_HDB-1" },
    { "a name with a space in it is one name", "stream: a b FOUND", true, "a?b" },
    { "nothing found by name", "stream:  FOUND", false, NULL },
    { "an error", "INSTREAM size limit exceeded. ERROR", false, NULL },
    { "an error of this stream", "stream: Can't allocate memory ERROR", false, NULL },
    { "cut", "stream: O", false, NULL },
    { "OK of something else", "OK", false, NULL },
    { "empty", "", false, NULL },
};

static void only_the_two_answers_of_clamd_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(clamd_replies); i++) {
        void *arena = talloc_new(NULL);
        struct err err = ERR_INIT;
        const char *virus;
        bool ok = clamd_reply_parse(arena, span_text(clamd_replies[i].reply), &virus, &err);

        if (ok != clamd_replies[i].ok)
            fail_msg("%s", clamd_replies[i].what);
        assert_int_equal(err.kind, ok ? ERR_NONE : ERR_INTERNAL);
        if (ok && clamd_replies[i].virus)
            assert_string_equal(virus, clamd_replies[i].virus);
        else if (ok)
            assert_null(virus);
        talloc_free(arena);
    }
}

struct scored_reply {
    const char *what, *reply;
    bool ok;
    enum rspamd_action action;
    double score;
    const char *symbols;
};

static void check_scored(const struct scored_reply *row,
                         bool (*parse)(const void *owner, struct span reply, struct rspamd_answer *answer_out,
                                       struct err *err))
{
    void *arena = talloc_new(NULL);
    struct rspamd_answer answer;
    struct err err = ERR_INIT;
    bool ok = parse(arena, span_text(row->reply), &answer, &err);

    if (ok != row->ok)
        fail_msg("%s: %s", row->what, err.log);
    if (ok) {
        assert_int_equal(answer.action, row->action);
        assert_true(fabs(answer.score - row->score) < 0.001);
        assert_string_equal(answer.symbols, row->symbols);
    }
    talloc_free(arena);
}

#define HEAD "HTTP/1.1 200 OK\r\nServer: rspamd\r\n\r\n"
static const struct scored_reply rspamd_replies[] = {
    { "ham", HEAD "{\"action\":\"no action\",\"score\":-1.5,\"required_score\":15,\"symbols\":{}}", true,
      RSPAMD_NONE, -1.5, "" },
    { "spam, with what it saw",
      HEAD "{\"action\":\"reject\",\"score\":15.0,\"symbols\":{\"GTUBE\":{\"score\":0}}}", true,
      RSPAMD_REJECT, 15, "GTUBE" },
    { "a header is asked for", HEAD "{\"action\":\"add header\",\"score\":7}", true, RSPAMD_JUNK, 7, "" },
    { "later", HEAD "{\"action\":\"soft reject\",\"score\":0}", true, RSPAMD_SOFT_REJECT, 0, "" },
    { "an action that we do not know", HEAD "{\"action\":\"explode\",\"score\":7}", false, 0, 0, "" },
    { "no action", HEAD "{\"score\":7}", false, 0, 0, "" },
    { "no score", HEAD "{\"action\":\"no action\"}", false, 0, 0, "" },
    { "a score in words", HEAD "{\"action\":\"no action\",\"score\":\"7\"}", false, 0, 0, "" },
    { "cut", HEAD "{\"action\":\"no action\",\"score\":7", false, 0, 0, "" },
    { "a list", HEAD "[]", false, 0, 0, "" },
    { "no body", HEAD, false, 0, 0, "" },
    { "a failure", "HTTP/1.1 500 error\r\n\r\n{\"action\":\"no action\",\"score\":0}", false, 0, 0, "" },
    { "no HTTP", "{\"action\":\"no action\",\"score\":0}", false, 0, 0, "" },
    { "no empty line", "HTTP/1.1 200 OK\r\nServer: rspamd\r\n", false, 0, 0, "" },
    { "a symbol that would break a line",
      HEAD "{\"action\":\"no action\",\"score\":0,\"symbols\":{\"a\\r\\nb\":1}}", true, RSPAMD_NONE, 0,
      "a??b" },
};

static void an_answer_of_rspamd_has_action_and_score(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rspamd_replies); i++)
        check_scored(&rspamd_replies[i], rspamd_reply_parse);
}

static const struct scored_reply spamd_replies[] = {
    { "spam", "SPAMD/1.1 0 EX_OK\r\nContent-length: 7\r\nSpam: True ; 1000.0 / 5.0\r\n\r\nGTUBE\r\n", true,
      RSPAMD_JUNK, 1000, "GTUBE" },
    { "ham", "SPAMD/1.1 0 EX_OK\r\nSpam: False ; -0.1 / 5.0\r\n\r\n", true, RSPAMD_NONE, -0.1, "" },
    { "its own failure", "SPAMD/1.1 76 EX_PROTOCOL\r\nSpam: False ; 0 / 5.0\r\n\r\n", false, 0, 0, "" },
    { "no verdict", "SPAMD/1.1 0 EX_OK\r\n\r\n", false, 0, 0, "" },
    { "neither nor", "SPAMD/1.1 0 EX_OK\r\nSpam: Maybe ; 1 / 5\r\n\r\n", false, 0, 0, "" },
    { "no number", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; - / 5\r\n\r\n", false, 0, 0, "" },
    { "cut", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 10", false, 0, 0, "" },
    { "empty", "", false, 0, 0, "" },
};

static void an_answer_of_spamd_has_verdict_and_score(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spamd_replies); i++)
        check_scored(&spamd_replies[i], spamd_reply_parse);
}

/* Packets of a milter, by their bytes. */
static const struct {
    const char *what, *bytes;
    size_t length;
    bool ok, is_end;
    enum milter_action action;
    const char *text;
    size_t edits;
} packets[] = {
    { "continue", "\0\0\0\1c", 5, true, false, MILTER_ACCEPT, NULL, 0 },
    { "accept", "\0\0\0\1a", 5, true, true, MILTER_ACCEPT, NULL, 0 },
    { "reject", "\0\0\0\1r", 5, true, true, MILTER_REFUSE, NULL, 0 },
    { "try later", "\0\0\0\1t", 5, true, true, MILTER_LATER, NULL, 0 },
    { "discard is set aside", "\0\0\0\1d", 5, true, true, MILTER_QUARANTINE, NULL, 0 },
    { "its own words", "\0\0\0\x0ey550 5.7.1 no\0", 18, true, true, MILTER_REFUSE, "no", 0 },
    { "words that put off", "\0\0\0\x0cy451 not now", 16, false, true, MILTER_ACCEPT, NULL, 0 },
    { "a code that is none", "\0\0\0\x08y250 ok\0", 12, false, true, MILTER_ACCEPT, NULL, 0 },
    { "a new field", "\0\0\0\5hA\0b\0", 9, true, false, MILTER_ACCEPT, NULL, 1 },
    { "a field that goes", "\0\0\0\x08m\0\0\0\2A\0\0", 12, true, false, MILTER_ACCEPT, NULL, 1 },
    { "a field without its end", "\0\0\0\4hA\0b", 8, false, false, MILTER_ACCEPT, NULL, 0 },
    { "a name that would break a line", "\0\0\0\7hA\r\n\0b\0", 11, false, false, MILTER_ACCEPT, NULL, 0 },
    { "a word that the protocol lacks", "\0\0\0\1Z", 5, false, false, MILTER_ACCEPT, NULL, 0 },
};

static void packets_of_a_milter_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(packets); i++) {
        struct milter_answer *answer = talloc_zero(NULL, struct milter_answer);
        struct span in = span_of(packets[i].bytes, packets[i].length);
        struct milter_packet packet;
        bool is_bad, is_end;

        if (!milter_take_packet(&in, &packet, &is_bad))
            fail_msg("%s: no packet", packets[i].what);
        if (milter_read(answer, &packet, answer, &is_end) != packets[i].ok)
            fail_msg("%s", packets[i].what);
        if (packets[i].ok) {
            assert_int_equal(is_end, packets[i].is_end);
            assert_int_equal(answer->action, packets[i].action);
            assert_int_equal(answer->edit_count, packets[i].edits);
            if (packets[i].text)
                assert_string_equal(answer->text, packets[i].text);
        }
        talloc_free(answer);
    }
}

static void a_packet_is_whole_bounded_and_not_empty(void **state)
{
    struct milter_packet packet;
    struct span in;
    bool is_bad;

    (void)state;
    in = span_of("\0\0\0", 3);
    assert_true(!milter_take_packet(&in, &packet, &is_bad) && !is_bad);
    in = span_of("\0\0\0\2c", 5);
    assert_true(!milter_take_packet(&in, &packet, &is_bad) && !is_bad);
    in = span_of("\0\0\0\0c", 5);
    assert_true(!milter_take_packet(&in, &packet, &is_bad) && is_bad);
    in = span_of("\x7f\xff\xff\xff"
                 "c",
                 5);
    assert_true(!milter_take_packet(&in, &packet, &is_bad) && is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_two_answers_of_clamd_count),
        cmocka_unit_test(an_answer_of_rspamd_has_action_and_score),
        cmocka_unit_test(an_answer_of_spamd_has_verdict_and_score),
        cmocka_unit_test(packets_of_a_milter_are_read_or_refused),
        cmocka_unit_test(a_packet_is_whole_bounded_and_not_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
