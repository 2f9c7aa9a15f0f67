/* test_search.c -- what is written in a message is found, indexed or not, and nothing else. */
#include "mailbox/search.h"

#include "base/clock.h"
#include "db/statement.h"
#include "kit/mail.h"
#include "kit/store.h"
#include "mailbox/filing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static struct kit_store *store;

static struct filing_target file(int64_t mailbox_id, struct span mail)
{
    void *arena = talloc_new(NULL);
    struct filing_target target = { .mailbox_id = mailbox_id };
    struct filing filing = { .draft = message_prepare(arena, mail), .targets = &target, .target_count = 1 };
    struct filing_batch batch = { .filings = &filing, .count = 1 };
    struct err err;
    struct db *db;

    if (!filing.draft->pieces)
        OK(filing_stage(store->group, filing.draft, &filing.staged_message_id, &err));
    OK(group_acquire(store->group, DB_INTERACTIVE, &db, &err));
    OK(filing_run(store->group, db, arena, &batch, &err));
    db_release(&db);
    assert_true(target.is_filed);
    talloc_free(arena);
    return target;
}

static int64_t inbox_of(int64_t mailbox_id)
{
    return kit_store_number(store, "SELECT folder_id FROM folder WHERE mailbox_id = $1", mailbox_id);
}

static const char *const letters[] = {
    /* 1 */
    "From: Ada <ada@example.org>\r\nSubject: =?utf-8?Q?D=C3=A9jeuner?= demain\r\nX-Mood: Cheerful\r\n\r\n"
    "Nous mangerons des cr\xc3\xaapes.\r\n",
    /* 2 */
    "From: bob@example.org\r\nSubject: lunch\r\nContent-Type: text/html\r\n\r\n"
    "<p>Pan<b>cakes</b> &amp; syrup</p><!-- hidden -->\r\n",
    /* 3 */
    "From: carol@example.org\r\nSubject: base\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nR2Vow6RpbW5pcw==\r\n",
    /* 4 */ "From: dave@example.org\r\nSubject: empty\r\n\r\n",
};

static const struct {
    const char *what;
    enum search_where where;
    const char *field, *needle;
    const char *found; /* digits of the UIDs */
} searches[] = {
    { "a word of a body", SEARCH_BODY, NULL, "mangerons", "1" },
    { "case and accents do not count", SEARCH_BODY, NULL, "CREPES", "1" },
    { "an accent in the needle neither", SEARCH_BODY, NULL, "m\xc3\xa4ngerons", "1" },
    { "BODY does not look at headers", SEARCH_BODY, NULL, "lunch", "" },
    { "TEXT does", SEARCH_TEXT, NULL, "lunch", "2" },
    { "part of a word", SEARCH_TEXT, NULL, "rep", "1" },
    { "HTML as a person reads it", SEARCH_BODY, NULL, "pancakes & syrup", "2" },
    { "not its comments", SEARCH_TEXT, NULL, "hidden", "" },
    { "base64", SEARCH_BODY, NULL, "geheimnis", "" },
    { "base64 with its umlaut", SEARCH_BODY, NULL, "gehaimnis", "3" },
    { "an encoded subject", SEARCH_HEADER, "Subject", "dejeuner", "1" },
    { "another field has it", SEARCH_HEADER, "From", "dejeuner", "" },
    { "any field", SEARCH_HEADER, "x-mood", "cheer", "1" },
    { "a field's name is no part of its value", SEARCH_HEADER, "x-mood", "mood", "" },
    { "a field that is there", SEARCH_HEADER, "content-type", "", "23" },
    { "a name that only ends so", SEARCH_HEADER, "mood", "", "" },
    { "everybody", SEARCH_TEXT, NULL, "example.org", "1234" },
    { "the empty text is everywhere", SEARCH_BODY, NULL, "", "1234" },
    { "nobody", SEARCH_TEXT, NULL, "zeppelin", "" },
};

