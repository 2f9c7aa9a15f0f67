/* PROXY protocol headers, whole, in every prefix, and broken; limits a peer. */
#include "base/clock.h"
#include "base/limits.h"
#include "session/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text)                                                                                          \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }

static const struct {
    const char *what;
    struct {
        const char *p;
        size_t length;
    } bytes;
    enum proxy_verdict verdict;
    const char *client; /* NULL: local */
    uint16_t port;
} rows[] = {
    { "v1, IPv4", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 4711 25\r\n"), PROXY_OK, "192.0.2.1", 4711 },
    { "v1, IPv6", BYTES("PROXY TCP6 2001:db8::1 ::1 65535 25\r\n"), PROXY_OK, "2001:db8::1", 65535 },
    { "v1, unknown", BYTES("PROXY UNKNOWN ffff::1 x 1 2\r\n"), PROXY_OK, NULL, 0 },
    { "v1, IPv6 in TCP4", BYTES("PROXY TCP4 2001:db8::1 ::1 1 2\r\n"), PROXY_MALFORMED, NULL, 0 },
    { "v1, a port too large", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 25\r\n"), PROXY_MALFORMED, NULL,
      0 },
    { "v1, LF alone", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 25\n"), PROXY_MALFORMED, NULL, 0 },
    { "v1, more at the end", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 25 x\r\n"), PROXY_MALFORMED, NULL, 0 },
    { "v1, nothing in it", BYTES("PROXY \r\n"), PROXY_MALFORMED, NULL, 0 },
    { "v2, IPv4", BYTES(V2 "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x19"), PROXY_OK, "192.0.2.1",
      0x1267 },
    { "v2, IPv6 with an extension",
      BYTES(V2
            "\x21\x21\0\x27 \1\r\270\0\0\0\0\0\0\0\0\0\0\0\1 \1\r\270\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0\2\4\0\0"),
      PROXY_OK, "2001:db8::1", 1 },
    { "v2, local", BYTES(V2 "\x20\0\0\0"), PROXY_OK, NULL, 0 },
    { "v2, too short for its family", BYTES(V2 "\x21\x11\0\4\xc0\0\2\1"), PROXY_MALFORMED, NULL, 0 },
    { "v2, UDP", BYTES(V2 "\x21\x12\0\x0c\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x19"), PROXY_MALFORMED, NULL, 0 },
    { "v2, version 3", BYTES(V2 "\x31\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x12\x67\0\x19"), PROXY_MALFORMED, NULL,
      0 },
    { "v2, huge", BYTES(V2 "\x21\x11\xff\xff"), PROXY_MALFORMED, NULL, 0 },
    { "a greeting", BYTES("EHLO example.org\r\n"), PROXY_MALFORMED, NULL, 0 },
};

static void headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct span all = span_of(rows[i].bytes.p, rows[i].bytes.length);
        struct net_address client = { .port = 0 }, expected;
        size_t length = 0;
        bool is_local = false;
        enum proxy_verdict verdict = proxy_parse(all, &length, &client, &is_local);
        if (verdict != rows[i].verdict)
            fail_msg("%s: %d", rows[i].what, (int)verdict);
        if (verdict != PROXY_OK)
            continue;
        assert_int_equal(length, rows[i].bytes.length);
        assert_int_equal(is_local, rows[i].client == NULL);
        for (size_t cut = 0; cut < length; cut++)
            assert_int_equal(proxy_parse(span_part(all, 0, cut), &length, &client, &is_local),
                             PROXY_INCOMPLETE);
        if (!rows[i].client)
            continue;
        assert_true(net_address_parse(span_text(rows[i].client), &expected));
        assert_true(net_address_equals(&client, &expected));
        assert_int_equal(client.port, rows[i].port);
    }
}

static struct net_network peer(unsigned number)
{
    struct net_address address = { .bytes = { 0x20, 1 } };
    memcpy(address.bytes + 2, &number, sizeof(number));
    return net_peer_of(&address);
}

static void limits(void **state)
{
    struct limits *l = limits_new(2, 3);
    struct net_network a = peer(1), b = peer(2);

    (void)state;
    assert_int_equal(limits_enter(l, &a, 0), LIMITS_OK);
    assert_int_equal(limits_enter(l, &a, 0), LIMITS_OK);
    assert_int_equal(limits_enter(l, &a, 0), LIMITS_TOO_MANY);
    assert_int_equal(limits_enter(l, &b, 0), LIMITS_OK);
    limits_leave(l, &a);
    assert_int_equal(limits_enter(l, &a, 1), LIMITS_OK);
    limits_leave(l, &a);
    assert_int_equal(limits_enter(l, &a, 2), LIMITS_TOO_OFTEN);
    assert_int_equal(limits_enter(l, &a, 61 * US_PER_S), LIMITS_OK); /* another minute */
    limits_free(&l);
}

static void limits_are_bounded(void **state)
{
    struct limits *l = limits_new(2, 3);

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        struct net_network p = peer(i);
        assert_int_equal(limits_enter(l, &p, i), LIMITS_OK);
        limits_leave(l, &p);
    }
    assert_true(limits_peers(l) <= 65536);
    struct net_network late = peer(1000000);
    assert_int_equal(limits_enter(l, &late, 1000 * US_PER_S), LIMITS_OK); /* sweeps the idle ones */
    assert_int_equal(limits_peers(l), 1);
    limits_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(headers), cmocka_unit_test(limits),
                                        cmocka_unit_test(limits_are_bounded) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
