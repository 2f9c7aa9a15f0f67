/* test_attachments.c -- the walk through attachments: each message is read once, readers may come and go, and the search finds what they said. */
#include "db/statement.h"
#include "kit/store.h"
#include "mailbox/attachments.h"
#include "mailbox/filing.h"
#include "mailbox/search.h"
#include "mailbox/verify_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <talloc.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

enum { ADA = 1, BOB = 2, EVE = 3, ZOE = 4, DOCUMENT_MAX = 500000 };
static struct kit_store *store;

/* A reader that says what the document is made of, in another case; some words make it misbehave. */
struct reader {
    unsigned readings;
    bool is_away, dies;
};

static int kind_of(struct span type, struct span subtype, const char *file_name)
{
    (void)type;
    return span_equals_nocase(subtype, "octet-stream") && file_name && strstr(file_name, ".doc") ? 7 : 0;
}

static bool is_there(void *context)
{
    return !((const struct reader *)context)->is_away;
}

static bool goes_on(void *context)
{
    (void)context;
    return true;
}

static bool read_one(void *context, int kind, struct span bytes, struct buf *text, const char **reason_out,
                     struct err *err)
{
    struct reader *reader = context;

    assert_int_equal(kind, 7);
    reader->readings++;
    if (reader->dies)
        return err_set(err, ERR_BUSY, "died");
    buf_add_span(text, bytes);
    *reason_out = span_starts_nocase(bytes, "broken") ? "damaged" : NULL;
    return true;
}

static int64_t file(int64_t mailbox_id, const char *subject, const char *document)
{
    void *arena = talloc_new(NULL);
    struct buf mail = BUF_INIT(arena);
    struct filing_target target = { .mailbox_id = mailbox_id };
    struct filing filing = { .targets = &target, .target_count = 1 };
    struct filing_batch batch = { .filings = &filing, .count = 1 };
    struct err err;
    struct db *db;

    buf_add_format(&mail, "From: a@example.org\r\nSubject: %s\r\nMIME-Version: 1.0\r\n", subject);
    buf_add_text(
        &mail,
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nletter\r\n--b\r\n"
        "Content-Type: Application/Octet-Stream\r\nContent-Disposition: attachment; filename=\"a.doc\"\r\n\r\n");
    buf_add_text(&mail, document);
    buf_add_text(&mail, "\r\n--b--\r\n");
    filing.draft = message_prepare(arena, buf_span(&mail));
    if (!filing.draft->pieces)
        OK(filing_stage(store->group, filing.draft, &filing.staged_message_id, &err));
    OK(group_acquire(store->group, DB_INTERACTIVE, &db, &err));
    OK(filing_run(store->group, db, arena, &batch, &err));
    db_release(&db);
    assert_true(target.is_filed);
    talloc_free(arena);
    return target.item_id;
}

static bool walk(struct reader *reader, struct err *err)
{
    const struct attachment_reader how = { reader, DOCUMENT_MAX, kind_of, is_there, read_one, goes_on };
    size_t done;

    *err = ERR_INIT;
    do {
        if (!mailbox_index_step(store->group, 1000, &done, err))
            return false;
    } while (done > 0);
    do {
        if (!attachments_step(store->group, &how, &done, err))
            return false;
    } while (done > 0);
    return true;
}

static bool finds(int64_t mailbox_id, int64_t item_id, enum search_where where, const char *needle)
{
    void *arena = talloc_new(NULL);
    const struct search_key key = { .where = where, .needle = span_text(needle), .begins_word = true };
    struct search_known *known;
    struct err err;

    OK(mailbox_search_known(store->group, arena, mailbox_id, &key, 1, &known, &err));
    OK(mailbox_search_attached(store->group, mailbox_id, &key, 1, 0, known, &err));
    bool found = search_known_ask(known, 0, 0, 1, item_id) == SEARCH_YES;
    talloc_free(arena);
    return found;
}

