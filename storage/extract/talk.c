/* wire.c -- whole messages over a stream. */
#include "extract/talk.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

bool talk_send(int fd, const void *bytes, size_t length)
{
    const char *p = bytes;

    while (length > 0) {
        ssize_t sent = send(fd, p, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        p += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

bool talk_take(int fd, void *bytes, size_t length)
{
    char *p = bytes;

    while (length > 0) {
        ssize_t got = recv(fd, p, length, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        p += got > 0 ? got : 0;
        length -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

bool talk_limit(int fd, unsigned seconds)
{
    struct timeval limit = { .tv_sec = (time_t)seconds };

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}
