#include "base/wake.h"

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
#include <unistd.h>

#define BUCKETS 4096
#define STRIPES 64 /* locks; bucket b belongs to lock b % STRIPES */
#define PENDING_MAX 8192
#define BATCH_MAX 128
#define PEERS_MAX 64
#define RESCAN_MS 5000
#define RETRY_MS 20 /* to peers whose queue was full */
#define MAGIC UINT32_C(0x31574843)

struct wake_event {
    int64_t group_id, mailbox_id;
    uint64_t modseq;
};

enum datagram_flags { EVERYTHING_CHANGED = 1, NEW_PEER = 2 };
struct datagram {
    uint32_t magic;
    uint16_t flags, count;
    struct wake_event events[BATCH_MAX];
};
#define DATAGRAM_HEAD offsetof(struct datagram, events)

struct wake_subscription {
    struct wake_bus *bus;
    struct wake_subscription *next, **previous;
    int64_t group_id, mailbox_id;
    wake_callback *callback;
    void *argument;
};

struct peer {
    struct sockaddr_un address;
    bool is_flooded; /* owed an EVERYTHING_CHANGED */
};

struct wake_bus {
    pthread_mutex_t stripes[STRIPES];
    struct wake_subscription *buckets[BUCKETS];

    bool has_peers; /* false: this process only */
    char directory[80], own_name[64];
    int socket_fd, event_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows, up to the blank line */
    struct wake_event *pending;
    size_t pending_count;
    bool has_overflowed, is_ending;

    struct peer peers[PEERS_MAX]; /* the bus thread's */
    size_t peer_count;
};

METRIC_COUNTER(published, "chappe_wake_published_total", "Changes of mailboxes announced by this process")
METRIC_COUNTER(received, "chappe_wake_received_total", "Changes of mailboxes heard from other roles")
METRIC_COUNTER(flooded, "chappe_wake_flooded_total", "Announcements replaced by one for everything")

static size_t bucket_of(int64_t group_id, int64_t mailbox_id)
{
    uint64_t hash = ((uint64_t)group_id * UINT64_C(0x9e3779b97f4a7c15)) ^ (uint64_t)mailbox_id;

    hash *= UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(hash >> 40) % BUCKETS;
}

struct wake_subscription *wake_subscribe(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id,
                                         wake_callback *callback, void *argument)
{
    size_t bucket = bucket_of(group_id, mailbox_id);
    struct wake_subscription *s = malloc(sizeof(*s));

    if (!s)
        abort();
    *s = (struct wake_subscription){
        .bus = bus, .group_id = group_id, .mailbox_id = mailbox_id, .callback = callback, .argument = argument
    };
    pthread_mutex_lock(&bus->stripes[bucket % STRIPES]);
    s->next = bus->buckets[bucket];
    s->previous = &bus->buckets[bucket];
    if (s->next)
        s->next->previous = &s->next;
    bus->buckets[bucket] = s;
    pthread_mutex_unlock(&bus->stripes[bucket % STRIPES]);
    return s;
}

void wake_unsubscribe(struct wake_subscription **subscription)
{
    struct wake_subscription *s = *subscription;
    pthread_mutex_t *stripe;

    *subscription = NULL;
    if (!s)
        return;
    stripe = &s->bus->stripes[bucket_of(s->group_id, s->mailbox_id) % STRIPES];
    pthread_mutex_lock(stripe);
    *s->previous = s->next;
    if (s->next)
        s->next->previous = s->previous;
    pthread_mutex_unlock(stripe);
    free(s);
}

static void call_subscribers(struct wake_bus *bus, const struct wake_event *event)
{
    size_t bucket = bucket_of(event->group_id, event->mailbox_id);

    pthread_mutex_lock(&bus->stripes[bucket % STRIPES]);
    for (struct wake_subscription *s = bus->buckets[bucket]; s; s = s->next)
        if (s->mailbox_id == event->mailbox_id && s->group_id == event->group_id)
            s->callback(s->argument, event->group_id, event->mailbox_id, event->modseq);
    pthread_mutex_unlock(&bus->stripes[bucket % STRIPES]);
}

static void call_everybody(struct wake_bus *bus)
{
    for (size_t stripe = 0; stripe < STRIPES; stripe++) {
        pthread_mutex_lock(&bus->stripes[stripe]);
        for (size_t bucket = stripe; bucket < BUCKETS; bucket += STRIPES)
            for (struct wake_subscription *s = bus->buckets[bucket]; s; s = s->next)
                s->callback(s->argument, s->group_id, s->mailbox_id, 0);
        pthread_mutex_unlock(&bus->stripes[stripe]);
    }
}

