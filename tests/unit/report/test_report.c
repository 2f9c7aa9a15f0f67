/* test_report.c -- reports written and read again, archives, and who wants them. */
#include "report/dmarc_report.h"
#include "report/rua.h"
#include "report/tls_report.h"
#include "report/unpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include <cmocka.h>

static void what_is_written_is_read_again(void **state)
{
    void *arena = talloc_new(NULL);
    struct dmarc_report_row rows[2] = {
        { .count = 5,
          .source = "192.0.2.1",
          .disposition = "none",
          .dkim = "pass",
          .spf = "fail",
          .reason = "trusted_forwarder",
          .comment = "a < b & c > d \x01",
          .header_from = "example.org",
          .signatures = { { "example.org", "s1", "pass" }, { "list.test", "s2", "fail" } },
          .signature_count = 2 },
        { .count = 1,
          .source = "2001:db8::1",
          .disposition = "reject",
          .spf_domain = "x.test",
          .spf_result = "pass" },
    };
    struct dmarc_report report = { .reporter = "mail.example.org",
                                   .contact = "a@example.org",
                                   .id = "7",
                                   .begin_s = 86400,
                                   .end_s = 172799,
                                   .domain = "example.org",
                                   .p = "reject",
                                   .pct = "100",
                                   .rows = rows,
                                   .count = 2 };
    struct dmarc_report again;
    struct buf out = BUF_INIT(arena);
    struct err err = ERR_INIT;

    (void)state;
    dmarc_report_write(&out, &report);
    assert_true(dmarc_report_read(arena, buf_span(&out), &again, &err));
    assert_int_equal(again.count, 2);
    assert_string_equal(again.domain, "example.org");
    assert_string_equal(again.p, "reject");
    assert_int_equal(again.begin_s, 86400);
    assert_int_equal(again.rows[0].count, 5);
    assert_string_equal(again.rows[0].comment, "a < b & c > d ?");
    assert_int_equal(again.rows[0].signature_count, 2);
    assert_string_equal(again.rows[0].signatures[1].selector, "s2");
    assert_string_equal(again.rows[1].source, "2001:db8::1");
    assert_string_equal(again.rows[1].spf_result, "pass");
    talloc_free(arena);
}

#define RECORD "<record><row><source_ip>1.2.3.4</source_ip><count>1</count></row></record>"
#define META                                                                                                 \
    "<report_metadata><report_id>1</report_id></report_metadata><policy_published><domain>a.test</domain></policy_published>"
static const struct {
    const char *what, *xml;
    bool ok;
} reports[] = {
    { "the least", "<feedback>" META RECORD "</feedback>", true },
    { "an element that we do not know", "<feedback><x><y/></x>" META RECORD "</feedback>", true },
    { "a namespace", "<feedback xmlns=\"urn:x\">" META RECORD "</feedback>", true },
    { "no records", "<feedback>" META "</feedback>", false },
    { "no domain",
      "<feedback><report_metadata><report_id>1</report_id></report_metadata>" RECORD "</feedback>", false },
    { "another root", "<other>" META RECORD "</other>", false },
    { "not closed", "<feedback>" META RECORD, false },
    { "a document type", "<!DOCTYPE feedback [<!ENTITY x \"y\">]><feedback>" META RECORD "</feedback>",
      false },
    { "an entity of nobody", "<feedback>" META "&x;" RECORD "</feedback>", false },
    { "too deep",
      "<feedback><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>" META RECORD "</feedback>",
      false },
    { "nothing", "", false },
};

static void only_aggregate_reports_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        void *arena = talloc_new(NULL);
        struct dmarc_report report;
        struct err err = ERR_INIT;
        bool ok = dmarc_report_read(arena, span_text(reports[i].xml), &report, &err);

        if (ok != reports[i].ok)
            fail_msg("%s: %s", reports[i].what, err.log);
        talloc_free(arena);
    }
}

