/* A session's life over real sockets: framing, pipelining, bodies, TLS, slow readers, cuts, limits. */
#include "echo.h"

#include <openssl/ssl.h>
#include <sys/resource.h>

static const struct session_server_config small = { .reactors = 2, .workers = 8 };

static void test_answers(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);

    (void)state;
    client_expect(c, "+ hello");
    client_send(c, "ECHO one\r\n");
    client_expect(c, "+ one");
    client_send(c, "FAST two\r\nNONSENSE\r\n");
    client_expect(c, "+ two");
    client_expect(c, "- what");
    client_send(c, "QUIT\r\nECHO never\r\n");
    client_expect(c, "+ bye");
    client_expect_end(c);
    client_free(c);
    bench_expect_empty(bench);
    bench_free(bench);
}

static void test_pipelining_keeps_order(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    char line[64];

    (void)state;
    client_expect(c, "+ hello");
    for (int round = 0; round < 20; round++) {
        char *text = talloc_strdup(NULL, "");
        for (int i = 0; i < 200; i++)
            text = talloc_asprintf_append(text, "%s %d\r\n", i % 3 ? "ECHO" : "FAST", i);
        client_send(c, text);
        talloc_free(text);
        for (int i = 0; i < 200; i++) {
            snprintf(line, sizeof(line), "+ %d", i);
            client_expect(c, line);
        }
    }
    client_free(c);
    bench_free(bench);
}

static void test_half_close_answers_all(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);

    (void)state;
    client_send(c, "ECHO a\r\nSLEEP 50\r\nECHO b\r\n");
    shutdown(stream_fd(c->stream), SHUT_WR);
    client_expect(c, "+ hello");
    client_expect(c, "+ a");
    client_expect(c, "+ slept");
    client_expect(c, "+ b");
    client_expect_end(c);
    client_free(c);
    bench_free(bench);
}

static unsigned sum_of(struct span bytes)
{
    unsigned sum = 0;
    for (const char *p = bytes.p; p < bytes.end; p++)
        sum = sum * 31 + (unsigned char)*p;
    return sum;
}

static void test_bodies(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    size_t large = 3 * 1000 * 1000;
    char *bytes = malloc(large), expected[64];

    (void)state;
    for (size_t i = 0; i < large; i++)
        bytes[i] = (char)('a' + i % 23);
    client_expect(c, "+ hello");
    client_send(c, "BODY 5\r\nabcdeBODY 0\r\nECHO after\r\n");
    snprintf(expected, sizeof(expected), "+ body 5 %u", sum_of(span_text("abcde")));
    client_expect(c, expected);
    client_expect(c, "+ body 0 0");
    client_expect(c, "+ after");

    client_send(c, "BODY 3000000\r\n"); /* over 256 KiB: through a file */
    client_send_bytes(c, span_of(bytes, large));
    snprintf(expected, sizeof(expected), "+ body 3000000 %u", sum_of(span_of(bytes, large)));
    client_expect(c, expected);

    client_send(c, "DATA\r\n");
    client_expect(c, "+ go");
    client_send(c, "one\r\ntwo\r\n.\r\nECHO next\r\n");
    snprintf(expected, sizeof(expected), "+ body 10 %u", sum_of(span_text("one\r\ntwo\r\n")));
    client_expect(c, expected);
    client_expect(c, "+ next");

    client_send(c, "DATA\r\n");
    client_expect(c, "+ go");
    for (int i = 0; i < 1100; i++) { /* over the limit of 1 MB: read to its end, then refused */
        char line[1003];
        memset(line, 'y', 1000);
        memcpy(line + 1000, "\r\n", 3);
        client_send(c, line);
    }
    client_send(c, ".\r\nECHO alive\r\n");
    client_expect(c, "- limit 1102200");
    client_expect(c, "+ alive");
    client_free(c);
    free(bytes);
    bench_free(bench);
}

