/* test_dmarc.c -- records, alignment, and what follows (RFC 7489); Authentication-Results as they are written and read. */
#include "base/buf.h"
#include "fake_dns.h"
#include "filter/auth_results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool ok;
    enum dmarc_policy policy, subdomain;
    bool is_strict;
    uint32_t percent;
} records[] = {
    { "v=DMARC1; p=none", true, DMARC_POLICY_NONE, DMARC_POLICY_NONE, false, 100 },
    { "v=DMARC1;p=reject;sp=none;adkim=s;aspf=s;pct=50", true, DMARC_POLICY_REJECT, DMARC_POLICY_NONE, true,
      50 },
    { " v = DMARC1 ; p = quarantine ;", true, DMARC_POLICY_QUARANTINE, DMARC_POLICY_QUARANTINE, false, 100 },
    { "v=DMARC1; p=reject; pct=101", true, DMARC_POLICY_REJECT, DMARC_POLICY_REJECT, false, 100 },
    { "v=DMARC1; p=whatever; rua=mailto:a@example.org", true, DMARC_POLICY_NONE, DMARC_POLICY_NONE, false,
      100 },
    { "v=DMARC1; p=whatever", false, 0, 0, false, 0 },
    { "v=DMARC1", false, 0, 0, false, 0 },
    { "p=reject; v=DMARC1", false, 0, 0, false, 0 },
    { "v=DMARC2; p=reject", false, 0, 0, false, 0 },
    { "v=spf1 -all", false, 0, 0, false, 0 },
    { "", false, 0, 0, false, 0 },
};

static void records_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        struct dmarc_record record;

        if (dmarc_record_parse(span_text(records[i].text), &record) != records[i].ok)
            fail_msg("%s", records[i].text);
        if (!records[i].ok)
            continue;
        assert_int_equal(record.policy, records[i].policy);
        assert_int_equal(record.subdomain_policy, records[i].subdomain);
        assert_int_equal(record.is_strict_spf, records[i].is_strict);
        assert_int_equal(record.percent, records[i].percent);
    }
}

static const struct {
    const char *a, *b;
    bool is_relaxed, is_strict;
} pairs[] = {
    { "example.org", "example.org", true, true },
    { "EXAMPLE.org", "example.org", true, true },
    { "mail.example.org", "example.org", true, false },
    { "a.example.org", "b.example.org", true, false },
    { "example.org", "example.net", false, false },
    { "a.co.uk", "b.co.uk", false, false },
    { "x.a.co.uk", "a.co.uk", true, false },
    { "notexample.org", "example.org", false, false },
    { "org", "example.org", false, false },
};

static void alignment_knows_public_suffixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (dmarc_is_aligned(pairs[i].a, pairs[i].b, false) != pairs[i].is_relaxed)
            fail_msg("relaxed: %s %s", pairs[i].a, pairs[i].b);
        if (dmarc_is_aligned(pairs[i].a, pairs[i].b, true) != pairs[i].is_strict)
            fail_msg("strict: %s %s", pairs[i].a, pairs[i].b);
    }
}

static const struct fake_record zone[] = {
    { "_dmarc.example.org", DNS_TXT, "v=DMARC1; p=reject; sp=quarantine" },
    { "_dmarc.strict.org", DNS_TXT, "v=DMARC1; p=reject; adkim=s; aspf=s" },
    { "_dmarc.two.org", DNS_TXT, "v=DMARC1; p=reject" },
    { "_dmarc.two.org", DNS_TXT, "v=DMARC1; p=none" },
    { "_dmarc.broken.org", DNS_TXT, "!" },
    { "_dmarc.never.org", DNS_TXT, "v=DMARC1; p=reject; pct=0" },
    { NULL, 0, NULL },
};

