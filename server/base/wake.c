#include "base/wake.h"

#include "base/metrics.h"
#include "base/wake_peers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define BUCKETS 4096
#define STRIPES 64 /* locks; bucket b belongs to lock b % STRIPES */

struct wake_subscription {
    struct wake_bus *bus;
    struct wake_subscription *next, **previous;
    int64_t group_id, mailbox_id;
    wake_callback *callback;
    void *argument;
};

struct wake_bus {
    pthread_mutex_t stripes[STRIPES];
    struct wake_subscription *buckets[BUCKETS];

    atomic_bool has_tap;
    pthread_mutex_t tap_lock; /* of the tap, also while it is called */
    wake_callback *tap;       /* NULL: none */
    void *tap_argument;

    struct wake_peers *peers; /* NULL: this process only */
};

METRIC_COUNTER(published, "chappe_wake_published_total", "Changes of mailboxes announced by this process")
METRIC_COUNTER(relayed, "chappe_wake_relayed_total", "Changes of mailboxes heard from other machines")

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

static void call_tap(struct wake_bus *bus, const struct wake_event *event)
{
    if (!atomic_load(&bus->has_tap))
        return;
    pthread_mutex_lock(&bus->tap_lock);
    if (bus->tap)
        bus->tap(bus->tap_argument, event->group_id, event->mailbox_id, event->modseq);
    pthread_mutex_unlock(&bus->tap_lock);
}

void wake_tap(struct wake_bus *bus, wake_callback *callback, void *argument)
{
    pthread_mutex_lock(&bus->tap_lock);
    bus->tap = callback;
    bus->tap_argument = argument;
    atomic_store(&bus->has_tap, callback != NULL);
    pthread_mutex_unlock(&bus->tap_lock);
}

static void call_mailbox(struct wake_bus *bus, const struct wake_event *event)
{
    size_t bucket = bucket_of(event->group_id, event->mailbox_id);

    pthread_mutex_lock(&bus->stripes[bucket % STRIPES]);
    for (struct wake_subscription *s = bus->buckets[bucket]; s; s = s->next)
        if (s->mailbox_id == event->mailbox_id && s->group_id == event->group_id)
            s->callback(s->argument, event->group_id, event->mailbox_id, event->modseq);
    pthread_mutex_unlock(&bus->stripes[bucket % STRIPES]);
}

/* All of the event's group, or of every group. */
static void call_many(struct wake_bus *bus, const struct wake_event *event)
{
    for (size_t stripe = 0; stripe < STRIPES; stripe++) {
        pthread_mutex_lock(&bus->stripes[stripe]);
        for (size_t bucket = stripe; bucket < BUCKETS; bucket += STRIPES)
            for (struct wake_subscription *s = bus->buckets[bucket]; s; s = s->next)
                if (event->group_id == WAKE_ANY_GROUP || s->group_id == event->group_id)
                    s->callback(s->argument, s->group_id, s->mailbox_id, 0);
        pthread_mutex_unlock(&bus->stripes[stripe]);
    }
}

static void call_subscribers(struct wake_bus *bus, const struct wake_event *event)
{
    if (event->group_id == WAKE_ANY_GROUP || event->mailbox_id == WAKE_ANY_MAILBOX)
        call_many(bus, event);
    else
        call_mailbox(bus, event);
}

static void tell_peers(struct wake_bus *bus, const struct wake_event *event)
{
    if (bus->peers)
        wake_peers_tell(bus->peers, event);
}

void wake_publish(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    const struct wake_event event = { group_id, mailbox_id, modseq };

    if (!bus)
        return;
    metric_add(&published, 1);
    call_subscribers(bus, &event);
    call_tap(bus, &event);
    tell_peers(bus, &event);
}

void wake_relay(struct wake_bus *bus, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    const struct wake_event event = { group_id, mailbox_id, modseq };

    metric_add(&relayed, 1);
    call_subscribers(bus, &event);
    tell_peers(bus, &event);
}

static void hear(void *argument, const struct wake_event *event)
{
    struct wake_bus *bus = argument;

    call_subscribers(bus, event);
    call_tap(bus, event);
}

static void dispose(struct wake_bus *bus)
{
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&bus->stripes[i]);
    pthread_mutex_destroy(&bus->tap_lock);
    free(bus);
}

bool wake_start(const char *run_directory, const char *role, struct wake_bus **bus_out, struct err *err)
{
    struct wake_bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        abort();
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&bus->stripes[i], NULL);
    pthread_mutex_init(&bus->tap_lock, NULL);
    if (run_directory && !wake_peers_start(run_directory, role, hear, bus, &bus->peers, err)) {
        dispose(bus);
        return false;
    }
    *bus_out = bus;
    return true;
}

void wake_stop(struct wake_bus **bus)
{
    struct wake_bus *gone = *bus;

    *bus = NULL;
    if (!gone)
        return;
    wake_peers_stop(&gone->peers);
    dispose(gone);
}