static void what_attachments_say_is_found(void **state)
{
    struct reader reader = { .readings = 0 };
    void *arena = talloc_new(NULL);
    const struct search_key exact = { .where = SEARCH_TEXT, .needle = span_text("cre") };
    struct search_uids found;
    int64_t before, after;
    struct span text;
    struct err err;

    (void)state;
    int64_t item = file(ADA, "one", "Two Cr\xc3\xaapes and a pan_cake"),
            other = file(ADA, "two", "broken words");
    OK(attachments_progress(store->group, ADA, &before, &err));
    assert_false(finds(ADA, item, SEARCH_TEXT, "crepes"));
    OK(walk(&reader, &err));
    OK(attachments_progress(store->group, ADA, &after, &err));
    assert_true(after > before);
    assert_int_equal(reader.readings, 2);
    assert_true(finds(ADA, item, SEARCH_TEXT, "crepes") && finds(ADA, item, SEARCH_BODY, "CR\xc3\x8aP"));
    assert_true(finds(ADA, item, SEARCH_TEXT, "crepes and a") && finds(ADA, item, SEARCH_TEXT, "pan_cake"));
    assert_false(finds(ADA, item, SEARCH_TEXT, "crepes a") || finds(ADA, item, SEARCH_TEXT, "repes"));
    assert_false(finds(ADA, other, SEARCH_TEXT, "crepes") || finds(BOB, item, SEARCH_TEXT, "crepes"));
    assert_true(finds(ADA, other, SEARCH_TEXT, "words")); /* what was read of it before it broke */
    OK(mailbox_search(store->group, arena,
                      kit_store_number(store, "SELECT folder_id FROM folder WHERE mailbox_id = $1", ADA),
                      NULL, &exact, 1, 0, &found, &err));
    assert_int_equal(found.count, 0); /* IMAP looks at the message itself */
    OK(attachments_text(store->group, arena,
                        kit_store_number(store, "SELECT message_id FROM item WHERE item_id = $1", item),
                        &text, &err));
    assert_true(span_equals_text(text, "Two Cr\xc3\xaapes and a pan_cake\n"));

    int64_t copy =
        file(BOB, "one", "Two Cr\xc3\xaapes and a pan_cake"); /* the same bytes: the same message */
    OK(walk(&reader, &err));
    assert_int_equal(reader.readings, 2);
    assert_true(finds(BOB, copy, SEARCH_TEXT, "crepes"));
    OK(mailbox_index_drop(store->group, ADA, &err));
    assert_false(finds(ADA, item, SEARCH_TEXT, "crepes"));
    assert_true(finds(BOB, copy, SEARCH_TEXT, "crepes"));
    OK(walk(&reader, &err));
    assert_true(finds(ADA, item, SEARCH_TEXT, "crepes"));
    assert_int_equal(reader.readings, 2);
    talloc_free(arena);
}

static void readers_come_and_go(void **state)
{
    struct reader reader = { .is_away = true };
    struct err err;

    (void)state;
    int64_t deadly = file(EVE, "deadly", "poison"), behind = file(EVE, "behind", "sugar");
    for (int i = 0; i < 5; i++) { /* waiting is no try */
        assert_false(walk(&reader, &err));
        assert_int_equal(err.kind, ERR_BUSY);
    }
    reader = (struct reader){ .dies = true };
    for (unsigned i = 1; i <= ATTACHMENTS_TRIES; i++) {
        assert_false(walk(&reader, &err));
        assert_int_equal(reader.readings, i);
    }
    reader.dies = false;
    OK(walk(&reader, &err)); /* the first is given up, the second read */
    assert_int_equal(reader.readings, ATTACHMENTS_TRIES + 1);
    assert_false(finds(EVE, deadly, SEARCH_TEXT, "poison"));
    assert_true(finds(EVE, behind, SEARCH_TEXT, "sugar"));
    OK(walk(&reader, &err));
    assert_int_equal(reader.readings, ATTACHMENTS_TRIES + 1);
    assert_int_equal(
        kit_store_number(store, "SELECT count(*) FROM attachment_text WHERE reasons = 'given-up' AND $1 = $1",
                         1),
        1);
}

