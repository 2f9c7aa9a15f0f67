/* client.c -- one connection, one document. */
#include "extract/client.h"

#include "extract/talk.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        errno = fd < 0 ? errno : ENAMETOOLONG;
    } else {
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

bool extract_is_there(const char *path)
{
    int fd = connect_to(path);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool ask(int fd, enum extract_kind kind, struct span bytes, struct buf *text,
                struct talk_answer *answer)
{
    struct talk_request request = { TALK_REQUEST, kind, (uint32_t)span_length(bytes) };

    if (!talk_send(fd, &request, sizeof request) || !talk_send(fd, bytes.p, span_length(bytes)) ||
        !talk_take(fd, answer, sizeof *answer) || answer->magic != TALK_ANSWER ||
        answer->verdict >= EXTRACT_VERDICTS || answer->length > 3 * EXTRACT_TEXT_MAX)
        return false;
    if (answer->length > 0 && !talk_take(fd, buf_reserve(text, answer->length), answer->length))
        return false;
    text->length += answer->length;
    return true;
}

bool extract_ask(const char *path, enum extract_kind kind, struct span bytes, unsigned wait_s,
                 struct buf *text, enum extract_verdict *verdict_out, int *signal_out, struct err *err)
{
    struct talk_answer answer = { 0 };
    int fd = connect_to(path);
    bool done = fd >= 0 && talk_limit(fd, wait_s) && ask(fd, kind, bytes, text, &answer);

    if (!done)
        err_errno(err, path);
    if (fd >= 0)
        close(fd);
    *verdict_out = (enum extract_verdict)answer.verdict;
    *signal_out = (int)answer.signal;
    return done || err_set(err, ERR_BUSY, "The role that reads documents does not answer.");
}
