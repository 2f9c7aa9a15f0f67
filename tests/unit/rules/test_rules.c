/* test_rules.c -- from a script in the store to copies in folders: found out, judged, filed, remembered. */
#include "base/wake.h"
#include "deliver/deliver.h"
#include "kit/store.h"
#include "mailbox/folder.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

enum { ADA = 1, BOB = 2 };

static struct kit_store *store;
static struct mailbox_cache *cache;
static struct deliver *deliver;
static struct rules *rules;
static void *arena;

static int open_world(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    arena = talloc_new(NULL);
    store = kit_store_open(arena);
    kit_store_mailbox(store, ADA, 0, 0);
    kit_store_mailbox(store, BOB, 0, 0);
    cache = mailbox_cache_open(&(struct mailbox_cache_options){ .bus = NULL });
    return deliver_open(arena, &(struct deliver_options){ .groups = store->groups }, &deliver, &err) ? 0 : -1;
}

static int close_world(void **state)
{
    (void)state;
    deliver_close(&deliver);
    mailbox_cache_close(&cache);
    kit_store_close(store);
    talloc_free(arena);
    return 0;
}

/* A process that knows nothing yet; both mailboxes are empty and without rules. */
static int begin(void **state)
{
    const struct rules_options options = { .groups = store->groups, .cache = cache, .programs_max = 8 };
    struct err err = ERR_INIT;

    (void)state;
    for (int64_t id = ADA; id <= BOB; id++) {
        if (!script_activate(store->group, id, NULL, &err))
            return -1;
        kit_store_exec(store, "DELETE FROM sieve_mark WHERE mailbox_id = $1", id);
        kit_store_exec(store, "UPDATE folder SET messages = 0 WHERE mailbox_id = $1", id);
    }
    return rules_open(arena, &options, &rules, &err) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rules_close(&rules);
    return 0;
}

static void set_script(int64_t mailbox_id, const char *script)
{
    struct err err = ERR_INIT;

    OK(script_put(store->group, mailbox_id, "main", span_text(script), NULL, &err));
    OK(script_activate(store->group, mailbox_id, "main", &err));
}

static int64_t messages_in(int64_t mailbox_id, const char *folder)
{
    struct mailbox_reader reader = { mailbox_id, mailbox_id, KIT_ORGANISATION_ID };
    struct mailbox *mailbox;
    struct folder *found;
    struct err err = ERR_INIT;
    int64_t count = -1;

    OK(mailbox_open(cache, store->group, mailbox_id, &mailbox, &err));
    if (folder_find(mailbox, &reader, folder, 0, arena, &found, &err))
        count = found->messages;
    mailbox_close(&mailbox);
    return count;
}

static struct rules_message message_of(const char *text)
{
    return (struct rules_message){ .draft = message_prepare(arena, span_text(text)),
                                   .envelope_from = "bob@example.net",
                                   .received_us = INT64_C(1900000000000000),
                                   .spam_percent = -1 };
}

static struct rules_recipient recipient_of(int64_t mailbox_id)
{
    return (struct rules_recipient){ .group_id = KIT_GROUP_ID,
                                     .mailbox_id = mailbox_id,
                                     .address = mailbox_id == ADA ? "ada@example.org" : "bob@example.org",
                                     .envelope_to = "x@example.org",
                                     .usual = { .mailbox_id = mailbox_id } };
}

static const char mail[] = "To: ada@example.org\r\nSubject: hello\r\n\r\ntext\r\n";

/* One delivery as routing/accept does it; how many times it was judged. */
static int deliver_to(const struct rules_recipient *recipients, size_t count, struct rules_plan *plans)
{
    struct rules_message message = message_of(mail);
    struct err err = ERR_INIT;

    for (int attempts = 1; attempts < 5; attempts++) {
        for (size_t i = 0; i < count; i++)
            OK(rules_judge(rules, arena, &message, &recipients[i], &plans[i], &err));
        if (rules_file(rules, deliver, &message, plans, count, &err)) {
            rules_done(rules, plans, count);
            return attempts;
        }
        assert_int_equal(err.kind, ERR_CONFLICT);
    }
    fail_msg("the rules never stood still");
    return 0;
}

