/* test_prepare.c -- which way a message takes, and with which dates it goes into the queue. */
#include "accept/accept.h"

#include "accept/target.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#define S US_PER_S

static struct accept *accept_of(void *owner, int64_t undo_us)
{
    struct accept_options options = { .lifetime_us = 1000 * S, .warning_us = 100 * S, .undo_us = undo_us };
    struct accept *accept;
    struct err err = ERR_INIT;

    assert_true(accept_open(owner, &options, &accept, &err));
    return accept;
}

static const size_t zero = 0;
static struct deliver_recipient mailboxes[] = {
    { .group_id = 1, .address = "a@x", .target = { .mailbox_id = 1 } },
    { .group_id = 1, .address = "b@x", .target = { .mailbox_id = 2 } },
    { .group_id = 2, .address = "c@x", .target = { .mailbox_id = 3 } }
};
static struct accept_remote remotes[] = { { .address = "d@y.example", .domain = "y.example" } };

static void what_needs_the_queue_takes_it(void **state)
{
    struct accept *plain = accept_of(NULL, 0), *undo = accept_of(NULL, 5 * S);
    struct accept_recipient asked = { .address = "a@x", .targets = &zero, .target_count = 1 };
    struct accept_message m = {
        .targets = mailboxes, .target_count = 2, .recipients = &asked, .recipient_count = 1
    };

    (void)state;
    assert_int_equal(accept_way(plain, &m), ACCEPT_FILES);
    assert_int_equal(accept_way(undo, &m), ACCEPT_FILES);
    m.is_submission = true;
    assert_int_equal(accept_way(undo, &m), ACCEPT_QUEUES);
    assert_int_equal(accept_way(plain, &m), ACCEPT_FILES);
    m.hold_until_us = 1;
    assert_int_equal(accept_way(plain, &m), ACCEPT_QUEUES);
    m.hold_until_us = 0;
    m.target_count = 3; /* another storage group */
    assert_int_equal(accept_way(plain, &m), ACCEPT_QUEUES);
    m.target_count = 2;
    asked.notify = QUEUE_NOTIFY_SUCCESS;
    assert_int_equal(accept_way(plain, &m), ACCEPT_QUEUES);
    asked.notify = QUEUE_NOTIFY_FAILURE;
    assert_int_equal(accept_way(plain, &m), ACCEPT_FILES);
    m.remotes = remotes;
    m.remote_count = 1;
    assert_int_equal(accept_way(plain, &m), ACCEPT_QUEUES);
    accept_close(&plain);
    accept_close(&undo);
}

static struct queue_new *prepare(void *owner, struct accept *accept, struct accept_message *m)
{
    m->remotes = remotes;
    m->remote_count = 1;
    if (!m->bytes.p)
        m->bytes = span_text("Subject: =?utf-8?q?caf=C3=A9?=\r\nContent-Language: fr-CA\r\n\r\nx\r\n");
    return accept_prepare(accept, owner, m);
}

static void dates_follow_what_was_asked(void **state)
{
    void *owner = talloc_new(NULL);
    struct accept *plain = accept_of(owner, 0), *undo = accept_of(owner, 5 * S);
    struct accept_message m = { .envelope = { .name = "m", .sender = "a@x" } };
    struct queue_new *new = prepare(owner, plain, &m);
    int64_t at = new->message.received_us;

    (void)state;
    assert_true(new->recipients[0].next_try_us <= at);
    assert_int_equal(new->recipients[0].overdue_us, at + 100 * S);
    assert_int_equal(new->message.expires_us, at + 1000 * S);
    assert_string_equal(new->message.subject, "café");
    assert_string_equal(new->message.language, "fr");
    int64_t usual = at - new->recipients[0].next_try_us;

    m.envelope.priority = 3; /* goes ahead of what came a little before */
    new = prepare(owner, plain, &m);
    assert_true(new->message.received_us - new->recipients[0].next_try_us > usual);
    m.envelope.priority = 0;

    m.hold_until_us = at + 500 * S;
    new = prepare(owner, plain, &m);
    assert_int_equal(new->recipients[0].next_try_us, at + 500 * S);
    assert_int_equal(new->recipients[0].overdue_us, at + 600 * S);
    assert_int_equal(new->message.expires_us, at + 1500 * S);
    m.hold_until_us = 0;

    m.is_submission = true;
    new = prepare(owner, undo, &m);
    assert_int_equal(new->recipients[0].next_try_us, new->message.received_us + 5 * S);
    m.is_submission = false;

    m.envelope.deliver_by_us = at + 50 * S;
    m.envelope.deliver_by_mode = QUEUE_BY_RETURN;
    new = prepare(owner, plain, &m);
    assert_int_equal(new->message.expires_us, at + 50 * S);
    m.envelope.deliver_by_mode = QUEUE_BY_NOTIFY;
    new = prepare(owner, plain, &m);
    assert_int_equal(new->recipients[0].overdue_us, at + 50 * S);
    assert_true(new->message.expires_us > at + 900 * S);
    talloc_free(owner);
}

static void a_place_in_a_mailbox_survives_the_queue(void **state)
{
    static const char *const keywords[] = { "$Work", "caf\xc3\xa9", NULL };
    void *owner = talloc_new(NULL);
    struct filing_target plain = { .mailbox_id = 1 }, back = { .mailbox_id = 1 };
    struct filing_target full = { .mailbox_id = 1,
                                  .folder_id = 7,
                                  .special_use = "\\Junk",
                                  .folder_name = "A/\"b\"",
                                  .flags = 5,
                                  .keywords = keywords,
                                  .ignores_quota = true };

    (void)state;
    assert_null(accept_target_text(owner, &plain));
    accept_target_read(owner, accept_target_text(owner, &full), &back);
    assert_int_equal(back.folder_id, 7);
    assert_string_equal(back.special_use, "\\Junk");
    assert_string_equal(back.folder_name, "A/\"b\"");
    assert_int_equal(back.flags, 5);
    assert_string_equal(back.keywords[1], keywords[1]);
    assert_null(back.keywords[2]);
    assert_true(back.ignores_quota);
    accept_target_read(owner, "{\"folder\": 3, \"keywords\": \"x\"", &plain); /* no JSON: the INBOX */
    accept_target_read(owner, "{\"folder\": 3, \"keywords\": \"x\"}", &plain);
    assert_null(plain.folder_name);
    assert_null(plain.keywords);
    talloc_free(owner);
}

static void a_path_is_digits_or_nothing(void **state)
{
    void *owner = talloc_new(NULL);
    struct accept *accept = accept_of(owner, 0);
    struct accept_message m = { .envelope = { .name = "m", .sender = "" },
                                .bytes = span_text("X-Chappe-Path: 3 17\r\nX-Chappe-Path: 9\r\n\r\n") };

    (void)state;
    assert_string_equal(prepare(owner, accept, &m)->message.path, "3 17");
    m.bytes = span_text("X-Chappe-Path: 3; drop\r\n\r\n");
    assert_string_equal(prepare(owner, accept, &m)->message.path, "");
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_the_queue_takes_it),
        cmocka_unit_test(dates_follow_what_was_asked),
        cmocka_unit_test(a_place_in_a_mailbox_survives_the_queue),
        cmocka_unit_test(a_path_is_digits_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
