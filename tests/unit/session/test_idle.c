/* What an idle connection costs: 1,500 of them, plain and over TLS, as growth of the server's process. */
#include "echo.h"

#include <malloc.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define CONNECTIONS 1500

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_MEASURED 0 /* a sanitizer's shadow is not our memory */
#else
#define IS_MEASURED 1
#endif

/* Anonymous pages, whoever shares them after the fork. */
static int64_t own_bytes(void)
{
    char line[256];
    int64_t kb = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "Anonymous: %ld kB", &kb) == 1)
            break;
    fclose(file);
    return kb * 1024;
}

/* In a process of its own, so that its TLS objects are not counted; begun before the server's threads, whose locks a fork would
 * take along. Told the port by one pipe, it holds its connections until the other closes. */
static void be_the_clients(bool secure, int told, int until)
{
    struct err err = ERR_INIT;
    struct tls_client *tls;
    uint16_t port;
    char byte;

    if (read(told, &port, sizeof port) != sizeof port)
        _exit(2);
    assert_true(tls_client_new(NULL, false, &tls, &err));
    for (int i = 0; i < CONNECTIONS; i++) {
        struct client *c = client_new(port);
        if (secure)
            assert_true(client_start_tls(c, tls, "mail.example.org", "echo"));
        client_expect(c, "+ hello");
        client_send(c, "ECHO warm\r\nBIG 5000\r\n");
        client_expect(c, "+ warm");
        assert_int_equal(client_count_until_lf(c), 5002);
    }
    if (read(until, &byte, 1) < 0)
        _exit(2);
    _exit(0);
}

static void measure(bool secure, int64_t most_bytes)
{
    const struct session_server_config config = { .reactors = 2, .workers = 16 };
    struct bench *bench;
    int until[2], told[2];
    pid_t child;
    int64_t before, after;
    int status;

    assert_int_equal(pipe(until), 0);
    assert_int_equal(pipe(told), 0);
    child = fork();
    if (child == 0) {
        close(until[1]);
        be_the_clients(secure, told[0], until[0]);
    }
    bench = bench_new(&config, NULL);
    before = own_bytes();
    const uint16_t *port = secure ? &bench->secure_port : &bench->plain_port;
    assert_int_equal(write(told[1], port, sizeof *port), sizeof *port);
    for (int i = 0; i < 12000 && session_server_count(bench->server) < CONNECTIONS; i++)
        usleep(5000);
    assert_int_equal(session_server_count(bench->server), CONNECTIONS);
    usleep(500 * 1000);
    after = own_bytes();
    print_message("%s: %ld bytes an idle connection\n", secure ? "TLS" : "plain",
                  (after - before) / CONNECTIONS);
    if (IS_MEASURED)
        assert_in_range((after - before) / CONNECTIONS, 0, most_bytes);
    close(until[1]);
    close(told[0]);
    close(told[1]);
    waitpid(child, &status, 0);
    bench_expect_empty(bench);
    bench_free(bench);
}

static void test_plain(void **state)
{
    (void)state;
    measure(false, 3500);
}

static void test_tls(void **state)
{
    (void)state;
    measure(true, 20 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_plain), cmocka_unit_test(test_tls) };
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    mem_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
