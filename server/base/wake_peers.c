#include "base/wake_peers.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PENDING_MAX 8192
#define BATCH_MAX 128
#define PEERS_MAX 64
#define RESCAN_MS 5000
#define RETRY_MS 20 /* to peers whose queue was full */
#define HOLD_US                                                                                              \
    5000 /* what follows an announcement so soon waits for the next one: each costs all roles a turn of the processor */
#define MAGIC UINT32_C(0x31574843)

enum datagram_flags { EVERYTHING_CHANGED = 1, NEW_PEER = 2 };
struct datagram {
    uint32_t magic;
    uint16_t flags, count;
    struct wake_event events[BATCH_MAX];
};
#define DATAGRAM_HEAD offsetof(struct datagram, events)

struct peer {
    struct sockaddr_un address;
    bool is_flooded; /* owed an EVERYTHING_CHANGED */
};

struct wake_peers {
    wake_heard *heard;
    void *argument;
    char directory[80], own_name[64];
    int socket_fd, event_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows, up to the blank line */
    struct wake_event *pending;
    size_t pending_count;
    bool has_overflowed, is_ending;

    struct peer list[PEERS_MAX]; /* the thread's */
    size_t peer_count;
    int64_t sent_us; /* monotonic: when it sent last */
};

METRIC_COUNTER(received, "chappe_wake_received_total", "Changes of mailboxes heard from other roles")
METRIC_COUNTER(flooded, "chappe_wake_flooded_total", "Announcements replaced by one for everything")

static void ring(struct wake_peers *peers)
{
    static const uint64_t one = 1;

    if (write(peers->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        abort();
}

void wake_peers_tell(struct wake_peers *peers, const struct wake_event *event)
{
    bool was_empty;

    pthread_mutex_lock(&peers->lock);
    was_empty = peers->pending_count == 0 && !peers->has_overflowed;
    if (peers->pending_count == PENDING_MAX)
        peers->has_overflowed = true;
    else
        peers->pending[peers->pending_count++] = *event;
    pthread_mutex_unlock(&peers->lock);
    if (was_empty)
        ring(peers);
}

static void forget_peer(struct wake_peers *peers, size_t index)
{
    peers->list[index] = peers->list[--peers->peer_count];
}

enum sent { SENT, PEER_GONE, PEER_FULL };

static enum sent send_to(struct wake_peers *peers, const struct peer *peer, const struct datagram *datagram)
{
    size_t length = DATAGRAM_HEAD + datagram->count * sizeof(struct wake_event);

    if (sendto(peers->socket_fd, datagram, length, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&peer->address, sizeof(peer->address)) >= 0)
        return SENT;
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
        return PEER_FULL;
    if (errno == ECONNREFUSED)
        unlink(peer->address.sun_path); /* its process died without removing it */
    return PEER_GONE;
}

static void send_to_all(struct wake_peers *peers, const struct datagram *datagram)
{
    for (size_t i = peers->peer_count; i-- > 0;) {
        if (peers->list[i].is_flooded)
            continue; /* it will hear that everything changed */
        switch (send_to(peers, &peers->list[i], datagram)) {
        case SENT:
            break;
        case PEER_FULL:
            peers->list[i].is_flooded = true;
            metric_add(&flooded, 1);
            break;
        case PEER_GONE:
            forget_peer(peers, i);
        }
    }
}

static bool retry_flooded(struct wake_peers *peers)
{
    static const struct datagram everything = { .magic = MAGIC, .flags = EVERYTHING_CHANGED };
    bool is_left = false;

    for (size_t i = peers->peer_count; i-- > 0;) {
        if (!peers->list[i].is_flooded)
            continue;
        switch (send_to(peers, &peers->list[i], &everything)) {
        case SENT:
            peers->list[i].is_flooded = false;
            break;
        case PEER_FULL:
            is_left = true;
            break;
        case PEER_GONE:
            forget_peer(peers, i);
        }
    }
    return is_left;
}

static bool is_known(const struct wake_peers *peers, const char *path)
{
    for (size_t i = 0; i < peers->peer_count; i++)
        if (strcmp(peers->list[i].address.sun_path, path) == 0)
            return true;
    return false;
}

static void scan_peers(struct wake_peers *peers)
{
    DIR *folder = opendir(peers->directory);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) && peers->peer_count < PEERS_MAX) {
        struct peer peer = { .address = { .sun_family = AF_UNIX } };
        int length;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, peers->own_name) == 0)
            continue;
        length = snprintf(peer.address.sun_path, sizeof(peer.address.sun_path), "%s/%s", peers->directory,
                          entry->d_name);
        if ((size_t)length < sizeof(peer.address.sun_path) && !is_known(peers, peer.address.sun_path))
            peers->list[peers->peer_count++] = peer;
    }
    if (folder)
        closedir(folder);
}