static uint64_t round_trips(void)
{
    struct db_pool_stats stats;

    db_pool_stats(group_pool(store->group), &stats);
    return stats.round_trips;
}

/* The hot path: a mailbox without rules costs what a delivery costs, and nothing is asked before. */
static void test_without_rules_nothing_is_asked(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_message message = message_of(mail);
    struct rules_plan plan;
    struct err err = ERR_INIT;
    uint64_t before = round_trips();

    (void)state;
    OK(rules_judge(rules, arena, &message, &recipient, &plan, &err));
    assert_int_equal(round_trips(), before);
    assert_true(plan.version == 0 && plan.copy_count == 1 && !plan.outcome && !rules_plan_sends(&plan));
    assert_int_equal(deliver_to(&recipient, 1, &plan), 1);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
}

static void test_rules_are_found_out_when_they_matter(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    set_script(ADA, "require [\"fileinto\", \"mailbox\"]; fileinto :create \"New/Place\";");
    assert_int_equal(deliver_to(&recipient, 1, &plan), 2); /* believed to have none, then known */
    assert_int_equal(messages_in(ADA, "New/Place"), 1);
    assert_int_equal(messages_in(ADA, "INBOX"), 0);
    assert_int_equal(deliver_to(&recipient, 1, &plan), 1);
    set_script(ADA, "keep;");
    assert_int_equal(deliver_to(&recipient, 1, &plan), 2); /* the old one is never run for good */
    assert_int_equal(messages_in(ADA, "New/Place"), 2);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
}

/* A plan that files nothing takes no lock: it must not outlive its script either. */
static void test_a_script_that_discards_is_not_run_when_it_was_replaced(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;
    struct err err = ERR_INIT;

    (void)state;
    set_script(ADA, "discard;");
    deliver_to(&recipient, 1, &plan);
    assert_true(plan.outcome->is_discarded && plan.copy_count == 0);
    assert_int_equal(messages_in(ADA, "INBOX"), 0);
    OK(script_activate(store->group, ADA, NULL, &err));
    deliver_to(&recipient, 1, &plan);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
}

static void test_many_recipients_are_one_filing(void **state)
{
    struct rules_recipient recipients[] = { recipient_of(ADA), recipient_of(BOB) };
    struct rules_plan plans[2];

    (void)state;
    set_script(BOB, "require \"imap4flags\"; setflag [\"\\\\Seen\", \"Work\"];");
    assert_int_equal(deliver_to(recipients, 2, plans), 2);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
    assert_int_equal(messages_in(BOB, "INBOX"), 1);
    assert_true(plans[1].copies[0].target.filed_flags & 1);
    assert_true(plans[1].copies[0].target.filed_flags >> 8);
    assert_int_equal(plans[0].copies[0].target.filed_flags, 0);
}

static void test_a_folder_that_is_not_there_is_the_inbox(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    set_script(ADA, "require \"fileinto\"; fileinto \"Nowhere\"; keep;");
    deliver_to(&recipient, 1, &plan);
    assert_int_equal(plan.copy_count, 1); /* both lead to the Inbox: one copy */
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
}

/* What is kept goes where it would have gone: a Junk mark of the scanners stands. */
static void test_keep_is_the_usual_place(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    recipient.usual.special_use = "\\Junk";
    set_script(ADA, "require \"imap4flags\"; addflag \"\\\\Flagged\";");
    deliver_to(&recipient, 1, &plan);
    assert_string_equal(plan.copies[0].target.special_use, "\\Junk");
}

static void test_edited_and_untouched_copies(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    set_script(ADA, "require [\"fileinto\", \"mailbox\", \"editheader\"]; fileinto :create \"Raw\";"
                    "addheader \"X-New\" \"1\"; keep;");
    deliver_to(&recipient, 1, &plan);
    assert_int_equal(plan.copy_count, 2);
    assert_int_equal(messages_in(ADA, "Raw"), 1);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
    assert_true(plan.copies[0].target.message_id != plan.copies[1].target.message_id);
}