static const struct {
    const char *what, *from, *spf_domain;
    enum spf_result spf;
    const char *dkim_domain;
    enum dkim_result dkim;
    enum dmarc_result result;
    enum dmarc_policy policy;
} cases[] = {
    { "SPF alone is enough", "example.org", "example.org", SPF_PASS, NULL, 0, DMARC_PASS,
      DMARC_POLICY_REJECT },
    { "DKIM alone is enough", "example.org", "x.net", SPF_FAIL, "example.org", DKIM_PASS, DMARC_PASS,
      DMARC_POLICY_REJECT },
    { "passes of others are none", "example.org", "x.net", SPF_PASS, "y.net", DKIM_PASS, DMARC_FAIL,
      DMARC_POLICY_REJECT },
    { "a sub-domain is aligned", "example.org", "m.example.org", SPF_PASS, NULL, 0, DMARC_PASS,
      DMARC_POLICY_REJECT },
    { "not where it is strict", "strict.org", "m.strict.org", SPF_PASS, NULL, 0, DMARC_FAIL,
      DMARC_POLICY_REJECT },
    { "a sub-domain has sp", "sub.example.org", "x.net", SPF_PASS, NULL, 0, DMARC_FAIL,
      DMARC_POLICY_QUARANTINE },
    { "a softfail is no pass", "example.org", "example.org", SPF_SOFTFAIL, NULL, 0, DMARC_FAIL,
      DMARC_POLICY_REJECT },
    { "what did not answer may yet pass", "example.org", "example.org", SPF_TEMPERROR, NULL, 0,
      DMARC_TEMPERROR, DMARC_POLICY_REJECT },
    { "but not for another domain", "example.org", "x.net", SPF_TEMPERROR, NULL, 0, DMARC_FAIL,
      DMARC_POLICY_REJECT },
    { "two records are none", "two.org", "x.net", SPF_PASS, NULL, 0, DMARC_NONE, DMARC_POLICY_NONE },
    { "no record", "nothing.org", "x.net", SPF_PASS, NULL, 0, DMARC_NONE, DMARC_POLICY_NONE },
    { "trouble is no absence", "broken.org", "x.net", SPF_PASS, NULL, 0, DMARC_TEMPERROR, DMARC_POLICY_NONE },
};

static void a_domain_stands_behind_its_mail_or_not(void **state)
{
    (void)state;
    fake_zone = zone;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *arena = talloc_new(NULL);
        struct spf_answer spf = { .result = cases[i].spf, .domain = cases[i].spf_domain };
        struct dkim_signature signature = { .result = cases[i].dkim, .domain = cases[i].dkim_domain };
        struct dmarc_question question = { .from_domain = cases[i].from,
                                           .spf = &spf,
                                           .signatures = &signature,
                                           .signature_count = cases[i].dkim_domain ? 1 : 0 };
        struct dmarc_answer answer;

        dmarc_check(NULL, arena, &question, &answer);
        if (answer.result != cases[i].result || answer.policy != cases[i].policy)
            fail_msg("%s: %s %s", cases[i].what, dmarc_result_name(answer.result),
                     dmarc_policy_name(answer.policy));
        talloc_free(arena);
    }
}

static void a_percentage_of_none_is_always_milder(void **state)
{
    struct spf_answer spf = { .result = SPF_FAIL, .domain = "x.net" };
    struct dmarc_question question = { .from_domain = "never.org", .spf = &spf };
    struct dmarc_answer answer;

    (void)state;
    fake_zone = zone;
    for (int i = 0; i < 100; i++) {
        dmarc_check(NULL, NULL, &question, &answer);
        assert_true(answer.result == DMARC_FAIL && answer.is_sampled);
    }
}

static const struct {
    const char *value;
    bool is_ours;
} forged[] = {
    { " mail.example.org; spf=pass", true },
    { " MAIL.Example.org; none", true },
    { " (a comment) mail.example.org 1; spf=pass", true },
    { "\r\n\tmail.example.org;\r\n\tspf=pass", true },
    { " \"mail.example.org\"; spf=pass", true },
    { " \"mail\\.example.org\"; spf=pass", true },
    { " mail.example.org(x); spf=pass", true },
    { "", true },
    { " ; spf=pass", true },
    { " mail.example.org.evil.test; spf=pass", false },
    { " other.example.org; spf=pass", false },
};

static void results_in_our_name_are_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forged); i++)
        if (auth_results_is_of(span_text(forged[i].value), "mail.example.org") != forged[i].is_ours)
            fail_msg("%s", forged[i].value);
}

static void no_sender_breaks_out_of_its_place(void **state)
{
    struct buf out = BUF_INIT(talloc_new(NULL));
    struct spf_answer spf = { .result = SPF_PASS, .domain = "example.org" };
    struct auth_results results = { .authserv_id = "mail.example.org",
                                    .spf = &spf,
                                    .sender = "\"a\r\nb; dkim=pass\"@example.org" };

    (void)state;
    auth_results_add(&out, &results);
    assert_string_equal(buf_text(&out), "Authentication-Results: mail.example.org;\r\n\tspf=pass "
                                        "smtp.mailfrom=\"\\\"a??b; dkim=pass\\\"@example.org\"\r\n");
    talloc_free(out.owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(alignment_knows_public_suffixes),
        cmocka_unit_test(a_domain_stands_behind_its_mail_or_not),
        cmocka_unit_test(a_percentage_of_none_is_always_milder),
        cmocka_unit_test(results_in_our_name_are_recognised),
        cmocka_unit_test(no_sender_breaks_out_of_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