/* More words than the index keeps; and a document that is too large. */
static void large_ones(void **state)
{
    struct reader reader = { .readings = 0 };
    void *arena = talloc_new(NULL);
    struct buf words = BUF_INIT(arena), huge = BUF_INIT(arena);
    struct err err;

    (void)state;
    for (int i = 0; i < 30000; i++)
        buf_add_format(&words, "word%d%s", i, i % 8 ? " " : "\r\n");
    while (huge.length <= DOCUMENT_MAX)
        buf_add_text(&huge, "huge words\r\n");
    int64_t crowded = file(ZOE, "crowd", buf_text(&words)), large = file(ZOE, "large", buf_text(&huge));
    OK(walk(&reader, &err));
    assert_int_equal(reader.readings, 1);
    assert_true(finds(ZOE, crowded, SEARCH_TEXT, "word29999") &&
                finds(ZOE, crowded, SEARCH_TEXT, "word17 word18"));
    assert_false(finds(ZOE, crowded, SEARCH_TEXT, "word30000") || finds(ZOE, large, SEARCH_TEXT, "huge"));
    assert_int_equal(
        kit_store_number(store, "SELECT count(*) FROM attachment_text WHERE reasons = 'large' AND $1 = $1",
                         1),
        1);
    talloc_free(arena);
}

static void change(const char *sql)
{
    struct err err;
    struct db *db;

    OK(group_acquire(store->group, DB_INTERACTIVE, &db, &err));
    OK(db_exec(db, sql, DB_NO_ARGS, NULL, &err));
    db_release(&db);
}

static void note(void *arg, const struct verify_finding *finding)
{
    buf_add_format(arg, "%s ", finding->what);
}

static char *verify(void *arena, bool may_repair)
{
    struct buf said = BUF_INIT(arena);
    struct verify_totals totals;
    struct err err;

    OK(verify_messages(store->group,
                       &(struct verify_options){ .may_repair = may_repair, .found = note, .arg = &said },
                       &totals, &err));
    return buf_text(&said);
}

static void verify_finds_what_is_damaged(void **state)
{
    struct reader reader = { .readings = 0 };
    void *arena = talloc_new(NULL);
    struct err err;

    (void)state;
    int64_t item = file(ADA, "three", "mended pottery");
    OK(walk(&reader, &err));
    assert_string_equal(verify(arena, false), "");
    change(
        "UPDATE attachment_text SET raw_bytes = 5 WHERE message_id = (SELECT max(message_id) FROM attachment_text)");
    assert_string_equal(verify(arena, false), "attachment-text ");
    assert_string_equal(verify(arena, true), "attachment-text ");
    assert_false(finds(ADA, item, SEARCH_TEXT, "pottery"));
    OK(walk(&reader, &err));
    assert_int_equal(reader.readings, 2);
    assert_true(finds(ADA, item, SEARCH_TEXT, "pottery"));
    change("DELETE FROM search_attachment WHERE item_id = (SELECT max(item_id) FROM search_attachment)");
    assert_string_equal(verify(arena, true), "attachment-words ");
    OK(walk(&reader, &err));
    assert_true(finds(ADA, item, SEARCH_TEXT, "pottery"));
    assert_int_equal(reader.readings, 2);
    assert_string_equal(verify(arena, false), "");
    talloc_free(arena);
}

static int open_store(void **state)
{
    *state = talloc_new(NULL);
    store = kit_store_open(*state);
    for (int64_t id = ADA; id <= ZOE; id++)
        kit_store_mailbox(store, id, 0, 0);
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
        cmocka_unit_test(what_attachments_say_is_found),
        cmocka_unit_test(readers_come_and_go),
        cmocka_unit_test(large_ones),
        cmocka_unit_test(verify_finds_what_is_damaged),
    };

    return cmocka_run_group_tests(tests, open_store, close_store);
}
