/* test_notice.c -- who is told what, and that nothing foreign breaks the form of a notice. */
#include "run/notice.h"

#include "base/clock.h"
#include "format/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>

#define FAILED_ONLY QUEUE_NOTIFY_FAILURE

static const struct {
    const char *what, *sender, *origin;
    unsigned notify;
    enum run_state state;
    int64_t group_id;
    bool is_wanted;
} cases[] = {
    { "a failure", "a@x", "smtp", 0, RUN_FAILED, 0, true },
    { "the end of the time", "a@x", "smtp", 0, RUN_EXPIRED, 0, true },
    { "a delay", "a@x", "smtp", 0, RUN_DELAYED, 0, true },
    { "success, unasked", "a@x", "smtp", 0, RUN_RELAYED, 0, false },
    { "success, asked", "a@x", "smtp", QUEUE_NOTIFY_SUCCESS, RUN_RELAYED, 0, true },
    { "in a mailbox, asked", "a@x", "smtp", QUEUE_NOTIFY_SUCCESS, RUN_DELIVERED, 1, true },
    { "the next server tells it", "a@x", "smtp", QUEUE_NOTIFY_SUCCESS, RUN_DELIVERED, 0, false },
    { "failure, only success asked", "a@x", "smtp", QUEUE_NOTIFY_SUCCESS, RUN_FAILED, 0, false },
    { "delay, only failure asked", "a@x", "smtp", FAILED_ONLY, RUN_DELAYED, 0, false },
    { "never", "a@x", "smtp", QUEUE_NOTIFY_NEVER, RUN_FAILED, 0, false },
    { "tried again", "a@x", "smtp", 0, RUN_DEFERRED, 0, false },
    { "deleted by an administrator", "a@x", "smtp", 0, RUN_DELETED, 0, false },
    { "returned by one", "a@x", "smtp", 0, RUN_RETURNED, 0, true },
    { "a failure of <>", "", "smtp", 0, RUN_FAILED, 0, false },
    { "a notice of ours that failed", "", "notice", 0, RUN_FAILED, 0, true },
    { "a notice of ours that waits", "", "notice", 0, RUN_DELAYED, 0, false },
    { "the notice about that one", "", "double-notice", 0, RUN_FAILED, 0, false },
};

static void who_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct queue_message message = { .sender = cases[i].sender, .origin = cases[i].origin };
        struct queue_taken row = {
            .message = &message, .recipient = { .notify = cases[i].notify, .group_id = cases[i].group_id }
        };
        struct outcome outcome = { .row = &row, .state = cases[i].state };
        if (notice_is_wanted(&outcome) != cases[i].is_wanted)
            fail_msg("%s", cases[i].what);
    }
}

static char *render(void *owner, struct notice *notice, struct queue_taken *row, struct outcome *outcome)
{
    const struct outcome *list[] = { outcome };
    struct buf out = BUF_INIT(owner);

    outcome->row = row;
    notice->outcomes = list;
    notice->count = 1;
    notice->host_name = "mail.example.org";
    notice->now_us = clock_now_us();
    notice_render(&out, notice);
    return buf_text(&out);
}

