/* test_record.c -- records and names as they stand in an answer. */
#include "dns/dns.h"
#include "dns/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what;
    enum dns_type type;
    const char *bytes;
    size_t length;
    bool is_good;
    const char *name;
} records[] = {
    { "an exchanger", DNS_MX, "\0\x0a\2mx\7example\3org", 18, true, "mx.example.org" },
    { "a null exchanger", DNS_MX, "\0\0\0", 3, true, "" },
    { "capitals", DNS_CNAME, "\2MX\3Org", 8, true, "mx.org" },
    { "a dot inside a label", DNS_PTR, "\3a.b\3org", 9, true, "a\\046b.org" },
    { "a name that is not ended", DNS_PTR, "\2mx\3or", 6, false, NULL },
    { "a name with something behind it", DNS_PTR, "\2mx\0x", 5, false, NULL },
    { "a pointer, which may not be here", DNS_PTR, "\xc0\x0c", 2, false, NULL },
    { "an exchanger without a name", DNS_MX, "\0\x0a", 2, false, NULL },
    { "a short address", DNS_A, "\1\2\3", 3, false, NULL },
    { "a long address", DNS_AAAA, "12345678901234567", 17, false, NULL },
    { "an empty TXT", DNS_TXT, "", 0, false, NULL },
    { "a TXT whose string is longer than it", DNS_TXT, "\5hell", 5, false, NULL },
    { "a service", DNS_SRV, "\0\1\0\2\3\341\2mx\3org", 14, true, "mx.org" },
    { "a service without a host", DNS_SRV, "\0\1\0\2\3\341", 6, false, NULL },
    { "a TLSA without data", DNS_TLSA, "\3\1\1", 3, false, NULL },
};

static void each_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        void *arena = talloc_new(NULL);
        struct dns_record record;

        print_message("  %s\n", records[i].what);
        assert_int_equal(
            dns_record_parse(arena, records[i].type, span_of(records[i].bytes, records[i].length), &record),
            records[i].is_good);
        if (records[i].name)
            assert_string_equal(record.name, records[i].name);
        talloc_free(arena);
    }
}

static void values(void **state)
{
    void *arena = talloc_new(NULL);
    struct dns_record record;
    char text[NET_ADDRESS_TEXT];

    (void)state;
    assert_true(dns_record_parse(arena, DNS_MX, span_of("\1\2\1a", 5), &record));
    assert_int_equal(record.preference, 258);
    assert_true(dns_record_parse(arena, DNS_A, span_of("\300\0\2\1", 4), &record));
    assert_string_equal(net_address_text(&record.address, text), "192.0.2.1");
    assert_true(dns_record_parse(arena, DNS_TXT, span_of("\3v=s\0\5pf1 a", 11), &record));
    assert_true(span_equals_text(record.text, "v=spf1 a"));
    assert_true(dns_record_parse(arena, DNS_TLSA, span_of("\3\1\2x", 4), &record));
    assert_true(dns_record_parse(arena, DNS_SRV, span_of("\0\1\0\2\3\341\0", 7), &record));
    assert_int_equal(record.preference, 1);
    assert_int_equal(record.weight, 2);
    assert_int_equal(record.port, 993);
    assert_true(dns_record_parse(arena, DNS_TLSA, span_of("\3\1\2x", 4), &record));
    assert_int_equal(record.usage * 100 + record.selector * 10 + record.matching, 312);
    talloc_free(arena);
}

static void names(void **state)
{
    static const struct {
        const char *name;
        bool is_valid;
    } table[] = { { "example.org", true },
                  { "example.org.", true },
                  { "_25._tcp.mx.example.org", true },
                  { "", false },
                  { ".", false },
                  { "a..b", false },
                  { ".a", false },
                  { "a b", false },
                  { "a\xc3\xbc", false },
                  { "1234567890123456789012345678901234567890123456789012345678901234.org", false } };
    char longest[300];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_int_equal(dns_name_is_valid(table[i].name), table[i].is_valid);
    memset(longest, 'a', sizeof longest);
    for (size_t i = 50; i < sizeof longest; i += 51)
        longest[i] = '.';
    longest[253] = '\0';
    assert_true(dns_name_is_valid(longest));
    longest[253] = 'a';
    longest[254] = '\0';
    assert_false(dns_name_is_valid(longest));
}

static void reverse_names(void **state)
{
    void *arena = talloc_new(NULL);
    struct net_address address;

    (void)state;
    assert_true(net_address_parse(span_text("192.0.2.1"), &address));
    assert_string_equal(dns_reverse_name(arena, &address), "1.2.0.192.in-addr.arpa");
    assert_true(net_address_parse(span_text("2001:db8::1"), &address));
    assert_string_equal(dns_reverse_name(arena, &address),
                        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_record), cmocka_unit_test(values),
                                        cmocka_unit_test(names), cmocka_unit_test(reverse_names) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
