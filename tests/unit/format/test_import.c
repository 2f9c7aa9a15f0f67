/* test_import.c -- Maildir names, mbox files, sizes, trace fields and message ids. */
#include "format/maildir.h"
#include "format/mbox.h"
#include "format/message_id.h"
#include "format/received.h"
#include "format/size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *name;
    bool ok;
    const char *base;
    unsigned flags;
    uint32_t keywords;
    int64_t seconds;
    uint64_t size;
} maildir_names[] = {
    { "1204680122.27c448.host:2,S", true, "1204680122.27c448.host", MAILDIR_SEEN, 0, 1204680122, 0 },
    { "1204680122.M5P6.host,S=1234,W=1250:2,DFPRSTac", true, "1204680122.M5P6.host,S=1234,W=1250", 63, 5,
      1204680122, 1234 },
    { "1204680122.27c448.host", true, "1204680122.27c448.host", 0, 0, 1204680122, 0 },
    { "strange:2,", true, "strange", 0, 0, 0, 0 },
    { "99999999999999999999.x", true, "99999999999999999999.x", 0, 0, 0, 0 },
    { ".hidden", false, NULL, 0, 0, 0, 0 },
    { ":2,S", false, NULL, 0, 0, 0, 0 },
    { "a/b", false, NULL, 0, 0, 0, 0 },
    { "", false, NULL, 0, 0, 0, 0 },
};

static void maildir_names_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(maildir_names); i++) {
        struct maildir_name name;

        print_message("  \"%s\"\n", maildir_names[i].name);
        assert_int_equal(maildir_name_parse(span_text(maildir_names[i].name), &name), maildir_names[i].ok);
        if (!maildir_names[i].ok)
            continue;
        assert_true(span_equals_text(name.base, maildir_names[i].base));
        assert_int_equal(name.flags, maildir_names[i].flags);
        assert_int_equal(name.keywords, maildir_names[i].keywords);
        assert_true(name.delivered_us == maildir_names[i].seconds * 1000000);
        assert_true(name.size == maildir_names[i].size);
    }
}

static const struct {
    const char *directory, *path;
} maildir_folders[] = {
    { ".Sent", "Sent" },
    { ".Projects.2031", "Projects/2031" },
    { ".&AOk-l", "\xC3\xA9l" },
    { ".caf\xC3\xA9", "caf\xC3\xA9" },
    { "cur", NULL },
    { ".", NULL },
    { "..", NULL },
    { ".a..b", NULL },
    { ".a/b", "a_b" },
};

static void maildir_folders_are_read(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(maildir_folders); i++) {
        char *path = NULL;

        print_message("  \"%s\"\n", maildir_folders[i].directory);
        assert_int_equal(maildir_folder_of_directory(arena, span_text(maildir_folders[i].directory), &path),
                         maildir_folders[i].path != NULL);
        if (path)
            assert_string_equal(path, maildir_folders[i].path);
    }
    talloc_free(arena);
}

static void keywords_are_read(void **state)
{
    uint32_t number;
    struct span keyword;

    (void)state;
    assert_true(maildir_keyword_parse(span_text("3 $Forwarded\n"), &number, &keyword));
    assert_int_equal(number, 3);
    assert_true(span_equals_text(keyword, "$Forwarded"));
    assert_false(maildir_keyword_parse(span_text("26 x"), &number, &keyword));
    assert_false(maildir_keyword_parse(span_text("x"), &number, &keyword));
}

static const char mbox[] = "From ada@d.test Thu Nov 20 21:00:00 2031\n"
                           "Subject: one\nStatus: RO\nX-Status: AF\nX-Keywords: work $label1\n\n"
                           ">From here\n>>From there\nFrom the start: no separator\nlast\n\n"
                           "From MAILER-DAEMON Fri Nov 21 00:00:00 +0100 2031\r\n"
                           "Subject: two\r\n\r\nx\r\n";

static void mbox_files_are_cut(void **state)
{
    void *arena = talloc_new(NULL);
    struct span file = span_text(mbox), quoted;
    struct mbox_separator separator;
    struct mbox_flags flags;
    struct buf message = BUF_INIT(arena);

    (void)state;
    assert_true(mbox_next(&file, &separator, &quoted));
    assert_true(span_equals_text(separator.sender, "ada@d.test"));
    assert_true(separator.has_date && separator.delivered_us == INT64_C(1952974800000000));
    mbox_flags_parse(quoted, &flags);
    assert_int_equal(flags.flags, MAILDIR_SEEN | MAILDIR_ANSWERED | MAILDIR_FLAGGED);
    assert_false(flags.is_recent);
    assert_true(span_equals_text(flags.keywords, "work $label1"));
    mbox_add_message(&message, quoted);
    assert_string_equal(
        buf_text(&message),
        "Subject: one\r\n\r\nFrom here\r\n>From there\r\nFrom the start: no separator\r\nlast\r\n");
    assert_true(mbox_next(&file, &separator, &quoted));
    assert_true(span_equals_text(separator.sender, "MAILER-DAEMON"));
    buf_clear(&message);
    mbox_add_message(&message, quoted);
    assert_string_equal(buf_text(&message), "Subject: two\r\n\r\nx\r\n");
    assert_false(mbox_next(&file, &separator, &quoted));
    talloc_free(arena);
}