static void test_the_owner_hears_once_of_an_error(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    set_script(ADA, "require [\"variables\", \"fileinto\"]; fileinto \"${none}\";");
    deliver_to(&recipient, 1, &plan);
    assert_non_null(plan.outcome->error);
    assert_int_equal(messages_in(ADA, "INBOX"), 2); /* the message, and the notice */
    deliver_to(&recipient, 1, &plan);
    assert_int_equal(messages_in(ADA, "INBOX"), 3);
    set_script(ADA, "require [\"variables\", \"fileinto\"]; stop; fileinto \"x\";");
    deliver_to(&recipient, 1, &plan);
    assert_null(plan.outcome->error);
    assert_int_equal(messages_in(ADA, "INBOX"), 4);
}

/* A script that this program cannot compile (of a newer version, or damaged) loses nothing. */
static void test_a_script_that_does_not_compile_keeps(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    set_script(ADA, "frobnicate;");
    deliver_to(&recipient, 1, &plan);
    assert_int_equal(messages_in(ADA, "INBOX"), 2);
}

static void test_what_was_seen_is_remembered(void **state)
{
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_plan plan;

    (void)state;
    set_script(ADA, "require \"duplicate\"; if duplicate :uniqueid \"x\" { discard; }");
    deliver_to(&recipient, 1, &plan);
    deliver_to(&recipient, 1, &plan);
    deliver_to(&recipient, 1, &plan);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
}

static void test_redirects_carry_the_way_back(void **state)
{
    static const char returned[] = "Delivered-To: ada@example.org\r\nSubject: x\r\n\r\ny\r\n";
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_message message = message_of("Return-Path: <bob@example.net>\r\nSubject: x\r\n\r\ny\r\n");
    struct rules_plan plan;
    struct err err = ERR_INIT;

    (void)state;
    set_script(ADA, "redirect \"x@example.net\";");
    deliver_to(&recipient, 1, &plan);
    OK(rules_judge(rules, arena, &message, &recipient, &plan, &err));
    assert_true(rules_plan_sends(&plan) && plan.copy_count == 0);
    assert_true(span_equals_text(plan.redirects[0].bytes,
                                 "Delivered-To: ada@example.org\r\nSubject: x\r\n\r\ny\r\n"));
    message = message_of(returned);
    OK(rules_judge(rules, arena, &message, &recipient, &plan, &err));
    assert_true(!rules_plan_sends(&plan) && plan.copy_count == 1);
}

/* One transmission that comes to a mailbox by several ways is sent on once and then kept; another one with the same text is not meant. */
static void test_a_transmission_is_sent_on_once(void **state)
{
    static const char
        first[] = "Received: by us id 1\r\nSubject: x\r\n\r\ny\r\n",
        again[] = "Delivered-To: bob@example.org\r\nReceived: by us id 1\r\nSubject: [x]\r\n\r\ny\r\n",
        other[] = "Received: by us id 2\r\nSubject: x\r\n\r\ny\r\n", bare[] = "Subject: x\r\n\r\ny\r\n";
    static const struct {
        const char *mail;
        size_t redirects, copies;
    } rows[] = { { first, 1, 0 }, { again, 0, 1 }, { other, 1, 0 }, { bare, 1, 0 }, { bare, 1, 0 } };
    struct rules_recipient recipient = recipient_of(ADA);
    struct rules_message message;
    struct rules_plan plan;
    struct err err = ERR_INIT;

    (void)state;
    set_script(ADA, "redirect \"x@example.net\";");
    message = message_of(first);
    deliver_to(&recipient, 1, &plan);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        message = message_of(rows[i].mail);
        OK(rules_judge(rules, arena, &message, &recipient, &plan, &err));
        assert_int_equal(plan.redirect_count, rows[i].redirects);
        assert_int_equal(plan.copy_count, rows[i].copies);
        rules_done(rules, &plan, 1);
    }
    set_script(ADA, "redirect \"y@example.net\";");
    message = message_of(first);
    deliver_to(&recipient, 1, &plan);
    OK(rules_judge(rules, arena, &message, &recipient, &plan, &err));
    assert_int_equal(plan.redirect_count, 1);
}

/* The queue files a copy again whose answer was lost with its process. The new process believes that there are no rules; that
 * the copy is there already must not keep it from learning what the rules send. */
