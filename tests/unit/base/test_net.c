/* test_net.c -- addresses, networks, and who counts as one peer. */
#include "base/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void networks(void **state)
{
    static const struct {
        const char *network, *inside, *outside;
    } rows[] = {
        { "10.0.0.0/8", "10.255.1.2", "11.0.0.1" },
        { "192.0.2.1", "192.0.2.1", "192.0.2.2" },
        { "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
        { "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1" },
        { "::/0", "192.0.2.1", NULL },
        { "::ffff:192.0.2.0/120", "192.0.2.77", "192.0.3.1" },
    };
    static const char *const refused[] = { "",          "10.0.0.1/8", "10.0.0.0/33",
                                           "10.0.0.0/", "::/129",     "10.0.0.0/8x",
                                           "localhost", "1.2.3",      "/8" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct net_network network;
        struct net_address address;
        assert_true(net_network_parse(span_text(rows[i].network), &network));
        assert_true(net_address_parse(span_text(rows[i].inside), &address));
        assert_true(net_network_contains(&network, &address));
        if (!rows[i].outside)
            continue;
        assert_true(net_address_parse(span_text(rows[i].outside), &address));
        assert_false(net_network_contains(&network, &address));
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct net_network network;
        assert_false(net_network_parse(span_text(refused[i]), &network));
    }
}

static void sources(void **state)
{
    static const struct {
        const char *text, *address, *interface;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", "" },
        { "2001:db8::1%eth1.20", "2001:db8::1", "eth1.20" },
        { "%lo", NULL, "lo" },
        { "%fifteen-bytes-x", NULL, "fifteen-bytes-x" },
    };
    static const char *const refused[] = { "",     "%",    "192.0.2.1%",       "eth1", "%sixteen-bytes-xx",
                                           "%a b", "%a/b", "192.0.2.1%eth1:1", "x%lo", "192.0.2.1%\x01" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct net_source source;
        char text[NET_ADDRESS_TEXT];
        assert_true(net_source_parse(span_text(rows[i].text), &source));
        assert_string_equal(source.interface, rows[i].interface);
        assert_int_equal(source.has_address, rows[i].address != NULL);
        if (rows[i].address)
            assert_string_equal(net_address_text(&source.address, text), rows[i].address);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct net_source source;
        if (net_source_parse(span_text(refused[i]), &source))
            fail_msg("%s", refused[i]);
    }
}

static void peers(void **state)
{
    static const struct {
        const char *a, *b;
        bool are_one;
    } rows[] = {
        { "192.0.2.1", "::ffff:192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "2001:db8::1", "2001:db8::ffff:1", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct net_address a, b;
        struct net_network one, two;
        assert_true(net_address_parse(span_text(rows[i].a), &a));
        assert_true(net_address_parse(span_text(rows[i].b), &b));
        one = net_peer_of(&a);
        two = net_peer_of(&b);
        assert_int_equal(memcmp(one.bytes, two.bytes, 16) == 0, rows[i].are_one);
    }
}

static void public_addresses(void **state)
{
    static const struct {
        const char *address;
        bool is_public;
    } rows[] = { { "9.255.255.255", true },
                 { "10.0.0.1", false },
                 { "11.0.0.0", true },
                 { "127.0.0.1", false },
                 { "169.254.169.254", false },
                 { "172.15.0.1", true },
                 { "172.31.255.255", false },
                 { "192.168.1.1", false },
                 { "100.127.0.1", false },
                 { "0.0.0.0", false },
                 { "223.1.1.1", true },
                 { "224.0.0.1", false },
                 { "255.255.255.255", false },
                 { "::ffff:10.0.0.1", false },
                 { "::1", false },
                 { "::", false },
                 { "fe80::1", false },
                 { "fd00::1", false },
                 { "64:ff9b::a00:1", false },
                 { "2002:a00:1::", false },
                 { "2001:db8::1", false },
                 { "2a00:1450::1", true },
                 { "ff02::1", false } };
    const struct net_address local = { .is_local = true };

    (void)state;
    assert_false(net_is_public(&local));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct net_address address;

        assert_true(net_address_parse(span_text(rows[i].address), &address));
        if (net_is_public(&address) != rows[i].is_public)
            fail_msg("%s", rows[i].address);
    }
}

static void loopback(void **state)
{
    static const struct {
        const char *address;
        bool is_loopback;
    } rows[] = { { "127.0.0.1", true },  { "127.9.9.9", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
                 { "128.0.0.1", false }, { "::2", false },      { "::", false } };
    const struct net_address local = { .is_local = true };
    char text[NET_ADDRESS_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct net_address address;
        assert_true(net_address_parse(span_text(rows[i].address), &address));
        assert_int_equal(net_is_loopback(&address), rows[i].is_loopback);
    }
    assert_true(net_is_loopback(&local));
    assert_string_equal(net_address_text(&local, text), "local");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(networks), cmocka_unit_test(sources),
                                        cmocka_unit_test(peers), cmocka_unit_test(public_addresses),
                                        cmocka_unit_test(loopback) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