/* The first announcement goes at once; in a stream those of some milliseconds go together. */
static void hold(struct wake_peers *peers)
{
    int64_t left_us = peers->sent_us + HOLD_US - clock_monotonic_us();

    if (left_us > 0)
        nanosleep(&(struct timespec){ .tv_nsec = left_us * 1000 }, NULL);
}

static bool is_same(const struct wake_event *a, const struct wake_event *b)
{
    return a->group_id == b->group_id && a->mailbox_id == b->mailbox_id && a->modseq == b->modseq;
}

/* What was said of one mailbox several times in a row is said once. */
static size_t without_repeats(struct wake_event *events, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !is_same(&events[kept - 1], &events[i]))
            events[kept++] = events[i];
    return kept;
}

static void send_pending(struct wake_peers *peers)
{
    static const struct datagram everything = { .magic = MAGIC, .flags = EVERYTHING_CHANGED };
    struct datagram datagram = { .magic = MAGIC };
    bool has_overflowed;
    size_t done = 0, count;
    struct wake_event *events, *fresh = malloc(PENDING_MAX * sizeof(*fresh));

    if (!fresh)
        abort();
    hold(peers);
    pthread_mutex_lock(&peers->lock);
    events = peers->pending;
    count = peers->pending_count;
    has_overflowed = peers->has_overflowed;
    peers->pending = fresh;
    peers->pending_count = 0;
    peers->has_overflowed = false;
    pthread_mutex_unlock(&peers->lock);
    if (has_overflowed) {
        metric_add(&flooded, 1);
        send_to_all(peers, &everything);
        count = 0;
    }
    count = without_repeats(events, count);
    while (done < count) {
        size_t batch = count - done < BATCH_MAX ? count - done : BATCH_MAX;
        memcpy(datagram.events, events + done, batch * sizeof(*events));
        datagram.count = (uint16_t)batch;
        send_to_all(peers, &datagram);
        done += batch;
    }
    free(events);
    peers->sent_us = clock_monotonic_us();
}

static void receive_all(struct wake_peers *peers)
{
    static const struct wake_event anything = { WAKE_ANY_GROUP, WAKE_ANY_MAILBOX, 0 };
    struct datagram datagram;
    ssize_t length;

    while ((length = recv(peers->socket_fd, &datagram, sizeof(datagram), MSG_DONTWAIT)) >= 0) {
        if ((size_t)length < DATAGRAM_HEAD || datagram.magic != MAGIC || datagram.count > BATCH_MAX ||
            (size_t)length != DATAGRAM_HEAD + datagram.count * sizeof(struct wake_event))
            continue;
        metric_add(&received, datagram.count);
        if (datagram.flags & NEW_PEER)
            scan_peers(peers);
        if (datagram.flags & EVERYTHING_CHANGED)
            peers->heard(peers->argument, &anything);
        for (size_t i = 0; i < datagram.count; i++)
            peers->heard(peers->argument, &datagram.events[i]);
    }
}

