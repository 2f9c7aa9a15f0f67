/* How many connections one peer may have on the web's ports. Loopback is exempt, so the test has a network of its own, where lo
 * has other addresses, too. */
#include "base/limits.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PORT = 8080, AT_ONCE = 3, A_MINUTE = 5 };

/* False where this machine does not allow it. */
static bool own_network(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd;
    bool done;

    if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    done = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    for (int i = 1; done && i <= 2; i++) { /* 192.0.2.1 and 192.0.2.2 */
        snprintf(request.ifr_name, sizeof request.ifr_name, "lo:%d", i);
        address.sin_addr.s_addr = htonl(0xc0000200u + (unsigned)i);
        memcpy(&request.ifr_addr, &address, sizeof address);
        done = ioctl(fd, SIOCSIFADDR, &request) == 0;
    }
    close(fd);
    return done;
}

static int connect_from(const char *source)
{
    struct sockaddr_in from = { .sin_family = AF_INET },
                       to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    const struct timeval patience = { .tv_sec = 10 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, source, &from.sin_addr);
    inet_pton(AF_INET, strncmp(source, "127", 3) == 0 ? "127.0.0.1" : "192.0.2.1", &to.sin_addr);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static bool is_served(int fd)
{
    static const char ask[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    char answer[512] = "";
    size_t length = 0;

    if (send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) != (ssize_t)sizeof ask - 1)
        return false;
    while (length < sizeof answer - 1 && !strstr(answer, "\r\n\r\nhere")) {
        ssize_t more = recv(fd, answer + length, sizeof answer - 1 - length, 0);
        if (more <= 0)
            return false;
        length += (size_t)more;
    }
    return true;
}

static size_t no_body(void *argument, const char *method, const char *path)
{
    (void)argument;
    (void)method;
    (void)path;
    return 0;
}

static void say_here(void *argument, const struct http_request *request, struct http_reply *reply)
{
    (void)argument;
    (void)request;
    buf_add_text(http_reply_body(reply), "here");
}

static struct http_server *server_new(struct limits *peers)
{
    struct http_server_options options = {
        .threads = 2, .limit = no_body, .answer = say_here, .peers = peers
    };
    struct http_server *server;
    struct err err = ERR_INIT;

    assert_true(http_listen_tcp("0.0.0.0", PORT, &options.fd, &err));
    assert_true(http_server_start(&options, &server, &err));
    return server;
}

static void one_peer_has_so_many_at_once_and_makes_so_many(void **state)
{
    struct limits *peers;
    struct http_server *server;
    int fds[AT_ONCE];

    (void)state;
    if (!own_network())
        skip();
    peers = limits_new(AT_ONCE, A_MINUTE);
    server = server_new(peers);
    for (int i = 0; i < AT_ONCE; i++)
        assert_true(is_served(fds[i] = connect_from("192.0.2.1")));
    assert_false(is_served(connect_from("192.0.2.1"))); /* too many */
    assert_true(is_served(fds[0]));                     /* the others stay */
    assert_true(is_served(connect_from("192.0.2.2")));  /* and others come in */
    for (int i = 0; i < 2 * A_MINUTE; i++)
        assert_true(is_served(connect_from("127.0.0.1"))); /* loopback is not counted */
    for (int i = 0; i < AT_ONCE; i++)
        close(fds[i]);
    usleep(500000); /* until the library has seen it */
    for (int i = AT_ONCE; i < A_MINUTE; i++)
        assert_true(is_served(connect_from("192.0.2.1")));
    assert_false(is_served(connect_from("192.0.2.1"))); /* one more in this minute */
    http_server_free(&server);
    limits_free(&peers);
}

static void who_believes_a_proxy_does_not_count_it(void **state)
{
    struct limits *peers;
    struct http_server *server;
    struct net_network proxy;

    (void)state;
    if (!own_network())
        skip();
    peers = limits_new(1, 1);
    server = server_new(peers);
    assert_true(net_network_parse(span_text("192.0.2.2"), &proxy));
    http_server_believe(server, &proxy, 1);
    for (int i = 0; i < 5; i++)
        assert_true(is_served(connect_from("192.0.2.2")));
    http_server_believe(server, NULL, 0);
    assert_true(is_served(connect_from("192.0.2.2")));
    assert_false(is_served(connect_from("192.0.2.2")));
    http_server_free(&server);
    limits_free(&peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_peer_has_so_many_at_once_and_makes_so_many),
        cmocka_unit_test(who_believes_a_proxy_does_not_count_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
