/* test_familiar.c -- by what a sender is known again, and what is another one in the same name. */
#include "filter/familiar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FROM_NETWORK(address)                                                                                \
    "Received: from x ([" address "])\r\n\tby mail.test with ESMTP; Mon, 1 Jan 2029 00:00:00 +0000\r\n"
#define RESULTS(words) "Authentication-Results: mail.test" words "\r\n"
#define AUTHOR "From: Shop <Shop@a.Test>\r\n"

static const struct {
    const char *what, *one, *other;
    bool is_same;
} pairs[] = {
    { "the same network", FROM_NETWORK("192.0.2.1") AUTHOR, FROM_NETWORK("192.0.2.99") AUTHOR, true },
    { "another network", FROM_NETWORK("192.0.2.1") AUTHOR, FROM_NETWORK("198.51.100.1") AUTHOR, false },
    { "the same /64", FROM_NETWORK("IPv6:2001:db8::1") AUTHOR, FROM_NETWORK("IPv6:2001:db8::2") AUTHOR,
      true },
    { "another /64", FROM_NETWORK("IPv6:2001:db8::1") AUTHOR, FROM_NETWORK("IPv6:2001:db8:1::1") AUTHOR,
      false },
    { "another spelling", FROM_NETWORK("192.0.2.1") AUTHOR, FROM_NETWORK("192.0.2.1") "From: shop@a.test\r\n",
      true },
    { "another author", FROM_NETWORK("192.0.2.1") AUTHOR, FROM_NETWORK("192.0.2.1") "From: b@a.test\r\n",
      false },
    { "a signature that passes, from anywhere",
      FROM_NETWORK("192.0.2.1") RESULTS("; dkim=pass header.d=a.test header.s=s") AUTHOR,
      FROM_NETWORK("198.51.100.1") RESULTS("; spf=pass smtp.mailfrom=x@mail.a.test") AUTHOR, true },
    { "what passed once and does not now",
      FROM_NETWORK("192.0.2.1") RESULTS("; dkim=pass header.d=a.test") AUTHOR,
      FROM_NETWORK("192.0.2.1") RESULTS("; dkim=fail header.d=a.test") AUTHOR, false },
    { "a pass of another domain", FROM_NETWORK("192.0.2.1") RESULTS("; dkim=pass header.d=a.test") AUTHOR,
      FROM_NETWORK("192.0.2.1") RESULTS("; dkim=pass header.d=b.test") AUTHOR, false },
    { "a pass that somebody else claims",
      FROM_NETWORK("192.0.2.1") RESULTS("; dkim=pass header.d=a.test") AUTHOR,
      FROM_NETWORK("192.0.2.1") "Authentication-Results: evil.test; dkim=pass header.d=a.test\r\n" AUTHOR,
      false },
    { "an address in the greeting", FROM_NETWORK("192.0.2.1") AUTHOR,
      "Received: from [192.0.2.1] ([198.51.100.1])\r\n\tby mail.test; Mon, 1 Jan 2029 00:00:00 +0000\r\n" AUTHOR,
      false },
    { "a list", FROM_NETWORK("192.0.2.1") "From: a@x.test\r\nList-Id: News <news.a.test>\r\n",
      FROM_NETWORK("192.0.2.1") "From: b@y.test\r\nList-Id: <NEWS.a.test>\r\n", true },
    { "a list of the same name from elsewhere", FROM_NETWORK("192.0.2.1") "List-Id: <news.a.test>\r\n",
      FROM_NETWORK("198.51.100.1") "List-Id: <news.a.test>\r\n", false },
};

static bool share_a_key(const struct familiar_keys *a, const struct familiar_keys *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (span_equals(a->spans[i], b->spans[k]))
                return true;
    return false;
}

static void who_is_the_same_is_known_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct familiar_keys one, other;

        familiar_keys_of(&one, "mail.test", span_text(pairs[i].one));
        familiar_keys_of(&other, "mail.test", span_text(pairs[i].other));
        if (one.count == 0 || share_a_key(&one, &other) != pairs[i].is_same)
            fail_msg("%s", pairs[i].what);
    }
}

static void a_name_alone_has_no_key(void **state)
{
    static const char *const mails[] = {
        AUTHOR,
        FROM_NETWORK("127.0.0.1") AUTHOR,
        "Received: from x\r\n\tby mail.test with LMTP; Mon, 1 Jan 2029 00:00:00 +0000\r\n" AUTHOR,
        FROM_NETWORK("192.0.2.1") "From: a@x.test, b@y.test\r\n",
        FROM_NETWORK("192.0.2.1") "Subject: nobody\r\n",
        "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        struct familiar_keys keys;

        familiar_keys_of(&keys, "mail.test", span_text(mails[i]));
        if (keys.count != 0)
            fail_msg("%s", mails[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_the_same_is_known_again),
        cmocka_unit_test(a_name_alone_has_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