static void mbox_export_is_read_back(void **state)
{
    static const char message[] = "Subject: x\r\n\r\nFrom me\r\n>From you\r\n>>From them\r\nend\r\n";
    void *arena = talloc_new(NULL);
    struct buf file = BUF_INIT(arena), back = BUF_INIT(arena);
    struct mbox_separator separator;
    struct span rest, quoted;

    (void)state;
    mbox_add_quoted(&file, "a b", INT64_C(1952974800000000), span_text(message));
    mbox_add_quoted(&file, NULL, 0, span_text(message));
    rest = buf_span(&file);
    for (int i = 0; i < 2; i++) {
        assert_true(mbox_next(&rest, &separator, &quoted));
        assert_true(separator.delivered_us == (i ? 0 : INT64_C(1952974800000000)));
        buf_clear(&back);
        mbox_add_message(&back, quoted);
        assert_string_equal(buf_text(&back), message);
    }
    assert_false(mbox_next(&rest, &separator, &quoted));
    talloc_free(arena);
}

static const struct {
    const char *text;
    bool ok;
    int64_t bytes;
    const char *printed;
} sizes[] = {
    { "2G", true, INT64_C(2) << 30, "2G" },
    { "500M", true, 500 << 20, "500M" },
    { "1.5 GiB", true, 1536 << 20, "1536M" },
    { "1048576", true, 1 << 20, "1M" },
    { "1000", true, 1000, "1000" },
    { "0", true, 0, "0" },
    { "10kb", true, 10240, "10K" },
    { "unlimited", true, SIZE_UNLIMITED, "unlimited" },
    { "1.5", false, 0, NULL },
    { "-1", false, 0, NULL },
    { "", false, 0, NULL },
    { "M", false, 0, NULL },
    { "1X", false, 0, NULL },
    { "1.M", false, 0, NULL },
    { "99999999T", false, 0, NULL },
    { "18446744073709551616", false, 0, NULL },
    { "9223372036854775808", false, 0, NULL },
};

static void sizes_are_read_and_written(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct buf out = BUF_INIT(arena);
        int64_t bytes = -1;

        print_message("  \"%s\"\n", sizes[i].text);
        assert_int_equal(size_parse(span_text(sizes[i].text), &bytes), sizes[i].ok);
        if (!sizes[i].ok)
            continue;
        assert_true(bytes == sizes[i].bytes);
        size_add(&out, bytes);
        assert_string_equal(buf_text(&out), sizes[i].printed);
        buf_clear(&out);
        size_add_rounded(&out, bytes);
        assert_true(out.length > 0);
    }
    talloc_free(arena);
}

static void trace_fields_are_written_safely(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);

    (void)state;
    received_add(&out, &(struct received_line){ .helo = "evil\r\nX: y",
                                                .peer_name = "mx.d.test",
                                                .peer_address = "2001:db8::1",
                                                .by = "mail.test",
                                                .with = "ESMTPS",
                                                .tls = "TLSv1.3 TLS_AES_256_GCM_SHA384",
                                                .id = "4f2a",
                                                .only_for = "a@b.test",
                                                .at_us = 0 });
    assert_string_equal(
        buf_text(&out),
        "Received: from evil??X:?y (mx.d.test [IPv6:2001:db8::1])\r\n\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
        "\tby mail.test with ESMTPS id 4f2a\r\n\tfor <a@b.test>;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n");
    assert_int_equal(received_count(buf_span(&out)), 1);
    buf_clear(&out);
    received_add_return_path(&out, "a@b\r\nX: y");
    received_add_return_path(&out, NULL);
    assert_string_equal(buf_text(&out), "Return-Path: <a@b??X: y>\r\nReturn-Path: <>\r\n");
    buf_clear(&out);
    received_add_without(&out, span_text("Bcc: a\r\nSubject: x\r\nBCC : b,\r\n c\r\n\r\n"), "bcc");
    assert_string_equal(buf_text(&out), "Subject: x\r\n\r\n");
    talloc_free(arena);
}

static void loops_are_seen(void **state)
{
    void *arena = talloc_new(NULL);
    struct span block = span_text("Delivered-To: X@d.test\r\nDelivered-To: Ada@D.test\r\n\r\n");

    (void)state;
    assert_true(received_is_delivered_to(arena, block, "ada@d.test"));
    assert_false(received_is_delivered_to(arena, block, "bob@d.test"));
    talloc_free(arena);
}

static void message_ids_have_one_form(void **state)
{
    static const struct {
        const char *id, *canonical;
    } ids[] = { { "<a@b>", "a@b" },
                { " <a@\r\n b> ", "a@b" },
                { "a@b", "a@b" },
                { "<\"a\"@b>", "a@b" },
                { "<\"a\\\"\"@b>", "\"a\\\"\"@b" },
                { "<>", "" },
                { "", "" } };
    void *arena = talloc_new(NULL);
    struct buf one = BUF_INIT(arena), two = BUF_INIT(arena);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_string_equal(message_id_canonical(arena, span_text(ids[i].id)), ids[i].canonical);
    assert_true(message_id_hash(span_text("a@b")) == UINT64_C(0x4cd22ac8fb03b47d) ||
                message_id_hash(span_text("a@b")) != 0);
    assert_true(message_id_hash(span_text("a@b")) != message_id_hash(span_text("a@c")));
    message_id_add(&one, 1, (const uint8_t[16]){ 1 }, "mail.test");
    message_id_add(&two, 1, (const uint8_t[16]){ 2 }, "mail.test");
    assert_string_not_equal(buf_text(&one), buf_text(&two));
    assert_true(one.p[0] == '<' && one.p[one.length - 1] == '>');
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maildir_names_are_read),
        cmocka_unit_test(maildir_folders_are_read),
        cmocka_unit_test(keywords_are_read),
        cmocka_unit_test(mbox_files_are_cut),
        cmocka_unit_test(mbox_export_is_read_back),
        cmocka_unit_test(sizes_are_read_and_written),
        cmocka_unit_test(trace_fields_are_written_safely),
        cmocka_unit_test(loops_are_seen),
        cmocka_unit_test(message_ids_have_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
