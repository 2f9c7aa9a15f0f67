/* listen.c -- listening sockets. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512 };

static bool fail(int fd, const char *where, struct err *err)
{
    int cause = errno;

    if (fd >= 0)
        close(fd);
    err_log(err, "listen on %s: %s", where, strerror(cause));
    return err_set(err, cause == EADDRINUSE ? ERR_CONFLICT : ERR_DENIED, "%s cannot be opened: %s.", where,
                   strerror(cause));
}

bool http_listen_tcp(const char *address, uint16_t port, int *fd_out, struct err *err)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
    bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    char where[80];
    int on = 1, only_six = strcmp(address, "::") != 0, fd;

    if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1)
        return err_set(err, ERR_INVALID, "%s is not an address to listen on.", address);
    snprintf(where, sizeof where, "%.45s port %u", address, port);
    fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(fd, where, err);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (is_six)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof only_six);
    if (bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
             is_six ? sizeof six : sizeof four) != 0 ||
        listen(fd, BACKLOG) != 0)
        return fail(fd, where, err);
    *fd_out = fd;
    return true;
}

bool http_listen_unix(const char *path, unsigned mode, int *fd_out, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_INVALID, "The path %s is too long for a socket.", path);
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(fd, path, err);
    (void)unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, mode) != 0 ||
        listen(fd, BACKLOG) != 0)
        return fail(fd, path, err);
    *fd_out = fd;
    return true;
}