static void wake_thread(struct wake_bus *bus)
{
    static const uint64_t one = 1;

    if (write(bus->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        abort();
}

void wake_publish(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    struct wake_event event = { group_id, mailbox_id, modseq };
    bool was_empty;

    if (!bus)
        return;
    metric_add(&published, 1);
    call_subscribers(bus, &event);
    if (!bus->has_peers)
        return;
    pthread_mutex_lock(&bus->lock);
    was_empty = bus->pending_count == 0 && !bus->has_overflowed;
    if (bus->pending_count == PENDING_MAX)
        bus->has_overflowed = true;
    else
        bus->pending[bus->pending_count++] = event;
    pthread_mutex_unlock(&bus->lock);
    if (was_empty)
        wake_thread(bus);
}

static void forget_peer(struct wake_bus *bus, size_t index)
{
    bus->peers[index] = bus->peers[--bus->peer_count];
}

enum sent { SENT, PEER_GONE, PEER_FULL };

static enum sent send_to(struct wake_bus *bus, const struct peer *peer, const struct datagram *datagram)
{
    size_t length = DATAGRAM_HEAD + datagram->count * sizeof(struct wake_event);

    if (sendto(bus->socket_fd, datagram, length, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&peer->address, sizeof(peer->address)) >= 0)
        return SENT;
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
        return PEER_FULL;
    if (errno == ECONNREFUSED)
        unlink(peer->address.sun_path); /* its process died without removing it */
    return PEER_GONE;
}

static void send_to_all(struct wake_bus *bus, const struct datagram *datagram)
{
    for (size_t i = bus->peer_count; i-- > 0;) {
        if (bus->peers[i].is_flooded)
            continue; /* it will hear that everything changed */
        switch (send_to(bus, &bus->peers[i], datagram)) {
        case SENT:
            break;
        case PEER_FULL:
            bus->peers[i].is_flooded = true;
            metric_add(&flooded, 1);
            break;
        case PEER_GONE:
            forget_peer(bus, i);
        }
    }
}

static bool retry_flooded(struct wake_bus *bus)
{
    static const struct datagram everything = { .magic = MAGIC, .flags = EVERYTHING_CHANGED };
    bool is_left = false;

    for (size_t i = bus->peer_count; i-- > 0;) {
        if (!bus->peers[i].is_flooded)
            continue;
        switch (send_to(bus, &bus->peers[i], &everything)) {
        case SENT:
            bus->peers[i].is_flooded = false;
            break;
        case PEER_FULL:
            is_left = true;
            break;
        case PEER_GONE:
            forget_peer(bus, i);
        }
    }
    return is_left;
}

static bool is_known(const struct wake_bus *bus, const char *path)
{
    for (size_t i = 0; i < bus->peer_count; i++)
        if (strcmp(bus->peers[i].address.sun_path, path) == 0)
            return true;
    return false;
}

static void scan_peers(struct wake_bus *bus)
{
    DIR *folder = opendir(bus->directory);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) && bus->peer_count < PEERS_MAX) {
        struct peer peer = { .address = { .sun_family = AF_UNIX } };
        int length;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, bus->own_name) == 0)
            continue;
        length = snprintf(peer.address.sun_path, sizeof(peer.address.sun_path), "%s/%s", bus->directory,
                          entry->d_name);
        if ((size_t)length < sizeof(peer.address.sun_path) && !is_known(bus, peer.address.sun_path))
            bus->peers[bus->peer_count++] = peer;
    }
    if (folder)
        closedir(folder);
}

static void send_pending(struct wake_bus *bus)
{
    static const struct datagram everything = { .magic = MAGIC, .flags = EVERYTHING_CHANGED };
    struct datagram datagram = { .magic = MAGIC };
    bool has_overflowed;
    size_t done = 0, count;
    struct wake_event *events, *fresh = malloc(PENDING_MAX * sizeof(*fresh));

    if (!fresh)
        abort();
    pthread_mutex_lock(&bus->lock);
    events = bus->pending;
    count = bus->pending_count;
    has_overflowed = bus->has_overflowed;
    bus->pending = fresh;
    bus->pending_count = 0;
    bus->has_overflowed = false;
    pthread_mutex_unlock(&bus->lock);
    if (has_overflowed) {
        metric_add(&flooded, 1);
        send_to_all(bus, &everything);
        count = 0;
    }
    while (done < count) {
        size_t batch = count - done < BATCH_MAX ? count - done : BATCH_MAX;
        memcpy(datagram.events, events + done, batch * sizeof(*events));
        datagram.count = (uint16_t)batch;
        send_to_all(bus, &datagram);
        done += batch;
    }
    free(events);
}