static void *thread_main(void *argument)
{
    static const struct datagram hello = { .magic = MAGIC, .flags = NEW_PEER };
    struct wake_peers *peers = argument;
    struct pollfd ready[2] = { { .fd = peers->socket_fd, .events = POLLIN },
                               { .fd = peers->event_fd, .events = POLLIN } };
    bool is_ending = false;

    scan_peers(peers);
    send_to_all(peers, &hello);
    while (!is_ending) {
        uint64_t count;
        bool is_retrying = retry_flooded(peers);
        if (poll(ready, 2, is_retrying ? RETRY_MS : RESCAN_MS) == 0 && !is_retrying)
            scan_peers(peers);
        if (read(peers->event_fd, &count, sizeof(count)) > 0)
            send_pending(peers);
        receive_all(peers);
        pthread_mutex_lock(&peers->lock);
        is_ending = peers->is_ending && peers->pending_count == 0;
        pthread_mutex_unlock(&peers->lock);
    }
    return NULL;
}

static bool open_socket(struct wake_peers *peers, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int length =
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", peers->directory, peers->own_name);

    if ((size_t)length >= sizeof(address.sun_path))
        return err_set(err, ERR_INVALID, "The path of the run directory is too long for a socket.");
    if (mkdir(peers->directory, 0700) != 0 && errno != EEXIST)
        return err_errno(err, "mkdir of the wake directory");
    unlink(address.sun_path);
    peers->socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    peers->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (peers->socket_fd < 0 || peers->event_fd < 0 ||
        bind(peers->socket_fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return err_errno(err, "wake socket");
    chmod(address.sun_path, 0600);
    return true;
}

static void dispose(struct wake_peers *peers)
{
    if (peers->socket_fd >= 0)
        close(peers->socket_fd);
    if (peers->event_fd >= 0)
        close(peers->event_fd);
    pthread_mutex_destroy(&peers->lock);
    free(peers->pending);
    free(peers);
}

static struct wake_peers *new_peers(wake_heard *heard, void *argument)
{
    struct wake_peers *peers = calloc(1, sizeof(*peers));

    if (!peers)
        abort();
    peers->heard = heard;
    peers->argument = argument;
    peers->socket_fd = peers->event_fd = -1;
    peers->sent_us = INT64_MIN / 2;
    pthread_mutex_init(&peers->lock, NULL);
    peers->pending = malloc(PENDING_MAX * sizeof(*peers->pending));
    if (!peers->pending)
        abort();
    return peers;
}

bool wake_peers_start(const char *run_directory, const char *role, wake_heard *heard, void *argument,
                      struct wake_peers **peers_out, struct err *err)
{
    struct wake_peers *peers = new_peers(heard, argument);

    if ((size_t)snprintf(peers->directory, sizeof(peers->directory), "%s/wake", run_directory) >=
            sizeof(peers->directory) ||
        (size_t)snprintf(peers->own_name, sizeof(peers->own_name), "%s.%d", role, (int)getpid()) >=
            sizeof(peers->own_name)) {
        dispose(peers);
        return err_set(err, ERR_INVALID, "The path of the run directory is too long for a socket.");
    }
    if (!open_socket(peers, err) || !thread_start("wake", 0, thread_main, peers, &peers->thread, err)) {
        dispose(peers);
        return false;
    }
    *peers_out = peers;
    return true;
}

void wake_peers_stop(struct wake_peers **handle)
{
    struct wake_peers *peers = *handle;
    char path[sizeof(peers->directory) + sizeof(peers->own_name) + 2];

    *handle = NULL;
    if (!peers)
        return;
    pthread_mutex_lock(&peers->lock);
    peers->is_ending = true;
    pthread_mutex_unlock(&peers->lock);
    ring(peers);
    pthread_join(peers->thread, NULL);
    snprintf(path, sizeof(path), "%s/%s", peers->directory, peers->own_name);
    unlink(path);
    dispose(peers);
}
