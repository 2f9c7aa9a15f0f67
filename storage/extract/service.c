/* service.c -- the thread: accept, take, have it read, answer. */
#include "extract/service.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "extract/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

enum { TALK_S = 30, BACKLOG = 8 };

METRIC_COUNTER(documents_read, "chappe_extract_documents_total", "Documents whose text was asked for")
METRIC_COUNTER(documents_refused, "chappe_extract_refused_total", "Documents that gave no text, or not all")

struct extract_service {
    int listener, ending;
    const char *path;
    pthread_t thread;
    bool has_thread;
    _Atomic unsigned time_s;
    _Atomic size_t memory_bytes, document_bytes;
};

/* The socket lies in a folder of the server's own; who else gets there is root. */
static bool is_own(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void answer(struct extract_service *service, int fd, enum extract_kind kind, struct span bytes)
{
    struct extract_budget budget = { atomic_load(&service->time_s), atomic_load(&service->memory_bytes) };
    struct buf text = BUF_INIT(talloc_new(NULL));
    struct talk_answer reply = { .magic = TALK_ANSWER };
    int signal;

    reply.verdict = extract_in_child(kind, bytes, &budget, &text, &signal);
    reply.signal = (uint32_t)signal;
    reply.length = (uint32_t)text.length;
    metric_add(&documents_read, 1);
    metric_add(&documents_refused, reply.verdict > EXTRACT_CUT);
    if (talk_send(fd, &reply, sizeof reply))
        (void)!talk_send(fd, text.p, text.length);
    talloc_free(text.owner);
}

static void serve(struct extract_service *service, int fd)
{
    struct talk_request request;
    char *bytes;

    if (!is_own(fd) || !talk_limit(fd, TALK_S) || !talk_take(fd, &request, sizeof request) ||
        request.magic != TALK_REQUEST || request.kind >= EXTRACT_KINDS ||
        request.length > atomic_load(&service->document_bytes))
        return;
    bytes = talloc_size(NULL, request.length + 1);
    if (talk_take(fd, bytes, request.length))
        answer(service, fd, request.kind, span_of(bytes, request.length));
    talloc_free(bytes);
}

static void *run(void *argument)
{
    struct extract_service *service = argument;
    struct pollfd ready[] = { { .fd = service->listener, .events = POLLIN },
                              { .fd = service->ending, .events = POLLIN } };

    while (poll(ready, COUNT_OF(ready), -1) >= 0 || errno == EINTR) {
        if (ready[1].revents)
            break;
        int fd = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve(service, fd);
        close(fd);
    }
    return NULL;
}

static bool listen_at(struct extract_service *service, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(service->path) >= sizeof address.sun_path)
        return err_set(err, ERR_INVALID, "The path %s is too long for a socket.", service->path);
    memcpy(address.sun_path, service->path, strlen(service->path) + 1);
    (void)unlink(service->path);
    service->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    service->ending = eventfd(0, EFD_CLOEXEC);
    return (service->listener >= 0 && service->ending >= 0 &&
            bind(service->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
            listen(service->listener, BACKLOG) == 0) ||
           err_errno(err, service->path);
}

bool extract_service_open(const void *owner, const char *path, const struct extract_options *options,
                          struct extract_service **service_out, struct err *err)
{
    struct extract_service *service = *service_out = talloc_zero(owner, struct extract_service);

    service->listener = service->ending = -1;
    service->path = talloc_strdup(service, path);
    extract_service_set(service, options);
    if (!listen_at(service, err) || !thread_start("extract", 0, run, service, &service->thread, err))
        return false;
    service->has_thread = true;
    return true;
}

void extract_service_set(struct extract_service *service, const struct extract_options *options)
{
    atomic_store(&service->time_s, options->budget.time_s);
    atomic_store(&service->memory_bytes, options->budget.memory_bytes);
    atomic_store(&service->document_bytes, options->document_bytes);
}

void extract_service_close(struct extract_service **service)
{
    struct extract_service *s = *service;

    if (!s)
        return;
    if (s->has_thread) {
        (void)!write(s->ending, &(uint64_t){ 1 }, sizeof(uint64_t));
        pthread_join(s->thread, NULL);
    }
    if (s->listener >= 0)
        close(s->listener);
    if (s->ending >= 0)
        close(s->ending);
    (void)unlink(s->path);
    TALLOC_FREE(*service);
}