static void a_notice_has_its_three_parts(void **state)
{
    void *owner = talloc_new(NULL);
    struct queue_message message = {
        .sender = "ada@example.org", .subject = "Hi", .language = "en", .envid = "e1", .ret = QUEUE_RET_HDRS
    };
    struct queue_taken row = { .message = &message,
                               .recipient = { .address = "bob@else.example",
                                              .asked = "bob@example.org",
                                              .orcpt_type = "rfc822",
                                              .orcpt = "bob@example.org" } };
    struct outcome outcome = { .state = RUN_FAILED,
                               .code = 550,
                               .enhanced = "5.1.1",
                               .text = "unknown",
                               .host = "mx.else.example [192.0.2.1]" };
    struct notice notice = { .kind = NOTICE_FAILED,
                             .message = &message,
                             .to = "ada@example.org",
                             .has_all = true,
                             .original = span_text(
                                 "Return-Path: <ada@example.org>\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n") };

    (void)state;
    char *text = render(owner, &notice, &row, &outcome);
    static const char *const wanted[] = {
        "Subject: Not delivered: Hi\r\n",
        "Auto-Submitted: auto-replied\r\n",
        "In-Reply-To: <1@x>\r\n",
        "multipart/report; report-type=delivery-status",
        "Reporting-MTA: dns; mail.example.org\r\n",
        "Original-Envelope-Id: e1\r\n",
        "Original-Recipient: rfc822; bob@example.org\r\n",
        "Final-Recipient: rfc822; bob@else.example\r\n",
        "Action: failed\r\nStatus: 5.1.1\r\n",
        "Remote-MTA: dns; mx.else.example\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 unknown\r\n",
        "Content-Type: text/rfc822-headers\r\n",
        "There is no such address",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("%s is missing in:\n%s", wanted[i], text);
    assert_null(strstr(text, "body"));
    assert_null(strstr(text, "Return-Path"));
    assert_null(strstr(text, "a pas pu"));
    talloc_free(owner);
}

/* Replies of hostile servers and subjects are others' bytes. */
static void foreign_text_cannot_write_fields(void **state)
{
    void *owner = talloc_new(NULL);
    struct queue_message message = { .sender = "ada@example.org",
                                     .subject = "a\r\nBcc: eve@example.org",
                                     .language = "",
                                     .envid = "x\r\nAction: delivered" };
    struct queue_taken row = { .message = &message,
                               .recipient = { .address = "bob@else.example", .asked = "bob@else.example" } };
    struct outcome outcome = { .state = RUN_DELAYED,
                               .code = 450,
                               .enhanced = "4.2.0",
                               .text = "later\r\n\r\nAction: delivered\r\n.\r\n",
                               .host = "evil\r\nX: y" };
    struct notice notice = { .kind = NOTICE_DELAYED,
                             .message = &message,
                             .to = "ada@example.org",
                             .original = span_text("Message-ID: <a b>\r\n\r\n") };

    (void)state;
    char *text = render(owner, &notice, &row, &outcome);
    assert_null(strstr(text, "\r\nBcc:"));
    assert_null(strstr(text, "\r\nAction: delivered"));
    assert_null(strstr(text, "\r\nX:"));
    assert_null(strstr(text, "\r\n.\r\n"));
    for (const char *p = text; *p; p++) {
        assert_true(*p != '\n' || (p > text && p[-1] == '\r'));
        assert_true(*p != '\r' || p[1] == '\n');
    }
    talloc_free(owner);
}

static void addresses_in_utf8_need_the_international_form(void **state)
{
    void *owner = talloc_new(NULL);
    struct queue_message message = { .sender = "ada@example.org", .subject = "", .language = "fr" };
    struct queue_taken row = { .message = &message,
                               .recipient = { .address = "zoé@else.example", .asked = "zoé@else.example" } };
    struct outcome outcome = { .state = RUN_EXPIRED, .enhanced = "", .text = "", .host = "" };
    struct notice notice = { .kind = NOTICE_FAILED,
                             .message = &message,
                             .to = "ada@example.org",
                             .original = span_text("Subject: é\r\n\r\n") };

    (void)state;
    char *text = render(owner, &notice, &row, &outcome);
    assert_non_null(strstr(text, "Content-Type: message/global-delivery-status\r\n"));
    assert_non_null(strstr(text, "Final-Recipient: utf-8; zoé@else.example\r\n"));
    assert_non_null(strstr(text, "Content-Type: message/global-headers\r\n"));
    assert_non_null(strstr(text, "Status: 4.4.7\r\n"));
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_told),
        cmocka_unit_test(a_notice_has_its_three_parts),
        cmocka_unit_test(foreign_text_cannot_write_fields),
        cmocka_unit_test(addresses_in_utf8_need_the_international_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