static void test_what_is_sent_outlives_the_process_that_filed(void **state)
{
    const struct rules_options options = { .groups = store->groups, .cache = cache, .programs_max = 8 };
    struct rules_recipient recipient = recipient_of(ADA);
    uint8_t receipt[FILING_RECEIPT_BYTES];
    struct rules_plan plan;
    struct err err = ERR_INIT;

    (void)state;
    filing_receipt(receipt, 4711, INT64_C(1900000000000000));
    recipient.usual.receipt = receipt;
    set_script(ADA, "require \"copy\"; redirect :copy \"x@example.net\";");
    assert_int_equal(deliver_to(&recipient, 1, &plan), 2);
    assert_true(rules_plan_sends(&plan) && !plan.copies[0].target.was_filed);
    rules_close(&rules);
    OK(rules_open(arena, &options, &rules, &err));
    assert_int_equal(deliver_to(&recipient, 1, &plan), 2);
    assert_true(rules_plan_sends(&plan) && plan.copies[0].target.was_filed);
    assert_int_equal(messages_in(ADA, "INBOX"), 1);
}

/* The filters say it in lines above the message. */
static void test_what_scanners_wrote_is_asked_for(void **state)
{
    static const struct {
        const char *header, *test;
    } cases[] = {
        { "X-Spam-Status: Yes, score=10.0 required=5.0", "spamtest \"10\"" },
        { "X-Spam-Status: Yes, score=5.0 required=5.0", "spamtest :percent \"50\"" },
        { "X-Spam-Status: No, score=-1.0", "spamtest \"1\"" },
        { "X-Spam-Status: No, score=nan required=nan", "spamtest \"1\"" },
        { "X-Other: none", "spamtest \"0\"" },
        { "X-Virus-Status: Clean", "virustest \"1\"" },
        { "X-Virus-Status: Infected Eicar", "virustest \"5\"" },
    };
    struct rules_recipient recipient = recipient_of(ADA);
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rules_message message =
            message_of(talloc_asprintf(arena, "%s\r\nSubject: x\r\n\r\ny\r\n", cases[i].header));
        struct rules_plan plan;

        set_script(ADA,
                   talloc_asprintf(arena, "require [\"spamtestplus\", \"virustest\"]; if %s { discard; }",
                                   cases[i].test));
        deliver_to(&recipient, 1, &plan); /* makes the script known */
        OK(rules_judge(rules, arena, &message, &recipient, &plan, &err));
        if (!plan.outcome->is_discarded)
            fail_msg("%s: %s", cases[i].header, cases[i].test);
    }
}

/* Nine scripts and a memory of eight: what is forgotten is found out again. */
static void test_the_memory_is_bounded(void **state)
{
    struct rules_plan plan;

    (void)state;
    for (int64_t id = 10; id < 19; id++) {
        struct rules_recipient recipient = recipient_of(id);

        kit_store_mailbox(store, id, 0, 0);
        set_script(id, "require [\"fileinto\", \"mailbox\"]; fileinto :create \"X\";");
        assert_int_equal(deliver_to(&recipient, 1, &plan), 2);
    }
    for (int64_t id = 10; id < 19; id++) {
        struct rules_recipient recipient = recipient_of(id);

        deliver_to(&recipient, 1, &plan);
        assert_int_equal(messages_in(id, "X"), 2);
        assert_int_equal(messages_in(id, "INBOX"), 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_without_rules_nothing_is_asked),
        TEST(test_rules_are_found_out_when_they_matter),
        TEST(test_a_script_that_discards_is_not_run_when_it_was_replaced),
        TEST(test_many_recipients_are_one_filing),
        TEST(test_a_folder_that_is_not_there_is_the_inbox),
        TEST(test_keep_is_the_usual_place),
        TEST(test_edited_and_untouched_copies),
        TEST(test_the_owner_hears_once_of_an_error),
        TEST(test_a_script_that_does_not_compile_keeps),
        TEST(test_what_was_seen_is_remembered),
        TEST(test_redirects_carry_the_way_back),
        TEST(test_a_transmission_is_sent_on_once),
        TEST(test_what_is_sent_outlives_the_process_that_filed),
        TEST(test_what_scanners_wrote_is_asked_for),
        TEST(test_the_memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