static void test_large_answer_waits_for_slow_reader(void **state)
{
    const struct session_server_config two = { .reactors = 1, .workers = 2 };
    struct bench *bench = bench_new(&two, NULL);
    struct client *slow[4], *other;
    uint64_t big = 30 * 1000 * 1000;

    (void)state;
    for (int i = 0; i < 4; i++) {
        slow[i] = client_new(bench->plain_port);
        client_expect(slow[i], "+ hello");
        client_send(slow[i], "BIG 30000000\r\nECHO done\r\n");
    }
    usleep(200 * 1000);
    /* More sleepers than workers, and still somebody is served at once. */
    other = client_new(bench->plain_port);
    client_expect(other, "+ hello");
    client_send(other, "ECHO quick\r\n");
    client_expect(other, "+ quick");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(client_count_until_lf(slow[i]), big + 2);
        client_expect(slow[i], "+ done");
        client_free(slow[i]);
    }
    client_free(other);
    bench_free(bench);
}

static void test_starttls(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    uint8_t ours[STREAM_BINDING_MAX];
    size_t length;

    (void)state;
    client_expect(c, "+ hello");
    client_send(c, "LOGIN\r\n");
    client_expect(c, "- not here");
    client_send(c, "STARTTLS\r\n");
    client_expect(c, "+ tls");
    assert_true(client_start_tls(c, bench->trusting, "mail.example.org", "echo"));
    client_send(c, "ECHO secret\r\nLOGIN\r\nSTARTTLS\r\n");
    client_expect(c, "+ secret");
    client_expect(c, "+ in");
    client_expect(c, "- tls");
    assert_int_equal(atomic_load(&bench->world.tls_started), 1);
    assert_string_equal(stream_tls_version(c->stream), "TLSv1.3");
    assert_true(stream_channel_binding(c->stream, STREAM_TLS_EXPORTER, ours, &length));
    assert_int_equal(length, 32);
    assert_true(stream_channel_binding(c->stream, STREAM_TLS_SERVER_END_POINT, ours, &length));
    client_free(c);
    bench_free(bench);
}

static void test_starttls_injection_closes(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);

    (void)state;
    client_expect(c, "+ hello");
    client_send(c, "STARTTLS\r\nECHO injected\r\n");
    client_expect(c, "+ tls");
    client_expect_end(c);
    client_free(c);
    bench_expect_empty(bench);
    assert_int_equal(atomic_load(&bench->world.tls_started), 0);
    bench_free(bench);
}

static void test_implicit_tls(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->secure_port);

    (void)state;
    assert_true(client_start_tls(c, bench->trusting, "127.0.0.1", "echo"));
    client_expect(c, "+ hello");
    client_send(c, "BIG 5000000\r\nLOGIN\r\nQUIT\r\n");
    assert_int_equal(client_count_until_lf(c), 5000002);
    client_expect(c, "+ in");
    client_expect(c, "+ bye");
    client_expect_end(c);
    client_free(c);

    c = client_new(bench->secure_port); /* no ALPN offered: fine */
    assert_true(client_start_tls(c, bench->trusting, "mail.example.org", NULL));
    client_expect(c, "+ hello");
    client_free(c);
    c = client_new(bench->secure_port); /* another protocol: refused (ALPACA) */
    assert_false(client_start_tls(c, bench->trusting, "mail.example.org", "http/1.1"));
    assert_non_null(strstr(stream_failure(c->stream), "no application protocol"));
    client_free(c);
    c = client_new(bench->secure_port); /* a name the certificate does not bear */
    assert_false(client_start_tls(c, bench->trusting, "other.example.org", "echo"));
    client_free(c);
    bench_expect_empty(bench);
    bench_free(bench);
}

static void test_deflate(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    struct err err = ERR_INIT;

    (void)state;
    client_expect(c, "+ hello");
    client_send(c, "DEFLATE\r\n");
    client_expect(c, "+ deflate");
    assert_true(stream_start_deflate(c->stream, &err));
    for (int i = 0; i < 50; i++) {
        client_send(c, "ECHO squeezed\r\n");
        client_expect(c, "+ squeezed");
    }
    client_send(c, "BIG 3000000\r\nECHO end\r\n");
    assert_int_equal(client_count_until_lf(c), 3000002);
    client_expect(c, "+ end");
    client_free(c);
    bench_free(bench);
}

