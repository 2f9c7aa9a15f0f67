/* test_ask.c -- questions to a server that answers slowly, wrongly or not at all. The stories have the real ones. */
#include "dns/dns.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <talloc.h>

/* A name server on loopback: names that begin with "a" have the address 192.0.2.7, "s" is SERVFAIL, "n" does not exist,
 * all others get no answer. */
struct server {
    int fd;
    pthread_t thread;
    atomic_bool is_ending, is_silent;
    atomic_int questions;
    char address[40];
};

static void *serve(void *argument)
{
    static const unsigned char address[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };
    struct server *server = argument;
    struct pollfd ready = { .fd = server->fd, .events = POLLIN };

    while (!atomic_load(&server->is_ending)) {
        unsigned char packet[1500];
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        ssize_t got;
        size_t end = 12;
        if (poll(&ready, 1, 20) <= 0 ||
            (got = recvfrom(server->fd, packet, 1200, 0, (struct sockaddr *)&peer, &length)) < 17)
            continue;
        atomic_fetch_add(&server->questions, 1);
        while (packet[end])
            end += 1u + packet[end];
        end += 5;
        unsigned char first = packet[13] | 0x20;
        bool has_address = first == 'a' && packet[end - 3] == DNS_A;
        if ((first != 'a' && first != 's' && first != 'n') || atomic_load(&server->is_silent))
            continue;
        packet[2] = 0x81;
        packet[3] = (unsigned char)(0x80 | (first == 's' ? 2 : first == 'n' ? 3 : 0));
        memset(packet + 6, 0, 6);
        packet[7] = has_address;
        if (has_address)
            memcpy(packet + end, address, sizeof address);
        sendto(server->fd, packet, end + (has_address ? sizeof address : 0), 0, (struct sockaddr *)&peer,
               length);
    }
    return NULL;
}

static void server_start(struct server *server)
{
    struct sockaddr_in where = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof where;

    *server = (struct server){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
    assert_int_equal(bind(server->fd, (struct sockaddr *)&where, sizeof where), 0);
    getsockname(server->fd, (struct sockaddr *)&where, &length);
    snprintf(server->address, sizeof server->address, "127.0.0.1@%u", ntohs(where.sin_port));
    pthread_create(&server->thread, NULL, serve, server);
}

static void server_stop(struct server *server)
{
    atomic_store(&server->is_ending, true);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

static struct dns *open_at(const struct server *server)
{
    const struct dns_options options = { .servers = server->address };
    struct err err = ERR_INIT;
    struct dns *dns;

    assert_true(dns_open(&options, &dns, &err));
    return dns;
}

static void every_status(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        enum dns_status status;
    } table[] = { { "a.example", DNS_A, DNS_FOUND },
                  { "a.example", DNS_MX, DNS_NO_DATA },
                  { "n.example", DNS_A, DNS_NO_NAME },
                  { "s.example", DNS_A, DNS_TEMPORARY },
                  { "silent.x.example", DNS_A, DNS_TEMPORARY },
                  { "no..name", DNS_A, DNS_NO_NAME },
                  { "A.test.", DNS_A, DNS_FOUND } };
    void *arena = talloc_new(NULL);
    struct server server;
    struct dns *dns;

    (void)state;
    server_start(&server);
    dns = open_at(&server);
    assert_false(dns_validates(dns));
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct dns_answer answer;
        dns_ask(dns, arena, table[i].name, table[i].type, clock_monotonic_us() + 1500000, &answer);
        print_message("  %s: %s %s\n", table[i].name, dns_status_name(answer.status),
                      answer.reason ? answer.reason : "");
        assert_int_equal(answer.status, table[i].status);
        assert_false(answer.is_secure);
        assert_int_equal(answer.count, answer.status == DNS_FOUND);
    }
    dns_close(&dns);
    server_stop(&server);
    talloc_free(arena);
}

