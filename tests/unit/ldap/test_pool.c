/*
 * test_pool.c -- servers that hang, break off and come back: nobody waits longer than his deadline, and a breaker opens. Against
 * sockets that do what no server should; real servers are in the stories.
 */
#include "base/clock.h"
#include "ldap/password.h"
#include "ldap/pool.h"
#include "ldap/search.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

/* A bind's good answer, message id 1. */
static const char bound[] = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";

enum manner { SILENT, HALF_AN_ANSWER, NONSENSE, GOOD, HANGS_UP };

struct peer {
    int listener;
    char url[64];
    _Atomic enum manner manner;
    _Atomic int accepted;
    pthread_t thread;
};

static void answer(struct peer *peer, int s)
{
    char request[512];

    if (peer->manner == HANGS_UP || recv(s, request, sizeof request, 0) <= 0)
        return;
    if (peer->manner == HALF_AN_ANSWER)
        (void)!send(s, bound, 7, MSG_NOSIGNAL);
    else if (peer->manner == NONSENSE)
        (void)!send(s, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL);
    else if (peer->manner == GOOD)
        (void)!send(s, bound, sizeof bound - 1, MSG_NOSIGNAL);
    /* held open until it says something or leaves */
    (void)!recv(s, request, sizeof request, 0);
}

static void *serve(void *arg)
{
    struct peer *peer = arg;
    int s;

    while ((s = accept(peer->listener, NULL, NULL)) >= 0) {
        peer->accepted++;
        answer(peer, s);
        close(s);
    }
    return NULL;
}

static struct peer *start(void *owner, enum manner manner)
{
    struct peer *peer = talloc_zero(owner, struct peer);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;

    peer->manner = manner;
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(peer->listener, 16), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(peer->url, sizeof peer->url, "ldap://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
    return peer;
}

static void stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    close(peer->listener);
    pthread_join(peer->thread, NULL);
}

static struct ldap_pool *pool_of(void *owner, const struct ldap_server *servers, size_t count)
{
    struct ldap_settings settings = { .servers = servers,
                                      .server_count = count,
                                      .bind_name = "cn=reader",
                                      .bind_password = "secret",
                                      .connect_ms = 300,
                                      .answer_ms = 300,
                                      .connections = 1 };
    struct ldap_pool *pool;
    struct err err = ERR_INIT;

    if (!ldap_pool_open(owner, &settings, &pool, &err))
        fail_msg("%s", err.user);
    return pool;
}