static void test_deflate_bomb_ends(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    struct err err = ERR_INIT;
    char *zeros = calloc(1, 20 * 1000 * 1000);

    (void)state;
    client_expect(c, "+ hello");
    client_send(c, "DEFLATE\r\n");
    client_expect(c, "+ deflate");
    assert_true(stream_start_deflate(c->stream, &err));
    client_send(c, "BODY 20000000\r\n");
    client_send_bytes(c, span_of(zeros, 20 * 1000 * 1000));
    client_expect_end(c);
    client_free(c);
    free(zeros);
    bench_expect_empty(bench);
    bench_free(bench);
}

/* Blocks of DEFLATE with nothing in them: they would be read for ever, and nobody else of this reactor. */
static void test_deflate_of_nothing_ends(void **state)
{
    static const char empty[5] = { 0, 0, 0, (char)0xff, (char)0xff };
    enum { BLOCKS = 100000 };
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    char *blocks = malloc(BLOCKS * sizeof(empty));

    (void)state;
    assert_non_null(blocks);
    for (size_t i = 0; i < BLOCKS; i++)
        memcpy(blocks + i * sizeof(empty), empty, sizeof(empty));
    client_expect(c, "+ hello");
    client_send(c, "DEFLATE\r\n");
    client_expect(c, "+ deflate");
    client_send_bytes(c, span_of(blocks, BLOCKS * sizeof(empty)));
    client_expect_end(c);
    client_free(c);
    free(blocks);
    bench_expect_empty(bench);
    bench_free(bench);
}

static void test_wake(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    const char *line;
    unsigned count = 0;

    (void)state;
    client_expect(c, "+ hello");
    client_send(c, "WAKEME\r\n");
    client_expect(c, "+ idling");
    session_wake(atomic_load(&bench->world.sleeper));
    client_expect(c, "* woken 1");
    for (int i = 0; i < 1000; i++)
        session_wake(atomic_load(&bench->world.sleeper));
    client_send(c, "ECHO stop\r\n");
    while ((line = client_line(c)) && strcmp(line, "+ stop") != 0)
        count++;
    assert_non_null(line);
    assert_in_range(count, 1, 1000); /* coalesced, never more */
    client_free(c);
    bench_free(bench);
}

static void test_delay_holds_the_answer(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    int64_t start;

    (void)state;
    client_expect(c, "+ hello");
    start = clock_monotonic_us();
    client_send(c, "DELAY 300\r\nECHO x\r\n");
    client_expect(c, "+ late");
    assert_true(clock_monotonic_us() - start >= 300 * 1000);
    client_expect(c, "+ x");
    client_free(c);
    bench_free(bench);
}

static void test_too_long(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *c = client_new(bench->plain_port);
    char many[10001];

    (void)state;
    memset(many, 'z', 10000);
    many[10000] = '\0';
    client_expect(c, "+ hello");
    client_send(c, many);
    client_expect(c, "- too long");
    client_expect_end(c);
    client_free(c);

    c = client_new(bench->plain_port); /* after login more is allowed */
    client_expect(c, "+ hello");
    client_send(c, "LOGIN\r\n");
    client_expect(c, "- not here");
    client_send(c, many);
    client_send(c, "\r\n");
    client_expect(c, "- what");
    client_free(c);
    bench_free(bench);
}

