/* test_spf.c -- RFC 7208: the examples of its appendix A, its limits, its grammar and its macros. */
#include "fake_dns.h"
#include "filter/spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Appendix A, with policies under names of their own (p1.example.com ...) in place of one that changes. */
static const struct fake_record zone[] = {
    { "example.com", DNS_A, "192.0.2.10" },
    { "example.com", DNS_A, "192.0.2.11" },
    { "example.com", DNS_MX, "10 mail-a.example.com" },
    { "example.com", DNS_MX, "20 mail-b.example.com" },
    { "mail-a.example.com", DNS_A, "192.0.2.129" },
    { "mail-b.example.com", DNS_A, "192.0.2.130" },
    { "amy.example.com", DNS_A, "192.0.2.65" },
    { "bob.example.com", DNS_A, "192.0.2.66" },
    { "example.org", DNS_MX, "10 mail-c.example.org" },
    { "mail-c.example.org", DNS_A, "192.0.2.140" },
    { "10.2.0.192.in-addr.arpa", DNS_PTR, "example.com" },
    { "65.2.0.192.in-addr.arpa", DNS_PTR, "amy.example.com" },
    { "4.0.0.10.in-addr.arpa", DNS_PTR, "bob.example.com" },
    { "six.example.com", DNS_AAAA, "2001:db8::cb01" },

    { "all.example.com", DNS_TXT, "v=spf1 +all" },
    { "a.example.com", DNS_TXT, "v=spf1 a:example.com -all" },
    { "aorg.example.com", DNS_TXT, "v=spf1 a:example.org -all" },
    { "mx.example.com", DNS_TXT, "v=spf1 mx:example.com -all" },
    { "mxorg.example.com", DNS_TXT, "v=spf1 mx:example.com mx:example.org -all" },
    { "mxbits.example.com", DNS_TXT, "v=spf1 mx:example.com/30 mx:example.org/30 -all" },
    { "ptr.example.com", DNS_TXT, "v=spf1 ptr:example.com -all" },
    { "ip4.example.com", DNS_TXT, "v=spf1 ip4:192.0.2.128/28 -all" },
    { "ip6.example.com", DNS_TXT, "v=spf1 ip6:2001:db8::/32 -all" },
    { "a6.example.com", DNS_TXT, "v=spf1 a:six.example.com//96 -all" },
    { "soft.example.com", DNS_TXT, "v=spf1 ~all" },
    { "neutral.example.com", DNS_TXT, "v=spf1 ?all" },
    { "open.example.com", DNS_TXT, "v=spf1 ip4:203.0.113.1" },
    { "bare.example.com", DNS_TXT, "v=spf1" },
    { "redirect.example.com", DNS_TXT, "v=spf1 redirect=ip4.example.com" },
    { "redirectall.example.com", DNS_TXT, "v=spf1 redirect=all.example.com -all" },
    { "nowhere.example.com", DNS_TXT, "v=spf1 redirect=norecord.example.com" },
    { "include.example.com", DNS_TXT, "v=spf1 include:ip4.example.com -all" },
    { "includenone.example.com", DNS_TXT, "v=spf1 include:norecord.example.com -all" },
    { "two.example.com", DNS_TXT, "v=spf1 -all" },
    { "two.example.com", DNS_TXT, "v=spf1 +all" },
    { "other.example.com", DNS_TXT, "google-site-verification=1" },
    { "other.example.com", DNS_TXT, "v=spf1 -all" },
    { "version.example.com", DNS_TXT, "v=spf10 +all" },
    { "broken.example.com", DNS_TXT, "!" },
    { "brokena.example.com", DNS_TXT, "v=spf1 a:broken2.example.com -all" },
    { "broken2.example.com", DNS_A, "!" },
    { "firstmatch.example.com", DNS_TXT, "v=spf1 ip4:192.0.2.1 a:broken2.example.com -all" },
    { "exists.example.com", DNS_TXT, "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d2} -all" },
    { "1.2.0.192.strong._spf.example.com", DNS_A, "127.0.0.2" },
    { "explain.example.com", DNS_TXT, "v=spf1 -all exp=why.example.com" },
    { "why.example.com", DNS_TXT, "%{i} is not one of %{d}'s hosts, %{s}" },
    { "loop.example.com", DNS_TXT, "v=spf1 include:loop.example.com -all" },
    { "eleven.example.com", DNS_TXT,
      "v=spf1 exists:e.example.org exists:e.example.org exists:e.example.org exists:e.example.org exists:e.example.org "
      "exists:e.example.org exists:e.example.org exists:e.example.org exists:e.example.org exists:e.example.org "
      "exists:e.example.org +all" },
    { "ten.example.com", DNS_TXT,
      "v=spf1 a:bob.example.com a:bob.example.com a:bob.example.com a:bob.example.com a:bob.example.com "
      "a:bob.example.com a:bob.example.com a:bob.example.com a:bob.example.com a:bob.example.com +all" },
    { "voids.example.com", DNS_TXT, "v=spf1 a:v1.example.org a:v2.example.org a:v3.example.org +all" },
    { "twovoids.example.com", DNS_TXT, "v=spf1 a:v1.example.org a:v2.example.org +all" },
    { "manymx.example.com", DNS_TXT, "v=spf1 mx:many.example.org -all" },
    { "many.example.org", DNS_MX, "1 a1.example.org" },
    { "many.example.org", DNS_MX, "1 a2.example.org" },
    { "many.example.org", DNS_MX, "1 a3.example.org" },
    { "many.example.org", DNS_MX, "1 a4.example.org" },
    { "many.example.org", DNS_MX, "1 a5.example.org" },
    { "many.example.org", DNS_MX, "1 a6.example.org" },
    { "many.example.org", DNS_MX, "1 a7.example.org" },
    { "many.example.org", DNS_MX, "1 a8.example.org" },
    { "many.example.org", DNS_MX, "1 a9.example.org" },
    { "many.example.org", DNS_MX, "1 a10.example.org" },
    { "many.example.org", DNS_MX, "1 a11.example.org" },
    { "late.example.com", DNS_TXT, "v=spf1 ip4:192.0.2.1 nonsense -all" },
    { NULL, 0, NULL },
};

