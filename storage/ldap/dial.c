/*
 * dial.c -- a socket to a server, within a deadline: the name, the connection, and every read and write afterwards.
 */
#include "base/clock.h"
#include "ldap/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_MS = 500 }; /* one read() or write(); libldap goes on afterwards, while its own time lasts */

static int64_t rest_ms(int64_t deadline_us)
{
    int64_t rest = (deadline_us - clock_monotonic_us()) / 1000;

    return rest > 0 ? rest : 0;
}

/* A read that waits for the rest of an answer must end as well: libldap itself polls only before the first byte. */
static bool bound_waits(int socket, int64_t ms)
{
    struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    int on = 1;

    return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
           setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
           setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0;
}

static bool connect_one(const struct sockaddr *address, socklen_t length, int64_t deadline_us,
                        int *socket_out)
{
    int s = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), fault = 0, on = 1;
    socklen_t size = sizeof fault;
    struct pollfd wait = { .fd = s, .events = POLLOUT };

    if (s < 0)
        return false;
    if (connect(s, address, length) != 0) {
        if (errno != EINPROGRESS && errno != EAGAIN)
            goto failed;
        if (poll(&wait, 1, (int)rest_ms(deadline_us)) != 1) {
            errno = ETIMEDOUT;
            goto failed;
        }
        if (getsockopt(s, SOL_SOCKET, SO_ERROR, &fault, &size) != 0 || fault) {
            errno = fault;
            goto failed;
        }
    }
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(s, F_SETFL, fcntl(s, F_GETFL) & ~O_NONBLOCK) != 0 || !bound_waits(s, READ_MS))
        goto failed;
    *socket_out = s;
    return true;
failed:
    fault = errno;
    close(s);
    errno = fault;
    return false;
}

static bool dial_unix(const struct ldap_target *target, int64_t deadline_us, int *socket_out)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s", target->host) >=
        sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    return connect_one((const struct sockaddr *)&address, sizeof address, deadline_us, socket_out);
}

/* getaddrinfo() has no deadline, so another thread (of the C library) waits for it. What comes too late is freed there. */
struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char host[256], port[8];
};

static struct addrinfo *resolve(const struct ldap_target *target, int64_t deadline_us, int *fault_out)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    struct gaicb *list[1];
    struct addrinfo *found = NULL;
    int64_t ms = rest_ms(deadline_us);
    struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    *fault_out = EAI_MEMORY;
    if (!lookup)
        return NULL;
    lookup->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM };
    snprintf(lookup->host, sizeof lookup->host, "%s", target->host);
    snprintf(lookup->port, sizeof lookup->port, "%u", target->port);
    lookup->request =
        (struct gaicb){ .ar_name = lookup->host, .ar_service = lookup->port, .ar_request = &lookup->hints };
    list[0] = &lookup->request;
    *fault_out = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    if (*fault_out == 0) {
        (void)gai_suspend((const struct gaicb *const *)list, 1, &wait);
        *fault_out = gai_error(&lookup->request);
        if (*fault_out == EAI_INPROGRESS && gai_cancel(&lookup->request) != EAI_CANCELED)
            return NULL; /* it still writes there: some hundred bytes are lost a time */
        found = lookup->request.ar_result;
    }
    free(lookup);
    return found;
}

bool dial(const struct ldap_target *target, int64_t deadline_us, int *socket_out, struct err *err)
{
    struct addrinfo *found = NULL;
    int fault = 0, cause = ETIMEDOUT;

    if (target->is_local) {
        if (dial_unix(target, deadline_us, socket_out))
            return true;
        cause = errno;
    } else {
        found = resolve(target, deadline_us, &fault);
        for (struct addrinfo *one = found; one; one = one->ai_next) {
            if (connect_one(one->ai_addr, one->ai_addrlen, deadline_us, socket_out)) {
                freeaddrinfo(found);
                return true;
            }
            cause = errno;
        }
        if (found)
            freeaddrinfo(found);
    }
    if (fault)
        err_log(err, "%s: %s", target->url,
                fault == EAI_INPROGRESS ? "the name was not found in time" : gai_strerror(fault));
    else
        err_log(err, "%s: %s", target->url, strerror(cause));
    return err_set(err, ERR_BUSY, "The company directory cannot be reached.");
}