static void test_intruders(void **state)
{
    static const struct {
        const char *what, *sent, *answer;
    } rows[] = {
        { "a browser", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "- not http" },
        { "a form", "POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nQUIT\r\n", "- not http" },
        { "a word that only looks so", "GET me a coffee\r\n", "- what" },
        { "a proxy nobody declared", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nECHO x\r\n", NULL },
        { "and one in binary", "\r\n\r\n\0\r\nQUIT\n\x21\x11", NULL },
        { "TLS on the plain port", "\x16\x03\x01 hello\r\n", NULL },
    };
    struct bench *bench = bench_new(&small, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client *c = client_new(bench->plain_port);
        client_expect(c, "+ hello");
        client_send_bytes(c, span_of(rows[i].sent, rows[i].sent[0] == '\r' ? 14 : strlen(rows[i].sent)));
        if (rows[i].answer)
            client_expect(c, rows[i].answer);
        if (!rows[i].answer || strstr(rows[i].answer, "http"))
            client_expect_end(c);
        client_free(c);
    }
    bench_free(bench);
}

static void test_proxy_and_limits(void **state)
{
    struct net_network loopback;
    const struct session_server_config config = {
        .reactors = 2, .workers = 4, .max_per_peer = 2, .max_new_per_peer = 4
    };
    struct session_listen listen_ = { .protocol = &echo_protocol,
                                      .name = "echo",
                                      .address = "127.0.0.1",
                                      .fd = -1,
                                      .proxies = &loopback,
                                      .proxy_count = 1,
                                      .plaintext_login = PLAINTEXT_LOGIN_LOOPBACK };
    struct bench *bench;
    struct client *c[3];

    (void)state;
    assert_true(net_network_parse(span_text("127.0.0.0/8"), &loopback));
    bench = bench_new(&config, &listen_);
    for (int i = 0; i < 3; i++) {
        c[i] = client_new(bench->plain_port);
        client_send(c[i], "PROXY TCP6 2001:db8::");
        usleep(20 * 1000); /* in two pieces */
        client_send(c[i], i == 1 ? "1 ::1 4711 25\r\n" : "2 ::1 4711 25\r\n");
        client_expect(c[i], i < 2 ? "+ hello" : "- busy"); /* one /64 is one peer */
    }
    client_send(c[1], "PEER\r\nLOGIN\r\n");
    client_expect(c[1], "+ 2001:db8::1");
    client_expect(c[1], "- not here"); /* it is not on the loopback, its proxy is */
    for (int i = 0; i < 3; i++)
        client_free(c[i]);
    bench_expect_empty(bench);
    for (int i = 0; i < 3; i++) { /* two more are within four a minute */
        c[0] = client_new(bench->plain_port);
        client_send(c[0], "PROXY TCP6 2001:db8::9 ::1 4711 25\r\n");
        client_expect(c[0], i < 2 ? "+ hello" : "- busy");
        client_free(c[0]);
        bench_expect_empty(bench);
    }
    c[0] = client_new(bench->plain_port);
    client_send(c[0], "ECHO without a header\r\n");
    client_expect_end(c[0]);
    client_free(c[0]);
    c[0] = client_new(bench->secure_port); /* in front of TLS */
    client_send(c[0], "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n");
    assert_true(client_start_tls(c[0], bench->trusting, "mail.example.org", "echo"));
    client_expect(c[0], "+ hello");
    client_send(c[0], "PEER\r\nLOGIN\r\n");
    client_expect(c[0], "+ 192.0.2.7");
    client_expect(c[0], "+ in");
    client_free(c[0]);
    bench_free(bench);
}

static void test_timeouts(void **state)
{
    static struct protocol hasty, unhurried;
    struct session_listen listen_ = { .protocol = &hasty, .name = "hasty", .address = "127.0.0.1", .fd = -1 };
    struct bench *bench;
    struct client *c;

    (void)state;
    hasty = echo_protocol;
    hasty.idle_s = 1;
    bench = bench_new(&small, &listen_);
    c = client_new(bench->plain_port);
    client_expect(c, "+ hello");
    client_expect(c, "- timeout");
    client_expect_end(c);
    client_free(c);
    c = client_new(bench->plain_port); /* a body that never comes */
    client_expect(c, "+ hello");
    client_send(c, "BODY 10\r\nabc");
    client_expect(c, "- timeout");
    client_expect_end(c);
    client_free(c);
    bench_free(bench);

    unhurried = echo_protocol;
    unhurried.login_s = 1;
    listen_.protocol = &unhurried;
    bench = bench_new(&small, &listen_);
    c = client_new(bench->plain_port); /* busy, but without logging in */
    client_expect(c, "+ hello");
    for (int i = 0; i < 3; i++) {
        client_send(c, "ECHO x\r\n");
        client_expect(c, "+ x");
        usleep(100 * 1000);
    }
    client_expect(c, "- timeout");
    client_free(c);
    bench_free(bench);
}

static void test_early_talker(void **state)
{
    static struct protocol strict;
    struct session_listen listen_ = { .protocol = &strict, .name = "strict", .fd = -1 };
    struct bench *bench;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof(address);
    struct client *c;

    (void)state;
    strict = echo_protocol;
    strict.early = "- early\r\n";
    /* The connection waits in the queue of a listening socket that is handed over later. */
    listen_.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listen_.fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listen_.fd, 5), 0);
    assert_int_equal(getsockname(listen_.fd, (struct sockaddr *)&address, &length), 0);
    c = client_new(ntohs(address.sin_port));
    client_send(c, "ECHO too soon\r\n");
    {
        struct session_listen other = { .protocol = &strict, .name = "x", .address = "127.0.0.1", .fd = -1 };
        struct session_listener *late;
        struct err err = ERR_INIT;
        bench = bench_new(&small, &other);
        listen_.context = &bench->world;
        assert_true(session_server_listen(bench->server, &listen_, &late, &err));
        client_expect(c, "- early");
        client_expect_end(c);
    }
    client_free(c);
    bench_free(bench);
}