static const struct {
    const char *what, *domain, *peer;
    enum spf_result result;
} checks[] = {
    { "A.1 anybody", "all.example.com", "198.51.100.1", SPF_PASS },
    { "A.1 a: the host's own", "a.example.com", "192.0.2.10", SPF_PASS },
    { "A.1 a: another", "a.example.com", "192.0.2.65", SPF_FAIL },
    { "A.1 a: a domain without addresses", "aorg.example.com", "192.0.2.10", SPF_FAIL },
    { "A.1 mx: one of them", "mx.example.com", "192.0.2.129", SPF_PASS },
    { "A.1 mx: none of them", "mx.example.com", "192.0.2.140", SPF_FAIL },
    { "A.1 mx of two domains", "mxorg.example.com", "192.0.2.140", SPF_PASS },
    { "A.1 mx with bits: beside the first", "mxbits.example.com", "192.0.2.131", SPF_PASS },
    { "A.1 mx with bits: beside the last", "mxbits.example.com", "192.0.2.143", SPF_PASS },
    { "A.1 mx with bits: just outside", "mxbits.example.com", "192.0.2.132", SPF_FAIL },
    { "A.1 ptr: leads back", "ptr.example.com", "192.0.2.65", SPF_PASS },
    { "A.1 ptr: no name", "ptr.example.com", "192.0.2.140", SPF_FAIL },
    { "A.1 ptr: a name that does not lead back", "ptr.example.com", "10.0.0.4", SPF_FAIL },
    { "A.1 ip4: the last inside", "ip4.example.com", "192.0.2.143", SPF_PASS },
    { "A.1 ip4: the first outside", "ip4.example.com", "192.0.2.144", SPF_FAIL },
    { "ip6", "ip6.example.com", "2001:db8::1", SPF_PASS },
    { "ip6: an IPv4 peer is not in it", "ip6.example.com", "192.0.2.1", SPF_FAIL },
    { "a with bits for IPv6", "a6.example.com", "2001:db8::7", SPF_PASS },
    { "softfail", "soft.example.com", "192.0.2.1", SPF_SOFTFAIL },
    { "neutral", "neutral.example.com", "192.0.2.1", SPF_NEUTRAL },
    { "nothing matched", "open.example.com", "192.0.2.1", SPF_NEUTRAL },
    { "a record without terms", "bare.example.com", "192.0.2.1", SPF_NEUTRAL },
    { "redirect: pass", "redirect.example.com", "192.0.2.129", SPF_PASS },
    { "redirect: fail", "redirect.example.com", "192.0.2.1", SPF_FAIL },
    { "redirect beside all is not followed", "redirectall.example.com", "192.0.2.1", SPF_FAIL },
    { "redirect to nothing", "nowhere.example.com", "192.0.2.1", SPF_PERMERROR },
    { "include: pass", "include.example.com", "192.0.2.129", SPF_PASS },
    { "include: its fail is no match", "include.example.com", "192.0.2.1", SPF_FAIL },
    { "include of nothing", "includenone.example.com", "192.0.2.1", SPF_PERMERROR },
    { "two records", "two.example.com", "192.0.2.1", SPF_PERMERROR },
    { "other TXT records do not matter", "other.example.com", "192.0.2.1", SPF_FAIL },
    { "v=spf10 is another version", "version.example.com", "192.0.2.1", SPF_NONE },
    { "no such domain", "gone.example.com", "192.0.2.1", SPF_NONE },
    { "one label", "localhost", "192.0.2.1", SPF_NONE },
    { "an empty label", "a..example.com", "192.0.2.1", SPF_NONE },
    { "a literal", "[192.0.2.1]", "192.0.2.1", SPF_NONE },
    { "trouble with the record", "broken.example.com", "192.0.2.1", SPF_TEMPERROR },
    { "trouble with a term", "brokena.example.com", "192.0.2.1", SPF_TEMPERROR },
    { "trouble behind a match is never met", "firstmatch.example.com", "192.0.2.1", SPF_PASS },
    { "exists with macros", "exists.example.com", "192.0.2.1", SPF_PASS },
    { "exists with macros: another", "exists.example.com", "192.0.2.2", SPF_FAIL },
    { "a loop ends at the limit", "loop.example.com", "192.0.2.1", SPF_PERMERROR },
    { "eleven terms", "eleven.example.com", "192.0.2.1", SPF_PERMERROR },
    { "ten terms", "ten.example.com", "192.0.2.1", SPF_PASS },
    { "three names without records", "voids.example.com", "192.0.2.1", SPF_PERMERROR },
    { "two names without records", "twovoids.example.com", "192.0.2.1", SPF_PASS },
    { "eleven MX", "manymx.example.com", "192.0.2.1", SPF_PERMERROR },
    { "a mistake behind a match counts", "late.example.com", "192.0.2.1", SPF_PERMERROR },
};

