/* test_crowd.c -- how many of one client and of one person. */
#include "auth/auth.h"
#include "jmap/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PERSON = 7, OF_A_CLIENT = 4, OF_A_PERSON = 16 };

static unsigned enter_all(struct jmap_crowd *crowd, struct jmap_client client, enum jmap_crowd_kind kind)
{
    unsigned count = 0;

    while (jmap_crowd_enter(crowd, client, kind))
        count++;
    return count;
}

static void test_who(void **state)
{
    struct identity session = { .recipient_id = PERSON, .access_token_id = 3 };
    struct identity app = { .recipient_id = PERSON, .app_password_id = 3 }, own = { .recipient_id = PERSON };

    (void)state;
    assert_true(jmap_client_of(&session).login != jmap_client_of(&app).login);
    assert_true(jmap_client_of(&app).login != jmap_client_of(&own).login);
    assert_int_equal(jmap_client_of(&own).recipient_id, PERSON);
}

static void test_clients(void **state)
{
    struct jmap_crowd *crowd = jmap_crowd_new(NULL);
    struct jmap_client phone = { PERSON, 1 }, stranger = { PERSON + 1, 1 };

    (void)state;
    assert_int_equal(enter_all(crowd, phone, CROWD_REQUESTS), OF_A_CLIENT);
    assert_int_equal(enter_all(crowd, phone, CROWD_UPLOADS), OF_A_CLIENT);
    for (int64_t login = 2; login <= OF_A_PERSON / OF_A_CLIENT; login++)
        assert_int_equal(enter_all(crowd, (struct jmap_client){ PERSON, login }, CROWD_REQUESTS),
                         OF_A_CLIENT);
    assert_int_equal(enter_all(crowd, (struct jmap_client){ PERSON, 99 }, CROWD_REQUESTS), 0);
    assert_int_equal(enter_all(crowd, stranger, CROWD_REQUESTS), OF_A_CLIENT);
    jmap_crowd_leave(crowd, phone, CROWD_REQUESTS);
    assert_int_equal(enter_all(crowd, (struct jmap_client){ PERSON, 99 }, CROWD_REQUESTS), 1);
    assert_int_equal(enter_all(crowd, phone, CROWD_REQUESTS), 0);
    jmap_crowd_free(&crowd);
    assert_null(crowd);
}

/* Streams and the like are a person's, whatever they came in with. */
static void test_streams(void **state)
{
    struct jmap_crowd *crowd = jmap_crowd_new(NULL);

    (void)state;
    assert_int_equal(enter_all(crowd, (struct jmap_client){ PERSON, 1 }, CROWD_SOCKETS),
                     JMAP_SOCKETS_AT_ONCE);
    assert_int_equal(enter_all(crowd, (struct jmap_client){ PERSON, 2 }, CROWD_SOCKETS), 0);
    jmap_crowd_free(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_clients),
        cmocka_unit_test(test_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