static int64_t take_fails(struct ldap_pool *pool, unsigned wait_ms)
{
    int64_t before = clock_monotonic_us();
    struct ldap_link *link;
    struct err err;

    assert_false(ldap_link_take(pool, LDAP_LINK_SERVICE, wait_ms, &link, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_null(link);
    return (clock_monotonic_us() - before) / 1000;
}

static void what_hangs_costs_a_deadline_and_then_nothing(void **state)
{
    static const enum manner manners[] = { SILENT, HALF_AN_ANSWER, NONSENSE, HANGS_UP };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(manners); i++) {
        void *owner = talloc_new(NULL);
        struct peer *peer = start(owner, manners[i]);
        struct ldap_server server = { peer->url, 1 };
        struct ldap_pool *pool = pool_of(owner, &server, 1);
        struct ldap_server_health *health;
        size_t count;

        for (int n = 0; n < 3; n++)
            assert_in_range(take_fails(pool, 5000), 0, 2900);
        /* three in a row: the breaker is open, and it is not even asked */
        assert_in_range(take_fails(pool, 5000), 0, 50);
        assert_int_equal(peer->accepted, 3);
        ldap_pool_health(pool, owner, &health, &count);
        assert_int_equal(count, 1);
        assert_true(health[0].is_down);
        assert_int_equal(health[0].failed, 3);
        ldap_pool_close(&pool);
        stop(peer);
        talloc_free(owner);
    }
}

static void the_next_cheapest_is_asked_and_the_first_again_when_it_is_back(void **state)
{
    void *owner = talloc_new(NULL);
    struct peer *cheap = start(owner, HANGS_UP), *dear = start(owner, GOOD);
    struct ldap_server servers[] = { { dear->url, 20 }, { cheap->url, 10 } };
    struct ldap_pool *pool = pool_of(owner, servers, 2);
    struct ldap_link *link;
    struct err err;

    (void)state;
    for (int n = 0; n < 5; n++) {
        assert_true(ldap_link_take(pool, LDAP_LINK_SERVICE, 2000, &link, &err));
        assert_string_equal(ldap_link_url(link), dear->url);
        ldap_link_release(&link);
    }
    assert_int_equal(dear->accepted, 1); /* its connection is kept */
    assert_int_equal(cheap->accepted, 3);
    cheap->manner = GOOD;
    usleep(1100000);
    assert_true(ldap_link_take(pool, LDAP_LINK_SERVICE, 2000, &link, &err));
    assert_string_equal(ldap_link_url(link), cheap->url);
    ldap_link_release(&link);
    ldap_pool_close(&pool);
    stop(cheap);
    stop(dear);
    talloc_free(owner);
}

static void connections_are_bounded(void **state)
{
    void *owner = talloc_new(NULL);
    struct peer *peer = start(owner, GOOD);
    struct ldap_server server = { peer->url, 1 };
    struct ldap_pool *pool = pool_of(owner, &server, 1);
    struct ldap_link *link;
    struct err err;

    (void)state;
    assert_true(ldap_link_take(pool, LDAP_LINK_SERVICE, 2000, &link, &err));
    assert_in_range(take_fails(pool, 200), 150, 1000);
    assert_int_equal(peer->accepted, 1);
    ldap_link_release(&link);
    ldap_pool_close(&pool);
    stop(peer);
    talloc_free(owner);
}

static void an_empty_password_is_never_sent(void **state)
{
    void *owner = talloc_new(NULL);
    struct peer *peer = start(owner, GOOD);
    struct ldap_server server = { peer->url, 1 };
    struct ldap_pool *pool = pool_of(owner, &server, 1);
    struct ldap_check check;
    struct err err;

    (void)state;
    assert_true(ldap_check_password(pool, "cn=ada", span_text(""), 1000, &check, &err));
    assert_int_equal(check.verdict, LDAP_WRONG);
    assert_true(ldap_check_password(pool, "cn=ada", span_of("\0x", 2), 1000, &check, &err));
    assert_int_equal(check.verdict, LDAP_WRONG);
    assert_true(ldap_check_password(pool, "", span_text("x"), 1000, &check, &err));
    assert_int_equal(check.verdict, LDAP_WRONG);
    assert_int_equal(peer->accepted, 0);
    ldap_pool_close(&pool);
    stop(peer);
    talloc_free(owner);
}

static void urls_and_settings_are_checked(void **state)
{
    static const struct {
        const char *url;
        bool ok;
    } urls[] = {
        { "ldap://dc1.example.lan", true },
        { "ldaps://[::1]:3269/", true },
        { "ldapi://%2Frun%2Fldapi", true },
        { "srv://example.lan", true },
        { "ldap://", false },
        { "http://x", false },
        { "ldap://x:0", false },
        { "ldap://x:99999", false },
        { "ldap://[::1", false },
        { "ldap://x/dc=a??sub", false },
        { "ldapi://relative", false },
        { "ldap://a@b", false },
    };
    struct ldap_pool *pool;
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        if (ldap_url_check(urls[i].url, &err) != urls[i].ok)
            fail_msg("%s", urls[i].url);
    assert_false(ldap_pool_open(NULL,
                                &(struct ldap_settings){
                                    .servers = &(struct ldap_server){ "ldap://x", 1 },
                                    .server_count = 1,
                                    .bind = LDAP_BIND_EXTERNAL,
                                },
                                &pool, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void values_are_escaped(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    assert_string_equal(ldap_escape_filter(owner, span_of("*)(uid=\\\0", 9)), "\\2a\\29\\28uid=\\5c\\00");
    assert_string_equal(ldap_escape_filter(owner, span_text("\xc3\xa9")), "\\c3\\a9");
    assert_string_equal(ldap_escape_dn(owner, span_text(" a,b=c\\ ")), "\\20a\\2cb\\3dc\\5c\\20");
    assert_string_equal(ldap_dn_key(owner, "CN=Ada\\, L , OU=People,DC=X"),
                        ldap_dn_key(owner, "cn=ada\\2c l,ou=people,dc=x"));
    assert_null(ldap_dn_key(owner, "no name"));
    assert_null(ldap_dn_key(owner, "cn=\xff"));
    talloc_free(owner);
}

static void the_sub_code_is_read(void **state)
{
    static const struct {
        const char *text;
        unsigned code;
    } words[] = {
        { "80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data 52e, v4563", 0x52e },
        { "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 773, v1db1", 0x773 },
        { "data 701", 0x701 },
        { "data ", 0 },
        { "data 123456789", 0 },
        { "", 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_int_equal(ldap_sub_code(span_text(words[i].text)), words[i].code);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_hangs_costs_a_deadline_and_then_nothing),
        cmocka_unit_test(the_next_cheapest_is_asked_and_the_first_again_when_it_is_back),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(an_empty_password_is_never_sent),
        cmocka_unit_test(urls_and_settings_are_checked),
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(the_sub_code_is_read),
    };

    signal(SIGPIPE, SIG_IGN); /* as every process of the server does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