static void search_all(int64_t folder_id)
{
    void *arena = talloc_new(NULL);
    struct search_key keys[COUNT_OF(searches)];
    struct search_uids found[COUNT_OF(searches)];
    struct err err;

    for (size_t i = 0; i < COUNT_OF(searches); i++)
        keys[i] = (struct search_key){ .where = searches[i].where,
                                       .field = span_text(searches[i].field),
                                       .needle = span_text(searches[i].needle) };
    OK(mailbox_search(store->group, arena, folder_id, NULL, keys, COUNT_OF(keys), 0, found, &err));
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        char digits[16] = "";
        print_message("  %s\n", searches[i].what);
        for (size_t k = 0; k < found[i].count; k++)
            digits[k] = (char)('0' + found[i].uids[k]);
        assert_string_equal(digits, searches[i].found);
    }
    talloc_free(arena);
}

static void index_everything(void)
{
    struct err err;
    size_t done;

    do {
        OK(mailbox_index_step(store->group, 1000, &done, &err));
    } while (done > 0);
    do {
        OK(mailbox_words_step(store->group, 1000, &done, &err));
    } while (done > 0);
}

static void what_is_written_is_found_before_and_after_indexing(void **state)
{
    struct err err;

    (void)state;
    kit_store_mailbox(store, 1, 0, 0);
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        file(1, span_text(letters[i]));
        if (i == 1)
            index_everything(); /* two are indexed, two are not */
    }
    search_all(inbox_of(1));
    index_everything();
    assert_int_equal(
        kit_store_number(store, "SELECT count(*) FROM search_text WHERE folder_id = $1", inbox_of(1)), 1);
    search_all(inbox_of(1));
    OK(mailbox_index_drop(store->group, 1, &err));
    search_all(inbox_of(1));
}

static size_t find(int64_t folder_id, const struct search_uids *among, const char *needle,
                   uint32_t *first_out)
{
    void *arena = talloc_new(NULL);
    const struct search_key key = { .where = SEARCH_BODY, .needle = span_text(needle) };
    struct search_uids found;
    struct err err;

    OK(mailbox_search(store->group, arena, folder_id, among, &key, 1, 0, &found, &err));
    for (size_t i = 1; i < found.count; i++)
        assert_true(found.uids[i - 1] < found.uids[i]);
    if (first_out)
        *first_out = found.count ? found.uids[0] : 0;
    size_t count = found.count;
    talloc_free(arena);
    return count;
}