static void no_more_comes_out_than_was_asked_for(void **state)
{
    void *arena = talloc_new(NULL);
    char *zeros = talloc_zero_size(arena, 1 << 20);
    struct buf packed = BUF_INIT(arena);
    struct err err = ERR_INIT;
    struct span text;

    (void)state;
    pack_gzip(&packed, span_of(zeros, 1 << 20));
    assert_true(packed.length < 4096);
    assert_true(unpack(arena, buf_span(&packed), 1 << 20, &text, &err));
    assert_int_equal(span_length(text), 1 << 20);
    assert_false(unpack(arena, buf_span(&packed), (1 << 20) - 1, &text, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    err = ERR_INIT;
    assert_false(unpack(arena, span_part(buf_span(&packed), 0, packed.length - 9), 2 << 20, &text, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    talloc_free(arena);
}

static const struct {
    const char *what, *value, *first;
    size_t count;
    uint64_t bytes_max;
    bool with_urls;
} addresses[] = {
    { "one", "mailto:a@example.org", "a@example.org", 1, 0 },
    { "a size", "mailto:a@example.org!10m", "a@example.org", 1, 10 << 20 },
    { "several", "mailto:a@example.org!5k , mailto:b@example.net", "a@example.org", 2, 5 << 10 },
    { "another scheme is passed over", "https://example.org/x, mailto:b@example.net", "b@example.net", 1, 0 },
    { "encoded", "mailto:a%2Bb@example.org", "a+b@example.org", 1, 0 },
    { "no address", "mailto:nobody", NULL, 0, 0 },
    { "five and no more",
      "mailto:a@a.test,mailto:a@b.test,mailto:a@c.test,mailto:a@d.test,mailto:a@e.test,mailto:a@f.test",
      "a@a.test", 5, 0 },
    { "nothing", "", NULL, 0, 0 },
    { "a URL as it stands there", "https://example.org/a?b=%2C,mailto:b@example.net",
      "https://example.org/a?b=%2C", 2, 0, true },
    { "in the clear", "http://example.org/x", NULL, 0, 0, true },
    { "a URL with a space", "https://example.org/a b", NULL, 0, 0, true },
};

static void addresses_are_read_with_their_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        void *arena = talloc_new(NULL);
        struct rua_list list;

        rua_parse(arena, span_text(addresses[i].value), addresses[i].with_urls, &list);
        if (list.count != addresses[i].count)
            fail_msg("%s: %zu", addresses[i].what, list.count);
        if (list.count > 0) {
            assert_string_equal(list.items[0].address, addresses[i].first);
            assert_int_equal(list.items[0].bytes_max, addresses[i].bytes_max);
        }
        talloc_free(arena);
    }
}

static void sessions_are_summed_by_policy(void **state)
{
    struct tls_report head = {
        .reporter = "us", .contact = "a@b", .id = "1", .domain = "a.test", .begin_s = 86400
    };
    struct tls_report_count counts[] = {
        { json_pack("{s:s, s:s}", "type", "sts", "text", "version: STSv1\nmode: enforce"), 3 },
        { json_pack("{s:s, s:s, s:s, s:s}", "type", "sts", "text", "version: STSv1\nmode: enforce", "failure",
                    "certificate-expired", "mx", "mx.a.test"),
          2 },
        { json_pack("{s:s}", "type", "no-policy-found"), 1 },
    };
    json_t *json = tls_report_make(&head, counts, COUNT_OF(counts));
    char *text = json_dumps(json, 0);
    void *arena = talloc_new(NULL);
    struct tls_report again;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(tls_report_read(arena, span_text(text), &again, &err));
    assert_int_equal(again.passed, 4);
    assert_int_equal(again.failed, 2);
    assert_int_equal(again.begin_s, 86400);
    assert_int_equal(json_array_size(again.policies), 2);
    json_decref(again.policies);
    free(text);
    json_decref(json);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        json_decref(counts[i].detail);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(only_aggregate_reports_are_read),
        cmocka_unit_test(no_more_comes_out_than_was_asked_for),
        cmocka_unit_test(addresses_are_read_with_their_size),
        cmocka_unit_test(sessions_are_summed_by_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