static void the_deadline_is_kept(void **state)
{
    struct dns_question questions[3] = { { "x.example", DNS_A, { 0 } },
                                         { "a.example", DNS_A, { 0 } },
                                         { "y.example", DNS_MX, { 0 } } };
    void *arena = talloc_new(NULL);
    int64_t began_us = clock_monotonic_us();
    struct server server;
    struct dns *dns;

    (void)state;
    server_start(&server);
    dns = open_at(&server);
    dns_ask_all(dns, arena, questions, 3, began_us + 300000);
    assert_true(clock_monotonic_us() - began_us >= 300000);
    assert_int_equal(questions[0].answer.status, DNS_TEMPORARY);
    assert_int_equal(questions[1].answer.status, DNS_FOUND);
    assert_int_equal(questions[2].answer.status, DNS_TEMPORARY);
    dns_close(&dns); /* with two questions that nobody waits for any longer */
    server_stop(&server);
    talloc_free(arena);
}

/* Servers that are gone are trouble, never absence; when they come back, they are found again. */
static void servers_that_are_away(void **state)
{
    void *arena = talloc_new(NULL);
    struct dns_answer answer;
    struct server server;
    struct dns *dns;
    int64_t began_us;

    (void)state;
    server_start(&server);
    atomic_store(&server.is_silent, true);
    dns = open_at(&server);
    for (int round = 0; round < 12; round++) {
        began_us = clock_monotonic_us();
        dns_ask(dns, arena, talloc_asprintf(arena, "a%d.example", round), DNS_A,
                clock_monotonic_us() + 2100000, &answer);
        print_message("  away: %s after %d ms\n", answer.reason,
                      (int)((clock_monotonic_us() - began_us) / 1000));
        assert_int_equal(answer.status, DNS_TEMPORARY);
    }
    atomic_store(&server.is_silent, false);
    began_us = clock_monotonic_us();
    for (int round = 0; answer.status != DNS_FOUND && clock_monotonic_us() - began_us < 60 * US_PER_S;
         round++) {
        usleep(200000);
        dns_ask(dns, arena, talloc_asprintf(arena, "ab%d.example", round), DNS_A,
                clock_monotonic_us() + 5000000, &answer);
    }
    print_message("  back: %s after %d ms\n", dns_status_name(answer.status),
                  (int)((clock_monotonic_us() - began_us) / 1000));
    assert_int_equal(answer.status, DNS_FOUND);
    dns_close(&dns);
    server_stop(&server);
    talloc_free(arena);
}

static void *ask_often(void *argument)
{
    struct dns *dns = argument;

    for (int i = 0; i < 50; i++) {
        void *arena = talloc_new(NULL);
        struct dns_answer answer;
        dns_ask(dns, arena, talloc_asprintf(arena, "a%d.example", i % 10), DNS_A, 0, &answer);
        assert_int_equal(answer.status, DNS_FOUND);
        talloc_free(arena);
    }
    return NULL;
}

static void many_threads_and_a_reload(void **state)
{
    struct server server;
    struct dns_options options = { .servers = server.address };
    struct err err = ERR_INIT;
    pthread_t threads[8];
    struct dns *dns;

    (void)state;
    server_start(&server);
    dns = open_at(&server);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_create(&threads[i], NULL, ask_often, dns);
    for (int i = 0; i < 5; i++)
        assert_true(dns_reload(dns, &options, &err));
    options.servers = "nonsense";
    assert_false(dns_reload(dns, &options, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    dns_close(&dns);
    server_stop(&server);
}

static void what_cannot_be_opened(void **state)
{
    static const struct dns_options bad[] = { { .servers = "127.0.0.1@0" },
                                              { .servers = "127.0.0.1@70000" },
                                              { .servers = "ns.example.org" },
                                              { .servers = "127.0.0.1", .trust_anchor = "/nonexistent" },
                                              { .servers = "127.0.0.1", .trust_anchor = "/etc/passwd" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct err err = ERR_INIT;
        struct dns *dns = NULL;
        assert_false(dns_open(&bad[i], &dns, &err));
        print_message("  %s\n", err.user);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_status),
                                        cmocka_unit_test(the_deadline_is_kept),
                                        cmocka_unit_test(servers_that_are_away),
                                        cmocka_unit_test(many_threads_and_a_reload),
                                        cmocka_unit_test(what_cannot_be_opened) };

    mem_start();
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