/* FIN and RST after every byte of a session: nothing leaks, nothing hangs. */
static void test_cut_at_every_byte(void **state)
{
    static const char script[] =
        "ECHO a\r\nFAST b\r\nBODY 4\r\nabcdDATA\r\nx\r\n.\r\nBIG 300000\r\nWAKEME\r\nSTARTTLS\r\n";
    static const struct linger reset = { 1, 0 };
    struct bench *bench = bench_new(&small, NULL);

    (void)state;
    for (size_t cut = 0; cut < sizeof(script); cut++) {
        for (int hard = 0; hard < 2; hard++) {
            int fd = connect_to(bench->plain_port);
            assert_int_equal(send(fd, script, cut, MSG_NOSIGNAL), (ssize_t)cut);
            if (hard)
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
            if (cut % 5 == 0)
                usleep(500);
            close(fd);
        }
    }
    bench_expect_empty(bench);
    bench_free(bench);
}

static void *chatter(void *argument)
{
    struct bench *bench = argument;

    for (int i = 0; i < 20; i++) {
        bool secure = i % 2;
        struct client *c = client_new(secure ? bench->secure_port : bench->plain_port);
        if (secure)
            assert_true(client_start_tls(c, bench->trusting, "127.0.0.1", "echo"));
        client_expect(c, "+ hello");
        for (int j = 0; j < 20; j++) {
            client_send(c, "ECHO x\r\nFAST y\r\nBODY 3\r\nabc");
            client_expect(c, "+ x");
            client_expect(c, "+ y");
            client_expect(c, "+ body 3 96354");
        }
        if (i % 3 == 0) {
            client_send(c, "QUIT\r\n");
            client_expect(c, "+ bye");
        }
        client_free(c);
    }
    return NULL;
}

static void *waker(void *argument)
{
    struct bench *bench = argument;

    for (int i = 0; i < 300; i++) {
        struct session *s = atomic_load(&bench->world.sleeper);
        if (s)
            session_wake(s);
        usleep(1000);
    }
    return NULL;
}

static void test_many_at_once(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    pthread_t threads[9];
    struct client *idler = client_new(bench->plain_port);

    (void)state;
    client_send(idler, "WAKEME\r\n");
    client_expect(idler, "+ hello");
    client_expect(idler, "+ idling");
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, bench), 0);
    assert_int_equal(pthread_create(&threads[8], NULL, waker, bench), 0);
    for (int i = 0; i < 9; i++)
        pthread_join(threads[i], NULL);
    client_free(idler);
    bench_expect_empty(bench);
    bench_free(bench);
}