static enum spf_result check(void *arena, const char *local, const char *domain, const char *helo,
                             const char *peer, struct spf_answer *answer)
{
    struct net_address address = { .port = 0 };
    struct spf_question question = {
        .peer = &address, .local = local, .domain = domain, .helo = helo, .host_name = "mx.example.net"
    };

    fake_zone = zone;
    assert_true(net_address_parse(span_text(peer), &address));
    spf_check(NULL, arena, &question, answer);
    return answer->result;
}

static void hosts_are_checked_as_the_rfc_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        void *arena = talloc_new(NULL);
        struct spf_answer answer;
        enum spf_result result =
            check(arena, "strong-bad", checks[i].domain, "mail.example.net", checks[i].peer, &answer);

        if (result != checks[i].result)
            fail_msg("%s: %s (%s)", checks[i].what, spf_result_name(result),
                     answer.cause ? answer.cause : "");
        talloc_free(arena);
    }
}

static void questions_are_bounded_whatever_the_records(void **state)
{
    void *arena = talloc_new(NULL);
    struct spf_answer answer;

    (void)state;
    fake_questions = 0;
    check(arena, "x", "loop.example.com", "h.example", "192.0.2.1", &answer);
    assert_true(fake_questions <= 12);
    talloc_free(arena);
}

static void the_null_sender_is_asked_by_helo(void **state)
{
    void *arena = talloc_new(NULL);
    struct spf_answer answer;

    (void)state;
    assert_int_equal(check(arena, "", "", "all.example.com", "192.0.2.1", &answer), SPF_PASS);
    assert_true(answer.is_helo);
    assert_string_equal(answer.domain, "all.example.com");
    assert_int_equal(check(arena, "", "", NULL, "192.0.2.1", &answer), SPF_NONE);
    talloc_free(arena);
}

static void a_fail_is_explained(void **state)
{
    void *arena = talloc_new(NULL);
    struct spf_answer answer;

    (void)state;
    assert_int_equal(check(arena, "bob", "explain.example.com", "h.example", "192.0.2.1", &answer), SPF_FAIL);
    assert_string_equal(answer.explanation,
                        "192.0.2.1 is not one of explain.example.com's hosts, bob@explain.example.com");
    talloc_free(arena);
}