static void receive_all(struct wake_bus *bus)
{
    struct datagram datagram;
    ssize_t length;

    while ((length = recv(bus->socket_fd, &datagram, sizeof(datagram), MSG_DONTWAIT)) >= 0) {
        if ((size_t)length < DATAGRAM_HEAD || datagram.magic != MAGIC || datagram.count > BATCH_MAX ||
            (size_t)length != DATAGRAM_HEAD + datagram.count * sizeof(struct wake_event))
            continue;
        metric_add(&received, datagram.count);
        if (datagram.flags & NEW_PEER)
            scan_peers(bus);
        if (datagram.flags & EVERYTHING_CHANGED)
            call_everybody(bus);
        for (size_t i = 0; i < datagram.count; i++)
            call_subscribers(bus, &datagram.events[i]);
    }
}

static void *thread_main(void *argument)
{
    static const struct datagram hello = { .magic = MAGIC, .flags = NEW_PEER };
    struct wake_bus *bus = argument;
    struct pollfd ready[2] = { { .fd = bus->socket_fd, .events = POLLIN },
                               { .fd = bus->event_fd, .events = POLLIN } };
    bool is_ending = false;

    scan_peers(bus);
    send_to_all(bus, &hello);
    while (!is_ending) {
        uint64_t count;
        bool is_retrying = retry_flooded(bus);
        if (poll(ready, 2, is_retrying ? RETRY_MS : RESCAN_MS) == 0 && !is_retrying)
            scan_peers(bus);
        if (read(bus->event_fd, &count, sizeof(count)) > 0)
            send_pending(bus);
        receive_all(bus);
        pthread_mutex_lock(&bus->lock);
        is_ending = bus->is_ending && bus->pending_count == 0;
        pthread_mutex_unlock(&bus->lock);
    }
    return NULL;
}

static bool open_socket(struct wake_bus *bus, struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", bus->directory, bus->own_name);

    if ((size_t)length >= sizeof(address.sun_path))
        return err_set(err, ERR_INVALID, "The path of the run directory is too long for a socket.");
    if (mkdir(bus->directory, 0700) != 0 && errno != EEXIST)
        return err_errno(err, "mkdir of the wake directory");
    unlink(address.sun_path);
    bus->socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bus->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bus->socket_fd < 0 || bus->event_fd < 0 ||
        bind(bus->socket_fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return err_errno(err, "wake socket");
    chmod(address.sun_path, 0600);
    return true;
}

static void dispose(struct wake_bus *bus)
{
    if (bus->socket_fd >= 0)
        close(bus->socket_fd);
    if (bus->event_fd >= 0)
        close(bus->event_fd);
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&bus->stripes[i]);
    pthread_mutex_destroy(&bus->lock);
    free(bus->pending);
    free(bus);
}

bool wake_start(const char *run_directory, const char *role, struct wake_bus **bus_out, struct err *err)
{
    struct wake_bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        abort();
    bus->socket_fd = bus->event_fd = -1;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&bus->stripes[i], NULL);
    pthread_mutex_init(&bus->lock, NULL);
    bus->has_peers = run_directory != NULL;
    if (bus->has_peers) {
        bus->pending = malloc(PENDING_MAX * sizeof(*bus->pending));
        if (!bus->pending)
            abort();
        if ((size_t)snprintf(bus->directory, sizeof(bus->directory), "%s/wake", run_directory) >=
                sizeof(bus->directory) ||
            (size_t)snprintf(bus->own_name, sizeof(bus->own_name), "%s.%d", role, (int)getpid()) >=
                sizeof(bus->own_name)) {
            dispose(bus);
            return err_set(err, ERR_INVALID, "The path of the run directory is too long for a socket.");
        }
        if (!open_socket(bus, err) || !thread_start("wake", 0, thread_main, bus, &bus->thread, err)) {
            dispose(bus);
            return false;
        }
    }
    *bus_out = bus;
    return true;
}

void wake_stop(struct wake_bus **bus)
{
    struct wake_bus *b = *bus;
    char path[sizeof(b->directory) + sizeof(b->own_name) + 2];

    *bus = NULL;
    if (!b)
        return;
    if (b->has_peers) {
        pthread_mutex_lock(&b->lock);
        b->is_ending = true;
        pthread_mutex_unlock(&b->lock);
        wake_thread(b);
        pthread_join(b->thread, NULL);
        snprintf(path, sizeof(path), "%s/%s", b->directory, b->own_name);
        unlink(path);
    }
    dispose(b);
}