static void test_reload_of_certificates(void **state)
{
    static const char *const names[] = { "second.example.org" };
    struct bench *bench = bench_new(&small, NULL);
    struct client *before = client_new(bench->secure_port), *after;
    char first[128], first_key[128], second[128], second_key[128];
    struct tls_pair pairs[2] = { { first, first_key }, { second, second_key } };
    struct err err = ERR_INIT;

    (void)state;
    snprintf(first, sizeof(first), "%s/server.pem", bench->directory);
    snprintf(first_key, sizeof(first_key), "%s/server.key", bench->directory);
    snprintf(second, sizeof(second), "%s/second.pem", bench->directory);
    snprintf(second_key, sizeof(second_key), "%s/second.key", bench->directory);
    assert_true(client_start_tls(before, bench->trusting, "mail.example.org", "echo"));
    client_expect(before, "+ hello");
    write_certificates(bench, "second", names, 1);
    assert_true(tls_server_reload(bench->tls, &(struct tls_config){ .pairs = pairs, .count = 2 }, &err));
    after = client_new(bench->secure_port);
    assert_true(client_start_tls(after, bench->trusting, "second.example.org", "echo"));
    client_expect(after, "+ hello");
    client_free(after);
    pairs[1].key_file = first_key; /* a key of another certificate */
    assert_false(tls_server_reload(bench->tls, &(struct tls_config){ .pairs = pairs, .count = 2 }, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    after = client_new(bench->secure_port); /* the set before is still there */
    assert_true(client_start_tls(after, bench->trusting, "second.example.org", "echo"));
    client_free(after);
    assert_true(tls_server_reload(
        bench->tls, &(struct tls_config){ .pairs = pairs, .count = 1, .refuses_unknown_names = true }, &err));
    after = client_new(bench->secure_port);
    assert_false(client_start_tls(after, bench->trusting, "unknown.example.org", "echo"));
    client_free(after);
    client_send(before, "ECHO still here\r\n");
    client_expect(before, "+ still here");
    client_free(before);
    bench_free(bench);
}

static void test_stop_says_so(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *idle = client_new(bench->plain_port), *busy = client_new(bench->plain_port);

    (void)state;
    client_expect(idle, "+ hello");
    client_expect(busy, "+ hello");
    client_send(busy, "SLEEP 300\r\n");
    usleep(50 * 1000);
    session_server_stop(bench->server, 3000);
    client_expect(idle, "- stopping");
    client_expect_end(idle);
    client_expect(busy, "+ slept"); /* a running command ends first */
    client_expect(busy, "- stopping");
    client_free(idle);
    client_free(busy);
    bench_free(bench);
}

static void test_no_descriptors(void **state)
{
    struct bench *bench = bench_new(&small, NULL);
    struct client *first = client_new(bench->plain_port);
    struct rlimit before, tight;
    int held[64], count = 0;
    struct rusage start, end;

    (void)state;
    client_expect(first, "+ hello");
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    tight.rlim_cur = 64;
    while (count < 64 && (held[count] = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && held[count] < 62)
        count++;
    setrlimit(RLIMIT_NOFILE, &tight);
    getrusage(RUSAGE_SELF, &start);
    for (int i = 0; i < 5; i++) { /* already open sockets: connecting takes no descriptor here */
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(bench->plain_port),
                                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
        assert_int_equal(connect(held[i], (struct sockaddr *)&address, sizeof(address)), 0);
    }
    usleep(700 * 1000);
    getrusage(RUSAGE_SELF, &end);
    assert_true((end.ru_utime.tv_sec - start.ru_utime.tv_sec) * 1000000 + end.ru_utime.tv_usec -
                    start.ru_utime.tv_usec <
                300 * 1000);
    client_send(first, "ECHO here\r\n");
    client_expect(first, "+ here");
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 0; i < count; i++)
        close(held[i]);
    client_free(first);
    first = client_new(bench->plain_port);
    client_expect(first, "+ hello");
    client_free(first);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_pipelining_keeps_order),
        cmocka_unit_test(test_half_close_answers_all),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_large_answer_waits_for_slow_reader),
        cmocka_unit_test(test_starttls),
        cmocka_unit_test(test_starttls_injection_closes),
        cmocka_unit_test(test_implicit_tls),
        cmocka_unit_test(test_deflate),
        cmocka_unit_test(test_deflate_bomb_ends),
        cmocka_unit_test(test_deflate_of_nothing_ends),
        cmocka_unit_test(test_wake),
        cmocka_unit_test(test_delay_holds_the_answer),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_intruders),
        cmocka_unit_test(test_proxy_and_limits),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_early_talker),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_reload_of_certificates),
        cmocka_unit_test(test_stop_says_so),
        cmocka_unit_test(test_no_descriptors),
    };

    mem_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