/* 7.4, with the values given there. */
static const struct {
    const char *macro, *value4, *value6;
} macros[] = {
    { "%{s}", "strong-bad@email.example.com", NULL },
    { "%{o}", "email.example.com", NULL },
    { "%{d}", "email.example.com", NULL },
    { "%{d4}", "email.example.com", NULL },
    { "%{d2}", "example.com", NULL },
    { "%{d1}", "com", NULL },
    { "%{dr}", "com.example.email", NULL },
    { "%{d2r}", "example.email", NULL },
    { "%{l}", "strong-bad", NULL },
    { "%{l-}", "strong.bad", NULL },
    { "%{lr}", "strong-bad", NULL },
    { "%{lr-}", "bad.strong", NULL },
    { "%{l1r-}", "strong", NULL },
    { "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com",
      "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com" },
    { "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", NULL },
    { "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com", NULL },
    { "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com", NULL },
    { "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net", NULL },
    { "a%%b%_c%-d", "a%b c%20d", NULL },
    { "%{S}", "strong-bad%40email.example.com", NULL },
};

static void macros_expand_as_in_the_rfc(void **state)
{
    struct net_address four, six;
    struct spf_macros m = { .local = "strong-bad",
                            .sender_domain = "email.example.com",
                            .domain = "email.example.com",
                            .helo = "h",
                            .host_name = "r" };

    (void)state;
    assert_true(net_address_parse(span_text("192.0.2.3"), &four) &&
                net_address_parse(span_text("2001:db8::cb01"), &six));
    for (size_t i = 0; i < COUNT_OF(macros); i++) {
        struct buf out = BUF_INIT(talloc_new(NULL));

        m.peer = &four;
        assert_true(spf_macro_expand(&out, span_text(macros[i].macro), &m));
        assert_string_equal(buf_text(&out), macros[i].value4);
        m.peer = &six;
        buf_clear(&out);
        assert_true(spf_macro_expand(&out, span_text(macros[i].macro), &m));
        if (macros[i].value6)
            assert_string_equal(buf_text(&out), macros[i].value6);
        talloc_free(out.owner);
    }
}

static const struct {
    const char *text;
    bool ok;
} records[] = {
    { "v=spf1", true },
    { "v=spf1 -all", true },
    { "v=SPF1 -ALL", true },
    { "v=spf1   a   -all ", true },
    { "v=spf1 a/24 mx/24//64 -all", true },
    { "v=spf1 a:%{d}/24 -all", true },
    { "v=spf1 unknown=%{d} -all", true },
    { "v=spf1 exp=%{d2} -all", true },
    { "v=spf1 exists:%{i}._spf.%{d2}. -all", false },
    { "v=spf1 unknown -all", false },
    { "v=spf1 all:x.example -all", false },
    { "v=spf1 all/8", false },
    { "v=spf1 include -all", false },
    { "v=spf1 include: -all", false },
    { "v=spf1 a: -all", false },
    { "v=spf1 a:example -all", false },
    { "v=spf1 a:example.123 -all", false },
    { "v=spf1 a/33 -all", false },
    { "v=spf1 a/032 -all", false },
    { "v=spf1 a//129 -all", false },
    { "v=spf1 a/ -all", false },
    { "v=spf1 ip4:192.0.2 -all", false },
    { "v=spf1 ip4:192.0.2.1/33 -all", false },
    { "v=spf1 ip4:2001:db8::1 -all", false },
    { "v=spf1 ip6:192.0.2.1 -all", false },
    { "v=spf1 ip4 -all", false },
    { "v=spf1 redirect=a.example redirect=b.example", false },
    { "v=spf1 exp=a.example exp=b.example", false },
    { "v=spf1 a:%{x}.example -all", false },
    { "v=spf1 a:%{d0}.example -all", false },
    { "v=spf1 a:%{c}.example -all", false },
    { "v=spf1 a:%d.example -all", false },
    { "v=spf1 a:exam ple.com -all", false },
    { "v=spf1 \xc3\xa4 -all", false },
    { "v=spf1-all", false },
};

static void records_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        void *arena = talloc_new(NULL);
        struct spf_record record;

        if (spf_record_parse(arena, span_text(records[i].text), &record) != records[i].ok)
            fail_msg("%s", records[i].text);
        talloc_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_checked_as_the_rfc_says),
        cmocka_unit_test(questions_are_bounded_whatever_the_records),
        cmocka_unit_test(the_null_sender_is_asked_by_helo),
        cmocka_unit_test(a_fail_is_explained),
        cmocka_unit_test(macros_expand_as_in_the_rfc),
        cmocka_unit_test(records_are_read_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