/* With text that is indexed, and with text that is not. */
static void a_search_ends_with_its_time(void **state)
{
    void *arena = talloc_new(NULL);
    const struct search_key key = { .where = SEARCH_BODY, .needle = span_text("letter") };
    struct search_uids found;
    struct err err;

    (void)state;
    kit_store_mailbox(store, 4, 0, 0);
    file(4, kit_mail(arena, 1, 2000, NULL, NULL));
    for (int turn = 0; turn < 2; turn++) {
        err = ERR_INIT;
        assert_false(mailbox_search(store->group, arena, inbox_of(4), NULL, &key, 1, clock_monotonic_us(),
                                    &found, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
        OK(mailbox_search(store->group, arena, inbox_of(4), NULL, &key, 1,
                          clock_monotonic_us() + 60 * US_PER_S, &found, &err));
        assert_int_equal(found.count, 1);
        index_everything();
    }
    talloc_free(arena);
}

static void many_messages_fill_several_rows(void **state)
{
    void *arena = talloc_new(NULL);
    uint32_t first, wanted[] = { 3, 250, 350, 399, 5000 };
    const struct search_uids among = { .count = COUNT_OF(wanted), .uids = wanted };
    struct err err;
    size_t done;

    (void)state;
    kit_store_mailbox(store, 2, 0, 0);
    int64_t inbox = inbox_of(2);
    for (int i = 1; i <= 400; i++)
        file(2, kit_mail(arena, i, i == 300 ? 700000 : 6000, NULL, NULL));
    assert_int_equal(find(inbox, NULL, "line of letter 17 ", &first), 1); /* indexes, as much is missing */
    assert_int_equal(first, 17);
    assert_true(kit_store_number(store, "SELECT count(*) FROM search_text WHERE folder_id = $1", inbox) >= 4);
    for (int i = 401; i <= 420; i++) {
        file(2, kit_mail(arena, i, 1000, NULL, NULL));
        OK(mailbox_index_step(store->group, 1, &done, &err));
    }
    assert_true(kit_store_number(store, "SELECT count(*) FROM search_text WHERE folder_id = $1", inbox) <=
                10);
    file(2, kit_mail(arena, 421, 1000, NULL, NULL));
    assert_int_equal(find(inbox, NULL, "nobody will miss", &first), 421);
    assert_int_equal(find(inbox, &among, "nobody will miss", &first), 4);
    assert_int_equal(find(inbox, NULL, "line of letter 300 at 69", &first), 1);
    assert_int_equal(find(inbox, NULL, "line of letter 421 ", &first), 1);
    assert_int_equal(find(inbox, &among, "line of letter 350 ", &first), 1);
    assert_int_equal(find(inbox, &among, "line of letter 351 ", &first), 0);
    talloc_free(arena);
}

static void words_are_found_in_any_form_best_first(void **state)
{
    void *arena = talloc_new(NULL);
    struct search_hit *hits;
    struct err err;
    size_t count;

    (void)state;
    kit_store_mailbox(store, 3, 0, 0);
    file(3, span_text("From: a@b\r\nSubject: travel\r\n\r\nWe were running through the mountains.\r\n"));
    struct filing_target best = file(
        3, span_text("From: a@b\r\nSubject: Mountain of the year\r\n\r\nA mountain, mountains, run!\r\n"));
    file(3, span_text("From: a@b\r\nSubject: mer\r\n\r\nLes pr\xc3\xa9sentes sont pr\xc3\xa9par\xc3\xa9"
                      "es au bord de la mer.\r\n"));
    index_everything();
    OK(mailbox_search_words(store->group, arena, 3, span_text("run mountain"), 10, &hits, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(hits[0].item_id, best.item_id);
    assert_true(hits[0].rank > hits[1].rank);
    OK(mailbox_search_words(store->group, arena, 3, span_text("pr\xc3\xa9par\xc3\xa9"), 10, &hits, &count,
                            &err));
    assert_int_equal(count, 1);
    OK(mailbox_search_words(store->group, arena, 3, span_text("preparee"), 10, &hits, &count, &err));
    assert_int_equal(count, 1);
    OK(mailbox_search_words(store->group, arena, 2, span_text("pr\xc3\xa9par\xc3\xa9"), 10, &hits, &count,
                            &err));
    assert_int_equal(count, 0);
    talloc_free(arena);
}

/* ---- words as they stand */

static const char *const notes[] = {
    /* 1 */ "From: Ada Lovelace <ada@example.org>\r\nSubject: Budget 2031\r\nX-Mood: budgetary\r\n\r\n"
            "The budgeted sums, see report_final.pdf. It is so.\r\n",
    /* 2 */ "From: bob@example.org\r\nSubject: gadgets\r\n\r\nlow-budget final reports; isolated\r\n",
    /* 3 */
    "From: carol@example.net\r\nSubject: x\r\n\r\n\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd final  report\r\n",
    /* 4 */ "From: dave@example.net\r\nSubject: y\r\n\r\nunbudgeted is\r\n",
};

static const struct {
    const char *what;
    enum search_where where;
    const char *needle, *found;
} word_searches[] = {
    { "the beginning of a word", SEARCH_BODY, "budg", "12" },
    { "not its middle", SEARCH_BODY, "udget", "" },
    { "people and the subject", SEARCH_TEXT, "lovelace", "1" },
    { "other fields are not looked at", SEARCH_TEXT, "budgetary", "" },
    { "nor are the names of fields", SEARCH_TEXT, "subject", "" },
    { "the header is not the text", SEARCH_BODY, "gadgets", "" },
    { "two letters are a whole word", SEARCH_TEXT, "is", "14" },
    { "three may go on", SEARCH_TEXT, "iso", "2" },
    { "a phrase", SEARCH_BODY, "final report", "23" },
    { "its inner words are whole", SEARCH_BODY, "fin report", "" },
    { "signs between words", SEARCH_BODY, "report_final.pdf", "1" },
    { "an address", SEARCH_TEXT, "example.net", "34" },
    { "a part of it with its sign", SEARCH_TEXT, "@example.org", "12" },
    { "signs alone", SEARCH_BODY, ";", "2" },
    { "a number", SEARCH_TEXT, "2031", "1" },
    { "a script without spaces", SEARCH_BODY, "\xe4\xba\xac", "3" },
    { "some of its words", SEARCH_BODY, "\xe4\xba\xac\xe9\x83\xbd", "3" },
    { "in another order", SEARCH_BODY, "\xe9\x83\xbd\xe4\xba\xac", "" },
    { "nowhere", SEARCH_TEXT, "zeppelin", "" },
    { "quotes for the database", SEARCH_TEXT, "'\\ & | !", "" },
};

/* What the texts say, and the index: where it knows, it says the same. */
static size_t compare_answers(int64_t mailbox_id, const int64_t items[4])
{
    void *arena = talloc_new(NULL);
    struct search_key keys[COUNT_OF(word_searches)];
    struct search_uids found[COUNT_OF(word_searches)];
    struct search_known *known;
    size_t told = 0;
    struct err err;

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        keys[i] = (struct search_key){ .where = word_searches[i].where,
                                       .needle = span_text(word_searches[i].needle),
                                       .begins_word = true };
    OK(mailbox_search(store->group, arena, inbox_of(mailbox_id), NULL, keys, COUNT_OF(keys), 0, found, &err));
    OK(mailbox_search_known(store->group, arena, mailbox_id, keys, COUNT_OF(keys), &known, &err));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char digits[8] = "";
        print_message("  %s\n", word_searches[i].what);
        for (size_t k = 0; k < found[i].count; k++)
            digits[k] = (char)('0' + found[i].uids[k]);
        assert_string_equal(digits, word_searches[i].found);
        for (uint32_t uid = 1; uid <= 4; uid++) {
            enum search_answer answer = search_known_ask(known, i, inbox_of(mailbox_id), uid, items[uid - 1]);
            told += answer != SEARCH_UNKNOWN;
            if (answer != SEARCH_UNKNOWN)
                assert_int_equal(answer == SEARCH_YES, strchr(digits, (int)('0' + uid)) != NULL);
        }
    }
    talloc_free(arena);
    return told;
}

static void the_index_of_words_answers_as_the_texts_do(void **state)
{
    int64_t items[4];
    struct err err;

    (void)state;
    kit_store_mailbox(store, 5, 0, 0);
    for (size_t i = 0; i < COUNT_OF(notes); i++)
        items[i] = file(5, span_text(notes[i])).item_id;
    assert_int_equal(compare_answers(5, items), 0); /* nothing is known yet */
    index_everything();
    assert_true(compare_answers(5, items) > 4 * COUNT_OF(word_searches) - 20);
    OK(mailbox_index_drop(store->group, 5, &err));
    assert_int_equal(
        kit_store_number(store, "SELECT count(*) FROM search_lexeme WHERE item_id >= $1", items[0]), 0);
    assert_int_equal(compare_answers(5, items), 0);
}

/* So many words that the index keeps none of them. */
static void a_crowded_message_is_still_found(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf mail = BUF_INIT(arena);
    struct search_key key = { .where = SEARCH_BODY, .needle = span_text("word29999"), .begins_word = true };
    struct search_known *known;
    struct search_uids found;
    struct err err;

    (void)state;
    kit_store_mailbox(store, 6, 0, 0);
    buf_add_text(&mail, "Subject: crowd\r\n\r\n");
    for (int i = 0; i < 30000; i++)
        buf_add_format(&mail, "word%d%s", i, i % 8 ? " " : "\r\n");
    int64_t item = file(6, buf_span(&mail)).item_id;
    index_everything();
    OK(mailbox_search_known(store->group, arena, 6, &key, 1, &known, &err));
    assert_int_equal(search_known_ask(known, 0, inbox_of(6), 1, item), SEARCH_UNKNOWN);
    OK(mailbox_search(store->group, arena, inbox_of(6), NULL, &key, 1, 0, &found, &err));
    assert_int_equal(found.count, 1);
    talloc_free(arena);
}

static int open_store(void **state)
{
    *state = talloc_new(NULL);
    store = kit_store_open(*state);
    return 0;
}

static int close_store(void **state)
{
    kit_store_close(store);
    talloc_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_found_before_and_after_indexing),
        cmocka_unit_test(a_search_ends_with_its_time),
        cmocka_unit_test(many_messages_fill_several_rows),
        cmocka_unit_test(words_are_found_in_any_form_best_first),
        cmocka_unit_test(the_index_of_words_answers_as_the_texts_do),
        cmocka_unit_test(a_crowded_message_is_still_found),
    };

    return cmocka_run_group_tests(tests, open_store, close_store);
}
